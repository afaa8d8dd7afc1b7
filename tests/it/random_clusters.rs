//! Random manifests, commands and faults on random clusters: the checkers hold after each event, and at the end every
//! cluster comes to rest with every status right. A seed names a cluster for good: `KUBOTTLE_CLUSTERS=98..99 cargo test
//! random_clusters` plays the one, and `KUBOTTLE_CLUSTERS=0..1000 cargo test --release random_clusters` all.

use std::ops::Range;

use kubottle::base::draw::below;
use kubottle::base::time::{SimTime, Span};
use kubottle::cluster::{checkers, World};
use kubottle::kubectl::player::Player;
use kubottle::kubectl::Session;
use kubottle::store::Settings;

/// Which clusters are played unless the environment says otherwise: a build without optimization plays the first ones.
const CLUSTERS: Range<u64> = if cfg!(debug_assertions) { 0..8 } else { 0..1_000 };
/// How long a cluster is left alone at the end: longer than any back-off and any toleration.
const QUIET: Span = Span::secs(1_500);
/// Then nothing may change for so long.
const STILL: Span = Span::secs(60);

/// Draws of one cluster, one after the other.
struct Dice {
    seed: u64,
    drawn: u64,
}

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        below(self.seed, "random-cluster", "", self.drawn, bound)
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn pod_spec(dice: &mut Dice, restart: &str) -> String {
    let mut container =
        format!("name: c, image: {}", dice.of(&["nginx:1.25", "nginx:1.25", "busybox:1.36", "redis:7"]));
    if dice.below(3) == 0 {
        container += &format!(", resources: {{requests: {{cpu: {}m}}}}", 100 * (1 + dice.below(12)));
    }
    if restart.is_empty() && dice.below(3) == 0 {
        container += ", readinessProbe: {exec: {command: [ready-after 2]}, periodSeconds: 1}";
    }
    if !restart.is_empty() {
        let code = if dice.below(4) == 0 { "; exit 1" } else { "" };
        container += &format!(", command: [sh, -c, 'sleep {}{code}']", 1 + dice.below(9));
    } else if container.contains("busybox") {
        container += ", command: [sleep, '100000']";
    }
    let restart = if restart.is_empty() { String::new() } else { format!("restartPolicy: {restart}, ") };
    let grace = if dice.below(2) == 0 { "terminationGracePeriodSeconds: 3, " } else { "" };
    format!("{{{restart}{grace}containers: [{{{container}}}]}}")
}

/// A manifest with one object of a random kind.
fn manifest(dice: &mut Dice, name: &str) -> String {
    let replicas = dice.below(6);
    let head = |api: &str, kind: &str| format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n");
    let select = format!("  selector: {{matchLabels: {{app: {name}}}}}\n");
    let template = |spec: String| format!("  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {spec}}}\n");
    match dice.below(8) {
        0 | 1 => {
            let strategy = match dice.below(3) {
                0 => "  strategy: {type: Recreate}\n".to_owned(),
                1 => "  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}\n".to_owned(),
                _ => String::new(),
            };
            let spec = pod_spec(dice, "");
            head("apps/v1", "Deployment") + &select + &format!("  replicas: {replicas}\n{strategy}") + &template(spec)
        }
        2 | 3 => {
            let policy = dice.of(&["OrderedReady", "OrderedReady", "Parallel"]);
            let retention = dice.of(&["Retain", "Delete"]);
            let claims = match dice.below(3) {
                0 => format!(
                    "  volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}]\n  persistentVolumeClaimRetentionPolicy: {{whenDeleted: {retention}, whenScaled: {retention}}}\n"
                ),
                _ => String::new(),
            };
            let start = dice.below(3);
            let ordinals = if start == 0 { String::new() } else { format!("  ordinals: {{start: {start}}}\n") };
            let spec = pod_spec(dice, "");
            let body = format!(
                "  serviceName: {name}\n  replicas: {replicas}\n  podManagementPolicy: {policy}\n{ordinals}{claims}"
            );
            head("apps/v1", "StatefulSet") + &select + &body + &template(spec)
        }
        4 => {
            let surge = if dice.below(2) == 0 { "{maxSurge: 1, maxUnavailable: 0}" } else { "{maxUnavailable: 1}" };
            let spec = pod_spec(dice, "");
            head("apps/v1", "DaemonSet")
                + &select
                + &format!("  updateStrategy: {{rollingUpdate: {surge}}}\n")
                + &template(spec)
        }
        5 => {
            let spec = pod_spec(dice, "");
            head("v1", "ReplicationController") + &format!("  replicas: {replicas}\n") + &template(spec)
        }
        _ => {
            let mode = dice.of(&["NonIndexed", "Indexed"]);
            let restart = dice.of(&["Never", "OnFailure"]);
            let (completions, parallelism, limit) = (1 + dice.below(5), 1 + dice.below(3), dice.below(4));
            let body = format!("  completions: {completions}\n  parallelism: {parallelism}\n  backoffLimit: {limit}\n  completionMode: {mode}\n");
            let spec = pod_spec(dice, restart);
            head("batch/v1", "Job") + &body + &template(spec)
        }
    }
}

fn command(dice: &mut Dice, names: &[String], nodes: u64) -> String {
    let name = &names[dice.below(names.len() as u64) as usize];
    let node = format!("node-{}", 1 + dice.below(nodes));
    let kind = dice.of(&["deployment", "statefulset", "daemonset", "rc", "job"]);
    let count = dice.below(7);
    match dice.below(24) {
        0..=3 => format!("kubectl scale deploy,sts,rc {name} --replicas={count}"),
        4 | 5 => format!("kubectl set image deploy/{name} c=nginx:1.{count}"),
        6 | 7 => format!("kubectl set image {kind}/{name} c=nginx:2.{count}"),
        8 => format!("kubectl set image {kind}/{name} c=doesnotexist:1"),
        9 => format!("kubectl rollout undo {kind}/{name}"),
        10 => format!("kubectl delete pod -l app={name} --wait=false"),
        11 => format!("kubectl delete pod {name}-{count} --wait=false"),
        12 => format!(
            "kubectl delete {kind} {name} --wait=false --cascade={}",
            dice.of(&["background", "foreground", "orphan"])
        ),
        13 => format!("kubectl apply -f {name}.yaml"),
        14 => format!("kubectl drain {node} --ignore-daemonsets --force --delete-emptydir-data --timeout=20s"),
        15 => format!("kubectl cordon {node}"),
        16 => format!("kubectl uncordon {node}"),
        17 => format!("kubectl create pdb b{count} --selector=app={name} --max-unavailable=1"),
        18 => {
            let cpu = if dice.below(4) == 0 { format!(",requests.cpu={}", 1 + count) } else { String::new() };
            format!("kubectl create quota q --hard=pods={}{cpu}", 5 + count * 3)
        }
        19 => format!("fault {} {node}", dice.of(&["node-down", "partition", "kubelet-stop", "memory-pressure"])),
        20 => "fault heal".to_owned(),
        21 => format!("kubectl create service clusterip {name} --tcp=80"),
        22 => format!("kubectl delete {kind} {name} --wait=false"),
        _ => format!("kubectl label pod -l app={name} app=other --overwrite"),
    }
}

/// Lets time pass, event by event, and looks after each that changed something.
fn pass(player: &mut Player, until: SimTime, what: &str) -> Result<(), String> {
    let world: &mut World = &mut player.world;
    while world.next_at().is_some_and(|at| at <= until) {
        let before = world.store().revision();
        world.step();
        if world.store().revision() == before {
            continue;
        }
        let wrong = checkers::violations_since(world, before);
        if !wrong.is_empty() {
            return Err(format!("after {what:?} at {:?}: {wrong:?}", world.now()));
        }
    }
    world.run_until(until);
    Ok(())
}

fn play(seed: u64) -> Result<(), String> {
    let mut dice = Dice { seed, drawn: 0 };
    let nodes = 1 + dice.below(4);
    let (images_present, storage_class) = (dice.below(2) == 0, seed.is_multiple_of(2));
    let settings = Settings { seed, nodes: nodes as u32, images_present, storage_class, ..Settings::default() };
    let mut player = Player::new(World::new(settings), Session::default());
    let names: Vec<String> = (0..2 + dice.below(3)).map(|n| format!("w{n}")).collect();
    for name in &names {
        let text = manifest(&mut dice, name);
        player.session.write(&format!("{name}.yaml"), text.clone());
        let played = player.run(&format!("kubectl apply -f {name}.yaml"));
        if played.code != 0 {
            return Err(format!("refused: {}\n{text}", played.stderr));
        }
        let pause = Span::millis(dice.below(6_000));
        let until = player.world.now() + pause;
        pass(&mut player, until, name)?;
    }
    for _ in 0..4 + dice.below(8) {
        let line = command(&mut dice, &names, nodes);
        player.run(&line);
        let pause = match dice.below(6) {
            0 => Span::secs(dice.below(400)),
            _ => Span::millis(dice.below(9_000)),
        };
        let until = player.world.now() + pause;
        pass(&mut player, until, &line)?;
    }
    player.run("fault heal");
    let quiet = player.world.now() + QUIET;
    pass(&mut player, quiet, "the end")?;
    let wrong = checkers::violations_at_rest(&player.world);
    if !wrong.is_empty() {
        return Err(format!("at rest: {wrong:?}"));
    }
    comes_to_rest(&mut player)
}

/// Nothing but heartbeats may change, unless a container is tried again and again.
fn comes_to_rest(player: &mut Player) -> Result<(), String> {
    let world = &mut player.world;
    let tries_again = world.store().all("Pod").any(|pod| {
        let statuses = pod.at("status.containerStatuses").list();
        pod.at("status.phase").str() == "Pending"
            || statuses.iter().any(|s| s.get("restartCount").int() > 0 || !s.at("state.waiting").is_null())
    });
    let until = world.now() + STILL;
    let mut restless = Vec::new();
    while world.next_at().is_some_and(|at| at <= until) {
        let before = world.store().revision();
        world.step();
        let changes = world.store().changes_since(before);
        let real = changes.filter(|change| !matches!(change.kind(), "Event" | "Lease" | "Node"));
        restless.extend(real.map(|change| format!("{} {} {}", change.verb.name(), change.kind(), change.key())));
    }
    let most = if tries_again { 2_000 } else { 0 };
    match restless.len() > most {
        true => Err(format!("{} changes at rest: {:?}", restless.len(), &restless[..restless.len().min(9)])),
        false => Ok(()),
    }
}

/// The seeds that `KUBOTTLE_CLUSTERS` names as `from..to`.
#[allow(clippy::disallowed_methods, reason = "which clusters are played is asked of whoever runs the test")]
fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("KUBOTTLE_CLUSTERS") else { return CLUSTERS };
    let parsed = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    parsed.expect("KUBOTTLE_CLUSTERS is like 0..1000")
}

#[test]
fn random_clusters_keep_every_promise() {
    let mut wrong = Vec::new();
    for seed in seeds() {
        if let Err(why) = play(seed) {
            wrong.push(format!("seed {seed}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{} clusters of {:?}:\n{}", wrong.len(), seeds(), wrong.join("\n"));
}
