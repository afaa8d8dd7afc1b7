//! Which nodes should have a pod of a DaemonSet, and the pod that is made for one of them.

use super::controller_history::REVISION_LABEL;
use super::pods;
use crate::api::node_selector::{any_tolerates, node_affinity_matches};
use crate::api::{Object, Value};
use crate::value;

/// What the pods of every DaemonSet tolerate: key and effect.
const TOLERATED: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// The tolerations of a template with those of every DaemonSet.
///
/// Models pkg/controller/daemon/util AddOrUpdateDaemonPodTolerations.
fn tolerations(spec: &Value) -> Vec<Value> {
    let mut all = spec.get("tolerations").list().to_vec();
    let of_network = [("node.kubernetes.io/network-unavailable", "NoSchedule")];
    let more = if spec.get("hostNetwork").bool() { &of_network[..] } else { &[] };
    for (key, effect) in TOLERATED.iter().chain(more) {
        let toleration = value!({"effect": (*effect), "key": (*key), "operator": "Exists"});
        let same = |t: &&mut Value| {
            ["key", "effect", "operator", "value"].iter().all(|field| t.get(field).str() == toleration.get(field).str())
        };
        match all.iter_mut().find(same) {
            Some(place) => *place = toleration,
            None => all.push(toleration),
        }
    }
    all
}

/// Whether a node should have a pod, and whether one that is there may stay.
///
/// Models pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod.
pub fn should_run(set: &Object, node: &Object) -> (bool, bool) {
    let spec = set.at("spec.template.spec");
    let named = spec.get("nodeName").str();
    let mut pod = Object { kind: crate::api::kind("Pod"), value: Value::map() };
    pod.set("spec", spec.clone());
    if !named.is_empty() && named != node.name() || !node_affinity_matches(&pod, node.name(), node.labels()) {
        return (false, false);
    }
    let tolerations = tolerations(spec);
    let refuses = |effects: &[&str]| {
        let taints = node.at("spec.taints").list().iter();
        let mut harmful = taints.filter(|taint| effects.contains(&taint.get("effect").str()));
        harmful.any(|taint| !any_tolerates(&tolerations, taint))
    };
    (!refuses(&["NoSchedule", "NoExecute"]), !refuses(&["NoExecute"]))
}

/// The node a pod is on, or the one it was made for.
///
/// Models pkg/controller/daemon/util GetTargetNodeName.
pub fn target(pod: &Object) -> &str {
    let bound = pod.at("spec.nodeName").str();
    if !bound.is_empty() {
        return bound;
    }
    let required =
        pod.at("spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    let fields = required.list().iter().flat_map(|term| term.get("matchFields").list());
    fields
        .filter(|field| field.get("key").str() == "metadata.name")
        .map(|f| f.get("values").index(0).str())
        .next()
        .unwrap_or("")
}

/// A pod for a node: the scheduler binds it, which its node affinity leaves no choice.
///
/// Models pkg/controller/daemon/util CreatePodTemplate and ReplaceDaemonSetPodNodeNameNodeAffinity.
pub fn new_pod(set: &Object, hash: &str, node: &str) -> Object {
    let mut pod = pods::from_template(set, set.at("spec.template"));
    let labels = pod.value.slot_at("metadata.labels").map_mut();
    labels.insert(REVISION_LABEL, hash);
    let generation = set.annotation("deprecated.daemonset.template.generation");
    if !generation.is_empty() {
        labels.insert("pod-template-generation", generation);
    }
    pod.set("spec.tolerations", Value::from(tolerations(set.at("spec.template.spec"))));
    let only = value!({"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]});
    pod.set("spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution", only);
    pod
}
