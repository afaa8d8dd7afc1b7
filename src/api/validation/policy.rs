//! Validation of PodDisruptionBudgets, PriorityClasses, ResourceQuotas and LimitRanges.

use super::apps::{not_more_than_all, positive_int_or_percent};
use super::field::{Errors, Path};
use super::{internal, meta, resources};
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;
use crate::base::order::Order;
use crate::base::quantity::{Format, Quantity};

const SPEC: Path<'static> = Path::new("spec");

/// Models pkg/apis/policy/validation ValidatePodDisruptionBudget.
pub fn budget(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, meta::path_segment, &mut errors);
    budget_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// The same for a change: nothing of a budget is fixed.
pub fn budget_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    budget_spec(new.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/policy/validation ValidatePodDisruptionBudgetSpec.
fn budget_spec(spec: &Value, errors: &mut Errors) {
    let fields = ["minAvailable", "maxUnavailable"];
    if fields.iter().all(|field| !spec.get(field).is_null()) {
        let printed = internal::compact(spec, "policy", "PodDisruptionBudgetSpec");
        errors.invalid_printed(&SPEC, printed, "minAvailable and maxUnavailable cannot be both set");
    }
    for field in fields.iter().filter(|field| !spec.get(field).is_null()) {
        positive_int_or_percent(spec.get(field), &SPEC.child(field), errors);
        not_more_than_all(spec.get(field), &SPEC.child(field), errors);
    }
    meta::label_selector(spec.get("selector"), &SPEC.child("selector"), errors);
    let (policy, known) = (spec.get("unhealthyPodEvictionPolicy"), ["AlwaysAllow", "IfHealthyBudget"]);
    if !policy.is_null() && !known.contains(&policy.str()) {
        errors.not_supported(&SPEC.child("unhealthyPodEvictionPolicy"), policy, &known);
    }
}

/// Models pkg/apis/scheduling/validation ValidatePriorityClass.
pub fn priority_class(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    let (name, value) = (object.name(), object.at("value").int());
    let of_system = [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];
    if name.starts_with("system-") {
        if !of_system.contains(&(name, value)) {
            let detail = "priority class names with 'system-' prefix are reserved for system use only. error: ";
            let why = format!("{name} is not a known system priority class");
            errors.forbidden(&Path::new("metadata.name"), &format!("{detail}{why}"));
        }
    } else if value > 1_000_000_000 {
        let detail = "maximum allowed value of a user defined priority is 1000000000";
        errors.forbidden(&Path::new("value"), detail);
    }
    let (policy, known) = (object.at("preemptionPolicy"), ["PreemptLowerPriority", "Never"]);
    if !policy.is_null() && !known.contains(&policy.str()) {
        errors.not_supported(&Path::new("preemptionPolicy"), policy, &known);
    }
    errors.into_causes()
}

/// Models pkg/apis/scheduling/validation ValidatePriorityClassUpdate.
pub fn priority_class_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    if new.at("value").int() != old.at("value").int() {
        errors.forbidden(&Path::new("value"), "may not be changed in an update.");
    }
    errors.immutable(&Path::new("preemptionPolicy"), new.at("preemptionPolicy"), old.at("preemptionPolicy"));
    errors.into_causes()
}

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// Models pkg/apis/core/validation ValidateResourceQuota.
pub fn quota(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    quota_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateResourceQuotaUpdate.
pub fn quota_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    quota_spec(new.spec(), &mut errors);
    let scopes = |object: &Object| {
        let mut scopes: Vec<String> = object.at("spec.scopes").list().iter().map(|s| s.str().to_owned()).collect();
        scopes.order();
        scopes.dedup();
        scopes
    };
    if scopes(new) != scopes(old) {
        errors.invalid(&SPEC.child("scopes"), new.at("spec.scopes"), "field is immutable");
    }
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateResourceQuotaSpec.
fn quota_spec(spec: &Value, errors: &mut Errors) {
    let (hard, path) = (spec.get("hard"), SPEC.child("hard"));
    for (resource, amount) in hard.entries() {
        let path = path.key(resource);
        resources::quota_name(resource, &path, errors);
        resources::amount(resource, amount, &path, errors);
    }
    let (scopes, path) = (spec.get("scopes"), SPEC.child("scopes"));
    let mut chosen: Vec<&str> = Vec::new();
    for scope in scopes.list() {
        if !SCOPES.contains(&scope.str()) {
            errors.invalid(&path, scopes, "unsupported scope");
        }
        for _ in unfit(scope.str(), hard) {
            errors.invalid(&path, scopes, "unsupported scope applied to resource");
        }
        chosen.push(scope.str());
    }
    conflicting(&chosen, scopes, &path, errors);
    scope_selector(spec, errors);
}

/// The resources of a quota that a scope says nothing about.
///
/// Models pkg/apis/core/helper IsResourceQuotaScopeValidForResource.
fn unfit<'a>(scope: &'a str, hard: &'a Value) -> impl Iterator<Item = &'a str> {
    let compute = ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
    hard.entries().iter().map(|(resource, _)| resource.as_str()).filter(move |resource| {
        let fits = match scope {
            "BestEffort" => *resource == "pods",
            "VolumeAttributesClass" => ["persistentvolumeclaims", "requests.storage"].contains(resource),
            _ if SCOPES.contains(&scope) => *resource == "pods" || compute.contains(resource),
            _ => true,
        };
        resources::counted_by_quota(resource) && !fits
    })
}

fn conflicting(chosen: &[&str], shown: &Value, path: &Path<'_>, errors: &mut Errors) {
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|scope| chosen.contains(scope)) {
            errors.invalid(path, shown, "conflicting scopes");
        }
    }
}

/// Models pkg/apis/core/validation validateScopedResourceSelectorRequirement.
fn scope_selector(spec: &Value, errors: &mut Errors) {
    let path = SPEC.child("scopeSelector");
    let path = path.child("matchExpressions");
    let mut chosen: Vec<&str> = Vec::new();
    for requirement in spec.at("scopeSelector.matchExpressions").list() {
        let (scope, operator) = (requirement.get("scopeName").str(), requirement.get("operator").str());
        let values = requirement.get("values");
        if !SCOPES.contains(&scope) {
            errors.invalid(&path.child("scopeName"), scope, "unsupported scope");
        }
        for _ in unfit(scope, spec.get("hard")) {
            errors.invalid(&path, spec.get("scopeSelector"), "unsupported scope applied to resource");
        }
        if SCOPES.contains(&scope)
            && !["PriorityClass", "VolumeAttributesClass"].contains(&scope)
            && operator != "Exists"
        {
            let detail = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, \
                          ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, \
                          ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errors.invalid(&path.child("operator"), operator, detail);
        }
        match operator {
            "In" | "NotIn" if values.list().is_empty() => {
                let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.required(&path.child("values"), detail);
            }
            "Exists" | "DoesNotExist" if !values.list().is_empty() => {
                let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.invalid(&path.child("values"), values, detail);
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
        chosen.push(scope);
    }
    conflicting(&chosen, spec.get("scopes"), &path, errors);
}

/// Models pkg/apis/core/validation ValidateLimitRange.
pub fn limit_range(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    let list = SPEC.child("limits");
    let mut seen: Vec<&str> = Vec::new();
    for (i, limit) in object.at("spec.limits").list().iter().enumerate() {
        let (path, kind) = (list.index(i), limit.get("type").str());
        let before = errors.len();
        meta::label_name(kind, &path.child("type"), &mut errors);
        let known = ["Pod", "Container", "PersistentVolumeClaim"].contains(&kind);
        if errors.len() == before && !kind.contains('/') && !known {
            let detail = "must be a standard limit type or fully qualified";
            errors.invalid(&path.child("type"), kind, detail);
        }
        if seen.contains(&kind) {
            errors.duplicate(&path.child("type"), kind);
        }
        seen.push(kind);
        limit_item(limit, kind, &path, &mut errors);
    }
    errors.into_causes()
}

/// The same for a change: nothing of a LimitRange is fixed.
pub fn limit_range_update(new: &Object, _old: &Object) -> Vec<Cause> {
    limit_range(new)
}

fn limit_item(limit: &Value, kind: &str, path: &Path<'_>, errors: &mut Errors) {
    let rule = if ["Pod", "Container"].contains(&kind) { resources::container_name } else { resources::name };
    let mut keys: Vec<&str> = Vec::new();
    for field in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        let of_container = ["default", "defaultRequest"].contains(&field);
        if field == "maxLimitRequestRatio" && kind == "PersistentVolumeClaim" {
            let has = |field: &str| !limit.get(field).get("storage").is_null();
            if !has("min") && !has("max") {
                let detail = "either minimum or maximum storage value is required, but neither was provided";
                errors.required(&path.child("limits"), detail);
            }
        }
        if kind == "Pod" && of_container {
            if !limit.get(field).is_empty() {
                errors.forbidden(&path.child(field), "may not be specified when `type` is 'Pod'");
            }
            continue;
        }
        for (resource, _) in limit.get(field).entries() {
            let list = path.child(field);
            rule(resource, &list.key(resource), errors);
            keys.push(resource);
        }
    }
    keys.order();
    keys.dedup();
    for key in keys {
        amounts_agree(limit, kind, key, path, errors);
    }
}

/// Each comparison of two amounts of one resource: which must not be greater than which, and what it is called.
fn amounts_agree(limit: &Value, kind: &str, key: &str, path: &Path<'_>, errors: &mut Errors) {
    let of = |field: &str| {
        let hidden = kind == "Pod" && field.starts_with("default");
        let value = limit.get(field).get(key);
        (!hidden && !value.is_null()).then(|| resources::quantity(value))
    };
    let comparisons = [
        ("min", "min value", "max", "max value", "min", "min"),
        ("min", "min value", "defaultRequest", "default request value", "defaultRequest", "defaultRequest"),
        ("defaultRequest", "default request value", "max", "max value", "defaultRequest", "defaultRequest"),
        (
            "defaultRequest",
            "default request value",
            "default",
            "default limit value",
            "defaultRequest",
            "defaultRequest",
        ),
        ("min", "min value", "default", "default value", "default", "min"),
        ("default", "default value", "max", "max value", "default", "max"),
    ];
    for (small, small_name, large, large_name, at, shown) in comparisons {
        if let (Some(less), Some(more)) = (of(small), of(large)) {
            if less > more {
                let bad = of(shown).unwrap_or(less).to_string();
                let list = path.child(at);
                errors.invalid(
                    &list.key(key),
                    bad,
                    &format!("{small_name} {less} is greater than {large_name} {more}"),
                );
            }
        }
    }
    let list = path.child("maxLimitRequestRatio");
    let at = list.key(key);
    if let Some(ratio) = of("maxLimitRequestRatio") {
        if ratio < Quantity::new(1, Format::DecimalSi) {
            errors.invalid(&at, ratio.to_string(), &format!("ratio {ratio} is less than 1"));
        }
        if let (Some(min), Some(max)) = (of("min"), of("max")) {
            let most = max.milli_value() as f64 / min.milli_value() as f64;
            if ratio.milli_value() as f64 / 1000.0 > most {
                errors.invalid(&at, ratio.to_string(), &format!("ratio {ratio} is greater than max/min = {most:.6}"));
            }
        }
    }
    if let (Some(default), Some(request)) = (of("default"), of("defaultRequest")) {
        if !resources::overcommit_allowed(key) && default != request {
            let detail = format!("default value {default} must equal to defaultRequest value {request} in {key}");
            let list = path.child("defaultRequest");
            errors.invalid(&list.key(key), request.to_string(), &detail);
        }
    }
}
