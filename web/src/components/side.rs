//! The place of two lists: what has happened, and the requests that were sent.

use kubottle::view::topology::Topology;
use kubottle::view::{age_text, EventRow, RequestView, Target};
use yew::prelude::*;

use super::requests::Requests;
use super::table::link;
use super::tabs::{Tab, Tabs};
use super::Send;
use crate::msg::{Ask, Msg, SideTab};
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the lists.
#[derive(Properties, PartialEq)]
pub struct SideProps {
    /// Language.
    pub lang: Lang,
    /// Which list is shown.
    pub tab: SideTab,
    /// Events, newest first.
    pub events: Shared<Vec<EventRow>>,
    /// Requests, newest first.
    pub requests: Shared<Vec<RequestView>>,
    /// The request whose way is shown.
    pub shown: Option<u32>,
    /// What is looked at.
    pub selected: Option<Target>,
    /// What the form for requests says.
    pub ask: Ask,
    /// What kube-proxy balances with.
    pub mode: &'static str,
    /// The cluster.
    pub topology: Shared<Topology>,
    /// The time, in whole seconds.
    pub now_s: u64,
    /// Where to send.
    pub send: Send,
}

/// The lists.
#[component]
pub fn SidePanel(props: &SideProps) -> Html {
    let SideProps { lang, send, tab, .. } = props;
    let warnings = props.events.iter().filter(|e| e.warning).count();
    let tabs = vec![
        Tab {
            label: lang.t("events").into(),
            badge: Some((warnings, true)).filter(|(count, _)| *count > 0),
            selected: *tab == SideTab::Events,
            msg: Msg::Side(SideTab::Events),
        },
        Tab {
            label: lang.t("requests").into(),
            badge: Some((props.requests.len(), false)).filter(|(count, _)| *count > 0),
            selected: *tab == SideTab::Requests,
            msg: Msg::Side(SideTab::Requests),
        },
    ];
    let label = lang.t(if *tab == SideTab::Events { "events" } else { "requests" });
    html! {
        <section class="panel side" aria-label={label}>
            <div class="bar"><Tabs label={format!("{} / {}", lang.t("events"), lang.t("requests"))} {tabs} send={send.clone()} /></div>
            <div class="scroll" tabindex="0" key={label}>
                if *tab == SideTab::Events {
                    <EventList lang={*lang} events={props.events.clone()} now_s={props.now_s} send={send.clone()} />
                } else {
                    <Requests lang={*lang} requests={props.requests.clone()} shown={props.shown} selected={props.selected.clone()} ask={props.ask.clone()}
                        mode={props.mode} topology={props.topology.clone()} send={send.clone()} />
                }
            </div>
        </section>
    }
}

/// Properties of an event list.
#[derive(Properties, PartialEq)]
pub struct EventListProps {
    /// Language.
    pub lang: Lang,
    /// Events, newest first.
    pub events: Shared<Vec<EventRow>>,
    /// The time, in whole seconds.
    pub now_s: u64,
    /// Where to send.
    pub send: Send,
}

/// Events as a list.
#[component]
pub fn EventList(props: &EventListProps) -> Html {
    if props.events.is_empty() {
        return html! { <p class="empty">{props.lang.t("events.empty")}</p> };
    }
    let rows = props.events.iter().map(|event| {
        let age = age_text(props.now_s.saturating_sub(event.last_ms / 1000));
        let times = (event.count > 1).then(|| format!("×{}", event.count));
        let about = format!("{}/{}", event.target.kind, event.target.name);
        html! {
            <li key={event.key.clone()} class={classes!(event.warning.then_some("warning"))}>
                <span class="age">{age}</span>
                <div>
                    <div class="head">
                        <span class="reason">if event.warning {{"⚠ "}}{&event.reason}</span>
                        if let Some(times) = times { <span class="badge">{times}</span> }
                        {link(&props.send, event.target.clone(), about)}
                    </div>
                    <div class="message">{&event.message}</div>
                </div>
            </li>
        }
    });
    html! { <ul class="events">{for rows}</ul> }
}
