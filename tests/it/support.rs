//! What several tests share: JSON read into value trees.

use kubottle::api::{Kind, Map, Object, Value};
use kubottle::base::time::Timestamp;
use kubottle::kubectl::reader::Reader;

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
                Value::from(Timestamp(micros).rfc3339())
            }
            None => Value::from(entries.iter().map(|(k, v)| (k, value(v, now_secs))).collect::<Map>()),
        },
    }
}

/// Objects on a shelf: what a description reads, without a cluster.
pub struct Shelf {
    /// The objects, in any order.
    pub objects: Vec<Object>,
    /// The present.
    pub now: Timestamp,
}

impl Reader for Shelf {
    fn get(&self, kind: &'static Kind, namespace: &str, name: &str) -> Option<Object> {
        self.list(kind, namespace).into_iter().find(|object| object.name() == name)
    }

    fn list(&self, kind: &'static Kind, namespace: &str) -> Vec<Object> {
        let wanted = |o: &&Object| o.kind.kind == kind.kind && (namespace.is_empty() || o.namespace() == namespace);
        let mut found: Vec<Object> = self.objects.iter().filter(wanted).cloned().collect();
        found.sort_by_key(Object::key);
        found
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}
