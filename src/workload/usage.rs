//! What containers use while nobody asks them anything, and what an answer costs: a pure function of what runs and since when.

use super::images;
use crate::api::{Object, Value};
use crate::base::time::{parse_duration, Span};

/// CPU and memory at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Thousandths of a CPU.
    pub cpu_millis: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
}

/// What answering requests costs a container, and how many it handles at the same time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Serving {
    /// CPU time of one answer.
    pub cpu_per_request: Span,
    /// Requests at the same time at the most.
    pub concurrency: u32,
}

/// What a program takes beyond what its image uses when idle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Demand {
    /// Thousandths of a CPU that it would use if nothing held it back.
    pub cpu_millis: u64,
    /// Bytes taken at once.
    pub memory_bytes: u64,
    /// Bytes taken in addition after each `every`.
    pub step_bytes: u64,
    /// How long it pauses between two steps; zero where there are none.
    pub every: Span,
    /// Bytes at which it stops taking more.
    pub most_bytes: u64,
}

const MIB: u64 = 1 << 20;
/// Memory of an image that the table does not have.
const UNKNOWN_MEMORY: u64 = 20 * MIB;

impl Demand {
    /// Bytes taken after a while.
    pub fn memory_after(&self, span: Span) -> u64 {
        let steps = span.0.checked_div(self.every.0).unwrap_or(0);
        (self.memory_bytes + steps.saturating_mul(self.step_bytes)).min(self.most_bytes.max(self.memory_bytes))
    }

    /// After which time it has taken more than `limit` bytes; nothing where it never does.
    pub fn exceeds(&self, limit: u64) -> Option<Span> {
        if self.memory_bytes > limit {
            return Some(Span::ZERO);
        }
        let steps = (limit - self.memory_bytes).checked_div(self.step_bytes)? + 1;
        (self.most_bytes > limit && self.every.0 > 0).then_some(Span(self.every.0.saturating_mul(steps)))
    }
}

/// What a container's image uses when idle.
pub fn idle(container: &Value) -> Usage {
    match images::find(container.get("image").str()) {
        Some(image) => {
            Usage { cpu_millis: u64::from(image.cpu), memory_bytes: (u64::from(image.memory) * MIB).max(MIB / 2) }
        }
        None => Usage { cpu_millis: 1, memory_bytes: UNKNOWN_MEMORY },
    }
}

/// What answers cost: the image's row, or what the pod's annotations `kubottle.dev/cpu-per-request` (a duration) and
/// `kubottle.dev/concurrency` say.
pub fn serving(pod: &Object, container: &Value) -> Serving {
    let image = images::find(container.get("image").str());
    let known = image.map_or((1_000, 100), |image| (image.cpu_per_request, image.concurrency));
    Serving {
        cpu_per_request: parse_duration(pod.annotation("kubottle.dev/cpu-per-request"))
            .unwrap_or(Span::micros(known.0)),
        concurrency: pod.annotation("kubottle.dev/concurrency").parse().unwrap_or(known.1).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_grows_exceeds_a_limit_at_the_step_that_crosses_it() {
        let demand = Demand {
            memory_bytes: MIB,
            step_bytes: 10 * MIB,
            every: Span::secs(1),
            most_bytes: 50 * MIB,
            ..Demand::default()
        };
        assert_eq!(demand.memory_after(Span::millis(2_500)), 21 * MIB);
        assert_eq!(demand.exceeds(20 * MIB), Some(Span::secs(2)));
        assert_eq!(demand.exceeds(50 * MIB), None);
        assert_eq!(demand.memory_after(Span::secs(60)), 50 * MIB);
        assert_eq!(Demand { memory_bytes: MIB, ..Demand::default() }.exceeds(1), Some(Span::ZERO));
    }
}
