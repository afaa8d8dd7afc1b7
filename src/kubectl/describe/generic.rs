//! Any object, field by field: for kinds without a description of their own.

use super::page::Page;
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe genericDescriber.
pub(super) fn print(page: &mut Page, object: &Object, _: &dyn Reader) {
    page.identity(object.metadata());
    page.labels("Labels", object.labels());
    page.annotations("Annotations", object.metadata().get("annotations"));
    print_fields(page, 0, &object.value, "");
}

const SKIPPED: &[&str] =
    &[".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"];

fn print_fields(page: &mut Page, level: usize, value: &Value, path: &str) {
    for (key, child) in value.entries() {
        let child_path = format!("{path}.{key}");
        if SKIPPED.contains(&child_path.as_str()) {
            continue;
        }
        let title = title_of(key);
        match child {
            Value::Map(_) => {
                page.line(level, &format!("{title}:"));
                print_fields(page, level + 1, child, &child_path);
            }
            Value::List(items) => {
                page.line(level, &format!("{title}:"));
                for item in items {
                    match item {
                        Value::Map(_) => print_fields(page, level + 1, item, &child_path),
                        other => page.line(level + 1, &scalar(other)),
                    }
                }
            }
            other => page.line(level, &format!("{title}:\t{}", scalar(other))),
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        other => other.str().to_owned(),
    }
}

/// `firstTimestamp` as `First Timestamp`, `apiVersion` as `API Version`.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe smartLabelFor.
fn title_of(field: &str) -> String {
    if !field.chars().all(|c| c.is_alphabetic() || c == '-') {
        return field.to_owned();
    }
    let mut words: Vec<String> = vec![String::new()];
    for c in field.chars() {
        let last = words.last_mut().expect("there is a word from the start on");
        let joins = !c.is_ascii_uppercase() || last.is_empty() || last.ends_with(|p: char| p.is_ascii_uppercase());
        match joins {
            true => last.push(c),
            false => words.push(c.to_string()),
        }
    }
    let words = words.iter().map(|word| {
        let upper = word.to_uppercase();
        if matches!(upper.as_str(), "API" | "URL" | "UID" | "OSB" | "GUID") {
            return upper;
        }
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}
