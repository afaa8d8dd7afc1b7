//! Sets of fields, as `metadata.managedFields` lists them: which fields of an object somebody owns.
//!
//! A step of a path is written as upstream writes it: `f:name` a field, `k:{...}` an element by its keys, `v:...` one by its
//! value.

use ecow::EcoString;

use super::value::{Map, Value};
use super::{encode, json};
use crate::base::order::Order;

/// A set of paths in the form of a tree.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FieldSet {
    /// True where the place itself is in the set.
    pub member: bool,
    /// What lies below, sorted by step.
    pub below: Vec<(EcoString, FieldSet)>,
}

impl FieldSet {
    /// Reads `fieldsV1`.
    pub fn read(value: &Value) -> FieldSet {
        let below = value.entries().iter().filter(|(step, _)| step != ".");
        let below: Vec<(EcoString, FieldSet)> =
            below.map(|(step, value)| (step.clone(), FieldSet::read_step(value))).collect();
        FieldSet { member: false, below }
    }

    fn read_step(value: &Value) -> FieldSet {
        let mut set = FieldSet::read(value);
        set.member = set.below.is_empty() || !value.get(".").is_null();
        set
    }

    /// The set in the form of `fieldsV1`.
    pub fn to_value(&self) -> Value {
        let mut map = Map::default();
        if self.member && !self.below.is_empty() {
            map.insert(".", Value::map());
        }
        for (step, set) in self.below.iter().filter(|(_, set)| !set.is_empty()) {
            map.insert(step, set.to_value());
        }
        map.into()
    }

    /// True where nothing is in the set.
    pub fn is_empty(&self) -> bool {
        !self.member && self.below.iter().all(|(_, set)| set.is_empty())
    }

    /// What lies below a step.
    pub fn get(&self, step: &str) -> Option<&FieldSet> {
        self.place(step).ok().map(|at| &self.below[at].1)
    }

    /// Puts a path in.
    pub fn insert(&mut self, path: &[EcoString]) {
        let Some((step, rest)) = path.split_first() else {
            self.member = true;
            return;
        };
        let at = self.place(step).unwrap_or_else(|at| {
            self.below.insert(at, (step.clone(), FieldSet::default()));
            at
        });
        self.below[at].1.insert(rest);
    }

    /// Takes a path and all below it out.
    pub fn remove(&mut self, path: &[&str]) {
        let Some((step, rest)) = path.split_first() else { return };
        if let Ok(at) = self.place(step) {
            match rest {
                [] => drop(self.below.remove(at)),
                rest => self.below[at].1.remove(rest),
            }
        }
    }

    /// What is in either set.
    pub fn union(&self, other: &FieldSet) -> FieldSet {
        combine(Some(self), Some(other), |a, b| a || b)
    }

    /// What is in this set alone.
    pub fn minus(&self, other: &FieldSet) -> FieldSet {
        combine(Some(self), Some(other), |a, b| a && !b)
    }

    /// What is in both sets.
    pub fn common(&self, other: &FieldSet) -> FieldSet {
        combine(Some(self), Some(other), |a, b| a && b)
    }

    /// Each path as text: `.spec.containers[name="web"].image`.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        self.collect("", &mut texts);
        texts
    }

    fn collect(&self, path: &str, texts: &mut Vec<String>) {
        if self.member {
            texts.push(path.to_owned());
        }
        for (step, set) in &self.below {
            set.collect(&format!("{path}{}", step_text(step)), texts);
        }
    }

    fn place(&self, step: &str) -> Result<usize, usize> {
        self.below.binary_search_by(|(known, _)| known.as_str().cmp(step))
    }
}

/// Keeps a place where `keep` says so of its being in the one set and in the other.
fn combine(a: Option<&FieldSet>, b: Option<&FieldSet>, keep: fn(bool, bool) -> bool) -> FieldSet {
    let is_member = |set: Option<&FieldSet>| set.is_some_and(|set| set.member);
    let steps =
        |set: Option<&FieldSet>| set.map_or(Vec::new(), |set| set.below.iter().map(|(step, _)| step.clone()).collect());
    let mut all: Vec<EcoString> = steps(a);
    all.extend(steps(b));
    all.order();
    all.dedup();
    let below = all.into_iter().map(|step| {
        let of =
            |set: Option<&FieldSet>| -> FieldSet { set.and_then(|set| set.get(&step)).cloned().unwrap_or_default() };
        let set = combine(Some(&of(a)), Some(&of(b)), keep);
        (step, set)
    });
    let below: Vec<(EcoString, FieldSet)> = below.filter(|(_, set)| !set.is_empty()).collect();
    FieldSet { member: keep(is_member(a), is_member(b)), below }
}

/// `.name`, `[name="web"]`, `[="x"]`.
fn step_text(step: &str) -> String {
    match step.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("v", value)) => format!("[={value}]"),
        Some(("k", keys)) => {
            let keys = json::parse(keys).unwrap_or_default();
            let pairs = keys.entries().iter().map(|(name, value)| format!("{name}={}", encode::json(value)));
            format!("[{}]", pairs.collect::<Vec<_>>().join(","))
        }
        _ => format!("[{step}]"),
    }
}
