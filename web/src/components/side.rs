//! Two lists: what has happened, and the requests that were sent with the way each one took.

use kubottle::view::{age_text, clock_text, EventRow, HopView, RequestView};
use yew::prelude::*;

use super::table::link;
use super::tabs::{Tab, Tabs};
use super::Send;
use crate::msg::{Msg, SideTab};
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
                    <Requests lang={*lang} requests={props.requests.clone()} shown={props.shown} send={send.clone()} />
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

#[derive(Properties, PartialEq)]
struct RequestsProps {
    lang: Lang,
    requests: Shared<Vec<RequestView>>,
    shown: Option<u32>,
    send: Send,
}

#[component]
fn Requests(props: &RequestsProps) -> Html {
    if props.requests.is_empty() {
        return html! { <p class="empty">{props.lang.t("requests.empty")}</p> };
    }
    let rows = props.requests.iter().map(|request| {
        let open = props.shown == Some(request.id);
        let (send, id) = (props.send.clone(), request.id);
        let toggle = move |_: MouseEvent| send.emit(Msg::ShowRequest((!open).then_some(id)));
        html! {
            <li key={request.id}>
                <button type="button" class="request" aria-expanded={open.to_string()} onclick={toggle}>
                    <span><span class="mono">{&request.title}</span>{" "}<span class="muted mono">{clock_text(request.at_ms)}</span></span>
                    <span class={classes!("result", (!request.answered).then_some("bad"))}>{&request.result}</span>
                </button>
                if open {
                    <ol class="hops">{for request.hops.iter().enumerate().map(|(i, h)| hop(props.lang, i, h))}</ol>
                }
            </li>
        }
    });
    html! { <ul class="requests">{for rows}</ul> }
}

fn hop(lang: Lang, index: usize, hop: &HopView) -> Html {
    let label = (!hop.passed).then(|| lang.with("request.bad", &[&(index + 1).to_string(), &hop.title]));
    html! {
        <li class={classes!((!hop.passed).then_some("stopped"))} aria-label={label}>
            <b>{&hop.title}</b>
            <p>{&hop.sentence}</p>
            if !hop.rule.is_empty() { <code>{&hop.rule}</code> }
        </li>
    }
}
