//! A connection's first packet on its way: it leaves its source, meets the rules of nodes, crosses to the next one and arrives,
//! is turned away or is lost.

use super::address::{host_port, Cidr};
use super::balance::behind;
use super::conntrack::{Ends, Flow, FlowState};
use super::counters::Hit;
use super::path::{arrow, Arrival, Flight, Path, BRIDGE_US, ROUTE_US};
use super::proxy::compile::Compiled;
use super::proxy::rules::Rule;
use super::proxy::service::Protocol;
use super::proxy::walk::{decide, front, Decision, Packet};
use super::proxy::{iptables, nft, Mode, Node};
use super::request::Source;
use super::trace::{Hop, HopKind, Outcome, Place, Verdict};
use super::State;
use crate::base::draw;
use core::net::IpAddr;

/// The length of the packet that opens a connection, with the options Linux puts in.
const SYN_BYTES: u64 = 60;
/// The length of a datagram with a question about a name of usual length.
const DATAGRAM_BYTES: u64 = 73;

impl<'a> Path<'a> {
    /// Sends the first packet of a connection and follows it to its end.
    pub fn connect(&mut self, to: IpAddr, port: u16, protocol: Protocol) -> Arrival<'a> {
        self.connections += 1;
        self.port = self.free_port(self.connections);
        if let Some(open) = self.open.first() {
            self.port = open.first.source_port;
        } else if let (Some(chosen), true) = (self.source_port, port != 53) {
            self.port = chosen;
        }
        match self.leave(to, port, protocol) {
            Ok(flight) => self.through_node(flight, 0),
            Err(arrival) => arrival,
        }
    }

    /// A port for the source of a connection that has not been given one.
    fn free_port(&self, number: u64) -> u16 {
        let key = format!("{}", self.place());
        let drawn =
            draw::below(self.view.settings.seed, "source-port", &key, self.n.wrapping_add(number << 24), 28_232);
        32_768 + drawn as u16
    }

    /// Enters the packet in the table of the node it meets.
    pub(super) fn track(&mut self, node: &str, packet: &Packet) {
        let (source, destination) = (packet.source, packet.destination);
        let first = Ends { source, source_port: self.port, destination, port: packet.port };
        let protocol = packet.protocol.lower();
        let state = if protocol == "udp" { FlowState::Open } else { FlowState::Unreplied };
        self.flows.push(Flow { node: node.to_owned(), protocol, first, reply: first.reversed(), state });
    }

    /// The packet was thrown away before it was entered.
    pub(super) fn untrack(&mut self, node: &str) {
        if self.flows.last().is_some_and(|flow| flow.node == node) {
            self.flows.pop();
        }
    }

    /// The packet leaves the node with other addresses than it came with.
    pub(super) fn retrack(&mut self, packet: &Packet) {
        let number = self.connections + 128;
        let fresh = self.free_port(number);
        let Some(flow) = self.flows.last_mut() else { return };
        let port = if packet.source == flow.first.source { flow.first.source_port } else { fresh };
        let (source, source_port) = (packet.destination, packet.port);
        flow.reply = Ends { source, source_port, destination: packet.source, port };
        self.port = port;
    }

    /// The connection a packet belongs to as the node remembers it: one the request said is open, or one of UDP, where
    /// whoever sends again from the same port goes on. What kube-proxy has cleaned away does not count.
    ///
    /// Models pkg/proxy/conntrack/cleanup.go CleanStaleEntries by what the rules of the node say at this moment.
    fn remembered(&self, node: &Node, packet: &Packet, services: &[Compiled]) -> Option<Flow> {
        let flow = self.flows.last()?;
        let same = |other: &&Flow| other.node == flow.node && other.first == flow.first;
        if let Some(open) = self.open.iter().find(same) {
            return Some(open.clone());
        }
        let known = self.state.flows.find(&node.name, flow.protocol, &flow.first, self.view.now)?;
        let of = |c: &&Compiled| c.protocol() == packet.protocol && front(node, c, packet).is_some();
        let valid = services.iter().find(of).is_none_or(|c| {
            let mut targets = c.reachable().into_iter();
            targets.any(|t| t.endpoint.address == known.reply.source && t.port == known.reply.source_port)
        });
        (valid && known.reply != known.first.reversed()).then_some(known)
    }

    /// A packet of a connection that is known: no rule is asked.
    fn go_on(&mut self, node: &Node, mut flight: Flight, known: &Flow) -> Arrival<'a> {
        let before = arrow(&flight.packet);
        flight.packet.destination = known.reply.source;
        flight.packet.port = known.reply.source_port;
        flight.packet.source = known.reply.destination;
        self.retrack(&flight.packet);
        let to = host_port(known.reply.source, known.reply.source_port);
        let hop = Hop {
            before,
            after: arrow(&flight.packet),
            node: flight.node.clone(),
            sentence: format!(
                "{} remembers the connection (conntrack): the packet goes to {to} like those before it, and no rule is asked.",
                node.name
            ),
            ..self.step(HopKind::Dnat, "conntrack", flight.at.clone(), flight.at.clone())
        };
        self.hop(hop);
        self.deliver(node, flight, 0)
    }

    /// From the source to the first node.
    fn leave(&mut self, to: IpAddr, port: u16, protocol: Protocol) -> Result<Flight, Arrival<'a>> {
        match self.source.clone() {
            Source::Pod(_) | Source::Shell(_) => self.leave_pod(to, port, protocol),
            Source::Node(name) => {
                let ip = State::node(self.view, &name).and_then(|node| node.address());
                let Some(ip) = ip else {
                    return Err(Arrival::Ended(Outcome::NoRoute));
                };
                let source = if to.is_loopback() { to } else { ip };
                let packet = Packet { source, destination: to, port, protocol };
                Ok(Flight { packet, at: Place::node(&name), node: name, client: ip })
            }
            Source::Outside => self.enter(to, port, protocol),
        }
    }

    /// From a pod to its node.
    fn leave_pod(&mut self, to: IpAddr, port: u16, protocol: Protocol) -> Result<Flight, Arrival<'a>> {
        let pod = self.pod();
        let ip = pod.as_ref().and_then(|pod| pod.at("status.podIP").str().parse::<IpAddr>().ok());
        let (Some(pod), Some(ip)) = (pod, ip) else {
            return Err(Arrival::Ended(Outcome::NoRoute));
        };
        let (node, host) = (pod.at("spec.nodeName").str().to_owned(), pod.at("spec.hostNetwork").bool());
        let packet = Packet { source: ip, destination: to, port, protocol };
        if to.is_loopback() || to == ip && !host {
            return Err(match self.view.get("Pod", &pod.key()) {
                Some(pod) => Arrival::Pod { pod, port, client: to },
                None => Arrival::Ended(Outcome::Refused),
            });
        }
        if host {
            return Ok(Flight { packet, at: Place::node(&node), node, client: ip });
        }
        let sentence = match &self.source {
            Source::Shell(namespace) => {
                format!("The shell stands on {node} like a pod of namespace {namespace} without labels.")
            }
            _ => format!("The packet leaves pod {} through its veth pair and is on {node}.", pod.name()),
        };
        let hop = Hop {
            before: arrow(&packet),
            after: arrow(&packet),
            node: node.clone(),
            sentence,
            ..self.step(HopKind::Link, "veth", self.place(), Place::node(&node))
        };
        self.hop(hop);
        self.pass(BRIDGE_US);
        Ok(Flight { packet, at: Place::node(&node), node, client: ip })
    }

    /// From the world outside to the node that takes the packet.
    fn enter(&mut self, to: IpAddr, port: u16, protocol: Protocol) -> Result<Flight, Arrival<'a>> {
        let from = Place::outside();
        let source = self.outside_address();
        let packet = Packet { source, destination: to, port, protocol };
        if to == self.api_server_address() {
            return Err(self.reach_api_server(from, packet));
        }
        let (node, sentence) = match self.node_at(to) {
            Some(node) => {
                let sentence = format!("{to} is {node} itself.");
                (node, sentence)
            }
            None => match self.balancer_node(to, port) {
                Some(node) => {
                    let sentence = format!("The load balancer of {to} hands the packet to {node}.");
                    (node, sentence)
                }
                None => return Err(self.no_way_in(packet)),
            },
        };
        if self.state.is_down(&node) {
            let hop = Hop {
                before: arrow(&packet),
                node: node.clone(),
                sentence: format!("{node} does not answer: it is down."),
                verdict: Verdict::Dropped,
                ..self.step(HopKind::Link, "node is down", from, Place::node(&node))
            };
            self.hop(hop);
            return Err(Arrival::Ended(self.time_out()));
        }
        let node_port = self.is_node_port(port);
        let to_place = if node_port { Place::node_port(port) } else { Place::node(&node) };
        let hop = Hop {
            before: arrow(&packet),
            after: arrow(&packet),
            node: node.clone(),
            sentence,
            ..self.step(HopKind::Link, "node network", from, to_place.clone())
        };
        self.hop(hop);
        self.pass(ROUTE_US);
        Ok(Flight { packet, at: to_place, node, client: source })
    }

    /// What becomes of a packet from outside to an address that only the inside knows, or nobody.
    fn no_way_in(&mut self, packet: Packet) -> Arrival<'a> {
        let to = packet.destination;
        let settings = self.view.settings;
        let what = if Cidr::of(settings.service_cidr).contains(to) {
            format!("{to} is a ClusterIP: only the rules on the nodes know it, no router outside has a route to it.")
        } else if Cidr::of(settings.pod_cidr).contains(to) {
            format!("{to} is a pod's address: only the nodes have routes to the pod network, no router outside does.")
        } else {
            return Arrival::World { address: to };
        };
        let hop = Hop {
            before: arrow(&packet),
            sentence: what,
            verdict: Verdict::Dropped,
            ..self.step(HopKind::Filter, "no route from outside", Place::outside(), Place::address(to.to_string()))
        };
        self.hop(hop);
        Arrival::Ended(self.time_out())
    }

    /// The rules of the node a packet is on, and where it goes after them.
    pub(super) fn through_node(&mut self, flight: Flight, crossed: u8) -> Arrival<'a> {
        let Some(node) = self.state.proxy(self.view, &flight.node) else {
            return Arrival::Ended(Outcome::NoRoute);
        };
        let services = self.state.candidates(self.view, &node, flight.packet.destination, flight.packet.port);
        self.track(&node.name, &flight.packet);
        if let Some(known) = self.remembered(&node, &flight.packet, &services) {
            return self.go_on(&node, flight, &known);
        }
        let own = flight.client == flight.packet.source && matches!(flight.at.kind, "node") && crossed == 0;
        let entry = if own && self.pod().is_none() { "OUTPUT" } else { "PREROUTING" };
        self.meet(&node, flight.packet.protocol, &[iptables::entry(entry)]);
        match decide(&node, services, &flight.packet) {
            Decision::Balance(balance) => self.balance(&node, flight, balance),
            Decision::Reject(rule) => {
                let mut sentence =
                    "The Service has no endpoint that is ready: kube-proxy's rule sends the packet back at once."
                        .to_owned();
                let key = self.service_at(flight.packet.destination, flight.packet.port);
                if key.is_some_and(|key| self.state.is_behind(self.view, &node, &key)) {
                    sentence.push_str(&behind(&node.name));
                }
                self.meet(&node, flight.packet.protocol, std::slice::from_ref(&rule));
                let rule = self.refusal(&node, &flight.packet, rule);
                self.untrack(&node.name);
                self.stop(&flight, rule, "REJECT", &sentence, Verdict::Refused);
                Arrival::Ended(Outcome::Refused)
            }
            Decision::Drop(rule) => {
                let sentence = format!("The rule on {} drops the packet without a word.", flight.node);
                self.meet(&node, flight.packet.protocol, std::slice::from_ref(&rule));
                let rule = self.refusal(&node, &flight.packet, rule);
                self.untrack(&node.name);
                self.stop(&flight, rule, "DROP", &sentence, Verdict::Dropped);
                Arrival::Ended(self.time_out())
            }
            Decision::Accept(rule) => {
                let endpoints = self.local_endpoints(&flight.node, flight.packet.port);
                let sentence = "kube-proxy itself answers here: how many endpoints this node has.";
                self.meet(&node, Protocol::Tcp, std::slice::from_ref(&rule));
                self.stop(&flight, rule.to_string(), "health check", sentence, Verdict::Passed);
                let (service, endpoints) = endpoints;
                Arrival::Health { node: flight.node, service, endpoints }
            }
            Decision::Pass => self.route(&node, flight, crossed),
        }
    }

    /// Notes the rules that the first packet of a connection meets on a node; those that follow ask no rule of the nat table.
    pub(super) fn meet(&mut self, node: &Node, protocol: Protocol, rules: &[Rule]) {
        if self.state.mode == Mode::Iptables {
            let bytes = if protocol == Protocol::Udp { DATAGRAM_BYTES } else { SYN_BYTES };
            let hit = |rule: &Rule| Hit { node: node.name.to_string(), rule: rule.to_string(), bytes };
            self.hits.extend(rules.iter().map(hit));
        }
    }

    /// The text of the rule that turns a packet away, in the words of the mode.
    fn refusal(&self, node: &Node, packet: &Packet, rule: Rule) -> String {
        let services = self.state.candidates(self.view, node, packet.destination, packet.port);
        let ours = |c: &Compiled| (c.protocol() == packet.protocol).then(|| front(node, c, packet)).flatten();
        let found = services.iter().find_map(|c| ours(c).map(|front| (c, front)));
        match (self.state.mode, found) {
            (Mode::Nftables, Some((c, front))) => nft::turned_away(c, front),
            (Mode::Ipvs, Some((c, _))) => {
                let to = host_port(packet.destination, packet.port);
                format!("{} {to} rr: no real server", c.protocol().upper())
            }
            _ => rule.to_string(),
        }
    }

    /// A hop where a rule ends the way.
    pub(super) fn stop(&mut self, flight: &Flight, rule: String, title: &str, sentence: &str, verdict: Verdict) {
        let service = self.service_at(flight.packet.destination, flight.packet.port);
        let to = service.map_or_else(|| flight.at.clone(), |key| Place::service(&key));
        let hop = Hop {
            rule,
            before: arrow(&flight.packet),
            node: flight.node.clone(),
            sentence: sentence.to_owned(),
            verdict,
            ..self.step(HopKind::Filter, title, flight.at.clone(), to)
        };
        self.hop(hop);
    }
}
