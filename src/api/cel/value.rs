//! Values of expressions: those of objects with their schema, and those that expressions make.

use std::cmp::Ordering;

use ecow::EcoString;

use crate::api::jsonpath::text_of;
use crate::api::Value;
use crate::base::quantity::Quantity;
use crate::base::time::{parse_duration, Timestamp};

/// What an expression works on.
#[derive(Clone, PartialEq, Debug)]
pub enum Cel {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// Text.
    Str(EcoString),
    /// A list or an object of what is looked at, with its schema.
    Json(Value, Value),
    /// A list that the expression made.
    List(Vec<Cel>),
    /// A map that the expression made.
    Map(Vec<(Cel, Cel)>),
    /// A length of time in microseconds.
    Duration(i64),
    /// An instant.
    Time(Timestamp),
    /// An amount of a resource.
    Quantity(Quantity),
    /// The name of a type.
    Type(&'static str),
    /// Something that may be there.
    Optional(Option<Box<Cel>>),
}

impl Cel {
    /// A value of an object by its schema.
    ///
    /// Models staging/src/k8s.io/apiserver/pkg/cel/common UnstructuredToVal.
    pub fn of(value: &Value, schema: &Value) -> Cel {
        match value {
            Value::Null => Cel::Null,
            Value::Bool(b) => Cel::Bool(*b),
            Value::Int(n) if schema.get("type").str() == "number" => Cel::Double(*n as f64),
            Value::Int(n) => Cel::Int(*n),
            Value::Float(x) => Cel::Double(*x),
            Value::Str(text) => {
                let read = match schema.get("format").str() {
                    "date-time" => Timestamp::parse(text).map(Cel::Time),
                    "date" => Timestamp::parse(&format!("{text}T00:00:00Z")).map(Cel::Time),
                    "duration" => duration(text).map(Cel::Duration),
                    _ => None,
                };
                read.unwrap_or_else(|| Cel::Str(text.clone()))
            }
            _ => Cel::Json(value.clone(), schema.clone()),
        }
    }

    /// The elements of a list.
    pub(super) fn items(&self) -> Option<Vec<Cel>> {
        match self {
            Cel::List(items) => Some(items.clone()),
            Cel::Json(Value::List(items), schema) => {
                Some(items.iter().map(|item| Cel::of(item, schema.get("items"))).collect())
            }
            _ => None,
        }
    }

    /// The entries of a map.
    pub(super) fn entries(&self) -> Option<Vec<(Cel, Cel)>> {
        match self {
            Cel::Map(entries) => Some(entries.clone()),
            Cel::Json(Value::Map(map), schema) => {
                let entry = |(key, value): &(EcoString, Value)| {
                    (Cel::Str(key.clone()), Cel::of(value, field_schema(schema, key)))
                };
                Some(map.iter().map(entry).collect())
            }
            _ => None,
        }
    }

    /// The value under a key.
    pub(super) fn entry(&self, key: &Cel) -> Option<Cel> {
        match (self, key) {
            (Cel::Json(Value::Map(map), schema), Cel::Str(key)) => {
                map.get(key).map(|value| Cel::of(value, field_schema(schema, key)))
            }
            _ => self.entries()?.into_iter().find(|(own, _)| own.equals(key)).map(|(_, value)| value),
        }
    }

    /// Equality as `==` sees it: numbers by their value, sets without order.
    pub(super) fn equals(&self, other: &Cel) -> bool {
        if let (Some(a), Some(b)) = (self.items(), other.items()) {
            let held = |list: &[Cel], item: &Cel| list.iter().any(|own| own.equals(item));
            return a.len() == b.len()
                && match self.list_type() {
                    "set" | "map" => a.iter().all(|item| held(&b, item)),
                    _ => a.iter().zip(&b).all(|(a, b)| a.equals(b)),
                };
        }
        if let (Some(a), Some(b)) = (self.entries(), other.entries()) {
            let same = |(key, value): &(Cel, Cel)| other.entry(key).is_some_and(|other| value.equals(&other));
            return a.len() == b.len() && a.iter().all(same);
        }
        match self.compare(other) {
            Some(order) => order == Ordering::Equal,
            None => self == other,
        }
    }

    /// The order of two values of one type; none where they have none.
    pub(super) fn compare(&self, other: &Cel) -> Option<Ordering> {
        match (self, other) {
            (Cel::Int(a), Cel::Int(b)) | (Cel::Duration(a), Cel::Duration(b)) => Some(a.cmp(b)),
            (Cel::Int(a), Cel::Double(b)) => (*a as f64).partial_cmp(b),
            (Cel::Double(a), Cel::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Cel::Double(a), Cel::Double(b)) => a.partial_cmp(b),
            (Cel::Str(a), Cel::Str(b)) => Some(a.cmp(b)),
            (Cel::Bool(a), Cel::Bool(b)) => Some(a.cmp(b)),
            (Cel::Time(a), Cel::Time(b)) => Some(a.cmp(b)),
            (Cel::Quantity(a), Cel::Quantity(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// How the elements of a list are told apart.
    pub(super) fn list_type(&self) -> &str {
        match self {
            Cel::Json(_, schema) => schema.get("x-kubernetes-list-type").str(),
            _ => "",
        }
    }

    /// The keys by which the elements of a list are told apart.
    pub(super) fn list_keys(&self) -> Vec<EcoString> {
        match self {
            Cel::Json(_, schema) => schema.get("x-kubernetes-list-map-keys").list().iter().map(Value::text).collect(),
            _ => Vec::new(),
        }
    }

    /// The name of the type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Cel::Null => "null_type",
            Cel::Bool(_) => "bool",
            Cel::Int(_) => "int",
            Cel::Double(_) => "double",
            Cel::Str(_) => "string",
            Cel::Json(Value::List(_), _) | Cel::List(_) => "list",
            Cel::Json(..) | Cel::Map(_) => "map",
            Cel::Duration(_) => "google.protobuf.Duration",
            Cel::Time(_) => "google.protobuf.Timestamp",
            Cel::Quantity(_) => "kubernetes.Quantity",
            Cel::Type(_) => "type",
            Cel::Optional(_) => "optional_type",
        }
    }

    /// The value as a text, as `string()` makes it.
    pub fn text(&self) -> String {
        match self {
            Cel::Null => "null".to_owned(),
            Cel::Bool(b) => b.to_string(),
            Cel::Int(n) => n.to_string(),
            Cel::Double(x) => text_of(&Value::Float(*x)),
            Cel::Str(text) => text.to_string(),
            Cel::Duration(micros) => format!("{}s", text_of(&Value::Float(*micros as f64 / 1e6))),
            Cel::Time(at) => at.rfc3339(),
            Cel::Quantity(quantity) => quantity.to_string(),
            Cel::Type(name) => (*name).to_owned(),
            Cel::Optional(inner) => inner.as_ref().map_or_else(String::new, |inner| inner.text()),
            list => match (list.items(), list.entries()) {
                (Some(items), _) => format!("[{}]", items.iter().map(Cel::text).collect::<Vec<_>>().join(", ")),
                (_, entries) => {
                    let entry = |(key, value): &(Cel, Cel)| format!("{}: {}", key.text(), value.text());
                    let all: Vec<String> = entries.unwrap_or_default().iter().map(entry).collect();
                    format!("{{{}}}", all.join(", "))
                }
            },
        }
    }
}

/// The schema of a field or of a value of a map.
pub(super) fn field_schema<'a>(schema: &'a Value, field: &str) -> &'a Value {
    match schema.get("properties").get(field) {
        Value::Null => schema.get("additionalProperties"),
        schema => schema,
    }
}

/// A length of time in Go's form, in microseconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let micros = parse_duration(rest)?.0 as i64;
    Some(if negative { -micros } else { micros })
}
