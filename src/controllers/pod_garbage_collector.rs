//! The pod garbage collector: pods of nodes that are no longer there, pods that go on nodes that are out of service, pods that go
//! without ever having had a node, and the oldest of too many that have ended.

use std::sync::Arc;

use super::{pods, Controller, Key};
use crate::api::{Object, ObjectKey, Value};
use crate::base::order::Order;
use crate::base::time::{SimTime, Span};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "pod-garbage-collector";

/// How often the collector looks.
const PERIOD: Span = Span::secs(20);
/// How long a node must have been missing.
const QUARANTINE: Span = Span::secs(40);
/// So many pods that have ended are kept (`--terminated-pod-gc-threshold`).
const KEPT: usize = 12_500;
/// The taint by which an administrator says that a node will not come back by itself.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

pub(super) const CONTROLLER: Controller = Controller { name: "pod-garbage-collector-controller", keys, reconcile };

fn node_key(node: &str) -> Key {
    Key { kind: "Node", key: ObjectKey::new("", node), uid: Default::default() }
}

fn is_out_of_service(node: &Object) -> bool {
    !node.has_condition("Ready") && node.at("spec.taints").list().iter().any(|t| t.get("key").str() == OUT_OF_SERVICE)
}

fn keys(change: &Change, view: &View) -> Vec<Key> {
    let object = &change.object;
    match change.kind() {
        "Node" => {
            let out = change.touches("spec.taints") && is_out_of_service(object);
            match change.verb == Verb::Deleted || out {
                true => vec![node_key(object.name())],
                false => Vec::new(),
            }
        }
        "Pod" if change.verb != Verb::Deleted => {
            let name = object.spec().get("nodeName").str();
            let node = view.store.find("Node", "", name);
            let orphaned = change.touches("spec.nodeName") && !name.is_empty() && node.is_none();
            let left = object.is_deleting() && node.is_some_and(is_out_of_service);
            if orphaned || left {
                return vec![node_key(name)];
            }
            let ends = change.touches("status.phase") && pods::has_ended(object);
            match ends && view.store.count("Pod") > KEPT {
                true => vec![Key { kind: "Pod", key: ObjectKey::default(), uid: Default::default() }],
                false => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    match key.kind {
        "Pod" => collect_ended(view),
        _ => collect_of_node(view, key, memory),
    }
}

/// Models pkg/controller/podgc/gc_controller.go gcOrphaned and gcTerminating: the node is missed at one look and gone at a later
/// one, or it is out of service.
fn collect_of_node(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let name = &key.key.name;
    let orphans: Vec<&Object> = view.store.pods_on_node(name).collect();
    let node = view.get("Node", &key.key);
    if orphans.is_empty() || node.is_some_and(|node| !is_out_of_service(node)) {
        plan.memory = Some(Value::Null);
        return plan;
    }
    let quarantine = if node.is_some() { Span::ZERO } else { QUARANTINE };
    let missed = memory.get("missed").opt_int().map_or_else(|| next_look(view.now), |at| SimTime(at as u64));
    plan.memory = Some(value!({"missed": (missed.0 as i64)}));
    let due = next_look(missed + quarantine);
    if view.now < due {
        plan.again_after(due.since(view.now));
        return plan;
    }
    plan.memory = Some(Value::Null);
    plan.visited = orphans.len() as u32;
    for pod in orphans {
        match node {
            None => fail_and_delete(
                pod,
                "PodGC: node no longer exists",
                format!("its node {name} is no longer there"),
                view,
                &mut plan,
            ),
            Some(_) if pod.is_deleting() => {
                fail_and_delete(pod, "", format!("it goes and its node {name} is out of service"), view, &mut plan);
            }
            Some(_) => {}
        }
    }
    plan
}

/// Models pkg/controller/podgc/gc_controller.go gcTerminated.
fn collect_ended(view: &View) -> Plan {
    let mut plan = Plan::nothing();
    let mut ended: Vec<&Object> = view.store.all("Pod").filter(|pod| pods::has_ended(pod)).collect();
    if ended.len() > KEPT {
        ended.order_by_key(|pod| (pod.created(), pod.key()));
        for pod in &ended[..ended.len() - KEPT] {
            let why = format!("more than {KEPT} pods have ended, and it is among the oldest");
            fail_and_delete(pod, "", why, view, &mut plan);
        }
    }
    plan
}

/// The first look of the collector at `at` or after.
fn next_look(at: SimTime) -> SimTime {
    SimTime(at.0.div_ceil(PERIOD.0) * PERIOD.0)
}

/// Models pkg/controller/podgc/gc_controller.go markFailedAndDeletePodWithCondition; without a message no condition is set.
fn fail_and_delete(pod: &Object, message: &str, why: String, view: &View, plan: &mut Plan) {
    let because = Arc::new(Because::of(COMPONENT, pod, why));
    if !pods::has_ended(pod) {
        let mut conditions = pod.status().get("conditions").clone();
        if !message.is_empty() {
            let kept = conditions.list_mut();
            kept.retain(|condition| condition.get("type").str() != "DisruptionTarget");
            kept.push(value!({
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
                "message": message, "lastTransitionTime": (view.now_text()),
                "observedGeneration": (pod.generation())
            }));
        }
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
