//! The scheduler: which node a pod goes to, and why no node would do. It decides on a view and returns plans; it never
//! writes the store.

use crate::base::map::Map;
use std::sync::Arc;

use ecow::EcoString;

use crate::api::amounts::as_allocated;
use crate::api::Object;
use crate::base::time::SimTime;
use crate::store::{Change, Plan, Verb, View};

mod attempt;
mod binding;
pub mod decision;
pub mod filter;
pub mod imagined;
pub mod nodes;
pub mod pod_affinity;
pub mod pod_info;
mod preemption;
mod queue;
pub mod score;
pub mod spread;
mod volume_limits;
pub mod volumes;

use binding::Binding;
use decision::Decision;
use nodes::Nodes;
use pod_info::PodInfo;
use queue::Queue;

/// The component as events and reasons name it.
const COMPONENT: &str = "default-scheduler";

/// What the scheduler remembers between two decisions: its queue and what it knows of the nodes.
#[derive(Clone, Default)]
pub struct State {
    nodes: Nodes,
    queue: Queue,
    nominated: Map<EcoString, Nominated>,
    /// The pods that wait for their volumes.
    binding: Vec<Binding>,
    decisions: Vec<(EcoString, Arc<Decision>)>,
}

/// A pod that waits for its victims to leave a node.
#[derive(Clone)]
struct Nominated {
    info: Arc<PodInfo>,
    node: EcoString,
}

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
    pub fn observe(&mut self, change: &Change, view: &View) {
        match change.kind() {
            "Pod" => self.observe_pod(change, view.now),
            "Node" => self.observe_node(change, view.now),
            "PersistentVolumeClaim"
            | "PersistentVolume"
            | "StorageClass"
            | "CSINode"
            | "CSIDriver"
            | "CSIStorageCapacity" => self.queue.wake(view.now, |pod| {
                pod.refused_by
                    .iter()
                    .any(|plugin| matches!(*plugin, volumes::PLUGIN | "VolumeZone" | volume_limits::PLUGIN))
            }),
            _ => {}
        }
    }

    /// When it wants to run next.
    pub fn next_at(&self, now: SimTime) -> Option<SimTime> {
        let look = self.binding.iter().map(|binding| binding.next_look.max(now));
        look.chain(self.queue.next_at(now)).min()
    }

    /// Schedules one pod.
    ///
    /// Models pkg/scheduler/schedule_one.go ScheduleOne.
    pub fn run(&mut self, view: &View) -> Plan {
        if let Some(plan) = self.look_at_bindings(view) {
            return plan;
        }
        while let Some((uid, key)) = self.queue.pop(view.now) {
            match view.get("Pod", &key) {
                Some(pod) if pod.uid() == uid && is_waiting(pod) => return self.attempt(view, pod),
                _ => self.forget(&uid),
            }
        }
        Plan::nothing()
    }

    /// What the pods on a node ask for.
    pub fn node_requested(&self, node: &str) -> Requested {
        self.nodes.get(node).map_or_else(Requested::default, |info| Requested {
            cpu_milli: info.requested.cpu_milli,
            memory: info.requested.memory,
            pods: info.pods,
        })
    }

    fn forget(&mut self, uid: &EcoString) {
        self.queue.remove(uid);
        self.nominated.remove(uid);
    }

    fn observe_pod(&mut self, change: &Change, now: SimTime) {
        let pod = &change.object;
        let uid = pod.metadata().get("uid").text();
        let node = pod.at("spec.nodeName").str();
        let ended = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        if change.verb == Verb::Deleted || ended {
            self.forget(&uid);
            if self.nodes.remove_pod(&uid).is_some() {
                self.queue.wake(now, |waiting| !waiting.refused_by.contains(&volumes::PLUGIN));
            }
        } else if !node.is_empty() {
            self.forget(&uid);
            self.place(pod, node, now);
        } else if !is_waiting(pod) {
            self.forget(&uid);
        } else if self.binding.iter().any(|binding| binding.info.uid == uid) {
            // Its node is settled; it waits for its volumes.
        } else if !self.queue.contains(&uid) {
            self.queue.add(&uid, pod.key(), pod.at("spec.priority").int(), now);
        } else if change.touches("spec") || change.touches("metadata.labels") {
            self.queue.wake_one(&uid, now);
        }
    }

    /// Counts a pod on its node, unless it is counted there as it is.
    fn place(&mut self, pod: &Object, node: &str, now: SimTime) {
        // What the node will never have counts for nothing.
        let infeasible = pod.condition("PodResizePending").get("reason").str() == "Infeasible";
        let allocated = infeasible.then(|| as_allocated(pod));
        let pod = allocated.as_ref().unwrap_or(pod);
        let known = self.nodes.pod(pod.uid());
        let unchanged = known.is_some_and(|placed| {
            let old = &placed.info.object;
            let same_spec = old.at("spec.containers").same(pod.at("spec.containers"));
            placed.node == node
                && same_spec
                && placed.info.deleting == pod.is_deleting()
                && (old.labels().same(pod.labels()) || old.labels() == pod.labels())
        });
        if unchanged {
            return;
        }
        self.nodes.put_pod(Arc::new(PodInfo::new(pod)), node);
        self.queue.wake(now, |waiting| {
            waiting.refused_by.iter().any(|plugin| matches!(*plugin, "InterPodAffinity" | "PodTopologySpread"))
        });
    }

    fn observe_node(&mut self, change: &Change, now: SimTime) {
        let node = &change.object;
        if change.verb == Verb::Deleted {
            self.nodes.remove_node(node.name());
            return;
        }
        let fields = ["metadata.labels", "spec.taints", "spec.unschedulable", "status.allocatable"];
        let touched = fields.iter().any(|field| change.touches(field));
        if touched || change.touches("status.images") {
            self.nodes.put_node(node);
        }
        if touched {
            self.queue.wake(now, |_| true);
        }
    }
}

/// True for a pod that this scheduler is to find a node for.
fn is_waiting(pod: &Object) -> bool {
    let scheduler = pod.at("spec.schedulerName").str();
    matches!(scheduler, "" | COMPONENT)
        && pod.at("spec.nodeName").str().is_empty()
        && pod.at("spec.schedulingGates").is_empty()
        && !pod.is_deleting()
}
