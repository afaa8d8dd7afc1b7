//! A range of addresses to give out: its size, its two bands, and what lies in it. It remembers nothing.

use core::net::IpAddr;

use super::allocator::{lower_band, Refusal};

/// The addresses of a network: all but the first, and in IPv4 the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IpRange {
    base: u128,
    host_bits: u32,
    six: bool,
}

impl IpRange {
    /// The network an address lies in, by the length of its prefix.
    pub fn new(ip: IpAddr, prefix: u8) -> IpRange {
        let (number, bits, six) = match ip {
            IpAddr::V4(four) => (u128::from(u32::from(four)), 32, false),
            IpAddr::V6(six) => (u128::from(six), 128, true),
        };
        let host_bits = bits - u32::from(prefix);
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        IpRange { base: number & mask, host_bits, six }
    }

    /// How many addresses there are to give out.
    ///
    /// Models pkg/registry/core/service/ipallocator hostsPerNetwork.
    pub fn hosts(&self) -> u64 {
        let all = 1_u128.checked_shl(self.host_bits).unwrap_or(u128::MAX);
        let kept = if self.six { 1 } else { 2 };
        u64::try_from(all.saturating_sub(kept)).unwrap_or(u64::MAX)
    }

    /// How many of them, from the first, are kept for whoever chooses one.
    ///
    /// Models pkg/registry/core/service/ipallocator calculateRangeOffset.
    pub fn lower_band(&self) -> u64 {
        lower_band(1_u64.checked_shl(self.host_bits).unwrap_or(u64::MAX), 16, 16, 256)
    }

    /// The `index`th address, counted from 0.
    pub fn address(&self, index: u64) -> IpAddr {
        let number = self.base + 1 + u128::from(index);
        if self.six {
            core::net::Ipv6Addr::from(number).into()
        } else {
            core::net::Ipv4Addr::from(number as u32).into()
        }
    }

    /// Whether an address may be given out.
    ///
    /// Models pkg/registry/core/service/ipallocator Allocator.allocateService as to the bounds.
    pub fn judge(&self, ip: IpAddr) -> Result<(), Refusal> {
        let here = IpRange::new(ip, if self.six { 128 } else { 32 });
        if ip.is_ipv6() != self.six || here.base.checked_shr(self.host_bits) != self.base.checked_shr(self.host_bits) {
            return Err(Refusal::OtherNetwork);
        }
        let index = here.base - self.base;
        let within = index >= 1 && index <= u128::from(self.hosts());
        if within {
            Ok(())
        } else {
            Err(Refusal::OutOfRange)
        }
    }
}
