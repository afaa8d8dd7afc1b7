//! Pod templates, tolerations and conditions: what the descriptions of several kinds share.

use super::page::{int_or_string, Page};
use super::{containers, volumes};
use crate::api::kinds::cells::selector_text;
use crate::api::Value;
use crate::base::order::Order;

/// Models staging/src/k8s.io/kubectl/pkg/describe DescribePodTemplate.
pub(super) fn print(page: &mut Page, template: &Value) {
    page.line(0, "Pod Template:");
    let spec = template.get("spec");
    page.labels("  Labels", template.at("metadata.labels"));
    if !template.at("metadata.annotations").is_empty() {
        page.annotations("  Annotations", template.at("metadata.annotations"));
    }
    page.field_if(1, "Service Account", spec.get("serviceAccountName").str());
    if !spec.get("initContainers").is_empty() {
        containers::print(page, "Init Containers", spec.get("initContainers").list(), None, "  ");
    }
    containers::print(page, "Containers", spec.get("containers").list(), None, "  ");
    volumes::print(page, spec.get("volumes").list(), "  ");
    spread(page, spec.get("topologySpreadConstraints").list(), "  ");
    page.field_if(1, "Priority Class Name", spec.get("priorityClassName").str());
    page.labels("  Node-Selectors", spec.get("nodeSelector"));
    tolerations(page, "  Tolerations", spec.get("tolerations").list());
}

/// The conditions of a workload.
pub(super) fn conditions(page: &mut Page, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tReason");
    page.line(1, "----\t------\t------");
    for condition in conditions {
        let text = |field: &str| Value::str(condition.get(field)).to_owned();
        page.line(1, &format!("{} \t{}\t{}", text("type"), text("status"), text("reason")));
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describeTopologySpreadConstraints.
pub(super) fn spread(page: &mut Page, constraints: &[Value], indent: &str) {
    if constraints.is_empty() {
        return;
    }
    let mut sorted: Vec<&Value> = constraints.iter().collect();
    sorted.order_by_key(|constraint| constraint.get("topologyKey").str());
    let texts = sorted.iter().map(|constraint| {
        let mut text = format!(
            "{}:{} when max skew {} is exceeded",
            constraint.get("topologyKey").str(),
            constraint.get("whenUnsatisfiable").str(),
            int_or_string(constraint.get("maxSkew"))
        );
        if !constraint.get("labelSelector").is_null() {
            text.push_str(&format!(" for selector {}", selector_text(constraint.get("labelSelector"))));
        }
        text
    });
    page.values(&format!("{indent}Topology Spread Constraints"), texts.collect());
}

/// Models staging/src/k8s.io/kubectl/pkg/describe printPodTolerationsMultiline.
pub(super) fn tolerations(page: &mut Page, title: &str, tolerations: &[Value]) {
    let mut sorted: Vec<&Value> = tolerations.iter().collect();
    sorted.order_by_key(|toleration| toleration.get("key").str());
    page.values(title, sorted.into_iter().map(toleration_text).collect());
}

fn toleration_text(toleration: &Value) -> String {
    let text = |field: &str| Value::str(toleration.get(field));
    let mut out = text("key").to_owned();
    if !text("value").is_empty() {
        out.push_str(&format!("={}", text("value")));
    }
    if !text("effect").is_empty() {
        out.push_str(&format!(":{}", text("effect")));
    }
    if text("operator") == "Exists" && text("value").is_empty() {
        out.push_str(if out.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    if let Some(seconds) = toleration.get("tolerationSeconds").opt_int() {
        out.push_str(&format!(" for {seconds}s"));
    }
    out
}
