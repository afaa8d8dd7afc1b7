//! JSON text into values, with Go's words for what is wrong with it.
//!
//! Printing is in `encode`.

use super::value::{Map, Value};
use super::yaml_scalar::from_float;

/// Reads one JSON text.
pub fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map(from_serde).map_err(|error| go_words(text, &error))
}

fn from_serde(value: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(n) => n.as_i64().map_or_else(|| from_float(n.as_f64().unwrap_or(0.0)), Value::Int),
        Json::String(s) => Value::from(s),
        Json::Array(items) => items.into_iter().map(from_serde).collect(),
        Json::Object(entries) => {
            Value::Map(entries.into_iter().map(|(key, item)| (key, from_serde(item))).collect::<Map>())
        }
    }
}

/// What Go's encoding/json says of a text that is not JSON.
fn go_words(text: &str, error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or("");
    let before =
        line.as_bytes().get(..error.column().saturating_sub(1)).map_or("", |b| std::str::from_utf8(b).unwrap_or(""));
    let found = line[before.len()..].chars().next().unwrap_or('\n');
    let said = error.to_string();
    let place = [
        ("key must be a string", "looking for beginning of object key string"),
        ("expected `:`", "after object key"),
        ("expected `,` or `}`", "after object key:value pair"),
        ("expected `,` or `]`", "after array element"),
        ("trailing characters", "after top-level value"),
        ("trailing comma", "looking for beginning of value"),
    ];
    let place =
        place.iter().find(|(theirs, _)| said.starts_with(theirs)).map_or("looking for beginning of value", |p| p.1);
    format!("invalid character {} {place}", quoted(found))
}

fn quoted(c: char) -> String {
    match c {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        '\n' => r"'\n'".to_owned(),
        c => format!("'{c}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_in_the_words_of_go() {
        let cases = [
            ("{", "unexpected end of JSON input"),
            ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\": 1 \"b\"}", "invalid character '\"' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("x", "invalid character 'x' looking for beginning of value"),
            ("{} x", "invalid character 'x' after top-level value"),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse(text).unwrap_err(), wanted, "{text}");
        }
        assert_eq!(parse("{\"a\": [1, 1.5, null]}").unwrap(), crate::value!({"a": [1, (Value::Float(1.5)), null]}));
    }
}
