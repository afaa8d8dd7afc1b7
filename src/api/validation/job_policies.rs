//! When a Job counts a pod's end as a failure, and when it is done early.

use super::field::{quote, Errors, Path};
use super::{internal, meta};
use crate::api::Value;

const RULES_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;
const POD_CONDITIONS_MAX: usize = 20;
const SUCCEEDED_INDEXES_MAX: u32 = 64 * 1024;

/// Models pkg/apis/batch/validation validatePodFailurePolicy.
pub fn pod_failure(job: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rules = job.at("podFailurePolicy.rules").list();
    let path = path.child("rules");
    if rules.len() > RULES_MAX {
        errors.too_many(&path, rules.len(), RULES_MAX);
    }
    for (i, rule) in rules.iter().enumerate() {
        pod_failure_rule(job, rule, &path.index(i), errors);
    }
}

/// Models pkg/apis/batch/validation validatePodFailurePolicyRule.
fn pod_failure_rule(job: &Value, rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    let action = &path.child("action");
    match rule.get("action").str() {
        "FailIndex" if job.get("backoffLimitPerIndex").is_null() => {
            errors.invalid(action, "FailIndex", "requires the backoffLimitPerIndex to be set");
        }
        chosen => one_of(chosen, &["Count", "FailIndex", "FailJob", "Ignore"], action, errors),
    }
    let (codes, conditions) = (rule.get("onExitCodes"), rule.get("onPodConditions").list());
    if !codes.is_null() {
        on_exit_codes(job, codes, &path.child("onExitCodes"), errors);
    }
    if !conditions.is_empty() {
        on_pod_conditions(conditions, &path.child("onPodConditions"), errors);
    }
    if !codes.is_null() && !conditions.is_empty() {
        errors.invalid_whole(path, "specifying both OnExitCodes and OnPodConditions is not supported");
    }
    if codes.is_null() && conditions.is_empty() {
        errors.invalid_whole(path, "specifying one of OnExitCodes and OnPodConditions is required");
    }
}

fn one_of(chosen: &str, supported: &[&str], path: &Path<'_>, errors: &mut Errors) {
    if chosen.is_empty() {
        let quoted: Vec<String> = supported.iter().map(|value| quote(value)).collect();
        errors.required(path, &format!("valid values: [{}]", quoted.join(" ")));
    } else if !supported.contains(&chosen) {
        errors.not_supported(path, chosen, supported);
    }
}

/// Models pkg/apis/batch/validation validatePodFailurePolicyRuleOnExitCodes.
fn on_exit_codes(job: &Value, codes: &Value, path: &Path<'_>, errors: &mut Errors) {
    let operator = codes.get("operator").str();
    one_of(operator, &["In", "NotIn"], &path.child("operator"), errors);
    if let Some(name) = codes.get("containerName").opt_str() {
        let named = |list: &str| job.at("template.spec").get(list).list().iter().any(|c| c.get("name").str() == name);
        if !named("containers") && !named("initContainers") {
            let detail = "must be one of the container or initContainer names in the pod template";
            errors.invalid(&path.child("containerName"), name, detail);
        }
    }
    let (values, path) = (codes.get("values"), path.child("values"));
    let list = values.list();
    if list.is_empty() {
        errors.invalid(&path, values, "at least one value is required");
    } else if list.len() > EXIT_CODES_MAX {
        errors.too_many(&path, list.len(), EXIT_CODES_MAX);
    }
    let mut seen = std::collections::BTreeSet::new();
    for (i, code) in list.iter().enumerate() {
        if operator == "In" && code.int() == 0 {
            errors.invalid(&path.index(i), 0, "must not be 0 for the In operator");
        }
        if !seen.insert(code.int()) {
            errors.duplicate(&path.index(i), code);
        }
    }
    if list.windows(2).any(|pair| pair[0].int() > pair[1].int()) {
        errors.invalid(&path, values, "must be ordered");
    }
}

/// Models pkg/apis/batch/validation validatePodFailurePolicyRuleOnPodConditions.
fn on_pod_conditions(conditions: &[Value], path: &Path<'_>, errors: &mut Errors) {
    if conditions.len() > POD_CONDITIONS_MAX {
        errors.too_many(path, conditions.len(), POD_CONDITIONS_MAX);
    }
    for (i, condition) in conditions.iter().enumerate() {
        let path = path.index(i);
        meta::label_name(condition.get("type").str(), &path.child("type"), errors);
        one_of(condition.get("status").str(), &["False", "True", "Unknown"], &path.child("status"), errors);
    }
}

/// Models pkg/apis/batch/validation validateSuccessPolicy.
pub fn success(job: &Value, is_indexed: bool, path: &Path<'_>, errors: &mut Errors) {
    let policy = job.get("successPolicy");
    if policy.is_null() {
        return;
    }
    if !is_indexed {
        let printed = internal::compact(policy, "batch", "SuccessPolicy");
        return errors.invalid_printed(path, printed, "requires indexed completion mode");
    }
    let (rules, path) = (policy.get("rules").list(), path.child("rules"));
    if rules.is_empty() {
        errors.required(&path, "at least one rules must be specified when the successPolicy is specified");
    }
    if rules.len() > RULES_MAX {
        errors.too_many(&path, rules.len(), RULES_MAX);
    }
    for (i, rule) in rules.iter().enumerate() {
        success_rule(rule, job.get("completions").int(), &path.index(i), errors);
    }
}

/// Models pkg/apis/batch/validation validateSuccessPolicyRule.
fn success_rule(rule: &Value, completions: i64, path: &Path<'_>, errors: &mut Errors) {
    let (indexes, count) = (rule.get("succeededIndexes"), rule.get("succeededCount"));
    if indexes.is_null() && count.is_null() {
        errors.required(path, "at least one of succeededCount or succeededIndexes must be specified");
    }
    let mut total = 0;
    if let Some(text) = indexes.opt_str() {
        let path = path.child("succeededIndexes");
        if text.len() > SUCCEEDED_INDEXES_MAX as usize {
            errors.too_long(&path, SUCCEEDED_INDEXES_MAX);
        }
        match count_indexes(text, completions) {
            Ok(found) => total = found,
            Err(why) => errors.invalid(&path, text, &format!("error parsing succeededIndexes: {why}")),
        }
    }
    if let Some(count) = count.opt_int() {
        let path = path.child("succeededCount");
        errors.non_negative(&path, rule.get("succeededCount"));
        if count > completions {
            let detail = format!("must be less than or equal to {completions} (the number of specified completions)");
            errors.invalid(&path, count, &detail);
        }
        if !indexes.is_null() && count > total {
            let whose = "the number of indexes in the specified succeededIndexes field";
            errors.invalid(&path, count, &format!("must be less than or equal to {total} ({whose})"));
        }
    }
}

/// How many indexes a text such as `1,3-5` names.
///
/// Models pkg/apis/batch/validation validateIndexesFormat.
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    let number = |text: &str| match text.parse::<i64>() {
        Err(_) => Err(format!("cannot convert string to integer for index: {}", quote(text))),
        Ok(index) if index >= completions => Err(format!("too large index: {}", quote(text))),
        Ok(index) => Ok(index),
    };
    let (mut total, mut last) = (0, None);
    if text.is_empty() {
        return Ok(total);
    }
    let mut after = |index: i64| match last.replace(index) {
        Some(last) if last >= index => Err(format!("non-increasing order, previous: {last}, current: {index}")),
        _ => Ok(index),
    };
    for interval in text.split(',') {
        let limits: Vec<&str> = interval.split('-').collect();
        if limits.len() > 2 {
            let rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
            return Err(format!("the fragment {} {rule}", quote(interval)));
        }
        let first = after(number(limits[0])?)?;
        total += 1;
        if let Some(limit) = limits.get(1) {
            total += after(number(limit)?)? - first;
        }
    }
    Ok(total)
}
