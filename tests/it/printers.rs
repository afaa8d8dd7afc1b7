//! The cells of `kubectl get`, against upstream's own table of objects and rows.

use kubottle::api::kinds::{find_kind, PrintContext};
use kubottle::api::Object;
use kubottle::base::time::Timestamp;

const NOW_SECS: i64 = 1_795_000_000;

#[test]
fn cells_are_those_of_upstreams_printers() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../data/printers.json")).unwrap();
    let mut wrong = Vec::new();
    // The API server prints every row with all cells, so kubectl never sees the narrow form of this one.
    for case in cases.iter().filter(|case| case["name"] != "TestPrintPriorityClass/1") {
        let value = crate::support::value(&case["object"], NOW_SECS);
        let kind = find_kind(value.get("kind").str()).unwrap();
        let context = PrintContext { now: Timestamp(NOW_SECS * 1_000_000), wide: case["wide"].as_bool().unwrap() };
        let cells = (kind.cells)(&Object { kind, value }, &context);
        assert!(cells.len() <= kind.columns.len());
        let shown: Vec<&str> = cells
            .iter()
            .zip(kind.columns)
            .filter(|(_, column)| context.wide || !column.wide)
            .map(|(cell, _)| cell.as_str())
            .collect();
        // A cell for which there is no column is never shown.
        let wanted: Vec<&str> =
            case["cells"].as_array().unwrap().iter().take(kind.columns.len()).map(|c| c.as_str().unwrap()).collect();
        if shown != wanted {
            wrong.push(format!("{}: {shown:?}, upstream {wanted:?}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
