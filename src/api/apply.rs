//! `kubectl apply` on the client's side: the annotation that remembers what was applied, and the three-way patch.
//!
//! It sends nothing.

use super::schema::StructId;
use super::value::Value;
use super::{encode, json, manifest, patch_diff};

/// The annotation that remembers the configuration applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The configuration applied last, as text; nothing for an object that was never applied.
pub fn last_applied(object: &Value) -> Option<&str> {
    object.get("metadata").get("annotations").get(LAST_APPLIED).opt_str()
}

/// A configuration as the annotation remembers it: compact JSON with a line feed at the end.
///
/// Models k8s.io/kubectl/pkg/util GetModifiedConfiguration without the annotation: an object without annotations gets an
/// empty map of them.
pub fn configuration_text(object: &Value) -> String {
    let mut plain = object.clone();
    let annotations = plain.slot("metadata").slot("annotations");
    annotations.map_mut().remove(LAST_APPLIED);
    manifest::to_named_version(&mut plain);
    encode::json(&plain) + "\n"
}

/// A configuration with the annotation that remembers it: what apply sends of a new object, and what it compares. Where it
/// names an older version of its kind, the annotation is in that version and the object is not.
///
/// Models k8s.io/kubectl/pkg/util CreateApplyAnnotation.
pub fn with_last_applied(object: &Value) -> Value {
    let text = configuration_text(object);
    let mut annotated = object.clone();
    to_stored_version(&mut annotated);
    annotated.slot("metadata").slot("annotations").map_mut().insert(LAST_APPLIED, text);
    annotated
}

/// The patch that applies a configuration to the object that is there. An empty map says that it is unchanged.
///
/// Models k8s.io/kubectl/pkg/cmd/apply Patcher.buildStrategicMergeFromStructs: apiVersion, kind and name must not differ.
pub fn three_way_patch(configuration: &Value, current: &Value, id: StructId) -> Result<Value, String> {
    let mut original = original(current)?;
    to_stored_version(&mut original);
    let modified = with_last_applied(configuration);
    checked(patch_diff::three_way(&original, &modified, current, id)?)
}

/// The same for a custom object, as a JSON merge patch.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/jsonmergepatch CreateThreeWayJSONMergePatch.
pub fn three_way_merge_patch(configuration: &Value, current: &Value) -> Result<Value, String> {
    let original = original(current)?;
    let modified = with_last_applied(configuration);
    let mut patch = additions(current, &modified);
    deletions(&original, &modified, &mut patch);
    checked(patch)
}

/// What of `to` is not so in `from`.
fn additions(from: &Value, to: &Value) -> Value {
    let mut patch = Value::map();
    for (key, wanted) in to.entries() {
        let present = from.get(key);
        let change = match (present, wanted) {
            (Value::Map(_), Value::Map(_)) => additions(present, wanted),
            _ => wanted.clone(),
        };
        let nested = matches!((present, wanted), (Value::Map(_), Value::Map(_)));
        if if nested { !change.entries().is_empty() } else { present != wanted } {
            patch.map_mut().insert(key, change);
        }
    }
    patch
}

/// Adds a null for what of `from` is not in `to`.
fn deletions(from: &Value, to: &Value, patch: &mut Value) {
    for (key, old) in from.entries() {
        match (to.as_map().and_then(|map| map.get(key)), old) {
            (None, _) => patch.map_mut().insert(key, Value::Null),
            (Some(new @ Value::Map(_)), Value::Map(_)) => {
                let mut below = patch.get(key).clone();
                deletions(old, new, &mut below);
                if !below.is_null() {
                    patch.map_mut().insert(key, below);
                }
            }
            _ => {}
        }
    }
}

fn original(current: &Value) -> Result<Value, String> {
    match last_applied(current) {
        Some(text) => json::parse(text.trim_end()).map_err(|_| "invalid JSON document".to_owned()),
        None => Ok(Value::map()),
    }
}

/// A patch that keeps what no patch may change.
fn checked(patch: Value) -> Result<Value, String> {
    let keeps = |path: &str| patch.at(path).is_null();
    if keeps("apiVersion") && keeps("kind") && keeps("metadata.name") {
        Ok(patch)
    } else {
        Err(format!("precondition failed for: {}", super::patch_meta::go_print(&patch)))
    }
}

fn to_stored_version(value: &mut Value) {
    let (version, kind) = (value.get("apiVersion").text(), value.get("kind").text());
    if let Some(row) = manifest::find_kind(&version, &kind) {
        manifest::to_stored_version(value, &version, row);
    }
}

/// True where a patch changes nothing.
pub fn is_unchanged(patch: &Value) -> bool {
    patch.entries().is_empty()
}
