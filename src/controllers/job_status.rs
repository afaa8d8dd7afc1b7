//! A Job's status: counts, uncounted ends, conditions, and the events that go with them.

use std::sync::Arc;

use super::job::{without_finalizer, COMPONENT};
use super::job_count::{has_valid_index, is_failed, is_indexed, is_tracked, policy_action, Tally};
use super::job_finish::Finish;
use super::job_indexes;
use super::job_pods::Managed;
use crate::api::{Object, Value};
use crate::store::server::set_condition;
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

/// Writes the status where it differs from the present one, lets go of the pods whose end stands in it, and counts them
/// then; with the events that a change of condition calls for.
///
/// Models pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers, flushUncountedAndRemoveFinalizers and
/// enactJobFinished.
pub fn update(view: &View, job: &Object, tally: &Tally, finish: Option<Finish>, managed: &Managed, plan: &mut Plan) {
    let now = view.now_text();
    let suspended = job.at("spec.suspend").bool();
    let mut first = job.clone();
    if !suspended && job.at("status.startTime").is_null() {
        first.set("status.startTime", now.as_str());
    }
    let terminating = tally.terminating + managed.deleted;
    put_count(&mut first, "active", managed.active, false);
    put_count(&mut first, "ready", managed.ready, true);
    put_count(&mut first, "terminating", terminating, true);
    if is_indexed(job) {
        put_count(&mut first, "succeeded", tally.succeeded_indexes.len() as i64, false);
        if !tally.succeeded_indexes.is_empty() {
            first.set("status.completedIndexes", job_indexes::text(&tally.succeeded_indexes));
        }
        if let Some(failed) = &tally.failed_indexes {
            first.set("status.failedIndexes", job_indexes::text(failed));
        }
    }
    let (freed, uncounted) = ends_to_count(job, tally, finish.as_ref());
    let mut notes = Vec::new();
    if let Some(finish) = &finish {
        let target = if finish.complete { "SuccessCriteriaMet" } else { "FailureTarget" };
        if !job.has_condition(target) {
            put_condition(&mut first, target, "True", &finish.reason, &finish.message, &now);
        }
    } else if !job.is_deleting() {
        notes.extend(suspend_or_resume(&mut first, job, suspended, &now));
    }
    let mut second = first.clone();
    first.set("status.uncountedTerminatedPods", uncounted.clone());
    second.set("status.uncountedTerminatedPods", Value::map());
    for field in ["succeeded", "failed"] {
        let more = uncounted.get(field).list().len() as i64;
        let count = second.status().get(field).int() + more;
        put_count(&mut second, field, count, false);
    }
    if let Some(finish) = finish.filter(|_| terminating == 0) {
        notes.push(end(&mut second, job, &finish, &now));
    }
    let rule = format!("{} active, {} succeeded, {} failed", managed.active, tally.succeeded, tally.failed);
    let because = Arc::new(Because::of(COMPONENT, job, rule));
    if !uncounted.entries().is_empty() || !freed.is_empty() {
        write(job.status(), &first, &because, plan);
        plan.actions.extend(freed);
        write(first.status(), &second, &because, plan);
    } else {
        write(job.status(), &second, &because, plan);
    }
    plan.actions.extend(notes.into_iter().map(Action::Note));
}

fn write(before: &Value, job: &Object, because: &Arc<Because>, plan: &mut Plan) {
    if job.status() != before {
        let mut object = job.clone();
        object.value.remove("metadata.resourceVersion");
        plan.push(Action::UpdateStatus { object, because: because.clone() });
    }
}

/// The pods that may go once their end stands in the status, and the ends that are to be listed there: those listed
/// already, and the new ones. Where a Job fails, its pods that still run count as failed.
fn ends_to_count(job: &Object, tally: &Tally, finish: Option<&Finish>) -> (Vec<Action>, Value) {
    let mut uncounted = job.at("status.uncountedTerminatedPods").clone();
    let is_listed =
        |list: &Value, field: &str, uid: &str| list.get(field).list().iter().any(|listed| listed.str() == uid);
    let mut freed = Vec::new();
    for pod in tally.pods.iter().filter(|pod| is_tracked(pod)) {
        let (failed, succeeded) = (is_failed(pod, job), pod.at("status.phase").str() == "Succeeded");
        let awaits = tally.awaiting.iter().any(|(_, awaiting)| awaiting.uid() == pod.uid());
        if !(job.is_deleting() || failed || succeeded || finish.is_some()) || awaits && finish.is_none() {
            continue;
        }
        freed.push(without_finalizer(pod, &format!("the end of the pod is counted in Job {}", job.name())));
        let fails = failed || finish.is_some_and(|finish| !finish.complete);
        let field = match succeeded && !is_listed(&uncounted, "failed", pod.uid()) {
            true if is_indexed(job) => continue,
            true => "succeeded",
            false if fails && has_valid_index(pod, job) && policy_action(pod, job).1 => "failed",
            false => continue,
        };
        if !is_listed(&uncounted, field, pod.uid()) {
            uncounted.slot(field).list_mut().push(pod.uid().into());
        }
    }
    if uncounted.is_null() {
        uncounted = Value::map();
    }
    (freed, uncounted)
}

fn put_count(job: &mut Object, field: &str, count: i64, keep_zero: bool) {
    let status = job.value.slot("status");
    if count == 0 && !keep_zero {
        status.remove_key(field);
    } else {
        status.map_mut().insert(field, count);
    }
}

fn end(next: &mut Object, job: &Object, finish: &Finish, now: &str) -> EventNote {
    if finish.complete {
        put_condition(next, "Complete", "True", &finish.reason, &finish.message, now);
        next.set("status.completionTime", now);
        EventNote::new(job, COMPONENT, "Normal", "Completed", "Job completed")
    } else {
        put_condition(next, "Failed", "True", &finish.reason, &finish.message, now);
        let reason = event_reason(&finish.reason);
        EventNote::new(job, COMPONENT, "Warning", reason, finish.message.as_str())
    }
}

fn event_reason(reason: &str) -> &'static str {
    const REASONS: [&str; 5] =
        ["BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy", "MaxFailedIndexesExceeded", "FailedIndexes"];
    REASONS.iter().find(|known| **known == reason).copied().unwrap_or("Failed")
}

fn suspend_or_resume(next: &mut Object, job: &Object, suspended: bool, now: &str) -> Option<EventNote> {
    if suspended && !job.has_condition("Suspended") {
        put_condition(next, "Suspended", "True", "JobSuspended", "Job suspended", now);
        next.value.slot("status").remove_key("startTime");
        return Some(EventNote::new(job, COMPONENT, "Normal", "Suspended", "Job suspended"));
    }
    if !suspended && job.has_condition("Suspended") {
        put_condition(next, "Suspended", "False", "JobResumed", "Job resumed", now);
        next.set("status.startTime", now);
        return Some(EventNote::new(job, COMPONENT, "Normal", "Resumed", "Job resumed"));
    }
    None
}

fn put_condition(job: &mut Object, kind: &str, status: &str, reason: &str, message: &str, now: &str) {
    let condition = value!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastProbeTime": now, "lastTransitionTime": now});
    set_condition(job, condition);
}
