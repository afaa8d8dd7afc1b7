//! Event.

use super::cells::{shown, since, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Event",
    group: "",
    version: "v1",
    plural: "events",
    singular: "event",
    short_names: &["ev"],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: no_defaults,
    validate: validation::config::event,
    validate_update: validation::config::event_update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "Counted and combined as client-go does; they expire after an hour.",
    }],
};

const COLUMNS: &[Column] = &[
    shown("LAST SEEN"),
    shown("TYPE"),
    shown("REASON"),
    shown("OBJECT"),
    wide("SUBOBJECT"),
    wide("SOURCE"),
    shown("MESSAGE"),
    wide("FIRST SEEN"),
    wide("COUNT"),
    wide("NAME"),
];

/// Models pkg/printers/internalversion/printers.go printEvent.
fn cells(event: &Object, context: &PrintContext) -> Vec<String> {
    let at = |path: &str| event.at(path);
    let first_at = if at("firstTimestamp").is_empty() { at("eventTime") } else { at("firstTimestamp") };
    let first = since(first_at, context);
    let series = at("series");
    let (last, count) = if series.is_null() {
        let last = if at("lastTimestamp").is_empty() { first.clone() } else { since(at("lastTimestamp"), context) };
        (last, at("count").int().max(1))
    } else {
        (since(series.get("lastObservedTime"), context), series.get("count").int())
    };
    let object = at("involvedObject");
    let target = match object.get("name").str() {
        "" => object.get("kind").str().to_lowercase(),
        name => format!("{}/{name}", object.get("kind").str().to_lowercase()),
    };
    vec![
        last,
        at("type").str().to_owned(),
        at("reason").str().to_owned(),
        target,
        object.get("fieldPath").str().to_owned(),
        source(event),
        at("message").str().trim().to_owned(),
        first,
        count.to_string(),
        event.name().to_owned(),
    ]
}

/// Who reported an event: the component, and the host where it names one.
///
/// Models pkg/printers/internalversion/printers.go formatEventSource.
fn source(event: &Object) -> String {
    let or = |old: &str, new: &str| match event.at(old).str() {
        "" => event.at(new).str().to_owned(),
        text => text.to_owned(),
    };
    let component = or("source.component", "reportingComponent");
    match or("source.host", "reportingInstance").as_str() {
        "" => component,
        host => format!("{component}, {host}"),
    }
}
