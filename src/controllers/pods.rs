//! What several controllers ask of a pod, and how a pod is made from a template. It decides nothing.

use crate::api::{Object, Value};
use crate::base::time::{Span, Timestamp};

/// True for a pod that has not ended and is not going.
///
/// Models pkg/controller/controller_utils.go IsPodActive.
pub fn is_active(pod: &Object) -> bool {
    !has_ended(pod) && !pod.is_deleting()
}

/// True for a pod that is going and has not ended yet.
///
/// Models pkg/controller/controller_utils.go IsPodTerminating.
pub fn is_terminating(pod: &Object) -> bool {
    pod.is_deleting() && !has_ended(pod)
}

/// True for a pod whose containers will not run again.
pub fn has_ended(pod: &Object) -> bool {
    matches!(pod.status().get("phase").str(), "Succeeded" | "Failed")
}

/// True for a pod whose Ready condition is True.
pub fn is_ready(pod: &Object) -> bool {
    pod.has_condition("Ready")
}

/// When the pod became ready; none for one that is not.
pub fn ready_since(pod: &Object) -> Option<Timestamp> {
    let condition = pod.condition("Ready");
    if condition.get("status").str() != "True" {
        return None;
    }
    Timestamp::parse(condition.get("lastTransitionTime").str())
}

/// How long a ready pod has to stay ready until it counts as available; zero once it does, none where it
/// cannot be told.
///
/// Models pkg/api/v1/pod/util.go IsPodAvailable.
pub fn until_available(pod: &Object, min_ready_seconds: i64, now: Timestamp) -> Option<Span> {
    if min_ready_seconds == 0 {
        return is_ready(pod).then_some(Span::ZERO);
    }
    let since = ready_since(pod)?;
    let at = since.0 + Span::secs(min_ready_seconds as u64).0 as i64;
    Some(Span((at - now.0).max(0) as u64))
}

/// A pod made from the template of `owner`, without a name of its own.
///
/// Models pkg/controller/controller_utils.go GetPodFromTemplate.
pub fn from_template(owner: &Object, template: &Value) -> Object {
    let mut pod = Object::new(crate::api::kind("Pod"), owner.namespace(), "");
    pod.value.remove("metadata.name");
    pod.set("metadata.generateName", format!("{}-", owner.name()));
    for field in ["labels", "annotations", "finalizers"] {
        let value = template.get("metadata").get(field);
        if !value.is_empty() {
            pod.value.slot("metadata").set(field, value.clone());
        }
    }
    pod.set("metadata.ownerReferences", Value::from(vec![owner.controller_reference()]));
    pod.set("spec", template.get("spec").clone());
    pod
}
