//! Values as text: the JSON of `-o json` and of annotations, and the shape of a list of objects. YAML is in `encode_yaml`.
//!
//! It never decides what is shown; that is kubectl's business.

use super::value::{Map, Value};
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
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Float(x) => out.push_str(&float_text(*x)),
        Value::Str(text) => write_json_text(text, out),
        Value::List(items) => write_json_items(items.iter().map(|item| (None, item)), ('[', ']'), indent, depth, out),
        Value::Map(map) => write_json_map(map, indent, depth, out),
    }
}

fn write_json_map(map: &Map, indent: Option<&str>, depth: u32, out: &mut String) {
    write_json_items(map.iter().map(|(key, item)| (Some(key.as_str()), item)), ('{', '}'), indent, depth, out);
}

fn write_json_items<'a>(
    items: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    brackets: (char, char),
    indent: Option<&str>,
    depth: u32,
    out: &mut String,
) {
    out.push(brackets.0);
    let mut empty = true;
    for (key, item) in items {
        if !empty {
            out.push(',');
        }
        empty = false;
        new_line(indent, depth + 1, out);
        if let Some(key) = key {
            write_json_text(key, out);
            out.push_str(if indent.is_some() { ": " } else { ":" });
        }
        write_json(item, indent, depth + 1, out);
    }
    if !empty {
        new_line(indent, depth, out);
    }
    out.push(brackets.1);
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
