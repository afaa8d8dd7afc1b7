//! The page as a whole: hands messages to the model, does what the model asks for outside, and puts the places together.

use gloo::render::AnimationFrame;
use kubottle::view::chart::{csv, Chart};
use yew::prelude::*;

use super::charts::{sheets, svg_file};
use super::editor::{EditorHandle, ManifestEditor};
use super::header::Header;
use super::inspector::InspectorPanel;
use super::lesson::LessonPanel;
use super::side::SidePanel;
use super::stage::stage;
use super::tabs::{Tab, Tabs};
use super::terminal::TerminalPanel;
use super::Send;
use crate::guest::{GuestEffect, GuestMsg};
use crate::model::Model;
use crate::msg::{ChartFile, Effect, Msg, Pane, SideTab};
use crate::platform;
use crate::plot::{paint, HEIGHT, TONES};
use crate::site;

/// How long the cluster may work before a picture is drawn.
const BUDGET_MS: f64 = 8.0;

/// The page.
pub struct App {
    model: Model,
    send: Send,
    editor: EditorHandle,
    frame: Option<AnimationFrame>,
}

impl App {
    fn perform(&self, effect: Effect) {
        match effect {
            Effect::Keep(name, value) => platform::keep(name, &value),
            Effect::Export(file) => self.export(file),
            Effect::EditorText(text) => self.editor.set_text(&text),
            Effect::Edit(edit) => self.editor.edit(&edit),
            Effect::EditorMarks(marks) => self.editor.set_marks(&marks),
            Effect::EditorLine(line) => self.editor.go_to(line),
            Effect::ShareLink(state) => {
                let send = self.send.clone();
                platform::share_link(&state, move |done| send.emit(Msg::Copied(done)));
            }
            Effect::Language(lang) => platform::set_language(lang),
            Effect::Theme(theme) => platform::set_theme(theme),
            Effect::LoadTexts => {
                let send = self.send.clone();
                site::fetch("schema-docs.txt", move |docs| {
                    site::fetch("kubectl-help.txt", move |help| {
                        send.emit(Msg::Texts(docs.unwrap_or_default(), help.unwrap_or_default()));
                    });
                });
            }
            Effect::Guest(effect) => self.perform_guest(effect),
        }
    }

    fn perform_guest(&self, effect: GuestEffect) {
        let send = self.send.clone();
        let tell = move |msg: GuestMsg| send.emit(Msg::Guest(msg));
        match effect {
            GuestEffect::Tell(text) => site::tell(&text),
            GuestEffect::FetchLesson(id) => {
                site::fetch(&bundle_path(&id), move |text| tell(GuestMsg::Lesson(text)));
            }
            GuestEffect::FetchList => site::fetch("scenarios/index.json", move |text| tell(GuestMsg::List(text))),
            GuestEffect::Fetch(id) => {
                site::fetch(&bundle_path(&id), move |text| tell(GuestMsg::Bundle(id, text)));
            }
            GuestEffect::Keep(name, text) => {
                let session = name.strip_prefix("session/").map(str::to_owned);
                site::keep(&name, &text, move |kept| {
                    if let Some(session) = session {
                        tell(GuestMsg::Kept(session, kept));
                    }
                });
            }
            GuestEffect::Forget(name) => site::forget(&name),
            GuestEffect::Read(name) => {
                let kind: fn(Option<String>) -> GuestMsg = match name.as_str() {
                    "names" => GuestMsg::Names,
                    "current" => GuestMsg::Last,
                    _ => GuestMsg::State,
                };
                site::kept(&name, move |text| tell(kind(text)));
            }
            GuestEffect::ChooseFile => site::open_file(move |text| tell(GuestMsg::State(text))),
            GuestEffect::Save(name, text) => platform::download(&name, "text/plain", &text),
            GuestEffect::Update => site::update(),
        }
    }

    fn export(&self, file: ChartFile) {
        let (view, lang) = (&self.model.charts, self.model.lang);
        let colours = platform::colours(&TONES);
        match file {
            ChartFile::Csv => {
                let charts: Vec<Chart> = view.charts.iter().map(|chart| (**chart).clone()).collect();
                platform::download("kubottle.csv", "text/csv", &csv(&charts));
            }
            ChartFile::Svg => platform::download("kubottle.svg", "image/svg+xml", &svg_file(lang, view, &colours)),
            ChartFile::Png => {
                let sheets = sheets(lang, view);
                let height = sheets.len() as f32 * (HEIGHT + 24.0);
                platform::download_picture("kubottle.png", view.width, height, |context| {
                    sheets.iter().for_each(|(top, strokes)| paint(context, strokes, &colours, *top));
                });
            }
        }
    }

    fn ask_for_frame(&mut self) {
        if self.frame.is_none() && self.model.is_moving() {
            let send = self.send.clone();
            self.frame = Some(platform::on_next_frame(move |at_ms| send.emit(Msg::Frame(at_ms))));
        }
    }

    fn panes(&self) -> Html {
        let lang = self.model.lang;
        let tab = |pane: Pane, label: &'static str| Tab {
            label: lang.t(label).into(),
            badge: None,
            selected: self.model.pane == pane,
            msg: Msg::Pane(pane),
        };
        let tabs = vec![
            tab(Pane::Files, "editor.title"),
            tab(Pane::Terminal, "terminal"),
            tab(Pane::Inspector, "inspector"),
            tab(Pane::Side, "events"),
        ];
        html! { <div class="panes"><Tabs label={lang.t("pane")} {tabs} send={self.send.clone()} /></div> }
    }
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> App {
        let start = platform::start();
        platform::set_language(start.lang);
        platform::set_theme(start.theme);
        let send: Send = ctx.link().callback(|msg| msg);
        let (scenario, linked) = (start.scenario.clone(), start.state.is_some());
        let app = App { model: Model::new(start), send, editor: EditorHandle::default(), frame: None };
        let (host, newer) = (app.send.clone(), app.send.clone());
        site::listen(move |text| host.emit(Msg::Guest(GuestMsg::Host(text))));
        site::work_offline(move || newer.emit(Msg::Guest(GuestMsg::UpdateWaits)));
        for effect in app.model.guest_start(scenario, linked) {
            app.perform(effect);
        }
        app
    }

    fn update(&mut self, _ctx: &Context<Self>, msg: Msg) -> bool {
        if matches!(msg, Msg::Frame(_)) {
            self.frame = None;
        }
        let until_ms = platform::real_ms() + BUDGET_MS;
        for effect in self.model.update(msg, &mut || platform::real_ms() >= until_ms) {
            self.perform(effect);
        }
        self.ask_for_frame();
        true
    }

    fn rendered(&mut self, _ctx: &Context<Self>, first: bool) {
        if first {
            self.ask_for_frame();
        }
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        let m = &self.model;
        let send = || self.send.clone();
        let pane = match m.pane {
            Pane::Files => "files",
            Pane::Terminal => "terminal",
            Pane::Inspector => "inspector",
            Pane::Side => "side",
        };
        // Tenths of a second are all that is shown of the clock: no need to draw it more often.
        let mut clock = m.clock;
        clock.now_ms -= clock.now_ms % 100;
        clock.latest_ms -= clock.latest_ms % 100;
        clock.next_event_in_ms = None;
        let shown = m.shown_request.and_then(|id| m.requests.iter().find(|r| r.id == id)).cloned();
        html! {
            <div class="page" data-pane={pane} data-embed={m.guest.embed.is_some().then(|| places(&m.guest.places))} data-readonly={m.guest.readonly.then_some("1")} data-side={if m.side == SideTab::Requests { "requests" } else { "events" }}>
                <Header lang={m.lang} {clock} looking_back={m.looking_back} playing={m.playing} speed={m.speed} theme={m.theme}
                    happenings={m.happenings.clone()} branches={m.branches.clone()} names={m.guest.names.clone()} can_undo={m.guest.can_undo} send={send()} />
                if let Some(lesson) = m.guest.opened.clone().filter(|opened| !opened.steps.is_empty()) {
                    <LessonPanel lang={m.lang} {lesson} passed={m.playground.passed()} send={send()} />
                }
                <main class="work">
                    <ManifestEditor lang={m.lang} file={m.file.clone()} files={m.files.clone()} readonly={m.guest.readonly} untouched={m.playground.inputs() == 0} text={m.manifest.clone()} marks={m.marks.clone()} list={m.guest.list.clone()} opened={m.guest.opened.clone().filter(|opened| opened.steps.is_empty())} handle={self.editor.clone()} send={send()} />
                    {stage(m, shown, &self.send)}
                    {self.panes()}
                    <TerminalPanel lang={m.lang} lines={m.terminal.lines.clone()} prompt={m.terminal.prompt.clone()} input={m.terminal.input.clone()}
                        candidates={m.terminal.candidates.clone()} busy={m.playground.busy()} send={send()} />
                    <InspectorPanel lang={m.lang} selected={m.selected.clone()} found={m.inspector.clone()} facet={m.facet}
                        requests={m.requests.clone()} topology={m.topology.clone()} now_s={m.clock.now_ms / 1000} send={send()} />
                    <SidePanel lang={m.lang} tab={m.side} events={m.events.clone()} requests={m.requests.clone()} shown={m.shown_request} selected={m.selected.clone()}
                        ask={m.ask.clone()} mode={m.mode} topology={m.topology.clone()}
                        now_s={m.clock.now_ms / 1000} send={send()} />
                </main>
                if m.guest.embed.is_some() {
                    <footer class="full-page"><a href={full_page()} target="_blank" rel="noopener">{m.lang.t("site.full")}</a></footer>
                }
                if m.guest.update_waits {
                    <p class="update" role="status">{m.lang.t("site.update")}
                        <button type="button" onclick={self.send.reform(|_: MouseEvent| Msg::Guest(GuestMsg::Update))}>{m.lang.t("site.update.now")}</button></p>
                }
                <div role="status" aria-live="polite">
                    if let Some(toast) = &m.toast {
                        <p class={classes!("toast", m.toast_undoes.then_some("undoes"))}>{toast.clone()}
                            if m.toast_undoes {
                                <button type="button" onclick={self.send.reform(|_: MouseEvent| Msg::Guest(GuestMsg::Undo))}>{m.lang.t("undo")}</button>
                            }
                        </p>
                    }
                </div>
            </div>
        }
    }
}

/// Where a scenario or a lesson lies. The name of a lesson says its folder.
fn bundle_path(id: &str) -> String {
    let folder = if id.contains('/') { "" } else { "scenarios/" };
    format!("{folder}{id}.json")
}

/// The address of the page itself, for a link out of a host page.
fn full_page() -> String {
    platform::address().replace("embed=1", "")
}

/// The places an embedded page shows, for the style sheet; all where it says none.
fn places(places: &[String]) -> String {
    match places {
        [] => "all".to_owned(),
        places => places.join(" "),
    }
}
