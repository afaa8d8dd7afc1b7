//! The rolling update of a DaemonSet: which old pods may go, and where a new one may start beside an old one.

use super::daemon_set::Sync;
use super::deployment_arithmetic::scaled;
use super::{daemon_set_nodes as nodes, pods};
use crate::api::Object;

/// The pods on a node that are too many, with the reason: all but the oldest, or with a surge all but one of each template.
///
/// Models pkg/controller/daemon/daemon_controller.go podsShouldBeOnNode, its end.
pub fn excess(sync: &Sync, running: &[Object]) -> Vec<(Object, String)> {
    let goes = |pod: &Object, rule: &str| (pod.clone(), rule.to_owned());
    if running.len() < 2 {
        return Vec::new();
    }
    if bounds(sync, 1).1 == 0 {
        return running[1..].iter().map(|pod| goes(pod, "its node has an older one")).collect();
    }
    let (new, old): (Vec<&Object>, Vec<&Object>) = running.iter().partition(|pod| sync.is_updated(pod));
    let spare = new.iter().skip(1).chain(old.iter().skip(1));
    let mut surplus: Vec<_> = spare.map(|pod| goes(pod, "its node has an older one of its template")).collect();
    if let (Some(new), Some(old)) = (new.first(), old.first()) {
        if !pods::is_ready(old) || sync.is_available(new) {
            surplus.push(goes(old, "the pod of the new template takes its place"));
        }
    }
    surplus
}

/// How many nodes may be without an available pod, and how many may have two.
///
/// Models pkg/controller/daemon/update.go updatedDesiredNodeCounts.
fn bounds(sync: &Sync, desired: i64) -> (i64, i64) {
    let rolling = sync.set.at("spec.updateStrategy.rollingUpdate");
    let unavailable = scaled(rolling.get("maxUnavailable"), desired, true).unwrap_or(1);
    let surge = scaled(rolling.get("maxSurge"), desired, true).unwrap_or(0);
    if surge == 0 && unavailable == 0 {
        return (1, 0);
    }
    (unavailable, surge)
}

/// Models pkg/controller/daemon/update.go rollingUpdate. Nodes are taken in the order of their names; upstream's order is
/// that of a Go map.
pub fn roll(sync: &mut Sync) {
    let wanted: Vec<String> = sync
        .view
        .store
        .all("Node")
        .filter(|node| nodes::should_run(sync.set, node).0)
        .map(|node| node.name().to_owned())
        .collect();
    let (most_unavailable, most_surge) = bounds(sync, wanted.len() as i64);
    for name in &wanted {
        sync.by_node.slot(name);
    }
    match most_surge {
        0 => replace(sync, most_unavailable),
        _ => surge(sync, &wanted, most_surge),
    }
}

/// The pod of the present template and the one of another on a node; none where there is more than one of either.
///
/// Models pkg/controller/daemon/update.go findUpdatedPodsOnNode.
fn pair<'a>(sync: &Sync, there: &'a [Object]) -> Option<(Option<&'a Object>, Option<&'a Object>)> {
    let live = there.iter().filter(|pod| !pod.is_deleting());
    let (new, old): (Vec<&Object>, Vec<&Object>) = live.partition(|pod| sync.is_updated(pod));
    (new.len() < 2 && old.len() < 2).then(|| (new.first().copied(), old.first().copied()))
}

/// Old pods go first, and new ones come in their place.
fn replace(sync: &mut Sync, most: i64) {
    let (mut unavailable, mut broken, mut candidates) = (0, Vec::new(), Vec::new());
    for (_, there) in &sync.by_node.0 {
        match pair(sync, there) {
            None | Some((None, None) | (Some(_), Some(_))) => unavailable += 1,
            Some((Some(new), None)) => unavailable += i64::from(!sync.is_available(new)),
            Some((None, Some(old))) if !sync.is_available(old) => {
                broken.push((old.clone(), "it is of an old template and not available".to_owned()));
                unavailable += 1;
            }
            Some((None, Some(old))) => candidates.push(old.clone()),
        }
    }
    let room = (most - unavailable).max(0) as usize;
    let rule = format!("it is of an old template: maxUnavailable lets {most} nodes be without an available pod");
    broken.extend(candidates.into_iter().take(room).map(|pod| (pod, rule.clone())));
    sync.carry_out(&[], &broken);
}

/// New pods start beside old ones, which go when the new ones are available.
fn surge(sync: &mut Sync, wanted: &[String], most: i64) {
    let (mut surging, mut available) = (0, 0);
    let (mut done, mut homeless, mut urgent, mut candidates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (node, there) in &sync.by_node.0 {
        let Some((new, old)) = pair(sync, there) else {
            surging += 1;
            continue;
        };
        available += i64::from(old.or(new).is_some_and(|pod| sync.is_available(pod)));
        match (new, old) {
            (_, None) => {}
            (None, Some(old)) => match (sync.is_available(old), wanted.iter().any(|name| name == node)) {
                (false, false) => done.push((old.clone(), "its node should not have it".to_owned())),
                (false, true) => urgent.push(node.to_string()),
                (true, false) => homeless.push((old.clone(), "its node should not have it".to_owned())),
                (true, true) => candidates.push(node.to_string()),
            },
            (Some(new), Some(_)) if !sync.is_available(new) => surging += 1,
            (Some(_), Some(old)) => done.push((old.clone(), "the new pod on its node is available".to_owned())),
        }
    }
    let spare = (available - wanted.len() as i64).max(0) as usize;
    done.extend(homeless.into_iter().take(spare));
    urgent.extend(candidates.into_iter().take((most - surging).max(0) as usize));
    sync.carry_out(&urgent, &done);
}
