//! The Deployment controller: which of the two strategies, scaling or pausing a Deployment calls for, step by step.

use super::deployment_arithmetic::{
    is_rolling, is_saturated, max_surge, max_unavailable, most_scaled_down, new_set_size, proportional_sizes,
    scaled_down, total, wanted, without_unhealthy, Set, DESIRED_REPLICAS,
};
use super::deployment_conditions::{condition, is_complete, progress_deadline, set_condition, NewCondition};
use super::deployment_sync::{Rollout, COMPONENT};
use super::{pods, Controller, Key};
use crate::api::selector;
use crate::api::{Object, ObjectKey, Value};
use crate::store::{Action, Change, EventNote, Plan, Verb, View};
use crate::value;

pub(super) const CONTROLLER: Controller = Controller { name: "deployment", keys, reconcile };

/// Models pkg/controller/deployment/deployment_controller.go addReplicaSet, updateReplicaSet, deletePod and the rest.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    match change.kind() {
        "Deployment" if change.verb != Verb::Deleted => vec![Key::of(&change.object)],
        "ReplicaSet" => replica_set_keys(change, view),
        "Pod" if change.verb == Verb::Deleted => recreate_keys(&change.object, view),
        _ => Vec::new(),
    }
}

fn replica_set_keys(change: &Change, view: &View) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for set in change.old.iter().chain([&change.object]) {
        keys.extend(owner_key(set));
    }
    let orphan = change.object.controller_uid().is_empty() && change.verb != Verb::Deleted;
    if orphan && (change.touches("metadata.labels") || change.touches("metadata.ownerReferences")) {
        let deployments = view.store.list("Deployment", change.object.namespace());
        let labels = change.object.labels();
        keys.extend(deployments.filter(|d| selector::matches(d.spec().get("selector"), labels)).map(Key::of));
    }
    keys.dedup();
    keys
}

fn owner_key(set: &Object) -> Option<Key> {
    let owner = set.controller().filter(|owner| owner.kind == "Deployment")?;
    let key = ObjectKey::new(set.namespace(), owner.name);
    Some(Key { kind: "Deployment", key, uid: Default::default() })
}

/// The Deployment of a pod that is gone, where its strategy waits for that.
fn recreate_keys(pod: &Object, view: &View) -> Vec<Key> {
    let set = pod.controller().and_then(|owner| view.store.find("ReplicaSet", pod.namespace(), &owner.name));
    let Some(key) = set.and_then(owner_key) else { return Vec::new() };
    let deployment = view.get("Deployment", &key.key);
    deployment.filter(|d| !is_rolling(d)).map(|_| key).into_iter().collect()
}

/// Models pkg/controller/deployment/deployment_controller.go syncDeployment.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let Some(deployment) = view.get("Deployment", &key.key) else { return Plan::nothing() };
    let mut rollout = Rollout::new(*view, deployment, memory.get("lastError").str());
    if deployment.spec().get("selector").is_empty() {
        selects_everything(&mut rollout);
        return rollout.plan;
    }
    rollout.claim();
    if deployment.is_deleting() {
        rollout.find_new_set();
        rollout.sync_status();
        return rollout.plan;
    }
    check_paused(&mut rollout);
    rollout.find_new_set();
    if rollout.done {
        return rollout.plan;
    }
    let paused = deployment.spec().get("paused").bool();
    if paused || is_scaling(&rollout) {
        scale(&mut rollout);
        if paused {
            rollout.clean_up();
        }
        rollout.sync_status();
    } else if is_rolling(deployment) {
        roll(&mut rollout);
    } else {
        recreate(&mut rollout);
    }
    rollout.plan
}

fn selects_everything(rollout: &mut Rollout) {
    let text = "This deployment is selecting all pods. A non-empty selector is required.";
    let note = EventNote::new(&rollout.deployment, COMPONENT, "Warning", "SelectingAll", text);
    rollout.plan.push(Action::Note(note));
    let generation = rollout.deployment.generation();
    if rollout.deployment.status().get("observedGeneration").int() < generation {
        let mut status = rollout.deployment.status().clone();
        status.set("observedGeneration", generation);
        rollout.write_status(status, "an empty selector is not acted on");
    }
}

/// Models pkg/controller/deployment/sync.go checkPausedConditions.
fn check_paused(rollout: &mut Rollout) {
    let deployment = &rollout.deployment;
    let reason = condition(deployment.status(), "Progressing").get("reason").text();
    if progress_deadline(deployment).is_none() || reason == "ProgressDeadlineExceeded" {
        return;
    }
    let new = match (deployment.spec().get("paused").bool(), reason == "DeploymentPaused") {
        (true, false) => ("DeploymentPaused", "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return,
    };
    let mut status = deployment.status().clone();
    set_condition(&mut status, &NewCondition::progressing("Unknown", new.0, new.1.to_owned()), &rollout.now_text());
    rollout.write_status(status, new.1);
}

/// True where a ReplicaSet was last sized for another number of replicas than the Deployment wants now.
///
/// Models pkg/controller/deployment/sync.go isScalingEvent.
fn is_scaling(rollout: &Rollout) -> bool {
    let wanted = wanted(&rollout.deployment).to_string();
    rollout.all_sets().any(|set| {
        let desired = set.object.annotation(DESIRED_REPLICAS);
        set.replicas > 0 && !desired.is_empty() && desired != wanted
    })
}

/// Models pkg/controller/deployment/sync.go scale.
pub(super) fn scale(rollout: &mut Rollout) {
    let deployment = rollout.deployment.clone();
    let wanted = wanted(&deployment);
    let mut active: Vec<Set> = rollout.all_sets().filter(|set| set.replicas > 0).cloned().collect();
    if active.len() < 2 {
        let newest = rollout.new_set.clone().or_else(|| rollout.old_sets.last().cloned());
        if let Some(set) = active.pop().or(newest).filter(|set| set.replicas != wanted) {
            rollout.resize(&set, wanted, &format!("the Deployment wants {wanted} replicas"));
        }
        return;
    }
    if is_saturated(&deployment, rollout.new_set.as_ref()) {
        for set in rollout.old_sets.clone().iter().filter(|set| set.replicas > 0) {
            rollout.resize(set, 0, &format!("the new ReplicaSet has all {wanted} replicas available"));
        }
    } else if is_rolling(&deployment) {
        let most = if wanted > 0 { wanted + max_surge(&deployment) } else { 0 };
        let there = total(&active);
        for (set, size) in proportional_sizes(&deployment, &active) {
            let rule = format!(
                "scaled to {wanted} during a rollout: {most} pods in all instead of {there}, shared in proportion, {} of {there} here",
                set.replicas
            );
            rollout.rewrite_size(&set, size, &rule);
        }
    }
}

/// Models pkg/controller/deployment/rolling.go rolloutRolling.
fn roll(rollout: &mut Rollout) {
    if rollout.new_set.is_none() {
        rollout.create_new_set();
    }
    let Some(new) = rollout.new_set.clone() else { return };
    if scale_up(rollout, &new) || scale_down_old(rollout, &new) {
        rollout.sync_rollout_status();
        return;
    }
    if is_complete(&rollout.deployment, rollout.deployment.status()) {
        rollout.clean_up();
    }
    rollout.sync_rollout_status();
}

/// Models pkg/controller/deployment/rolling.go reconcileNewReplicaSet.
pub(super) fn scale_up(rollout: &mut Rollout, new: &Set) -> bool {
    let wanted = wanted(&rollout.deployment);
    if new.replicas > wanted {
        return rollout.resize(new, wanted, &format!("the Deployment wants {wanted} replicas"));
    }
    let all = total(rollout.all_sets());
    let size = new_set_size(&rollout.deployment, all, new.replicas);
    let rule = rollout.surge_rule(all);
    rollout.resize(new, size, &rule)
}

/// Models pkg/controller/deployment/rolling.go reconcileOldReplicaSets.
pub(super) fn scale_down_old(rollout: &mut Rollout, new: &Set) -> bool {
    let deployment = rollout.deployment.clone();
    let mut old: Vec<Set> = rollout.old_sets.iter().filter(|set| set.replicas > 0).cloned().collect();
    let all = total(rollout.all_sets());
    let most = most_scaled_down(&deployment, all, new);
    if old.is_empty() || most <= 0 {
        return false;
    }
    let least = wanted(&deployment) - max_unavailable(&deployment);
    let mut scaled = false;
    let (sizes, trusted) = without_unhealthy(&old, most);
    for (set, size) in old.iter_mut().zip(sizes) {
        let rule = format!("{} of its {} pods are not available; they go first", set.replicas - size, set.replicas);
        scaled |= rollout.resize(set, size, &rule);
        set.replicas = size;
    }
    if !trusted {
        return false;
    }
    let available: i64 = old.iter().chain([new]).map(Set::available).sum();
    for (set, size) in old.iter().zip(scaled_down(&deployment, &old, available)) {
        let rule = format!(
            "{available} pods are available and at least {least} must be (maxUnavailable of {} replicas is {})",
            wanted(&deployment),
            max_unavailable(&deployment)
        );
        scaled |= rollout.resize(set, size, &rule);
    }
    scaled
}

/// Models pkg/controller/deployment/recreate.go rolloutRecreate.
fn recreate(rollout: &mut Rollout) {
    let mut scaled = false;
    for set in rollout.old_sets.clone().iter().filter(|set| set.replicas > 0) {
        scaled |= rollout.resize(set, 0, "Recreate: all old pods go before new ones come");
    }
    if scaled || old_pods_running(rollout) {
        rollout.sync_rollout_status();
        return;
    }
    if rollout.new_set.is_none() {
        rollout.create_new_set();
    }
    let Some(new) = rollout.new_set.clone() else { return };
    let wanted = wanted(&rollout.deployment);
    rollout.resize(&new, wanted, "Recreate: no old pod runs any more");
    if is_complete(&rollout.deployment, rollout.deployment.status()) {
        rollout.clean_up();
    }
    rollout.sync_rollout_status();
}

/// Models pkg/controller/deployment/recreate.go oldPodsRunning.
pub(super) fn old_pods_running(rollout: &Rollout) -> bool {
    rollout.old_sets.iter().any(|set| {
        set.actual() > 0 || rollout.view.store.owned(set.object.uid(), "Pod").any(|pod| !pods::has_ended(pod))
    })
}

/// What a rollout remembers of a Deployment's selector and template in a new ReplicaSet.
pub(super) fn selector_with(selector: &Value, label: &str, hash: &str) -> Value {
    let mut selector = if selector.is_null() { value!({}) } else { selector.clone() };
    selector.slot("matchLabels").map_mut().insert(label, hash);
    selector
}
