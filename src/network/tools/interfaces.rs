//! `ip address`, `ip route` and the like: the interfaces and routes of a node, or of a pod, as iproute2 prints them.

use core::net::IpAddr;

use super::{Context, Output};
use crate::api::{Object, Value};
use crate::base::draw;
use crate::base::order::Order;
use crate::network::proxy::Mode;
use crate::network::request::Source;
use crate::network::trace::Verdict;
use crate::network::State;

/// A network interface.
struct Interface {
    name: String,
    /// Flags in angle brackets, and what follows the MTU.
    flags: &'static str,
    rest: String,
    link: String,
    /// Addresses with their network, and what follows.
    addresses: Vec<(String, String)>,
}

/// `ip [-4] [-br] address|link|route|neigh [show] [dev NAME]`.
pub fn ip(context: &Context, args: &[String]) -> Output {
    let words: Vec<&str> = args.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let brief = args.iter().any(|word| word == "-br" || word == "-brief");
    let Some((object, rest)) = words.split_first() else {
        return Output::error(255, USAGE);
    };
    let rest: Vec<&str> = rest.iter().copied().filter(|word| !matches!(*word, "show" | "list" | "dev" | "s")).collect();
    let is = |full: &str| full.starts_with(object);
    let interfaces = interfaces(context);
    let wanted: Vec<(usize, &Interface)> =
        interfaces.iter().enumerate().filter(|(_, i)| rest.first().is_none_or(|name| same(&i.name, name))).collect();
    if is("address") || is("link") {
        if let (true, Some(name)) = (wanted.is_empty(), rest.first()) {
            return Output::error(1, format!("Device \"{name}\" does not exist.\n"));
        }
        let texts = wanted.iter().map(|(number, i)| if brief { short(i) } else { long(i, number + 1, is("address")) });
        return Output::text(texts.collect::<String>());
    }
    if is("route") {
        return match rest.as_slice() {
            ["get", to, ..] => route_to(context, to),
            _ => Output::text(routes(context).iter().map(|(_, line)| format!("{line}\n")).collect::<String>()),
        };
    }
    if is("neighbour") || is("neighbor") {
        let others = interfaces.iter().filter(|i| i.name.starts_with("veth"));
        let lines = others.filter_map(|i| {
            let pod = i.rest.split(' ').next_back()?;
            Some(format!("{pod} dev cni0 lladdr {} REACHABLE\n", mac(context, pod)))
        });
        return Output::text(lines.collect::<String>());
    }
    Output::error(255, format!("Object \"{object}\" is unknown, try \"ip help\".\n"))
}

const USAGE: &str =
    "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\nwhere  OBJECT := { address | link | neighbour | route }\n";

fn same(name: &str, wanted: &str) -> bool {
    name.split('@').next() == Some(wanted)
}

fn long(i: &Interface, number: usize, addresses: bool) -> String {
    let rest = i.rest.rsplit_once(" pod ").map_or(i.rest.as_str(), |(rest, _)| rest);
    let (rest, namespace) = rest.split_once('|').unwrap_or((rest, ""));
    let mut text = format!("{number}: {}: <{}> {rest}\n    link/{}{namespace}\n", i.name, i.flags, i.link);
    for (address, scope) in i.addresses.iter().filter(|_| addresses) {
        text.push_str(&format!("    inet {address} {scope}\n       valid_lft forever preferred_lft forever\n"));
    }
    text
}

fn short(i: &Interface) -> String {
    let state = i.rest.split("state ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("UNKNOWN");
    let addresses: Vec<&str> = i.addresses.iter().map(|(address, _)| address.as_str()).collect();
    format!("{:<16} {state:<14} {} \n", i.name, addresses.join(" "))
}

/// A made-up hardware address.
fn mac(context: &Context, of: &str) -> String {
    let drawn = draw::below(context.view.settings.seed, "mac", of, 0, 1 << 40).to_be_bytes();
    let bytes: Vec<String> = drawn[3..].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0a:{}", bytes.join(":"))
}

fn ether(context: &Context, of: &str) -> String {
    format!("ether {} brd ff:ff:ff:ff:ff:ff", mac(context, of))
}

const UP: &str = "BROADCAST,MULTICAST,UP,LOWER_UP";

fn loopback() -> Interface {
    Interface {
        name: "lo".to_owned(),
        flags: "LOOPBACK,UP,LOWER_UP",
        rest: "mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000".to_owned(),
        link: "loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00".to_owned(),
        addresses: vec![("127.0.0.1/8".to_owned(), "scope host lo".to_owned())],
    }
}

/// The pod a tool runs in, unless that has its node's network.
fn pod_of<'a>(context: &Context<'a>) -> Option<&'a Object> {
    match &context.source {
        Source::Pod(key) => context.view.get("Pod", key).filter(|pod| !pod.at("spec.hostNetwork").bool()),
        _ => None,
    }
}

/// The node a tool runs on or in.
fn node_of<'a>(context: &Context<'a>) -> Option<&'a Object> {
    let name = match &context.source {
        Source::Node(name) => name.as_str(),
        Source::Pod(key) => context.view.get("Pod", key)?.at("spec.nodeName").str(),
        _ => return context.view.store.all("Node").next(),
    };
    context.view.store.find("Node", "", name)
}

/// The first three numbers of a node's pod network; the bridge has the first address of it.
fn stem(node: &Object) -> &str {
    let (network, _) = node.at("spec.podCIDR").str().split_once('/').unwrap_or(("", ""));
    network.rsplit_once('.').map_or("", |(stem, _)| stem)
}

fn node_address(node: &Object) -> &str {
    let mut all = node.at("status.addresses").list().iter();
    all.find(|address| address.get("type").str() == "InternalIP").map_or("", |address| address.get("address").str())
}

fn interfaces(context: &Context) -> Vec<Interface> {
    let Some(node) = node_of(context) else { return vec![loopback()] };
    let slash =
        |ip: &str| (format!("{ip}/24"), format!("brd {}.255", ip.rsplit_once('.').map_or("", |(stem, _)| stem)));
    let eth0 = |ip: &str, name: &str, rest: String, link: String| {
        let (address, broadcast) = slash(ip);
        let addresses = vec![(address, format!("{broadcast} scope global eth0"))];
        Interface { name: name.to_owned(), flags: UP, rest, link, addresses }
    };
    let inside = "mtu 1500 qdisc noqueue state UP group default".to_owned();
    if matches!(context.source, Source::Shell(_)) {
        let ip = format!("{}.254", stem(node));
        return vec![loopback(), eth0(&ip, "eth0@if9", inside + "| link-netnsid 0", ether(context, &ip))];
    }
    if let Some(pod) = pod_of(context) {
        let ip = pod.at("status.podIP").str();
        let number = ip.rsplit_once('.').and_then(|(_, last)| last.parse::<u32>().ok()).unwrap_or(0) + 3;
        let name = format!("eth0@if{number}");
        return vec![loopback(), eth0(ip, &name, inside + "| link-netnsid 0", ether(context, ip))];
    }
    let ip = node_address(node);
    let rest = "mtu 1500 qdisc fq_codel state UP group default qlen 1000".to_owned();
    let mut all = vec![loopback(), eth0(ip, "eth0", rest, ether(context, ip))];
    let bridge = format!("{}.1", stem(node));
    let (address, broadcast) = slash(&bridge);
    all.push(Interface {
        name: "cni0".to_owned(),
        flags: UP,
        rest: "mtu 1500 qdisc noqueue state UP group default qlen 1000".to_owned(),
        link: ether(context, &bridge),
        addresses: vec![(address, format!("{broadcast} scope global cni0"))],
    });
    if context.state.mode == Mode::Ipvs {
        all.push(virtual_addresses(context, node));
    }
    for pod in context.view.store.pods_on_node(node.name()).filter(|pod| has_veth(pod)) {
        let ip = pod.at("status.podIP").str();
        let id = draw::below(context.view.settings.seed, "veth", pod.uid(), 0, 1 << 32);
        let netns = draw::uuid(context.view.settings.seed, "netns", pod.uid(), 0);
        all.push(Interface {
            name: format!("veth{id:08x}@if2"),
            flags: UP,
            rest: format!("mtu 1500 qdisc noqueue master cni0 state UP group default| link-netns cni-{netns} pod {ip}"),
            link: ether(context, &format!("veth {ip}")),
            addresses: Vec::new(),
        });
    }
    all
}

fn has_veth(pod: &Object) -> bool {
    let over = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
    !over && !pod.at("spec.hostNetwork").bool() && !pod.at("status.podIP").str().is_empty()
}

/// In ipvs mode every virtual IP is an address of the node.
fn virtual_addresses(context: &Context, node: &Object) -> Interface {
    let proxy = context.state.proxy(context.view, node.name()).unwrap_or_default();
    let services = context.state.compiled(context.view, &proxy);
    let mut ips: Vec<IpAddr> = services.iter().flat_map(|c| c.service.addresses()).collect();
    ips.order();
    ips.dedup();
    Interface {
        name: "kube-ipvs0".to_owned(),
        flags: "BROADCAST,NOARP",
        rest: "mtu 1500 qdisc noop state DOWN group default".to_owned(),
        link: ether(context, "kube-ipvs0"),
        addresses: ips.iter().map(|ip| (format!("{ip}/32"), "scope global kube-ipvs0".to_owned())).collect(),
    }
}

/// The routes, each with the network it is for.
fn routes(context: &Context) -> Vec<(String, String)> {
    let Some(node) = node_of(context) else { return Vec::new() };
    let row = |to: String, rest: String| (to.clone(), format!("{to} {rest} "));
    let own = match (pod_of(context), &context.source) {
        (Some(pod), _) => pod.at("status.podIP").str().to_owned(),
        (None, Source::Shell(_)) => format!("{}.254", stem(node)),
        _ => String::new(),
    };
    if !own.is_empty() {
        return vec![
            row("default".to_owned(), format!("via {}.1 dev eth0", stem(node))),
            row(format!("{}.0/24", stem(node)), format!("dev eth0 proto kernel scope link src {own}")),
        ];
    }
    let ip = node_address(node);
    let lan = ip.rsplit_once('.').map_or("", |(stem, _)| stem);
    let mut all = vec![row("default".to_owned(), format!("via {lan}.1 dev eth0"))];
    for other in context.view.store.all("Node") {
        let (cidr, via) = (other.at("spec.podCIDR").str().to_owned(), node_address(other));
        all.push(match other.name() == node.name() {
            true => row(cidr, format!("dev cni0 proto kernel scope link src {}.1", stem(node))),
            false => row(cidr, format!("via {via} dev eth0")),
        });
    }
    all.push(row(format!("{lan}.0/24"), format!("dev eth0 proto kernel scope link src {ip}")));
    all
}

/// `ip route get ADDRESS`.
fn route_to(context: &Context, to: &str) -> Output {
    let Ok(ip) = to.parse::<IpAddr>() else {
        return Output::error(1, format!("Error: any valid prefix is expected rather than \"{to}\".\n"));
    };
    let own = interfaces(context);
    let local = own.iter().flat_map(|i| &i.addresses).any(|(address, _)| address.split('/').next() == Some(to));
    if local {
        return Output::text(format!("local {to} dev lo src {to} uid 0 \n    cache <local> \n"));
    }
    let routes = routes(context);
    let fits = |network: &str| super::super::address::Cidr::parse(network).is_some_and(|cidr| cidr.contains(ip));
    let chosen = routes.iter().find(|(network, _)| fits(network)).or_else(|| routes.first());
    let Some((_, line)) = chosen else { return Output::error(2, "RTNETLINK answers: Network is unreachable\n") };
    let words: Vec<&str> = line.split_whitespace().collect();
    let of = |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1)).copied();
    let device = of("dev").unwrap_or("eth0");
    let via = of("via").map(|via| format!("via {via} ")).unwrap_or_default();
    let source = own.iter().find(|i| same(&i.name, device)).and_then(|i| i.addresses.first());
    let source = source.map_or("", |(address, _)| address.split('/').next().unwrap_or(""));
    Output::text(format!("{to} {via}dev {device} src {source} uid 0 \n    cache \n"))
}

/// `traceroute HOST`: every router on the way that counts the packet's hops down, and where it ends.
pub fn traceroute(context: &Context, args: &[String]) -> Output {
    let Some(host) = args.iter().find(|word| !word.starts_with('-')) else {
        return Output::error(2, "Usage: traceroute HOST\n");
    };
    let asked = super::ping::run(context, &["-c".to_owned(), "1".to_owned(), host.clone()]);
    let Some(trace) = asked.traces.first().filter(|trace| !trace.address.is_empty()) else {
        let stderr = format!("traceroute: bad address '{host}'\n");
        return Output { stdout: String::new(), stderr, exit_code: 1, ..asked };
    };
    let mut routers: Vec<String> = Vec::new();
    let inside = pod_of(context).is_some() || matches!(context.source, Source::Shell(_));
    if let (true, Some(node)) = (inside, node_of(context)) {
        routers.push(format!("{}.1", stem(node)));
    }
    for hop in trace.hops.iter().filter(|hop| hop.title == "route" && hop.verdict == Verdict::Passed) {
        let node = context.view.store.find("Node", "", &hop.node);
        routers.extend(node.map(|node| node_address(node).to_owned()));
    }
    routers.retain(|router| *router != trace.address);
    if trace.answered() {
        routers.push(trace.address.clone());
    }
    let mut stdout = format!("traceroute to {host} ({}), 30 hops max, 46 byte packets\n", trace.address);
    for (i, router) in routers.iter().enumerate() {
        let ms = |n: u64| {
            let us =
                20 + 150 * i as u64 + draw::below(context.view.settings.seed, "traceroute", router, context.n + n, 30);
            format!("0.{us:03} ms")
        };
        stdout.push_str(&format!("{:>2}  {router} ({router})  {}  {}  {}\n", i + 1, ms(0), ms(1), ms(2)));
    }
    if !trace.answered() {
        stdout.push_str(&format!("{:>2}  *  *  *\n", routers.len() + 1));
    }
    Output { stdout, stderr: String::new(), exit_code: 0, ..asked }
}

/// What a node has its kernel show of a name, where it is one of the switches networking needs.
pub fn sysctl(name: &str) -> Option<&'static str> {
    match name {
        "net.ipv4.ip_forward" | "net.bridge.bridge-nf-call-iptables" => Some("1"),
        "net.netfilter.nf_conntrack_max" => Some("131072"),
        "net.netfilter.nf_conntrack_tcp_timeout_established" => Some("86400"),
        "net.netfilter.nf_conntrack_tcp_timeout_close_wait" => Some("3600"),
        _ => None,
    }
}

/// The pods of a node that answer at an address of their own; for a listing.
pub(super) fn host_pods<'a>(context: &Context<'a>, node: &str) -> Vec<(&'a Object, &'a Value)> {
    let pods = context.view.store.pods_on_node(node).filter(|pod| pod.at("status.phase").str() == "Running");
    let host = pods.filter(|pod| pod.at("spec.hostNetwork").bool());
    host.flat_map(|pod| pod.at("spec.containers").list().iter().map(move |container| (pod, container))).collect()
}

/// The state of kube-proxy's health check ports of a node: Services with how many endpoints are here.
pub(super) fn health_ports(context: &Context, node: &str) -> Vec<u16> {
    let Some(node) = State::node(context.view, node) else { return Vec::new() };
    let services = context.state.compiled(context.view, &node);
    let mut ports: Vec<u16> = services.iter().filter_map(|c| c.service.health_check_port).collect();
    ports.dedup();
    ports
}
