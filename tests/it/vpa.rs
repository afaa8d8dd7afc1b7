//! The VerticalPodAutoscaler against its documented constants: what a cluster recommends is computed here a second time, in
//! another way, from the half-life, the buckets, the percentiles, the margin and the confidence alone.

#![allow(clippy::disallowed_methods, reason = "an independent computation, which no history depends on")]

use kubottle::base::time::Span;
use kubottle::cluster::World;
use kubottle::controllers::vpa_estimate::{Aggregate, Peaks};
use kubottle::kubectl::player::Player;
use kubottle::kubectl::Session;
use kubottle::store::Settings;

const DAY_SECS: f64 = 86_400.0;

/// Samples of one resource: seconds, amount, weight.
type Samples = Vec<(f64, f64, f64)>;

/// The end of the bucket that a part of the weight lies below, in buckets that grow by a twentieth.
fn percentile(samples: &Samples, first: f64, part: f64) -> f64 {
    let start = |n: f64| first * (1.05_f64.powf(n) - 1.0) / 0.05;
    let bucket = |amount: f64| match amount < first {
        true => 0.0,
        false => ((amount * 0.05 / first + 1.0).ln() / 1.05_f64.ln()).floor(),
    };
    let mut weighed: Vec<(f64, f64)> =
        samples.iter().map(|(at, amount, weight)| (bucket(*amount), weight * (at / DAY_SECS).exp2())).collect();
    weighed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = weighed.iter().map(|(_, weight)| weight).sum();
    let mut sum = 0.0;
    for (bucket, weight) in &weighed {
        sum += weight;
        let rest_of_bucket: f64 = weighed.iter().filter(|(other, _)| other == bucket).map(|(_, w)| w).sum();
        let below: f64 = weighed.iter().filter(|(other, _)| other < bucket).map(|(_, w)| w).sum();
        if below + rest_of_bucket >= part * total {
            return start(bucket + 1.0);
        }
    }
    panic!("some bucket holds the last of {sum}");
}

/// Target, lower and upper bound, in whole units.
fn expected(samples: &Samples, first: f64, unit: f64, least: i64, confidence: f64) -> [i64; 3] {
    let of = |part: f64, factor: f64| {
        let plain = (percentile(samples, first, part) * unit).floor();
        let with_margin = plain + (plain * 0.15).floor();
        ((with_margin * factor).floor() as i64).max(least)
    };
    [of(0.9, 1.0), of(0.5, (1.0 + 0.001 / confidence).powi(-2)), of(0.95, 1.0 + 1.0 / confidence)]
}

/// Plays two pods with given usage and reads what is recommended: CPU in thousandths and memory in bytes.
fn recommended(usage: &str, minutes: u32) -> ([i64; 3], [i64; 3]) {
    let settings = Settings { images_present: true, ..Settings::default() };
    let mut player = Player::new(World::new(settings), Session::default());
    player.session.write("usage.yaml", usage.to_owned());
    player.session.write("vpa.yaml", include_str!("../transcripts/load/vpa.yaml").to_owned());
    for line in [
        "kubectl create deployment web --image=nginx --replicas=2",
        "kubectl set resources deployment web --requests=cpu=200m,memory=64Mi",
        "wait 29s",
        "load metrics usage.yaml",
        "kubectl apply -f vpa.yaml",
    ] {
        assert_eq!(player.run(line).code, 0, "{line}");
    }
    player.advance_to(player.world.now() + Span::secs(60 * u64::from(minutes)));
    let vpa = player.world.store().find("VerticalPodAutoscaler", "default", "web").unwrap();
    let one = vpa.at("status.recommendation.containerRecommendations").index(0).clone();
    let read = |resource: &str| {
        ["target", "lowerBound", "upperBound"].map(|field| {
            let text = one.get(field).get(resource).str().to_owned();
            let quantity = kubottle::base::quantity::Quantity::parse(&text).unwrap();
            if resource == "cpu" {
                quantity.milli_value()
            } else {
                quantity.value()
            }
        })
    };
    (read("cpu"), read("memory"))
}

/// Two pods sampled each minute: CPU with the weight of what they request, and the peak of memory of the first day.
fn samples(minutes: u32, cpu: &dyn Fn(u32) -> f64, peak: f64) -> (Samples, Samples, f64) {
    let each = (0..minutes).flat_map(|minute| [minute; 2]);
    let cpu = each.map(|minute| (f64::from(minute) * 60.0, cpu(minute), 0.2)).collect();
    let memory = vec![(DAY_SECS, peak, 1.0); 2];
    let days = f64::from(minutes - 1) * 60.0 / DAY_SECS;
    (cpu, memory, days.min(f64::from(2 * minutes) / 1440.0))
}

#[test]
fn constant_usage_is_recommended_with_its_margin() {
    let (cpu, memory, confidence) = samples(90, &|_| 0.3, 400.0 * 1_048_576.0);
    let got = recommended("- {pods: app=web, cpu: 300m, memory: 400Mi}", 90);
    assert_eq!(got.0, expected(&cpu, 0.01, 1000.0, 25, confidence));
    assert_eq!(got.1, expected(&memory, 1e7, 1.0, 262_144_000, confidence));
    assert_eq!(got.0[0], 350);
}

#[test]
fn after_a_step_the_percentile_follows_the_weight() {
    let usage = "- {pods: app=web, cpu: 100m, memory: 100Mi}\n- {at: 60m, pods: app=web, cpu: 900m, memory: 600Mi}";
    for minutes in [63, 75, 180] {
        let cpu = |minute: u32| if minute < 60 { 0.1 } else { 0.9 };
        let (cpu, memory, confidence) = samples(minutes, &cpu, 600.0 * 1_048_576.0);
        let got = recommended(usage, minutes);
        assert_eq!(got.0, expected(&cpu, 0.01, 1000.0, 25, confidence), "CPU after {minutes} minutes");
        assert_eq!(got.1, expected(&memory, 1e7, 1.0, 262_144_000, confidence), "memory after {minutes} minutes");
    }
}

#[test]
fn a_container_killed_for_memory_is_taken_to_need_a_fifth_more_and_at_least_100_mebibytes() {
    const MIB: f64 = 1_048_576.0;
    for (peak, request, needed) in [(300.0, 200.0, 400.0), (1000.0, 200.0, 1200.0), (100.0, 800.0, 960.0)] {
        let (mut aggregate, mut peaks) = (Aggregate::default(), Peaks::default());
        let start = 1_800_000_000_000_000;
        aggregate.add_cpu(0.1, 0.1, start);
        aggregate.add_memory(&mut peaks, peak * MIB, start, false);
        aggregate.add_oom(&mut peaks, request * MIB, start + 60_000_000);
        let samples = vec![(DAY_SECS, needed * MIB, 1.0)];
        let confidence = 0.0;
        let [target, ..] = expected(&samples, 1e7, 1.0, 262_144_000, confidence);
        assert_eq!(aggregate.estimate(1).target.memory, target, "{peak} {request}");
    }
}

#[test]
fn one_that_shares_cpu_with_a_horizontal_autoscaler_fights_it() {
    let settings = Settings { images_present: true, ..Settings::default() };
    let mut player = Player::new(World::new(settings), Session::default());
    player.session.write("php.yaml", include_str!("../transcripts/load/php-apache.yaml").to_owned());
    let vpa = include_str!("../transcripts/load/vpa.yaml").replace("name: web", "name: php-apache");
    player.session.write("vpa.yaml", vpa.replace("\"Off\"", "Recreate"));
    for line in [
        "kubectl apply -f php.yaml",
        "kubectl autoscale deployment php-apache --cpu=50% --max=10",
        "wait 60s",
        "load svc/php-apache --rps 14",
        "wait 4m",
    ] {
        assert_eq!(player.run(line).code, 0, "{line}");
    }
    let replicas = |player: &Player| {
        player.world.store().find("Deployment", "default", "php-apache").unwrap().at("spec.replicas").int()
    };
    let alone = replicas(&player);
    assert!((6..=7).contains(&alone), "{alone} pods of 200m share 644m at half their requests");
    assert_eq!(player.run("kubectl apply -f vpa.yaml").code, 0);
    player.advance_to(player.world.now() + Span::secs(2_400));
    let requests: Vec<i64> = player
        .world
        .store()
        .list("Pod", "default")
        .map(|pod| pod.at("spec.containers").index(0).at("resources.requests.cpu").clone())
        .map(|request| kubottle::base::quantity::Quantity::parse(request.str()).unwrap().milli_value())
        .collect();
    // The same usage is another percentage of another request: the number of pods is no longer what the target meant.
    assert!(requests.iter().all(|request| *request != 200), "{requests:?}");
    assert_ne!(replicas(&player), alone, "{requests:?}");
    let decisions = player.run("load csv hpa default/php-apache").stdout;
    let said = "VerticalPodAutoscaler php-apache changes the requests that this is a percentage of";
    assert!(decisions.contains(said), "{decisions}");
}
