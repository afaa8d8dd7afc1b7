//! What a controller sees: a snapshot of the objects as the watch has delivered them, and the time.

use super::metrics::{MetricsApi, NoMetrics};
use super::{Settings, Store};
use crate::api::{Object, ObjectKey};
use crate::base::time::{SimTime, Span, Timestamp};

/// A read-only picture of the cluster at an instant, somewhat behind the truth.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The objects.
    pub store: &'a Store,
    /// The present.
    pub now: SimTime,
    /// The cluster's settings.
    pub settings: &'a Settings,
    /// What the metrics APIs answer.
    pub metrics: &'a dyn MetricsApi,
}

impl<'a> View<'a> {
    /// A view of a cluster whose metrics APIs are not there, for all who ask for none.
    pub fn new(store: &'a Store, now: SimTime, settings: &'a Settings) -> View<'a> {
        View { store, now, settings, metrics: &NoMetrics }
    }

    /// An object.
    pub fn get(&self, kind: &str, key: &ObjectKey) -> Option<&'a Object> {
        self.store.get(kind, key)
    }

    /// The present as date and time.
    pub fn timestamp(&self) -> Timestamp {
        Timestamp::of(self.settings.epoch, self.now)
    }

    /// The present as metav1.Time is written.
    pub fn now_text(&self) -> String {
        self.timestamp().rfc3339()
    }

    /// How long ago a metav1.Time was; zero for the future and for what is no time.
    pub fn since(&self, text: &str) -> Span {
        match Timestamp::parse(text) {
            Some(at) => self.now.since(at.to_sim(self.settings.epoch)),
            None => Span::ZERO,
        }
    }
}
