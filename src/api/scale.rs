//! The sub-resource scale: where the kinds that have one keep their replicas.
//!
//! It changes no object.

use super::{Kind, Object, Value};
use crate::value;

impl Kind {
    /// The paths of the wanted and of the present number of replicas; none for a kind without the sub-resource scale.
    pub fn replicas(&self) -> Option<(&str, &str)> {
        if matches!(self.kind, "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController") {
            return Some(("spec.replicas", "status.replicas"));
        }
        let scale = self.custom.as_ref().map(|custom| &custom.scale).filter(|scale| !scale.is_null())?;
        let path = |name: &str| scale.get(name).str().trim_start_matches('.');
        Some((path("specReplicasPath"), path("statusReplicasPath")))
    }
}

/// The label selector of an object's scale, as a LabelSelector; null where it has none.
pub fn selector_of(object: &Object) -> Value {
    if let Some(custom) = &object.kind.custom {
        let path = custom.scale.get("labelSelectorPath").str().trim_start_matches('.');
        let text = if path.is_empty() { "" } else { object.at(path).str() };
        let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
        let labels: Value =
            pairs.map(|(key, value)| (key, value.trim_start_matches('='))).collect::<super::Map>().into();
        return if labels.is_empty() { Value::Null } else { value!({"matchLabels": labels}) };
    }
    match object.at("spec.selector") {
        Value::Null => Value::Null,
        pairs if object.kind.group.is_empty() => value!({"matchLabels": (pairs.clone())}),
        given => given.clone(),
    }
}
