//! `kubectl events`: events in the order of time.

use super::Verb;
use crate::api::encode::json_declared_list;
use crate::api::kinds::kind;
use crate::api::Object;
use crate::base::order::Order;
use crate::base::table::columns;
use crate::base::time::Timestamp;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::describe::page::since;
use crate::kubectl::failure::error;
use crate::kubectl::print::Format;
use crate::kubectl::resources::resource_kind;
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "events", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    let types = call.line.list("types");
    if types.iter().any(|kind| !kind.eq_ignore_ascii_case("Normal") && !kind.eq_ignore_ascii_case("Warning")) {
        return Err(error("valid --types are Normal or Warning"));
    }
    let about = match call.line.get("for") {
        None => None,
        Some(text) => {
            let (resource, name) = text.split_once('/').ok_or_else(|| error("--for must be in resource/name form"))?;
            Some((resource_kind(call, resource)?.name(), name.to_owned()))
        }
    };
    let everywhere = call.line.is("all-namespaces");
    let namespace = if everywhere { String::new() } else { call.namespace() };
    let store = call.world.store();
    let kind = kind("Event");
    let wanted = |event: &&Object| {
        let involved = event.at("involvedObject");
        let of_type = types.is_empty() || types.iter().any(|t| t.eq_ignore_ascii_case(event.at("type").str()));
        let of_object = about
            .as_ref()
            .is_none_or(|(kind, name)| involved.get("kind").str() == *kind && involved.get("name").str() == name);
        of_type && of_object && (namespace.is_empty() || event.namespace() == namespace)
    };
    let mut events: Vec<Object> = store.all(kind.kind).filter(wanted).cloned().collect();
    events.order_by_key(last_seen);
    let format = Format::of(call)?;
    if events.is_empty() && format.is_table() {
        match everywhere {
            true => call.out.err("No events found."),
            false => call.out.err(format!("No events found in {namespace} namespace.")),
        }
        return Ok(Run::Done(0));
    }
    let text = match format {
        Format::Table { .. } => table(call, &events, everywhere),
        Format::Declared => json_declared_list(kind, &value!({}), &events, Some("    "), false) + "\n",
        format => format.many(&events, true)?,
    };
    call.out.out(text);
    Ok(Run::Done(0))
}

fn last_seen(event: &Object) -> Option<Timestamp> {
    let fields = ["series.lastObservedTime", "lastTimestamp", "eventTime"];
    fields.iter().find_map(|field| Timestamp::parse(event.at(field).str()))
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/events EventPrinter.
fn table(call: &Call<'_>, events: &[Object], everywhere: bool) -> String {
    let now = call.world.timestamp();
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !call.line.is("no-headers") {
        let mut heads = vec!["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
        if everywhere {
            heads.insert(0, "NAMESPACE");
        }
        rows.push(heads.into_iter().map(str::to_owned).collect());
    }
    for event in events {
        let ago = |path: &str| since(event.at(path), now);
        let first = if event.at("firstTimestamp").is_empty() { ago("eventTime") } else { ago("firstTimestamp") };
        let interval = match event.at("count").int() {
            _ if !event.at("series").is_null() => {
                format!("{} (x{} over {first})", ago("series.lastObservedTime"), event.at("series.count").int())
            }
            0 | 1 => first,
            n => format!("{} (x{n} over {first})", ago("lastTimestamp")),
        };
        let text = |path: &str| event.at(path).str().to_owned();
        let object = format!("{}/{}", text("involvedObject.kind"), text("involvedObject.name"));
        let mut row = vec![interval, text("type"), text("reason"), object, text("message").trim().to_owned()];
        if everywhere {
            row.insert(0, event.namespace().to_owned());
        }
        rows.push(row);
    }
    columns(&rows)
}
