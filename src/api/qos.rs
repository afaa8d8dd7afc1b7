//! The quality-of-service class of a pod, which decides who is evicted first.

use super::{Object, Value};
use crate::base::quantity::Quantity;

const COMPUTE: [&str; 2] = ["cpu", "memory"];

fn amount(list: &Value, resource: &str) -> Quantity {
    match list.get(resource) {
        Value::Int(n) => Quantity::new(*n, crate::base::quantity::Format::DecimalSi),
        other => Quantity::parse(other.str()).unwrap_or(Quantity::ZERO),
    }
}

/// The class of a pod by what its containers ask for and may use, or by what the pod as a whole says of that.
///
/// Models pkg/apis/core/v1/helper/qos ComputePodQOS.
pub fn qos_class(pod: &Object) -> &'static str {
    let spec = pod.spec();
    let whole = spec.get("resources");
    let of_pod = ["requests", "limits"].iter().any(|field| !whole.get(field).is_empty());
    let containers = spec.get("containers").list().iter().chain(spec.get("initContainers").list());
    let all: Vec<&Value> = if of_pod { vec![whole] } else { containers.map(|c| c.get("resources")).collect() };
    let sum = |field: &str, resource: &str| {
        all.iter().fold(Quantity::ZERO, |sum, resources| {
            let amount = amount(resources.get(field), resource);
            if amount > Quantity::ZERO {
                sum + amount
            } else {
                sum
            }
        })
    };
    let totals = COMPUTE.map(|resource| (sum("requests", resource), sum("limits", resource)));
    if totals.iter().all(|(request, limit)| request.is_zero() && limit.is_zero()) {
        return "BestEffort";
    }
    let limited = |resources: &&Value| COMPUTE.iter().all(|r| amount(resources.get("limits"), r) > Quantity::ZERO);
    if all.iter().all(limited) && totals.iter().all(|(request, limit)| request == limit) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}
