//! Admission: whether a node takes a pod that is bound to it. One that does not fit fails at once and for good.

use std::sync::Arc;

use super::{NodeRuntime, PodRef, COMPONENT};
use crate::api::amounts::of_pod;
use crate::api::node_selector::{any_tolerates, node_affinity_matches};
use crate::api::{Object, Value};
use crate::base::quantity::Quantity;
use crate::base::time::Timestamp;
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

/// Why a pod is refused: the reason and its sentence.
type Refusal = (&'static str, String);

/// The plan by which a pod is refused; none where the node takes it.
///
/// Models pkg/kubelet/lifecycle predicateAdmitHandler.Admit and pkg/kubelet rejectPod. A pod that the scheduler has bound
/// fits by what it has found; no pod is evicted here to make room for a critical one.
pub(super) fn refuse(view: &View, pod: &PodRef, object: &Object, node: &mut NodeRuntime) -> Option<Plan> {
    let by_hand = object.condition("PodScheduled").is_null() && object.at("status.startTime").is_null();
    let found = view.store.find("Node", "", &pod.node)?;
    let refusal = other_system(object).or_else(|| {
        let others = by_hand.then(|| admitted(view, pod, node))?;
        misfit(object, found, &others)
    });
    let Some((reason, message)) = refusal else {
        if by_hand {
            node.admit(&pod.uid);
        }
        return None;
    };
    let mut plan = Plan::nothing();
    plan.push(Action::Note(EventNote::new(object, COMPONENT, "Warning", reason, message.clone())));
    let now = Timestamp::of(view.settings.epoch, view.now).rfc3339();
    plan.push(Action::Patch {
        kind: "Pod",
        key: pod.key.clone(),
        uid: pod.uid.clone(),
        status: true,
        patch: value!({"status": {"phase": "Failed", "reason": reason, "message": (format!("Pod was rejected: {message}")),
            "startTime": now, "observedGeneration": (object.generation())}}),
        because: Arc::new(Because::of(COMPONENT, object, message)),
    });
    Some(plan)
}

/// A pod for machines with another operating system.
fn other_system(pod: &Object) -> Option<Refusal> {
    if !matches!(pod.label("kubernetes.io/os"), "" | "linux") {
        let text = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
        return Some(("PodOSSelectorNodeLabelDoesNotMatch", text.to_owned()));
    }
    let other = !matches!(pod.at("spec.os.name").str(), "" | "linux");
    other.then(|| ("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS".to_owned()))
}

/// The pods that the node has taken and that have not ended.
fn admitted<'a>(view: &View<'a>, pod: &PodRef, node: &NodeRuntime) -> Vec<&'a Object> {
    let taken = |other: &&Object| {
        let scheduled = !other.condition("PodScheduled").is_null();
        other.uid() != pod.uid
            && !matches!(other.at("status.phase").str(), "Succeeded" | "Failed")
            && (scheduled || node.has_admitted(other.uid()))
    };
    view.store.pods_on_node(&pod.node).filter(taken).collect()
}

/// Models pkg/kubelet/lifecycle generalFilter and pkg/scheduler AdmissionCheck: only the first that is found counts.
fn misfit(pod: &Object, node: &Object, others: &[&Object]) -> Option<Refusal> {
    let offered = node.at("status.allocatable");
    let amount = |value: &Value| crate::api::amounts::amount(value).unwrap_or(Quantity::ZERO);
    let lacks = |resource: &str, reason: &'static str, requested: i64, used: i64, capacity: i64| {
        (requested > 0 && requested > capacity - used).then(|| {
            let text = format!(
                "Node didn't have enough resource: {resource}, requested: {requested}, used: {used}, capacity: {capacity}"
            );
            (reason, text)
        })
    };
    if let Some(refusal) = lacks("pods", "OutOfpods", 1, others.len() as i64, amount(offered.get("pods")).value()) {
        return Some(refusal);
    }
    let wanted = of_pod(pod.spec(), "requests");
    for (resource, reason) in
        [("cpu", "OutOfcpu"), ("memory", "OutOfmemory"), ("ephemeral-storage", "OutOfephemeral-storage")]
    {
        let number = |amount: Quantity| if resource == "cpu" { amount.milli_value() } else { amount.value() };
        let requested = wanted.get(resource).map_or(0, number);
        let used = others.iter().filter_map(|other| of_pod(other.spec(), "requests").get(resource)).map(number).sum();
        if let Some(refusal) = lacks(resource, reason, requested, used, number(amount(offered.get(resource)))) {
            return Some(refusal);
        }
    }
    let failed = |name: &'static str, why: &str| Some((name, format!("Predicate {name} failed: {why}")));
    if !node_affinity_matches(pod, node.name(), node.labels()) {
        return failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
    }
    let taken: Vec<Port> = others.iter().flat_map(|other| host_ports(other)).collect();
    if host_ports(pod).any(|wanted| taken.iter().any(|taken| wanted.collides(taken))) {
        return failed("NodePorts", "node(s) didn't have free ports for the requested pod ports");
    }
    let tolerations = pod.at("spec.tolerations").list();
    let mut taints = node.at("spec.taints").list().iter();
    if taints.any(|taint| taint.get("effect").str() == "NoExecute" && !any_tolerates(tolerations, taint)) {
        return failed("TaintToleration", "node(s) had taints that the pod didn't tolerate");
    }
    None
}

/// A port of the node that a container takes.
struct Port<'a>(&'a str, i64, &'a str);

impl Port<'_> {
    fn collides(&self, other: &Port<'_>) -> bool {
        let everywhere = |ip: &str| matches!(ip, "" | "0.0.0.0");
        let same_ip = self.0 == other.0 || everywhere(self.0) || everywhere(other.0);
        same_ip && self.1 == other.1 && self.2 == other.2
    }
}

fn host_ports(pod: &Object) -> impl Iterator<Item = Port<'_>> {
    let ports = pod.at("spec.containers").list().iter().flat_map(|container| container.get("ports").list());
    let ports = ports.filter(|port| port.get("hostPort").int() > 0);
    ports.map(|port| Port(port.get("hostIP").str(), port.get("hostPort").int(), port.get("protocol").str()))
}
