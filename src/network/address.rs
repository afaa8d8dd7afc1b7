//! Networks and what lies in them. It knows no Kubernetes object.

use core::net::IpAddr;

/// A network: an address and how many of its leading bits count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Reads `10.244.0.0/16`; blanks around it are allowed, as kube-proxy allows them in source ranges.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, bits) = text.trim().split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        (bits <= width(address)).then_some(Cidr { address, bits })
    }

    /// The network that holds this address alone.
    pub fn single(address: IpAddr) -> Cidr {
        Cidr { address, bits: width(address) }
    }

    /// A network of the model's settings.
    pub fn of(network: ([u8; 4], u8)) -> Cidr {
        Cidr { address: IpAddr::from(network.0), bits: network.1 }
    }

    /// True where the address lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        if width(self.address) != width(address) {
            return false;
        }
        let drop = u32::from(width(address) - self.bits);
        drop == u32::from(width(address)) || number(self.address) >> drop == number(address) >> drop
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// How many bits an address of this family has.
fn width(address: IpAddr) -> u8 {
    if address.is_ipv6() {
        128
    } else {
        32
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => u128::from(u32::from(four)),
        IpAddr::V6(six) => u128::from(six),
    }
}

/// An address and a port as Go's net.JoinHostPort writes them.
pub fn host_port(address: IpAddr, port: u16) -> String {
    if address.is_ipv6() {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_shares_its_leading_bits() {
        let pods = Cidr::parse(" 10.244.0.0/16").unwrap();
        assert!(pods.contains("10.244.3.4".parse().unwrap()));
        assert!(!pods.contains("10.245.3.4".parse().unwrap()));
        assert!(!pods.contains("fd00::1".parse().unwrap()));
        assert!(Cidr::parse("0.0.0.0/0").unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!(Cidr::parse("::/0").unwrap().contains("fd00::1".parse().unwrap()));
        assert_eq!(Cidr::parse("10.0.0.0/33"), None);
        assert_eq!(Cidr::single("::1".parse().unwrap()).to_string(), "::1/128");
    }
}
