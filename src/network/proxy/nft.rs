//! kube-proxy in nftables mode: its table as `nft list ruleset` prints it, and the lines that decide for one packet.

use core::net::IpAddr;

use sha2::{Digest, Sha256};

use super::compile::{Compiled, Target};
use super::names::base32_start;
use super::rules::Front;
use super::{Mode, Node};
use crate::base::order::Order;
use crate::network::address::Cidr;
use crate::network::State;
use crate::store::View;

const MARK: &str = "meta mark set meta mark | 0x00004000";

/// The rules of a node as `nft list ruleset` prints them; none in the other modes.
pub fn ruleset(view: &View, state: &State, node: &str) -> Option<String> {
    let node = state.proxy(view, node)?;
    if state.mode != Mode::Nftables {
        return Some(String::new());
    }
    let services = state.compiled(view, &node);
    let mut text = "table ip kube-proxy {\n\tcomment \"rules for kube-proxy\"\n".to_owned();
    text.push_str(&sets(&node, &services));
    text.push_str(&maps(&services));
    text.push_str(&frame(&node, &Cidr::of(view.settings.service_cidr)));
    services.iter().for_each(|service| text.push_str(&chains(&node, service)));
    let end = text.trim_end_matches('\n').len();
    text.truncate(end);
    text.push_str("\n}\n");
    Some(text)
}

/// `service-2QRHZV4L-default/kubernetes/tcp/https`: a kind of chain, a short hash, and what it is for.
///
/// Models pkg/proxy/nftables/proxier.go servicePortChainNameBase and hashAndTruncate.
pub fn chain(kind: &str, c: &Compiled) -> String {
    format!("{kind}-{}", hashed(&base(c)))
}

/// The chain of one endpoint, which a Service with affinity has.
fn endpoint_chain(kind: &str, c: &Compiled, target: &Target) -> String {
    format!("{kind}-{}", hashed(&format!("{}__{}/{}", base(c), target.endpoint.address, target.port)))
}

fn base(c: &Compiled) -> String {
    let key = &c.service.key;
    format!("{}/{}/{}/{}", key.namespace, key.name, c.protocol().lower(), c.port.name)
}

fn hashed(name: &str) -> String {
    format!("{}-{name}", base32_start(&Sha256::digest(name.as_bytes()), 8))
}

/// A set or a map with its elements.
fn collection(head: &str, kind: &str, comment: &str, per_line: usize, elements: &[String]) -> String {
    let mut text = format!("\t{head} {{\n\t\ttype {kind}\n\t\tcomment \"{comment}\"\n");
    if !elements.is_empty() {
        let lines: Vec<String> = elements.chunks(per_line).map(|line| line.join(", ")).collect();
        text.push_str(&format!("\t\telements = {{ {} }}\n", lines.join(",\n\t\t\t     ")));
    }
    text.push_str("\t}\n\n");
    text
}

fn sets(node: &Node, services: &[Compiled]) -> String {
    let mut hairpins = Vec::new();
    for c in services {
        for target in c.reachable().iter().filter(|target| target.endpoint.node == node.name) {
            let (ip, protocol) = (target.endpoint.address, c.protocol().lower());
            hairpins.push(format!("{ip} . {ip} . {protocol} . {}", target.port));
        }
    }
    hairpins.order();
    hairpins.dedup();
    let mut ips: Vec<IpAddr> = services.iter().flat_map(|c| c.service.cluster_ips.iter().copied()).collect();
    ips.order();
    ips.dedup();
    let text = |ips: &[IpAddr]| ips.iter().map(ToString::to_string).collect::<Vec<_>>();
    let node_ips = text(node.node_port_addresses.as_deref().unwrap_or(&node.addresses));
    let pair = "ipv4_addr . ipv4_addr . inet_proto . inet_service";
    collection("set hairpin-connections", pair, "service hairpin connections", 1, &hairpins)
        + &collection("set cluster-ips", "ipv4_addr", "Active ClusterIPs", 2, &text(&ips))
        + &collection("set nodeport-ips", "ipv4_addr", "IPs that accept NodePort traffic", 2, &node_ips)
}

fn maps(services: &[Compiled]) -> String {
    let (mut absent, mut absent_ports) = (Vec::new(), Vec::new());
    let (mut firewall, mut ips, mut ports) = (Vec::new(), Vec::new(), Vec::new());
    for c in services {
        let comment = format!(" comment \"{}\"", c.port.full_name);
        let gone = if c.has_endpoints { "drop" } else { "goto reject-chain" };
        for ip in &c.service.cluster_ips {
            match c.has_internal() {
                true => ips.push(format!("{} : goto {}", key(c, *ip), internal_chain(c))),
                false => absent.push(format!("{}{comment} : {gone}", key(c, *ip))),
            }
        }
        for ip in c.service.external_ips.iter().chain(&c.service.balancer_ips) {
            if c.has_endpoints {
                ips.push(format!("{} : goto {}", key(c, *ip), chain("external", c)));
            }
            if !c.has_external() {
                absent.push(format!("{}{comment} : {gone}", key(c, *ip)));
            }
        }
        if c.uses_firewall() {
            let balancer = c.service.balancer_ips.iter();
            firewall.extend(balancer.map(|ip| format!("{}{comment} : goto {}", key(c, *ip), chain("firewall", c))));
        }
        if let Some(port) = c.port.node_port {
            let key = format!("{} . {port}", c.protocol().lower());
            if c.has_endpoints {
                ports.push(format!("{key} : goto {}", chain("external", c)));
            }
            if !c.has_external() {
                absent_ports.push(format!("{key}{comment} : {gone}"));
            }
        }
    }
    let by_ip = "ipv4_addr . inet_proto . inet_service : verdict";
    let by_port = "inet_proto . inet_service : verdict";
    let no_services = "vmap to drop or reject packets to services with no endpoints";
    let no_ports = "vmap to drop or reject packets to service nodeports with no endpoints";
    collection("map no-endpoint-services", by_ip, no_services, 1, &absent)
        + &collection("map no-endpoint-nodeports", by_port, no_ports, 1, &absent_ports)
        + &collection(
            "map firewall-ips",
            by_ip,
            "destinations that are subject to LoadBalancerSourceRanges",
            1,
            &firewall,
        )
        + &collection("map service-ips", by_ip, "ClusterIP, ExternalIP and LoadBalancer IP traffic", 1, &ips)
        + &collection("map service-nodeports", by_port, "NodePort traffic", 1, &ports)
}

/// `10.96.0.1 . tcp . 443`.
fn key(c: &Compiled, ip: IpAddr) -> String {
    format!("{ip} . {} . {}", c.protocol().lower(), c.port.port)
}

fn internal_chain(c: &Compiled) -> String {
    chain(if c.service.internal_local { "local" } else { "service" }, c)
}

fn block(name: &str, lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("\t\t{line}\n")).collect();
    format!("\tchain {name} {{\n{lines}\t}}\n\n")
}

/// The chains that are there without any Service.
///
/// Models pkg/proxy/nftables/proxier.go setupNFTables.
fn frame(node: &Node, service_network: &Cidr) -> String {
    let hook =
        |kind: &str, hook: &str, priority: &str| format!("type {kind} hook {hook} priority {priority}; policy accept;");
    let new = |chain: &str| format!("ct state new jump {chain}");
    let by_ip = |map: &str| vec![format!("ip daddr . meta l4proto . th dport vmap @{map}")];
    let outside = match node.pod_network {
        Some(pods) => format!("ip saddr != {pods} "),
        None => String::new(),
    };
    let comment = "comment \"masquerade clusterIP traffic from outside cluster\"";
    let before = "dstnat - 10";
    let (services, clusters) = (new("service-endpoints-check"), new("cluster-ips-check"));
    let port_map = |map: &str| format!("ip daddr @nodeport-ips meta l4proto . th dport vmap @{map}");
    let chains: Vec<(&str, Vec<String>)> = vec![
        ("filter-prerouting-pre-dnat", vec![hook("filter", "prerouting", before), new("firewall-check")]),
        ("filter-output-pre-dnat", vec![hook("filter", "output", before), new("firewall-check")]),
        ("filter-input", vec![hook("filter", "input", "filter"), new("nodeport-endpoints-check"), services.clone()]),
        ("filter-forward", vec![hook("filter", "forward", "filter"), services.clone(), clusters.clone()]),
        ("filter-output", vec![hook("filter", "output", "filter"), services, clusters]),
        ("nat-prerouting", vec![hook("nat", "prerouting", "dstnat"), "jump services".into()]),
        ("nat-output", vec![hook("nat", "output", "dstnat"), "jump services".into()]),
        ("nat-postrouting", vec![hook("nat", "postrouting", "srcnat"), "jump masquerading".into()]),
        ("nodeport-endpoints-check", vec![port_map("no-endpoint-nodeports")]),
        ("service-endpoints-check", by_ip("no-endpoint-services")),
        ("firewall-check", by_ip("firewall-ips")),
        (
            "services",
            vec![
                format!("ip daddr @cluster-ips {outside}{MARK} {comment}"),
                by_ip("service-ips").remove(0),
                port_map("service-nodeports"),
            ],
        ),
        (
            "masquerading",
            vec![
                "meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random".into(),
                "ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random"
                    .into(),
            ],
        ),
        (
            "cluster-ips-check",
            vec![
                "ip daddr @cluster-ips reject comment \"Reject traffic to invalid ports of ClusterIPs\"".into(),
                format!("ip daddr {service_network} drop comment \"Drop traffic to unallocated ClusterIPs\""),
            ],
        ),
        ("reject-chain", vec!["reject".into()]),
    ];
    chains.iter().map(|(name, lines)| block(name, lines)).collect()
}

/// The chains of one Service port.
fn chains(node: &Node, c: &Compiled) -> String {
    let mut text = String::new();
    for (kind, targets) in [("service", &c.cluster), ("local", &c.local)] {
        if !targets.is_empty() {
            text.push_str(&block(&chain(kind, c), &choices(c, targets)));
        }
    }
    if c.uses_external_chain() {
        text.push_str(&block(&chain("external", c), &external(node, c)));
    }
    if c.uses_firewall() {
        let ranges: Vec<String> = c.service.source_ranges.iter().map(ToString::to_string).collect();
        text.push_str(&block(&chain("firewall", c), &[format!("ip saddr != {{ {} }} drop", ranges.join(", "))]));
    }
    if let Some(seconds) = c.service.affinity_secs {
        for target in c.reachable() {
            let set = endpoint_chain("affinity", c, &target);
            text.push_str(&format!(
                "\tset {set} {{\n\t\ttype ipv4_addr\n\t\tsize 65535\n\t\tflags dynamic,timeout\n\t\ttimeout {seconds}s\n\t}}\n\n"
            ));
            let lines = [
                format!("update @{set} {{ ip saddr }}"),
                format!("meta l4proto {} dnat to {}", c.protocol().lower(), target.text()),
            ];
            text.push_str(&block(&endpoint_chain("endpoint", c, &target), &lines));
        }
    }
    text
}

/// The rules that choose among endpoints.
fn choices(c: &Compiled, targets: &[Target]) -> Vec<String> {
    let count = targets.len();
    if c.service.affinity_secs.is_none() {
        let each = targets.iter().enumerate().map(|(i, t)| format!("{i} : {} . {}", t.endpoint.address, t.port));
        let map = each.collect::<Vec<_>>().join(", ");
        return vec![format!(
            "meta l4proto {} dnat ip to numgen random mod {count} map {{ {map} }}",
            c.protocol().lower()
        )];
    }
    let stay = |t: &Target| {
        format!("ip saddr @{} goto {}", endpoint_chain("affinity", c, t), endpoint_chain("endpoint", c, t))
    };
    let each = targets.iter().enumerate().map(|(i, t)| format!("{i} : goto {}", endpoint_chain("endpoint", c, t)));
    let map = each.collect::<Vec<_>>().join(", ");
    let mut lines: Vec<String> = targets.iter().map(stay).collect();
    lines.push(format!("numgen random mod {count} vmap {{ {map} }}"));
    lines
}

fn external(node: &Node, c: &Compiled) -> Vec<String> {
    let service = chain("service", c);
    if !c.service.external_local {
        return vec![MARK.to_owned(), format!("goto {service}")];
    }
    let mut lines = Vec::new();
    if let Some(pods) = node.pod_network {
        lines.push(format!("ip saddr {pods} goto {service} comment \"short-circuit pod traffic\""));
    }
    lines.push(format!("fib saddr type local {MARK} comment \"masquerade local traffic\""));
    lines.push(format!("fib saddr type local goto {service} comment \"short-circuit local traffic\""));
    if c.has_external() {
        lines.push(format!("goto {}", chain("local", c)));
    }
    lines
}

/// The element and the rule that sent a packet on, for a trace.
pub fn chosen(c: &Compiled, front: Front, targets: &[Target]) -> String {
    let element = match front {
        Front::Cluster(ip) => format!("@service-ips {{ {} : goto {} }}", key(c, ip), internal_chain(c)),
        Front::External(ip) | Front::Balancer(ip) => {
            format!("@service-ips {{ {} : goto {} }}", key(c, ip), chain("external", c))
        }
        Front::NodePort => {
            let port = c.port.node_port.unwrap_or(0);
            format!("@service-nodeports {{ {} . {port} : goto {} }}", c.protocol().lower(), chain("external", c))
        }
    };
    format!("{element}\n{}", choices(c, targets).join("\n"))
}

/// The element that turned a packet away, for a trace.
pub fn turned_away(c: &Compiled, front: Front) -> String {
    let verdict = if c.has_endpoints { "drop" } else { "goto reject-chain" };
    match front {
        Front::Cluster(ip) | Front::External(ip) | Front::Balancer(ip) => {
            format!("@no-endpoint-services {{ {} : {verdict} }}", key(c, ip))
        }
        Front::NodePort => {
            let port = c.port.node_port.unwrap_or(0);
            format!("@no-endpoint-nodeports {{ {} . {port} : {verdict} }}", c.protocol().lower())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::hashed;

    #[test]
    fn names_are_upstreams() {
        assert_eq!(hashed("default/kubernetes/tcp/https"), "2QRHZV4L-default/kubernetes/tcp/https");
        assert_eq!(hashed("ns4/svc4/tcp/p80__10.180.0.5/80"), "5RFCDDV7-ns4/svc4/tcp/p80__10.180.0.5/80");
    }
}
