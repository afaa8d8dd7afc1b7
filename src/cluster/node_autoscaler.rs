//! A cluster autoscaler, where the scenario has one: pods that fit nowhere bring nodes, up to a bound. What goes again is
//! decided in `node_removal`.

use ecow::EcoString;

use super::node_autoscaler_status::Told;
use super::node_removal::Unneeded;
use super::world::Event;
use super::{bootstrap, World};
use crate::api::Object;
use crate::base::time::{SimTime, Span};
use crate::scheduler::imagined::Imagined;
use crate::store::plan::EventNote;

pub(super) const COMPONENT: &str = "cluster-autoscaler";
/// How often it looks (`--scan-interval`).
const SCAN: Span = Span::secs(10);
/// How long a machine takes from being asked for to being a ready node.
const MACHINE_COMES: Span = Span::secs(60);

/// What it may do, and what it has under way.
#[derive(Clone, Debug, Default)]
pub struct NodeAutoscaler {
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) coming: Vec<SimTime>,
    pub(super) last_asked: Option<SimTime>,
    pub(super) unneeded: Vec<Unneeded>,
    /// The node whose pods are being moved, and since when.
    pub(super) leaving: Option<(EcoString, SimTime)>,
    pub(super) told: Told,
}

/// Pods of one owner that fit nowhere, and why.
type Refused = (EcoString, Vec<EcoString>);

impl World {
    /// Has a cluster autoscaler keep so many nodes at the least and at the most; none where both are 0.
    pub fn autoscale_nodes(&mut self, least: usize, most: usize) {
        let had = self.node_autoscaler.is_some();
        self.node_autoscaler = (most > 0).then(|| NodeAutoscaler { least, most, ..NodeAutoscaler::default() });
        if self.node_autoscaler.is_some() && !had {
            self.queue.push(self.now + SCAN, Event::ScanNodes);
        }
    }

    /// The bounds of the cluster autoscaler, where there is one.
    pub fn node_bounds(&self) -> Option<(usize, usize)> {
        self.node_autoscaler.as_ref().map(|own| (own.least, own.most))
    }

    /// Models cluster-autoscaler/core/static_autoscaler.go RunOnce, for one group of equal nodes. Nodes that are not needed
    /// are not marked by a soft taint.
    pub(super) fn scan_nodes(&mut self) {
        let Some(mut own) = self.node_autoscaler.take() else { return };
        let now = self.now;
        let before = own.coming.len();
        own.coming.retain(|at| *at > now);
        for _ in own.coming.len()..before {
            // A cluster without a network for more pods gets none.
            let _ = self.add_node(None, None, None);
        }
        self.tell_of_autoscaler(&mut own);
        self.ask_for_nodes(&mut own);
        self.let_nodes_go(&mut own);
        self.tell_of_autoscaler(&mut own);
        self.node_autoscaler = Some(own);
        self.queue.push(now + SCAN, Event::ScanNodes);
    }

    /// Asks for as many machines as the waiting pods need, by the scheduler's own filters.
    ///
    /// Models cluster-autoscaler/core/scaleup/orchestrator ScaleUp.
    fn ask_for_nodes(&mut self, own: &mut NodeAutoscaler) {
        let waits = |pod: &&Object| {
            let why = pod.condition("PodScheduled").get("reason").str();
            let everywhere = pod.controller().is_some_and(|owner| owner.kind == "DaemonSet");
            pod.at("spec.nodeName").is_empty() && !pod.is_deleting() && !everywhere && why == "Unschedulable"
        };
        let waiting: Vec<Object> = self.store.all("Pod").filter(waits).cloned().collect();
        if waiting.is_empty() {
            return;
        }
        let (nodes, coming) = (self.store.count("Node"), own.coming.len());
        let at_most = nodes + coming >= own.most;
        let everywhere = self.everywhere();
        let mut imagined = self.scheduler.imagine();
        for node in self.store.all("Node").filter(|node| !self.scheduler.knows(node.name())) {
            imagined.add(node, &everywhere);
        }
        for index in 0..coming {
            self.imagine_node(&mut imagined, index, &everywhere);
        }
        let (mut new, mut helped, mut refused) = (0, Vec::new(), Vec::<Refused>::new());
        for pod in waiting {
            let alike: EcoString = pod.controller().map_or_else(|| pod.uid().into(), |owner| owner.uid);
            let known = refused.iter().find(|(owner, _)| *owner == alike).map(|(_, reasons)| reasons.clone());
            let result = match known {
                Some(reasons) => Err(reasons),
                None => {
                    self.room_for(&mut imagined, &pod, (coming, &mut new), own.most - nodes.min(own.most), &everywhere)
                }
            };
            match result {
                Ok(true) => helped.push(pod),
                Ok(false) => {}
                Err(reasons) => {
                    let told = if at_most { vec!["max node group size reached".into()] } else { reasons.clone() };
                    if !told.is_empty() {
                        let told: Vec<String> = told.iter().map(|reason| format!("1 {reason}")).collect();
                        let text = format!("pod didn't trigger scale-up: {}", told.join(", "));
                        self.note(&EventNote::new(&pod, COMPONENT, "Normal", "NotTriggerScaleUp", text));
                    }
                    refused.push((alike, reasons));
                }
            }
        }
        if new == 0 {
            return;
        }
        own.last_asked = Some(self.now);
        own.coming.resize(coming + new, self.now + MACHINE_COMES);
        let (before, after, most) = (nodes + coming, nodes + coming + new, own.most);
        let change = format!("{after} instead of {before} (max: {most})");
        self.log_of_autoscaler("ScaledUpGroup", format!("Scale-up: setting group nodes size to {change}"));
        self.log_of_autoscaler("ScaledUpGroup", format!("Scale-up: group nodes size set to {change}"));
        for pod in helped {
            let text = format!("pod triggered scale-up: [{{nodes {before}->{after} (max: {})}}]", own.most);
            self.note(&EventNote::new(&pod, COMPONENT, "Normal", "TriggeredScaleUp", text));
        }
    }

    /// Finds a place for a pod: on a node that is there or on its way, or else on a new one, which is what `true` says.
    /// Where no new one would take it, the reasons; none where it has only to wait for the next look.
    fn room_for(
        &self,
        imagined: &mut Imagined,
        pod: &Object,
        (coming, new): (usize, &mut usize),
        most: usize,
        everywhere: &[Object],
    ) -> Result<bool, Vec<EcoString>> {
        let view = self.truth();
        let newest = (0..*new).map(|n| imagined_name(coming + n)).collect::<Vec<_>>();
        let is_new = |name: &str| newest.iter().any(|known| known == name);
        if let Ok(node) = imagined.place(&view, pod, &|_| true) {
            return Ok(is_new(&node));
        }
        let index = coming + *new;
        if index >= most {
            return Err(Vec::new());
        }
        self.imagine_node(imagined, index, everywhere);
        let name = imagined_name(index);
        match imagined.place(&view, pod, &|node| node == name) {
            Ok(_) => {
                *new += 1;
                Ok(true)
            }
            Err(reasons) => {
                imagined.remove(&name);
                Err(reasons)
            }
        }
    }

    /// The pods that every node runs: those of DaemonSets on the first one.
    fn everywhere(&self) -> Vec<Object> {
        let Some(node) = self.store.all("Node").next() else { return Vec::new() };
        let pods = self.store.pods_on_node(node.name());
        pods.filter(|pod| pod.controller().is_some_and(|owner| owner.kind == "DaemonSet")).cloned().collect()
    }

    fn imagine_node(&self, imagined: &mut Imagined, index: usize, everywhere: &[Object]) {
        let node = bootstrap::node(&self.settings, 0, &imagined_name(index), &self.timestamp().rfc3339());
        imagined.add(&node, everywhere);
    }
}

fn imagined_name(index: usize) -> String {
    format!("template-node-for-nodes-{index}")
}
