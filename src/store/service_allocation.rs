//! What the API server allocates for Services: ClusterIPs, nodePorts, health check ports. It decides nothing else about them.

use std::sync::Arc;

use super::allocator::Refusal;
use super::settings::Settings;
use super::{service_families, service_fields, Because, Server, Store};
use crate::api::status::Cause;
use crate::api::{Object, Status, Value};
use crate::value;

/// Gives a Service its addresses and ports, and takes back what a change makes superfluous. Called after validation; the
/// health check port of a changed Service, which validation asks for, is there by then.
///
/// Models pkg/registry/core/service/storage Allocators.allocateCreate and allocateUpdate.
pub(super) fn allocate(server: &mut Server<'_>, service: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    if service.kind.kind != "Service" {
        return Ok(());
    }
    let saved = server.store.allocations.clone();
    let result = allocate_ip(server, service, old).and_then(|()| match old {
        None => first_ports(server, service).and_then(|()| allocate_health_port(server, service, None)),
        Some(old) => changed_ports(server, service, old),
    });
    if result.is_err() {
        server.store.allocations = saved;
    }
    result
}

fn allocate_ip(server: &mut Server<'_>, service: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    let key = service.key();
    let old_ip = old.map(|o| o.at("spec.clusterIP").text()).unwrap_or_default();
    if service.at("spec.type").str() == "ExternalName" {
        server.store.allocations.release_ip(&old_ip);
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            service.value.slot("spec").remove_key(field);
        }
        return Ok(());
    }
    if !old_ip.is_empty() && service.at("spec.clusterIP").is_empty() {
        service.set("spec.clusterIP", old_ip);
    }
    service_families::complete(service, old)?;
    let range = server.settings.service_range();
    let wanted = service.at("spec.clusterIP").text();
    let allocations = &mut server.store.allocations;
    let ip = match wanted.as_str() {
        "None" => wanted,
        "" => match allocations.draw_ip(&range, server.settings.seed, &key) {
            Ok(ip) => ip.to_string().into(),
            Err(_) => return Err(Status::internal("failed to allocate a serviceIP: range is full")),
        },
        given => {
            let taken = given.parse().map_err(|_| Refusal::OutOfRange);
            match taken.and_then(|ip| allocations.take_ip(&range, ip, &key)) {
                Ok(()) => wanted,
                Err(refusal) => return Err(refuse_ip(server.settings, service, given, refusal)),
            }
        }
    };
    service.set("spec.clusterIP", ip.clone());
    service.set("spec.clusterIPs", value!([ip]));
    Ok(())
}

fn refuse_ip(settings: &Settings, service: &Object, ip: &str, refusal: Refusal) -> Status {
    let why = match refusal {
        Refusal::Taken => "provided IP is already allocated".to_owned(),
        Refusal::OtherNetwork => "the provided network does not match the current range".to_owned(),
        _ => {
            let ([a, b, c, d], bits) = settings.service_cidr;
            format!(
                "the provided IP ({ip}) is not in the valid range. The range of valid IPs is {a}.{b}.{c}.{d}/{bits}"
            )
        }
    };
    refuse(service, "spec.clusterIPs", &format!("failed to allocate IP {ip}: {why}"), &format!("[\"{ip}\"]"))
}

fn refuse(service: &Object, field: &str, why: &str, value: &str) -> Status {
    let cause =
        Cause { field: field.to_owned(), reason: "Invalid value", message: format!("Invalid value: {value}: {why}") };
    Status::invalid(&service.kind.qualified_kind(), service.name(), vec![cause])
}

/// The nodePorts of a new Service: ports of one number share one, be they of different protocols.
///
/// Models pkg/registry/core/service/storage initNodePorts.
fn first_ports(server: &mut Server<'_>, service: &mut Object) -> Result<(), Status> {
    if !has_node_ports(service) {
        return Ok(());
    }
    let mut ports = service.at("spec.ports").clone();
    let mut given: Vec<(i64, i64)> = Vec::new();
    for i in 0..ports.list().len() {
        let port = ports.list()[i].clone();
        let (number, own) = (port.get("port").int(), port.get("nodePort").int());
        if own == 0 && !service_fields::needs_node_port(service) {
            continue;
        }
        let known = given.iter().find(|(port, _)| *port == number).map(|(_, given)| *given);
        let asked = || ports.list().iter().filter(|p| p.get("port").int() == number).map(|p| p.get("nodePort").int());
        let node_port = match known {
            Some(known) if own == known || own == 0 => known,
            Some(_) => take_port(server, service, i, own)?,
            None => match asked().find(|asked| *asked != 0) {
                Some(asked) => take_port(server, service, i, asked)?,
                None => draw_port(server, service, i)?,
            },
        };
        if known.is_none() {
            given.push((number, node_port));
        }
        ports.items_mut()[i].set("nodePort", node_port);
    }
    service.set("spec.ports", ports);
    Ok(())
}

/// The nodePorts of a Service that was changed.
///
/// Models pkg/registry/core/service/storage patchAllocatedValues and updateNodePorts.
fn changed_ports(server: &mut Server<'_>, service: &mut Object, old: &Object) -> Result<(), Status> {
    let old_numbers = if has_node_ports(old) { node_ports(old) } else { Vec::new() };
    let mut new_numbers: Vec<i64> = Vec::new();
    if has_node_ports(service) {
        let mut ports = service.at("spec.ports").clone();
        let inherits = service_fields::needs_node_port(service) && service_fields::needs_node_port(old);
        for port in ports.items_mut().iter_mut().filter(|port| inherits && port.get("nodePort").int() == 0) {
            let used = node_ports(service);
            if let Some(number) = inherited_port(old, port).filter(|number| !used.contains(number)) {
                port.set("nodePort", number);
            }
        }
        for i in 0..ports.list().len() {
            let number = ports.list()[i].clone().get("nodePort").int();
            if number == 0 && !service_fields::needs_node_port(service) {
                continue;
            }
            let number = match number {
                0 => draw_port(server, service, i)?,
                known if old_numbers.contains(&known) || new_numbers.contains(&known) => known,
                asked => take_port(server, service, i, asked)?,
            };
            ports.items_mut()[i].set("nodePort", number);
            new_numbers.push(number);
        }
        service.set("spec.ports", ports);
    }
    for number in old_numbers.into_iter().filter(|number| !new_numbers.contains(number)) {
        server.store.allocations.release_port(number);
    }
    Ok(())
}

fn has_node_ports(service: &Object) -> bool {
    matches!(service.at("spec.type").str(), "NodePort" | "LoadBalancer") && !service.at("spec.ports").is_null()
}

fn node_ports(service: &Object) -> Vec<i64> {
    let ports = service.at("spec.ports").list().iter().map(|port| port.get("nodePort").int());
    ports.filter(|number| *number != 0).collect()
}

/// The nodePort that the same port of the Service had before the change.
fn inherited_port(old: &Object, port: &Value) -> Option<i64> {
    let same = |p: &&Value| p.get("port") == port.get("port") && p.get("protocol") == port.get("protocol");
    old.at("spec.ports").list().iter().find(same).map(|p| p.get("nodePort").int()).filter(|n| *n != 0)
}

fn draw_port(server: &mut Server<'_>, service: &Object, i: usize) -> Result<i64, Status> {
    let Settings { node_ports, seed, .. } = *server.settings;
    let drawn = server.store.allocations.draw_port(node_ports, seed, &service.key(), i as u64);
    drawn.map(i64::from).map_err(|_| Status::internal("failed to allocate a nodePort: range is full"))
}

fn take_port(server: &mut Server<'_>, service: &Object, i: usize, number: i64) -> Result<i64, Status> {
    let taken = server.store.allocations.take_port(server.settings.node_ports, number, &service.key());
    taken.map(i64::from).map_err(|refusal| {
        let why = port_refusal(server.settings, refusal);
        refuse(service, &format!("spec.ports[{i}].nodePort"), &why, &number.to_string())
    })
}

fn port_refusal(settings: &Settings, refusal: Refusal) -> String {
    let (first, last) = settings.node_ports;
    match refusal {
        Refusal::Taken => "provided port is already allocated".to_owned(),
        Refusal::Full => "range is full".to_owned(),
        _ => format!("provided port is not in the valid range. The range of valid ports is {first}-{last}"),
    }
}

/// The port where a load balancer asks a node for endpoints, for a Service that needs one.
///
/// Models pkg/registry/core/service/storage allocHealthCheckNodePort and updateHealthCheckNodePort.
pub(super) fn allocate_health_port(
    server: &mut Server<'_>,
    service: &mut Object,
    old: Option<&Object>,
) -> Result<(), Status> {
    if service.kind.kind != "Service" {
        return Ok(());
    }
    let number = |service: &Object| service.at("spec.healthCheckNodePort").int();
    let before = old.map_or(0, number);
    let needs = service_fields::needs_health_port(service);
    if before != 0 && number(service) == 0 && needs {
        service.set("spec.healthCheckNodePort", before);
    }
    let given = number(service);
    if before != 0 && given != before {
        server.store.allocations.release_port(before);
    }
    if !needs || given == before && before != 0 {
        return Ok(());
    }
    let Settings { node_ports, seed, .. } = *server.settings;
    let (allocations, key) = (&mut server.store.allocations, service.key());
    let taken = match given {
        0 => allocations.draw_port(node_ports, seed, &key, u64::MAX),
        port => allocations.take_port(node_ports, port, &key),
    };
    let port = taken.map_err(|refusal| {
        let what = if given == 0 { "a" } else { "requested" };
        let why = port_refusal(server.settings, refusal);
        Status::internal(&format!("failed to allocate {what} HealthCheck NodePort {given}: {why}"))
    })?;
    service.set("spec.healthCheckNodePort", i64::from(port));
    Ok(())
}

/// Keeps an IPAddress for each ClusterIP a Service has, and none for those it has no more.
///
/// Models pkg/registry/core/service/ipallocator Allocator.createIPAddress and Release.
pub(super) fn keep_addresses(
    server: &mut Server<'_>,
    new: Option<&Object>,
    old: Option<&Object>,
    because: &Arc<Because>,
) {
    let Some(service) = new.or(old).filter(|object| object.kind.kind == "Service") else { return };
    let of = |object: Option<&Object>| -> Vec<Value> {
        let all = object.map(|object| object.at("spec.clusterIPs").list().to_vec()).unwrap_or_default();
        all.into_iter().filter(|ip| !matches!(ip.str(), "" | "None")).collect()
    };
    let (now, before) = (of(new), of(old));
    for ip in now.iter().filter(|ip| !before.contains(ip)) {
        let mut address = Object::new(crate::api::kind("IPAddress"), "", ip.str());
        address.set(
            "metadata.labels",
            value!({"ipaddress.kubernetes.io/ip-family": "IPv4", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}),
        );
        let parent =
            value!({"group": "", "name": (service.name()), "namespace": (service.namespace()), "resource": "services"});
        address.set("spec", value!({"parentRef": parent}));
        server.record_own(address, because);
    }
    for ip in before.iter().filter(|ip| !now.contains(ip)) {
        if let Some(address) = server.store.find("IPAddress", "", ip.str()).cloned() {
            server.store.take(address, server.at, because);
        }
    }
}

/// Gives back what a deleted object held.
pub(super) fn release(store: &mut Store, object: &Object) {
    if object.kind.kind == "Service" {
        store.allocations.release_ip(object.at("spec.clusterIP").str());
        let health = object.at("spec.healthCheckNodePort").int();
        for number in node_ports(object).into_iter().chain([health]) {
            store.allocations.release_port(number);
        }
    }
}
