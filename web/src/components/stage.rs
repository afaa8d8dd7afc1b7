//! The stage: the cluster from several sides, each a drawing and the same as text.

use kubottle::view::topology::PodShape;
use kubottle::view::RequestView;
use yew::prelude::*;

use super::charts::Charts;
use super::glyph::glyph;
use super::header::chosen;
use super::map::Map;
use super::rules::Rules;
use super::table::Tables;
use super::tabs::{Tab, Tabs};
use super::timeline::Timeline;
use super::Send;
use crate::model::Model;
use crate::msg::{Msg, StageTab};
use crate::platform::WidthWatch;
use crate::text::Lang;

/// How much of time can be shown, in milliseconds, with its name; 0 for all of it.
const SPANS: [(u64, &str); 5] =
    [(0, ""), (30_000, "30 s"), (120_000, "2 min"), (600_000, "10 min"), (3_600_000, "1 h")];

/// The stage. Each of its views is drawn anew only when it changes itself.
pub fn stage(m: &Model, request: Option<RequestView>, send: &Send) -> Html {
    let (lang, tab) = (m.lang, m.stage);
    let tabs = [
        (StageTab::Map, "stage.map"),
        (StageTab::Timeline, "timeline"),
        (StageTab::Charts, "charts"),
        (StageTab::Rules, "rules"),
    ];
    let tabs: Vec<Tab> = tabs
        .into_iter()
        .map(|(t, label)| Tab { label: lang.t(label).into(), badge: None, selected: t == tab, msg: Msg::Stage(t) })
        .collect();
    let label = match tab {
        StageTab::Map => lang.t("map"),
        StageTab::Timeline => lang.t("timeline"),
        StageTab::Charts => lang.t("charts"),
        StageTab::Rules => lang.t("rules"),
    };
    html! {
        <section class="panel stage" aria-label={label}>
            <div class="bar">
                <Tabs label={lang.t("stage")} {tabs} send={send.clone()} />
                <span class="grow" />
                if matches!(tab, StageTab::Timeline | StageTab::Charts) {
                    {spans(lang, m.span_ms, send)}
                }
                if tab != StageTab::Rules {
                    {toggle(lang.t("stage.table"), lang.t("stage.table.hint"), "M2 3h12v2H2zM2 7h12v2H2zM2 11h12v2H2z", m.as_text, send, Msg::ToggleText)}
                }
                if matches!(tab, StageTab::Map | StageTab::Timeline) {
                    {toggle(lang.t("map.system"), lang.t("map.system.hint"), "M8 1l6 3.500v7L8 15l-6-3.500v-7zM8 5a3 3 0 100 6 3 3 0 000-6z", m.show_system, send, Msg::ToggleSystem)}
                }
            </div>
            <Measured send={send.clone()}>
                {match tab {
                    StageTab::Map if m.as_text => html! { <Tables {lang} topology={m.topology.clone()} show_system={m.show_system} send={send.clone()} /> },
                    StageTab::Map => html! { <Map {lang} scene={m.scene.clone()} selected={m.selected.clone()} {request} menu={m.menu.clone()} send={send.clone()} /> },
                    StageTab::Timeline => html! {
                        <Timeline {lang} scene={m.timeline.clone()} as_text={m.as_text} selected={m.selected.clone()} send={send.clone()} />
                    },
                    StageTab::Charts => html! {
                        <Charts {lang} view={m.charts.clone()} load={m.load.clone()} hover_ms={m.hover_ms} as_text={m.as_text} theme={m.theme} send={send.clone()} />
                    },
                    StageTab::Rules => html! {
                        <Rules {lang} rules={m.rules.clone()} request={request.map(|r| r.title)} filter={m.rules_filter.clone()}
                            only_met={m.only_met} topology={m.topology.clone()} send={send.clone()} />
                    },
                }}
            </Measured>
            if !m.as_text && matches!(tab, StageTab::Map | StageTab::Timeline) {
                <Legend {lang} timeline={tab == StageTab::Timeline} />
            }
        </section>
    }
}

/// A button that stays pressed; on a small screen its picture alone is shown.
fn toggle(name: &'static str, hint: &'static str, picture: &'static str, pressed: bool, send: &Send, msg: Msg) -> Html {
    let send = send.clone();
    html! {
        <button type="button" class="quiet toggle" aria-pressed={pressed.to_string()} aria-label={name} title={hint} onclick={move |_: MouseEvent| send.emit(msg.clone())}>
            <svg viewBox="0 0 16 16" aria-hidden="true"><path d={picture} fill-rule="evenodd" /></svg><span>{name}</span>
        </button>
    }
}

fn spans(lang: Lang, shown_ms: u64, send: &Send) -> Html {
    let send = send.clone();
    let onchange = move |e: Event| send.emit(Msg::Span(chosen(&e).parse().unwrap_or(0)));
    html! {
        <select aria-label={lang.t("timeline.span")} title={lang.t("timeline.span")} {onchange}>
            {for SPANS.map(|(ms, name)| html! {
                <option value={ms.to_string()} selected={ms == shown_ms}>{if ms == 0 { lang.t("timeline.all") } else { name }}</option>
            })}
        </select>
    }
}

#[derive(Properties, PartialEq)]
struct MeasuredProps {
    send: Send,
    children: Children,
}

/// Reports how wide the stage is.
#[component]
fn Measured(props: &MeasuredProps) -> Html {
    let place = use_node_ref();
    {
        let (place, send) = (place.clone(), props.send.clone());
        use_effect_with((), move |_| {
            let element: web_sys::Element = place.cast().expect("the stage is on the page");
            let watch = WidthWatch::new(&element, move |width| send.emit(Msg::MapWidth(width)));
            move || drop(watch)
        });
    }
    // Scrolled by the keyboard too.
    html! { <div class="scroll" tabindex="0" role="group" ref={place}>{props.children.clone()}</div> }
}

#[derive(Properties, PartialEq)]
struct LegendProps {
    lang: Lang,
    timeline: bool,
}

#[component]
fn Legend(props: &LegendProps) -> Html {
    let lang = props.lang;
    let shapes = [
        (PodShape::Pending, lang.t("legend.pending")),
        (PodShape::Starting, lang.t("legend.starting")),
        (PodShape::Unready, lang.t("legend.unready")),
        (PodShape::Ready, lang.t("legend.ready")),
        (PodShape::Succeeded, lang.t("legend.succeeded")),
        (PodShape::Failing, lang.t("legend.failing")),
        (PodShape::Terminating, lang.t("legend.terminating")),
    ];
    html! {
        <div class="legend" role="group" tabindex="0" aria-label={lang.t("legend")}>
            {for shapes.into_iter().map(|(shape, name)| html! {
                <span class={shape.class()}>
                    if props.timeline {
                        <svg class="timeline" viewBox="-7 -7 14 14" aria-hidden="true"><path class={classes!("bar", shape.class())} d={bar(shape)} /></svg>
                    } else {
                        <svg viewBox="-7 -7 14 14" aria-hidden="true">{glyph(shape, 5.0)}</svg>
                    }
                    {name}
                </span>
            })}
        </div>
    }
}

/// A piece of a bar as the timeline draws it.
fn bar(shape: PodShape) -> String {
    let h = shape.bar_share() * 14.0;
    format!("M-7 {}h14v{h}h-14z", -h / 2.0)
}
