//! A cluster autoscaler, where the scenario has one: pods that fit nowhere bring nodes, up to a bound; nodes that stay empty go.

use ecow::EcoString;

use super::world::Event;
use super::World;
use crate::api::amounts::of_pod;
use crate::api::Object;
use crate::base::time::{SimTime, Span};
use crate::store::plan::EventNote;

const COMPONENT: &str = "cluster-autoscaler";
/// How often it looks (`--scan-interval`).
const SCAN: Span = Span::secs(10);
/// How long a machine takes from being asked for to being a ready node.
const MACHINE_COMES: Span = Span::secs(60);
/// How long a node is not needed until it goes (`--scale-down-unneeded-time`), and how long after one has come none goes
/// (`--scale-down-delay-after-add`).
const UNNEEDED: Span = Span::secs(600);

/// What it may do, and what it has under way.
#[derive(Clone, Debug, Default)]
pub struct NodeAutoscaler {
    least: usize,
    most: usize,
    coming: Vec<SimTime>,
    last_came: SimTime,
    empty: Vec<(EcoString, SimTime)>,
    told: Vec<EcoString>,
}

/// What is left of a node that is still empty: thousandths of a CPU, bytes, pods.
type Room = [i64; 3];

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

    /// Models cluster-autoscaler/core/static_autoscaler.go RunOnce, for one group of equal nodes.
    pub(super) fn scan_nodes(&mut self) {
        let Some(mut own) = self.node_autoscaler.take() else { return };
        let now = self.now;
        let before = own.coming.len();
        own.coming.retain(|at| *at > now);
        for _ in own.coming.len()..before {
            if self.add_node(None, None, None).is_ok() {
                own.last_came = now;
            }
        }
        self.ask_for_nodes(&mut own);
        self.let_nodes_go(&mut own);
        self.node_autoscaler = Some(own);
        self.queue.push(now + SCAN, Event::ScanNodes);
    }

    /// Asks for as many machines as the waiting pods need, each on the first one that has room.
    fn ask_for_nodes(&mut self, own: &mut NodeAutoscaler) {
        let settings = self.settings.clone();
        let whole: Room = [
            i64::from(settings.node_cpu) * 1000,
            settings.node_memory_kib as i64 * 1024,
            i64::from(settings.node_pods),
        ];
        let waits = |pod: &&Object| {
            let scheduled = pod.condition("PodScheduled");
            pod.at("spec.nodeName").is_empty() && !pod.is_deleting() && scheduled.get("reason").str() == "Unschedulable"
        };
        let waiting: Vec<Object> = self.store.all("Pod").filter(waits).cloned().collect();
        own.told.retain(|uid| waiting.iter().any(|pod| pod.uid() == uid));
        let nodes = self.store.count("Node");
        let mut rooms: Vec<Room> = vec![whole; own.coming.len()];
        let mut helped = Vec::new();
        for pod in waiting {
            let needs = needs(&pod);
            let fits = |room: &Room| room.iter().zip(needs).all(|(room, need)| *room >= need);
            let may_match =
                pod.at("spec.nodeSelector").entries().iter().all(|(key, _)| key.starts_with("kubernetes.io/"));
            let place = rooms.iter().position(fits);
            let refusal = match () {
                () if place.is_some() && may_match => None,
                () if !may_match => Some("1 node(s) didn't match Pod's node affinity/selector"),
                () if needs[0] > whole[0] => Some("1 Insufficient cpu"),
                () if needs[1] > whole[1] => Some("1 Insufficient memory"),
                () if nodes + rooms.len() >= own.most => Some("1 max node group size reached"),
                () => None,
            };
            if let Some(why) = refusal {
                if !own.told.iter().any(|uid| *uid == pod.uid()) {
                    own.told.push(pod.uid().into());
                    let text = format!("pod didn't trigger scale-up: {why}");
                    self.note(&EventNote::new(&pod, COMPONENT, "Normal", "NotTriggerScaleUp", text));
                }
                continue;
            }
            let place = place.unwrap_or_else(|| {
                rooms.push(whole);
                rooms.len() - 1
            });
            if place >= own.coming.len() {
                helped.push(pod);
            }
            rooms[place].iter_mut().zip(needs).for_each(|(room, need)| *room -= need);
        }
        let (before, after) = (nodes + own.coming.len(), nodes + rooms.len());
        own.coming.resize(rooms.len(), self.now + MACHINE_COMES);
        for pod in helped {
            let text = format!("pod triggered scale-up: [{{nodes {before}->{after} (max: {})}}]", own.most);
            self.note(&EventNote::new(&pod, COMPONENT, "Normal", "TriggeredScaleUp", text));
        }
    }

    /// Lets a node go that has run nothing but what every node runs for long enough.
    fn let_nodes_go(&mut self, own: &mut NodeAutoscaler) {
        let now = self.now;
        let stays = |pod: &Object| {
            let everywhere = pod.controller().is_some_and(|owner| owner.kind == "DaemonSet");
            !everywhere && !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed")
        };
        let is_empty = |name: &str| !self.store.pods_on_node(name).any(stays);
        let names: Vec<EcoString> = self.store.all("Node").map(|node| node.name().into()).collect();
        let empty: Vec<&EcoString> = names.iter().filter(|name| is_empty(name)).collect();
        own.empty.retain(|(name, _)| empty.contains(&name));
        for name in &empty {
            if !own.empty.iter().any(|(known, _)| known == *name) {
                own.empty.push(((*name).clone(), now));
            }
        }
        let rests = !own.coming.is_empty() || (own.last_came.0 > 0 && now.since(own.last_came) < UNNEEDED);
        let spare = names.len().saturating_sub(own.least);
        let due = own.empty.iter().rev().find(|(_, since)| now.since(*since) >= UNNEEDED);
        let Some((name, _)) = due.cloned().filter(|_| spare > 0 && !rests) else { return };
        if let Some(node) = self.store.find("Node", "", &name).cloned() {
            let text = "node removed by cluster autoscaler";
            self.note(&EventNote::new(&node, COMPONENT, "Normal", "ScaleDown", text));
        }
        if self.remove_node(&name).is_ok() {
            own.empty.retain(|(known, _)| *known != name);
        }
    }
}

/// What a pod needs of a node.
fn needs(pod: &Object) -> Room {
    let requests = of_pod(pod.spec(), "requests");
    let amount = |name: &str| requests.get(name);
    [amount("cpu").map_or(0, |q| q.milli_value()), amount("memory").map_or(0, |q| q.value()), 1]
}
