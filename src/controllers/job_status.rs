//! A Job's status: counts, uncounted ends, conditions, and the events that go with them.

use std::sync::Arc;

use super::job::COMPONENT;
use super::job_count::{index_of, is_indexed, is_tracked, Tally};
use super::job_finish::Finish;
use super::job_indexes;
use super::job_pods::Managed;
use crate::api::{Object, Value};
use crate::store::server::set_condition;
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

/// The pods whose end stands in the status that the API server has, so that they may go.
pub fn counted_pods<'a>(job: &Object, tally: &'a Tally) -> Vec<&'a Object> {
    let uncounted = job.at("status.uncountedTerminatedPods");
    let listed = |uid: &str| {
        ["succeeded", "failed"].iter().any(|field| uncounted.get(field).list().iter().any(|u| u.str() == uid))
    };
    let done = job_indexes::parse(job.at("status.completedIndexes").str());
    let by_index = |pod: &Object| {
        pod.at("status.phase").str() == "Succeeded" && index_of(pod).is_some_and(|index| done.contains(&index))
    };
    tally.pods.iter().filter(|pod| is_tracked(pod) && (listed(pod.uid()) || by_index(pod))).collect()
}

/// Writes the status where it differs from the present one, and the events that a change of condition calls for.
///
/// Models pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers, enactJobFinished and ensureJobConditionStatus.
pub fn update(view: &View, job: &Object, tally: &Tally, finish: Option<Finish>, managed: &Managed, plan: &mut Plan) {
    let mut next = job.clone();
    let now = view.now_text();
    let suspended = job.at("spec.suspend").bool();
    if !suspended && job.at("status.startTime").is_null() {
        next.set("status.startTime", now.as_str());
    }
    put_count(&mut next, "active", tally.active.len() as i64 + managed.created - managed.deleted, false);
    let gone = if managed.deleted > 0 { 0 } else { tally.ready };
    put_count(&mut next, "ready", gone, true);
    put_count(&mut next, "terminating", tally.terminating + managed.deleted, true);
    count_ends(&mut next, job, tally);
    let mut notes = Vec::new();
    if let Some(finish) = &finish {
        let target = if finish.complete { "SuccessCriteriaMet" } else { "FailureTarget" };
        if !job.has_condition(target) {
            put_condition(&mut next, target, "True", &finish.reason, &finish.message, &now);
        }
        let settled = next.at("status.uncountedTerminatedPods").entries().is_empty()
            && tally.new_failed.is_empty()
            && (tally.new_succeeded.is_empty() || is_indexed(job))
            && tally.terminating + managed.deleted == 0;
        if settled && job.has_condition(target) {
            notes.push(end(&mut next, job, finish, &now));
        }
    } else {
        notes.extend(suspend_or_resume(&mut next, job, suspended, &now));
    }
    if next.status() != job.status() {
        let rule = format!("{} active, {} succeeded, {} failed", tally.active.len(), tally.succeeded, tally.failed);
        plan.push(Action::UpdateStatus { object: next, because: Arc::new(Because::of(COMPONENT, job, rule)) });
    }
    plan.actions.extend(notes.into_iter().map(Action::Note));
}

fn put_count(job: &mut Object, field: &str, count: i64, keep_zero: bool) {
    let status = job.value.slot("status");
    if count == 0 && !keep_zero {
        status.remove_key(field);
    } else {
        status.map_mut().insert(field, count);
    }
}

/// Moves ends whose pods are free from the list of uncounted ones to the counts, and new ends to the list.
fn count_ends(next: &mut Object, job: &Object, tally: &Tally) {
    let held = |uid: &str| tally.pods.iter().any(|pod| pod.uid() == uid && is_tracked(pod));
    let mut uncounted = Value::map();
    for (field, new) in [("succeeded", &tally.new_succeeded), ("failed", &tally.new_failed)] {
        let listed = job.at("status.uncountedTerminatedPods").get(field).list();
        let mut left: Vec<Value> = listed.iter().filter(|uid| held(uid.str())).cloned().collect();
        let by_index = field == "succeeded" && is_indexed(job);
        if !by_index {
            let counted = (listed.len() - left.len()) as i64;
            put_count(next, field, job.status().get(field).int() + counted, false);
            left.extend(new.iter().map(Value::from));
        }
        if !left.is_empty() {
            uncounted.set(field, Value::from(left));
        }
    }
    next.set("status.uncountedTerminatedPods", uncounted);
    if is_indexed(job) {
        put_count(next, "succeeded", tally.succeeded_indexes.len() as i64, false);
        if !tally.succeeded_indexes.is_empty() {
            next.set("status.completedIndexes", job_indexes::text(&tally.succeeded_indexes));
        }
        if let Some(failed) = &tally.failed_indexes {
            next.set("status.failedIndexes", job_indexes::text(failed));
        }
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
