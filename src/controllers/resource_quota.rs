//! The ResourceQuota controller: counts what the objects of a namespace use of its quotas. Admission keeps the count while
//! objects are made; this puts it right when objects go and when a quota changes.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::amounts::Amounts;
use crate::api::{Object, Value};
use crate::base::quantity::Quantity;
use crate::store::{quota, Action, Because, Change, Plan, Verb, View};

const COMPONENT: &str = "resourcequota-controller";

pub(super) const CONTROLLER: Controller = Controller { name: "resourcequota", keys, reconcile };

/// Models pkg/controller/resourcequota/resource_quota_controller.go NewController and the update filter of
/// pkg/quota/v1/install DefaultUpdateFilter.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    let object = &change.object;
    if object.kind.kind == "ResourceQuota" && (change.verb == Verb::Added || change.touches("spec.hard")) {
        return vec![Key::of(object)];
    }
    if !object.kind.namespaced || object.kind.kind == quota::IGNORED || view.store.count("ResourceQuota") == 0 {
        return Vec::new();
    }
    let frees = match (change.verb, &change.old) {
        (Verb::Deleted, _) => true,
        (Verb::Modified, Some(old)) => frees(old, object, view),
        _ => false,
    };
    let quotas = view.store.list("ResourceQuota", object.namespace());
    let counting = quotas.filter(|quota| {
        let mut hard = quota.at("status.hard").entries().iter();
        frees && hard.any(|(name, _)| quota::uses(object.kind, name))
    });
    counting.map(Key::of).collect()
}

/// True where a change may set something free that admission has not seen.
fn frees(old: &Object, new: &Object, view: &View) -> bool {
    match new.kind.kind {
        "Pod" => quota::is_charged(old, view.timestamp()) && !quota::is_charged(new, view.timestamp()),
        "Service" => old.at("spec.type") != new.at("spec.type") || old.at("spec.ports") != new.at("spec.ports"),
        "PersistentVolumeClaim" => {
            ["status.allocatedResources", "spec.resources"].iter().any(|path| old.at(path) != new.at(path))
        }
        _ => false,
    }
}

/// Models pkg/controller/resourcequota/resource_quota_controller.go syncResourceQuota and
/// staging/src/k8s.io/apiserver/pkg/quota/v1 CalculateUsage.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(quota) = view.get("ResourceQuota", &key.key) else { return plan };
    let hard = Amounts::read(quota.at("spec.hard"));
    let mut used = Amounts::read(quota.at("status.used"));
    used.retain(|name, _| hard.get(name).is_some());
    for kind in view.store.catalog().all().filter(|kind| kind.namespaced && kind.kind != quota::IGNORED) {
        let mut counted = Amounts::default();
        hard.iter().filter(|(name, _)| quota::uses(kind, name)).for_each(|(name, _)| counted.set(name, Quantity::ZERO));
        if counted.is_empty() {
            continue;
        }
        for object in view.store.list(kind.kind, quota.namespace()) {
            plan.visited += 1;
            if quota::in_scope(quota, object) {
                counted.add(&quota::usage(object, view.timestamp()));
            }
        }
        counted.retain(|name, _| hard.get(name).is_some());
        counted.iter().for_each(|(name, amount)| used.set(name, amount));
    }
    let status = crate::value!({"hard": (hard.to_value()), "used": (used.to_value())});
    if status != *quota.status() {
        let mut object = quota.clone();
        object.set("status", status);
        let why = "what its namespace holds has changed, or what it allows";
        plan.push(Action::UpdateStatus { object, because: Arc::new(Because::of(COMPONENT, quota, why)) });
    }
    plan
}
