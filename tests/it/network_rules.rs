//! kube-proxy's rules against upstream's own tables: the names of chains, and what becomes of packets - once as the model
//! decides and once as an independent reader understands the printed rules.

use core::net::IpAddr;

use kubottle::api::kinds::kind;
use kubottle::api::Object;
use kubottle::network::address::Cidr;
use kubottle::network::proxy::compile::Compiled;
use kubottle::network::proxy::service::{Protocol, Service, Slice};
use kubottle::network::proxy::walk::{decide, Decision, Packet};
use kubottle::network::proxy::{iptables, names, Node};
use serde_json::Value as Json;

use crate::iptables::Rules;

#[test]
fn chains_have_upstreams_names() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("../data/network/chain_names.json")).unwrap();
    for case in &cases {
        let text = |key: &str| case[key].as_str().unwrap_or("");
        let (service, protocol) = (text("servicePortName"), text("protocol"));
        let name = match text("chainKind") {
            "SVC" => names::cluster_chain(service, protocol),
            "SVL" => names::local_chain(service, protocol),
            "EXT" => names::external_chain(service, protocol),
            "FW" => names::firewall_chain(service, protocol),
            "SEP" => names::endpoint_chain(service, protocol, text("endpoint")),
            other => panic!("a kind of chain that is not known: {other}"),
        };
        assert_eq!(name, text("chain"));
    }
}

#[test]
fn packets_go_where_upstreams_go() {
    let data: Json = serde_json::from_str(include_str!("../data/network/packet_flows.json")).unwrap();
    let cases = data["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let cluster = &data["clusters"][case["cluster"].as_u64().unwrap() as usize];
        let wanted = (case["output"].as_str().unwrap().to_owned(), case["masquerade"].as_bool().unwrap());
        let node = node(case);
        let (services, slices) = (services(cluster), slices(cluster));
        let model = by_model(&node, compile(&node, &services, &slices), case);
        let text = by_text(&node, &compile(&node, &services, &slices), case);
        if model != wanted || text != wanted {
            wrong.push(format!("{}: model {model:?}, rules {text:?}, upstream {wanted:?}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The node of upstream's tests.
fn node(case: &Json) -> Node {
    let v6 = case["family"] == "IPv6";
    let flag = |key: &str, default: bool| case[key].as_bool().unwrap_or(default);
    let addresses = if v6 { ["2001:db8::1", "2001:db8:1::2"] } else { ["192.168.0.2", "192.168.1.2"] };
    let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
    let loopback: IpAddr = if v6 { "::1" } else { "127.0.0.1" }.parse().unwrap();
    let pods = Cidr::parse(if v6 { "fd00:10::/64" } else { "10.0.0.0/8" });
    Node {
        name: "test-node".into(),
        zone: "".into(),
        pod_network: pods.filter(|_| flag("localDetector", true)),
        masquerade_all: flag("masqueradeAll", false),
        localhost_node_ports: flag("localhostNodePorts", true),
        node_port_addresses: (!flag("allowAltNodeIP", true)).then(|| vec![addresses[0], loopback]),
        addresses,
    }
}

fn objects(list: &Json, name: &'static str) -> Vec<Object> {
    let list = list.as_array().unwrap().iter();
    list.map(|json| Object { kind: kind(name), value: crate::support::value(json, 0) }).collect()
}

fn services(cluster: &Json) -> Vec<Service> {
    objects(&cluster["services"], "Service").iter().map(Service::read).collect()
}

fn slices(cluster: &Json) -> Vec<(String, Slice)> {
    let slices = objects(&cluster["slices"], "EndpointSlice");
    let owner = |slice: &Object| format!("{}/{}", slice.namespace(), slice.label("kubernetes.io/service-name"));
    slices.iter().map(|slice| (owner(slice), Slice::read(slice))).collect()
}

fn compile<'a>(node: &Node, services: &'a [Service], slices: &'a [(String, Slice)]) -> Vec<Compiled<'a>> {
    let of = |service: &Service| {
        let key = service.key.to_string();
        slices.iter().filter(move |(owner, _)| *owner == key).map(|(_, slice)| slice)
    };
    let pairs = services.iter().flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    pairs.map(|(service, port)| Compiled::new(node, service, port, of(service))).collect()
}

fn packet(case: &Json) -> Packet {
    let packet = &case["packet"];
    Packet {
        source: packet["sourceIP"].as_str().unwrap().parse().unwrap(),
        destination: packet["destIP"].as_str().unwrap().parse().unwrap(),
        port: packet["destPort"].as_u64().unwrap() as u16,
        protocol: Protocol::parse(packet["protocol"].as_str().unwrap_or("")),
    }
}

fn by_model(node: &Node, services: Vec<Compiled>, case: &Json) -> (String, bool) {
    match decide(node, services, &packet(case)) {
        Decision::Pass => (String::new(), false),
        Decision::Accept(_) => ("ACCEPT".into(), false),
        Decision::Reject(_) => ("REJECT".into(), false),
        Decision::Drop(_) => ("DROP".into(), false),
        Decision::Balance(balance) => {
            let targets: Vec<String> = balance.targets().iter().map(|target| target.text()).collect();
            (targets.join(", "), balance.masquerade)
        }
    }
}

fn by_text(node: &Node, services: &[Compiled], case: &Json) -> (String, bool) {
    let text = iptables::print(&iptables::all_rules(node, services), "now", &|_| String::new());
    let packet = packet(case);
    let packet = crate::iptables::Packet {
        source: packet.source,
        destination: packet.destination,
        port: packet.port,
        protocol: packet.protocol.lower().to_owned(),
    };
    let ends = Rules::parse(&text).ends(&packet, &node.addresses);
    let what: Vec<&str> = ends.iter().map(|end| end.what.as_str()).collect();
    (what.join(", "), ends.iter().any(|end| end.masquerade))
}
