//! Label selectors against upstream's own tables: `tests/data/selectors.tsv`.

use super::support;
use kubottle::api::selector::{matches, Selector};
use kubottle::api::{Map, Value};

#[test]
fn selectors_are_read_and_match_as_upstreams() {
    let mut checked = 0;
    for line in include_str!("../data/selectors.tsv").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [text, verdict, rest] = cells[..] else { panic!("three cells: {line}") };
        let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
        checked += 1;
        if json.is_object() {
            assert_eq!(matches(&support::value(&json, 0), &labels(rest)), verdict == "matches", "{line}");
            continue;
        }
        let selector = Selector::parse(json.as_str().expect("a text"));
        match verdict {
            "invalid" => assert!(selector.is_err(), "{line}: {selector:?}"),
            "valid" => assert!(selector.is_ok(), "{line}: {selector:?}"),
            "parses" => assert_eq!(describe(&selector.expect(line)), rest, "{line}"),
            "matches" => assert!(selector.expect(line).matches(&labels(rest)), "{line}"),
            "misses" => assert!(!selector.expect(line).matches(&labels(rest)), "{line}"),
            other => panic!("{other} is no verdict"),
        }
    }
    assert!(checked >= 65, "only {checked} examples were found");
}

fn describe(selector: &Selector) -> String {
    let parts = selector.requirements.iter().map(|r| format!("{} {:?} {}", r.key, r.operator, r.values.join("|")));
    parts.collect::<Vec<_>>().join(";")
}

fn labels(text: &str) -> Value {
    text.split(',').filter_map(|pair| pair.split_once('=')).collect::<Map>().into()
}
