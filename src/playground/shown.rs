//! What a screen shows of the playground, as plain data.

use super::{terminal, Playground};
use crate::api::{assist, check, Object, Value};
use crate::base::order::Order;
use crate::store::Verb;
use crate::view::chart::Chart;
use crate::view::record::Happening;
use crate::view::rules::RulesView;
use crate::view::timeline::{TimelineScene, Window};
use crate::view::topology::Topology;
use crate::view::{self, events, inspect, ClockView, EventRow, Inspector, Mark, OfferView, RequestView, Target};

impl Playground {
    /// What is wrong with a manifest.
    pub fn check(&self, text: &str) -> Vec<Mark> {
        check::check(text, self.world.store().catalog()).iter().map(|found| Mark::new(text, found)).collect()
    }

    /// What can be written at a place of a manifest, counted from 1.
    pub fn offers(text: &str, line: u32, column: u32) -> Vec<OfferView> {
        let offers = assist::offers(text, line, column).into_iter();
        offers.map(|o| OfferView { apply: format!("{}{}", o.word, o.tail), label: o.word, detail: o.about }).collect()
    }

    /// What the field at a place of a manifest is; empty where there is none.
    pub fn hover(text: &str, line: u32, column: u32) -> String {
        assist::hover(text, line, column)
    }

    /// The cluster as it is.
    pub fn topology(&mut self) -> Topology {
        self.observer.topology(&self.world.truth())
    }

    /// Its newest events, newest first; without what a new cluster brings with it unless `with_system`.
    pub fn events(&self, most: usize, with_system: bool) -> Vec<EventRow> {
        events::rows(&self.world.truth(), most, with_system)
    }

    /// The revision of the cluster's last change.
    pub fn store_revision(&self) -> u64 {
        self.world.store().revision()
    }

    /// Event objects after a revision (of the whole list where that is 0), at most the newest so many, oldest first; and the
    /// revision to go on from.
    pub fn events_since(&self, revision: u64, most: usize) -> (u64, Vec<Value>) {
        let view = self.world.truth();
        let now = view.store.revision();
        let mut events: Vec<Object> = if revision == 0 {
            view.store.all("Event").cloned().collect()
        } else {
            let changes = view.store.changes_since(revision).filter(|change| change.kind() == "Event");
            changes.filter(|change| change.verb != Verb::Deleted).map(|change| change.object.clone()).collect()
        };
        events.order_by_key(Object::resource_version);
        let newest = events.len().saturating_sub(most);
        (now, events[newest..].iter().map(|event| events::told(&view, event)).collect())
    }

    /// Everything about one object.
    pub fn inspect(&self, target: &Target) -> Option<Inspector> {
        let mut inspector = inspect::inspect(&self.world, target)?;
        let ask = |verb: &str| terminal::ask(&self.world, &format!("kubectl {verb} -n {}", namespace_of(target)));
        inspector.describe = ask(&format!("describe {} {}", target.kind, target.name));
        if target.kind == "pod" {
            inspector.logs = ask(&format!("logs {} --all-containers --tail 500", target.name));
        }
        Some(inspector)
    }

    /// Requests sent so far, oldest first.
    pub fn requests(&self) -> Vec<RequestView> {
        let now_ms = self.world.now().0 / 1000;
        self.line().requests.iter().filter(|request| request.at_ms <= now_ms).cloned().collect()
    }

    /// The lives of the pods, for a drawing of `width` pixels: the last `span_ms` of them, or all where that is 0.
    pub fn timeline(&mut self, width: f32, span_ms: u64, with_system: bool) -> TimelineScene {
        let window = self.window(span_ms);
        let record = &self.lines[self.history.current() as usize].record;
        let observer = &mut self.observer;
        let colour = &mut |workload: &str| observer.colour(workload);
        view::timeline::layout(record, window, width, with_system, colour)
    }

    /// The part of time that timeline and charts show.
    pub fn window(&self, span_ms: u64) -> Window {
        let ClockView { now_ms, latest_ms, start_ms, .. } = self.clock();
        let record = &self.line().record;
        if span_ms == 0 {
            let mine = record.lanes.values().filter(|lane| !lane.system).map(|lane| lane.created_ms);
            let from_ms = mine.min().unwrap_or(start_ms).max(start_ms);
            return Window { from_ms, to_ms: latest_ms.max(from_ms + 10_000), now_ms, end_ms: latest_ms };
        }
        // In the past, the moment looked at is in the middle.
        let to_ms = (now_ms + span_ms / 2).min(latest_ms).max(start_ms + span_ms);
        Window { from_ms: to_ms - span_ms, to_ms, now_ms, end_ms: latest_ms }
    }

    /// What there are charts of.
    pub fn chart_subjects(&self) -> Vec<String> {
        view::chart::subjects(&self.line().record)
    }

    /// The charts of a workload or a node.
    pub fn charts(&self, subject: &str, window: Window) -> Vec<Chart> {
        view::chart::charts(&self.line().record, subject, window)
    }

    /// What kube-proxy balances with: `iptables`, `ipvs` or `nftables`.
    pub fn proxy_mode(&self) -> &'static str {
        self.world.network().mode.name()
    }

    /// The rules of a node, with those marked that a request met there.
    pub fn rules(&self, node: &str, request: Option<&RequestView>) -> RulesView {
        let mode = self.proxy_mode();
        let command = format!("ssh {node} {}", view::rules::command(mode));
        let printed = terminal::ask(&self.world, &command);
        let lines = view::rules::mark(mode, &printed, node, request.map_or(&[], |request| &request.hops));
        RulesView { node: node.to_owned(), mode, command, lines }
    }

    /// What happened when, for the time slider.
    pub fn happenings(&self) -> Vec<Happening> {
        self.line().record.happenings.clone()
    }

    /// A digest of the whole cluster: equal histories have equal digests on every platform.
    pub fn digest(&self) -> u64 {
        self.world.digest()
    }
}

fn namespace_of(target: &Target) -> &str {
    match target.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    }
}
