//! DNS as data: types, records, answers, and names turned around.

use core::net::IpAddr;

use super::dns::{TTL_SECS, ZONE};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueryType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Ports and the names that serve them.
    Srv,
    /// The name of an address.
    Ptr,
    /// Another name.
    Cname,
    /// Text.
    Txt,
    /// The zone's own record.
    Soa,
    /// The zone's name servers.
    Ns,
}

impl QueryType {
    /// Every type, with its name.
    pub const ALL: [(QueryType, &'static str); 8] = [
        (QueryType::A, "A"),
        (QueryType::Aaaa, "AAAA"),
        (QueryType::Srv, "SRV"),
        (QueryType::Ptr, "PTR"),
        (QueryType::Cname, "CNAME"),
        (QueryType::Txt, "TXT"),
        (QueryType::Soa, "SOA"),
        (QueryType::Ns, "NS"),
    ];

    /// Reads `a` or `SRV`.
    pub fn parse(text: &str) -> Option<QueryType> {
        QueryType::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(kind, _)| *kind)
    }

    /// `AAAA`.
    pub fn name(self) -> &'static str {
        QueryType::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// One record.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// The full name it belongs to, with the dot at its end.
    pub name: String,
    /// What it says.
    pub data: Data,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
}

/// What a record says. Names are full, with the dot at their end.
#[derive(Clone, PartialEq, Debug)]
pub enum Data {
    /// A or AAAA.
    Address(IpAddr),
    /// SRV.
    Srv {
        /// Shares of those with this target.
        weight: u32,
        /// The port.
        port: u16,
        /// The name that serves it.
        target: String,
    },
    /// PTR.
    Ptr(String),
    /// CNAME.
    Cname(String),
    /// TXT.
    Txt(String),
    /// SOA.
    Soa(String),
    /// NS.
    Ns(String),
}

impl Data {
    /// `A`, `SRV`.
    pub fn kind(&self) -> &'static str {
        match self {
            Data::Address(ip) if ip.is_ipv6() => "AAAA",
            Data::Address(_) => "A",
            Data::Srv { .. } => "SRV",
            Data::Ptr(_) => "PTR",
            Data::Cname(_) => "CNAME",
            Data::Txt(_) => "TXT",
            Data::Soa(_) => "SOA",
            Data::Ns(_) => "NS",
        }
    }
}

impl std::fmt::Display for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Data::Address(ip) => write!(f, "{ip}"),
            Data::Srv { weight, port, target } => write!(f, "0 {weight} {port} {target}"),
            Data::Txt(text) => write!(f, "\"{text}\""),
            Data::Ptr(text) | Data::Cname(text) | Data::Soa(text) | Data::Ns(text) => f.write_str(text),
        }
    }
}

impl std::fmt::Display for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} IN {} {}", self.name, self.ttl, self.data.kind(), self.data)
    }
}

/// What the name server says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Answer {
    /// False for NXDOMAIN. A name that exists without a record of the type is there, with no records.
    pub exists: bool,
    /// True where the cluster's own zone answered.
    pub authoritative: bool,
    /// The records.
    pub records: Vec<Record>,
    /// Addresses of the names among them.
    pub additional: Vec<Record>,
}

impl Answer {
    /// The addresses among the records.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.records.iter().filter_map(|record| match record.data {
            Data::Address(ip) => Some(ip),
            _ => None,
        })
    }

    pub(super) fn of(records: Vec<Record>) -> Answer {
        Answer { exists: true, authoritative: true, records, additional: Vec::new() }
    }

    pub(super) fn nothing() -> Answer {
        Answer { exists: false, authoritative: true, ..Answer::default() }
    }
}

/// The address in `1.0.96.10.in-addr.arpa` or its IPv6 form.
pub(super) fn reverse(name: &str) -> Option<IpAddr> {
    if let Some(four) = name.strip_suffix(".in-addr.arpa") {
        let parts: Vec<&str> = four.rsplit('.').collect();
        return parts.join(".").parse().ok();
    }
    let nibbles: Vec<char> = name.strip_suffix(".ip6.arpa")?.split('.').filter_map(|n| n.chars().next()).collect();
    let text: String = nibbles.iter().rev().collect();
    let number = (nibbles.len() == 32).then(|| u128::from_str_radix(&text, 16).ok())??;
    Some(IpAddr::from(core::net::Ipv6Addr::from(number)))
}

/// The name under which the name of an address is asked for.
pub fn reverse_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(four) => {
            let [a, b, c, d] = four.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(six) => {
            let text = format!("{:032x}", u128::from(six));
            let nibbles: Vec<String> = text.chars().rev().map(String::from).collect();
            format!("{}.ip6.arpa.", nibbles.join("."))
        }
    }
}

/// What is before the cluster's zone; none for names elsewhere.
pub(super) fn strip_zone(name: &str) -> Option<&str> {
    if name == ZONE {
        return Some("");
    }
    name.strip_suffix(ZONE)?.strip_suffix('.')
}

pub(super) fn record(name: &str, data: Data) -> Record {
    Record { name: format!("{}.", name.trim_end_matches('.')), data, ttl: TTL_SECS }
}

/// Those of a type.
pub(super) fn matching(query: QueryType, records: &[Record]) -> Vec<Record> {
    records.iter().filter(|record| record.data.kind() == query.name()).cloned().collect()
}
