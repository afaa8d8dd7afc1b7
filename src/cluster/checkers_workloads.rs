//! What must hold of workloads: of each change as it is made, and of every status once the cluster is at rest.

use std::collections::BTreeSet;

use super::World;
use ecow::EcoString;

use crate::api::{selector, Object, Value};
use crate::base::quantity::Quantity;
use crate::store::{Change, Verb};

/// What is wrong about the changes after a revision. The controllers' view must be the one they decided upon: call this
/// after each event.
pub fn changes(world: &World, since: u64, found: &mut Vec<String>) {
    for change in world.store().changes_since(since) {
        if change.kind() == "Pod" {
            starts_in_order(world, change, found);
            stops_in_order(world, change, found);
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

/// A pod of an ordered StatefulSet that has become too small is stopped when none after it is left.
fn stops_in_order(world: &World, change: &Change, found: &mut Vec<String>) {
    let pod = &change.object;
    let stopped = change.verb == Verb::Modified
        && change.because.component == "statefulset-controller"
        && pod.is_deleting()
        && !change.old.as_ref().is_some_and(Object::is_deleting);
    let Some(owner) = pod.controller().filter(|_| stopped) else { return };
    let Some(set) = world.view().store.find("StatefulSet", pod.namespace(), &owner.name) else { return };
    let end = set.at("spec.ordinals.start").int() + set.at("spec.replicas").opt_int().unwrap_or(1);
    if set.at("spec.podManagementPolicy").str() != "OrderedReady" || ordinal(pod) < end {
        return;
    }
    let after = world.view().store.owned(set.uid(), "Pod").filter(|other| ordinal(other) > ordinal(pod));
    found.extend(after.map(|other| format!("pod {} was stopped before {}", pod.key(), other.name())));
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
        for (resource, most) in quota.at("spec.hard").entries() {
            let (used, most) = (used(world, namespace, resource), milli(most));
            if used.is_some_and(|used| used > most) {
                let key = change.key();
                found.push(format!("pod {key} brings {resource} to {used:?}m of {most}m in quota {}", quota.name()));
            }
        }
    }
}

/// Thousandths of what the pods of a namespace that have not ended use of a resource; nothing for what they do not use.
fn used(world: &World, namespace: &str, resource: &str) -> Option<i64> {
    let live = |pod: &&Object| !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
    let pods = world.store().list("Pod", namespace).filter(live);
    match resource {
        "pods" => Some(pods.count() as i64 * 1_000),
        "requests.cpu" | "requests.memory" => {
            let containers = pods.flat_map(|pod| pod.at("spec.containers").list());
            Some(containers.map(|c| milli(c.at("resources.requests").get(&resource[9..]))).sum())
        }
        _ => None,
    }
}

fn milli(amount: &Value) -> i64 {
    match amount {
        Value::Int(n) => n * 1_000,
        other => Quantity::parse(other.str()).map_or(0, |quantity| quantity.milli_value()),
    }
}

/// No StatefulSet has two pods of one ordinal, no Job more successes than it wants, no budget allows less than nothing.
pub fn at_any_time(world: &World, found: &mut Vec<String>) {
    for set in world.store().all("StatefulSet") {
        let mut seen = BTreeSet::new();
        for pod in world.store().owned(set.uid(), "Pod") {
            let is_its_name = pod.label("statefulset.kubernetes.io/pod-name") == pod.name();
            if !is_its_name || !seen.insert(ordinal(pod)) {
                found.push(format!("pod {} has the identity of another of StatefulSet {}", pod.key(), set.name()));
            }
        }
    }
    for job in world.store().all("Job") {
        let (wanted, succeeded) = (job.at("spec.completions").opt_int(), job.at("status.succeeded").int());
        if wanted.is_some_and(|wanted| succeeded > wanted) {
            found.push(format!("Job {} has {succeeded} successes and wants {wanted:?}", job.key()));
        }
        let active = world.store().owned(job.uid(), "Pod").filter(is_live).count() as i64;
        let most = job.at("spec.parallelism").opt_int().unwrap_or(1);
        if active > most && job.generation() == 1 {
            found.push(format!("Job {} has {active} active pods and may have {most}", job.key()));
        }
    }
    for budget in world.store().all("PodDisruptionBudget") {
        if budget.at("status.disruptionsAllowed").int() < 0 {
            found.push(format!("budget {} allows less than nothing", budget.key()));
        }
    }
}

fn is_live(pod: &&Object) -> bool {
    !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed") && !pod.is_deleting()
}

/// Every status says what is there. As upstream's, the disruption controller looks at the first budget alone of several
/// that select a pod, and at none for a pod whose labels no budget selects any more: such budgets keep what they said.
pub fn at_rest(world: &World, found: &mut Vec<String>) {
    let mut others = Vec::new();
    let mut say = |object: &Object, field: &str, there: usize| {
        let said = object.status().get(field).int();
        if said != there as i64 {
            let (kind, key) = (object.kind.kind, object.key());
            found.push(format!("{kind} {key} says {said} in {field} where {there} are there"));
        }
    };
    let live = is_live;
    let ready = |pod: &&Object| pod.has_condition("Ready");
    for kind in ["StatefulSet", "ReplicationController"] {
        for set in world.store().all(kind) {
            let pods = || world.store().owned(set.uid(), "Pod");
            say(set, "replicas", pods().filter(|pod| kind == "StatefulSet" || live(pod)).count());
            say(set, "readyReplicas", pods().filter(ready).filter(|pod| kind == "StatefulSet" || live(pod)).count());
            say(set, "observedGeneration", set.generation() as usize);
        }
    }
    for deployment in world.store().all("Deployment") {
        let sets = || world.store().owned(deployment.uid(), "ReplicaSet");
        let sum = |field: &str| sets().map(|set| set.status().get(field).int()).sum::<i64>() as usize;
        say(deployment, "replicas", sum("replicas"));
        say(deployment, "readyReplicas", sum("readyReplicas"));
        say(deployment, "availableReplicas", sum("availableReplicas"));
        say(deployment, "observedGeneration", deployment.generation() as usize);
    }
    for service in world.store().all("Service").filter(|service| !service.at("spec.selector").is_empty()) {
        let pods = world.store().list("Pod", service.namespace());
        let mine = pods.filter(|pod| {
            let selects = |(key, value): &(EcoString, Value)| pod.labels().get(key) == value;
            service.at("spec.selector").entries().iter().all(selects) && ready(pod) && !pod.is_deleting()
        });
        let wanted: BTreeSet<&str> = mine.map(|pod| pod.at("status.podIP").str()).collect();
        let slices = world.store().list("EndpointSlice", service.namespace());
        let slices = slices.filter(|slice| slice.label("kubernetes.io/service-name") == service.name());
        let endpoints =
            slices.flat_map(|slice| slice.at("endpoints").list()).filter(|e| e.at("conditions.ready").bool());
        let there: BTreeSet<&str> = endpoints.map(|endpoint| endpoint.at("addresses").index(0).str()).collect();
        if wanted != there {
            others.push(format!("Service {} has ready endpoints {there:?} where {wanted:?} are ready", service.key()));
        }
    }
    for quota in world.store().all("ResourceQuota") {
        for (resource, said) in quota.at("status.used").entries() {
            let used = used(world, quota.namespace(), resource);
            if used.is_some_and(|used| used != milli(said)) {
                others.push(format!("quota {} says {} {resource} where {used:?}m are used", quota.key(), milli(said)));
            }
        }
    }
    for set in world.store().all("DaemonSet") {
        let pods = || world.store().owned(set.uid(), "Pod").filter(|pod| !pod.at("spec.nodeName").is_empty());
        let wrong = set.at("status.numberMisscheduled").int() as usize;
        let nodes: BTreeSet<&str> = pods().map(|pod| pod.at("spec.nodeName").str()).collect();
        say(set, "currentNumberScheduled", nodes.len().saturating_sub(wrong));
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
        let wanted = job.at("spec.completions").opt_int().filter(|_| job.has_condition("Complete"));
        if ended && pods().any(|pod| live(&pod)) || wanted.is_some_and(|n| n != job.at("status.succeeded").int()) {
            say(job, "active", usize::MAX);
        }
        let failed = pods().filter(|pod| pod.at("status.phase").str() == "Failed").count();
        if (job.at("status.failed").int() as usize) < failed {
            say(job, "failed", failed);
        }
    }
    for budget in world.store().all("PodDisruptionBudget") {
        let selects = |other: &Object, pod: &Object| selector::matches(other.at("spec.selector"), pod.labels());
        let mine = || world.store().list("Pod", budget.namespace()).filter(|pod| selects(budget, pod));
        let budgets = || world.store().list("PodDisruptionBudget", budget.namespace());
        let is_looked_at = |pod: &Object| budgets().filter(|other| selects(other, pod)).count() == 1;
        let counted = budget.condition("DisruptionAllowed").get("reason").str() != "SyncFailed";
        if counted && mine().next().is_some() && mine().all(is_looked_at) {
            say(budget, "currentHealthy", mine().filter(|pod| !pod.is_deleting()).filter(ready).count());
        }
    }
    found.extend(others);
}
