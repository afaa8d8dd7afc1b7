//! What containers have used over time, as metrics-server finds it when it looks every 15 seconds.

use ecow::EcoString;

use crate::base::time::{SimTime, Span};

/// How often metrics-server asks the kubelets (`--metric-resolution` of its manifest).
pub const RESOLUTION: Span = Span::secs(15);
/// A container must have run so long to count at its first look (metrics-server's freshContainerMinMetricsResolution).
const FRESH: Span = Span::secs(10);

/// What a container has used up to an instant, and what it uses from there on.
#[derive(Clone, PartialEq, Debug)]
pub struct Usage {
    /// The pod's UID.
    pub uid: EcoString,
    /// The container's name.
    pub container: EcoString,
    /// Up to when it is counted.
    pub until: SimTime,
    /// Millionths of a CPU used now.
    pub cpu_micro: u64,
    /// Bytes used now.
    pub memory: u64,
    /// Bytes that requests have left behind.
    pub leaked: f64,
    /// Thousandths of requests served a second now.
    pub request_milli: u64,
    /// Millionths of a CPU it uses without requests.
    pub idle_cpu_micro: u64,
    /// Bytes it uses without requests.
    pub idle_memory: u64,
    /// Since when it has served no request.
    pub idle_since: SimTime,
    /// CPU used so far: millionths of a CPU times microseconds.
    cpu_sum: u64,
    /// Requests served so far: thousandths times microseconds a second.
    request_sum: u64,
    /// The counters at the last looks, the newest last.
    looks: Vec<Look>,
}

/// The counters at one look of metrics-server.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Look {
    at: SimTime,
    cpu_sum: u64,
    request_sum: u64,
    memory: u64,
}

/// Averages over the window between two looks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Average {
    /// Billionths of a CPU.
    pub cpu_nano: i64,
    /// Bytes, at the end of the window.
    pub memory: i64,
    /// Thousandths of a request a second.
    pub request_milli: i64,
}

impl Usage {
    /// A container that has used nothing so far, and was there at the last look already.
    pub fn new(uid: EcoString, container: EcoString, now: SimTime, first_look: Span) -> Usage {
        let looks = last_look(now, first_look).into_iter();
        Usage {
            uid,
            container,
            until: now,
            cpu_micro: 0,
            memory: 0,
            leaked: 0.0,
            request_milli: 0,
            idle_cpu_micro: 0,
            idle_memory: 0,
            idle_since: now,
            cpu_sum: 0,
            request_sum: 0,
            looks: looks.map(|at| Look { at, cpu_sum: 0, request_sum: 0, memory: 0 }).collect(),
        }
    }

    /// Counts on to an instant.
    pub fn advance(&mut self, to: SimTime, first_look: Span) {
        while let Some(look) = last_look(to, first_look).filter(|at| *at > self.until) {
            let next = (self.until.since(SimTime(first_look.0)).0 / RESOLUTION.0 + 1) * RESOLUTION.0 + first_look.0;
            let at = if self.until < SimTime(first_look.0) { SimTime(first_look.0) } else { SimTime(next) }.min(look);
            self.count(at);
            let (cpu_sum, request_sum, memory) = (self.cpu_sum, self.request_sum, self.memory);
            self.looks.push(Look { at, cpu_sum, request_sum, memory });
            if self.looks.len() > 3 {
                self.looks.remove(0);
            }
        }
        self.count(to);
    }

    fn count(&mut self, to: SimTime) {
        let span = to.since(self.until).0;
        self.cpu_sum += self.cpu_micro * span / 1000;
        self.request_sum += self.request_milli * span / 1000;
        self.until = self.until.max(to);
    }

    /// The average over the window that ends with the look at `at` and began with the one before; none where it was not
    /// looked at then.
    pub fn average(&self, at: SimTime, window: Span) -> Option<Average> {
        let find = |at: SimTime| self.looks.iter().find(|look| look.at == at);
        let (last, first) = (find(at)?, find(at - window)?);
        let per = |sum: u64, earlier: u64| ((sum - earlier) * 1000 / window.0.max(1)) as i64;
        Some(Average {
            cpu_nano: per(last.cpu_sum, first.cpu_sum) * 1000,
            memory: last.memory as i64,
            request_milli: per(last.request_sum, first.request_sum),
        })
    }
}

/// The last look of metrics-server at or before an instant.
pub fn last_look(now: SimTime, first_look: Span) -> Option<SimTime> {
    let since = now.0.checked_sub(first_look.0)?;
    Some(SimTime(since / RESOLUTION.0 * RESOLUTION.0 + first_look.0))
}

/// The window a look at `at` can tell of for a container that runs since `since`; none where it cannot yet.
///
/// Models metrics-server pkg/storage/pod.go Store: two looks, or one that begins with the container.
pub fn window(at: SimTime, since: SimTime) -> Option<Span> {
    match at.since(since) {
        age if since > at || age < FRESH => None,
        age if age < RESOLUTION => Some(age),
        _ => Some(RESOLUTION),
    }
}
