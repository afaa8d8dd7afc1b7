//! Validation of autoscalers, and of the APIServices that their metrics come from.

use super::field::{Errors, Path};
use super::{meta, resources};
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;

const SPEC: Path<'static> = Path::new("spec");

/// Models pkg/apis/autoscaling/validation ValidateHorizontalPodAutoscaler.
pub fn autoscaler(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    autoscaler_spec(object.spec(), 1, true, &mut errors);
    errors.into_causes()
}

/// One that could scale to zero still can, and one that named no group need not.
///
/// Models pkg/apis/autoscaling/validation ValidateHorizontalPodAutoscalerUpdate.
pub fn autoscaler_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    let least = if old.at("spec.minReplicas").opt_int() == Some(0) { 0 } else { 1 };
    let mut before = Errors::new();
    reference(old.at("spec.scaleTargetRef"), true, &SPEC, &mut before);
    autoscaler_spec(new.spec(), least, before.is_empty(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/autoscaling/validation validateHorizontalPodAutoscalerSpec.
fn autoscaler_spec(spec: &Value, least: i64, needs_group: bool, errors: &mut Errors) {
    let (min, max) = (spec.get("minReplicas").opt_int(), spec.get("maxReplicas").int());
    if let Some(min) = min.filter(|min| *min < least) {
        let detail = format!("must be greater than or equal to {least}");
        errors.invalid(&SPEC.child("minReplicas"), min, &detail);
    }
    if max == 0 {
        errors.required(&SPEC.child("maxReplicas"), "must be set and greater than 0");
    } else if max < 0 {
        errors.invalid(&SPEC.child("maxReplicas"), max, "must be greater than 0");
    }
    if min.is_some_and(|min| max < min) {
        errors.invalid(&SPEC.child("maxReplicas"), max, "must be greater than or equal to `minReplicas`");
    }
    reference(spec.get("scaleTargetRef"), needs_group, &SPEC.child("scaleTargetRef"), errors);
    let path = SPEC.child("metrics");
    let metrics = spec.get("metrics").list();
    for (i, metric) in metrics.iter().enumerate() {
        self::metric(metric, &path.index(i), errors);
    }
    let outside = |metric: &Value| ["Object", "External"].contains(&metric.get("type").str());
    if min == Some(0) && !metrics.iter().any(outside) {
        let detail = "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.forbidden(&path, detail);
    }
    for field in ["scaleUp", "scaleDown"] {
        let rules = spec.get("behavior").get(field);
        if !rules.is_null() {
            scaling_rules(rules, &SPEC.child("behavior").child(field), errors);
        }
    }
}

/// Models pkg/apis/autoscaling/validation ValidateCrossVersionObjectReference.
fn reference(reference: &Value, needs_group: bool, path: &Path<'_>, errors: &mut Errors) {
    for field in ["kind", "name"] {
        match reference.get(field).str() {
            "" => errors.required(&path.child(field), ""),
            text => errors.malformed(&path.child(field), text, meta::path_segment(text)),
        }
    }
    let version = reference.get("apiVersion").str();
    let core = reference.get("kind").str() == "ReplicationController" && version == "v1";
    if version.matches('/').count() > 1 {
        let detail = format!("unexpected GroupVersion string: {version}");
        errors.invalid(&path.child("apiVersion"), version, &detail);
    } else if needs_group && !version.contains('/') && !core {
        errors.invalid(&path.child("apiVersion"), version, "apiVersion must specify API group");
    }
}

/// Models pkg/apis/autoscaling/validation validateMetricSpec.
fn metric(metric: &Value, path: &Path<'_>, errors: &mut Errors) {
    let kinds = [
        ("Object", "object"),
        ("External", "external"),
        ("Pods", "pods"),
        ("Resource", "resource"),
        ("ContainerResource", "containerResource"),
    ];
    let kind = metric.get("type").str();
    if kind.is_empty() {
        errors.required(&path.child("type"), "must specify a metric source type");
    }
    if !kinds.iter().any(|(known, _)| *known == kind) {
        let known = ["ContainerResource", "External", "Object", "Pods", "Resource"];
        errors.not_supported(&path.child("type"), kind, &known);
    }
    let present: Vec<&str> = kinds.iter().map(|(_, field)| *field).filter(|f| !metric.get(f).is_null()).collect();
    if let Some(first) = present.first() {
        source(first, metric.get(first), &path.child(first), errors);
    }
    let expected = kinds.iter().find(|(known, _)| *known == kind).map(|(_, field)| *field);
    if let Some(field) = expected.filter(|field| !present.contains(field)) {
        errors.required(&path.child(field), "must populate information for the given metric source");
    }
    if present.len() != 1 {
        for field in present.iter().filter(|field| Some(**field) != expected) {
            errors.forbidden(&path.child(field), "must populate the given metric source only");
        }
    }
}

/// Models pkg/apis/autoscaling/validation validateObjectSource, validateExternalSource, validatePodsSource,
/// validateResourceSource and validateContainerResourceSource.
fn source(kind: &str, source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let target_path = path.child("target");
    match kind {
        "object" => reference(source.get("describedObject"), false, &path.child("describedObject"), errors),
        "containerResource" if source.get("container").is_empty() => {
            errors.required(&path.child("container"), "must specify a container");
        }
        _ => {}
    }
    if ["resource", "containerResource"].contains(&kind) {
        if source.get("name").is_empty() {
            errors.required(&path.child("name"), "must specify a resource name");
        }
    } else {
        identifier(source.get("metric"), &path.child("metric"), errors);
    }
    let target = source.get("target");
    self::target(target, &target_path, errors);
    let has = |field: &str| !target.get(field).is_null();
    let average = target_path.child("averageValue");
    match kind {
        "object" if !has("value") && !has("averageValue") => {
            errors.required(&average, "must set either a target value or averageValue");
        }
        "external" if !has("value") && !has("averageValue") => {
            errors.required(&average, "must set either a target value for metric or a per-pod target");
        }
        "external" if has("value") && has("averageValue") => {
            let detail = "may not set both a target value for metric and a per-pod target";
            errors.forbidden(&target_path.child("value"), detail);
        }
        "pods" if !positive(target.get("averageValue")) => {
            errors.required(&average, "must specify a positive target averageValue");
        }
        "resource" | "containerResource" if !has("averageUtilization") && !has("averageValue") => {
            let detail = "must set either a target raw value or a target utilization";
            errors.required(&target_path.child("averageUtilization"), detail);
        }
        "resource" | "containerResource" if has("averageUtilization") && has("averageValue") => {
            errors.forbidden(&average, "may not set both a target raw value and a target utilization");
        }
        _ => {}
    }
}

fn positive(value: &Value) -> bool {
    let amount = resources::quantity(value);
    !amount.is_negative() && !amount.is_zero()
}

/// Models pkg/apis/autoscaling/validation validateMetricTarget.
fn target(target: &Value, path: &Path<'_>, errors: &mut Errors) {
    let kind = target.get("type").str();
    if kind.is_empty() {
        errors.required(&path.child("type"), "must specify a metric target type");
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind) {
        errors.invalid(&path.child("type"), kind, "must be either Utilization, Value, or AverageValue");
    }
    for field in ["value", "averageValue"] {
        let amount = target.get(field);
        if !amount.is_null() && !positive(amount) {
            errors.invalid(&path.child(field), resources::quantity(amount).to_string(), "must be positive");
        }
    }
    if let Some(percent) = target.get("averageUtilization").opt_int().filter(|percent| *percent < 1) {
        errors.invalid(&path.child("averageUtilization"), percent, "must be greater than 0");
    }
}

/// Models pkg/apis/autoscaling/validation validateMetricIdentifier.
fn identifier(metric: &Value, path: &Path<'_>, errors: &mut Errors) {
    match metric.get("name").str() {
        "" => errors.required(&path.child("name"), "must specify a metric name"),
        name => errors.malformed(&path.child("name"), name, meta::path_segment(name)),
    }
}

/// Models pkg/apis/autoscaling/validation validateScalingRules.
fn scaling_rules(rules: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(seconds) = rules.get("stabilizationWindowSeconds").opt_int() {
        let path = path.child("stabilizationWindowSeconds");
        if seconds < 0 {
            errors.invalid(&path, seconds, "must be greater than or equal to zero");
        }
        if seconds > 3600 {
            errors.invalid(&path, seconds, "must be less than or equal to 3600");
        }
    }
    let select = rules.get("selectPolicy");
    if !select.is_null() && !["Disabled", "Max", "Min"].contains(&select.str()) {
        errors.not_supported(&path.child("selectPolicy"), select, &["Disabled", "Max", "Min"]);
    }
    let (policies, list) = (rules.get("policies").list(), path.child("policies"));
    if policies.is_empty() {
        errors.required(&list, "must specify at least one Policy");
    }
    for (i, policy) in policies.iter().enumerate() {
        let path = list.index(i);
        let kind = policy.get("type").str();
        if !["Percent", "Pods"].contains(&kind) {
            errors.not_supported(&path.child("type"), kind, &["Percent", "Pods"]);
        }
        for field in ["value", "periodSeconds"] {
            if policy.get(field).int() <= 0 {
                errors.invalid(&path.child(field), policy.get(field).int(), "must be greater than zero");
            }
        }
        if policy.get("periodSeconds").int() > 1800 {
            let detail = "must be less than or equal to 1800";
            errors.invalid(&path.child("periodSeconds"), policy.get("periodSeconds"), detail);
        }
    }
    let tolerance = rules.get("tolerance");
    if resources::quantity(tolerance).is_negative() {
        errors.invalid(&path.child("tolerance"), tolerance, "must be greater or equal to zero");
    }
}

/// Models kube-aggregator pkg/apis/apiregistration/validation ValidateAPIService.
pub fn api_service(service: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    let wanted = format!("{}.{}", service.at("spec.version").str(), service.at("spec.group").str());
    if service.name() != wanted {
        let detail = format!("must be `spec.version+\".\"+spec.group`: {wanted:?}");
        errors.invalid(&Path::new("metadata").child("name"), service.name(), &detail);
    }
    for field in ["groupPriorityMinimum", "versionPriority"] {
        let (value, most) = (service.spec().get(field).int(), if field == "versionPriority" { 1000 } else { 20_000 });
        if value <= 0 || value > most {
            errors.invalid(&SPEC.child(field), value, &format!("must be positive and less than {most}"));
        }
    }
    errors.into_causes()
}

/// Models kube-aggregator pkg/apis/apiregistration/validation ValidateAPIServiceUpdate.
pub fn api_service_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    errors.into_causes().into_iter().chain(api_service(new)).collect()
}

/// Models vertical-pod-autoscaler/pkg/admission-controller/resource/vpa ValidateVPA and the enumerations of its
/// CustomResourceDefinition.
pub fn vertical(vpa: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(vpa, names::dns1123_subdomain, &mut errors);
    reference(vpa.at("spec.targetRef"), false, &SPEC.child("targetRef"), &mut errors);
    let (update, policy) = (SPEC.child("updatePolicy"), vpa.at("spec.updatePolicy"));
    let modes = ["Off", "Initial", "Recreate", "InPlaceOrRecreate", "Auto"];
    one_of(policy.get("updateMode"), &update.child("updateMode"), &modes, &mut errors);
    if let Some(least) = policy.get("minReplicas").opt_int().filter(|least| *least <= 0) {
        errors.invalid(&update.child("minReplicas"), least, "minReplicas has to be positive");
    }
    if !policy.is_null() && policy.get("updateMode").is_null() {
        errors.required(&update.child("updateMode"), "updateMode is required if UpdatePolicy is used");
    }
    let policies = SPEC.child("resourcePolicy");
    let list = policies.child("containerPolicies");
    for (i, container) in vpa.at("spec.resourcePolicy.containerPolicies").list().iter().enumerate() {
        let path = list.index(i);
        one_of(container.get("mode"), &path.child("mode"), &["Auto", "Off"], &mut errors);
        let off =
            container.get("mode").str() == "Off" && container.get("controlledValues").str() == "RequestsAndLimits";
        if off {
            let detail = "controlledValues shouldn't be specified if container scaling mode is off";
            errors.forbidden(&path.child("controlledValues"), detail);
        }
        let values = ["RequestsAndLimits", "RequestsOnly"];
        one_of(container.get("controlledValues"), &path.child("controlledValues"), &values, &mut errors);
        for (resource, least) in container.get("minAllowed").entries() {
            let most = container.get("maxAllowed").get(resource);
            if !most.is_null() && resources::quantity(most) < resources::quantity(least) {
                let detail = format!("max resource for {resource} is lower than min of {:?}", least.str());
                errors.invalid(&path.child("maxAllowed"), most.str(), &detail);
            }
        }
    }
    errors.into_causes()
}

/// Models the same for a change.
pub fn vertical_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    errors.into_causes().into_iter().chain(vertical(new)).collect()
}

fn one_of(value: &Value, path: &Path<'_>, known: &[&str], errors: &mut Errors) {
    if !value.is_null() && !known.contains(&value.str()) {
        errors.not_supported(path, value, known);
    }
}
