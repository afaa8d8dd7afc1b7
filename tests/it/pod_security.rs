//! The Pod Security Standards: what each check says of a pod.

use super::support;
use kubottle::api::pod_security::{evaluate, LEVELS};

#[test]
fn pods_are_judged_by_the_standards() {
    for line in include_str!("../data/pod_security.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let level = LEVELS.iter().find(|(name, _)| case["level"] == *name).expect("a level").1;
        let minor = case["minor"].as_u64().expect("a minor version") as u32;
        let (metadata, spec) = (support::value(&case["metadata"], 0), support::value(&case["spec"], 0));
        let found = evaluate(level, minor, &metadata, &spec);
        let text = found.iter().map(|v| format!("{} ({})", v.reason, v.detail)).collect::<Vec<_>>().join(", ");
        assert_eq!(text, case["expect"].as_str().expect("a text"), "{}", case["title"]);
    }
}

#[test]
fn upstreams_own_pods_pass_and_fail_as_they_should() {
    let mut wrong = Vec::new();
    for line in include_str!("../data/pod_security_fixtures.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let level = LEVELS.iter().find(|(name, _)| case["level"] == *name).expect("a level").1;
        let found = evaluate(level, 35, &support::value(&case["metadata"], 0), &support::value(&case["spec"], 0));
        if found.is_empty() != case["allowed"].as_bool().expect("a verdict") {
            wrong.push(format!("{}: {:?}", case["name"], found.iter().map(|v| &v.detail).collect::<Vec<_>>()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
