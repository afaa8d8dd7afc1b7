//! NetworkPolicy.

use super::page::{int_or_string, Page};
use crate::api::kinds::cells::selector_text;
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeNetworkPolicy.
pub(super) fn print(page: &mut Page, policy: &Object, _: &dyn Reader) {
    let spec = policy.spec();
    page.identity(policy.metadata());
    let created = policy.metadata().get("creationTimestamp").str().replace('T', " ").replace('Z', " +0000 UTC");
    page.field(0, "Created on", created);
    page.labels("Labels", policy.labels());
    page.annotations("Annotations", policy.metadata().get("annotations"));
    page.line(0, "Spec:");
    let selected = match selector_text(spec.get("podSelector")) {
        text if text == "<none>" => "<none> (Allowing the specific traffic to all pods in this namespace)".to_owned(),
        text => text,
    };
    page.line(1, &format!("PodSelector:     {selected}"));
    let types: Vec<&str> = spec.get("policyTypes").list().iter().map(Value::str).collect();
    for direction in [&INGRESS, &EGRESS] {
        if !types.contains(&direction.policy_type) {
            page.line(1, &format!("Not affecting {} traffic", direction.word));
            continue;
        }
        page.line(1, &format!("Allowing {} traffic:", direction.word));
        rules(page, spec.get(direction.word).list(), direction);
    }
    page.line(1, &format!("Policy Types: {}", types.join(", ")));
}

/// The words of a direction.
struct Direction {
    policy_type: &'static str,
    word: &'static str,
    peers: &'static str,
    title: &'static str,
    anyone: &'static str,
}

static INGRESS: Direction = Direction {
    policy_type: "Ingress",
    word: "ingress",
    peers: "from",
    title: "From",
    anyone: "From: <any> (traffic not restricted by source)",
};
static EGRESS: Direction = Direction {
    policy_type: "Egress",
    word: "egress",
    peers: "to",
    title: "To",
    anyone: "To: <any> (traffic not restricted by destination)",
};

fn rules(page: &mut Page, rules: &[Value], direction: &Direction) {
    if rules.is_empty() {
        let word = direction.word;
        return page.line(2, &format!("<none> (Selected pods are isolated for {word} connectivity)"));
    }
    for (i, rule) in rules.iter().enumerate() {
        let ports = rule.get("ports").list();
        if ports.is_empty() {
            page.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for port in ports {
            let protocol = port.get("protocol").opt_str().unwrap_or("TCP");
            let number = match port.get("port") {
                Value::Null => "<nil>".to_owned(),
                number => int_or_string(number),
            };
            match port.get("endPort").opt_int() {
                Some(end) => page.line(2, &format!("To Port Range: {number}-{end}/{protocol}")),
                None => page.line(2, &format!("To Port: {number}/{protocol}")),
            }
        }
        let peers = rule.get(direction.peers).list();
        if peers.is_empty() {
            page.line(2, direction.anyone);
        }
        peers.iter().for_each(|peer| print_peer(page, peer, direction));
        if i + 1 < rules.len() {
            page.line(2, "----------");
        }
    }
}

fn print_peer(page: &mut Page, peer: &Value, direction: &Direction) {
    page.line(2, &format!("{}:", direction.title));
    for (field, title) in [("namespaceSelector", "NamespaceSelector"), ("podSelector", "PodSelector")] {
        if !peer.get(field).is_null() {
            page.line(3, &format!("{title}: {}", selector_text(peer.get(field))));
        }
    }
    let block = peer.get("ipBlock");
    if !block.is_null() {
        let except: Vec<&str> = block.get("except").list().iter().map(Value::str).collect();
        page.line(3, "IPBlock:");
        page.line(4, &format!("CIDR: {}", block.get("cidr").str()));
        page.line(4, &format!("Except: {}", except.join(", ")));
    }
}
