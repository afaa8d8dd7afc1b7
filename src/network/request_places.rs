//! What answers at places that are no pods: the processes of a node, and the world outside.

use core::net::IpAddr;

use super::dns;
use super::http::HttpResponse;
use super::path::Path;
use super::request::{reply, secure, Request};
use super::trace::{Hop, HopKind, Outcome, Place, Verdict};

/// Processes of a node that are no pods: kubelet, kube-proxy and sshd.
pub(super) fn node_process(path: &mut Path, request: &Request, node: &str) -> Outcome {
    let place = Place::node(node);
    let loopback = request.host == "localhost" || request.host.starts_with("127.");
    let what = request.path.split('?').next().unwrap_or("/");
    let own = match (request.port, loopback, what) {
        (10249, true, "/proxyMode") => Some((200, path.state.mode.name().to_owned())),
        (10248 | 10249, true, "/healthz") => Some((200, "ok".to_owned())),
        (10256, _, "/healthz" | "/livez") => {
            let now = path.view.timestamp().rfc3339();
            Some((200, format!("{{\"lastUpdated\": \"{now}\",\"currentTime\": \"{now}\", \"nodeEligible\": true}}")))
        }
        (10248 | 10249, true, _) | (10256, ..) => Some((404, "404 page not found\n".to_owned())),
        _ => None,
    };
    if let Some((status, body)) = own {
        path.connected();
        let response = HttpResponse::new(status, "text/plain; charset=utf-8", body);
        return secure(path, request, request.scheme == "https", false, place, response, String::new());
    }
    if request.port == 22 {
        path.connected();
        return Outcome::Greeting("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n".to_owned());
    }
    if request.port == 10250 {
        path.connected();
        let response = HttpResponse::new(401, "text/plain; charset=utf-8", "Unauthorized");
        return secure(path, request, request.scheme == "https", true, place, response, String::new());
    }
    let hop = Hop {
        sentence: format!("Nothing on {node} listens on port {}: the connection is refused.", request.port),
        verdict: Verdict::Refused,
        ..path.step(HopKind::Listen, "nobody listens", place.clone(), place)
    };
    path.hop(hop);
    Outcome::Refused
}

/// The world outside, in which one host answers.
pub(super) fn world(path: &mut Path, request: &Request, address: IpAddr) -> Outcome {
    let place = Place::address(address.to_string());
    if address != IpAddr::from(dns::EXAMPLE_IP) || !matches!(request.port, 80 | 443) {
        let hop = Hop {
            sentence: format!("Nobody is known at {address}: no answer comes."),
            verdict: Verdict::Dropped,
            ..path.step(HopKind::Filter, "no answer", place.clone(), place)
        };
        path.hop(hop);
        return path.time_out();
    }
    path.connected();
    if request.scheme == "tcp" {
        return Outcome::Connected;
    }
    let body = "<!doctype html>\n<html>\n<head>\n    <title>Example Domain</title>\n</head>\n<body>\n<h1>Example Domain</h1>\n</body>\n</html>\n";
    reply(path, place, HttpResponse::new(200, "text/html", body), String::new())
}
