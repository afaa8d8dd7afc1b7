//! A discrete-event queue that is plain data: cloning it is a snapshot. It knows nothing of Kubernetes.

use crate::base::map::Map;
use crate::base::time::SimTime;

/// Events in the order of their time; those of one instant in the order they were put in.
#[derive(Clone)]
pub struct Queue<E: Clone> {
    events: Map<(SimTime, u64), E>,
    sequence: u64,
}

impl<E: Clone> Default for Queue<E> {
    fn default() -> Self {
        Queue { events: Map::new(), sequence: 0 }
    }
}

impl<E: Clone> Queue<E> {
    /// Puts an event in.
    pub fn push(&mut self, at: SimTime, event: E) {
        self.sequence += 1;
        self.events.insert((at, self.sequence), event);
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<SimTime> {
        self.events.get_min().map(|((at, _), _)| *at)
    }

    /// Takes the next event out.
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        let ((at, sequence), event) = self.events.get_min().map(|(key, event)| (*key, event.clone()))?;
        self.events.remove(&(at, sequence));
        Some((at, event))
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}
