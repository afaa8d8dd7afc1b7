//! Descriptions, against upstream's own examples.

use crate::support::{value, Shelf};
use kubottle::api::kinds::find_kind;
use kubottle::api::Object;
use kubottle::base::time::Timestamp;
use kubottle::kubectl::describe::describe;
use kubottle::kubectl::reader::Reader;

const NOW_SECS: i64 = 1_795_000_000;

#[test]
fn descriptions_are_those_of_upstreams_examples() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../data/describe.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let mut shelf = Shelf { objects: Vec::new(), now: Timestamp(NOW_SECS * 1_000_000) };
        for json in case["objects"].as_array().unwrap() {
            let value = value(json, NOW_SECS);
            if let Some(kind) = find_kind(value.get("kind").str()) {
                shelf.objects.push(Object { kind, value });
            }
        }
        let kind = find_kind(case["kind"].as_str().unwrap()).unwrap();
        let namespace = if kind.namespaced { case["namespace"].as_str().unwrap() } else { "" };
        let object = shelf.get(kind, namespace, case["name"].as_str().unwrap()).unwrap();
        let text = describe(&object, &shelf, case["showEvents"].as_bool().unwrap());
        let list = |key: &str| -> Vec<String> {
            let texts = case["expect"][key].as_array().map(Vec::as_slice).unwrap_or_default();
            texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let mut faults = Vec::new();
        if let Some(output) = case["expect"]["output"].as_str() {
            if output != text {
                faults.push(format!("wanted:\n{output}"));
            }
        }
        faults.extend(list("contains").into_iter().filter(|part| !text.contains(part)));
        faults.extend(list("notContains").into_iter().filter(|part| text.contains(part)));
        if !faults.is_empty() {
            wrong.push(format!("{}: {faults:#?}\ngot:\n{text}", case["title"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
