//! One Service port as one node sees it: which endpoints it may use, and for which traffic.

use super::names;
use super::service::{Endpoint, Protocol, Service, ServicePort, Slice};
use super::Node;
use crate::base::order::Order;

/// An endpoint at a port.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Target<'a> {
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// The port there.
    pub port: u16,
}

impl Target<'_> {
    /// `10.244.1.3:80`.
    pub fn text(&self) -> String {
        format!("{}{}", self.endpoint.host, self.port)
    }
}

/// A Service port with the endpoints this node may use.
pub struct Compiled<'a> {
    /// The Service.
    pub service: &'a Service,
    /// Its port.
    pub port: &'a ServicePort,
    /// Endpoints for the policy Cluster; none where the Service has no use for them.
    pub cluster: Vec<Target<'a>>,
    /// Endpoints for the policy Local; none where the Service has no use for them.
    pub local: Vec<Target<'a>>,
    /// True where there is an endpoint anywhere in the cluster.
    pub has_endpoints: bool,
}

impl<'a> Compiled<'a> {
    /// Models pkg/proxy/topology.go CategorizeEndpoints.
    pub fn new<'s>(
        node: &Node,
        service: &'a Service,
        port: &'a ServicePort,
        slices: impl Iterator<Item = &'a Slice> + 's,
    ) -> Compiled<'a>
    where
        'a: 's,
    {
        let all = targets(port, slices);
        let uses_cluster = !service.internal_local || service.externally_accessible(port);
        let uses_local = service.internal_local || service.external_local && service.externally_accessible(port);
        let mut compiled = Compiled { service, port, cluster: Vec::new(), local: Vec::new(), has_endpoints: false };
        if uses_cluster {
            let mode = nearness(&all, node);
            let near = |t: &Target| match mode {
                Nearness::Node => t.endpoint.nodes.contains(&node.name),
                Nearness::Zone => t.endpoint.zones.contains(&node.zone),
                Nearness::Any => true,
            };
            let usable = |t: &Target| t.endpoint.ready && near(t);
            compiled.cluster = or_terminating(&all, usable, |_| true);
            compiled.has_endpoints = !compiled.cluster.is_empty();
        }
        if uses_local {
            let here = |t: &Target| t.endpoint.node == node.name;
            compiled.has_endpoints |= all.iter().any(|t| t.endpoint.ready || is_leaving(t));
            compiled.local = or_terminating(&all, |t| here(t) && t.endpoint.ready, here);
        }
        compiled
    }

    /// True where ClusterIP traffic on this node finds an endpoint.
    pub fn has_internal(&self) -> bool {
        self.has_endpoints && !(self.service.internal_local && self.local.is_empty())
    }

    /// True where traffic from outside finds an endpoint at this node.
    pub fn has_external(&self) -> bool {
        self.has_endpoints && !(self.service.external_local && self.local.is_empty())
    }

    /// True where there is a chain for traffic from outside.
    pub fn uses_external_chain(&self) -> bool {
        self.has_endpoints && self.service.externally_accessible(self.port)
    }

    /// True where the load balancer's source ranges are held.
    pub fn uses_firewall(&self) -> bool {
        self.has_endpoints && !self.service.balancer_ips.is_empty() && !self.service.source_ranges.is_empty()
    }

    /// Every endpoint this node may send to, without repetition.
    pub fn reachable(&self) -> Vec<Target<'a>> {
        let mut all: Vec<Target> = self.cluster.iter().chain(&self.local).copied().collect();
        sort(&mut all);
        all
    }

    /// Its protocol.
    pub fn protocol(&self) -> Protocol {
        self.port.protocol
    }

    /// The chain over all endpoints.
    pub fn cluster_chain(&self) -> String {
        names::cluster_chain(&self.port.full_name, self.protocol().lower())
    }

    /// The chain over the endpoints of this node.
    pub fn local_chain(&self) -> String {
        names::local_chain(&self.port.full_name, self.protocol().lower())
    }

    /// The chain for traffic from outside.
    pub fn external_chain(&self) -> String {
        names::external_chain(&self.port.full_name, self.protocol().lower())
    }

    /// The chain that holds the load balancer's source ranges.
    pub fn firewall_chain(&self) -> String {
        names::firewall_chain(&self.port.full_name, self.protocol().lower())
    }

    /// The chain of one endpoint.
    pub fn endpoint_chain(&self, target: &Target) -> String {
        names::endpoint_chain(&self.port.full_name, self.protocol().lower(), &target.text())
    }
}

/// The endpoints of a Service port, in the order of their text, without repetition.
fn targets<'a>(port: &ServicePort, slices: impl Iterator<Item = &'a Slice>) -> Vec<Target<'a>> {
    let mut all = Vec::new();
    for slice in slices {
        let numbers = slice.ports.iter().filter(|(name, protocol, _)| *name == port.name && *protocol == port.protocol);
        for (_, _, number) in numbers {
            all.extend(slice.endpoints.iter().map(|endpoint| Target { endpoint, port: *number }));
        }
    }
    sort(&mut all);
    all
}

fn sort(targets: &mut Vec<Target>) {
    targets.order_by(|a, b| {
        a.endpoint.host.cmp(&b.endpoint.host).then_with(|| a.port.to_string().cmp(&b.port.to_string()))
    });
    targets.dedup_by(|a, b| a.endpoint.host == b.endpoint.host && a.port == b.port);
}

/// Those that are usable; where there is none, those on their way out that still answer and are not ruled out.
fn or_terminating<'a>(
    all: &[Target<'a>],
    usable: impl Fn(&Target) -> bool,
    fallback: impl Fn(&Target) -> bool,
) -> Vec<Target<'a>> {
    let ready: Vec<Target> = all.iter().filter(|t| usable(t)).copied().collect();
    if !ready.is_empty() {
        return ready;
    }
    all.iter().filter(|t| is_leaving(t) && fallback(t)).copied().collect()
}

/// True for an endpoint on its way out that still answers.
fn is_leaving(target: &Target) -> bool {
    !target.endpoint.ready && target.endpoint.serving && target.endpoint.terminating
}

/// Which endpoints a node keeps to.
enum Nearness {
    /// Those meant for the node.
    Node,
    /// Those meant for its zone.
    Zone,
    /// All.
    Any,
}

/// Models pkg/proxy/topology.go topologyModeFromHints.
fn nearness(all: &[Target], node: &Node) -> Nearness {
    let ready = || all.iter().filter(|t| t.endpoint.ready);
    if ready().all(|t| !t.endpoint.nodes.is_empty()) && ready().any(|t| t.endpoint.nodes.contains(&node.name)) {
        return Nearness::Node;
    }
    if ready().all(|t| !t.endpoint.zones.is_empty()) && ready().any(|t| t.endpoint.zones.contains(&node.zone)) {
        return Nearness::Zone;
    }
    Nearness::Any
}
