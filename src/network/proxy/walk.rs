//! What the rules of a node do with the first packet of a connection.

use core::net::IpAddr;

use super::compile::{Compiled, Target};
use super::rules::{self, Front, Rule};
use super::service::Protocol;
use super::Node;
use crate::network::address::Cidr;

/// The first packet of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it wants to go.
    pub destination: IpAddr,
    /// The port there.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
}

/// What becomes of it.
pub enum Decision<'a> {
    /// The rules of the proxy do not care.
    Pass,
    /// Let in to a health check port.
    Accept(Rule),
    /// Sent back at once.
    Reject(Rule),
    /// Thrown away.
    Drop(Rule),
    /// Sent to one of these.
    Balance(Balance<'a>),
}

/// A choice among endpoints.
pub struct Balance<'a> {
    /// The Service port.
    pub compiled: Compiled<'a>,
    /// By which of its addresses.
    pub front: Front,
    /// The chain that chooses.
    pub chain: String,
    /// True where it chooses among the endpoints of this node only.
    pub local: bool,
    /// True where the source becomes the node's address.
    pub masquerade: bool,
    /// The rules passed on the way, in order.
    pub rules: Vec<Rule>,
}

impl<'a> Balance<'a> {
    /// The endpoints to choose from.
    pub fn targets(&self) -> &[Target<'a>] {
        if self.local {
            &self.compiled.local
        } else {
            &self.compiled.cluster
        }
    }
}

/// What a node's rules do with a packet, given the Service ports they were made of.
pub fn decide<'a>(node: &Node, services: Vec<Compiled<'a>>, packet: &Packet) -> Decision<'a> {
    let mut decision = Decision::Pass;
    for compiled in services {
        if compiled.protocol() != packet.protocol {
            continue;
        }
        let Some(front) = front(node, &compiled, packet) else { continue };
        decision = by_front(node, compiled, front, packet);
        if !matches!(decision, Decision::Pass) {
            break;
        }
    }
    decision
}

/// Which front of a Service port a packet is addressed to.
pub fn front(node: &Node, c: &Compiled, packet: &Packet) -> Option<Front> {
    let (ip, service) = (packet.destination, c.service);
    if c.port.port == packet.port {
        if service.cluster_ips.contains(&ip) {
            return Some(Front::Cluster(ip));
        }
        if service.external_ips.contains(&ip) {
            return Some(Front::External(ip));
        }
        if service.balancer_ips.contains(&ip) {
            return Some(Front::Balancer(ip));
        }
    }
    let health = service.health_check_port == Some(packet.port) && node.is_local(ip);
    let open = c.port.node_port == Some(packet.port) && node.opens_ports_at(ip);
    let shut = c.port.node_port == Some(packet.port) && node.is_local(ip) && !c.has_external();
    (open || shut || health).then_some(Front::NodePort)
}

fn by_front<'a>(node: &Node, c: Compiled<'a>, front: Front, packet: &Packet) -> Decision<'a> {
    if let Front::Cluster(ip) = front {
        return match c.has_internal() {
            false if c.has_endpoints => Decision::Drop(rules::turn_away(&c, front)),
            false => Decision::Reject(rules::turn_away(&c, front)),
            true => inside(node, c, ip, packet),
        };
    }
    if front == Front::NodePort && c.service.health_check_port == Some(packet.port) {
        return Decision::Accept(rules::health_check(&c, packet.port));
    }
    if c.has_endpoints {
        match outside(node, c, front, packet) {
            Ok(balance) => return Decision::Balance(balance),
            Err(c) => return turned_away(node, &c, front, packet),
        }
    }
    turned_away(node, &c, front, packet)
}

/// Traffic to the ClusterIP.
fn inside<'a>(node: &Node, c: Compiled<'a>, ip: IpAddr, packet: &Packet) -> Decision<'a> {
    let front = Front::Cluster(ip);
    let mut passed = vec![rules::capture(&c, front)];
    let from_pod = node.pod_network.map(|pods| pods.contains(packet.source));
    let masquerade = node.masquerade_all || from_pod == Some(false);
    if masquerade {
        passed.extend(rules::masquerade_cluster(node, &c, ip));
    }
    let (chain, local) = (rules::front_chain(&c, front), c.service.internal_local);
    Decision::Balance(Balance { compiled: c, front, chain, local, masquerade, rules: passed })
}

/// Traffic to a node port, an external IP or a load balancer's IP; gives the Service back where no rule sends it on.
fn outside<'a>(node: &Node, c: Compiled<'a>, front: Front, packet: &Packet) -> Result<Balance<'a>, Compiled<'a>> {
    if matches!(front, Front::NodePort) && !node.opens_ports_at(packet.destination) {
        return Err(c);
    }
    let mut passed = vec![rules::capture(&c, front)];
    if let (Front::Balancer(_), true) = (front, c.uses_firewall()) {
        match source_range(node, &c, packet.source) {
            Some(rule) => passed.push(rule),
            None => return Err(c),
        }
    }
    let external = rules::external(node, &c);
    let from_pod = node.pod_network.is_some_and(|pods| pods.contains(packet.source));
    let (rules_used, local, masquerade): (&[usize], bool, bool) = match c.service.external_local {
        false => (&[0, 1], false, true),
        true if from_pod => (&[0], false, false),
        true if node.is_local(packet.source) => match node.pod_network {
            Some(_) => (&[1, 2], false, true),
            None => (&[0, 1], false, true),
        },
        true if c.has_external() => (&[], true, false),
        true => return Err(c),
    };
    passed.extend(rules_used.iter().map(|i| external[*i].clone()));
    if local {
        passed.extend(external.last().cloned());
    }
    let chain = if local { c.local_chain() } else { c.cluster_chain() };
    Ok(Balance { compiled: c, front, chain, local, masquerade, rules: passed })
}

/// The rule that lets a source through to the load balancer's address.
fn source_range(node: &Node, c: &Compiled, source: IpAddr) -> Option<Rule> {
    let ranges = &c.service.source_ranges;
    let range = ranges.iter().find(|range| range.contains(source)).copied();
    let node_may = node.address().is_some_and(|ip| ranges.iter().any(|range| range.contains(ip)));
    let itself = node_may && c.service.balancer_ips.contains(&source);
    let range = range.or_else(|| itself.then(|| Cidr::single(source)))?;
    Some(rules::firewall_accept(c, range))
}

/// What the filter table does with what the nat table did not send anywhere.
fn turned_away<'a>(node: &Node, c: &Compiled, front: Front, packet: &Packet) -> Decision<'a> {
    if let (Front::Balancer(ip), true) = (front, c.uses_firewall()) {
        let let_in = source_range(node, c, packet.source).is_some();
        if !let_in {
            return Decision::Drop(rules::firewall_drop(c, ip));
        }
    }
    let leaves_node = node.is_local(packet.source) && !node.is_local(packet.destination);
    match (c.has_external(), c.has_endpoints) {
        _ if leaves_node => Decision::Pass,
        (true, _) => Decision::Pass,
        (false, true) => Decision::Drop(rules::turn_away(c, front)),
        (false, false) => Decision::Reject(rules::turn_away(c, front)),
    }
}
