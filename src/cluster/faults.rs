//! Faults: what goes wrong with nodes when somebody wants it to, and how it is put right again. What follows from a fault is
//! for kubelets and controllers to decide.

use std::sync::Arc;

use ecow::EcoString;

use super::world::Event;
use super::World;
use crate::api::{kind, Object, ObjectKey, Value};
use crate::base::time::{SimTime, Timestamp};
use crate::kubelet::node_status::{self, Pressures};
use crate::kubelet::{eviction, PodRef};
use crate::store::server::Part;
use crate::store::{Because, Server};

/// Why no word comes from a kubelet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Away {
    /// The machine is without power.
    Off,
    /// The machine is cut off from the network.
    Cut,
    /// The kubelet alone does not run.
    Stopped,
}

/// What is wrong with a node.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NodeFault {
    /// Why its kubelet is not heard of, where it is not.
    pub away: Option<Away>,
    /// What the node is short of.
    pub pressures: Pressures,
    /// What its status says until its time has passed.
    told: Pressures,
    told_until: SimTime,
}

/// The faults there are: the word for each, and what it does.
pub const FAULTS: &[(&str, &str)] = &[
    ("node-down", "the power of the node fails"),
    ("partition", "the node is cut off from the network"),
    ("kubelet-stop", "the kubelet of the node stops; containers go on"),
    ("memory-pressure", "the node runs short of memory"),
    ("disk-pressure", "the node runs short of disk space"),
    ("pid-pressure", "the node runs short of process ids"),
];

impl World {
    /// What is wrong with each node, by name.
    pub fn faults(&self) -> impl Iterator<Item = (&EcoString, &NodeFault)> + '_ {
        self.faults.iter().map(|(node, fault)| (node, fault))
    }

    /// Why the kubelet of a node is not heard of; nothing where all is well.
    pub fn away(&self, node: &str) -> Option<Away> {
        self.fault_of(node)?.away
    }

    fn fault_of(&self, node: &str) -> Option<&NodeFault> {
        self.faults.iter().find(|(name, _)| name == node).map(|(_, fault)| fault)
    }

    fn slot_of(&mut self, node: &str) -> &mut NodeFault {
        let i = self.faults.iter().position(|(name, _)| name == node).unwrap_or_else(|| {
            self.faults.push((node.into(), NodeFault::default()));
            self.faults.len() - 1
        });
        &mut self.faults[i].1
    }

    /// Lets a fault of [`FAULTS`] befall a node. An error where there is no such fault or node, or where it has it already.
    pub fn fault(&mut self, fault: &str, node: &str) -> Result<(), String> {
        if self.store.find("Node", "", node).is_none() {
            return Err(format!("nodes \"{node}\" not found"));
        }
        let before = self.fault_of(node).cloned().unwrap_or_default();
        let mut after = before.clone();
        match fault {
            "node-down" => after.away = Some(Away::Off),
            "partition" => after.away = Some(Away::Cut),
            "kubelet-stop" => after.away = Some(Away::Stopped),
            "memory-pressure" => after.pressures.memory = true,
            "disk-pressure" => after.pressures.disk = true,
            "pid-pressure" => after.pressures.pid = true,
            other => return Err(format!("unknown fault \"{other}\"")),
        }
        if after == before {
            return Err(format!("{node} has that fault already"));
        }
        let leaves = before.away.is_none() && after.away.is_some();
        let is_cut = matches!(after.away, Some(Away::Off | Away::Cut));
        *self.slot_of(node) = after;
        if leaves {
            self.freeze_lease(node);
        }
        self.network.set_node_down(node, is_cut);
        if self.away(node).is_none() {
            self.queue.push(self.now, Event::Housekeep(node.into()));
        }
        self.settle();
        Ok(())
    }

    /// Puts right what is wrong with a node. False where nothing is.
    pub fn heal(&mut self, node: &str) -> bool {
        let Some(before) = self.fault_of(node).cloned() else { return false };
        let was_short = before.told != Pressures::default() || before.pressures != Pressures::default();
        *self.slot_of(node) =
            NodeFault { told: before.told, told_until: self.now + eviction::TRANSITION, ..NodeFault::default() };
        self.network.set_node_down(node, false);
        if let Some(away) = before.away {
            self.come_back(node, away);
        }
        match was_short {
            true => self.queue.push(self.now + eviction::TRANSITION, Event::Housekeep(node.into())),
            false => self.faults.retain(|(name, _)| name != node),
        }
        self.settle();
        true
    }

    /// The lease keeps the time of its last renewal from now on. While a kubelet renews it, the store does not say when: see
    /// [`World::present`].
    fn freeze_lease(&mut self, node: &str) {
        let at = node_status::last_renewal(self.settings.seed, node, self.now);
        let at = Timestamp::of(self.settings.epoch, at).rfc3339_micro();
        self.write_lease(node, at.into());
    }

    fn write_lease(&mut self, node: &str, renewed: Value) {
        let because =
            Arc::new(Because::rule("kubelet", format!("the kubelet of {node} renews its lease, or does no more")));
        let key = ObjectKey::new("kube-node-lease", node);
        let mut server =
            Server { store: &mut self.store, settings: &self.settings, at: self.now, manager: Default::default() };
        let written = server.modify(kind("Lease"), &key, Part::Main, &because, |lease| {
            let mut lease = lease.clone();
            match renewed {
                Value::Null => drop(lease.value.slot("spec").remove_key("renewTime")),
                at => lease.set("spec.renewTime", at),
            }
            Ok(lease)
        });
        if written.is_err() && self.store.find("Node", "", node).is_some() {
            let lease = super::bootstrap::lease(node);
            let mut server =
                Server { store: &mut self.store, settings: &self.settings, at: self.now, manager: Default::default() };
            // A namespace that is going takes no lease; there is nothing to be done about that.
            let _ = server.create(lease, &because);
        }
    }

    /// The kubelet of a node is back: it renews its lease, posts the node's status and looks at all its pods.
    fn come_back(&mut self, node: &str, was: Away) {
        self.write_lease(node, Value::Null);
        let told = self.fault_of(node).map_or(Pressures::default(), |fault| fault.told);
        self.post_status(node, told, was != Away::Cut);
        let cidr = self.store.find("Node", "", node).map_or(EcoString::new(), |node| node.at("spec.podCIDR").text());
        let mut runtime = self.nodes.remove(node).unwrap_or_default();
        let mut known: Vec<PodRef> = Vec::new();
        for (_, slot) in self.pods.iter() {
            known.extend(slot.runtime.as_ref().filter(|run| run.node() == node).map(|run| run.pod_ref()));
        }
        for pod in &known {
            if let Some(run) = self.pods.get_mut(&pod.uid).and_then(|slot| slot.runtime.as_mut()) {
                let run = Arc::make_mut(run);
                run.forget_status();
                if was == Away::Off {
                    run.lose_power(&mut runtime, &cidr, self.now);
                }
            }
        }
        self.nodes.insert(node.into(), runtime);
        let bound = self.store.pods_on_node(node);
        known.extend(bound.map(|pod| PodRef { key: pod.key(), uid: pod.uid().into(), node: node.into() }));
        for pod in known {
            self.wake_pod(pod, self.now + crate::base::time::Span::secs(1));
        }
    }

    pub(super) fn post_status(&mut self, node: &str, pressures: Pressures, starting: bool) {
        let Some(object) = self.store.find("Node", "", node).cloned() else { return };
        let view = self.truth();
        let plan = node_status::post(&view, &object, pressures, starting);
        self.carry_out(plan.actions);
    }

    /// The kubelet of a node posts which images it has.
    pub(super) fn post_images(&mut self, node: &EcoString) {
        if self.away(node).is_some() {
            return;
        }
        let object = self.store.find("Node", "", node).cloned();
        if let (Some(object), Some(runtime)) = (object, self.nodes.get(node)) {
            let plan = node_status::post_images(&object, runtime);
            self.carry_out(plan.actions);
        }
    }

    /// The kubelet of a node looks whether it runs short: it says so, and evicts one pod after the other while it does.
    ///
    /// Models pkg/kubelet/eviction managerImpl.synchronize. What a fault takes does not grow less when pods go, so pods are
    /// evicted until the fault is cleared.
    pub(super) fn housekeep(&mut self, node: &EcoString) {
        let Some(fault) = self.fault_of(node).cloned().filter(|fault| fault.away.is_none()) else { return };
        let Some(signal) = eviction::signal(fault.pressures) else {
            if fault.told_until <= self.now {
                self.faults.retain(|(name, _)| name != node);
                self.post_status(node, Pressures::default(), false);
            }
            return;
        };
        if fault.told != fault.pressures {
            self.slot_of(node).told = fault.pressures;
            self.post_status(node, fault.pressures, false);
        }
        let object = self.store.find("Node", "", node).cloned();
        let runs = self.pods.iter().filter_map(|(_, slot)| slot.runtime.as_deref()).filter(|run| run.node() == *node);
        let chosen = eviction::choose(&signal, runs, self.now).map(|(run, message)| (run.pod_ref(), message));
        if let Some(object) = object {
            let text = format!("Attempting to reclaim {}", signal.resource);
            let note = node_status::note(&object, "Warning", "EvictionThresholdMet", text);
            self.carry_out(vec![note]);
        }
        if let Some((pod, message)) = chosen {
            if let Some(run) = self.pods.get_mut(&pod.uid).and_then(|slot| slot.runtime.as_mut()) {
                Arc::make_mut(run).evict(&message);
            }
            self.wake_pod(pod, self.now);
        }
        self.queue.push(self.now + eviction::HOUSEKEEPING, Event::Housekeep(node.clone()));
    }

    /// A lease that somebody else has written is renewed by its kubelet.
    pub(super) fn observe_lease(&mut self, lease: &Object) {
        let node = lease.name().to_owned();
        let kept = lease.namespace() == "kube-node-lease" && !lease.at("spec.renewTime").is_null();
        if kept && self.away(&node).is_none() && self.store.find("Node", "", &node).is_some() {
            self.write_lease(&node, Value::Null);
        }
    }

    /// An object as the API shows it. Heartbeats are not written into the store each ten seconds: when a kubelet renewed its
    /// lease and posted its node's status last follows from the present.
    pub fn present(&self, object: &Object) -> Object {
        let mut shown = object.clone();
        let time = |at: SimTime| Timestamp::of(self.settings.epoch, at);
        match object.kind.kind {
            "Lease" if object.namespace() == "kube-node-lease" && object.at("spec.renewTime").is_null() => {
                let at = node_status::last_renewal(self.settings.seed, object.name(), self.now);
                let at = time(at).max(object.created().unwrap_or(time(at)));
                shown.set("spec.renewTime", at.rfc3339_micro());
            }
            "Node" if self.away(object.name()).is_none() => {
                for condition in shown.value.slot_at("status.conditions").items_mut() {
                    let at = Timestamp::parse(condition.get("lastHeartbeatTime").str());
                    if let Some(at) = at {
                        let posts = (time(self.now).0 - at.0) / node_status::REPORT.0 as i64;
                        let at = Timestamp(at.0 + posts * node_status::REPORT.0 as i64);
                        condition.set("lastHeartbeatTime", at.rfc3339());
                    }
                }
            }
            _ => {}
        }
        shown
    }
}
