//! What a kubelet says of its node: the conditions, the events that go with them, and when it renewed its lease last.

use std::sync::Arc;

use super::{NodeRuntime, COMPONENT};
use crate::api::{Object, Value};
use crate::base::draw;
use crate::base::order::Order;
use crate::base::time::{SimTime, Span};
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;
use crate::workload::images;

/// How often a kubelet renews its lease: a quarter of the lease's forty seconds.
pub const RENEWAL: Span = Span::secs(10);

/// How often it posts the node's status when nothing has changed.
pub const REPORT: Span = Span::secs(300);

/// So many images are told of at the most (`--node-status-max-images`).
const MOST_IMAGES: usize = 50;

/// What a node is short of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pressures {
    /// Of memory.
    pub memory: bool,
    /// Of space on its disk.
    pub disk: bool,
    /// Of process ids.
    pub pid: bool,
}

/// A condition, and for True and False the reason, the message and the event.
type Row = (&'static str, [[&'static str; 3]; 2]);

const ROWS: &[Row] = &[
    (
        "MemoryPressure",
        [
            ["KubeletHasSufficientMemory", "kubelet has sufficient memory available", "NodeHasSufficientMemory"],
            ["KubeletHasInsufficientMemory", "kubelet has insufficient memory available", "NodeHasInsufficientMemory"],
        ],
    ),
    (
        "DiskPressure",
        [
            ["KubeletHasNoDiskPressure", "kubelet has no disk pressure", "NodeHasNoDiskPressure"],
            ["KubeletHasDiskPressure", "kubelet has disk pressure", "NodeHasDiskPressure"],
        ],
    ),
    (
        "PIDPressure",
        [
            ["KubeletHasSufficientPID", "kubelet has sufficient PID available", "NodeHasSufficientPID"],
            ["KubeletHasInsufficientPID", "kubelet has insufficient PID available", "NodeHasInsufficientPID"],
        ],
    ),
    (
        "Ready",
        [["KubeletNotReady", "", "NodeNotReady"], ["KubeletReady", "kubelet is posting ready status", "NodeReady"]],
    ),
];

/// The instant at or before `at` at which the kubelet of a node renewed its lease.
pub fn last_renewal(seed: u64, node: &str, at: SimTime) -> SimTime {
    let offset = draw::below(seed, "lease", node, 0, RENEWAL.0);
    SimTime(at.0.checked_sub(offset).map_or(0, |past| past / RENEWAL.0 * RENEWAL.0 + offset))
}

/// An event of the kubelet about its node. It knows the node by its name alone, so `kubectl describe` does not find it.
pub fn note(node: &Object, severity: &'static str, reason: &'static str, text: String) -> Action {
    let mut about = node.clone();
    about.value.slot("metadata").remove_key("uid");
    Action::Note(EventNote::new(&about, COMPONENT, severity, reason, text))
}

/// The conditions of a node that is well but for some pressures, as they stand in its status.
pub fn conditions(pressures: Pressures, now: &str, old: &Object) -> Value {
    let one = |(kind, texts): &Row| {
        let holds = usize::from(is_true(kind, pressures));
        let status = ["False", "True"][holds];
        let before = old.condition(kind);
        let since = if before.get("status").str() == status { before.get("lastTransitionTime").str() } else { now };
        value!({"type": (*kind), "status": status, "reason": (texts[holds][0]), "message": (texts[holds][1]),
            "lastHeartbeatTime": now, "lastTransitionTime": since})
    };
    ROWS.iter().map(one).collect()
}

fn is_true(kind: &str, pressures: Pressures) -> bool {
    match kind {
        "MemoryPressure" => pressures.memory,
        "DiskPressure" => pressures.disk,
        "PIDPressure" => pressures.pid,
        _ => true,
    }
}

/// Writes the conditions of a node, with an event for each that has changed. `starting` where the kubelet has just started.
///
/// Models pkg/kubelet/nodestatus MemoryPressureCondition and the like, and ReadyCondition.
pub fn post(view: &View, node: &Object, pressures: Pressures, starting: bool) -> Plan {
    let mut plan = Plan::nothing();
    if starting {
        plan.push(note(node, "Normal", "Starting", "Starting kubelet.".to_owned()));
    }
    for (kind, texts) in ROWS {
        let holds = is_true(kind, pressures);
        let status = if holds { "True" } else { "False" };
        let changed = node.condition(kind).get("status").str() != status;
        if changed || starting && *kind != "Ready" {
            let reason = texts[usize::from(holds)][2];
            plan.push(note(node, "Normal", reason, format!("Node {} status is now: {reason}", node.name())));
        }
    }
    let conditions = conditions(pressures, &view.now_text(), node);
    plan.push(Action::Patch {
        kind: "Node",
        key: node.key(),
        uid: node.uid().into(),
        status: true,
        patch: value!({"status": {"conditions": conditions}}),
        because: Arc::new(Because::of(COMPONENT, node, "the kubelet posts the status of its node")),
    });
    plan
}

/// The next instant after `at` at which the kubelet of a node looks whether its status has changed.
pub fn next_report(seed: u64, node: &str, at: SimTime) -> SimTime {
    last_renewal(seed, node, at) + RENEWAL
}

/// Writes which images a node has, the largest first.
///
/// Models pkg/kubelet/nodestatus Images.
pub fn post_images(node: &Object, runtime: &NodeRuntime) -> Plan {
    let mut plan = Plan::nothing();
    let mut images: Vec<(u64, Value)> = Vec::new();
    for (reference, id) in runtime.images() {
        let size = images::size(reference);
        let plain = reference.rsplit_once(':').map_or(reference, |(name, _)| name);
        let mut names: Vec<Value> = vec![format!("{plain}@{id}").into()];
        if !reference.contains('@') {
            names.push(reference.into());
        }
        images.push((size, value!({"names": names, "sizeBytes": (size as i64)})));
    }
    images.order_by(|a, b| b.0.cmp(&a.0));
    images.truncate(MOST_IMAGES);
    let images: Value = images.into_iter().map(|(_, image)| image).collect();
    if *node.at("status.images") != images {
        plan.push(Action::Patch {
            kind: "Node",
            key: node.key(),
            uid: node.uid().into(),
            status: true,
            patch: value!({"status": {"images": images}}),
            because: Arc::new(Because::of(COMPONENT, node, "the kubelet posts which images its node has")),
        });
    }
    plan
}

/// The event of a kubelet that sees its node cordoned or uncordoned.
pub fn note_cordon(node: &Object) -> Action {
    let reason = if node.at("spec.unschedulable").bool() { "NodeNotSchedulable" } else { "NodeSchedulable" };
    note(node, "Normal", reason, format!("Node {} status is now: {reason}", node.name()))
}
