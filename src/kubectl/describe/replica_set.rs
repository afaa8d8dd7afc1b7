//! ReplicaSet and ReplicationController.

use super::page::Page;
use super::template;
use crate::api::kinds::cells::{labels_text, selector_text};
use crate::api::kinds::kind;
use crate::api::Object;
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeReplicaSet and describeReplicationController.
pub(super) fn print(page: &mut Page, set: &Object, reader: &dyn Reader) {
    page.identity(set.metadata());
    let selector = set.at("spec.selector");
    let is_plain = set.kind.kind == "ReplicationController";
    page.field(0, "Selector", if is_plain { labels_text(selector) } else { selector_text(selector) });
    page.labels("Labels", set.labels());
    page.annotations("Annotations", set.metadata().get("annotations"));
    if let Some(owner) = set.controller().filter(|_| !is_plain) {
        page.field(0, "Controlled By", format!("{}/{}", owner.shown_kind(), owner.name));
    }
    let (current, desired) = (set.at("status.replicas").int(), set.at("spec.replicas").int());
    page.field(0, "Replicas", format!("{current} current / {desired} desired"));
    page.field(0, "Pods Status", pods_status(set, reader));
    template::print(page, set.at("spec.template"));
    template::conditions(page, set.at("status.conditions").list());
}

/// How many of the pods an object controls are in which phase.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe getPodStatusForController.
pub(super) fn pods_status(owner: &Object, reader: &dyn Reader) -> String {
    let pods = reader.list(kind("Pod"), owner.namespace());
    let mine: Vec<&Object> = pods.iter().filter(|pod| pod.controller_uid() == owner.uid()).collect();
    let count = |phase: &str| mine.iter().filter(|pod| pod.at("status.phase").str() == phase).count();
    format!(
        "{} Running / {} Waiting / {} Succeeded / {} Failed",
        count("Running"),
        count("Pending"),
        count("Succeeded"),
        count("Failed")
    )
}
