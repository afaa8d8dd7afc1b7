//! How endpoints are spread over slices: as few writes as possible, not as few slices. Pure.

use std::collections::BTreeMap;

use super::endpoint_slices::{set_endpoints, Decision};
use super::slice_endpoint::Member;
use crate::api::{Object, Value};
use crate::base::order::Order;

/// The most endpoints of a slice.
const CAPACITY: usize = 100;

/// Puts `members` into slices of one set of ports: those that are there already stay where they are, the others fill slices
/// that change anyway, then one that has room for all of them, then new ones.
///
/// Models staging/src/k8s.io/endpointslice/reconciler.go reconcileByPortMapping.
pub(super) fn pack(
    members: Vec<Member>,
    existing: &[&Object],
    labels: &Value,
    fresh: &dyn Fn() -> Object,
    decision: &mut Decision,
) {
    let mut left: BTreeMap<&str, usize> = members.iter().enumerate().map(|(i, m)| (m.uid(), i)).collect();
    let (mut update, mut unchanged): (Vec<Object>, Vec<Object>) = (Vec::new(), Vec::new());
    for slice in existing {
        let endpoints = slice.value.get("endpoints").list();
        let mut kept = Vec::with_capacity(endpoints.len());
        let mut changed = false;
        for endpoint in endpoints {
            let Some(index) = left.remove(endpoint.at("targetRef.uid").str()) else { continue };
            let member = &members[index];
            let same = member.is(endpoint);
            changed |= !same;
            kept.push(if same { endpoint.clone() } else { member.endpoint() });
        }
        let relabelled = slice.labels() != labels;
        if kept.is_empty() && !endpoints.is_empty() {
            decision.delete.push((*slice).clone());
        } else if changed || kept.len() != endpoints.len() || relabelled {
            let mut slice = (*slice).clone();
            set_endpoints(&mut slice, kept);
            slice.set("metadata.labels", labels.clone());
            update.push(slice);
        } else {
            unchanged.push((*slice).clone());
        }
    }
    let mut rest: Vec<usize> = left.into_values().collect();
    rest.order_by(|a, b| b.cmp(a));
    let fill = |slice: &mut Object, rest: &mut Vec<usize>| {
        let mut endpoints = slice.value.get("endpoints").list().to_vec();
        let room = CAPACITY.saturating_sub(endpoints.len()).min(rest.len());
        endpoints.extend(rest.drain(rest.len() - room..).rev().map(|index| members[index].endpoint()));
        set_endpoints(slice, endpoints);
    };
    update.order_by_key(|slice| std::cmp::Reverse(length(slice)));
    for slice in update.iter_mut().filter(|slice| length(slice) < CAPACITY) {
        if !rest.is_empty() {
            fill(slice, &mut rest);
        }
    }
    while !rest.is_empty() {
        match with_room(&unchanged, rest.len()) {
            Some(index) => {
                let mut slice = unchanged.remove(index);
                fill(&mut slice, &mut rest);
                update.push(slice);
            }
            None => {
                let mut slice = fresh();
                fill(&mut slice, &mut rest);
                decision.create.push(slice);
            }
        }
    }
    decision.update.extend(update);
}

fn length(slice: &Object) -> usize {
    slice.value.get("endpoints").list().len()
}

/// The fullest slice that has room for all of `count`; none for a count that fills a slice of its own.
///
/// Models staging/src/k8s.io/endpointslice/utils.go getSliceToFill.
fn with_room(slices: &[Object], count: usize) -> Option<usize> {
    if count >= CAPACITY {
        return None;
    }
    let fitting = slices.iter().enumerate().filter(|(_, slice)| length(slice) + count <= CAPACITY);
    fitting.max_by_key(|(_, slice)| length(slice)).map(|(index, _)| index)
}
