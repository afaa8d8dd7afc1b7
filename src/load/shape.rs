//! How a rate changes over time.

use crate::base::draw;
use crate::base::order::Order;
use crate::base::time::Span;

/// The form of a rate.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    /// The same all the time.
    Constant,
    /// From nothing to the whole.
    Ramp,
    /// In five equal steps.
    Steps,
    /// A tenth, and the whole in the middle fifth.
    Spike,
    /// Up and down every five minutes.
    Wave,
    /// Between half and one and a half, another every five seconds.
    Noise,
    /// Through these points: milliseconds and requests a second, with straight lines between.
    Points(Vec<(u64, f64)>),
}

/// How long a wave is.
const WAVE: f64 = 300.0;
/// How long a noisy rate stays the same.
const NOISE: f64 = 5.0;

impl Shape {
    /// The names that are typed.
    pub const NAMES: &'static [(&'static str, Shape)] = &[
        ("constant", Shape::Constant),
        ("ramp", Shape::Ramp),
        ("steps", Shape::Steps),
        ("spike", Shape::Spike),
        ("wave", Shape::Wave),
        ("noise", Shape::Noise),
    ];

    /// Reads points of a CSV text: seconds and requests a second, a line each; a heading is passed over.
    pub fn read_points(text: &str) -> Option<Shape> {
        let mut points = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (secs, rate) = line.split_once([',', ';', '\t'])?;
            match (secs.trim().parse::<f64>(), rate.split(',').next().unwrap_or("").trim().parse::<f64>()) {
                (Ok(secs), Ok(rate)) if secs >= 0.0 && rate >= 0.0 => points.push(((secs * 1000.0) as u64, rate)),
                _ if points.is_empty() => {}
                _ => return None,
            }
        }
        points.order_by_key(|point| point.0);
        (!points.is_empty()).then_some(Shape::Points(points))
    }

    /// Requests a second `since` the start, of a load of `rate` that lasts `whole`.
    pub fn at(&self, since: Span, whole: Span, rate: f64, seed: u64) -> f64 {
        let secs = since.0 as f64 / 1e6;
        let part = since.0 as f64 / whole.0.max(1) as f64;
        match self {
            Shape::Constant => rate,
            Shape::Ramp => rate * part.min(1.0),
            Shape::Steps => rate * ((part * 5.0).floor() + 1.0).min(5.0) / 5.0,
            Shape::Spike if (0.4..0.6).contains(&part) => rate,
            Shape::Spike => rate / 10.0,
            Shape::Wave => {
                // Two parabolas in place of a sine: no platform computes them differently.
                let phase = secs / WAVE - (secs / WAVE).floor();
                let half = 2.0 * phase - (2.0 * phase).floor();
                let bow = 4.0 * half * (1.0 - half);
                rate * (0.5 + if phase < 0.5 { bow } else { -bow } / 2.0)
            }
            Shape::Noise => {
                let turn = (secs / NOISE).floor() as u64;
                rate * (0.5 + draw::below(seed, "load-noise", "", turn, 1001) as f64 / 1000.0)
            }
            Shape::Points(points) => between(points, since.as_millis()),
        }
    }
}

/// The value on the line between the two nearest points.
fn between(points: &[(u64, f64)], ms: u64) -> f64 {
    let next = points.partition_point(|point| point.0 <= ms);
    match (next.checked_sub(1).and_then(|i| points.get(i)), points.get(next)) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (ms - a.0) as f64 / (b.0 - a.0) as f64,
        (Some(last), None) => last.1,
        (None, Some(first)) => first.1,
        (None, None) => 0.0,
    }
}
