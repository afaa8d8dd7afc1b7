//! The resources of pods and containers as a status lists them.

use ecow::EcoString;

use super::{PodRuntime, State};
use crate::api::{Map, Value};
use crate::base::quantity::Quantity;
use crate::base::time::SimTime;
use crate::workload::{self, Usage};

impl PodRuntime {
    /// What a container of the pod uses at an instant, without what requests to it cost; nothing while it does not run.
    pub fn usage(&self, container: &str, now: SimTime) -> Option<Usage> {
        let container = self.containers.iter().find(|c| c.name == container)?;
        let State::Running(run) = &container.state else { return None };
        let mut usage = workload::idle(container.spec(&self.object));
        usage.memory_bytes += run.demand.memory_after(now.since(run.since));
        usage.cpu_millis += run.demand.cpu_millis;
        Some(usage)
    }
}

/// The requests and limits of a container.
pub(super) fn resources_of(spec: &Value) -> Value {
    let resources = spec.get("resources");
    if resources.is_null() {
        return Value::map();
    }
    let kept = ["limits", "requests"].into_iter().filter(|field| !resources.get(field).is_empty());
    Value::Map(kept.map(|field| (field, resources.get(field).clone())).collect())
}

/// The requests and limits of a pod as a whole: what runs at the same time together, or what an init container takes if
/// that is more.
///
/// Models staging/src/k8s.io/component-helpers/resource AggregateContainerRequests and AggregateContainerLimits.
pub(super) fn pod_resources(spec: &Value) -> Value {
    let mut whole = Map::default();
    let all = || spec.get("containers").list().iter().chain(spec.get("initContainers").list());
    if all().all(|container| container.get("resources").is_empty()) {
        return whole.into();
    }
    for field in ["limits", "requests"] {
        let mut sum: Vec<(EcoString, Quantity)> = Vec::new();
        for container in spec.get("containers").list() {
            combine(&mut sum, container.get("resources").get(field), |a, b| a + b);
        }
        let mut sidecars: Vec<(EcoString, Quantity)> = Vec::new();
        let mut largest: Vec<(EcoString, Quantity)> = Vec::new();
        for container in spec.get("initContainers").list() {
            let own = container.get("resources").get(field);
            if container.get("restartPolicy").str() == "Always" {
                combine(&mut sum, own, |a, b| a + b);
                combine(&mut sidecars, own, |a, b| a + b);
                continue;
            }
            let mut together = sidecars.clone();
            combine(&mut together, own, |a, b| a + b);
            for (name, amount) in together {
                put(&mut largest, &name, amount, |a, b| a.max(b));
            }
        }
        for (name, amount) in largest {
            put(&mut sum, &name, amount, |a, b| a.max(b));
        }
        if !sum.is_empty() {
            let amounts: Map = sum.iter().map(|(name, amount)| (name, amount.to_string())).collect();
            whole.insert(field, amounts);
        }
    }
    whole.into()
}

fn combine(sum: &mut Vec<(EcoString, Quantity)>, amounts: &Value, join: fn(Quantity, Quantity) -> Quantity) {
    for (name, amount) in amounts.entries() {
        let parsed = match amount {
            Value::Int(n) => Quantity::parse(&n.to_string()),
            other => Quantity::parse(other.str()),
        };
        if let Ok(amount) = parsed {
            put(sum, name, amount, join);
        }
    }
}

fn put(
    sum: &mut Vec<(EcoString, Quantity)>,
    name: &EcoString,
    amount: Quantity,
    join: fn(Quantity, Quantity) -> Quantity,
) {
    match sum.iter_mut().find(|(n, _)| n == name) {
        Some((_, total)) => *total = join(*total, amount),
        None => sum.push((name.clone(), amount)),
    }
}
