//! Field managers: who owns which field of an object, kept in `metadata.managedFields`; server-side apply with its conflicts.
//!
//! The cluster's own components are not written down for what only they write: their entries are made up when somebody asks
//! to see them, which keeps a pod of a controller small.

use ecow::EcoString;

use super::field_compare::{compare, empty, fields_of};
use super::field_merge::{merge, prune};
use super::field_set::FieldSet;
use super::schema::StructId;
use super::status::Cause;
use super::{Object, Status, Value};
use crate::base::order::Order;
use crate::value;

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
struct Entry {
    manager: EcoString,
    applies: bool,
    version: EcoString,
    subresource: EcoString,
    time: EcoString,
    set: FieldSet,
}

impl Entry {
    fn read(value: &Value) -> Entry {
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

    fn is(&self, manager: Manager<'_>, applies: bool) -> bool {
        self.manager == manager.name && self.applies == applies && self.subresource == manager.subresource
    }

    /// `"kubectl-set" using apps/v1`.
    fn text(&self) -> String {
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

fn schema_of(object: &Object) -> Option<StructId> {
    object.kind.shape()
}

/// The entries of an object, in the order they are kept in.
fn read(object: &Object) -> Vec<Entry> {
    object.metadata().get("managedFields").list().iter().map(Entry::read).collect()
}

/// Models staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal sortEncodedManagedFields.
fn write(object: &mut Object, mut entries: Vec<Entry>) {
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
fn owned(mut set: FieldSet) -> FieldSet {
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
fn known(object: &Object, id: StructId) -> Vec<Entry> {
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

fn single(path: &[EcoString]) -> FieldSet {
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

/// A new object out of a configuration that is applied.
pub fn apply_new(configuration: &Object, manager: Manager<'_>, now: &str) -> Object {
    let mut object = configuration.clone();
    object.value.slot("metadata").remove_key("managedFields");
    if let Some(id) = schema_of(&object) {
        let set = owned(fields_of(&configuration.value, id));
        write(&mut object, vec![applied(&configuration.value, manager, set, now)]);
    }
    object
}

fn applied(configuration: &Value, manager: Manager<'_>, set: FieldSet, now: &str) -> Entry {
    let version = configuration.get("apiVersion").text();
    let (name, subresource) = (manager.name.into(), manager.subresource.into());
    Entry { manager: name, applies: true, version, subresource, time: now.into(), set }
}

/// An object after a configuration is applied to it by the server.
///
/// Models sigs.k8s.io/structured-merge-diff merge Updater.Apply and
/// staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal lastAppliedManager.Apply.
pub fn apply(
    live: &Object,
    configuration: &Object,
    manager: Manager<'_>,
    force: bool,
    now: &str,
) -> Result<Object, Status> {
    let Some(id) = schema_of(live) else { return Err(Status::bad_request("the kind has no schema")) };
    let mut entries = known(live, id);
    let mut wanted = configuration.value.clone();
    wanted.remove_key("status");
    let named = fields_of(&wanted, id);
    let set = owned(named.clone());
    let own = entries.iter().position(|entry| entry.is(manager, true));
    let last = own.map_or(FieldSet::default(), |at| entries.remove(at).set);
    let entry = applied(&wanted, manager, set, now);
    let mut object = Object { kind: live.kind, value: merge(&live.value, &wanted, id) };
    object.value.slot("metadata").remove_key("resourceVersion");
    let kept = entries.iter().fold(named, |all, entry| all.union(&entry.set));
    prune(&mut object.value, &last, &kept, id);
    object.value = super::decode::normalised(&object.value, object.kind);
    let found = compare(&live.value, &object.value, id);
    let (touched, removed) = (owned(found.added.union(&found.modified)), owned(found.removed));
    let allowed = if manager.name == "kubectl" { from_last_applied(live, id) } else { FieldSet::default() };
    let conflicts: Vec<(usize, FieldSet)> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| (at, entry.set.common(&touched).minus(&allowed)))
        .filter(|(_, set)| !set.is_empty())
        .collect();
    if !force && !conflicts.is_empty() {
        return Err(conflict(conflicts.iter().map(|(at, set)| (&entries[*at], set))));
    }
    for entry in &mut entries {
        entry.set = entry.set.minus(&touched).minus(&removed);
    }
    let unchanged = touched.is_empty() && removed.is_empty() && entry.set == last;
    let time = live.metadata().get("managedFields").list().iter().find(|e| Entry::read(e).is(manager, true));
    let time = time.filter(|_| unchanged).map(|entry| entry.get("time").text());
    entries.push(Entry { time: time.unwrap_or_else(|| now.into()), ..entry });
    write(&mut object, entries);
    if manager.name == "kubectl" && super::apply::last_applied(&live.value).is_some() {
        let mut plain = configuration.value.clone();
        plain.slot("metadata").remove_key("managedFields");
        if let Value::Map(annotations) = plain.slot("metadata").slot("annotations") {
            annotations.remove(super::apply::LAST_APPLIED);
        }
        if plain.at("metadata.annotations").is_empty() {
            plain.slot("metadata").remove_key("annotations");
        }
        let text = super::encode::json(&plain) + "\n";
        object.value.slot("metadata").slot("annotations").map_mut().insert(super::apply::LAST_APPLIED, text);
    }
    Ok(object)
}

/// What `kubectl apply` of old has set and nobody has changed since: a server-side apply takes it over without a conflict.
fn from_last_applied(live: &Object, id: StructId) -> FieldSet {
    let text = super::apply::last_applied(&live.value).unwrap_or("");
    let Ok(last) = super::json::parse(text.trim_end()) else { return FieldSet::default() };
    let found = compare(&live.value, &last, id);
    owned(fields_of(&last, id)).minus(&found.modified).minus(&found.added).minus(&found.removed)
}

/// Models staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal NewConflictError and getConflictMessage.
fn conflict<'a>(conflicts: impl Iterator<Item = (&'a Entry, &'a FieldSet)>) -> Status {
    let mut causes = Vec::new();
    let mut sections: Vec<(&EcoString, bool, String)> = Vec::new();
    let mut single = String::new();
    for (entry, set) in conflicts {
        let manager = entry.text();
        let paths = set.texts();
        single = format!("{manager}: {}", paths.join(""));
        let list: String = paths.iter().map(|path| format!("\n- {path}")).collect();
        sections.push((&entry.manager, !entry.applies, format!("conflicts with {manager}:{list}")));
        causes.extend(paths.into_iter().map(|field| {
            let message = format!("conflict with {manager}");
            Cause { field, reason: "FieldManagerConflict", message }
        }));
    }
    sections.order();
    let message = match causes.len() {
        1 => format!("Apply failed with 1 conflict: conflict with {single}"),
        n => {
            let sections: Vec<String> = sections.into_iter().map(|(.., text)| text).collect();
            format!("Apply failed with {n} conflicts: {}", sections.join("\n"))
        }
    };
    Status { code: 409, reason: "Conflict", message, causes, hint: String::new() }
}

/// Turns what client-side apply owns into what server-side apply owns; nothing where there is nothing to turn.
///
/// Models staging/src/k8s.io/client-go/util/csaupgrade UpgradeManagedFieldsPatch.
pub fn upgraded(object: &Object, manager: &str) -> Option<Object> {
    let annotation = ["f:metadata".into(), "f:annotations".into(), format!("f:{}", super::apply::LAST_APPLIED).into()];
    let is_old = |entry: &Entry| {
        !entry.applies && entry.subresource.is_empty() && !entry.set.common(&single(&annotation)).is_empty()
    };
    let mut entries = read(object);
    let old: Vec<Entry> = entries.iter().filter(|entry| is_old(entry)).cloned().collect();
    let first = old.first()?.clone();
    entries.retain(|entry| !is_old(entry));
    let new = Manager { name: manager, subresource: "" };
    let at = entries.iter().position(|entry| entry.is(new, true)).unwrap_or_else(|| {
        entries.push(Entry { manager: manager.into(), applies: true, ..first });
        entries.len() - 1
    });
    for entry in &old {
        entries[at].set = entries[at].set.union(&entry.set);
    }
    entries[at].set = entries[at].set.minus(&single(&annotation));
    let mut object = object.clone();
    write(&mut object, entries);
    Some(object)
}

/// True where somebody applies the annotation of client-side apply.
pub fn annotation_is_applied(object: &Object) -> bool {
    let path = ["f:metadata".into(), "f:annotations".into(), format!("f:{}", super::apply::LAST_APPLIED).into()];
    read(object).iter().any(|entry| entry.applies && !entry.set.common(&single(&path)).is_empty())
}
