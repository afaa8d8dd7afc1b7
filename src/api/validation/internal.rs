//! How upstream's internal types look in its messages, where it prints a whole object or what changed in one.
//!
//! The types of the fields are those of the schema; the order of the fields is in `internal.txt`. What is not there is
//! printed in the order of the alphabet.

use super::field;
use crate::api::schema::{self, Struct, Type};
use crate::api::Value;
use crate::base::unified_diff::unified_diff;

const ORDER: &str = include_str!("internal.txt");

/// JSON whose keys stay in order.
enum Json {
    Leaf(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

/// What changed in a value of an internal type of the core group, as a unified diff of its JSON.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/diff Diff.
pub fn diff(old: &Value, new: &Value, name: &str) -> String {
    // The sources of a volume are a struct of their own inside, and part of the spec outside.
    let shape = core(if name == "PersistentVolumeSource" { "PersistentVolumeSpec" } else { name });
    let text = |value: &Value| {
        let mut out = String::new();
        indented(&of_struct_as(name, value, shape, &Value::Null), 0, &mut out);
        out
    };
    unified_diff(&text(old), &text(new))
}

/// A value of an internal type on one line.
pub fn compact(value: &Value, group: &str, name: &str) -> String {
    let mut out = String::new();
    let shape = schema::find(group, "v1", name).expect("the schema knows the types that messages print");
    one_line(&of_struct(value, shape, &Value::Null), &mut out);
    out
}

/// A pod template on one line: its metadata, and the spec behind it.
pub fn compact_template(template: &Value) -> String {
    let mut fields: Vec<(String, Json)> = Vec::new();
    for (key, value) in template.get("metadata").entries() {
        fields.push((key.to_string(), Json::Leaf(field::json(value))));
    }
    fields.push(("Spec".to_owned(), of_struct(template.get("spec"), core("PodSpec"), &Value::Null)));
    let mut out = String::new();
    one_line(&Json::Map(fields), &mut out);
    out
}

fn core(name: &str) -> &'static Struct {
    schema::find("", "v1", name).expect("the schema knows the types that messages print")
}

/// The internal names of a struct's fields in Go's order, each with its name in the schema.
fn fields(name: &str, shape: &'static Struct) -> Vec<(String, String)> {
    let line = ORDER.lines().find(|line| line.split(' ').next() == Some(name));
    let Some(line) = line else {
        return shape.fields.iter().map(|f| (capitalized(f.name), f.name.to_owned())).collect();
    };
    let known = |name: &str| shape.fields.iter().find(|f| f.name.eq_ignore_ascii_case(name)).map(|f| f.name.to_owned());
    let own = |word: &str| match word.strip_prefix('^') {
        Some(name) => (name.to_owned(), word.to_owned()),
        None => (word.to_owned(), known(word).unwrap_or_else(|| word.to_owned())),
    };
    line.split(' ').skip(1).map(own).collect()
}

fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `around` is the value of the struct around it, where that holds some of the internal fields.
fn of_struct(value: &Value, shape: &'static Struct, around: &Value) -> Json {
    of_struct_as(shape.name, value, shape, around)
}

/// The same with the fields that stand behind `name` in the table.
fn of_struct_as(name: &str, value: &Value, shape: &'static Struct, around: &Value) -> Json {
    if shape.group == "meta" {
        return Json::Leaf(field::json(value));
    }
    let entries = fields(name, shape).into_iter().map(|(internal, external)| {
        let json = match external.strip_prefix('^') {
            Some(name) => of_surroundings(name, around),
            None => match shape.field(&external) {
                Some(f) => of_field(value.get(f.name), &f.kind, f.pointer, value),
                None => Json::Leaf("null".to_owned()),
            },
        };
        (internal, json)
    });
    Json::Map(entries.collect())
}

/// Fields of a pod's spec that are part of its security context inside.
fn of_surroundings(name: &str, spec: &Value) -> Json {
    let found = core("PodSpec").fields.iter().find(|f| f.name.eq_ignore_ascii_case(name));
    found.map_or(Json::Leaf("null".to_owned()), |f| of_field(spec.get(f.name), &f.kind, f.pointer, spec))
}

fn of_field(value: &Value, kind: &Type, pointer: bool, around: &Value) -> Json {
    let leaf = |text: &str| Json::Leaf(text.to_owned());
    if value.is_null() && pointer {
        return leaf("null");
    }
    match kind {
        Type::List(_) | Type::Map(..) if value.is_null() => leaf("null"),
        Type::List(element) => Json::List(value.list().iter().map(|v| of_field(v, element, false, around)).collect()),
        Type::Map(element, _, _) => {
            let entry =
                |(key, value): &(ecow::EcoString, Value)| (key.to_string(), of_field(value, element, false, around));
            Json::Map(value.entries().iter().map(entry).collect())
        }
        Type::Struct(id) => of_struct(value, id.get(), around),
        _ if !value.is_null() => Json::Leaf(field::json(value)),
        Type::Bool => leaf("false"),
        Type::Int(_) | Type::Float | Type::IntOrString => leaf("0"),
        Type::Str(_) => leaf("\"\""),
        Type::Quantity => leaf("\"0\""),
        _ => leaf("null"),
    }
}

fn one_line(json: &Json, out: &mut String) {
    match json {
        Json::Leaf(text) => out.push_str(text),
        Json::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                one_line(item, out);
            }
            out.push(']');
        }
        Json::Map(entries) => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                out.push_str(&format!("{}:", field::quote(key)));
                one_line(value, out);
            }
            out.push('}');
        }
    }
}

fn indented(json: &Json, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&" ".repeat(depth));
    };
    match json {
        Json::Leaf(text) => out.push_str(text),
        Json::List(items) if items.is_empty() => out.push_str("[]"),
        Json::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Json::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                line(out, depth + 1);
                indented(item, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Json::Map(entries) => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                line(out, depth + 1);
                out.push_str(&format!("{}: ", field::quote(key)));
                indented(value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
    }
}
