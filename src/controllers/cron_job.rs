//! The CronJob controller: a Job at each time its schedule is due, and not too many old ones.

use std::sync::Arc;

use super::cron_job_time::{self, Due};
use super::{Controller, Key};
use crate::api::{kind, Object, Value};
use crate::base::cron::Schedule;
use crate::base::order::Order;
use crate::base::time::{Span, Timestamp};
use crate::base::zone::Zone;
use crate::store::plan::{DeleteOptions, Propagation};
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "cronjob-controller";
/// Holds the time a Job was made for.
const SCHEDULED_AT: &str = "cronjob.kubernetes.io/scheduled-timestamp";
/// A Job starts this long after its time, so that it is never early.
const DELTA: Span = Span::millis(100);

pub(super) const CONTROLLER: Controller = Controller { name: "cronjob", keys, reconcile };

/// Models pkg/controller/cronjob/cronjob_controllerv2.go addJob, updateJob, deleteJob and updateCronJob.
fn keys(change: &Change, _view: &View) -> Vec<Key> {
    match (change.kind(), change.verb) {
        ("CronJob", Verb::Added | Verb::Modified) => vec![Key::of(&change.object)],
        ("Job", _) => {
            let owner = change.object.controller().filter(|owner| owner.kind == "CronJob");
            let key = owner.map(|owner| crate::api::ObjectKey::new(change.object.namespace(), owner.name));
            key.map(|key| Key { kind: "CronJob", key, uid: Default::default() }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// One reconcile, as it grows.
struct Sync<'a> {
    view: &'a View<'a>,
    cron_job: &'a Object,
    next: Object,
    plan: Plan,
}

/// Models pkg/controller/cronjob/cronjob_controllerv2.go sync and syncCronJob. A Job enters `status.active` once it is seen,
/// not in the reconcile that makes it: only then has it a UID.
fn reconcile(view: &View, key: &Key, _memory: &Value) -> Plan {
    let Some(cron_job) = view.get("CronJob", &key.key) else { return Plan::nothing() };
    let jobs: Vec<&Object> =
        view.store.owned(cron_job.uid(), "Job").filter(|job| job.controller_uid() == cron_job.uid()).collect();
    let mut sync = Sync { view, cron_job, next: cron_job.clone(), plan: Plan::nothing() };
    sync.plan.visited = jobs.len() as u32;
    sync.clean_up(&jobs);
    sync.follow_jobs(&jobs);
    if !cron_job.is_deleting() {
        sync.start_due();
    }
    if sync.next.status() != cron_job.status() {
        let because = Arc::new(Because::of(COMPONENT, cron_job, format!("{} Jobs belong to it", jobs.len())));
        sync.plan.push(Action::UpdateStatus { object: sync.next, because });
    }
    sync.plan
}

impl Sync<'_> {
    fn note(&mut self, severity: &'static str, reason: &'static str, message: String) {
        self.plan.push(Action::Note(EventNote::new(self.cron_job, COMPONENT, severity, reason, message)));
    }

    fn active(&mut self) -> &mut Value {
        self.next.value.slot("status").slot("active")
    }

    /// Keeps `status.active` in step with the Jobs there are.
    fn follow_jobs(&mut self, jobs: &[&Object]) {
        let listed = |uid: &str, active: &Value| active.list().iter().any(|r| r.get("uid").str() == uid);
        let before = self.cron_job.at("status.active").clone();
        for job in jobs {
            let known = listed(job.uid(), &before);
            match ended(job) {
                Some(condition) if known => {
                    self.drop_active(|uid| uid == job.uid());
                    let text = format!("Saw completed job: {}, condition: {condition}", job.name());
                    self.note("Normal", "SawCompletedJob", text);
                    if condition == "Complete" {
                        let at = job.at("status.completionTime").clone();
                        self.next.set("status.lastSuccessfulTime", at);
                    }
                }
                None if !known && job.annotation(SCHEDULED_AT).is_empty() => {
                    let text = format!("Saw a job that the controller did not create or forgot: {}", job.name());
                    self.note("Warning", "UnexpectedJob", text);
                }
                None if !known => {
                    let reference = reference(job);
                    self.active().list_mut().push(reference);
                }
                _ => {}
            }
        }
        for reference in before.list().iter().filter(|r| !jobs.iter().any(|job| job.uid() == r.get("uid").str())) {
            let name = reference.get("name").str().to_owned();
            self.drop_active(|uid| uid == reference.get("uid").str());
            self.note("Normal", "MissingJob", format!("Active job went missing: {name}"));
        }
    }

    fn drop_active(&mut self, goes: impl Fn(&str) -> bool) {
        let kept: Value = self.active().list().iter().filter(|r| !goes(r.get("uid").str())).cloned().collect();
        *self.active() = kept;
        if self.active().list().is_empty() {
            self.next.value.slot("status").remove_key("active");
        }
    }

    /// Models pkg/controller/cronjob/cronjob_controllerv2.go cleanupFinishedJobs.
    fn clean_up(&mut self, jobs: &[&Object]) {
        for (condition, field) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
            let Some(limit) = self.cron_job.spec().get(field).opt_int() else { continue };
            let mut over: Vec<&Object> = jobs.iter().filter(|job| ended(job) == Some(condition)).copied().collect();
            over.order_by_key(|job| (job.at("status.startTime").str().to_owned(), job.name().to_owned()));
            let surplus = over.len().saturating_sub(limit.max(0) as usize);
            for job in &over[..surplus] {
                let rule = format!("{} {condition} Jobs are kept at most ({field})", limit);
                self.delete(job, &rule, Propagation::Background);
            }
        }
    }

    fn delete(&mut self, job: &Object, rule: &str, propagation: Propagation) {
        let text = format!("Deleted job {}", job.name());
        self.plan.push(Action::Delete {
            kind: "Job",
            key: job.key(),
            uid: job.uid().into(),
            options: DeleteOptions { grace_seconds: None, propagation },
            because: Arc::new(Because::of(COMPONENT, self.cron_job, rule)),
            success: Some(EventNote::new(self.cron_job, COMPONENT, "Normal", "SuccessfulDelete", text)),
        });
    }

    fn start_due(&mut self) {
        let spec = self.cron_job.spec();
        let zone_name = spec.get("timeZone").str();
        let Some(zone) = Zone::find(zone_name) else {
            return self.note(
                "Warning",
                "UnknownTimeZone",
                format!("invalid timeZone: {zone_name:?}: unknown time zone {zone_name}"),
            );
        };
        if spec.get("suspend").bool() {
            return;
        }
        let schedule = match Schedule::parse(spec.get("schedule").str()) {
            Ok(schedule) => schedule,
            Err(why) => {
                let text = format!("unparseable schedule: {:?} : {why}", spec.get("schedule").str());
                return self.note("Warning", "UnparseableSchedule", text);
            }
        };
        let now = self.view.timestamp();
        let Due { at, many_missed, next } = cron_job_time::due(self.cron_job, &schedule, zone, now);
        if many_missed {
            let text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            self.note("Warning", "TooManyMissedTimes", text.to_owned());
        }
        if let Some(next) = next {
            self.plan.again_after(Span((next.0 - now.0).max(0) as u64) + DELTA);
        }
        if let Some(at) = at {
            self.start(at, now);
        }
    }

    fn start(&mut self, at: Timestamp, now: Timestamp) {
        let spec = self.cron_job.spec();
        let deadline = spec.get("startingDeadlineSeconds").opt_int();
        if deadline.is_some_and(|seconds| at.0 + seconds * 1_000_000 < now.0) {
            let text = format!("Missed scheduled time to start a job: {}", at.rfc1123z());
            return self.note("Warning", "MissSchedule", text);
        }
        let name = cron_job_time::job_name(self.cron_job.name(), at);
        let active = self.next.at("status.active").clone();
        let started = self.cron_job.at("status.lastScheduleTime").str() == at.rfc3339();
        if started || active.list().iter().any(|r| r.get("name").str() == name) {
            return;
        }
        let policy = spec.get("concurrencyPolicy").str();
        if policy == "Forbid" && !active.list().is_empty() {
            let text = "Not starting job because prior execution is running and concurrency policy is Forbid";
            return self.note("Normal", "JobAlreadyActive", text.to_owned());
        }
        if policy == "Replace" {
            for reference in active.list() {
                let namespace = self.cron_job.namespace();
                if let Some(job) = self.view.store.find("Job", namespace, reference.get("name").str()) {
                    self.delete(
                        job,
                        "a new Job replaces the one that runs (concurrencyPolicy Replace)",
                        Propagation::Background,
                    );
                }
            }
            self.next.value.slot("status").remove_key("active");
        }
        let rule = format!("the schedule {:?} was due at {}", spec.get("schedule").str(), at.rfc3339());
        let text = format!("Created job {name}");
        self.plan.push(Action::Create {
            object: new_job(self.cron_job, &name, at),
            because: Arc::new(Because::of(COMPONENT, self.cron_job, rule)),
            success: Some(EventNote::new(self.cron_job, COMPONENT, "Normal", "SuccessfulCreate", text)),
            failure: Some(EventNote::new(
                self.cron_job,
                COMPONENT,
                "Warning",
                "FailedCreate",
                "Error creating job: {error}",
            )),
        });
        self.next.set("status.lastScheduleTime", at.rfc3339());
    }
}

fn ended(job: &Object) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|condition| job.has_condition(condition))
}

fn reference(job: &Object) -> Value {
    value!({"apiVersion": "batch/v1", "kind": "Job", "name": (job.name()), "namespace": (job.namespace()),
        "resourceVersion": (job.metadata().get("resourceVersion").clone()), "uid": (job.uid())})
}

/// Models pkg/controller/cronjob/utils.go getJobFromTemplate2.
fn new_job(cron_job: &Object, name: &str, at: Timestamp) -> Object {
    let template = cron_job.at("spec.jobTemplate");
    let mut job = Object::new(kind("Job"), cron_job.namespace(), name);
    for field in ["labels", "annotations"] {
        let value = template.get("metadata").get(field);
        if !value.is_empty() {
            job.value.slot("metadata").set(field, value.clone());
        }
    }
    let annotations = job.value.slot("metadata").slot("annotations").map_mut();
    annotations.insert(SCHEDULED_AT, at.rfc3339());
    job.set("metadata.ownerReferences", Value::from(vec![cron_job.controller_reference()]));
    job.set("spec", template.get("spec").clone());
    job
}
