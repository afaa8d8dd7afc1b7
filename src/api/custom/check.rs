//! Custom objects against their schema, in the order and the words of the API server's validator.

use super::super::encode::json;
use super::super::status::Cause;
use super::super::validation::field::{Errors, Path};
use super::super::validation::meta;
use super::super::{Object, Value};
use super::{formats, rules};
use crate::base::expression::Expression;
use crate::base::names;

/// All that is wrong with a new object.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource customResourceStrategy.Validate.
pub fn validate(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    content(object, &Value::Null, &mut errors);
    errors.into_causes()
}

/// All that is wrong with a change. Errors that were there before, of values that have not changed, are let through.
///
/// Models the same strategy.ValidateUpdate.
pub fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    content(new, &old.value, &mut errors);
    errors.into_causes()
}

fn content(object: &Object, old: &Value, errors: &mut Errors) {
    let Some(custom) = &object.kind.custom else { return };
    let before = errors.len();
    checked(object, custom, errors);
    if !old.is_null() && errors.len() > before {
        let mut earlier = Errors::new();
        checked(&Object { kind: object.kind, value: old.clone() }, custom, &mut earlier);
        errors.forgive(&earlier);
    }
    if errors.len() == before {
        rules::carry_out(&object.value, old, &custom.schema, "", errors);
    }
}

fn checked(object: &Object, custom: &super::Custom, errors: &mut Errors) {
    let mut value = object.value.clone();
    value.remove_key("metadata");
    let mut schema = custom.schema.clone();
    if !schema.at("properties.metadata").is_null() {
        schema.slot("properties").remove_key("metadata");
    }
    if let Some(required) = schema.as_map().and_then(|schema| schema.get("required")) {
        let kept: Value = required.list().iter().filter(|name| name.str() != "metadata").cloned().collect();
        schema.set("required", kept);
    }
    schema_rules(&value, &schema, "", errors);
    lists(&value, &schema, "", errors);
    for (path, place) in [("specReplicasPath", "spec"), ("statusReplicasPath", "status")] {
        let replicas = custom.scaled(object, path);
        if replicas.int() < 0 && !custom.scale.is_null() {
            let path = custom.scale.get(path).str().trim_start_matches('.');
            errors.invalid(&Path::new(path), replicas.clone(), "should be a non-negative integer");
        } else if replicas.int() > i64::from(i32::MAX) && !custom.scale.is_null() {
            let detail = format!("should be less than or equal to {}", i32::MAX);
            errors.invalid(&Path::new(&format!("{place}.replicas")), replicas.clone(), &detail);
        }
    }
}

/// An error whose detail names the place again, as those of the validator do.
fn wrong(errors: &mut Errors, path: &str, value: impl Into<Value>, detail: &str) {
    errors.invalid(&Path::new(path), value, &format!("{path} in body {detail}"));
}

/// Models k8s.io/kube-openapi/pkg/validation/validate SchemaValidator.Validate.
pub(super) fn schema_rules(value: &Value, schema: &Value, path: &str, errors: &mut Errors) {
    if value.is_null() && schema.get("nullable").bool() {
        return;
    }
    let (wanted, format) = (schema.get("type").str(), schema.get("format").str());
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    };
    let whole = matches!(value, Value::Float(x) if x.trunc() == *x) && wanted == "integer";
    let fits = wanted.is_empty() || wanted == found || whole || (wanted == "number" && found == "integer");
    let own_format =
        !matches!(wanted, "integer" | "number") && !format.is_empty() && matches!(found, "string" | "array");
    if !fits && !own_format {
        wrong(errors, path, found, &format!("must be of type {wanted}: \"{found}\""));
    } else if wanted.is_empty()
        && schema.get("x-kubernetes-int-or-string").bool()
        && !matches!(found, "integer" | "string")
    {
        wrong(errors, path, found, &format!("must be of type integer,string: \"{found}\""));
    }
    combinations(value, schema, path, errors);
    match value {
        Value::Str(text) => texts(text, schema, path, errors),
        Value::Int(_) | Value::Float(_) => numbers(value, schema, path, errors),
        Value::List(items) => {
            for (i, item) in items.iter().enumerate().filter(|_| !schema.get("items").is_null()) {
                schema_rules(item, schema.get("items"), &format!("{path}[{i}]"), errors);
            }
            let count = items.len();
            if schema.get("minItems").opt_int().is_some_and(|least| (count as i64) < least) {
                let least = schema.get("minItems").int();
                wrong(errors, path, count as i64, &format!("should have at least {least} items"));
            }
            too_many(count, schema.get("maxItems"), path, errors);
        }
        _ => {}
    }
    let choices = schema.get("enum").list();
    if !choices.is_empty() && !value.is_null() && !choices.iter().any(|choice| equal(choice, value)) {
        let texts: Vec<String> =
            choices.iter().map(|choice| choice.opt_str().map_or_else(|| json(choice), str::to_owned)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        errors.not_supported(&Path::new(path), value.clone(), &texts);
    }
    if let Value::Map(map) = value {
        objects(map, schema, path, errors);
    }
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(n), Value::Float(x)) | (Value::Float(x), Value::Int(n)) => *n as f64 == *x,
        _ => a == b,
    }
}

fn too_many(count: usize, most: &Value, path: &str, errors: &mut Errors) {
    if let Some(most) = most.opt_int().filter(|most| count as i64 > *most) {
        errors.too_many(&Path::new(path), count, most as usize);
    }
}

fn texts(text: &str, schema: &Value, path: &str, errors: &mut Errors) {
    let length = text.chars().count() as i64;
    if let Some(most) = schema.get("maxLength").opt_int().filter(|most| length > *most) {
        errors.too_long(&Path::new(path), most as u32);
    }
    if let Some(least) = schema.get("minLength").opt_int().filter(|least| length < *least) {
        wrong(errors, path, text, &format!("should be at least {least} chars long"));
    }
    let pattern = schema.get("pattern").str();
    if !pattern.is_empty() && !matches(pattern, text) {
        wrong(errors, path, text, &format!("should match '{pattern}'"));
    }
    let format = schema.get("format").str();
    if schema.get("type").str() == "string" && !formats::holds(format, text) {
        wrong(errors, path, text, &format!("must be of type {format}: \"{text}\""));
    }
}

/// True where a text holds a match of a pattern; a pattern that cannot be read holds of every text.
fn matches(pattern: &str, text: &str) -> bool {
    let Ok(expression) = Expression::parse(pattern, true) else { return true };
    let text: Vec<char> = text.chars().collect();
    (0..=text.len()).any(|at| expression.match_at(&text, at).is_some())
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    }
}

fn numbers(value: &Value, schema: &Value, path: &str, errors: &mut Errors) {
    let Some(own) = number(value) else { return };
    let bound = |field: &str| number(schema.get(field)).map(|bound| (bound, json(schema.get(field))));
    if let Some((factor, shown)) = bound("multipleOf").filter(|(factor, _)| *factor > 0.0) {
        if (own / factor).fract() != 0.0 {
            wrong(errors, path, value, &format!("should be a multiple of {shown}"));
        }
    }
    if let Some((most, shown)) = bound("maximum") {
        let without = schema.get("exclusiveMaximum").bool();
        if own > most || (without && own == most) {
            let or_equal = if without { "" } else { " or equal to" };
            wrong(errors, path, value, &format!("should be less than{or_equal} {shown}"));
        }
    }
    if let Some((least, shown)) = bound("minimum") {
        let without = schema.get("exclusiveMinimum").bool();
        if own < least || (without && own == least) {
            let or_equal = if without { "" } else { " or equal to" };
            wrong(errors, path, value, &format!("should be greater than{or_equal} {shown}"));
        }
    }
}

fn objects(map: &super::super::value::Map, schema: &Value, path: &str, errors: &mut Errors) {
    let count = map.len();
    if let Some(least) = schema.get("minProperties").opt_int().filter(|least| (count as i64) < *least) {
        wrong(errors, path, count as i64, &format!("should have at least {least} properties"));
    }
    too_many(count, schema.get("maxProperties"), path, errors);
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for name in schema.get("required").list().iter().filter(|name| !map.contains(name.str())) {
        errors.required(&Path::new(&below(name.str())), "");
    }
    let (properties, others) = (schema.get("properties"), schema.get("additionalProperties"));
    for (key, value) in map {
        match (properties.as_map().and_then(|all| all.get(key)), others) {
            (Some(schema), _) => schema_rules(value, schema, &below(key), errors),
            (None, Value::Map(_)) => schema_rules(value, others, &below(key), errors),
            _ => {}
        }
    }
}

/// Models k8s.io/kube-openapi/pkg/validation/validate schemaPropsValidator.Validate: what the combinations say has no place.
fn combinations(value: &Value, schema: &Value, path: &str, errors: &mut Errors) {
    let tried = |schema: &Value| {
        let mut errors = Errors::new();
        schema_rules(value, schema, path, &mut errors);
        errors.into_causes()
    };
    let complain =
        |text: &str, errors: &mut Errors| errors.invalid(&Path::new("<nil>"), "", &format!("\"{path}\" {text}"));
    let fewest = |results: Vec<Vec<Cause>>| results.into_iter().reduce(|a, b| if b.len() < a.len() { b } else { a });
    let any: Vec<Vec<Cause>> = schema.get("anyOf").list().iter().map(tried).collect();
    if !any.is_empty() && !any.iter().any(Vec::is_empty) {
        complain("must validate at least one schema (anyOf)", errors);
        errors.extend(fewest(any).unwrap_or_default());
    }
    let one: Vec<Vec<Cause>> = schema.get("oneOf").list().iter().map(tried).collect();
    match one.iter().filter(|causes| causes.is_empty()).count() {
        _ if one.is_empty() => {}
        0 => {
            complain("must validate one and only one schema (oneOf). Found none valid", errors);
            errors.extend(fewest(one).unwrap_or_default());
        }
        1 => {}
        n => complain(&format!("must validate one and only one schema (oneOf). Found {n} valid alternatives"), errors),
    }
    let all: Vec<Vec<Cause>> = schema.get("allOf").list().iter().map(tried).collect();
    let valid = all.iter().filter(|causes| causes.is_empty()).count();
    if valid < all.len() {
        let none = if valid == 0 { ". None validated" } else { "" };
        all.into_iter().for_each(|causes| errors.extend(causes));
        complain(&format!("must validate all the schemas (allOf){none}"), errors);
    }
    if schema.get("not").as_map().is_some() && tried(schema.get("not")).is_empty() {
        complain("must not validate the schema (not)", errors);
    }
}

/// Elements that may not be there twice.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype ValidateListSetsAndMaps.
fn lists(value: &Value, schema: &Value, path: &str, errors: &mut Errors) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let keys = schema.get("x-kubernetes-list-map-keys").list();
    let own = |item: &Value| -> Value {
        match schema.get("x-kubernetes-list-type").str() {
            "map" => {
                let given = keys.iter().filter(|key| !item.get(key.str()).is_null());
                given.map(|key| (key.str(), item.get(key.str()))).collect::<super::super::value::Map>().into()
            }
            _ => item.clone(),
        }
    };
    let told_apart = matches!(schema.get("x-kubernetes-list-type").str(), "map" | "set");
    let items = value.list();
    for (i, item) in items.iter().enumerate() {
        let place = format!("{path}[{i}]");
        let twice = told_apart && items[..i].iter().any(|other| own(other) == own(item));
        if twice {
            errors.duplicate(&Path::new(&place), own(item));
        }
        lists(item, schema.get("items"), &place, errors);
    }
    for (key, item) in value.entries() {
        let schema = match schema.get("properties").get(key) {
            Value::Null => schema.get("additionalProperties"),
            schema => schema,
        };
        lists(item, schema, &below(key), errors);
    }
}
