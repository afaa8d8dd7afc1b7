//! The parts of the map: outside world, Services, nodes, pods. Each is drawn anew only when it changes itself.

use kubottle::view::scene::{CountBox, Density, NodeBox, PodBox, Rect, ServiceBox, Socket};
use kubottle::view::tiles::Tile;
use kubottle::view::topology::{PodShape, Usage};
use kubottle::view::Target;
use yew::prelude::*;

use super::glyph::{dot, glyph};
use super::Send;
use crate::msg::Msg;
use crate::text::Lang;

/// Click, Enter and Space do the same to a shape as to a button.
pub fn press(send: &Send, msg: Msg) -> (Callback<MouseEvent>, Callback<KeyboardEvent>) {
    let (on_click, on_key, same) = (send.clone(), send.clone(), msg.clone());
    let click = Callback::from(move |_: MouseEvent| on_click.emit(msg.clone()));
    let key = Callback::from(move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            on_key.emit(same.clone());
        }
    });
    (click, key)
}

/// What is pressed: an area without text of its own above a drawing that assistive technology does not read.
pub fn hit(w: f32, h: f32, radius: f32, label: String, pressed: Option<bool>, send: &Send, msg: Msg) -> Html {
    let (onclick, onkeydown) = press(send, msg);
    html! {
        <rect class="hit" width={px(w)} height={px(h)} rx={radius.to_string()} role="button" tabindex="0" aria-label={label.clone()}
            aria-pressed={pressed.map(|p| p.to_string())} {onclick} {onkeydown}>
            <title>{label}</title>
        </rect>
    }
}

fn at(rect: Rect) -> String {
    format!("translate: {:.1}px {:.1}px", rect.x, rect.y)
}

fn frame(rect: Rect, radius: f32) -> Html {
    html! { <rect class="frame" width={rect.w.to_string()} height={rect.h.to_string()} rx={radius.to_string()} /> }
}

/// A length with one digit.
pub fn px(n: f32) -> String {
    format!("{n:.1}")
}

/// Properties of the outside world.
#[derive(Properties, PartialEq)]
pub struct OutsideWorldProps {
    /// Language.
    pub lang: Lang,
    /// Its place.
    pub place: Rect,
    /// Ports open on every node.
    pub sockets: Vec<Socket>,
    /// Where to send.
    pub send: Send,
}

/// The world outside, with the ports that lead in.
#[component]
pub fn OutsideWorld(props: &OutsideWorldProps) -> Html {
    let place = props.place;
    let sockets = props.sockets.iter().map(|socket| {
        let target = Target::new("nodeport", "", &socket.port.to_string());
        let label = props.lang.with("map.send", &[&format!("node port {}", socket.port)]);
        html! {
            <g key={socket.port} class="socket" style={at(socket.rect)}>
                <g aria-hidden="true">
                    {frame(socket.rect, 10.0)}
                    <text class="mono" x={px(socket.rect.w / 2.0)} y="14" text-anchor="middle">{format!(":{}", socket.port)}</text>
                </g>
                {hit(socket.rect.w, socket.rect.h, 10.0, label, None, &props.send, Msg::Send(target))}
            </g>
        }
    });
    html! {
        <g>
            <rect class="outside" x={px(place.x)} y={px(place.y)} width={px(place.w)} height={px(place.h)} rx="8" />
            <g style={format!("translate: {}px {}px", place.x + 18.0, place.y + place.h / 2.0)} fill="none" stroke="var(--muted)" stroke-width="1.2">
                <circle r="7" /><ellipse rx="3" ry="7" /><path d="M-7 0H7" />
            </g>
            <text class="sub" x={px(place.x + 32.0)} y={px(place.y + place.h / 2.0 + 4.0)} font-size="12">{props.lang.t("map.outside")}</text>
            {for sockets}
        </g>
    }
}

/// Properties of a Service.
#[derive(Properties, PartialEq)]
pub struct ServiceProps {
    /// Language.
    pub lang: Lang,
    /// What to draw where.
    pub placed: ServiceBox,
    /// True while it is looked at.
    pub selected: bool,
    /// Where to send.
    pub send: Send,
}

/// A Service: name, type, virtual IP, ports, endpoints, and a button that sends it a request.
#[component]
pub fn Service(props: &ServiceProps) -> Html {
    let ServiceProps { placed, lang, .. } = props;
    let (view, w) = (&placed.view, placed.rect.w);
    let (send_click, send_key) = press(&props.send, Msg::Send(view.target()));
    let (ready, all) = (view.ready_count(), view.endpoints.len());
    let counted = lang.with("map.endpoints", &[&ready.to_string(), &all.to_string()]);
    let send_label = lang.with("map.send", &[&format!("service {}", view.name)]);
    let ports = placed.ports.iter().enumerate().map(|(i, port)| {
        html! { <text class="mono sub" x="12" y={px(55.0 + i as f32 * 16.0)}>{port}</text> }
    });
    html! {
        <g style={at(placed.rect)}>
            <g class={classes!("service", props.selected.then_some("selected"))}>
                <g aria-hidden="true">
                    {frame(placed.rect, 8.0)}
                    <text class="name" x="12" y="20">{&placed.name}</text>
                    <text class="tag" x={px(w - 12.0)} y="20" text-anchor="end">{&view.kind}</text>
                    <text class="mono" x="12" y="37">{&view.cluster_ip}</text>
                    <text class={classes!("count", (ready == 0).then_some("none"))} x={px(w - 12.0)} y="37" font-size="11" text-anchor="end">{counted}</text>
                    {for ports}
                </g>
                {hit(w, placed.rect.h, 8.0, view.label(), Some(props.selected), &props.send, Msg::Select(Some(view.target())))}
            </g>
            if !view.ports.is_empty() {
                <g class="send" role="button" tabindex="0" aria-label={send_label.clone()} onclick={send_click} onkeydown={send_key}
                    style={format!("translate: {}px {}px", w - 22.0, placed.rect.h - 16.0)}>
                    <title>{send_label}</title>
                    <circle r="12" />
                    <path d="M-5 -5L6 0L-5 5L-3 0z" />
                </g>
            }
        </g>
    }
}

/// Properties of a tile.
#[derive(Properties, PartialEq)]
pub struct TileProps {
    /// What to draw where.
    pub placed: Tile,
    /// True while it is looked at.
    pub selected: bool,
    /// Where to send.
    pub send: Send,
}

/// An Ingress, a claim or a volume.
#[component]
pub fn TileBox(props: &TileProps) -> Html {
    let TileProps { placed, selected, send } = props;
    let (view, rect) = (&placed.view, placed.rect);
    let storage = view.target.kind != "ingress";
    // A disk, or two ways that part.
    let picture = if storage {
        "M1 3c0-2.600 10-2.600 10 0v7c0 2.600-10 2.600-10 0zM1 3c0 2.600 10 2.600 10 0"
    } else {
        "M0 6h4l4-4.500h3M4 6l4 4.500h3"
    };
    html! {
        <g class={classes!("tile", selected.then_some("selected"), view.troubled.then_some("troubled"))} style={at(rect)}>
            <g aria-hidden="true">
                {frame(rect, 7.0)}
                <path class="picture" d={picture} style="translate: 10px 8px" />
                <text class="name" x="27" y="18">{&placed.name}</text>
                <text class="sub" x={px(rect.w - 10.0)} y="18" font-size="10.5" text-anchor="end">{&view.tag}</text>
                {for placed.lines.iter().enumerate().map(|(i, line)| html! { <text class="mono sub" x="11" y={px(34.0 + i as f32 * 15.0)}>{line}</text> })}
            </g>
            {hit(rect.w, rect.h, 7.0, view.label(), Some(*selected), send, Msg::Select(Some(view.target.clone())))}
        </g>
    }
}

/// Properties of a node.
#[derive(Properties, PartialEq)]
pub struct NodeProps {
    /// Language.
    pub lang: Lang,
    /// What to draw where.
    pub placed: NodeBox,
    /// True while it is looked at.
    pub selected: bool,
    /// Where to send.
    pub send: Send,
}

fn meter(name: &'static str, usage: &Usage, x: f32, w: f32) -> Html {
    let share = (usage.permille.min(1000) as f32) / 1000.0;
    html! {
        <g style={format!("translate: {x}px 48px")}>
            <title>{format!("{name}: {}", usage.text)}</title>
            <text class="sub" y="4" font-size="9.5">{name}</text>
            <rect class="bar-back" x="26" width={px(w - 26.0)} height="3" rx="1.5" />
            <rect class={classes!("bar-fill", (usage.permille > 900).then_some("full"))} x="26" width={px((w - 26.0) * share)} height="3" rx="1.5" />
        </g>
    }
}

/// A node: name, state, IP, the range of its pods' IPs, and how full it is. Its pods are drawn on top of it.
#[component]
pub fn Node(props: &NodeProps) -> Html {
    let NodeProps { lang, placed, selected, send } = props;
    let view = &placed.view;
    let (open, open_key) = press(send, Msg::Menu(Some(view.name.clone())));
    let actions = lang.with("actions.on", &[&format!("node {}", view.name)]);
    let down = (!view.ready).then_some("down");
    let w = placed.rect.w;
    let half = (w - 36.0) / 2.0;
    html! {
        <g style={at(placed.rect)} class={classes!("node", down, selected.then_some("selected"))}>
            <rect class="frame" style="fill: none" width={px(w)} height={px(placed.rect.h)} rx="10" />
            <g aria-hidden="true">
                <rect class="frame head" width={px(w)} height={px(placed.head.h)} rx="10" />
                <text class="name" x="12" y="20">{&view.name}</text>
                <text class={classes!("state", down)} x={px(w - 30.0)} y="20" font-size="11" text-anchor="end">{&view.state}</text>
                <text class="mono" x="12" y="36">{&view.ip}</text>
                <text class="mono sub" x={px(w - 12.0)} y="36" text-anchor="end">{&view.pod_cidr}</text>
                {meter("cpu", &view.cpu, 12.0, half)}
                {meter("mem", &view.memory, 24.0 + half, half)}
            </g>
            {hit(w, placed.head.h, 10.0, view.label(), Some(*selected), send, Msg::Select(Some(view.target())))}
            <g class="send more" role="button" tabindex="0" aria-haspopup="true" aria-label={actions.clone()} onclick={open} onkeydown={open_key} style={format!("translate: {}px 16px", w - 16.0)}>
                <title>{actions}</title>
                <circle r="10" />
                <path d="M-5.500 -1.200h2.400v2.400h-2.400zM-1.200 -1.200h2.400v2.400h-2.400zM3.100 -1.200h2.400v2.400h-2.400z" />
            </g>
        </g>
    }
}

/// Properties of a pod.
#[derive(Properties, PartialEq)]
pub struct PodProps {
    /// What to draw where.
    pub placed: PodBox,
    /// How much of it.
    pub density: Density,
    /// True while it is looked at.
    pub selected: bool,
    /// Where to send.
    pub send: Send,
}

/// A pod.
#[component]
pub fn Pod(props: &PodProps) -> Html {
    let PodProps { placed, density, selected, send } = props;
    let (view, rect) = (&placed.view, placed.rect);
    let colour = format!("w{}", view.colour);
    let class = classes!("pod", view.shape.class(), colour, selected.then_some("selected"));
    let inside = match density {
        Density::Card => {
            let restarts = (view.restarts > 0).then(|| format!("↻{}", view.restarts));
            html! {
                <>
                    {frame(rect, 7.0)}
                    <rect class="stripe" x="1" y="7" width="3" height={px(rect.h - 14.0)} rx="1.5" />
                    <g style="translate: 19px 21px">{glyph(view.shape, 6.0)}</g>
                    <text class="mono name" x="32" y="17">{&placed.name}</text>
                    <text class="mono sub ip" x="32" y="33">{if view.shape == PodShape::Failing { "" } else { &view.ip }}</text>
                    <text class="sub state" x={px(rect.w - 9.0)} y="33" text-anchor="end">
                        if let Some(restarts) = restarts { <tspan class="restarts">{restarts}{" "}</tspan> }
                        {&view.status}
                    </text>
                </>
            }
        }
        Density::Line => html! {
            <>
                {frame(rect, 5.0)}
                <g style="translate: 11px 10px">{glyph(view.shape, 4.5)}</g>
                <text class="mono name" x="21" y="14">{&placed.name}</text>
                <text class="mono sub ip" x={px(rect.w - 6.0)} y="14" text-anchor="end">{&view.ip}</text>
            </>
        },
        // As few elements as can be: there are hundreds.
        Density::Dot | Density::Count => {
            return html! {
                <g {class} style={at(rect)}>
                    {dot(view.shape)}
                    {hit(rect.w, rect.h, 5.0, view.label(), Some(*selected), send, Msg::Select(Some(view.target())))}
                </g>
            };
        }
    };
    html! {
        <g {class} style={at(rect)}>
            <g class="appear" aria-hidden="true">{inside}</g>
            {hit(rect.w, rect.h, if *density == Density::Card { 7.0 } else { 5.0 }, view.label(), Some(*selected), send, Msg::Select(Some(view.target())))}
        </g>
    }
}

/// Properties of pods put together.
#[derive(Properties, PartialEq)]
pub struct PodCountProps {
    /// What to draw where.
    pub placed: CountBox,
}

/// Pods of one workload and shape as a number.
#[component]
pub fn PodCount(props: &PodCountProps) -> Html {
    let placed = &props.placed;
    let view = &placed.view;
    html! {
        <g class={classes!("pod", view.shape.class(), format!("w{}", view.colour))} style={at(placed.rect)}>
            <title>{format!("{} {} {}", placed.count, view.workload, view.status)}</title>
            {frame(placed.rect, 6.0)}
            <g style="translate: 12px 12px">{glyph(view.shape, 5.0)}</g>
            <text class="mono name" x="24" y="16">{&placed.name}</text>
            <text class="mono" font-weight="600" font-size="12" x={px(placed.rect.w - 10.0)} y="16" text-anchor="end">{placed.count}</text>
        </g>
    }
}
