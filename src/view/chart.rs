//! Charts as plain data: lines over time with their names, a band, and the decisions that were taken. Nothing here draws.

use super::clock_text;
use super::record::Record;
use super::series::{key, Point, Series};
use super::timeline::Window;
use crate::base::order::Order;

/// So many instants of a line are told apart at most.
const MOST_INSTANTS: u64 = 1_200;
/// Rows of the table of a chart.
const MOST_ROWS: usize = 200;

/// A chart.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Chart {
    /// What it is about: `replicas`, `metric`, `cpu`, `memory`, `load`, `latency`.
    pub id: &'static str,
    /// The name of the metric, where it is about one.
    pub name: String,
    /// What the numbers are: `m`, `MiB`, `%`; empty for a plain count.
    pub unit: &'static str,
    /// The lines.
    pub lines: Vec<Line>,
    /// The lines that bound a band, and by what shares it goes below the one and above the other.
    pub band: Option<(usize, usize, (f64, f64))>,
    /// Decisions with the moment they were taken, and whether they changed anything.
    pub decisions: Vec<(u64, String, bool)>,
}

/// A line of a chart: each value holds until the next one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// The number of its colour.
    pub tone: u8,
    /// True for what was asked for rather than measured.
    pub dashed: bool,
    /// When and how much, oldest first; NaN where it is not known.
    pub points: Vec<(u64, f64)>,
}

impl Line {
    /// Its value at a moment.
    pub fn at(&self, at_ms: u64) -> Option<f64> {
        let after = self.points.partition_point(|(at, _)| *at <= at_ms);
        after.checked_sub(1).map(|i| self.points[i].1).filter(|value| !value.is_nan())
    }
}

/// A number as short as it can be read.
pub fn number(value: f64) -> String {
    match value {
        value if value.fract() == 0.0 || value.abs() >= 100.0 => format!("{value:.0}"),
        value if value.abs() >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

impl Chart {
    /// The decision that held at a moment: when it was taken, and its sentence.
    pub fn decision_at(&self, at_ms: u64) -> Option<(u64, &str)> {
        let after = self.decisions.partition_point(|(at, ..)| *at <= at_ms);
        after.checked_sub(1).map(|i| (self.decisions[i].0, self.decisions[i].1.as_str()))
    }

    /// The largest value, those of the band included.
    pub fn most(&self) -> f64 {
        let values = self.lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
        values.filter(|value| !value.is_nan()).fold(0.0, f64::max)
    }

    /// A row for each moment at which something changed: the time, the values, the decision.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let mut times: Vec<u64> = self.lines.iter().flat_map(|line| &line.points).map(|(at, _)| *at).collect();
        times.extend(self.decisions.iter().map(|(at, ..)| *at));
        times.order();
        times.dedup();
        let from = times.len().saturating_sub(MOST_ROWS);
        let row = |at: &u64| {
            let mut row = vec![clock_text(*at)];
            row.extend(self.lines.iter().map(|line| line.at(*at).map_or_else(String::new, number)));
            let decision = self.decisions.iter().find(|(when, ..)| when == at);
            row.push(decision.map_or_else(String::new, |(_, sentence, _)| sentence.clone()));
            row
        };
        times[from..].iter().map(row).collect()
    }
}

/// What there are charts of: `Kind/namespace/name`, those with an autoscaler first, nodes last.
pub fn subjects(record: &Record) -> Vec<String> {
    let mut all: Vec<(u8, &str)> = Vec::new();
    for (key, series) in &record.series {
        let rank = match key.split(' ').next() {
            Some("hpa" | "vpa") => 0,
            _ if series.about.starts_with("Node/") => 2,
            _ => 1,
        };
        all.push((rank, &series.about));
    }
    all.order();
    let mut names: Vec<String> = Vec::new();
    for (_, name) in all {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The charts of a workload or a node.
pub fn charts(record: &Record, subject: &str, window: Window) -> Vec<Chart> {
    let find = |sort: &str| record.series.get(&key(sort, subject));
    let (replicas, hpa, vpa, usage) = (find("replicas"), find("hpa"), find("vpa"), find("usage"));
    let mut all = Vec::new();
    if let Some(replicas) = replicas {
        let mut chart = Chart { id: "replicas", ..Chart::default() };
        chart.lines = lines(replicas, 0..3, window, &[0, 5, 1]);
        if let Some(hpa) = hpa {
            let mut bounds = lines(hpa, 0..2, window, &[9, 9]);
            bounds.iter_mut().for_each(|line| line.dashed = true);
            chart.lines.extend(bounds);
            chart.decisions = decisions(hpa, window);
        }
        all.push(chart);
    }
    for metric in hpa.map_or(0..0, |hpa| 0..hpa.names.len().saturating_sub(3) / 2) {
        let hpa = hpa.expect("there is a metric of it");
        let first = 3 + metric * 2;
        let name = hpa.names[first].to_string();
        let unit = if name.ends_with('%') { "%" } else { "" };
        let mut lines = lines(hpa, first..first + 2, window, &[0, 2]);
        lines[1].dashed = true;
        let decisions = decisions(hpa, window);
        all.push(Chart { id: "metric", name, unit, lines, band: Some((1, 1, hpa.tolerated)), decisions });
    }
    if let Some(load) = find("load") {
        all.push(Chart { id: "load", unit: "/s", lines: lines(load, 0..3, window, &[0, 1, 7]), ..Chart::default() });
        all.push(Chart { id: "latency", unit: "ms", lines: lines(load, 3..4, window, &[4]), ..Chart::default() });
    }
    for (i, (id, unit)) in [("cpu", "m"), ("memory", "MiB")].into_iter().enumerate() {
        let mut chart = Chart { id, unit, ..Chart::default() };
        if let Some(usage) = usage {
            chart.lines = lines(usage, i..i + 1, window, &[5 + 3 * i as u8]);
        }
        if let Some(vpa) = vpa {
            let from = chart.lines.len();
            chart.lines.extend(lines(vpa, i * 3..i * 3 + 3, window, &[9, 3, 9]));
            chart.lines[from..].iter_mut().for_each(|line| line.dashed = true);
            chart.band = Some((from, from + 2, (0.0, 0.0)));
            chart.decisions = decisions(vpa, window);
        }
        if !chart.lines.is_empty() {
            all.push(chart);
        }
    }
    all
}

/// Some lines of a series within a window, the value they come in with first.
fn lines(series: &Series, which: std::ops::Range<usize>, window: Window, tones: &[u8]) -> Vec<Line> {
    let instant_ms = ((window.to_ms - window.from_ms) / MOST_INSTANTS).max(1);
    let line = |(i, tone): (usize, &u8)| {
        let mut points: Vec<(u64, f64)> = Vec::new();
        for Point { at_ms, values, .. } in series.points.iter().take_while(|point| point.at_ms <= window.to_ms) {
            let value = values.get(i).copied().unwrap_or(f64::NAN);
            let at = (*at_ms).max(window.from_ms);
            match points.last_mut() {
                Some(last) if last.1.to_bits() == value.to_bits() => {}
                Some(last) if last.0 / instant_ms == at / instant_ms => last.1 = value,
                _ => points.push((at, value)),
            }
        }
        let name = series.names.get(i).map(|name| name.to_string()).unwrap_or_default();
        Line { name, tone: *tone, dashed: false, points }
    };
    which.zip(tones).map(line).collect()
}

/// The decisions of an autoscaler within a window; the one that held at its beginning included.
fn decisions(series: &Series, window: Window) -> Vec<(u64, String, bool)> {
    let mut all = Vec::new();
    let mut before = f64::NAN;
    for point in series.points.iter().take_while(|point| point.at_ms <= window.to_ms) {
        let desired = point.values.get(2).copied().unwrap_or(f64::NAN);
        if !point.sentence.is_empty() {
            let changed = desired != before && !before.is_nan() && point.at_ms >= window.from_ms;
            all.push((point.at_ms, point.sentence.to_string(), changed));
        }
        before = desired;
    }
    all
}

/// The charts as comma-separated values: a line for each moment and number.
pub fn csv(charts: &[Chart]) -> String {
    let mut text = String::from("chart,series,unit,time_s,value\n");
    for chart in charts {
        let title = if chart.name.is_empty() { chart.id } else { &chart.name };
        for line in &chart.lines {
            for (at, value) in line.points.iter().filter(|(_, value)| !value.is_nan()) {
                let seconds = *at as f64 / 1000.0;
                text.push_str(&format!("{title},{},{},{seconds},{value}\n", line.name, chart.unit));
            }
        }
    }
    text
}
