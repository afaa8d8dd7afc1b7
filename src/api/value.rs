//! The value tree every object is made of: a clone shares all of it, and a change copies only the path to it.
//!
//! Keys are sorted, as the JSON of an unstructured object is in Kubernetes, so two equal trees print the same.

use crate::base::order::Order;
use std::sync::OnceLock;

use ecow::{EcoString, EcoVec};

/// A JSON value that is cheap to clone.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// Nothing, as opposed to an empty value.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction, which few fields of Kubernetes have.
    Float(f64),
    /// Text.
    Str(EcoString),
    /// A list.
    List(EcoVec<Value>),
    /// An object, its keys sorted.
    Map(Map),
}

/// A map with sorted keys.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Map(EcoVec<(EcoString, Value)>);

static NULL: Value = Value::Null;

/// A map with so many entries at most is looked through one by one.
const SMALL: usize = 24;

impl Value {
    /// An empty map.
    pub fn map() -> Value {
        Value::Map(Map::default())
    }

    /// The value under `key`; null where there is none.
    pub fn get(&self, key: &str) -> &Value {
        match self {
            Value::Map(map) => map.get(key).unwrap_or(&NULL),
            _ => &NULL,
        }
    }

    /// The value at a dotted path of keys, such as `spec.template.spec`; null where there is none. A key that holds a dot
    /// itself (an annotation, a label) is read with [`Value::get`].
    pub fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |value, key| value.get(key))
    }

    /// The `index`th element of a list; null where there is none.
    #[allow(clippy::should_implement_trait, reason = "an absent element is null here, not a panic")]
    pub fn index(&self, index: u32) -> &Value {
        self.list().get(index as usize).unwrap_or(&NULL)
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// True for null, and for what Go calls empty: false, 0, "", an empty list or map.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(b) => !b,
            Value::Int(n) => *n == 0,
            Value::Float(x) => *x == 0.0,
            Value::Str(s) => s.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Map(map) => map.is_empty(),
        }
    }

    /// The text; empty for what is no text.
    pub fn str(&self) -> &str {
        match self {
            Value::Str(s) => s,
            _ => "",
        }
    }

    /// The text, where it is text.
    pub fn opt_str(&self) -> Option<&str> {
        match self {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The shared text; empty for what is no text.
    pub fn text(&self) -> EcoString {
        match self {
            Value::Str(s) => s.clone(),
            _ => EcoString::new(),
        }
    }

    /// The whole number; 0 for what is none.
    pub fn int(&self) -> i64 {
        self.opt_int().unwrap_or(0)
    }

    /// The whole number, where it is one.
    pub fn opt_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The truth value; false for what is none.
    pub fn bool(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// The truth value, where it is one.
    pub fn opt_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The elements of a list; none for what is no list.
    pub fn list(&self) -> &[Value] {
        match self {
            Value::List(list) => list,
            _ => &[],
        }
    }

    /// The entries of a map in the order of their keys; none for what is no map.
    pub fn entries(&self) -> &[(EcoString, Value)] {
        match self {
            Value::Map(map) => &map.0,
            _ => &[],
        }
    }

    /// The map, where it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// A mutable place for `key`, made null where there was none. What is no map becomes one.
    pub fn slot(&mut self, key: &str) -> &mut Value {
        if !matches!(self, Value::Map(_)) {
            *self = Value::map();
        }
        match self {
            Value::Map(map) => map.slot(key),
            _ => unreachable!("just made a map"),
        }
    }

    /// A mutable place at a dotted path; missing maps on the way are made.
    pub fn slot_at(&mut self, path: &str) -> &mut Value {
        path.split('.').fold(self, |value, key| value.slot(key))
    }

    /// Puts `value` at a dotted path; missing maps on the way are made.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        *self.slot_at(path) = value.into();
    }

    /// Puts `value` at a dotted path unless something other than null is there.
    pub fn set_default(&mut self, path: &str, value: impl Into<Value>) {
        if self.at(path).is_null() {
            self.set(path, value);
        }
    }

    /// Takes the value at a dotted path out; null where there was none.
    pub fn remove(&mut self, path: &str) -> Value {
        match path.rsplit_once('.') {
            Some((parent, key)) if !self.at(parent).is_null() => self.slot_at(parent).remove_key(key),
            Some(_) => Value::Null,
            None => self.remove_key(path),
        }
    }

    /// Takes the value under one key out (the key may hold dots); null where there was none.
    pub fn remove_key(&mut self, key: &str) -> Value {
        match self {
            Value::Map(map) => map.remove(key).unwrap_or_default(),
            _ => Value::Null,
        }
    }

    /// The list to change; what is no list becomes an empty one.
    pub fn list_mut(&mut self) -> &mut EcoVec<Value> {
        if !matches!(self, Value::List(_)) {
            *self = Value::List(EcoVec::new());
        }
        match self {
            Value::List(list) => list,
            _ => unreachable!("just made a list"),
        }
    }

    /// The map to change; what is no map becomes an empty one.
    pub fn map_mut(&mut self) -> &mut Map {
        if !matches!(self, Value::Map(_)) {
            *self = Value::map();
        }
        match self {
            Value::Map(map) => map,
            _ => unreachable!("just made a map"),
        }
    }

    /// The elements of a list, to change; none for what is no list.
    pub fn items_mut(&mut self) -> &mut [Value] {
        match self {
            Value::List(list) => list.make_mut(),
            _ => &mut [],
        }
    }

    /// True where both values are the same piece of memory, which makes them equal without looking.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::List(a), Value::List(b)) => a.len() == b.len() && a.as_ptr() == b.as_ptr(),
            (Value::Map(a), Value::Map(b)) => a.0.len() == b.0.len() && a.0.as_ptr() == b.0.as_ptr(),
            _ => false,
        }
    }
}

impl Map {
    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        if self.0.len() <= SMALL {
            return self.0.iter().find(|(k, _)| k.len() == key.len() && k.as_str() == key).map(|(_, value)| value);
        }
        self.position(key).ok().map(|i| &self.0[i].1)
    }

    /// True where there is something under `key`, null included.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> std::slice::Iter<'_, (EcoString, Value)> {
        self.0.iter()
    }

    /// A mutable place for `key`, made null where there was none.
    pub fn slot(&mut self, key: &str) -> &mut Value {
        let i = match self.position(key) {
            Ok(i) => i,
            Err(i) => {
                self.0.insert(i, (shared_key(key), Value::Null));
                i
            }
        };
        &mut self.0.make_mut()[i].1
    }

    /// Puts `value` under `key`.
    pub fn insert(&mut self, key: &str, value: impl Into<Value>) {
        *self.slot(key) = value.into();
    }

    /// Takes the value under `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let i = self.position(key).ok()?;
        Some(self.0.remove(i).1)
    }

    /// Keeps the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }

    /// Where the key is, or where it belongs. Most maps are small and most keys differ in length, so looking at lengths
    /// one by one is quicker there than comparing texts.
    fn position(&self, key: &str) -> Result<usize, usize> {
        if self.0.len() <= SMALL {
            if let Some(i) = self.0.iter().position(|(k, _)| k.len() == key.len() && k.as_str() == key) {
                return Ok(i);
            }
        }
        self.0.binary_search_by(|(k, _)| k.as_str().cmp(key))
    }
}

/// The text of a key. A long one that is a field of the schema is shared by all objects: written out for each of them, the
/// names of fields would take more memory than the values.
fn shared_key(key: &str) -> EcoString {
    static LONG: OnceLock<Vec<EcoString>> = OnceLock::new();
    if key.len() <= EcoString::INLINE_LIMIT {
        return EcoString::inline(key);
    }
    let long = LONG.get_or_init(|| {
        let names =
            include_str!("schema.txt").split_ascii_whitespace().filter_map(|word| word.split(['=', '!', ':']).next());
        let mut long: Vec<EcoString> =
            names.filter(|name| name.len() > EcoString::INLINE_LIMIT).map(EcoString::from).collect();
        long.order();
        long.dedup();
        long
    });
    match long.binary_search_by(|name| name.as_str().cmp(key)) {
        Ok(i) => long[i].clone(),
        Err(_) => EcoString::from(key),
    }
}

/// Writes a value tree in Rust: `value!({"kind": "Pod", "spec": {"replicas": 3, "list": [1, 2]}, "x": expression})`.
#[macro_export]
macro_rules! value {
    (null) => { $crate::api::Value::Null };
    ([ $($item:tt),* $(,)? ]) => { $crate::api::Value::from(vec![ $( $crate::value!($item) ),* ]) };
    ({ $($key:literal : $value:tt),* $(,)? }) => {{
        #[allow(unused_mut)]
        let mut map = $crate::api::Map::default();
        $( map.insert($key, $crate::value!($value)); )*
        $crate::api::Value::from(map)
    }};
    ($other:expr) => { $crate::api::Value::from($other) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_shares_until_it_is_changed() {
        let a = value!({"spec": {"replicas": 3, "ports": [1, 2]}, "kind": "X"});
        let mut b = a.clone();
        assert!(a.same(&b));
        b.set("spec.replicas", 4);
        assert_eq!(a.at("spec.replicas").int(), 3);
        assert_eq!(b.at("spec.replicas").int(), 4);
        assert!(a.at("spec.ports").same(b.at("spec.ports")));
    }

    #[test]
    fn removing_what_is_not_there_makes_nothing() {
        let mut a = value!({"a": 1});
        assert_eq!(a.remove("b.c"), Value::Null);
        assert_eq!(a, value!({"a": 1}));
    }
}
