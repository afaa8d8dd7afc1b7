//! Which pods of a ReplicaSet go first when it shrinks. Pure comparison, nothing is deleted here.

use std::cmp::Ordering;

use super::pods;
use crate::api::{Object, Value};
use crate::base::map::Map;
use crate::base::time::Timestamp;

/// A pod and how many active pods of the same kin share its node.
pub struct Ranked<'a> {
    /// The pod.
    pub pod: &'a Object,
    /// Active pods of the ReplicaSets of the same owner on its node.
    pub rank: i64,
}

/// The pods, those to be deleted first in front.
///
/// Models pkg/controller/replicaset/replica_set.go getPodsRankedByRelatedPodsOnSameNode and getPodsToDelete.
pub fn rank<'a>(candidates: &'a [Object], kin: &[&Object], now: Timestamp) -> Vec<Ranked<'a>> {
    let mut on_node: Map<&str, i64> = Map::new();
    for pod in kin.iter().filter(|pod| pods::is_active(pod)) {
        *on_node.or_default(&pod.spec().get("nodeName").str()) += 1;
    }
    let ranked = candidates.iter().map(|pod| {
        let rank = on_node.get(pod.spec().get("nodeName").str()).copied().unwrap_or(0);
        Ranked { pod, rank }
    });
    merge_sort(ranked.collect(), &|a, b| compare(a, b, now))
}

/// Less means: deleted first.
///
/// Models pkg/controller/controller_utils.go ActivePodsWithRanks.Less. It is no total order: pods that became ready at one
/// instant are told apart by restarts, others of the same age class by UID.
pub fn compare(a: &Ranked, b: &Ranked, now: Timestamp) -> Ordering {
    let node = |r: &Ranked| !r.pod.spec().get("nodeName").str().is_empty();
    let phase = |r: &Ranked| match r.pod.status().get("phase").str() {
        "Pending" => 0,
        "Unknown" => 1,
        "Running" => 2,
        _ => 0,
    };
    let ready = (pods::is_ready(a.pod), pods::is_ready(b.pod));
    let plain = node(a)
        .cmp(&node(b))
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| ready.0.cmp(&ready.1))
        .then_with(|| deletion_cost(a.pod).cmp(&deletion_cost(b.pod)))
        .then_with(|| b.rank.cmp(&a.rank));
    if plain != Ordering::Equal {
        return plain;
    }
    if ready == (true, true) {
        let (at_a, at_b) = (pods::ready_since(a.pod), pods::ready_since(b.pod));
        if at_a != at_b {
            return younger_first(at_a, at_b, a.pod, b.pod, now);
        }
    }
    let restarts = restarts(b.pod).cmp(&restarts(a.pod));
    if restarts != Ordering::Equal {
        return restarts;
    }
    let (at_a, at_b) = (a.pod.created(), b.pod.created());
    if at_a == at_b {
        return Ordering::Equal;
    }
    younger_first(at_a, at_b, a.pod, b.pod, now)
}

/// Ages are compared by the power of two they lie in; within one, UIDs decide, which makes the choice fair.
fn younger_first(at_a: Option<Timestamp>, at_b: Option<Timestamp>, a: &Object, b: &Object, now: Timestamp) -> Ordering {
    let (Some(at_a), Some(at_b)) = (at_a, at_b) else {
        return at_a.is_some().cmp(&at_b.is_some());
    };
    age_class(at_a, now).cmp(&age_class(at_b, now)).then_with(|| a.uid().cmp(b.uid()))
}

/// Models pkg/controller/controller_utils.go logarithmicRankDiff, for one of the two instants.
fn age_class(at: Timestamp, now: Timestamp) -> i64 {
    let nanoseconds = i128::from(now.0 - at.0) * 1_000;
    if nanoseconds > 0 {
        i64::from(nanoseconds.ilog2())
    } else {
        -1
    }
}

fn deletion_cost(pod: &Object) -> i64 {
    pod.annotation("controller.kubernetes.io/pod-deletion-cost").parse::<i32>().map_or(0, i64::from)
}

/// The highest restart counts: of the containers, and of the sidecars.
///
/// Models pkg/controller/controller_utils.go maxContainerRestarts.
fn restarts(pod: &Object) -> (i64, i64) {
    let most = |list: &mut dyn Iterator<Item = &Value>| list.map(|s| s.get("restartCount").int()).max().unwrap_or(0);
    let is_sidecar = |name: &str| {
        let containers = pod.spec().get("initContainers").list();
        containers.iter().any(|c| c.get("name").str() == name && c.get("restartPolicy").str() == "Always")
    };
    let regular = most(&mut pod.status().get("containerStatuses").list().iter());
    let init = pod.status().get("initContainerStatuses").list();
    let sidecars = most(&mut init.iter().filter(|s| is_sidecar(s.get("name").str())));
    (regular, sidecars)
}

/// A stable sort that bears a comparison which is no total order.
fn merge_sort<'a>(mut items: Vec<Ranked<'a>>, order: &dyn Fn(&Ranked, &Ranked) -> Ordering) -> Vec<Ranked<'a>> {
    if items.len() < 2 {
        return items;
    }
    let right = merge_sort(items.split_off(items.len() / 2), order);
    let mut left = merge_sort(items, order).into_iter().peekable();
    let mut right = right.into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let next = if order(r, l) == Ordering::Less { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}
