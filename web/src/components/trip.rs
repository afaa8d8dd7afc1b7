//! The way of a request over the map: a line through its hops, a number at each, and something that travels along.

use kubottle::view::scene::{Anchor, Point, Scene};
use kubottle::view::{RequestView, Target};
use yew::prelude::*;

use super::map_parts::press;
use super::requests::hop_target;
use super::Send;
use crate::msg::Msg;
use crate::shared::Shared;

/// Real time a request takes for one hop.
const HOP_MS: usize = 420;

/// Properties of a request's way.
#[derive(Properties, PartialEq)]
pub struct TripProps {
    /// Where things are.
    pub scene: Shared<Scene>,
    /// The request.
    pub request: RequestView,
    /// What is looked at, which may be one of its hops.
    pub selected: Option<Target>,
    /// Where to send.
    pub send: Send,
}

/// The anchors on the way that are on the map, each with the number of the first hop that reaches it.
fn stops(scene: &Scene, request: &RequestView) -> Vec<(Anchor, usize)> {
    let mut stops: Vec<(Anchor, usize)> = Vec::new();
    let start = request.hops.first().map(|hop| (&hop.from, 0));
    // The answer goes back the same way; that is not drawn.
    let there = request.hops.iter().enumerate().filter(|(_, hop)| !hop.back);
    let hops = there.map(|(i, hop)| (&hop.to, i + 1));
    for (target, number) in start.into_iter().chain(hops) {
        if let Some(anchor) = scene.anchors.get(target) {
            // A hop that stays where it is adds nothing to the line.
            if stops.last().is_none_or(|(last, _)| last != anchor) {
                stops.push((*anchor, number));
            }
        }
    }
    stops
}

/// A line through the stops: along edges where it can, otherwise in a curve that leaves and arrives upright.
fn path(stops: &[(Anchor, usize)]) -> String {
    let mut d = String::new();
    for (i, (to, _)) in stops.iter().enumerate() {
        match i.checked_sub(1).map(|before| stops[before].0.leave) {
            None => d.push_str(&format!("M{:.1} {:.1}", to.enter.x, to.enter.y)),
            Some(from) => d.push_str(&leg(from, to)),
        }
        if to.leave != to.enter {
            d.push_str(&format!("L{:.1} {:.1}", to.leave.x, to.leave.y));
        }
    }
    d
}

fn leg(from: Point, anchor: &Anchor) -> String {
    let to = anchor.enter;
    let (across, down) = (to.x - from.x, to.y - from.y);
    if down.abs() < 16.0 {
        format!("L{:.1} {:.1}", to.x, to.y)
    } else if across.abs() < 12.0 {
        format!("V{:.1}H{:.1}", to.y, to.x)
    } else {
        let bend = anchor.via.filter(|via| via.y > from.y).unwrap_or(to);
        let mid = (from.y + bend.y) / 2.0;
        let curve = format!("C{:.1} {mid:.1} {:.1} {mid:.1} {:.1} {:.1}", from.x, bend.x, bend.x, bend.y);
        if bend == to {
            curve
        } else {
            format!("{curve}V{:.1}H{:.1}", to.y, to.x)
        }
    }
}

/// The line, to be drawn below everything it passes.
#[component]
pub fn TripLine(props: &TripProps) -> Html {
    let stops = stops(&props.scene, &props.request);
    if stops.len() < 2 {
        return html! {};
    }
    let bad = (!props.request.answered).then_some("bad");
    html! {
        <path class={classes!("trip", bad)} d={path(&stops)} pathLength="1" style={time(&stops)} />
    }
}

/// The numbers of the hops and what travels, to be drawn above everything.
#[component]
pub fn TripMarks(props: &TripProps) -> Html {
    let stops = stops(&props.scene, &props.request);
    if stops.len() < 2 {
        return html! {};
    }
    let bad = (!props.request.answered).then_some("bad");
    let last = stops.len() - 1;
    let marks = stops.iter().enumerate().filter(|(_, (_, number))| *number > 0).map(|(i, (anchor, number))| {
        let (tone, point) = (bad.filter(|_| i == last), anchor.enter);
        let target = hop_target(props.request.id, number - 1);
        let is = props.selected.as_ref() == Some(&target);
        let (onclick, onkeydown) = press(&props.send, Msg::Select(Some(target)));
        let label = format!("hop {number}: {}", props.request.hops[number - 1].title);
        html! {
            <g class={classes!("stop", tone, is.then_some("selected"))} role="button" tabindex="0" aria-label={label.clone()} aria-pressed={is.to_string()} {onclick} {onkeydown}
                style={format!("translate: {:.1}px {:.1}px", point.x, point.y)}>
                <title>{label}</title>
                <circle class="reach" r="12" />
                <circle r="8" />
                <text y="3.4" text-anchor="middle" aria-hidden="true">{number}</text>
            </g>
        }
    });
    html! {
        <g style={time(&stops)}>
            {for marks}
            <circle pointer-events="none" class={classes!("traveller", bad)} r="6" style={format!("offset-path: path('{}')", path(&stops))} />
        </g>
    }
}

fn time(stops: &[(Anchor, usize)]) -> String {
    format!("--for: {}ms", HOP_MS * (stops.len() - 1))
}
