//! What the Ingress controller does with a request that has reached one of its pods: redirects, pages of its own, and the
//! way on to a pod of the backend.

use super::certificate::{self, Certificate};
use super::http::{HttpRequest, HttpResponse};
use super::ingress::{annotation, canary, choose, host_rank, lets_in, served, targets, without_port, Chosen};
use super::path::{Arrival, Path};
use super::request::{reply, Request, Respond};
use super::trace::{Hop, HopKind, Memory, Outcome, Place, Verdict};
use crate::api::{Object, ObjectKey, Value};

/// How long the controller waits for a connection to a pod (`proxy-connect-timeout`), in microseconds.
const CONNECT_US: u64 = 5_000_000;
/// How many pods it tries (`proxy-next-upstream-tries`).
const TRIES: usize = 3;

/// Answers a request that has reached a controller pod.
pub fn serve(
    path: &mut Path,
    request: &Request,
    (pod, port): (&Object, u16),
    question: &HttpRequest,
    respond: Respond,
) -> Outcome {
    let place = Place::pod(&pod.key());
    match (request.scheme.as_str(), port) {
        ("tcp", _) => return Outcome::Connected,
        ("https", 80) => return Outcome::NotTls,
        ("http", 443) => {
            let text = "The plain HTTP request was sent to HTTPS port";
            let body = page(&format!("400 {text}"), &format!("400 Bad Request</h1></center>\r\n<center>{text}"));
            let body = body.replace(&format!("{text}</h1></center>"), &format!("{text}</center>"));
            return reply(path, place, HttpResponse::new(400, "text/html", body), String::new());
        }
        _ => {}
    }
    let ingresses = served(path.view);
    if question.tls {
        let certificate = certificate_for(path, &ingresses, &request.host);
        path.certificate = Some(certificate);
        if !request.insecure {
            return Outcome::Untrusted;
        }
    }
    let host = question.header("Host").to_owned();
    if question.path == "/healthz" && !names_host(&ingresses, &host) {
        let sentence = "No Ingress names the host: the controller itself says that it is well.".to_owned();
        let hop = Hop { sentence, ..path.step(HopKind::Proxy, "health check", place.clone(), place.clone()) };
        path.hop(hop);
        let mut response = HttpResponse::new(200, "text/html", "");
        secured(question, &mut response);
        return reply(path, place, response, String::new());
    }
    let Some(mut chosen) = choose(&ingresses, &host, &question.path) else {
        let sentence =
            format!("No Ingress has a rule for {host}{}: the controller's own default backend answers.", question.path);
        let hop = Hop { sentence, ..path.step(HopKind::Proxy, "default backend", place.clone(), place.clone()) };
        path.hop(hop);
        return reply(path, place, own(404, question), String::new());
    };
    let ingress = ingresses.iter().find(|ingress| ingress.key() == chosen.ingress).copied();
    if let Some((sentence, response)) = ingress.and_then(|ingress| itself(ingress, question, &host)) {
        let rule = format!("{}: {}", chosen.ingress, chosen.rule);
        let hop =
            Hop { rule, sentence, ..path.step(HopKind::Proxy, "answer of its own", place.clone(), place.clone()) };
        path.hop(hop);
        return reply(path, place, response, String::new());
    }
    if let Some(other) = canary(path.view, &ingresses, &chosen, question, path.n) {
        chosen = other;
    }
    let to = Place::service(&chosen.service);
    let rewritten = match chosen.path == question.path {
        true => String::new(),
        false => format!(" It asks for {} (rewrite-target).", chosen.path),
    };
    let sentence = format!(
        "Ingress {} sends {host}{} to Service {}; the controller asks its pods directly, without the ClusterIP.{rewritten}",
        chosen.ingress.name, question.path, chosen.service.name
    );
    let rule = format!("{}: {}", chosen.ingress, chosen.rule);
    let hop = Hop { rule, sentence, ..path.step(HopKind::Proxy, "Ingress", place.clone(), to.clone()) };
    path.hop(hop);
    let targets = targets(path.state, &chosen);
    if targets.is_empty() {
        let sentence = format!("Service \"{}\" does not have any active Endpoint.", chosen.service);
        let verdict = Verdict::Refused;
        let hop = Hop { sentence, verdict, ..path.step(HopKind::Proxy, "no endpoint", to, place.clone()) };
        path.hop(hop);
        return reply(path, place, own(503, question), String::new());
    }
    let service = format!("ingress {}:{}", chosen.service, targets[0].1);
    let turn = match path.lots {
        Some(_) => path.lot("ingress", &service, targets.len() as u64) as usize,
        None => path.state.turn(pod.name(), &service) as usize,
    };
    path.memories.push(Memory {
        node: pod.name().to_owned(),
        service,
        client: String::new(),
        endpoint: String::new(),
        sticky: false,
    });
    let mut status = 502;
    for attempt in 0..targets.len().min(TRIES) {
        let (address, port) = targets[(turn + attempt) % targets.len()];
        let patience = std::mem::replace(&mut path.timeout_us, path.at_us + CONNECT_US);
        let arrival = path.connect_from(pod, address, port);
        path.timeout_us = patience;
        status = match ask_backend(path, question, &chosen, place.clone(), arrival, respond) {
            Ok(outcome) => return outcome,
            Err(status) => status,
        };
    }
    reply(path, place, own(status, question), String::new())
}

/// True where a rule is for the host, by itself or by a wildcard.
fn names_host(ingresses: &[&Object], host: &str) -> bool {
    let name = without_port(host);
    let mut rules = ingresses.iter().flat_map(|ingress| ingress.at("spec.rules").list());
    rules.any(|rule| host_rank(rule.get("host").str(), name).is_some_and(|rank| rank > 0))
}

/// How many bytes a request may bring along: `proxy-body-size`, a megabyte without it; none for as many as it likes.
///
/// Models nginx' client_max_body_size.
fn most_bytes(ingress: &Object) -> Option<usize> {
    let text = annotation(ingress, "proxy-body-size").to_lowercase();
    let (digits, unit) = match text.strip_suffix(['k', 'm', 'g']) {
        Some(digits) => (digits, 10 * (1 + "kmg".find(&text[digits.len()..]).unwrap_or(0))),
        None => (text.as_str(), 0),
    };
    let bytes = digits.parse::<usize>().map_or(1 << 20, |number| number << unit);
    (bytes > 0).then_some(bytes)
}

/// What the controller answers without asking a pod: redirects and refusals by annotation.
fn itself(ingress: &Object, question: &HttpRequest, host: &str) -> Option<(String, HttpResponse)> {
    if !lets_in(ingress, &question.peer) {
        let sentence = format!("Ingress {} lets {} in from nowhere it names.", ingress.name(), question.peer);
        return Some((sentence, own(403, question)));
    }
    if most_bytes(ingress).is_some_and(|most| question.body.len() > most) {
        let sentence = format!("Ingress {} takes no request as long as this (proxy-body-size).", ingress.name());
        return Some((sentence, own(413, question)));
    }
    let name = without_port(host);
    let to = |status: u16, target: String| {
        let mut response = own(status, question);
        response.headers.push(("Location".to_owned(), target));
        response
    };
    let covers = |tls: &Value| {
        let hosts = tls.get("hosts").list();
        hosts.iter().any(|h| host_rank(h.str(), name).is_some_and(|r| r > 0))
    };
    let secured = ingress.at("spec.tls").list().iter().any(covers) && annotation(ingress, "ssl-redirect") != "false";
    if !question.tls && (secured || annotation(ingress, "force-ssl-redirect") == "true") {
        let sentence = format!("Ingress {} has a certificate for {name}: the client is sent to https.", ingress.name());
        let path = match annotation(ingress, "preserve-trailing-slash") {
            "true" => question.path.as_str(),
            _ => question.path.strip_suffix('/').unwrap_or(&question.path),
        };
        return Some((sentence, to(308, format!("https://{name}{path}"))));
    }
    let by = |what: &str| format!("Ingress {} sends the client elsewhere ({what}).", ingress.name());
    let root = annotation(ingress, "app-root");
    if !root.is_empty() && question.path == "/" {
        let scheme = if question.tls { "https" } else { "http" };
        return Some((by("app-root"), to(302, format!("{scheme}://{host}{root}"))));
    }
    let (temporal, permanent) = (annotation(ingress, "temporal-redirect"), annotation(ingress, "permanent-redirect"));
    if !temporal.is_empty() {
        return Some((by("temporal-redirect"), to(302, temporal.to_owned())));
    }
    if !permanent.is_empty() {
        let code = annotation(ingress, "permanent-redirect-code").parse().unwrap_or(301);
        return Some((by("permanent-redirect"), to(code, permanent.to_owned())));
    }
    None
}

/// What comes of the controller's own connection to a pod of the backend; the status of its own page where nothing does.
fn ask_backend(
    path: &mut Path,
    question: &HttpRequest,
    chosen: &Chosen,
    place: Place,
    arrival: Arrival,
    respond: Respond,
) -> Result<Outcome, u16> {
    let (pod, port, client) = match arrival {
        Arrival::Pod { pod, port, client } => (pod, port, client),
        Arrival::Ended(Outcome::Timeout) => return Err(504),
        _ => return Err(502),
    };
    let mut inner = HttpRequest { headers: forwarded(question), path: chosen.path.clone(), ..question.clone() };
    (inner.peer, inner.tls) = (client.to_string(), false);
    let backend = Place::pod(&pod.key());
    let Some(mut response) = respond(pod, "", port, &inner).filter(|response| response.status != 0) else {
        let sentence = format!("Nothing in pod {} answers HTTP on port {port}.", pod.name());
        let verdict = Verdict::Refused;
        let hop = Hop { sentence, verdict, ..path.step(HopKind::Listen, "nobody listens", backend.clone(), backend) };
        path.hop(hop);
        return Err(502);
    };
    let sentence = format!("Pod {} answers the controller, which hands it on.", pod.name());
    let hop = Hop { sentence, ..path.step(HopKind::Listen, "listener", backend.clone(), place.clone()) };
    path.hop(hop);
    path.pass(response.took_us.max(500));
    response.headers.retain(|(name, _)| !["server", "connection"].contains(&name.to_lowercase().as_str()));
    secured(question, &mut response);
    Ok(reply(path, place, response, pod.key().to_string()))
}

/// The headers as the controller sends them on.
fn forwarded(question: &HttpRequest) -> Vec<(String, String)> {
    let host = question.header("Host").to_owned();
    let (scheme, port) = if question.tls { ("https", "443") } else { ("http", "80") };
    let peer = question.peer.clone();
    let own = [
        ("Host", host.clone()),
        ("X-Real-IP", peer.clone()),
        ("X-Forwarded-For", peer),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Port", port.to_owned()),
        ("X-Forwarded-Proto", scheme.to_owned()),
        ("X-Forwarded-Scheme", scheme.to_owned()),
        ("X-Scheme", scheme.to_owned()),
    ];
    let mut all: Vec<(String, String)> = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let more = question.headers.iter().filter(|(name, _)| !all.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)));
    let more: Vec<(String, String)> = more.cloned().collect();
    all.extend(more);
    all
}

/// Answers over TLS tell browsers to stay there; those of HTTP/1.1 that the connection stays open.
fn secured(question: &HttpRequest, response: &mut HttpResponse) {
    let (name, text) = match question.tls {
        true => ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        false => ("Connection", "keep-alive"),
    };
    response.headers.push((name.to_owned(), text.to_owned()));
}

/// A page of nginx' own.
fn own(status: u16, question: &HttpRequest) -> HttpResponse {
    let reason = match status {
        413 => "Request Entity Too Large",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        other => super::http::reason(other),
    };
    let title = format!("{status} {reason}");
    let mut response = HttpResponse::new(status, "text/html", page(&title, &title));
    response.headers.push(("Content-Length".to_owned(), response.body.len().to_string()));
    secured(question, &mut response);
    response
}

/// The text of such a page.
fn page(title: &str, heading: &str) -> String {
    format!("<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{heading}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
}

/// The certificate for a host: that of the Secret an Ingress names for it, or the one the controller makes for itself.
fn certificate_for(path: &Path, ingresses: &[&Object], host: &str) -> Certificate {
    let named = ingresses.iter().find_map(|ingress| {
        let of_host = |tls: &&Value| {
            let hosts = tls.get("hosts").list();
            hosts.is_empty() || hosts.iter().any(|h| host_rank(h.str(), host).is_some_and(|r| r > 0))
        };
        let tls = ingress.at("spec.tls").list().iter().find(of_host)?;
        Some(ObjectKey::new(ingress.namespace(), tls.get("secretName").opt_str()?))
    });
    let secret = named.and_then(|key| path.view.get("Secret", &key));
    let read = secret.and_then(|secret| certificate::of_pem(secret.value.get("data").get("tls.crt").str()));
    read.unwrap_or_else(|| certificate::self_made(path.view.timestamp()))
}
