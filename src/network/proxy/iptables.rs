//! All rules of a node as `iptables-save` prints them. It decides nothing.

use std::collections::BTreeMap;

use super::compile::Compiled;
use super::rules::{self, Front, Rule, MARK_CHAIN};
use super::{Mode, Node};
use crate::base::time::Timestamp;
use crate::network::address::Cidr;
use crate::network::State;
use crate::store::View;

/// The rules of a node as `iptables-save -c` prints them: each with the packets and bytes it has met.
pub fn iptables_save_counted(view: &View, state: &State, node: &str) -> Option<String> {
    let counted = |rule: &Rule| {
        let (packets, bytes) = state.counters.of(node, rule);
        format!("[{packets}:{bytes}] ")
    };
    Some(print(&rules_of(view, state, node)?, &date_text(&view.timestamp()), &counted))
}

/// The rules of a node as `iptables-save` prints them, or what the shell says where there is no such node.
pub fn iptables_save(view: &View, state: &State, node: &str) -> Option<String> {
    Some(print(&rules_of(view, state, node)?, &date_text(&view.timestamp()), &|_| String::new()))
}

/// The rules of a node in the mode its kube-proxy is in.
pub fn rules_of(view: &View, state: &State, node: &str) -> Option<Vec<Rule>> {
    let node_proxy = state.proxy(view, node)?;
    let services = state.compiled(view, &node_proxy);
    Some(match state.mode {
        Mode::Iptables => all_rules(&node_proxy, &services),
        Mode::Ipvs => frame(&node_proxy),
        Mode::Nftables => Vec::new(),
    })
}

/// The chains of a table: those it has from the start, and the others in order, each with its rules.
pub fn chains<'r>(all: &'r [Rule], table: &str) -> Vec<(&'r str, bool, Vec<&'r Rule>)> {
    let Some((_, builtin, fixed)) = CHAINS.iter().find(|(name, ..)| *name == table) else { return Vec::new() };
    let mut chains: BTreeMap<&str, Vec<&Rule>> = fixed.iter().map(|chain| (*chain, Vec::new())).collect();
    for rule in all.iter().filter(|rule| rule.table == table) {
        chains.entry(&rule.chain).or_default().push(rule);
    }
    let first = builtin.iter().map(|chain| (*chain, true, chains.remove(chain).unwrap_or_default()));
    let first: Vec<_> = first.collect();
    first.into_iter().chain(chains.into_iter().map(|(chain, rules)| (chain, false, rules))).collect()
}

/// Every rule of a node: the frame that is always there, and those of each Service port.
///
/// Models pkg/proxy/iptables/proxier.go syncProxyRules.
pub fn all_rules(node: &Node, services: &[Compiled]) -> Vec<Rule> {
    let mut all = frame(node);
    for service in services {
        all.extend(service_rules(node, service));
    }
    all.extend(node_port_jump(node));
    all
}

/// The rules of one Service port.
fn service_rules(node: &Node, c: &Compiled) -> Vec<Rule> {
    let mut all = Vec::new();
    for ip in &c.service.cluster_ips {
        let front = Front::Cluster(*ip);
        if c.has_internal() {
            all.push(rules::capture(c, front));
            all.extend(rules::masquerade_cluster(node, c, *ip));
        } else {
            all.push(rules::turn_away(c, front));
        }
    }
    all.extend(front_rules(c));
    if c.port.node_port.is_some() {
        if c.has_endpoints {
            if node.localhost_node_ports && !is_v6(node) {
                all.push(rules::capture_localhost(c));
            }
            all.push(rules::capture(c, Front::NodePort));
        }
        if !c.has_external() {
            all.push(rules::turn_away(c, Front::NodePort));
        }
    }
    if let Some(port) = c.service.health_check_port {
        all.push(rules::health_check(c, port));
    }
    if c.uses_external_chain() {
        all.extend(rules::external(node, c));
    }
    if c.uses_firewall() {
        all.extend(firewall_chain(node, c));
    }
    all.extend(endpoint_rules(c));
    all
}

/// The rules that catch and turn away what comes to external IPs and the load balancer.
fn front_rules(c: &Compiled) -> Vec<Rule> {
    let external = c.service.external_ips.iter().map(|ip| (Front::External(*ip), *ip));
    let balancer = c.service.balancer_ips.iter().map(|ip| (Front::Balancer(*ip), *ip));
    let mut all = Vec::new();
    for (front, ip) in external.chain(balancer) {
        if c.has_endpoints {
            all.push(rules::capture(c, front));
        }
        if matches!(front, Front::Balancer(_)) && c.uses_firewall() {
            all.push(rules::firewall_drop(c, ip));
        }
        if !c.has_external() {
            all.push(rules::turn_away(c, front));
        }
    }
    all
}

fn firewall_chain(node: &Node, c: &Compiled) -> Vec<Rule> {
    let ranges = &c.service.source_ranges;
    let mut all: Vec<Rule> = ranges.iter().map(|range| rules::firewall_accept(c, *range)).collect();
    if node.address().is_some_and(|ip| ranges.iter().any(|range| range.contains(ip))) {
        let own = c.service.balancer_ips.iter().map(|ip| Cidr::single(*ip));
        all.extend(own.map(|source| rules::firewall_accept(c, source)));
    }
    all.push(rules::firewall_rest(c));
    all
}

/// The chains that choose among endpoints, and the chains of the endpoints.
fn endpoint_rules(c: &Compiled) -> Vec<Rule> {
    let mut all = Vec::new();
    for (chain, targets) in [(c.cluster_chain(), &c.cluster), (c.local_chain(), &c.local)] {
        if let Some(seconds) = c.service.affinity_secs {
            all.extend(targets.iter().map(|target| rules::stick(c, &chain, target, seconds)));
        }
        all.extend((0..targets.len()).map(|i| rules::choose(c, &chain, targets, i)));
    }
    for target in c.reachable() {
        all.push(rules::hairpin(c, &target));
        all.push(rules::translate(c, &target));
    }
    all
}

/// The rules that are there without any Service.
fn frame(node: &Node) -> Vec<Rule> {
    let filter = |chain: &str, spec: &str| Rule { table: "filter", chain: chain.to_owned(), spec: spec.to_owned() };
    let mut all: Vec<Rule> = NAT_FRAME.iter().map(|(chain, spec)| nat(chain, spec)).collect();
    all.extend(FILTER_FRAME.iter().map(|(chain, spec)| filter(chain, spec)));
    if !is_v6(node) && node.localhost_node_ports {
        all.push(filter(
            "KUBE-FIREWALL",
            "! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment \"block incoming localnet connections\" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
        ));
    }
    all
}

fn nat(chain: &str, spec: &str) -> Rule {
    Rule { table: "nat", chain: chain.to_owned(), spec: spec.to_owned() }
}

/// The rule by which a packet comes to kube-proxy's: from PREROUTING, or from OUTPUT where the node itself sends it.
pub fn entry(chain: &str) -> Rule {
    nat(chain, PORTALS)
}

/// The rules a packet meets last, whether its source is rewritten or not.
pub fn postrouting(masquerade: bool) -> Vec<Rule> {
    let of = |i: &usize| nat(NAT_FRAME[*i].0, NAT_FRAME[*i].1);
    let met: &[usize] = if masquerade { &[6, 2, 4, 5] } else { &[2, 3] };
    met.iter().map(of).collect()
}

const PORTALS: &str = "-m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES";

/// The rules of the nat table that are there without any Service.
const NAT_FRAME: &[(&str, &str)] = &[
    ("PREROUTING", PORTALS),
    ("OUTPUT", PORTALS),
    ("POSTROUTING", "-m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING"),
    ("KUBE-POSTROUTING", "-m mark ! --mark 0x4000/0x4000 -j RETURN"),
    ("KUBE-POSTROUTING", "-j MARK --set-xmark 0x4000/0x0"),
    (
        "KUBE-POSTROUTING",
        "-m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully",
    ),
    (MARK_CHAIN, "-j MARK --set-xmark 0x4000/0x4000"),
];

/// The jumps of the filter table, in the order they end up in: each is put before those that were there.
///
/// Models pkg/proxy/iptables/proxier.go iptablesJumpChains.
const FILTER_FRAME: &[(&str, &str)] = &[
    ("INPUT", "-j KUBE-FIREWALL"),
    ("INPUT", "-m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL"),
    ("INPUT", "-m comment --comment \"kubernetes health check service ports\" -j KUBE-NODEPORTS"),
    ("INPUT", "-m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES"),
    ("FORWARD", "-m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL"),
    ("FORWARD", "-m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD"),
    ("FORWARD", "-m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"),
    ("FORWARD", "-m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES"),
    ("OUTPUT", "-j KUBE-FIREWALL"),
    ("OUTPUT", "-m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL"),
    ("OUTPUT", "-m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"),
    ("KUBE-FORWARD", "-m conntrack --ctstate INVALID -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP"),
    ("KUBE-FORWARD", "-m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT"),
    ("KUBE-FORWARD", "-m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
];

/// The last rules of KUBE-SERVICES: what is addressed to the node itself may be for a node port.
pub fn node_port_jump(node: &Node) -> Vec<Rule> {
    let comment =
        "-m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\"";
    let rule = |spec: String| Rule { table: "nat", chain: "KUBE-SERVICES".to_owned(), spec };
    let jump = "-j KUBE-NODEPORTS";
    match &node.node_port_addresses {
        Some(chosen) => {
            let open = chosen.iter().filter(|ip| node.opens_ports_at(**ip));
            let networks = open.map(|ip| Cidr::single(*ip));
            networks.map(|network| rule(format!("-d {network} {comment} {jump}"))).collect()
        }
        None => {
            let loopback = match (is_v6(node), node.localhost_node_ports) {
                (true, _) => "! -d ::1/128 ",
                (false, false) => "! -d 127.0.0.0/8 ",
                (false, true) => "",
            };
            vec![rule(format!("{loopback}{comment} -m addrtype --dst-type LOCAL {jump}"))]
        }
    }
}

fn is_v6(node: &Node) -> bool {
    node.address().is_some_and(|ip| ip.is_ipv6())
}

/// The chains each table has from the start, then those kubelet and kube-proxy make even when they are empty.
const CHAINS: &[(&str, &[&str], &[&str])] = &[
    (
        "mangle",
        &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        &["KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY", "KUBE-PROXY-CANARY"],
    ),
    (
        "filter",
        &["INPUT", "FORWARD", "OUTPUT"],
        &[
            "KUBE-EXTERNAL-SERVICES",
            "KUBE-FIREWALL",
            "KUBE-FORWARD",
            "KUBE-KUBELET-CANARY",
            "KUBE-NODEPORTS",
            "KUBE-PROXY-CANARY",
            "KUBE-PROXY-FIREWALL",
            "KUBE-SERVICES",
        ],
    ),
    (
        "nat",
        &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        &[
            "KUBE-KUBELET-CANARY",
            "KUBE-MARK-MASQ",
            "KUBE-NODEPORTS",
            "KUBE-POSTROUTING",
            "KUBE-PROXY-CANARY",
            "KUBE-SERVICES",
        ],
    ),
];

/// Rules in the form of `iptables-save`, with the date it writes in its comments, each behind what `before` says of it.
pub fn print(all: &[Rule], date: &str, before: &dyn Fn(&Rule) -> String) -> String {
    let mut text = String::new();
    for (table, ..) in CHAINS {
        let chains = chains(all, table);
        text.push_str(&format!("# Generated by iptables-save v1.8.9 on {date}\n*{table}\n"));
        for (chain, builtin, _) in &chains {
            text.push_str(&format!(":{chain} {} [0:0]\n", if *builtin { "ACCEPT" } else { "-" }));
        }
        chains
            .iter()
            .flat_map(|(.., rules)| rules)
            .for_each(|rule| text.push_str(&format!("{}{rule}\n", before(rule))));
        text.push_str(&format!("COMMIT\n# Completed on {date}\n"));
    }
    text
}

/// `Mon May 18 00:00:00 2026`.
fn date_text(now: &Timestamp) -> String {
    let text = now.rfc1123z();
    let parts: Vec<&str> = text.split([' ', ',']).filter(|part| !part.is_empty()).collect();
    let [weekday, day, month, year, clock, ..] = parts[..] else { return text };
    format!("{weekday} {month} {:>2} {clock} {year}", day.trim_start_matches('0'))
}
