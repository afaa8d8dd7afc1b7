//! Values as text: the JSON of `-o json` and of annotations, and the shape of a list of objects. YAML is in `encode_yaml`.
//!
//! It never decides what is shown; that is kubectl's business.

use super::schema::{self, Type};
use super::value::Value;
use super::{Kind, Object};
use crate::base::order::Order;
use crate::value;

pub use super::encode_yaml::yaml;

/// Compact JSON as Go writes it, keys sorted: what `kubectl apply` keeps in an annotation and what jsonpath prints of a map.
pub fn json(value: &Value) -> String {
    let mut out = String::new();
    write_json(value, None, 0, &mut out);
    out
}

/// JSON with an indentation of four spaces and a line feed at the end, as `kubectl -o json` prints an object.
pub fn json_pretty(value: &Value) -> String {
    let mut out = String::new();
    write_json(value, Some("    "), 0, &mut out);
    out.push('\n');
    out
}

/// JSON with an indentation of the caller's choice and no line feed at the end.
pub fn json_indented(value: &Value, indent: &str) -> String {
    let mut out = String::new();
    write_json(value, Some(indent), 0, &mut out);
    out
}

/// Several objects as one: the `kind: List` of `kubectl get -o yaml` and `-o json`.
pub fn list_of(items: &[Value]) -> Value {
    let mut list = value!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}});
    list.set("items", items.iter().cloned().collect::<Value>());
    list
}

/// An object, or each object of a list, without `metadata.managedFields`, which kubectl shows only when asked.
pub fn without_managed_fields(value: &Value) -> Value {
    let mut shown = value.clone();
    if !shown.at("metadata.managedFields").is_null() {
        shown.remove("metadata.managedFields");
    }
    if let Value::List(_) = shown.get("items") {
        for item in shown.slot("items").items_mut() {
            *item = without_managed_fields(item);
        }
    }
    shown
}

fn write_json(value: &Value, indent: Option<&str>, depth: u32, out: &mut String) {
    write_declared(value, None, indent, depth, out);
}

/// JSON of a value, whose fields are in the order of Go's declaration where its type is known, sorted otherwise.
fn write_declared(value: &Value, kind: Option<&Type>, indent: Option<&str>, depth: u32, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Float(x) => out.push_str(&float_text(*x)),
        Value::Str(text) => write_json_text(text, out),
        Value::List(items) => {
            let inner = match kind {
                Some(Type::List(inner)) => Some(&**inner),
                _ => None,
            };
            write_json_items(items.iter().map(|item| (None, item, inner)), ('[', ']'), indent, depth, out);
        }
        Value::Map(map) => {
            let mut fields: Vec<Item<'_>> = Vec::new();
            for (key, item) in map.iter() {
                let inner = match kind {
                    Some(Type::Map(inner, _, _)) => Some(&**inner),
                    Some(Type::Struct(id)) => id.get().field(key).map(|field| &field.kind),
                    _ => None,
                };
                fields.push((Some(key.as_str()), item, inner));
            }
            if let Some(Type::Struct(id)) = kind {
                let place = |item: &Item<'_>| id.get().field(item.0?).map(|field| field.place);
                fields.order_by(|a, b| place(a).unwrap_or(u16::MAX).cmp(&place(b).unwrap_or(u16::MAX)));
            }
            write_json_items(fields.into_iter(), ('{', '}'), indent, depth, out);
        }
    }
}

/// An element of a list or a map with its key, and its type where it is known.
type Item<'a> = (Option<&'a str>, &'a Value, Option<&'a Type>);

fn write_json_items<'a>(
    items: impl Iterator<Item = Item<'a>>,
    brackets: (char, char),
    indent: Option<&str>,
    depth: u32,
    out: &mut String,
) {
    out.push(brackets.0);
    let mut empty = true;
    for (key, item, kind) in items {
        if !empty {
            out.push(',');
        }
        empty = false;
        new_line(indent, depth + 1, out);
        if let Some(key) = key {
            write_json_text(key, out);
            out.push_str(if indent.is_some() { ": " } else { ":" });
        }
        write_declared(item, kind, indent, depth + 1, out);
    }
    if !empty {
        new_line(indent, depth, out);
    }
    out.push(brackets.1);
}

/// JSON of an object as Go writes it from its struct: the fields in the order of the declaration. Without `indent` on one line.
pub fn json_declared(object: &Object, indent: Option<&str>) -> String {
    let mut out = String::new();
    write_declared(&object.value, type_of(object.kind).as_ref(), indent, 0, &mut out);
    out
}

/// The same of a list: `PodList` with its items. `bare` leaves kind and apiVersion of the items out, as the API server does.
pub fn json_declared_list(
    kind: &Kind,
    metadata: &Value,
    objects: &[Object],
    indent: Option<&str>,
    bare: bool,
) -> String {
    let mut items: Vec<Value> = objects.iter().map(|object| object.value.clone()).collect();
    if bare {
        items.iter_mut().for_each(|item| {
            item.remove("kind");
            item.remove("apiVersion");
        });
    }
    let (name, version) = (Value::from(format!("{}List", kind.kind)), Value::from(kind.api_version()));
    let (items, each) = (Value::from(items), type_of(kind).map(|each| Type::List(Box::new(each))));
    let fields: [Item<'_>; 4] = [
        (Some("kind"), &name, None),
        (Some("apiVersion"), &version, None),
        (Some("metadata"), metadata, None),
        (Some("items"), &items, each.as_ref()),
    ];
    let mut out = String::new();
    write_json_items(fields.into_iter(), ('{', '}'), indent, 0, &mut out);
    out
}

fn type_of(kind: &Kind) -> Option<Type> {
    schema::find_struct(kind.group, kind.version, kind.kind).map(Type::Struct)
}

fn new_line(indent: Option<&str>, depth: u32, out: &mut String) {
    if let Some(indent) = indent {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(indent));
    }
}

/// Text as Go's encoding/json writes it: `<`, `>`, `&` and the line separators of JavaScript are escaped.
pub fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", c as u32))
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A float as Go's encoding/json writes it: the shortest text that reads back the same, with an exponent only where it is
/// below -6 or above 20.
pub fn float_text(x: f64) -> String {
    if x == 0.0 || (1e-6..1e21).contains(&x.abs()) {
        return format!("{x}");
    }
    let text = format!("{x:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => format!("{mantissa}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_go_does() {
        let v = value!({"b": [1, true, null], "a": {"x": "<a & b>\n"}, "e": {}, "l": []});
        assert_eq!(json(&v), r#"{"a":{"x":"\u003ca \u0026 b\u003e\n"},"b":[1,true,null],"e":{},"l":[]}"#);
        assert!(json_pretty(&v).starts_with("{\n    \"a\": {\n        \"x\""));
        assert_eq!(float_text(0.1), "0.1");
        assert_eq!(float_text(1e21), "1e+21");
        assert_eq!(float_text(1e-7), "1e-7");
    }
}
