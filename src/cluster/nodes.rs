//! Machines that join and leave a cluster that runs.

use std::sync::Arc;

use super::{bootstrap, World};
use crate::api::{kind, ObjectKey};
use crate::kubelet::node_status;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, EventNote, Server};

/// The component that tells of nodes.
const COMPONENT: &str = "node-controller";

impl World {
    /// A machine joins; its kubelet registers it as a node. A name that is not given counts on. Gives the name.
    pub fn add_node(&mut self, name: Option<&str>, cpu: Option<&str>, memory: Option<&str>) -> Result<String, String> {
        let settings = self.settings.clone();
        let taken = |index: u32| {
            let cidr = settings.node_pod_cidr(index);
            self.store.all("Node").any(|node| node.at("spec.podCIDR").str() == cidr)
        };
        let index = (0..256).find(|index| !taken(*index)).ok_or("there is no pod network left for a node")?;
        let fresh = (1..).map(|n| format!("node-{n}")).find(|name| self.store.find("Node", "", name).is_none());
        let name = name.map(str::to_owned).or(fresh).unwrap_or_default();
        let mut node = bootstrap::node(&settings, index, &name, &self.timestamp().rfc3339());
        for (resource, amount) in [("cpu", cpu), ("memory", memory)] {
            for field in ["status.capacity", "status.allocatable"] {
                if let Some(amount) = amount {
                    node.value.slot_at(field).map_mut().insert(resource, amount);
                }
            }
        }
        let because = Arc::new(Because::rule("kubelet", format!("{name} has joined the cluster")));
        let mut server =
            Server { store: &mut self.store, settings: &settings, at: self.now, manager: Default::default() };
        server.create(node, &because).map_err(|status| status.message)?;
        if server.store.find("Lease", "kube-node-lease", &name).is_none() {
            server.create(bootstrap::lease(&name), &because).map_err(|status| status.message)?;
        }
        self.faults.retain(|(node, _)| *node != name);
        self.network.set_node_down(&name, false);
        self.tell_of_node(&name);
        self.settle();
        Ok(name)
    }

    /// The events of a kubelet that has started and of the controller that sees its node.
    pub(super) fn tell_of_node(&mut self, name: &str) {
        let Some(node) = self.store.find("Node", "", name).cloned() else { return };
        let mut notes = vec![node_status::note(&node, "Normal", "Starting", "Starting kubelet.".to_owned())];
        for reason in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"] {
            let text = format!("Node {name} status is now: {reason}");
            notes.push(node_status::note(&node, "Normal", reason, text));
        }
        let text = format!("Node {name} event: Registered Node {name} in Controller");
        notes.push(Action::Note(EventNote::new(&node, COMPONENT, "Normal", "RegisteredNode", text)));
        self.carry_out(notes);
    }

    /// A machine leaves for good: its kubelet ends, and with it all that ran there. The node is deleted, its pods follow.
    pub fn remove_node(&mut self, name: &str) -> Result<(), String> {
        let node = self.store.find("Node", "", name).cloned().ok_or(format!("nodes \"{name}\" not found"))?;
        if self.away(name).is_none() {
            self.fault("node-down", name)?;
        }
        let because = Arc::new(Because::rule("kubelet", format!("{name} has left the cluster")));
        let mut server =
            Server { store: &mut self.store, settings: &self.settings, at: self.now, manager: Default::default() };
        let key = ObjectKey::new("", name);
        server.delete(kind("Node"), &key, node.uid(), DeleteOptions::default(), &because).map_err(|s| s.message)?;
        self.settle();
        Ok(())
    }
}
