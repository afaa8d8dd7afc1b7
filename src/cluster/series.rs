//! What charts draw: numbers of an object over time, and the decisions behind them. Bounded: where a track grows long, its
//! older half keeps every second point.

use std::sync::Arc;

use ecow::EcoString;

use super::World;
use crate::api::{selector, Object, ObjectKey, Value};
use crate::base::map::Map;
use crate::base::time::{SimTime, Timestamp};
use crate::controllers::hpa_metrics::tolerances;
use crate::controllers::hpa_requests::milli_of;
use crate::controllers::hpa_scale::scale_of;

/// So many numbers a point holds at the most.
pub const WIDTH: usize = 9;
/// So many points of a track stand together.
const BLOCK: usize = 64;
/// A track with more blocks loses every second point of its older half.
const MOST_BLOCKS: usize = 40;

/// What a track is about: its kind, and the names and units of its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// `hpa`, `load`, `pod`, `node`, `vpa`.
    pub kind: &'static str,
    /// Each number's name and unit.
    pub columns: &'static [(&'static str, &'static str)],
}

/// Of a HorizontalPodAutoscaler, at each look: what is asked for, what the target had, what is ready, the bounds, the first
/// metric with its target, and within which values of it nothing happens.
pub static HPA: Form = Form {
    kind: "hpa",
    columns: &[
        ("desired", "replicas"),
        ("current", "replicas"),
        ("ready", "replicas"),
        ("min", "replicas"),
        ("max", "replicas"),
        ("metric", ""),
        ("target", ""),
        ("tolerated from", ""),
        ("tolerated to", ""),
    ],
};

/// Of a client, every five seconds.
pub static LOAD: Form =
    Form { kind: "load", columns: &[("offered", "1/s"), ("served", "1/s"), ("failed", "1/s"), ("latency", "ms")] };

/// Of a pod under load or behind an autoscaler: as metrics-server has it.
pub static POD: Form = Form { kind: "pod", columns: &[("cpu", "m"), ("memory", "Mi")] };

/// Of a node, while there is load.
pub static NODE: Form = Form { kind: "node", columns: &[("cpu", "m"), ("memory", "Mi")] };

/// One moment of a track.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// When.
    pub at: SimTime,
    /// The numbers of the form's columns; not a number where there is none.
    pub values: [f32; WIDTH],
    /// What was decided then, in a sentence; empty where nothing was to decide.
    pub note: EcoString,
}

/// The points of one object.
#[derive(Clone, Debug)]
pub struct Track {
    /// What it is about.
    pub form: &'static Form,
    sealed: Vec<Arc<Vec<Point>>>,
    open: Vec<Point>,
}

/// All tracks by kind and name: `hpa default/web`.
#[derive(Clone, Default)]
pub struct Series {
    tracks: Map<EcoString, Track>,
}

impl Track {
    /// All points, oldest first.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.sealed.iter().flat_map(|block| block.iter()).chain(&self.open)
    }

    fn push(&mut self, point: Point) {
        let last = self.open.last().or_else(|| self.sealed.last().and_then(|block| block.last()));
        let note = last.map(|last| &last.note).filter(|note| **note == point.note).cloned();
        let point = Point { note: note.unwrap_or(point.note), ..point };
        self.open.push(point);
        if self.open.len() < BLOCK {
            return;
        }
        self.sealed.push(Arc::new(std::mem::take(&mut self.open)));
        if self.sealed.len() > MOST_BLOCKS {
            let old: Vec<Point> = self
                .sealed
                .drain(..MOST_BLOCKS / 2)
                .flat_map(|block| block.iter().step_by(2).cloned().collect::<Vec<_>>())
                .collect();
            let thinned: Vec<Arc<Vec<Point>>> = old.chunks(BLOCK).map(|block| Arc::new(block.to_vec())).collect();
            self.sealed.splice(0..0, thinned);
        }
    }
}

impl Series {
    /// All tracks in the order of their names.
    pub fn tracks(&self) -> impl Iterator<Item = (&EcoString, &Track)> {
        self.tracks.iter()
    }

    /// The track of a name.
    pub fn track(&self, name: &str) -> Option<&Track> {
        self.tracks.get(name)
    }

    /// Adds a point.
    pub fn note(&mut self, form: &'static Form, name: &str, at: SimTime, values: &[f64], note: EcoString) {
        let name = ecow::eco_format!("{} {name}", form.kind);
        let mut point = Point { at, values: [f32::NAN; WIDTH], note };
        for (place, value) in point.values.iter_mut().zip(values) {
            *place = *value as f32;
        }
        if let Some(track) = self.tracks.get_mut(&name) {
            track.push(point);
            return;
        }
        self.tracks.insert(name, Track { form, sealed: Vec::new(), open: vec![point] });
    }
}

impl World {
    /// What charts draw.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// A series as CSV: a heading, then a line a point.
    pub fn csv(&self, name: &str) -> Option<String> {
        let track = self.series.track(name)?;
        let mut text = String::from("time");
        for (column, unit) in track.form.columns {
            text.push_str(&match *unit {
                "" => format!(",{column}"),
                unit => format!(",{column} ({unit})"),
            });
        }
        text.push_str(",decision\n");
        for point in track.points() {
            text.push_str(&Timestamp::of(self.settings.epoch, point.at).rfc3339());
            for value in &point.values[..track.form.columns.len()] {
                text.push(',');
                if !value.is_nan() {
                    text.push_str(&format!("{}", (f64::from(*value) * 1000.0).round() / 1000.0));
                }
            }
            text.push_str(&format!(",\"{}\"\n", point.note.as_str().replace('"', "\"\"")));
        }
        Some(text)
    }

    /// Takes down a look of an autoscaler and what it decided.
    pub(super) fn note_autoscaler(&mut self, key: &ObjectKey, decision: EcoString) {
        let view = self.truth();
        let Some(hpa) = view.get("HorizontalPodAutoscaler", key) else { return };
        let scale = scale_of(&view, hpa).ok();
        let mut pods: Vec<Object> = Vec::new();
        if let Some(scale) = &scale {
            let all = view.store.list("Pod", &key.namespace);
            pods = all.filter(|pod| selector::matches(&scale.selector, pod.labels())).cloned().collect();
        }
        let ready = pods.iter().filter(|pod| pod.has_condition("Ready") && !pod.is_deleting()).count();
        let (metric, target) = first_metric(hpa);
        let tolerated = tolerances(&view, hpa);
        let count = |path: &str| hpa.at(path).int() as f64;
        let values = [
            count("status.desiredReplicas"),
            count("status.currentReplicas"),
            ready as f64,
            hpa.at("spec.minReplicas").opt_int().unwrap_or(1) as f64,
            count("spec.maxReplicas"),
            metric.unwrap_or(f64::NAN),
            target,
            target * (1.0 - tolerated.down),
            target * (1.0 + tolerated.up),
        ];
        let now = self.now;
        self.series.note(&HPA, &key.to_string(), now, &values, decision);
        self.note_pods(&pods);
    }

    /// Takes down what pods use.
    pub(super) fn note_pods(&mut self, pods: &[Object]) {
        for pod in pods {
            let Some(metrics) = self.measured(pod) else { continue };
            let cpu: i64 = metrics.containers.iter().map(|c| c.cpu_nano.unwrap_or(0)).sum();
            let memory: i64 = metrics.containers.iter().map(|c| c.memory_bytes.unwrap_or(0)).sum();
            let values = [cpu as f64 / 1e6, memory as f64 / 1_048_576.0];
            let now = self.now;
            self.series.note(&POD, &pod.key().to_string(), now, &values, EcoString::new());
        }
    }

    /// Takes down what nodes use.
    pub(super) fn note_nodes(&mut self) {
        for node in self.node_metrics().unwrap_or_default() {
            let values = [node.cpu_nano as f64 / 1e6, node.memory_bytes as f64 / 1_048_576.0];
            let now = self.now;
            self.series.note(&NODE, &node.name, now, &values, EcoString::new());
        }
    }
}

/// The first metric of an autoscaler as it is now, and what it should be.
fn first_metric(hpa: &Object) -> (Option<f64>, f64) {
    let spec = hpa.at("spec.metrics").index(0);
    let field = match spec.get("type").str() {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        _ => "external",
    };
    let target = spec.get(field).get("target");
    let current = hpa.at("status.currentMetrics").index(0).get(field).get("current").clone();
    for name in ["averageUtilization", "averageValue", "value"] {
        if !target.get(name).is_null() {
            let plain = |value: &Value| match value {
                Value::Null => None,
                Value::Int(percent) => Some(*percent as f64),
                text => Some(milli_of(text) as f64 / 1000.0),
            };
            return (plain(current.get(name)), plain(target.get(name)).unwrap_or(f64::NAN));
        }
    }
    (None, f64::NAN)
}
