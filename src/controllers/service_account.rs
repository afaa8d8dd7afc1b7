//! The ServiceAccount controller: a ServiceAccount `default` in every namespace.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, ObjectKey, Value};
use crate::store::{Action, Because, Change, Plan, Verb, View};

const COMPONENT: &str = "service-account-controller";
const NAME: &str = "default";

pub(super) const CONTROLLER: Controller = Controller { name: "serviceaccount", keys, reconcile };

/// Models pkg/controller/serviceaccount/serviceaccounts_controller.go namespaceAdded, namespaceUpdated and
/// serviceAccountDeleted.
fn keys(change: &Change, _: &View) -> Vec<Key> {
    let gone = change.verb == Verb::Deleted;
    match change.kind() {
        "Namespace" if !gone => vec![Key::of(&change.object)],
        "ServiceAccount" if gone && change.object.name() == NAME => vec![namespace_key(&change.object)],
        _ => Vec::new(),
    }
}

fn namespace_key(object: &Object) -> Key {
    Key { kind: "Namespace", key: ObjectKey::new("", object.namespace()), uid: Default::default() }
}

/// Models pkg/controller/serviceaccount/serviceaccounts_controller.go syncNamespace.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(namespace) = view.get("Namespace", &key.key) else { return plan };
    let there = view.store.find("ServiceAccount", namespace.name(), NAME).is_some();
    if namespace.at("status.phase").str() == "Active" && !there {
        let object = Object::new(crate::api::kind("ServiceAccount"), namespace.name(), NAME);
        let because = Arc::new(Because::of(COMPONENT, namespace, "every namespace has a ServiceAccount default"));
        plan.push(Action::Create { object, because, success: None, failure: None });
    }
    plan
}
