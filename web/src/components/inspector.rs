//! The inspector: what is looked at, from all sides. With nothing selected, the cluster in three numbers, and
//! what can be done with it.

use kubottle::view::topology::{PodShape, Topology};
use kubottle::view::{clock_text, Because, Inspector, RequestView, Target};
use yew::prelude::*;

use super::actions::action_buttons;
use super::requests::hop_details;
use super::side::EventList;
use super::table::link;
use super::tabs::{Tab, Tabs};
use super::Send;
use crate::msg::{Facet, Msg};
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the inspector.
#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    /// Language.
    pub lang: Lang,
    /// What is looked at.
    pub selected: Option<Target>,
    /// What is known of it.
    pub found: Option<Shared<Inspector>>,
    /// Which side of it is shown.
    pub facet: Facet,
    /// Requests, newest first; one of their hops may be looked at.
    pub requests: Shared<Vec<RequestView>>,
    /// The cluster.
    pub topology: Shared<Topology>,
    /// The time, in whole seconds.
    pub now_s: u64,
    /// Where to send.
    pub send: Send,
}

/// The inspector.
#[component]
pub fn InspectorPanel(props: &InspectorProps) -> Html {
    let InspectorProps { lang, send, selected, found, .. } = props;
    let close = {
        let send = send.clone();
        move |_: MouseEvent| send.emit(Msg::Select(None))
    };
    html! {
        <section class="panel inspector" aria-label={lang.t("inspector")}>
            <div class="bar">
                <h2>{lang.t(if selected.is_some() { "inspector" } else { "inspector.overview" })}</h2>
                <span class="grow" />
                if selected.is_some() {
                    <button type="button" class="quiet icon" aria-label={lang.t("close")} title={lang.t("close")} onclick={close}>
                        <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2.600 8 6.600l4-4L13.400 4l-4 4 4 4-1.400 1.400-4-4-4 4L2.600 12l4-4-4-4z" /></svg>
                    </button>
                }
            </div>
            {match (selected, found) {
                (None, _) => overview(*lang, &props.topology),
                (Some(target), _) if target.kind == "hop" => hop_details(*lang, &props.requests, target, send),
                (Some(target), None) => gone(*lang, target),
                (Some(_), Some(found)) => known(props, found),
            }}
        </section>
    }
}

fn overview(lang: Lang, topology: &Topology) -> Html {
    let nodes = (topology.nodes.iter().filter(|n| n.ready).count(), topology.nodes.len());
    let mine: Vec<_> = topology.pods().filter(|p| !p.system).collect();
    let ready = mine.iter().filter(|p| p.shape == PodShape::Ready).count();
    let services = topology.services.iter().filter(|s| !s.system).count();
    let guide = [
        lang.t("guide.apply"),
        lang.t("guide.select"),
        lang.t("guide.send"),
        lang.t("guide.node"),
        lang.t("guide.time"),
    ];
    html! {
        <div class="scroll" tabindex="0">
            <div class="numbers">
                <div><b>{format!("{}/{}", nodes.0, nodes.1)}</b><span>{lang.t("inspector.nodes")}</span></div>
                <div><b>{format!("{ready}/{}", mine.len())}</b><span>{lang.t("inspector.pods")}</span></div>
                <div><b>{services}</b><span>{lang.t("inspector.services")}</span></div>
            </div>
            <p class="pad">{lang.t("guide")}</p>
            <ul class="why">{for guide.map(|line| html! { <li><p>{line}</p></li> })}</ul>
        </div>
    }
}

fn gone(lang: Lang, target: &Target) -> Html {
    html! {
        <>
            <div class="identity"><div class="kind">{&target.kind}</div><h3>{&target.name}</h3></div>
            <p class="empty">{lang.t("inspector.gone")}</p>
        </>
    }
}

fn known(props: &InspectorProps, found: &Shared<Inspector>) -> Html {
    let InspectorProps { lang, send, facet, .. } = props;
    let place =
        if found.target.namespace.is_empty() { String::new() } else { format!(" · {}", found.target.namespace) };
    let mut facets = vec![
        (Facet::Summary, "inspector.summary", None),
        (Facet::Why, "inspector.why", None),
        (Facet::Yaml, "YAML", None),
        (Facet::Describe, "inspector.describe", None),
        (Facet::Events, "inspector.events", Some((found.events.len(), found.events.iter().any(|e| e.warning)))),
    ];
    if found.target.kind == "pod" {
        facets.push((Facet::Logs, "inspector.logs", None));
    }
    let tabs: Vec<Tab> = facets
        .into_iter()
        .map(|(f, label, badge)| Tab {
            label: lang.t(label).into(),
            badge: badge.filter(|(_, warns)| *warns),
            selected: f == *facet,
            msg: Msg::Facet(f),
        })
        .collect();
    html! {
        <>
            <div class="identity">
                <div class="kind">{&found.kind}{place}</div>
                <h3>{&found.target.name}</h3>
                <span class={classes!("status", found.troubled.then_some("bad"))}>{&found.status}</span>
            </div>
            <div class="bar"><Tabs label={lang.t("inspector.facets")} {tabs} send={send.clone()} /></div>
            <div class="scroll" tabindex="0" key={format!("{facet:?}")}>{side(props, found)}</div>
        </>
    }
}

fn side(props: &InspectorProps, found: &Shared<Inspector>) -> Html {
    let InspectorProps { lang, send, .. } = props;
    match props.facet {
        Facet::Summary => html! {
            <>
                if !found.related.iter().any(|target| target.kind == "node") {
                    {verdicts(*lang, found, send)}
                }
                <dl class="facts">{for found.summary.iter().map(|(name, value)| html! { <><dt>{name}</dt><dd>{value}</dd></> })}</dl>
                {action_buttons(*lang, found, send)}
                <div class="related">{for found.related.iter().map(|t| link(send, t.clone(), format!("{}/{}", t.kind, t.name)))}</div>
            </>
        },
        Facet::Why if found.why.is_empty() => html! { <p class="empty">{lang.t("inspector.why.empty")}</p> },
        Facet::Why => {
            html! { <>{verdicts(*lang, found, send)}<ol class="why">{for found.why.iter().map(|link| because(send, link))}</ol></> }
        }
        Facet::Yaml => html! { <pre class="text">{&found.yaml}</pre> },
        Facet::Describe => html! { <pre class="text">{&found.describe}</pre> },
        Facet::Events => {
            html! { <EventList lang={*lang} events={Shared::new(found.events.clone())} now_s={props.now_s} send={send.clone()} /> }
        }
        Facet::Logs if found.logs.is_empty() => html! { <p class="empty">{lang.t("inspector.logs.empty")}</p> },
        Facet::Logs => html! { <pre class="text">{&found.logs}</pre> },
    }
}

/// What the scheduler has against each node.
fn verdicts(lang: Lang, found: &Inspector, send: &Send) -> Html {
    let rows = found.verdicts.iter().map(|(node, verdict)| {
        html! { <tr><th scope="row">{link(send, Target::new("node", "", node), node.clone())}</th><td class="wrap">{verdict}</td></tr> }
    });
    html! {
        if !found.verdicts.is_empty() {
            <table class="verdicts" aria-label={lang.t("inspector.verdicts")}><caption>{lang.t("inspector.verdicts")}</caption><tbody>{for rows}</tbody></table>
        }
    }
}

fn because(send: &Send, because: &Because) -> Html {
    let target = &because.target;
    let at = because.at_ms.map_or_else(String::new, |ms| format!("{} · ", clock_text(ms)));
    let when = format!("{at}{} · ", because.by);
    html! {
        <li>
            <div class="by">{when}{link(send, target.clone(), format!("{}/{}", target.kind, target.name))}</div>
            <p>{&because.sentence}</p>
        </li>
    }
}
