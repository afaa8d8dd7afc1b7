//! Which ClusterIP and which nodePort a Service gets: two bands each, the upper one for what is drawn.

use ecow::EcoString;

use super::settings::{ip_number, ip_text};
use super::Settings;
use crate::api::ObjectKey;
use crate::base::draw;
use crate::base::map::Map;

/// The addresses and ports in use, each with the Service that holds it.
#[derive(Clone, Default)]
pub struct Allocations {
    cluster_ips: Map<u32, ObjectKey>,
    node_ports: Map<(EcoString, u16), ObjectKey>,
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
    /// Takes a given ClusterIP for a Service; one it holds already is its own.
    pub fn take_ip(&mut self, settings: &Settings, ip: &str, owner: &ObjectKey) -> Result<(), Refusal> {
        let number = ip_number(ip).ok_or(Refusal::OutOfRange)?;
        let (base, size) = service_range(settings);
        if number < base || number - base >= size {
            return Err(Refusal::OtherNetwork);
        }
        if number == base || number == base + size - 1 {
            return Err(Refusal::OutOfRange);
        }
        match self.cluster_ips.get(&number) {
            Some(holder) if holder != owner => Err(Refusal::Taken),
            _ => {
                self.cluster_ips.insert(number, owner.clone());
                Ok(())
            }
        }
    }

    /// Draws a free ClusterIP from the upper band, then from the lower.
    ///
    /// Models pkg/registry/core/service/ipallocator Allocator.AllocateNext: a random start in the upper band, then linear.
    pub fn draw_ip(&mut self, settings: &Settings, owner: &ObjectKey) -> Result<String, Refusal> {
        let (base, size) = service_range(settings);
        let first = base + 1;
        let usable = size - 2;
        let lower = lower_band(u64::from(size), 16, 16, 256) as u32;
        let start = draw::below(settings.seed, "cluster-ip", &owner.to_string(), 0, u64::from(usable - lower)) as u32;
        let upper = (0..usable - lower).map(|i| first + lower + (start + i) % (usable - lower));
        let free = upper.chain(first..first + lower).find(|ip| !self.cluster_ips.contains_key(ip));
        let ip = free.ok_or(Refusal::Full)?;
        self.cluster_ips.insert(ip, owner.clone());
        Ok(ip_text(ip))
    }

    /// Gives a ClusterIP back.
    pub fn release_ip(&mut self, ip: &str) {
        if let Some(number) = ip_number(ip) {
            self.cluster_ips.remove(&number);
        }
    }

    /// Takes a given nodePort for a Service; one it holds already is its own.
    pub fn take_port(
        &mut self,
        settings: &Settings,
        protocol: &str,
        port: u16,
        owner: &ObjectKey,
    ) -> Result<(), Refusal> {
        if port < settings.node_ports.0 || port > settings.node_ports.1 {
            return Err(Refusal::OutOfRange);
        }
        let slot = (EcoString::from(protocol), port);
        match self.node_ports.get(&slot) {
            Some(holder) if holder != owner => Err(Refusal::Taken),
            _ => {
                self.node_ports.insert(slot, owner.clone());
                Ok(())
            }
        }
    }

    /// Draws a free nodePort from the upper band, then from the lower; `n` tells several draws of one Service apart.
    ///
    /// Models pkg/registry/core/service/portallocator PortAllocator.AllocateNext.
    pub fn draw_port(
        &mut self,
        settings: &Settings,
        protocol: &str,
        owner: &ObjectKey,
        n: u64,
    ) -> Result<u16, Refusal> {
        let (first, last) = settings.node_ports;
        let size = u64::from(last - first) + 1;
        let lower = lower_band(size, 32, 16, 128);
        let start = draw::below(settings.seed, "node-port", &owner.to_string(), n, size - lower);
        let upper = (0..size - lower).map(|i| lower + (start + i) % (size - lower));
        let ports = upper.chain(0..lower).map(|offset| first + offset as u16);
        let free = |port: &u16| {
            ["TCP", "UDP", "SCTP"].iter().all(|p| !self.node_ports.contains_key(&(EcoString::from(*p), *port)))
        };
        let port = ports.into_iter().find(free).ok_or(Refusal::Full)?;
        self.node_ports.insert((EcoString::from(protocol), port), owner.clone());
        Ok(port)
    }

    /// Gives a nodePort back.
    pub fn release_port(&mut self, protocol: &str, port: u16) {
        self.node_ports.remove(&(EcoString::from(protocol), port));
    }
}

/// First address and size of the Service network.
fn service_range(settings: &Settings) -> (u32, u32) {
    let (ip, bits) = settings.service_cidr;
    (u32::from_be_bytes(ip), 1_u32 << (32 - bits))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_those_of_upstreams_own_table() {
        for (size, band) in [(1, 0), (4, 0), (16, 0), (1_024, 64), (1 << 20, 256)] {
            assert_eq!(lower_band(size, 16, 16, 256), band, "addresses: {size}");
        }
        for (size, band) in [(128, 16), (2_768, 86), (8_192, 128)] {
            assert_eq!(lower_band(size, 32, 16, 128), band, "ports: {size}");
        }
    }

    #[test]
    fn a_small_network_gives_out_each_address_once_and_the_upper_band_first() {
        let settings = Settings { service_cidr: ([192, 168, 1, 0], 24), ..Settings::default() };
        let mut allocations = Allocations::default();
        let owner = |n: usize| ObjectKey::new("default", format!("s{n}"));
        for ip in ["192.168.0.1", "192.168.2.2"] {
            assert_eq!(allocations.take_ip(&settings, ip, &owner(0)), Err(Refusal::OtherNetwork));
        }
        for ip in ["192.168.1.0", "192.168.1.255"] {
            assert_eq!(allocations.take_ip(&settings, ip, &owner(0)), Err(Refusal::OutOfRange));
        }
        let drawn: Vec<String> = (0..254).map(|n| allocations.draw_ip(&settings, &owner(n)).unwrap()).collect();
        let lower = |ip: &String| ip_number(ip).unwrap() & 0xff <= 16;
        assert!(!drawn[..238].iter().any(lower) && drawn[238..].iter().all(lower));
        assert_eq!(allocations.draw_ip(&settings, &owner(254)), Err(Refusal::Full));
        allocations.release_ip("192.168.1.5");
        assert_eq!(allocations.draw_ip(&settings, &owner(254)).unwrap(), "192.168.1.5");
    }
}
