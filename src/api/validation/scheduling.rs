//! Validation of what decides where a pod may run: affinity, tolerations, taints and topology spread.

use super::field::{Errors, Path};
use super::{internal, meta};
use crate::api::Value;
use crate::base::names;

/// Models pkg/apis/core/validation validateAffinity.
pub fn affinity(affinity: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (required, preferred) =
        ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution");
    let node = affinity.get("nodeAffinity");
    if !node.is_null() {
        let path = path.child("nodeAffinity");
        if !node.get(required).is_null() {
            node_selector(node.get(required), &path.child(required), errors);
        }
        for (i, term) in node.get(preferred).list().iter().enumerate() {
            let list = path.child(preferred);
            let path = list.index(i);
            weight(term, &path, errors);
            node_selector_term(term.get("preference"), false, &path.child("preference"), errors);
        }
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let terms = affinity.get(kind);
        let path = path.child(kind);
        for (i, term) in terms.get(required).list().iter().enumerate() {
            pod_affinity_term(term, &path.child(required).index(i), errors);
        }
        for (i, term) in terms.get(preferred).list().iter().enumerate() {
            let list = path.child(preferred);
            let path = list.index(i);
            weight(term, &path, errors);
            pod_affinity_term(term.get("podAffinityTerm"), &path.child("podAffinityTerm"), errors);
        }
    }
}

fn weight(term: &Value, path: &Path<'_>, errors: &mut Errors) {
    if !(1..=100).contains(&term.get("weight").int()) {
        errors.invalid(&path.child("weight"), term.get("weight").int(), "must be in the range 1-100");
    }
}

/// Models pkg/apis/core/validation ValidateNodeSelector.
pub fn node_selector(selector: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("nodeSelectorTerms");
    let terms = selector.get("nodeSelectorTerms").list();
    if terms.is_empty() {
        return errors.required(&path, "must have at least one node selector term");
    }
    for (i, term) in terms.iter().enumerate() {
        node_selector_term(term, true, &path.index(i), errors);
    }
}

/// Models pkg/apis/core/validation ValidateNodeSelectorTerm.
fn node_selector_term(term: &Value, check_values: bool, path: &Path<'_>, errors: &mut Errors) {
    for (i, requirement) in term.get("matchExpressions").list().iter().enumerate() {
        label_requirement(requirement, check_values, &path.child("matchExpressions").index(i), errors);
    }
    for (i, requirement) in term.get("matchFields").list().iter().enumerate() {
        field_requirement(requirement, &path.child("matchFields").index(i), errors);
    }
}

/// Models pkg/apis/core/validation ValidateNodeSelectorRequirement.
fn label_requirement(requirement: &Value, check_values: bool, path: &Path<'_>, errors: &mut Errors) {
    let values = requirement.get("values").list();
    let values_path = path.child("values");
    match requirement.get("operator").str() {
        "In" | "NotIn" if values.is_empty() => {
            errors.required(&values_path, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            errors.forbidden(&values_path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "Gt" | "Lt" if values.len() != 1 => {
            errors.required(&values_path, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    meta::label_name(requirement.get("key").str(), &path.child("key"), errors);
    for (i, value) in values.iter().enumerate().filter(|_| check_values) {
        errors.malformed(&values_path.index(i), value.str(), names::label_value(value.str()));
    }
}

/// Models pkg/apis/core/validation ValidateNodeFieldSelectorRequirement.
fn field_requirement(requirement: &Value, path: &Path<'_>, errors: &mut Errors) {
    let values = requirement.get("values").list();
    match requirement.get("operator").str() {
        "In" | "NotIn" if values.len() != 1 => {
            let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.required(&path.child("values"), detail);
        }
        "In" | "NotIn" => {}
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    let key = requirement.get("key").str();
    if key != "metadata.name" {
        return errors.invalid(&path.child("key"), key, "not a valid field selector key");
    }
    for (i, value) in values.iter().enumerate() {
        errors.malformed(&path.child("values").index(i), value.str(), names::dns1123_subdomain(value.str()));
    }
}

/// Models pkg/apis/core/validation validatePodAffinityTerm.
fn pod_affinity_term(term: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["labelSelector", "namespaceSelector"] {
        meta::label_selector(term.get(field), &path.child(field), errors);
    }
    for name in term.get("namespaces").list() {
        errors.malformed(&path.child("namespace"), name.str(), names::dns1123_label(name.str()));
    }
    label_keys(term, path, errors);
    let key = term.get("topologyKey").str();
    if key.is_empty() {
        errors.required(&path.child("topologyKey"), "can not be empty");
    }
    meta::label_name(key, &path.child("topologyKey"), errors);
}

/// Models pkg/apis/core/validation validateMatchLabelKeysAndMismatchLabelKeys.
fn label_keys(term: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (matching, differing) = (term.get("matchLabelKeys").list(), term.get("mismatchLabelKeys").list());
    let selector = term.get("labelSelector");
    for field in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = term.get(field).list();
        if !keys.is_empty() && selector.is_null() {
            errors.forbidden(&path.child(field), "must not be specified when labelSelector is not set");
            continue;
        }
        for (i, key) in keys.iter().enumerate() {
            meta::label_name(key.str(), &path.child(field).index(i), errors);
        }
    }
    repeated_keys(matching, selector, path, errors);
    for (i, key) in matching.iter().enumerate().filter(|(_, key)| differing.contains(key)) {
        let detail = "exists in both matchLabelKeys and mismatchLabelKeys";
        errors.invalid(&path.child("matchLabelKeys").index(i), key, detail);
    }
}

/// A key that the selector names by itself besides the requirement that was made of it.
fn repeated_keys(keys: &[Value], selector: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut named: Vec<&str> = selector.get("matchLabels").entries().iter().map(|(key, _)| key.as_str()).collect();
    for requirement in selector.get("matchExpressions").list() {
        let key = requirement.get("key").str();
        if let Some(i) = keys.iter().position(|k| k.str() == key).filter(|_| named.contains(&key)) {
            errors.invalid(&path.index(i), key, "exists in both matchLabelKeys and labelSelector");
        }
        named.push(key);
    }
}

/// Models pkg/apis/core/validation ValidateTolerations.
pub fn tolerations(tolerations: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (i, toleration) in tolerations.list().iter().enumerate() {
        let path = path.index(i);
        let (key, operator) = (toleration.get("key").str(), toleration.get("operator").str());
        let (value, effect) = (toleration.get("value").str(), toleration.get("effect").str());
        if !key.is_empty() {
            meta::label_name(key, &path.child("key"), errors);
        } else if operator != "Exists" {
            let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid(&path.child("operator"), operator, detail);
        }
        if !toleration.get("tolerationSeconds").is_null() && effect != "NoExecute" {
            let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.invalid(&path.child("effect"), effect, detail);
        }
        match operator {
            "Equal" | "" => {
                let complaints = names::label_value(value);
                if !complaints.is_empty() {
                    errors.invalid(&path.child("operator"), value, &complaints.join(";"));
                }
            }
            "Exists" if !value.is_empty() => {
                errors.invalid(&path.child("operator"), value, "value must be empty when `operator` is 'Exists'");
            }
            "Exists" => {}
            other => errors.not_supported(&path.child("operator"), other, &["Equal", "Exists"]),
        }
        if !effect.is_empty() {
            taint_effect(effect, &path.child("effect"), errors);
        }
    }
}

/// Models pkg/apis/core/validation validateTaintEffect.
fn taint_effect(effect: &str, path: &Path<'_>, errors: &mut Errors) {
    let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if effect.is_empty() {
        errors.required(path, "");
    } else if !known.contains(&effect) {
        errors.not_supported(path, effect, &known);
    }
}

/// Models pkg/apis/core/validation validateNodeTaints.
pub fn taints(taints: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (i, taint) in taints.list().iter().enumerate() {
        let path = path.index(i);
        let (key, effect) = (taint.get("key").str(), taint.get("effect").str());
        meta::label_name(key, &path.child("key"), errors);
        let value = taint.get("value").str();
        let complaints = names::label_value(value);
        if !complaints.is_empty() {
            errors.invalid(&path.child("value"), value, &complaints.join(";"));
        }
        taint_effect(effect, &path.child("effect"), errors);
        if seen.contains(&(effect, key)) {
            let printed = internal::compact(taint, "", "Taint");
            errors.duplicate_printed(&path, printed, "taints must be unique by key and effect pair");
            continue;
        }
        seen.push((effect, key));
    }
}

/// Models pkg/apis/core/validation validateTopologySpreadConstraints.
pub fn topology_spread(constraints: &Value, path: &Path<'_>, errors: &mut Errors) {
    let all = constraints.list();
    for (i, constraint) in all.iter().enumerate() {
        let path = path.index(i);
        let (key, action) = (constraint.get("topologyKey").str(), constraint.get("whenUnsatisfiable").str());
        if constraint.get("maxSkew").int() <= 0 {
            errors.invalid(&path.child("maxSkew"), constraint.get("maxSkew").int(), "must be greater than zero");
        }
        if key.is_empty() {
            errors.required(&path.child("topologyKey"), "can not be empty");
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&action) {
            errors.not_supported(&path.child("whenUnsatisfiable"), action, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        let same =
            |other: &&Value| other.get("topologyKey").str() == key && other.get("whenUnsatisfiable").str() == action;
        if all[i + 1..].iter().any(|other| same(&other)) {
            let pair = format!("{{{key}, {action}}}");
            errors.duplicate(&path.child("{topologyKey, whenUnsatisfiable}"), pair);
        }
        min_domains(constraint, action, &path.child("minDomains"), errors);
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            let policy = constraint.get(field);
            if !policy.is_null() && !["Honor", "Ignore"].contains(&policy.str()) {
                errors.not_supported(&path.child(field), policy, &["Honor", "Ignore"]);
            }
        }
        spread_label_keys(constraint, &path.child("matchLabelKeys"), errors);
        meta::label_selector(constraint.get("labelSelector"), &path.child("labelSelector"), errors);
    }
}

/// Models pkg/apis/core/validation validateMinDomains.
fn min_domains(constraint: &Value, action: &str, path: &Path<'_>, errors: &mut Errors) {
    let Some(domains) = constraint.get("minDomains").opt_int() else { return };
    if domains <= 0 {
        errors.invalid(path, domains, "must be greater than zero");
    }
    if action != "DoNotSchedule" {
        let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
        errors.invalid(path, domains, &detail);
    }
}

/// Models pkg/apis/core/validation validateMatchLabelKeysInTopologySpread.
fn spread_label_keys(constraint: &Value, path: &Path<'_>, errors: &mut Errors) {
    let keys = constraint.get("matchLabelKeys").list();
    let selector = constraint.get("labelSelector");
    if !keys.is_empty() && selector.is_null() {
        errors.forbidden(path, "must not be specified when labelSelector is not set");
    }
    for (i, key) in keys.iter().enumerate() {
        meta::label_name(key.str(), &path.index(i), errors);
        let labelled = selector.get("matchLabels").as_map().is_some_and(|labels| labels.contains(key.str()));
        let expressed = selector.get("matchExpressions").list().iter().any(|r| r.get("key") == key);
        if labelled || expressed {
            errors.invalid(&path.index(i), key, "exists in both matchLabelKeys and labelSelector");
        }
    }
}
