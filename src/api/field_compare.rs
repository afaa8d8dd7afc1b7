//! Which fields differ between two states of an object, and which fields a configuration names, by the schema's rules for
//! lists and maps.
//!
//! It knows nothing of who owns a field.

use ecow::EcoString;

use super::encode;
use super::field_set::FieldSet;
use super::schema::{Field, ListType, StructId, Type};
use super::value::{Map, Value};

/// Structs that are one value: they are owned and replaced as a whole.
const ATOMIC_STRUCTS: &[&str] = &[
    "ConfigMapKeySelector",
    "FileKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "ResourceFieldSelector",
    "RoleRef",
    "ScopeSelector",
    "ScopedResourceSelectorRequirement",
    "SecretKeySelector",
    "SecretReference",
    "Subject",
    "TopologySelectorTerm",
    "TypedLocalObjectReference",
];

/// What differs between two states.
#[derive(Default)]
pub struct Differences {
    /// What is new.
    pub added: FieldSet,
    /// What is gone.
    pub removed: FieldSet,
    /// What has another value.
    pub modified: FieldSet,
}

/// How a place is merged.
#[derive(Clone, Copy)]
pub enum Shape<'a> {
    /// As a whole.
    Leaf,
    /// Field by field.
    Struct(StructId),
    /// Key by key.
    Map(&'a Type),
    /// Element by element; the keys that tell elements apart, none for plain values.
    List(&'a Type, &'a [&'static str]),
}

/// The shape of a field.
pub fn shape(field: &Field) -> Shape<'_> {
    match (&field.kind, &field.list_type) {
        (Type::Map(element, ..), _) if !field.atomic => Shape::Map(element),
        (Type::List(element), ListType::Map(keys)) if !field.atomic => Shape::List(element, keys),
        (Type::List(element), ListType::Set) => Shape::List(element, &[]),
        (kind, _) => inner_shape(kind),
    }
}

/// The shape of what stands in a list or a map.
pub fn inner_shape(kind: &Type) -> Shape<'_> {
    match kind {
        Type::Struct(id) if !ATOMIC_STRUCTS.contains(&id.get().name) => Shape::Struct(*id),
        Type::Map(element, ..) => Shape::Map(element),
        _ => Shape::Leaf,
    }
}

/// The shape behind one step of a struct or map; of what the schema does not know, a leaf.
pub fn child<'a>(shape: Shape<'a>, key: &str) -> Shape<'a> {
    match shape {
        Shape::Struct(id) => id.get().field(key).map_or(Shape::Leaf, self::shape),
        Shape::Map(element) => inner_shape(element),
        _ => Shape::Leaf,
    }
}

/// The step that leads to an element of a list. The API's schema knows one key with a default value: the protocol.
pub fn element_step(item: &Value, keys: &[&str]) -> EcoString {
    if keys.is_empty() {
        return format!("v:{}", encode::json(item)).into();
    }
    let pairs: Map = keys
        .iter()
        .map(|key| match (item.get(key), *key) {
            (Value::Null, "protocol") => (*key, "TCP".into()),
            (value, _) => (*key, value.clone()),
        })
        .collect();
    format!("k:{}", encode::json(&pairs.into())).into()
}

/// A struct without any field set, as Go writes it: inner structs are there, and lists that are always written are null.
pub fn empty(id: StructId) -> Value {
    let mut map = Map::default();
    for field in &id.get().fields {
        match field.kind {
            Type::Struct(inner) if !field.pointer => map.insert(field.name, empty(inner)),
            Type::List(_) | Type::Map(..) if field.always => map.insert(field.name, Value::Null),
            _ => {}
        }
    }
    map.into()
}

/// What differs between two states of an object.
///
/// Models sigs.k8s.io/structured-merge-diff typed compareWalker.
pub fn compare(old: &Value, new: &Value, id: StructId) -> Differences {
    let mut walk = Walk { path: Vec::new(), found: Differences::default() };
    walk.compare(Some(old), Some(new), Shape::Struct(id));
    walk.found
}

struct Walk {
    path: Vec<EcoString>,
    found: Differences,
}

impl Walk {
    fn compare(&mut self, old: Option<&Value>, new: Option<&Value>, shape: Shape<'_>) {
        if let (Some(old), Some(new)) = (old, new) {
            if old.same(new) {
                return;
            }
        }
        let bare =
            |value: Option<&Value>| value.is_none_or(|value| value.entries().is_empty() && value.list().is_empty());
        let is_leaf = matches!(shape, Shape::Leaf) || bare(old) && bare(new);
        match (is_leaf, shape) {
            (false, Shape::List(element, keys)) => self.elements(old, new, element, keys),
            (false, _) => {
                let keys = |value: Option<&Value>| -> Vec<EcoString> {
                    value.map_or(Vec::new(), |value| value.entries().iter().map(|(key, _)| key.clone()).collect())
                };
                let mut all = keys(old);
                let more = keys(new);
                all.extend(more.into_iter().filter(|key| old.is_none_or(|old| old.get(key).is_null())));
                for key in all {
                    let of =
                        |value: Option<&'_ Value>| value.and_then(Value::as_map).and_then(|map| map.get(&key)).cloned();
                    self.path.push(format!("f:{key}").into());
                    self.compare(of(old).as_ref(), of(new).as_ref(), child(shape, &key));
                    self.path.pop();
                }
            }
            (true, _) => {
                if let (Some(old), Some(new)) = (old, new) {
                    if old != new {
                        self.found.modified.insert(&self.path);
                    }
                }
            }
        }
        match (old, new) {
            (None, Some(_)) => self.found.added.insert(&self.path),
            (Some(_), None) => self.found.removed.insert(&self.path),
            _ => {}
        }
    }

    fn elements(&mut self, old: Option<&Value>, new: Option<&Value>, element: &Type, keys: &[&'static str]) {
        let steps = |value: Option<&Value>| -> Vec<(EcoString, Value)> {
            let items = value.map_or(&[][..], Value::list).iter();
            items.map(|item| (element_step(item, keys), item.clone())).collect()
        };
        let (old, new) = (steps(old), steps(new));
        let mut all: Vec<EcoString> = Vec::new();
        for (step, _) in old.iter().chain(&new) {
            if !all.contains(step) {
                all.push(step.clone());
            }
        }
        for step in all {
            let of = |side: &[(EcoString, Value)]| {
                side.iter().find(|(known, _)| *known == step).map(|(_, item)| item.clone())
            };
            let (before, after) = (of(&old), of(&new));
            self.path.push(step);
            self.compare(before.as_ref(), after.as_ref(), inner_shape(element));
            self.path.pop();
        }
    }
}

/// The fields that a configuration names.
///
/// Models sigs.k8s.io/structured-merge-diff typed toFieldSetWalker.
pub fn fields_of(value: &Value, id: StructId) -> FieldSet {
    let mut set = FieldSet::default();
    collect(value, Shape::Struct(id), &mut Vec::new(), &mut set);
    set
}

fn collect(value: &Value, shape: Shape<'_>, path: &mut Vec<EcoString>, set: &mut FieldSet) {
    match shape {
        Shape::List(element, keys) => {
            for item in value.list() {
                path.push(element_step(item, keys));
                collect(item, inner_shape(element), path, set);
                set.insert(path);
                path.pop();
            }
        }
        Shape::Struct(_) | Shape::Map(_) => {
            for (key, item) in value.entries() {
                path.push(format!("f:{key}").into());
                collect(item, child(shape, key), path, set);
                if matches!(shape, Shape::Map(_)) || item.is_null() || matches!(item, Value::Map(map) if map.is_empty())
                {
                    set.insert(path);
                }
                path.pop();
            }
        }
        Shape::Leaf => set.insert(path),
    }
}
