//! The rules kube-proxy makes of a Service port in iptables mode, one function a rule, as `iptables-save` prints them.

use core::net::IpAddr;

use super::compile::{Compiled, Target};
use super::Node;
use crate::network::address::Cidr;

/// The mark on packets whose source is to be rewritten.
pub const MASQUERADE_MARK: &str = "0x4000/0x4000";

/// The chain that sets the mark.
pub const MARK_CHAIN: &str = "KUBE-MARK-MASQ";

/// One rule: its table, its chain and what follows `-A CHAIN`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// `nat` or `filter`.
    pub table: &'static str,
    /// The chain it stands in.
    pub chain: String,
    /// Matches and target.
    pub spec: String,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "-A {} {}", self.chain, self.spec)
    }
}

/// The kind of address by which traffic comes to a Service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Front {
    /// The ClusterIP.
    Cluster(IpAddr),
    /// One of `spec.externalIPs`.
    External(IpAddr),
    /// An address of the load balancer.
    Balancer(IpAddr),
    /// A port on a node.
    NodePort,
}

impl Rule {
    fn nat(chain: impl Into<String>, spec: String) -> Rule {
        Rule { table: "nat", chain: chain.into(), spec }
    }

    fn filter(chain: impl Into<String>, spec: String) -> Rule {
        Rule { table: "filter", chain: chain.into(), spec }
    }
}

/// The rule of KUBE-SERVICES or KUBE-NODEPORTS that catches traffic to a front of the Service.
pub fn capture(c: &Compiled, front: Front) -> Rule {
    let (name, protocol) = (&c.port.full_name, c.protocol().lower());
    let (what, address) = match front {
        Front::Cluster(ip) => ("cluster IP", ip),
        Front::External(ip) => ("external IP", ip),
        Front::Balancer(ip) => ("loadbalancer IP", ip),
        Front::NodePort => {
            let (port, chain) = (c.port.node_port.unwrap_or(0), c.external_chain());
            let spec = format!("-p {protocol} -m comment --comment \"{name}\" -m {protocol} --dport {port} -j {chain}");
            return Rule::nat("KUBE-NODEPORTS", spec);
        }
    };
    let chain = front_chain(c, front);
    let to = to_address(c, address, &format!("{name} {what}"));
    Rule::nat("KUBE-SERVICES", format!("{to} -j {chain}"))
}

/// The chain that traffic to a front is sent to.
pub fn front_chain(c: &Compiled, front: Front) -> String {
    match front {
        Front::Cluster(_) if c.service.internal_local => c.local_chain(),
        Front::Cluster(_) => c.cluster_chain(),
        Front::Balancer(_) if c.uses_firewall() => c.firewall_chain(),
        _ => c.external_chain(),
    }
}

/// Traffic to a node port through the loopback address is counted before it is caught.
pub fn capture_localhost(c: &Compiled) -> Rule {
    let (name, protocol) = (&c.port.full_name, c.protocol().lower());
    let (port, chain) = (c.port.node_port.unwrap_or(0), c.external_chain());
    let counter = "-m nfacct --nfacct-name  localhost_nps_accepted_pkts";
    let comment = format!("-m comment --comment \"{name}\"");
    Rule::nat(
        "KUBE-NODEPORTS",
        format!("-d 127.0.0.0/8 -p {protocol} {comment} -m {protocol} --dport {port} {counter} -j {chain}"),
    )
}

/// The rule that turns traffic to a front away: REJECT without any endpoint, DROP without one on this node.
pub fn turn_away(c: &Compiled, front: Front) -> Rule {
    let (name, protocol) = (&c.port.full_name, c.protocol().lower());
    let (why, target) = if c.has_endpoints {
        ("has no local endpoints", "DROP")
    } else {
        ("has no endpoints", "REJECT --reject-with icmp-port-unreachable")
    };
    let comment = format!("{name} {why}");
    match front {
        Front::Cluster(ip) => Rule::filter("KUBE-SERVICES", format!("{} -j {target}", to_address(c, ip, &comment))),
        Front::External(ip) | Front::Balancer(ip) => {
            Rule::filter("KUBE-EXTERNAL-SERVICES", format!("{} -j {target}", to_address(c, ip, &comment)))
        }
        Front::NodePort => {
            let port = c.port.node_port.unwrap_or(0);
            let local = "-m addrtype --dst-type LOCAL";
            let comment = format!("-m comment --comment \"{comment}\"");
            Rule::filter(
                "KUBE-EXTERNAL-SERVICES",
                format!("-p {protocol} {comment} {local} -m {protocol} --dport {port} -j {target}"),
            )
        }
    }
}

/// The rule that drops what the load balancer's source ranges did not let through.
pub fn firewall_drop(c: &Compiled, address: IpAddr) -> Rule {
    let comment = format!("{} traffic not accepted by {}", c.port.full_name, c.firewall_chain());
    Rule::filter("KUBE-PROXY-FIREWALL", format!("{} -j DROP", to_address(c, address, &comment)))
}

/// The rule that lets a source range, or this node, through to the load balancer.
pub fn firewall_accept(c: &Compiled, source: Cidr) -> Rule {
    let comment = format!("-m comment --comment \"{} loadbalancer IP\"", c.port.full_name);
    Rule::nat(c.firewall_chain(), format!("-s {source} {comment} -j {}", c.external_chain()))
}

/// The last rule of a firewall chain, which only says what comes next.
pub fn firewall_rest(c: &Compiled) -> Rule {
    let comment = format!("other traffic to {} will be dropped by KUBE-PROXY-FIREWALL", c.port.full_name);
    Rule::nat(c.firewall_chain(), format!("-m comment --comment \"{comment}\""))
}

/// The rule that opens a load balancer's health check port.
pub fn health_check(c: &Compiled, port: u16) -> Rule {
    let comment = format!("{} health check node port", c.port.full_name);
    let spec = format!("-p tcp -m comment --comment \"{comment}\" -m tcp --dport {port} -j ACCEPT");
    Rule::filter("KUBE-NODEPORTS", spec)
}

/// The rule that marks ClusterIP traffic from elsewhere than a pod.
pub fn masquerade_cluster(node: &Node, c: &Compiled, address: IpAddr) -> Option<Rule> {
    let source = match node.pod_network {
        _ if node.masquerade_all => String::new(),
        Some(network) => format!("! -s {network} "),
        None => return None,
    };
    let to = to_address(c, address, &format!("{} cluster IP", c.port.full_name));
    Some(Rule::nat(front_chain(c, Front::Cluster(address)), format!("{source}{to} -j {MARK_CHAIN}")))
}

/// The rules of the external chain, in order.
pub fn external(node: &Node, c: &Compiled) -> Vec<Rule> {
    let chain = c.external_chain();
    let comment = |text: &str| format!("-m comment --comment \"{text} {} external destinations\"", c.port.full_name);
    let mut specs = Vec::new();
    if c.service.external_local {
        if let Some(pods) = node.pod_network {
            specs.push(format!("-s {pods} {} -j {}", comment("pod traffic for"), c.cluster_chain()));
        }
        let local = "-m addrtype --src-type LOCAL";
        specs.push(format!("{} {local} -j {MARK_CHAIN}", comment("masquerade LOCAL traffic for")));
        specs.push(format!("{} {local} -j {}", comment("route LOCAL traffic for"), c.cluster_chain()));
    } else {
        specs.push(format!("{} -j {MARK_CHAIN}", comment("masquerade traffic for")));
    }
    if c.has_external() {
        let next = if c.service.external_local { c.local_chain() } else { c.cluster_chain() };
        specs.push(format!("-j {next}"));
    }
    specs.into_iter().map(|spec| Rule::nat(chain.clone(), spec)).collect()
}

/// The rule that sends a client back to the endpoint it was sent to before.
pub fn stick(c: &Compiled, chain: &str, target: &Target, seconds: u64) -> Rule {
    let next = c.endpoint_chain(target);
    let comment = format!("-m comment --comment \"{} -> {}\"", c.port.full_name, target.text());
    let recent = format!(
        "-m recent --rcheck --seconds {seconds} --reap --name {next} --mask {} --rsource",
        full_mask(target.endpoint.address)
    );
    Rule::nat(chain, format!("{comment} {recent} -j {next}"))
}

/// The `index`th of the rules that choose among endpoints: each with the probability that makes all of them equally likely.
pub fn choose(c: &Compiled, chain: &str, targets: &[Target], index: usize) -> Rule {
    let target = &targets[index];
    let comment = format!("-m comment --comment \"{} -> {}\"", c.port.full_name, target.text());
    let left = targets.len() - index;
    let statistic = match left {
        1 => String::new(),
        _ => format!(" -m statistic --mode random --probability {}", saved_probability(left)),
    };
    Rule::nat(chain, format!("{comment}{statistic} -j {}", c.endpoint_chain(target)))
}

/// The rule that marks what an endpoint sends to itself.
pub fn hairpin(c: &Compiled, target: &Target) -> Rule {
    let source = Cidr::single(target.endpoint.address);
    let comment = format!("-m comment --comment \"{}\"", c.port.full_name);
    Rule::nat(c.endpoint_chain(target), format!("-s {source} {comment} -j {MARK_CHAIN}"))
}

/// The rule that rewrites the destination.
pub fn translate(c: &Compiled, target: &Target) -> Rule {
    let (protocol, chain) = (c.protocol().lower(), c.endpoint_chain(target));
    let recent = match c.service.affinity_secs {
        Some(_) => {
            format!(" -m recent --set --name {chain} --mask {} --rsource", full_mask(target.endpoint.address))
        }
        None => String::new(),
    };
    let comment = format!("-m comment --comment \"{}\"", c.port.full_name);
    let to = target.text();
    Rule::nat(chain, format!("-p {protocol} {comment}{recent} -m {protocol} -j DNAT --to-destination {to}"))
}

/// `-d 10.96.0.1/32 -p tcp -m comment --comment "..." -m tcp --dport 443`.
fn to_address(c: &Compiled, address: IpAddr, comment: &str) -> String {
    let (destination, protocol, port) = (Cidr::single(address), c.protocol().lower(), c.port.port);
    format!("-d {destination} -p {protocol} -m comment --comment \"{comment}\" -m {protocol} --dport {port}")
}

fn full_mask(address: IpAddr) -> &'static str {
    if address.is_ipv6() {
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    } else {
        "255.255.255.255"
    }
}

/// A probability of 1/n as iptables prints it back: kube-proxy writes ten decimals, the kernel keeps 31 bits of it.
///
/// Models pkg/proxy/iptables/proxier.go computeProbability and iptables' libxt_statistic.
pub fn saved_probability(n: usize) -> String {
    let ten_billion = 10_000_000_000_u128;
    let written = (ten_billion + n as u128 / 2) / n as u128;
    let kept = (written * (1 << 31) + ten_billion / 2) / ten_billion;
    let hundred_billion = ten_billion * 10;
    let printed = (kept * hundred_billion + (1 << 30)) >> 31;
    format!("{}.{:011}", printed / hundred_billion, printed % hundred_billion)
}

#[cfg(test)]
mod tests {
    use super::saved_probability;

    #[test]
    fn probabilities_are_those_iptables_prints_back() {
        let printed: Vec<String> = (2..=5).map(saved_probability).collect();
        assert_eq!(printed, ["0.50000000000", "0.33333333349", "0.25000000000", "0.20000000019"]);
    }
}
