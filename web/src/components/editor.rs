//! The editor's place: gallery, files, editor, marks, Apply.

use std::cell::RefCell;
use std::rc::Rc;

use kubottle::playground::Playground;
use kubottle::view::{Mark, TextEdit};
use wasm_bindgen::closure::Closure;
use yew::prelude::*;

use super::guest::ScenarioCard;
use super::header::chosen;
use super::requests::choice;
use super::Send;
use crate::codemirror::{self, Editor};
use crate::guest::GuestMsg;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::text::Lang;
use kubottle::playground::scenarios::{Entry, Scenario};

struct Mounted {
    editor: Editor,
    _on_change: Closure<dyn Fn(String)>,
    _on_apply: Closure<dyn Fn()>,
    _on_ask: Ask,
}

/// Asked for what fits at a place of the text (true), or for what stands there (false).
type Ask = Closure<dyn Fn(String, u32, u32, bool) -> String>;

/// The mounted editor, for what is done to it from outside.
#[derive(Clone, Default)]
pub struct EditorHandle(Rc<RefCell<Option<Mounted>>>);

impl PartialEq for EditorHandle {
    fn eq(&self, other: &EditorHandle) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl EditorHandle {
    fn with(&self, act: impl FnOnce(&Editor)) {
        if let Some(mounted) = self.0.borrow().as_ref() {
            act(&mounted.editor);
        }
    }

    /// Replaces the text.
    pub fn set_text(&self, text: &str) {
        self.with(|editor| editor.set_text(text));
    }

    /// Shows marks.
    pub fn set_marks(&self, marks: &[Mark]) {
        let json = serde_json::to_string(marks).expect("marks are plain data");
        self.with(|editor| editor.set_marks(&json));
    }

    /// Replaces a piece of the text.
    pub fn edit(&self, edit: &TextEdit) {
        let json = serde_json::to_string(edit).expect("an edit is plain data");
        self.with(|editor| editor.edit(&json));
    }

    /// Moves to a line.
    pub fn go_to(&self, line: u32) {
        self.with(|editor| editor.go_to(line));
    }
}

/// Properties of the manifest's place.
#[derive(Properties, PartialEq)]
pub struct ManifestEditorProps {
    /// Language.
    pub lang: Lang,
    /// The name of the file.
    pub file: String,
    /// The names of all files.
    pub files: Shared<Vec<String>>,
    /// True where nothing may be typed.
    pub readonly: bool,
    /// True where nothing was done yet.
    pub untouched: bool,
    /// Its text.
    pub text: String,
    /// Its marks.
    pub marks: Shared<Vec<Mark>>,
    /// Scenarios there are.
    pub list: Shared<Vec<Entry>>,
    /// The scenario that is open.
    pub opened: Option<Shared<Scenario>>,
    /// Where to put the mounted editor.
    pub handle: EditorHandle,
    /// Where to send.
    pub send: Send,
}

/// The manifest's place.
#[component]
pub fn ManifestEditor(props: &ManifestEditorProps) -> Html {
    let ManifestEditorProps { lang, send, .. } = props;
    let apply = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::Apply)
    };
    let another = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::NewFile)
    };
    let open = {
        let send = send.clone();
        Callback::from(move |e: Event| send.emit(Msg::OpenFile(chosen(&e))))
    };
    let files: Vec<_> = props.files.iter().map(|name| (name.clone(), name.clone())).collect();
    html! {
        <section class="panel files" aria-label={lang.t("editor.title")}>
            <div class="bar">
                <Gallery lang={*lang} list={props.list.clone()} send={send.clone()} />
                <span class="grow file">{choice(lang.t("file"), &files, &props.file, open)}</span>
                <button type="button" class="quiet icon new-file" aria-label={lang.t("file.new")} title={lang.t("file.new")} onclick={another}>{"+"}</button>
                <button type="button" class={classes!("primary", (props.untouched && props.opened.is_some()).then_some("first-step"))} title={lang.t("apply.hint")} onclick={apply}>{lang.t("apply")}</button>
            </div>
            if let Some(scenario) = &props.opened {
                <ScenarioCard lang={*lang} scenario={scenario.clone()} untouched={props.untouched} send={send.clone()} />
            }
            <Mount key={lang.code()} lang={*lang} text={props.text.clone()} handle={props.handle.clone()} readonly={props.readonly} send={send.clone()} />
            <Problems lang={*lang} marks={props.marks.clone()} send={send.clone()} />
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct MountProps {
    lang: Lang,
    text: String,
    handle: EditorHandle,
    readonly: bool,
    send: Send,
}

/// Where CodeMirror lives. It keeps its own text; this is never drawn anew.
#[component]
fn Mount(props: &MountProps) -> Html {
    let place = use_node_ref();
    {
        let (place, handle, send) = (place.clone(), props.handle.clone(), props.send.clone());
        let (label, text, fix) = (props.lang.t("editor"), props.text.clone(), props.lang.t("editor.fix"));
        let readonly = props.readonly;
        use_effect_with((), move |_| {
            let parent: web_sys::Element = place.cast().expect("the editor's place is on the page");
            let typed = send.clone();
            let on_change = Closure::<dyn Fn(String)>::new(move |text| typed.emit(Msg::Manifest(text)));
            let on_apply = Closure::<dyn Fn()>::new(move || send.emit(Msg::Apply));
            let on_ask: Ask = Closure::new(|text: String, line, column, offers| match offers {
                true => serde_json::to_string(&Playground::offers(&text, line, column)).unwrap_or_default(),
                false => Playground::hover(&text, line, column),
            });
            let editor = codemirror::mount(&parent, label, &text, &on_change, &on_apply, &on_ask, fix, readonly);
            *handle.0.borrow_mut() =
                Some(Mounted { editor, _on_change: on_change, _on_apply: on_apply, _on_ask: on_ask });
            move || {
                if let Some(mounted) = handle.0.borrow_mut().take() {
                    mounted.editor.destroy();
                }
            }
        });
    }
    html! { <div class="editor" ref={place} /> }
}

#[derive(Properties, PartialEq)]
struct ProblemsProps {
    lang: Lang,
    marks: Shared<Vec<Mark>>,
    send: Send,
}

/// The marks as text.
#[component]
fn Problems(props: &ProblemsProps) -> Html {
    let items = props.marks.iter().map(|mark| {
        let (send, line) = (props.send.clone(), mark.line);
        let tone = (mark.severity != "error").then_some("warning");
        html! {
            <li>
                <button type="button" onclick={move |_| send.emit(Msg::GoToLine(line))}>
                    <i class={classes!("mark", tone)} />
                    <span class="place">{format!("{}:{}", mark.line, mark.column)}</span>
                    <span>{&mark.message}if !mark.hint.is_empty() { <span class="muted">{" "}{&mark.hint}</span> }</span>
                </button>
                if let Some(edit) = &mark.fix {
                    <button type="button" class="fix" onclick={{
                        let (send, edit) = (props.send.clone(), edit.clone());
                        move |_: MouseEvent| send.emit(Msg::Fix(edit.clone()))
                    }}>{props.lang.t("editor.fix")}</button>
                }
            </li>
        }
    });
    html! {
        <div aria-live="polite">
            if !props.marks.is_empty() {
                <ul class="problems" aria-label={props.lang.t("problems")}>{for items}</ul>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct GalleryProps {
    lang: Lang,
    list: Shared<Vec<Entry>>,
    send: Send,
}

/// The gallery of scenarios, as a menu.
#[component]
fn Gallery(props: &GalleryProps) -> Html {
    let open = use_state(|| false);
    let toggle = {
        let open = open.clone();
        move |_: MouseEvent| open.set(!*open)
    };
    let onkeydown = {
        let open = open.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                open.set(false);
            }
        }
    };
    let leave = {
        let open = open.clone();
        move |event: FocusEvent| {
            let to = event.related_target().and_then(|t| wasm_bindgen::JsCast::dyn_into::<web_sys::Node>(t).ok());
            let menu = event.current_target().and_then(|t| wasm_bindgen::JsCast::dyn_into::<web_sys::Node>(t).ok());
            if !menu.is_some_and(|menu| menu.contains(to.as_ref())) {
                open.set(false);
            }
        }
    };
    let scenarios = props.list.iter().map(|entry| {
        let (send, open, id) = (props.send.clone(), open.clone(), entry.id.clone());
        let choose = move |_: MouseEvent| {
            send.emit(Msg::Guest(GuestMsg::Open(id.clone())));
            open.set(false);
        };
        let (title, about) = (&entry.scenario.title, &entry.scenario.about);
        let text = |texts: &[String]| entry.scenario.in_language(texts, props.lang.code()).to_owned();
        html! { <li><button type="button" onclick={choose}><strong>{text(title)}</strong><span>{text(about)}</span></button></li> }
    });
    html! {
        <div class="menu" {onkeydown} onfocusout={leave}>
            <button type="button" aria-expanded={open.to_string()} aria-haspopup="true" onclick={toggle}>{props.lang.t("scenarios")}{" ▾"}</button>
            if *open {
                <div class="menu-list">
                    <ul aria-label={props.lang.t("scenarios")}>{for scenarios}</ul>
                    <a class="site-link" href="gallery.html">{props.lang.t("site.gallery")}</a>
                </div>
            }
        </div>
    }
}
