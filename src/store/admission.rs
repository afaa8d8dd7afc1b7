//! Admission and the strategies of the registry: what the API server adds to an object or refuses before it is stored.

use ecow::EcoString;

use super::{pod_admission, Server, Settings, Store};
use crate::api::status::Cause;
use crate::api::{defaults, Object, Status, Value};
use crate::value;

/// What is wrong with an object where some feature gates are on: with HPAScaleToZero an autoscaler may have no replicas.
pub(super) fn by_gates(settings: &Settings, object: &Object, mut causes: Vec<Cause>) -> Vec<Cause> {
    if settings.autoscaler.scale_to_zero && object.at("spec.minReplicas").opt_int() == Some(0) {
        causes.retain(|cause| cause.field != "spec.minReplicas");
    }
    causes
}

/// Completes a new object and refuses what may not be created, before validation.
pub(super) fn admit_create(server: &Server<'_>, object: &mut Object) -> Result<(), Status> {
    match object.kind.kind {
        "Pod" => return pod_admission::admit(server, object),
        "Job" => defaults::job_selector(object),
        "Namespace" => {
            object.set("spec.finalizers", value!(["kubernetes"]));
            object.set("status.phase", "Active");
            label_namespace(object);
        }
        "PersistentVolumeClaim" | "PersistentVolume" => {
            super::admission_storage::admit_create(server, object);
        }
        "Ingress" => {
            let old = "kubernetes.io/ingress.class";
            if object.at("spec.ingressClassName").is_null() && object.annotation(old).is_empty() {
                if let Some(class) = default_ingress_class(server.store) {
                    object.set("spec.ingressClassName", class);
                }
            }
        }
        // Who asks is written down by the server, whatever the request says.
        "CertificateSigningRequest" => {
            object.set("spec.username", "admin");
            object.set("spec.uid", "admin-uid");
            object.set("spec.groups", value!(["system:masters", "system:authenticated"]));
        }
        "PriorityClass" => return pod_admission::check_priority_class(server.store, object),
        _ => {}
    }
    Ok(())
}

/// The name of the class that is marked as the default one; of several the newest.
///
/// Models plugin/pkg/admission/network/defaultingressclass getDefaultClass.
fn default_ingress_class(store: &Store) -> Option<EcoString> {
    let mark = "ingressclass.kubernetes.io/is-default-class";
    let marked = store.all("IngressClass").filter(|class| class.annotation(mark) == "true");
    let newest = marked.min_by_key(|class| (std::cmp::Reverse(class.created()), class.name()));
    newest.map(|class| class.name().into())
}

/// The namespace must be there and must not be going.
///
/// Models staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle Lifecycle.Admit.
pub(super) fn check_namespace(store: &Store, object: &Object) -> Result<(), Status> {
    if !object.kind.namespaced {
        return Ok(());
    }
    let namespace = object.namespace();
    let Some(found) = store.find("Namespace", "", namespace) else {
        return Err(Status::not_found("namespaces", namespace));
    };
    if found.is_deleting() {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        return Err(Status::forbidden(&object.kind.resource(), object.name(), &why));
    }
    Ok(())
}

/// Namespaces that no cluster can do without stay.
///
/// Models staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle Lifecycle.Admit.
pub(super) fn check_delete(object: &Object) -> Result<(), Status> {
    match (object.kind.kind, object.name()) {
        ("Namespace", "default" | "kube-public" | "kube-system") => {
            Err(Status::forbidden("namespaces", object.name(), "this namespace may not be deleted"))
        }
        _ => Ok(()),
    }
}

fn label_namespace(object: &mut Object) {
    let name = Value::from(object.name());
    object.value.slot("metadata").slot("labels").map_mut().insert("kubernetes.io/metadata.name", name);
}
