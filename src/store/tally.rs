//! Counts over the pods of each controller, kept up to date with every change, so that counting ten thousand pods costs no
//! more than counting ten. It decides nothing.

use ecow::{EcoString, EcoVec};

use super::{Change, Verb};
use crate::api::{Object, Value};
use crate::base::map::Map;

/// The counts over the pods of one controller that have the same labels.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The labels.
    pub labels: Value,
    /// Pods that have not ended and are not going.
    pub active: u32,
    /// Those of them that are ready.
    pub ready: u32,
    /// Pods that are going and have not ended.
    pub terminating: u32,
    /// Pods that have ended.
    pub ended: u32,
}

/// The counts by the UID of the controller.
#[derive(Clone, Default)]
pub(super) struct Tallies(Map<EcoString, EcoVec<Tally>>);

/// What of a pod is counted.
#[derive(PartialEq, Eq, Clone, Copy)]
enum State {
    Active,
    Ready,
    Terminating,
    Ended,
}

impl Tallies {
    /// The counts over the pods of a controller, one for each set of labels.
    pub fn of(&self, uid: &str) -> &[Tally] {
        self.0.get(uid).map_or(&[], |tallies| tallies.as_slice())
    }

    /// True where a change of a pod may change a count.
    pub fn concern(change: &Change) -> bool {
        let parts = ["metadata.labels", "metadata.ownerReferences", "metadata.deletionTimestamp", "status"];
        change.verb != Verb::Modified || parts.iter().any(|path| change.touches(path))
    }

    /// Follows a pod from one state to the next; none is before it was there, and after.
    pub fn absorb(&mut self, before: Option<&Object>, after: Option<&Object>) {
        if let (Some(before), Some(after)) = (before, after) {
            let same = |path: &str| before.at(path).same(after.at(path)) || before.at(path) == after.at(path);
            let stays = same("metadata.labels") && same("metadata.ownerReferences");
            if stays && state(before) == state(after) {
                return;
            }
        }
        if let Some(pod) = before {
            self.count(pod, false);
        }
        if let Some(pod) = after {
            self.count(pod, true);
        }
    }

    fn count(&mut self, pod: &Object, add: bool) {
        let uid = pod.controller_uid();
        if uid.is_empty() {
            return;
        }
        let labels = pod.labels();
        let tallies = self.0.or_default(&uid.into());
        let known = tallies.iter().position(|tally| tally.labels.same(labels) || tally.labels == *labels);
        let index = known.unwrap_or_else(|| {
            let labels = labels.clone();
            tallies.push(Tally { labels, active: 0, ready: 0, terminating: 0, ended: 0 });
            tallies.len() - 1
        });
        let tally = &mut tallies.make_mut()[index];
        let step = |count: &mut u32| *count = if add { *count + 1 } else { *count - 1 };
        match state(pod) {
            State::Active => step(&mut tally.active),
            State::Ready => {
                step(&mut tally.active);
                step(&mut tally.ready);
            }
            State::Terminating => step(&mut tally.terminating),
            State::Ended => step(&mut tally.ended),
        }
        if tally.active + tally.terminating + tally.ended == 0 {
            tallies.remove(index);
            if tallies.is_empty() {
                self.0.remove(uid);
            }
        }
    }
}

fn state(pod: &Object) -> State {
    if matches!(pod.status().get("phase").str(), "Succeeded" | "Failed") {
        State::Ended
    } else if pod.is_deleting() {
        State::Terminating
    } else if pod.has_condition("Ready") {
        State::Ready
    } else {
        State::Active
    }
}
