//! Deployment, with its old and new ReplicaSets.

use super::page::{int_or_string, time_text, Page};
use super::template;
use crate::api::kinds::cells::{or_none, selector_text};
use crate::api::kinds::kind;
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeDeployment.
pub(super) fn print(page: &mut Page, deployment: &Object, reader: &dyn Reader) {
    page.identity(deployment.metadata());
    page.field(0, "CreationTimestamp", time_text(deployment.metadata().get("creationTimestamp")));
    page.labels("Labels", deployment.labels());
    page.annotations("Annotations", deployment.metadata().get("annotations"));
    page.field(0, "Selector", selector_text(deployment.at("spec.selector")));
    let count = |field: &str| deployment.status().get(field).int();
    let replicas = format!(
        "{} desired | {} updated | {} total | {} available | {} unavailable",
        deployment.at("spec.replicas").int(),
        count("updatedReplicas"),
        count("replicas"),
        count("availableReplicas"),
        count("unavailableReplicas")
    );
    page.field(0, "Replicas", replicas);
    page.field(0, "StrategyType", deployment.at("spec.strategy.type").str());
    page.field(0, "MinReadySeconds", deployment.at("spec.minReadySeconds").int());
    let rolling = deployment.at("spec.strategy.rollingUpdate");
    if !rolling.is_null() {
        let bound = |field: &str| int_or_string(rolling.get(field));
        let text = format!("{} max unavailable, {} max surge", bound("maxUnavailable"), bound("maxSurge"));
        page.field(0, "RollingUpdateStrategy", text);
    }
    template::print(page, deployment.at("spec.template"));
    template::conditions(page, deployment.at("status.conditions").list());
    let (old, new) = replica_sets(deployment, reader);
    if old.is_empty() && new.is_none() {
        return;
    }
    page.field(0, "OldReplicaSets", or_none(&old.iter().map(set_text).collect::<Vec<_>>().join(", ")));
    page.field(0, "NewReplicaSet", or_none(&new.as_ref().map(set_text).unwrap_or_default()));
}

fn set_text(set: &Object) -> String {
    let (current, desired) = (set.at("status.replicas").int(), set.at("spec.replicas").int());
    format!("{} ({current}/{desired} replicas created)", set.name())
}

/// The ReplicaSets of a deployment, oldest first: those of other templates, and the one of the present template.
///
/// Models staging/src/k8s.io/kubectl/pkg/util/deployment GetAllReplicaSets.
fn replica_sets(deployment: &Object, reader: &dyn Reader) -> (Vec<Object>, Option<Object>) {
    let mut sets = reader.list(kind("ReplicaSet"), deployment.namespace());
    sets.retain(|set| set.controller_uid() == deployment.uid());
    sets.order_by(|a, b| (a.created(), a.name()).cmp(&(b.created(), b.name())));
    let wanted = without_hash(deployment.at("spec.template"));
    let new = sets.iter().position(|set| without_hash(set.at("spec.template")) == wanted).map(|i| sets.remove(i));
    (sets, new)
}

/// A pod template without the label that tells ReplicaSets apart.
fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if !template.at("metadata.labels").is_null() {
        template.slot_at("metadata.labels").remove_key("pod-template-hash");
    }
    template
}
