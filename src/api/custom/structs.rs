//! The schema of a custom kind as structs, for all that looks at fields: `explain`, completion, field managers.

use super::super::schema::{self, Field, ListType, Struct, StructId, Type};
use super::super::{Kind, Value};
use super::kept;
use crate::base::order::Order;

/// The struct of a whole object.
pub(super) fn root(kind: &Kind, schema: &Value) -> StructId {
    let mut schema = schema.clone();
    for name in ["apiVersion", "kind"] {
        schema.slot("properties").set(name, crate::value!({"type": "string"}));
    }
    schema.slot("properties").set("metadata", crate::value!({"type": "object"}));
    made(kind, &schema, true)
}

fn made(kind: &Kind, schema: &Value, whole_object: bool) -> StructId {
    let required = schema.get("required").list();
    let mut fields: Vec<Field> = Vec::new();
    for (name, property) in schema.get("properties").entries() {
        let is_metadata = whole_object && name == "metadata";
        let found = if is_metadata { schema::find_struct("meta", "v1", "ObjectMeta") } else { None };
        fields.push(Field {
            name: kept(name),
            kind: found.map_or_else(|| type_of(kind, property), Type::Struct),
            pointer: true,
            always: false,
            required: required.iter().any(|known| known.str() == name),
            place: 0,
            replaces: false,
            retain_keys: false,
            merge_key: None,
            list_type: match property.get("x-kubernetes-list-type").str() {
                "set" => ListType::Set,
                "map" => {
                    let keys = property.get("x-kubernetes-list-map-keys").list();
                    ListType::Map(keys.iter().map(|key| kept(key.str())).collect())
                }
                _ => ListType::Atomic,
            },
            atomic: property.get("x-kubernetes-map-type").str() == "atomic",
        });
    }
    fields.order_by_key(|field| field.name);
    for (place, field) in fields.iter_mut().enumerate() {
        field.place = place as u16;
    }
    let (group, version) = (kind.group, kind.version);
    StructId::own(Struct { group, version, name: "Object", fields, about: Some(schema.clone()) })
}

fn type_of(kind: &Kind, schema: &Value) -> Type {
    if schema.get("x-kubernetes-int-or-string").bool() {
        return Type::IntOrString;
    }
    match schema.get("type").str() {
        "boolean" => Type::Bool,
        "integer" => Type::Int("int64"),
        "number" => Type::Float,
        "string" => Type::Str("string"),
        "array" => Type::List(Box::new(type_of(kind, schema.get("items")))),
        _ if !schema.get("properties").entries().is_empty() => Type::Struct(made(kind, schema, false)),
        _ => match schema.get("additionalProperties") {
            others @ Value::Map(_) => Type::Map(Box::new(type_of(kind, others)), "string", None),
            _ => Type::Raw,
        },
    }
}
