//! The timeline: draws the lives of the pods as bars on one axis of time, and the same as a table.

use kubottle::view::timeline::{Group, LaneRow, TimelineScene, Window};
use kubottle::view::Target;
use yew::prelude::*;

use super::map_parts::{hit, px};
use super::table::{link, table};
use super::Send;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the timeline.
#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    /// Language.
    pub lang: Lang,
    /// What is drawn.
    pub scene: Shared<TimelineScene>,
    /// True for the table.
    pub as_text: bool,
    /// What is looked at.
    pub selected: Option<Target>,
    /// Where to send.
    pub send: Send,
}

/// The timeline.
#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let TimelineProps { lang, scene, selected, send, .. } = props;
    if props.as_text {
        return text(*lang, scene, send);
    }
    if scene.groups.is_empty() {
        return html! { <p class="empty">{lang.t("timeline.empty")}</p> };
    }
    html! {
        <div class="timeline" style={format!("width: {}px", scene.width)}>
            {axis(*lang, scene.window, &scene.ticks, scene.left, scene.right, send)}
            <svg width={px(scene.width)} height={px(scene.height - 26.0)} viewBox={format!("0 26 {} {}", scene.width, scene.height - 26.0)} role="group" aria-label={lang.t("timeline")}>
                {for scene.ticks.iter().map(|(x, _)| html! { <path class="grid" d={format!("M{x:.1} 0V{}", scene.height)} /> })}
                {for scene.groups.iter().map(|g| group(scene, g, selected.as_ref(), send))}
                {future(scene.window, scene.left, scene.right, scene.height)}
            </svg>
        </div>
    }
}

/// The axis: round times, and a click goes to that moment.
pub fn axis(lang: Lang, window: Window, ticks: &[(f32, String)], left: f32, right: f32, send: &Send) -> Html {
    let send = send.clone();
    let seek = move |event: MouseEvent| {
        let share = ((event.offset_x() as f32 - left) / (right - left)).clamp(0.0, 1.0);
        let span_ms = window.to_ms.saturating_sub(window.from_ms) as f32;
        send.emit(Msg::Seek(window.from_ms + (span_ms * share) as u64));
    };
    let now = window.x(window.now_ms, left, right);
    html! {
        <svg class="axis" width={px(right + 14.0)} height="26" aria-hidden="true" onclick={seek}>
            <title>{lang.t("timeline.seek")}</title>
            {for ticks.iter().map(|(x, time)| html! { <text x={px(*x)} y="17" text-anchor="middle">{time}</text> })}
            <path class="now" d={format!("M{now:.1} 26l-5 -7h10z")} />
        </svg>
    }
}

/// What is later than the moment looked at is veiled.
pub fn future(window: Window, left: f32, right: f32, height: f32) -> Html {
    let now = window.x(window.now_ms, left, right);
    html! {
        <g pointer-events="none">
            if right - now > 1.0 {
                <rect class="veil" x={px(now)} y="0" width={px(right - now + 14.0)} height={px(height)} />
            }
            <path class="now line" d={format!("M{now:.1} 0V{height}")} />
        </g>
    }
}

fn group(scene: &TimelineScene, group: &Group, selected: Option<&Target>, send: &Send) -> Html {
    let y = group.y;
    let right = scene.right;
    let named = !group.target.name.is_empty();
    let label = format!("{} {}, {}", group.target.kind, group.target.name, group.note);
    html! {
        <g class={format!("group w{}", group.colour)} key={format!("{}/{}", group.kind, group.target.name)}>
            <rect class="band" x="0" y={px(y)} width={px(right + 14.0)} height="22" />
            <rect class="swatch" x="8" y={px(y + 7.0)} width="8" height="8" rx="2" />
            <text x="22" y={px(y + 15.5)}><tspan class="sub">{&group.kind}{" "}</tspan><tspan class="name">{&group.name}</tspan></text>
            <text class="note" x={px(scene.left - 8.0)} y={px(y + 15.5)} text-anchor="end">{&group.note}</text>
            if named {
                <g style={format!("translate: 0px {y}px")}>
                    {hit(scene.left, 22.0, 4.0, label, Some(selected == Some(&group.target)), send, Msg::Select(Some(group.target.clone())))}
                </g>
            }
            {for group.runs.iter().map(|x| html! { <path class="run" d={format!("M{x:.1} {:.1}V{:.1}", y + 22.0, group.bottom)} /> })}
            {for group.bars.iter().map(|(shape, d)| html! { <path key={shape.class()} class={classes!("bar", shape.class())} d={d.clone()} /> })}
            <path class="restart" d={group.restarts.clone()} />
            if !group.crowded {
                {for group.lanes.iter().map(|l| lane(scene, l, selected, send))}
            }
        </g>
    }
}

fn lane(scene: &TimelineScene, lane: &LaneRow, selected: Option<&Target>, send: &Send) -> Html {
    let label = format!("pod {}, {}", lane.target.name, lane.text());
    let is = selected == Some(&lane.target);
    html! {
        <g key={lane.target.name.clone()} class={classes!("lane", is.then_some("selected"))} style={format!("translate: 0px {}px", lane.y)}>
            <text class="mono" x="22" y="13" aria-hidden="true">{&lane.name}</text>
            {hit(scene.right + 6.0, lane.h, 3.0, label, Some(is), send, Msg::Select(Some(lane.target.clone())))}
        </g>
    }
}

fn text(lang: Lang, scene: &TimelineScene, send: &Send) -> Html {
    let rows = scene.groups.iter().flat_map(|g| &g.lanes).map(|lane| {
        html! {
            <tr key={format!("{}/{}", lane.target.namespace, lane.target.name)}>
                <td>{link(send, lane.target.clone(), lane.target.name.clone())}</td><td>{&lane.owner}</td><td>{&lane.node}</td>
                <td>{lane.restarts}</td><td class="wrap">{lane.text()}</td>
            </tr>
        }
    });
    html! { <div class="tables">{table("Pods", &["NAME", "OWNER", "NODE", "RESTARTS", "STATUS"], rows.collect(), lang.t("table.none"))}</div> }
}
