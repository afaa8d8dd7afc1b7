//! The scheduler: which node a pod goes to, and why no node would do. It decides on a view and returns plans; it never
//! writes the store.

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::base::time::SimTime;
use crate::store::{Change, Plan, View};

/// What the scheduler remembers between two decisions: its queue and what it knows of the nodes.
#[derive(Clone, Default)]
pub struct State {}

/// What the running and assumed pods of a node ask for together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Requested {
    /// Thousandths of a CPU.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// How many pods.
    pub pods: i64,
}

impl State {
    /// Takes notice of a change.
    pub fn observe(&mut self, _change: &Change, _view: &View) {}

    /// When it wants to run next.
    pub fn next_at(&self, _now: SimTime) -> Option<SimTime> {
        None
    }

    /// Schedules one pod.
    pub fn run(&mut self, _view: &View) -> Plan {
        Plan::nothing()
    }

    /// Why each node was refused at the last attempt to place a pod, by node name.
    pub fn verdicts(&self, _uid: &str) -> Option<&BTreeMap<EcoString, EcoString>> {
        None
    }

    /// What the pods on a node ask for.
    pub fn node_requested(&self, _node: &str) -> Requested {
        Requested::default()
    }
}
