//! What of an object no user can change: system fields, generations, the status of a new one.

use ecow::EcoString;

use crate::api::{Object, Value};

/// Puts a condition into the status in place of the one of its type.
pub fn set_condition(object: &mut Object, condition: Value) {
    let conditions = object.value.slot_at("status.conditions").list_mut();
    match conditions.make_mut().iter_mut().find(|c| c.get("type") == condition.get("type")) {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
}

pub(super) fn reset_status(object: &mut Object) {
    if object.kind.kind == "DaemonSet" {
        count_template(object, 1);
    }
    if object.kind.has_status && object.kind.kind != "Node" {
        object.value.remove_key("status");
        match object.kind.kind {
            "Service" | "Ingress" => object.set("status.loadBalancer", Value::map()),
            "Deployment" | "Job" | "CronJob" => object.set("status", Value::map()),
            "ReplicaSet" | "ReplicationController" => object.set("status.replicas", 0),
            "PodDisruptionBudget" => object.set(
                "status",
                crate::value!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0}),
            ),
            "StatefulSet" => object.set("status", crate::value!({"availableReplicas": 0, "replicas": 0})),
            "DaemonSet" => object.set(
                "status",
                crate::value!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0}),
            ),
            "APIService" => {
                let (reason, message) = match object.at("spec.service").is_null() {
                    true => ("Local", "Local APIServices are always available"),
                    false => ("Passed", "all checks passed"),
                };
                let available = crate::value!({"type": "Available", "status": "True", "reason": reason,
                    "message": message, "lastTransitionTime": (object.at("metadata.creationTimestamp").clone())});
                object.set("status.conditions", Value::from(vec![available]));
            }
            "HorizontalPodAutoscaler" => {
                object.set("status", crate::value!({"currentMetrics": null, "desiredReplicas": 0}));
            }
            _ => {}
        }
    }
}

/// What no update of an object may change: it is the server's.
pub(super) fn keep_system_fields(object: &mut Object, current: &Object) {
    object.set("apiVersion", current.at("apiVersion").clone());
    object.set("kind", current.kind.name());
    if current.kind.kind == "CertificateSigningRequest" {
        object.set("spec", current.spec().clone());
    }
    let fields = [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
        "generateName",
    ];
    for field in fields {
        let value = current.metadata().get(field).clone();
        let metadata = object.value.slot("metadata");
        if value.is_null() {
            metadata.remove_key(field);
        } else {
            metadata.map_mut().insert(field, value);
        }
    }
}

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn template_generation(set: &Object) -> i64 {
    set.annotation(TEMPLATE_GENERATION).parse().unwrap_or(1)
}

/// Models pkg/registry/apps/daemonset strategy.go PrepareForCreate and PrepareForUpdate: how often a DaemonSet's template
/// changed stands in an annotation of apps/v1.
fn count_template(set: &mut Object, generation: i64) {
    set.value.slot_at("metadata.annotations").map_mut().insert(TEMPLATE_GENERATION, generation.to_string());
}

/// The annotations of a deployment but for its revision, which its controller writes as a status.
fn user_annotations(deployment: &Object) -> Vec<&(EcoString, Value)> {
    let annotations = deployment.metadata().get("annotations").entries().iter();
    annotations.filter(|(key, _)| key != "deployment.kubernetes.io/revision").collect()
}

/// What of a custom object counts as its content: all but its metadata and, where that is a sub-resource, its status.
fn custom_content(object: &Object) -> Value {
    let mut content = object.value.clone();
    content.remove_key("metadata");
    if object.kind.has_status {
        content.remove_key("status");
    }
    content
}

/// Models pkg/registry/apps/deployment strategy.go PrepareForUpdate and its sisters: a deployment's annotations count, too.
pub(super) fn keep_generation(object: &mut Object, current: &Object) {
    let same = |field: &str| {
        let (a, b) = (object.value.get(field), current.value.get(field));
        a.same(b) || a == b
    };
    let unchanged = match object.kind.kind {
        "Deployment" => same("spec") && user_annotations(object) == user_annotations(current),
        "EndpointSlice" => same("endpoints") && same("ports") && object.labels() == current.labels(),
        "VerticalPodAutoscalerCheckpoint" => same("spec") && same("status"),
        _ if object.kind.custom.is_some() => custom_content(object) == custom_content(current),
        _ => same("spec"),
    };
    if object.kind.kind == "DaemonSet" {
        let template = |object: &Object| object.at("spec.template").clone();
        count_template(object, template_generation(current) + i64::from(template(object) != template(current)));
    }
    if object.kind.has_generation && !unchanged {
        object.set("metadata.generation", current.generation() + 1);
    }
}
