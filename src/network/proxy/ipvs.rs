//! kube-proxy in ipvs mode: the kernel's virtual servers as `ipvsadm -Ln` prints them. It decides nothing.

use core::net::IpAddr;

use super::compile::{Compiled, Target};
use super::rules::Front;
use super::{Mode, Node};
use crate::network::address::host_port;
use crate::network::State;
use crate::store::View;

const HEADER: &str = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
";

/// The virtual servers of a node as `ipvsadm -Ln` prints them; none in iptables mode.
pub fn ipvsadm(view: &View, state: &State, node: &str) -> Option<String> {
    let node = state.proxy(view, node)?;
    let mut text = HEADER.to_owned();
    if state.mode == Mode::Ipvs {
        for service in state.compiled(view, &node) {
            for front in fronts(&node, &service) {
                let (ip, port, local) = front;
                text.push_str(&server(&service, &host_port(ip, port)));
                for target in if local { &service.local } else { &service.cluster } {
                    let to = (target.endpoint.address, target.port);
                    let counts = state.flows.count(&node.name, service.protocol().lower(), ((ip, port), to), view.now);
                    text.push_str(&real_server(target, counts));
                }
            }
        }
    }
    Some(text)
}

/// The addresses of a Service port and whether only this node's endpoints serve them.
fn fronts(node: &Node, c: &Compiled) -> Vec<(IpAddr, u16, bool)> {
    let (service, port) = (c.service, c.port.port);
    let inside = service.cluster_ips.iter().map(|ip| (*ip, port, service.internal_local));
    let outside = service.external_ips.iter().chain(&service.balancer_ips);
    let outside = outside.map(|ip| (*ip, port, service.external_local));
    let mut all: Vec<(IpAddr, u16, bool)> = inside.chain(outside).collect();
    if let Some(node_port) = c.port.node_port {
        all.extend(node.addresses.iter().map(|ip| (*ip, node_port, service.external_local)));
    }
    all
}

/// `TCP  10.96.0.1:443 rr persistent 10800`.
fn server(c: &Compiled, address: &str) -> String {
    let persistent = c.service.affinity_secs.map(|seconds| format!(" persistent {seconds}")).unwrap_or_default();
    format!("{:<4} {address} rr{persistent}\n", c.protocol().upper())
}

fn real_server(target: &Target, (active, inactive): (usize, usize)) -> String {
    format!("  -> {:<28} {:<7} {:<6} {active:<10} {inactive:<10}\n", target.text(), "Masq", 1)
}

/// The lines that decided for one endpoint, for a trace.
pub fn chosen(c: &Compiled, front: Front, destination: &str, target: &Target) -> String {
    let protocol = c.protocol().upper();
    let kind = if front == Front::NodePort { "node port, " } else { "" };
    format!("{protocol} {destination} rr ({kind}kube-ipvs0) -> {} Masq 1", target.text())
}
