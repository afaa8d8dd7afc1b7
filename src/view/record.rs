//! What became of each pod and each workload over time, read off the watch log while it happens: the timeline, the charts and
//! the marks of the time slider are drawn from it. It is bounded, and knows nothing of how anything is drawn.

use std::collections::BTreeMap;

use ecow::EcoString;

use super::observe::{is_system, shape, since_start_ms, workload};
use super::series::{self, Series};
use super::topology::PodShape;
use crate::api::kinds::pod_columns;
use crate::api::ObjectKey;
use crate::store::{Change, Verb, View};

/// So many pods are remembered; those that ended first are forgotten first.
const MOST_LANES: usize = 4_000;
/// So many stages of one pod are remembered.
const MOST_STAGES: usize = 300;
/// So many marks are remembered.
const MOST_MARKS: usize = 600;

/// A pod's life, the lives of its predecessors of the same name included.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// `Kind/namespace/name` of the workload at the top.
    pub workload: EcoString,
    /// `Kind/name` of what made it; empty without an owner.
    pub owner: EcoString,
    /// The node it was on last.
    pub node: EcoString,
    /// When it was made first.
    pub created_ms: u64,
    /// True for what a new cluster brings with it.
    pub system: bool,
    /// Its stages, oldest first.
    pub stages: Vec<Stage>,
    /// When its containers were started again.
    pub restarts_ms: Vec<u64>,
    restarts: i64,
}

/// A stage of a pod's life, up to the next one.
#[derive(Clone, Debug)]
pub struct Stage {
    /// When it began.
    pub from_ms: u64,
    /// How it is drawn; nothing where there was no pod of this name.
    pub shape: Option<PodShape>,
    /// STATUS as kubectl prints it.
    pub status: EcoString,
}

/// What happened at an instant, for the time slider.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// When.
    pub at_ms: u64,
    /// True for a warning, false for something typed.
    pub warning: bool,
    /// What, in a few words.
    pub text: EcoString,
}

/// What has happened so far.
#[derive(Clone, Debug, Default)]
pub struct Record {
    read: u64,
    /// When the usage is to be asked for next.
    pub usage_due_ms: u64,
    /// When the load is to be asked for next.
    pub load_due_ms: u64,
    /// Pods by namespace and name.
    pub lanes: BTreeMap<ObjectKey, Lane>,
    /// The numbers of workloads, autoscalers and nodes, by [`series::key`].
    pub series: BTreeMap<EcoString, Series>,
    /// In the order of their time.
    pub happenings: Vec<Happening>,
}

impl Record {
    /// Reads what the watch log has had since the last time.
    pub fn read_on(&mut self, view: &View<'_>) {
        let read = self.read;
        self.read = view.store.revision();
        for change in view.store.changes_since(read) {
            match change.kind() {
                "Pod" => self.pod(view, change),
                "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" | "DaemonSet" | "Job" => {
                    series::replicas(&mut self.series, change);
                }
                "HorizontalPodAutoscaler" => series::horizontal(&mut self.series, change),
                "VerticalPodAutoscaler" => series::vertical(&mut self.series, change),
                "Event" if change.verb == Verb::Added && change.object.at("type").str() == "Warning" => {
                    let involved = change.object.at("involvedObject");
                    let text = format!("{} {}", change.object.at("reason").str(), involved.get("name").str());
                    self.happened(change.at.0 / 1000, true, text.into());
                }
                _ => {}
            }
        }
    }

    /// What follows is read from here on; what lies between was another time.
    pub fn skip_to(&mut self, revision: u64) {
        self.read = revision;
    }

    /// Notes something for the time slider.
    pub fn happened(&mut self, at_ms: u64, warning: bool, text: EcoString) {
        if self.happenings.last().is_some_and(|last| last.at_ms == at_ms && last.text == text) {
            return;
        }
        self.happenings.push(Happening { at_ms, warning, text });
        if self.happenings.len() > MOST_MARKS {
            self.happenings.remove(0);
        }
    }

    /// The same up to an instant: where another branch leaves this one.
    pub fn until(&self, at_ms: u64) -> Record {
        let mut kept = self.clone();
        kept.lanes.retain(|_, lane| {
            lane.stages.retain(|stage| stage.from_ms <= at_ms);
            lane.restarts_ms.retain(|at| *at <= at_ms);
            !lane.stages.is_empty()
        });
        for series in kept.series.values_mut() {
            series.points.retain(|point| point.at_ms <= at_ms);
        }
        kept.happenings.retain(|happening| happening.at_ms <= at_ms);
        kept
    }

    fn pod(&mut self, view: &View<'_>, change: &Change) {
        let pod = &change.object;
        let at_ms = change.at.0 / 1000;
        let key = pod.key();
        if change.verb == Verb::Deleted {
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.push(at_ms, None, EcoString::new());
            }
            return;
        }
        if !self.lanes.contains_key(&key) && self.lanes.len() >= MOST_LANES {
            self.forget_one();
        }
        let sum = pod_columns::summary(pod);
        let lane = self.lanes.entry(key).or_insert_with(|| Lane {
            workload: workload(view.store, pod).into(),
            owner: pod
                .controller()
                .map_or_else(EcoString::new, |owner| ecow::eco_format!("{}/{}", owner.kind, owner.name)),
            created_ms: pod.created().map_or(at_ms, |at| since_start_ms(view, at)),
            system: is_system(pod),
            ..Lane::default()
        });
        lane.node = pod.at("spec.nodeName").text();
        if change.verb == Verb::Added {
            lane.restarts = 0;
        }
        if sum.restarts > lane.restarts {
            lane.restarts_ms.push(at_ms);
            lane.restarts_ms.drain(..lane.restarts_ms.len().saturating_sub(MOST_STAGES));
        }
        lane.restarts = sum.restarts;
        lane.push(at_ms, Some(shape(pod, &sum.status)), sum.status.into());
    }

    fn forget_one(&mut self) {
        let ended = |lane: &Lane| lane.stages.last().map_or((true, 0), |s| (s.shape.is_some(), s.from_ms));
        let oldest = self.lanes.iter().min_by_key(|(_, lane)| ended(lane)).map(|(key, _)| key.clone());
        if let Some(oldest) = oldest {
            self.lanes.remove(&oldest);
        }
    }
}

impl Lane {
    fn push(&mut self, from_ms: u64, shape: Option<PodShape>, status: EcoString) {
        match self.stages.last_mut() {
            Some(last) if last.shape == shape && last.status == status => return,
            // What lasted no time is not seen.
            Some(last) if last.from_ms == from_ms => *last = Stage { from_ms, shape, status },
            _ => self.stages.push(Stage { from_ms, shape, status }),
        }
        if self.stages.len() > MOST_STAGES {
            self.stages.remove(0);
        }
    }
}
