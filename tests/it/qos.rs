//! The classes of pods against upstream's own table.

use super::support;
use kubottle::api::{kind, qos, Object};

#[test]
fn a_pods_class_is_what_upstream_makes_of_it() {
    for line in include_str!("../data/qos.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let mut pod = Object::new(kind("Pod"), "default", case["name"].as_str().expect("a name"));
        pod.set("spec", support::value(&case["spec"], 0));
        assert_eq!(qos::qos_class(&pod), case["class"].as_str().expect("a class"), "{}", pod.name());
    }
}
