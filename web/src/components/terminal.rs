//! The terminal: what was printed, and a command line with history, completion, Ctrl-C and Ctrl-L.

use std::rc::Rc;

use kubottle::view::{Stream, TerminalLine};
use web_sys::HtmlInputElement;
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
    /// The command line.
    pub input: String,
    /// Words that would complete it.
    pub candidates: Shared<Vec<String>>,
    /// True while a command runs.
    pub busy: bool,
    /// Where to send.
    pub send: Send,
}

/// What a key means on the command line.
fn key_msg(event: &KeyboardEvent, input_is_empty: bool) -> Option<Msg> {
    let key = event.key();
    match key.as_str() {
        "Enter" => Some(Msg::Run),
        "ArrowUp" => Some(Msg::Recall(true)),
        "ArrowDown" => Some(Msg::Recall(false)),
        // On an empty line Tab leaves the terminal, so that nobody is caught in it.
        "Tab" if !event.shift_key() && !input_is_empty => Some(Msg::Complete),
        "c" if event.ctrl_key() && platform::selected_text().is_empty() => Some(Msg::Interrupt),
        "l" if event.ctrl_key() => Some(Msg::Clear),
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
        let (send, empty, busy) = (send.clone(), props.input.is_empty(), props.busy);
        move |event: KeyboardEvent| {
            if let Some(msg) = key_msg(&event, empty) {
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
            let input: HtmlInputElement = event.target_unchecked_into();
            send.emit(Msg::Typed(input.value()));
        }
    };
    let focus = {
        let input = input.clone();
        move |_: MouseEvent| {
            if platform::selected_text().is_empty() {
                if let Some(input) = input.cast::<HtmlInputElement>() {
                    let _ = input.focus();
                }
            }
        }
    };
    let interrupt = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::Interrupt)
    };
    let lines = props.lines.iter().map(|line| html! { <Line key={line.id} line={line.clone()} /> });
    html! {
        <section class="panel terminal" aria-label={lang.t("terminal")}>
            <div class="screen" role="log" aria-label={lang.t("terminal.output")} aria-busy={props.busy.to_string()} tabindex="0" ref={screen} onclick={focus}>{for lines}</div>
            if !props.candidates.is_empty() {
                <div class="candidates" aria-live="polite">{for props.candidates.iter().map(|c| html! { <span>{c}</span> })}</div>
            }
            <div class="prompt">
                <span aria-hidden="true">{"$"}</span>
                <input type="text" aria-label={lang.t("terminal.input")} value={props.input.clone()} autocomplete="off" autocapitalize="off"
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
