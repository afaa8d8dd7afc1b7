//! Which nodes a cluster autoscaler lets go: those that are hardly used, and whose pods may and can move elsewhere.

use std::sync::Arc;

use ecow::EcoString;

use super::node_autoscaler::{NodeAutoscaler, COMPONENT};
use super::World;
use crate::api::{selector, Object};
use crate::base::time::{SimTime, Span};
use crate::scheduler::imagined::Imagined;
use crate::store::plan::EventNote;
use crate::store::{Action, Because};
use crate::value;

/// How long a node is not needed until it goes (`--scale-down-unneeded-time`), and how long after one was asked for none goes
/// (`--scale-down-delay-after-add`).
const UNNEEDED: Span = Span::secs(600);
/// A node is needed where its pods ask for so much of its CPU or memory, in thousandths
/// (`--scale-down-utilization-threshold`).
const USED_MILLI: i64 = 500;
/// So many empty nodes go at once (`--max-empty-bulk-delete`).
const MOST_EMPTY: usize = 10;
/// Pods that are moved have so long to end (`--max-graceful-termination-sec`).
const MOVING: Span = Span::secs(600);
const TO_BE_DELETED: &str = "ToBeDeletedByClusterAutoscaler";
const PREFIX: &str = "cluster-autoscaler.kubernetes.io";

/// A node that is not needed.
#[derive(Clone, Debug)]
pub(super) struct Unneeded {
    pub(super) node: EcoString,
    pub(super) since: SimTime,
}

/// What a cluster autoscaler thinks of a node.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeJudged {
    /// Its name.
    pub node: EcoString,
    /// The part of it that its pods ask for, in thousandths.
    pub used_milli: i64,
    /// Why it is needed, or since when it is not.
    pub needed: Result<EcoString, SimTime>,
}

impl World {
    /// What the cluster autoscaler thinks of each node; nothing where there is none.
    pub fn judged_nodes(&self) -> Vec<NodeJudged> {
        let Some(own) = &self.node_autoscaler else { return Vec::new() };
        let imagined = self.scheduler.imagine();
        let of = |node: &Object| NodeJudged {
            node: node.name().into(),
            used_milli: imagined.used_milli(node.name()),
            needed: match self.is_needed(&imagined, node) {
                Some(why) => Ok(why),
                None => {
                    let known = own.unneeded.iter().find(|known| known.node == node.name());
                    Err(known.map_or(self.now, |known| known.since))
                }
            },
        };
        self.store.all("Node").map(of).collect()
    }

    /// Lets nodes go that have not been needed for long enough: empty ones at once, of others one after the other, whose pods
    /// are moved before.
    ///
    /// Models cluster-autoscaler/core/scaledown/planner UpdateClusterState and actuation StartDeletion.
    pub(super) fn let_nodes_go(&mut self, own: &mut NodeAutoscaler) {
        let now = self.now;
        if let Some((node, since)) = own.leaving.clone() {
            let gone = self.movable(&node).is_empty() || now.since(since) >= MOVING;
            if gone {
                self.take_away(&node);
                self.log_of_autoscaler("ScaleDown", format!("Scale-down: node {node} removed with drain"));
                own.leaving = None;
            }
        }
        let imagined = self.scheduler.imagine();
        let unneeded: Vec<EcoString> = self
            .store
            .all("Node")
            .filter(|node| self.is_needed(&imagined, node).is_none())
            .map(|node| node.name().into())
            .collect();
        own.unneeded.retain(|known| unneeded.contains(&known.node));
        for node in unneeded {
            if !own.unneeded.iter().any(|known| known.node == node) {
                own.unneeded.push(Unneeded { node, since: now });
            }
        }
        let rests = own.last_asked.is_some_and(|at| now.since(at) < UNNEEDED);
        if rests || !own.coming.is_empty() || own.leaving.is_some() {
            return;
        }
        let due = own.unneeded.iter().filter(|known| now.since(known.since) >= UNNEEDED);
        let due: Vec<EcoString> = due.map(|known| known.node.clone()).rev().collect();
        let spare = self.store.count("Node").saturating_sub(own.least);
        let (empty, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|node| self.movable(node).is_empty());
        let going: Vec<EcoString> = empty.into_iter().take(spare.min(MOST_EMPTY)).collect();
        for node in &going {
            self.log_of_autoscaler("ScaleDownEmpty", format!("Scale-down: removing empty node {node:?}"));
            self.mark(node);
            self.take_away(node);
            self.log_of_autoscaler("ScaleDownEmpty", format!("Scale-down: empty node {node} removed"));
            own.unneeded.retain(|known| known.node != *node);
        }
        if let Some(node) = others.first().filter(|_| going.len() < spare) {
            self.log_of_drain(&imagined, node);
            self.mark(node);
            self.move_pods(node);
            own.leaving = Some((node.clone(), now));
        }
    }

    /// Why a node has to stay; none where it may go.
    ///
    /// Models cluster-autoscaler/core/scaledown/eligibility FilterOutUnremovable and simulator SimulateNodeRemoval.
    fn is_needed(&self, imagined: &Imagined, node: &Object) -> Option<EcoString> {
        let name = node.name();
        if !node.has_condition("Ready") {
            return Some("it is not ready".into());
        }
        if node.annotation(&format!("{PREFIX}/scale-down-disabled")) == "true" {
            return Some("its annotation scale-down-disabled says so".into());
        }
        if imagined.used_milli(name) >= USED_MILLI {
            return Some("its pods ask for half of it or more".into());
        }
        let pods = self.movable(name);
        if let Some((pod, why)) = pods.iter().find_map(|pod| Some((pod, self.blocks(pod)?))) {
            return Some(format!("{}/{} {why}", pod.namespace(), pod.name()).into());
        }
        let mut without = self.scheduler.imagine();
        without.remove(name);
        let view = self.truth();
        for pod in pods {
            let mut alone = pod.clone();
            alone.value.remove("spec.nodeName");
            if without.place(&view, &alone, &|_| true).is_err() {
                return Some(format!("{}/{} fits on no other", pod.namespace(), pod.name()).into());
            }
        }
        None
    }

    /// The pods of a node that have to move before it goes.
    fn movable(&self, node: &str) -> Vec<Object> {
        let stays = |pod: &&Object| {
            let everywhere = pod.controller().is_some_and(|owner| owner.kind == "DaemonSet");
            !everywhere && !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed")
        };
        self.store.pods_on_node(node).filter(stays).cloned().collect()
    }

    /// What keeps a pod from being moved.
    ///
    /// Models cluster-autoscaler/simulator/drainability/rules Default.
    fn blocks(&self, pod: &Object) -> Option<&'static str> {
        let safe = pod.annotation(&format!("{PREFIX}/safe-to-evict"));
        if safe == "true" {
            return None;
        }
        let budgets = self.store.list("PodDisruptionBudget", pod.namespace());
        let mut budgets =
            budgets.filter(|budget| selector::matches(budget.at("spec.selector"), pod.labels())).peekable();
        let owner = pod.controller().map_or_else(EcoString::new, |owner| owner.kind);
        if !matches!(owner.as_str(), "ReplicaSet" | "ReplicationController" | "StatefulSet" | "Job") {
            return Some("has no controller that would replace it");
        }
        if pod.namespace() == "kube-system" && budgets.peek().is_none() {
            return Some("is of the system and has no PodDisruptionBudget");
        }
        if safe == "false" {
            return Some("is not safe to evict, as its annotation says");
        }
        let spared = pod.annotation(&format!("{PREFIX}/safe-to-evict-local-volumes"));
        let is_local = |volume: &crate::api::Value| {
            let on_disk = !volume.get("emptyDir").is_null() && volume.at("emptyDir.medium").str() != "Memory";
            let named = spared.split(',').any(|name| name.trim() == volume.get("name").str());
            (on_disk || !volume.get("hostPath").is_null()) && !named
        };
        if pod.at("spec.volumes").list().iter().any(is_local) {
            return Some("has local storage");
        }
        let exhausted = budgets.any(|budget| budget.at("status.disruptionsAllowed").int() < 1);
        exhausted.then_some("is held by its PodDisruptionBudget")
    }

    /// Models cluster-autoscaler/core/scaledown/actuation taintSyncDeleteAsyncDrain's event, with the fields of its utilization.Info.
    fn log_of_drain(&mut self, imagined: &Imagined, node: &str) {
        let pods: Vec<String> = self.movable(node).iter().map(|pod| pod.name().to_owned()).collect();
        let (cpu, memory) = imagined.used(node);
        let (most, name) = if cpu >= memory { (cpu, "cpu") } else { (memory, "memory") };
        let text = format!(
            "Scale-down: removing node {node}, utilization: {{{cpu} {memory} 0 {name} {most}}}, pods to reschedule: {}",
            pods.join(",")
        );
        self.log_of_autoscaler("ScaleDown", text);
    }

    /// No pod is to come to a node that goes.
    fn mark(&mut self, name: &str) {
        let Some(node) = self.store.find("Node", "", name).cloned() else { return };
        let since = self.timestamp().0 / 1_000_000;
        let taint = value!({"key": TO_BE_DELETED, "value": (since.to_string()), "effect": "NoSchedule"});
        let taints: crate::api::Value = node.at("spec.taints").list().iter().cloned().chain([taint]).collect();
        let because = Arc::new(Because::of(COMPONENT, &node, "it has not been needed for ten minutes"));
        let text = "marked the node as toBeDeleted/unschedulable";
        self.carry_out(vec![
            Action::Patch {
                kind: "Node",
                key: node.key(),
                uid: node.uid().into(),
                status: false,
                patch: value!({"spec": {"taints": taints}}),
                because,
            },
            Action::Note(EventNote::new(&node, COMPONENT, "Normal", "ScaleDown", text)),
        ]);
    }

    fn move_pods(&mut self, name: &str) {
        let pods = self.movable(name);
        let mut actions = Vec::new();
        for pod in pods {
            let because = Arc::new(Because::of(COMPONENT, &pod, format!("{name} goes")));
            let text = "deleting pod for node scale down";
            actions.push(Action::Note(EventNote::new(&pod, COMPONENT, "Normal", "ScaleDown", text)));
            actions.push(Action::Evict { key: pod.key(), because, success: None });
        }
        self.carry_out(actions);
    }

    fn take_away(&mut self, name: &str) {
        if let Some(node) = self.store.find("Node", "", name).cloned() {
            let text = "node removed by cluster autoscaler";
            self.note(&EventNote::new(&node, COMPONENT, "Normal", "ScaleDown", text));
        }
        // Somebody else may have removed it in the meantime.
        let _ = self.remove_node(name);
    }
}
