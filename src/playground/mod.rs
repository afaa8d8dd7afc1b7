//! L6: the facade: a cluster with its clock, its terminal and its past, for a page or a command line. Inputs in, plain data
//! out. It decides nothing about Kubernetes.

mod complete;
pub mod embed;
pub mod journal;
mod requests;
pub mod scenarios;
mod terminal;

use std::collections::VecDeque;

use crate::api::{assist, check, Object, Value};
use crate::base::order::Order;
use crate::base::time::{SimTime, Span};
use crate::cluster::{BranchInfo, History, World};
use crate::kubectl::player::Player;
use crate::kubectl::{script, syntax, verbs, Session};
use crate::lesson::scenario::Scenario;
use crate::store::{self, Verb};
use crate::view::chart::Chart;
use crate::view::observe::Observer;
use crate::view::record::Happening;
use crate::view::rules::RulesView;
use crate::view::timeline::{TimelineScene, Window};
use crate::view::topology::Topology;
use crate::view::tracks::{self, TrackView};
use crate::view::{
    self, events, inspect, BranchView, ClockView, Completion, EventRow, Inspector, Mark, OfferView, RequestView,
    Stream, Target,
};

pub use self::journal::Unreadable;
use self::journal::{Entry, Input, Record};
pub use self::terminal::Finished;
use self::terminal::Terminal;

/// Events carried out between two looks at the time.
const EVENTS_BETWEEN_LOOKS: u32 = 16;
/// A restored history may take at most so many events; a link cannot stop the page.
const MOST_EVENTS_RESTORED: u64 = 3_000_000;

/// What a playground begins with.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Every draw depends on it.
    pub seed: u64,
    /// How many nodes there are.
    pub nodes: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        let settings = store::Settings::default();
        Settings { seed: settings.seed, nodes: settings.nodes }
    }
}

/// A cluster to play with.
pub struct Playground {
    settings: Settings,
    scenario: String,
    world: World,
    history: History,
    terminal: Terminal,
    observer: Observer,
    lines: Vec<Line>,
    changes: u64,
    /// Commands that wait until the one before has ended, with their numbers.
    waiting: VecDeque<(u64, String)>,
    tickets: u64,
}

/// What was done and what was seen in one branch of history, from the very beginning.
#[derive(Clone, Default)]
struct Line {
    journal: Vec<Entry>,
    requests: Vec<RequestView>,
    record: view::record::Record,
}

impl Playground {
    /// A new cluster.
    pub fn new(settings: Settings) -> Playground {
        let (seed, nodes) = (settings.seed, settings.nodes);
        let world = World::new(store::Settings { seed, nodes, storage_class: true, ..store::Settings::default() });
        Playground {
            settings,
            scenario: String::new(),
            history: History::new(&world),
            world,
            terminal: Terminal::default(),
            observer: Observer::default(),
            lines: vec![Line::default()],
            changes: 0,
            waiting: VecDeque::new(),
            tickets: 0,
        }
    }

    fn line(&self) -> &Line {
        &self.lines[self.history.current() as usize]
    }

    fn line_mut(&mut self) -> &mut Line {
        &mut self.lines[self.history.current() as usize]
    }

    /// The cluster a link holds.
    ///
    /// # Errors
    /// Why it holds none.
    pub fn restore(text: &str) -> Result<Playground, Unreadable> {
        let record = Record::of_text(text)?;
        let mut playground = Playground::new(Settings { seed: record.seed, nodes: record.nodes.clamp(1, 100) });
        playground.scenario = record.scenario;
        let mut events_left = MOST_EVENTS_RESTORED;
        let mut too_long = || {
            events_left = events_left.saturating_sub(EVENTS_BETWEEN_LOOKS.into());
            events_left == 0
        };
        for entry in record.entries {
            playground.run_to(SimTime(entry.at_us), entry.events, &mut too_long);
            playground.world.stand_at(SimTime(entry.at_us));
            playground.note(entry.input);
        }
        playground.run_to(SimTime(record.now_us), u64::MAX, &mut too_long);
        Ok(playground)
    }

    /// The cluster and its whole history as text for a link.
    pub fn share(&self) -> String {
        let Settings { seed, nodes } = self.settings;
        let (scenario, entries) = (self.scenario.clone(), self.line().journal.clone());
        Record { seed, nodes, scenario, now_us: self.world.now().0, entries }.to_text()
    }

    /// A new cluster for a scenario: its files (name and text), then its commands, one after the other.
    pub fn open(id: &str, scenario: &Scenario, files: &[(String, String)]) -> Playground {
        let usual = Settings::default();
        let nodes = if scenario.nodes == 0 { usual.nodes } else { scenario.nodes };
        let mut playground = Playground::new(Settings { seed: scenario.seed.unwrap_or(usual.seed), nodes });
        playground.scenario = id.to_owned();
        for (name, text) in files {
            playground.write(name, text);
        }
        for line in &scenario.start {
            playground.queue(line);
        }
        playground
    }

    /// The name of the scenario it began with; empty for none.
    pub fn scenario(&self) -> &str {
        &self.scenario
    }

    /// The manifest that was written last, of a restored history: the name of its file, and its text.
    pub fn last_written(&self) -> Option<(String, String)> {
        self.line().journal.iter().rev().find_map(|entry| match &entry.input {
            Input::Write(file, text) if file.ends_with(".yaml") => Some((file.clone(), text.clone())),
            _ => None,
        })
    }

    /// The names of the terminal's files.
    pub fn files(&self) -> Vec<String> {
        self.terminal.session().files.keys().cloned().collect()
    }

    /// The text of a file.
    pub fn read(&self, file: &str) -> Option<&str> {
        self.terminal.session().file(file)
    }

    /// Lets time pass. `out_of_time` is asked every few events; when it says true, the rest of the time does not pass.
    pub fn advance(&mut self, span_us: u64, out_of_time: &mut dyn FnMut() -> bool) {
        let until = self.world.now() + Span::micros(span_us);
        if self.looking_back() && !self.terminal.is_busy() {
            self.world = self.history.seek(until);
            self.changes += 1;
        } else {
            self.run_to(until, u64::MAX, out_of_time);
        }
    }

    /// On to the next thing that happens.
    pub fn step(&mut self) {
        let next = [self.world.next_at(), self.terminal.wakes_at()].into_iter().flatten().min();
        if let Some(next) = next {
            let span = next.since(self.world.now());
            self.advance(span.0, &mut || false);
        }
    }

    /// To another moment that was played. What is running is cancelled.
    pub fn seek(&mut self, ms: u64) {
        self.terminal.cancel(&mut self.world);
        // The end of that millisecond, so that the latest time shown is the end of what was played.
        self.world = self.history.seek(SimTime(ms * 1000 + 999));
        self.changes += 1;
    }

    /// True while an earlier moment is shown.
    pub fn looking_back(&self) -> bool {
        self.world.now() < self.history.end()
    }

    /// The clock.
    pub fn clock(&self) -> ClockView {
        let now = self.world.now();
        ClockView {
            start_ms: self.history.start().0 / 1000,
            now_ms: now.0 / 1000,
            latest_ms: self.history.end().max(now).0 / 1000,
            next_event_in_ms: self.world.next_at().map(|at| at.since(now).as_millis()),
        }
    }

    /// Another number whenever what is shown may be another.
    pub fn revision(&self) -> u64 {
        (self.changes << 40) ^ self.world.store().revision()
    }

    /// Carries a command line out, or begins to.
    pub fn exec(&mut self, line: &str) {
        self.note(Input::Exec(line.to_owned()));
    }

    /// How many inputs there were in this branch of history.
    pub fn inputs(&self) -> usize {
        self.line().journal.len()
    }

    /// Writes a manifest to a file and applies it; gives the command line that does so.
    pub fn apply(&mut self, file: &str, text: &str) -> String {
        let line = format!("kubectl apply -f {file}");
        self.note(Input::Write(file.to_owned(), text.to_owned()));
        self.note(Input::Exec(line.clone()));
        line
    }

    /// Writes a file.
    pub fn write(&mut self, file: &str, text: &str) {
        self.note(Input::Write(file.to_owned(), text.to_owned()));
    }

    /// True for a command line that is not at its end yet: an open quote, loop or here-document.
    pub fn is_open(&self, line: &str) -> bool {
        syntax::is_open(line)
    }

    /// True for a command line that prints texts which are loaded when somebody first asks for them.
    pub fn wants_texts(&self, line: &str) -> bool {
        let asks = |word: &str| matches!(word, "explain" | "help" | "--help" | "-h" | "options");
        let words: Vec<&str> = line.split_whitespace().collect();
        let kubectl = words.iter().any(|word| matches!(*word, "kubectl" | "k"));
        let bare = words.len() == 1 || words.last().is_some_and(|word| verbs::is_family(word));
        self.terminal.session().help.is_none() && kubectl && (bare || words.iter().any(|word| asks(word)))
    }

    /// Takes these texts: the documentation of the API's fields, and the help of kubectl.
    pub fn set_texts(&mut self, docs: &str, help: &str) {
        self.terminal.set_texts(docs, help);
    }

    /// The prompt of the shell the terminal is in.
    pub fn prompt(&self) -> String {
        let shells = &self.terminal.session().shells;
        let prompt = |shell: &crate::kubectl::session::Shell| match shell.command {
            None => format!("root@{}:~#", shell.node),
            Some(id) => format!("root@{}:{}#", shell.node, self.world.directory_of(id).unwrap_or("/")),
        };
        shells.last().map_or_else(|| "$".to_owned(), prompt)
    }

    /// The file that was handed over for editing since the last time: its path and its text.
    pub fn take_editing(&mut self) -> Option<(String, String)> {
        self.terminal.take_editing()
    }

    /// Carries a command line out as soon as those before it have ended; gives the number that [`Finished`] will bear.
    pub fn queue(&mut self, line: &str) -> u64 {
        self.tickets += 1;
        self.waiting.push_back((self.tickets, line.to_owned()));
        self.start_waiting();
        self.tickets
    }

    /// Queued commands that have ended since the last time.
    pub fn take_finished(&mut self) -> Vec<Finished> {
        self.terminal.take_finished()
    }

    fn start_waiting(&mut self) {
        while !self.terminal.is_busy() {
            let Some((ticket, line)) = self.waiting.pop_front() else { break };
            self.terminal.echo(&line);
            self.note_as(Input::Exec(line), ticket);
        }
    }

    /// Cancels the running command, as Ctrl-C does, and all that wait for it.
    pub fn cancel(&mut self) {
        self.waiting.clear();
        self.note(Input::Cancel);
    }

    /// True while a command runs.
    pub fn busy(&self) -> bool {
        self.terminal.is_busy()
    }

    /// What was printed since the last time.
    pub fn take_output(&mut self) -> Vec<(Stream, String)> {
        self.terminal.take_output()
    }

    /// How a command line can go on.
    pub fn complete(&self, line: &str) -> Completion {
        complete::complete(line, &self.world, self.terminal.session())
    }

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

    /// All branches of history, oldest first, and the number of the current one.
    pub fn branches(&self) -> (Vec<BranchView>, u32) {
        let branch = |info: BranchInfo| {
            let left_ms = info.parent.map_or(0, |(_, at)| at.0 / 1000);
            let began = self.lines[info.id as usize].journal.iter().find(|entry| entry.at_us / 1000 >= left_ms);
            let begins_with = match began.map(|entry| &entry.input) {
                Some(Input::Exec(line)) => line.clone(),
                Some(Input::Write(file, _)) => file.clone(),
                _ => String::new(),
            };
            BranchView { id: info.id, left_ms, end_ms: info.end.0 / 1000, begins_with }
        };
        (self.history.branches().into_iter().map(branch).collect(), self.history.current())
    }

    /// Goes over to the end of another branch.
    pub fn switch(&mut self, id: u32) {
        if let Some(world) = self.history.switch(id) {
            self.terminal.cancel(&mut self.world);
            self.world = world;
            let revision = self.world.store().revision();
            self.line_mut().record.skip_to(revision);
            self.changes += 1;
        }
    }

    /// Numbers over time whose names begin so: `hpa`, `load`, `pod default/web`; all for an empty text.
    pub fn tracks(&self, prefix: &str) -> Vec<TrackView> {
        tracks::tracks(&self.world, prefix)
    }

    /// A series as CSV.
    pub fn csv(&self, name: &str) -> Option<String> {
        self.world.csv(name)
    }

    /// A digest of the whole cluster: equal histories have equal digests on every platform.
    pub fn digest(&self) -> u64 {
        self.world.digest()
    }

    /// Writes an input into the journal and carries it out. In the past, what came later is another branch.
    fn note(&mut self, input: Input) {
        self.note_as(input, 0);
    }

    fn note_as(&mut self, input: Input, ticket: u64) {
        let at_us = self.world.now().0;
        if self.looking_back() {
            // The new branch remembers what is common to both.
            let mut line = self.line().clone();
            line.journal.retain(|entry| entry.at_us <= at_us);
            line.requests.retain(|request| request.at_ms * 1000 <= at_us);
            line.record = line.record.until(at_us / 1000);
            line.record.skip_to(self.world.store().revision());
            self.history.fork(&self.world);
            self.lines.push(line);
        }
        if let Input::Exec(text) = &input {
            self.line_mut().record.happened(at_us / 1000, false, text.into());
        }
        let events = self.world.events_done();
        self.line_mut().journal.push(Entry { at_us, events, input: input.clone() });
        self.input(input, ticket);
    }

    fn input(&mut self, input: Input, ticket: u64) {
        match input {
            Input::Write(file, text) => self.terminal.write(&file, text),
            Input::Exec(line) => self.terminal.start(&line, ticket, &mut self.world),
            Input::Cancel => self.terminal.cancel(&mut self.world),
        }
        self.history.acted(&self.world);
        self.collect();
        self.read_on();
    }

    fn read_on(&mut self) {
        let record = &mut self.lines[self.history.current() as usize].record;
        record.read_on(&self.world.truth());
        view::series::ask_usage(record, &self.world);
        view::series::ask_load(record, &self.world);
    }

    /// Runs until an instant, but not beyond so many events since the beginning, with the running command looking on after
    /// each event and when it asked to.
    fn run_to(&mut self, until: SimTime, most: u64, out_of_time: &mut dyn FnMut() -> bool) {
        let mut events = 0;
        loop {
            let wake = self.terminal.wakes_at().filter(|at| *at <= until);
            let event = self.world.next_at().filter(|at| *at <= until && self.world.events_done() < most);
            match (wake, event) {
                (None, None) => break,
                (Some(wake), event) if event.is_none_or(|event| wake < event) => {
                    self.world.run_until(wake);
                }
                _ => {
                    self.world.step();
                }
            }
            self.look_on();
            self.start_waiting();
            self.read_on();
            events += 1;
            if events % EVENTS_BETWEEN_LOOKS == 0 {
                self.history.advanced(&self.world);
                if out_of_time() {
                    return;
                }
            }
        }
        self.world.stand_at(until);
        self.history.advanced(&self.world);
    }

    fn look_on(&mut self) {
        if self.terminal.is_busy() {
            let before = self.world.store().revision();
            self.terminal.poll(&mut self.world);
            if self.world.store().revision() != before {
                self.history.acted(&self.world);
            }
            self.collect();
        }
    }

    fn collect(&mut self) {
        self.changes += 1;
        let at_ms = self.world.now().0 / 1000;
        for sent in self.terminal.take_sent(&mut self.world) {
            let requests = &mut self.line_mut().requests;
            let id = requests.last().map_or(1, |last| last.id + 1);
            requests.push(requests::view(id, at_ms, &sent));
        }
    }
}

/// Plays a script in a new cluster of a seed and gives the digest of what has become of it: the same natively and in a page.
pub fn digest_of_script(script: &str, seed: u64) -> String {
    let world = World::new(store::Settings { seed, ..store::Settings::default() });
    let mut player = Player::new(world, Session::default());
    script::transcript(&mut player, script);
    format!("{:016x}", player.world.digest())
}

fn namespace_of(target: &Target) -> &str {
    match target.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    }
}
