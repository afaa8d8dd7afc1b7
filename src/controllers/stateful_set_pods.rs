//! Who a pod of a StatefulSet is: its ordinal, its name, its labels, its volumes, and how it is doing. It decides nothing.

use super::controller_history::{self, REVISION_LABEL};
use super::deployment_arithmetic::scaled;
use super::pods;
use crate::api::{kind, Object, Value};
use crate::base::time::{Span, Timestamp};
use crate::value;

/// The label with the pod's own name.
pub const NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
/// The label with the pod's ordinal.
pub const INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// The StatefulSet's name and the ordinal in the name of a pod.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go getParentNameAndOrdinal.
pub fn parent_and_ordinal(pod: &str) -> Option<(&str, i64)> {
    let (parent, digits) = pod.rsplit_once('-')?;
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i32>().ok())??;
    Some((parent, i64::from(number)))
}

/// The ordinal of a pod; -1 where it has none.
pub fn ordinal(pod: &Object) -> i64 {
    parent_and_ordinal(pod.name()).map_or(-1, |(_, ordinal)| ordinal)
}

/// True for a pod whose name is one of the StatefulSet's.
pub fn is_member(set: &Object, pod: &Object) -> bool {
    parent_and_ordinal(pod.name()).is_some_and(|(parent, _)| parent == set.name())
}

/// The first ordinal.
pub fn start_ordinal(set: &Object) -> i64 {
    set.at("spec.ordinals.start").int()
}

/// The pods that are wanted.
pub fn wanted(set: &Object) -> i64 {
    set.at("spec.replicas").opt_int().unwrap_or(1).max(0)
}

/// True for an ordinal that is wanted.
pub fn in_range(set: &Object, ordinal: i64) -> bool {
    (start_ordinal(set)..start_ordinal(set) + wanted(set)).contains(&ordinal)
}

/// How many pods may be unavailable during an update; at least one.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go getStatefulSetMaxUnavailable.
pub fn max_unavailable(set: &Object) -> i64 {
    let most = set.at("spec.updateStrategy.rollingUpdate.maxUnavailable");
    scaled(most, wanted(set), false).unwrap_or(1).max(1)
}

/// True for a pod that the API server has.
pub fn is_created(pod: &Object) -> bool {
    !pod.at("status.phase").is_empty()
}

/// Models pkg/controller/statefulset/stateful_set_utils.go isRunningAndReady.
pub fn is_running_and_ready(pod: &Object) -> bool {
    pod.at("status.phase").str() == "Running" && pods::is_ready(pod)
}

/// Models pkg/controller/statefulset/stateful_set_utils.go isRunningAndAvailable.
pub fn is_available(set: &Object, pod: &Object, now: Timestamp) -> bool {
    pods::until_available(pod, set.at("spec.minReadySeconds").int(), now) == Some(Span::ZERO)
}

/// The revision of a pod.
pub fn revision(pod: &Object) -> &str {
    pod.label(REVISION_LABEL)
}

/// True for a pod with the name and labels of its ordinal.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go identityMatches.
pub fn identity_matches(set: &Object, pod: &Object) -> bool {
    parent_and_ordinal(pod.name()).is_some_and(|(parent, ordinal)| {
        parent == set.name()
            && pod.label(NAME_LABEL) == pod.name()
            && pod.label(INDEX_LABEL) == ordinal.to_string()
            && pod.name() == pod_name(set, ordinal)
    })
}

fn pod_name(set: &Object, ordinal: i64) -> String {
    format!("{}-{ordinal}", set.name())
}

/// True for a pod whose volumes are its claims.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go storageMatches.
pub fn storage_matches(set: &Object, pod: &Object) -> bool {
    let volumes = pod.at("spec.volumes").list();
    claim_names(set, ordinal(pod)).all(|(template, claim)| {
        let of_template = |v: &&Value| v.get("name").str() == template;
        volumes.iter().find(of_template).is_some_and(|v| v.at("persistentVolumeClaim.claimName").str() == claim)
    })
}

/// Gives a pod the labels of its ordinal.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go updateIdentity.
pub fn update_identity(set: &Object, pod: &mut Object) {
    let ordinal = ordinal(pod);
    let labels = pod.value.slot_at("metadata.labels").map_mut();
    labels.insert(NAME_LABEL, pod_name(set, ordinal));
    labels.insert(INDEX_LABEL, ordinal.to_string());
}

/// The names of the claim templates, each with the name of the claim of an ordinal.
pub fn claim_names(set: &Object, ordinal: i64) -> impl Iterator<Item = (&str, String)> {
    set.at("spec.volumeClaimTemplates").list().iter().map(move |template| {
        let name = template.at("metadata.name").str();
        (name, format!("{name}-{}-{ordinal}", set.name()))
    })
}

/// Puts the claims of an ordinal among a pod's volumes, in place of volumes of the same names.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go updateStorage. Where there are several, they stand in the order
/// of their templates; upstream's order is that of a Go map.
pub fn update_storage(set: &Object, pod: &mut Object) {
    let mut volumes: Vec<Value> = claim_names(set, ordinal(pod))
        .map(|(name, claim)| value!({"name": name, "persistentVolumeClaim": {"claimName": claim}}))
        .collect();
    let kept = pod.at("spec.volumes").list();
    let shadowed = |volume: &Value| claim_names(set, 0).any(|(name, _)| volume.get("name").str() == name);
    volumes.extend(kept.iter().filter(|volume| !shadowed(volume)).cloned());
    if !volumes.is_empty() {
        pod.set("spec.volumes", Value::from(volumes));
    }
}

/// A pod for an ordinal, of a revision.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go newStatefulSetPod and setPodRevision.
pub fn new_pod(set: &Object, of: &Object, ordinal: i64) -> Object {
    let mut pod = pods::from_template(set, &controller_history::template_of(of));
    let name = pod_name(set, ordinal);
    pod.set("metadata.name", name.as_str());
    pod.set("spec.hostname", name);
    if !set.at("spec.serviceName").is_empty() {
        pod.set("spec.subdomain", set.at("spec.serviceName").clone());
    }
    update_identity(set, &mut pod);
    update_storage(set, &mut pod);
    pod.value.slot_at("metadata.labels").map_mut().insert(REVISION_LABEL, of.name());
    pod
}

/// A claim as the template says, for an ordinal.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaims.
pub fn new_claim(set: &Object, template: &Value, name: &str) -> Object {
    let mut claim = Object::new(kind("PersistentVolumeClaim"), set.namespace(), name);
    let mut labels = template.at("metadata.labels").clone();
    for (key, value) in set.at("spec.selector.matchLabels").entries() {
        labels.map_mut().insert(key, value.clone());
    }
    for (field, value) in [("labels", &labels), ("annotations", template.at("metadata.annotations"))] {
        if !value.is_empty() {
            claim.value.slot("metadata").set(field, value.clone());
        }
    }
    claim.set("spec", template.get("spec").clone());
    claim
}
