//! The time of the change that a write of endpoints answers to, for the annotation that measures how long that took.

use super::service_members::Candidate;
use crate::api::{Object, Value};
use crate::value;

/// The annotation.
pub const ANNOTATION: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The earliest of the times that are new since `memory`, and the memory for the next time. The pods come in the order of
/// their names.
///
/// Models staging/src/k8s.io/endpointslice/trigger_time_tracker.go ComputeEndpointLastChangeTriggerTime.
pub(super) fn compute(service: &Object, pods: &[Candidate], memory: &Value) -> (Option<String>, Value) {
    let mut known = memory.get("names").list().iter().zip(memory.get("times").list()).peekable();
    let mut earliest: Option<&str> = None;
    let (mut names, mut times) = (Vec::with_capacity(pods.len()), Vec::with_capacity(pods.len()));
    for pod in pods {
        let time = pod.ready.get("lastTransitionTime");
        let Some(text) = time.opt_str() else { continue };
        while known.next_if(|(other, _)| other.str() < pod.name.str()).is_some() {}
        let before = known.next_if(|(other, _)| *other == pod.name).map_or("", |(_, time)| time.str());
        if text > before && earliest.is_none_or(|other| text < other) {
            earliest = Some(text);
        }
        names.push(pod.name.clone());
        times.push(time.clone());
    }
    let created = service.metadata().get("creationTimestamp");
    let fresh = created.str() > memory.get("service").str() && earliest.is_none_or(|other| created.str() < other);
    let trigger = if fresh { Some(created.str()) } else { earliest };
    let memory = value!({"service": (created.clone()), "names": names, "times": times});
    (trigger.map(str::to_owned), memory)
}

/// Sets or clears the annotation.
pub fn annotate(object: &mut Object, trigger: Option<&str>) {
    match trigger {
        Some(time) => object.value.slot_at("metadata.annotations").map_mut().insert(ANNOTATION, time),
        None if object.metadata().get("annotations").is_null() => {}
        None => {
            object.value.slot_at("metadata.annotations").remove_key(ANNOTATION);
            if object.metadata().get("annotations").is_empty() {
                object.value.remove("metadata.annotations");
            }
        }
    }
}
