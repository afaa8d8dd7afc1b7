//! Nodes as they would be if some were added and others gone, for whoever asks where pods would go then. Nothing real changes.

use std::sync::Arc;

use ecow::{eco_format, EcoString};

use super::attempt::namespace_labels;
use super::filter::{refuse, Prepared, Verdict};
use super::nodes::{NodeInfo, Nodes};
use super::pod_info::PodInfo;
use super::{volumes, State};
use crate::api::Object;
use crate::store::View;

/// What would be.
pub struct Imagined {
    nodes: Nodes,
}

impl State {
    /// The nodes as they are, to imagine others from them.
    pub fn imagine(&self) -> Imagined {
        Imagined { nodes: self.nodes.clone() }
    }

    /// True for a node that it has heard of.
    pub fn knows(&self, node: &str) -> bool {
        self.nodes.get(node).is_some_and(|node| node.known)
    }
}

impl Imagined {
    /// A new node that runs `pods` already.
    pub fn add(&mut self, node: &Object, pods: &[Object]) {
        self.nodes.put_node(node);
        for pod in pods {
            let uid = eco_format!("{} {}", pod.uid(), node.name());
            self.nodes.put_pod(Arc::new(PodInfo { uid, ..PodInfo::new(pod) }), node.name());
        }
    }

    /// Without a node and without all that runs there.
    pub fn remove(&mut self, node: &str) {
        let uids: Vec<EcoString> = self.nodes.pods_on(node).map(|placed| placed.info.uid.clone()).collect();
        for uid in uids {
            self.nodes.remove_pod(&uid);
        }
        self.nodes.remove_node(node);
    }

    /// Puts a pod on the first node that takes it, among those that `may` take some; otherwise the reasons of the last one
    /// that would not.
    pub fn place(
        &mut self,
        view: &View,
        pod: &Object,
        may: &dyn Fn(&str) -> bool,
    ) -> Result<EcoString, Vec<EcoString>> {
        let info = Arc::new(PodInfo::new(pod));
        let volumes = match volumes::prepare(view, &info, &[]) {
            Ok(volumes) => volumes,
            Err(reason) => return Err(vec![reason.into()]),
        };
        let labels = |namespace: &str| namespace_labels(view, namespace);
        let prepared = Prepared::new(&info, &self.nodes, &labels, volumes.as_ref());
        let mut last = refuse("", "no nodes available to schedule pods", true);
        let mut found = None;
        for node in self.nodes.iter().filter(|node| may(&node.name)) {
            last = prepared.filter(node);
            if last == Verdict::Fits {
                found = Some(node.name.clone());
                break;
            }
        }
        match (found, last) {
            (Some(node), _) => {
                self.nodes.put_pod(info, &node);
                Ok(node)
            }
            (None, Verdict::Refused { reasons, .. }) => Err(reasons),
            (None, Verdict::Fits) => Err(Vec::new()),
        }
    }

    /// The parts of a node's CPU and memory that its pods ask for.
    pub fn used(&self, node: &str) -> (f64, f64) {
        let part = |used: i64, whole: i64| if whole > 0 { used as f64 / whole as f64 } else { 0.0 };
        let of = |node: &NodeInfo| {
            let cpu = part(node.requested.cpu_milli, node.allocatable.cpu_milli);
            (cpu, part(node.requested.memory, node.allocatable.memory))
        };
        self.nodes.get(node).map_or((0.0, 0.0), of)
    }

    /// The larger of the two, in thousandths.
    pub fn used_milli(&self, node: &str) -> i64 {
        let (cpu, memory) = self.used(node);
        (cpu.max(memory) * 1000.0) as i64
    }
}
