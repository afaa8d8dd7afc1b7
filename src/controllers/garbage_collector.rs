//! The garbage collector: what becomes of objects whose owners are going or gone.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::store::deletion::{FOREGROUND, ORPHAN};
use crate::store::plan::{DeleteOptions, Propagation};
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "generic-garbage-collector";

pub(super) const CONTROLLER: Controller = Controller { name: "garbage-collector-controller", keys, reconcile };

/// Models pkg/controller/garbagecollector/graph_builder.go processGraphChanges.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    let object = &change.object;
    let mut keys = Vec::new();
    if change.verb == Verb::Deleted {
        keys.extend(view.store.dependents(object.uid()).map(key_of));
    } else if starts_waiting(change) {
        keys.push(key_of(object));
        keys.extend(view.store.dependents(object.uid()).map(key_of));
    } else if change.touches("metadata.ownerReferences") && owners(object).any(|o| fate(view, object, o) != Fate::Solid)
    {
        keys.push(key_of(object));
    }
    if change.verb == Verb::Deleted || change.touches("metadata.ownerReferences") {
        let referenced = change.old.iter().chain([object]).flat_map(owners);
        keys.extend(referenced.filter_map(|reference| owner_of(view, object, reference)).filter(waits).map(key_of));
    }
    keys.order();
    keys.dedup();
    keys
}

fn key_of(object: &Object) -> Key {
    Key { kind: object.kind.kind, key: object.key(), uid: object.uid().into() }
}

/// True where the change makes an object wait for its dependents, or for being rid of them.
fn starts_waiting(change: &Change) -> bool {
    let waits = |object: &Object| object.is_deleting() && (has(object, FOREGROUND) || has(object, ORPHAN));
    waits(&change.object) && !change.old.as_ref().is_some_and(waits)
}

fn waits(object: &&Object) -> bool {
    object.is_deleting() && has(object, FOREGROUND)
}

fn has(object: &Object, finalizer: &str) -> bool {
    object.metadata().get("finalizers").list().iter().any(|f| f.str() == finalizer)
}

fn owners(object: &Object) -> impl Iterator<Item = &Value> {
    object.metadata().get("ownerReferences").list().iter()
}

/// The object an owner reference means, where it is there.
fn owner_of<'a>(view: &View<'a>, object: &Object, reference: &Value) -> Option<&'a Object> {
    let kind = view.store.catalog().referred(reference)?;
    let namespace = if kind.namespaced { object.namespace() } else { "" };
    let owner = view.store.find(kind.kind, namespace, reference.get("name").str())?;
    (owner.uid() == reference.get("uid").str()).then_some(owner)
}

/// What an owner is to its dependent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is there and stays, or is of a kind that cannot be asked.
    Solid,
    /// It is gone.
    Gone,
    /// It waits for its dependents to go.
    Waiting,
}

/// Models pkg/controller/garbagecollector/garbagecollector.go classifyReferences.
fn fate(view: &View, object: &Object, reference: &Value) -> Fate {
    if view.store.catalog().referred(reference).is_none() {
        return Fate::Solid;
    }
    match owner_of(view, object, reference) {
        None => Fate::Gone,
        Some(owner) if waits(&owner) => Fate::Waiting,
        Some(_) => Fate::Solid,
    }
}

/// Models pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem and attemptToOrphanWorker.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(object) = view.get(key.kind, &key.key).filter(|object| object.uid() == key.uid) else { return plan };
    if object.is_deleting() {
        if has(object, ORPHAN) {
            orphan(view, object, &mut plan);
        } else if has(object, FOREGROUND) {
            release_when_alone(view, object, &mut plan);
        }
        return plan;
    }
    let fates: Vec<(&Value, Fate)> = owners(object).map(|o| (o, fate(view, object, o))).collect();
    let any = |wanted: Fate| fates.iter().any(|(_, fate)| *fate == wanted);
    if fates.is_empty() {
        return plan;
    }
    if any(Fate::Solid) {
        if any(Fate::Gone) || any(Fate::Waiting) {
            let kept = fates.iter().filter(|(_, fate)| *fate == Fate::Solid).map(|(o, _)| (*o).clone()).collect();
            plan.push(set_owners(object, kept, "some of its owners are going or gone, others stay"));
        }
        return plan;
    }
    let has_dependents = view.store.dependents(object.uid()).next().is_some();
    let (propagation, rule) = match any(Fate::Waiting) {
        true if has_dependents => (Propagation::Foreground, "its owner waits for it, and it has dependents of its own"),
        true => (kept_propagation(object), "its owner waits for it"),
        false => (kept_propagation(object), "its owner is gone"),
    };
    plan.push(Action::Delete {
        kind: object.kind.kind,
        key: object.key(),
        uid: object.uid().into(),
        options: DeleteOptions { grace_seconds: None, propagation },
        because: because(view, object, rule),
        success: None,
    });
    plan
}

/// What an object's finalizers ask for already.
fn kept_propagation(object: &Object) -> Propagation {
    if has(object, ORPHAN) {
        Propagation::Orphan
    } else if has(object, FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    }
}

/// The reason with the owner as the cause, where there is one to name.
fn because(view: &View, object: &Object, rule: &str) -> Arc<Because> {
    let owner = owners(object).find_map(|reference| owner_of(view, object, reference));
    let names: Vec<String> =
        owners(object).map(|o| format!("{} {}", o.get("kind").str(), o.get("name").str())).collect();
    Arc::new(Because::of(COMPONENT, owner.unwrap_or(object), format!("{rule}: {}", names.join(", "))))
}

/// Models pkg/controller/garbagecollector/garbagecollector.go orphanDependents.
fn orphan(view: &View, owner: &Object, plan: &mut Plan) {
    for dependent in view.store.dependents(owner.uid()) {
        plan.visited += 1;
        let kept = owners(dependent).filter(|o| o.get("uid").str() != owner.uid()).cloned().collect();
        plan.push(set_owners(dependent, kept, "its owner was deleted with --cascade=orphan"));
    }
    plan.push(without_finalizer(owner, ORPHAN, "its dependents are without an owner now"));
}

/// Models pkg/controller/garbagecollector/garbagecollector.go processDeletingDependentsItem.
fn release_when_alone(view: &View, owner: &Object, plan: &mut Plan) {
    let blocking = view.store.dependents(owner.uid()).any(|dependent| {
        owners(dependent).any(|o| o.get("uid").str() == owner.uid() && o.get("blockOwnerDeletion").bool())
    });
    if !blocking {
        plan.push(without_finalizer(owner, FOREGROUND, "no dependent is left that blocks its deletion"));
    }
}

fn set_owners(object: &Object, kept: Value, rule: &str) -> Action {
    let kept = if kept.list().is_empty() { Value::Null } else { kept };
    Action::Patch {
        kind: object.kind.kind,
        key: object.key(),
        uid: object.uid().into(),
        status: false,
        patch: value!({"metadata": {"ownerReferences": kept}}),
        because: Arc::new(Because::of(COMPONENT, object, rule)),
    }
}

fn without_finalizer(object: &Object, finalizer: &str, rule: &str) -> Action {
    let mut released = object.clone();
    let finalizers = object.metadata().get("finalizers").list().iter();
    let kept: Value = finalizers.filter(|f| f.str() != finalizer).cloned().collect();
    if kept.list().is_empty() {
        released.value.remove("metadata.finalizers");
    } else {
        released.set("metadata.finalizers", kept);
    }
    Action::Update { object: released, because: Arc::new(Because::of(COMPONENT, object, rule)), success: None }
}
