//! Validation of Deployments and ReplicaSets.

use super::field::{Errors, Path};
use super::{internal, meta, pod};
use crate::api::status::Cause;
use crate::api::{selector, Object, Value};
use crate::base::int_or_percent::IntOrPercent;
use crate::base::names;

const SPEC: Path<'static> = Path::new("spec");

/// Models pkg/apis/apps/validation ValidateDeployment.
pub fn deployment(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    deployment_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateDeploymentUpdate, and the strategy that keeps the selector.
pub fn deployment_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    deployment_spec(new.spec(), &mut errors);
    errors.immutable(&SPEC.child("selector"), new.at("spec.selector"), old.at("spec.selector"));
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateDeploymentSpec.
fn deployment_spec(spec: &Value, errors: &mut Errors) {
    errors.non_negative(&SPEC.child("replicas"), spec.get("replicas"));
    selector_and_template(spec, errors);
    strategy(spec.get("strategy"), &SPEC.child("strategy"), errors);
    for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
        errors.non_negative(&SPEC.child(field), spec.get(field));
    }
    if let Some(deadline) = spec.get("progressDeadlineSeconds").opt_int() {
        if deadline <= spec.get("minReadySeconds").int() {
            let detail = "must be greater than minReadySeconds";
            errors.invalid(&SPEC.child("progressDeadlineSeconds"), deadline, detail);
        }
    }
}

fn selector_and_template(spec: &Value, errors: &mut Errors) {
    let (selector, path) = (spec.get("selector"), SPEC.child("selector"));
    if selector.is_null() {
        errors.required(&path, "");
    } else {
        meta::label_selector(selector, &path, errors);
        if selector.get("matchLabels").is_empty() && selector.get("matchExpressions").is_empty() {
            errors.invalid(&path, selector, "empty selector is invalid for deployment");
        }
    }
    if !selector.is_null() && meta::is_no_selector(selector) {
        errors.invalid(&path, selector, "invalid label selector");
    } else {
        template(spec.get("template"), selector, &SPEC.child("template"), errors);
    }
}

/// The template of pods that must match a selector and run for ever.
///
/// Models pkg/apis/apps/validation ValidatePodTemplateSpecForReplicaSet.
fn template(template: &Value, selecting: &Value, path: &Path<'_>, errors: &mut Errors) {
    let labels = template.at("metadata.labels");
    if !selector::matches(selecting, labels) {
        let detail = "`selector` does not match template `labels`";
        errors.invalid(&path.child("metadata.labels"), labels, detail);
    }
    pod::template(template, path, errors);
    let policy = template.at("spec.restartPolicy");
    if policy.str() != "Always" {
        errors.not_supported(&path.child("spec.restartPolicy"), policy, &["Always"]);
    }
    if !template.at("spec.activeDeadlineSeconds").is_null() {
        let detail = "activeDeadlineSeconds in ReplicaSet is not Supported";
        errors.forbidden(&path.child("spec.activeDeadlineSeconds"), detail);
    }
}

/// Models pkg/apis/apps/validation ValidateDeploymentStrategy.
fn strategy(strategy: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rolling = strategy.get("rollingUpdate");
    match strategy.get("type").str() {
        "Recreate" if rolling.is_null() => {}
        "Recreate" => {
            let detail = "may not be specified when strategy `type` is 'Recreate'";
            errors.forbidden(&path.child("rollingUpdate"), detail);
        }
        "RollingUpdate" if rolling.is_null() => {
            errors.required(&path.child("rollingUpdate"), "this should be defaulted and never be nil");
        }
        "RollingUpdate" => rolling_update(rolling, &path.child("rollingUpdate"), errors),
        _ => {
            let printed = internal::compact(strategy, "apps", "DeploymentStrategy");
            errors.not_supported_printed(path, printed, &["Recreate", "RollingUpdate"]);
        }
    }
}

/// Models pkg/apis/apps/validation ValidateRollingUpdateDeployment.
fn rolling_update(rolling: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
    positive_int_or_percent(unavailable, &path.child("maxUnavailable"), errors);
    positive_int_or_percent(surge, &path.child("maxSurge"), errors);
    if number(unavailable) == 0 && number(surge) == 0 {
        errors.invalid(&path.child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0");
    }
    not_more_than_all(unavailable, &path.child("maxUnavailable"), errors);
}

/// Models pkg/apis/apps/validation ValidatePositiveIntOrPercent.
pub fn positive_int_or_percent(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    match value.opt_str() {
        Some(text) => errors.malformed(path, text, names::percent(text)),
        None => errors.non_negative(path, value),
    }
}

/// Models pkg/apis/apps/validation IsNotMoreThan100Percent.
pub fn not_more_than_all(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(text) = value.opt_str() {
        if matches!(IntOrPercent::parse(text), Some(IntOrPercent::Percent(percent)) if percent > 100) {
            errors.invalid(path, text, "must not be greater than 100%");
        }
    }
}

/// The number of a count, or that of a percentage.
///
/// Models pkg/apis/apps/validation getIntOrPercentValue.
pub fn number(value: &Value) -> i64 {
    match value.opt_str().map(IntOrPercent::parse) {
        Some(Some(IntOrPercent::Percent(percent))) => percent,
        Some(_) => 0,
        None => value.int(),
    }
}

/// Models pkg/apis/apps/validation ValidateReplicaSet.
pub fn replica_set(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    replica_set_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateReplicaSetUpdate, and the strategy that keeps the selector.
pub fn replica_set_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    replica_set_spec(new.spec(), &mut errors);
    errors.immutable(&SPEC.child("selector"), new.at("spec.selector"), old.at("spec.selector"));
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateReplicaSetSpec.
fn replica_set_spec(spec: &Value, errors: &mut Errors) {
    for field in ["replicas", "minReadySeconds"] {
        errors.non_negative(&SPEC.child(field), spec.get(field));
    }
    selector_and_template(spec, errors);
}
