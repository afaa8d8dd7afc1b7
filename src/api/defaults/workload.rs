//! Defaults of the kinds that make pods.

use super::{fill, pod_template, within};
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

fn spec_with_template(object: &mut Object, change: impl FnOnce(&mut Value)) {
    object.value.set_default("spec", Value::map());
    within(&mut object.value, "spec", |spec| {
        change(spec);
        spec.set_default("template", Value::map());
        within(spec, "template", pod_template);
    });
}
