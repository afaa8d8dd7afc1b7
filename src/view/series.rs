//! The numbers of workloads, autoscalers and nodes over time, as the charts need them: read off the objects when these change,
//! and asked of the metrics now and then. Bounded, and nothing is decided here.

use std::collections::BTreeMap;

use ecow::{eco_format, EcoString};

use super::observe::is_system;
use super::record::Record;
use crate::api::{Object, Value};
use crate::base::quantity::Quantity;
use crate::cluster::World;
use crate::store::metrics::MetricsApi;
use crate::store::{Change, Verb};

/// So many points of one series are remembered; when there are more, every other one of the older half goes.
const MOST_POINTS: usize = 4_000;
/// Usage is asked for as often as metrics-server looks, and less often of very many pods.
const USAGE_EVERY_MS: u64 = 15_000;
const MANY_PODS: usize = 1_000;
/// What the HorizontalPodAutoscaler tolerates around a target where it is not told otherwise.
const TOLERANCE: f64 = 0.1;
/// How often load is asked for.
const LOAD_EVERY_MS: u64 = 2_000;

/// Several numbers of one thing over time.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// What the numbers are called, in their order.
    pub names: Vec<EcoString>,
    /// The workload they are about, as `Kind/namespace/name`.
    pub about: EcoString,
    /// Of an autoscaler: how far below and above its target a metric may be, as parts of the target.
    pub tolerated: (f64, f64),
    /// Oldest first.
    pub points: Vec<Point>,
}

/// The numbers at an instant; they hold until the next one.
#[derive(Clone, Debug)]
pub struct Point {
    /// When.
    pub at_ms: u64,
    /// NaN where a number is not known.
    pub values: Vec<f64>,
    /// The decision taken then; empty where it is only an observation.
    pub sentence: EcoString,
}

/// The key of a series: what kind of numbers, and of which workload.
pub fn key(sort: &str, workload: &str) -> EcoString {
    eco_format!("{sort} {workload}")
}

fn name_of(object: &Object) -> EcoString {
    eco_format!("{}/{}/{}", object.kind.kind, object.namespace(), object.name())
}

impl Series {
    fn push(&mut self, point: Point) {
        let same = |last: &Point| last.values.iter().map(|v| v.to_bits()).eq(point.values.iter().map(|v| v.to_bits()));
        match self.points.last_mut() {
            Some(last) if same(last) && (point.sentence.is_empty() || point.sentence == last.sentence) => return,
            Some(last) if last.at_ms == point.at_ms => *last = point,
            _ => self.points.push(point),
        }
        if self.points.len() > MOST_POINTS {
            let mut n = 0;
            self.points.retain(|_| {
                n += 1;
                n > MOST_POINTS / 2 || n % 2 == 0
            });
        }
    }
}

type All = BTreeMap<EcoString, Series>;

fn put<'a>(all: &'a mut All, sort: &str, about: EcoString, names: Vec<EcoString>, point: Point) -> &'a mut Series {
    let series = all.entry(key(sort, &about)).or_default();
    (series.names, series.about) = (names, about);
    series.push(point);
    series
}

/// Desired, current and ready; of a Job what it wants, what is active and what has succeeded.
pub(super) fn replicas(all: &mut All, change: &Change) {
    let object = &change.object;
    if is_system(object) || object.controller().is_some_and(|owner| owner.kind == "Deployment") {
        return;
    }
    let (names, paths) = match change.kind() {
        "Job" => (["completions", "active", "succeeded"], ["spec.completions", "status.active", "status.succeeded"]),
        "DaemonSet" => (
            ["desired", "current", "ready"],
            ["status.desiredNumberScheduled", "status.currentNumberScheduled", "status.numberReady"],
        ),
        _ => (["desired", "current", "ready"], ["spec.replicas", "status.replicas", "status.readyReplicas"]),
    };
    let gone = change.verb == Verb::Deleted;
    let values = paths.map(|path| if gone { 0.0 } else { object.at(path).int() as f64 });
    let point = Point { at_ms: change.at.0 / 1000, values: values.to_vec(), sentence: EcoString::new() };
    put(all, "replicas", name_of(object), names.map(EcoString::from).to_vec(), point);
}

fn milli(value: &Value) -> f64 {
    Quantity::parse(value.str()).map_or(f64::NAN, |quantity| quantity.milli_value() as f64 / 1000.0)
}

/// Bounds, and each metric with its target, with the decision of the autoscaler.
pub(super) fn horizontal(all: &mut All, change: &Change) {
    let hpa = &change.object;
    let reference = hpa.at("spec.scaleTargetRef");
    let about = eco_format!("{}/{}/{}", reference.get("kind").str(), hpa.namespace(), reference.get("name").str());
    if change.verb == Verb::Deleted {
        return;
    }
    let at_ms = change.at.0 / 1000;
    let mut names: Vec<EcoString> = vec!["min".into(), "max".into(), "desired".into()];
    let desired = hpa.at("status.desiredReplicas").opt_int().map_or(f64::NAN, |n| n as f64);
    let mut values =
        vec![hpa.at("spec.minReplicas").int().max(1) as f64, hpa.at("spec.maxReplicas").int() as f64, desired];
    let currents = hpa.at("status.currentMetrics").list();
    for (i, metric) in hpa.at("spec.metrics").list().iter().enumerate() {
        let sort = metric.get("type").str();
        let field = match sort {
            "ContainerResource" => "containerResource".to_owned(),
            _ => sort.to_lowercase(),
        };
        let spec = metric.get(&field);
        let name = match spec.at("metric.name").str() {
            "" => spec.get("name").str(),
            name => name,
        };
        let current = currents.get(i).map_or(Value::Null, |c| c.get(&field).get("current").clone());
        let target = spec.get("target");
        let (unit, now, wanted) = match target.get("averageUtilization").opt_int() {
            Some(wanted) => {
                (" %", current.get("averageUtilization").opt_int().map_or(f64::NAN, |n| n as f64), wanted as f64)
            }
            None => {
                let field = if target.get("averageValue").is_null() { "value" } else { "averageValue" };
                ("", milli(current.get(field)), milli(target.get(field)))
            }
        };
        names.push(eco_format!("{name}{unit}"));
        names.push("target".into());
        values.extend([now, wanted]);
    }
    let decided = change.because.component.starts_with("horizontal");
    let sentence = if decided { change.because.rule.clone() } else { EcoString::new() };
    let tolerated = |way: &str| match hpa.at("spec.behavior").get(way).get("tolerance") {
        Value::Null => TOLERANCE,
        given => milli(given),
    };
    let tolerated = (tolerated("scaleDown"), tolerated("scaleUp"));
    put(all, "hpa", about, names, Point { at_ms, values, sentence }).tolerated = tolerated;
}

/// What a VerticalPodAutoscaler recommends: lower bound, target and upper bound of CPU and memory.
pub(super) fn vertical(all: &mut All, change: &Change) {
    let vpa = &change.object;
    let reference = vpa.at("spec.targetRef");
    let about = eco_format!("{}/{}/{}", reference.get("kind").str(), vpa.namespace(), reference.get("name").str());
    let Some(first) = vpa.at("status.recommendation.containerRecommendations").list().first() else { return };
    let mut values = Vec::new();
    for resource in ["cpu", "memory"] {
        for bound in ["lowerBound", "target", "upperBound"] {
            let value = milli(first.get(bound).get(resource));
            values.push(if resource == "cpu" { value * 1000.0 } else { value / 1048576.0 });
        }
    }
    let names = ["lower", "target", "upper", "lower", "target", "upper"].map(EcoString::from).to_vec();
    let decided = change.because.component.starts_with("vpa");
    let sentence = if decided { change.because.rule.clone() } else { EcoString::new() };
    put(all, "vpa", about, names, Point { at_ms: change.at.0 / 1000, values, sentence });
}

/// Asks the metrics for the usage of workloads and nodes, when it is time to.
pub fn ask_usage(record: &mut Record, world: &World) {
    let at_ms = world.now().0 / 1000;
    if at_ms < record.usage_due_ms {
        return;
    }
    let lanes =
        record.lanes.iter().filter(|(_, lane)| !lane.system && lane.stages.last().is_some_and(|s| s.shape.is_some()));
    let mut sums: BTreeMap<EcoString, (f64, f64)> = BTreeMap::new();
    let mut namespaces: Vec<EcoString> = Vec::new();
    let mut pods = 0;
    for (key, _) in lanes {
        pods += 1;
        if namespaces.last() != Some(&key.namespace) {
            namespaces.push(key.namespace.clone());
        }
    }
    record.usage_due_ms = at_ms + if pods > MANY_PODS { USAGE_EVERY_MS * 4 } else { USAGE_EVERY_MS };
    for namespace in namespaces {
        for pod in world.pods(&namespace, &|_| true).unwrap_or_default() {
            let key = crate::api::ObjectKey::new(namespace.as_str(), pod.name.as_str());
            let Some(lane) = record.lanes.get(&key) else { continue };
            let sum = sums.entry(lane.workload.clone()).or_default();
            for container in &pod.containers {
                sum.0 += container.cpu_nano.unwrap_or(0) as f64 / 1e6;
                sum.1 += container.memory_bytes.unwrap_or(0) as f64 / 1048576.0;
            }
        }
    }
    for node in world.node_metrics().unwrap_or_default() {
        let about = eco_format!("Node//{}", node.name);
        sums.insert(about, (node.cpu_nano as f64 / 1e6, node.memory_bytes as f64 / 1048576.0));
    }
    for (about, (cpu, memory)) in sums {
        let names = ["cpu", "memory"].map(EcoString::from).to_vec();
        let point = Point { at_ms, values: vec![cpu.round(), memory.round()], sentence: EcoString::new() };
        put(&mut record.series, "usage", about, names, point);
    }
}

/// Asks what becomes of the requests of the clients, while there are any.
pub fn ask_load(record: &mut Record, world: &World) {
    let at_ms = world.now().0 / 1000;
    if at_ms < record.load_due_ms {
        return;
    }
    record.load_due_ms = at_ms + LOAD_EVERY_MS;
    let mut sums: BTreeMap<EcoString, [f64; 4]> = BTreeMap::new();
    for client in world.clients() {
        // It is the load of the workload that answers; without one, of the target itself.
        let pods =
            client.ways.iter().filter_map(|way| way.result.strip_prefix("pod ")?.split(": ").next()?.split_once('/'));
        let mut keys = pods.map(|(namespace, name)| crate::api::ObjectKey::new(namespace, name));
        let lane = keys.find_map(|key| record.lanes.get(&key));
        let about =
            lane.map_or_else(|| eco_format!("Load/{}/{}", client.namespace, client.target), |l| l.workload.clone());
        let sum = sums.entry(about).or_default();
        let flow = client.now;
        for (place, value) in
            [flow.offered, flow.served, flow.failed, flow.latency_secs * 1000.0 * flow.offered].into_iter().enumerate()
        {
            sum[place] += value;
        }
    }
    // What is no longer asked for is nothing from now on.
    for (key, series) in &record.series {
        let was = series.points.last().is_some_and(|point| point.values[0] > 0.0);
        if key.starts_with("load ") && was {
            sums.entry(series.about.clone()).or_default();
        }
    }
    for (about, [offered, served, failed, waited]) in sums {
        let latency = if offered > 0.0 { waited / offered } else { f64::NAN };
        let values = [offered, served, failed, latency].map(|value| (value * 10.0).round() / 10.0);
        let names = ["offered", "served", "failed", "latency"].map(EcoString::from).to_vec();
        put(
            &mut record.series,
            "load",
            about,
            names,
            Point { at_ms, values: values.to_vec(), sentence: EcoString::new() },
        );
    }
}
