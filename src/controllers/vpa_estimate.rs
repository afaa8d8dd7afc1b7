//! What a container is recommended to request: percentiles of its histograms, a margin, and bounds that close in with
//! confidence. Numbers in, numbers out.

use super::vpa_histogram::{Buckets, Histogram, CPU, MEMORY};
use crate::api::Value;
use crate::value;

/// What is remembered of the containers of one name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Aggregate {
    /// CPU samples, in cores.
    pub cpu: Histogram,
    /// The highest memory of each day, in bytes.
    pub memory: Histogram,
    /// When the first sample was taken, in microseconds since 1970.
    pub first: i64,
    /// When the last one was.
    pub last: i64,
    /// How many CPU samples there were.
    pub count: i64,
}

/// What is remembered of one container of a pod.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Peaks {
    /// When the day of the present peak ends; 0 before the first sample.
    pub window_end: i64,
    /// The highest memory of that day.
    pub memory: f64,
    /// The highest it was taken to need after it was killed for want of memory.
    pub oom: f64,
    /// When the last sample was taken.
    pub last: i64,
}

/// A day, over which one peak of memory counts, and in which confidence grows by one.
const DAY: i64 = 86_400_000_000;
/// A sample weighs as much as the container requests, and at least so much.
const LEAST_WEIGHT: f64 = 0.1;
/// What is added to what was measured.
const MARGIN: f64 = 0.15;
/// The least that is recommended for a pod: thousandths of a CPU, and bytes.
const LEAST: (i64, i64) = (25, 250 << 20);
/// The largest amount there is.
const MOST: f64 = 1e14;
/// After being killed for want of memory a container is taken to need so much more: a fifth, and at least 100 MiB.
const OOM: (f64, f64) = (1.2, 104_857_600.0);

/// CPU in thousandths and memory in bytes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Amounts {
    /// Thousandths of a CPU.
    pub cpu: i64,
    /// Bytes.
    pub memory: i64,
}

/// A recommendation for a container.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// What it should request.
    pub target: Amounts,
    /// Below this, more is needed.
    pub lower: Amounts,
    /// Above this, it is too much.
    pub upper: Amounts,
}

impl Aggregate {
    /// Adds a sample of CPU, in cores, of a container that requests so many.
    ///
    /// Models vertical-pod-autoscaler/pkg/recommender/model/aggregate_container_state.go addCPUSample.
    pub fn add_cpu(&mut self, cores: f64, request: f64, at: i64) {
        self.cpu.add(CPU, cores, request.max(LEAST_WEIGHT), at);
        self.first = if self.first == 0 { at } else { self.first.min(at) };
        self.last = self.last.max(at);
        self.count += 1;
    }

    /// Adds a sample of memory, in bytes.
    ///
    /// Models vertical-pod-autoscaler/pkg/recommender/model/container.go addMemorySample.
    pub fn add_memory(&mut self, peaks: &mut Peaks, bytes: f64, at: i64, is_oom: bool) {
        if !is_oom && at < peaks.last {
            return;
        }
        peaks.last = at;
        if peaks.window_end == 0 {
            peaks.window_end = at;
        }
        let mut is_peak = false;
        if at < peaks.window_end {
            let highest = peaks.memory.max(peaks.oom);
            if highest != 0.0 && bytes > highest {
                self.memory.add(MEMORY, highest, -1.0, peaks.window_end);
                is_peak = true;
            }
        } else {
            peaks.window_end += (at - peaks.window_end) / DAY * DAY + DAY;
            (peaks.memory, peaks.oom) = (0.0, 0.0);
            is_peak = true;
        }
        if is_peak {
            self.memory.add(MEMORY, bytes, 1.0, peaks.window_end);
            *(if is_oom { &mut peaks.oom } else { &mut peaks.memory }) = bytes;
        }
    }

    /// A container was killed for want of memory.
    ///
    /// Models vertical-pod-autoscaler/pkg/recommender/model/container.go RecordOOM.
    pub fn add_oom(&mut self, peaks: &mut Peaks, requested: f64, at: i64) {
        if at < peaks.window_end - DAY {
            return;
        }
        let used = requested.max(peaks.memory);
        let needed = (used + OOM.1).max(used * OOM.0);
        self.add_memory(peaks, needed, at, true);
    }

    /// What the container should request, one of so many in its pod.
    ///
    /// Models vertical-pod-autoscaler/pkg/recommender/logic/recommender.go podResourceRecommender.
    pub fn estimate(&self, containers: i64) -> Estimate {
        let confidence = (((self.last - self.first) as f64) / DAY as f64).min(self.count as f64 / 1440.0);
        let least = Amounts { cpu: LEAST.0 / containers, memory: LEAST.1 / containers };
        let of = |part: f64, factor: f64| Amounts {
            cpu: amount(&self.cpu, CPU, part, 1000.0, factor).max(least.cpu),
            memory: amount(&self.memory, MEMORY, part, 1.0, factor).max(least.memory),
        };
        let narrow = 1.0 + 0.001 / confidence;
        Estimate {
            target: of(0.9, 1.0),
            lower: of(0.5, 1.0 / (narrow * narrow)),
            upper: of(0.95, 1.0 + 1.0 / confidence),
        }
    }

    /// What was written.
    pub fn read(value: &Value) -> Aggregate {
        Aggregate {
            cpu: Histogram::read(value.get("cpu")),
            memory: Histogram::read(value.get("memory")),
            first: value.get("first").int(),
            last: value.get("last").int(),
            count: value.get("count").int(),
        }
    }

    /// Writes it down.
    pub fn write(&self) -> Value {
        value!({"cpu": (self.cpu.write()), "memory": (self.memory.write()), "first": (self.first), "last": (self.last),
            "count": (self.count)})
    }
}

/// A percentile in whole units, with the margin, times a factor.
fn amount(histogram: &Histogram, buckets: Buckets, part: f64, unit: f64, factor: f64) -> i64 {
    let plain = whole(histogram.percentile(buckets, part) * unit);
    let with_margin = plain + whole(plain as f64 * MARGIN);
    whole(with_margin as f64 * factor)
}

/// Models vertical-pod-autoscaler/pkg/recommender/model/types.go resourceAmountFromFloat.
fn whole(amount: f64) -> i64 {
    if amount.is_nan() {
        return 0;
    }
    amount.clamp(0.0, MOST) as i64
}

impl Peaks {
    /// What was written.
    pub fn read(value: &Value) -> Peaks {
        let number = |i: u32| match value.index(i) {
            Value::Float(x) => *x,
            other => other.int() as f64,
        };
        Peaks { window_end: value.index(0).int(), memory: number(1), oom: number(2), last: value.index(3).int() }
    }

    /// Writes it down.
    pub fn write(&self) -> Value {
        let numbers = [Value::Float(self.memory), Value::Float(self.oom)];
        let [memory, oom] = numbers;
        value!([(self.window_end), memory, oom, (self.last)])
    }
}
