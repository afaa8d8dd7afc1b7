//! One request from start to end: the name, the connection, the question, the answer, with a hop for each step.
//!
//! It is pure: what the nodes are to remember of it stands in the trace.

use core::net::IpAddr;

use super::conntrack::Flow;
use super::http::{reason, HttpRequest, HttpResponse};
use super::path::{Arrival, Path};
use super::proxy::service::Protocol;
use super::request_places::{node_process, world};
use super::resolve::resolve;
use super::trace::{Hop, HopKind, Outcome, Place, Response, Trace, Verdict};
use super::{api_server, ingress, ingress_proxy, State};
use crate::api::{Object, ObjectKey};
use crate::store::View;
use crate::workload::behaviour;

/// Where a request comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A machine on the node network that is no node.
    Outside,
    /// A node's own shell.
    Node(String),
    /// A container of a pod.
    Pod(ObjectKey),
    /// A shell in a namespace: on the first node, with an address, a resolver and the rights of a pod without labels, but
    /// no object in the cluster.
    Shell(String),
}

/// What is asked, of whom, and by whom.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    /// Who asks.
    pub source: Source,
    /// `http`, `https`; `tcp` where the connection is all that is wanted.
    pub scheme: String,
    /// Name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub path: String,
    /// `GET`.
    pub method: String,
    /// Headers, Host among them where it is to differ from the host.
    pub headers: Vec<(String, String)>,
    /// What is sent along.
    pub body: String,
    /// Counts the requests of a playground: the key of every draw.
    pub n: u64,
    /// How long the client waits, in microseconds.
    pub timeout_us: u64,
    /// True where any certificate will do.
    pub insecure: bool,
    /// Names with their addresses that are not to be looked up.
    pub resolve: Vec<(String, IpAddr)>,
    /// The port at the source, where the client chose it.
    pub source_port: Option<u16>,
    /// The connection it goes over, where that is open already: its address and what the nodes know of it.
    pub open: Option<(IpAddr, Vec<Flow>)>,
}

/// How long a client waits for a connection without being told: six retransmissions of a SYN.
pub const CONNECT_TIMEOUT_US: u64 = 130_952_000;

impl Request {
    /// A GET of a URL's parts, from a source, as the `n`th request.
    pub fn get(source: Source, scheme: &str, host: &str, port: u16, path: &str, n: u64) -> Request {
        Request {
            source,
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port,
            path: path.to_owned(),
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: String::new(),
            n,
            timeout_us: CONNECT_TIMEOUT_US,
            insecure: false,
            resolve: Vec::new(),
            source_port: None,
            open: None,
        }
    }
}

/// What a container answers: the pod, a container's name (empty: whichever listens), the port and the request; nothing where
/// nobody listens there.
pub type Respond<'a> = &'a dyn Fn(&Object, &str, u16, &HttpRequest) -> Option<HttpResponse>;

/// Carries a request out.
pub fn request(view: &View, state: &State, request: &Request, respond: Respond) -> Trace {
    carry(Path::new(view, state, request.source.clone(), request.n, request.timeout_us), request, respond).0
}

/// Carries a request out with each choice on its way prescribed instead of drawn: the `i`th takes `lots[i]`, and the first
/// where there is none. Gives also how many there were to choose from each time, so that all ways can be gone.
pub fn request_by_lots(
    view: &View,
    state: &State,
    request: &Request,
    lots: Vec<u32>,
    respond: Respond,
) -> (Trace, Vec<u32>) {
    let mut path = Path::new(view, state, request.source.clone(), request.n, request.timeout_us);
    path.lots = Some(lots);
    carry(path, request, respond)
}

fn carry(mut path: Path, request: &Request, respond: Respond) -> (Trace, Vec<u32>) {
    path.source_port = request.source_port;
    let (address, outcome) = match resolve(&mut path, request) {
        Ok(address) => {
            let protocol = if request.scheme == "udp" { Protocol::Udp } else { Protocol::Tcp };
            let arrival = path.connect(address, request.port, protocol);
            (address.to_string(), ask(&mut path, request, arrival, respond))
        }
        Err(outcome) => (String::new(), outcome),
    };
    let target = match (request.host.contains(':'), request.port) {
        (true, port) => format!("[{}]:{port}", request.host),
        (false, port) => format!("{}:{port}", request.host),
    };
    let counts = std::mem::take(&mut path.counts);
    (path.finish(target, address, request.port, outcome), counts)
}

/// What comes of a connection once it has arrived somewhere, or has not.
pub(super) fn ask(path: &mut Path, request: &Request, arrival: Arrival, respond: Respond) -> Outcome {
    let tls = request.scheme == "https";
    match arrival {
        Arrival::Ended(outcome) => outcome,
        Arrival::ApiServer { place } => {
            path.connected();
            let response = api_server::respond(request);
            path.certificate = Some(api_server::certificate(path.view));
            secure(path, request, tls, true, place, response, String::new())
        }
        Arrival::Health { node, service, endpoints } => {
            path.connected();
            let response = health(&service, endpoints);
            secure(path, request, tls, false, Place::node(&node), response, String::new())
        }
        Arrival::Node { node } => node_process(path, request, &node),
        Arrival::World { address } => world(path, request, address),
        Arrival::Pod { pod, port, client } => ask_pod(path, request, pod, port, client, respond),
    }
}

/// A connection to a pod: who listens there, and what they say.
fn ask_pod(path: &mut Path, request: &Request, pod: &Object, port: u16, client: IpAddr, respond: Respond) -> Outcome {
    let place = Place::pod(&pod.key());
    if request.scheme == "udp" {
        return datagram(path, pod, port);
    }
    let question = http_request(request, client);
    let answer = respond(pod, "", port, &question);
    if answer.is_some() && ingress::is_controller(pod) && matches!(port, 80 | 443) {
        path.connected();
        return ingress_proxy::serve(path, request, (pod, port), &question, respond);
    }
    let Some(response) = answer else {
        let hop = Hop {
            sentence: format!("Nothing in pod {} listens on port {port}: the connection is refused.", pod.name()),
            verdict: Verdict::Refused,
            ..path.step(HopKind::Listen, "nobody listens", place.clone(), place)
        };
        path.hop(hop);
        return Outcome::Refused;
    };
    let hop = Hop {
        sentence: format!(
            "Pod {} listens on port {port} and takes the connection; it sees {client} as its client.",
            pod.name()
        ),
        ..path.step(HopKind::Listen, "listener", place.clone(), place.clone())
    };
    path.hop(hop);
    path.connected();
    path.pass(response.took_us.max(500));
    if response.status == 0 {
        return Outcome::Greeting(response.body);
    }
    secure(path, request, request.scheme == "https", speaks_tls(port), place, response, pod.key().to_string())
}

/// A datagram at a pod: nobody says whether it was read, only where nobody could have.
fn datagram(path: &mut Path, pod: &Object, port: u16) -> Outcome {
    let place = Place::pod(&pod.key());
    let containers = pod.at("spec.containers").list().iter();
    let mut listens = containers.flat_map(|container| behaviour(pod, container).listens);
    let heard = listens.any(|listen| listen.port == port && listen.protocol == "UDP");
    let (title, sentence, verdict) = match heard {
        true => ("listener", format!("Pod {} listens on UDP port {port}.", pod.name()), Verdict::Passed),
        false => (
            "nobody listens",
            format!("Nothing in pod {} listens on UDP port {port}: its kernel says so (ICMP).", pod.name()),
            Verdict::Refused,
        ),
    };
    let hop = Hop { sentence, verdict, ..path.step(HopKind::Listen, title, place.clone(), place) };
    path.hop(hop);
    path.connected();
    if heard {
        Outcome::Connected
    } else {
        Outcome::Refused
    }
}

/// The answer, unless client and server do not speak the same language.
pub(super) fn secure(
    path: &mut Path,
    request: &Request,
    tls: bool,
    server_tls: bool,
    from: Place,
    response: HttpResponse,
    pod: String,
) -> Outcome {
    match (tls, server_tls) {
        _ if request.scheme == "tcp" => Outcome::Connected,
        (true, false) => Outcome::NotTls,
        (true, true) if !request.insecure => Outcome::Untrusted,
        (false, true) => {
            let text = "Client sent an HTTP request to an HTTPS server.\n";
            reply(path, from, HttpResponse::new(400, "text/plain; charset=utf-8", text), pod)
        }
        _ => reply(path, from, response, pod),
    }
}

/// The last hop: the answer goes back the way the question came.
pub(super) fn reply(path: &mut Path, from: Place, mut response: HttpResponse, pod: String) -> Outcome {
    complete(path.view, &mut response);
    let to = path.place();
    let status = format!("{} {}", response.status, reason(response.status));
    let hop = Hop {
        sentence: format!(
            "The answer, {status}, goes back; the rewritten addresses are put back on the way (conntrack)."
        ),
        ..path.step(HopKind::Response, status.trim_end(), from, to)
    };
    path.hop(hop);
    path.pass(200);
    Outcome::Response(Response {
        status: response.status,
        headers: response.headers,
        body: response.body,
        pod,
        written: response.written,
    })
}

/// Adds the headers that every server sends.
fn complete(view: &View, response: &mut HttpResponse) {
    if response.header("Date").is_empty() {
        let date = view.timestamp().rfc1123z().replace("+0000", "GMT");
        let place = usize::from(response.headers.first().is_some_and(|(name, _)| name == "Server"));
        response.headers.insert(place, ("Date".to_owned(), date));
    }
    if response.header("Content-Length").is_empty() && response.header("Transfer-Encoding").is_empty() {
        response.headers.push(("Content-Length".to_owned(), response.body.len().to_string()));
    }
}

/// Ports that speak TLS by custom.
fn speaks_tls(port: u16) -> bool {
    matches!(port, 443 | 6443 | 8443 | 10250)
}

/// The request as the server reads it.
pub(super) fn http_request(request: &Request, client: IpAddr) -> HttpRequest {
    let default_port = if request.scheme == "https" { 443 } else { 80 };
    let authority =
        if request.port == default_port { request.host.clone() } else { format!("{}:{}", request.host, request.port) };
    let own = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let mut headers = vec![("Host".to_owned(), own.map_or(authority, |(_, value)| value.clone()))];
    headers.extend(request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")).cloned());
    HttpRequest {
        method: if request.scheme == "tcp" { "CONNECT".to_owned() } else { request.method.clone() },
        path: request.path.clone(),
        headers,
        body: request.body.clone(),
        peer: client.to_string(),
        tls: request.scheme == "https",
    }
}

/// What kube-proxy says on a Service's health check port.
///
/// Models pkg/proxy/healthcheck/service_health.go ServeHTTP.
fn health(service: &ObjectKey, endpoints: usize) -> HttpResponse {
    let status = if endpoints == 0 { 503 } else { 200 };
    let body = format!(
        "{{\n\t\"service\": {{\n\t\t\"namespace\": \"{}\",\n\t\t\"name\": \"{}\"\n\t}},\n\t\"localEndpoints\": {endpoints},\n\t\"serviceProxyHealthy\": true\n}}",
        service.namespace, service.name
    );
    let mut response = HttpResponse::new(status, "application/json", body);
    response.headers.push(("X-Load-Balancing-Endpoint-Weight".to_owned(), endpoints.to_string()));
    response
}
