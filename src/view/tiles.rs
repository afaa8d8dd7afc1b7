//! What stands on the map beside Services, nodes and pods: Ingresses above the Services they send to, volumes below the pods
//! that use them. Each is a tile with a few lines and links; one shape of data serves both.

use std::rc::Rc;

use serde::Serialize;

use super::map_text::fit;
use super::observe::is_system;
use super::scene::{Anchor, Density, Point, Rect, Scene};
use super::topology::Topology;
use super::Target;
use crate::api::{Object, Value};
use crate::store::Store;

const LINE_H: f32 = 15.0;
const GAP: f32 = 14.0;
const TILE_W: f32 = 212.0;

/// What a tile says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct TileView {
    /// The object.
    pub target: Target,
    /// A word on what or how it is: `nginx`, `Bound`.
    pub tag: String,
    /// True where something is wrong with it.
    pub troubled: bool,
    /// More about it.
    pub lines: Vec<String>,
    /// What it is joined to: Services, or pods.
    pub links: Vec<Target>,
}

/// A tile with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Tile {
    /// What it says.
    pub view: Rc<TileView>,
    /// Where it is drawn.
    pub rect: Rect,
    /// Its name, shortened.
    pub name: String,
    /// Its lines, shortened.
    pub lines: Vec<String>,
}

/// A line between a tile and what it is joined to.
#[derive(Clone, PartialEq, Debug)]
pub struct TileLink {
    /// The tile.
    pub from: Target,
    /// The other end.
    pub to: Target,
    /// SVG path data.
    pub path: String,
}

impl TileView {
    /// The name assistive technology reads.
    pub fn label(&self) -> String {
        format!("{} {}, {}, {}", self.target.kind, self.target.name, self.tag, self.lines.join(", "))
    }
}

/// The Ingresses, each with its rules and the Services they send to.
pub fn ingresses(store: &Store) -> Vec<Rc<TileView>> {
    store.all("Ingress").map(|ingress| Rc::new(ingress_view(ingress))).collect()
}

fn ingress_view(ingress: &Object) -> TileView {
    let namespace = ingress.namespace();
    let mut view = TileView { target: Target::new("ingress", namespace, ingress.name()), ..TileView::default() };
    view.tag = ingress.at("spec.ingressClassName").str().to_owned();
    let mut add = |what: String, backend: &Value| {
        let service = backend.at("service.name").str();
        if service.is_empty() {
            return;
        }
        let number = backend.at("service.port.number").opt_int().map(|n| n.to_string());
        let port = number.unwrap_or_else(|| backend.at("service.port.name").str().to_owned());
        view.lines.push(format!("{what} → {service}:{port}"));
        let to = Target::new("service", namespace, service);
        if !view.links.contains(&to) {
            view.links.push(to);
        }
    };
    for rule in ingress.at("spec.rules").list() {
        let host = match rule.get("host").str() {
            "" => "*",
            host => host,
        };
        for path in rule.at("http.paths").list() {
            add(format!("{host}{}", path.get("path").str()), path.get("backend"));
        }
    }
    add("*".to_owned(), ingress.at("spec.defaultBackend"));
    view
}

/// The claims with the pods that use them, then the volumes nobody claims.
pub fn volumes(store: &Store, topology: &Topology) -> Vec<Rc<TileView>> {
    let mut all: Vec<Rc<TileView>> = Vec::new();
    for claim in store.all("PersistentVolumeClaim").filter(|claim| !is_system(claim)) {
        let (namespace, name) = (claim.namespace(), claim.name());
        let users = topology.pods().filter(|pod| pod.namespace == namespace && pod.claims.iter().any(|c| c == name));
        let phase = claim.at("status.phase").str();
        let wanted = claim.at("spec.resources.requests.storage").text();
        let capacity = claim.at("status.capacity.storage").text();
        let class = claim.at("spec.storageClassName").str();
        let size = if capacity.is_empty() { wanted } else { capacity };
        all.push(Rc::new(TileView {
            target: Target::new("persistentvolumeclaim", namespace, name),
            tag: if phase.is_empty() { "Pending" } else { phase }.to_owned(),
            troubled: phase == "Lost",
            lines: [format!("{size} {class}"), claim.at("spec.volumeName").str().to_owned()]
                .into_iter()
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty())
                .collect(),
            links: users.map(|pod| pod.target()).collect(),
        }));
    }
    for volume in store.all("PersistentVolume").filter(|volume| volume.at("status.phase").str() != "Bound") {
        let claim = volume.at("spec.claimRef.name").str();
        let mut lines =
            vec![format!("{} {}", volume.at("spec.capacity.storage").str(), volume.at("spec.storageClassName").str())];
        if !claim.is_empty() {
            lines.push(format!("{}/{claim}", volume.at("spec.claimRef.namespace").str()));
        }
        all.push(Rc::new(TileView {
            target: Target::new("persistentvolume", "", volume.name()),
            tag: volume.at("status.phase").str().to_owned(),
            troubled: volume.at("status.phase").str() == "Failed",
            lines,
            links: Vec::new(),
        }));
    }
    all
}

/// The claims a pod uses, those of its ephemeral volumes included.
pub fn claims_of(pod: &Object) -> Vec<String> {
    let claim = |volume: &Value| {
        let named = volume.at("persistentVolumeClaim.claimName").str();
        match named {
            "" if volume.get("ephemeral").is_null() => None,
            "" => Some(format!("{}-{}", pod.name(), volume.get("name").str())),
            named => Some(named.to_owned()),
        }
    };
    pod.at("spec.volumes").list().iter().filter_map(claim).collect()
}

/// Places tiles in centred rows from `top` on; returns them and the lower edge of the last row, which is `top` without any.
pub fn place(scene: &mut Scene, views: &[Rc<TileView>], top: f32) -> (Vec<Tile>, f32) {
    let w = TILE_W.min(scene.width - 32.0);
    let most = views.iter().map(|view| view.lines.len()).max().unwrap_or(0) as f32;
    let h = 28.0 + most * LINE_H + 4.0;
    let mut bottom = top;
    let mut tiles = Vec::new();
    for (view, (x, row)) in views.iter().zip(super::layout::centred(views.len(), w, scene.width)) {
        let rect = Rect { x, y: top + row as f32 * (h + GAP), w, h };
        bottom = bottom.max(rect.bottom());
        scene.anchors.insert(view.target.clone(), Anchor::at(Point { x: rect.mid_x(), y: rect.y }));
        tiles.push(Tile {
            view: view.clone(),
            rect,
            name: fit(&view.target.name, w - 34.0 - 6.2 * view.tag.len() as f32, 12.0),
            lines: view.lines.iter().map(|line| fit(line, w - 22.0, 10.5)).collect(),
        });
    }
    (tiles, bottom)
}

/// Lines from each Ingress down to its Services, and from each claim up to its pods.
pub fn links(scene: &Scene) -> Vec<TileLink> {
    let mut all = Vec::new();
    for tile in &scene.ingresses {
        for to in &tile.view.links {
            let Some(service) = scene.services.iter().find(|service| service.view.target() == *to) else { continue };
            let (x, y, end) = (tile.rect.mid_x(), tile.rect.bottom(), service.rect);
            let bend = (y + end.y) / 2.0;
            let path = format!("M{x:.1} {y:.1}C{x:.1} {bend:.1} {0:.1} {bend:.1} {0:.1} {1:.1}", end.mid_x(), end.y);
            all.push(TileLink { from: tile.view.target.clone(), to: to.clone(), path });
        }
    }
    if !matches!(scene.density, Density::Card | Density::Line) {
        return all;
    }
    for tile in &scene.volumes {
        for to in &tile.view.links {
            let placed = scene.nodes.iter().flat_map(|n| n.pods.iter().map(move |pod| (pod, n.rect.bottom())));
            let Some((pod, node)) = placed.into_iter().find(|(pod, _)| pod.view.target() == *to) else { continue };
            // Up in the margin right of the pods, where nothing else runs.
            let (x, lane) = (tile.rect.mid_x(), pod.rect.right() + 4.0);
            let bend = (tile.rect.y + node) / 2.0;
            let middle = pod.rect.y + pod.rect.h / 2.0;
            let path = format!(
                "M{x:.1} {:.1}C{x:.1} {bend:.1} {lane:.1} {bend:.1} {lane:.1} {node:.1}V{middle:.1}H{:.1}",
                tile.rect.y,
                pod.rect.right()
            );
            all.push(TileLink { from: tile.view.target.clone(), to: to.clone(), path });
        }
    }
    all
}
