//! The map as shapes with places: what the layout makes of a topology and the page draws as it is.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::tiles::{Tile, TileLink};
use super::topology::{NodeView, PodView, ServiceView};
use super::Target;

/// A point, in pixels of the drawing.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// A rectangle.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Rect {
    /// The x of its middle.
    pub fn mid_x(&self) -> f32 {
        self.x + self.w / 2.0
    }

    /// The lower edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.h
    }

    /// The right edge.
    pub fn right(&self) -> f32 {
        self.x + self.w
    }

    /// Its middle.
    pub fn middle(&self) -> Point {
        Point { x: self.mid_x(), y: self.y + self.h / 2.0 }
    }

    /// True where the two share ground.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }
}

/// Where a request comes in and goes out.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Anchor {
    /// What it comes by, where that is not the straight way.
    pub via: Option<Point>,
    /// Where it comes in.
    pub enter: Point,
    /// Where it goes out.
    pub leave: Point,
}

impl Anchor {
    /// In and out at the same point.
    pub fn at(point: Point) -> Anchor {
        Anchor { via: None, enter: point, leave: point }
    }
}

/// How much of a pod there is room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Density {
    /// A card with name, IP, status.
    #[default]
    Card,
    /// One line with name and IP.
    Line,
    /// Its shape alone.
    Dot,
    /// Pods of one workload and shape together as a number.
    Count,
}

/// The map, laid out.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scene {
    /// Width of the drawing.
    pub width: f32,
    /// Height of the drawing.
    pub height: f32,
    /// How pods are drawn.
    pub density: Density,
    /// The world outside the cluster.
    pub outside: Rect,
    /// Ports open on every node, on the edge between outside and inside.
    pub sockets: Vec<Socket>,
    /// Ingresses.
    pub ingresses: Vec<Tile>,
    /// Claims and volumes.
    pub volumes: Vec<Tile>,
    /// Lines between tiles and what they are joined to.
    pub links: Vec<TileLink>,
    /// Services.
    pub services: Vec<ServiceBox>,
    /// Pods without a node.
    pub shelf: Option<Shelf>,
    /// Nodes.
    pub nodes: Vec<NodeBox>,
    /// From services to their endpoints, to be drawn below everything else.
    pub edges: Vec<Edge>,
    /// Where a request passes each thing.
    pub anchors: BTreeMap<Target, Anchor>,
}

/// A port that is open on every node.
#[derive(Clone, PartialEq, Debug)]
pub struct Socket {
    /// The Service behind it.
    pub service: Target,
    /// The number.
    pub port: u16,
    /// Where it is drawn.
    pub rect: Rect,
}

/// A Service with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceBox {
    /// What is drawn.
    pub view: Rc<ServiceView>,
    /// Where it is drawn.
    pub rect: Rect,
    /// Its name, shortened.
    pub name: String,
    /// Its ports, one a line.
    pub ports: Vec<String>,
}

/// Pods that wait for a node.
#[derive(Clone, PartialEq, Debug)]
pub struct Shelf {
    /// Where it is drawn.
    pub rect: Rect,
    /// The pods on it.
    pub pods: Vec<PodBox>,
    /// Pods put together.
    pub counts: Vec<CountBox>,
}

/// A node with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeBox {
    /// What is drawn, without its pods.
    pub view: Rc<NodeView>,
    /// Where it is drawn.
    pub rect: Rect,
    /// The part that is about the node itself.
    pub head: Rect,
    /// Its pods.
    pub pods: Vec<PodBox>,
    /// Pods put together.
    pub counts: Vec<CountBox>,
}

/// A pod with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct PodBox {
    /// What is drawn.
    pub view: Rc<PodView>,
    /// Where it is drawn.
    pub rect: Rect,
    /// Its name, shortened.
    pub name: String,
}

/// Pods of one workload and shape.
#[derive(Clone, PartialEq, Debug)]
pub struct CountBox {
    /// One of them, for its looks.
    pub view: Rc<PodView>,
    /// Where it is drawn.
    pub rect: Rect,
    /// How many.
    pub count: u32,
    /// The workload, shortened.
    pub name: String,
}

/// A line from a Service to an endpoint, or to a node with several.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// The Service.
    pub service: Target,
    /// The pod or the node.
    pub to: Target,
    /// SVG path data.
    pub path: String,
    /// True where requests go this way.
    pub ready: bool,
    /// The colour of the pods at its end.
    pub colour: u8,
}
