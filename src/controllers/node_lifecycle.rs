//! The node lifecycle controller, its part of tainting: what a node says of itself becomes a taint that the scheduler heeds.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, Value};
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "node-controller";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Conditions of nodes, their status, and the taint that follows.
const CONDITION_TAINTS: &[(&str, &str, &str)] = &[
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

pub(super) const CONTROLLER: Controller = Controller { name: "node-lifecycle-controller", keys, reconcile };

fn keys(change: &Change, _: &View) -> Vec<Key> {
    let node = change.kind() == "Node" && change.verb != Verb::Deleted;
    let touched = ["spec.unschedulable", "spec.taints", "status.conditions"].iter().any(|path| change.touches(path));
    if node && touched {
        vec![Key::of(&change.object)]
    } else {
        Vec::new()
    }
}

/// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoScheduleTaintingPass.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(node) = view.get("Node", &key.key) else { return plan };
    let wanted = wanted_taints(node);
    let taints = node.spec().get("taints").list();
    let is_ours = |taint: &Value| taint.get("effect").str() == "NoSchedule" && is_known(taint.get("key").str());
    let mut kept: Vec<Value> =
        taints.iter().filter(|taint| !is_ours(taint) || wanted.contains(&taint.get("key").str())).cloned().collect();
    for key in &wanted {
        if !kept.iter().any(|taint| is_ours(taint) && taint.get("key").str() == *key) {
            kept.push(value!({"effect": "NoSchedule", "key": (*key), "timeAdded": (view.now_text())}));
        }
    }
    if kept != taints {
        let mut object = node.clone();
        if kept.is_empty() {
            object.value.slot("spec").remove_key("taints");
        } else {
            object.set("spec.taints", Value::from(kept));
        }
        let rule = match wanted.is_empty() {
            true => "the node is schedulable and its conditions are good".to_owned(),
            false => format!("the node is cordoned or one of its conditions is bad: {}", wanted.join(", ")),
        };
        let because = Arc::new(Because::of(COMPONENT, node, rule));
        plan.push(Action::Update { object, because, success: None });
    }
    plan
}

fn wanted_taints(node: &Object) -> Vec<&'static str> {
    let has = |kind: &str, status: &str| node.condition(kind).get("status").str() == status;
    let mut taints: Vec<&str> =
        CONDITION_TAINTS.iter().filter(|(kind, status, _)| has(kind, status)).map(|(_, _, taint)| *taint).collect();
    if node.spec().get("unschedulable").bool() {
        taints.push(UNSCHEDULABLE);
    }
    taints
}

fn is_known(key: &str) -> bool {
    key == UNSCHEDULABLE || CONDITION_TAINTS.iter().any(|(_, _, taint)| *taint == key)
}
