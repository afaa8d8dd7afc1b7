//! The claims of a StatefulSet's pods: making those that are missing, and who owns them, which says when they go.

use std::sync::Arc;

use super::stateful_set_pods::{claim_names, in_range, new_claim, ordinal};

use crate::api::{Object, Value};
use crate::store::{Action, Because, EventNote, Plan, View};

const COMPONENT: &str = "statefulset-controller";

/// True where the retention policy says Delete for `whenDeleted` or `whenScaled`.
fn deletes(set: &Object, when: &str) -> bool {
    set.at("spec.persistentVolumeClaimRetentionPolicy").get(when).str() == "Delete"
}

/// The claims of a pod that are there.
fn claims_of<'a>(view: &View<'a>, set: &Object, pod: &Object) -> Vec<&'a Object> {
    let find = |name: String| view.store.find("PersistentVolumeClaim", set.namespace(), &name);
    claim_names(set, ordinal(pod)).filter_map(|(_, name)| find(name)).collect()
}

/// Makes the claims of a pod that are missing. Gives why it cannot be done: an old one is still going.
///
/// Models pkg/controller/statefulset/stateful_pod_control.go createPersistentVolumeClaims.
pub fn create_missing(view: &View, set: &Object, pod: &Object, plan: &mut Plan) -> Result<(), String> {
    let templates = set.at("spec.volumeClaimTemplates").list();
    for (template, (_, name)) in templates.iter().zip(claim_names(set, ordinal(pod))) {
        match view.store.find("PersistentVolumeClaim", set.namespace(), &name) {
            Some(claim) if claim.is_deleting() => return Err(format!("pvc {name} is being deleted")),
            Some(_) => {}
            None => {
                let (set_name, pod_name) = (set.name(), pod.name());
                let note = |severity, reason, text| Some(EventNote::new(set, COMPONENT, severity, reason, text));
                let rule = format!("pod {pod_name} needs it: volumeClaimTemplates of StatefulSet {set_name}");
                let done = format!("Create Claim {name} Pod {pod_name} in StatefulSet {set_name} success");
                let not =
                    format!("Create Claim {name} for Pod {pod_name} in StatefulSet {set_name} failed error: {{error}}");
                plan.push(Action::Create {
                    object: new_claim(set, template, &name),
                    because: Arc::new(Because::of(COMPONENT, set, rule)),
                    success: note("Normal", "SuccessfulCreate", done),
                    failure: note("Warning", "FailedCreate", not),
                });
            }
        }
    }
    Ok(())
}

/// True where a claim still belongs to a former pod of the name, with which it will go.
///
/// Models pkg/controller/statefulset/stateful_pod_control.go PodClaimIsStale.
pub fn any_is_stale(view: &View, set: &Object, pod: &Object) -> bool {
    deletes(set, "whenScaled") && claims_of(view, set, pod).into_iter().any(|claim| has_stale_owner(claim, pod))
}

/// True where the owners of all the pod's claims are what the retention policy asks for.
///
/// Models pkg/controller/statefulset/stateful_pod_control.go ClaimsMatchRetentionPolicy.
pub fn match_policy(view: &View, set: &Object, pod: &Object) -> bool {
    claims_of(view, set, pod).into_iter().all(|claim| owners_are_right(claim, set, pod))
}

/// Gives the pod's claims the owners that the retention policy asks for.
///
/// Models pkg/controller/statefulset/stateful_pod_control.go UpdatePodClaimForRetentionPolicy.
pub fn update_owners(view: &View, set: &Object, pod: &Object, plan: &mut Plan) {
    for claim in claims_of(view, set, pod) {
        if owners_are_right(claim, set, pod) {
            continue;
        }
        let mut object = claim.clone();
        let owners = right_owners(claim, set, pod);
        object.value.remove("metadata.ownerReferences");
        if !owners.is_empty() {
            object.set("metadata.ownerReferences", Value::from(owners));
        }
        let because = Arc::new(Because::of(COMPONENT, set, "its owner follows persistentVolumeClaimRetentionPolicy"));
        plan.push(Action::Update { object, because, success: None });
    }
}

/// What a claim's owners should be: the StatefulSet, the pod, or neither of them.
fn wanted_owners(set: &Object, pod: &Object) -> (bool, bool) {
    let condemned = !in_range(set, ordinal(pod));
    match (deletes(set, "whenScaled"), deletes(set, "whenDeleted")) {
        (false, when_deleted) => (when_deleted, false),
        (true, false) => (false, condemned),
        (true, true) => (!condemned, condemned),
    }
}

/// Models pkg/controller/statefulset/stateful_set_utils.go isClaimOwnerUpToDate.
pub fn owners_are_right(claim: &Object, set: &Object, pod: &Object) -> bool {
    let owns = |owner: &Object| references(claim).iter().any(|r| r.get("uid").str() == owner.uid());
    if has_stale_owner(claim, set) || has_stale_owner(claim, pod) {
        return true;
    }
    if has_unexpected_controller(claim, set, pod) {
        return !owns(set) && !owns(pod);
    }
    !has_non_controller(claim, set, pod) && (owns(set), owns(pod)) == wanted_owners(set, pod)
}

/// Models pkg/controller/statefulset/stateful_set_utils.go updateClaimOwnerRefForSetAndPod.
pub fn right_owners(claim: &Object, set: &Object, pod: &Object) -> Vec<Value> {
    let others = references(claim).iter().filter(|r| !matches_name(r, set) && !matches_name(r, pod));
    let mut owners: Vec<Value> = others.cloned().collect();
    if !has_unexpected_controller(claim, set, pod) {
        let (of_set, of_pod) = wanted_owners(set, pod);
        owners.extend(of_set.then(|| set.controller_reference()));
        owners.extend(of_pod.then(|| pod.controller_reference()));
    }
    owners
}

fn references(object: &Object) -> &[Value] {
    object.at("metadata.ownerReferences").list()
}

/// True for a reference to an object of the owner's kind and name, be it that one or a former one.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go matchesRef.
pub fn matches_name(reference: &Value, owner: &Object) -> bool {
    let version = reference.get("apiVersion").str();
    version.rsplit_once('/').map_or("", |(group, _)| group) == owner.kind.group
        && reference.get("kind").str() == owner.kind.kind
        && reference.get("name").str() == owner.name()
}

/// Models pkg/controller/statefulset/stateful_set_utils.go hasStaleOwnerRef.
pub fn has_stale_owner(claim: &Object, owner: &Object) -> bool {
    references(claim).iter().any(|r| matches_name(r, owner) && r.get("uid").str() != owner.uid())
}

/// Models pkg/controller/statefulset/stateful_set_utils.go hasUnexpectedController.
pub fn has_unexpected_controller(claim: &Object, set: &Object, pod: &Object) -> bool {
    let keeps = !deletes(set, "whenScaled") && !deletes(set, "whenDeleted");
    let unexpected = |r: &Value| match [set, pod].into_iter().find(|owner| matches_name(r, owner)) {
        Some(owner) => r.get("uid").str() != owner.uid(),
        None => r.get("controller").bool(),
    };
    !keeps && references(claim).iter().any(unexpected)
}

/// Models pkg/controller/statefulset/stateful_set_utils.go hasNonControllerOwner.
pub fn has_non_controller(claim: &Object, set: &Object, pod: &Object) -> bool {
    let is_ours = |r: &&Value| [set, pod].iter().any(|owner| r.get("uid").str() == owner.uid());
    references(claim).iter().filter(is_ours).any(|r| !r.get("controller").bool())
}
