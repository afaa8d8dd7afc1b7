//! Filters: which nodes a pod may go to at all, and the reason for each that it may not, in upstream's words and order.

use ecow::EcoString;

use super::nodes::{NodeInfo, Nodes};
use super::pod_affinity::{self, AffinityState};
use super::pod_info::PodInfo;
use super::spread::{self, HardSpread};
use super::volume_limits;
use super::volumes::PodVolumes;
use crate::api::node_selector::{any_tolerates, node_affinity_matches};
use crate::api::Value;
use crate::base::map::Map;
use crate::base::order::Order;

/// What the filters came to for one node.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// The pod may go there.
    Fits,
    /// It may not.
    Refused {
        /// The first filter that refuses.
        plugin: &'static str,
        /// Why, as the event says it.
        reasons: Vec<EcoString>,
        /// True where removing other pods would not help.
        unresolvable: bool,
    },
}

/// What is prepared of a pod before the nodes are looked at one by one.
pub struct Prepared<'a> {
    pub(super) pod: &'a PodInfo,
    tolerations: &'a [Value],
    spread: Option<HardSpread>,
    affinity: Option<AffinityState>,
    selects_nodes: bool,
    wanted_node: &'a str,
    volumes: Option<&'a PodVolumes>,
    /// True where another pod has a claim that only one may use.
    claim_taken: bool,
    /// Disks that the pod names itself and does not share with just anybody.
    disks: Vec<&'a Value>,
    nodes: &'a Nodes,
}

const CLAIM_TAKEN: &str =
    "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
const TAINTED: &str = "node(s) had untolerated taint(s)";

pub(super) fn refuse(plugin: &'static str, reason: &str, unresolvable: bool) -> Verdict {
    Verdict::Refused { plugin, reasons: vec![reason.into()], unresolvable }
}

impl<'a> Prepared<'a> {
    /// Prepares a pod, which may mean to count the pods that are there.
    pub fn new(
        pod: &'a PodInfo,
        nodes: &'a Nodes,
        namespace_labels: &dyn Fn(&str) -> Value,
        volumes: Option<&'a PodVolumes>,
    ) -> Prepared<'a> {
        let spec = pod.object.spec();
        let affinity = spec.get("affinity");
        Prepared {
            pod,
            tolerations: spec.get("tolerations").list(),
            spread: spread::prepare_hard(pod, nodes),
            affinity: pod_affinity::prepare(pod, nodes, namespace_labels),
            selects_nodes: !spec.get("nodeSelector").is_empty() || !affinity.get("nodeAffinity").is_empty(),
            wanted_node: spec.get("nodeName").str(),
            volumes,
            claim_taken: volumes.is_some_and(|volumes| volumes.conflict(pod, nodes)),
            disks: volume_limits::disks(pod).collect(),
            nodes,
        }
    }

    /// The first filter that refuses a node, in the order of the default profile.
    ///
    /// Models pkg/scheduler/apis/config/v1 getDefaultPlugins and RunFilterPlugins.
    pub fn filter(&self, node: &NodeInfo) -> Verdict {
        if node.unschedulable && !self.tolerates_unschedulable() {
            return refuse("NodeUnschedulable", "node(s) were unschedulable", true);
        }
        if !self.wanted_node.is_empty() && self.wanted_node != node.name {
            return refuse("NodeName", "node(s) didn't match the requested node name", true);
        }
        if node.taints.list().iter().any(|taint| keeps_off(taint) && !any_tolerates(self.tolerations, taint)) {
            return refuse("TaintToleration", TAINTED, true);
        }
        if self.selects_nodes && !node_affinity_matches(&self.pod.object, &node.name, &node.labels) {
            return refuse("NodeAffinity", "node(s) didn't match Pod's node affinity/selector", true);
        }
        if !ports_are_free(self.pod, node) {
            return refuse("NodePorts", "node(s) didn't have free ports for the requested pod ports", false);
        }
        let short = fit(self.pod, node);
        if !short.is_empty() {
            let unresolvable = short.iter().any(|s| s.unresolvable);
            let reasons = short.into_iter().map(|s| s.reason).collect();
            return Verdict::Refused { plugin: "NodeResourcesFit", reasons, unresolvable };
        }
        if volume_limits::disk_is_taken(&self.disks, self.nodes, &node.name) {
            return refuse("VolumeRestrictions", "node(s) had no available disk", false);
        }
        if self.claim_taken {
            return refuse("VolumeRestrictions", CLAIM_TAKEN, false);
        }
        if let Some(verdict) = self.volumes.and_then(|volumes| volumes.filter(node)) {
            return verdict;
        }
        if let Some(verdict) = self.spread.as_ref().and_then(|spread| spread.filter(self.pod, node)) {
            return verdict;
        }
        self.affinity.as_ref().and_then(|affinity| affinity.filter(node)).unwrap_or(Verdict::Fits)
    }

    fn tolerates_unschedulable(&self) -> bool {
        let taint = crate::value!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
        any_tolerates(self.tolerations, &taint)
    }
}

fn keeps_off(taint: &Value) -> bool {
    matches!(taint.get("effect").str(), "NoSchedule" | "NoExecute")
}

/// Models pkg/scheduler/framework HostPortInfo.CheckConflict: 0.0.0.0 stands for every address.
fn ports_are_free(pod: &PodInfo, node: &NodeInfo) -> bool {
    let any = "0.0.0.0";
    !pod.host_ports.iter().any(|wanted| {
        node.host_ports.iter().any(|taken| {
            let same_ip = wanted.ip == taken.ip || wanted.ip == any || taken.ip == any;
            same_ip && wanted.port == taken.port && wanted.protocol == taken.protocol
        })
    })
}

/// What a node has too little of.
pub struct Short {
    /// `Insufficient cpu`.
    pub reason: EcoString,
    /// True where the empty node would have too little.
    pub unresolvable: bool,
}

/// Models pkg/scheduler/framework/plugins/noderesources fitsRequest.
pub fn fit(pod: &PodInfo, node: &NodeInfo) -> Vec<Short> {
    let mut short = Vec::new();
    if node.has_room(&pod.requests) {
        return short;
    }
    if node.pods + 1 > node.allowed_pods {
        short.push(Short { reason: "Too many pods".into(), unresolvable: false });
    }
    let (wanted, offered, used) = (&pod.requests, &node.allocatable, &node.requested);
    let mut check = |name: &str, wanted: i64, offered: i64, used: i64| {
        if wanted > 0 && wanted > offered - used {
            let reason = EcoString::from(format!("Insufficient {name}"));
            short.push(Short { reason, unresolvable: wanted > offered });
        }
    };
    check("cpu", wanted.cpu_milli, offered.cpu_milli, used.cpu_milli);
    check("memory", wanted.memory, offered.memory, used.memory);
    check("ephemeral-storage", wanted.ephemeral_storage, offered.ephemeral_storage, used.ephemeral_storage);
    for (name, amount) in &wanted.others {
        check(name, *amount, offered.other(name), used.other(name));
    }
    short
}

/// The text of a failed attempt, without what preemption adds: each reason with the number of nodes it holds for, sorted.
///
/// Models pkg/scheduler/framework FitError.Error.
pub fn failure_text<'a>(nodes: u32, verdicts: impl Iterator<Item = &'a Verdict>) -> String {
    let mut counts: Map<&str, u32> = Map::new();
    for verdict in verdicts {
        if let Verdict::Refused { reasons, .. } = verdict {
            for reason in reasons {
                *counts.or_default(&reason.as_ref()) += 1;
            }
        }
    }
    let mut texts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    texts.order();
    match texts.is_empty() {
        true => format!("0/{nodes} nodes are available:"),
        false => format!("0/{nodes} nodes are available: {}.", texts.join(", ")),
    }
}
