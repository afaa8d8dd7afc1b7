//! Pieces of cells that several kinds print. Nothing here reads anything but the object it is given.

use super::{Column, PrintContext};
use crate::api::value::Value;
use crate::base::order::Order;
use crate::base::time::Timestamp;

/// A column that is always shown.
pub(super) const fn shown(name: &'static str) -> Column {
    Column { name, wide: false }
}

/// A column that only `-o wide` shows.
pub(super) const fn wide(name: &'static str) -> Column {
    Column { name, wide: true }
}

/// The text, or `<none>` for none.
pub fn or_none(text: &str) -> String {
    if text.is_empty() { "<none>" } else { text }.to_owned()
}

/// A label selector on one line: `app=web,tier in (a,b),!x`; `<none>` for one that selects everything.
///
/// Models staging/src/k8s.io/apimachinery/pkg/apis/meta/v1 FormatLabelSelector.
pub fn selector_text(selector: &Value) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    for (key, value) in selector.get("matchLabels").entries() {
        parts.push((key.to_string(), format!("{key}={}", value.str())));
    }
    for expression in selector.get("matchExpressions").list() {
        let key = expression.get("key").str();
        let mut values: Vec<&str> = expression.get("values").list().iter().map(Value::str).collect();
        values.order();
        let values = values.join(",");
        let text = match expression.get("operator").str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return "<error>".to_owned(),
        };
        parts.push((key.to_owned(), text));
    }
    parts.order_by(|a, b| a.0.cmp(&b.0));
    or_none(&parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}

/// A plain map of labels on one line: `app=web,tier=x`; `<none>` for an empty one.
///
/// Models staging/src/k8s.io/apimachinery/pkg/labels FormatLabels.
pub fn labels_text(labels: &Value) -> String {
    let parts: Vec<String> = labels.entries().iter().map(|(k, v)| format!("{k}={}", v.str())).collect();
    or_none(&parts.join(","))
}

/// One field of each container, joined by commas.
pub(super) fn container_fields(pod_spec: &Value, field: &str) -> String {
    pod_spec.get("containers").list().iter().map(|c| c.get(field).str()).collect::<Vec<_>>().join(",")
}

/// The first three of a list and how many more there are; `otherwise` for an empty list.
pub(super) fn first_three(items: &[String], otherwise: &str) -> String {
    match items.len() {
        0 => otherwise.to_owned(),
        1..=3 => items.join(","),
        n => format!("{} + {} more...", items[..3].join(","), n - 3),
    }
}

/// The time since the instant a field holds; `<unknown>` where it holds none.
pub(super) fn since(value: &Value, context: &PrintContext) -> String {
    match Timestamp::parse(value.str()) {
        Some(at) => super::age_since(at, context.now),
        None => "<unknown>".to_owned(),
    }
}

/// Access modes in short: `RWO,ROX`.
///
/// Models pkg/apis/core/helper GetAccessModesAsString.
pub fn access_modes(modes: &Value) -> String {
    let known =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let has = |mode: &str| modes.list().iter().any(|m| m.str() == mode);
    known.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

/// The text of a field, or `<unset>` where it has none.
pub(super) fn unset(value: &Value) -> String {
    value.opt_str().unwrap_or("<unset>").to_owned()
}

/// The users, groups and service accounts among the subjects of a binding.
pub(super) fn subjects(subjects: &Value) -> [String; 3] {
    let of = |kind: &'static str| subjects.list().iter().filter(move |s| s.get("kind").str() == kind);
    let names = |kind: &'static str| of(kind).map(|s| s.get("name").str()).collect::<Vec<_>>().join(", ");
    let account = |s: &Value| format!("{}/{}", s.get("namespace").str(), s.get("name").str());
    [names("User"), names("Group"), of("ServiceAccount").map(account).collect::<Vec<_>>().join(", ")]
}
