//! Namespace, with the quotas and limits that rule in it.

use super::page::{time_text, Page};
use crate::api::{kind, Object, Value};
use crate::base::order::Order;
use crate::base::quantity::Quantity;
use crate::kubectl::reader::Reader;
use std::collections::BTreeSet;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeNamespace.
pub(super) fn print(page: &mut Page, namespace: &Object, reader: &dyn Reader) {
    page.field(0, "Name", namespace.name());
    page.labels("Labels", namespace.labels());
    page.annotations("Annotations", namespace.metadata().get("annotations"));
    page.field(0, "Status", namespace.at("status.phase").str());
    let conditions = namespace.at("status.conditions").list();
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
        for condition in conditions {
            let text = |field: &str| Value::str(condition.get(field)).to_owned();
            let at = time_text(condition.get("lastTransitionTime"));
            page.line(
                1,
                &format!("{}\t{}\t{at}\t{}\t{}", text("type"), text("status"), text("reason"), text("message")),
            );
        }
    }
    page.line(0, "");
    quotas(page, &reader.list(kind("ResourceQuota"), namespace.name()));
    page.line(0, "");
    limit_ranges(page, &reader.list(kind("LimitRange"), namespace.name()));
}

/// Models staging/src/k8s.io/kubectl/pkg/describe DescribeResourceQuotas.
fn quotas(page: &mut Page, quotas: &[Object]) {
    if quotas.is_empty() {
        return page.line(0, "No resource quota.");
    }
    page.line(0, "Resource Quotas");
    for quota in quotas {
        page.field(1, "Name", quota.name());
        resources(page, 1, quota);
    }
}

/// ResourceQuota.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe describeQuota.
pub(super) fn print_quota(page: &mut Page, quota: &Object, _: &dyn Reader) {
    page.field(0, "Name", quota.name());
    page.field(0, "Namespace", quota.namespace());
    resources(page, 0, quota);
}

/// The scopes of a quota, and what it counts.
fn resources(page: &mut Page, level: usize, quota: &Object) {
    let mut scopes: Vec<&str> = quota.at("spec.scopes").list().iter().map(Value::str).collect();
    scopes.order();
    if !scopes.is_empty() {
        page.field(level, "Scopes", scopes.join(", "));
    }
    for (_, help) in scopes.iter().filter_map(|scope| SCOPES.iter().find(|(name, _)| name == scope)) {
        page.line(1, &format!("* {help}"));
    }
    page.line(level, "Resource\tUsed\tHard");
    page.line(level, if level == 0 { "--------\t----\t----" } else { "--------\t---\t---" });
    for (resource, hard) in quota.at("status.hard").entries() {
        let used = quota.at("status.used").get(resource).opt_str().unwrap_or("0");
        page.line(level, &format!("{resource}\t{}\t{}", in_form_of(used, hard.str()), hard.str()));
    }
}

/// What is used, with units of the kind in which the limit is given.
fn in_form_of(used: &str, hard: &str) -> String {
    match (Quantity::parse(used), Quantity::parse(hard)) {
        (Ok(amount), Ok(limit)) if amount.format() != limit.format() => {
            Quantity::new(amount.value(), limit.format()).to_string()
        }
        _ => used.to_owned(),
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe helpTextForResourceQuotaScope.
const SCOPES: &[(&str, &str)] = &[
    ("Terminating", "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."),
    ("NotTerminating", "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."),
    ("BestEffort", "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."),
    ("NotBestEffort", "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."),
];

/// Models staging/src/k8s.io/kubectl/pkg/describe DescribeLimitRanges. Resources come by name, where Go's order is by
/// chance.
fn limit_ranges(page: &mut Page, ranges: &[Object]) {
    if ranges.is_empty() {
        return page.line(0, "No LimitRange resource.");
    }
    page.line(0, "Resource Limits");
    limits(page, " ", ranges);
}

/// LimitRange.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe describeLimitRange.
pub(super) fn print_limit_range(page: &mut Page, range: &Object, _: &dyn Reader) {
    page.field(0, "Name", range.name());
    page.field(0, "Namespace", range.namespace());
    limits(page, "", std::slice::from_ref(range));
}

fn limits(page: &mut Page, indent: &str, ranges: &[Object]) {
    for line in [
        "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio",
        "----\t--------\t---\t---\t---------------\t-------------\t-----------------------",
    ] {
        page.line(0, &format!("{indent}{line}"));
    }
    for item in ranges.iter().flat_map(|range| range.at("spec.limits").list()) {
        let parts = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"].map(|field| item.get(field));
        let resources: BTreeSet<&str> =
            parts.iter().flat_map(|part| part.entries()).map(|(resource, _)| &**resource).collect();
        for resource in resources {
            let cells = parts.map(|part| part.get(resource).opt_str().unwrap_or("-"));
            page.line(0, &format!("{indent}{}\t{resource}\t{}", item.get("type").str(), cells.join("\t")));
        }
    }
}
