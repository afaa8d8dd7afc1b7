//! The map: draws a scene. Places come from the layout, looks from the style sheet.

use std::collections::BTreeSet;

use kubottle::view::scene::{Density, Edge, Scene};
use kubottle::view::{RequestView, Target};
use yew::prelude::*;

use super::actions::ActionsMenu;
use super::map_parts::{Node, OutsideWorld, Pod, PodCount, Service, TileBox};
use super::trip::{TripLine, TripMarks};
use super::Send;
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the map.
#[derive(Properties, PartialEq)]
pub struct MapProps {
    /// Language.
    pub lang: Lang,
    /// What is drawn.
    pub scene: Shared<Scene>,
    /// What is looked at.
    pub selected: Option<Target>,
    /// The request whose way is shown.
    pub request: Option<RequestView>,
    /// The node whose menu is open.
    pub menu: Option<String>,
    /// Where to send.
    pub send: Send,
}

/// What belongs to what is looked at: a Service and its endpoints, a pod and its Services, a node and its pods.
fn lit(scene: &Scene, selected: &Target) -> BTreeSet<Target> {
    let mut lit = BTreeSet::from([selected.clone()]);
    for service in &scene.services {
        let target = service.view.target();
        let pod = |e: &kubottle::view::topology::EndpointView| Target::new("pod", &target.namespace, &e.pod);
        if target == *selected {
            lit.extend(service.view.endpoints.iter().map(pod));
        } else if service.view.endpoints.iter().any(|e| pod(e) == *selected) {
            lit.insert(target);
        }
    }
    for tile in scene.ingresses.iter().chain(&scene.volumes) {
        if tile.view.target == *selected {
            lit.extend(tile.view.links.iter().cloned());
        } else if tile.view.links.contains(selected) {
            lit.insert(tile.view.target.clone());
        }
    }
    for node in &scene.nodes {
        if node.view.target() == *selected {
            lit.extend(node.pods.iter().map(|p| p.view.target()));
        }
    }
    lit
}

fn edge(edge: &Edge, lit: Option<&BTreeSet<Target>>) -> Html {
    let tone = match lit {
        Some(lit) if lit.contains(&edge.service) && lit.contains(&edge.to) => Some("lit"),
        Some(_) => Some("faded"),
        None => None,
    };
    let waiting = (!edge.ready).then_some("waiting");
    let key = format!("{}/{}/{}", edge.service.namespace, edge.service.name, edge.to.name);
    html! { <path {key} class={classes!("edge", format!("w{}", edge.colour), waiting, tone)} d={edge.path.clone()} /> }
}

/// The map.
#[component]
pub fn Map(props: &MapProps) -> Html {
    let MapProps { lang, scene, selected, send, .. } = props;
    if scene.width == 0.0 {
        return html! {};
    }
    let selected = selected.as_ref().filter(|t| scene.anchors.contains_key(t));
    let related = selected.filter(|t| t.kind != "node").map(|t| lit(scene, t));
    let is = |target: &Target| selected == Some(target);
    let wires = scene.sockets.iter().filter_map(|socket| {
        let service = scene.services.iter().find(|s| s.view.target() == socket.service)?;
        let (from, to) = (socket.rect.middle(), service.rect);
        let mid = (from.y + to.y) / 2.0;
        let d = format!("M{} {}C{} {mid} {} {mid} {} {}", from.x, from.y, from.x, to.mid_x(), to.mid_x(), to.y);
        Some(html! { <path key={socket.port} class="wire" {d} /> })
    });
    let links = scene.links.iter().map(|link| {
        let tone =
            related
                .as_ref()
                .map(|lit| if lit.contains(&link.from) && lit.contains(&link.to) { "lit" } else { "faded" });
        let key = format!("{}/{}/{}/{}", link.from.kind, link.from.namespace, link.from.name, link.to.name);
        html! { <path {key} class={classes!("link-line", link.from.kind.clone(), tone)} d={link.path.clone()} /> }
    });
    let tiles = scene.ingresses.iter().chain(&scene.volumes).map(|placed| {
        let target = &placed.view.target;
        html! { <TileBox key={format!("{}/{}/{}", target.kind, target.namespace, target.name)} placed={placed.clone()} selected={is(target)} send={send.clone()} /> }
    });
    let services = scene.services.iter().map(|placed| {
        let target = placed.view.target();
        html! { <Service key={format!("{}/{}", target.namespace, target.name)} lang={*lang} placed={placed.clone()} selected={is(&target)} send={send.clone()} /> }
    });
    let nodes = scene.nodes.iter().map(|placed| {
        let target = placed.view.target();
        html! { <Node key={target.name.clone()} lang={*lang} placed={placed.clone()} selected={is(&target)} send={send.clone()} /> }
    });
    let shelf_pods = scene.shelf.iter().flat_map(|s| &s.pods);
    let mut pods: Vec<_> = scene.nodes.iter().flat_map(|n| &n.pods).chain(shelf_pods).collect();
    // In an order of their own, so that a pod that finds its node moves there instead of being made anew.
    pods.sort_by(|a, b| (&a.view.namespace, &a.view.name).cmp(&(&b.view.namespace, &b.view.name)));
    let pods = pods.into_iter().map(|placed| {
        let target = placed.view.target();
        html! { <Pod key={format!("{}/{}", target.namespace, target.name)} placed={placed.clone()} density={scene.density} selected={is(&target)} send={send.clone()} /> }
    });
    let shelf_counts = scene.shelf.iter().flat_map(|s| &s.counts);
    let counts = scene.nodes.iter().flat_map(|n| &n.counts).chain(shelf_counts);
    let counts = counts.map(|placed| {
        let view = &placed.view;
        let key = format!("{}/{}/{}/{}", view.node, view.namespace, view.workload, view.shape.class());
        html! { <PodCount {key} placed={placed.clone()} /> }
    });
    let is_empty = scene.services.is_empty()
        && scene.shelf.is_none()
        && scene.nodes.iter().all(|n| n.pods.is_empty() && n.counts.is_empty());
    html! {
        <div class="map-place">
        <svg class={classes!("map", (scene.density == Density::Dot).then_some("dots"))} width={scene.width.to_string()} height={scene.height.to_string()} role="group" aria-label={lang.t("map")}>
            <g>{for wires}</g>
            <g>{for scene.edges.iter().map(|e| edge(e, related.as_ref()))}</g>
            if let Some(request) = &props.request {
                <TripLine key={request.id} scene={scene.clone()} request={request.clone()} selected={None::<Target>} send={send.clone()} />
            }
            <OutsideWorld lang={*lang} place={scene.outside} sockets={scene.sockets.clone()} send={send.clone()} />
            <g>{for links}</g>
            <g>{for tiles}</g>
            <g>{for services}</g>
            if let Some(shelf) = &scene.shelf {
                <g class="shelf">
                    <rect class="frame" x={shelf.rect.x.to_string()} y={shelf.rect.y.to_string()} width={shelf.rect.w.to_string()} height={shelf.rect.h.to_string()} rx="8" />
                    <text class="title" x={(shelf.rect.x + 12.0).to_string()} y={(shelf.rect.y + 19.0).to_string()}>{lang.t("map.pending")}</text>
                </g>
            }
            <g>{for nodes}</g>
            <g>{for pods}</g>
            <g>{for counts}</g>
            if is_empty {
                <text class="hint" text-anchor="middle" style={format!("translate: {}px {}px", scene.width / 2.0, scene.outside.bottom() + 27.0)}>
                    <tspan class="name" x="0">{lang.t("map.empty")}</tspan><tspan x="0" dy="20">{lang.t("map.bring")}</tspan>
                </text>
            }
            if let Some(request) = &props.request {
                <TripMarks key={request.id} scene={scene.clone()} request={request.clone()} selected={props.selected.clone()} send={send.clone()} />
            }
        </svg>
        if let Some(node) = props.menu.as_ref().and_then(|name| scene.nodes.iter().find(|n| n.view.name == *name)) {
            <ActionsMenu lang={*lang} node={node.view.clone()} x={(node.rect.right() - 12.0).min(scene.width - 8.0)} y={node.rect.y + 26.0} send={send.clone()} />
        }
        </div>
    }
}
