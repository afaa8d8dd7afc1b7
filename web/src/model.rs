//! What the page knows. There is nothing of the web in here.

use std::rc::Rc;

use kubottle::playground::embed::Embed;
use kubottle::playground::{Playground, Settings};
use kubottle::view::chart::Chart;
use kubottle::view::record::Happening;
use kubottle::view::rules::RulesView;
use kubottle::view::scene::Scene;
use kubottle::view::timeline::{TimelineScene, Window};
use kubottle::view::topology::Topology;
use kubottle::view::{BranchView, ClockView, EventRow, Inspector, Mark, RequestView, Stream, Target, TerminalLine};

use crate::guest::Guest;
use crate::load::LoadCurve;
use crate::msg::{Ask, Facet, Pane, SideTab, StageTab, Theme};
use crate::shared::Shared;
use crate::text::Lang;

/// The speeds there are, in seconds of the cluster per second.
pub const SPEEDS: [f64; 9] = [0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 1000.0];
/// The name the manifest has in the terminal.
pub const MANIFEST_FILE: &str = "manifest.yaml";
/// What a new visitor finds in the editor: the first scenario's manifest.
const FIRST_MANIFEST: &str = include_str!("../../static/scenarios/tomcat/tomcat.yaml");
/// Blocks of text the terminal keeps.
const TERMINAL_BLOCKS: usize = 400;

/// All that is shown of charts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ChartsView {
    /// What there are charts of, as `Kind/namespace/name`.
    pub subjects: Vec<String>,
    /// What is shown.
    pub subject: String,
    /// Its charts.
    pub charts: Vec<Rc<Chart>>,
    /// What part of time they show.
    pub window: Window,
    /// How wide they are.
    pub width: f32,
    /// What load can be sent to.
    pub targets: Vec<String>,
}

/// The terminal.
#[derive(Default)]
pub struct Terminal {
    /// What it shows, in blocks of text.
    pub lines: Shared<Vec<Rc<TerminalLine>>>,
    /// The command line as typed so far.
    pub input: String,
    /// What stands in front of the command line.
    pub prompt: String,
    /// Words that would complete it.
    pub candidates: Shared<Vec<String>>,
    /// Earlier command lines.
    pub(crate) history: Vec<String>,
    pub(crate) recalled: Option<usize>,
    pub(crate) next_id: u64,
}

/// Everything the page knows.
pub struct Model {
    /// The cluster.
    pub playground: Playground,
    /// True while the clock runs.
    pub playing: bool,
    /// Seconds of the cluster per second.
    pub speed: f64,
    /// The clock.
    pub clock: ClockView,
    /// True while an earlier moment is looked at.
    pub looking_back: bool,
    /// The cluster as shown.
    pub topology: Shared<Topology>,
    /// The cluster as drawn.
    pub scene: Shared<Scene>,
    /// The event list.
    pub events: Shared<Vec<EventRow>>,
    /// Requests, newest first.
    pub requests: Shared<Vec<RequestView>>,
    /// The one whose way is shown.
    pub shown_request: Option<u32>,
    /// What the form for requests says.
    pub ask: Ask,
    /// What kube-proxy balances with.
    pub mode: &'static str,
    /// The rules of a node.
    pub rules: Shared<RulesView>,
    /// The node whose rules are shown; the first where it is empty.
    pub rules_node: String,
    /// Only rules that contain this are shown.
    pub rules_filter: String,
    /// True where only rules are shown that the request met.
    pub only_met: bool,
    /// What is looked at.
    pub selected: Option<Target>,
    /// The node whose menu is open on the map.
    pub menu: Option<String>,
    /// What is known of it; nothing where it is gone.
    pub inspector: Option<Shared<Inspector>>,
    /// Tabs.
    pub stage: StageTab,
    /// Tabs.
    pub side: SideTab,
    /// Tabs.
    pub facet: Facet,
    /// Tabs of a small screen.
    pub pane: Pane,
    /// True where the stage is shown as text.
    pub as_text: bool,
    /// How much of time timeline and charts show, in milliseconds; 0 for all.
    pub span_ms: u64,
    /// The lives of the pods as drawn.
    pub timeline: Shared<TimelineScene>,
    /// The charts.
    pub charts: Shared<ChartsView>,
    /// What the charts are to be of; empty for what has most to show.
    pub chart_of: String,
    /// The load drawn by hand.
    pub load: LoadCurve,
    /// The moment on the charts that is pointed at.
    pub hover_ms: Option<u64>,
    /// True where the map shows what a new cluster brings with it.
    pub show_system: bool,
    /// The terminal.
    pub terminal: Terminal,
    /// The name of the file in the editor.
    pub file: String,
    /// The names of all files.
    pub files: Shared<Vec<String>>,
    /// The manifest, while another file is in the editor.
    pub(crate) manifest_kept: String,
    /// What happened when, for the time slider.
    pub happenings: Shared<Vec<Happening>>,
    /// The branches of history, and the number of the one that is shown.
    pub branches: Shared<(Vec<BranchView>, u32)>,
    /// The text in the editor.
    pub manifest: String,
    /// Its marks.
    pub marks: Shared<Vec<Mark>>,
    /// Host page, scenarios and kept sessions.
    pub guest: Guest,
    /// A message that goes away by itself.
    pub toast: Option<String>,
    /// True where the message says what can be taken back.
    pub toast_undoes: bool,
    /// Language.
    pub lang: Lang,
    /// Colours.
    pub theme: Theme,
    pub(crate) map_width: f32,
    pub(crate) now_ms: f64,
    pub(crate) last_frame_ms: Option<f64>,
    pub(crate) check_at_ms: Option<f64>,
    pub(crate) toast_for_ms: f64,
    pub(crate) toast_until_ms: Option<f64>,
    pub(crate) inspected_at_ms: f64,
    pub(crate) inspected: (u64, Option<Target>),
    pub(crate) shown_revision: u64,
    pub(crate) timed: (u64, u64, u64, bool),
    pub(crate) timed_at_ms: f64,
    pub(crate) stale: [bool; 3],
    pub(crate) turn: usize,
    pub(crate) ruled: (u64, String, Option<u32>),
}

/// What the page starts with.
#[derive(Default)]
pub struct Start {
    /// The state in the link.
    pub state: Option<String>,
    /// The manifest of the last visit.
    pub manifest: Option<String>,
    /// Language.
    pub lang: Lang,
    /// Colours.
    pub theme: Theme,
    /// True inside another page.
    pub embedded: bool,
    /// True where nothing may be typed.
    pub readonly: bool,
    /// What to show, as in `?view=`.
    pub view: String,
    /// Seconds of the cluster per second.
    pub speed: Option<f64>,
    /// The scenario or the lesson to open.
    pub scenario: Option<String>,
}

impl Model {
    /// The page as it starts.
    pub fn new(start: Start) -> Model {
        let shared = start.state.as_deref().map(Playground::restore);
        let unreadable = shared.as_ref().and_then(|shared| shared.as_ref().err().copied());
        let shared = shared.and_then(Result::ok);
        let opened = shared.is_some();
        let is_new = !opened && start.manifest.is_none() && start.scenario.is_none() && !start.embedded;
        let kept_manifest = start.manifest.is_some();
        let playground = shared.unwrap_or_else(|| Playground::new(Settings::default()));
        let own = start.manifest.unwrap_or_else(|| FIRST_MANIFEST.to_owned());
        let (file, manifest) = playground.last_written().unwrap_or_else(|| (MANIFEST_FILE.to_owned(), own.clone()));
        let mut model = Model {
            playground,
            playing: !opened,
            speed: start.speed.unwrap_or(1.0),
            clock: ClockView::default(),
            looking_back: false,
            topology: Shared::default(),
            scene: Shared::default(),
            events: Shared::default(),
            requests: Shared::default(),
            shown_request: None,
            ask: Ask { source: "outside".to_owned(), target: String::new(), count: 1 },
            mode: "",
            rules: Shared::default(),
            rules_node: String::new(),
            rules_filter: String::new(),
            only_met: true,
            selected: None,
            menu: None,
            inspector: None,
            stage: StageTab::default(),
            side: SideTab::default(),
            facet: Facet::default(),
            pane: Pane::default(),
            as_text: false,
            span_ms: 0,
            timeline: Shared::default(),
            charts: Shared::default(),
            chart_of: String::new(),
            load: LoadCurve::default(),
            hover_ms: None,
            show_system: false,
            terminal: Terminal::default(),
            manifest,
            file,
            files: Shared::default(),
            manifest_kept: own,
            happenings: Shared::default(),
            branches: Shared::default(),
            marks: Shared::default(),
            guest: Guest {
                embed: start.embedded.then(Embed::default),
                readonly: start.readonly,
                is_new,
                kept_manifest,
                held: (start.embedded && start.scenario.is_some()).then(Vec::new),
                ..Guest::default()
            },
            toast: None,
            toast_undoes: false,
            lang: start.lang,
            theme: start.theme,
            map_width: 0.0,
            now_ms: 0.0,
            last_frame_ms: None,
            check_at_ms: Some(0.0),
            toast_for_ms: 0.0,
            toast_until_ms: None,
            inspected_at_ms: 0.0,
            inspected: (0, None),
            shown_revision: u64::MAX,
            timed: (0, 0, 0, false),
            timed_at_ms: 0.0,
            stale: [true; 3],
            turn: 0,
            ruled: (u64::MAX, String::new(), None),
        };
        model.print(Stream::Note, start.lang.t("terminal.welcome"));
        if let Some(why) = unreadable {
            model.print(Stream::Err, model.unreadable(why));
        }
        model.show_places(&start.view);
        model.refresh();
        model
    }

    /// True where pictures must follow one another.
    pub fn is_moving(&self) -> bool {
        self.playing
            || self.guest_is_due()
            || self.check_at_ms.is_some()
            || self.toast.is_some()
            || self.inspector_is_stale()
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.toast = Some(text.to_owned());
        self.toast_undoes = false;
        // No picture was drawn while nothing moved, so that what time it is is known with the next one.
        (self.toast_for_ms, self.toast_until_ms) = (4000.0, None);
    }

    /// Says what stays to be read in the terminal, too.
    pub(crate) fn tell(&mut self, text: &str) {
        self.print(Stream::Err, text);
        self.say(text);
    }

    /// Says what has happened and offers to take it back.
    pub(crate) fn say_undoable(&mut self, text: &str) {
        self.say(text);
        if self.guest.can_undo {
            self.toast_undoes = true;
            self.toast_for_ms = 12_000.0;
        }
    }

    pub(crate) fn print(&mut self, stream: Stream, text: &str) {
        let terminal = &mut self.terminal;
        let mut lines: Vec<Rc<TerminalLine>> = terminal.lines.to_vec();
        if lines.len() >= TERMINAL_BLOCKS {
            lines.drain(..lines.len() - TERMINAL_BLOCKS + 1);
        }
        // What a command prints bit by bit stays one block.
        match lines.last() {
            Some(last) if last.stream == stream && stream != Stream::Input && last.text.len() < 20_000 => {
                let text = format!("{}\n{text}", last.text);
                let id = last.id;
                lines.pop();
                lines.push(Rc::new(TerminalLine { id, stream, text }));
            }
            _ => {
                terminal.next_id += 1;
                lines.push(Rc::new(TerminalLine { id: terminal.next_id, stream, text: text.to_owned() }));
            }
        }
        terminal.lines = Shared::new(lines);
    }
}
