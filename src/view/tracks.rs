//! Numbers over time with the decisions behind them, as the model takes them down.

use serde::Serialize;

use crate::cluster::series::Track;
use crate::cluster::World;

/// One object's numbers over time.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrackView {
    /// `hpa default/web`, `load 1 svc/web`, `pod default/web-0`, `node node-1`.
    pub name: String,
    /// `hpa`, `load`, `pod`, `node` or `vpa`.
    pub kind: &'static str,
    /// Name and unit of each number.
    pub columns: Vec<(&'static str, &'static str)>,
    /// The points, oldest first.
    pub points: Vec<TrackPoint>,
}

/// One moment.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrackPoint {
    /// When, in milliseconds of the playground's clock.
    pub at_ms: u64,
    /// A number for each column; none where there was none.
    pub values: Vec<Option<f32>>,
    /// What was decided then and why, with the arithmetic; empty where nothing was.
    pub decision: String,
    /// True where the first number became another: a decision to mark.
    pub changed: bool,
}

/// All tracks of a cluster whose names begin so.
pub fn tracks(world: &World, prefix: &str) -> Vec<TrackView> {
    let tracks = world.series().tracks().filter(|(name, _)| name.starts_with(prefix));
    tracks.map(|(name, track)| one(name, track)).collect()
}

fn one(name: &str, track: &Track) -> TrackView {
    let columns = track.form.columns;
    let mut before = None;
    let points = track.points().map(|point| {
        let first = point.values[0];
        let changed = before.is_some_and(|before| before != first);
        before = Some(first);
        TrackPoint {
            at_ms: point.at.0 / 1000,
            values: point.values[..columns.len()].iter().map(|value| (!value.is_nan()).then_some(*value)).collect(),
            decision: point.note.to_string(),
            changed,
        }
    });
    TrackView { name: name.to_owned(), kind: track.form.kind, points: points.collect(), columns: columns.to_vec() }
}
