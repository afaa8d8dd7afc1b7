//! Transcripts of the network's tools on a cluster made by hand: `@PLACE` says where the next commands run, `$` begins a
//! command, `!` changes something first.

use kubottle::api::ObjectKey;
use kubottle::base::time::Span;
use kubottle::network::proxy::Mode;
use kubottle::network::Source;
use kubottle::value;

use crate::network_cluster::Cluster;

#[test]
fn tools_print_what_the_real_ones_print() {
    check(include_str!("../data/network/tools.txt"));
}

#[test]
fn policies_drop_and_ingresses_route() {
    check(include_str!("../data/network/policies.txt"));
}

fn check(text: &str) {
    let played = play(text);
    if played != text {
        let wrong = played.lines().zip(text.lines()).position(|(a, b)| a != b).unwrap_or(0);
        let near = |text: &str| text.lines().skip(wrong).take(12).collect::<Vec<_>>().join("\n");
        panic!("line {}:\n--- is\n{}\n--- should be\n{}\n=== all\n{played}", wrong + 1, near(&played), near(text));
    }
}

fn play(text: &str) -> String {
    let mut cluster = cluster();
    let mut source = Source::Outside;
    let mut played = String::new();
    for line in text.lines() {
        if let Some(place) = line.strip_prefix('@') {
            source = place_of(place);
        } else if let Some(change) = line.strip_prefix("! ") {
            carry_out(&mut cluster, change);
        } else if !line.starts_with("$ ") && !line.starts_with('#') {
            continue;
        }
        played.push_str(&format!("{line}\n"));
        if let Some(command) = line.strip_prefix("$ ") {
            let output = cluster.run(source.clone(), command);
            for out in [&output.stdout, &output.stderr] {
                out.lines().for_each(|line| played.push_str(&format!("{}\n", format!("  {line}").trim_end())));
            }
            if output.exit_code != 0 {
                played.push_str(&format!("  [exit {}]\n", output.exit_code));
            }
        }
    }
    played
}

fn place_of(text: &str) -> Source {
    match text.split_once('/') {
        Some((namespace, name)) => Source::Pod(ObjectKey::new(namespace, name)),
        None if text == "outside" => Source::Outside,
        None => Source::Node(text.to_owned()),
    }
}

fn carry_out(cluster: &mut Cluster, change: &str) {
    match change {
        "wait" => cluster.now = cluster.now + Span::secs(5),
        "ipvs" => cluster.state.mode = Mode::Ipvs,
        "iptables" => cluster.state.mode = Mode::Iptables,
        "nftables" => cluster.state.mode = Mode::Nftables,
        "node-3 down" => cluster.state.set_node_down("node-3", true),
        "node-3 up" => cluster.state.set_node_down("node-3", false),
        "no endpoints for web" => cluster.slice("default", "web", value!(null), value!([])),
        "endpoints for web" => cluster.endpoints("default", "web", value!([{"port": 80, "protocol": "TCP"}])),
        "no DNS endpoints" => cluster.slice("kube-system", "kube-dns", value!(null), value!([])),
        json if json.starts_with('{') => {
            let value = crate::support::value(&serde_json::from_str(json).expect("an object as JSON"), 0);
            let kind = kubottle::api::kind(value.get("kind").str());
            let mut object = kubottle::api::Object { kind, value };
            (kind.defaults)(&mut object);
            cluster.put(object);
        }
        gone if gone.starts_with("delete ") => {
            let words: Vec<&str> = gone.split(' ').collect();
            cluster.take(words[1], words[2], words[3]);
        }
        other => panic!("a change that is not known: {other}"),
    }
}

fn cluster() -> Cluster {
    let mut c = Cluster::new();
    c.pod("default", "client", 1, "10.244.0.9", "app", "client", &[]);
    c.pod("other", "client", 2, "10.244.1.9", "app", "client", &[]);
    for (name, node, ip) in [("web-a", 1, "10.244.0.5"), ("web-b", 2, "10.244.1.5"), ("web-c", 3, "10.244.2.5")] {
        c.pod("default", name, node, ip, "app", "web", &[80]);
    }
    let port = value!([{"port": 80, "protocol": "TCP"}]);
    c.service(
        "default",
        "web",
        value!({"type": "NodePort", "clusterIP": "10.96.7.7", "selector": {"app": "web"},
        "ports": [{"port": 80, "protocol": "TCP", "nodePort": 31002}]}),
    );
    c.endpoints("default", "web", port.clone());
    c.service(
        "default",
        "wrong-port",
        value!({"clusterIP": "10.96.7.8", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}),
    );
    c.endpoints("default", "wrong-port", value!([{"port": 8080, "protocol": "TCP"}]));
    c.service(
        "default",
        "nobody",
        value!({"clusterIP": "10.96.7.9", "selector": {"app": "nobody"}, "ports": [{"port": 80}]}),
    );
    c.service("default", "peers", value!({"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}]}));
    c.endpoints("default", "peers", port.clone());
    c.service("default", "sticky", value!({"clusterIP": "10.96.7.10", "selector": {"app": "web"}, "ports": [{"port": 80}], "sessionAffinity": "ClientIP"}));
    c.endpoints("default", "sticky", port.clone());
    c.service(
        "default",
        "near",
        value!({"type": "NodePort", "clusterIP": "10.96.7.11", "selector": {"only": "b"},
        "externalTrafficPolicy": "Local", "ports": [{"port": 80, "nodePort": 31003}]}),
    );
    let only = value!([{"addresses": ["10.244.1.5"], "nodeName": "node-2", "conditions": {"ready": true},
        "targetRef": {"kind": "Pod", "name": "web-b", "namespace": "default"}}]);
    c.slice("default", "near", port, only);
    c.service("default", "ext", value!({"type": "ExternalName", "externalName": "example.com"}));
    c.now = c.now + Span::secs(60);
    c
}
