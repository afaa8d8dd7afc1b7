//! The bar above everything: clock and transport, sharing, language, theme.

use kubottle::view::record::Happening;
use kubottle::view::{clock_text, BranchView, ClockView};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::guest::Sessions;
use super::requests::choice;
use super::Send;
use crate::model::SPEEDS;
use crate::msg::{Msg, Theme};
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the bar.
#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    /// Language.
    pub lang: Lang,
    /// The clock.
    pub clock: ClockView,
    /// True while an earlier moment is looked at.
    pub looking_back: bool,
    /// True while the clock runs.
    pub playing: bool,
    /// Seconds of the cluster per second.
    pub speed: f64,
    /// Colours.
    pub theme: Theme,
    /// What happened when.
    pub happenings: Shared<Vec<Happening>>,
    /// The branches of history, and the number of the one that is shown.
    pub branches: Shared<(Vec<BranchView>, u32)>,
    /// Names of kept sessions.
    pub names: Shared<Vec<String>>,
    /// True where a replaced cluster can be had back.
    pub can_undo: bool,
    /// Where to send.
    pub send: Send,
}

/// The value chosen in a list.
pub fn chosen(event: &Event) -> String {
    let select: HtmlSelectElement = event.target_unchecked_into();
    select.value()
}

/// A bottle with a cluster in it, as in static/icon.svg.
fn brand() -> Html {
    html! {
        <svg viewBox="4 2 24 28" width="20" height="23" aria-hidden="true">
            <path d="M12 3h8v2l-1 1v5.2c4.6 1.3 8 5 8 9.8 0 5-4.9 8-11 8S5 26 5 21c0-4.800 3.400-8.500 8-9.800V6l-1-1z" fill="#2f6feb" />
            <path d="M7.200 20c.8 0 2.200 1.200 4.400 1.200S15.200 19.600 18 19.600s4 1.600 6.800.8c.8 4-4 6.600-8.800 6.600S7 24.800 7.200 20z" fill="#8fb6ff" />
            <g fill="#fff"><circle cx="12.500" cy="24" r="1.500" /><circle cx="17" cy="22.800" r="1.500" /><circle cx="20" cy="25" r="1.200" /></g>
        </svg>
    }
}

/// The bar.
#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let HeaderProps { lang, send, .. } = props;
    let on = |msg: Msg| {
        let send = send.clone();
        move |_: MouseEvent| send.emit(msg.clone())
    };
    let language = {
        let send = send.clone();
        move |e: Event| send.emit(Msg::Language(Lang::of_tag(&chosen(&e))))
    };
    let theme = {
        let send = send.clone();
        move |e: Event| send.emit(Msg::Theme(Theme::of_code(&chosen(&e))))
    };
    let themes = [
        (Theme::Auto, lang.t("theme.auto")),
        (Theme::Light, lang.t("theme.light")),
        (Theme::Dark, lang.t("theme.dark")),
    ];
    html! {
        <header class="top">
            <h1 class="brand">{brand()}<span>{lang.t("brand")}</span></h1>
            <Transport lang={*lang} clock={props.clock} looking_back={props.looking_back} playing={props.playing} speed={props.speed}
                happenings={props.happenings.clone()} branches={props.branches.clone()} send={send.clone()} />
            <div class="settings">
                <button type="button" class="quiet new" title={lang.t("new.hint")} onclick={on(Msg::Reset)}>
                    <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M7 2h2v5h5v2H9v5H7V9H2V7h5z" /></svg><span>{lang.t("new")}</span></button>
                <Sessions lang={*lang} names={props.names.clone()} can_undo={props.can_undo} send={send.clone()} />
                <button type="button" title={lang.t("share.hint")} onclick={on(Msg::Share)}>{lang.t("share")}</button>
                <select aria-label={lang.t("language")} onchange={language}>
                    <option value="en" lang="en" selected={*lang == Lang::En}>{"English"}</option>
                    <option value="zh" lang="zh-CN" selected={*lang == Lang::Zh}>{"简体中文"}</option>
                </select>
                <select aria-label={lang.t("theme")} onchange={theme}>
                    {for themes.map(|(t, label)| html! { <option value={t.code()} selected={props.theme == t}>{label}</option> })}
                </select>
            </div>
        </header>
    }
}

/// Properties of the transport.
#[derive(Properties, PartialEq)]
struct TransportProps {
    lang: Lang,
    clock: ClockView,
    looking_back: bool,
    playing: bool,
    speed: f64,
    happenings: Shared<Vec<Happening>>,
    branches: Shared<(Vec<BranchView>, u32)>,
    send: Send,
}

/// Marks on the slider where something was typed or a warning came; those too near to each other are one.
fn marks(clock: &ClockView, happenings: &[Happening]) -> Html {
    let span = clock.latest_ms.saturating_sub(clock.start_ms).max(1);
    let mut last = (0, false);
    let seen = happenings.iter().filter(|h| (clock.start_ms..=clock.latest_ms).contains(&h.at_ms)).filter_map(|h| {
        let place = ((h.at_ms - clock.start_ms) * 400 / span + 1, h.warning);
        (place != std::mem::replace(&mut last, place)).then_some(place)
    });
    let marks = seen.map(|(place, warning)| {
        let left = format!("left: calc(8px + (100% - 16px) * {})", (place - 1) as f32 / 400.0);
        html! { <i class={classes!(warning.then_some("warning"))} style={left} /> }
    });
    html! { <div class="happenings" aria-hidden="true">{for marks}</div> }
}

/// The branches to choose from; nothing as long as there is only one.
fn branches(lang: Lang, (all, shown): &(Vec<BranchView>, u32), send: &Send) -> Html {
    let send = send.clone();
    let onchange = Callback::from(move |e: Event| send.emit(Msg::Branch(chosen(&e).parse().unwrap_or(0))));
    let name = |b: &BranchView| match b.id {
        0 => lang.t("branch.first").to_owned(),
        id => format!("{id} · {} · {}", clock_text(b.left_ms), b.begins_with),
    };
    let values: Vec<_> = all.iter().map(|b| (b.id.to_string(), name(b))).collect();
    html! { if all.len() > 1 { <span class="branches">{choice(lang.t("branch"), &values, &shown.to_string(), onchange)}</span> } }
}

#[component]
fn Transport(props: &TransportProps) -> Html {
    let TransportProps { lang, clock, send, .. } = props;
    let speed = {
        let send = send.clone();
        move |e: Event| send.emit(Msg::Speed(chosen(&e).parse().unwrap_or(1.0)))
    };
    let seek = {
        let send = send.clone();
        move |e: InputEvent| {
            let input: Option<HtmlInputElement> = e.target().and_then(|t| t.dyn_into().ok());
            if let Some(ms) = input.and_then(|i| i.value().parse::<f64>().ok()) {
                send.emit(Msg::Seek(ms as u64));
            }
        }
    };
    let toggle = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::TogglePlay)
    };
    let step = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::Step)
    };
    let now = clock_text(clock.now_ms);
    let title = if props.looking_back { lang.t("clock.past").to_owned() } else { lang.with("clock.title", &[&now]) };
    let play = lang.t(if props.playing { "pause" } else { "play" });
    html! {
        <div class="transport">
            <button type="button" class="icon primary" aria-label={play} title={play} onclick={toggle}>
                <svg viewBox="0 0 16 16" aria-hidden="true">
                    <path d={if props.playing { "M4 3h3v10H4zM9 3h3v10H9z" } else { "M4.500 2.500v11l9-5.500z" }} />
                </svg>
            </button>
            <button type="button" class="icon" aria-label={lang.t("step")} title={lang.t("step.hint")} onclick={step}>
                <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 3v10l7-5zM11 3h2v10h-2z" /></svg>
            </button>
            <select aria-label={lang.t("speed")} title={lang.t("speed")} onchange={speed}>
                if !SPEEDS.contains(&props.speed) {
                    <option value={props.speed.to_string()} selected=true>{format!("{}×", props.speed)}</option>
                }
                {for SPEEDS.map(|s| html! { <option value={s.to_string()} selected={s == props.speed}>{format!("{s}×")}</option> })}
            </select>
            <span class={classes!("now", props.looking_back.then_some("past"))} title={title}>{now}</span>
            {branches(*lang, &props.branches, send)}
            <div class="scrubber">
                {marks(clock, &props.happenings)}
                <input type="range" min={clock.start_ms.to_string()} max={clock.latest_ms.max(clock.start_ms + 1).to_string()} step="100" value={clock.now_ms.to_string()}
                    aria-label={lang.t("time")} aria-valuetext={clock_text(clock.now_ms)} oninput={seek} />
            </div>
        </div>
    }
}
