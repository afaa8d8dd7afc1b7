//! Load as rates against requests one by one: the same shares, the same utilisation; and what charts are given.

#![allow(clippy::disallowed_methods, reason = "an independent computation, which no history depends on")]

use std::collections::BTreeMap;

use kubottle::base::draw;
use kubottle::base::time::Span;
use kubottle::cluster::load::Client;
use kubottle::cluster::World;
use kubottle::kubectl::player::Player;
use kubottle::kubectl::Session;
use kubottle::load::queue::serve;
use kubottle::network::proxy::Mode;
use kubottle::network::{Request, Source};
use kubottle::playground::{Playground, Settings as Beginning};
use kubottle::store::Settings;

fn player(lines: &[&str]) -> Player {
    let settings = Settings { images_present: true, ..Settings::default() };
    let mut player = Player::new(World::new(settings), Session::default());
    for line in lines {
        let played = player.run(line);
        assert_eq!(played.code, 0, "{line}: {}{}", played.stdout, played.stderr);
    }
    player
}

/// Sends requests one by one and counts who answers.
fn counted(world: &mut World, request: &Request, requests: u64) -> BTreeMap<String, f64> {
    let mut shares = BTreeMap::new();
    for _ in 0..requests {
        let n = world.count_request();
        let trace = world.send(&Request { n, ..request.clone() });
        *shares.entry(trace.pod().to_owned()).or_insert(0.0) += 1.0 / requests as f64;
    }
    shares
}

#[test]
fn rates_have_the_shares_of_requests_one_by_one() {
    for (policy, mode) in [("Cluster", Mode::Iptables), ("Local", Mode::Iptables), ("Cluster", Mode::Ipvs)] {
        let patch = format!("kubectl patch svc web -p '{{\"spec\":{{\"externalTrafficPolicy\":\"{policy}\"}}}}'");
        let mut player = player(&[
            "kubectl create deployment web --image=nginx --replicas=7",
            "kubectl expose deployment web --port=80 --type=NodePort",
            &patch,
            "wait 30s",
        ]);
        player.world.set_proxy_mode(mode);
        let service = player.world.store().find("Service", "default", "web").unwrap().clone();
        let port = service.at("spec.ports").index(0).get("nodePort").int() as u16;
        let ip = player.world.settings().node_ip(1);
        let outside = Request::get(Source::Outside, "http", &ip, port, "/", 0);
        let inside = Request::get(Source::Shell("default".to_owned()), "http", "web", 80, "/", 0);
        // Within the cluster neither the policy nor the mode changes anything.
        let requests =
            if policy == "Cluster" && mode == Mode::Iptables { vec![outside, inside] } else { vec![outside] };
        for request in requests {
            let ways = player.world.ways(&request);
            let total: f64 = ways.iter().map(|way| way.share).sum();
            assert!((total - 1.0).abs() < 1e-9 && ways.iter().all(|way| way.answers), "{ways:?}");
            let one_by_one = counted(&mut player.world, &request, 4_000);
            assert_eq!(ways.len(), one_by_one.len(), "{policy} {mode:?}");
            for way in &ways {
                let pod = way.result.strip_prefix("pod ").and_then(|text| text.split(':').next()).unwrap();
                let share = one_by_one.get(pod).copied().unwrap_or(0.0);
                assert!((share - way.share).abs() < 0.02, "{policy} {mode:?} {pod}: {share} against {}", way.share);
            }
        }
    }
}

/// Requests one by one at the servers of a container, arriving by chance: the part of the time that they work, what is
/// served a second, and how long a request takes.
fn one_by_one(offered: f64, request_secs: f64, servers: usize, places: usize) -> (f64, f64, f64) {
    const REQUESTS: u64 = 400_000;
    let chance = |purpose: &str, n: u64| (draw::draw(7, purpose, "", n) >> 11) as f64 / (1_u64 << 53) as f64;
    let span = |purpose: &str, n: u64, mean: f64| -mean * (1.0 - chance(purpose, n)).ln();
    let mut free_at = vec![0.0_f64; servers];
    let (mut now, mut worked, mut served, mut waited) = (0.0, 0.0, 0_u64, 0.0);
    let mut leaves: std::collections::VecDeque<f64> = Default::default();
    for n in 0..REQUESTS {
        now += span("arrival", n, 1.0 / offered);
        while leaves.front().is_some_and(|leave| *leave <= now) {
            leaves.pop_front();
        }
        if leaves.len() >= places {
            continue;
        }
        let first = free_at.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
        let work = span("work", n, request_secs);
        let start = first.max(now);
        *first = start + work;
        let leave = *first;
        let place = leaves.partition_point(|other| *other <= leave);
        leaves.insert(place, leave);
        (worked, served, waited) = (worked + work, served + 1, waited + leave - now);
    }
    (worked / now, served as f64 / now, waited / served as f64)
}

#[test]
fn the_queue_is_that_of_requests_one_by_one() {
    for (offered, cpus) in [(5.0, 1), (16.0, 1), (30.0, 2), (68.0, 4), (40.0, 1), (200.0, 4)] {
        let request_secs = 0.05;
        let model = serve(offered, request_secs, f64::from(cpus), 200.0);
        let (utilisation, rate, latency) = one_by_one(offered, request_secs, cpus as usize, 200);
        let near = |a: f64, b: f64, within: f64| (a - b).abs() <= within * b.max(1e-9);
        assert!(near(model.cpu, utilisation, 0.02), "{offered}/s, {cpus} CPUs: {} against {utilisation}", model.cpu);
        assert!(near(model.rate, rate, 0.02), "{offered}/s, {cpus} CPUs: {} against {rate}", model.rate);
        assert!(near(model.latency_secs, latency, 0.02), "{offered}/s: {} against {latency}", model.latency_secs);
    }
}

#[test]
fn two_pods_on_a_full_node_slow_each_other() {
    let mut player = player(&["kubectl cordon node-2", "kubectl cordon node-3"]);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME, labels: {app: NAME}, annotations: {kubottle.dev/cpu-per-request: 100ms}}\nspec: {containers: [{name: c, image: nginx, ports: [{containerPort: 80}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {selector: {app: NAME}, ports: [{port: 80}]}\n";
    for name in ["a", "b"] {
        player.session.write("pod.yaml", pod.replace("NAME", name));
        assert_eq!(player.run("kubectl apply -f pod.yaml").code, 0);
    }
    player.run("wait 20s");
    player.run("load svc/a --rps 30");
    player.run("wait 10s");
    let alone = player.world.clients()[0].now;
    assert!(alone.failed < 0.01 && (alone.served - 30.0).abs() < 0.01, "{alone:?}");
    player.run("load svc/b --rps 30");
    player.run("wait 10s");
    let now: Vec<_> = player.world.clients().iter().map(|client| client.now).collect();
    assert!(now.iter().all(|flow| flow.failed > 5.0 && flow.latency_secs > alone.latency_secs * 2.0), "{now:?}");
    let served: f64 = now.iter().map(|flow| flow.served).sum();
    assert!((served - 40.0).abs() < 1.0, "four CPUs serve forty such requests a second, not {served}");
}

#[test]
fn memory_beyond_the_limit_ends_a_container() {
    let mut player = player(&[]);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: leaky, labels: {app: leaky}, annotations: {kubottle.dev/leak-per-request: 64Ki}}\nspec: {containers: [{name: c, image: nginx, ports: [{containerPort: 80}], resources: {limits: {memory: 64Mi}}}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: leaky}\nspec: {selector: {app: leaky}, ports: [{port: 80}]}\n";
    player.session.write("pod.yaml", pod.to_owned());
    assert_eq!(player.run("kubectl apply -f pod.yaml").code, 0);
    player.run("wait 20s");
    player.run("load svc/leaky --rps 20 --for 2m");
    player.run("wait 40s");
    assert!(player.run("kubectl get pod leaky --no-headers").stdout.contains(" 0 "), "it has not restarted yet");
    player.run("wait 30s");
    let status = player
        .run("kubectl get pod leaky -o jsonpath={.status.containerStatuses[0].lastState.terminated.reason}")
        .stdout;
    assert_eq!(status, "OOMKilled");
}

#[test]
fn charts_are_given_bounded_series_with_decisions() {
    let mut playground = Playground::new(Beginning::default());
    playground.apply("web.yaml", include_str!("../transcripts/load/php-apache.yaml"));
    playground.exec("kubectl autoscale deployment php-apache --cpu=50% --max=10");
    playground.advance(60_000_000, &mut || false);
    playground.exec("load svc/php-apache --rps 15 --for 10m");
    playground.advance(3_600_000_000, &mut || false);
    let subjects = playground.chart_subjects();
    assert_eq!(subjects[0], "Deployment/default/php-apache", "what has an autoscaler comes first: {subjects:?}");
    assert!(subjects.iter().any(|subject| subject == "Node//node-1"), "{subjects:?}");
    let charts = playground.charts(&subjects[0], playground.window(0));
    let ids: Vec<&str> = charts.iter().map(|chart| chart.id).collect();
    assert_eq!(ids, ["replicas", "metric", "load", "latency", "cpu", "memory"]);
    let lines = charts.iter().flat_map(|chart| &chart.lines);
    assert!(lines.clone().all(|line| line.points.len() <= 1_201), "every line is bounded");
    assert!(lines.clone().all(|line| line.points.windows(2).all(|two| two[0].0 < two[1].0)));
    let replicas = &charts[0];
    let names: Vec<&str> = replicas.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["desired", "current", "ready", "min", "max"]);
    let grown =
        replicas.decisions.iter().find(|(_, sentence, changed)| *changed && sentence.contains("ceil(")).unwrap();
    let (at, sentence) = replicas.decision_at(grown.0 + 1).unwrap();
    assert_eq!((at, sentence), (grown.0, grown.1.as_str()), "hover tells the decision that holds");
    assert!(charts[1].rows().iter().any(|row| row.last() == Some(&grown.1)), "the table tells it as well");
    let csv = kubottle::view::chart::csv(&charts);
    assert!(csv.lines().any(|line| line.starts_with("load,served,/s,")), "{csv}");
}

#[test]
fn a_client_that_ends_leaves_nothing_behind() {
    let mut player =
        player(&["kubectl create deployment web --image=nginx", "kubectl expose deployment web --port=80", "wait 20s"]);
    let request = Request::get(Source::Shell("default".to_owned()), "http", "web", 80, "/", 1);
    let until = Some(player.world.now() + Span::secs(30));
    player.world.add_client(Client { rate: 5.0, until, ..Client::new(request, player.world.now()) });
    player.run("wait 3m");
    assert!(
        player.world.clients().is_empty()
            && player.world.next_at().is_none_or(|at| at > player.world.now() + Span::secs(10))
    );
}

#[test]
fn the_walkthrough_typed_as_printed_climbs_and_comes_back_when_it_is_stopped() {
    let mut playground = Playground::new(Beginning::default());
    playground.apply("php-apache.yaml", include_str!("../transcripts/load/php-apache.yaml"));
    playground.exec("kubectl autoscale deployment php-apache --cpu=50% --min=1 --max=10");
    playground.advance(60_000_000, &mut || false);
    playground.exec("kubectl run -i --tty load-generator --rm --image=busybox:1.28 --restart=Never -- /bin/sh -c \"while sleep 0.01; do wget -q -O- http://php-apache; done\"");
    playground.advance(180_000_000, &mut || false);
    assert!(playground.busy(), "the load runs in the terminal until it is stopped");
    let desired = |playground: &Playground| {
        let charts = playground.charts("Deployment/default/php-apache", playground.window(0));
        charts[0].lines[0].points.last().map(|(_, replicas)| *replicas)
    };
    assert_eq!(desired(&playground), Some(7.0));
    playground.take_output();
    playground.cancel();
    let printed: String = playground.take_output().into_iter().map(|(_, text)| text).collect();
    assert!(printed.contains("pod \"load-generator\" deleted from default namespace\n"), "{printed}");
    assert!(printed.ends_with("pod default/load-generator terminated (Error)\n"), "{printed}");
    playground.advance(2_000_000, &mut || false);
    let pods = playground.queue("kubectl get pods load-generator");
    let answers = playground.take_finished();
    let answer = answers.iter().find(|finished| finished.ticket == pods).expect("an answer");
    assert!(answer.stderr.contains("NotFound"), "Ctrl-C ends the process, so that the pod goes at once: {answer:?}");
    playground.advance(240_000_000, &mut || false);
    assert_eq!(desired(&playground), Some(7.0), "nothing shrinks within five minutes");
    playground.advance(240_000_000, &mut || false);
    assert_eq!(desired(&playground), Some(1.0));
}

#[test]
fn the_band_of_a_chart_is_what_the_autoscaler_tolerates() {
    let mut playground = Playground::new(Beginning::default());
    playground.apply("web.yaml", include_str!("../transcripts/load/php-apache.yaml"));
    playground.exec("kubectl autoscale deployment php-apache --cpu=50% --max=10");
    let bands = |playground: &Playground| {
        let charts = playground.charts("Deployment/default/php-apache", playground.window(0));
        charts.iter().find(|chart| chart.id == "metric").map(|chart| chart.band)
    };
    playground.advance(60_000_000, &mut || false);
    assert_eq!(bands(&playground), Some(Some((1, 1, (0.1, 0.1)))));
    playground.exec("kubectl patch hpa php-apache -p '{\"spec\":{\"behavior\":{\"scaleUp\":{\"tolerance\":\"0.02\"},\"scaleDown\":{\"tolerance\":\"200m\"}}}}'");
    playground.advance(60_000_000, &mut || false);
    assert_eq!(bands(&playground), Some(Some((1, 1, (0.2, 0.02)))));
}
