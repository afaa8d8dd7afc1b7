//! Values as KYAML: the dialect of YAML in which nothing depends on indentation and every text is quoted.
//!
//! Models sigs.k8s.io/yaml/kyaml Encoder, without comments.

use super::encode::json;
use super::Value;

/// A document with its `---` in front.
pub fn kyaml(value: &Value) -> String {
    let mut out = "---\n".to_owned();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn indent(level: usize, out: &mut String) {
    out.push_str(&"  ".repeat(level));
}

fn write(value: &Value, level: usize, out: &mut String) {
    match value {
        Value::Str(text) => write_text(text, level + 1, text.contains('\n'), out),
        Value::List(items) if !items.is_empty() => {
            let cuddled = items.iter().all(|item| matches!(item, Value::List(_) | Value::Map(_)));
            out.push_str(if cuddled { "[" } else { "[\n" });
            for (i, item) in items.iter().enumerate() {
                if cuddled {
                    out.push_str(if i > 0 { ", " } else { "" });
                    write(item, level, out);
                } else {
                    indent(level + 1, out);
                    write(item, level + 1, out);
                    out.push_str(",\n");
                }
            }
            if !cuddled {
                indent(level, out);
            }
            out.push(']');
        }
        Value::Map(map) if !map.is_empty() => {
            out.push_str("{\n");
            for (key, value) in map.iter() {
                indent(level + 1, out);
                match needs_quotes(key) {
                    true => write_text(key, level + 1, false, out),
                    false => out.push_str(key),
                }
                out.push_str(": ");
                write(value, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push('}');
        }
        other => out.push_str(&json(other)),
    }
}

/// A text in double quotes; one of several lines gets a line each where `folded`.
fn write_text(text: &str, level: usize, folded: bool, out: &mut String) {
    out.push('"');
    if folded {
        out.push_str("\\\n");
    }
    for c in text.chars() {
        if out.ends_with('\n') {
            indent(level, out);
            out.push(if c.is_whitespace() && c != '\n' { '\\' } else { ' ' });
        }
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' if folded => out.push_str("\\n\\\n"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    if folded {
        if !out.ends_with('\n') {
            out.push_str("\\\n");
        }
        indent(level, out);
    }
    out.push('"');
}

/// True for a key that YAML might take for something else than a text.
fn needs_quotes(key: &str) -> bool {
    let last = key.chars().count().saturating_sub(1);
    let plain =
        |(i, c): (usize, char)| c.is_alphanumeric() || c == '_' || (i > 0 && i < last && matches!(c, '-' | '.' | '/'));
    let lower = key.to_lowercase();
    let bare = lower.replace('_', "");
    let number = bare.parse::<f64>().is_ok() || ["0x", "0o", "0b"].iter().any(|head| bare.starts_with(head));
    let date = key.len() > 4 && key.as_bytes()[4] == b'-' && key.chars().take(4).all(|c| c.is_ascii_digit());
    let word =
        matches!(lower.as_str(), "null" | "true" | "false" | "t" | "f" | "y" | "n" | "yes" | "no" | "on" | "off");
    key.is_empty() || !key.chars().enumerate().all(plain) || word || number || date
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn values_are_written_as_kyaml() {
        let value = value!({
            "a": "x", "b": [{"k": 1}, {"m": true}], "c": ["p"], "d": {}, "true": null, "e.f/g": "one\n  two\n", "h": [], "i j": "q\"r"
        });
        let text = "---\n{\n  a: \"x\",\n  b: [{\n    k: 1,\n  }, {\n    m: true,\n  }],\n  c: [\n    \"p\",\n  ],\n  d: {},\n  e.f/g: \"\\\n     one\\n\\\n    \\  two\\n\\\n    \",\n  h: [],\n  \"i j\": \"q\\\"r\",\n  \"true\": null,\n}\n";
        assert_eq!(kyaml(&value), text);
    }
}
