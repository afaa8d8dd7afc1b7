//! What several tests share: JSON read into value trees.

use kubottle::api::{Map, Value};

/// A JSON value as a value tree. `{"$now": s}` becomes the instant s seconds after `now_secs`, since 1970.
pub fn value(json: &serde_json::Value, now_secs: i64) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => n.as_i64().map_or_else(|| Value::Float(n.as_f64().unwrap()), Value::Int),
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => items.iter().map(|item| value(item, now_secs)).collect(),
        Json::Object(entries) => match entries.get("$now") {
            Some(offset) => {
                let micros = now_secs * 1_000_000 + (offset.as_f64().unwrap() * 1e6) as i64;
                Value::from(kubottle::base::time::Timestamp(micros).rfc3339())
            }
            None => Value::from(entries.iter().map(|(k, v)| (k, value(v, now_secs))).collect::<Map>()),
        },
    }
}
