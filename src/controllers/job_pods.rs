//! Which pods a Job makes and which it deletes, and how long it waits after a failure.

use std::sync::Arc;

use super::job::COMPONENT;
use super::job_count::{
    failures_of_index, finish_time, has_valid_index, ignored_failures_of_index, index_of, is_indexed, policy_action,
    waits_for_end, Tally, INDEX_ANNOTATION, TRACKING_FINALIZER,
};
use super::job_finish::{is_open, Finish};
use super::pods;
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::{Span, Timestamp};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

/// First wait after a failed pod; it doubles with each further failure.
const BACKOFF_FIRST: Span = Span::secs(10);
/// Longest wait after a failed pod.
const BACKOFF_MAX: Span = Span::secs(600);
/// The most pods created or deleted in one go.
const BURST: usize = 500;

/// What a reconcile does to the pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Managed {
    /// The active pods there are afterwards; upstream says 0 while it waits after a failure.
    pub active: i64,
    /// Active pods deleted.
    pub deleted: i64,
    /// Ready pods among those that are left.
    pub ready: i64,
}

/// Keeps count of the failures since the last success, and of when the last was.
///
/// Models pkg/controller/job/backoff_utils.go newBackoffRecord.
pub fn note_failures(job: &Object, tally: &Tally, memory: &mut Value) {
    note_ends(&tally.new_ends_by_time(job), memory);
}

/// The same, for ends in the order of their times, each with whether it was a failure.
pub fn note_ends(ends: &[(Timestamp, bool)], memory: &mut Value) {
    for (at, failed) in ends {
        if *failed {
            memory.set("failures", memory.get("failures").int() + 1);
            memory.set("lastFailure", at.0);
        } else {
            memory.set("failures", 0);
            memory.remove_key("lastFailure");
        }
    }
}

/// How long is left to wait after a failure at an instant, the `failures`th in a row.
///
/// Models pkg/controller/job/backoff_utils.go getRemainingTimeForFailuresCount.
pub fn remaining_after(failures: i64, last: Timestamp, now: Timestamp, first: Span, most: Span) -> Span {
    if failures <= 0 {
        return Span::ZERO;
    }
    let wait = Span(first.0.saturating_mul(1 << (failures - 1).min(40))).min(most);
    Span((last.0 + wait.0 as i64 - now.0).max(0) as u64)
}

fn remaining(view: &View, failures: i64, last: Timestamp) -> Span {
    remaining_after(failures, last, view.timestamp(), BACKOFF_FIRST, BACKOFF_MAX)
}

/// Makes and deletes pods.
///
/// Models pkg/controller/job/job_controller.go manageJob and deleteActivePods.
pub fn manage(
    view: &View,
    job: &Object,
    tally: &Tally,
    finish: Option<&Finish>,
    memory: &Value,
    plan: &mut Plan,
) -> Managed {
    let active = tally.active.len() as i64;
    if let Some(finish) = finish {
        return delete_pods(job, tally, &tally.active, &format!("the Job ends: {}", finish.message), plan);
    }
    let unchanged = Managed { active, deleted: 0, ready: tally.ready };
    if job.is_deleting() {
        return unchanged;
    }
    if job.at("spec.suspend").bool() {
        return delete_pods(job, tally, &tally.active, "the Job is suspended", plan);
    }
    let wanted = wanted_active(job, tally);
    let surplus = for_removal(job, &tally.active, (active - wanted).max(0) as usize);
    if !surplus.is_empty() {
        let rule = format!("{active} pods are active and {wanted} are wanted");
        return delete_pods(job, tally, &surplus, &rule, plan);
    }
    let going = if waits_for_end(job) { tally.terminating } else { 0 };
    let missing = wanted - going - active;
    if missing <= 0 {
        return unchanged;
    }
    let by_index = tally.failed_indexes.is_some();
    let last = Timestamp(memory.get("lastFailure").int());
    let wait = if by_index { Span::ZERO } else { remaining(view, memory.get("failures").int(), last) };
    let indexes = match is_indexed(job) {
        false => Ok(vec![None; (missing as usize).min(BURST)]),
        true => open_indexes(view, job, tally, (missing as usize).min(BURST)),
    };
    let wait = if wait > Span::ZERO { Err(wait) } else { Ok(()) };
    match wait.and(indexes) {
        Ok(indexes) => {
            create_pods(job, tally, wanted, &indexes, plan);
            Managed { active: active + indexes.len() as i64, ..unchanged }
        }
        Err(wait) => {
            plan.again_after(wait);
            Managed { active: 0, ..unchanged }
        }
    }
}

/// How many pods should be active now.
pub fn wanted_active(job: &Object, tally: &Tally) -> i64 {
    let parallelism = job.at("spec.parallelism").opt_int().unwrap_or(1);
    match job.at("spec.completions").opt_int() {
        Some(completions) => (completions - tally.succeeded).clamp(0, parallelism),
        None if tally.succeeded > 0 => tally.active.len() as i64,
        None => parallelism,
    }
}

/// The next indexes that need a pod, or how long all of them have to wait after their failures.
///
/// Models pkg/controller/job/indexed_job_utils.go firstPendingIndexes and job_controller.go
/// getPodCreationInfoForIndependentIndexes.
pub fn open_indexes(view: &View, job: &Object, tally: &Tally, count: usize) -> Result<Vec<Option<i64>>, Span> {
    let going = |index: &i64| {
        waits_for_end(job) && tally.pods.iter().any(|pod| pods::is_terminating(pod) && index_of(pod) == Some(*index))
    };
    let open = (0..job.at("spec.completions").int()).filter(|index| is_open(*index, tally) && !going(index));
    let (mut now, mut later) = (Vec::new(), None::<Span>);
    for index in open.take(count) {
        let last = tally.awaiting.iter().find(|(known, _)| *known == index);
        let wait = last.map_or(Span::ZERO, |(_, pod)| {
            let failures = failures_of_index(pod) + ignored_failures_of_index(pod) + 1;
            remaining(view, failures, finish_time(pod))
        });
        match wait {
            Span::ZERO => now.push(Some(index)),
            wait => later = Some(later.map_or(wait, |other| other.min(wait))),
        }
    }
    match later {
        Some(wait) if now.is_empty() => Err(wait),
        _ => Ok(now),
    }
}

/// The active pods to delete: those whose index is wrong or taken by an earlier one, then, of the others, those that
/// matter least, until there are enough.
///
/// Models pkg/controller/job/job_controller.go activePodsForRemoval with indexed_job_utils.go
/// appendDuplicatedIndexPodsForRemoval.
pub fn for_removal(job: &Object, active: &[Object], at_least: usize) -> Vec<Object> {
    let mut order: Vec<Object> = active.to_vec();
    let unimportant = |pod: &Object| {
        let phase = pod.at("status.phase").str() == "Running";
        (!pod.at("spec.nodeName").is_empty(), phase, pods::is_ready(pod))
    };
    order.order_by_key(|pod| (unimportant(pod), std::cmp::Reverse(pod.created()), pod.key()));
    let (mut removed, mut left) = (Vec::new(), order);
    if is_indexed(job) {
        let (kept, wrong) = left.iter().rev().fold((Vec::<Object>::new(), Vec::new()), |(mut kept, mut wrong), pod| {
            let taken = kept.iter().any(|other| index_of(other) == index_of(pod));
            let list = if taken || !has_valid_index(pod, job) { &mut wrong } else { &mut kept };
            list.push(pod.clone());
            (kept, wrong)
        });
        removed = wrong;
        left = kept.into_iter().rev().collect();
    }
    let more = at_least.saturating_sub(removed.len());
    removed.extend(left.into_iter().take(more));
    removed
}

fn delete_pods(job: &Object, tally: &Tally, pods: &[Object], rule: &str, plan: &mut Plan) -> Managed {
    let because = Arc::new(Because::of(COMPONENT, job, rule));
    for pod in pods.iter().take(BURST) {
        let text = format!("Deleted pod: {}", pod.name());
        plan.push(Action::Delete {
            kind: "Pod",
            key: pod.key(),
            uid: pod.uid().into(),
            options: DeleteOptions::default(),
            because: because.clone(),
            success: Some(EventNote::new(job, COMPONENT, "Normal", "SuccessfulDelete", text)),
        });
    }
    let deleted = pods.len().min(BURST) as i64;
    let ready = pods.iter().take(BURST).filter(|pod| super::pods::is_ready(pod)).count() as i64;
    Managed { active: tally.active.len() as i64 - deleted, deleted, ready: tally.ready - ready }
}

fn create_pods(job: &Object, tally: &Tally, wanted: i64, indexes: &[Option<i64>], plan: &mut Plan) {
    let rule = format!(
        "{} active of {wanted} wanted: parallelism {}, {} of {} completions",
        tally.active.len(),
        job.at("spec.parallelism").int(),
        tally.succeeded,
        job.at("spec.completions").opt_int().map_or_else(|| "any".to_owned(), |n| n.to_string()),
    );
    let because = Arc::new(Because::of(COMPONENT, job, rule));
    for index in indexes {
        let object = new_pod(job, tally, *index);
        let note = |severity, reason, text| Some(EventNote::new(job, COMPONENT, severity, reason, text));
        plan.push(Action::Create {
            object,
            because: because.clone(),
            success: note("Normal", "SuccessfulCreate", "Created pod: {name}"),
            failure: note("Warning", "FailedCreate", "Error creating: {error}"),
        });
    }
}

fn new_pod(job: &Object, tally: &Tally, index: Option<i64>) -> Object {
    let mut pod = pods::from_template(job, job.at("spec.template"));
    pod.set("metadata.finalizers", value!([TRACKING_FINALIZER]));
    if let Some(index) = index {
        add_index(job, tally, index, &mut pod);
    }
    pod
}

/// Models pkg/controller/job/indexed_job_utils.go podGenerateNameWithIndex: the index is never cut off.
pub fn generate_name(job: &str, index: i64) -> String {
    let end = format!("-{index}-");
    format!("{}{end}", &job[..job.len().min(58 - end.len())])
}

/// Models pkg/controller/job/indexed_job_utils.go addCompletionIndexEnvVariables, addCompletionIndexAnnotation and podGenerateNameWithIndex.
fn add_index(job: &Object, tally: &Tally, index: i64, pod: &mut Object) {
    let text = index.to_string();
    pod.set("metadata.generateName", generate_name(job.name(), index));
    pod.set("spec.hostname", format!("{}-{index}", job.name()));
    let metadata = pod.value.slot("metadata");
    metadata.slot("annotations").map_mut().insert(INDEX_ANNOTATION, text.as_str());
    metadata.slot("labels").map_mut().insert(INDEX_ANNOTATION, text.as_str());
    if tally.failed_indexes.is_some() {
        let last = tally.awaiting.iter().find(|(known, _)| *known == index).map(|(_, pod)| pod);
        let ignored = last.is_some_and(|pod| !policy_action(pod, job).1);
        let (failures, others) = last.map_or((0, 0), |pod| (failures_of_index(pod), ignored_failures_of_index(pod)));
        let annotations = pod.value.slot("metadata").slot("annotations").map_mut();
        let failures = failures + i64::from(last.is_some() && !ignored);
        annotations.insert("batch.kubernetes.io/job-index-failure-count", failures.to_string());
        if others > 0 || ignored {
            let others = others + i64::from(ignored);
            annotations.insert("batch.kubernetes.io/job-index-ignored-failure-count", others.to_string());
        }
    }
    for list in ["spec.initContainers", "spec.containers"] {
        if pod.at(list).is_null() {
            continue;
        }
        for container in pod.value.slot_at(list).items_mut() {
            if container.get("env").list().iter().all(|e| e.get("name").str() != "JOB_COMPLETION_INDEX") {
                container.slot("env").list_mut().push(value!({"name": "JOB_COMPLETION_INDEX", "valueFrom": {
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']"}
                }}));
            }
        }
    }
}
