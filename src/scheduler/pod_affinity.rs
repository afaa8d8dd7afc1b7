//! Affinity and anti-affinity between pods, as filters and as a score.

use std::collections::BTreeMap;

use ecow::EcoString;

use super::filter::Verdict;
use super::nodes::{GroupId, NodeInfo, Nodes};
use super::pod_info::PodInfo;
use crate::api::selector;
use crate::api::{Object, Value};

/// A topology key and the value a node has for it.
type Domain = (EcoString, EcoString);

const PLUGIN: &str = "InterPodAffinity";

/// One term of an affinity, read.
struct Term {
    selector: Value,
    namespaces: Vec<EcoString>,
    namespace_selector: Value,
    key: EcoString,
}

/// What is counted once for a pod before the nodes are looked at.
pub struct AffinityState {
    affinity: Vec<Term>,
    anti_affinity: Vec<Term>,
    matches_itself: bool,
    attracted: BTreeMap<Domain, i64>,
    repelled: BTreeMap<Domain, i64>,
    repelled_by_others: BTreeMap<Domain, i64>,
}

impl Term {
    fn read(term: &Value, owner_namespace: &str) -> Term {
        let mut namespaces: Vec<EcoString> = term.get("namespaces").list().iter().map(Value::text).collect();
        let namespace_selector = term.get("namespaceSelector").clone();
        if namespaces.is_empty() && namespace_selector.is_null() {
            namespaces.push(owner_namespace.into());
        }
        let (selector, key) = (term.get("labelSelector").clone(), term.get("topologyKey").text());
        Term { selector, namespaces, namespace_selector, key }
    }

    fn matches(&self, namespace: &str, labels: &Value, namespace_labels: &dyn Fn(&str) -> Value) -> bool {
        let meant = self.namespaces.iter().any(|n| n == namespace)
            || (!self.namespace_selector.is_null()
                && selector::matches(&self.namespace_selector, &namespace_labels(namespace)));
        meant && selector::matches(&self.selector, labels)
    }

    fn domain(&self, node: &NodeInfo) -> Option<Domain> {
        let value = node.labels.get(&self.key);
        (!value.is_null()).then(|| (self.key.clone(), value.text()))
    }
}

fn required(pod: &Object, side: &str) -> Vec<Term> {
    let terms = pod.spec().get("affinity").get(side).get("requiredDuringSchedulingIgnoredDuringExecution").list();
    terms.iter().map(|term| Term::read(term, pod.namespace())).collect()
}

fn preferred(pod: &Object, side: &str) -> Vec<(Term, i64)> {
    let terms = pod.spec().get("affinity").get(side).get("preferredDuringSchedulingIgnoredDuringExecution").list();
    terms.iter().map(|t| (Term::read(t.get("podAffinityTerm"), pod.namespace()), t.get("weight").int())).collect()
}

fn groups_of(nodes: &Nodes, matches: impl Fn(&str, &Value) -> bool) -> Vec<GroupId> {
    nodes.groups().filter(|(_, group)| matches(&group.namespace, &group.labels)).map(|(id, _)| id).collect()
}

fn count(node: &NodeInfo, groups: &[GroupId]) -> i64 {
    groups.iter().filter_map(|id| node.groups.get(id)).map(|(_, all)| i64::from(*all)).sum()
}

/// Models pkg/scheduler/framework/plugins/interpodaffinity PreFilter; nothing where no affinity of anybody concerns the pod.
pub fn prepare(pod: &PodInfo, nodes: &Nodes, namespace_labels: &dyn Fn(&str) -> Value) -> Option<AffinityState> {
    let affinity = required(&pod.object, "podAffinity");
    let anti_affinity = required(&pod.object, "podAntiAffinity");
    let repelled_by_others = repelled_by_others(pod, nodes, namespace_labels);
    if affinity.is_empty() && anti_affinity.is_empty() && repelled_by_others.is_empty() {
        return None;
    }
    let meets_all = |namespace: &str, labels: &Value| {
        !affinity.is_empty() && affinity.iter().all(|term| term.matches(namespace, labels, namespace_labels))
    };
    let (mut attracted, mut repelled) = (BTreeMap::new(), BTreeMap::new());
    let attracting = groups_of(nodes, meets_all);
    let repelling: Vec<Vec<GroupId>> =
        anti_affinity.iter().map(|term| groups_of(nodes, |n, l| term.matches(n, l, namespace_labels))).collect();
    for node in nodes.iter() {
        let here = count(node, &attracting);
        for domain in affinity.iter().filter(|_| here > 0).filter_map(|term| term.domain(node)) {
            *attracted.entry(domain).or_default() += here;
        }
        for (term, groups) in anti_affinity.iter().zip(&repelling) {
            let here = count(node, groups);
            if let (true, Some(domain)) = (here > 0, term.domain(node)) {
                *repelled.entry(domain).or_default() += here;
            }
        }
    }
    let matches_itself = meets_all(&pod.key.namespace, pod.object.labels());
    Some(AffinityState { affinity, anti_affinity, matches_itself, attracted, repelled, repelled_by_others })
}

/// The domains that pods already there keep this pod out of.
fn repelled_by_others(pod: &PodInfo, nodes: &Nodes, namespace_labels: &dyn Fn(&str) -> Value) -> BTreeMap<Domain, i64> {
    let mut domains = BTreeMap::new();
    for node in nodes.iter() {
        for other in node.with_affinity.iter().filter_map(|uid| nodes.pod(uid)) {
            for term in required(&other.info.object, "podAntiAffinity") {
                if term.matches(&pod.key.namespace, pod.object.labels(), namespace_labels) {
                    if let Some(domain) = term.domain(node) {
                        *domains.entry(domain).or_default() += 1;
                    }
                }
            }
        }
    }
    domains
}

impl AffinityState {
    /// Models interpodaffinity Filter.
    pub fn filter(&self, node: &NodeInfo) -> Option<Verdict> {
        let refuse = |reason: &str, unresolvable| {
            Some(Verdict::Refused { plugin: PLUGIN, reasons: vec![reason.into()], unresolvable })
        };
        if !self.satisfies_affinity(node) {
            return refuse("node(s) didn't match pod affinity rules", true);
        }
        let repels = |term: &Term| term.domain(node).is_some_and(|domain| self.repelled.contains_key(&domain));
        if self.anti_affinity.iter().any(repels) {
            return refuse("node(s) didn't match pod anti-affinity rules", false);
        }
        let repelled = |(key, value): &Domain| node.labels.get(key).opt_str() == Some(value);
        if self.repelled_by_others.keys().any(repelled) {
            return refuse("node(s) didn't satisfy existing pods anti-affinity rules", false);
        }
        None
    }

    /// Models interpodaffinity satisfyPodAffinity: the first pod of a group that wants to be near itself may go anywhere
    /// that has the topology keys.
    fn satisfies_affinity(&self, node: &NodeInfo) -> bool {
        let mut near_all = true;
        for term in &self.affinity {
            match term.domain(node) {
                None => return false,
                Some(domain) => near_all &= self.attracted.contains_key(&domain),
            }
        }
        near_all || (self.attracted.is_empty() && self.matches_itself)
    }
}

/// The weights by domain that the preferences of this pod and of those there come to; nothing where there are none.
///
/// Models interpodaffinity PreScore.
pub fn prepare_score(
    pod: &PodInfo,
    nodes: &Nodes,
    namespace_labels: &dyn Fn(&str) -> Value,
) -> Option<BTreeMap<Domain, i64>> {
    let sign = |side: &str| if side == "podAffinity" { 1 } else { -1 };
    let mut own: Vec<(Term, i64, Vec<GroupId>)> = Vec::new();
    for side in ["podAffinity", "podAntiAffinity"] {
        for (term, weight) in preferred(&pod.object, side) {
            let groups = groups_of(nodes, |n, l| term.matches(n, l, namespace_labels));
            own.push((term, weight * sign(side), groups));
        }
    }
    let mut weights: BTreeMap<Domain, i64> = BTreeMap::new();
    for node in nodes.iter() {
        for (term, weight, groups) in &own {
            let here = count(node, groups);
            if let (true, Some(domain)) = (here > 0, term.domain(node)) {
                *weights.entry(domain).or_default() += here * weight;
            }
        }
        for other in node.with_affinity.iter().filter_map(|uid| nodes.pod(uid)) {
            let mut terms = Vec::new();
            terms.extend(required(&other.info.object, "podAffinity").into_iter().map(|term| (term, 1)));
            for side in ["podAffinity", "podAntiAffinity"] {
                terms.extend(preferred(&other.info.object, side).into_iter().map(|(t, w)| (t, w * sign(side))));
            }
            for (term, weight) in terms {
                if term.matches(&pod.key.namespace, pod.object.labels(), namespace_labels) {
                    if let Some(domain) = term.domain(node) {
                        *weights.entry(domain).or_default() += weight;
                    }
                }
            }
        }
    }
    (!weights.is_empty()).then_some(weights)
}

/// Models interpodaffinity Score and NormalizeScore.
pub fn scores(weights: &BTreeMap<Domain, i64>, feasible: &[&NodeInfo]) -> Vec<i64> {
    let raw = |node: &&NodeInfo| -> i64 {
        let near = weights.iter().filter(|((key, value), _)| node.labels.get(key).opt_str() == Some(value));
        near.map(|(_, weight)| weight).sum()
    };
    let raw: Vec<i64> = feasible.iter().map(raw).collect();
    let (least, most) = (raw.iter().copied().min().unwrap_or(0), raw.iter().copied().max().unwrap_or(0));
    let scale = |score: i64| match most - least {
        0 => 0,
        range => 100 * (score - least) / range,
    };
    raw.into_iter().map(scale).collect()
}
