//! Namespace, with the quotas and limits that rule in it.

use super::page::{time_text, Page};
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeNamespace. Quotas and limit ranges are not among our kinds.
pub(super) fn print(page: &mut Page, namespace: &Object, _: &dyn Reader) {
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
    page.line(0, "\nNo resource quota.\n\nNo LimitRange resource.");
}
