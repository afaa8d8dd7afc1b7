//! What of a pod's spec may change once it exists, which is little.

use super::field::{same, Errors, Path};
use super::{internal, scheduling};
use crate::api::Value;

const MAY_CHANGE: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
    `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
    `spec.tolerations` (only additions to existing tolerations),\
    `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// Models pkg/apis/core/validation ValidatePodUpdate, from the containers on.
pub fn spec(new: &Value, old: &Value, errors: &mut Errors) {
    let path = Path::new("spec");
    for list in ["containers", "initContainers"] {
        let containers = new.get(list).list();
        let list_path = path.child(list);
        if containers.len() != old.get(list).list().len() {
            return errors.forbidden(&list_path, "pod updates may not add or remove containers");
        }
        for (i, container) in containers.iter().enumerate() {
            if container.get("image").is_empty() {
                errors.required(&list_path.index(i).child("image"), "");
            }
            super::containers::image_spaces(container, &list_path.index(i), errors);
        }
    }
    if !active_deadline(new, old, &path.child("activeDeadlineSeconds"), errors) {
        return;
    }
    only_added_tolerations(new, old, &path.child("tolerations"), errors);
    only_removed_gates(new, old, &path.child("schedulingGates"), errors);
    if same(new, old) {
        return;
    }
    let munged = munge(new, old, &path, errors);
    if !same(&munged, old) {
        let diff = internal::diff(old, &munged, "PodSpec");
        errors.forbidden(&path, &format!("{MAY_CHANGE}\n{diff}"));
    }
}

/// False where the deadline is so wrong that upstream looks no further.
fn active_deadline(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) -> bool {
    let (now, before) = (new.get("activeDeadlineSeconds").opt_int(), old.get("activeDeadlineSeconds").opt_int());
    match (now, before) {
        (Some(now), _) if !(0..=i64::from(i32::MAX)).contains(&now) => {
            errors.invalid(path, now, &crate::base::names::not_in_range(0, i64::from(i32::MAX)));
            false
        }
        (Some(now), Some(before)) if before < now => {
            errors.invalid(path, now, "must be less than or equal to previous value");
            false
        }
        (None, Some(_)) => {
            errors.invalid(path, Value::Null, "must not update from a positive integer to nil value");
            true
        }
        _ => true,
    }
}

/// Models pkg/apis/core/validation validateOnlyAddedTolerations.
fn only_added_tolerations(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let untimed = |toleration: &Value| {
        let mut toleration = toleration.clone();
        toleration.remove_key("tolerationSeconds");
        toleration
    };
    let now: Vec<Value> = new.get("tolerations").list().iter().map(untimed).collect();
    if !old.get("tolerations").list().iter().all(|toleration| now.contains(&untimed(toleration))) {
        return errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
    scheduling::tolerations(new.get("tolerations"), path, errors);
}

/// Models pkg/apis/core/validation validateOnlyDeletedSchedulingGates.
fn only_removed_gates(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let before = old.get("schedulingGates").list();
    for (i, gate) in new.get("schedulingGates").list().iter().enumerate() {
        let name = gate.get("name").str();
        if !before.iter().any(|other| other.get("name").str() == name) {
            let detail = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.forbidden(&path.index(i).child("name"), &detail);
        }
    }
}

/// The new spec with all that may change put back to what it was.
fn munge(new: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) -> Value {
    let mut munged = new.clone();
    for list in ["containers", "initContainers"] {
        if new.get(list).is_null() {
            continue;
        }
        for (container, before) in munged.slot(list).items_mut().iter_mut().zip(old.get(list).list()) {
            *container.slot("image") = before.get("image").clone();
        }
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        put_back(&mut munged, old, field);
    }
    let grace = "terminationGracePeriodSeconds";
    if old.get(grace).int() < 0 && munged.get(grace).int() == 1 {
        put_back(&mut munged, old, grace);
    }
    if !old.get("schedulingGates").is_empty() {
        gated(&mut munged, old, path, errors);
    }
    munged
}

fn put_back(munged: &mut Value, old: &Value, field: &str) {
    match old.get(field) {
        Value::Null => drop(munged.remove_key(field)),
        value => *munged.slot(field) = value.clone(),
    }
}

/// A pod that still waits behind its gates may be bound more tightly to some nodes.
fn gated(munged: &mut Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (now, before) = (munged.get("nodeSelector").clone(), old.get("nodeSelector"));
    if !same(&now, before) {
        if before.entries().iter().any(|(key, value)| now.get(key) != value) {
            let detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
            errors.invalid(&path.child("nodeSelector"), now, detail);
        }
        put_back(munged, old, "nodeSelector");
    }
    let (now, before) = (munged.at("affinity.nodeAffinity").clone(), old.at("affinity.nodeAffinity"));
    if !same(&now, before) {
        node_affinity(&now, before, &path.child("affinity.nodeAffinity"), errors);
        if !munged.get("affinity").is_null() || !before.is_null() {
            put_back(munged.slot("affinity"), old.get("affinity"), "nodeAffinity");
        }
    }
}

/// Models pkg/apis/core/validation validateNodeAffinityMutation.
fn node_affinity(now: &Value, before: &Value, path: &Path<'_>, errors: &mut Errors) {
    let terms = "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let (new, old) = (now.at(terms), before.at(terms));
    let path = path.child(terms);
    if old.list().is_empty() {
        return;
    }
    if new.list().len() != old.list().len() {
        let detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        let printed: Vec<String> = new.list().iter().map(|t| internal::compact(t, "", "NodeSelectorTerm")).collect();
        let printed = if new.is_null() { "null".to_owned() } else { format!("[{}]", printed.join(",")) };
        return errors.invalid_printed(&path, printed, detail);
    }
    for (i, (term, was)) in new.list().iter().zip(old.list()).enumerate() {
        let empty = was.get("matchExpressions").is_empty() && was.get("matchFields").is_empty();
        let kept = |field: &str| {
            let (now, before) = (term.get(field).list(), was.get(field).list());
            now.len() >= before.len() && now.iter().zip(before).all(|(now, before)| same(now, before))
        };
        let added_to_empty = empty && !(term.get("matchExpressions").is_empty() && term.get("matchFields").is_empty());
        if added_to_empty || !kept("matchExpressions") || !kept("matchFields") {
            let detail = "only additions are allowed (no mutations or deletions)";
            errors.invalid_printed(&path.index(i), internal::compact(term, "", "NodeSelectorTerm"), detail);
        }
    }
}
