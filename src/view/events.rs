//! The event list: newest first, each row one Event object.

use super::observe::since_start_ms;
use super::{EventRow, Target};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::Timestamp;
use crate::store::View;
use crate::value;

/// The newest events, newest first; without what a new cluster brings with it unless `with_system`.
pub fn rows(view: &View<'_>, most: usize, with_system: bool) -> Vec<EventRow> {
    let shown = |event: &&Object| with_system || !is_about_system(event);
    let mut events: Vec<&Object> = view.store.all("Event").filter(shown).collect();
    events.order_by_key(|event| std::cmp::Reverse(event.resource_version()));
    events.into_iter().take(most).map(|event| row(view, event)).collect()
}

fn is_about_system(event: &Object) -> bool {
    event.at("involvedObject").get("namespace").str().starts_with("kube-")
}

/// The events about one object, newest first.
pub fn rows_about(view: &View<'_>, object: &Object) -> Vec<EventRow> {
    let mut events: Vec<&Object> = view.store.all("Event").filter(|event| is_about(event, object)).collect();
    events.order_by_key(|event| std::cmp::Reverse(event.resource_version()));
    events.into_iter().map(|event| row(view, event)).collect()
}

/// An event as a host page is told it.
pub fn told(view: &View<'_>, event: &Object) -> Value {
    let row = row(view, event);
    let regarding = event.at("involvedObject");
    value!({
        "t_ms": (row.last_ms as i64), "type": (event.at("type").clone()), "reason": (row.reason), "message": (row.message),
        "count": (i64::from(row.count)), "kind": (regarding.get("kind").clone()),
        "namespace": (regarding.get("namespace").clone()), "name": (regarding.get("name").clone())
    })
}

/// A kubelet names its node by name where others give the UID.
fn is_about(event: &Object, object: &Object) -> bool {
    let regarding = event.at("involvedObject");
    let uid = regarding.get("uid").str();
    regarding.get("kind").str() == object.kind.name() && (uid == object.uid() || uid == object.name())
}

fn row(view: &View<'_>, event: &Object) -> EventRow {
    let (series, regarding) = (event.at("series"), event.at("involvedObject"));
    let times =
        [series.get("lastObservedTime"), event.at("lastTimestamp"), event.at("eventTime"), event.at("firstTimestamp")];
    let last = times.into_iter().find_map(|time| Timestamp::parse(time.str())).or(event.created());
    let count = series.get("count").opt_int().unwrap_or(event.at("count").int().max(1));
    EventRow {
        key: format!("{}/{}", event.namespace(), event.name()),
        warning: event.at("type").str() == "Warning",
        reason: event.at("reason").str().to_owned(),
        target: Target::new(
            &regarding.get("kind").str().to_lowercase(),
            regarding.get("namespace").str(),
            regarding.get("name").str(),
        ),
        message: event.at("message").str().trim().to_owned(),
        count: count as u32,
        last_ms: last.map_or(0, |at| since_start_ms(view, at)),
    }
}
