//! NetworkPolicy: whether a pod may send or receive. It says which policy decided, and drops nothing itself.

use core::net::IpAddr;

use super::address::Cidr;
use super::proxy::service::Protocol;
use crate::api::selector::matches;
use crate::api::{Object, Value};
use crate::store::View;

/// The other end of a connection.
pub struct Peer<'a> {
    /// Its address.
    pub ip: IpAddr,
    /// The pod behind it, where it is one.
    pub pod: Option<&'a Object>,
}

/// What the policies that select a pod say of a connection.
pub struct Ruling {
    /// True where one of them lets it through.
    pub allowed: bool,
    /// The policy that does, or all that do not.
    pub policy: String,
    /// The rule that matched; without one, what the policies select.
    pub rule: String,
}

/// Whether a pod may receive from a peer on a port of its own; none where no policy selects it.
pub fn ingress(view: &View, pod: &Object, from: &Peer, port: u16, protocol: Protocol) -> Option<Ruling> {
    judge(view, pod, "Ingress", |rule| {
        (peers(view, pod, rule.get("from"), from) && ports(rule.get("ports"), Some(pod), port, protocol))
            .then(|| format!("ingress: from {}, ports {}", list_text(rule.get("from")), list_text(rule.get("ports"))))
    })
}

/// Whether a pod may send to a peer's port; none where no policy selects it.
pub fn egress(view: &View, pod: &Object, to: &Peer, port: u16, protocol: Protocol) -> Option<Ruling> {
    judge(view, pod, "Egress", |rule| {
        (peers(view, pod, rule.get("to"), to) && ports(rule.get("ports"), to.pod, port, protocol))
            .then(|| format!("egress: to {}, ports {}", list_text(rule.get("to")), list_text(rule.get("ports"))))
    })
}

/// Policies only ever add: a pod that none selects may do all, a selected one what any of them allows.
fn judge(view: &View, pod: &Object, direction: &str, fits: impl Fn(&Value) -> Option<String>) -> Option<Ruling> {
    if pod.at("spec.hostNetwork").bool() {
        return None;
    }
    let selecting: Vec<&Object> = view
        .store
        .list("NetworkPolicy", pod.namespace())
        .filter(|policy| matches(policy.at("spec.podSelector"), pod.labels()) && has_type(policy, direction))
        .collect();
    let field = if direction == "Ingress" { "spec.ingress" } else { "spec.egress" };
    for policy in &selecting {
        if let Some(rule) = policy.at(field).list().iter().find_map(&fits) {
            return Some(Ruling { allowed: true, policy: policy.name().to_owned(), rule });
        }
    }
    let names: Vec<&str> = selecting.iter().map(|policy| policy.name()).collect();
    let rule = format!("{direction} of pods that {} select: denied unless a rule allows it", names.join(", "));
    (!selecting.is_empty()).then(|| Ruling { allowed: false, policy: names.join(", "), rule })
}

/// Models pkg/apis/networking/v1 SetDefaults_NetworkPolicy where the types are not written.
fn has_type(policy: &Object, direction: &str) -> bool {
    let types = policy.at("spec.policyTypes").list();
    match types {
        [] => direction == "Ingress" || !policy.at("spec.egress").list().is_empty(),
        types => types.iter().any(|kind| kind.str() == direction),
    }
}

/// An empty list of peers is everybody.
fn peers(view: &View, pod: &Object, list: &Value, other: &Peer) -> bool {
    list.list().is_empty() || list.list().iter().any(|peer| is_peer(view, pod, peer, other))
}

fn is_peer(view: &View, pod: &Object, peer: &Value, other: &Peer) -> bool {
    let block = peer.get("ipBlock");
    if !block.is_null() {
        let inside = |text: &Value| Cidr::parse(text.str()).is_some_and(|cidr| cidr.contains(other.ip));
        return inside(block.get("cidr")) && !block.get("except").list().iter().any(inside);
    }
    let Some(other) = other.pod else { return false };
    let (pods, namespaces) = (peer.get("podSelector"), peer.get("namespaceSelector"));
    let namespace_fits = match namespaces.is_null() {
        true => other.namespace() == pod.namespace(),
        false => {
            let namespace = view.store.find("Namespace", "", other.namespace());
            namespace.is_some_and(|namespace| matches(namespaces, namespace.labels()))
        }
    };
    namespace_fits && (pods.is_null() || matches(pods, other.labels()))
}

/// An empty list of ports is every port. A name is looked up in the pod that receives.
fn ports(list: &Value, receiver: Option<&Object>, port: u16, protocol: Protocol) -> bool {
    list.list().is_empty()
        || list.list().iter().any(|entry| {
            let wanted = entry.get("port");
            Protocol::parse(entry.get("protocol").str()) == protocol
                && match wanted {
                    Value::Null => true,
                    Value::Int(first) => {
                        let last = entry.get("endPort").opt_int().unwrap_or(*first);
                        (*first..=last).contains(&i64::from(port))
                    }
                    name => receiver.is_some_and(|pod| named_port(pod, name.str(), protocol) == Some(port)),
                }
        })
}

fn named_port(pod: &Object, name: &str, protocol: Protocol) -> Option<u16> {
    let containers = pod.at("spec.containers").list().iter();
    let mut entries = containers.flat_map(|container| container.get("ports").list());
    let entry = entries
        .find(|port| port.get("name").str() == name && Protocol::parse(port.get("protocol").str()) == protocol)?;
    Some(entry.get("containerPort").int() as u16)
}

/// A list of a policy in a line: `any`, or its entries as JSON.
fn list_text(list: &Value) -> String {
    match list.list() {
        [] => "any".to_owned(),
        items => items.iter().map(flat).collect::<Vec<_>>().join(", "),
    }
}

fn flat(value: &Value) -> String {
    match value {
        Value::Map(_) => {
            let entries = value.entries().iter().map(|(key, value)| format!("{key}: {}", flat(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::List(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Int(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        other => other.str().to_owned(),
    }
}
