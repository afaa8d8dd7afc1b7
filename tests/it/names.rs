//! The forms of names against upstream's own tables.

use kubottle::base::names;
use serde_json::Value;

fn complaints(check: &str, value: &Value) -> Vec<String> {
    let text = value.as_str().unwrap_or_default();
    match check {
        "CIDR" => names::cidr(text),
        "IP" => names::ip(text),
        "CanonicalCIDR" => names::canonical_cidr(text),
        "CanonicalIP" => names::canonical_ip(text),
        "ConfigMapKey" => names::config_map_key(text),
        "DNS1035Label" => names::dns1035_label(text),
        "DNS1123Label" => names::dns1123_label(text),
        "DNS1123Subdomain" => names::dns1123_subdomain(text),
        "FullyQualifiedDomainName" => names::fully_qualified_domain_name(text),
        "HTTPHeaderName" => names::http_header_name(text),
        "LabelValue" => names::label_value(text),
        "Percent" => names::percent(text),
        "PortName" => names::port_name(text),
        "PortNum" => names::port_number(value.as_i64().expect("a number")),
        "QualifiedName" => names::label_key(text),
        "RelaxedEnvVarName" => names::env_name(text),
        "WildcardDNS1123Subdomain" => names::wildcard_dns1123_subdomain(text),
        _ => panic!("no such check: {check}"),
    }
}

#[test]
fn names_are_taken_and_refused_as_upstream_does() {
    let mut wrong = Vec::new();
    for line in include_str!("../data/names.tsv").lines().filter(|l| !l.starts_with('#')) {
        let [check, text, want] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {line}") };
        let found = complaints(check, &serde_json::from_str(text).expect("JSON"));
        let agrees = match want {
            "good" => found.is_empty(),
            "bad" => !found.is_empty(),
            part => found.len() == 1 && found[0].contains(part),
        };
        if !agrees {
            wrong.push(format!("{line}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn complaints_are_upstreams_words() {
    assert_eq!(
        names::dns1123_label("C_1"),
        ["a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
          with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
          '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"]
    );
    assert_eq!(names::dns1123_label("a.b"), ["must not contain dots"]);
    assert_eq!(names::label_value(&"v".repeat(64)), ["must be no more than 63 bytes"]);
    assert_eq!(names::port_name("averyveryverylongname"), ["must be no more than 15 characters"]);
}
