//! The rules of a schema (`x-kubernetes-validations`), carried out on an object and on what it was before.

use super::super::cel::{Cel, Program};
use super::super::validation::field::{Errors, Path};
use super::super::Value;

/// What the schema of a whole object says of its metadata, which rules may look at.
///
/// Models staging/src/k8s.io/apiserver/pkg/cel/common WithTypeAndObjectMeta.
pub(super) fn with_metadata(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let text = crate::value!({"type": "string"});
    let metadata = crate::value!({"type": "object", "properties": {"name": (&text), "generateName": (&text)}});
    for (name, own) in [("apiVersion", &text), ("kind", &text), ("metadata", &metadata)] {
        schema.slot("properties").set(name, own.clone());
    }
    schema
}

/// Carries out the rules of a schema and of all within it. `old` is null where there was nothing before.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel Validator.validate, without its costs; what was
/// wrong before and has not changed is not warned of.
pub(super) fn carry_out(value: &Value, old: &Value, schema: &Value, path: &str, errors: &mut Errors) {
    if value.is_null() {
        return;
    }
    for rule in schema.get("x-kubernetes-validations").list() {
        one(rule, value, old, schema, path, errors);
    }
    for part in schema.get("allOf").list() {
        carry_out(value, old, part, path, errors);
    }
    match value {
        Value::List(items) => {
            let keys = schema.get("x-kubernetes-list-map-keys").list();
            let inner = schema.get("items");
            for (i, item) in items.iter().enumerate().filter(|_| !inner.is_null()) {
                let same = |other: &&Value| keys.iter().all(|key| other.get(key.str()) == item.get(key.str()));
                let before = old.list().iter().find(same).filter(|_| !keys.is_empty());
                carry_out(item, before.unwrap_or(&Value::Null), inner, &format!("{path}[{i}]"), errors);
            }
        }
        Value::Map(map) => {
            let kept = if schema.get("x-kubernetes-map-type").str() == "atomic" { &Value::Null } else { old };
            for (key, value) in map {
                let place = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                match schema.get("properties").get(key) {
                    Value::Null if schema.get("additionalProperties").as_map().is_none() => {}
                    Value::Null => {
                        let place = format!("{path}[{key}]");
                        carry_out(value, kept.get(key), schema.get("additionalProperties"), &place, errors);
                    }
                    inner => carry_out(value, kept.get(key), inner, &place, errors),
                }
            }
        }
        _ => {}
    }
}

fn one(rule: &Value, value: &Value, old: &Value, schema: &Value, path: &str, errors: &mut Errors) {
    let text = rule.get("rule").str().trim();
    let Ok(program) = Program::parse(text) else { return };
    let (transition, optional) = (program.uses("oldSelf"), rule.get("optionalOldSelf").bool());
    let unchanged = !old.is_null() && old == value;
    if (transition && old.is_null() && !optional) || (!transition && unchanged) {
        return;
    }
    let whole = if path.is_empty() { with_metadata(schema) } else { schema.clone() };
    let before = match (optional, old.is_null()) {
        (true, true) => Cel::Optional(None),
        (true, false) => Cel::Optional(Some(Box::new(Cel::of(old, &whole)))),
        _ => Cel::of(old, &whole),
    };
    let names = [("self", Cel::of(value, &whole)), ("oldSelf", before)];
    let place = if path.is_empty() { "<nil>" } else { path };
    let kind = schema.get("type").str();
    let said = rule.get("message").str().trim();
    match program.run(&names) {
        Ok(Cel::Bool(true)) => return,
        Ok(_) => {}
        Err(error) => {
            let named = if said.is_empty() { text } else { said };
            let detail = match error.starts_with("no such overload") {
                true => format!(
                    "'{error}': call arguments did not match a supported operator, function or macro signature for rule: {named}"
                ),
                false => format!("{error} evaluating rule: {named}"),
            };
            return errors.invalid(&Path::new(place), kind, &detail);
        }
    }
    let own = Program::parse(rule.get("messageExpression").str()).ok().and_then(|program| program.run(&names).ok());
    let detail = match own {
        Some(Cel::Str(own)) if !own.trim().is_empty() && !own.trim().contains('\n') => own.trim().to_owned(),
        _ if said.is_empty() => format!("failed rule: {text}"),
        _ => said.to_owned(),
    };
    let below = match rule.get("fieldPath").str() {
        "" => place.to_owned(),
        below if path.is_empty() => below.trim_start_matches('.').to_owned(),
        below => format!("{path}{below}"),
    };
    let place = Path::new(&below);
    match (rule.get("reason").str(), value) {
        ("FieldValueForbidden", _) => errors.forbidden(&place, &detail),
        ("FieldValueRequired", _) => errors.required(&place, &detail),
        ("FieldValueDuplicate", Value::List(_) | Value::Map(_)) => errors.duplicate_printed(&place, String::new(), ""),
        ("FieldValueDuplicate", value) => errors.duplicate(&place, value),
        (_, Value::List(_) | Value::Map(_)) => errors.invalid_whole(&place, &detail),
        (_, value) => errors.invalid(&place, value, &detail),
    }
}
