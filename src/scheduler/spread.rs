//! Topology spread: keeping the pods of a group evenly over zones and nodes, as a filter and as a score.

use std::collections::BTreeMap;

use ecow::EcoString;

use super::filter::Verdict;
use super::nodes::{GroupId, NodeInfo, Nodes};
use super::pod_info::PodInfo;
use crate::api::node_selector::{any_tolerates, node_affinity_matches};
use crate::api::selector;
use crate::api::Value;

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// One constraint, read.
struct Constraint {
    max_skew: i64,
    key: EcoString,
    /// True where each node is a domain of its own.
    by_node: bool,
    min_domains: i64,
    selector: Value,
    honours_affinity: bool,
    honours_taints: bool,
    /// The groups of pods that count.
    groups: Vec<GroupId>,
}

/// The constraints of a pod that must hold, and the pods counted for each.
pub struct HardSpread {
    constraints: Vec<(Constraint, BTreeMap<EcoString, i64>)>,
}

/// The constraints of a pod that are a wish, and the pods counted for each.
pub struct SoftSpread {
    constraints: Vec<(Constraint, BTreeMap<EcoString, i64>, f64)>,
    needs_all_keys: bool,
}

/// Models pkg/scheduler/framework/plugins/podtopologyspread filterTopologySpreadConstraints.
fn read(pod: &PodInfo, nodes: &Nodes, action: &str) -> Vec<Constraint> {
    let given = pod.object.spec().get("topologySpreadConstraints").list();
    let wanted = given.iter().filter(|c| c.get("whenUnsatisfiable").str() == action);
    wanted
        .map(|c| {
            let mut selector = c.get("labelSelector").clone();
            for key in c.get("matchLabelKeys").list() {
                let value = pod.object.labels().get(key.str());
                if !value.is_null() {
                    selector.slot("matchLabels").map_mut().insert(key.str(), value.clone());
                }
            }
            let groups = matching_groups(nodes, &pod.key.namespace, &selector);
            Constraint {
                max_skew: c.get("maxSkew").int(),
                key: c.get("topologyKey").text(),
                by_node: c.get("topologyKey").str() == HOSTNAME,
                min_domains: c.get("minDomains").opt_int().unwrap_or(1),
                honours_affinity: c.get("nodeAffinityPolicy").str() != "Ignore",
                honours_taints: c.get("nodeTaintsPolicy").str() == "Honor",
                selector,
                groups,
            }
        })
        .collect()
}

fn matching_groups(nodes: &Nodes, namespace: &str, selector: &Value) -> Vec<GroupId> {
    let here = nodes.groups().filter(|(_, group)| group.namespace == namespace);
    here.filter(|(_, group)| selector::matches(selector, &group.labels)).map(|(id, _)| id).collect()
}

impl Constraint {
    /// How many of the pods that stay on a node count.
    fn count(&self, node: &NodeInfo) -> i64 {
        self.groups.iter().filter_map(|id| node.groups.get(id)).map(|(staying, _)| i64::from(*staying)).sum()
    }

    /// Models podtopologyspread matchNodeInclusionPolicies.
    fn includes(&self, pod: &PodInfo, node: &NodeInfo) -> bool {
        if self.honours_affinity && !node_affinity_matches(&pod.object, &node.name, &node.labels) {
            return false;
        }
        let tolerations = pod.object.spec().get("tolerations").list();
        let keeps_off = |taint: &&Value| taint.get("effect").str() != "PreferNoSchedule";
        !self.honours_taints || node.taints.list().iter().filter(keeps_off).all(|t| any_tolerates(tolerations, t))
    }
}

fn has_all_keys<'a>(node: &NodeInfo, mut keys: impl Iterator<Item = &'a EcoString>) -> bool {
    keys.all(|key| !node.labels.get(key).is_null())
}

/// Models podtopologyspread calPreFilterState.
pub fn prepare_hard(pod: &PodInfo, nodes: &Nodes) -> Option<HardSpread> {
    if pod.object.spec().get("topologySpreadConstraints").is_empty() {
        return None;
    }
    let constraints = read(pod, nodes, "DoNotSchedule");
    if constraints.is_empty() {
        return None;
    }
    let keys: Vec<EcoString> = constraints.iter().map(|c| c.key.clone()).collect();
    let mut counted: Vec<(Constraint, BTreeMap<EcoString, i64>)> =
        constraints.into_iter().map(|c| (c, BTreeMap::new())).collect();
    for node in nodes.iter().filter(|node| has_all_keys(node, keys.iter())) {
        for (constraint, counts) in &mut counted {
            if constraint.includes(pod, node) {
                *counts.entry(node.labels.get(&constraint.key).text()).or_default() += constraint.count(node);
            }
        }
    }
    Some(HardSpread { constraints: counted })
}

impl HardSpread {
    /// Models podtopologyspread Filter: pods that match, this one included, less the fewest of any domain, must not be
    /// more than maxSkew.
    pub fn filter(&self, pod: &PodInfo, node: &NodeInfo) -> Option<Verdict> {
        const PLUGIN: &str = "PodTopologySpread";
        const REASON: &str = "node(s) didn't match pod topology spread constraints";
        for (constraint, counts) in &self.constraints {
            let value = node.labels.get(&constraint.key);
            if value.is_null() {
                let reasons = vec![format!("{REASON} (missing required label)").into()];
                return Some(Verdict::Refused { plugin: PLUGIN, reasons, unresolvable: true });
            }
            let own = i64::from(selector::matches(&constraint.selector, pod.object.labels()));
            let here = counts.get(value.str()).copied().unwrap_or(0);
            let fewest = match (counts.len() as i64) < constraint.min_domains {
                true => 0,
                false => counts.values().copied().min().unwrap_or(0),
            };
            if here + own - fewest > constraint.max_skew {
                return Some(Verdict::Refused { plugin: PLUGIN, reasons: vec![REASON.into()], unresolvable: false });
            }
        }
        None
    }
}

/// The constraints that a pod without own ones has: over nodes with skew 3 and over zones with skew 5, counting the pods of
/// the Services and workloads it belongs to.
fn default_constraints(pod: &PodInfo, nodes: &Nodes, selector: Value) -> Vec<Constraint> {
    if selector.is_null() || !pod.object.spec().get("topologySpreadConstraints").is_empty() {
        return Vec::new();
    }
    let groups = matching_groups(nodes, &pod.key.namespace, &selector);
    [(HOSTNAME, 3), (ZONE, 5)]
        .into_iter()
        .map(|(key, max_skew)| Constraint {
            max_skew,
            key: key.into(),
            by_node: key == HOSTNAME,
            min_domains: 1,
            selector: selector.clone(),
            honours_affinity: true,
            honours_taints: false,
            groups: groups.clone(),
        })
        .collect()
}

/// Models podtopologyspread initPreScoreState and PreScore. `default_selector` selects the pods of the Services and
/// workloads that the pod belongs to.
pub fn prepare_soft(
    pod: &PodInfo,
    nodes: &Nodes,
    feasible: &[&NodeInfo],
    default_selector: impl FnOnce() -> Value,
) -> Option<SoftSpread> {
    let needs_all_keys = !pod.object.spec().get("topologySpreadConstraints").is_empty();
    let constraints = match needs_all_keys {
        true => read(pod, nodes, "ScheduleAnyway"),
        false => default_constraints(pod, nodes, default_selector()),
    };
    if constraints.is_empty() {
        return None;
    }
    let keys: Vec<EcoString> = constraints.iter().map(|c| c.key.clone()).collect();
    let takes_part = |node: &NodeInfo| !needs_all_keys || has_all_keys(node, keys.iter());
    let scored = feasible.iter().filter(|node| takes_part(node)).count();
    let mut counted = Vec::with_capacity(constraints.len());
    for constraint in constraints {
        let mut counts: BTreeMap<EcoString, i64> = BTreeMap::new();
        let size = if constraint.by_node {
            scored
        } else {
            for node in feasible.iter().filter(|node| takes_part(node)) {
                counts.insert(node.labels.get(&constraint.key).text(), 0);
            }
            let domains = counts.len();
            let labelled = counts.keys().any(|value| !value.is_empty());
            if !labelled {
                counts.clear();
            }
            for node in nodes.iter().filter(|node| labelled && takes_part(node)) {
                if let Some(count) = counts.get_mut(node.labels.get(&constraint.key).str()) {
                    if constraint.includes(pod, node) {
                        *count += constraint.count(node);
                    }
                }
            }
            domains
        };
        counted.push((constraint, counts, natural_logarithm(size as f64 + 2.0)));
    }
    Some(SoftSpread { constraints: counted, needs_all_keys })
}

impl SoftSpread {
    /// The score of a node before normalizing; nothing for a node that lacks a topology key it needs.
    ///
    /// Models podtopologyspread Score and scoreForCount.
    pub fn score(&self, node: &NodeInfo) -> Option<i64> {
        if self.needs_all_keys && !has_all_keys(node, self.constraints.iter().map(|(c, _, _)| &c.key)) {
            return None;
        }
        let mut score = 0.0;
        for (constraint, counts, weight) in &self.constraints {
            let count = if constraint.by_node {
                if !node.has_host_name {
                    continue;
                }
                constraint.count(node)
            } else if counts.is_empty() {
                continue;
            } else {
                let value = node.labels.get(&constraint.key);
                if value.is_null() {
                    continue;
                }
                counts.get(value.str()).copied().unwrap_or(0)
            };
            score += count as f64 * weight + (constraint.max_skew - 1) as f64;
        }
        Some(score.round() as i64)
    }
}

/// Turns scores of few pods into high ones.
///
/// Models podtopologyspread NormalizeScore.
pub fn normalize(scores: &[Option<i64>]) -> Vec<i64> {
    let known = || scores.iter().flatten().copied();
    let (least, most) = (known().min().unwrap_or(0), known().max().unwrap_or(0));
    let one = |score: &Option<i64>| match score {
        None => 0,
        Some(_) if most == 0 => 100,
        Some(score) => 100 * (most + least - score) / most,
    };
    scores.iter().map(one).collect()
}

/// The natural logarithm of a number of at least 1, of basic arithmetic alone so that every platform agrees on it.
fn natural_logarithm(x: f64) -> f64 {
    const LN_2: f64 = std::f64::consts::LN_2;
    let (mut mantissa, mut halvings) = (x, 0.0);
    while mantissa >= 1.5 {
        mantissa /= 2.0;
        halvings += 1.0;
    }
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let (square, mut power, mut sum) = (t * t, t, 0.0);
    for k in 0..24_u32 {
        sum += power / f64::from(2 * k + 1);
        power *= square;
    }
    2.0 * sum + halvings * LN_2
}

#[cfg(test)]
mod tests {
    use super::natural_logarithm;

    #[test]
    fn the_logarithm_is_one() {
        for (x, ln) in [(1.0, 0.0), (5.0, 1.609_437_912_434_1), (102.0, 4.624_972_813_284_27)] {
            assert!((natural_logarithm(x) - ln).abs() < 1e-12, "{x}");
        }
    }
}
