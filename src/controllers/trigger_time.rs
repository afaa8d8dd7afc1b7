//! The time of the change that a write of endpoints answers to, for the annotation that measures how long that took.

use crate::api::{Map, Object, Value};
use crate::value;

/// The annotation.
pub const ANNOTATION: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The earliest of the times that are new since `memory`, and the memory for the next time.
///
/// Models staging/src/k8s.io/endpointslice/trigger_time_tracker.go ComputeEndpointLastChangeTriggerTime.
pub fn compute<'a>(
    service: &Object,
    pods: impl Iterator<Item = &'a Object>,
    memory: &Value,
) -> (Option<String>, Value) {
    let known = memory.get("pods");
    let mut earliest: Option<&str> = None;
    let mut note = |time: &'a str, known: &str| {
        if time > known && earliest.is_none_or(|other| time < other) {
            earliest = Some(time);
        }
    };
    let mut times = Map::default();
    for pod in pods {
        let time = pod.condition("Ready").get("lastTransitionTime");
        if let Some(text) = time.opt_str() {
            note(text, known.get(pod.name()).str());
            times.insert(pod.name(), time.clone());
        }
    }
    let created = service.metadata().get("creationTimestamp");
    let mut trigger = earliest.map(str::to_owned);
    if created.str() > memory.get("service").str() && trigger.as_deref().is_none_or(|other| created.str() < other) {
        trigger = Some(created.str().to_owned());
    }
    (trigger, value!({"service": (created.clone()), "pods": times}))
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
