//! The scheduling queue: pods to try now, pods that wait out a back-off, and pods that nothing can be done for until
//! something changes.

use std::cmp::Reverse;

use ecow::EcoString;

use crate::api::ObjectKey;
use crate::base::map::Map;
use crate::base::map::Set;
use crate::base::time::{SimTime, Span};

const INITIAL_BACK_OFF: Span = Span::secs(1);
const MAX_BACK_OFF: Span = Span::secs(10);
/// How long a pod stays unschedulable before it is tried again without cause.
const FLUSH_AFTER: Span = Span::secs(300);

/// Where a pod waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Active,
    BackingOff(SimTime),
    Unschedulable(SimTime),
    /// Taken out to be tried.
    Tried,
}

/// A pod that has no node yet.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its namespace and name.
    pub key: ObjectKey,
    /// Its priority.
    pub priority: i64,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// The filters that refused it last.
    pub refused_by: Vec<&'static str>,
    last_try: SimTime,
    since: SimTime,
    sequence: u64,
    place: Place,
}

type Order = (Reverse<i64>, SimTime, u64, EcoString);

/// The queue. All of it is plain data.
#[derive(Clone, Default)]
pub struct Queue {
    pods: Map<EcoString, Waiting>,
    active: Set<Order>,
    /// The pods that back off, those first whose time is over first.
    backing_off: Set<(SimTime, EcoString)>,
    /// The pods that are unschedulable, by when they are tried again without cause.
    flushed: Set<(SimTime, EcoString)>,
    /// The pods that are unschedulable, so that a change looks at no others.
    resting: Set<EcoString>,
    sequence: u64,
}

impl Waiting {
    fn order(&self, uid: &EcoString) -> Order {
        (Reverse(self.priority), self.since, self.sequence, uid.clone())
    }

    /// Models pkg/scheduler/backend/queue calculateBackoffDuration.
    fn backed_off_until(&self) -> SimTime {
        if self.attempts == 0 {
            return self.last_try;
        }
        let doubled = INITIAL_BACK_OFF.0 << (self.attempts - 1).min(10);
        self.last_try + Span(doubled.min(MAX_BACK_OFF.0))
    }
}

impl Queue {
    /// Puts a pod in to be tried at once, unless it waits already.
    pub fn add(&mut self, uid: &EcoString, key: ObjectKey, priority: i64, now: SimTime) {
        if self.pods.contains_key(uid) {
            return;
        }
        self.sequence += 1;
        let waiting = Waiting {
            key,
            priority,
            attempts: 0,
            refused_by: Vec::new(),
            last_try: now,
            since: now,
            sequence: self.sequence,
            place: Place::Active,
        };
        self.active.insert(waiting.order(uid));
        self.pods.insert(uid.clone(), waiting);
    }

    /// True where the pod waits here.
    pub fn contains(&self, uid: &str) -> bool {
        self.pods.contains_key(uid)
    }

    /// Takes a pod out for good.
    pub fn remove(&mut self, uid: &EcoString) {
        self.leave(uid);
        self.pods.remove(uid);
    }

    /// When there is something to try.
    pub fn next_at(&self, now: SimTime) -> Option<SimTime> {
        if !self.active.is_empty() || !self.backing_off.is_empty() {
            return Some(now);
        }
        self.flushed.get_min().map(|(at, _)| (*at).max(now))
    }

    /// Takes out the pod to try next. While no other waits to be tried, nobody backs off.
    ///
    /// Models pkg/scheduler/backend/queue activeQueue.unlockedPop with SchedulerPopFromBackoffQ.
    pub fn pop(&mut self, now: SimTime) -> Option<(EcoString, ObjectKey)> {
        let is_due = |first: &&(SimTime, EcoString)| first.0 <= now;
        while let Some((_, uid)) = self.backing_off.get_min().or(self.flushed.get_min()).filter(is_due).cloned() {
            self.activate(&uid);
        }
        let first = self.active.get_min().map(|(_, _, _, uid)| uid);
        let uid = first.or(self.backing_off.get_min().map(|(_, uid)| uid)).cloned()?;
        self.leave(&uid);
        let waiting = self.pods.get_mut(&uid)?;
        waiting.place = Place::Tried;
        Some((uid, waiting.key.clone()))
    }

    /// Takes a pod out to be tried, whatever its turn.
    pub fn take(&mut self, uid: &EcoString) {
        self.leave(uid);
        if let Some(waiting) = self.pods.get_mut(uid) {
            waiting.place = Place::Tried;
        }
    }

    /// Puts a pod back that found no node.
    pub fn put_back(&mut self, uid: &EcoString, refused_by: Vec<&'static str>, now: SimTime) {
        if let Some(waiting) = self.pods.get_mut(uid) {
            waiting.attempts += 1;
            waiting.last_try = now;
            waiting.refused_by = refused_by;
            waiting.place = Place::Unschedulable(now + FLUSH_AFTER);
            self.flushed.insert((now + FLUSH_AFTER, uid.clone()));
            self.resting.insert(uid.clone());
        }
    }

    /// Has the unschedulable pods tried again for which `concerned` is true, after their back-off.
    ///
    /// Models pkg/scheduler/backend/queue MoveAllToActiveOrBackoffQueue.
    pub fn wake(&mut self, now: SimTime, concerned: impl Fn(&Waiting) -> bool) {
        let is_concerned = |uid: &&EcoString| self.pods.get(*uid).is_some_and(&concerned);
        let woken: Vec<EcoString> = self.resting.iter().filter(is_concerned).cloned().collect();
        for uid in woken {
            self.wake_one(&uid, now);
        }
    }

    /// Has one pod tried again after its back-off.
    pub fn wake_one(&mut self, uid: &EcoString, now: SimTime) {
        let Some(waiting) = self.pods.get(uid) else { return };
        if !matches!(waiting.place, Place::Unschedulable(_)) {
            return;
        }
        let until = waiting.backed_off_until();
        if until <= now {
            self.activate(uid);
            return;
        }
        self.leave(uid);
        self.backing_off.insert((until, uid.clone()));
        if let Some(waiting) = self.pods.get_mut(uid) {
            waiting.place = Place::BackingOff(until);
        }
    }

    fn activate(&mut self, uid: &EcoString) {
        self.leave(uid);
        if let Some(waiting) = self.pods.get_mut(uid) {
            waiting.place = Place::Active;
            self.active.insert(waiting.order(uid));
        }
    }

    fn leave(&mut self, uid: &EcoString) {
        let Some(waiting) = self.pods.get(uid) else { return };
        match waiting.place {
            Place::Active => {
                self.active.remove(&waiting.order(uid));
            }
            Place::BackingOff(at) => {
                self.backing_off.remove(&(at, uid.clone()));
            }
            Place::Unschedulable(at) => {
                self.flushed.remove(&(at, uid.clone()));
                self.resting.remove(uid);
            }
            Place::Tried => {}
        }
    }
}
