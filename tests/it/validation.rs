//! Validation against upstream's own tables: verdict, kind of error, field and part of the message.

use std::collections::BTreeMap;

use super::support;
use kubottle::api::status::Cause;
use kubottle::api::{defaults, kind, Object};
use serde_json::Value as Json;

/// Cases that cannot agree, with the reason; they fail here when they begin to agree.
const DIFFERING: &str = include_str!("../data/validation-differing.tsv");

fn object(json: &Json) -> Object {
    let value = support::value(json, 0);
    let mut object = Object { kind: kind(value.get("kind").str()), value };
    if object.kind.namespaced && object.at("metadata.namespace").is_null() {
        object.set("metadata.namespace", "default");
    }
    (object.kind.defaults)(&mut object);
    if object.kind.kind == "Job" && object.at("spec.selector").is_null() {
        object.set("metadata.uid", "1a2b3c");
        defaults::job_selector(&mut object);
    }
    object
}

fn causes(case: &Json) -> Vec<Cause> {
    let objects: Vec<Object> = case["objects"].as_array().expect("objects").iter().map(object).collect();
    match &objects[..] {
        [new, old] => (new.kind.validate_update)(new, old),
        [new] => (new.kind.validate)(new),
        _ => panic!("one object, or the new and the old"),
    }
}

fn reason(kind: &str) -> &str {
    match kind {
        "FieldValueRequired" => "Required value",
        "FieldValueInvalid" | "FieldValueTypeInvalid" => "Invalid value",
        "FieldValueNotSupported" => "Unsupported value",
        "FieldValueForbidden" => "Forbidden",
        "FieldValueDuplicate" => "Duplicate value",
        "FieldValueNotFound" => "Not found",
        "FieldValueTooLong" => "Too long",
        "FieldValueTooMany" => "Too many",
        other => panic!("no such type of error: {other}"),
    }
}

/// Upstream's tests of fragments begin their paths with `field`.
fn without_root(text: &str) -> &str {
    text.strip_prefix("field").unwrap_or(text)
}

fn matches(cause: &Cause, want: &Json) -> bool {
    let text = |key: &str| want[key].as_str().map(without_root);
    want["type"].as_str().is_none_or(|kind| cause.reason == reason(kind))
        && text("field").is_none_or(|field| cause.field.ends_with(field))
        && text("fieldSuffix").is_none_or(|field| cause.field.ends_with(field))
        && text("fieldContains").is_none_or(|field| cause.field.contains(field))
        && text("detailContains").is_none_or(|detail| cause.message.contains(detail))
        && text("messageContains").is_none_or(|part| format!("{}: {}", cause.field, cause.message).contains(part))
}

fn agrees(case: &Json, causes: &[Cause]) -> bool {
    let expect = &case["expect"];
    if causes.is_empty() != expect["valid"].as_bool().expect("a verdict") {
        return false;
    }
    let part = |want: &Json| causes.iter().any(|cause| matches(cause, want));
    let causes = if expect["first"] == true { &causes[..causes.len().min(1)] } else { causes };
    let listed = expect["errors"].as_array().is_none_or(|errors| {
        errors.iter().all(part) && causes.iter().all(|cause| errors.iter().any(|want| matches(cause, want)))
    });
    let counted = expect["numErrors"].as_u64().is_none_or(|count| count == causes.len() as u64);
    let said = ["messageContains", "detailContains"]
        .iter()
        .all(|key| expect[key].as_str().is_none_or(|text| part(&serde_json::json!({ *key: text }))));
    listed && counted && said
}

#[test]
fn objects_are_taken_and_refused_as_upstream_does() {
    let differing: BTreeMap<&str, &str> =
        DIFFERING.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once('\t')).collect();
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for line in include_str!("../data/validation.jsonl").lines() {
        let case: Json = serde_json::from_str(line).expect("JSON");
        let name = case["name"].as_str().expect("a name");
        let causes = causes(&case);
        let good = agrees(&case, &causes);
        let count = counts.entry(case["objects"][0]["kind"].as_str().unwrap_or("").to_owned()).or_default();
        count.0 += u32::from(good);
        count.1 += 1;
        if good == differing.contains_key(name) {
            let found: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
            let said = if good { "agrees by now" } else { "differs" };
            wrong.push(format!("{name} {said}\n  expected {}\n  found {found:#?}", case["expect"]));
        }
    }
    println!("agreeing of all: {counts:?}");
    assert!(wrong.is_empty(), "{}\n{} cases", wrong.join("\n"), wrong.len());
}
