//! The volume controller: claims find volumes, volumes follow their claims. What becomes of a released volume and how one is
//! made for a claim is next door.

use super::{volume_binding, volume_reclaim, Controller, Key};
use crate::api::volume_match::{self, is_bound_to};
use crate::api::{kind, Object, ObjectKey, Value};
use crate::base::draw;
use crate::base::time::Span;
use crate::store::{Change, Plan, Verb, View};

pub(super) const COMPONENT: &str = "persistentvolume-controller";

/// How often everything is looked at anew, changed or not: a claim does not hear of new volumes and classes before.
const RESYNC: Span = Span::secs(15);

pub(super) const CONTROLLER: Controller =
    Controller { name: "persistentvolume-binder-controller", keys, reconcile: sync };

pub(super) fn claim_key(namespace: &str, name: &str) -> Key {
    let kind = kind("PersistentVolumeClaim").kind;
    Key { kind, key: ObjectKey::new(namespace, name), uid: Default::default() }
}

pub(super) fn volume_key(name: &str) -> Key {
    Key { kind: kind("PersistentVolume").kind, key: ObjectKey::new("", name), uid: Default::default() }
}

/// A claim that goes sets its volume free; a volume calls for the claim it is meant for.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    let object = &change.object;
    match change.kind() {
        "PersistentVolumeClaim" => {
            let volume = object.at("spec.volumeName").str();
            match (change.verb, volume) {
                (Verb::Deleted, "") => Vec::new(),
                (Verb::Deleted, volume) => vec![volume_key(volume)],
                _ => vec![Key::of(object)],
            }
        }
        "PersistentVolume" => {
            let reference = object.at("spec.claimRef");
            let claim = claim_key(reference.get("namespace").str(), reference.get("name").str());
            let mut keys = Vec::new();
            if change.verb != Verb::Deleted {
                keys.push(Key::of(object));
                let unbound = |claim: &Object| claim.at("spec.volumeName").is_empty() && is_bound_to(object, claim);
                let has_uid = !reference.get("uid").is_empty();
                if has_uid && view.get(claim.kind, &claim.key).is_some_and(unbound) {
                    keys.push(claim);
                }
            } else if !reference.is_null() {
                keys.push(claim);
            }
            keys
        }
        _ => Vec::new(),
    }
}

fn sync(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(object) = view.get(key.kind, &key.key) else { return plan };
    let again = match key.kind {
        "PersistentVolume" => volume_reclaim::sync_volume(view, object, &mut plan),
        _ => volume_binding::sync_claim(view, object, &mut plan),
    };
    if again {
        plan.again_after(until_resync(view));
    }
    plan
}

/// How long it is until everything is looked at anew.
fn until_resync(view: &View) -> Span {
    let offset = draw::below(view.settings.seed, "volume-resync", "", 0, RESYNC.0);
    Span(RESYNC.0 - (view.now.0 + RESYNC.0 - offset) % RESYNC.0)
}

/// The class of a claim, where it is there.
pub(super) fn class_of<'a>(view: &View<'a>, claim: &Object) -> Option<&'a Object> {
    view.store.find("StorageClass", "", volume_match::class_name(claim))
}

/// True where the binding of a claim waits for the first pod that uses it.
pub(super) fn is_delayed(view: &View, claim: &Object) -> bool {
    class_of(view, claim).is_some_and(|class| class.at("volumeBindingMode").str() == "WaitForFirstConsumer")
}
