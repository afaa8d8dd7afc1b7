//! The objects themselves: persistent maps, so that a clone is a snapshot and costs nothing.

use std::sync::Arc;

use ecow::EcoString;

use super::allocator::Allocations;
use super::tally::{Tallies, Tally};
use super::{Because, Change, Verb};
use crate::api::kinds::Catalog;
use crate::api::{Object, ObjectKey, Value};
use crate::base::map::Map;
use crate::base::map::Set;
use crate::base::time::SimTime;

/// How many changes the watch log keeps for late readers.
const LOG_LENGTH: u64 = 4_096;

/// All objects, their indexes and the log of their last changes.
#[derive(Clone, Default)]
pub struct Store {
    kinds: Map<&'static str, Map<EcoString, Map<EcoString, Object>>>,
    revision: u64,
    /// The instant of the last change, and the revision before its first.
    instant: (SimTime, u64),
    log: Map<u64, Change>,
    owned: Map<(EcoString, &'static str), Map<ObjectKey, Object>>,
    pods_on_node: Set<(EcoString, ObjectKey)>,
    tallies: Tallies,
    reasons: Map<EcoString, Reasons>,
    catalog: Catalog,
    /// Which addresses and ports are taken.
    pub allocations: Allocations,
}

/// Why an object exists and why it is as it is.
#[derive(Clone, Debug)]
pub struct Reasons {
    /// Why it was made.
    pub made: Arc<Because>,
    /// Why it was last changed.
    pub changed: Arc<Because>,
}

impl Store {
    /// The revision of the last change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A number for what is drawn for a change at `at`: another one for each change, and the same however many changes there
    /// were at earlier instants, so that what a new cluster holds does not change what is drawn later.
    pub fn moment(&self, at: SimTime) -> u64 {
        let before = if self.instant.0 == at { self.revision - self.instant.1 } else { 0 };
        (at.0 << 16) + before
    }

    /// The kinds there are.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// An object.
    pub fn get(&self, kind: &str, key: &ObjectKey) -> Option<&Object> {
        self.find(kind, &key.namespace, &key.name)
    }

    /// An object by namespace (empty for cluster-scoped kinds) and name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.kinds.get(kind)?.get(namespace)?.get(name)
    }

    /// All objects of a kind, by namespace and name.
    pub fn all(&self, kind: &str) -> impl Iterator<Item = &Object> + '_ {
        self.kinds.get(kind).into_iter().flat_map(|all| all.values()).flat_map(|objects| objects.values())
    }

    /// The objects of a kind in one namespace, by name.
    pub fn list<'a>(&'a self, kind: &str, namespace: &str) -> impl Iterator<Item = &'a Object> + 'a {
        let objects = self.kinds.get(kind).and_then(|all| all.get(namespace));
        objects.into_iter().flat_map(|objects| objects.values())
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: &str) -> usize {
        self.kinds.get(kind).map_or(0, |all| all.values().map(|objects| objects.len()).sum())
    }

    /// The objects of a kind that name an owner of this UID, by namespace and name; of the empty UID, those that nobody controls.
    pub fn owned<'a>(&'a self, uid: &str, kind: &'static str) -> impl Iterator<Item = &'a Object> + 'a {
        self.owned.get(&(EcoString::from(uid), kind)).into_iter().flat_map(|objects| objects.values())
    }

    /// Everything that names an owner of this UID.
    pub fn dependents<'a>(&'a self, uid: &str) -> impl Iterator<Item = &'a Object> + 'a {
        let uid = EcoString::from(uid);
        let kinds = self.owned.range_from(&(uid.clone(), "")).take_while(move |((u, _), _)| *u == uid);
        kinds.flat_map(|(_, objects)| objects.values())
    }

    /// The pods bound to a node.
    pub fn pods_on_node<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Object> + 'a {
        let node = EcoString::from(node);
        let from = (node.clone(), ObjectKey::default());
        let keys = self.pods_on_node.range_from(&from).take_while(move |(n, _)| *n == node);
        keys.filter_map(move |(_, key)| self.get("Pod", key))
    }

    /// The counts over the pods that the object of a UID controls, one for each set of labels.
    pub fn tallies(&self, uid: &str) -> &[Tally] {
        self.tallies.of(uid)
    }

    /// Why the object of a UID exists and is as it is.
    pub fn reasons(&self, uid: &str) -> Option<&Reasons> {
        self.reasons.get(uid)
    }

    /// The changes after a revision, oldest first, as far back as the log goes.
    pub fn changes_since(&self, revision: u64) -> impl Iterator<Item = &Change> + '_ {
        self.log.range_from(&(revision + 1)).map(|(_, change)| change)
    }

    fn count_change(&mut self, at: SimTime) {
        if self.instant.0 != at {
            self.instant = (at, self.revision);
        }
        self.revision += 1;
    }

    /// Puts an object in under a new revision and logs the change.
    pub(super) fn put(&mut self, mut object: Object, at: SimTime, because: &Arc<Because>) -> Object {
        self.count_change(at);
        object.value.slot("metadata").set("resourceVersion", self.revision.to_string());
        let old = self.get(object.kind.kind, &object.key()).cloned();
        let verb = if old.is_some() { Verb::Modified } else { Verb::Added };
        let change =
            Change { revision: self.revision, at, verb, object: object.clone(), old, because: because.clone() };
        self.absorb(&change);
        self.remember(change);
        object
    }

    /// Takes an object out under a new revision and logs the change.
    pub(super) fn take(&mut self, mut object: Object, at: SimTime, because: &Arc<Because>) {
        self.count_change(at);
        object.value.slot("metadata").set("resourceVersion", self.revision.to_string());
        let old = Some(object.clone());
        let change = Change { revision: self.revision, at, verb: Verb::Deleted, object, old, because: because.clone() };
        self.absorb(&change);
        self.remember(change);
    }

    /// Carries out a change that another store has logged: how a watcher's copy follows the original.
    pub fn follow(&mut self, change: &Change) {
        self.revision = change.revision;
        self.absorb(change);
    }

    /// Puts the first objects of a cluster in: they are in no log, and what is drawn later does not depend on them.
    pub fn seed(&mut self, objects: Vec<Object>) {
        for mut object in objects {
            self.revision += 1;
            object.value.slot("metadata").set("resourceVersion", self.revision.to_string());
            let key = object.key();
            self.kinds.or_default(&object.kind.kind).or_default(&key.namespace).insert(key.name, object);
        }
        self.instant.1 = self.revision;
    }

    fn remember(&mut self, change: Change) {
        let uid = change.object.metadata().get("uid").text();
        match change.verb {
            // An event is a reason itself; nobody asks for the reason behind it.
            _ if change.kind() == "Event" => {}
            Verb::Added => {
                let because = change.because.clone();
                self.reasons.insert(uid, Reasons { made: because.clone(), changed: because });
            }
            Verb::Modified => {
                if let Some(reasons) = self.reasons.get_mut(&uid) {
                    reasons.changed = change.because.clone();
                }
            }
            Verb::Deleted => {
                self.reasons.remove(&uid);
            }
        }
        self.log.insert(change.revision, change);
        self.log.remove(&self.revision.saturating_sub(LOG_LENGTH));
    }

    fn absorb(&mut self, change: &Change) {
        let kind = change.object.kind.kind;
        let key = change.object.key();
        let gone = change.verb == Verb::Deleted;
        if kind == "Pod" && Tallies::concern(change) {
            let before = self.get(kind, &key).cloned();
            self.tallies.absorb(before.as_ref(), (!gone).then_some(&change.object));
        }
        if let Some(old) = &change.old {
            if gone || change.touches("metadata.ownerReferences") {
                for uid in owner_uids(old) {
                    self.disown(uid, kind, &key);
                }
            }
            if kind == "Pod" && (gone || change.touches("spec.nodeName")) {
                self.pods_on_node.remove(&(old.at("spec.nodeName").text(), key.clone()));
            }
        }
        if kind == "CustomResourceDefinition" && self.catalog.follow(&change.object, gone) {
            self.move_to_present_rows();
        }
        if gone {
            if let Some(objects) = self.kinds.get_mut(kind).and_then(|all| all.get_mut(&key.namespace)) {
                objects.remove(&key.name);
            }
            return;
        }
        for uid in owner_uids(&change.object) {
            self.owned.or_default(&(uid, kind)).insert(key.clone(), change.object.clone());
        }
        if kind == "Pod" && change.touches("spec.nodeName") {
            let node = change.object.at("spec.nodeName").text();
            if !node.is_empty() {
                self.pods_on_node.insert((node, key.clone()));
            }
        }
        let all = self.kinds.or_default(&kind);
        all.or_default(&key.namespace).insert(key.name, change.object.clone());
    }

    /// Custom objects follow a change of their definition.
    fn move_to_present_rows(&mut self) {
        for row in self.catalog.all().filter(|row| row.custom.is_some()) {
            let Some(all) = self.kinds.get_mut(row.kind) else { continue };
            let stale: Vec<Object> = all.values().flat_map(|objects| objects.values()).cloned().collect();
            for mut object in stale.into_iter().filter(|object| !std::ptr::eq(object.kind, row)) {
                object.kind = row;
                object.set("apiVersion", row.api_version());
                all.or_default(&object.key().namespace).insert(object.key().name, object);
            }
        }
    }

    fn disown(&mut self, uid: EcoString, kind: &'static str, key: &ObjectKey) {
        let slot = (uid, kind);
        if let Some(objects) = self.owned.get_mut(&slot) {
            objects.remove(key);
            if objects.is_empty() {
                self.owned.remove(&slot);
            }
        }
    }
}

/// The UIDs of an object's owners; the empty one added where no owner controls a kind that can be adopted.
fn owner_uids(object: &Object) -> Vec<EcoString> {
    let references: &[Value] = object.metadata().get("ownerReferences").list();
    let mut uids: Vec<EcoString> = references.iter().map(|r| r.get("uid").text()).collect();
    let adoptable = matches!(object.kind.kind, "Pod" | "ReplicaSet" | "ControllerRevision");
    if adoptable && !references.iter().any(|r| r.get("controller").bool()) {
        uids.push(EcoString::new());
    }
    uids
}
