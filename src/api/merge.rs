//! JSON merge patch (RFC 7386): null removes, maps merge, everything else replaces.

use super::value::Value;

/// `target` after the merge patch `patch`.
pub fn merge_patch(target: &mut Value, patch: &Value) {
    let Some(entries) = patch.as_map() else {
        *target = patch.clone();
        return;
    };
    if target.as_map().is_none() {
        *target = Value::map();
    }
    for (key, change) in entries {
        if change.is_null() {
            target.remove_key(key);
        } else {
            merge_patch(target.slot(key), change);
        }
    }
}
