//! What a Job's pods amount to: which are active, which have ended and how, and which of them are counted already.

use ecow::EcoString;

use super::job_finish::match_rule;
use super::{job_indexes, pods};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::{Span, Timestamp};
use crate::store::View;

/// Keeps a pod until its end has been counted.
pub const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// Holds the index of a pod of an Indexed Job.
pub const INDEX_ANNOTATION: &str = "batch.kubernetes.io/job-completion-index";

/// The pods of a Job, sorted out.
pub struct Tally {
    /// All its pods.
    pub pods: Vec<Object>,
    /// Pods that have not ended and are not going.
    pub active: Vec<Object>,
    /// Active pods that are ready.
    pub ready: i64,
    /// Pods that are going and have not ended.
    pub terminating: i64,
    /// Pods that succeeded, those counted earlier included.
    pub succeeded: i64,
    /// Pods that failed and count, those counted earlier included.
    pub failed: i64,
    /// Pods that have succeeded since the last count.
    pub new_succeeded: Vec<EcoString>,
    /// Pods that have failed since the last count, those that do not count included.
    pub new_failed: Vec<EcoString>,
    /// The indexes that have succeeded, of an Indexed Job.
    pub succeeded_indexes: Vec<i64>,
    /// The indexes that have failed for good, of a Job with `backoffLimitPerIndex`.
    pub failed_indexes: Option<Vec<i64>>,
    /// Failed pods whose index waits for its next try: their count of failures is still needed.
    pub awaiting: Vec<(i64, Object)>,
}

/// True for a Job whose pods have indexes.
pub fn is_indexed(job: &Object) -> bool {
    job.at("spec.completionMode").str() == "Indexed"
}

/// The index of a pod.
pub fn index_of(pod: &Object) -> Option<i64> {
    pod.annotation(INDEX_ANNOTATION).parse().ok()
}

/// True where the pod's end is still to be counted.
pub fn is_tracked(pod: &Object) -> bool {
    pod.at("metadata.finalizers").list().iter().any(|f| f.str() == TRACKING_FINALIZER)
}

/// True where a new pod is made only for one that has ended, not for one that is going.
///
/// Models pkg/controller/job/job_controller.go onlyReplaceFailedPods.
pub fn waits_for_end(job: &Object) -> bool {
    job.at("spec.podReplacementPolicy").str() == "Failed" || !job.at("spec.podFailurePolicy").is_null()
}

/// True for a pod that counts as failed: it failed, or it is going and will not be waited for.
///
/// Models pkg/controller/job/job_controller.go isPodFailed.
pub fn is_failed(pod: &Object, job: &Object) -> bool {
    if pod.at("status.phase").str() == "Failed" {
        return true;
    }
    !waits_for_end(job) && pod.is_deleting() && pod.at("status.phase").str() != "Succeeded"
}

/// False for a pod of an Indexed Job whose index is none of the Job's.
pub fn has_valid_index(pod: &Object, job: &Object) -> bool {
    let completions = job.at("spec.completions").int();
    !is_indexed(job) || index_of(pod).is_some_and(|index| (0..completions).contains(&index))
}

/// What the failure policy makes of a failed pod: its action, and whether the failure counts.
pub fn policy_action<'a>(pod: &Object, job: &'a Object) -> (Option<&'a str>, bool) {
    let action = match_rule(job.at("spec.podFailurePolicy.rules").list(), pod).map(|(action, _)| action);
    (action, action != Some("Ignore"))
}

/// True where a pod's failure is the last that its index may have.
///
/// Models pkg/controller/job/indexed_job_utils.go isIndexFailed.
pub fn fails_index(pod: &Object, job: &Object) -> bool {
    if !is_failed(pod, job) {
        return false;
    }
    let (action, counts) = policy_action(pod, job);
    action == Some("FailIndex") || counts && failures_of_index(pod) >= job.at("spec.backoffLimitPerIndex").int()
}

impl Tally {
    /// Sorts the pods of a Job out.
    ///
    /// Models pkg/controller/job/job_controller.go getNewFinishedPods with the counts of syncJob.
    pub fn of(view: &View, job: &Object) -> Tally {
        let pods: Vec<Object> =
            view.store.owned(job.uid(), "Pod").filter(|pod| pod.controller_uid() == job.uid()).cloned().collect();
        let active: Vec<Object> = pods.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
        let uncounted = job.at("status.uncountedTerminatedPods");
        let new = |field: &str, ended: &dyn Fn(&Object) -> bool| -> Vec<EcoString> {
            let known = |uid: &str| uncounted.get(field).list().iter().any(|u| u.str() == uid);
            let ends = pods.iter().filter(|pod| is_tracked(pod) && ended(pod) && !known(pod.uid()));
            ends.filter(|pod| has_valid_index(pod, job)).map(|pod| pod.uid().into()).collect()
        };
        let mut tally = Tally {
            ready: active.iter().filter(|pod| pods::is_ready(pod)).count() as i64,
            terminating: pods.iter().filter(|pod| pods::is_terminating(pod)).count() as i64,
            new_succeeded: new("succeeded", &|pod| pod.at("status.phase").str() == "Succeeded"),
            new_failed: new("failed", &|pod| is_failed(pod, job)),
            succeeded: job.at("status.succeeded").int() + uncounted.get("succeeded").list().len() as i64,
            failed: job.at("status.failed").int() + uncounted.get("failed").list().len() as i64,
            succeeded_indexes: job_indexes::parse(job.at("status.completedIndexes").str()),
            failed_indexes: None,
            awaiting: Vec::new(),
            active,
            pods,
        };
        let counts = |uid: &&EcoString| {
            let pod = tally.pods.iter().find(|pod| pod.uid() == uid.as_str());
            pod.is_some_and(|pod| policy_action(pod, job).1)
        };
        tally.failed += tally.new_failed.iter().filter(counts).count() as i64;
        if is_indexed(job) {
            tally.count_indexes(job);
        } else {
            tally.succeeded += tally.new_succeeded.len() as i64;
        }
        tally
    }

    /// Models pkg/controller/job/indexed_job_utils.go calculateSucceededIndexes, calculateFailedIndexes and
    /// getPodsWithDelayedDeletionPerIndex.
    fn count_indexes(&mut self, job: &Object) {
        let tracked = || self.pods.iter().filter(|pod| is_tracked(pod) && has_valid_index(pod, job));
        let ended = tracked().filter(|pod| pod.at("status.phase").str() == "Succeeded");
        self.succeeded_indexes.extend(ended.filter_map(index_of));
        let completions = job.at("spec.completions").int();
        self.succeeded_indexes.retain(|index| *index < completions);
        self.succeeded_indexes.order();
        self.succeeded_indexes.dedup();
        self.succeeded = self.succeeded_indexes.len() as i64;
        if job.at("spec.backoffLimitPerIndex").is_null() {
            return;
        }
        let mut failed = job_indexes::parse(job.at("status.failedIndexes").str());
        failed.extend(tracked().filter(|pod| fails_index(pod, job)).filter_map(index_of));
        failed.order();
        failed.dedup();
        failed.retain(|index| *index < completions && !self.succeeded_indexes.contains(index));
        let mut awaiting: Vec<(i64, Object)> = Vec::new();
        for pod in tracked().filter(|pod| is_failed(pod, job)) {
            let Some(index) = index_of(pod) else { continue };
            let taken = self.active.iter().any(|other| index_of(other) == Some(index));
            if taken || failed.contains(&index) || self.succeeded_indexes.contains(&index) {
                continue;
            }
            match awaiting.iter_mut().find(|(known, _)| *known == index) {
                Some((_, last)) if failures_of_index(last) < failures_of_index(pod) => *last = pod.clone(),
                Some(_) => {}
                None => awaiting.push((index, pod.clone())),
            }
        }
        self.awaiting = awaiting;
        self.failed_indexes = Some(failed);
    }

    /// The last of the pods that ended since the last count, by the time of their end: failures after the last success.
    pub fn new_ends_by_time(&self, job: &Object) -> Vec<(Timestamp, bool)> {
        let ends = self.pods.iter().filter_map(|pod| {
            let uid = pod.uid();
            let failed = self.new_failed.iter().any(|u| u == uid);
            let counted = failed || self.new_succeeded.iter().any(|u| u == uid);
            (counted && !job.uid().is_empty()).then(|| (finish_time(pod), failed))
        });
        let mut ends: Vec<(Timestamp, bool)> = ends.collect();
        ends.order();
        ends
    }
}

/// How often the index of a pod had failed before it, as its controller noted.
pub fn failures_of_index(pod: &Object) -> i64 {
    pod.annotation("batch.kubernetes.io/job-index-failure-count").parse().unwrap_or(0)
}

/// How often the index of a pod had failed before it in ways that do not count.
pub fn ignored_failures_of_index(pod: &Object) -> i64 {
    pod.annotation("batch.kubernetes.io/job-index-ignored-failure-count").parse().unwrap_or(0)
}

/// When a pod ended: the last end of its containers and sidecars where all have ended, else the time it became unready, else
/// that at which its deletion was asked for.
///
/// Models pkg/controller/job/backoff_utils.go getFinishedTime.
pub fn finish_time(pod: &Object) -> Timestamp {
    let init = pod.at("spec.initContainers").list();
    let is_sidecar = |status: &&Value| {
        init.iter().any(|c| c.get("name") == status.get("name") && c.get("restartPolicy").str() == "Always")
    };
    let sidecars = pod.at("status.initContainerStatuses").list().iter().filter(is_sidecar);
    let all = pod.at("status.containerStatuses").list().iter().chain(sidecars);
    let ends: Vec<Option<Timestamp>> =
        all.map(|status| Timestamp::parse(status.at("state.terminated.finishedAt").str())).collect();
    let last = ends.iter().all(Option::is_some).then(|| ends.iter().flatten().max().copied()).flatten();
    let unready = pod.condition("Ready").get("status").str() == "False";
    let ready = || Timestamp::parse(pod.condition("Ready").get("lastTransitionTime").str()).filter(|_| unready);
    let grace = Span::secs(pod.at("metadata.deletionGracePeriodSeconds").int().max(0) as u64).0 as i64;
    let deleted = || Timestamp::parse(pod.at("metadata.deletionTimestamp").str()).map(|at| Timestamp(at.0 - grace));
    last.or_else(ready).or_else(deleted).or_else(|| pod.created()).unwrap_or(Timestamp(0))
}
