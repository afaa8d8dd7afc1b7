//! Validation of Ingresses, IngressClasses and NetworkPolicies.

use super::field::{Errors, Path};
use super::meta;
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;

const SPEC: Path<'static> = Path::new("spec");
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const CONTROLLER_MAX: u32 = 250;

/// Models pkg/apis/networking/validation ValidateIngressCreate.
pub fn ingress(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    ingress_spec(object.spec(), &mut errors);
    let annotation = object.metadata().get("annotations").get(CLASS_ANNOTATION).opt_str();
    let class = object.at("spec.ingressClassName").opt_str();
    if let (Some(annotation), true) = (annotation, annotation.is_some() && class.is_some() && class != annotation) {
        let detail = "must match `ingressClassName` when both are specified";
        errors.invalid(&Path::new("annotations").child(CLASS_ANNOTATION), annotation, detail);
    }
    errors.into_causes()
}

/// Models pkg/apis/networking/validation ValidateIngressUpdate.
pub fn ingress_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    ingress_spec(new.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/networking/validation ValidateIngressSpec.
fn ingress_spec(spec: &Value, errors: &mut Errors) {
    let rules = spec.get("rules");
    if rules.list().is_empty() && spec.get("defaultBackend").is_null() {
        errors.invalid(&SPEC, rules, "either `defaultBackend` or `rules` must be specified");
    }
    if !spec.get("defaultBackend").is_null() {
        backend(spec.get("defaultBackend"), &SPEC.child("defaultBackend"), errors);
    }
    let rules_path = SPEC.child("rules");
    for (i, rule) in rules.list().iter().enumerate() {
        let path = rules_path.index(i);
        host(rule.get("host").str(), &path.child("host"), errors);
        if !rule.get("http").is_null() {
            http(rule.get("http"), &path.child("http"), errors);
        }
    }
    let tls_path = SPEC.child("tls");
    for (i, tls) in spec.get("tls").list().iter().enumerate() {
        let path = tls_path.index(i);
        let hosts = path.child("hosts");
        for (j, name) in tls.get("hosts").list().iter().enumerate() {
            errors.malformed(&hosts.index(j), name.str(), host_name(name.str()));
        }
        let secret = tls.get("secretName").str();
        if !secret.is_empty() {
            errors.malformed(&path.child("secretName"), secret, names::dns1123_subdomain(secret));
        }
    }
    if let Some(class) = spec.get("ingressClassName").opt_str() {
        errors.malformed(&SPEC.child("ingressClassName"), class, names::dns1123_subdomain(class));
    }
}

fn host_name(host: &str) -> Vec<String> {
    if host.contains('*') {
        names::wildcard_dns1123_subdomain(host)
    } else {
        names::dns1123_subdomain(host)
    }
}

fn host(host: &str, path: &Path<'_>, errors: &mut Errors) {
    if host.is_empty() {
        return;
    }
    if host.parse::<core::net::IpAddr>().is_ok() {
        errors.invalid(path, host, "must be a DNS name, not an IP address");
    }
    errors.malformed(path, host, host_name(host));
}

/// Models pkg/apis/networking/validation validateHTTPIngressRuleValue and validateHTTPIngressPath.
fn http(http: &Value, path: &Path<'_>, errors: &mut Errors) {
    let paths = path.child("paths");
    if http.get("paths").list().is_empty() {
        errors.required(&paths, "");
    }
    for (i, entry) in http.get("paths").list().iter().enumerate() {
        let path = paths.index(i);
        let text = entry.get("path").str();
        match entry.get("pathType").opt_str() {
            None => {
                errors.required(&path.child("pathType"), "pathType must be specified");
                continue;
            }
            Some("Exact" | "Prefix") => exact_path(text, &path.child("path"), errors),
            Some("ImplementationSpecific") if text.is_empty() || text.starts_with('/') => {}
            Some("ImplementationSpecific") => errors.invalid(&path.child("path"), text, "must be an absolute path"),
            Some(other) => {
                let known = ["Exact", "ImplementationSpecific", "Prefix"];
                errors.not_supported(&path.child("pathType"), other, &known);
            }
        }
        backend(entry.get("backend"), &path.child("backend"), errors);
    }
}

fn exact_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if !text.starts_with('/') {
        errors.invalid(path, text, "must be an absolute path");
    }
    for sequence in ["//", "/./", "/../", "%2f", "%2F"] {
        if text.contains(sequence) {
            errors.invalid(path, text, &format!("must not contain '{sequence}'"));
        }
    }
    for suffix in ["/..", "/."] {
        if text.ends_with(suffix) {
            errors.invalid(path, text, &format!("cannot end with '{suffix}'"));
        }
    }
}

/// Models pkg/apis/networking/validation validateIngressBackend.
fn backend(backend: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (resource, service) = (backend.get("resource"), backend.get("service"));
    match (resource.is_null(), service.is_null()) {
        (false, false) => errors.invalid(path, "", "cannot set both resource and service backends"),
        (true, true) => errors.invalid(path, "", "resource or service backend is required"),
        (false, true) => reference(resource, &path.child("resource"), errors),
        (true, false) => service_backend(service, path, errors),
    }
}

fn service_backend(service: &Value, path: &Path<'_>, errors: &mut Errors) {
    match service.get("name").str() {
        "" => errors.required(&path.child("service.name"), ""),
        name => errors.malformed(&path.child("service.name"), name, names::dns1123_label(name)),
    }
    let (name, number) = (service.at("port.name").str(), service.at("port.number").int());
    match (name, number) {
        ("", 0) => errors.required(path, "port name or number is required"),
        ("", number) => {
            let path = path.child("service.port.number");
            names::port_number(number).iter().for_each(|complaint| errors.invalid(&path, number, complaint));
        }
        (name, 0) => errors.malformed(&path.child("service.port.name"), name, names::port_name(name)),
        _ => errors.invalid(path, "", "cannot set both port name & port number"),
    }
}

/// Models pkg/apis/networking/validation validateIngressTypedLocalObjectReference.
fn reference(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(group) = reference.get("apiGroup").opt_str() {
        errors.malformed(&path.child("apiGroup"), group, names::dns1123_subdomain(group));
    }
    for field in ["kind", "name"] {
        match reference.get(field).str() {
            "" => errors.required(&path.child(field), ""),
            text => errors.malformed(&path.child(field), text, path_segment(text)),
        }
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/api/validate/content IsPathSegmentName.
fn path_segment(text: &str) -> Vec<String> {
    if let "." | ".." = text {
        return vec![format!("may not be '{text}'")];
    }
    ['/', '%'].iter().filter(|c| text.contains(**c)).map(|c| format!("may not contain '{c}'")).collect()
}

/// Models pkg/apis/networking/validation ValidateIngressClass.
pub fn ingress_class(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    class_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/networking/validation ValidateIngressClassUpdate.
pub fn ingress_class_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    errors.immutable(&SPEC.child("controller"), new.at("spec.controller"), old.at("spec.controller"));
    class_spec(new.spec(), &mut errors);
    errors.into_causes()
}

fn class_spec(spec: &Value, errors: &mut Errors) {
    let (path, controller) = (SPEC.child("controller"), spec.get("controller").str());
    if controller.is_empty() {
        errors.required(&path, "");
    } else {
        if controller.len() > CONTROLLER_MAX as usize {
            errors.too_long(&path, CONTROLLER_MAX);
        }
        domain_prefixed_path(controller, &path, errors);
    }
    let (parameters, path) = (spec.get("parameters"), SPEC.child("parameters"));
    if parameters.is_null() {
        return;
    }
    reference(parameters, &path, errors);
    let namespace = parameters.get("namespace").opt_str();
    match (parameters.get("scope").opt_str(), namespace) {
        (None, _) => errors.required(&path.child("scope"), ""),
        (Some("Namespace"), None) => {
            errors.required(&path.child("namespace"), "`parameters.scope` is set to 'Namespace'");
        }
        (Some("Namespace"), Some(name)) => errors.malformed(&path.child("namespace"), name, names::dns1123_label(name)),
        (Some("Cluster"), Some(_)) => {
            errors.forbidden(&path.child("namespace"), "`parameters.scope` is set to 'Cluster'");
        }
        (Some("Cluster"), None) => {}
        (Some(other), _) => errors.not_supported(&path.child("scope"), other, &["Cluster", "Namespace"]),
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsDomainPrefixedPath.
fn domain_prefixed_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    let Some((domain, rest)) = text.split_once('/').filter(|(domain, rest)| !domain.is_empty() && !rest.is_empty())
    else {
        return errors.invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")");
    };
    errors.malformed(path, domain, names::dns1123_subdomain(domain));
    const FORM: &str = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
    if !rest.chars().all(|c| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c)) {
        errors.invalid(path, rest, &format!("Invalid path (regex used for validation is '{FORM}')"));
    }
}

/// Models pkg/apis/networking/validation ValidateNetworkPolicy.
pub fn network_policy(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    policy_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/networking/validation ValidateNetworkPolicyUpdate. Networks are looked at again even when they are old.
pub fn network_policy_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    policy_spec(new.spec(), &mut errors);
    errors.into_causes()
}

fn policy_spec(spec: &Value, errors: &mut Errors) {
    meta::label_selector(spec.get("podSelector"), &SPEC.child("podSelector"), errors);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        let rules_path = SPEC.child(direction);
        for (i, rule) in spec.get(direction).list().iter().enumerate() {
            let path = rules_path.index(i);
            let ports = path.child("ports");
            for (j, port) in rule.get("ports").list().iter().enumerate() {
                policy_port(port, &ports.index(j), errors);
            }
            let peers_path = path.child(peers);
            for (j, peer) in rule.get(peers).list().iter().enumerate() {
                policy_peer(peer, &peers_path.index(j), errors);
            }
        }
    }
    let (types, path) = (spec.get("policyTypes"), SPEC.child("policyTypes"));
    if types.list().len() > 2 {
        return errors.invalid(&path, types, "may not specify more than two policyTypes");
    }
    for (i, kind) in types.list().iter().enumerate() {
        if !matches!(kind.str(), "Ingress" | "Egress") {
            errors.not_supported(&path.index(i), kind, &["Ingress", "Egress"]);
        }
    }
}

/// Models pkg/apis/networking/validation ValidateNetworkPolicyPort.
fn policy_port(entry: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(protocol) = entry.get("protocol").opt_str() {
        if !matches!(protocol, "TCP" | "UDP" | "SCTP") {
            errors.not_supported(&path.child("protocol"), protocol, &["TCP", "UDP", "SCTP"]);
        }
    }
    let (port, end) = (entry.get("port"), entry.get("endPort").opt_int());
    let end_path = path.child("endPort");
    match (port, end) {
        (Value::Int(number), end) => {
            names::port_number(*number).iter().for_each(|c| errors.invalid(&path.child("port"), *number, c));
            let Some(end) = end else { return };
            if end < *number {
                errors.invalid(&end_path, end, "must be greater than or equal to `port`");
            }
            names::port_number(end).iter().for_each(|c| errors.invalid(&end_path, end, c));
        }
        (Value::Null, Some(end)) => {
            errors.invalid(&end_path, end, "may not be specified when `port` is not specified");
        }
        (Value::Null, None) => {}
        (name, end) => {
            if let Some(end) = end {
                errors.invalid(&end_path, end, "may not be specified when `port` is non-numeric");
            }
            errors.malformed(&path.child("port"), name.str(), names::port_name(name.str()));
        }
    }
}

/// Models pkg/apis/networking/validation ValidateNetworkPolicyPeer and ValidateIPBlock.
fn policy_peer(peer: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut peers = 0;
    for selector in ["podSelector", "namespaceSelector"] {
        if !peer.get(selector).is_null() {
            peers += 1;
            meta::label_selector(peer.get(selector), &path.child(selector), errors);
        }
    }
    let block = peer.get("ipBlock");
    if !block.is_null() {
        ip_block(block, &path.child("ipBlock"), errors);
    }
    match (peers, block.is_null()) {
        (0, true) => errors.required(path, "must specify a peer"),
        (1.., false) => errors.forbidden(path, "may not specify both ipBlock and another peer"),
        _ => {}
    }
}

fn ip_block(block: &Value, path: &Path<'_>, errors: &mut Errors) {
    let text = block.get("cidr").str();
    if text.is_empty() {
        return errors.required(&path.child("cidr"), "");
    }
    errors.malformed(&path.child("cidr"), text, names::cidr(text));
    let Some(whole) = network(text) else { return };
    let excepts = path.child("except");
    for (i, except) in block.get("except").list().iter().enumerate() {
        let text = except.str();
        errors.malformed(&excepts.index(i), text, names::cidr(text));
        let Some(part) = network(text) else { continue };
        let inside = whole.0 == part.0 && whole.2 < part.2 && same_bits(whole.1, part.1, whole.2);
        if !inside {
            errors.invalid(&excepts.index(i), text, "must be a strict subset of `cidr`");
        }
    }
}

/// Whether it is IPv6, its address at the left edge of 128 bits, and the length of its prefix.
fn network(text: &str) -> Option<(bool, u128, u32)> {
    let (address, length) = text.split_once('/')?;
    let (six, number) = match address.parse().ok()? {
        core::net::IpAddr::V4(four) => (false, u128::from(u32::from(four)) << 96),
        core::net::IpAddr::V6(six) => (true, u128::from(six)),
    };
    Some((six, number, length.parse().ok()?))
}

fn same_bits(a: u128, b: u128, bits: u32) -> bool {
    bits == 0 || a >> (128 - bits) == b >> (128 - bits)
}
