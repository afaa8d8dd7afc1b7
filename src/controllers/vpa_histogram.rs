//! Histograms whose samples lose half their weight every so often, as the recommender of the VerticalPodAutoscaler keeps them.
//! It knows amounts and times, no pods.

use crate::api::{Map, Value};

/// Half of a sample's weight is gone after a day.
const HALF_LIFE_MICROS: f64 = 86_400e6;
/// Beyond so many half-lives the weights are given for a later moment.
const MOST_HALVES: i64 = 100;
/// Each bucket is so much wider than the one before.
const GROWTH: f64 = 1.05;
/// A bucket with less weight counts as empty: a thousandth of the least weight a sample has.
const EMPTY: f64 = 0.0001;

/// The buckets of a resource: the first one's size, and what the last one begins at the latest.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Buckets {
    first: f64,
    most: f64,
}

/// Cores: from a hundredth to a thousand.
pub const CPU: Buckets = Buckets { first: 0.01, most: 1000.0 };
/// Bytes: from ten million to a million million.
pub const MEMORY: Buckets = Buckets { first: 1e7, most: 1e12 };

impl Buckets {
    /// Where a bucket begins.
    ///
    /// Models vertical-pod-autoscaler/pkg/recommender/util/histogram_options.go exponentialHistogramOptions.GetBucketStart.
    pub fn start(self, bucket: u32) -> f64 {
        let mut power = 1.0;
        for _ in 0..bucket {
            power *= GROWTH;
        }
        self.first * (power - 1.0) / (GROWTH - 1.0)
    }

    /// The last bucket.
    fn last(self) -> u32 {
        let (mut bucket, mut power) = (0, 1.0);
        while self.first * (power - 1.0) / (GROWTH - 1.0) < self.most {
            bucket += 1;
            power *= GROWTH;
        }
        bucket
    }

    /// The bucket of an amount.
    ///
    /// Models exponentialHistogramOptions.FindBucket, without its logarithm: buckets are counted up to the amount.
    pub fn of(self, amount: f64) -> u32 {
        let last = self.last();
        let (mut bucket, mut power) = (0, GROWTH);
        while self.first * (power - 1.0) / (GROWTH - 1.0) <= amount && bucket < last {
            bucket += 1;
            power *= GROWTH;
        }
        bucket
    }
}

/// Weights by bucket, as of a moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Histogram {
    /// The weight of each bucket that has some, by its number.
    weights: Vec<(u32, f64)>,
    /// The moment that weights are given for, in microseconds.
    reference: i64,
}

impl Histogram {
    /// A histogram as [`Histogram::write`] wrote it.
    pub fn read(value: &Value) -> Histogram {
        let number = |value: &Value| match value {
            Value::Float(x) => *x,
            other => other.int() as f64,
        };
        let pairs = value.get("weights").list().chunks(2);
        let weights = pairs.map(|pair| (pair[0].int() as u32, pair.get(1).map_or(0.0, number)));
        Histogram { weights: weights.collect(), reference: value.get("reference").int() }
    }

    /// The histogram as a value.
    pub fn write(&self) -> Value {
        let flat =
            self.weights.iter().flat_map(|(bucket, weight)| [Value::Int((*bucket).into()), Value::Float(*weight)]);
        let mut map = Map::default();
        map.insert("reference", self.reference);
        map.insert("weights", flat.collect::<Value>());
        map.into()
    }

    /// The weight of each bucket that has some, by its number.
    pub fn weights(&self) -> &[(u32, f64)] {
        &self.weights
    }

    /// The moment that weights are given for, in microseconds since 1970.
    pub fn reference(&self) -> i64 {
        self.reference
    }

    /// Adds a sample; a negative weight takes one away.
    ///
    /// Models vertical-pod-autoscaler/pkg/recommender/util/decaying_histogram.go AddSample and SubtractSample.
    pub fn add(&mut self, buckets: Buckets, amount: f64, weight: f64, at: i64) {
        if at > self.reference + MOST_HALVES * HALF_LIFE_MICROS as i64 {
            self.shift(at);
        }
        let weight = weight * power_of_two((at - self.reference) as f64 / HALF_LIFE_MICROS);
        let bucket = buckets.of(amount);
        match self.weights.binary_search_by(|(known, _)| known.cmp(&bucket)) {
            Ok(place) => self.weights[place].1 = (self.weights[place].1 + weight).max(0.0),
            Err(place) => self.weights.insert(place, (bucket, weight.max(0.0))),
        }
        let total: f64 = self.weights.iter().map(|(_, weight)| weight).sum();
        self.weights.retain(|(_, weight)| *weight > 0.0 || total == 0.0);
    }

    /// Gives the weights for the midnight nearest to a moment.
    ///
    /// Models vertical-pod-autoscaler/pkg/recommender/util/decaying_histogram.go shiftReferenceTimestamp.
    fn shift(&mut self, at: i64) {
        let day = HALF_LIFE_MICROS as i64;
        let new = (at + day / 2) / day * day;
        let factor = power_of_two((self.reference - new) as f64 / HALF_LIFE_MICROS);
        self.weights.iter_mut().for_each(|(_, weight)| *weight *= factor);
        self.reference = new;
    }

    /// The end of the bucket that a part of the weight lies below.
    ///
    /// Models vertical-pod-autoscaler/pkg/recommender/util/histogram.go Percentile.
    pub fn percentile(&self, buckets: Buckets, part: f64) -> f64 {
        let full: Vec<&(u32, f64)> = self.weights.iter().filter(|(_, weight)| *weight >= EMPTY).collect();
        let Some(last) = full.last() else { return 0.0 };
        let total: f64 = self.weights.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        let mut found = last.0;
        for (bucket, weight) in &full {
            sum += weight;
            if sum >= part * total {
                found = *bucket;
                break;
            }
        }
        if found < buckets.last() {
            buckets.start(found + 1)
        } else {
            buckets.start(found)
        }
    }
}

/// Two to any power, from square roots of two alone: they are the same on every platform.
pub fn power_of_two(exponent: f64) -> f64 {
    let whole = exponent.floor();
    let mut rest = exponent - whole;
    let mut result = 1.0;
    let step = if whole < 0.0 { 0.5 } else { 2.0 };
    for _ in 0..whole.abs().min(1000.0) as u32 {
        result *= step;
    }
    let (mut root, mut part) = (2.0_f64, 1.0);
    for _ in 0..52 {
        root = root.sqrt();
        part /= 2.0;
        if rest >= part {
            rest -= part;
            result *= root;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_right() {
        for x in [-3.7, -1.0, -0.25, 0.0, 0.1, 0.5, 1.0, 2.345, 17.9] {
            assert!((power_of_two(x) / x.exp2() - 1.0).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn old_samples_count_half_after_a_day() {
        let mut histogram = Histogram::default();
        histogram.add(CPU, 1.0, 1.0, 0);
        histogram.add(CPU, 0.1, 1.0, 86_400_000_000);
        assert_eq!(histogram.percentile(CPU, 0.6), CPU.start(CPU.of(0.1) + 1));
        assert_eq!(histogram.percentile(CPU, 0.7), CPU.start(CPU.of(1.0) + 1));
        assert_eq!(Histogram::read(&histogram.write()), histogram);
    }
}
