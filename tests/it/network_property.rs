//! For random clusters, Services and requests: what the model does with a packet is what an independent reader of the
//! printed rules of that node says may become of it - and all of it happens.

use core::net::IpAddr;
use std::collections::BTreeSet;

use kubottle::api::{kind, Object, ObjectKey, Value};
use kubottle::base::draw;
use kubottle::base::time::Span;
use kubottle::network::proxy::{iptables_save, walk, walk::Decision, Node};
use kubottle::network::{HopKind, Request, Source, State, Trace, Verdict};
use kubottle::value;

use crate::iptables::{End, Packet, Rules};
use crate::network_cluster::{respond, Cluster};

const CLUSTERS: u64 = 40;
const REQUESTS: u64 = 60;

/// Draws one after the other.
struct Dice {
    seed: u64,
    n: u64,
}

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.n += 1;
        draw::below(self.seed, "property", "", self.n, bound)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

/// A policy of the simplest kind, from which the object is made and which the test judges by itself.
struct Policy {
    selects: &'static str,
    ingress: bool,
    rule: Option<(Peer, (u16, u16))>,
}

/// Whom a rule names.
enum Peer {
    Label(&'static str),
    Block(u8),
    Everybody,
}

impl Policy {
    fn random(dice: &mut Dice) -> Policy {
        let peer = match dice.below(4) {
            0 => Peer::Everybody,
            1 => Peer::Block(dice.below(3) as u8),
            _ => Peer::Label(dice.of(&["x", "y"])),
        };
        let ports = [(0, 65_535), (80, 80), (70, 90), (81, 81)][dice.below(4) as usize];
        let rule = (!dice.one_in(4)).then_some((peer, ports));
        Policy { selects: dice.of(&["", "x", "y"]), ingress: dice.one_in(2), rule }
    }

    fn object(&self, name: &str) -> Object {
        let mut policy = Object::new(kind("NetworkPolicy"), "default", name);
        let labels = |value: &str| if value.is_empty() { value!({}) } else { value!({"matchLabels": {"app": value}}) };
        let (field, list, peers) =
            if self.ingress { ("Ingress", "ingress", "from") } else { ("Egress", "egress", "to") };
        let mut spec = value!({"podSelector": (labels(self.selects)), "policyTypes": [field]});
        if let Some((peer, (first, last))) = &self.rule {
            let mut rule = value!({});
            match peer {
                Peer::Label(value) => rule.set(peers, value!([{"podSelector": (labels(value))}])),
                Peer::Block(third) => {
                    let (cidr, except) = (format!("10.244.{third}.0/24"), format!("10.244.{third}.12/30"));
                    rule.set(peers, value!([{"ipBlock": {"cidr": cidr, "except": [except]}}]));
                }
                Peer::Everybody => {}
            }
            match (first, last) {
                (0, _) => {}
                (first, last) if first == last => rule.set("ports", value!([{"port": (i64::from(*first))}])),
                (first, last) => {
                    rule.set("ports", value!([{"port": (i64::from(*first)), "endPort": (i64::from(*last))}]));
                }
            }
            spec.set(list, Value::from(vec![rule]));
        }
        policy.set("spec", spec);
        policy
    }

    fn lets_through(&self, other: IpAddr, port: u16) -> bool {
        let Some((peer, (first, last))) = &self.rule else { return false };
        let IpAddr::V4(four) = other else { return false };
        let [a, b, third, fourth] = four.octets();
        let pod = (a, b) == (10, 244);
        let fits = match peer {
            Peer::Everybody => true,
            Peer::Block(block) => pod && third == *block && !(12..=15).contains(&fourth),
            Peer::Label(value) => pod && label_of(fourth) == *value,
        };
        fits && (first..=last).contains(&&port)
    }
}

/// The label of the pod whose address ends so.
fn label_of(fourth: u8) -> &'static str {
    ["x", "y"][usize::from(fourth % 2)]
}

/// Whether all policies of a direction together let a pod talk to another address.
fn judged(policies: &[Policy], ingress: bool, pod: IpAddr, other: IpAddr, port: u16) -> bool {
    let IpAddr::V4(own) = pod else { return true };
    let label = label_of(own.octets()[3]);
    let mut selecting =
        policies.iter().filter(|p| p.ingress == ingress && (p.selects.is_empty() || p.selects == label));
    let any = selecting.clone().next().is_some();
    !any || selecting.any(|policy| policy.lets_through(other, port))
}

#[test]
fn policies_are_held_wherever_the_rules_send_a_packet() {
    let (mut through, mut stopped) = (0, 0);
    for seed in 1_000..1_000 + CLUSTERS {
        let mut dice = Dice { seed, n: 0 };
        let mut cluster = random_cluster(&mut dice);
        let policies: Vec<Policy> = (0..dice.below(4) + 1).map(|_| Policy::random(&mut dice)).collect();
        for (i, policy) in policies.iter().enumerate() {
            cluster.put(policy.object(&format!("policy-{i}")));
        }
        for n in 0..REQUESTS {
            let request = random_request(&mut dice, n);
            let trace = kubottle::network::request(&cluster.view(), &cluster.state, &request, &respond);
            let dropped = trace.hops.iter().find(|h| h.kind == HopKind::Policy && h.verdict == Verdict::Dropped);
            let arrived = trace.hops.iter().rfind(|hop| hop.title == "bridge");
            let Some(last) = dropped.or(arrived) else { continue };
            let (source, destination) = last.before.split_once(" -> ").unwrap();
            let (ip, port) = destination.rsplit_once(':').unwrap();
            let (source, pod, port): (IpAddr, IpAddr, u16) =
                (source.parse().unwrap(), ip.parse().unwrap(), port.parse().unwrap());
            let own = match &request.source {
                Source::Pod(key) => cluster.store.get("Pod", key).unwrap().at("status.podIP").str().parse().ok(),
                _ => None,
            };
            let may_leave = own.is_none_or(|own: IpAddr| judged(&policies, false, own, pod, port));
            let IpAddr::V4(four) = pod else { panic!("{pod} is an address of this test") };
            let to_pod = four.octets()[0] == 10;
            let node = State::node(&cluster.view(), &format!("node-{}", four.octets()[2] + 1));
            let from_own_node = node.is_some_and(|node| node.addresses.contains(&source));
            let may_enter = !to_pod || from_own_node || judged(&policies, true, pod, source, port);
            assert_eq!(dropped.is_none(), may_leave && may_enter, "seed {seed}, request {n}: {trace:?}");
            through += u32::from(dropped.is_none());
            stopped += u32::from(dropped.is_some());
        }
    }
    assert!(through > 300 && stopped > 200, "{through} {stopped}: too few to mean anything");
}

#[test]
fn the_model_does_what_the_printed_rules_say() {
    let (mut delivered, mut refused, mut dropped) = (0, 0, 0);
    for seed in 0..CLUSTERS {
        let mut dice = Dice { seed, n: 0 };
        let cluster = random_cluster(&mut dice);
        let nodes = ["node-1", "node-2", "node-3"];
        let proxies: Vec<Node> = nodes.iter().map(|name| State::node(&cluster.view(), name).unwrap()).collect();
        let saved = |name: &&str| iptables_save(&cluster.view(), &cluster.state, name).unwrap();
        let rules: Vec<Rules> = nodes.iter().map(|name| Rules::parse(&saved(name))).collect();
        for n in 0..REQUESTS {
            let request = random_request(&mut dice, n);
            let trace = kubottle::network::request(&cluster.view(), &cluster.state, &request, &respond);
            for (i, node) in proxies.iter().enumerate() {
                for (packet, became, masquerade) in met(&trace, &node.name) {
                    let ends = rules[i].ends(&packet, &node.addresses);
                    let fits = ends.iter().any(|end| end.what == became && end.masquerade == masquerade);
                    assert!(fits, "seed {seed}, {packet:?} on {}: {became:?}, rules say {ends:?}", node.name);
                    assert_eq!(
                        all_of(&cluster, node, &packet),
                        what(&ends),
                        "seed {seed}, {packet:?} on {}",
                        node.name
                    );
                    delivered += u32::from(became.contains(':'));
                    refused += u32::from(became == "REJECT");
                    dropped += u32::from(became == "DROP");
                }
            }
        }
    }
    assert!(
        delivered > 500 && refused > 50 && dropped > 20,
        "{delivered} {refused} {dropped}: too few to mean anything"
    );
}

/// The packets of a trace that met the rules of a node, what became of them, and whether their source was rewritten.
fn met(trace: &Trace, node: &str) -> Vec<(Packet, String, bool)> {
    let mut met = Vec::new();
    for (i, hop) in trace.hops.iter().enumerate().filter(|(_, hop)| hop.node == node) {
        let became = match (hop.kind, hop.title.as_str()) {
            (HopKind::Dnat, _) => hop.after.split(" -> ").nth(1).unwrap().to_owned(),
            (HopKind::Filter, title @ ("REJECT" | "DROP")) => title.to_owned(),
            (HopKind::Filter, "no rule") => String::new(),
            _ => continue,
        };
        let (source, destination) = hop.before.split_once(" -> ").unwrap();
        let (ip, port) = destination.rsplit_once(':').unwrap();
        let packet = Packet {
            source: source.parse().unwrap(),
            destination: ip.parse().unwrap(),
            port: port.parse().unwrap(),
            protocol: "tcp".to_owned(),
        };
        let masquerade = trace.hops.get(i + 1).is_some_and(|next| next.kind == HopKind::Snat);
        met.push((packet, became, masquerade));
    }
    met
}

/// All that the model may do with a packet.
fn all_of(cluster: &Cluster, node: &Node, packet: &Packet) -> BTreeSet<String> {
    let packet = walk::Packet {
        source: packet.source,
        destination: packet.destination,
        port: packet.port,
        protocol: kubottle::network::proxy::service::Protocol::Tcp,
    };
    let services = cluster.state.candidates(&cluster.view(), node, packet.destination, packet.port);
    match walk::decide(node, services, &packet) {
        Decision::Pass => [String::new()].into(),
        Decision::Accept(_) => ["ACCEPT".to_owned()].into(),
        Decision::Reject(_) => ["REJECT".to_owned()].into(),
        Decision::Drop(_) => ["DROP".to_owned()].into(),
        Decision::Balance(balance) => balance.targets().iter().map(|target| target.text()).collect(),
    }
}

fn what(ends: &BTreeSet<End>) -> BTreeSet<String> {
    ends.iter().map(|end| end.what.clone()).collect()
}

const SERVICES: u64 = 6;

fn random_cluster(dice: &mut Dice) -> Cluster {
    let mut c = Cluster::new();
    for i in 0..9_u32 {
        let ip = format!("10.244.{}.{}", i % 3, 10 + i);
        c.pod("default", &format!("p{i}"), i % 3 + 1, &ip, "app", label_of(10 + i as u8), &[80]);
    }
    for i in 0..SERVICES {
        let kind = dice.of(&["ClusterIP", "NodePort", "LoadBalancer"]);
        let mut spec = value!({"type": kind, "clusterIP": (format!("10.96.8.{i}")), "selector": {"app": "x"}});
        let mut port = value!({"port": 80, "protocol": "TCP"});
        if kind != "ClusterIP" {
            port.set("nodePort", 31_000 + i as i64);
            spec.set("externalTrafficPolicy", dice.of(&["Cluster", "Local"]));
        }
        spec.set("ports", Value::from(vec![port]));
        spec.set("internalTrafficPolicy", dice.of(&["Cluster", "Cluster", "Local"]));
        if dice.one_in(4) {
            spec.set("sessionAffinity", "ClientIP");
        }
        if dice.one_in(3) {
            spec.set("externalIPs", value!([(format!("203.0.113.{i}"))]));
            spec.set("externalTrafficPolicy", dice.of(&["Cluster", "Local"]));
        }
        if kind == "LoadBalancer" && dice.one_in(2) {
            let ranges = if dice.one_in(2) {
                value!(["192.168.10.0/24"])
            } else {
                value!(["10.244.0.0/16", "192.168.10.11/32"])
            };
            spec.set("loadBalancerSourceRanges", ranges);
        }
        let name = format!("s{i}");
        c.service("default", &name, spec);
        if kind == "LoadBalancer" {
            let mut service = c.store.find("Service", "default", &name).unwrap().clone();
            service.set("status.loadBalancer.ingress", value!([{"ip": (format!("198.51.100.{i}"))}]));
            c.put(service);
        }
        let endpoints = random_endpoints(dice);
        c.slice("default", &name, value!([{"port": 80, "protocol": "TCP"}]), endpoints);
    }
    c.now = c.now + Span::secs(60);
    c
}

fn random_endpoints(dice: &mut Dice) -> Value {
    let least = dice.below(4);
    let mut endpoints = Vec::new();
    for i in 0..9_u32 {
        if dice.below(4) >= least {
            continue;
        }
        let (ready, serving, terminating) = match dice.below(5) {
            0 => (false, true, true),
            1 => (false, false, true),
            _ => (true, true, false),
        };
        endpoints.push(value!({"addresses": [(format!("10.244.{}.{}", i % 3, 10 + i))], "nodeName": (format!("node-{}", i % 3 + 1)),
            "conditions": {"ready": ready, "serving": serving, "terminating": terminating}}));
    }
    Value::from(endpoints)
}

fn random_request(dice: &mut Dice, n: u64) -> Request {
    let source = match dice.below(3) {
        0 => Source::Outside,
        1 => Source::Node(format!("node-{}", dice.below(3) + 1)),
        _ => Source::Pod(ObjectKey::new("default", format!("p{}", dice.below(9)))),
    };
    let i = dice.below(SERVICES);
    let (host, port) = match dice.below(5) {
        0 => (format!("10.96.8.{i}"), 80),
        1 => (format!("192.168.10.{}", 11 + dice.below(3)), 31_000 + i as u16),
        2 => (format!("203.0.113.{i}"), 80),
        3 => (format!("198.51.100.{i}"), 80),
        _ => (format!("10.96.8.{i}"), 81),
    };
    let host: IpAddr = host.parse().unwrap();
    Request::get(source, "tcp", &host.to_string(), port, "", n)
}
