//! The names of a CustomResourceDefinition: which of them it gets, and what its conditions say of that.

use super::super::value::Map;
use super::super::{Object, Value};
use crate::value;

/// The status of a definition among the others of its group.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/controller/status NamingConditionController.sync and
/// pkg/controller/establish EstablishingController.sync.
pub fn status<'a>(definition: &Object, others: impl Iterator<Item = &'a Object>, now: &str) -> Value {
    let (asked, had) = (definition.at("spec.names"), definition.at("status.acceptedNames"));
    let (mut resources, mut kinds): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for other in others.filter(|other| other.at("spec.group") == definition.at("spec.group")) {
        let names = other.at("status.acceptedNames");
        resources.extend(["plural", "singular"].map(|field| names.get(field).str()));
        resources.extend(names.get("shortNames").list().iter().map(Value::str));
        kinds.extend(["kind", "listKind"].map(|field| names.get(field).str()));
    }
    let mut accepted = had.as_map().cloned().unwrap_or_default();
    let mut conflict: Option<(&str, String)> = None;
    let in_use = |name: &str| format!("\"{name}\" is already in use");
    let single = [
        ("plural", "PluralConflict", &resources),
        ("singular", "SingularConflict", &resources),
        ("shortNames", "ShortNamesConflict", &resources),
        ("kind", "KindConflict", &kinds),
        ("listKind", "ListKindConflict", &kinds),
    ];
    for (field, reason, used) in single {
        let (wanted, own) = (asked.get(field), had.get(field));
        let words: Vec<&str> = match wanted {
            Value::List(items) => items.iter().map(Value::str).collect(),
            one => one.opt_str().into_iter().collect(),
        };
        let is_own = |word: &str| own.str() == word || own.list().iter().any(|item| item.str() == word);
        let taken: Vec<String> =
            words.into_iter().filter(|word| !is_own(word) && used.contains(word)).map(in_use).collect();
        match taken.as_slice() {
            [] => put(&mut accepted, field, wanted),
            [one] => conflict = Some((reason, one.clone())),
            several => conflict = Some((reason, format!("[{}]", several.join(", ")))),
        }
    }
    put(&mut accepted, "categories", asked.get("categories"));
    let mut status = definition.status().clone();
    status.set("acceptedNames", accepted);
    let good = conflict.is_none();
    let (reason, message) = conflict.unwrap_or(("NoConflicts", "no conflicts found".to_owned()));
    set_condition(&mut status, "NamesAccepted", good, reason, &message, now);
    if !definition.has_condition("Established") {
        match good {
            true => {
                let message = "the initial names have been accepted";
                set_condition(&mut status, "Established", true, "InitialNamesAccepted", message, now);
            }
            false => set_condition(&mut status, "Established", false, "NotAccepted", "not all names are accepted", now),
        }
    }
    status
}

fn put(names: &mut Map, field: &str, value: &Value) {
    match value.is_null() {
        true => drop(names.remove(field)),
        false => names.insert(field, value),
    }
}

/// Sets a condition of a definition; its time changes with its status.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apihelpers SetCRDCondition.
pub fn set_condition(status: &mut Value, kind: &str, holds: bool, reason: &str, message: &str, now: &str) {
    let holds = if holds { "True" } else { "False" };
    let mut condition = value!({
        "type": kind, "status": holds, "reason": reason, "message": message, "lastTransitionTime": now
    });
    let conditions = status.slot("conditions").list_mut();
    match conditions.make_mut().iter_mut().find(|condition| condition.get("type").str() == kind) {
        Some(old) => {
            if old.get("status").str() == holds {
                condition.set("lastTransitionTime", old.get("lastTransitionTime").clone());
            }
            *old = condition;
        }
        None => conditions.push(condition),
    }
}
