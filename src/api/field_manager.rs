//! Field managers: who owns which field of an object, kept in `metadata.managedFields`; server-side apply with its conflicts.
//!
//! The cluster's own components are not written down for what only they write: their entries are made up when somebody asks
//! to see them, which keeps a pod of a controller small.

use ecow::EcoString;

use super::field_compare::{compare, empty};
use super::field_set::FieldSet;
use super::schema::StructId;
use super::{Object, Value};
use crate::base::order::Order;
use crate::value;

pub use super::field_manager_apply::{annotation_is_applied, apply, apply_new, upgraded};

/// Who writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Manager<'a> {
    /// `kubectl-client-side-apply`; empty for the cluster's own components.
    pub name: &'a str,
    /// `scale`; empty for the object itself.
    pub subresource: &'a str,
}

/// Everything in the cluster that writes objects, as far as nobody asks for more.
const SYSTEM: &str = "kube-controller-manager";

/// Fields of `metadata` that nobody owns.
const UNOWNED: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// One entry of `managedFields`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    pub(super) manager: EcoString,
    pub(super) applies: bool,
    pub(super) version: EcoString,
    pub(super) subresource: EcoString,
    pub(super) time: EcoString,
    pub(super) set: FieldSet,
}

impl Entry {
    pub(super) fn read(value: &Value) -> Entry {
        Entry {
            manager: value.get("manager").text(),
            applies: value.get("operation").str() == "Apply",
            version: value.get("apiVersion").text(),
            subresource: value.get("subresource").text(),
            time: value.get("time").text(),
            set: FieldSet::read(value.get("fieldsV1")),
        }
    }

    fn to_value(&self) -> Value {
        let mut value = value!({
            "apiVersion": (self.version.clone()), "fieldsType": "FieldsV1", "fieldsV1": (self.set.to_value()),
            "manager": (self.manager.clone()), "operation": (if self.applies { "Apply" } else { "Update" })
        });
        for (field, text) in [("subresource", &self.subresource), ("time", &self.time)] {
            if !text.is_empty() {
                *value.slot(field) = text.clone().into();
            }
        }
        value
    }

    pub(super) fn is(&self, manager: Manager<'_>, applies: bool) -> bool {
        self.manager == manager.name && self.applies == applies && self.subresource == manager.subresource
    }

    /// `"kubectl-set" using apps/v1`.
    pub(super) fn text(&self) -> String {
        let mut text = format!("\"{}\"", self.manager);
        if !self.subresource.is_empty() {
            text.push_str(&format!(" with subresource \"{}\"", self.subresource));
        }
        if !self.applies {
            text.push_str(&format!(" using {}", self.version));
        }
        text
    }
}

pub(super) fn schema_of(object: &Object) -> Option<StructId> {
    object.kind.shape()
}

/// The entries of an object, in the order they are kept in.
pub(super) fn read(object: &Object) -> Vec<Entry> {
    object.metadata().get("managedFields").list().iter().map(Entry::read).collect()
}

/// Models staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal sortEncodedManagedFields.
pub(super) fn write(object: &mut Object, mut entries: Vec<Entry>) {
    entries.retain(|entry| !entry.set.is_empty());
    let key = |e: &Entry| (!e.applies, e.time.clone(), e.manager.clone(), e.version.clone(), e.subresource.clone());
    entries.order_by_key(key);
    let values: Value = entries.iter().map(Entry::to_value).collect();
    let metadata = object.value.slot("metadata");
    match entries.is_empty() {
        true => drop(metadata.remove_key("managedFields")),
        false => metadata.map_mut().insert("managedFields", values),
    }
}

/// A set without what nobody owns, and without the status, which is not written with the object.
pub(super) fn owned(mut set: FieldSet) -> FieldSet {
    for path in [&["f:apiVersion"][..], &["f:kind"], &["f:status"]] {
        set.remove(path);
    }
    for field in UNOWNED {
        set.remove(&["f:metadata", &format!("f:{field}")]);
    }
    if let Ok(at) = set.below.binary_search_by(|(step, _)| step.as_str().cmp("f:metadata")) {
        set.below[at].1.member = false;
    }
    set
}

/// True where an object's owners are written down.
pub fn is_tracked(object: &Object) -> bool {
    !object.metadata().get("managedFields").is_null()
}

/// Notes who made an object. Called before admission, whose additions belong to nobody.
pub fn created(object: &mut Object, manager: Manager<'_>, now: &str) {
    let Some(id) = schema_of(object).filter(|_| !manager.name.is_empty()) else { return };
    if is_tracked(object) {
        return;
    }
    let found = compare(&empty(id), &object.value, id);
    let set = owned(found.added.union(&found.modified));
    let version: EcoString = object.kind.api_version().into();
    let (name, subresource) = (manager.name.into(), manager.subresource.into());
    write(object, vec![Entry { manager: name, applies: false, version, subresource, time: now.into(), set }]);
}

/// Notes who changed what. What the cluster's own components change is noted where anybody's fields are.
///
/// Models sigs.k8s.io/structured-merge-diff merge Updater.Update.
pub fn changed(object: &mut Object, old: &Object, manager: Manager<'_>, now: &str) {
    let Some(id) = schema_of(object) else { return };
    let given = object.metadata().get("managedFields").clone();
    let old_fields = old.metadata().get("managedFields");
    let own = !manager.name.is_empty();
    let worked_out = !given.is_null() && given != *old_fields;
    if !own && (old_fields.is_null() || worked_out) {
        return;
    }
    let reset = given.list().len() == 1 && given.index(0).entries().is_empty();
    let mut entries = match (given.is_null() || given.list().is_empty(), reset) {
        (_, true) => Vec::new(),
        (true, _) => known(old, id),
        (false, _) if !worked_out => known(old, id),
        (false, _) => read(object),
    };
    let before = entries.clone();
    let found = compare(&old.value, &object.value, id);
    let (touched, removed) = (owned(found.added.union(&found.modified)), owned(found.removed));
    let manager = if own { manager } else { Manager { name: SYSTEM, ..manager } };
    if touched.is_empty() && removed.is_empty() && !reset && old_fields == &given {
        return;
    }
    for entry in &mut entries {
        if !entry.is(manager, false) {
            entry.set = entry.set.minus(&touched);
        }
        entry.set = entry.set.minus(&removed);
    }
    if !touched.is_empty() {
        let at = entries.iter().position(|entry| entry.is(manager, false)).unwrap_or_else(|| {
            entries.push(Entry {
                manager: manager.name.into(),
                applies: false,
                version: EcoString::new(),
                subresource: manager.subresource.into(),
                time: EcoString::new(),
                set: FieldSet::default(),
            });
            entries.len() - 1
        });
        let entry = &mut entries[at];
        entry.set = entry.set.union(&touched);
        entry.version = object.kind.api_version().into();
        entry.time = now.into();
    }
    if entries != before || given != *old_fields {
        write(object, entries);
    }
}

/// The entries of an object; of one that nobody's fields are written down of, its maker's.
pub(super) fn known(object: &Object, id: StructId) -> Vec<Entry> {
    if is_tracked(object) {
        return read(object);
    }
    let mut plain = object.value.clone();
    plain.remove_key("status");
    if object.kind.kind == "Pod" {
        without_admission(plain.slot("spec"));
    }
    let found = compare(&empty(id), &plain, id);
    let set = owned(found.added.union(&found.modified));
    let time = object.metadata().get("creationTimestamp").text();
    let version = object.kind.api_version().into();
    vec![Entry { manager: SYSTEM.into(), applies: false, version, subresource: EcoString::new(), time, set }]
}

/// The spec of a pod without what admission and the scheduler have added.
fn without_admission(spec: &mut Value) {
    for field in ["nodeName", "preemptionPolicy", "priority", "serviceAccount", "serviceAccountName"] {
        spec.remove_key(field);
    }
    let is_token = |value: &Value| value.get("name").str().starts_with("kube-api-access-");
    let is_default = |value: &Value| {
        let taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
        taints.contains(&value.get("key").str()) && value.get("tolerationSeconds").int() == 300
    };
    let strip = |value: &mut Value, list: &str, test: &dyn Fn(&Value) -> bool| {
        let kept: Value = value.get(list).list().iter().filter(|item| !test(item)).cloned().collect();
        match kept.list().is_empty() {
            true => drop(value.remove_key(list)),
            false => *value.slot(list) = kept,
        }
    };
    strip(spec, "volumes", &is_token);
    strip(spec, "tolerations", &is_default);
    for list in ["containers", "initContainers"] {
        if !spec.get(list).is_null() {
            spec.slot(list).items_mut().iter_mut().for_each(|container| strip(container, "volumeMounts", &is_token));
        }
    }
}

/// What `--show-managed-fields` shows: the entries that are kept, and those of the components that write the status.
pub fn shown(object: &Object) -> Value {
    let Some(id) = schema_of(object) else { return object.metadata().get("managedFields").clone() };
    let mut entries = known(object, id);
    let status = value!({"status": (object.status().clone())});
    let mut set = compare(&empty(id), &status, id);
    let mut set = std::mem::take(&mut set.added).union(&set.modified);
    set.below.retain(|(step, _)| step == "f:status");
    if object.kind.kind == "Pod" {
        without_binding(&mut set);
    }
    let revision = "deployment.kubernetes.io/revision";
    if object.kind.kind == "Deployment" && !object.annotation(revision).is_empty() {
        let path = ["f:metadata".into(), "f:annotations".into(), format!("f:{revision}").into()];
        if entries.iter_mut().all(|entry| entry.set.common(&single(&path)).is_empty()) {
            set.insert(&path);
        }
    }
    if !set.is_empty() && object.kind.has_status {
        let manager = if matches!(object.kind.kind, "Pod" | "Node") { "kubelet" } else { SYSTEM };
        let version = object.kind.api_version().into();
        let time = latest_time(object);
        entries.push(Entry {
            manager: manager.into(),
            applies: false,
            version,
            subresource: "status".into(),
            time,
            set,
        });
    }
    let mut copy = Object { kind: object.kind, value: value!({"metadata": {}}) };
    write(&mut copy, entries);
    copy.metadata().get("managedFields").clone()
}

/// The status of a pod as its kubelet owns it: the list of conditions and the first of them come with the binding, the
/// class with the pod itself.
fn without_binding(set: &mut FieldSet) {
    set.remove(&["f:status", "f:qosClass"]);
    let scheduled = r#"k:{"type":"PodScheduled"}"#;
    let path = ["f:status".into(), "f:conditions".into(), scheduled.into()];
    let generation: Vec<EcoString> = path.iter().cloned().chain(["f:observedGeneration".into()]).collect();
    set.remove(&["f:status", "f:conditions", scheduled]);
    *set = set.minus(&single(&path[..2]));
    set.insert(&generation);
}

pub(super) fn single(path: &[EcoString]) -> FieldSet {
    let mut set = FieldSet::default();
    set.insert(path);
    set
}

/// When the status was last heard of: its latest condition.
fn latest_time(object: &Object) -> EcoString {
    let conditions = object.status().get("conditions").list().iter();
    let times = conditions.flat_map(|c| ["lastTransitionTime", "lastUpdateTime"].map(|field| c.get(field).text()));
    times.max().filter(|time| !time.is_empty()).unwrap_or_else(|| object.metadata().get("creationTimestamp").text())
}
