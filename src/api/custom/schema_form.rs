//! Whether the schema in a definition says only what it may say: keywords, list and map types, defaults and rules.

use super::super::cel::Program;
use super::super::validation::field::{quote, Errors, Path};
use super::super::Value;
use super::{check, read, rules, structural};

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];
const REASONS: &[&str] = &["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const UNSUPPORTED: &[(&str, &str)] = &[
    ("id", "id"),
    ("additionalItems", "additionalItems"),
    ("patternProperties", "patternProperties"),
    ("definitions", "definitions"),
    ("dependencies", "dependencies"),
    ("$ref", "$ref"),
];

/// The schema of a version, or of all of them.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation
/// validateCustomResourceDefinitionValidation.
pub(super) fn root(own: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (schema, path) = (own.get("openAPIV3Schema"), path.child("openAPIV3Schema"));
    if schema.is_null() {
        return;
    }
    let before = errors.len();
    structural::root(schema, &path, errors);
    if errors.len() == before {
        defaults(schema, &path, errors);
    }
    form(schema, &path, errors);
    if errors.len() == before {
        compiled(schema, true, None, &path, errors);
    }
}

/// Calls `visit` for each schema within a schema.
fn each_inner(schema: &Value, path: &Path<'_>, visit: &mut dyn FnMut(&Value, &Path<'_>)) {
    let others = schema.get("additionalProperties");
    if others.as_map().is_some() {
        visit(others, &path.child("additionalProperties"));
    }
    for (name, inner) in schema.get("properties").entries() {
        let list = path.child("properties");
        visit(inner, &list.key(name));
    }
    if !schema.get("not").is_null() {
        visit(schema.get("not"), &path.child("not"));
    }
    for field in ["allOf", "oneOf", "anyOf"] {
        for (i, inner) in schema.get(field).list().iter().enumerate() {
            visit(inner, &path.child(field).index(i));
        }
    }
    if schema.get("items").as_map().is_some() {
        visit(schema.get("items"), &path.child("items"));
    }
}

/// Models the same ValidateCustomResourceDefinitionOpenAPISchema and specStandardValidatorV3.validate.
fn form(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (field, name) in UNSUPPORTED.iter().filter(|(field, _)| !schema.get(field).is_null()) {
        errors.forbidden(&path.child(field), &format!("{name} is not supported"));
    }
    match schema.get("type").str() {
        "null" => errors.forbidden(&path.child("type"), "type cannot be set to null, use nullable as an alternative"),
        "" => {}
        kind if !TYPES.contains(&kind) => errors.not_supported(&path.child("type"), kind, TYPES),
        _ => {}
    }
    if !schema.get("items").list().is_empty() {
        errors.forbidden(&path.child("items"), "items must be a schema object and not an array");
    }
    if schema.get("uniqueItems").bool() {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.forbidden(&path.child("uniqueItems"), detail);
    }
    let others = schema.get("additionalProperties");
    if !schema.get("properties").is_empty() && matches!(others, Value::Map(_) | Value::Bool(false)) {
        let detail = "additionalProperties and properties are mutual exclusive";
        errors.forbidden(&path.child("additionalProperties"), detail);
    }
    each_inner(schema, path, &mut |inner, path| form(inner, path, errors));
    if schema.get("x-kubernetes-preserve-unknown-fields").opt_bool() == Some(false) {
        let detail = "must be true or undefined";
        errors.invalid(&path.child("x-kubernetes-preserve-unknown-fields"), false, detail);
    }
    merge_types(schema, path, errors);
    for (i, rule) in schema.get("x-kubernetes-validations").list().iter().enumerate() {
        let list = path.child("x-kubernetes-validations");
        rule_form(rule, schema, &list.index(i), errors);
    }
}

/// How lists and maps are merged.
fn merge_types(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    let kind = schema.get("type").str();
    let lists: [(&str, &str, &[&str]); 2] = [
        ("x-kubernetes-map-type", "object", &["atomic", "granular"]),
        ("x-kubernetes-list-type", "array", &["atomic", "set", "map"]),
    ];
    for (field, wanted, known) in lists {
        let own = schema.get(field);
        let detail = format!("must be {wanted} if {field} is specified");
        if own.is_null() {
            continue;
        }
        if kind.is_empty() {
            errors.required(&path.child("type"), &detail);
        } else if kind != wanted {
            errors.invalid(&path.child("type"), kind, &detail);
        }
        if !known.contains(&own.str()) {
            errors.not_supported(&path.child(field), own, known);
        }
    }
    let (list_type, keys) = (schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys"));
    let path_of_type = path.child("x-kubernetes-list-type");
    if !keys.is_empty() && list_type.str() != "map" {
        let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
        match list_type.opt_str() {
            None => errors.required(&path_of_type, detail),
            Some(other) => errors.invalid(&path_of_type, other, detail),
        }
    }
    let items = schema.get("items");
    match list_type.str() {
        "map" => keyed(keys, items, path, errors),
        "set" => {
            for (field, of) in [("x-kubernetes-map-type", "object"), ("x-kubernetes-list-type", "array")] {
                let by_itself = of == "array" && items.get(field).is_null();
                if items.get("type").str() == of && items.get(field).str() != "atomic" && !by_itself {
                    let path = path.child("items");
                    let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
                    errors.invalid(&path.child(field), items.get(field), detail);
                }
            }
        }
        _ => return,
    }
    if items.get("nullable").bool() {
        let detail = format!("cannot be nullable when x-kubernetes-list-type is {}", list_type.str());
        errors.forbidden(&path.child("items.nullable"), &detail);
    }
}

/// A list whose elements are told apart by keys.
///
/// Models the same validateMapListKeysMapSet.
fn keyed(keys: &Value, items: &Value, path: &Path<'_>, errors: &mut Errors) {
    if keys.is_empty() {
        let detail = "must not be empty if x-kubernetes-list-type is map";
        errors.required(&path.child("x-kubernetes-list-map-keys"), detail);
    }
    if items.is_null() {
        return errors.required(&path.child("items"), "must have a schema if x-kubernetes-list-type is map");
    }
    let path_of_items = path.child("items");
    if items.get("type").str() != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        return errors.invalid(&path_of_items.child("type"), items.get("type").str(), detail);
    }
    for (i, key) in keys.list().iter().enumerate() {
        let properties = path_of_items.child("properties");
        let path_of_key = properties.key(key.str());
        let own = items.get("properties").get(key.str());
        if keys.list()[..i].contains(key) {
            errors.invalid(&path.child("x-kubernetes-list-map-keys"), keys, "must not contain duplicate entries");
        }
        if own.is_null() {
            let detail = "entries must all be names of item properties";
            errors.invalid(&path.child("x-kubernetes-list-map-keys"), keys, detail);
            continue;
        }
        if matches!(own.get("type").str(), "array" | "object") {
            let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
            errors.invalid(&path_of_key.child("type"), items.get("type").str(), detail);
        }
        if !items.get("required").list().contains(key) && own.get("default").is_null() {
            let detail =
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.required(&path_of_key.child("default"), detail);
        }
        if own.get("nullable").bool() {
            let detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.forbidden(&path_of_key.child("nullable"), detail);
        }
    }
}

/// Defaults must be what the schema takes.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting ValidateDefaults.
fn defaults(schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(own) = schema.as_map().and_then(|map| map.get("default")) {
        let path = path.child("default");
        let mut pruned = own.clone();
        read::fill(&mut pruned, schema);
        check::schema_rules(&pruned, schema, &path.to_string(), errors);
    }
    each_inner(schema, path, &mut |inner, path| defaults(inner, path, errors));
}

/// What a rule must have besides an expression that can be read.
fn rule_form(rule: &Value, schema: &Value, path: &Path<'_>, errors: &mut Errors) {
    let text = |field: &str| rule.get(field).str();
    let broken = |text: &str| text.contains(['\n', '\r']);
    let (own, message) = (text("rule").trim(), text("message").trim());
    if own.is_empty() {
        errors.required(&path.child("rule"), "rule is not specified");
    } else if !text("message").is_empty() && message.is_empty() {
        errors.invalid(&path.child("message"), text("message"), "message must be non-empty if specified");
    } else if broken(message) {
        errors.invalid(&path.child("message"), text("message"), "message must not contain line breaks");
    } else if broken(own) && message.is_empty() {
        errors.required(&path.child("message"), "message must be specified if rule contains line breaks");
    }
    if !text("messageExpression").is_empty() && text("messageExpression").trim().is_empty() {
        errors.required(&path.child("messageExpression"), "messageExpression must be non-empty if specified");
    }
    let reason = rule.get("reason");
    if !reason.is_null() && !REASONS.contains(&reason.str()) {
        errors.not_supported(&path.child("reason"), reason, REASONS);
    }
    let below = text("fieldPath");
    let mut at = schema;
    for name in below.split('.').skip(1) {
        at = at.get("properties").get(name);
    }
    if !below.is_empty() && (!below.starts_with('.') || at.is_null()) {
        errors.invalid(&path.child("fieldPath"), below, "fieldPath must be a valid path");
    }
}

/// Rules must be expressions that fit the schema. `adrift` is the place within which nothing can be compared with what it
/// was before.
fn compiled(schema: &Value, whole: bool, adrift: Option<&str>, path: &Path<'_>, errors: &mut Errors) {
    let own = if whole { rules::with_metadata(schema) } else { schema.clone() };
    for (i, rule) in schema.get("x-kubernetes-validations").list().iter().enumerate() {
        let list = path.child("x-kubernetes-validations");
        let path = list.index(i);
        for (field, wanted) in [("rule", "bool"), ("messageExpression", "string")] {
            let text = rule.get(field).str().trim();
            let before = if field == "rule" { "" } else { "messageExpression " };
            if text.is_empty() {
                continue;
            }
            let program = match Program::parse(text) {
                Ok(program) => program,
                Err(error) => {
                    let detail = format!("{before}compilation failed: {error}");
                    errors.invalid_printed(&path.child(field), printed(rule), &detail);
                    continue;
                }
            };
            let optional = rule.get("optionalOldSelf").bool();
            match program.check(&own, wanted) {
                Err(error) if !optional => {
                    errors.invalid_printed(&path.child(field), printed(rule), &format!("{before}{error}"));
                }
                _ if field == "rule" && program.uses("oldSelf") => {
                    if let Some(place) = adrift {
                        let detail = "oldSelf cannot be used on the uncorrelatable portion of the schema within";
                        errors.invalid(&path.child(field), rule.get("rule"), &format!("{detail} {place}"));
                    }
                }
                _ => {}
            }
        }
    }
    let here = path.to_string();
    let atomic = schema.get("x-kubernetes-map-type").str() == "atomic";
    let list = schema.get("type").str() == "array" && schema.get("x-kubernetes-list-type").str() != "map";
    let adrift = if atomic || list { Some(here.as_str()) } else { adrift };
    each_inner(schema, path, &mut |inner, path| compiled(inner, false, adrift, path, errors));
}

/// A rule as its internal struct is printed.
fn printed(rule: &Value) -> String {
    let text = |field: &str| quote(rule.get(field).str());
    let pointer = |field: &str| super::super::validation::field::json(rule.get(field));
    format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        text("rule"),
        text("message"),
        text("messageExpression"),
        pointer("reason"),
        text("fieldPath"),
        pointer("optionalOldSelf")
    )
}
