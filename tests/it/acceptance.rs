//! What a first user is promised: pods behind a stable address, the same on every node's port, and a history that is a
//! function of its seed.

use std::collections::BTreeSet;

use kubottle::base::draw::below;
use kubottle::base::time::{SimTime, Span};
use kubottle::cluster::{checkers, History, World};
use kubottle::kubectl::player::Player;
use kubottle::kubectl::Session;
use kubottle::store::Settings;

const TOMCAT: &str = include_str!("../../static/scenarios/tomcat/tomcat.yaml");

fn player(settings: Settings) -> Player {
    let mut session = Session::default();
    session.write("tomcat.yaml", TOMCAT.to_owned());
    Player::new(World::new(settings), session)
}

fn say(player: &mut Player, line: &str) -> String {
    let played = player.run(line);
    assert_eq!((played.code, played.stderr.as_str()), (0, ""), "{line}");
    played.stdout
}

fn words(player: &mut Player, line: &str) -> Vec<String> {
    say(player, line).split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_service_keeps_its_address_while_its_pods_come_and_go() {
    let mut player = player(Settings::default());
    say(&mut player, "kubectl apply -f tomcat.yaml");
    say(&mut player, "kubectl rollout status deployment/tomcat");
    let ips = "kubectl get pods -l tier=frontend -o jsonpath='{.items[*].status.podIP}'";
    let vip = "kubectl get svc tomcat-service -o jsonpath='{.spec.clusterIP}'";
    let (first, address) = (words(&mut player, ips), say(&mut player, vip));
    let cidrs = words(&mut player, "kubectl get nodes -o jsonpath='{.items[*].spec.podCIDR}'");
    assert_eq!(first.len(), 3);
    for ip in &first {
        let network = |cidr: &&String| ip.starts_with(cidr.trim_end_matches("0/24"));
        assert!(cidrs.iter().any(|cidr| network(&cidr)), "{ip} lies in one of {cidrs:?}");
    }
    let endpoints = player.run("kubectl get endpoints tomcat-service -o jsonpath='{.subsets[*].addresses[*].ip}'");
    let listed: BTreeSet<&str> = endpoints.stdout.split_whitespace().collect();
    assert_eq!(listed, first.iter().map(String::as_str).collect());

    let answers: BTreeSet<String> =
        (0..30).map(|_| say(&mut player, "curl -s tomcat-service:8080 | grep works")).collect();
    assert_eq!(answers.len(), 3, "each of the three pods answers: {answers:?}");

    say(&mut player, "kubectl delete pod -l tier=frontend");
    say(&mut player, "kubectl rollout status deployment/tomcat");
    let second = words(&mut player, ips);
    assert!(second.len() == 3 && second.iter().all(|ip| !first.contains(ip)), "{first:?} then {second:?}");
    assert_eq!(say(&mut player, vip), address);
    say(&mut player, &format!("curl -s {address}:8080"));
}

#[test]
fn a_node_port_answers_on_every_node_and_is_nobody_elses() {
    let mut player = player(Settings::default());
    say(&mut player, "kubectl apply -f tomcat.yaml");
    let patch = r#"'{"spec":{"type":"NodePort","ports":[{"port":8080,"nodePort":31002}]}}'"#;
    say(&mut player, &format!("kubectl patch svc tomcat-service -p {patch}"));
    say(&mut player, "kubectl rollout status deployment/tomcat");
    for node in ["node-1", "node-2", "node-3", "192.168.10.12"] {
        assert!(say(&mut player, &format!("curl -s {node}:31002")).contains("It works!"), "{node}");
    }
    for (port, text) in [
        ("31002", "provided port is already allocated"),
        ("29999", "provided port is not in the valid range. The range of valid ports is 30000-32767"),
    ] {
        let refused = player.run(&format!("kubectl create service nodeport other --tcp=80 --node-port={port}"));
        assert!(refused.code == 1 && refused.stderr.contains(text), "{}", refused.stderr);
    }
}

#[test]
fn any_instant_of_the_past_is_as_it_was() {
    let mut player = player(Settings::default());
    let mut history = History::new(&player.world);
    say(&mut player, "kubectl apply -f tomcat.yaml");
    history.acted(&player.world);
    let mut seen: Vec<(SimTime, u64)> = Vec::new();
    for _ in 0..40 {
        player.world.run_until(player.world.now() + Span::millis(97));
        history.advanced(&player.world);
        seen.push((player.world.now(), player.world.digest()));
    }
    for (at, digest) in seen.iter().rev() {
        assert_eq!(history.seek(*at).digest(), *digest, "{at:?}");
    }
    let mut past = history.seek(seen[10].0);
    let gone = past.request(|server| {
        let because = std::sync::Arc::new(kubottle::store::Because::rule("test", "acting in the past"));
        let key = kubottle::api::ObjectKey::new("default", "tomcat");
        server.delete(kubottle::api::kind("Deployment"), &key, "", Default::default(), &because)
    });
    assert!(gone.is_ok());
    assert!(history.acted(&past), "acting in the past begins a branch");
    let end = history.switch(0).expect("the first branch is kept");
    assert_eq!(end.digest(), seen.last().unwrap().1);
}

/// Random commands on random clusters: at every instant the checkers hold, and all comes to rest consistent.
#[test]
fn random_clusters_keep_their_invariants() {
    for seed in 0..12 {
        let pick = |n: u64, bound: u64| below(seed, "acceptance", "", n, bound);
        let settings = Settings { seed, nodes: 1 + pick(0, 5) as u32, ..Settings::default() };
        let mut player = player(settings);
        say(&mut player, "kubectl apply -f tomcat.yaml");
        for n in 1..14 {
            let line = match pick(n * 3, 7) {
                0 => format!("kubectl scale deployment tomcat --replicas={}", pick(n * 3 + 1, 12)),
                1 => format!("kubectl set image deployment/tomcat tomcat=tomcat:{}", pick(n * 3 + 1, 3)),
                2 => "kubectl delete pod -l tier=frontend --wait=false".to_owned(),
                3 => format!("kubectl cordon node-{}", 1 + pick(n * 3 + 1, 5)),
                4 => format!("kubectl uncordon node-{}", 1 + pick(n * 3 + 1, 5)),
                5 => "kubectl rollout undo deployment/tomcat".to_owned(),
                _ => format!(
                    "kubectl set resources deployment tomcat --requests=cpu={}m",
                    100 + 300 * pick(n * 3 + 1, 4)
                ),
            };
            player.run(&line);
            let until = player.world.now() + Span::millis(pick(n * 3 + 2, 4_000));
            while player.world.next_at().is_some_and(|at| at <= until) {
                player.world.step();
                let wrong = checkers::violations(&player.world);
                assert!(wrong.is_empty(), "seed {seed}, after {line:?} at {:?}: {wrong:?}", player.world.now());
            }
        }
        player.world.run_until(player.world.now() + Span::secs(120));
        let wrong = checkers::violations_at_rest(&player.world);
        assert!(wrong.is_empty(), "seed {seed} at rest: {wrong:?}");
    }
}
