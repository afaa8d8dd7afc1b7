//! The work queues of the controllers: which key is due when, how often it failed, and what its controller remembers.

use crate::api::Value;
use crate::base::map::Map;
use crate::base::time::{SimTime, Span};
use crate::controllers::Key;

/// First delay after a refused plan; it doubles with each further one.
const BACKOFF_FIRST: Span = Span::millis(5);
/// Longest delay after refused plans.
const BACKOFF_MAX: Span = Span::secs(1_000);

/// What is known of one key of one controller.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// When it is to be reconciled; `None` while nothing calls for it.
    pub due: Option<SimTime>,
    /// Its controller is busy with it until then.
    pub busy_until: SimTime,
    /// The revision its controller must have seen before it looks again: its own last write.
    pub barrier: u64,
    /// How many plans in a row were refused.
    pub failures: u32,
    /// What the controller asked to be reminded of.
    pub memory: Value,
}

/// The work queues of all controllers, a controller named by its place in the table.
#[derive(Clone, Default)]
pub struct WorkQueues {
    entries: Map<(u16, Key), Entry>,
}

impl WorkQueues {
    /// Calls for a key at `at` or as soon after as its controller is free. Gives the instant when that is earlier than
    /// what was planned already.
    pub fn add(&mut self, controller: u16, key: &Key, at: SimTime) -> Option<SimTime> {
        let entry = self.entries.or_default(&(controller, key.clone()));
        let due = at.max(entry.busy_until);
        if entry.due.is_some_and(|planned| planned <= due) {
            return None;
        }
        entry.due = Some(due);
        Some(due)
    }

    /// Takes a key that is due now; `None` where it was planned anew since.
    pub fn take(&mut self, controller: u16, key: &Key, now: SimTime) -> Option<Entry> {
        let entry = self.entries.get_mut(&(controller, key.clone()))?;
        if entry.due != Some(now) {
            return None;
        }
        entry.due = None;
        Some(entry.clone())
    }

    /// Keeps what is known of a key after its reconcile; a key about which there is nothing to know is forgotten.
    pub fn settle(&mut self, controller: u16, key: Key, entry: Entry, now: SimTime) {
        let idle = entry.due.is_none() && entry.memory.is_null() && entry.failures == 0 && entry.busy_until <= now;
        if idle {
            self.entries.remove(&(controller, key));
        } else {
            self.entries.insert((controller, key), entry);
        }
    }
}

impl Entry {
    /// The delay before the next try after a refused plan.
    ///
    /// Models staging/src/k8s.io/client-go/util/workqueue ItemExponentialFailureRateLimiter.When.
    pub fn backoff(&mut self) -> Span {
        let delay = Span(BACKOFF_FIRST.0 << self.failures.min(20)).min(BACKOFF_MAX);
        self.failures += 1;
        delay
    }
}
