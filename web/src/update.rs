//! How the page changes: a message in, a changed model, and what is to be done outside. There is nothing of the web in here.

use kubottle::playground::{Playground, Settings};
use kubottle::view::{Completion, Stream, Target};

use crate::files::changes;
use crate::model::{Model, MANIFEST_FILE};
use crate::msg::{Ask, Effect, Facet, Msg, Pane, SideTab, StageTab};
use crate::shared::Shared;

/// Texts longer than this are looked at only when the editor rests.
const SHORT_TEXT_BYTES: usize = 200_000;
/// How long the editor must rest then.
const CHECK_AFTER_MS: f64 = 400.0;

impl Model {
    /// Changes the model. `out_of_time` says when the cluster has had its share of this picture.
    pub fn update(&mut self, msg: Msg, out_of_time: &mut dyn FnMut() -> bool) -> Vec<Effect> {
        if self.guest.readonly && changes(&msg) {
            self.say(self.lang.t("readonly"));
            return Vec::new();
        }
        let mut effects = match msg {
            Msg::Frame(now_ms) => self.frame(now_ms, out_of_time),
            Msg::TogglePlay => self.play(!self.playing),
            Msg::Step => {
                self.playing = false;
                self.playground.step();
                Vec::new()
            }
            Msg::Speed(speed) => {
                self.speed = speed;
                Vec::new()
            }
            Msg::Seek(ms) => {
                self.playing = false;
                self.playground.seek(ms);
                Vec::new()
            }
            Msg::Reset => self.reset(),
            Msg::Manifest(text) => {
                self.manifest = text;
                let rest_ms = if self.manifest.len() > SHORT_TEXT_BYTES { CHECK_AFTER_MS } else { 0.0 };
                self.check_at_ms = Some(self.now_ms + rest_ms);
                self.keep_manifest()
            }
            Msg::OpenFile(name) => self.switch_file(name),
            Msg::NewFile => self.new_file(),
            Msg::Branch(id) => {
                self.playing = false;
                self.playground.switch(id);
                Vec::new()
            }
            Msg::Apply => self.apply(),
            Msg::Fix(edit) => vec![Effect::Edit(edit)],
            Msg::GoToLine(line) => vec![Effect::EditorLine(line)],
            Msg::Select(target) => self.select(target),
            Msg::Menu(node) => set(&mut self.menu, node),
            Msg::Do(line) => {
                self.menu = None;
                self.pane = Pane::Terminal;
                self.make_room();
                self.run(&line);
                self.play(true)
            }
            Msg::Facet(facet) => set(&mut self.facet, facet),
            Msg::Stage(tab) => set(&mut self.stage, tab),
            Msg::ToggleText => {
                self.as_text = !self.as_text;
                Vec::new()
            }
            Msg::Span(ms) => set(&mut self.span_ms, ms),
            Msg::Side(tab) => set(&mut self.side, tab),
            Msg::Pane(pane) => set(&mut self.pane, pane),
            Msg::ToggleSystem => {
                self.show_system = !self.show_system;
                self.draw();
                self.list_events();
                Vec::new()
            }
            Msg::MapWidth(width) => {
                self.map_width = width;
                self.draw();
                Vec::new()
            }
            Msg::Typed(text) => {
                self.terminal.candidates = Shared::default();
                set(&mut self.terminal.input, text)
            }
            Msg::Run if self.playground.is_open(&self.terminal.input) => {
                self.terminal.input.push('\n');
                Vec::new()
            }
            Msg::Run if self.playground.wants_texts(&self.terminal.input) => vec![Effect::LoadTexts],
            Msg::Texts(docs, help) => {
                self.playground.set_texts(&docs, &help);
                let line = std::mem::take(&mut self.terminal.input);
                self.run(&line)
            }
            Msg::Run => {
                let line = std::mem::take(&mut self.terminal.input);
                self.run(&line)
            }
            Msg::Interrupt => self.interrupt(),
            Msg::Clear => set(&mut self.terminal.lines, Shared::default()),
            Msg::Complete => self.complete(),
            Msg::Recall(earlier) => self.recall(earlier),
            Msg::Send(target) => self.send(&target),
            Msg::ChartOf(name) => set(&mut self.chart_of, name),
            Msg::Hover(at_ms) => set(&mut self.hover_ms, at_ms),
            Msg::Load(curve) => set(&mut self.load, curve),
            Msg::LoadChanged => match self.load.elapsed_s(self.clock.now_ms) {
                Some(elapsed_s) => self.send_load(elapsed_s),
                None => Vec::new(),
            },
            Msg::LoadStart => {
                self.load.began_ms = Some(self.clock.now_ms);
                self.send_load(0.0)
            }
            Msg::LoadStop => {
                self.load.began_ms = None;
                self.make_room();
                let target = self.load.target.split(' ').next().unwrap_or("").to_owned();
                self.run(&format!("load stop {target}"))
            }
            Msg::Export(file) => vec![Effect::Export(file)],
            Msg::Ask(ask) => set(&mut self.ask, ask),
            Msg::SendAsked => {
                let line = asked_line(&self.ask);
                self.make_room();
                self.run(&line)
            }
            Msg::ProxyMode(mode) => {
                self.make_room();
                self.run(&format!("proxy-mode {mode}"))
            }
            Msg::RulesNode(node) => set(&mut self.rules_node, node),
            Msg::ShowRules(node) => {
                (self.stage, self.rules_node) = (StageTab::Rules, node);
                Vec::new()
            }
            Msg::RulesFilter(text) => set(&mut self.rules_filter, text),
            Msg::ToggleMet => {
                self.only_met = !self.only_met;
                Vec::new()
            }
            Msg::ShowRequest(id) => set(&mut self.shown_request, id),
            Msg::Share => self.share(),
            Msg::Guest(msg) => self.guest(msg),
            Msg::Copied(done) => {
                self.say(self.lang.t(if done { "copied" } else { "copied.not" }));
                Vec::new()
            }
            Msg::Language(lang) => {
                self.lang = lang;
                vec![Effect::Language(lang), Effect::Keep("lang", lang.code().to_owned())]
            }
            Msg::Theme(theme) => {
                self.theme = theme;
                vec![Effect::Theme(theme), Effect::Keep("theme", theme.code().to_owned())]
            }
        };
        self.refresh();
        if let Some((path, text)) = self.playground.take_editing() {
            effects = self.open_file(path, text);
        }
        effects.extend(self.guest_news());
        effects
    }

    fn frame(&mut self, now_ms: f64, out_of_time: &mut dyn FnMut() -> bool) -> Vec<Effect> {
        self.now_ms = now_ms;
        if self.playing {
            // After a pause of the browser (another tab, a sleeping machine) the cluster does not catch up.
            let real_ms = self.last_frame_ms.map_or(0.0, |last| (now_ms - last).clamp(0.0, 100.0));
            self.playground.advance((real_ms * self.speed * 1000.0) as u64, out_of_time);
        }
        self.last_frame_ms = self.playing.then_some(now_ms);
        if self.toast.is_some() && now_ms >= *self.toast_until_ms.get_or_insert(now_ms + self.toast_for_ms) {
            self.toast = None;
        }
        if self.check_at_ms.is_some_and(|at| now_ms >= at) {
            self.check_at_ms = None;
            let marks = if self.is_manifest() { self.playground.check(&self.manifest) } else { Vec::new() };
            if self.marks.renew(marks) {
                return vec![Effect::EditorMarks(self.marks.clone())];
            }
        }
        Vec::new()
    }

    pub(crate) fn play(&mut self, playing: bool) -> Vec<Effect> {
        self.playing = playing;
        self.last_frame_ms = None;
        Vec::new()
    }

    fn reset(&mut self) -> Vec<Effect> {
        self.replace(Playground::new(Settings::default()));
        self.print(Stream::Note, self.lang.t("terminal.welcome"));
        self.say_replaced();
        self.play(true);
        vec![Effect::EditorText(self.manifest.clone())]
    }

    fn select(&mut self, target: Option<Target>) -> Vec<Effect> {
        let same_kind = target.as_ref().map(|t| &t.kind) == self.selected.as_ref().map(|t| &t.kind);
        if !same_kind && self.facet == Facet::Logs {
            self.facet = Facet::Summary;
        }
        if target.is_some() && target != self.selected {
            self.pane = Pane::Inspector;
        }
        self.selected = target;
        Vec::new()
    }

    pub(crate) fn run(&mut self, line: &str) -> Vec<Effect> {
        // The editor's files are the terminal's.
        if self.file != MANIFEST_FILE || line.contains(MANIFEST_FILE) {
            self.write_file();
        }
        self.print(Stream::Input, &format!("{} {}", self.playground.prompt(), line.replace('\n', "\n> ")));
        self.terminal.candidates = Shared::default();
        self.terminal.recalled = None;
        let line = line.trim();
        if line.is_empty() {
            return Vec::new();
        }
        if line == "clear" {
            self.terminal.lines = Shared::default();
            return Vec::new();
        }
        if self.terminal.history.last().map(String::as_str) != Some(line) {
            self.terminal.history.push(line.to_owned());
        }
        self.playground.exec(line);
        // A command that waits, waits for the clock.
        if self.playground.busy() {
            return self.play(true);
        }
        Vec::new()
    }

    /// Ends what still runs, for a command that does not come from the command line.
    pub(crate) fn make_room(&mut self) {
        if self.playground.busy() {
            self.interrupt();
        }
    }

    fn interrupt(&mut self) -> Vec<Effect> {
        if self.playground.busy() {
            self.playground.cancel();
            self.print(Stream::Note, "^C");
        } else {
            let line = std::mem::take(&mut self.terminal.input);
            self.print(Stream::Input, &format!("$ {line}^C"));
        }
        Vec::new()
    }

    fn complete(&mut self) -> Vec<Effect> {
        let Completion { line, candidates } = self.playground.complete(&self.terminal.input);
        self.terminal.input = line;
        self.terminal.candidates = Shared::new(candidates);
        Vec::new()
    }

    fn recall(&mut self, earlier: bool) -> Vec<Effect> {
        let history = &self.terminal.history;
        let at = self.terminal.recalled.unwrap_or(history.len());
        let to = if earlier { at.saturating_sub(1) } else { (at + 1).min(history.len()) };
        self.terminal.input = history.get(to).cloned().unwrap_or_default();
        self.terminal.recalled = (to < history.len()).then_some(to);
        Vec::new()
    }

    /// Sends what is left of the curve, in place of what was sent before.
    fn send_load(&mut self, from_s: f64) -> Vec<Effect> {
        let (file, text, commands) = self.load.commands(from_s);
        self.make_room();
        self.playground.write(file, &text);
        for line in commands {
            self.playground.queue(&line);
        }
        self.play(true)
    }

    /// A request from the map is a command like any other, so that the terminal shows how to do the same by hand.
    fn send(&mut self, target: &Target) -> Vec<Effect> {
        let Some(line) = self.request_line(target) else { return Vec::new() };
        self.make_room();
        (self.side, self.pane) = (SideTab::Requests, Pane::Side);
        self.run(&line)
    }

    fn request_line(&self, target: &Target) -> Option<String> {
        if target.kind == "nodeport" {
            let node = self.topology.nodes.iter().find(|n| n.ready).or(self.topology.nodes.first())?;
            return Some(format!("from outside curl {}:{}", node.ip, target.name));
        }
        let service =
            self.topology.services.iter().find(|s| s.name == target.name && s.namespace == target.namespace)?;
        let port = service.ports.first()?.port;
        let host = match service.namespace.as_str() {
            "default" => service.name.clone(),
            namespace => format!("{}.{namespace}", service.name),
        };
        Some(format!("curl {host}:{port}"))
    }
}

/// The command that sends what the form says.
fn asked_line(ask: &Ask) -> String {
    let times = if ask.count > 1 { format!("stream {} ", ask.count) } else { String::new() };
    let from = if ask.source.is_empty() { String::new() } else { format!("from {} ", ask.source) };
    format!("{times}{from}curl {}", ask.target.trim())
}

fn set<T>(place: &mut T, value: T) -> Vec<Effect> {
    *place = value;
    Vec::new()
}
