//! Merging a configuration into an object, and taking out of it what the last configuration named and this one does not.

use ecow::EcoString;

use super::field_compare::{child, element_step, inner_shape, Shape};
use super::field_set::FieldSet;
use super::schema::StructId;
use super::value::Value;

/// An object with a configuration merged into it.
///
/// Models sigs.k8s.io/structured-merge-diff typed mergingWalker.
pub fn merge(live: &Value, configuration: &Value, id: StructId) -> Value {
    merged(Some(live), configuration, Shape::Struct(id))
}

fn merged(live: Option<&Value>, wanted: &Value, shape: Shape<'_>) -> Value {
    match (live, wanted, shape) {
        (Some(live @ Value::Map(_)), Value::Map(_), Shape::Struct(_) | Shape::Map(_)) => {
            let mut out = live.clone();
            for (key, value) in wanted.entries() {
                let below = live.as_map().and_then(|map| map.get(key));
                let value = merged(below, value, child(shape, key));
                out.map_mut().insert(key, value);
            }
            out
        }
        (Some(Value::List(live)), Value::List(wanted), Shape::List(element, keys)) => {
            merged_list(live, wanted, &|item| element_step(item, keys), inner_shape(element))
        }
        _ => wanted.clone(),
    }
}

/// Elements of both sides: those of the configuration in its order, the others of the object where they stood between them.
fn merged_list(live: &[Value], wanted: &[Value], step: &dyn Fn(&Value) -> EcoString, shape: Shape<'_>) -> Value {
    let left: Vec<EcoString> = live.iter().map(step).collect();
    let right: Vec<EcoString> = wanted.iter().map(step).collect();
    let in_left = |step: &EcoString| left.iter().position(|known| known == step);
    let mut shared = right.iter().filter(|step| in_left(step).is_some());
    let mut next = shared.next();
    let mut taken: Vec<&EcoString> = Vec::new();
    let mut out: Vec<Value> = Vec::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if l < left.len() {
            let is_shared = right.contains(&left[l]);
            let waits = r < right.len() && next.is_some_and(|next| *next != left[l]);
            if !is_shared {
                out.push(live[l].clone());
                l += 1;
                continue;
            }
            if taken.contains(&&left[l]) || waits {
                l += 1;
                continue;
            }
        }
        if r < right.len() {
            let twin = in_left(&right[r]).map(|at| &live[at]);
            out.push(merged(twin, &wanted[r], shape));
            taken.push(&right[r]);
            if next == Some(&right[r]) {
                next = shared.next();
            }
            r += 1;
        } else {
            l += 1;
        }
    }
    out.into()
}

/// An object without what `last` names and nobody owns any more (`kept`), with all that is below it.
///
/// Models sigs.k8s.io/structured-merge-diff merge Updater.prune.
pub fn prune(object: &mut Value, last: &FieldSet, kept: &FieldSet, id: StructId) {
    prune_below(object, last, kept, Shape::Struct(id));
}

fn prune_below(value: &mut Value, last: &FieldSet, kept: &FieldSet, shape: Shape<'_>) {
    for (step, set) in &last.below {
        let Some((place, shape)) = find(value, step, shape) else { continue };
        match (kept.get(step).filter(|set| !set.is_empty()), place) {
            (None, Place::Key(key)) => drop(value.remove_key(key)),
            (None, Place::Index(i)) => drop(value.list_mut().remove(i)),
            (Some(kept), Place::Key(key)) => prune_below(value.slot(key), set, kept, shape),
            (Some(kept), Place::Index(i)) => prune_below(&mut value.items_mut()[i], set, kept, shape),
        }
    }
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Key(&'a str),
    Index(usize),
}

/// Where a step leads, and the shape of what is there.
fn find<'a, 'b>(value: &Value, step: &'a str, shape: Shape<'b>) -> Option<(Place<'a>, Shape<'b>)> {
    if let Some(key) = step.strip_prefix("f:") {
        return value.as_map().is_some_and(|map| map.get(key).is_some()).then(|| (Place::Key(key), child(shape, key)));
    }
    let Shape::List(element, keys) = shape else { return None };
    let at = value.list().iter().position(|item| element_step(item, keys) == step)?;
    Some((Place::Index(at), inner_shape(element)))
}
