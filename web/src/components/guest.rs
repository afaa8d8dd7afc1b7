//! The menu of sessions, and the card of an open scenario.

use kubottle::playground::scenarios::Scenario;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::Send;
use crate::guest::GuestMsg;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the menu of sessions.
#[derive(Properties, PartialEq)]
pub struct SessionsProps {
    /// Language.
    pub lang: Lang,
    /// Names of kept sessions.
    pub names: Shared<Vec<String>>,
    /// True where a replaced cluster can be had back.
    pub can_undo: bool,
    /// Where to send.
    pub send: Send,
}

/// Kept sessions, files, and the site's other pages.
#[component]
pub fn Sessions(props: &SessionsProps) -> Html {
    let SessionsProps { lang, send, .. } = props;
    let name = use_node_ref();
    let button = |label: String, msg: GuestMsg| {
        let send = send.clone();
        html! { <button type="button" onclick={move |_: MouseEvent| send.emit(Msg::Guest(msg.clone()))}>{label}</button> }
    };
    let save = {
        let (send, name) = (send.clone(), name.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(input) = name.cast::<HtmlInputElement>() {
                send.emit(Msg::Guest(GuestMsg::SaveAs(input.value())));
                input.set_value("");
            }
        }
    };
    let kept = props.names.iter().map(|name| {
        let forget = lang.with("session.delete", &[name]);
        let delete = {
            let (send, name) = (send.clone(), name.clone());
            move |_: MouseEvent| send.emit(Msg::Guest(GuestMsg::Delete(name.clone())))
        };
        html! {
            <li key={name.clone()}>
                {button(name.clone(), GuestMsg::Session(name.clone()))}
                <button type="button" class="icon quiet" aria-label={forget.clone()} title={forget} onclick={delete}>{"×"}</button>
            </li>
        }
    });
    html! {
        <details class="menu sessions">
            <summary>{lang.t("sessions")}</summary>
            <div class="menu-list">
                if props.can_undo {
                    {button(lang.t("session.undo").into(), GuestMsg::Undo)}
                }
                {button(lang.t("session.download").into(), GuestMsg::Download)}
                {button(lang.t("session.open").into(), GuestMsg::OpenFile)}
                <form onsubmit={save}>
                    <input ref={name} aria-label={lang.t("session.name")} placeholder={lang.t("session.name")} maxlength="60" />
                    <button type="submit">{lang.t("session.save")}</button>
                </form>
                <ul aria-label={lang.t("sessions.kept")}>{for kept}</ul>
                <a class="site-link" href="about.html">{lang.t("site.about")}</a>
            </div>
        </details>
    }
}

/// Properties of the card.
#[derive(Properties, PartialEq)]
pub struct ScenarioCardProps {
    /// Language.
    pub lang: Lang,
    /// What the scenario says.
    pub scenario: Shared<Scenario>,
    /// True where nothing was done yet: then it says how to begin.
    pub untouched: bool,
    /// Where to send.
    pub send: Send,
}

/// What an open scenario shows, and what to type next.
#[component]
pub fn ScenarioCard(props: &ScenarioCardProps) -> Html {
    let ScenarioCardProps { lang, scenario, send, .. } = props;
    let dismiss = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::Guest(GuestMsg::Dismiss))
    };
    let suggestions = scenario.suggestions.iter().map(|line| {
        let (send, text) = (send.clone(), line.clone());
        html! { <li><button type="button" class="mono" onclick={move |_: MouseEvent| send.emit(Msg::Do(text.clone()))}>{line}</button></li> }
    });
    let close = lang.t("scenario.close");
    html! {
        <section class="scenario" aria-label={lang.t("scenario")}>
            <button type="button" class="icon quiet" aria-label={close} title={close} onclick={dismiss}>{"×"}</button>
            <h2>{scenario.in_language(&scenario.title, lang.code())}</h2>
            <p>{scenario.in_language(&scenario.about, lang.code())}</p>
            if props.untouched {
                <p class="first"><strong>{lang.t("scenario.begin")}</strong></p>
            }
            <ul aria-label={lang.t("scenario.try")}>{for suggestions}</ul>
        </section>
    }
}
