//! StatefulSet, with the templates of its claims.

use super::page::{int_or_string, time_text, Page};
use super::replica_set::pods_status;
use super::template;
use crate::api::kinds::cells::selector_text;
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeStatefulSet.
pub(super) fn print(page: &mut Page, set: &Object, reader: &dyn Reader) {
    page.identity(set.metadata());
    page.field(0, "CreationTimestamp", time_text(set.metadata().get("creationTimestamp")));
    page.field(0, "Selector", selector_text(set.at("spec.selector")));
    page.labels("Labels", set.labels());
    page.annotations("Annotations", set.metadata().get("annotations"));
    let (wanted, there) = (set.at("spec.replicas").int(), set.at("status.replicas").int());
    page.field(0, "Replicas", format!("{wanted} desired | {there} total"));
    page.field(0, "Update Strategy", set.at("spec.updateStrategy.type").str());
    let rolling = set.at("spec.updateStrategy.rollingUpdate");
    if let Some(partition) = rolling.get("partition").opt_int() {
        page.field(1, "Partition", partition);
        page.field_if(1, "MaxUnavailable", &int_or_string(rolling.get("maxUnavailable")));
    }
    page.field(0, "Pods Status", pods_status(set, reader));
    template::print(page, set.at("spec.template"));
    claims(page, set.at("spec.volumeClaimTemplates").list());
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describeVolumeClaimTemplates.
fn claims(page: &mut Page, templates: &[Value]) {
    if templates.is_empty() {
        return page.field(0, "Volume Claims", "<none>");
    }
    page.line(0, "Volume Claims:");
    for claim in templates {
        page.field(1, "Name", claim.at("metadata.name").str());
        page.field(1, "StorageClass", claim.at("spec.storageClassName").str());
        page.labels("  Labels", claim.at("metadata.labels"));
        page.labels("  Annotations", claim.at("metadata.annotations"));
        let capacity = match claim.at("spec.resources.requests.storage").str() {
            "" => "<default>",
            capacity => capacity,
        };
        page.field(1, "Capacity", capacity);
        let modes: Vec<&str> = claim.at("spec.accessModes").list().iter().map(Value::str).collect();
        page.field(1, "Access Modes", format!("[{}]", modes.join(" ")));
    }
}
