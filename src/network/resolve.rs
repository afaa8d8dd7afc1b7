//! Whom a host name means to the sender of a request: hosts file, resolver, name server.

use core::net::IpAddr;

use super::dns::{self, QueryType};
use super::path::{Arrival, Path};
use super::proxy::service::Protocol;
use super::request::{Request, Source};
use super::resolver::{in_hosts_file, Resolver};
use super::trace::{Hop, HopKind, Outcome, Place, Verdict};
use super::{dns_cache, State};
use crate::api::ObjectKey;

/// The address of the host, with a hop for each name asked for.
pub(super) fn resolve(path: &mut Path, request: &Request) -> Result<IpAddr, Outcome> {
    let host = request.host.as_str();
    if let Some((address, flows)) = &request.open {
        path.open.clone_from(flows);
        return Ok(*address);
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(address);
    }
    if let Some((_, address)) = request.resolve.iter().find(|(name, _)| name.eq_ignore_ascii_case(host)) {
        return Ok(*address);
    }
    look_up(path, host)
}

/// Looks a name up as the resolver of the source does.
pub(super) fn look_up(path: &mut Path, host: &str) -> Result<IpAddr, Outcome> {
    let view = path.view;
    let from = path.place();
    if let Some(address) = in_hosts(path, host) {
        path.hop(Hop {
            rule: format!("{address} {host}"),
            sentence: format!("/etc/hosts has {host}: no name server is asked."),
            ..path.step(HopKind::Dns, "hosts file", from.clone(), from)
        });
        return Ok(address);
    }
    let resolver = path.resolver();
    let server = ask_server(path, &resolver)?;
    for name in resolver.candidates(host) {
        let answer = dns_cache::ask(view, path.state, &name, QueryType::A);
        path.names.push((name.clone(), QueryType::A));
        let inside = matches!(server, Place { kind: "service" | "pod", .. });
        let answer = if !inside && name.ends_with(dns::ZONE) { dns::Answer::default() } else { answer };
        let mut addresses: Vec<IpAddr> = answer.addresses().collect();
        if !addresses.is_empty() {
            let turn = path.lot("dns-order", &name, addresses.len() as u64);
            addresses.rotate_left(turn as usize);
        }
        let shown: Vec<String> = answer.records.iter().take(8).map(ToString::to_string).collect();
        let found = addresses.first();
        let sentence = match (found, answer.exists) {
            (Some(address), _) if addresses.len() > 1 => {
                format!("{name} has {} addresses; the client takes the first it is given, {address}.", addresses.len())
            }
            (Some(address), _) => format!("{name} is {address}."),
            (None, true) => format!("{name} exists but has no address."),
            (None, false) => format!("There is no {name} (NXDOMAIN)."),
        };
        let verdict = if found.is_some() { Verdict::Passed } else { Verdict::NotFound };
        let hop = Hop {
            rule: shown.join("\n"),
            after: addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            before: name.clone(),
            sentence,
            verdict,
            ..path.step(HopKind::Dns, "DNS", from.clone(), server.clone())
        };
        path.hop(hop);
        path.pass(300);
        if let Some(address) = found {
            return Ok(*address);
        }
    }
    Err(Outcome::NxDomain)
}

/// Reaches the name server and gives its place; in the cluster that is a connection like any other.
fn ask_server(path: &mut Path, resolver: &Resolver) -> Result<Place, Outcome> {
    let Some(server) = resolver.server() else {
        return Err(Outcome::NoResolver);
    };
    let cluster_dns: IpAddr = path.view.settings.service_ip(10).parse().map_err(|_| Outcome::NoResolver)?;
    if server != cluster_dns {
        return Ok(Place::address(server.to_string()));
    }
    let (start, began) = (path.hops.len(), path.at_us);
    let lots = path.lots.take();
    let arrival = path.connect(server, 53, Protocol::Udp);
    path.lots = lots;
    match arrival {
        Arrival::Pod { .. } => {
            path.hops.truncate(start);
            Ok(Place::service(&ObjectKey::new("kube-system", "kube-dns")))
        }
        _ => {
            let wait = (began + 10_000_000).max(path.at_us);
            path.at_us = wait.min(path.timeout_us);
            Err(Outcome::NoResolver)
        }
    }
}

fn in_hosts(path: &Path, host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::from([127, 0, 0, 1]));
    }
    let node = || State::node(path.view, host)?.address();
    match (path.pod(), &path.source) {
        (Some(pod), Source::Shell(_)) => in_hosts_file(&pod, host).or_else(node),
        (Some(pod), _) => in_hosts_file(&pod, host),
        (None, _) => node(),
    }
}
