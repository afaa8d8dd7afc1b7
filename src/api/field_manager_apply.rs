//! Server-side apply: whose fields are set, kept, given up or in conflict.

use ecow::EcoString;

use super::field_compare::{compare, fields_of};
use super::field_manager::{known, owned, read, schema_of, single, write, Entry, Manager};
use super::field_merge::{merge, prune};
use super::field_set::FieldSet;
use super::schema::StructId;
use super::status::Cause;
use super::{Object, Status, Value};
use crate::base::order::Order;

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
