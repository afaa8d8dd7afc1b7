//! The sums, comparisons and formats of jq.

use super::jq_functions::simple;
use super::jq_run::{items, set};
use super::jq_values::Json;
use base64::engine::general_purpose::STANDARD;
use base64::Engine;

/// `a + b` and the like, and comparisons.
pub(super) fn calculate(sign: &str, a: &Json, b: &Json) -> Result<Json, String> {
    let refusal = |done: &str| {
        Err(format!("{} ({}) and {} ({}) cannot be {done}", a.kind(), a.print(None), b.kind(), b.print(None)))
    };
    let order = a.order(b);
    Ok(match (sign, a, b) {
        ("==", ..) => Json::Bool(order.is_eq()),
        ("!=", ..) => Json::Bool(order.is_ne()),
        ("<", ..) => Json::Bool(order.is_lt()),
        ("<=", ..) => Json::Bool(order.is_le()),
        (">", ..) => Json::Bool(order.is_gt()),
        (">=", ..) => Json::Bool(order.is_ge()),
        ("+", Json::Null, other) | ("+", other, Json::Null) => other.clone(),
        ("+", Json::Number(a), Json::Number(b)) => Json::Number(a + b),
        ("+", Json::Text(a), Json::Text(b)) => Json::Text(format!("{a}{b}")),
        ("+", Json::List(a), Json::List(b)) => Json::List([a.as_slice(), b].concat()),
        ("+" | "*", Json::Map(a), Json::Map(b)) => {
            let mut map = a.clone();
            for (key, value) in b {
                let old = a.iter().find(|(known, _)| known == key).map(|(_, old)| old);
                let merged = match (sign, old, value) {
                    ("*", Some(old @ Json::Map(_)), Json::Map(_)) => calculate("*", old, value)?,
                    _ => value.clone(),
                };
                set(&mut map, key, merged);
            }
            Json::Map(map)
        }
        ("+", ..) => return refusal("added"),
        ("-", Json::Number(a), Json::Number(b)) => Json::Number(a - b),
        ("-", Json::List(a), Json::List(b)) => Json::List(a.iter().filter(|item| !b.contains(item)).cloned().collect()),
        ("-", ..) => return refusal("subtracted"),
        ("*", Json::Number(a), Json::Number(b)) => Json::Number(a * b),
        ("*", ..) => return refusal("multiplied"),
        ("/" | "%", Json::Number(_), Json::Number(0.0)) => return refusal("divided because the divisor is zero"),
        ("/", Json::Number(a), Json::Number(b)) => Json::Number(a / b),
        ("/", Json::Text(_), Json::Text(_)) => return simple("split", a, b).map(|value| value.unwrap_or(Json::Null)),
        ("%", Json::Number(a), Json::Number(b)) => Json::Number((*a as i64).wrapping_rem(*b as i64) as f64),
        _ => return refusal("divided"),
    })
}

/// A value in one of the formats `@base64`, `@base64d`, `@csv`, `@tsv`, `@json`, `@sh`.
pub(super) fn formatted(value: &Json, format: &str) -> Result<String, String> {
    let cells = |quote: fn(&str) -> String, between: &str| {
        let all = items(value)?;
        let cells = all.iter().map(|cell| match cell {
            Json::Text(text) => quote(text),
            Json::Null => String::new(),
            other => other.plain(),
        });
        Ok(cells.collect::<Vec<String>>().join(between))
    };
    match format {
        "" | "text" => Ok(value.plain()),
        "json" => Ok(value.print(None)),
        "base64" => Ok(STANDARD.encode(value.plain())),
        "base64d" => {
            let bytes = STANDARD.decode(value.plain());
            bytes
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .map_err(|_| format!("{} ({}) is not valid base64 data", value.kind(), value.print(None)))
        }
        "csv" => cells(|text| format!("\"{}\"", text.replace('"', "\"\"")), ","),
        "tsv" => cells(|text| text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n"), "\t"),
        "sh" => Ok(format!("'{}'", value.plain().replace('\'', "'\\''"))),
        other => Err(format!("{other} is not a valid format")),
    }
}
