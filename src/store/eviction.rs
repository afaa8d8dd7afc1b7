//! Evicting a pod: a deletion that asks the pod's disruption budget first.

use std::sync::Arc;

use super::deletion::Deleted;
use super::plan::DeleteOptions;
use super::server::set_condition;
use super::server::Part;
use super::{Because, Server};
use crate::api::{kind, selector, Object, ObjectKey, Status, Value};
use crate::value;

impl Server<'_> {
    /// Deletes a pod where its disruption budget allows it.
    ///
    /// Models pkg/registry/core/pod/storage EvictionREST.Create.
    pub fn evict(
        &mut self,
        key: &ObjectKey,
        options: DeleteOptions,
        because: &Arc<Because>,
    ) -> Result<Deleted, Status> {
        let pod = self.get(kind("Pod"), key)?.clone();
        let uid = pod.uid().to_owned();
        let phase = pod.at("status.phase").str();
        if !matches!(phase, "Succeeded" | "Failed" | "Pending") && !pod.is_deleting() {
            let budgets = self.store.list("PodDisruptionBudget", &key.namespace);
            let mine = budgets.filter(|budget| selector::matches(budget.at("spec.selector"), pod.labels()));
            let mine: Vec<Object> = mine.cloned().collect();
            match mine.as_slice() {
                [] => {}
                [budget] if is_spared(budget, &pod) => {}
                [budget] => self.take_from(budget, &pod, because)?,
                _ => {
                    let text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                    return Err(Status::failure(500, text));
                }
            }
        }
        if !pod.is_deleting() {
            self.mark_target(&pod, because)?;
        }
        self.delete(kind("Pod"), key, &uid, options, because)
    }

    /// Takes one from what the budget allows.
    ///
    /// Models pkg/registry/core/pod/storage EvictionREST.checkAndDecrement.
    fn take_from(&mut self, budget: &Object, pod: &Object, because: &Arc<Because>) -> Result<(), Status> {
        let allowed = budget.at("status.disruptionsAllowed").int();
        if budget.at("status.observedGeneration").int() < budget.generation() || allowed <= 0 {
            let text = "Cannot evict pod as it would violate the pod's disruption budget.";
            return Err(Status::too_many_requests(text));
        }
        let now = self.now().rfc3339();
        let (name, generation) = (pod.name(), budget.at("status.observedGeneration").clone());
        self.modify(budget.kind, &budget.key(), Part::Status, because, |budget| {
            let mut budget = budget.clone();
            budget.set("status.disruptionsAllowed", allowed - 1);
            budget.value.slot_at("status.disruptedPods").map_mut().insert(name, now.as_str());
            if allowed == 1 {
                set_condition(
                    &mut budget,
                    value!({"type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": "",
                        "lastTransitionTime": (now.as_str()), "observedGeneration": generation}),
                );
            }
            Ok(budget)
        })?;
        Ok(())
    }

    /// Notes on the pod why it goes.
    ///
    /// Models pkg/registry/core/pod/storage addConditionAndDeletePod.
    fn mark_target(&mut self, pod: &Object, because: &Arc<Because>) -> Result<(), Status> {
        let (now, generation) = (self.now().rfc3339(), pod.generation());
        self.modify(kind("Pod"), &pod.key(), Part::Status, because, |pod| {
            let mut pod = pod.clone();
            let condition = value!({"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
                "message": "Eviction API: evicting", "lastProbeTime": null, "lastTransitionTime": now,
                "observedGeneration": generation});
            set_condition(&mut pod, condition);
            Ok(pod)
        })?;
        Ok(())
    }
}

/// True for a pod that is not ready and whose eviction the budget's policy lets pass: always, or where enough are healthy.
fn is_spared(budget: &Object, pod: &Object) -> bool {
    if pod.has_condition("Ready") {
        return false;
    }
    let status = budget.status();
    let count = |field: &str| Value::int(status.get(field));
    budget.at("spec.unhealthyPodEvictionPolicy").str() == "AlwaysAllow"
        || count("desiredHealthy") > 0 && count("currentHealthy") >= count("desiredHealthy")
}
