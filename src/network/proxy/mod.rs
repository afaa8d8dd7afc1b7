//! kube-proxy: what it makes of Services and EndpointSlices on a node, what these rules do with a packet, and how they read.
//!
//! It balances connections, not requests, and looks at the first packet of each only.

use core::net::IpAddr;

use ecow::EcoString;

use crate::network::address::Cidr;

pub mod compile;
pub mod iptables;
pub mod ipvs;
pub mod names;
pub mod nft;
pub mod rules;
pub mod service;
pub mod walk;

pub use iptables::iptables_save;

/// What kube-proxy does its work with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Chains of rules, chosen from at random.
    #[default]
    Iptables,
    /// The kernel's load balancer, in turn.
    Ipvs,
    /// Maps of nftables, chosen from at random.
    Nftables,
}

impl Mode {
    /// `iptables`.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Iptables => "iptables",
            Mode::Ipvs => "ipvs",
            Mode::Nftables => "nftables",
        }
    }

    /// Reads `iptables`.
    pub fn parse(text: &str) -> Option<Mode> {
        [Mode::Iptables, Mode::Ipvs, Mode::Nftables].into_iter().find(|mode| mode.name() == text)
    }
}

/// What kube-proxy knows of the node it runs on, and how it was started.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Node {
    /// Its name.
    pub name: EcoString,
    /// Its zone; empty without one.
    pub zone: EcoString,
    /// Its addresses, the main one first.
    pub addresses: Vec<IpAddr>,
    /// The network of all pods, where kube-proxy was told (`--cluster-cidr`).
    pub pod_network: Option<Cidr>,
    /// True for `--masquerade-all`.
    pub masquerade_all: bool,
    /// True for `--iptables-localhost-nodeports`, which is the default.
    pub localhost_node_ports: bool,
    /// `--nodeport-addresses`; none for all addresses of the node.
    pub node_port_addresses: Option<Vec<IpAddr>>,
}

impl Node {
    /// Its main address.
    pub fn address(&self) -> Option<IpAddr> {
        self.addresses.first().copied()
    }

    /// True for an address of the node itself.
    pub fn is_local(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.addresses.contains(&ip)
    }

    /// True where a node port is open at this address.
    pub fn opens_ports_at(&self, ip: IpAddr) -> bool {
        let loopback_closed = ip.is_loopback() && (ip.is_ipv6() || !self.localhost_node_ports);
        match &self.node_port_addresses {
            _ if loopback_closed => false,
            Some(chosen) => chosen.contains(&ip),
            None => self.is_local(ip),
        }
    }
}
