//! What the schema says about merging a field: shared by the making and the applying of strategic merge patches.
//!
//! It holds no algorithm.

use super::schema::{StructId, Type};
use super::value::{Map, Value};

/// `$patch: delete` and `$patch: replace`.
pub(super) const DIRECTIVE: &str = "$patch";
/// The keys that a map keeps.
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
/// The order of a merged list.
pub(super) const SET_ORDER: &str = "$setElementOrder/";
/// Elements to take out of a merged list of plain values.
pub(super) const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

/// How the fields of a map are found.
#[derive(Clone, Copy)]
pub(super) enum Shape<'a> {
    /// A struct of the schema.
    Struct(StructId),
    /// A map whose values are of one type, or something without fields.
    Of(&'a Type),
}

/// How one field is merged.
#[derive(Clone)]
pub(super) struct Meta {
    /// The shape of the value, or of the elements where the value is a list.
    pub shape: Shape<'static>,
    /// True where keys that the new value does not have are dropped.
    pub retain_keys: bool,
    /// True where the whole value is taken.
    pub replaces: bool,
    /// The merge key of a list that is merged; empty for plain values.
    pub merge_key: Option<&'static str>,
}

/// Looks a field up.
///
/// Models k8s.io/apimachinery/third_party/forked/golang/json LookupPatchMetadataForStruct.
pub(super) fn lookup(shape: Shape<'static>, key: &str) -> Result<Meta, String> {
    match shape {
        Shape::Struct(id) => match id.get().field(key) {
            Some(field) => Ok(Meta {
                shape: element_shape(&field.kind),
                retain_keys: field.retain_keys,
                replaces: field.replaces,
                merge_key: field.merge_key,
            }),
            None => Err(format!("unable to find api field in struct {} for the json field \"{key}\"", id.get().name)),
        },
        Shape::Of(Type::Map(element, _, _)) => {
            Ok(Meta { shape: element_shape(element), retain_keys: false, replaces: false, merge_key: None })
        }
        Shape::Of(kind) => Ok(Meta { shape: Shape::Of(kind), retain_keys: false, replaces: false, merge_key: None }),
    }
}

fn element_shape(kind: &'static Type) -> Shape<'static> {
    match kind {
        Type::Struct(id) => Shape::Struct(*id),
        Type::List(element) => element_shape(element),
        other => Shape::Of(other),
    }
}

/// True where two values are of the same JSON type, as Go's reflect.TypeOf tells them apart.
pub(super) fn same_type(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// Refuses what a list with a merge key must not hold.
pub(super) fn key_of<'a>(item: &'a Value, merge_key: &str) -> Result<&'a Value, String> {
    match item {
        Value::Map(map) => map.get(merge_key).ok_or_else(|| {
            format!("map: {} does not contain declared merge key: {merge_key}", go_print(&Value::Map(map.clone())))
        }),
        other => Err(format!("expected a map[string]interface {{}}, but received a {}", go_type(other))),
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// A value as Go's `%v` prints it: `map[a:1 b:[x y]]`, null as `<nil>`.
pub fn go_print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Str(text) => text.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(go_print).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(map) => {
            let entries: Vec<String> = map.iter().map(|(key, item)| format!("{key}:{}", go_print(item))).collect();
            format!("map[{}]", entries.join(" "))
        }
        other => super::encode::json(other),
    }
}

/// The place of an item in a list: by its merge key, or by itself where there is none.
pub(super) fn index_of(list: &[Value], item: &Value, merge_key: &str) -> Option<usize> {
    let key = |value: &'_ Value| -> Value {
        if merge_key.is_empty() {
            value.clone()
        } else {
            value.get(merge_key).clone()
        }
    };
    let wanted = key(item);
    list.iter().position(|other| key(other) == wanted)
}

/// Orders a list by the places of its items in `order`; what is to be deleted goes to the end.
///
/// Models strategicpatch normalizeSliceOrder, the comparison of unknown items included.
pub(super) fn order_by(list: Vec<Value>, order: &[Value], merge_key: &str) -> Result<Vec<Value>, String> {
    let (mut kept, mut deleted) = (Vec::new(), Vec::new());
    if !merge_key.is_empty() {
        for item in list.iter().chain(order) {
            key_of(item, merge_key)?;
        }
    }
    for item in list {
        let place = index_of(order, &item, merge_key);
        match item.get(DIRECTIVE).str() == "delete" {
            true => deleted.push(item),
            false => kept.push((place, item)),
        }
    }
    let before = |a: &(Option<usize>, Value), b: &(Option<usize>, Value)| match (a.0, b.0) {
        (Some(x), Some(y)) => x < y,
        _ => true,
    };
    for i in 1..kept.len() {
        let mut j = i;
        while j > 0 && before(&kept[j], &kept[j - 1]) {
            kept.swap(j, j - 1);
            j -= 1;
        }
    }
    Ok(kept.into_iter().map(|(_, item)| item).chain(deleted).collect())
}

/// True for a map with something in it.
pub(super) fn is_filled(map: &Map) -> bool {
    !map.is_empty()
}
