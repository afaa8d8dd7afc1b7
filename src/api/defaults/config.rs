//! Defaults of Secrets, Namespaces and Nodes.

use base64::prelude::{Engine, BASE64_STANDARD};

use super::fill;
use crate::api::{Object, Value};

/// Models pkg/apis/core/v1/defaults.go SetDefaults_Secret, and the conversion that moves `stringData` into `data`.
pub fn secret(object: &mut Object) {
    fill(&mut object.value, "type", "Opaque");
    for (key, text) in object.value.remove_key("stringData").entries() {
        object.value.slot("data").map_mut().insert(key, BASE64_STANDARD.encode(text.str()));
    }
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_Namespace: each namespace can be selected by its name.
pub fn namespace(object: &mut Object) {
    let name = object.name().to_owned();
    if !name.is_empty() && object.label("kubernetes.io/metadata.name") != name {
        object.value.slot_at("metadata.labels").map_mut().insert("kubernetes.io/metadata.name", name);
    }
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_NodeStatus: all of a node can be given away unless it says otherwise.
pub fn node(object: &mut Object) {
    let capacity = object.at("status.capacity").clone();
    if !capacity.is_empty() && object.at("status.allocatable") == &Value::Null {
        object.set("status.allocatable", capacity);
    }
}
