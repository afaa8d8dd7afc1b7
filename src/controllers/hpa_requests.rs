//! What pods request, as autoscalers count it. It knows no autoscaler.

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::api::{Object, Value};
use crate::base::quantity::Quantity;

/// What each pod requests of a resource, in thousandths.
///
/// Models pkg/controller/podautoscaler/replica_calculator.go calculateRequests.
pub fn calculate_requests(
    pods: &[&Object],
    container: &str,
    resource: &str,
) -> Result<BTreeMap<EcoString, i64>, String> {
    let mut requests = BTreeMap::new();
    for pod in pods {
        let whole_pod = pod.at("spec.resources.requests");
        let request = if container.is_empty() && !whole_pod.is_empty() {
            let containers = pod.at("spec.containers").list().iter().map(|c| c.at("resources.requests").get(resource));
            let given = match whole_pod.get(resource) {
                Value::Null => containers.filter(|given| !given.is_null()).map(milli_of).reduce(|a, b| a + b),
                given => Some(milli_of(given)),
            };
            given.ok_or_else(|| format!("missing pod-level request for {resource} in Pod {}", pod.name()))?
        } else {
            container_requests(pod, container, resource)?
        };
        requests.insert(pod.name().into(), request);
    }
    Ok(requests)
}

/// Models pkg/controller/podautoscaler/replica_calculator.go calculatePodRequestsFromContainers.
fn container_requests(pod: &Object, container: &str, resource: &str) -> Result<i64, String> {
    let sidecars = pod.at("spec.initContainers").list().iter().filter(|c| c.get("restartPolicy").str() == "Always");
    let mut sum = 0;
    for spec in pod.at("spec.containers").list().iter().chain(sidecars) {
        let name = spec.get("name").str();
        if container.is_empty() || container == name {
            let request = spec.at("resources.requests").get(resource);
            if request.is_null() {
                return Err(format!("missing request for {resource} in container {name} of Pod {}", pod.name()));
            }
            sum += milli_of(request);
        }
        if container == name {
            return Ok(sum);
        }
    }
    match container {
        "" => Ok(sum),
        _ => Err(format!("container {container} not found in Pod {}", pod.name())),
    }
}

/// A quantity in thousandths.
pub fn milli_of(value: &Value) -> i64 {
    match value {
        Value::Int(n) => n.saturating_mul(1000),
        text => Quantity::parse(text.str()).map_or(0, Quantity::milli_value),
    }
}
