//! Adoption and release: which objects a controller may count as its own. It writes nothing but the patches it hands out.

use std::sync::Arc;

use super::Key;
use crate::api::selector;
use crate::api::{Object, ObjectKey, Value};
use crate::base::order::Order;
use crate::store::{Action, Because, Change, Verb, View};
use crate::value;

/// What came out of looking for an owner's dependents of one kind.
pub struct Claims {
    /// The owner's own, adopted ones included, in the order of their names.
    pub owned: Vec<Object>,
    /// The patches that adopt and release.
    pub actions: Vec<Action>,
    /// How many objects were looked at.
    pub visited: u32,
}

/// Finds the dependents of `owner`, adopts orphans that its selector matches and releases what it matches no longer.
///
/// Models pkg/controller/controller_ref_manager.go ClaimPods and ClaimReplicaSets. `eligible` says which may be claimed at all.
pub fn claim(
    view: &View,
    owner: &Object,
    kind: &'static str,
    component: &'static str,
    mut eligible: impl FnMut(&Object) -> bool,
) -> Claims {
    let mut claims = Claims { owned: Vec::new(), actions: Vec::new(), visited: 0 };
    for object in view.store.owned(owner.uid(), kind) {
        claims.visited += 1;
        if object.controller_uid() != owner.uid() || !eligible(object) {
            continue;
        }
        if selects(owner, object.labels()) {
            claims.owned.push(object.clone());
        } else if !owner.is_deleting() {
            claims.actions.push(release(owner, object, component));
        }
    }
    if owner.is_deleting() {
        return claims;
    }
    let before = claims.owned.len();
    for object in view.store.owned("", kind) {
        if object.namespace() != owner.namespace() {
            continue;
        }
        claims.visited += 1;
        if !object.is_deleting() && eligible(object) && selects(owner, object.labels()) {
            let (adopted, action) = adopt(owner, object, component);
            claims.owned.push(adopted);
            claims.actions.push(action);
        }
    }
    if claims.owned.len() > before {
        claims.owned.order_by_key(|object| object.key());
    }
    claims
}

/// True where the selector of an owner matches labels; that of a ReplicationController is a plain map.
pub fn selects(owner: &Object, labels: &Value) -> bool {
    let wanted = owner.spec().get("selector");
    match owner.kind.kind {
        "ReplicationController" => wanted.entries().iter().all(|(key, value)| labels.get(key) == value),
        _ => selector::matches(wanted, labels),
    }
}

/// The objects of a kind that a change of a pod concerns: its owner, its former owner, and those that may adopt it.
///
/// Models addPod, updatePod and deletePod of the controllers in pkg/controller.
pub fn keys_of_pod(change: &Change, view: &View, kind: &'static str) -> Vec<Key> {
    let pods = [Some(&change.object), change.old.as_ref()];
    let mut keys: Vec<Key> = pods.into_iter().flatten().filter_map(|pod| owner_key(pod, kind)).collect();
    let relevant = || change.touches("metadata.labels") || change.touches("metadata.ownerReferences");
    if change.verb != Verb::Deleted && change.object.controller_uid().is_empty() && relevant() {
        let sets = view.store.list(kind, change.object.namespace());
        keys.extend(sets.filter(|set| selects(set, change.object.labels())).map(Key::of));
    }
    keys.dedup();
    keys
}

fn owner_key(pod: &Object, kind: &'static str) -> Option<Key> {
    let owners = pod.metadata().get("ownerReferences").list();
    let owner = owners.iter().find(|owner| owner.get("controller").bool() && owner.get("kind").str() == kind)?;
    let key = ObjectKey { namespace: pod.metadata().get("namespace").text(), name: owner.get("name").text() };
    Some(Key { kind, key, uid: Default::default() })
}

fn adopt(owner: &Object, object: &Object, component: &'static str) -> (Object, Action) {
    let mut adopted = object.clone();
    adopted.value.slot_at("metadata.ownerReferences").list_mut().push(owner.controller_reference());
    let rule = format!("{} {} has no controller and its labels match the selector", object.kind.kind, object.name());
    let action = patch_owners(owner, &adopted, component, rule);
    (adopted, action)
}

fn release(owner: &Object, object: &Object, component: &'static str) -> Action {
    let mut released = object.clone();
    let kept: Value = object
        .at("metadata.ownerReferences")
        .list()
        .iter()
        .filter(|o| o.get("uid").str() != owner.uid())
        .cloned()
        .collect();
    released.set("metadata.ownerReferences", kept);
    let rule = format!("the labels of {} {} no longer match the selector", object.kind.kind, object.name());
    patch_owners(owner, &released, component, rule)
}

fn patch_owners(owner: &Object, object: &Object, component: &'static str, rule: String) -> Action {
    let owners = object.at("metadata.ownerReferences").clone();
    let owners = if owners.list().is_empty() { Value::Null } else { owners };
    Action::Patch {
        kind: object.kind.kind,
        key: object.key(),
        uid: object.uid().into(),
        status: false,
        patch: value!({"metadata": {"ownerReferences": owners}}),
        because: Arc::new(Because::of(component, owner, rule)),
    }
}
