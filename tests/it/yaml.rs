//! YAML as kubectl reads and prints it: what it printed is read and printed again, and hostile texts answer quickly.

use kubottle::api::{encode, yaml};

#[test]
fn what_kubectl_printed_comes_out_the_same() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/yaml");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let documents = yaml::parse(&text);
        assert_eq!(documents.len(), 1, "{}", path.display());
        let printed = encode::yaml(&documents[0].root.as_ref().unwrap().to_value());
        assert!(printed == text, "{}: {}", path.display(), first_difference(&printed, &text));
        files += 1;
    }
    assert!(files >= 5);
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let differ = ours.lines().zip(theirs.lines()).enumerate().find(|(_, (a, b))| a != b);
    differ.map_or("lengths differ".to_owned(), |(i, (a, b))| format!("line {}: {a:?} instead of {b:?}", i + 1))
}

fn error(text: &str) -> String {
    let documents = yaml::parse(text);
    documents.into_iter().find_map(|d| d.error).map_or(String::new(), |e| e.message)
}

fn json(text: &str) -> String {
    let documents = yaml::parse(text);
    let roots = documents.iter().filter_map(|d| d.root.as_ref());
    roots.map(|root| encode::json(&root.to_value())).collect::<Vec<_>>().join("\n")
}

#[test]
fn syntax_errors_are_in_the_words_of_go() {
    let prefix = "error converting YAML to JSON: yaml: ";
    let cases = [
        ("a: b: c\n", "mapping values are not allowed in this context"),
        ("x: 1\na: b: c\n", "line 2: mapping values are not allowed in this context"),
        ("x:\n  y: 1\n  z: [1, 2\n  w: 3\nq: 1\n", "line 3: did not find expected ',' or ']'"),
        ("a: \"x\nb: 1\n", "line 3: found unexpected end of stream"),
        ("q: 1\na: \"x\nb: 1\n", "line 4: found unexpected end of stream"),
        ("a: 1\nb\nc: 2\n", "line 3: could not find expected ':'"),
        ("z: 1\na: 1\nb\nc: 2\n", "line 4: could not find expected ':'"),
        ("- a\nb: 1\n", "line 1: did not find expected '-' indicator"),
        ("x:\n  - a\n  b: 1\n", "line 2: did not find expected '-' indicator"),
        ("a: @x\n", "found character that cannot start any token"),
        ("q: 1\na: @x\n", "line 2: found character that cannot start any token"),
        ("a: *nope\n", "unknown anchor 'nope' referenced"),
        ("q: 1\na: *nope\n", "unknown anchor 'nope' referenced"),
        ("a: {{ .Values.x }}\n", "invalid map key: map[interface {}]interface {}{\".Values.x\":interface {}(nil)}"),
        (
            "q:\n  a: {{ .Values.x }}\n",
            "invalid map key: map[interface {}]interface {}{\".Values.x\":interface {}(nil)}",
        ),
        ("spec:\n  args: [\n    \"a\",\n  ]\n", ""),
        ("a:\tb\n", ""),
        ("a: \"x\ny\"\n", ""),
        ("a: \"\\d\"\n", "found unknown escape character"),
        ("q: 1\nw: 1\na: \"\\d\"\n", "line 3: found unknown escape character"),
        ("a: [a,,b]\n", "did not find expected node content"),
        ("q: 1\na: [a,,b]\n", "line 1: did not find expected node content"),
        ("q: 1\n\ta: 1\n", "line 2: found a tab character that violates indentation"),
        ("q:\n- a\n - b\n", ""),
        ("q:\n  a: 1\n b: 2\n", "line 2: did not find expected key"),
        ("q:\n  a: 1\n   b: 2\n", "line 3: mapping values are not allowed in this context"),
        ("a: \0\n", "control characters are not allowed"),
        ("a: |\n  x\n y\nb: 1\n", "line 2: did not find expected key"),
        ("a: 1\n}\n", "line 1: did not find expected key"),
        ("{\"a\": 1,}\n", ""),
        ("{\"a\": tru}", ""),
        ("a: 1\na:\n  b: 1\n c: 1\n", "line 3: did not find expected key"),
        ("\"a: 1\n", "line 2: found unexpected end of stream"),
        ("%YAML 1.1\n---\na: 1\n", "line 1: did not find expected <document start>"),
        ("a: &x [*x]\n", "anchor 'x' value contains itself"),
        ("a:\n  b:\n   - c: 1\n     d: 2\n    e: 3\n", "line 4: did not find expected '-' indicator"),
        ("a: ]\n", "did not find expected node content"),
        ("[1]: 2\n", "invalid map key: []interface {}{1}"),
        ("1.5: 2\n", ""),
        ("a: 1\n  b: 2\n", "line 2: mapping values are not allowed in this context"),
        ("a: 'x\nb: 2\n", "line 3: found unexpected end of stream"),
        ("kind: Pod\nmetadata:\n  name: x\n    labels: {}\n", "line 4: mapping values are not allowed in this context"),
        (
            "kind: Pod\nspec:\n  containers:\n  - name: x\n  image: y\n   ports: 1\n",
            "line 6: mapping values are not allowed in this context",
        ),
        ("a : 1\n b: 2\n", "line 2: mapping values are not allowed in this context"),
        ("plain\n", ""),
        ("- a\n", ""),
        ("a: 1\n ... \n", ""),
        ("a: 1\n...\nb: 2\n", ""),
        ("a: 1\n...\nb: [\n", ""),
    ];
    let mut wrong = Vec::new();
    for (text, wanted) in cases {
        let ours = error(text);
        let ours = ours.strip_prefix(prefix).unwrap_or(&ours);
        if ours != wanted {
            wrong.push(format!("{text:?}: {ours} instead of {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(error("a: 1\n--- x\n"), "invalid Yaml document separator: x");
}

#[test]
fn documents_are_split_as_kubectl_does() {
    assert_eq!(json("---\na: 1\n---\n# nothing\n--- # two\nb: 2\n...\nc: 3\n"), "{\"a\":1}\n{\"b\":2}");
    assert_eq!(json("{\n\t\"a\": [1, \"x\"],\n\t\"b\": null\n}\n"), r#"{"a":[1,"x"],"b":null}"#);
    assert_eq!(json("\u{feff}a: 1\r\nb: |\r\n  x\r\n"), "{\"a\":1,\"b\":\"x\\n\"}");
    assert_eq!(json("a: {\n  b: 1\n}\nc: [\n1\n]\n"), r#"{"a":{"b":1},"c":[1]}"#);
    assert_eq!(json(""), "");
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    assert_eq!(
        json("x: &x {a: 1, b: 2}\nw:\n  <<: *x\n  b: 3\nz: *x\n"),
        r#"{"w":{"a":1,"b":3},"x":{"a":1,"b":2},"z":{"a":1,"b":2}}"#
    );
    assert_eq!(json("yes: 1\n1: 2\n"), r#"{"1":2,"true":1}"#);
    let twice = &yaml::parse("a: 1\nb: 2\na: 3\n")[0];
    assert_eq!(twice.duplicates[0].extent.start, yaml::Mark { line: 3, column: 1 });
    assert_eq!(encode::json(&twice.root.as_ref().unwrap().to_value()), r#"{"a":3,"b":2}"#);
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for i in 1..30 {
        let before = format!("*a{},", i - 1).repeat(10);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", before.trim_end_matches(',')));
    }
    assert_eq!(error(&bomb), "error converting YAML to JSON: yaml: document contains excessive aliasing");
    let deep = "[".repeat(100_000);
    assert!(error(&deep).contains("exceeded max depth"));
}

#[test]
fn places_are_kept() {
    let documents = yaml::parse("a: 1\n---\nb:\n  - c: é d\n");
    let root = documents[1].root.as_ref().unwrap();
    let entry = root.get("b").unwrap().items()[0].entry("c").unwrap().clone();
    assert_eq!(entry.extent.start, yaml::Mark { line: 4, column: 5 });
    assert_eq!(entry.value.extent.end, yaml::Mark { line: 4, column: 11 });
}

#[test]
fn damaged_manifests_are_read_or_refused_as_kubectl_did() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../data/yaml/mutations.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let text = case["yaml"].as_str().unwrap();
        let document = yaml::parse(text).into_iter().find(|d| d.error.is_some() || d.root.is_some());
        let document = document.expect("a document that is not empty");
        let (ours, theirs) = match (document.error, document.root) {
            (Some(error), _) => (error.message, &case["error"]),
            (None, Some(root)) => (encode::json(&root.to_value()), &case["json"]),
            (None, None) => (String::new(), &case["json"]),
        };
        if theirs.as_str() != Some(&ours) {
            wrong.push(format!("{text}\n  ours:   {ours}\n  theirs: {case}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
