//! L5: what a screen shows, as plain data: topology, layout, events, requests, inspector. Nothing here is a Kubernetes struct,
//! nothing draws, and nothing changes the cluster.

pub mod chart;
pub mod events;
pub mod inspect;
pub mod layout;
#[cfg(test)]
mod layout_tests;
pub mod map_text;
pub mod observe;
pub mod record;
pub mod rules;
pub mod scene;
pub mod series;
pub mod tiles;
pub mod timeline;
pub mod topology;

use serde::Serialize;

use crate::api::diagnostic::{Diagnostic, Severity};
use crate::api::fixes;
use crate::base::time::{human_duration, Span};

/// What can be pointed at: a kind as kubectl names it in the singular (`pod`, `service`, `node`), a namespace and a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Target {
    /// Lower-case singular: `pod`, `service`, `node`, `deployment`; `outside` and `nodeport` for what is no object.
    pub kind: String,
    /// Empty for what belongs to none.
    pub namespace: String,
    /// The name; the number of a node port.
    pub name: String,
}

impl Target {
    /// A target of a kind, namespace and name.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Target {
        Target { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The world outside the cluster, where a request to a node port comes from.
    pub fn outside() -> Target {
        Target::new("outside", "", "")
    }
}

/// One event of the cluster's event list.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EventRow {
    /// What tells this row from the others, whatever its count.
    pub key: String,
    /// True for a Warning.
    pub warning: bool,
    /// `Scheduled`, `FailedScheduling` ...
    pub reason: String,
    /// The object it is about.
    pub target: Target,
    /// The text.
    pub message: String,
    /// How often it was seen.
    pub count: u32,
    /// When it was seen last.
    pub last_ms: u64,
}

/// What is known of the selected object.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Inspector {
    /// What it is about.
    pub target: Target,
    /// Kind as Kubernetes writes it: `Pod`.
    pub kind: String,
    /// One word on how it is, as kubectl prints it: `Running`, `3/3`.
    pub status: String,
    /// True where something is wrong with it.
    pub troubled: bool,
    /// Name and value, in the order to read them.
    pub summary: Vec<(String, String)>,
    /// From what is seen back to what began it.
    pub why: Vec<Because>,
    /// The object as `kubectl get -o yaml` prints it.
    pub yaml: String,
    /// The object as `kubectl describe` prints it.
    pub describe: String,
    /// Its events, newest first.
    pub events: Vec<EventRow>,
    /// What its containers have written; for a Pod only.
    pub logs: String,
    /// What the scheduler found for each node, for a pod it has judged lately.
    pub verdicts: Vec<(String, String)>,
    /// Objects to go to from here: owners, pods, nodes.
    pub related: Vec<Target>,
}

/// One link of a "why" chain.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Because {
    /// When it was decided, where that is known.
    pub at_ms: Option<u64>,
    /// Who decided: `replicaset-controller`, `scheduler`.
    pub by: String,
    /// The object changed.
    pub target: Target,
    /// What was decided and by which rule, with its numbers.
    pub sentence: String,
}

/// A request that was sent, as a list of hops.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct RequestView {
    /// Counts the requests of this playground.
    pub id: u32,
    /// Where it began.
    pub source: String,
    /// How many were sent; the way is that of the last one.
    pub count: u32,
    /// How many of them each pod answered, or how else they ended; empty for a single one.
    pub shares: Vec<(String, u32)>,
    /// What was asked for: `curl tomcat-service:8080`.
    pub title: String,
    /// How it ended: `200`, `connection refused`.
    pub result: String,
    /// True where an answer came.
    pub answered: bool,
    /// When it was sent.
    pub at_ms: u64,
    /// The way it took.
    pub hops: Vec<HopView>,
}

/// One hop of a request.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct HopView {
    /// Where it came from.
    pub from: Target,
    /// Where it went; the same as `from` where a decision was taken on the spot.
    pub to: Target,
    /// What happened: `DNS`, `DNAT`.
    pub title: String,
    /// The rule that matched; empty without one.
    pub rule: String,
    /// The same for a reader.
    pub sentence: String,
    /// The node it happened on; empty outside of all.
    pub node: String,
    /// `1/3`: the chance that rule had; empty where it was the only one.
    pub chance: String,
    /// `source -> destination` before and after, where they differ.
    pub rewritten: Option<(String, String)>,
    /// False where the request ended here without an answer.
    pub passed: bool,
    /// True on the way back.
    pub back: bool,
    /// When.
    pub at_ms: u64,
}

/// How long ago something was, as kubectl prints it.
pub fn age_text(seconds: u64) -> String {
    human_duration(Span::secs(seconds))
}

/// `1:02:03.4`, or `02:03.4` within the first hour.
pub fn clock_text(ms: u64) -> String {
    let (hours, minutes, seconds, tenths) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms / 100 % 10);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}.{tenths}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}.{tenths}"),
    }
}

/// A line of history: where it left another one, and how far it goes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct BranchView {
    /// Its number.
    pub id: u32,
    /// When it left the one before; 0 for the first.
    pub left_ms: u64,
    /// How far it was played.
    pub end_ms: u64,
    /// What was done where it began.
    pub begins_with: String,
}

/// The clock of the cluster.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct ClockView {
    /// The earliest time there is anything to show of.
    pub start_ms: u64,
    /// Time shown, since the cluster began.
    pub now_ms: u64,
    /// The latest time there is anything to show of.
    pub latest_ms: u64,
    /// Time from `now_ms` to the next event of the cluster; nothing when none is due.
    pub next_event_in_ms: Option<u64>,
}

/// One line or part of a line on the terminal.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TerminalLine {
    /// Counts the lines.
    pub id: u64,
    /// What kind of text it is.
    pub stream: Stream,
    /// The text, without a line feed.
    pub text: String,
}

/// Where a line on the terminal came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Stream {
    /// A command, as typed.
    Input,
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// What the page itself says.
    Note,
}

/// A mark in a manifest.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Mark {
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1.
    pub column: u32,
    /// Letters it covers.
    pub length: u32,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong, in Kubernetes' words where it has any.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// The one certain remedy, where there is one.
    pub fix: Option<TextEdit>,
}

/// A piece of text in place of another. Lines and columns count from 1.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TextEdit {
    /// Line and column where it begins.
    pub from: (u32, u32),
    /// Line and column behind its end.
    pub to: (u32, u32),
    /// What stands there instead.
    pub text: String,
}

/// A word the editor offers.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OfferView {
    /// The word.
    pub label: String,
    /// What it is.
    pub detail: String,
    /// What is written for it.
    pub apply: String,
}

impl Mark {
    /// The mark of a mistake in a text.
    pub fn new(text: &str, found: &Diagnostic) -> Mark {
        let (line, column, length) = found.place();
        let severity = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        Mark {
            line,
            column,
            length,
            severity,
            message: found.message.clone(),
            hint: found.hint.clone(),
            fix: fixes::fix(text, found).map(|edit| TextEdit { from: edit.from, to: edit.to, text: edit.text }),
        }
    }
}

/// How a command line can go on.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Completion {
    /// The line as far as there is no doubt.
    pub line: String,
    /// The words that would fit, where there are several.
    pub candidates: Vec<String>,
}
