//! What the resize sub-resource lets change of a pod: what its containers request and may use of CPU and memory.

use super::field::{same, Errors, Path};
use super::meta;
use crate::api::qos::qos_class;
use crate::api::status::Cause;
use crate::api::{Object, Value};

/// Models pkg/apis/core/validation ValidatePodResize.
pub fn pod_resize(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    let path = Path::new("spec");
    if qos_class(new) != qos_class(old) {
        let detail = "Pod QOS Class may not be changed as a result of resizing";
        errors.invalid(&path, qos_class(new), detail);
    }
    let mut munged = new.spec().clone();
    for (container, before) in munged.slot("containers").items_mut().iter_mut().zip(old.at("spec.containers").list()) {
        for field in ["requests", "limits"] {
            for resource in ["cpu", "memory"] {
                let given = before.get("resources").get(field).get(resource);
                if given.is_null() {
                    container.slot("resources").slot(field).remove_key(resource);
                } else {
                    *container.slot("resources").slot(field).slot(resource) = given.clone();
                }
            }
            if container.get("resources").get(field).is_empty() && before.get("resources").get(field).is_null() {
                container.slot("resources").remove_key(field);
            }
        }
        if container.get("resources").is_empty() && before.get("resources").is_null() {
            container.remove_key("resources");
        }
    }
    if !same(&munged, old.spec()) {
        errors.forbidden(&path, "only cpu and memory resources are mutable");
    }
    errors.into_causes()
}

/// A container with other requests, and its limits in the same proportion.
///
/// Models vertical-pod-autoscaler/pkg/utils/vpa/limit_and_request_scaling.go GetProportionalLimit.
pub fn scaled(container: &Value, requests: &[(&str, String)], limits_too: bool) -> Value {
    use super::resources::quantity;
    let mut scaled = container.clone();
    for (resource, request) in requests {
        let before = container.at("resources.requests").get(resource);
        let limit = container.at("resources.limits").get(resource);
        let new = Value::from(request.as_str());
        if limits_too && !limit.is_null() {
            let base = if before.is_null() { limit } else { before };
            let (limit, base, wanted) = (quantity(limit), quantity(base), quantity(&new));
            let milli = *resource == "cpu";
            let of = |q: crate::base::quantity::Quantity| if milli { q.milli_value() } else { q.value() } as f64;
            let proportional = (of(limit) * of(wanted) / of(base).max(1.0)) as i64;
            let text = match milli {
                true => crate::base::quantity::Quantity::from_milli(proportional, wanted.format()).to_string(),
                false => crate::base::quantity::Quantity::new(proportional, wanted.format()).to_string(),
            };
            *scaled.slot("resources").slot("limits").slot(resource) = text.into();
        }
        *scaled.slot("resources").slot("requests").slot(resource) = new;
    }
    scaled
}
