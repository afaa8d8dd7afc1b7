//! The controllers of ReplicaSets and ReplicationControllers: as many pods as wanted, and a status that says how many there are.

use std::sync::Arc;

use super::replica_set_ranking::rank;
use super::replica_set_status::{self, Counts};
use super::{claims, pods, Controller, Key};
use crate::api::{Object, Value};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};

/// As whom the controller of a set writes and tells.
fn component(set: &Object) -> &'static str {
    match set.kind.kind {
        "ReplicationController" => "replication-controller",
        _ => "replicaset-controller",
    }
}

/// The most pods created or deleted in one go.
const BURST: usize = 500;

pub(super) const CONTROLLER: Controller = Controller { name: "replicaset", keys, reconcile };

/// Models pkg/controller/replication NewReplicationManager: ReplicationControllers are ReplicaSets under another name.
pub(super) const REPLICATION: Controller =
    Controller { name: "replicationcontroller", keys: replication_keys, reconcile };

/// Models pkg/controller/replicaset/replica_set.go addPod, updatePod and deletePod. A change of a pod that no count and
/// no selector depends on asks for nothing, where upstream looks again and finds nothing to do.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    match change.kind() {
        "ReplicaSet" if change.verb != Verb::Deleted => vec![Key::of(&change.object)],
        "Pod" if matters(change) => claims::keys_of_pod(change, view, "ReplicaSet"),
        _ => Vec::new(),
    }
}

/// The same for ReplicationControllers.
fn replication_keys(change: &Change, view: &View) -> Vec<Key> {
    match change.kind() {
        "ReplicationController" if change.verb != Verb::Deleted => vec![Key::of(&change.object)],
        "Pod" if matters(change) => claims::keys_of_pod(change, view, "ReplicationController"),
        _ => Vec::new(),
    }
}

/// True where a pod's change may change a count, an owner or a choice.
fn matters(change: &Change) -> bool {
    let (Some(old), Verb::Modified) = (&change.old, change.verb) else { return true };
    let ready = |pod: &Object| pod.condition("Ready").clone();
    ["status.phase", "metadata.labels", "metadata.ownerReferences", "metadata.deletionTimestamp"]
        .iter()
        .any(|path| change.touches(path))
        || ready(old) != ready(&change.object)
}

/// Models pkg/controller/replicaset/replica_set.go syncReplicaSet. Where the store's counts tell all there is to tell, its
/// pods are not looked at one by one.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let Some(set) = view.get(key.kind, &key.key) else { return Plan::nothing() };
    let refusal = memory.get("lastError").str();
    if let Some(counts) = counts_at_rest(view, set) {
        let mut plan = Plan { visited: (counts.replicas + counts.terminating) as u32, ..Plan::nothing() };
        carry_out(view, set, &counts, &[], refusal, &mut plan);
        return plan;
    }
    let mut plan = Plan::nothing();
    let mut terminating = 0;
    let claims = claims::claim(view, set, "Pod", component(set), |pod| {
        terminating += i64::from(pods::is_terminating(pod));
        pods::is_active(pod)
    });
    plan.visited = claims.visited;
    plan.actions = claims.actions;
    let counts = Counts::of(set, &claims.owned, terminating, view.timestamp());
    carry_out(view, set, &counts, &claims.owned, refusal, &mut plan);
    plan
}

/// The counts of a ReplicaSet that has neither to adopt nor to release nor to delete a pod, and does not ask how long its
/// pods have been ready; none for another.
fn counts_at_rest(view: &View, set: &Object) -> Option<Counts> {
    if set.spec().get("minReadySeconds").int() != 0 {
        return None;
    }
    let adoptable =
        |pod: &Object| pod.namespace() == set.namespace() && pods::is_active(pod) && claims::selects(set, pod.labels());
    let tallies = view.store.tallies(set.uid());
    let rest = tallies.iter().all(|tally| tally.active == 0 || claims::selects(set, &tally.labels));
    if !rest || view.store.owned("", "Pod").any(adoptable) {
        return None;
    }
    let template = set.at("spec.template.metadata").get("labels").entries();
    let mut counts = Counts::default();
    for tally in tallies {
        let labeled = template.iter().all(|(key, value)| tally.labels.get(key) == value);
        counts.replicas += i64::from(tally.active);
        counts.fully_labeled += if labeled { i64::from(tally.active) } else { 0 };
        counts.ready += i64::from(tally.ready);
        counts.available += i64::from(tally.ready);
        counts.terminating += i64::from(tally.terminating);
    }
    (counts.replicas <= wanted_replicas(set)).then_some(counts)
}

fn wanted_replicas(set: &Object) -> i64 {
    set.spec().get("replicas").opt_int().unwrap_or(1).max(0)
}

/// Creates and deletes, and writes the status; after a refusal the status comes first, because another may follow.
fn carry_out(view: &View, set: &Object, counts: &Counts, owned: &[Object], refusal: &str, plan: &mut Plan) {
    if !refusal.is_empty() {
        update_status(view, set, counts, refusal, plan);
    }
    if !set.is_deleting() {
        manage_replicas(view, set, counts.replicas, owned, plan);
    }
    if refusal.is_empty() {
        update_status(view, set, counts, refusal, plan);
    }
}

fn update_status(view: &View, set: &Object, counts: &Counts, refusal: &str, plan: &mut Plan) {
    if let Some(again) = counts.next_available {
        plan.again_after(again);
    }
    if let Some(object) = replica_set_status::with_status(set, counts, refusal, &view.now_text()) {
        let rule = format!(
            "{} pods, {} ready, {} available of {} wanted",
            counts.replicas,
            counts.ready,
            counts.available,
            wanted_replicas(set)
        );
        plan.push(Action::UpdateStatus { object, because: Arc::new(Because::of(component(set), set, rule)) });
    }
}

/// Models pkg/controller/replicaset/replica_set.go manageReplicas. A plan ends with the first refusal, which is what
/// upstream's slow-start batches of 1, 2, 4 ... are for: no storm of refused requests.
fn manage_replicas(view: &View, set: &Object, there: i64, owned: &[Object], plan: &mut Plan) {
    let (wanted, there) = (wanted_replicas(set) as usize, there as usize);
    if there < wanted {
        let namespace = view.store.find("Namespace", "", set.namespace());
        if namespace.is_none_or(Object::is_deleting) {
            return;
        }
        let missing = wanted - there;
        let count = missing.min(BURST);
        let because = Arc::new(Because::of(component(set), set, shortage(wanted, there, count)));
        let pod = pods::from_template(set, set.spec().get("template"));
        let note = |severity, reason, text| Some(EventNote::new(set, component(set), severity, reason, text));
        for _ in 0..count {
            plan.push(Action::Create {
                object: pod.clone(),
                because: because.clone(),
                success: note("Normal", "SuccessfulCreate", "Created pod: {name}"),
                failure: note("Warning", "FailedCreate", "Error creating: {error}"),
            });
        }
    } else if there > wanted {
        let surplus = (there - wanted).min(BURST);
        let because = Arc::new(Because::of(component(set), set, excess(wanted, there, surplus)));
        for pod in pods_to_delete(view, set, owned, surplus) {
            let text = format!("Deleted pod: {}", pod.name());
            plan.push(Action::Delete {
                kind: "Pod",
                key: pod.key(),
                uid: pod.uid().into(),
                options: DeleteOptions::default(),
                because: because.clone(),
                success: Some(EventNote::new(set, component(set), "Normal", "SuccessfulDelete", text)),
            });
        }
    }
}

fn shortage(wanted: usize, there: usize, count: usize) -> String {
    match wanted - there == count {
        true => format!("{wanted} replicas wanted, {there} there: {count} missing"),
        false => format!("{wanted} replicas wanted, {there} there: at most {BURST} are made at once"),
    }
}

fn excess(wanted: usize, there: usize, count: usize) -> String {
    match there - wanted == count {
        true => format!("{wanted} replicas wanted, {there} there: {count} too many"),
        false => format!("{wanted} replicas wanted, {there} there: at most {BURST} are deleted at once"),
    }
}

/// Models pkg/controller/replicaset/replica_set.go getPodsToDelete and getIndirectlyRelatedPods.
fn pods_to_delete<'a>(view: &View, set: &Object, owned: &'a [Object], count: usize) -> Vec<&'a Object> {
    if count >= owned.len() {
        return owned.iter().collect();
    }
    let family = set.controller_uid();
    let kin: Vec<&Object> = if family.is_empty() {
        owned.iter().collect()
    } else {
        let sets = view.store.owned(family, "ReplicaSet");
        sets.flat_map(|sibling| view.store.owned(sibling.uid(), "Pod")).collect()
    };
    rank(owned, &kin, view.timestamp()).into_iter().take(count).map(|ranked| ranked.pod).collect()
}
