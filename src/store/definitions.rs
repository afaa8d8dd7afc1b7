//! CustomResourceDefinitions in the API server: their names are accepted with the write itself, and custom objects are kept in
//! the version that is preferred.
//!
//! Upstream accepts names by a controller, some ten milliseconds later.

use super::Store;
use crate::api::custom;
use crate::api::{Kind, Object, Status, Value};

/// The finalizer of a definition whose objects are still to be deleted.
pub const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// What the API server adds to a definition before it keeps it, and the version of a custom object.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition strategy.PrepareForCreate and
/// PrepareForUpdate.
pub(super) fn prepare(store: &Store, object: &mut Object, old: Option<&Object>, now: &str) {
    if let Some(preferred) = store.catalog().named(object.kind.kind).filter(|row| row.custom.is_some()) {
        *object = object.clone().seen_as(preferred);
    }
    let respecified = old.is_none_or(|old| old.spec() != object.spec());
    if object.kind.kind != "CustomResourceDefinition" || !respecified {
        return;
    }
    let versions = object.at("spec.versions").list().iter();
    let storage: Vec<Value> =
        versions.filter(|version| version.get("storage").bool()).map(|version| version.get("name").clone()).collect();
    let stored = object.value.slot("status").slot("storedVersions").list_mut();
    stored.extend(storage.into_iter().filter(|name| !old.is_some_and(|old| is_stored(old, name))));
    let others = store.all("CustomResourceDefinition").filter(|other| other.name() != object.name());
    let status = custom::status(object, others, now);
    object.set("status", status);
}

fn is_stored(definition: &Object, version: &Value) -> bool {
    definition.at("status.storedVersions").list().contains(version)
}

/// A definition that is deleted waits until its objects are gone.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition REST.Delete.
pub(super) fn hold(object: &mut Object, now: &str) {
    if object.kind.kind != "CustomResourceDefinition" || object.is_deleting() {
        return;
    }
    let finalizers = object.value.slot_at("metadata.finalizers").list_mut();
    if !finalizers.iter().any(|finalizer| finalizer.str() == CLEANUP) {
        finalizers.push(Value::from(CLEANUP));
    }
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let status = object.value.slot("status");
    custom::set_condition(status, "Terminating", true, "InstanceDeletionPending", message, now);
}

/// Fails for a custom kind whose definition is being deleted.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver crdHandler.serveResource.
pub(super) fn check_served(store: &Store, kind: &Kind, verb: &str) -> Result<(), Status> {
    if kind.custom.is_none() {
        return Ok(());
    }
    match store.find("CustomResourceDefinition", "", &kind.resource()) {
        Some(definition) if definition.is_deleting() => Err(Status {
            code: 405,
            reason: "MethodNotAllowed",
            message: format!("{verb} not allowed while custom resource definition is terminating"),
            causes: Vec::new(),
            hint: String::new(),
        }),
        Some(_) => Ok(()),
        None => Err(Status::failure(404, "the server could not find the requested resource")),
    }
}
