//! Defaults of the kinds that make pods.

use super::storage::claim_spec;
use super::{each, fill, pod_template, within};
use crate::api::{Object, Value};

/// Models pkg/apis/apps/v1/defaults.go SetDefaults_Deployment.
pub fn deployment(object: &mut Object) {
    spec_with_template(object, |spec| {
        spec.set_default("replicas", 1);
        spec.set_default("strategy", Value::map());
        within(spec, "strategy", |strategy| {
            fill(strategy, "type", "RollingUpdate");
            if strategy.get("type").str() == "RollingUpdate" {
                strategy.set_default("rollingUpdate.maxUnavailable", "25%");
                strategy.set_default("rollingUpdate.maxSurge", "25%");
            }
        });
        spec.set_default("revisionHistoryLimit", 10);
        spec.set_default("progressDeadlineSeconds", 600);
    });
}

/// Models pkg/apis/apps/v1/defaults.go SetDefaults_ReplicaSet.
pub fn replica_set(object: &mut Object) {
    spec_with_template(object, |spec| spec.set_default("replicas", 1));
}

/// Models pkg/apis/batch/v1/defaults.go SetDefaults_Job.
pub fn job(object: &mut Object) {
    object.value.set_default("spec", Value::map());
    within(&mut object.value, "spec", job_spec);
    object.value.set_default("spec.manualSelector", false);
    keep_labels(object);
}

/// A Job without labels has those of its pods: the API server's defaults say so each time it reads one.
fn keep_labels(job: &mut Object) {
    let labels = job.at("spec.template.metadata.labels").clone();
    if job.labels().is_empty() && !labels.is_empty() {
        job.set("metadata.labels", labels);
    }
}

/// Models pkg/registry/batch/job/strategy.go generateSelector: a Job finds its pods by its own UID unless it says otherwise.
pub fn job_selector(job: &mut Object) {
    if job.at("spec.manualSelector").bool() {
        return;
    }
    let (uid, name) = (Value::from(job.uid()), Value::from(job.name()));
    let labels = job.value.slot_at("spec.template.metadata.labels").map_mut();
    for (key, value) in [
        ("controller-uid", &uid),
        ("batch.kubernetes.io/controller-uid", &uid),
        ("job-name", &name),
        ("batch.kubernetes.io/job-name", &name),
    ] {
        if !labels.contains(key) {
            labels.insert(key, value.clone());
        }
    }
    let selector = job.value.slot_at("spec.selector").slot("matchLabels").map_mut();
    if !selector.contains("batch.kubernetes.io/controller-uid") {
        selector.insert("batch.kubernetes.io/controller-uid", uid);
    }
    keep_labels(job);
}

/// Models pkg/apis/batch/v1/defaults.go SetDefaults_CronJob.
pub fn cron_job(object: &mut Object) {
    object.value.set_default("spec", Value::map());
    within(&mut object.value, "spec", |spec| {
        fill(spec, "concurrencyPolicy", "Allow");
        spec.set_default("suspend", false);
        spec.set_default("successfulJobsHistoryLimit", 3);
        spec.set_default("failedJobsHistoryLimit", 1);
        within(spec, "jobTemplate", |template| {
            template.set_default("metadata", Value::map());
            template.set_default("spec", Value::map());
            within(template, "spec", |spec| {
                spec.set_default("template", Value::map());
                within(spec, "template", pod_template);
            });
        });
    });
}

fn job_spec(spec: &mut Value) {
    let (parallelism, completions) = (spec.get("parallelism").is_null(), spec.get("completions").is_null());
    if parallelism && completions {
        spec.set("completions", 1);
    }
    spec.set_default("parallelism", 1);
    let by_index = !spec.get("backoffLimitPerIndex").is_null();
    spec.set_default("backoffLimit", if by_index { i64::from(i32::MAX) } else { 6 });
    spec.set_default("completionMode", "NonIndexed");
    spec.set_default("suspend", false);
    let by_policy = !spec.get("podFailurePolicy").is_null();
    spec.set_default("podReplacementPolicy", if by_policy { "Failed" } else { "TerminatingOrFailed" });
    spec.set_default("template", Value::map());
    within(spec, "template", pod_template);
    within(spec, "podFailurePolicy", |policy| {
        each(policy, "rules", |rule| each(rule, "onPodConditions", |pattern| fill(pattern, "status", "True")));
    });
}

/// Models pkg/apis/apps/v1/defaults.go SetDefaults_StatefulSet.
pub fn stateful_set(object: &mut Object) {
    spec_with_template(object, |spec| {
        fill(spec, "podManagementPolicy", "OrderedReady");
        spec.set_default("updateStrategy", Value::map());
        within(spec, "updateStrategy", |strategy| {
            fill(strategy, "type", "RollingUpdate");
            if strategy.get("type").str() == "RollingUpdate" {
                strategy.set_default("rollingUpdate.partition", 0);
            }
        });
        for field in ["whenDeleted", "whenScaled"] {
            spec.set_default(&format!("persistentVolumeClaimRetentionPolicy.{field}"), "Retain");
        }
        spec.set_default("replicas", 1);
        spec.set_default("revisionHistoryLimit", 10);
        each(spec, "volumeClaimTemplates", |claim| {
            fill(claim, "apiVersion", "v1");
            fill(claim, "kind", "PersistentVolumeClaim");
            claim_spec(claim);
            claim.set_default("status.phase", "Pending");
        });
    });
}

/// Models pkg/apis/apps/v1/defaults.go SetDefaults_DaemonSet.
pub fn daemon_set(object: &mut Object) {
    spec_with_template(object, |spec| {
        spec.set_default("updateStrategy", Value::map());
        within(spec, "updateStrategy", |strategy| {
            fill(strategy, "type", "RollingUpdate");
            if strategy.get("type").str() == "RollingUpdate" {
                strategy.set_default("rollingUpdate.maxUnavailable", 1);
                strategy.set_default("rollingUpdate.maxSurge", 0);
            }
        });
        spec.set_default("revisionHistoryLimit", 10);
    });
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_ReplicationController.
pub fn replication_controller(object: &mut Object) {
    let labels = object.at("spec.template.metadata.labels").clone();
    if !labels.is_empty() {
        object.value.set_default("spec.selector", labels.clone());
        object.value.set_default("metadata.labels", labels);
    }
    within(&mut object.value, "spec", |spec| {
        spec.set_default("replicas", 1);
        within(spec, "template", pod_template);
    });
}

fn spec_with_template(object: &mut Object, change: impl FnOnce(&mut Value)) {
    object.value.set_default("spec", Value::map());
    within(&mut object.value, "spec", |spec| {
        change(spec);
        spec.set_default("template", Value::map());
        within(spec, "template", pod_template);
    });
}
