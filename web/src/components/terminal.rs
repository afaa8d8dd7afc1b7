//! The terminal: what was printed, and a command line with history, completion, Ctrl-C and Ctrl-L.

use std::rc::Rc;

use kubottle::view::{Stream, TerminalLine};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::Send;
use crate::msg::Msg;
use crate::platform;
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the terminal.
#[derive(Properties, PartialEq)]
pub struct TerminalProps {
    /// Language.
    pub lang: Lang,
    /// What was printed.
    pub lines: Shared<Vec<Rc<TerminalLine>>>,
    /// What stands in front of the command line.
    pub prompt: String,
    /// The command line, or several.
    pub input: String,
    /// Words that would complete it.
    pub candidates: Shared<Vec<String>>,
    /// True while a command runs.
    pub busy: bool,
    /// Where to send.
    pub send: Send,
}

/// What a key means on the command line.
fn key_msg(event: &KeyboardEvent, input: &str) -> Option<Msg> {
    let (key, input_is_empty, is_one_line) = (event.key(), input.is_empty(), !input.contains('\n'));
    match key.as_str() {
        "Enter" if event.shift_key() => None,
        "Enter" => Some(Msg::Run),
        "ArrowUp" if is_one_line => Some(Msg::Recall(true)),
        "ArrowDown" if is_one_line => Some(Msg::Recall(false)),
        // On an empty line Tab leaves the terminal, so that nobody is caught in it.
        "Tab" if !event.shift_key() && !input_is_empty => Some(Msg::Complete),
        "c" if event.ctrl_key() && platform::selected_text().is_empty() => Some(Msg::Interrupt),
        "l" if event.ctrl_key() => Some(Msg::Clear),
        "u" if event.ctrl_key() => Some(Msg::Typed(String::new())),
        _ => None,
    }
}

/// The terminal.
#[component]
pub fn TerminalPanel(props: &TerminalProps) -> Html {
    let TerminalProps { lang, send, .. } = props;
    let (screen, input) = (use_node_ref(), use_node_ref());
    {
        let screen = screen.clone();
        use_effect_with(props.lines.clone(), move |_| {
            if let Some(screen) = screen.cast() {
                platform::scroll_to_end(&screen);
            }
        });
    }
    let onkeydown = {
        let (send, typed, busy) = (send.clone(), props.input.clone(), props.busy);
        move |event: KeyboardEvent| {
            if let Some(msg) = key_msg(&event, &typed) {
                event.prevent_default();
                // While a command runs, the next one waits on the line.
                if !(busy && msg == Msg::Run) {
                    send.emit(msg);
                }
            }
        }
    };
    let oninput = {
        let send = send.clone();
        move |event: InputEvent| {
            let input: HtmlTextAreaElement = event.target_unchecked_into();
            send.emit(Msg::Typed(input.value()));
        }
    };
    let focus = {
        let input = input.clone();
        move |_: MouseEvent| {
            if platform::selected_text().is_empty() {
                if let Some(input) = input.cast::<HtmlTextAreaElement>() {
                    let _ = input.focus();
                }
            }
        }
    };
    let interrupt = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::Interrupt)
    };
    let rows = props.input.split('\n').count().min(8).to_string();
    let lines = props.lines.iter().map(|line| html! { <Line key={line.id} line={line.clone()} /> });
    html! {
        <section class="panel terminal" aria-label={lang.t("terminal")}>
            <div class="screen" role="log" aria-label={lang.t("terminal.output")} aria-busy={props.busy.to_string()} tabindex="0" ref={screen} onclick={focus}>{for lines}</div>
            if !props.candidates.is_empty() {
                <div class="candidates" aria-live="polite" tabindex="0">{for props.candidates.iter().map(|c| html! { <span>{c}</span> })}</div>
            }
            <div class="prompt">
                <span aria-hidden="true">{&props.prompt}</span>
                <textarea rows={rows} aria-label={lang.t("terminal.input")} value={props.input.clone()} autocomplete="off" autocapitalize="off"
                    autocorrect="off" spellcheck="false" enterkeyhint="go" ref={input} {onkeydown} {oninput} />
                if props.busy {
                    <button type="button" onclick={interrupt}>{lang.t("terminal.cancel")}</button>
                }
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    line: Rc<TerminalLine>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let class = match props.line.stream {
        Stream::Input => "input",
        Stream::Out => "out",
        Stream::Err => "err",
        Stream::Note => "note",
    };
    html! { <pre {class}>{&props.line.text}</pre> }
}
