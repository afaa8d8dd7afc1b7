//! Values into custom objects: fields that the schema does not know are left out, and defaults filled in.

use ecow::EcoString;

use super::super::decode::{typed, Problem, ProblemKind, Typed};
use super::super::diagnostic::Step;
use super::super::value::Map;
use super::super::{schema, Kind, Object, Value};

/// Reads a value as an object of a custom kind: its metadata as Go's struct, the rest by the schema.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning PruneWithOptions and
/// schema/objectmeta GetObjectMeta.
pub fn read(value: &Value, kind: &Kind) -> Typed {
    let mut reader = Reader { path: Vec::new(), problems: Vec::new() };
    let schema = kind.custom.as_ref().map_or(&Value::Null, |custom| &custom.schema);
    let mut value = value.clone();
    reader.prune(&mut value, schema, true);
    Typed { value, problems: reader.problems }
}

struct Reader {
    path: Vec<Step>,
    problems: Vec<Problem>,
}

impl Reader {
    fn prune(&mut self, value: &mut Value, schema: &Value, whole_object: bool) {
        let open = schema.get("x-kubernetes-preserve-unknown-fields").bool();
        let whole_object = whole_object || schema.get("x-kubernetes-embedded-resource").bool();
        match value {
            Value::List(_) => {
                for (i, item) in value.items_mut().iter_mut().enumerate() {
                    self.path.push(Step::Index(i as u32));
                    self.prune(item, schema.get("items"), false);
                    self.path.pop();
                }
            }
            Value::Map(map) => {
                let (properties, others) = (schema.get("properties"), schema.get("additionalProperties"));
                let keys: Vec<EcoString> = map.iter().map(|(key, _)| key.clone()).collect();
                for key in keys {
                    self.path.push(Step::Key(key.clone()));
                    self.entry(map, &key, properties, others, open, whole_object);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, map: &mut Map, key: &EcoString, properties: &Value, others: &Value, open: bool, whole: bool) {
        match key.as_str() {
            "apiVersion" | "kind" if whole => return,
            "metadata" if whole => return self.metadata(map.slot("metadata")),
            _ => {}
        }
        match (properties.as_map().and_then(|all| all.get(key)), others) {
            (Some(schema), _) => self.prune(map.slot(key), schema, false),
            (None, Value::Map(_)) => self.prune(map.slot(key), others, false),
            (None, Value::Bool(true)) => {}
            _ if open => {}
            _ => {
                map.remove(key);
                self.problems.push(Problem { path: self.path.clone(), kind: ProblemKind::Unknown { owner: None } });
            }
        }
    }

    fn metadata(&mut self, metadata: &mut Value) {
        let Some(id) = schema::find_struct("meta", "v1", "ObjectMeta") else { return };
        let read = typed(metadata, id);
        self.problems.extend(read.problems.into_iter().map(|mut problem| {
            problem.path.splice(0..0, self.path.iter().cloned());
            problem
        }));
        *metadata = read.value;
        // The struct is written with its creation time, which a plain value need not have.
        metadata.map_mut().retain(|_, value| !value.is_null());
    }
}

/// Takes nulls out that may not be there, and fills in the defaults of the schema.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting Default and
/// PruneNonNullableNullsWithoutDefaults.
pub fn defaults(object: &mut Object) {
    if let Some(custom) = &object.kind.custom {
        fill(&mut object.value, &custom.schema);
    }
}

pub(super) fn fill(value: &mut Value, schema: &Value) {
    let refused = |value: &Value, schema: &Value| value.is_null() && !schema.get("nullable").bool();
    match value {
        Value::Map(map) => {
            for (name, schema) in schema.get("properties").entries() {
                let missing = map.get(name).is_none_or(|value| refused(value, schema));
                match schema.as_map().and_then(|schema| schema.get("default")) {
                    Some(default) if missing => map.insert(name, default),
                    None if missing => drop(map.remove(name)),
                    _ => {}
                }
                if map.contains(name) {
                    fill_below(map, name, schema);
                }
            }
            let others = schema.get("additionalProperties");
            if !others.entries().is_empty() {
                let known = schema.get("properties");
                let names: Vec<EcoString> = map.iter().map(|(name, _)| name.clone()).collect();
                names.iter().filter(|name| known.get(name).is_null()).for_each(|name| fill_below(map, name, others));
            }
        }
        Value::List(_) => {
            let schema = schema.get("items");
            value.items_mut().iter_mut().for_each(|item| fill(item, schema));
        }
        _ => {}
    }
}

/// Fills the value of one key, without copying what has no default inside.
fn fill_below(map: &mut Map, name: &str, schema: &Value) {
    let value = map.get(name).cloned().unwrap_or_default();
    let mut filled = value.clone();
    fill(&mut filled, schema);
    if filled != value {
        map.insert(name, filled);
    }
}
