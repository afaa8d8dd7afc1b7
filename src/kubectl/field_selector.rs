//! Field selectors: `status.phase=Running,spec.nodeName!=node-1`. Only a few fields of each kind can be selected by.

use crate::api::{Kind, Object, Value};

/// A field selector.
pub struct FieldSelector {
    terms: Vec<(String, bool, String)>,
}

const POD: &[&str] = &[
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
];
const EVENT: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

/// The fields of a kind that can be selected by, besides its name and namespace.
///
/// Models pkg/apis/core/v1/conversion.go AddFieldLabelConversions.
fn fields_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => POD,
        "Event" => EVENT,
        "Node" => &["spec.unschedulable"],
        "Namespace" => &["status.phase"],
        "Secret" => &["type"],
        "Service" => &["spec.clusterIP", "spec.type"],
        "ReplicaSet" => &["status.replicas"],
        "Job" => &["status.successful"],
        _ => &[],
    }
}

impl FieldSelector {
    /// Reads a selector for a kind.
    pub fn parse(text: &str, kind: &Kind) -> Result<FieldSelector, String> {
        let mut terms = Vec::new();
        for term in text.split(',').filter(|term| !term.is_empty()) {
            let (field, wanted, value) = if let Some((field, value)) = term.split_once("!=") {
                (field, false, value)
            } else if let Some((field, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
                (field, true, value)
            } else {
                return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
            };
            let known =
                matches!(field, "metadata.name" | "metadata.namespace") || fields_of(kind.kind).contains(&field);
            if !known {
                return Err(format!("field label not supported: {field}"));
            }
            terms.push((field.to_owned(), wanted, value.to_owned()));
        }
        Ok(FieldSelector { terms })
    }

    /// True for an object that is chosen.
    pub fn matches(&self, object: &Object) -> bool {
        self.terms.iter().all(|(field, wanted, value)| (field_text(object, field) == *value) == *wanted)
    }
}

fn field_text(object: &Object, field: &str) -> String {
    let value = match field {
        "source" => object.at("source.component"),
        field => object.at(field),
    };
    match (value, field) {
        (Value::Int(n), _) => n.to_string(),
        (Value::Bool(b), _) => b.to_string(),
        (Value::Null, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        (Value::Null, "status.replicas") => "0".to_owned(),
        (value, _) => value.str().to_owned(),
    }
}
