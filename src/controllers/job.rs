//! The Job controller: pods until enough of them have succeeded, or too many have failed.

use std::sync::Arc;

use super::job_count::{is_tracked, Tally, TRACKING_FINALIZER};
use super::{job_finish, job_pods, job_status, Controller, Key};
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

pub(super) const COMPONENT: &str = "job-controller";
/// Changes of pods are looked at together, this long after the first.
const BATCH: Span = Span::secs(1);

pub(super) const CONTROLLER: Controller = Controller { name: "job", keys, reconcile };

/// Models pkg/controller/job/job_controller.go addPod, updatePod, deletePod, addJob, updateJob and deleteJob. A pod whose Job
/// is gone is a key of its own: only its finalizer is left to care for.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    match (change.kind(), change.verb) {
        ("Job", Verb::Deleted) => view.store.owned(change.object.uid(), "Pod").map(Key::of).collect(),
        ("Job", _) => vec![Key::of(&change.object)],
        ("Pod", verb) => {
            let Some(owner) = change.object.controller().filter(|owner| owner.kind == "Job") else {
                return Vec::new();
            };
            let job = view.store.find("Job", change.object.namespace(), &owner.name);
            match job.filter(|job| job.uid() == owner.uid) {
                Some(job) => vec![Key::of(job)],
                None if verb != Verb::Deleted && is_tracked(&change.object) => vec![Key::of(&change.object)],
                None => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// Models pkg/controller/job/job_controller.go syncJob. A plan ends where one of its steps is refused: after a pod that
/// could not be made, the status goes first and counts the pods that are there.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    if key.kind == "Pod" {
        return free_orphan(view, key);
    }
    let Some(job) = view.get("Job", &key.key).filter(|job| is_ours(job)) else { return Plan::nothing() };
    let refused = !memory.get("lastError").str().is_empty();
    if let Some(plan) = wait_for_batch(view, job, memory).filter(|_| !refused) {
        return plan;
    }
    let tally = Tally::of(view, job);
    let mut plan = Plan { visited: tally.pods.len() as u32, ..Plan::nothing() };
    let mut memory = value!({"seen": (job.metadata().get("resourceVersion").clone()),
        "failures": (memory.get("failures").clone()), "lastFailure": (memory.get("lastFailure").clone())});
    if job_finish::is_finished(job) {
        free_pods(job, tally.pods.iter(), &mut plan);
        plan.memory = Some(memory);
        return plan;
    }
    let finish = job_finish::decide(view, job, &tally, &mut plan);
    job_pods::note_failures(job, &tally, &mut memory);
    let first = plan.actions.len();
    let mut managed = job_pods::manage(view, job, &tally, finish.as_ref(), &memory, &mut plan);
    let finish = finish.or_else(|| job_finish::by_completions(job, &tally, managed.active));
    if refused {
        let of_pods = plan.actions.split_off(first);
        managed.active = managed.active.min(tally.active.len() as i64);
        job_status::update(view, job, &tally, finish, &managed, &mut plan);
        plan.actions.extend(of_pods);
    } else {
        job_status::update(view, job, &tally, finish, &managed, &mut plan);
    }
    if let Some(after) = plan.requeue_after {
        memory.set("timer", (view.now + after).0 as i64);
    }
    plan.memory = Some(memory);
    plan
}

/// False for a Job that another controller looks after.
///
/// Models pkg/controller/job/job_controller.go managedByExternalController.
fn is_ours(job: &Object) -> bool {
    matches!(job.at("spec.managedBy").str(), "" | "kubernetes.io/job-controller")
}

/// Changes of pods alone wait for others to come; a change of the Job or a timer does not.
///
/// Models pkg/controller/job/job_controller.go enqueueSyncJobBatched.
fn wait_for_batch(view: &View, job: &Object, memory: &Value) -> Option<Plan> {
    let reached = |field: &str| memory.get(field).opt_int().is_some_and(|at| at as u64 <= view.now.0);
    let unchanged = memory.get("seen") == job.metadata().get("resourceVersion");
    if !unchanged || reached("timer") || reached("due") {
        return None;
    }
    let due = memory.get("due").opt_int().map_or(view.now + BATCH, |at| SimTime(at as u64));
    let mut plan = Plan::nothing();
    plan.again_after(due.since(view.now));
    if let Some(timer) = memory.get("timer").opt_int() {
        plan.again_after(SimTime(timer as u64).since(view.now));
    }
    let mut memory = memory.clone();
    memory.set("due", due.0 as i64);
    plan.memory = Some(memory);
    Some(plan)
}

fn free_orphan(view: &View, key: &Key) -> Plan {
    let mut plan = Plan::nothing();
    if let Some(pod) = view.get("Pod", &key.key).filter(|pod| is_tracked(pod)) {
        plan.push(without_finalizer(pod, "the Job that would count the pod is gone"));
    }
    plan
}

/// Lets go of pods of a Job that has ended.
fn free_pods<'a>(job: &Object, pods: impl Iterator<Item = &'a Object>, plan: &mut Plan) {
    let rule = format!("the end of the pod is counted in Job {}", job.name());
    plan.actions.extend(pods.filter(|pod| is_tracked(pod)).map(|pod| without_finalizer(pod, &rule)));
}

pub(super) fn without_finalizer(pod: &Object, rule: &str) -> Action {
    let finalizers = pod.at("metadata.finalizers").list().iter();
    let kept: Value = finalizers.filter(|f| f.str() != TRACKING_FINALIZER).cloned().collect();
    let kept = if kept.is_empty() { Value::Null } else { kept };
    Action::Patch {
        kind: "Pod",
        key: pod.key(),
        uid: pod.uid().into(),
        status: false,
        patch: value!({"metadata": {"finalizers": kept}}),
        because: Arc::new(Because::of(COMPONENT, pod, rule)),
    }
}
