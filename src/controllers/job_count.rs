//! What a Job's pods amount to: which are active, which have ended and how, and which of them are counted already.

use ecow::EcoString;

use super::{job_indexes, pods};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::Timestamp;
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
    /// Pods that failed, those counted earlier included.
    pub failed: i64,
    /// Pods that have succeeded since the last count.
    pub new_succeeded: Vec<EcoString>,
    /// Pods that have failed since the last count.
    pub new_failed: Vec<EcoString>,
    /// The indexes that have succeeded, of an Indexed Job.
    pub succeeded_indexes: Vec<i64>,
    /// The indexes that have failed for good, of a Job with `backoffLimitPerIndex`.
    pub failed_indexes: Option<Vec<i64>>,
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

/// True for a pod that counts as failed: it failed, or it is going and will not be waited for.
///
/// Models pkg/controller/job/job_controller.go isPodFailed.
pub fn is_failed(pod: &Object, job: &Object) -> bool {
    if pod.at("status.phase").str() == "Failed" {
        return true;
    }
    if job.at("spec.podReplacementPolicy").str() == "Failed" {
        return false;
    }
    pod.is_deleting() && pod.at("status.phase").str() != "Succeeded"
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
        let mut tally = Tally {
            ready: active.iter().filter(|pod| pods::is_ready(pod)).count() as i64,
            terminating: pods.iter().filter(|pod| pods::is_terminating(pod)).count() as i64,
            new_succeeded: new_ends(&pods, uncounted, |pod| pod.at("status.phase").str() == "Succeeded"),
            new_failed: new_ends(&pods, uncounted, |pod| is_failed(pod, job)),
            succeeded: job.at("status.succeeded").int() + uncounted.get("succeeded").list().len() as i64,
            failed: job.at("status.failed").int() + uncounted.get("failed").list().len() as i64,
            succeeded_indexes: job_indexes::parse(job.at("status.completedIndexes").str()),
            failed_indexes: None,
            active,
            pods,
        };
        tally.failed += tally.new_failed.len() as i64;
        if is_indexed(job) {
            tally.count_indexes(job);
        } else {
            tally.succeeded += tally.new_succeeded.len() as i64;
        }
        tally
    }

    /// Models pkg/controller/job/indexed_job_utils.go calculateSucceededIndexes and calculateFailedIndexes.
    fn count_indexes(&mut self, job: &Object) {
        let completions = job.at("spec.completions").int();
        let ended = self.pods.iter().filter(|pod| pod.at("status.phase").str() == "Succeeded" && is_tracked(pod));
        self.succeeded_indexes.extend(ended.filter_map(index_of).filter(|index| *index < completions));
        self.succeeded_indexes.order();
        self.succeeded_indexes.dedup();
        self.succeeded = self.succeeded_indexes.len() as i64;
        let Some(limit) = job.at("spec.backoffLimitPerIndex").opt_int() else { return };
        let mut failed = job_indexes::parse(job.at("status.failedIndexes").str());
        let gone = self.pods.iter().filter(|pod| is_tracked(pod) && is_failed(pod, job));
        failed.extend(gone.filter(|pod| failures_of_index(pod) >= limit).filter_map(index_of));
        failed.order();
        failed.dedup();
        failed.retain(|index| !self.succeeded_indexes.contains(index));
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

fn new_ends(pods: &[Object], uncounted: &Value, ended: impl Fn(&Object) -> bool) -> Vec<EcoString> {
    let known = |uid: &str| {
        ["succeeded", "failed"].iter().any(|field| uncounted.get(field).list().iter().any(|u| u.str() == uid))
    };
    let new = pods.iter().filter(|pod| is_tracked(pod) && ended(pod) && !known(pod.uid()));
    new.map(|pod| pod.uid().into()).collect()
}

/// When a pod ended: the last end of its containers, else the time its Ready condition changed, else its deletion.
///
/// Models pkg/controller/job/backoff_utils.go getFinishedTime.
fn finish_time(pod: &Object) -> Timestamp {
    let ends = pod.at("status.containerStatuses").list().iter();
    let last = ends.filter_map(|status| Timestamp::parse(status.at("state.terminated.finishedAt").str())).max();
    let ready = || Timestamp::parse(pod.condition("Ready").get("lastTransitionTime").str());
    let deleted = || Timestamp::parse(pod.at("metadata.deletionTimestamp").str());
    last.or_else(ready).or_else(deleted).or_else(|| pod.created()).unwrap_or(Timestamp(0))
}
