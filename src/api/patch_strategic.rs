//! Strategic merge patches, applied: lists are merged by the keys that the schema names.
//!
//! It never makes a patch; see `patch_diff`.

use super::patch_meta::{
    self, index_of, key_of, lookup, order_by, same_type, Shape, DELETE_FROM, DIRECTIVE, RETAIN_KEYS, SET_ORDER,
};
use super::schema::StructId;
use super::value::{Map, Value};

/// A value after a strategic merge patch.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/strategicpatch StrategicMergeMapPatch.
pub fn apply(original: &Value, patch: &Value, id: StructId) -> Result<Value, String> {
    let empty = Map::default();
    let (original, patch) = (original.as_map().unwrap_or(&empty), patch.as_map().unwrap_or(&empty));
    merge_maps(original, patch, Shape::Struct(id), Mode::Apply).map(Value::Map)
}

/// Two patches into one, the second on top of the first: directives and nulls are kept.
pub(super) fn combine(first: &Map, second: &Map, id: StructId) -> Result<Map, String> {
    merge_maps(first, second, Shape::Struct(id), Mode::Combine)
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// The patch is applied to an object.
    Apply,
    /// The patch is laid over another patch.
    Combine,
}

fn merge_maps(original: &Map, patch: &Map, shape: Shape<'static>, mode: Mode) -> Result<Map, String> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.str() {
            "replace" => {
                let mut replaced = patch.clone();
                replaced.remove(DIRECTIVE);
                Ok(replaced)
            }
            "delete" => Ok(Map::default()),
            other => {
                Err(format!("unknown patch type: {other} in map: {}", patch_meta::go_print(&Value::Map(patch.clone()))))
            }
        };
    }
    let (mut out, mut patch) = (original.clone(), patch.clone());
    retain_keys(&mut out, &mut patch, mode)?;
    merge_ordered_lists(&mut out, &mut patch, shape, mode)?;
    for (key, change) in &patch {
        let (key, deletes) = match key.strip_prefix(DELETE_FROM) {
            Some(_) if mode == Mode::Combine => {
                out.insert(key, change.clone());
                continue;
            }
            Some(key) => (key, true),
            None => (key.as_str(), false),
        };
        if change.is_null() {
            out.remove(key);
            if mode == Mode::Combine {
                out.insert(key, Value::Null);
            }
            continue;
        }
        let merged = match out.get(key) {
            None if mode == Mode::Apply => without_nulls_and_directives(change),
            Some(before) if same_type(before, change) => merge_values(before, change, shape, key, deletes, mode)?,
            _ => change.clone(),
        };
        out.insert(key, merged);
    }
    Ok(out)
}

fn merge_values(
    before: &Value,
    change: &Value,
    shape: Shape<'static>,
    key: &str,
    deletes: bool,
    mode: Mode,
) -> Result<Value, String> {
    match (before, change) {
        (Value::Map(before), Value::Map(change)) => {
            let meta = lookup(shape, key)?;
            if meta.replaces {
                return Ok(Value::Map(change.clone()));
            }
            merge_maps(before, change, meta.shape, mode).map(Value::Map)
        }
        (Value::List(before), Value::List(change)) => {
            let meta = lookup(shape, key)?;
            match meta.merge_key {
                Some(merge_key) => {
                    let merged = merge_lists(before, change, meta.shape, merge_key, deletes, mode)?;
                    Ok(merged.into_iter().collect())
                }
                None => Ok(change.iter().cloned().collect()),
            }
        }
        _ => Ok(change.clone()),
    }
}

/// Models strategicpatch applyRetainKeysDirective.
fn retain_keys(out: &mut Map, patch: &mut Map, mode: Mode) -> Result<(), String> {
    let Some(retained) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    if mode == Mode::Combine {
        match out.get(RETAIN_KEYS) {
            Some(other) if *other != retained => {
                let (other, retained) = (patch_meta::go_print(other), patch_meta::go_print(&retained));
                return Err(format!(
                    "{other} and {retained} are not deep equal: this may happen when calculating the 3-way diff patch"
                ));
            }
            _ => out.insert(RETAIN_KEYS, retained),
        }
        return Ok(());
    }
    let Value::List(keys) = &retained else { return Err("invalid patch format of retainKeys".to_owned()) };
    let listed = |key: &str| keys.iter().any(|k| k.str() == key);
    let directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !directive(key) && !listed(key)) {
        return Err("invalid patch format of retainKeys".to_owned());
    }
    out.retain(|key, _| listed(key));
    Ok(())
}

/// Merges the lists whose order the patch gives, and takes them out of the patch.
///
/// Models strategicpatch mergePatchIntoOriginal.
fn merge_ordered_lists(out: &mut Map, patch: &mut Map, shape: Shape<'static>, mode: Mode) -> Result<(), String> {
    let ordered: Vec<String> =
        patch.iter().filter_map(|(key, _)| key.strip_prefix(SET_ORDER).map(str::to_owned)).collect();
    for key in ordered {
        let directive = format!("{SET_ORDER}{key}");
        let order = patch.remove(&directive).unwrap_or_default();
        if mode == Mode::Combine {
            match out.get(&directive) {
                Some(other) if *other != order => return Err("invalid patch format of setElementOrder list".to_owned()),
                _ => out.insert(&directive, order.clone()),
            }
        }
        let Value::List(order) = order else { return Err("invalid patch format of setElementOrder list".to_owned()) };
        let meta = lookup(shape, &key)?;
        let merge_key = meta.merge_key.unwrap_or("");
        let before = list_of(out.get(&key))?;
        let change = list_of(patch.get(&key))?;
        check_order(change.as_deref().unwrap_or(&[]), &order, merge_key)?;
        let merged = match (&before, &change) {
            (None, None) => continue,
            (Some(before), None) => before.clone(),
            (None, Some(change)) => change.clone(),
            (Some(before), Some(change)) if meta.merge_key.is_some() => {
                merge_lists(before, change, meta.shape, merge_key, false, mode)?
            }
            (Some(_), Some(change)) => change.clone(),
        };
        let merged = in_order(merged, &order, &before.unwrap_or_default(), merge_key)?;
        out.insert(&key, merged.into_iter().collect::<Value>());
        patch.remove(&key);
    }
    Ok(())
}

fn list_of(value: Option<&Value>) -> Result<Option<Vec<Value>>, String> {
    match value {
        None => Ok(None),
        Some(Value::List(items)) => Ok(Some(items.to_vec())),
        Some(other) => {
            Err(format!("expected a []interface {{}}, but received a {}", super::decode_scalar::json_kind(other)))
        }
    }
}

/// Models strategicpatch validatePatchWithSetOrderList.
fn check_order(change: &[Value], order: &[Value], merge_key: &str) -> Result<(), String> {
    if change.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut places = order.iter();
    for item in change.iter().filter(|item| item.get(DIRECTIVE).is_null()) {
        if !places.any(|place| index_of(std::slice::from_ref(place), item, merge_key).is_some()) {
            let (change, order) = (change.iter().cloned().collect(), order.iter().cloned().collect());
            let (change, order) = (patch_meta::go_print(&change), patch_meta::go_print(&order));
            return Err(format!(
                "The order in patch list:\n{change}\n doesn't match $setElementOrder list:\n{order}\n"
            ));
        }
    }
    Ok(())
}

/// Models strategicpatch mergeSlice.
fn merge_lists(
    before: &[Value],
    change: &[Value],
    shape: Shape<'static>,
    merge_key: &str,
    deletes: bool,
    mode: Mode,
) -> Result<Vec<Value>, String> {
    if before.is_empty() && change.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = before.iter().chain(change);
    let first = all.next().expect("one of the lists has an element");
    if all.any(|item| !same_type(item, first)) {
        let lists: Value = [before, change].iter().map(|list| list.iter().cloned().collect::<Value>()).collect();
        return Err(format!("list element types are not identical: {}", patch_meta::go_print(&lists)));
    }
    if !matches!(first, Value::Map(_)) {
        if mode == Mode::Apply && deletes {
            return Ok(before.iter().filter(|item| !change.contains(item)).cloned().collect());
        }
        let mut merged: Vec<Value> = Vec::new();
        for item in before.iter().chain(change) {
            if !merged.contains(item) {
                merged.push(item.clone());
            }
        }
        return in_order(merged, change, before, "");
    }
    if merge_key.is_empty() {
        return Err("cannot merge lists without merge key for type struct".to_owned());
    }
    let (before, change) = special_elements(before, change, merge_key)?;
    let mut merged = before.clone();
    for item in &change {
        key_of(item, merge_key)?;
        match (index_of(&merged, item, merge_key), item) {
            (Some(i), Value::Map(item)) => {
                let before = merged[i].as_map().cloned().unwrap_or_default();
                merged[i] = Value::Map(merge_maps(&before, item, shape, mode)?);
            }
            _ => merged.push(item.clone()),
        }
    }
    in_order(merged, &change, &before, merge_key)
}

/// Carries out the elements with `$patch: delete` and `$patch: replace`: what is left of the list, and of the patch.
fn special_elements(before: &[Value], change: &[Value], merge_key: &str) -> Result<(Vec<Value>, Vec<Value>), String> {
    let (mut before, mut plain, mut replace) = (before.to_vec(), Vec::new(), false);
    for item in change {
        match item.as_map().and_then(|map| map.get(DIRECTIVE)).map(Value::str) {
            None => plain.push(item.clone()),
            Some("delete") => {
                let key = key_of(item, merge_key)?.clone();
                before.retain(|other| *other.get(merge_key) != key);
            }
            Some("replace") => replace = true,
            Some("merge") => return Err("merging lists cannot yet be specified in the patch".to_owned()),
            Some(other) => return Err(format!("unknown patch type: {other} in map: {}", patch_meta::go_print(item))),
        }
    }
    Ok(if replace { (plain, Vec::new()) } else { (before, plain) })
}

/// Puts a merged list in order: what the patch names as the patch says, the rest as it stood, interleaved as it stood.
///
/// Models strategicpatch normalizeElementOrder and mergeSortedSlice.
fn in_order(merged: Vec<Value>, order: &[Value], before: &[Value], merge_key: &str) -> Result<Vec<Value>, String> {
    let (named, rest): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|item| index_of(order, item, merge_key).is_some());
    let named = order_by(named, order, merge_key)?;
    let rest = order_by(rest, before, merge_key)?;
    let place = |item: &Value| index_of(before, item, merge_key);
    let (mut rest, mut named) = (rest.into_iter().peekable(), named.into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let rest_first = match (rest.peek(), named.peek()) {
            (None, None) => return Ok(out),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(a), Some(b)) => place(a).zip(place(b)).is_some_and(|(a, b)| a < b),
        };
        out.extend(if rest_first { rest.next() } else { named.next() });
    }
}

/// What a patch adds where nothing was: without the nulls and directives in it.
fn without_nulls_and_directives(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().filter(|(key, item)| !item.is_null() && !key.starts_with('$'));
            Value::Map(kept.map(|(key, item)| (key.clone(), without_nulls_and_directives(item))).collect::<Map>())
        }
        Value::List(items) => {
            let kept = items.iter().filter(|item| item.as_map().and_then(|m| m.get(DIRECTIVE)).is_none());
            kept.map(without_nulls_and_directives).collect()
        }
        other => other.clone(),
    }
}
