//! The way of a packet once its addresses are final: over bridges and routes to a pod, a node, the API server or the world.

use core::net::IpAddr;

use super::address::Cidr;
use super::path::{arrow, Arrival, Flight, Path, BRIDGE_US, ROUTE_US};
use super::proxy::service::Protocol;
use super::proxy::walk::Packet;
use super::proxy::{Mode, Node};
use super::trace::{Hop, HopKind, Outcome, Place, Verdict};
use super::{policy, State};
use crate::api::Object;

/// How long a node looks for a neighbour that does not answer, in microseconds.
const NO_NEIGHBOUR_US: u64 = 3_060_000;

impl<'a> Path<'a> {
    /// What a node does with a packet that no Service's rule wants.
    pub(super) fn route(&mut self, node: &Node, flight: Flight, crossed: u8) -> Arrival<'a> {
        let to = flight.packet.destination;
        if Cidr::of(self.view.settings.service_cidr).contains(to) {
            return self.unknown_virtual_ip(flight);
        }
        if node.is_local(to) {
            return self.on_node(node, flight);
        }
        match self.node_at(to) {
            Some(other) if crossed == 0 => match self.egress(&flight) {
                Some(denied) => denied,
                None => self.cross_to(node, flight, other),
            },
            _ => self.deliver(node, flight, crossed),
        }
    }

    /// A packet to an address of the Service network that has no rule for its port.
    fn unknown_virtual_ip(&mut self, flight: Flight) -> Arrival<'a> {
        let (to, port) = (flight.packet.destination, flight.packet.port);
        let known = self.state.services_at(to).next().is_some();
        if flight.packet.protocol == Protocol::Icmp {
            return self.ping_virtual_ip(flight, known);
        }
        if known && self.state.mode == Mode::Ipvs {
            let sentence =
                format!("{to} is an address of the node's own kube-ipvs0, but nothing serves port {port} there.");
            self.stop(&flight, String::new(), "nothing on this port", &sentence, Verdict::Refused);
            return Arrival::Ended(Outcome::Refused);
        }
        if known && self.state.mode == Mode::Nftables {
            let rule = "ip daddr @cluster-ips reject comment \"Reject traffic to invalid ports of ClusterIPs\"";
            let sentence =
                format!("{to} is a ClusterIP, but {port} is no port of its Service: in nftables mode that is refused.");
            self.stop(&flight, rule.to_owned(), "no rule", &sentence, Verdict::Refused);
            return Arrival::Ended(Outcome::Refused);
        }
        let sentence = match known {
            true => format!("{to} exists only as rules for the ports of its Service, and {port} is none of them: the packet goes nowhere."),
            false => format!("No Service has {to}, or {} has not heard of it yet: the packet goes nowhere.", flight.node),
        };
        self.stop(&flight, String::new(), "no rule", &sentence, Verdict::Dropped);
        Arrival::Ended(self.time_out())
    }

    /// An echo request to a ClusterIP: it is an interface of the node in ipvs mode only.
    fn ping_virtual_ip(&mut self, flight: Flight, known: bool) -> Arrival<'a> {
        let to = flight.packet.destination;
        if known && self.state.mode == Mode::Ipvs {
            let sentence =
                format!("In ipvs mode {to} is an address of the interface kube-ipvs0: {} itself answers.", flight.node);
            self.stop(&flight, String::new(), "kube-ipvs0", &sentence, Verdict::Passed);
            return Arrival::Node { node: flight.node };
        }
        let sentence =
            format!("{to} is no interface anywhere, only rules for TCP and UDP ports: nobody answers a ping.");
        self.stop(&flight, String::new(), "no rule", &sentence, Verdict::Dropped);
        Arrival::Ended(self.time_out())
    }

    /// A packet for another node itself: a pod's address is not known there, so the node lends its own.
    fn cross_to(&mut self, node: &Node, mut flight: Flight, other: String) -> Arrival<'a> {
        let before = arrow(&flight.packet);
        if let (true, Some(address)) = (flight.packet.source != flight.client || self.pod().is_some(), node.address()) {
            flight.packet.source = address;
            self.retrack(&flight.packet);
        }
        let own = self.state.is_down(&node.name);
        let down = own || self.state.is_down(&other);
        let hop = Hop {
            before,
            after: arrow(&flight.packet),
            node: other.clone(),
            sentence: match (own, down) {
                (true, _) => format!("{} is cut off from the network: nothing leaves it.", node.name),
                (_, true) => format!("{other} does not answer: it is down."),
                _ => format!("The packet crosses the node network to {other}."),
            },
            verdict: if down { Verdict::Dropped } else { Verdict::Passed },
            ..self.step(HopKind::Link, "node network", flight.at.clone(), Place::node(&other))
        };
        self.hop(hop);
        if down {
            return Arrival::Ended(self.time_out());
        }
        self.pass(ROUTE_US);
        flight.at = Place::node(&other);
        flight.node = other;
        self.through_node(flight, 1)
    }

    /// A packet for the node it is on: a pod on the host's network, a host port, or the node itself.
    fn on_node(&mut self, node: &Node, flight: Flight) -> Arrival<'a> {
        let port = flight.packet.port;
        let pods = self.view.store.pods_on_node(&node.name);
        for pod in pods.filter(|pod| pod.at("status.phase").str() == "Running") {
            let host = pod.at("spec.hostNetwork").bool();
            for container in pod.at("spec.containers").list() {
                for entry in container.get("ports").list() {
                    let inside = entry.get("containerPort").int() as u16;
                    let outside = if host { inside } else { entry.get("hostPort").int() as u16 };
                    if outside == port && port != 0 {
                        return Arrival::Pod { pod, port: inside, client: flight.packet.source };
                    }
                }
            }
        }
        Arrival::Node { node: node.name.to_string() }
    }

    /// From a node to the pod, the API server or the world.
    pub(super) fn deliver(&mut self, node: &Node, flight: Flight, crossed: u8) -> Arrival<'a> {
        let to = flight.packet.destination;
        if let Some(denied) = self.egress(&flight) {
            return denied;
        }
        if to == self.api_server_address() && !self.state.is_down(&node.name) {
            return self.reach_api_server(flight.at, flight.packet);
        }
        match self.pod_at(to, flight.packet.port) {
            Some(pod) => self.reach_pod(node, flight, pod),
            None if Cidr::of(self.view.settings.pod_cidr).contains(to) => self.no_pod(flight),
            None if node.is_local(to) || self.node_at(to).is_some() => match (node.is_local(to), self.node_at(to)) {
                (false, Some(other)) if crossed == 0 => self.cross_to(node, flight, other),
                _ => self.on_node(node, flight),
            },
            None if self.state.is_down(&node.name) => {
                let sentence = format!("{} is cut off from the network: nothing leaves it.", node.name);
                self.stop(&flight, String::new(), "node network", &sentence, Verdict::Dropped);
                Arrival::Ended(self.time_out())
            }
            None => {
                let hop = Hop {
                    before: arrow(&flight.packet),
                    node: flight.node.clone(),
                    sentence: format!(
                        "The packet leaves the cluster for {to}, with the address of {} as its source.",
                        flight.node
                    ),
                    ..self.step(HopKind::Link, "out of the cluster", flight.at.clone(), Place::address(to.to_string()))
                };
                self.hop(hop);
                self.pass(ROUTE_US * 20);
                Arrival::World { address: to }
            }
        }
    }

    /// Over the bridge or the route to a pod.
    fn reach_pod(&mut self, node: &Node, mut flight: Flight, pod: &'a Object) -> Arrival<'a> {
        let there = pod.at("spec.nodeName").str().to_owned();
        let place = Place::pod(&pod.key());
        if there != node.name.as_str() {
            let own = self.state.is_down(&node.name);
            let down = own || self.state.is_down(&there);
            let cidr = self.view.store.find("Node", "", &there).map(|n| n.at("spec.podCIDR").str().to_owned());
            let via = State::node(self.view, &there).and_then(|n| n.address());
            let rule = match (cidr, via) {
                (Some(cidr), Some(via)) => format!("{cidr} via {via}"),
                _ => String::new(),
            };
            let hop = Hop {
                rule,
                before: arrow(&flight.packet),
                after: arrow(&flight.packet),
                node: there.clone(),
                sentence: match (own, down) {
                    (true, _) => format!("{} is cut off from the network: nothing leaves it.", node.name),
                    (_, true) => format!("The route leads to {there}, which is down: no answer comes."),
                    _ => format!(
                        "The pod is on {there}: the packet crosses the node network by the route of its pod CIDR."
                    ),
                },
                verdict: if down { Verdict::Dropped } else { Verdict::Passed },
                ..self.step(HopKind::Link, "route", flight.at.clone(), Place::node(&there))
            };
            self.hop(hop);
            if down {
                return Arrival::Ended(self.time_out());
            }
            self.pass(ROUTE_US);
            flight.at = Place::node(&there);
            self.track(&there, &flight.packet);
        }
        if let Some(denied) = self.ingress(&flight, pod, &there) {
            return denied;
        }
        if pod.at("spec.hostNetwork").bool() {
            return Arrival::Pod { pod, port: flight.packet.port, client: flight.packet.source };
        }
        let hop = Hop {
            before: arrow(&flight.packet),
            after: arrow(&flight.packet),
            node: there.clone(),
            sentence: format!("The bridge of {there} puts the packet into pod {}.", pod.name()),
            ..self.step(HopKind::Link, "bridge", flight.at.clone(), place)
        };
        self.hop(hop);
        self.pass(BRIDGE_US);
        Arrival::Pod { pod, port: flight.packet.port, client: flight.packet.source }
    }

    /// Nobody has this address of the pod network (any more).
    fn no_pod(&mut self, flight: Flight) -> Arrival<'a> {
        let to = flight.packet.destination;
        let hop = Hop {
            before: arrow(&flight.packet),
            node: flight.node.clone(),
            sentence: format!("No pod has {to} (any more): the node it would be on finds no neighbour with it."),
            verdict: Verdict::Refused,
            ..self.step(HopKind::Filter, "no such pod", flight.at.clone(), Place::address(to.to_string()))
        };
        self.hop(hop);
        self.pass(NO_NEIGHBOUR_US);
        Arrival::Ended(Outcome::NoRoute)
    }

    pub(super) fn reach_api_server(&mut self, from: Place, packet: Packet) -> Arrival<'a> {
        let place = Place::api_server();
        if packet.port != 6443 {
            let hop = Hop {
                before: arrow(&packet),
                sentence: format!("Nothing listens on port {} of the API server's host.", packet.port),
                verdict: Verdict::Refused,
                ..self.step(HopKind::Listen, "nobody listens", from, place)
            };
            self.hop(hop);
            return Arrival::Ended(Outcome::Refused);
        }
        let hop = Hop {
            before: arrow(&packet),
            after: arrow(&packet),
            sentence: "The packet crosses the node network to the API server.".to_owned(),
            ..self.step(HopKind::Link, "node network", from, place.clone())
        };
        self.hop(hop);
        self.pass(ROUTE_US);
        Arrival::ApiServer { place }
    }

    /// May the pod a packet comes from send it? Its own node decides, once the address is final; that node itself it may
    /// always reach.
    fn egress(&mut self, flight: &Flight) -> Option<Arrival<'a>> {
        let pod = self.pod().filter(|pod| pod.at("spec.nodeName").str() == flight.node)?;
        let peer = policy::Peer { ip: flight.packet.destination, pod: self.pod_at(flight.packet.destination, 0) };
        let verdict = policy::egress(self.view, &pod, &peer, flight.packet.port, flight.packet.protocol)?;
        self.policy_hop(
            flight,
            verdict,
            Place::pod(&pod.key()),
            &flight.node.clone(),
            "send to",
            flight.packet.destination,
        )
    }

    /// May the pod a packet goes to receive it?
    fn ingress(&mut self, flight: &Flight, pod: &'a Object, node: &str) -> Option<Arrival<'a>> {
        let from = self.pod().filter(|_| flight.packet.source == flight.client);
        let node_ips = State::node(self.view, node)?;
        if node_ips.is_local(flight.packet.source) {
            return None;
        }
        let peer = policy::Peer { ip: flight.packet.source, pod: from.as_ref() };
        let verdict = policy::ingress(self.view, pod, &peer, flight.packet.port, flight.packet.protocol)?;
        self.policy_hop(flight, verdict, Place::pod(&pod.key()), node, "receive from", flight.packet.source)
    }

    fn policy_hop(
        &mut self,
        flight: &Flight,
        verdict: policy::Ruling,
        pod: Place,
        node: &str,
        what: &str,
        peer: IpAddr,
    ) -> Option<Arrival<'a>> {
        let sentence = match verdict.allowed {
            true => format!("NetworkPolicy {} lets {} {what} {peer}.", verdict.policy, pod.name),
            false => format!(
                "{} is selected by NetworkPolicy {}, and no rule of any policy lets it {what} {peer} on this port: the packet is dropped.",
                pod.name, verdict.policy
            ),
        };
        let hop = Hop {
            rule: verdict.rule,
            before: arrow(&flight.packet),
            after: arrow(&flight.packet),
            node: node.to_owned(),
            sentence,
            verdict: if verdict.allowed { Verdict::Passed } else { Verdict::Dropped },
            ..self.step(HopKind::Policy, "NetworkPolicy", pod.clone(), pod)
        };
        self.hop(hop);
        if verdict.allowed {
            return None;
        }
        self.untrack(node);
        Some(Arrival::Ended(self.time_out()))
    }
}
