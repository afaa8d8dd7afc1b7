//! What the nodes know of Services, each a little later than the API server, and what they remember of clients.
//!
//! It follows changes and answers questions; it never writes to the store.

use crate::base::map::Map;
use crate::base::map::Set;
use core::net::IpAddr;
use std::sync::Arc;

use ecow::EcoString;

use super::address::Cidr;
use super::conntrack::Table;
use super::counters::Counters;
use super::dns_cache::{self, Cache, Question};
use super::proxy::compile::Compiled;
use super::proxy::service::{Service, Slice};
use super::proxy::{Mode, Node};
use super::trace::Trace;
use crate::api::{Object, ObjectKey};
use crate::base::draw;
use crate::base::time::{SimTime, Span};
use crate::store::{Change, Verb, View};

/// The shortest and the longest time a node takes to write its rules.
const SYNC_MILLIS: (u64, u64) = (15, 60);

/// After this long every node has carried out a change.
const SETTLED: Span = Span::secs(3);

/// What the network knows. A clone is a snapshot.
#[derive(Clone, Default)]
pub struct State {
    /// What kube-proxy does its work with.
    pub mode: Mode,
    services: Map<ObjectKey, Arc<Entry>>,
    addresses: Set<(IpAddr, ObjectKey)>,
    node_ports: Set<(u16, ObjectKey)>,
    settling: Set<(SimTime, ObjectKey)>,
    last_sync: Option<SimTime>,
    clients: Map<ClientKey, Client>,
    turns: Map<(EcoString, EcoString), u64>,
    down: Set<EcoString>,
    /// The connections the nodes remember.
    pub flows: Table,
    /// What the iptables rules of the nodes have counted.
    pub counters: Counters,
    /// The answers the name server remembers.
    pub(super) names: Cache,
}

/// A Service as it was and as it is: nodes that have not caught up use an older version.
#[derive(Clone, Default)]
struct Entry {
    versions: Vec<Version>,
}

#[derive(Clone)]
struct Version {
    /// When the first node may have it.
    at: SimTime,
    service: Option<Arc<Service>>,
    slices: Vec<(EcoString, Arc<Slice>)>,
}

/// Node, Service port and client.
type ClientKey = (EcoString, EcoString, EcoString);

/// The endpoint a client was sent to, and when.
#[derive(Clone, Debug)]
struct Client {
    endpoint: EcoString,
    at: SimTime,
}

impl State {
    /// The state of a cluster that has been at rest for a while.
    pub fn of(view: &View) -> State {
        let mut state = State::default();
        for object in view.store.all("Service").chain(view.store.all("EndpointSlice")) {
            state.absorb(object, false, SimTime(0));
        }
        state.settling = Set::new();
        state
    }

    /// Follows a change; only Services and EndpointSlices matter to it.
    pub fn observe(&mut self, change: &Change, view: &View) {
        if !matches!(change.kind(), "Service" | "EndpointSlice") {
            return;
        }
        self.settle(view.now);
        let at = self.next_sync(view.now, view.settings.min_sync_period);
        self.absorb(&change.object, change.verb == Verb::Deleted, at);
    }

    /// When the proxies write what has just changed.
    ///
    /// Models pkg/util/async BoundedFrequencyRunner.
    fn next_sync(&mut self, now: SimTime, min_sync_period: Span) -> SimTime {
        let at = match self.last_sync {
            Some(last) if last > now => last,
            Some(last) if self.mode != Mode::Ipvs => now.max(last + min_sync_period),
            _ => now,
        };
        self.last_sync = Some(at);
        at
    }

    /// When every node has written what has changed until now.
    pub fn written_at(&self) -> SimTime {
        self.last_sync.map_or(SimTime(0), |at| at + Span::millis(SYNC_MILLIS.1))
    }

    fn absorb(&mut self, object: &Object, gone: bool, at: SimTime) {
        let is_slice = object.kind.kind == "EndpointSlice";
        let key = match (is_slice, object.label("kubernetes.io/service-name")) {
            (false, _) => object.key(),
            (true, "") => return,
            (true, service) => ObjectKey::new(object.namespace(), service),
        };
        let mut entry = self.services.get(&key).map(|entry| (**entry).clone()).unwrap_or_default();
        let last = entry.versions.last();
        let mut service = last.and_then(|version| version.service.clone());
        let mut slices = last.map(|version| version.slices.clone()).unwrap_or_default();
        if is_slice {
            slices.retain(|(name, _)| name != object.name());
            if !gone {
                slices.push((object.name().into(), Arc::new(Slice::read(object))));
            }
        } else {
            service = (!gone).then(|| Arc::new(Service::read(object)));
        }
        if let Some(service) = &service {
            self.index(service, true);
        }
        entry.versions.retain(|version| version.at != at);
        entry.versions.push(Version { at, service, slices });
        self.services.insert(key.clone(), Arc::new(entry));
        self.counters.forget(&key);
        self.settling.insert((at + SETTLED, key));
    }

    /// Enters or takes out the addresses and node ports of a Service.
    fn index(&mut self, service: &Service, present: bool) {
        for address in service.addresses() {
            let row = (address, service.key.clone());
            if present {
                self.addresses.insert(row);
            } else {
                self.addresses.remove(&row);
            }
        }
        let health = service.health_check_port;
        for port in service.ports.iter().filter_map(|port| port.node_port).chain(health) {
            let row = (port, service.key.clone());
            if present {
                self.node_ports.insert(row);
            } else {
                self.node_ports.remove(&row);
            }
        }
    }

    /// Forgets versions that no node uses any more.
    fn settle(&mut self, now: SimTime) {
        while let Some((at, key)) = self.settling.get_min().cloned() {
            if at > now {
                break;
            }
            self.settling.remove(&(at, key.clone()));
            let Some(entry) = self.services.get(&key).cloned() else { continue };
            let current = entry.versions.iter().rposition(|version| version.at + SETTLED <= now).unwrap_or(0);
            for old in entry.versions[..current].iter().filter_map(|version| version.service.as_ref()) {
                self.index(old, false);
            }
            let left = entry.versions[current..].to_vec();
            for service in left.iter().filter_map(|version| version.service.as_ref()) {
                self.index(service, true);
            }
            match left.as_slice() {
                [only] if only.service.is_none() && only.slices.is_empty() => self.services.remove(&key),
                _ => self.services.insert(key, Arc::new(Entry { versions: left })),
            };
        }
    }

    /// A node with its addresses.
    pub fn node(view: &View, name: &str) -> Option<Node> {
        let node = view.store.find("Node", "", name)?;
        let addresses = node.at("status.addresses").list().iter();
        let internal = addresses.filter(|address| address.get("type").str() == "InternalIP");
        Some(Node {
            name: name.into(),
            zone: node.label("topology.kubernetes.io/zone").into(),
            addresses: internal.filter_map(|address| address.get("address").str().parse().ok()).collect(),
            pod_network: Some(Cidr::of(view.settings.pod_cidr)),
            masquerade_all: false,
            localhost_node_ports: true,
            node_port_addresses: None,
        })
    }

    /// A node as its kube-proxy sees it: in nftables mode node ports are open at its main address alone.
    pub fn proxy(&self, view: &View, name: &str) -> Option<Node> {
        let mut node = State::node(view, name)?;
        if self.mode == Mode::Nftables {
            node.localhost_node_ports = false;
            node.node_port_addresses = Some(node.address().into_iter().collect());
        }
        Some(node)
    }

    /// Every Service port as a node has it at this moment, in the order of namespace, name and place in the Service.
    pub fn compiled<'a>(&'a self, view: &View, node: &Node) -> Vec<Compiled<'a>> {
        self.services.values().flat_map(|entry| ports(entry.at_node(view, node), node)).collect()
    }

    /// The Service ports a packet to this address and port may be for, as a node has them at this moment.
    pub fn candidates<'a>(&'a self, view: &View, node: &Node, to: IpAddr, port: u16) -> Vec<Compiled<'a>> {
        let none = ObjectKey::default;
        let by_address = self.addresses.range_from(&(to, none())).take_while(|(ip, _)| *ip == to).map(|(_, key)| key);
        let by_port = self.node_ports.range_from(&(port, none())).take_while(|(p, _)| *p == port).map(|(_, key)| key);
        let keys = by_address.chain(by_port.filter(|_| node.is_local(to)));
        let entries = keys.filter_map(|key| self.services.get(key));
        entries.flat_map(|entry| ports(entry.at_node(view, node), node)).collect()
    }

    /// True where a node has not written the last change of a Service yet.
    pub fn is_behind(&self, view: &View, node: &Node, service: &ObjectKey) -> bool {
        let Some(entry) = self.services.get(service) else { return false };
        entry.versions.last().map(|last| last.at) != entry.at_node(view, node).map(|version| version.at)
    }

    /// A Service as the API server has it; the name server and Ingress controllers follow it without rules to write.
    pub fn service(&self, key: &ObjectKey) -> Option<&Service> {
        self.services.get(key)?.versions.last()?.service.as_deref()
    }

    /// The slices of a Service as the API server has them.
    pub fn slices(&self, key: &ObjectKey) -> impl Iterator<Item = &Slice> + '_ {
        let last = self.services.get(key).and_then(|entry| entry.versions.last());
        last.into_iter().flat_map(|version| version.slices.iter().map(|(_, slice)| &**slice))
    }

    /// Every Service as the API server has it.
    pub fn all_services(&self) -> impl Iterator<Item = &Service> + '_ {
        self.services.values().filter_map(|entry| entry.versions.last()?.service.as_deref())
    }

    /// The Services an address belongs to, as the API server has them.
    pub fn services_at(&self, ip: IpAddr) -> impl Iterator<Item = &Service> + '_ {
        let rows = self.addresses.range_from(&(ip, ObjectKey::default())).take_while(move |(a, _)| *a == ip);
        rows.filter_map(|(_, key)| self.service(key)).filter(move |service| service.addresses().any(|a| a == ip))
    }

    /// The endpoint a client was sent to by a node, where it is not longer ago than `secs`.
    pub fn sticks_to(&self, node: &str, service: &str, client: &str, secs: u64, now: SimTime) -> Option<&str> {
        let client = self.clients.get(&(node.into(), service.into(), client.into()))?;
        (now.since(client.at).as_secs() < secs).then_some(client.endpoint.as_str())
    }

    /// How many connections a node has sent to a Service port.
    pub fn turn(&self, node: &str, service: &str) -> u64 {
        self.turns.get(&(node.into(), service.into())).copied().unwrap_or(0)
    }

    /// Keeps what the nodes remember of a request.
    pub fn remember(&mut self, trace: &Trace, now: SimTime) {
        self.flows.enter(&trace.flows, now);
        self.counters.count(&trace.hits);
        for memory in &trace.memories {
            let (node, service) = (EcoString::from(&memory.node), EcoString::from(&memory.service));
            *self.turns.or_default(&(node.clone(), service.clone())) += 1;
            if memory.sticky {
                let client = Client { endpoint: EcoString::from(&memory.endpoint), at: now };
                self.clients.insert((node, service, EcoString::from(&memory.client)), client);
            }
        }
    }

    /// Lets the name server keep what it was asked.
    pub fn keep_names(&mut self, view: &View, asked: &[Question]) {
        dns_cache::keep(view, self, asked);
    }

    /// Says that a node forwards nothing any more, or does again.
    pub fn set_node_down(&mut self, node: &str, down: bool) {
        if down {
            self.down.insert(node.into());
        } else {
            self.down.remove(node);
        }
    }

    /// True while a node forwards nothing.
    pub fn is_down(&self, node: &str) -> bool {
        self.down.contains(node)
    }
}

impl Entry {
    /// The version a node has written; none before it has written any.
    fn at_node(&self, view: &View, node: &Node) -> Option<&Version> {
        self.versions.iter().rev().find(|version| {
            if view.settings.min_sync_period == Span::ZERO {
                return version.at <= view.now;
            }
            let (least, most) = SYNC_MILLIS;
            let at = version.at.0;
            let extra = draw::below(view.settings.seed, "proxy-sync", &node.name, at, (most - least) * 1000);
            at == 0 || version.at + Span::micros(least * 1000 + extra) <= view.now
        })
    }
}

/// The ports of a version, with the endpoints this node may use.
fn ports<'a>(version: Option<&'a Version>, node: &Node) -> Vec<Compiled<'a>> {
    let Some((version, service)) = version.and_then(|v| v.service.as_deref().map(|service| (v, service))) else {
        return Vec::new();
    };
    let slices = || version.slices.iter().map(|(_, slice)| &**slice);
    let proxied = service.ports.iter().filter(|_| service.is_proxied());
    proxied.map(|port| Compiled::new(node, service, port, slices())).collect()
}
