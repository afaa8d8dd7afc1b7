//! The maps of a YAML document while they are built: keys made text, doubled keys, merges.
//!
//! It reads no token.

use std::collections::BTreeMap;

use ecow::EcoString;

use super::value::Value;
use super::yaml::{Data, DuplicateKey, Entry, Extent, Mark, Node, SyntaxError};
use super::yaml_build::go_yaml;
use crate::base::order::Order;

/// From so many entries on, the keys are looked up in an index.
const INDEXED: usize = 16;

/// A map in the making.
#[derive(Default)]
pub(super) struct MapBuilder {
    pub entries: Vec<Entry>,
    index: BTreeMap<EcoString, usize>,
}

impl MapBuilder {
    fn position(&mut self, key: &str) -> Option<usize> {
        if self.entries.len() < INDEXED {
            return self.entries.iter().position(|entry| entry.key == key);
        }
        if self.index.is_empty() {
            self.index = self.entries.iter().enumerate().map(|(i, entry)| (entry.key.clone(), i)).collect();
        }
        self.index.get(key).copied()
    }

    /// Puts an entry in; the last of equal keys counts, in its own place.
    pub(super) fn insert(&mut self, entry: Entry) -> Option<DuplicateKey> {
        match self.position(&entry.key) {
            Some(i) => {
                let first = self.entries[i].extent.start;
                let twice = DuplicateKey { key: entry.key.clone(), extent: entry.extent, first };
                self.entries[i] = entry;
                Some(twice)
            }
            None => {
                if !self.index.is_empty() {
                    self.index.insert(entry.key.clone(), self.entries.len());
                }
                self.entries.push(entry);
                None
            }
        }
    }

    /// Carries out `<<: *anchor` and `<<: [*a, *b]`.
    pub(super) fn merge(&mut self, node: &Node, at: Extent) -> Result<(), SyntaxError> {
        match &node.data {
            Data::Map(entries) => {
                for entry in entries {
                    self.insert(entry.clone());
                }
                Ok(())
            }
            Data::List(items) if items.iter().all(|item| matches!(item.data, Data::Map(_))) => {
                items.iter().rev().try_for_each(|item| self.merge(item, at))
            }
            _ => Err(go_yaml("map merge requires map or sequence of maps as the value", at.start)),
        }
    }
}

/// How many nodes a tree has, aliases followed; counted no further than anybody asks.
pub(super) fn size_of(node: &Node) -> u64 {
    fn count(node: &Node, left: &mut u64) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        node.items().iter().for_each(|item| count(item, left));
        node.entries().iter().for_each(|entry| count(&entry.value, left));
    }
    let most = 5_000_000;
    let mut left = most;
    count(node, &mut left);
    most - left
}

/// The key of a map as JSON has it. A refusal says whether it comes from the YAML reader (or from the way to JSON).
pub(super) fn key_text(node: &Node, at: Mark, value: &Node) -> Result<String, (SyntaxError, bool)> {
    match &node.data {
        Data::Scalar(Value::Str(text)) => Ok(text.to_string()),
        Data::Scalar(Value::Bool(b)) => Ok(b.to_string()),
        Data::Scalar(Value::Int(n)) => Ok(n.to_string()),
        Data::Scalar(Value::Float(x)) => Ok(super::encode::float_text(*x)),
        Data::Scalar(_) => {
            let value = if value.is_null() { "<nil>".to_owned() } else { go_syntax(value) };
            let message = format!(
                "error converting YAML to JSON: unsupported map key of type: %!s(<nil>), key: <nil>, value: {value}"
            );
            Err((SyntaxError { message, at }, false))
        }
        _ => Err((go_yaml(&format!("invalid map key: {}", go_syntax(node)), at), true)),
    }
}

/// A value in Go's own syntax, as `%#v` prints what the YAML reader made.
fn go_syntax(node: &Node) -> String {
    match &node.data {
        Data::Scalar(Value::Str(text)) => format!("{:?}", text.as_str()),
        Data::Scalar(Value::Null) => "interface {}(nil)".to_owned(),
        Data::Scalar(value) => super::encode::json(value),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(|item| go_syntax(item)).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Data::Map(entries) => {
            let mut sorted: Vec<&Entry> = entries.iter().collect();
            sorted.order_by(|a, b| a.key.cmp(&b.key));
            let entries: Vec<String> =
                sorted.iter().map(|e| format!("{:?}:{}", e.key.as_str(), go_syntax(&e.value))).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", entries.join(", "))
        }
    }
}
