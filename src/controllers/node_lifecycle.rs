//! The node lifecycle controller: a node whose kubelet renews its lease no more is NotReady, and what a node says of itself
//! becomes taints that the scheduler and the eviction of pods heed.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, ObjectKey, Value};
use crate::base::draw;
use crate::base::time::{SimTime, Span, Timestamp};
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "node-controller";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
pub(super) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// How long a lease may go without renewal (`--node-monitor-grace-period`).
const GRACE: Span = Span::secs(50);
/// How often the controller looks (`--node-monitor-period`).
const PERIOD: Span = Span::secs(5);
/// One node in this time has its pods marked for eviction (`--node-eviction-rate` 0.1).
const EVICTION_PAUSE: Span = Span::secs(10);
/// In a large cluster that is mostly unhealthy it is one in this time (`--secondary-node-eviction-rate` 0.01).
const SECONDARY_EVICTION_PAUSE: Span = Span::secs(100);
/// A cluster of more nodes is large (`--large-cluster-size-threshold`); in a smaller one that is mostly unhealthy no node is marked.
const LARGE_CLUSTER: usize = 50;
/// The share of nodes that are not ready, in hundredths, at which a cluster is unhealthy (`--unhealthy-zone-threshold`).
const UNHEALTHY: usize = 55;

/// Conditions of nodes, their status, and the taint that follows.
const CONDITION_TAINTS: &[(&str, &str, &str)] = &[
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

pub(super) const CONTROLLER: Controller = Controller { name: "node-lifecycle-controller", keys, reconcile };

fn keys(change: &Change, _: &View) -> Vec<Key> {
    let object = &change.object;
    let gone = change.verb == Verb::Deleted;
    match change.kind() {
        "Node" => {
            let touched = ["spec.unschedulable", "spec.taints", "status.conditions"].iter().any(|p| change.touches(p));
            if touched || gone {
                vec![Key::of(object)]
            } else {
                Vec::new()
            }
        }
        "Lease" if object.namespace() == "kube-node-lease" && !gone => {
            vec![Key { kind: "Node", key: ObjectKey::new("", object.name()), uid: Default::default() }]
        }
        _ => Vec::new(),
    }
}

fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(node) = view.get("Node", &key.key) else {
        plan.memory = Some(Value::Null);
        return plan;
    };
    if !lose_sight(view, node, &mut plan) {
        taint(view, node, memory, &mut plan);
    }
    plan
}

/// The first look of the controller at `at` or after.
fn next_look(view: &View, at: SimTime) -> SimTime {
    let offset = draw::below(view.settings.seed, "node-monitor", "", 0, PERIOD.0);
    SimTime((at.0.saturating_sub(offset)).div_ceil(PERIOD.0) * PERIOD.0 + offset)
}

/// A node whose lease is old is NotReady, and so are its pods. True where that is written now.
///
/// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go tryUpdateNodeHealth and pkg/controller/util/node
/// MarkPodsNotReady. A lease without a time of renewal is being renewed: see the cluster's faults.
fn lose_sight(view: &View, node: &Object, plan: &mut Plan) -> bool {
    let lease = view.store.find("Lease", "kube-node-lease", node.name());
    let renewed = lease.and_then(|lease| Timestamp::parse(lease.at("spec.renewTime").str()));
    let Some(renewed) = renewed.map(|at| at.to_sim(view.settings.epoch)) else { return false };
    let due = next_look(view, renewed) + GRACE;
    if view.now < due {
        plan.again_after(due.since(view.now));
        return false;
    }
    if node.condition("Ready").get("status").str() == "Unknown" {
        return false;
    }
    let now = view.now_text();
    let mut conditions = node.at("status.conditions").clone();
    for condition in conditions.items_mut() {
        if matches!(condition.get("type").str(), "MemoryPressure" | "DiskPressure" | "PIDPressure" | "Ready") {
            if condition.get("status").str() != "Unknown" {
                condition.set("lastTransitionTime", now.as_str());
            }
            condition.set("message", "Kubelet stopped posting node status.");
            condition.set("reason", "NodeStatusUnknown");
            condition.set("status", "Unknown");
        }
    }
    let rule = format!("the kubelet has not renewed its lease for more than {} s", GRACE.0 / 1_000_000);
    plan.push(patch(node, value!({"status": {"conditions": conditions}}), rule));
    let text = format!("Node {} status is now: NodeNotReady", node.name());
    plan.push(Action::Note(EventNote::new(node, COMPONENT, "Normal", "NodeNotReady", text)));
    for pod in view.store.pods_on_node(node.name()).filter(|pod| pod.has_condition("Ready")) {
        plan.visited += 1;
        let mut conditions = pod.at("status.conditions").clone();
        for condition in conditions.items_mut().iter_mut().filter(|c| c.get("type").str() == "Ready") {
            condition.set("status", "False");
            condition.set("lastTransitionTime", now.as_str());
        }
        plan.push(patch(
            pod,
            value!({"status": {"conditions": conditions}}),
            format!("node {} is not ready", node.name()),
        ));
        plan.push(Action::Note(EventNote::new(pod, COMPONENT, "Warning", "NodeNotReady", "Node is not ready")));
    }
    true
}

fn patch(object: &Object, patch: Value, rule: String) -> Action {
    Action::Patch {
        kind: object.kind.kind,
        key: object.key(),
        uid: object.uid().into(),
        status: true,
        patch,
        because: Arc::new(Because::of(COMPONENT, object, rule)),
    }
}

/// Keeps the taints that follow from conditions.
///
/// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoScheduleTaintingPass, doNoExecuteTaintingPass and
/// handleDisruption; the nodes count as one zone.
fn taint(view: &View, node: &Object, memory: &Value, plan: &mut Plan) {
    let wanted = wanted_taints(node);
    let taints = node.spec().get("taints").list();
    let is_ours = |taint: &Value| match taint.get("effect").str() {
        "NoSchedule" => is_known(taint.get("key").str()),
        "NoExecute" => matches!(taint.get("key").str(), NOT_READY | UNREACHABLE),
        _ => false,
    };
    let execute = evicting_taint(view, node, memory, plan);
    let stays = |taint: &Value| {
        let key = taint.get("key").str();
        match taint.get("effect").str() {
            "NoExecute" => execute.keeps(key),
            _ => wanted.contains(&key),
        }
    };
    let mut kept: Vec<Value> = taints.iter().filter(|taint| !is_ours(taint) || stays(taint)).cloned().collect();
    let mut add = |key: &str, effect: &str| {
        let same = |taint: &&Value| taint.get("key").str() == key && taint.get("effect").str() == effect;
        if !kept.iter().any(|taint| same(&taint)) {
            kept.push(value!({"effect": effect, "key": key, "timeAdded": (view.now_text())}));
        }
    };
    wanted.iter().for_each(|key| add(key, "NoSchedule"));
    if let Evicting::Marked(key) = execute {
        add(key, "NoExecute");
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
}

/// What becomes of the taint that has pods evicted.
enum Evicting {
    /// The node gets or has this one.
    Marked(&'static str),
    /// The one that is there stays for now.
    Left,
    /// None is kept.
    Clear,
}

impl Evicting {
    fn keeps(&self, key: &str) -> bool {
        match self {
            Evicting::Marked(wanted) => *wanted == key,
            Evicting::Left => true,
            Evicting::Clear => false,
        }
    }
}

/// Nodes are marked one after the other, with a pause between, and none while no node at all is ready or while most of a few
/// are not. The mark goes with the controller's next look at a node that is ready again.
///
/// Models pkg/controller/nodelifecycle/node_lifecycle_controller.go ComputeZoneState, ReducedQPSFunc and markNodeForTainting.
fn evicting_taint(view: &View, node: &Object, memory: &Value, plan: &mut Plan) -> Evicting {
    let key = match node.condition("Ready").get("status").str() {
        "False" => NOT_READY,
        "Unknown" => UNREACHABLE,
        _ => {
            let marked = evicting_since(node).is_some();
            let look = memory.get("clear").opt_int().map_or_else(|| next_look(view, view.now), |at| SimTime(at as u64));
            plan.memory = Some(if marked { value!({"clear": (look.0 as i64)}) } else { Value::Null });
            if marked && view.now < look {
                plan.again_after(look.since(view.now));
                return Evicting::Left;
            }
            plan.memory = Some(Value::Null);
            return Evicting::Clear;
        }
    };
    let all = view.store.count("Node");
    let ready = view.store.all("Node").filter(|node| node.has_condition("Ready")).count();
    plan.again_after(PERIOD);
    if ready == 0 {
        return Evicting::Clear;
    }
    if evicting_since(node).is_some() {
        return Evicting::Marked(key);
    }
    let disrupted = all - ready > 2 && (all - ready) * 100 >= UNHEALTHY * all;
    if disrupted && all <= LARGE_CLUSTER {
        return Evicting::Left;
    }
    let pause = if disrupted { SECONDARY_EVICTION_PAUSE } else { EVICTION_PAUSE };
    let others = view.store.all("Node").filter(|other| other.name() != node.name());
    let last = others.filter_map(evicting_since).map(|at| at.to_sim(view.settings.epoch) + pause).max();
    match last.filter(|at| *at > view.now) {
        Some(at) => {
            plan.again_after(at.since(view.now));
            Evicting::Left
        }
        None => Evicting::Marked(key),
    }
}

/// When a node was marked, where it is.
fn evicting_since(node: &Object) -> Option<Timestamp> {
    let marks = |taint: &&Value| {
        taint.get("effect").str() == "NoExecute" && matches!(taint.get("key").str(), NOT_READY | UNREACHABLE)
    };
    let taint = node.spec().get("taints").list().iter().find(marks)?;
    Timestamp::parse(taint.get("timeAdded").str())
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
