//! JSONPath templates against the cases of client-go.

use kubottle::api::jsonpath::{relaxed, JsonPath};
use kubottle::api::{encode, json, Value};

#[test]
fn templates_do_what_client_go_does() {
    let data = json::parse(include_str!("../data/jsonpath/cases.json")).unwrap();
    let mut wrong = Vec::new();
    for case in data.get("cases").list() {
        let template = case.get("template").str();
        let parsed = JsonPath::parse(template, case.get("missing").bool());
        let ours = match (case.get("parse").bool(), parsed) {
            (_, Err(error)) => Err(error),
            (true, Ok(_)) => Ok(String::new()),
            (false, Ok(path)) => path.execute(data.get("data").index(case.get("data").int() as u32)),
        };
        let agrees = match (&ours, case.get("error")) {
            (Err(error), Value::Str(wanted)) => error == wanted.as_str(),
            (Err(_), wanted) => wanted.bool(),
            (Ok(_), wanted) if !wanted.is_null() => false,
            (Ok(text), _) => canonical(text, case) == canonical(case.get("output").str(), case),
        };
        if !agrees {
            wrong.push(format!("{template}: {ours:?} instead of {}", encode::json(case)));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), data.get("cases").list().len(), wrong.join("\n"));
}

/// A Go struct prints its fields in the order of its declaration; a value tree is sorted.
fn canonical(output: &str, case: &Value) -> String {
    if case.get("sorted").bool() {
        let mut words: Vec<&str> = output.split([' ', '{', '}']).collect();
        words.sort_unstable();
        return words.join(" ");
    }
    let mut values = serde_json::Deserializer::from_str(output).into_iter::<serde_json::Value>();
    let values: Result<Vec<_>, _> = values.by_ref().collect();
    values.map_or(output.to_owned(), |values| format!("{values:?}"))
}

#[test]
fn paths_of_columns_may_leave_out_the_braces() {
    for path in ["metadata.name", ".metadata.name", "{metadata.name}", "{.metadata.name}"] {
        assert_eq!(relaxed(path).unwrap(), "{.metadata.name}");
    }
    assert!(relaxed("{a}{b}").is_err());
}

#[test]
fn keys_with_dots_are_escaped() {
    let object = json::parse(r#"{"metadata": {"annotations": {"a.b/c": "x"}, "labels": {"n": 3}}}"#).unwrap();
    let text = |template: &str| JsonPath::parse(template, true).unwrap().execute(&object).unwrap();
    assert_eq!(text(r"{.metadata.annotations.a\.b/c}"), "x");
    assert_eq!(text(r#"{.metadata.labels.n}{"\t"}{.metadata.labels}{"\n"}"#), "3\t{\"n\":3}\n");
    assert_eq!(text("{.metadata.nope}|{$.metadata.labels['n']}"), "|3");
}
