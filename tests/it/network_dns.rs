//! The name server against the examples of the Kubernetes DNS specification, and what CoreDNS adds to it.

use kubottle::network::dns::{answer, Data, QueryType};
use kubottle::value;
use serde_json::Value as Json;

use crate::network_cluster::Cluster;

#[test]
fn answers_are_those_of_the_specification() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("../data/network/dns.json")).unwrap();
    for case in &cases {
        let mut cluster = Cluster::new();
        for object in case["objects"].as_array().unwrap() {
            add(&mut cluster, object);
        }
        let kind = QueryType::parse(case["query"]["type"].as_str().unwrap()).unwrap();
        let found = answer(&cluster.view(), &cluster.state, case["query"]["name"].as_str().unwrap(), kind);
        let mut answers: Vec<String> = found
            .records
            .iter()
            .map(|record| match &record.data {
                Data::Srv { port, target, .. } => format!("<prio> <weight> {port} {target}"),
                Data::Cname(target) => format!("CNAME {target}"),
                other => other.to_string(),
            })
            .collect();
        let mut wanted: Vec<String> =
            case["answers"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect();
        answers.sort();
        wanted.sort();
        assert_eq!(answers, wanted, "{}", case["name"]);
    }
}

fn add(cluster: &mut Cluster, object: &Json) {
    let (name, namespace) = (object["service"].as_str().unwrap(), object["namespace"].as_str().unwrap());
    let ports = crate::support::value(&object["ports"], 0);
    let mut spec = value!({"ports": (ports.clone())});
    for (from, to) in [("clusterIP", "clusterIP"), ("type", "type"), ("externalName", "externalName")] {
        if let Some(text) = object[from].as_str() {
            spec.set(to, text);
        }
    }
    cluster.service(namespace, name, spec);
    let endpoints = object["readyEndpoints"].as_array().into_iter().flatten().map(|endpoint| {
        let mut one = value!({"addresses": [(endpoint["ip"].as_str().unwrap())], "conditions": {"ready": true}});
        if let Some(hostname) = endpoint["hostname"].as_str() {
            one.set("hostname", hostname);
        }
        one
    });
    let endpoints = endpoints.collect();
    cluster.slice(namespace, name, ports, endpoints);
}
