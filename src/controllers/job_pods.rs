//! Which pods a Job makes and which it deletes, and how long it waits after a failure.

use std::sync::Arc;

use super::job::COMPONENT;
use super::job_count::{index_of, is_indexed, is_tracked, Tally, INDEX_ANNOTATION, TRACKING_FINALIZER};
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

/// How many pods a reconcile makes and deletes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Managed {
    /// Pods made.
    pub created: i64,
    /// Active pods deleted.
    pub deleted: i64,
}

/// Keeps count of the failures since the last success, and of when the last was.
///
/// Models pkg/controller/job/backoff_utils.go newBackoffRecord.
pub fn note_failures(job: &Object, tally: &Tally, memory: &mut Value) {
    for (at, failed) in tally.new_ends_by_time(job) {
        if failed {
            memory.set("failures", memory.get("failures").int() + 1);
            memory.set("lastFailure", at.0);
        } else {
            memory.set("failures", 0);
            memory.remove_key("lastFailure");
        }
    }
}

/// What is left to wait before a new pod may be made.
///
/// Models pkg/controller/job/backoff_utils.go getRemainingTimePerJob.
fn remaining_wait(view: &View, memory: &Value) -> Span {
    let (failures, last) = (memory.get("failures").int(), memory.get("lastFailure").opt_int());
    let Some(last) = last.filter(|_| failures > 0) else { return Span::ZERO };
    let wait = Span(BACKOFF_FIRST.0 << (failures - 1).min(10)).min(BACKOFF_MAX);
    let over = Timestamp(last + wait.0 as i64);
    Span((over.0 - view.timestamp().0).max(0) as u64)
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
    if job.is_deleting() {
        return Managed::default();
    }
    if let Some(finish) = finish {
        return delete_pods(job, &tally.active, &format!("the Job ends: {}", finish.message), plan);
    }
    if job.at("spec.suspend").bool() {
        return delete_pods(job, &tally.active, "the Job is suspended", plan);
    }
    let active = tally.active.len() as i64;
    let wanted = wanted_active(job, tally);
    if active > wanted {
        let surplus = removal_order(&tally.active).into_iter().take((active - wanted) as usize).collect::<Vec<_>>();
        return delete_pods(job, &surplus, &format!("{active} pods are active and {wanted} are wanted"), plan);
    }
    let waits_for_end = job.at("spec.podReplacementPolicy").str() == "Failed";
    let missing = wanted - active - if waits_for_end { tally.terminating } else { 0 };
    if missing <= 0 {
        return Managed::default();
    }
    let wait = remaining_wait(view, memory);
    if wait > Span::ZERO {
        plan.again_after(wait);
        return Managed::default();
    }
    create_pods(job, tally, wanted, (missing as usize).min(BURST), plan)
}

/// How many pods should be active now.
pub fn wanted_active(job: &Object, tally: &Tally) -> i64 {
    let parallelism = job.at("spec.parallelism").opt_int().unwrap_or(1);
    match job.at("spec.completions").opt_int() {
        Some(completions) => {
            let given_up = tally.failed_indexes.as_ref().map_or(0, Vec::len) as i64;
            (completions - tally.succeeded - given_up).clamp(0, parallelism)
        }
        None if tally.succeeded > 0 => tally.active.len() as i64,
        None => parallelism,
    }
}

/// Pods that are not ready go first, then the youngest.
fn removal_order(active: &[Object]) -> Vec<Object> {
    let mut order = active.to_vec();
    order.order_by_key(|pod| (pods::is_ready(pod), std::cmp::Reverse(pod.created()), pod.key()));
    order
}

fn delete_pods(job: &Object, active: &[Object], rule: &str, plan: &mut Plan) -> Managed {
    let because = Arc::new(Because::of(COMPONENT, job, rule));
    for pod in active.iter().take(BURST) {
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
    Managed { created: 0, deleted: active.len().min(BURST) as i64 }
}

fn create_pods(job: &Object, tally: &Tally, wanted: i64, count: usize, plan: &mut Plan) -> Managed {
    let completions = job.at("spec.completions").int();
    let indexes: Vec<Option<i64>> = if is_indexed(job) {
        (0..completions).filter(|index| is_open(*index, tally)).take(count).map(Some).collect()
    } else {
        vec![None; count]
    };
    let rule = format!(
        "{} active of {wanted} wanted: parallelism {}, {} of {} completions",
        tally.active.len(),
        job.at("spec.parallelism").int(),
        tally.succeeded,
        job.at("spec.completions").opt_int().map_or_else(|| "any".to_owned(), |n| n.to_string()),
    );
    let because = Arc::new(Because::of(COMPONENT, job, rule));
    for index in &indexes {
        let object = new_pod(job, tally, *index);
        let note = |severity, reason, text| Some(EventNote::new(job, COMPONENT, severity, reason, text));
        plan.push(Action::Create {
            object,
            because: because.clone(),
            success: note("Normal", "SuccessfulCreate", "Created pod: {name}"),
            failure: note("Warning", "FailedCreate", "Error creating: {error}"),
        });
    }
    Managed { created: indexes.len() as i64, deleted: 0 }
}

fn new_pod(job: &Object, tally: &Tally, index: Option<i64>) -> Object {
    let mut pod = pods::from_template(job, job.at("spec.template"));
    pod.set("metadata.finalizers", value!([TRACKING_FINALIZER]));
    if let Some(index) = index {
        add_index(job, tally, index, &mut pod);
    }
    pod
}

/// Models pkg/controller/job/indexed_job_utils.go addCompletionIndexEnvVariables, addCompletionIndexAnnotation and podGenerateNameWithIndex.
fn add_index(job: &Object, tally: &Tally, index: i64, pod: &mut Object) {
    let text = index.to_string();
    pod.set("metadata.generateName", format!("{}-{index}-", job.name()));
    pod.set("spec.hostname", format!("{}-{index}", job.name()));
    let metadata = pod.value.slot("metadata");
    metadata.slot("annotations").map_mut().insert(INDEX_ANNOTATION, text.as_str());
    metadata.slot("labels").map_mut().insert(INDEX_ANNOTATION, text.as_str());
    if !job.at("spec.backoffLimitPerIndex").is_null() {
        let ended = tally.pods.iter().filter(|pod| index_of(pod) == Some(index) && is_tracked(pod));
        let failures = ended.map(super::job_count::failures_of_index).max().map_or(0, |n| n + 1);
        let annotations = pod.value.slot("metadata").slot("annotations").map_mut();
        annotations.insert("batch.kubernetes.io/job-index-failure-count", failures.to_string());
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
