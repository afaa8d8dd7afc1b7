//! Lays a topology out as a map of a given width: outside world, node ports, Services, nodes with their pods. Pure and the same
//! for the same input, so that nothing on the map jumps without a reason.

use std::rc::Rc;

use super::map_text::fit;
use super::scene::*;
use super::tiles;
use super::topology::{NodeView, PodView, Topology};
use super::Target;
use crate::base::map::Map;
use crate::base::order::Order;

const MARGIN: f32 = 16.0;
const GAP: f32 = 14.0;
const OUTSIDE_H: f32 = 34.0;
const SOCKET_W: f32 = 58.0;
const SOCKET_H: f32 = 20.0;
const SERVICE_W: f32 = 208.0;
const PORT_H: f32 = 16.0;
const NODE_W: f32 = 212.0;
const HEAD_H: f32 = 58.0;
const GUTTER: f32 = 14.0;
const PAD: f32 = 10.0;
/// Height of the space in which the edges spread out.
const FAN_H: f32 = 44.0;

/// Height of the space between tiles and what they are joined to.
const LINK_H: f32 = 30.0;

/// Lays out a topology for a drawing of `width` pixels.
pub fn layout(topology: &Topology, width: f32) -> Scene {
    let width = width.max(280.0);
    let mut scene = Scene { width, density: density(topology, width), ..Scene::default() };
    scene.outside = Rect { x: MARGIN, y: 12.0, w: width - 2.0 * MARGIN, h: OUTSIDE_H };
    scene.anchors.insert(Target::outside(), Anchor::at(Point { x: MARGIN + 18.0, y: scene.outside.bottom() }));
    let ports = topology.services.iter().flat_map(|s| &s.ports).filter(|p| p.node_port != 0).count();
    let socket_rows = ports.div_ceil(sockets_a_row(width)) as f32;
    let mut y = scene.outside.bottom() + if ports > 0 { 18.0 + socket_rows * (SOCKET_H + 4.0) } else { 20.0 };
    let (ingresses, below) = tiles::place(&mut scene, &topology.ingresses, y);
    if !ingresses.is_empty() {
        (scene.ingresses, y) = (ingresses, below + LINK_H);
    }
    y = place_services(&mut scene, topology, y);
    place_sockets(&mut scene);
    y = place_nodes(&mut scene, topology, y);
    // Below the nodes, so that these stay where they are while pods come and find their node.
    y = place_shelf(&mut scene, topology, y);
    let (volumes, below) = tiles::place(&mut scene, &topology.volumes, y + LINK_H);
    if !volumes.is_empty() {
        (scene.volumes, y) = (volumes, below);
    }
    scene.height = y + MARGIN;
    scene.links = tiles::links(&scene);
    draw_edges(&mut scene, topology);
    scene
}

fn density(topology: &Topology, width: f32) -> Density {
    let columns = node_columns(topology.nodes.len(), width);
    let across = (node_width(topology.nodes.len(), width) / 12.0).max(1.0);
    let most = topology.nodes.iter().map(|n| n.pods.len()).max().unwrap_or(0).max(topology.unscheduled.len() / columns);
    match most {
        0..=6 => Density::Card,
        7..=14 => Density::Line,
        n if (n as f32) <= across * 24.0 => Density::Dot,
        _ => Density::Count,
    }
}

fn node_columns(nodes: usize, width: f32) -> usize {
    let fitting = ((width - 2.0 * MARGIN + GAP) / (NODE_W + GAP)).floor() as usize;
    let fitting = fitting.clamp(1, nodes.max(1));
    // Rows of equal length look calmer than a full one and a rest.
    nodes.max(1).div_ceil(nodes.max(1).div_ceil(fitting))
}

fn node_width(nodes: usize, width: f32) -> f32 {
    let columns = node_columns(nodes, width) as f32;
    ((width - 2.0 * MARGIN - (columns - 1.0) * GAP) / columns).min(340.0)
}

/// Splits `count` boxes into centred rows and hands each one its left edge and its row.
pub(super) fn centred(count: usize, box_w: f32, width: f32) -> Vec<(f32, usize)> {
    let fitting = (((width - 2.0 * MARGIN + GAP) / (box_w + GAP)).floor() as usize).max(1);
    let mut places = Vec::with_capacity(count);
    for i in 0..count {
        let row = i / fitting;
        let in_row = fitting.min(count - row * fitting) as f32;
        let row_w = in_row * box_w + (in_row - 1.0) * GAP;
        places.push(((width - row_w) / 2.0 + (i % fitting) as f32 * (box_w + GAP), row));
    }
    places
}

fn port_line(port: &super::topology::PortView) -> String {
    let name = if port.name.is_empty() { String::new() } else { format!("{} ", port.name) };
    format!("{name}{} → {}/{}", port.port, port.target, port.protocol)
}

fn place_services(scene: &mut Scene, topology: &Topology, top: f32) -> f32 {
    let w = SERVICE_W.min(scene.width - 2.0 * MARGIN);
    let places = centred(topology.services.len(), w, scene.width);
    let mut y = top;
    let mut row_bottom = top;
    let mut row = 0;
    for (service, (x, its_row)) in topology.services.iter().zip(places) {
        if its_row != row {
            (row, y) = (its_row, row_bottom + GAP);
        }
        let h = 46.0 + service.ports.len() as f32 * PORT_H + 6.0;
        let rect = Rect { x, y, w, h };
        row_bottom = row_bottom.max(rect.bottom());
        let at = |y| Point { x: rect.mid_x(), y };
        scene.anchors.insert(service.target(), Anchor { via: None, enter: at(rect.y), leave: at(rect.bottom()) });
        scene.services.push(ServiceBox {
            view: service.clone(),
            rect,
            name: fit(&service.name, w - 84.0, 13.0),
            ports: service.ports.iter().map(|p| fit(&port_line(p), w - 66.0, 11.0)).collect(),
        });
    }
    row_bottom
}

fn sockets_a_row(width: f32) -> usize {
    (((width - 2.0 * MARGIN) / (SOCKET_W + 6.0)) as usize).max(1)
}

/// Puts the node ports on the edge of the cluster, each as near above its Service as the others let it.
fn place_sockets(scene: &mut Scene) {
    let mut wanted: Vec<(f32, Target, u16)> = Vec::new();
    for service in &scene.services {
        let ports = service.view.ports.iter().map(|p| p.node_port).filter(|p| *p != 0);
        let ports: Vec<u16> = ports.collect();
        let left = service.rect.mid_x() - (ports.len() as f32 * (SOCKET_W + 6.0) - 6.0) / 2.0;
        let places = ports.into_iter().enumerate();
        wanted.extend(places.map(|(i, port)| (left + i as f32 * (SOCKET_W + 6.0), service.view.target(), port)));
    }
    wanted.order_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
    for (row, sockets) in wanted.chunks(sockets_a_row(scene.width)).enumerate() {
        let y = scene.outside.bottom() - SOCKET_H / 2.0 + row as f32 * (SOCKET_H + 4.0);
        let mut free_from = MARGIN;
        let mut places: Vec<f32> = Vec::with_capacity(sockets.len());
        for (wanted_x, _, _) in sockets {
            places.push(wanted_x.max(free_from));
            free_from = places[places.len() - 1] + SOCKET_W + 6.0;
        }
        let mut free_to = scene.width - MARGIN;
        for x in places.iter_mut().rev() {
            *x = x.min(free_to - SOCKET_W);
            free_to = *x - 6.0;
        }
        for ((_, service, port), x) in sockets.iter().zip(places) {
            let rect = Rect { x, y, w: SOCKET_W, h: SOCKET_H };
            let enter = Point { x, ..rect.middle() };
            let leave = Point { y: rect.bottom(), ..rect.middle() };
            scene.anchors.insert(Target::new("nodeport", "", &port.to_string()), Anchor { via: None, enter, leave });
            scene.sockets.push(Socket { service: service.clone(), port: *port, rect });
        }
    }
}

fn place_shelf(scene: &mut Scene, topology: &Topology, above: f32) -> f32 {
    if topology.unscheduled.is_empty() {
        return above;
    }
    let mut rect = Rect { x: MARGIN, y: above + GAP, w: scene.width - 2.0 * MARGIN, h: 0.0 };
    let (pods, counts, bottom) = place_pods(&topology.unscheduled, rect, rect.y + 28.0, scene.density);
    rect.h = bottom + PAD - rect.y;
    anchor_pods(scene, rect.y, &pods, &counts);
    scene.shelf = Some(Shelf { rect, pods, counts });
    rect.bottom()
}

fn place_nodes(scene: &mut Scene, topology: &Topology, above: f32) -> f32 {
    let columns = node_columns(topology.nodes.len(), scene.width);
    let w = node_width(topology.nodes.len(), scene.width);
    let all_w = columns as f32 * (w + GAP) - GAP;
    let left = (scene.width - all_w) / 2.0;
    let mut y = above + FAN_H;
    for row in topology.nodes.chunks(columns) {
        let mut boxes = Vec::new();
        for (i, node) in row.iter().enumerate() {
            let rect = Rect { x: left + i as f32 * (w + GAP), y, w, h: 0.0 };
            let (pods, counts, bottom) = place_pods(&node.pods, rect, y + HEAD_H + 8.0, scene.density);
            let head = Rect { h: HEAD_H, ..rect };
            let corner = Point { x: rect.x + GUTTER / 2.0, y };
            scene.anchors.insert(node.target(), Anchor::at(corner));
            anchor_pods(scene, above + FAN_H, &pods, &counts);
            let rect = Rect { h: (bottom + PAD - y).max(HEAD_H + 52.0), ..rect };
            let view = Rc::new(NodeView { pods: Vec::new(), ..node.clone() });
            boxes.push(NodeBox { view, rect, head, pods, counts });
        }
        let h = boxes.iter().map(|b| b.rect.h).fold(0.0, f32::max);
        boxes.iter_mut().for_each(|b| b.rect.h = h);
        scene.nodes.extend(boxes);
        y += h + GAP;
    }
    y - GAP
}

/// A request comes to a pod by the gutter beside it, from `top` down.
fn anchor_pods(scene: &mut Scene, top: f32, pods: &[PodBox], counts: &[CountBox]) {
    for pod in pods {
        let r = pod.rect;
        let has_side = r.w > 40.0;
        let at = Point { x: if has_side { r.x } else { r.mid_x() }, ..r.middle() };
        let via = has_side.then_some(Point { x: r.x - GUTTER / 2.0, y: top });
        scene.anchors.insert(pod.view.target(), Anchor { via, enter: at, leave: at });
    }
    for count in counts {
        scene.anchors.insert(count.view.target(), Anchor::at(Point { x: count.rect.x, ..count.rect.middle() }));
    }
}

type Placed = (Vec<PodBox>, Vec<CountBox>, f32);

/// Places pods in a panel from `top` on; returns them and the lower edge of the last row.
fn place_pods(pods: &[Rc<PodView>], panel: Rect, top: f32, density: Density) -> Placed {
    if density == Density::Count {
        return place_counts(pods, panel, top);
    }
    let (least_w, h, gap) = match density {
        Density::Card => (170.0, 42.0, 6.0),
        Density::Line => (170.0, 20.0, 3.0),
        _ => (10.0, 10.0, 3.0),
    };
    let left = if density == Density::Dot { PAD } else { 0.0 };
    let gutter = if density == Density::Dot { gap } else { GUTTER };
    let room = panel.w - PAD - left;
    let columns = (((room + if left > 0.0 { gap } else { 0.0 }) / (least_w + gutter)).floor() as usize).max(1);
    let w = if density == Density::Dot { least_w } else { room / columns as f32 - gutter };
    let mut placed = Vec::with_capacity(pods.len());
    for (i, pod) in pods.iter().enumerate() {
        let column = (i % columns) as f32;
        let x = panel.x + left + column * (w + gutter) + if left > 0.0 { 0.0 } else { gutter };
        let rect = Rect { x, y: top + (i / columns) as f32 * (h + gap), w, h };
        let name = match density {
            Density::Card => fit(&pod.name, w - 38.0, 11.5),
            Density::Line => fit(&pod.name, w - 30.0 - super::map_text::width(&pod.ip, 10.5), 11.0),
            _ => String::new(),
        };
        placed.push(PodBox { view: pod.clone(), rect, name });
    }
    let rows = pods.len().div_ceil(columns) as f32;
    (placed, Vec::new(), top + (rows * (h + gap) - gap).max(0.0))
}

fn place_counts(pods: &[Rc<PodView>], panel: Rect, top: f32) -> Placed {
    let mut groups: Map<(&str, &str, &'static str), (Rc<PodView>, u32)> = Map::new();
    for pod in pods {
        let group = (pod.namespace.as_str(), pod.workload.as_str(), pod.shape.class());
        match groups.get_mut(&group) {
            Some((_, count)) => *count += 1,
            None => drop(groups.insert(group, (pod.clone(), 1))),
        }
    }
    let mut counts = Vec::new();
    let mut y = top;
    for ((_, workload, _), (view, count)) in groups.iter() {
        let rect = Rect { x: panel.x + GUTTER, y, w: panel.w - GUTTER - PAD, h: 24.0 };
        let name = workload.rsplit('/').next().unwrap_or(workload);
        counts.push(CountBox { name: fit(name, rect.w - 84.0, 11.0), view: view.clone(), rect, count: *count });
        y += 28.0;
    }
    (Vec::new(), counts, (y - 4.0).max(top))
}

/// Where an edge ends: the pod's left side, or the head of its node where pods are too small for lines of their own.
#[derive(Clone)]
struct End {
    to: Target,
    x: f32,
    y: f32,
    top: f32,
    colour: u8,
}

fn ends(scene: &Scene, topology: &Topology) -> Map<Target, End> {
    let mut ends = Map::new();
    for (node, placed) in topology.nodes.iter().zip(&scene.nodes) {
        // Edges come down in front of the first row and go on beside the columns.
        let top = scene.nodes[0].head.y;
        if matches!(scene.density, Density::Card | Density::Line) {
            for pod in &placed.pods {
                let y = pod.rect.y + pod.rect.h / 2.0;
                ends.insert(
                    pod.view.target(),
                    End { to: pod.view.target(), x: pod.rect.x, y, top, colour: pod.view.colour },
                );
            }
        } else {
            let is_first_row = placed.head.y == top;
            let (x, y) = if is_first_row { (placed.head.mid_x(), top) } else { (placed.head.x, placed.head.y + 20.0) };
            for pod in &node.pods {
                ends.insert(pod.target(), End { to: node.target(), x, y, top, colour: pod.colour });
            }
        }
    }
    ends
}

fn draw_edges(scene: &mut Scene, topology: &Topology) {
    let ends = ends(scene, topology);
    let lanes = scene.services.len().max(1) as f32;
    let mut edges: Map<(Target, Target), Edge> = Map::new();
    for (lane, service) in scene.services.iter().enumerate() {
        let from = Point { x: service.rect.mid_x(), y: service.rect.bottom() };
        for endpoint in &service.view.endpoints {
            let Some(end) = ends.get(&Target::new("pod", &service.view.namespace, &endpoint.pod)) else { continue };
            let key = (service.view.target(), end.to.clone());
            if let Some(edge) = edges.get_mut(&key) {
                edge.ready |= endpoint.ready;
                continue;
            }
            let path = edge_path(from, end, lane as f32 / lanes);
            let (service, to) = key.clone();
            edges.insert(key, Edge { service, to, path, ready: endpoint.ready, colour: end.colour });
        }
    }
    scene.edges = edges.values().cloned().collect();
}

/// Down from the Service, along the gutter left of the pods, and into the pod's side.
fn edge_path(from: Point, end: &End, lane: f32) -> String {
    let to_side = end.y > end.top;
    let x = if to_side { end.x - GUTTER + 3.0 + lane * (GUTTER - 7.0) } else { end.x };
    let bend_y = (from.y + end.top) / 2.0;
    let down =
        format!("M{:.1} {:.1}C{:.1} {bend_y:.1} {x:.1} {bend_y:.1} {x:.1} {:.1}", from.x, from.y, from.x, end.top);
    if !to_side {
        return down;
    }
    let r = (end.x - x).min(5.0);
    format!("{down}V{:.1}Q{x:.1} {:.1} {:.1} {:.1}H{:.1}", end.y - r, end.y, x + r, end.y, end.x)
}
