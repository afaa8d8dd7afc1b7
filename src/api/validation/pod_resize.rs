//! What the resize sub-resource lets change of a pod: what its containers request and may use of CPU and memory.

use super::field::{same, Errors, Path};
use super::{meta, pod};
use crate::api::qos::qos_class;
use crate::api::status::Cause;
use crate::api::{Object, Value};

/// Models pkg/apis/core/validation ValidatePodResize.
pub fn pod_resize(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    let whole = Path::new("[]");
    if !old.annotation("kubernetes.io/config.mirror").is_empty() {
        errors.forbidden(&whole, "static pods cannot be resized");
    } else if old.at("spec.os.name").str() == "windows" {
        errors.forbidden(&whole, "windows pods cannot be resized");
    }
    if !errors.is_empty() {
        return errors.into_causes();
    }
    meta::object_meta_update(new, old, &mut errors);
    pod::metadata_and_spec(new, old.spec(), &mut errors);
    let path = Path::new("spec");
    if qos_class(new) != qos_class(old) {
        let detail = "Pod QOS Class may not change as a result of resizing";
        errors.invalid(&path, qos_class(old), detail);
    }
    let mut munged = new.spec().clone();
    for list in ["initContainers", "containers"] {
        let before = old.spec().get(list).list();
        if before.len() != new.spec().get(list).list().len() {
            continue;
        }
        for (i, (now, was)) in new.spec().get(list).list().iter().zip(before).enumerate() {
            if list == "containers" || is_sidecar(was) {
                not_removed(now, was, &path.child(list).index(i).child("resources"), &mut errors);
            }
        }
        for (i, was) in before.iter().enumerate() {
            let container = &mut munged.slot(list).items_mut()[i];
            let detail = match (list, is_sidecar(was)) {
                ("containers", _) => "only cpu and memory resources are mutable",
                (_, true) => "only cpu and memory resources for sidecar containers are mutable",
                _ => "resources for non-sidecar init containers are immutable",
            };
            if list == "containers" || is_sidecar(was) {
                put_back(container, was);
            }
            if !same(container, was) {
                errors.forbidden(&path, detail);
            }
        }
    }
    if errors.is_empty() && !same(&munged, old.spec()) {
        errors.forbidden(&path, "only cpu and memory resources are mutable");
    }
    errors.into_causes()
}

fn is_sidecar(container: &Value) -> bool {
    container.get("restartPolicy").str() == "Always"
}

/// Models pkg/apis/core/validation validateContainerResize.
fn not_removed(now: &Value, was: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["requests", "limits"] {
        let kept = now.get("resources").get(field);
        if was.get("resources").get(field).entries().iter().any(|(name, _)| kept.get(name).is_null()) {
            errors.forbidden(&path.child(field), &format!("resource {field} cannot be removed"));
        }
    }
}

/// Puts the amounts of CPU and memory of a container back to what they were.
///
/// Models pkg/apis/core/validation dropCPUMemoryResourcesFromContainer.
fn put_back(container: &mut Value, was: &Value) {
    for field in ["requests", "limits"] {
        let before = was.get("resources").get(field);
        for resource in ["cpu", "memory"] {
            match before.get(resource) {
                Value::Null if container.get("resources").get(field).is_null() => {}
                Value::Null => drop(container.slot("resources").slot(field).remove_key(resource)),
                given => *container.slot("resources").slot(field).slot(resource) = given.clone(),
            }
        }
        if before.is_null() && container.get("resources").get(field).is_empty() && !container.get("resources").is_null()
        {
            container.slot("resources").remove_key(field);
        }
    }
    if container.get("resources").is_empty() && was.get("resources").is_null() {
        container.remove_key("resources");
    }
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
