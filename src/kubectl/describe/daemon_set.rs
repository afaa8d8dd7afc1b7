//! DaemonSet.

use super::page::Page;
use super::replica_set::pods_status;
use super::template;
use crate::api::kinds::cells::{labels_text, selector_text};
use crate::api::Object;
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeDaemonSet.
pub(super) fn print(page: &mut Page, set: &Object, reader: &dyn Reader) {
    page.identity(set.metadata());
    page.field(0, "Selector", selector_text(set.at("spec.selector")));
    page.field(0, "Node-Selector", labels_text(set.at("spec.template.spec.nodeSelector")));
    page.labels("Labels", set.labels());
    page.annotations("Annotations", set.metadata().get("annotations"));
    for (title, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        page.line(0, &format!("{title}: {}", set.status().get(field).int()));
    }
    page.field(0, "Pods Status", pods_status(set, reader));
    template::print(page, set.at("spec.template"));
}
