//! The controllers of CustomResourceDefinitions: a definition that is deleted takes its objects along, and names that it frees
//! go to those that have waited for them.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::custom;
use crate::api::kinds::catalog::version_of;
use crate::api::{Object, Value};
use crate::base::time::Span;
use crate::store::definitions::CLEANUP;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, Plan, Verb, View};

const COMPONENT: &str = "customresourcecleanup";
const KIND: &str = "CustomResourceDefinition";

pub(super) const CONTROLLER: Controller = Controller { name: "customresource-finalizer", keys, reconcile };

/// How often it looks whether the objects are gone.
const INTERVAL: Span = Span::secs(5);

/// Models pkg/controller/finalizer crdFinalizer.addCustomResourceDefinition and
/// pkg/controller/status NamingConditionController.requeueAllOtherGroupCRDs.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    if change.kind() != KIND {
        return Vec::new();
    }
    match change.verb {
        Verb::Deleted => {
            let group = change.object.at("spec.group");
            let others = view.store.all(KIND).filter(|other| other.at("spec.group") == group).map(Key::of);
            others.chain([Key::of(&change.object)]).collect()
        }
        _ => vec![Key::of(&change.object)],
    }
}

fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    register(view, key, &mut plan);
    let Some(definition) = view.get(KIND, &key.key) else { return plan };
    match definition.is_deleting() {
        true if has_finalizer(definition) => clean_up(view, definition, &mut plan),
        true => {}
        false => {
            let others = view.store.all(KIND).filter(|other| other.name() != definition.name());
            let status = custom::status(definition, others, &view.now_text());
            if status != *definition.status() {
                let mut object = definition.clone();
                object.set("status", status);
                let because = Arc::new(Because::of(COMPONENT, definition, "a name that it wants is free now"));
                plan.push(Action::UpdateStatus { object, because });
            }
        }
    }
    plan
}

/// Each group version of a definition has an APIService.
///
/// Models pkg/controlplane/controller/crdregistration crdRegistrationController.handleVersionUpdate.
fn register(view: &View, key: &Key, plan: &mut Plan) {
    let Some((_, group)) = key.key.name.split_once('.') else { return };
    let name = |version: &str| format!("{version}.{group}");
    let rows = view.store.catalog().custom().iter().filter(|row| row.group == group);
    let served: Vec<String> = rows.map(|row| name(row.version)).collect();
    let rule = "the API server registers the group versions of custom resources";
    let because = Arc::new(Because::rule(COMPONENT, rule));
    for name in &served {
        if view.store.find("APIService", "", name).is_none() && !plan.actions.iter().any(|a| creates(a, name)) {
            let object = version_of(name, 1000, 100, "true");
            plan.push(Action::Create { object, because: because.clone(), success: None, failure: None });
        }
    }
    let own = |service: &&Object| service.label("kube-aggregator.kubernetes.io/automanaged") == "true";
    let of_group = view.store.all("APIService").filter(own).filter(|service| service.at("spec.group").str() == group);
    for gone in of_group.filter(|service| !served.iter().any(|name| name == service.name())) {
        plan.push(Action::Delete {
            kind: "APIService",
            key: gone.key(),
            uid: gone.uid().into(),
            options: DeleteOptions::default(),
            because: because.clone(),
            success: None,
        });
    }
}

fn creates(action: &Action, name: &str) -> bool {
    matches!(action, Action::Create { object, .. } if object.name() == name)
}

fn has_finalizer(definition: &Object) -> bool {
    definition.at("metadata.finalizers").list().iter().any(|finalizer| finalizer.str() == CLEANUP)
}

/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/controller/finalizer crdFinalizer.sync and deleteInstances.
fn clean_up(view: &View, definition: &Object, plan: &mut Plan) {
    let rows = view.store.catalog().custom();
    let row = rows.iter().find(|row| row.resource() == definition.name());
    let objects: Vec<&Object> = row.map_or(Vec::new(), |row| view.store.all(row.kind).collect());
    plan.visited += objects.len() as u32;
    let rule = format!("its definition {} is going", definition.name());
    let because = Arc::new(Because::of(COMPONENT, definition, rule));
    for object in objects.iter().filter(|object| !object.is_deleting()) {
        plan.push(Action::Delete {
            kind: object.kind.kind,
            key: object.key(),
            uid: object.uid().into(),
            options: DeleteOptions::default(),
            because: because.clone(),
            success: None,
        });
    }
    let mut wanted = definition.clone();
    if objects.is_empty() {
        let finalizers = wanted.value.slot_at("metadata.finalizers").list_mut();
        finalizers.retain(|finalizer| finalizer.str() != CLEANUP);
        let because = Arc::new(Because::of(COMPONENT, definition, "none of its objects is left"));
        plan.push(Action::Update { object: wanted, because, success: None });
        return;
    }
    let text = "CustomResource deletion is in progress";
    let status = wanted.value.slot("status");
    custom::set_condition(status, "Terminating", true, "InstanceDeletionInProgress", text, &view.now_text());
    if wanted != *definition {
        plan.push(Action::UpdateStatus { object: wanted, because });
        plan.again_after(Span::millis(10));
    } else {
        plan.again_after(INTERVAL);
    }
}
