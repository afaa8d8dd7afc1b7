//! The rules of a node, as its own tools print them, with those marked that the shown request met.

use kubottle::view::rules::{Met, RulesView};
use kubottle::view::topology::Topology;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::header::chosen;
use super::requests::choice;
use super::Send;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::text::Lang;

/// Lines drawn at most; the terminal prints the rest.
const MOST_LINES: usize = 1_500;

/// Properties of the rules.
#[derive(Properties, PartialEq)]
pub struct RulesProps {
    /// Language.
    pub lang: Lang,
    /// What is shown.
    pub rules: Shared<RulesView>,
    /// The request whose rules are marked.
    pub request: Option<String>,
    /// Only lines that contain this.
    pub filter: String,
    /// Only marked lines.
    pub only_met: bool,
    /// The cluster.
    pub topology: Shared<Topology>,
    /// Where to send.
    pub send: Send,
}

/// The rules.
#[component]
pub fn Rules(props: &RulesProps) -> Html {
    let RulesProps { lang, rules, send, .. } = props;
    let nodes: Vec<(String, String)> = props.topology.nodes.iter().map(|n| (n.name.clone(), n.name.clone())).collect();
    let modes = ["iptables", "ipvs", "nftables"].map(|mode| (mode.to_owned(), mode.to_owned()));
    let node = {
        let send = send.clone();
        Callback::from(move |e: Event| send.emit(Msg::RulesNode(chosen(&e))))
    };
    let mode = {
        let send = send.clone();
        Callback::from(move |e: Event| send.emit(Msg::ProxyMode(chosen(&e))))
    };
    let oninput = {
        let send = send.clone();
        move |e: InputEvent| send.emit(Msg::RulesFilter(e.target_unchecked_into::<HtmlInputElement>().value()))
    };
    let only = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::ToggleMet)
    };
    let marked = rules.lines.iter().any(|line| line.met == Met::Yes);
    let shown = rules.lines.iter().filter(|line| {
        (!props.only_met || !marked || line.met != Met::No)
            && (props.filter.is_empty() || line.text.contains(&props.filter))
    });
    let lines: Vec<_> = shown.take(MOST_LINES + 1).collect();
    let more = lines.len() > MOST_LINES;
    let explained = match &props.request {
        Some(request) if marked => lang.with("rules.marked", &[request]),
        Some(request) => lang.with("rules.unmarked", &[request, &rules.node]),
        None => lang.t("rules.none").to_owned(),
    };
    html! {
        <div class="rules">
            <div class="controls">
                {choice(lang.t("rules.node"), &nodes, &rules.node, node)}
                {choice(lang.t("ask.mode"), &modes, rules.mode, mode)}
                <input type="search" aria-label={lang.t("rules.filter")} placeholder={lang.t("rules.filter")} value={props.filter.clone()} spellcheck="false" {oninput} />
                <button type="button" aria-pressed={props.only_met.to_string()} disabled={!marked} onclick={only}>{lang.t("rules.only")}</button>
            </div>
            <p class="muted pad" aria-live="polite"><code>{&rules.command}</code>{" — "}{explained}</p>
            <pre role="group" tabindex="0" aria-label={lang.t("rules")}>
                {for lines.iter().take(MOST_LINES).map(|line| match line.met {
                    Met::Yes => html! { <mark>{&line.text}</mark> },
                    Met::Near => html! { <span class="near">{&line.text}</span> },
                    Met::No => html! { <span>{&line.text}</span> },
                })}
            </pre>
            if more { <p class="muted pad">{lang.with("rules.more", &[&rules.command])}</p> }
        </div>
    }
}
