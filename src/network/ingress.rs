//! The Ingress controller: which Ingress, rule and path a request belongs to, and which Service is behind it. It is an
//! nginx-like one; its pods are those with its image.
//!
//! The choice of rule knows nothing of nginx, so that other controllers can use it.

use core::net::IpAddr;

use super::http::{HttpRequest, HttpResponse};
use super::path::{Arrival, Path};
use super::proxy::service::{Endpoint, Protocol, Service, Slice};
use super::request::{reply, Request, Respond};
use super::trace::{Hop, HopKind, Outcome, Place, Verdict};
use super::State;
use crate::api::{Object, ObjectKey, Value};
use crate::base::draw;
use crate::base::order::Order;
use crate::store::View;

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

/// The rule for a host and a path: the host itself before a wildcard before none; an exact path before the longest prefix.
///
/// Models the order of servers and locations of ingress-nginx, which is that of the Ingress specification.
pub fn choose(ingresses: &[&Object], host: &str, path: &str) -> Option<Chosen> {
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name).to_lowercase();
    let mut best: Option<((u8, u8, usize), Chosen)> = None;
    for ingress in ingresses {
        for rule in ingress.at("spec.rules").list() {
            let Some(host_rank) = host_rank(rule.get("host").str(), &host) else { continue };
            for entry in rule.at("http.paths").list() {
                let Some((path_rank, length)) = path_rank(entry, path) else { continue };
                let rank = (host_rank, path_rank, length);
                if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                    best = chosen(ingress, rule, entry).map(|chosen| (rank, chosen)).or(best);
                }
            }
        }
    }
    best.map(|(_, chosen)| chosen).or_else(|| ingresses.iter().find_map(|ingress| default_backend(ingress)))
}

fn chosen(ingress: &Object, rule: &Value, entry: &Value) -> Option<Chosen> {
    let backend = entry.at("backend.service");
    let host = rule.get("host").opt_str().filter(|host| !host.is_empty()).unwrap_or("*");
    let (path, kind) = (entry.get("path").str(), entry.get("pathType").str());
    let path = if path.is_empty() { "/" } else { path };
    let text = format!("host: {host}, path: {path}, pathType: {kind}");
    backend_of(ingress, backend, text)
}

fn default_backend(ingress: &Object) -> Option<Chosen> {
    backend_of(ingress, ingress.at("spec.defaultBackend.service"), "defaultBackend".to_owned())
}

fn backend_of(ingress: &Object, backend: &Value, rule: String) -> Option<Chosen> {
    let name = backend.get("name").opt_str()?;
    let number = backend.at("port.number");
    let port = if number.is_empty() { backend.at("port.name") } else { number }.clone();
    Some(Chosen { ingress: ingress.key(), service: ObjectKey::new(ingress.namespace(), name), port, rule })
}

/// 2 for the host itself, 1 for a wildcard of one label, 0 for a rule without host.
fn host_rank(rule: &str, host: &str) -> Option<u8> {
    match rule.strip_prefix("*.") {
        _ if rule.is_empty() => Some(0),
        None => (rule == host).then_some(2),
        Some(domain) => host.split_once('.').filter(|(first, rest)| !first.is_empty() && *rest == domain).map(|_| 1),
    }
}

/// 1 for an exact path and 0 for a prefix by whole elements, with the length of it.
fn path_rank(entry: &Value, path: &str) -> Option<(u8, usize)> {
    let wanted = entry.get("path").opt_str().filter(|path| !path.is_empty()).unwrap_or("/");
    let path = path.split('?').next().unwrap_or("/");
    match entry.get("pathType").str() {
        "Exact" => (wanted == path).then_some((1, wanted.len())),
        _ => {
            let stem = wanted.trim_end_matches('/');
            let below = path.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            below.then_some((0, wanted.len()))
        }
    }
}

/// A request that has reached a controller pod: its way on to a pod of the backend.
pub fn serve(path: &mut Path, request: &Request, pod: &Object, question: &HttpRequest, respond: Respond) -> Outcome {
    let place = Place::pod(&pod.key());
    if request.scheme == "tcp" {
        return Outcome::Connected;
    }
    if question.tls && !request.insecure {
        return Outcome::Untrusted;
    }
    let ingresses = served(path.view);
    let host = question.header("Host").to_owned();
    let Some(chosen) = choose(&ingresses, &host, &question.path) else {
        let sentence =
            format!("No Ingress has a rule for {host}{}: the controller's own default backend answers.", question.path);
        let hop = Hop { sentence, ..path.step(HopKind::Proxy, "default backend", place.clone(), place.clone()) };
        path.hop(hop);
        return reply(path, place, error_page(404), String::new());
    };
    if let Some(redirect) = to_tls(&ingresses, &chosen, question, &host) {
        let sentence =
            format!("Ingress {} has a certificate for {host}: the client is sent to https.", chosen.ingress.name);
        let hop = Hop { sentence, ..path.step(HopKind::Proxy, "redirect to TLS", place.clone(), place.clone()) };
        path.hop(hop);
        return reply(path, place, redirect, String::new());
    }
    let targets = targets(path.state, &chosen);
    let to = Place::service(&chosen.service);
    let sentence = format!(
        "Ingress {} sends {host}{} to Service {}; the controller asks its pods directly, without the ClusterIP.",
        chosen.ingress.name, question.path, chosen.service.name
    );
    let rule = format!("{}: {}", chosen.ingress, chosen.rule);
    let hop = Hop { rule, sentence, ..path.step(HopKind::Proxy, "Ingress", place.clone(), to.clone()) };
    path.hop(hop);
    if targets.is_empty() {
        let sentence = format!("Service \"{}\" does not have any active Endpoint.", chosen.service);
        let verdict = Verdict::Refused;
        let hop = Hop { sentence, verdict, ..path.step(HopKind::Proxy, "no endpoint", to, place.clone()) };
        path.hop(hop);
        return reply(path, place, error_page(503), String::new());
    }
    let index =
        draw::below(path.view.settings.seed, "ingress", &chosen.service.to_string(), path.n, targets.len() as u64);
    let (address, port) = targets[index as usize];
    let arrival = path.connect_from(pod, address, port);
    ask_backend(path, question, place, arrival, respond)
}

/// What comes of the controller's own connection to a pod of the backend.
fn ask_backend(path: &mut Path, question: &HttpRequest, place: Place, arrival: Arrival, respond: Respond) -> Outcome {
    match arrival {
        Arrival::Pod { pod, port, client } => {
            let mut inner = question.clone();
            inner.headers.push(("X-Forwarded-For".to_owned(), question.peer.clone()));
            inner.headers.push(("X-Forwarded-Host".to_owned(), question.header("Host").to_owned()));
            inner.headers.push(("X-Real-IP".to_owned(), question.peer.clone()));
            inner.headers.push(("X-Scheme".to_owned(), if question.tls { "https" } else { "http" }.to_owned()));
            (inner.peer, inner.tls) = (client.to_string(), false);
            let backend = Place::pod(&pod.key());
            let Some(response) = respond(pod, "", port, &inner) else {
                let sentence = format!("Nothing in pod {} listens on port {port}.", pod.name());
                let verdict = Verdict::Refused;
                let hop =
                    Hop { sentence, verdict, ..path.step(HopKind::Listen, "nobody listens", backend.clone(), backend) };
                path.hop(hop);
                return reply(path, place, error_page(502), String::new());
            };
            let sentence = format!("Pod {} answers the controller, which hands it on.", pod.name());
            let hop = Hop { sentence, ..path.step(HopKind::Listen, "listener", backend.clone(), place.clone()) };
            path.hop(hop);
            path.pass(response.took_us.max(500));
            reply(path, place, response, pod.key().to_string())
        }
        Arrival::Ended(Outcome::Timeout) => reply(path, place, error_page(504), String::new()),
        _ => reply(path, place, error_page(502), String::new()),
    }
}

/// Models ingress-nginx' ssl-redirect: plain HTTP to a host with a certificate is sent to https.
fn to_tls(ingresses: &[&Object], chosen: &Chosen, question: &HttpRequest, host: &str) -> Option<HttpResponse> {
    let ingress = ingresses.iter().find(|ingress| ingress.key() == chosen.ingress)?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let covers = |tls: &Value| tls.get("hosts").list().iter().any(|h| host_rank(h.str(), name).is_some_and(|r| r > 0));
    let off = ingress.annotation("nginx.ingress.kubernetes.io/ssl-redirect") == "false";
    if question.tls || off || !ingress.at("spec.tls").list().iter().any(covers) {
        return None;
    }
    let mut response = error_page(308);
    response.headers.push(("Location".to_owned(), format!("https://{name}{}", question.path)));
    Some(response)
}

/// The addresses of the pods behind a backend: ready ones.
fn targets(state: &State, chosen: &Chosen) -> Vec<(IpAddr, u16)> {
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

/// A page of nginx' own.
fn error_page(status: u16) -> HttpResponse {
    let reason = match status {
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        other => super::http::reason(other),
    };
    let title = format!("{status} {reason}");
    HttpResponse::new(
        status,
        "text/html",
        format!("<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"),
    )
}
