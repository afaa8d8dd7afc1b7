//! What the page has beside its cluster: a host page it is embedded in, scenarios, kept sessions. There is nothing of the web
//! in here.

use kubottle::playground::embed::{Embed, PageRequest};
use kubottle::playground::lesson;
use kubottle::playground::scenarios::{self, Scenario};
use kubottle::playground::{Playground, Unreadable};
use kubottle::view::Stream;

use crate::model::{Model, Terminal, MANIFEST_FILE};
use crate::msg::{Effect, StageTab, Theme};
use crate::shared::Shared;
use crate::text::Lang;

/// A link longer than this is cut off by some programs it may pass through.
const LINK_BYTES: usize = 8_000;
/// What was done is kept so long after it was.
const KEEP_AFTER_MS: f64 = 1_000.0;
/// While the clock runs, what time it is is kept so often.
const KEEP_EVERY_MS: f64 = 10_000.0;
/// A goal is looked for so long after something has changed.
const LOOK_AFTER_MS: f64 = 300.0;
/// The name the running session is kept under.
const CURRENT: &str = "current";
/// The name the list of sessions is kept under.
pub(crate) const NAMES: &str = "names";

/// What can happen here.
#[derive(Clone, PartialEq, Debug)]
pub enum GuestMsg {
    /// The host page says something.
    Host(String),
    /// The list of scenarios has come.
    List(Option<String>),
    /// Open a scenario.
    Open(String),
    /// A scenario has come.
    Bundle(String, Option<String>),
    /// The text of the lesson that this cluster is for has come.
    Lesson(Option<String>),
    /// Put the scenario's text away.
    Dismiss,
    /// The session of the last visit has come.
    Last(Option<String>),
    /// The names of kept sessions have come.
    Names(Option<String>),
    /// Keep this session under a name.
    SaveAs(String),
    /// It is kept under the name, or the browser refused it.
    Kept(String, bool),
    /// Open a kept session.
    Session(String),
    /// A kept session or a file has come.
    State(Option<String>),
    /// Forget a kept session.
    Delete(String),
    /// Go back to the cluster that was replaced.
    Undo,
    /// Save the session as a file.
    Download,
    /// Open a file.
    OpenFile,
    /// A newer page waits.
    UpdateWaits,
    /// Show it.
    Update,
}

/// What is to be done outside.
#[derive(Clone, PartialEq, Debug)]
pub enum GuestEffect {
    /// Say something to the host page.
    Tell(String),
    /// Fetch the list of scenarios.
    FetchList,
    /// Fetch a scenario.
    Fetch(String),
    /// Fetch the text of the lesson that this cluster is for.
    FetchLesson(String),
    /// Keep a text under a name.
    Keep(String, String),
    /// Forget it.
    Forget(String),
    /// Read a kept session.
    Read(String),
    /// Let the visitor choose a file.
    ChooseFile,
    /// Save a text as a file.
    Save(String, String),
    /// Show the newer page.
    Update,
}

/// What is known here.
#[derive(Default)]
pub struct Guest {
    /// The conversation with the host page, where there is one.
    pub embed: Option<Embed>,
    /// True where nothing may be typed.
    pub readonly: bool,
    /// True for who was never here.
    pub is_new: bool,
    /// True where the editor's text was kept from the last visit.
    pub kept_manifest: bool,
    /// The places an embedded page shows; all where it is empty.
    pub places: Vec<String>,
    /// Scenarios there are.
    pub list: Shared<Vec<scenarios::Entry>>,
    /// The scenario that is open.
    pub opened: Option<Shared<Scenario>>,
    /// Names of kept sessions.
    pub names: Shared<Vec<String>>,
    /// True where a newer page waits.
    pub update_waits: bool,
    /// True where a replaced cluster can be had back.
    pub can_undo: bool,
    pub(crate) replaced: Option<String>,
    pub(crate) kept_inputs: usize,
    pub(crate) keep_at_ms: Option<f64>,
    /// What the host page said while the scenario it asked for has not come.
    pub(crate) held: Option<Vec<String>>,
    pub(crate) look_at_ms: Option<f64>,
    pub(crate) looked_at: (u64, usize),
}

impl Model {
    /// Changes the model.
    pub(crate) fn guest(&mut self, msg: GuestMsg) -> Vec<Effect> {
        match msg {
            GuestMsg::Host(text) => self.host(&text),
            GuestMsg::List(text) => {
                self.guest.list = Shared::new(scenarios::list(&text.unwrap_or_default()));
                // Who is here for the first time has the first scenario's manifest before them, and is told what to do with it.
                if self.guest.is_new && self.playground.inputs() == 0 {
                    self.guest.opened = self.guest.list.first().map(|entry| Shared::new(entry.scenario.clone()));
                }
                Vec::new()
            }
            GuestMsg::Open(id) => does(GuestEffect::Fetch(id)),
            GuestMsg::Bundle(id, text) => {
                let mut effects = self.open_bundle(&id, text.as_deref());
                let held = self.guest.held.take().unwrap_or_default();
                effects.extend(held.iter().flat_map(|text| self.host(text)));
                effects
            }
            GuestMsg::Lesson(text) => {
                self.guest.opened = text.and_then(|text| lesson::described(&text)).map(Shared::new);
                Vec::new()
            }
            GuestMsg::Dismiss => {
                self.guest.opened = None;
                Vec::new()
            }
            GuestMsg::Last(state) => match state.map(|state| Playground::restore(&state)) {
                // Whoever was quicker than the storage goes on with what they have done.
                Some(Ok(playground)) if self.playground.inputs() == 0 => {
                    self.replace(playground);
                    self.guest.kept_inputs = self.playground.inputs() + self.playground.passed();
                    self.print(Stream::Note, self.lang.t("session.restored"));
                    self.playing = false;
                    // What is in the editor is newer than what was applied of it.
                    let own = self.playground.last_written().is_none_or(|(file, _)| file == MANIFEST_FILE);
                    let mut effects = match own && self.guest.kept_manifest {
                        true => Vec::new(),
                        false => self.edit_last(),
                    };
                    effects.extend(self.lesson_text());
                    effects
                }
                _ => Vec::new(),
            },
            GuestMsg::Names(text) => self.set_names(text.unwrap_or_default().lines().map(str::to_owned).collect()),
            GuestMsg::SaveAs(name) => self.save_as(name.trim()),
            GuestMsg::Kept(name, kept) => self.kept(name, kept),
            GuestMsg::Session(name) => does(GuestEffect::Read(format!("session/{name}"))),
            GuestMsg::State(text) => self.open_state(text),
            GuestMsg::Delete(name) => self.forget(name),
            GuestMsg::Undo => {
                let replaced = self.guest.replaced.take();
                self.toast = None;
                self.open_state(replaced)
            }
            GuestMsg::Download => does(GuestEffect::Save("session.kubottle".to_owned(), self.playground.share())),
            GuestMsg::OpenFile => does(GuestEffect::ChooseFile),
            GuestMsg::UpdateWaits => {
                self.guest.update_waits = true;
                Vec::new()
            }
            GuestMsg::Update => does(GuestEffect::Update),
        }
    }

    /// What the page asks for as it starts.
    pub fn guest_start(&self, scenario: Option<String>, linked: bool) -> Vec<Effect> {
        let mut effects = does(GuestEffect::FetchList);
        effects.extend(scenario.clone().into_iter().flat_map(|id| does(GuestEffect::Fetch(id))));
        effects.extend(self.lesson_text());
        if self.guest.embed.is_some() {
            effects.extend(does(GuestEffect::Tell(Embed::ready())));
        } else {
            effects.extend(does(GuestEffect::Read(NAMES.to_owned())));
            if scenario.is_none() && !linked {
                effects.extend(does(GuestEffect::Read(CURRENT.to_owned())));
            }
        }
        effects
    }

    /// What is due after each change: news for the host page, and keeping what was done.
    pub(crate) fn guest_news(&mut self) -> Vec<Effect> {
        let passed = self.look_for_goal();
        if let Some(embed) = &mut self.guest.embed {
            let mut news = embed.news(&mut self.playground);
            news.extend(passed);
            return news.into_iter().flat_map(|text| does(GuestEffect::Tell(text))).collect();
        }
        // A step that was passed is to be kept as soon as what was done for it.
        let inputs = self.playground.inputs() + self.playground.passed();
        let wait_ms = if inputs != self.guest.kept_inputs { KEEP_AFTER_MS } else { KEEP_EVERY_MS };
        if inputs != self.guest.kept_inputs || (self.playing && inputs > 0) {
            let at = self.now_ms + wait_ms;
            self.guest.keep_at_ms = Some(self.guest.keep_at_ms.map_or(at, |before| before.min(at)));
        }
        if self.guest.keep_at_ms.is_some_and(|at| self.now_ms >= at) {
            (self.guest.keep_at_ms, self.guest.kept_inputs) = (None, inputs);
            return does(GuestEffect::Keep(CURRENT.to_owned(), self.playground.share()));
        }
        Vec::new()
    }

    /// True where something is to be kept or looked for soon.
    pub(crate) fn guest_is_due(&self) -> bool {
        self.guest.keep_at_ms.is_some() || self.guest.look_at_ms.is_some()
    }

    /// Looks, a moment after each change, whether the lesson's step is passed; then there is news for the host page.
    fn look_for_goal(&mut self) -> Option<String> {
        let lesson = self.guest.opened.as_ref().filter(|opened| self.playground.passed() < opened.steps.len())?.clone();
        let state = (self.playground.revision(), self.playground.passed());
        if state != self.guest.looked_at {
            let at = self.now_ms + LOOK_AFTER_MS;
            self.guest.look_at_ms = Some(self.guest.look_at_ms.map_or(at, |before| before.min(at)));
        }
        if self.guest.look_at_ms.is_none_or(|at| self.now_ms < at) {
            return None;
        }
        (self.guest.look_at_ms, self.guest.looked_at) = (None, state);
        self.playground.pass(&lesson.steps).then(|| lesson::told(self.playground.scenario(), self.playground.passed()))
    }

    /// Asks for the text of the lesson that a restored cluster is for.
    fn lesson_text(&self) -> Vec<Effect> {
        let id = self.playground.scenario();
        if id.starts_with(lesson::PREFIX) {
            does(GuestEffect::FetchLesson(id.to_owned()))
        } else {
            Vec::new()
        }
    }

    /// Puts another cluster in the place of this one, which can be had back.
    pub(crate) fn replace(&mut self, playground: Playground) {
        let old = std::mem::replace(&mut self.playground, playground);
        if old.inputs() > 0 {
            self.guest.replaced = Some(old.share());
        }
        self.guest.can_undo = self.guest.replaced.is_some();
        self.guest.opened = None;
        self.guest.look_at_ms = None;
        if self.file != MANIFEST_FILE {
            self.file = MANIFEST_FILE.to_owned();
            self.manifest = std::mem::take(&mut self.manifest_kept);
        }
        self.check_at_ms = Some(self.now_ms);
        self.terminal = Terminal { history: std::mem::take(&mut self.terminal.history), ..Terminal::default() };
        (self.selected, self.shown_request) = (None, None);
        self.shown_revision = u64::MAX;
    }

    /// A link, or a file where a link would be too long.
    pub(crate) fn share(&mut self) -> Vec<Effect> {
        let state = self.playground.share();
        if state.len() <= LINK_BYTES {
            return vec![Effect::ShareLink(state)];
        }
        self.say(self.lang.t("share.file"));
        does(GuestEffect::Save("session.kubottle".to_owned(), state))
    }

    /// Why a link or a file cannot be read.
    pub(crate) fn unreadable(&self, why: Unreadable) -> &'static str {
        self.lang.t(match why {
            Unreadable::Damaged => "link.damaged",
            Unreadable::Newer => "link.newer",
            Unreadable::Older => "link.older",
            Unreadable::TooLarge => "link.too-large",
        })
    }

    fn host(&mut self, text: &str) -> Vec<Effect> {
        if let Some(held) = &mut self.guest.held {
            held.push(text.to_owned());
            return Vec::new();
        }
        let Some(embed) = &mut self.guest.embed else { return Vec::new() };
        let received = embed.receive(&mut self.playground, text);
        let mut effects: Vec<Effect> = received.replies.into_iter().flat_map(|r| does(GuestEffect::Tell(r))).collect();
        match received.page {
            Some(PageRequest::Play(speed)) => {
                self.speed = speed.unwrap_or(self.speed);
                self.playing = true;
                self.last_frame_ms = None;
            }
            Some(PageRequest::Pause) => self.playing = false,
            Some(PageRequest::Set { lang, theme, view }) => {
                if let Some(lang) = lang {
                    self.lang = Lang::of_tag(&lang);
                    effects.push(Effect::Language(self.lang));
                }
                if let Some(theme) = theme {
                    self.theme = Theme::of_code(&theme);
                    effects.push(Effect::Theme(self.theme));
                }
                if let Some(view) = view {
                    self.show_places(&view);
                }
            }
            Some(PageRequest::Changed) => self.shown_revision = u64::MAX,
            None => {}
        }
        effects
    }

    /// Shows the places of a list such as `map,terminal`; the first view of the stage among them is opened.
    pub(crate) fn show_places(&mut self, list: &str) {
        self.guest.places = list.split(',').filter(|place| !place.is_empty()).map(str::to_owned).collect();
        if let Some(tab) = self.guest.places.iter().find_map(|place| StageTab::of_code(place)) {
            self.stage = tab;
        }
    }

    fn open_bundle(&mut self, id: &str, text: Option<&str>) -> Vec<Effect> {
        let Some(Ok(opened)) = text.map(|text| scenarios::open(id, text)) else {
            match id.strip_prefix(lesson::PREFIX) {
                Some(name) => self.tell(&self.lang.with("lesson.missing", &[name])),
                None => self.tell(&self.lang.with("scenario.missing", &[id])),
            }
            return Vec::new();
        };
        self.replace(opened.playground);
        // Whoever embeds it may have asked for another view.
        if !self.guest.places.iter().any(|place| StageTab::of_code(place).is_some()) {
            self.stage = StageTab::of_code(&opened.scenario.view).unwrap_or_default();
        }
        let first = opened.scenario.files.first().cloned();
        self.guest.opened = Some(Shared::new(opened.scenario));
        (self.playing, self.last_frame_ms) = (true, None);
        self.say_replaced();
        let text = first.as_ref().and_then(|name| self.playground.read(name)).unwrap_or_default().to_owned();
        self.open_file(first.unwrap_or_else(|| MANIFEST_FILE.to_owned()), text)
    }

    /// Says that the cluster is another, where the one before can be had back.
    pub(crate) fn say_replaced(&mut self) {
        if self.guest.can_undo {
            self.say_undoable(self.lang.t("session.replaced"));
        }
    }

    fn open_state(&mut self, text: Option<String>) -> Vec<Effect> {
        match text.map(|text| Playground::restore(text.trim())) {
            Some(Ok(playground)) => {
                self.replace(playground);
                self.playing = false;
                self.say_replaced();
                let mut effects = self.edit_last();
                effects.extend(self.lesson_text());
                effects
            }
            Some(Err(why)) => {
                self.say(self.unreadable(why));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn edit_last(&mut self) -> Vec<Effect> {
        match self.playground.last_written() {
            Some((file, text)) if file == MANIFEST_FILE => {
                self.manifest = text.clone();
                vec![Effect::EditorText(text)]
            }
            Some((file, text)) => self.open_file(file, text),
            None => vec![Effect::EditorText(self.manifest.clone())],
        }
    }
}

pub(crate) fn does(effect: GuestEffect) -> Vec<Effect> {
    vec![Effect::Guest(effect)]
}
