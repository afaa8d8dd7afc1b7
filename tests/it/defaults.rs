//! Defaults against objects that a real API server completed: what was applied, and what became of it.

use super::support;
use kubottle::api::{defaults, kind, Object, Value};

fn object(json: &serde_json::Value) -> Object {
    let value = support::value(json, 0);
    Object { kind: kind(value.get("kind").str()), value }
}

fn rows() -> Vec<(Object, Value)> {
    include_str!("../data/defaults.jsonl")
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
            (object(&row["input"]), support::value(&row["expect"], 0))
        })
        .collect()
}

#[test]
fn what_a_manifest_leaves_open_is_filled_in_as_upstream_does() {
    for (mut object, expected) in rows() {
        (object.kind.defaults)(&mut object);
        assert_eq!(object.value, expected, "{} {}", object.kind.kind, object.name());
    }
}

#[test]
fn a_complete_object_is_left_untouched_and_stays_shared() {
    for (mut object, _) in rows() {
        (object.kind.defaults)(&mut object);
        let complete = object.value.clone();
        (object.kind.defaults)(&mut object);
        assert!(object.value.same(&complete), "{} {} was copied", object.kind.kind, object.name());
    }
}

#[test]
fn what_a_real_api_server_took_is_not_refused() {
    for (mut object, _) in rows() {
        (object.kind.defaults)(&mut object);
        if object.kind.namespaced {
            object.set("metadata.namespace", "default");
        }
        if object.kind.kind == "Job" {
            object.set("metadata.uid", "7d1c");
            defaults::job_selector(&mut object);
        }
        let causes = (object.kind.validate)(&object);
        assert!(causes.is_empty(), "{} {}: {causes:?}", object.kind.kind, object.name());
        object.set("metadata.resourceVersion", "1");
        if object.at("spec.externalTrafficPolicy").str() == "Local" {
            object.set("spec.healthCheckNodePort", 32_000);
        }
        let causes = (object.kind.validate_update)(&object, &object);
        assert!(causes.is_empty(), "{} {}: {causes:?}", object.kind.kind, object.name());
    }
}
