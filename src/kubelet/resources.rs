//! The resources of pods and containers as a status lists them.

use super::{PodRuntime, State};
use crate::api::amounts::of_containers;
use crate::api::Value;
use crate::base::time::SimTime;
use crate::workload::{self, Usage};

impl PodRuntime {
    /// What a container of the pod uses at an instant, without what requests to it cost; nothing while it does not run.
    pub fn usage(&self, container: &str, now: SimTime) -> Option<Usage> {
        let container = self.containers.iter().find(|c| c.name == container)?;
        let State::Running(_) = &container.state else { return None };
        let mut usage = workload::idle(container.spec(&self.object));
        for (since, demand) in container.process.iter().flat_map(|process| process.demands()) {
            usage.memory_bytes += demand.memory_after(now.since(since));
            usage.cpu_millis += demand.cpu_millis;
        }
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
pub(super) fn pod_resources(spec: &Value) -> Value {
    let amounts = ["limits", "requests"].map(|field| (field, of_containers(spec, field)));
    let listed = amounts.iter().filter(|(_, amounts)| !amounts.is_empty());
    Value::Map(listed.map(|(field, amounts)| (*field, amounts.to_value())).collect())
}
