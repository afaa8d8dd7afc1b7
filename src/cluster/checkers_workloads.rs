//! What must hold of workloads: of each change as it is made, and of every status once the cluster is at rest.

use super::World;
use crate::api::{selector, Object};
use crate::store::{Change, Verb};

/// What is wrong about the changes after a revision. The controllers' view must be the one they decided upon: call this
/// after each event.
pub fn changes(world: &World, since: u64, found: &mut Vec<String>) {
    for change in world.store().changes_since(since) {
        if change.kind() == "Pod" {
            starts_in_order(world, change, found);
            eviction_is_paid_for(world, change, found);
            quota_has_room(world, change, found);
        }
    }
}

/// A pod of an ordered StatefulSet is made when all before it are ready.
fn starts_in_order(world: &World, change: &Change, found: &mut Vec<String>) {
    let pod = &change.object;
    let made = change.verb == Verb::Added && change.because.component == "statefulset-controller";
    let Some(owner) = pod.controller().filter(|_| made) else { return };
    let Some(set) = world.view().store.find("StatefulSet", pod.namespace(), &owner.name) else { return };
    if set.at("spec.podManagementPolicy").str() != "OrderedReady" {
        return;
    }
    for before in set.at("spec.ordinals.start").int()..ordinal(pod) {
        let name = format!("{}-{before}", set.name());
        let there = world.view().store.find("Pod", pod.namespace(), &name);
        if !there.is_some_and(|pod| pod.has_condition("Ready")) {
            found.push(format!("pod {} was made although {name} is not ready", pod.key()));
        }
    }
}

fn ordinal(pod: &Object) -> i64 {
    pod.name().rsplit_once('-').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(-1)
}

/// A pod that is evicted stands in its budget, or its budget spares it.
fn eviction_is_paid_for(world: &World, change: &Change, found: &mut Vec<String>) {
    let pod = &change.object;
    let evicted = |pod: &Object| pod.condition("DisruptionTarget").get("reason").str() == "EvictionByEvictionAPI";
    if change.verb != Verb::Modified || !evicted(pod) || change.old.as_ref().is_some_and(evicted) {
        return;
    }
    let free = pod.at("status.phase").str() != "Running" || !pod.has_condition("Ready") || pod.is_deleting();
    let budgets = world.store().list("PodDisruptionBudget", pod.namespace());
    for budget in budgets.filter(|budget| selector::matches(budget.at("spec.selector"), pod.labels())) {
        if !free && budget.at("status.disruptedPods").get(pod.name()).is_null() {
            found.push(format!("pod {} was evicted although budget {} did not allow it", pod.key(), budget.name()));
        }
    }
}

/// No pod is made beyond what a quota allows.
fn quota_has_room(world: &World, change: &Change, found: &mut Vec<String>) {
    let namespace = change.object.namespace();
    for quota in world.store().list("ResourceQuota", namespace).filter(|_| change.verb == Verb::Added) {
        let Ok(most) = quota.at("spec.hard.pods").str().parse::<usize>() else { continue };
        let live = |pod: &&Object| !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        let there = world.store().list("Pod", namespace).filter(live).count();
        if there > most {
            found.push(format!("pod {} is the {there}th of {most} in quota {}", change.key(), quota.name()));
        }
    }
}

/// No StatefulSet has two pods of one ordinal, no Job more successes than it wants, no budget allows less than nothing.
pub fn at_any_time(world: &World, found: &mut Vec<String>) {
    for set in world.store().all("StatefulSet") {
        let mut ordinals: Vec<i64> = world.store().owned(set.uid(), "Pod").map(ordinal).collect();
        let count = ordinals.len();
        ordinals.dedup();
        if ordinals.len() < count {
            found.push(format!("StatefulSet {} has two pods of one ordinal: {ordinals:?}", set.key()));
        }
    }
    for job in world.store().all("Job") {
        let (wanted, succeeded) = (job.at("spec.completions").opt_int(), job.at("status.succeeded").int());
        if wanted.is_some_and(|wanted| succeeded > wanted) {
            found.push(format!("Job {} has {succeeded} successes and wants {wanted:?}", job.key()));
        }
    }
    for budget in world.store().all("PodDisruptionBudget") {
        if budget.at("status.disruptionsAllowed").int() < 0 {
            found.push(format!("budget {} allows less than nothing", budget.key()));
        }
    }
}

/// Every status says what is there.
pub fn at_rest(world: &World, found: &mut Vec<String>) {
    let mut say = |object: &Object, field: &str, there: usize| {
        let said = object.status().get(field).int();
        if said != there as i64 {
            let (kind, key) = (object.kind.kind, object.key());
            found.push(format!("{kind} {key} says {said} in {field} where {there} are there"));
        }
    };
    let live = |pod: &&Object| !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed") && !pod.is_deleting();
    let ready = |pod: &&Object| pod.has_condition("Ready");
    for kind in ["StatefulSet", "ReplicationController"] {
        for set in world.store().all(kind) {
            let pods = || world.store().owned(set.uid(), "Pod");
            say(set, "replicas", pods().filter(|pod| kind == "StatefulSet" || live(pod)).count());
            say(set, "readyReplicas", pods().filter(ready).filter(|pod| kind == "StatefulSet" || live(pod)).count());
            say(set, "observedGeneration", set.generation() as usize);
        }
    }
    for set in world.store().all("DaemonSet") {
        let pods = || world.store().owned(set.uid(), "Pod").filter(|pod| !pod.at("spec.nodeName").is_empty());
        let wrong = set.at("status.numberMisscheduled").int() as usize;
        say(set, "currentNumberScheduled", pods().count().saturating_sub(wrong));
        say(set, "observedGeneration", set.generation() as usize);
    }
    for job in world.store().all("Job") {
        let pods = || world.store().owned(job.uid(), "Pod");
        let ended = job.has_condition("Complete") || job.has_condition("Failed");
        say(job, "active", pods().filter(live).count());
        let succeeded = pods().filter(|pod| pod.at("status.phase").str() == "Succeeded").count();
        if job.at("spec.completionMode").str() != "Indexed" && (job.at("status.succeeded").int() as usize) < succeeded {
            say(job, "succeeded", succeeded);
        }
        if ended && pods().any(|pod| live(&pod)) {
            say(job, "active", usize::MAX);
        }
    }
    for budget in world.store().all("PodDisruptionBudget") {
        let pods = world.store().list("Pod", budget.namespace());
        let mine = pods.filter(|pod| selector::matches(budget.at("spec.selector"), pod.labels()));
        if budget.condition("DisruptionAllowed").get("reason").str() != "SyncFailed" {
            say(budget, "currentHealthy", mine.filter(|pod| !pod.is_deleting()).filter(ready).count());
        }
    }
}
