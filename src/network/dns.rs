//! The name server of the cluster: what it answers to a question. It is CoreDNS as kubeadm sets it up.
//!
//! It asks nobody and waits for nothing; how a question reaches it is the request's affair.

use core::net::IpAddr;

use super::dns_records::{matching, record, reverse, strip_zone};
use super::proxy::service::{Endpoint, Service, Slice};
use super::State;
use crate::api::ObjectKey;
use crate::store::View;

pub use super::dns_records::{reverse_name, Answer, Data, QueryType, Record};

/// The domain of the cluster.
pub const ZONE: &str = "cluster.local";

/// How long a client may keep an answer, in seconds (the Corefile's `ttl`).
pub const TTL_SECS: u32 = 30;

/// Answers a question. `name` is a full name, with or without the dot at its end.
///
/// Models coredns/coredns plugin/kubernetes with `pods insecure`, `fallthrough in-addr.arpa ip6.arpa`, and `forward`.
pub fn answer(view: &View, state: &State, name: &str, query: QueryType) -> Answer {
    let name = name.trim_end_matches('.').to_lowercase();
    if let Some(ip) = reverse(&name) {
        return answer_reverse(state, &name, ip, query);
    }
    let Some(inside) = strip_zone(&name) else {
        return outside(state, &name, query);
    };
    let labels: Vec<&str> = inside.split('.').filter(|label| !label.is_empty()).collect();
    match labels.as_slice() {
        [] => apex(view, query),
        ["dns-version"] => Answer::of(matching(query, &[record(&name, Data::Txt("1.1.0".into()))])),
        ["ns", "dns"] => Answer::of(matching(query, &name_server_addresses(state, &name))),
        ["svc"] | ["pod"] => Answer::of(Vec::new()),
        [namespace, "svc"] | [namespace, "pod"] => {
            let known = view.store.find("Namespace", "", namespace).is_some();
            Answer { exists: known, ..Answer::of(Vec::new()) }
        }
        [dashed, namespace, "pod"] => pod_name(view, &name, dashed, namespace, query),
        [service, namespace, "svc"] => {
            service_name(view, state, &name, &ObjectKey::new(*namespace, *service), Ask::Whole, query)
        }
        [endpoint, service, namespace, "svc"] => {
            service_name(view, state, &name, &ObjectKey::new(*namespace, *service), Ask::Endpoint(endpoint), query)
        }
        [port, protocol, service, namespace, "svc"] => match (port.strip_prefix('_'), protocol.strip_prefix('_')) {
            (Some(port), Some(protocol)) => {
                let key = ObjectKey::new(*namespace, *service);
                service_name(view, state, &name, &key, Ask::Port(port, protocol), query)
            }
            _ => Answer::nothing(),
        },
        _ => Answer::nothing(),
    }
}

/// Which part of a Service a name asks for.
#[derive(Clone, Copy)]
enum Ask<'a> {
    Whole,
    Endpoint(&'a str),
    Port(&'a str, &'a str),
}

/// Models coredns/coredns plugin/kubernetes findServices.
fn service_name(view: &View, state: &State, name: &str, key: &ObjectKey, ask: Ask, query: QueryType) -> Answer {
    let Some(service) = state.service(key) else {
        return Answer::nothing();
    };
    let base = format!("{}.{}.svc.{ZONE}.", key.name, key.namespace);
    if !service.external_name.is_empty() {
        return match ask {
            Ask::Whole => alias(view, state, name, service, query),
            _ => Answer::nothing(),
        };
    }
    if service.headless || matches!(ask, Ask::Endpoint(_)) {
        let slices: Vec<&Slice> = state.slices(key).collect();
        return endpoint_names(name, &base, service, &slices, ask, query);
    }
    let (port, protocol) = match ask {
        Ask::Port(port, protocol) => (port, protocol),
        _ => ("", ""),
    };
    let ports: Vec<_> = service
        .ports
        .iter()
        .filter(|p| port.is_empty() && protocol.is_empty() || p.name == port && p.protocol.lower() == protocol)
        .collect();
    if ports.is_empty() {
        return Answer::nothing();
    }
    let addresses: Vec<Record> = service.cluster_ips.iter().map(|ip| record(name, Data::Address(*ip))).collect();
    match query {
        QueryType::Srv => {
            let weight = 100 / ports.len() as u32;
            let srv = |port: u16| record(name, Data::Srv { weight, port, target: base.clone() });
            let mut answer = Answer::of(ports.iter().map(|p| srv(p.port)).collect());
            answer.additional = service.cluster_ips.iter().map(|ip| record(&base, Data::Address(*ip))).collect();
            answer
        }
        _ => Answer::of(matching(query, &addresses)),
    }
}

/// The endpoints of a Service by name: those that are ready, one name each.
fn endpoint_names(name: &str, base: &str, service: &Service, slices: &[&Slice], ask: Ask, query: QueryType) -> Answer {
    let mut found = Vec::new();
    let mut named = false;
    for slice in slices {
        for endpoint in slice.endpoints.iter().filter(|endpoint| endpoint.ready) {
            let own = endpoint_name(endpoint);
            match ask {
                Ask::Endpoint(wanted) if wanted != own => continue,
                Ask::Endpoint(_) | Ask::Whole => named = true,
                Ask::Port(..) => {}
            }
            let ports = slice.ports.iter().filter(|(port, protocol, _)| match ask {
                Ask::Port(wanted, by) => port == wanted && protocol.lower() == by && !port.is_empty(),
                _ => true,
            });
            let numbers: Vec<u16> = ports.map(|(_, _, number)| *number).collect();
            if !numbers.is_empty() || slice.ports.is_empty() {
                named = true;
                found.push((format!("{own}.{base}"), endpoint.address, numbers));
            }
        }
    }
    let exists = named || matches!(ask, Ask::Whole) && service.headless;
    let total: usize = found.iter().map(|(_, _, numbers)| numbers.len()).sum();
    let records = match query {
        QueryType::Srv => {
            let weight = 100 / total.max(1) as u32;
            let each = found.iter().flat_map(|(target, _, numbers)| numbers.iter().map(move |port| (target, *port)));
            each.map(|(target, port)| record(name, Data::Srv { weight, port, target: target.clone() })).collect()
        }
        _ => matching(query, &found.iter().map(|(_, ip, _)| record(name, Data::Address(*ip))).collect::<Vec<_>>()),
    };
    let mut answer = Answer { exists, ..Answer::of(records) };
    if query == QueryType::Srv {
        answer.additional = found.iter().map(|(target, ip, _)| record(target, Data::Address(*ip))).collect();
    }
    answer
}

/// The label of an endpoint: its hostname, or its address with dashes.
///
/// Models coredns/coredns plugin/kubernetes endpointHostname.
pub fn endpoint_name(endpoint: &Endpoint) -> String {
    match endpoint.hostname.as_str() {
        "" => endpoint.address.to_string().replace(['.', ':'], "-"),
        hostname => hostname.to_owned(),
    }
}

/// A Service of type ExternalName: another name, and what that has.
fn alias(view: &View, state: &State, name: &str, service: &Service, query: QueryType) -> Answer {
    let target = format!("{}.", service.external_name.trim_end_matches('.'));
    let mut answer = Answer::of(vec![record(name, Data::Cname(target.clone()))]);
    let follows = matches!(query, QueryType::A | QueryType::Aaaa) && target.trim_end_matches('.') != name;
    if follows {
        answer.records.extend(self::answer(view, state, &target, query).records);
    }
    answer
}

/// `10-244-1-3.default.pod.cluster.local`: the address in the name, whether or not a pod has it.
fn pod_name(view: &View, name: &str, dashed: &str, namespace: &str, query: QueryType) -> Answer {
    if view.store.find("Namespace", "", namespace).is_none() {
        return Answer::nothing();
    }
    let ip = dashed.replace('-', ".").parse::<IpAddr>().or_else(|_| dashed.replace('-', ":").parse::<IpAddr>());
    match ip {
        Ok(ip) => Answer::of(matching(query, &[record(name, Data::Address(ip))])),
        Err(_) => Answer::nothing(),
    }
}

/// The zone itself.
fn apex(view: &View, query: QueryType) -> Answer {
    let ns = record(ZONE, Data::Ns(format!("ns.dns.{ZONE}.")));
    Answer::of(match query {
        QueryType::Soa => vec![soa(view)],
        QueryType::Ns => vec![ns],
        _ => Vec::new(),
    })
}

/// The zone's SOA record, which comes along where there is nothing to answer.
pub fn soa(view: &View) -> Record {
    let serial = view.timestamp().unix_secs();
    let text = format!("ns.dns.{ZONE}. hostmaster.{ZONE}. {serial} 7200 1800 86400 {TTL_SECS}");
    record(ZONE, Data::Soa(text))
}

fn name_server_addresses(state: &State, name: &str) -> Vec<Record> {
    let service = state.service(&ObjectKey::new("kube-system", "kube-dns"));
    let ips = service.into_iter().flat_map(|service| &service.cluster_ips);
    ips.map(|ip| record(name, Data::Address(*ip))).collect()
}

/// Models coredns/coredns plugin/kubernetes serviceRecordForIP: a ClusterIP, or any endpoint with this address.
fn answer_reverse(state: &State, name: &str, ip: IpAddr, query: QueryType) -> Answer {
    let of = |key: &ObjectKey| format!("{}.{}.svc.{ZONE}.", key.name, key.namespace);
    let mut names: Vec<String> =
        state.services_at(ip).filter(|s| s.cluster_ips.contains(&ip)).map(|s| of(&s.key)).collect();
    if names.is_empty() {
        for service in state.all_services() {
            let endpoints = state.slices(&service.key).flat_map(|slice| &slice.endpoints);
            let here = endpoints.filter(|endpoint| endpoint.ready && endpoint.address == ip);
            names.extend(here.map(|endpoint| format!("{}.{}", endpoint_name(endpoint), of(&service.key))));
        }
    }
    let records: Vec<Record> = names.into_iter().map(|target| record(name, Data::Ptr(target))).collect();
    if records.is_empty() {
        return Answer { authoritative: false, ..Answer::nothing() };
    }
    Answer::of(matching(query, &records))
}

/// What the name servers of the world say: of all of it, this one host is known here.
fn outside(_: &State, name: &str, query: QueryType) -> Answer {
    match name {
        "example.com" | "www.example.com" => {
            let ip = IpAddr::from(EXAMPLE_IP);
            let records = matching(query, &[record(name, Data::Address(ip))]);
            Answer { authoritative: false, ..Answer::of(records) }
        }
        _ => Answer { authoritative: false, ..Answer::nothing() },
    }
}

/// The address of the one host of the outside world that answers.
pub const EXAMPLE_IP: [u8; 4] = [93, 184, 215, 14];
