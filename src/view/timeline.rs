//! The timeline as shapes with places: a lane a pod, grouped by workload, on one axis of time. Pure, like the map's layout.

use std::collections::BTreeMap;

use super::map_text::fit;
use super::record::{Lane, Record, Stage};
use super::series;
use super::topology::PodShape;
use super::{clock_text, Target};
use crate::api::kinds::find_kind;
use crate::api::ObjectKey;
use crate::base::order::Order;

/// Height of the axis at the top.
const AXIS_H: f32 = 26.0;
const HEADER_H: f32 = 24.0;
/// A workload's name wants so much room at least.
const LEAST_NAME_W: f32 = 60.0;
const LANE_H: f32 = 18.0;
const GAP: f32 = 8.0;
/// Groups of more pods have lanes without names.
const MOST_NAMED: usize = 60;
/// Height of a group without names.
const CROWD_H: f32 = 300.0;
/// Bars are never thinner, or short stages would not be seen.
const LEAST_W: f32 = 1.5;

/// What part of time is shown, and the moment that is looked at.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Window {
    /// Left edge.
    pub from_ms: u64,
    /// Right edge.
    pub to_ms: u64,
    /// The moment looked at.
    pub now_ms: u64,
    /// The end of what was played.
    pub end_ms: u64,
}

impl Window {
    /// The x of an instant between `left` and `right`.
    pub fn x(&self, at_ms: u64, left: f32, right: f32) -> f32 {
        let span = self.to_ms.saturating_sub(self.from_ms).max(1) as f32;
        let at = at_ms.clamp(self.from_ms, self.to_ms.max(self.from_ms)) - self.from_ms;
        left + (right - left) * at as f32 / span
    }

    /// Round times about so many pixels apart, as text with their place.
    pub fn ticks(&self, left: f32, right: f32) -> Vec<(f32, String)> {
        const STEPS_S: [u64; 17] =
            [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
        let span_ms = self.to_ms.saturating_sub(self.from_ms).max(1);
        let most = ((right - left) / 70.0).max(1.0) as u64;
        let step_ms = STEPS_S.iter().map(|s| s * 1000).find(|step| span_ms / step <= most).unwrap_or(86_400_000);
        let first = self.from_ms.div_ceil(step_ms) * step_ms;
        let times = (0..).map(|n| first + n * step_ms).take_while(|at| *at <= self.to_ms);
        times
            .map(|at| {
                let text = clock_text(at);
                (self.x(at, left, right), text.split('.').next().unwrap_or("").to_owned())
            })
            .collect()
    }
}

/// The timeline, laid out.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TimelineScene {
    /// Width of the drawing.
    pub width: f32,
    /// Height of the drawing.
    pub height: f32,
    /// Where the names end and time begins.
    pub left: f32,
    /// Where time ends.
    pub right: f32,
    /// What part of time is shown.
    pub window: Window,
    /// Round times.
    pub ticks: Vec<(f32, String)>,
    /// Workloads.
    pub groups: Vec<Group>,
}

/// A workload with its pods.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// What it is; a kind without a name for pods without an owner.
    pub target: Target,
    /// Kind as Kubernetes writes it.
    pub kind: String,
    /// Its name, shortened.
    pub name: String,
    /// How far it has come: `2/5`, or how many pods there are.
    pub note: String,
    /// The number of its colour.
    pub colour: u8,
    /// Upper edge.
    pub y: f32,
    /// Lower edge.
    pub bottom: f32,
    /// Its pods.
    pub lanes: Vec<LaneRow>,
    /// True where there are too many pods for names.
    pub crowded: bool,
    /// One path for all bars of a shape.
    pub bars: Vec<(PodShape, String)>,
    /// Marks at restarts.
    pub restarts: String,
    /// Lines where a run began, for what runs again and again.
    pub runs: Vec<f32>,
}

/// A pod's lane.
#[derive(Clone, PartialEq, Debug)]
pub struct LaneRow {
    /// The pod.
    pub target: Target,
    /// Its name, shortened.
    pub name: String,
    /// Upper edge.
    pub y: f32,
    /// Its height.
    pub h: f32,
    /// What made it, as `Kind/name`.
    pub owner: String,
    /// Its node.
    pub node: String,
    /// How often its containers were started again up to the moment looked at.
    pub restarts: usize,
    /// Each stage with the time it began and ended; 0 where it lasts.
    pub stages: Vec<(String, u64, u64)>,
}

impl LaneRow {
    /// Its stages in words: `Pending 00:12.0, Running 00:14.2 for 3.0s`.
    pub fn text(&self) -> String {
        let stages = self.stages.iter().map(|(status, from, to)| match to {
            0 => format!("{status} since {}", clock_text(*from)),
            to => format!("{status} {} for {}.{}s", clock_text(*from), (to - from) / 1000, (to - from) / 100 % 10),
        });
        stages.collect::<Vec<_>>().join(", ")
    }
}

/// Lays the lives of the pods out for a drawing of `width` pixels. `colour` gives a workload its colour.
pub fn layout(
    record: &Record,
    window: Window,
    width: f32,
    with_system: bool,
    colour: &mut dyn FnMut(&str) -> u8,
) -> TimelineScene {
    let left = (width * 0.3).clamp(104.0, 230.0);
    let right = width - 14.0;
    let mut scene =
        TimelineScene { width, left, right, window, ticks: window.ticks(left, right), ..TimelineScene::default() };
    let mut y = AXIS_H + 4.0;
    for (workload, lanes) in grouped(record, window, with_system) {
        let group = place(&scene, record, &workload, &lanes, y, colour(&workload));
        y = group.bottom + GAP;
        scene.groups.push(group);
    }
    scene.height = y + 6.0;
    scene
}

type Named<'a> = (&'a ObjectKey, &'a Lane);

/// The lanes that reach into the window, by workload; pods without an owner are one group.
fn grouped(record: &Record, window: Window, with_system: bool) -> BTreeMap<String, Vec<Named<'_>>> {
    let mut groups: BTreeMap<String, Vec<Named>> = BTreeMap::new();
    for (key, lane) in &record.lanes {
        let first = lane.stages.first().map_or(u64::MAX, |s| s.from_ms);
        let ended = lane.stages.last().filter(|s| s.shape.is_none()).map_or(u64::MAX, |s| s.from_ms);
        if (lane.system && !with_system) || ended < window.from_ms || first > window.to_ms {
            continue;
        }
        let name = if lane.workload.starts_with("Pod/") { "Pod//".to_owned() } else { lane.workload.to_string() };
        groups.entry(name).or_default().push((key, lane));
    }
    for (workload, lanes) in &mut groups {
        match workload.starts_with("StatefulSet/") {
            true => lanes.order_by_key(|(key, _)| (ordinal(&key.name), (*key).clone())),
            false => lanes.order_by_key(|(key, lane)| (lane.created_ms, (*key).clone())),
        }
    }
    groups
}

fn ordinal(name: &str) -> u64 {
    name.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(u64::MAX)
}

fn place(scene: &TimelineScene, record: &Record, workload: &str, lanes: &[Named], y: f32, colour: u8) -> Group {
    let mut parts = workload.splitn(3, '/');
    let (kind, namespace, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let singular = find_kind(kind).map_or("pod", |kind| kind.singular);
    let crowded = lanes.len() > MOST_NAMED;
    let h = if crowded { (CROWD_H / lanes.len() as f32).clamp(1.0, LANE_H) } else { LANE_H };
    let top = y + HEADER_H;
    // Letters of the page's own font are narrower than those of the other names.
    let room = |kind: &str| (scene.left - 66.0 - 6.5 * kind.len() as f32) * 1.1;
    let written = if name.is_empty() { "Pods" } else { kind };
    // Where there is little room it is for the name.
    let written = if !name.is_empty() && room(kind) < LEAST_NAME_W { "" } else { written };
    let mut group = Group {
        target: Target::new(singular, namespace, name),
        kind: written.to_owned(),
        name: fit(name, room(written), 12.0),
        note: note(record, workload, scene.window.now_ms).unwrap_or_else(|| lanes.len().to_string()),
        colour,
        y,
        bottom: top + h * lanes.len() as f32,
        lanes: Vec::new(),
        crowded,
        bars: Vec::new(),
        restarts: String::new(),
        runs: Vec::new(),
    };
    let mut bars: BTreeMap<&'static str, (PodShape, String)> = BTreeMap::new();
    let mut owner = "";
    for (i, (key, lane)) in lanes.iter().enumerate() {
        let y = top + i as f32 * h;
        draw_lane(scene, lane, y, h, &mut bars);
        for at in &lane.restarts_ms {
            let x = scene.window.x(*at, scene.left, scene.right);
            group.restarts.push_str(&format!("M{x:.1} {:.1}v{:.1}", y + 1.0, h - 2.0));
        }
        if kind == "CronJob" && lane.owner != owner {
            owner = &lane.owner;
            group.runs.push(scene.window.x(lane.created_ms, scene.left, scene.right));
        }
        group.lanes.push(row(scene, key, lane, y, h));
    }
    group.bars = bars.into_values().collect();
    group
}

fn row(scene: &TimelineScene, key: &ObjectKey, lane: &Lane, y: f32, h: f32) -> LaneRow {
    let now_ms = scene.window.now_ms;
    let stages = spans(lane).filter(|(stage, _)| stage.shape.is_some() && stage.from_ms <= now_ms);
    LaneRow {
        target: Target::new("pod", &key.namespace, &key.name),
        name: fit(&key.name, scene.left - 24.0, 11.0),
        y,
        h,
        owner: lane.owner.to_string(),
        node: lane.node.to_string(),
        restarts: lane.restarts_ms.iter().filter(|at| **at <= now_ms).count(),
        stages: stages
            .map(|(stage, to)| (stage.status.to_string(), stage.from_ms, to.filter(|to| *to <= now_ms).unwrap_or(0)))
            .collect(),
    }
}

/// Each stage with its end, where it has ended.
fn spans(lane: &Lane) -> impl Iterator<Item = (&Stage, Option<u64>)> {
    let ends = lane.stages.iter().skip(1).map(|stage| Some(stage.from_ms)).chain([None]);
    lane.stages.iter().zip(ends)
}

fn draw_lane(
    scene: &TimelineScene,
    lane: &Lane,
    y: f32,
    h: f32,
    bars: &mut BTreeMap<&'static str, (PodShape, String)>,
) {
    let window = scene.window;
    for (stage, to) in spans(lane) {
        let Some(shape) = stage.shape else { continue };
        let to_ms = to.unwrap_or(window.end_ms);
        if to_ms < window.from_ms || stage.from_ms > window.to_ms {
            continue;
        }
        let from = window.x(stage.from_ms, scene.left, scene.right);
        let w = (window.x(to_ms, scene.left, scene.right) - from).max(LEAST_W);
        let bar_h = (h * shape.bar_share()).max(h.min(1.0));
        let path = &mut bars.entry(shape.class()).or_insert_with(|| (shape, String::new())).1;
        path.push_str(&format!("M{from:.1} {:.1}h{w:.1}v{bar_h:.1}h-{w:.1}z", y + (h - bar_h) / 2.0));
    }
}

/// How far a workload had come at an instant.
fn note(record: &Record, workload: &str, now_ms: u64) -> Option<String> {
    let series = record.series.get(&series::key("replicas", workload))?;
    let point = series.points.iter().rev().find(|point| point.at_ms <= now_ms)?;
    let [wanted, _, done] = point.values[..] else { return None };
    Some(format!("{done}/{wanted}"))
}
