//! Whether a schema is structural: every field has a type, and combinations only narrow what stands outside of them.

use super::super::validation::field::{Errors, Path};
use super::super::Value;
use crate::base::expression::Expression;
use crate::base::order::Order;

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

/// What combinations may not say, with the word for it.
const FORBIDDEN: &[(&str, &str)] = &[
    ("type", "empty"),
    ("additionalProperties", "undefined"),
    ("default", "undefined"),
    ("title", "empty"),
    ("description", "empty"),
    ("nullable", "false"),
    ("externalDocs", "undefined"),
    ("x-kubernetes-preserve-unknown-fields", "false"),
    ("x-kubernetes-embedded-resource", "false"),
    ("x-kubernetes-int-or-string", "false"),
    ("x-kubernetes-list-map-keys", "empty"),
    ("x-kubernetes-list-type", "undefined"),
    ("x-kubernetes-map-type", "undefined"),
    ("x-kubernetes-validations", "empty"),
];

/// All that keeps a schema from being structural, in the order of the texts.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema ValidateStructural.
pub(super) fn root(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut found = Errors::new();
    invariants(schema, Level::Root, path, &mut found);
    complete(schema, path, &mut found);
    let mut causes = found.into_causes();
    causes.order_by_key(|cause| (cause.field.clone(), cause.message.clone()));
    errors.extend(causes);
}

/// Models the same validateStructuralInvariants.
fn invariants(schema: &Value, level: Level, path: &Path<'_>, errors: &mut Errors) {
    let kind = schema.get("type").str();
    let flag = |name: &str| schema.get(name).bool();
    let (embedded, either) = (flag("x-kubernetes-embedded-resource"), flag("x-kubernetes-int-or-string"));
    let open = flag("x-kubernetes-preserve-unknown-fields");
    let (items, properties) = (schema.get("items"), schema.get("properties"));
    if kind == "array" && items.is_null() {
        errors.required(&path.child("items"), "must be specified");
    }
    if !items.is_null() {
        invariants(items, Level::Item, &path.child("items"), errors);
    }
    for (name, property) in properties.entries() {
        let list = path.child("properties");
        invariants(property, Level::Field, &list.key(name), errors);
    }
    let others = schema.get("additionalProperties");
    if !others.is_null() {
        let path = path.child("additionalProperties");
        if level == Level::Root {
            errors.forbidden(&path, "must not be used at the root");
        }
        if others.as_map().is_some() {
            invariants(others, Level::Field, &path, errors);
        }
        if embedded {
            errors.forbidden(&path, "must not be used if x-kubernetes-embedded-resource is set");
        }
    }
    for (field, wrong) in [("x-kubernetes-preserve-unknown-fields", open), ("x-kubernetes-embedded-resource", embedded)]
    {
        if either && wrong {
            errors.invalid(&path.child(field), true, "must be false if x-kubernetes-int-or-string is true");
        }
    }
    let first = schema.get("allOf").index(0);
    combinations(schema, is_either(schema), is_either(first), path, errors);
    typed(schema, level, (embedded, either, open), path, errors);
    metadata(properties, level, embedded, path, errors);
    if embedded && !open && properties.is_empty() {
        let detail =
            "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.required(&path.child("properties"), detail);
    }
}

fn typed(schema: &Value, level: Level, marks: (bool, bool, bool), path: &Path<'_>, errors: &mut Errors) {
    let (embedded, either, open) = marks;
    let (kind, path) = (schema.get("type").str(), path.child("type"));
    match kind {
        "object" => {}
        "" if embedded => errors.required(&path, "must be object if x-kubernetes-embedded-resource is true"),
        kind if embedded => errors.invalid(&path, kind, "must be object if x-kubernetes-embedded-resource is true"),
        "" if either || open => {}
        "" => {
            let place = match level {
                Level::Root => "at the root",
                Level::Item => "for specified array items",
                Level::Field => "for specified object fields",
            };
            errors.required(&path, &format!("must not be empty {place}"));
        }
        kind if level == Level::Root => errors.invalid(&path, kind, "must be object at the root"),
        _ => {}
    }
}

/// The fields that every object has may hardly be spoken of.
fn metadata(properties: &Value, level: Level, embedded: bool, path: &Path<'_>, errors: &mut Errors) {
    let list = path.child("properties");
    let whole = level == Level::Root || embedded;
    for (name, wanted) in [("kind", "string"), ("apiVersion", "string"), ("metadata", "object")] {
        let own = properties.get(name);
        let kind = own.get("type").str();
        if whole && !own.is_null() && kind != wanted {
            errors.invalid(&list.key(name).child("type"), kind, &format!("must be {wanted}"));
        }
    }
    let only = |schema: &Value| {
        let named =
            |schema: &Value| schema.entries().iter().all(|(key, _)| matches!(key.as_str(), "name" | "generateName"));
        schema.entries().iter().all(|(key, value)| match key.as_str() {
            "type" | "description" => true,
            "properties" => named(value),
            _ => value.is_empty(),
        })
    };
    if level == Level::Root && !only(properties.get("metadata")) {
        let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        errors.forbidden(&list.key("metadata"), detail);
    }
}

/// True where the alternatives are just a whole number and a text.
fn is_either(schema: &Value) -> bool {
    let wanted = crate::value!([{"type": "integer"}, {"type": "string"}]);
    *schema.get("anyOf") == wanted
}

/// Models the same validateValueValidation.
fn combinations(schema: &Value, skip_any: bool, skip_first: bool, path: &Path<'_>, errors: &mut Errors) {
    for field in ["anyOf", "allOf", "oneOf"] {
        for (i, part) in schema.get(field).list().iter().enumerate() {
            let list = path.child(field);
            if field != "anyOf" || !skip_any {
                nested(part, field == "allOf" && i == 0 && skip_first, &list.index(i), errors);
            }
        }
    }
    if !schema.get("not").is_null() {
        nested(schema.get("not"), false, &path.child("not"), errors);
    }
    let pattern = schema.get("pattern").str();
    if let Err(error) = Expression::parse(pattern, true) {
        let detail = format!("must be a valid regular expression, but isn't: error parsing regexp: {error}");
        errors.invalid(&path.child("pattern"), pattern, &detail);
    }
}

/// Models the same validateNestedValueValidation.
fn nested(schema: &Value, skip_any: bool, path: &Path<'_>, errors: &mut Errors) {
    combinations(schema, skip_any, false, path, errors);
    if !schema.get("items").is_null() {
        nested(schema.get("items"), false, &path.child("items"), errors);
    }
    for (name, property) in schema.get("properties").entries() {
        let list = path.child("properties");
        nested(property, false, &list.key(name), errors);
        if name == "metadata" {
            errors.forbidden(&list.key(name), "must not be specified in a nested context");
        }
    }
    for (field, word) in FORBIDDEN {
        if !matches!(schema.get(field), Value::Null | Value::Bool(false)) && schema.get(field).opt_str() != Some("") {
            errors.forbidden(&path.child(field), &format!("must be {word} to be structural"));
        }
    }
}

/// What combinations speak of must be there outside of them.
///
/// Models the same validateStructuralCompleteness.
fn complete(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    each_part(schema, &path.to_string(), &mut |part, place| covered(schema, path, part, place, errors));
    if !schema.get("items").is_null() {
        complete(schema.get("items"), &path.child("items"), errors);
    }
    for (name, property) in schema.get("properties").entries() {
        complete(property, &path.child("properties").key(name), errors);
    }
    if schema.get("additionalProperties").as_map().is_some() {
        complete(schema.get("additionalProperties"), &path.child("additionalProperties"), errors);
    }
}

fn each_part(schema: &Value, place: &str, visit: &mut dyn FnMut(&Value, &str)) {
    for field in ["allOf", "anyOf", "oneOf"] {
        for (i, part) in schema.get(field).list().iter().enumerate() {
            visit(part, &format!("{place}.{field}[{i}]"));
        }
    }
    if !schema.get("not").is_null() {
        visit(schema.get("not"), &format!("{place}.not"));
    }
}

fn covered(schema: &Value, path: &Path<'_>, part: &Value, place: &str, errors: &mut Errors) {
    each_part(part, place, &mut |inner, place| covered(schema, path, inner, place, errors));
    for (name, inner) in part.get("properties").entries() {
        let place = format!("{place}.properties[{name}]");
        let list = path.child("properties");
        match schema.get("properties").get(name) {
            Value::Null => errors.required(&list.key(name), &format!("because it is defined in {place}")),
            own => covered(own, &list.key(name), inner, &place, errors),
        }
    }
    let inner = part.get("items");
    match schema.get("items") {
        _ if inner.is_null() => {}
        Value::Null => errors.required(&path.child("items"), &format!("because it is defined in {place}.items")),
        own => covered(own, &path.child("items"), inner, &format!("{place}.items"), errors),
    }
}
