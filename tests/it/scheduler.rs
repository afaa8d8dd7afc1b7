//! The scheduler's filters and scores against upstream's own examples: one line of tests/data/scheduler.jsonl each.

use std::sync::Arc;

use kubottle::api::{kind, Object, Value};
use kubottle::scheduler::filter::{Prepared, Verdict};
use kubottle::scheduler::nodes::{NodeInfo, Nodes};
use kubottle::scheduler::pod_info::PodInfo;
use kubottle::scheduler::{pod_affinity, score, spread};

use crate::support;

fn object(kind_name: &str, json: &serde_json::Value, name: &str) -> Object {
    let mut object = Object { kind: kind(kind_name), value: support::value(json, 0) };
    object.value.set_default("metadata.name", name);
    object.value.set_default("metadata.uid", name);
    object
}

fn pod(json: &serde_json::Value, name: &str) -> PodInfo {
    let mut object = object("Pod", json, name);
    if object.namespace().is_empty() {
        object.set("metadata.namespace", "default");
    }
    PodInfo::new(&object)
}

fn node(json: &serde_json::Value) -> Object {
    let mut object = object("Node", json, "node");
    if object.at("status.allocatable").is_null() {
        object.set("status.allocatable", kubottle::value!({"pods": "110", "cpu": "4", "memory": "8Gi"}));
    }
    object
}

/// The labels of namespaces as upstream's examples have them.
fn namespace_labels(namespace: &str) -> Value {
    match namespace {
        "subteam1.team1" => kubottle::value!({"team": "team1"}),
        "subteam2.team1" => kubottle::value!({"team": "team1"}),
        "subteam1.team2" => kubottle::value!({"team": "team2"}),
        _ => Value::Null,
    }
}

fn check(case: &serde_json::Value) -> Result<(), String> {
    let list = |field: &str| case[field].as_array().cloned().unwrap_or_default();
    let mut nodes = Nodes::default();
    let scored: Vec<Object> = list("nodes").iter().map(node).collect();
    for node in scored.iter().cloned().chain(list("failed").iter().map(node)) {
        nodes.put_node(&node);
    }
    for (i, json) in list("pods").iter().enumerate() {
        let info = pod(json, &format!("existing-{i}"));
        let place = info.object.at("spec.nodeName").text();
        nodes.put_pod(Arc::new(info), &place);
    }
    let pod = pod(&case["pod"], "incoming");
    let feasible: Vec<&NodeInfo> = scored.iter().map(|node| nodes.get(node.name()).unwrap()).collect();
    let differs =
        |what: String, wanted: String| if what == wanted { Ok(()) } else { Err(format!("{what} instead of {wanted}")) };
    if case["kind"] == "score" {
        let scores = match case["plugin"].as_str().unwrap() {
            "taints" => score::taint_toleration(&pod, &feasible),
            "node-affinity" => score::node_affinity(&pod, &feasible).unwrap_or(vec![0; feasible.len()]),
            "pod-affinity" => pod_affinity::prepare_score(&pod, &nodes, &namespace_labels)
                .map_or(vec![0; feasible.len()], |weights| pod_affinity::scores(&weights, &feasible)),
            _ => {
                let soft = spread::prepare_soft(&pod, &nodes, &feasible, || Value::Null).expect("constraints");
                spread::normalize(&feasible.iter().map(|node| soft.score(node)).collect::<Vec<_>>())
            }
        };
        let wanted: Vec<i64> = list("scores").iter().map(|s| s.as_i64().unwrap()).collect();
        return differs(format!("{scores:?}"), format!("{wanted:?}"));
    }
    if case["kind"] == "spread" {
        let hard = spread::prepare_hard(&pod, &nodes);
        let code = |node: &&NodeInfo| match hard.as_ref().and_then(|hard| hard.filter(&pod, node)) {
            None | Some(Verdict::Fits) => 0,
            Some(Verdict::Refused { unresolvable: false, .. }) => 2,
            Some(Verdict::Refused { unresolvable: true, .. }) => 3,
        };
        let wanted: Vec<i64> = list("codes").iter().map(|s| s.as_i64().unwrap()).collect();
        return differs(format!("{:?}", feasible.iter().map(code).collect::<Vec<_>>()), format!("{wanted:?}"));
    }
    let prepared = Prepared::new(&pod, &nodes, &namespace_labels, None);
    let verdicts: Vec<Verdict> = feasible.iter().map(|node| prepared.filter(node)).collect();
    let ours: Vec<serde_json::Value> = verdicts
        .iter()
        .map(|verdict| match verdict {
            Verdict::Fits => serde_json::Value::Null,
            Verdict::Refused { reasons, unresolvable, .. } => {
                let reasons: Vec<&str> = reasons.iter().map(|r| r.as_str()).collect();
                serde_json::json!({"reasons": reasons, "unresolvable": unresolvable})
            }
        })
        .collect();
    differs(serde_json::Value::Array(ours).to_string(), case["verdicts"].to_string())
}

#[test]
fn filters_and_scores_are_those_of_upstreams_examples() {
    let mut wrong = Vec::new();
    for line in include_str!("../data/scheduler.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Err(difference) = check(&case) {
            wrong.push(format!("{}: {difference}", case["name"].as_str().unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
