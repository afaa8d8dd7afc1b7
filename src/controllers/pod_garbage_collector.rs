//! The pod garbage collector: pods of nodes that are no longer there.

use std::sync::Arc;

use super::{pods, Controller, Key};
use crate::api::{Object, ObjectKey, Value};
use crate::base::time::{SimTime, Span};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "pod-garbage-collector";

/// How often the collector looks.
const PERIOD: Span = Span::secs(20);
/// How long a node must have been missing.
const QUARANTINE: Span = Span::secs(40);

pub(super) const CONTROLLER: Controller = Controller { name: "pod-garbage-collector-controller", keys, reconcile };

fn keys(change: &Change, view: &View) -> Vec<Key> {
    let node = match change.kind() {
        "Node" if change.verb == Verb::Deleted => change.object.name(),
        "Pod" if change.verb != Verb::Deleted && change.touches("spec.nodeName") => {
            let node = change.object.spec().get("nodeName").str();
            if node.is_empty() || view.store.find("Node", "", node).is_some() {
                return Vec::new();
            }
            node
        }
        _ => return Vec::new(),
    };
    vec![Key { kind: "Node", key: ObjectKey::new("", node), uid: Default::default() }]
}

/// Models pkg/controller/podgc/gc_controller.go gcOrphaned: the node is missed at one look and gone at a later one.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let orphans: Vec<&Object> = view.store.pods_on_node(&key.key.name).collect();
    if view.get("Node", &key.key).is_some() || orphans.is_empty() {
        plan.memory = Some(Value::Null);
        return plan;
    }
    let missed = memory.get("missed").opt_int().map_or_else(|| next_look(view.now), |at| SimTime(at as u64));
    plan.memory = Some(value!({"missed": (missed.0 as i64)}));
    let due = next_look(missed + QUARANTINE);
    if view.now < due {
        plan.again_after(due.since(view.now));
        return plan;
    }
    plan.visited = orphans.len() as u32;
    for pod in orphans {
        fail_and_delete(pod, &key.key.name, view, &mut plan);
    }
    plan
}

/// The first look of the collector at `at` or after.
fn next_look(at: SimTime) -> SimTime {
    SimTime(at.0.div_ceil(PERIOD.0) * PERIOD.0)
}

/// Models pkg/controller/podgc/gc_controller.go markFailedAndDeletePodWithCondition.
fn fail_and_delete(pod: &Object, node: &str, view: &View, plan: &mut Plan) {
    let because = Arc::new(Because::of(COMPONENT, pod, format!("its node {node} is no longer there")));
    if !pods::has_ended(pod) {
        let mut conditions = pod.status().get("conditions").clone();
        let kept = conditions.list_mut();
        kept.retain(|condition| condition.get("type").str() != "DisruptionTarget");
        kept.push(value!({
            "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
            "message": "PodGC: node no longer exists", "lastTransitionTime": (view.now_text()),
            "observedGeneration": (pod.generation())
        }));
        plan.push(Action::Patch {
            kind: "Pod",
            key: pod.key(),
            uid: pod.uid().into(),
            status: true,
            patch: value!({"status": {"phase": "Failed", "conditions": conditions}}),
            because: because.clone(),
        });
    }
    plan.push(Action::Delete {
        kind: "Pod",
        key: pod.key(),
        uid: pod.uid().into(),
        options: DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() },
        because,
        success: None,
    });
}
