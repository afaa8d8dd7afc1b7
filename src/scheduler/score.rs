//! Scores: which of the nodes that pass the filters suits a pod best.

use super::nodes::{NodeInfo, Nodes};
use super::pod_affinity;
use super::pod_info::PodInfo;
use super::spread;
use crate::api::node_selector::{any_tolerates, preferred_node_weight};
use crate::api::Value;

const TAINT_TOLERATION_WEIGHT: i64 = 3;
const NODE_AFFINITY_WEIGHT: i64 = 2;
const SPREAD_WEIGHT: i64 = 2;
const POD_AFFINITY_WEIGHT: i64 = 2;

/// What one plugin gives to each feasible node.
pub struct Score {
    /// The plugin.
    pub plugin: &'static str,
    /// How often its scores count.
    pub weight: i64,
    /// From 0 to 100, in the order of the nodes.
    pub values: Vec<i64>,
}

/// The scores of each feasible node, plugin by plugin; those that have nothing to say are left out.
///
/// Models pkg/scheduler/schedule_one.go prioritizeNodes with the plugins and weights of the default profile.
pub fn scores(
    pod: &PodInfo,
    nodes: &Nodes,
    feasible: &[&NodeInfo],
    namespace_labels: &dyn Fn(&str) -> Value,
    default_selector: impl FnOnce() -> Value,
) -> Vec<Score> {
    let mut scores = Vec::with_capacity(7);
    let mut add = |plugin: &'static str, weight: i64, values: Vec<i64>| scores.push(Score { plugin, weight, values });
    add("TaintToleration", TAINT_TOLERATION_WEIGHT, taint_toleration(pod, feasible));
    if let Some(values) = node_affinity(pod, feasible) {
        add("NodeAffinity", NODE_AFFINITY_WEIGHT, values);
    }
    add("NodeResourcesFit", 1, feasible.iter().map(|node| least_allocated(pod, node)).collect());
    if let Some(soft) = spread::prepare_soft(pod, nodes, feasible, default_selector) {
        let raw: Vec<Option<i64>> = feasible.iter().map(|node| soft.score(node)).collect();
        add("PodTopologySpread", SPREAD_WEIGHT, spread::normalize(&raw));
    }
    if let Some(weights) = pod_affinity::prepare_score(pod, nodes, namespace_labels) {
        add("InterPodAffinity", POD_AFFINITY_WEIGHT, pod_affinity::scores(&weights, feasible));
    }
    if pod.requests.cpu_milli != 0 || pod.requests.memory != 0 {
        let values = feasible.iter().map(|node| balanced_allocation(pod, node)).collect();
        add("NodeResourcesBalancedAllocation", 1, values);
    }
    if feasible.iter().any(|node| !node.images.is_empty()) {
        add("ImageLocality", 1, image_locality(pod, nodes, feasible));
    }
    scores
}

/// The total score of each feasible node.
pub fn totals(scores: &[Score], feasible: usize) -> Vec<i64> {
    (0..feasible).map(|i| scores.iter().map(|score| score.weight * score.values[i]).sum()).collect()
}

/// Models pkg/scheduler/framework/plugins/noderesources leastResourceScorer: CPU and memory weigh the same.
pub fn least_allocated(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let free = |wanted: i64, offered: i64| match offered {
        0 => None,
        offered if wanted > offered => Some(0),
        offered => Some((offered - wanted) * 100 / offered),
    };
    let cpu = free(node.scored_cpu_milli + pod.scored_cpu_milli, node.allocatable.cpu_milli);
    let memory = free(node.scored_memory + pod.scored_memory, node.allocatable.memory);
    let count = i64::from(cpu.is_some()) + i64::from(memory.is_some());
    match count {
        0 => 0,
        count => (cpu.unwrap_or(0) + memory.unwrap_or(0)) / count,
    }
}

/// Models noderesources balancedResourceScorer for CPU and memory: the closer the two shares, the better.
pub fn balanced_allocation(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let share = |wanted: i64, offered: i64| match offered {
        0 => None,
        offered => Some((wanted as f64 / offered as f64).min(1.0)),
    };
    let cpu = share(node.requested.cpu_milli + pod.requests.cpu_milli, node.allocatable.cpu_milli);
    let memory = share(node.requested.memory + pod.requests.memory, node.allocatable.memory);
    let deviation = match (cpu, memory) {
        (Some(cpu), Some(memory)) => ((cpu - memory) / 2.0).abs(),
        _ => 0.0,
    };
    ((1.0 - deviation) * 100.0) as i64
}

/// Models pkg/scheduler/framework/plugins/tainttoleration Score: the fewer taints that only advise against the pod, the better.
pub fn taint_toleration(pod: &PodInfo, feasible: &[&NodeInfo]) -> Vec<i64> {
    if !feasible.iter().any(|node| node.advises_against) {
        return vec![100; feasible.len()];
    }
    let tolerations: Vec<Value> = {
        let all = pod.object.spec().get("tolerations").list().iter();
        let softening = |t: &&Value| matches!(t.get("effect").str(), "" | "PreferNoSchedule");
        all.filter(softening).cloned().collect()
    };
    let advised = |taint: &&Value| taint.get("effect").str() == "PreferNoSchedule";
    let count = |node: &&NodeInfo| -> i64 {
        let taints = node.taints.list().iter().filter(advised);
        taints.filter(|taint| !any_tolerates(&tolerations, taint)).count() as i64
    };
    let counts: Vec<i64> = feasible.iter().map(count).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.into_iter().map(|count| if most == 0 { 100 } else { 100 - 100 * count / most }).collect()
}

/// Models pkg/scheduler/framework/plugins/nodeaffinity Score; nothing where the pod prefers no node.
pub fn node_affinity(pod: &PodInfo, feasible: &[&NodeInfo]) -> Option<Vec<i64>> {
    let terms = pod.object.spec().at("affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution");
    if terms.is_empty() {
        return None;
    }
    let weights: Vec<i64> = feasible.iter().map(|n| preferred_node_weight(terms, &n.name, &n.labels)).collect();
    let most = weights.iter().copied().max().unwrap_or(0);
    Some(weights.into_iter().map(|weight| if most == 0 { 0 } else { 100 * weight / most }).collect())
}

/// Models pkg/scheduler/framework/plugins/imagelocality: large images that a node has, less where few nodes have them.
fn image_locality(pod: &PodInfo, nodes: &Nodes, feasible: &[&NodeInfo]) -> Vec<i64> {
    const MIB: i64 = 1024 * 1024;
    let spec = pod.object.spec();
    let containers = spec.get("initContainers").list().iter().chain(spec.get("containers").list());
    let images: Vec<&str> = containers.map(|c| c.get("image").str()).collect();
    let all = nodes.iter().count() as i64;
    let having: Vec<i64> =
        images.iter().map(|image| nodes.iter().filter(|node| size_on(node, image) > 0).count() as i64).collect();
    let (least, most) = (23 * MIB, 1000 * MIB * images.len() as i64);
    let score = |node: &&NodeInfo| {
        let sum: i64 = images.iter().zip(&having).map(|(image, n)| size_on(node, image) * n / all.max(1)).sum();
        100 * (sum.clamp(least, most) - least) / (most - least).max(1)
    };
    feasible.iter().map(score).collect()
}

/// The size of an image where a node has it, and 0 where it has not.
fn size_on(node: &NodeInfo, image: &str) -> i64 {
    let named = |i: &&Value| i.get("names").list().iter().any(|name| same_image(name.str(), image));
    node.images.list().iter().find(named).map_or(0, |i| i.get("sizeBytes").int())
}

fn same_image(name: &str, image: &str) -> bool {
    let tagged = image.rsplit('/').next().unwrap_or("").contains(':');
    name.strip_prefix(image) == Some(if tagged { "" } else { ":latest" })
}
