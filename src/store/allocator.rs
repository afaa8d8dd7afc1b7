//! Which ClusterIP and which nodePort a Service gets: two bands each, the upper one for what is drawn.

use core::net::IpAddr;

use super::ip_range::IpRange;
use crate::api::ObjectKey;
use crate::base::draw;
use crate::base::map::Map;

/// The addresses and ports in use, each with the Service that holds it.
#[derive(Clone, Default)]
pub struct Allocations {
    cluster_ips: Map<IpAddr, ObjectKey>,
    node_ports: Map<u16, ObjectKey>,
}

/// Why an address or a port cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Somebody has it.
    Taken,
    /// It belongs to another network.
    OtherNetwork,
    /// It lies outside of the range.
    OutOfRange,
    /// Nothing is left.
    Full,
}

impl Allocations {
    /// Takes a given address for a Service; one it holds already is its own.
    pub fn take_ip(&mut self, range: &IpRange, ip: IpAddr, owner: &ObjectKey) -> Result<(), Refusal> {
        range.judge(ip)?;
        match self.cluster_ips.get(&ip) {
            Some(holder) if holder != owner => Err(Refusal::Taken),
            _ => {
                self.cluster_ips.insert(ip, owner.clone());
                Ok(())
            }
        }
    }

    /// Draws a free address from the upper band, then from the lower.
    ///
    /// Models pkg/registry/core/service/ipallocator Allocator.AllocateNext: a random start in the upper band, then linear.
    pub fn draw_ip(&mut self, range: &IpRange, seed: u64, owner: &ObjectKey) -> Result<IpAddr, Refusal> {
        let lower = range.lower_band();
        let upper = range.hosts().saturating_sub(lower);
        let start = draw::below(seed, "cluster-ip", &owner.to_string(), 0, upper.max(1));
        let indexes = (0..upper).map(|i| lower + (start + i) % upper).chain(0..lower.min(range.hosts()));
        let free = indexes.map(|index| range.address(index)).find(|ip| !self.cluster_ips.contains_key(ip));
        let ip = free.ok_or(Refusal::Full)?;
        self.cluster_ips.insert(ip, owner.clone());
        Ok(ip)
    }

    /// Gives an address back.
    pub fn release_ip(&mut self, ip: &str) {
        if let Ok(ip) = ip.parse() {
            self.cluster_ips.remove(&ip);
        }
    }

    /// Takes a given nodePort for a Service, which nobody may have, be it for another protocol.
    ///
    /// Models pkg/registry/core/service/portallocator PortAllocator.Allocate.
    pub fn take_port(&mut self, range: (u16, u16), port: i64, owner: &ObjectKey) -> Result<u16, Refusal> {
        let within = u16::try_from(port).ok().filter(|port| (range.0..=range.1).contains(port));
        let port = within.ok_or(Refusal::OutOfRange)?;
        if self.node_ports.contains_key(&port) {
            return Err(Refusal::Taken);
        }
        self.node_ports.insert(port, owner.clone());
        Ok(port)
    }

    /// Draws a free nodePort from the upper band, then from the lower; `n` tells several draws of one Service apart.
    ///
    /// Models pkg/registry/core/service/portallocator PortAllocator.AllocateNext.
    pub fn draw_port(&mut self, range: (u16, u16), seed: u64, owner: &ObjectKey, n: u64) -> Result<u16, Refusal> {
        let (first, last) = range;
        let size = u64::from(last - first) + 1;
        let lower = lower_band(size, 32, 16, 128);
        let start = draw::below(seed, "node-port", &owner.to_string(), n, size - lower);
        let upper = (0..size - lower).map(|i| lower + (start + i) % (size - lower));
        let mut ports = upper.chain(0..lower).map(|offset| first + offset as u16);
        let port = ports.find(|port| !self.node_ports.contains_key(port)).ok_or(Refusal::Full)?;
        self.node_ports.insert(port, owner.clone());
        Ok(port)
    }

    /// Gives a nodePort back.
    pub fn release_port(&mut self, port: i64) {
        self.node_ports.remove(&(port as u16));
    }
}

/// Length of the band that is kept for addresses chosen by hand.
///
/// Models pkg/registry/core/service/ipallocator calculateRangeOffset and portallocator calculatePortReservedBand.
pub fn lower_band(size: u64, divisor: u64, least: u64, most: u64) -> u64 {
    if size <= least {
        return 0;
    }
    (size / divisor).clamp(least, most)
}
