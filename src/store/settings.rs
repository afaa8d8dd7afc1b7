//! The settings of a cluster: what a scenario may choose. All of it is plain data.

use super::ip_range::IpRange;
use crate::base::time::{Span, Timestamp};

/// What a scenario chooses about its cluster.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Every draw depends on it: the same seed and the same inputs give the same history.
    pub seed: u64,
    /// The instant at which virtual time 0 lies.
    pub epoch: Timestamp,
    /// How many nodes there are at the start.
    pub nodes: u32,
    /// The node network as the first node's address: nodes count up from it.
    pub first_node_ip: [u8; 4],
    /// The pod network; each node has a /24 of it.
    pub pod_cidr: ([u8; 4], u8),
    /// The network of ClusterIPs.
    pub service_cidr: ([u8; 4], u8),
    /// First and last nodePort.
    pub node_ports: (u16, u16),
    /// The first address a load balancer gives out; none where the cluster has no load balancer, as one on bare machines.
    pub first_balancer_ip: Option<[u8; 4]>,
    /// CPUs of a node.
    pub node_cpu: u32,
    /// Memory of a node, in KiB.
    pub node_memory_kib: u64,
    /// Pods that fit on a node.
    pub node_pods: u32,
    /// How long a change takes to reach those who watch.
    pub watch_latency: Span,
    /// How often kube-proxy writes its rules at most (its `minSyncPeriod`); ipvs mode has no such limit. A change after a
    /// quiet second is written at once, which takes a node some tens of milliseconds; zero is without any delay.
    pub min_sync_period: Span,
    /// How long the cluster has been up when the scenario begins.
    pub uptime: Span,
    /// True where the cluster has a default StorageClass whose volumes are directories of the nodes, as small clusters for
    /// learners have.
    pub storage_class: bool,
    /// True where every node has every image from the start; otherwise the first pod of a node that needs one pulls it.
    pub images_present: bool,
    /// True where the container runtime is the stand-in with which transcripts of a real control plane were recorded: images
    /// come in no time there, servers start at once and run for ever, and an exec probe succeeds unless it is one of that
    /// runtime's own words.
    pub stand_in_runtime: bool,
    /// True where metrics-server runs from the start: `kubectl top` and autoscalers have something to look at.
    pub metrics_server: bool,
    /// The flags of kube-controller-manager's autoscaler.
    pub autoscaler: Autoscaler,
}

/// What `--horizontal-pod-autoscaler-*` and the feature gates of autoscaling say.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Autoscaler {
    /// How often each HorizontalPodAutoscaler is looked at.
    pub sync_period: Span,
    /// How far the ratio of a metric to its target may be from 1 without anything happening, in thousandths.
    pub tolerance_milli: u32,
    /// How long after its start the CPU usage of a pod that is not ready, or just became so, does not count.
    pub cpu_initialization: Span,
    /// How long after its start a change of a pod's readiness still counts as its first one.
    pub initial_readiness: Span,
    /// Over how long the highest recommendation holds before anything shrinks.
    pub downscale_stabilization: Span,
    /// True where `minReplicas: 0` is allowed (HPAScaleToZero).
    pub scale_to_zero: bool,
    /// True where an autoscaler may have tolerances of its own (HPAConfigurableTolerance).
    pub configurable_tolerance: bool,
}

impl Settings {
    /// Turns a feature gate on or off: `HPAScaleToZero=true`. False where that is none of those that make a difference here.
    pub fn set_feature_gate(&mut self, text: &str) -> bool {
        let (name, on) = text.split_once('=').unwrap_or((text, "true"));
        let gate = match name {
            "HPAScaleToZero" => &mut self.autoscaler.scale_to_zero,
            "HPAConfigurableTolerance" => &mut self.autoscaler.configurable_tolerance,
            _ => return false,
        };
        *gate = on == "true";
        matches!(on, "true" | "false")
    }
}

/// The defaults of kube-controller-manager.
const AUTOSCALER: Autoscaler = Autoscaler {
    sync_period: Span::secs(15),
    tolerance_milli: 100,
    cpu_initialization: Span::secs(300),
    initial_readiness: Span::secs(30),
    downscale_stabilization: Span::secs(300),
    scale_to_zero: false,
    configurable_tolerance: true,
};

/// The version of Kubernetes the model follows.
pub const VERSION: &str = "v1.36.2";

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seed: 1,
            epoch: Timestamp(1_779_062_400_000_000),
            nodes: 3,
            first_node_ip: [192, 168, 10, 11],
            pod_cidr: ([10, 244, 0, 0], 16),
            service_cidr: ([10, 96, 0, 0], 12),
            node_ports: (30_000, 32_767),
            first_balancer_ip: None,
            node_cpu: 4,
            node_memory_kib: 8 * 1024 * 1024,
            node_pods: 110,
            watch_latency: Span::millis(10),
            min_sync_period: Span::secs(1),
            uptime: Span::secs(30),
            storage_class: false,
            images_present: false,
            stand_in_runtime: false,
            metrics_server: true,
            autoscaler: AUTOSCALER,
        }
    }
}

impl Settings {
    /// Address of the `index`th node, counted from 0.
    pub fn node_ip(&self, index: u32) -> String {
        ip_text(u32::from_be_bytes(self.first_node_ip) + index)
    }

    /// Pod network of the `index`th node, counted from 0.
    pub fn node_pod_cidr(&self, index: u32) -> String {
        format!("{}/24", ip_text(u32::from_be_bytes(self.pod_cidr.0) + (index << 8)))
    }

    /// The addresses of the Service network.
    pub fn service_range(&self) -> IpRange {
        let (network, prefix) = self.service_cidr;
        IpRange::new(network.into(), prefix)
    }

    /// The `n`th address of the Service network.
    pub fn service_ip(&self, n: u32) -> String {
        ip_text(u32::from_be_bytes(self.service_cidr.0) + n)
    }
}

/// An IPv4 address in dotted form.
pub fn ip_text(ip: u32) -> String {
    let [a, b, c, d] = ip.to_be_bytes();
    format!("{a}.{b}.{c}.{d}")
}

/// An IPv4 address from its dotted form; leading zeros are refused, as Kubernetes refuses them.
pub fn ip_number(text: &str) -> Option<u32> {
    let mut ip = 0_u32;
    let mut parts = 0;
    for part in text.split('.') {
        let plain = part.bytes().all(|b| b.is_ascii_digit()) && (part.len() == 1 || !part.starts_with('0'));
        if !plain || part.is_empty() {
            return None;
        }
        ip = ip.checked_mul(256).or(Some(ip << 8))? | u32::from(part.parse::<u8>().ok()?);
        parts += 1;
    }
    (parts == 4).then_some(ip)
}
