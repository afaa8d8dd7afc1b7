//! Strategic merge patches, made: the difference of two objects, and the three-way difference of `kubectl apply`.
//!
//! It never applies a patch; see `patch_strategic`.

use super::patch_meta::{
    is_filled, key_of, lookup, order_by, same_type, Shape, DELETE_FROM, DIRECTIVE, RETAIN_KEYS, SET_ORDER,
};
use super::patch_strategic::combine;
use super::schema::StructId;
use super::value::{Map, Value};
use crate::base::order::Order;

/// The patch that makes `modified` of `original`.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/strategicpatch CreateTwoWayMergeMapPatch.
pub fn two_way(original: &Value, modified: &Value, id: StructId) -> Result<Value, String> {
    let options = Options { deletions: true, changes: true, retain_keys: false };
    diff_maps(&map_of(original), &map_of(modified), Shape::Struct(id), options).map(Value::Map)
}

/// The patch that carries the change from `original` to `modified` over to `current`, which others have changed meanwhile.
///
/// Models strategicpatch CreateThreeWayMergePatch with overwrite: what differs from the current object, and the deletions
/// since the original.
pub fn three_way(original: &Value, modified: &Value, current: &Value, id: StructId) -> Result<Value, String> {
    let (original, modified, current) = (map_of(original), map_of(modified), map_of(current));
    let changes = Options { deletions: false, changes: true, retain_keys: false };
    let changes = diff_maps(&current, &modified, Shape::Struct(id), changes)?;
    let deletions = Options { deletions: true, changes: false, retain_keys: false };
    let deletions = diff_maps(&original, &modified, Shape::Struct(id), deletions)?;
    combine(&deletions, &changes, id).map(Value::Map)
}

fn map_of(value: &Value) -> Map {
    value.as_map().cloned().unwrap_or_default()
}

#[derive(Clone, Copy)]
struct Options {
    /// What `modified` lacks is deleted.
    deletions: bool,
    /// What differs or is new is put in.
    changes: bool,
    /// The map names the keys it keeps.
    retain_keys: bool,
}

fn diff_maps(original: &Map, modified: &Map, shape: Shape<'static>, options: Options) -> Result<Map, String> {
    let mut patch = Map::default();
    for (key, new) in modified {
        match original.get(key) {
            Some(old) if key == DIRECTIVE && old == new => {}
            Some(_) if key == DIRECTIVE => patch.insert(key, new.clone()),
            Some(old) if same_type(old, new) => diff_values(key, old, new, &mut patch, shape, options)?,
            _ if options.changes => patch.insert(key, new.clone()),
            _ => {}
        }
    }
    let dropped: Vec<&str> =
        original.iter().map(|(key, _)| key.as_str()).filter(|key| !modified.contains(key)).collect();
    if options.deletions {
        dropped.iter().for_each(|key| patch.insert(key, Value::Null));
    }
    let retained: Vec<Value> = modified.iter().filter(|(_, v)| !v.is_null()).map(|(key, _)| Value::from(key)).collect();
    if options.retain_keys && !retained.is_empty() && (is_filled(&patch) || !dropped.is_empty()) {
        patch.insert(RETAIN_KEYS, Value::from(retained));
    }
    Ok(patch)
}

fn diff_values(
    key: &str,
    old: &Value,
    new: &Value,
    patch: &mut Map,
    shape: Shape<'static>,
    options: Options,
) -> Result<(), String> {
    let whole = matches!((old, new), (Value::Map(_), Value::Map(_)));
    if whole && lookup(shape, key).is_ok_and(|meta| meta.replaces) {
        if options.changes {
            patch.insert(key, new.clone());
        }
        return Ok(());
    }
    match (old, new) {
        _ if old.same(new) => {}
        (Value::Map(old), Value::Map(new)) => {
            let meta = match lookup(shape, key) {
                Err(_) if old == new => return Ok(()),
                meta => meta?,
            };
            let inner = diff_maps(old, new, meta.shape, Options { retain_keys: meta.retain_keys, ..options })?;
            if is_filled(&inner) {
                patch.insert(key, inner);
            }
        }
        (Value::List(old_items), Value::List(new_items)) => {
            let meta = match lookup(shape, key) {
                Err(_) if old == new => return Ok(()),
                meta => meta?,
            };
            match meta.merge_key {
                Some(merge_key) => {
                    let options = Options { retain_keys: meta.retain_keys, ..options };
                    diff_lists(key, old_items, new_items, patch, meta.shape, merge_key, options)?;
                }
                None if options.changes && old != new => patch.insert(key, new.clone()),
                None => {}
            }
        }
        _ if options.changes && old != new => patch.insert(key, new.clone()),
        _ => {}
    }
    Ok(())
}

/// Models strategicpatch diffLists.
fn diff_lists(
    key: &str,
    old: &[Value],
    new: &[Value],
    patch: &mut Map,
    shape: Shape<'static>,
    merge_key: &str,
    options: Options,
) -> Result<(), String> {
    if old.is_empty() {
        if options.changes && !new.is_empty() {
            patch.insert(key, new.iter().cloned().collect::<Value>());
        }
        return Ok(());
    }
    if merge_key.is_empty() {
        diff_plain_lists(key, old, new, patch, options);
        return Ok(());
    }
    let (changed, deleted) = diff_lists_of_maps(old, new, shape, merge_key, options)?;
    let mut list = order_by(changed, new, merge_key)?;
    list.extend(deleted);
    let same_order = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.get(merge_key) == b.get(merge_key));
    let ordered = options.changes && (!list.is_empty() || !same_order) || options.deletions && !list.is_empty();
    if ordered && !new.is_empty() {
        let order = new.iter().map(|item| {
            let mut only_key = Map::default();
            only_key.insert(merge_key, item.get(merge_key).clone());
            Value::Map(only_key)
        });
        patch.insert(&format!("{SET_ORDER}{key}"), order.collect::<Value>());
    }
    if !list.is_empty() {
        patch.insert(key, Value::from(list));
    }
    Ok(())
}

/// Models strategicpatch diffListsOfScalars: what is new, sorted by its text, and what is gone.
fn diff_plain_lists(key: &str, old: &[Value], new: &[Value], patch: &mut Map, options: Options) {
    let added: Vec<Value> = new.iter().filter(|item| !old.contains(item)).cloned().collect();
    let mut gone: Vec<Value> = Vec::new();
    for item in old.iter().filter(|item| !new.contains(item)) {
        if !gone.contains(item) {
            gone.push(item.clone());
        }
    }
    gone.order_by_key(super::patch_meta::go_print);
    if options.changes && !added.is_empty() {
        patch.insert(key, Value::from(added));
    }
    if (options.deletions && !gone.is_empty() || options.changes && old != new) && !new.is_empty() {
        patch.insert(&format!("{SET_ORDER}{key}"), new.iter().cloned().collect::<Value>());
    }
    if options.deletions && !gone.is_empty() {
        patch.insert(&format!("{DELETE_FROM}{key}"), Value::from(gone));
    }
}

/// Models strategicpatch diffListsOfMaps: what changed or is new, and the directives that delete what is gone, both in the
/// order of the text of the merge keys. Several elements with one key are compared pair by pair.
fn diff_lists_of_maps(
    old: &[Value],
    new: &[Value],
    shape: Shape<'static>,
    merge_key: &str,
    options: Options,
) -> Result<(Vec<Value>, Vec<Value>), String> {
    let sorted = |list: &[Value]| -> Result<Vec<(String, Value)>, String> {
        let keyed: Result<Vec<(String, Value)>, String> =
            list.iter().map(|item| Ok((super::patch_meta::go_print(key_of(item, merge_key)?), item.clone()))).collect();
        let mut keyed = keyed?;
        keyed.order_by(|a, b| a.0.cmp(&b.0));
        Ok(keyed)
    };
    let (old, new) = (sorted(old)?, sorted(new)?);
    let (mut changed, mut deleted) = (Vec::new(), Vec::new());
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok((changed, deleted)),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.0.cmp(&b.0),
        };
        let gone = if order.is_le() { old.next() } else { None };
        let come = if order.is_ge() { new.next() } else { None };
        match (gone, come) {
            (Some((_, old)), Some((_, new))) => {
                let mut inner = diff_maps(&map_of(&old), &map_of(&new), shape, options)?;
                if is_filled(&inner) {
                    inner.insert(merge_key, new.get(merge_key).clone());
                    changed.push(Value::Map(inner));
                }
            }
            (None, Some((_, new))) if options.changes => changed.push(new),
            (Some((_, old)), None) if options.deletions => {
                let mut directive = Map::default();
                directive.insert(DIRECTIVE, "delete");
                directive.insert(merge_key, old.get(merge_key).clone());
                deleted.push(Value::Map(directive));
            }
            _ => {}
        }
    }
}
