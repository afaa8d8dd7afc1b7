//! Validation of Services.

use super::field::{Errors, Path};
use super::{containers, endpoints, internal, meta, probes, service_ip};
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;

const SPEC: Path<'static> = Path::new("spec");
const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// Models pkg/apis/core/validation ValidateServiceCreate.
pub fn create(service: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    all(service, None, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateServiceUpdate.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    let mut new = new.clone();
    service_ip::follow_cluster_ip(&mut new, old);
    meta::object_meta_update(&new, old, &mut errors);
    service_ip::update(new.spec(), old.spec(), &mut errors);
    load_balancer_class(new.spec(), Some(old.spec()), &mut errors);
    if needs_health_check(new.spec()) && needs_health_check(old.spec()) {
        let field = "healthCheckNodePort";
        if new.spec().get(field).int() != old.spec().get(field).int() {
            errors.forbidden(&SPEC.child(field), "field is immutable");
        }
    }
    all(&new, Some(old), &mut errors);
    errors.into_causes()
}

/// True for a Service without an address.
pub fn headless(spec: &Value) -> bool {
    matches!(spec.get("clusterIPs").list(), [only] if only.str() == "None")
}

fn is_load_balancer(spec: &Value) -> bool {
    spec.get("type").str() == "LoadBalancer"
}

fn needs_health_check(spec: &Value) -> bool {
    is_load_balancer(spec) && spec.get("externalTrafficPolicy").str() == "Local"
}

/// Models pkg/apis/core/validation ValidateService.
fn all(service: &Object, old: Option<&Object>, errors: &mut Errors) {
    let spec = service.spec();
    meta::object_meta(service, names::dns1123_label, errors);
    topology_annotations(service, errors);
    if spec.get("ports").list().is_empty() && !headless(spec) && spec.get("type").str() != "ExternalName" {
        errors.required(&SPEC.child("ports"), "");
    }
    by_type(spec, errors);
    ports(spec, errors);
    meta::labels(spec.get("selector"), &SPEC.child("selector"), errors);
    session_affinity(spec, errors);
    let before = |field: &str| old.map_or(&[][..], |old| old.spec().get(field).list());
    service_ip::fields(spec, before("clusterIPs"), errors);
    let known = before("externalIPs");
    for (i, ip) in spec.get("externalIPs").list().iter().enumerate().filter(|(_, ip)| !known.contains(ip)) {
        let list = SPEC.child("externalIPs");
        let complaints = names::ip(ip.str());
        if complaints.is_empty() {
            endpoints::ordinary_ip(ip.str(), &list.index(i), errors);
        }
        errors.malformed(&list.index(i), ip.str(), complaints);
    }
    match spec.get("type").str() {
        "" => errors.required(&SPEC.child("type"), ""),
        kind if !TYPES.contains(&kind) => errors.not_supported(&SPEC.child("type"), kind, TYPES),
        _ => {}
    }
    port_clashes(spec, errors);
    source_ranges(service, before("loadBalancerSourceRanges"), errors);
    let node_ports = spec.get("allocateLoadBalancerNodePorts");
    if !node_ports.is_null() && !is_load_balancer(spec) {
        let detail = "may only be used when `type` is 'LoadBalancer'";
        errors.forbidden(&SPEC.child("allocateLoadBalancerNodePorts"), detail);
    }
    if node_ports.is_null() && is_load_balancer(spec) {
        errors.required(&Path::new("allocateLoadBalancerNodePorts"), "");
    }
    load_balancer_class(spec, None, errors);
    traffic_policies(spec, old.is_some(), errors);
}

/// Models pkg/apis/core/validation ValidateService, the part for the annotations of topology aware routing.
fn topology_annotations(service: &Object, errors: &mut Errors) {
    let (hints, mode) = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode");
    let annotations = service.metadata().get("annotations");
    let (hinted, chosen) = (annotations.get(hints), annotations.get(mode));
    if !hinted.is_null() && !chosen.is_null() && hinted != chosen {
        let detail = format!("must match annotations[{hints}] when both are specified");
        errors.invalid(&Path::new("metadata.annotations").key(mode), chosen, &detail);
    }
}

fn by_type(spec: &Value, errors: &mut Errors) {
    match spec.get("type").str() {
        kind @ ("LoadBalancer" | "NodePort") if headless(spec) => {
            let detail = format!("may not be set to 'None' for {kind} services");
            errors.invalid(&SPEC.child("clusterIPs").index(0), "None", &detail);
        }
        "ExternalName" => {
            for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                let value = spec.get(field);
                if !value.list().is_empty() || value.opt_str().is_some() {
                    errors.forbidden(&SPEC.child(field), "may not be set for ExternalName services");
                }
            }
            let name = spec.get("externalName").str();
            match name.strip_suffix('.').unwrap_or(name) {
                "" => errors.required(&SPEC.child("externalName"), ""),
                name => errors.malformed(&SPEC.child("externalName"), name, names::dns1123_subdomain(name)),
            }
        }
        _ => {}
    }
}

/// Models pkg/apis/core/validation validateServicePort.
fn ports(spec: &Value, errors: &mut Errors) {
    let ports = spec.get("ports").list();
    let list = SPEC.child("ports");
    let mut seen: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let path = list.index(i);
        let name = port.get("name").str();
        if name.is_empty() {
            if ports.len() > 1 {
                errors.required(&path.child("name"), "");
            }
        } else {
            errors.malformed(&path.child("name"), name, names::dns1123_label(name));
            if seen.contains(&name) {
                errors.duplicate(&path.child("name"), name);
            } else {
                seen.push(name);
            }
        }
        let number = port.get("port").int();
        for complaint in names::port_number(number) {
            errors.invalid(&path.child("port"), number, &complaint);
        }
        containers::protocol(port.get("protocol").str(), &path.child("protocol"), errors);
        probes::port_number_or_name(port.get("targetPort"), &path.child("targetPort"), errors);
        if let Some(protocol) = port.get("appProtocol").opt_str() {
            meta::label_name(protocol, &path.child("appProtocol"), errors);
        }
    }
}

/// Models pkg/apis/core/validation ValidateService, the part for ports and nodePorts that are there twice.
fn port_clashes(spec: &Value, errors: &mut Errors) {
    let ports = spec.get("ports").list();
    let list = SPEC.child("ports");
    if spec.get("type").str() == "ClusterIP" {
        for (i, _) in ports.iter().enumerate().filter(|(_, port)| port.get("nodePort").int() != 0) {
            errors.forbidden(&list.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
    }
    let earlier = |i: usize, field: &str| {
        let port: &Value = &ports[i];
        ports[..i].iter().any(|other| {
            other.get("protocol").str() == port.get("protocol").str() && other.get(field).int() == port.get(field).int()
        })
    };
    for (i, port) in ports.iter().enumerate() {
        if port.get("nodePort").int() != 0 && earlier(i, "nodePort") {
            errors.duplicate(&list.index(i).child("nodePort"), port.get("nodePort"));
        }
    }
    for (i, port) in ports.iter().enumerate().filter(|(i, _)| earlier(*i, "port")) {
        let shown = crate::value!({"protocol": (port.get("protocol")), "port": (port.get("port"))});
        let printed = internal::compact(&shown, "", "ServicePort");
        errors.duplicate_printed(&list.index(i), printed, "");
    }
}

/// Models pkg/apis/core/validation validateClientIPAffinityConfig and what surrounds it.
fn session_affinity(spec: &Value, errors: &mut Errors) {
    let (path, config) = (SPEC.child("sessionAffinityConfig"), spec.get("sessionAffinityConfig"));
    match spec.get("sessionAffinity").str() {
        "" => errors.required(&SPEC.child("sessionAffinity"), ""),
        "None" => {
            if !config.is_null() {
                errors.forbidden(&path, "must not be set when session affinity is None");
            }
        }
        "ClientIP" => {
            let detail = "when session affinity type is ClientIP";
            let seconds = config.at("clientIP.timeoutSeconds");
            if config.is_null() {
                errors.required(&path, detail);
            } else if config.get("clientIP").is_null() {
                errors.required(&path.child("clientIP"), detail);
            } else if seconds.is_null() {
                errors.required(&path.child("clientIP.timeoutSeconds"), detail);
            } else if !(1..=86400).contains(&seconds.int()) {
                let detail = "must be greater than 0 and less than 86400";
                errors.invalid(&path.child("clientIP.timeoutSeconds"), seconds, detail);
            }
        }
        other => errors.not_supported(&SPEC.child("sessionAffinity"), other, &["ClientIP", "None"]),
    }
}

/// Models pkg/apis/core/validation ValidateService, the part for the ranges that a load balancer lets in.
fn source_ranges(service: &Object, known: &[Value], errors: &mut Errors) {
    let spec = service.spec();
    let detail = "may only be used when `type` is 'LoadBalancer'";
    let ranges = spec.get("loadBalancerSourceRanges").list();
    if !ranges.is_empty() {
        let path = SPEC.child("LoadBalancerSourceRanges");
        if !is_load_balancer(spec) {
            errors.forbidden(&path, detail);
        }
        for (i, range) in ranges.iter().enumerate().filter(|(_, range)| !known.contains(range)) {
            let range = range.str().trim();
            errors.malformed(&path.index(i), range, names::cidr(range));
        }
        return;
    }
    let key = "service.beta.kubernetes.io/load-balancer-source-ranges";
    if let Some(ranges) = service.metadata().get("annotations").get(key).opt_str() {
        let path = Path::new("metadata.annotations");
        let path = path.key(key);
        if !is_load_balancer(spec) {
            errors.forbidden(&path, detail);
        }
        for range in ranges.trim().split(',').map(str::trim).filter(|_| !ranges.trim().is_empty()) {
            errors.malformed(&path, range, names::cidr(range));
        }
    }
}

/// Models pkg/apis/core/validation validateLoadBalancerClassField.
fn load_balancer_class(spec: &Value, old: Option<&Value>, errors: &mut Errors) {
    let (path, class) = (SPEC.child("loadBalancerClass"), spec.get("loadBalancerClass"));
    if let Some(old) = old {
        if is_load_balancer(old) && is_load_balancer(spec) && old.get("loadBalancerClass") != class {
            errors.invalid(&path, class, "may not change once set");
        }
    }
    match class.opt_str() {
        Some(class) if is_load_balancer(spec) => meta::label_name(class, &path, errors),
        Some(_) => errors.forbidden(&path, "may only be used when `type` is 'LoadBalancer'"),
        None => {}
    }
}

/// Models pkg/apis/core/validation validateServiceExternalTrafficPolicy, validateServiceInternalTrafficFieldsValue and
/// validateServiceTrafficDistribution. The port of the health check is drawn after validation, so it may be missing.
fn traffic_policies(spec: &Value, is_update: bool, errors: &mut Errors) {
    let kind = spec.get("type").str();
    let external = spec.get("externalTrafficPolicy").str();
    let reachable = ["LoadBalancer", "NodePort"].contains(&kind)
        || (kind == "ClusterIP" && !spec.get("externalIPs").list().is_empty());
    let path = SPEC.child("externalTrafficPolicy");
    match external {
        "" if !reachable => {}
        other if !reachable => errors.invalid(&path, other, "may only be set for externally-accessible services"),
        "" => errors.required(&path, ""),
        "Cluster" | "Local" => {}
        other => errors.not_supported(&path, other, &["Cluster", "Local"]),
    }
    let (path, port) = (SPEC.child("healthCheckNodePort"), spec.get("healthCheckNodePort").int());
    if !needs_health_check(spec) {
        if port != 0 {
            let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.invalid(&path, port, detail);
        }
    } else if port != 0 {
        for complaint in names::port_number(port) {
            errors.invalid(&path, port, &complaint);
        }
    } else if is_update {
        errors.required(&path, "");
    }
    let (path, internal) = (SPEC.child("internalTrafficPolicy"), spec.get("internalTrafficPolicy"));
    if internal.is_null() && ["ClusterIP", "LoadBalancer", "NodePort"].contains(&kind) {
        errors.required(&path, "");
    }
    if !internal.is_null() && !["Cluster", "Local"].contains(&internal.str()) {
        errors.not_supported(&path, internal, &["Cluster", "Local"]);
    }
    let distribution = spec.get("trafficDistribution");
    let known = ["PreferClose", "PreferSameNode", "PreferSameZone"];
    if !distribution.is_null() && !known.contains(&distribution.str()) {
        errors.not_supported(&SPEC.child("trafficDistribution"), distribution, &known);
    }
}
