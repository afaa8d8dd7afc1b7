//! Which Ingress, rule and path a request belongs to, and which Service is behind it, as ingress-nginx chooses. It sends
//! nothing.

use core::net::IpAddr;

use super::address::Cidr;
use super::http::HttpRequest;
use super::proxy::service::{Endpoint, Protocol, Service, Slice};
use super::State;
use crate::api::{Object, ObjectKey, Value};
use crate::base::draw;
use crate::base::order::Order;
use crate::store::View;
use crate::workload::grep::Expression;

/// The name by which an IngressClass means this controller.
pub const CONTROLLER: &str = "k8s.io/ingress-nginx";

/// True for a pod that is an Ingress controller.
pub fn is_controller(pod: &Object) -> bool {
    let mut containers = pod.at("spec.containers").list().iter();
    containers.any(|container| container.get("image").str().contains("ingress-nginx/controller"))
}

/// What a host and path lead to.
#[derive(Clone, PartialEq, Debug)]
pub struct Chosen {
    /// The Ingress.
    pub ingress: ObjectKey,
    /// Its Service.
    pub service: ObjectKey,
    /// The Service's port: a name or a number.
    pub port: Value,
    /// The rule in a line.
    pub rule: String,
    /// The path that is asked of the Service.
    pub path: String,
}

/// An annotation of ingress-nginx; empty without it.
pub(super) fn annotation<'i>(ingress: &'i Object, name: &str) -> &'i str {
    ingress.annotation(&format!("nginx.ingress.kubernetes.io/{name}"))
}

/// The Ingresses a controller serves: those of a class of its own, and those without any where its class is the default.
///
/// Models kubernetes/ingress-nginx internal/ingress/controller/store IsValid.
pub fn served<'a>(view: &View<'a>) -> Vec<&'a Object> {
    let classes: Vec<&Object> = view.store.all("IngressClass").collect();
    let ours = |class: &&&Object| class.at("spec.controller").str() == CONTROLLER;
    let default = |class: &&Object| class.annotation("ingressclass.kubernetes.io/is-default-class") == "true";
    let has_default = classes.iter().filter(ours).any(default);
    let wanted = |ingress: &&Object| {
        let class = ingress.at("spec.ingressClassName").str();
        let class = if class.is_empty() { ingress.annotation("kubernetes.io/ingress.class") } else { class };
        match class {
            "" => has_default,
            name => classes.iter().filter(ours).any(|class| class.name() == name),
        }
    };
    view.store.all("Ingress").filter(wanted).collect()
}

/// True for an Ingress whose paths are regular expressions.
fn speaks_regex(ingress: &Object) -> bool {
    annotation(ingress, "use-regex") == "true" || !annotation(ingress, "rewrite-target").is_empty()
}

/// One path of a rule that is for the request's host.
struct Entry<'a> {
    ingress: &'a Object,
    rule: &'a Value,
    path: &'a Value,
}

/// The rule for a host and a path. First the host is found: itself before a wildcard before none; then, among its paths,
/// an exact one before the longest prefix. Where one of the host's Ingresses speaks in regular expressions, all of its
/// paths are read as such.
///
/// Models the servers and locations of ingress-nginx: internal/ingress/controller createServers and rootfs nginx.tmpl.
pub fn choose(ingresses: &[&Object], host: &str, path: &str) -> Option<Chosen> {
    let host = without_port(host).to_lowercase();
    let is_canary = |ingress: &Object| annotation(ingress, "canary") == "true";
    let main: Vec<&Object> = ingresses.iter().copied().filter(|ingress| !is_canary(ingress)).collect();
    let rules =
        || main.iter().flat_map(|ingress| ingress.at("spec.rules").list().iter().map(move |rule| (*ingress, rule)));
    let rank = rules().filter_map(|(ingress, rule)| server_rank(ingress, rule, &host)).max();
    let of_host: Vec<(&Object, &Value)> =
        rules().filter(|(ingress, rule)| rank.is_some() && server_rank(ingress, rule, &host) == rank).collect();
    let regex = of_host.iter().any(|(ingress, _)| speaks_regex(ingress));
    let asked = path.split('?').next().unwrap_or("/");
    let mut best: Option<((u8, usize), Entry)> = None;
    for (ingress, rule) in &of_host {
        for entry in rule.at("http.paths").list() {
            let Some(rank) = path_rank(entry, asked, regex) else { continue };
            if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                best = Some((rank, Entry { ingress, rule, path: entry }));
            }
        }
    }
    if let Some((_, entry)) = best {
        return chosen(&entry, path);
    }
    let own = of_host.iter().find_map(|(ingress, _)| default_backend(ingress, path));
    let catches_all =
        |ingress: &&&Object| rank.is_none_or(|rank| rank == 0) && ingress.at("spec.rules").list().is_empty();
    own.or_else(|| main.iter().filter(catches_all).find_map(|ingress| default_backend(ingress, path)))
}

/// The canary Ingress that takes the request instead, by header, by cookie or by weight.
///
/// Models rootfs/etc/nginx/lua balancer.lua route_to_alternative_balancer.
pub fn canary(view: &View, ingresses: &[&Object], chosen: &Chosen, asked: &HttpRequest, n: u64) -> Option<Chosen> {
    let host = asked.header("Host");
    let canaries = ingresses.iter().copied().filter(|ingress| annotation(ingress, "canary") == "true");
    for ingress in canaries.filter(|ingress| ingress.namespace() == chosen.ingress.namespace) {
        let mut plain = ingress.clone();
        let regex = ingresses.iter().any(|main| main.key() == chosen.ingress && speaks_regex(main));
        let annotations = plain.value.slot("metadata").slot("annotations").map_mut();
        annotations.insert("nginx.ingress.kubernetes.io/canary", "false");
        annotations.insert("nginx.ingress.kubernetes.io/use-regex", if regex { "true" } else { "false" });
        let Some(mut other) = choose(&[&plain], host, &asked.path) else { continue };
        other.path.clone_from(&chosen.path);
        let name = annotation(ingress, "canary-by-header");
        let wanted = annotation(ingress, "canary-by-header-value");
        if !name.is_empty() {
            match (asked.header(name), wanted) {
                ("", _) => {}
                (given, wanted) if !wanted.is_empty() && given == wanted => return Some(other),
                ("always", "") => return Some(other),
                ("never", "") => return None,
                _ => {}
            }
        }
        let cookie = annotation(ingress, "canary-by-cookie");
        let cookies = asked.header("Cookie");
        let has = |value: &str| cookies.split("; ").any(|one| one.split_once('=') == Some((cookie, value)));
        if !cookie.is_empty() && has("always") {
            return Some(other);
        }
        if !cookie.is_empty() && has("never") {
            return None;
        }
        let number = |name: &str, default: u64| annotation(ingress, name).parse().unwrap_or(default);
        let (weight, total) = (number("canary-weight", 0), number("canary-weight-total", 100).max(1));
        if draw::below(view.settings.seed, "canary", &chosen.service.to_string(), n, total) < weight {
            return Some(other);
        }
    }
    None
}

/// False where the Ingress lets only some networks in, and the client is in none of them.
pub fn lets_in(ingress: &Object, client: &str) -> bool {
    let allowed = match annotation(ingress, "allowlist-source-range") {
        "" => annotation(ingress, "whitelist-source-range"),
        ranges => ranges,
    };
    let client: Option<IpAddr> = client.parse().ok();
    let holds = |range: &str| {
        let range = range.trim();
        let cidr = Cidr::parse(range).or_else(|| range.parse().ok().map(Cidr::single));
        cidr.zip(client).is_some_and(|(cidr, ip)| cidr.contains(ip))
    };
    allowed.is_empty() || allowed.split(',').any(holds)
}

/// `foo.bar.com` of `foo.bar.com:8080`.
pub(super) fn without_port(host: &str) -> &str {
    host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name)
}

fn chosen(entry: &Entry, asked: &str) -> Option<Chosen> {
    let host = entry.rule.get("host").opt_str().filter(|host| !host.is_empty()).unwrap_or("*");
    let (path, kind) = (entry.path.get("path").str(), entry.path.get("pathType").str());
    let path = if path.is_empty() { "/" } else { path };
    let text = format!("host: {host}, path: {path}, pathType: {kind}");
    let mut chosen = backend_of(entry.ingress, entry.path.at("backend.service"), text, asked)?;
    let target = annotation(entry.ingress, "rewrite-target");
    if !target.is_empty() {
        chosen.path = rewritten(path, target, asked);
    }
    Some(chosen)
}

/// The path after `rewrite "(?i)PATH" TARGET break`.
fn rewritten(path: &str, target: &str, asked: &str) -> String {
    let (asked, query) = asked.split_once('?').map_or((asked, None), |(path, query)| (path, Some(query)));
    let expression = Expression::parse(path.trim_start_matches('^'), true).ok();
    let groups = expression.and_then(|expression| expression.groups(asked)).unwrap_or_default();
    let mut text = target.to_owned();
    for number in 1..=9 {
        text = text.replace(&format!("${number}"), groups.get(number - 1).map_or("", String::as_str));
    }
    match query {
        Some(query) => format!("{text}?{query}"),
        None => text,
    }
}

fn default_backend(ingress: &Object, asked: &str) -> Option<Chosen> {
    backend_of(ingress, ingress.at("spec.defaultBackend.service"), "defaultBackend".to_owned(), asked)
}

fn backend_of(ingress: &Object, backend: &Value, rule: String, asked: &str) -> Option<Chosen> {
    let name = backend.get("name").opt_str()?;
    let number = backend.at("port.number");
    let port = if number.is_empty() { backend.at("port.name") } else { number }.clone();
    let service = ObjectKey::new(ingress.namespace(), name);
    Some(Chosen { ingress: ingress.key(), service, port, rule, path: asked.to_owned() })
}

/// 2 for the host itself or another name of it, 1 for a wildcard, 0 for a rule without host.
fn server_rank(ingress: &Object, rule: &Value, host: &str) -> Option<u8> {
    let alias = annotation(ingress, "server-alias").split(',').any(|alias| alias.trim() == host && !host.is_empty());
    host_rank(rule.get("host").str(), host).or(alias.then_some(2))
}

/// 2 for the host itself, 1 for a wildcard of one label, 0 for a rule without host.
pub(super) fn host_rank(rule: &str, host: &str) -> Option<u8> {
    match rule.strip_prefix("*.") {
        _ if rule.is_empty() => Some(0),
        None => (rule == host).then_some(2),
        Some(domain) => host.split_once('.').filter(|(first, rest)| !first.is_empty() && *rest == domain).map(|_| 1),
    }
}

/// 1 for an exact path and 0 for a prefix - by whole elements, or, where the type is left to the implementation, by letters
/// - with the length of it.
fn path_rank(entry: &Value, asked: &str, regex: bool) -> Option<(u8, usize)> {
    let wanted = entry.get("path").opt_str().filter(|path| !path.is_empty()).unwrap_or("/");
    match entry.get("pathType").str() {
        "Exact" if !regex => (wanted == asked).then_some((1, wanted.len())),
        _ if regex => {
            let expression = Expression::parse(wanted.trim_start_matches('^'), true).ok()?;
            expression.groups(asked).map(|_| (0, wanted.len()))
        }
        "ImplementationSpecific" => asked.starts_with(wanted).then_some((0, wanted.len())),
        _ => {
            let stem = wanted.trim_end_matches('/');
            let below = asked.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            below.then_some((0, wanted.len()))
        }
    }
}

/// The addresses of the pods behind a backend: ready ones, in order.
pub(super) fn targets(state: &State, chosen: &Chosen) -> Vec<(IpAddr, u16)> {
    let Some(service) = state.service(&chosen.service) else {
        return Vec::new();
    };
    let Some(name) = port_name(service, &chosen.port) else {
        return Vec::new();
    };
    let of = |slice: &Slice| -> Vec<(IpAddr, u16)> {
        let ports = slice.ports.iter().filter(|(port, protocol, _)| *port == name && *protocol == Protocol::Tcp);
        let ready: Vec<&Endpoint> = slice.endpoints.iter().filter(|endpoint| endpoint.ready).collect();
        ports.flat_map(|(_, _, number)| ready.iter().map(|endpoint| (endpoint.address, *number))).collect()
    };
    let mut all: Vec<(IpAddr, u16)> = state.slices(&chosen.service).flat_map(of).collect();
    all.order();
    all
}

fn port_name<'a>(service: &'a Service, port: &Value) -> Option<&'a str> {
    let found = service.ports.iter().find(|p| match port {
        Value::Int(number) => i64::from(p.port) == *number,
        name => p.name == name.str(),
    });
    found.map(|p| p.name.as_str())
}
