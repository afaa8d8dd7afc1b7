//! What a real API server said of manifests, word for word: its errors in order, and its warnings.

use super::support;
use kubottle::api::status::Cause;
use kubottle::api::validation::warnings::warnings;
use kubottle::api::{defaults, kind, Object, Value};
use serde_json::Value as Json;

fn object(json: &Json) -> Object {
    let value = support::value(json, 0);
    let mut object = Object { kind: kind(value.get("kind").str()), value };
    if object.kind.namespaced && object.namespace().is_empty() {
        object.set("metadata.namespace", "rej");
    }
    object
}

/// What the server adds to an object when it stores it.
fn stored(mut object: Object) -> Object {
    (object.kind.defaults)(&mut object);
    object.set("metadata.resourceVersion", "1");
    if object.kind.kind == "Service" && object.at("spec.clusterIP").is_null() {
        object.set("spec.clusterIP", "10.96.7.7");
        object.set("spec.clusterIPs", Value::from(vec![Value::from("10.96.7.7")]));
    }
    if object.kind.kind == "Pod" {
        let added: Json = serde_json::from_str(include_str!("../data/admitted-pod.json")).expect("JSON");
        for (field, value) in support::value(&added, 0).entries() {
            object.set(&format!("spec.{field}"), value);
        }
    }
    object
}

/// The object that an apply of a manifest makes of the old one: lists of the old one that the manifest leaves out stay.
fn applied(old: &Object, manifest: &Json) -> Object {
    let mut new = old.clone();
    kubottle::api::merge::merge_patch(&mut new.value, &object(manifest).value);
    (new.kind.defaults)(&mut new);
    new
}

#[test]
fn warnings_read_as_a_real_api_server_writes_them() {
    for line in include_str!("../data/rejections.jsonl").lines() {
        let case: Json = serde_json::from_str(line).expect("JSON");
        if case["old"].is_null() && case["errors"] == serde_json::json!([]) {
            let mut new = object(&case["object"]);
            (new.kind.defaults)(&mut new);
            assert_eq!(warnings(&new, None), texts(&case["warnings"]), "{}", case["title"]);
        }
    }
}

fn lines(causes: Vec<Cause>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn texts(json: &Json) -> Vec<String> {
    json.as_array().expect("texts").iter().map(|text| text.as_str().expect("text").to_owned()).collect()
}

#[test]
fn errors_read_as_a_real_api_server_writes_them() {
    let mut wrong = Vec::new();
    for line in include_str!("../data/rejections.jsonl").lines() {
        let case: Json = serde_json::from_str(line).expect("JSON");
        let found = if case["old"].is_null() {
            let mut new = object(&case["object"]);
            (new.kind.defaults)(&mut new);
            if new.kind.kind == "Job" {
                new.set("metadata.uid", "7d1c");
                defaults::job_selector(&mut new);
            }
            lines((new.kind.validate)(&new))
        } else {
            let old = stored(object(&case["old"]));
            let new = applied(&old, &case["object"]);
            lines((new.kind.validate_update)(&new, &old))
        };
        let expected = texts(&case["errors"]);
        if found != expected {
            wrong.push(format!("{}\n  expected {expected:#?}\n  found {found:#?}", case["title"]));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} differ", wrong.join("\n"), wrong.len());
}
