//! L6: the facade: a cluster with its clock, its terminal and its past, for a page or a command line. Inputs in, plain data
//! out. It decides nothing about Kubernetes.

mod complete;
pub mod embed;
mod inputs;
pub mod journal;
pub mod lesson;
mod requests;
pub mod scenarios;
mod shown;
mod terminal;
mod timing;

use std::collections::VecDeque;

use self::journal::{Entry, Input, Record};
use self::terminal::Terminal;
use self::timing::EVENTS_BETWEEN_LOOKS;
use crate::base::time::SimTime;
use crate::cluster::{History, World};
use crate::kubectl::player::Player;
use crate::kubectl::{script, Session};
use crate::lesson::scenario::Scenario;
use crate::store;
use crate::view::observe::Observer;
use crate::view::{self, RequestView};

pub use self::journal::Unreadable;
pub use self::terminal::Finished;

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
    /// So many steps of the lesson are passed.
    passed: u32,
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
            passed: 0,
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
        (playground.scenario, playground.passed) = (record.scenario, record.passed);
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
        Record { seed, nodes, scenario, passed: self.passed, now_us: self.world.now().0, entries }.to_text()
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

    /// Another number whenever what is shown may be another.
    pub fn revision(&self) -> u64 {
        (self.changes << 40) ^ self.world.store().revision()
    }
}

/// Plays a script in a new cluster of a seed and gives the digest of what has become of it: the same natively and in a page.
pub fn digest_of_script(script: &str, seed: u64) -> String {
    let world = World::new(store::Settings { seed, ..store::Settings::default() });
    let mut player = Player::new(world, Session::default());
    script::transcript(&mut player, script);
    format!("{:016x}", player.world.digest())
}
