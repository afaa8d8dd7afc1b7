//! The way of a connection's first packet: from a source through the rules of nodes, over bridges and routes, to where it
//! ends. It asks nothing and answers nothing.

use core::net::IpAddr;

use super::address::host_port;
use super::certificate::Certificate;
use super::conntrack::{Flow, FlowState};
use super::counters::Hit;
use super::dns_cache::Question;
use super::proxy::service::Protocol;
use super::proxy::walk::Packet;
use super::request::Source;
use super::resolver::Resolver;
use super::trace::{Hop, HopKind, Memory, Outcome, Place, Trace, Verdict};
use super::State;
use crate::api::{Object, ObjectKey};
use crate::base::draw;
use crate::store::View;

/// Time from a pod to its node, or back, in microseconds.
pub(super) const BRIDGE_US: u64 = 50;
/// Time from one node to another, in microseconds.
pub(super) const ROUTE_US: u64 = 250;

/// A request under way.
pub struct Path<'a> {
    /// The cluster.
    pub view: &'a View<'a>,
    /// What the nodes know.
    pub state: &'a State,
    /// Counts the requests: the key of every draw.
    pub n: u64,
    /// How long the client waits.
    pub timeout_us: u64,
    /// Time since the request was sent.
    pub at_us: u64,
    /// The hops so far.
    pub hops: Vec<Hop>,
    pub(super) source: Source,
    connected_us: u64,
    pub(super) memories: Vec<Memory>,
    /// The server's certificate.
    pub(super) certificate: Option<Certificate>,
    /// The names that were looked up.
    pub(super) names: Vec<Question>,
    /// The connections as the nodes enter them.
    pub(super) flows: Vec<Flow>,
    /// The iptables rules met.
    pub(super) hits: Vec<Hit>,
    /// The connection that is open already, where the request is not its first.
    pub(super) open: Vec<Flow>,
    /// The port at the source, where the client chose it.
    pub(super) source_port: Option<u16>,
    /// The port at the source of the connection under way.
    pub(super) port: u16,
    pub(super) connections: u64,
    /// What is to be chosen where there is a choice, in order; nothing to let chance decide.
    pub(super) lots: Option<Vec<u32>>,
    /// How many there were to choose from, each time.
    pub(super) counts: Vec<u32>,
}

/// Where a connection came out.
pub enum Arrival<'a> {
    /// At a pod.
    Pod {
        /// The pod.
        pod: &'a Object,
        /// The port there.
        port: u16,
        /// The client as the pod sees it.
        client: IpAddr,
    },
    /// At the API server.
    ApiServer {
        /// Its place.
        place: Place,
    },
    /// At a node itself.
    Node {
        /// The node.
        node: String,
    },
    /// At the port where kube-proxy tells a load balancer about a Service.
    Health {
        /// The node.
        node: String,
        /// The Service.
        service: ObjectKey,
        /// How many of its endpoints are on this node.
        endpoints: usize,
    },
    /// Somewhere in the world outside.
    World {
        /// The address.
        address: IpAddr,
    },
    /// Nowhere.
    Ended(Outcome),
}

/// A packet and where it is.
#[derive(Clone)]
pub(super) struct Flight {
    /// The packet.
    pub packet: Packet,
    /// Where it is.
    pub at: Place,
    /// The node whose rules it meets next.
    pub node: String,
    /// The source before any rewriting: what policies are about.
    pub client: IpAddr,
}

impl<'a> Path<'a> {
    /// A request that has not left yet.
    pub fn new(view: &'a View<'a>, state: &'a State, source: Source, n: u64, timeout_us: u64) -> Path<'a> {
        Path {
            view,
            state,
            n,
            timeout_us,
            at_us: 0,
            hops: Vec::new(),
            source,
            connected_us: 0,
            memories: Vec::new(),
            certificate: None,
            names: Vec::new(),
            flows: Vec::new(),
            hits: Vec::new(),
            open: Vec::new(),
            source_port: None,
            port: 0,
            connections: 0,
            lots: None,
            counts: Vec::new(),
        }
    }

    /// A number below `count`: drawn, or the next that the request prescribes.
    pub(super) fn lot(&mut self, purpose: &str, key: &str, count: u64) -> u64 {
        match &self.lots {
            Some(lots) => {
                let chosen = lots.get(self.counts.len()).copied().unwrap_or(0);
                self.counts.push(count as u32);
                u64::from(chosen).min(count - 1)
            }
            None => draw::below(self.view.settings.seed, purpose, key, self.n, count),
        }
    }

    /// The place of the source.
    pub fn place(&self) -> Place {
        match &self.source {
            Source::Outside => Place::outside(),
            Source::Node(name) => Place::node(name),
            Source::Pod(key) => Place::pod(key),
            Source::Shell(_) => Place::node(&self.shell_node()),
        }
    }

    /// The pod the request comes from.
    pub fn pod(&self) -> Option<Object> {
        match &self.source {
            Source::Pod(key) => self.view.get("Pod", key).cloned(),
            Source::Shell(namespace) => self.shell_pod(namespace),
            _ => None,
        }
    }

    fn shell_node(&self) -> String {
        self.view.store.all("Node").next().map_or_else(String::new, |node| node.name().to_owned())
    }

    /// What a shell would be if it were a pod: it has the last address of its node's pod network.
    fn shell_pod(&self, namespace: &str) -> Option<Object> {
        let node = self.view.store.all("Node").next()?;
        let (network, _) = node.at("spec.podCIDR").str().split_once('/')?;
        let (stem, _) = network.rsplit_once('.')?;
        let mut pod = Object::new(crate::api::kind("Pod"), namespace, "shell");
        pod.set("spec.nodeName", node.name());
        pod.set("status.podIP", format!("{stem}.254"));
        Some(pod)
    }

    /// Sends the first packet of a connection that a pod on the way makes on its own.
    pub fn connect_from(&mut self, pod: &Object, to: IpAddr, port: u16) -> Arrival<'a> {
        let source = std::mem::replace(&mut self.source, Source::Pod(pod.key()));
        let arrival = self.connect(to, port, Protocol::Tcp);
        self.source = source;
        arrival
    }

    /// The resolver of the source.
    pub fn resolver(&self) -> Resolver {
        match self.pod() {
            Some(pod) => Resolver::of_pod(self.view, &pod),
            None => Resolver::of_node(self.view.settings),
        }
    }

    /// A hop that begins now, to be completed.
    pub fn step(&self, kind: HopKind, title: &str, from: Place, to: Place) -> Hop {
        Hop {
            kind,
            from,
            to,
            title: title.to_owned(),
            rule: String::new(),
            probability: None,
            before: String::new(),
            after: String::new(),
            node: String::new(),
            sentence: String::new(),
            at_us: self.at_us,
            verdict: Verdict::Passed,
        }
    }

    /// Adds a hop.
    pub fn hop(&mut self, hop: Hop) {
        self.hops.push(hop);
    }

    /// Lets time pass.
    pub fn pass(&mut self, us: u64) {
        self.at_us += us;
    }

    /// Notes when the connection was made.
    pub fn connected(&mut self) {
        if self.connected_us == 0 {
            self.connected_us = self.at_us;
        }
    }

    /// Waits until the client gives up.
    pub fn time_out(&mut self) -> Outcome {
        self.at_us = self.timeout_us.max(self.at_us);
        Outcome::Timeout
    }

    /// The whole of it.
    pub fn finish(self, target: String, address: String, port: u16, outcome: Outcome) -> Trace {
        let late = self.at_us > self.timeout_us && matches!(outcome, Outcome::Response(_) | Outcome::Connected);
        let outcome = if late || self.at_us > self.timeout_us { Outcome::Timeout } else { outcome };
        let time_us = self.at_us.min(self.timeout_us);
        let source = match self.hops.first() {
            Some(hop) => hop.from.clone(),
            None => self.place(),
        };
        let (hops, memories, connected_us) = (self.hops, self.memories, self.connected_us);
        let (certificate, names) = (self.certificate, self.names);
        let mut flows = self.flows;
        flows.iter_mut().filter(|flow| flow.protocol != "udp").for_each(|flow| {
            flow.state = match outcome {
                Outcome::Timeout | Outcome::NoRoute if connected_us == 0 => FlowState::Unreplied,
                Outcome::Timeout => FlowState::Open,
                Outcome::Refused => FlowState::Reset,
                _ => FlowState::Closed,
            }
        });
        Trace {
            source,
            target,
            address,
            port,
            hops,
            outcome,
            connected_us,
            time_us,
            memories,
            flows,
            certificate,
            hits: self.hits,
            names,
        }
    }
}

/// `10.244.1.3 -> 10.96.0.10:53`.
pub(super) fn arrow(packet: &Packet) -> String {
    format!("{} -> {}", packet.source, host_port(packet.destination, packet.port))
}
