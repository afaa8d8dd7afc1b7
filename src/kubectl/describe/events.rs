//! The events at the end of a description.

use super::page::{since, Page};
use crate::api::kinds::kind;
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::kubectl::reader::Reader;

/// Prints the events about an object. `uids` are the names its reporters know it by.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe DescribeEvents and searchEvents.
pub fn print(page: &mut Page, object: &Object, uids: &[&str], reader: &dyn Reader) {
    let about = |event: &Object| {
        let involved = event.at("involvedObject");
        let uid = involved.get("uid").str();
        involved.get("name").str() == object.name()
            && (involved.get("kind").is_empty() || involved.get("kind").str() == object.kind.name())
            && (uids.contains(&uid) || object.uid().is_empty())
    };
    let mut events: Vec<Object> = reader.list(kind("Event"), object.namespace()).into_iter().filter(about).collect();
    if events.is_empty() {
        page.line(0, "Events:\t<none>");
        return;
    }
    events.order_by(|a, b| a.at("lastTimestamp").str().cmp(b.at("lastTimestamp").str()));
    page.line(0, "Events:");
    page.line(1, "Type\tReason\tAge\tFrom\tMessage");
    page.line(1, "----\t------\t----\t----\t-------");
    for event in &events {
        let source = match event.at("source.component").str() {
            "" => event.at("reportingComponent").str(),
            component => component,
        };
        let text = |field: &str| event.at(field).str();
        let message = match event.at("involvedObject.fieldPath").str() {
            "" => text("message").trim().to_owned(),
            path => format!("{path}: {}", text("message").trim()),
        };
        page.line(1, &format!("{}\t{}\t{}\t{source}\t{message}", text("type"), text("reason"), age(event, reader)));
    }
}

/// How long ago an event was seen, and how often: `0s (x5 over 7s)`.
fn age(event: &Object, reader: &dyn Reader) -> String {
    let ago = |value: &Value| since(value, reader.now());
    let first = match event.at("eventTime").is_empty() {
        true => ago(event.at("firstTimestamp")),
        false => ago(event.at("eventTime")),
    };
    let series = event.at("series");
    if !series.is_null() {
        return format!("{} (x{} over {first})", ago(series.get("lastObservedTime")), series.get("count").int());
    }
    match event.at("count").int() {
        0 | 1 => first,
        n => format!("{} (x{n} over {first})", ago(event.at("lastTimestamp"))),
    }
}
