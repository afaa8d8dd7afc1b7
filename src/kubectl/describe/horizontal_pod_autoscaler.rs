//! HorizontalPodAutoscaler.

use super::page::{time_text, Page};
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeHorizontalPodAutoscalerV2.
pub(super) fn print(page: &mut Page, hpa: &Object, _: &dyn Reader) {
    page.identity(hpa.metadata());
    page.labels("Labels", hpa.labels());
    page.annotations("Annotations", hpa.metadata().get("annotations"));
    page.field(0, "CreationTimestamp", time_text(hpa.metadata().get("creationTimestamp")));
    let target = hpa.at("spec.scaleTargetRef");
    let kind = target.get("kind").str();
    page.field(0, "Reference", format!("{kind}/{}", target.get("name").str()));
    page.field(0, "Metrics", "( current / target )");
    let current = hpa.at("status.currentMetrics").list();
    for (i, metric) in hpa.at("spec.metrics").list().iter().enumerate() {
        print_metric(page, metric, current.get(i).unwrap_or(&Value::Null));
    }
    let min = hpa.at("spec.minReplicas").opt_int().map_or_else(|| "<unset>".to_owned(), |min| min.to_string());
    page.field(0, "Min replicas", min);
    page.field(0, "Max replicas", hpa.at("spec.maxReplicas").int());
    let behavior = hpa.at("spec.behavior");
    if !behavior.is_null() {
        page.line(0, "Behavior:");
        print_rules(page, "Scale Up", behavior.get("scaleUp"));
        print_rules(page, "Scale Down", behavior.get("scaleDown"));
    }
    let count = |field: &str| hpa.status().get(field).int();
    let text = format!("{} current / {} desired", count("currentReplicas"), count("desiredReplicas"));
    page.field(0, &format!("{kind} pods"), text);
    let conditions = hpa.at("status.conditions").list();
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tReason\tMessage");
        page.line(1, "----\t------\t------\t-------");
        for c in conditions {
            let text = |field: &str| c.get(field).str();
            page.line(1, &format!("{}\t{}\t{}\t{}", text("type"), text("status"), text("reason"), text("message")));
        }
    }
}

fn print_metric(page: &mut Page, spec: &Value, status: &Value) {
    const UNKNOWN: &str = "<unknown>";
    let or_unknown = |value: &Value| match value.opt_str() {
        Some(text) => text.to_owned(),
        None => UNKNOWN.to_owned(),
    };
    let field = match spec.get("type").str() {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        other => return page.line(1, &format!("<unknown metric type {other:?}>")),
    };
    let (source, now) = (spec.get(field), status.get(field).get("current"));
    let (target, metric) = (source.get("target"), source.at("metric.name").str());
    let average = match field {
        "object" => target.get("type").str() == "AverageValue",
        _ => !target.get("averageValue").is_null(),
    };
    let (title, current, wanted) = match field {
        "resource" | "containerResource" => {
            let of = match source.get("container").str() {
                "" => "on pods".to_owned(),
                container => format!("of container \"{container}\" on pods"),
            };
            let title = format!("resource {} {of}", source.get("name").str());
            if average {
                (title, or_unknown(now.get("averageValue")), target.get("averageValue").str().to_owned())
            } else {
                let current = match now.get("averageUtilization").opt_int() {
                    Some(percent) => format!("{percent}% ({})", now.get("averageValue").str()),
                    None => UNKNOWN.to_owned(),
                };
                let wanted = target.get("averageUtilization").opt_int();
                let wanted = wanted.map_or_else(|| "<auto>".to_owned(), |percent| format!("{percent}%"));
                (format!("{title}  (as a percentage of request)"), current, wanted)
            }
        }
        "pods" => {
            let wanted = target.get("averageValue").str().to_owned();
            (format!("\"{metric}\" on pods"), or_unknown(now.get("averageValue")), wanted)
        }
        _ => {
            let object = source.get("describedObject");
            let place = match field {
                "object" => format!(" on {}/{}", object.get("kind").str(), object.get("name").str()),
                _ => String::new(),
            };
            let (what, value) = if average { ("average value", "averageValue") } else { ("value", "value") };
            let title = format!("\"{metric}\"{place} (target {what})");
            (title, or_unknown(now.get(value)), target.get(value).str().to_owned())
        }
    };
    page.line(1, &format!("{title}:\t{current} / {wanted}"));
}

fn print_rules(page: &mut Page, title: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    page.line(1, &format!("{title}:"));
    if let Some(seconds) = rules.get("stabilizationWindowSeconds").opt_int() {
        page.line(2, &format!("Stabilization Window: {seconds} seconds"));
    }
    if let Some(tolerance) = rules.get("tolerance").opt_str() {
        page.line(2, &format!("Tolerance: {tolerance}"));
    }
    let policies = rules.get("policies").list();
    if policies.is_empty() {
        return;
    }
    let select = match rules.get("selectPolicy").str() {
        "" => "Max",
        select => select,
    };
    page.line(2, &format!("Select Policy: {select}"));
    page.line(2, "Policies:");
    for policy in policies {
        let (kind, value) = (policy.get("type").str(), policy.get("value").int());
        let period = policy.get("periodSeconds").int();
        page.line(3, &format!("- Type: {kind}\tValue: {value}\tPeriod: {period} seconds"));
    }
}
