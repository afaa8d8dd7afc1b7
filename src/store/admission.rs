//! Admission and the strategies of the registry: what the API server adds to an object or refuses before it is stored.

use ecow::EcoString;

use super::allocator::Refusal;
use super::{pod_admission, Server, Store};
use crate::api::status::Cause;
use crate::api::{defaults, Object, Status, Value};
use crate::value;

/// Completes a new object and refuses what may not be created, before validation.
pub(super) fn admit_create(server: &Server<'_>, object: &mut Object) -> Result<(), Status> {
    match object.kind.kind {
        "Pod" => return pod_admission::admit(server, object),
        "Job" => defaults::job_selector(object),
        "Namespace" => {
            object.set("spec.finalizers", value!(["kubernetes"]));
            object.set("status.phase", "Active");
            label_namespace(object);
        }
        "PersistentVolumeClaim" | "PersistentVolume" => {
            super::admission_storage::admit_create(server, object);
        }
        "Ingress" => {
            let old = "kubernetes.io/ingress.class";
            if object.at("spec.ingressClassName").is_null() && object.annotation(old).is_empty() {
                if let Some(class) = default_ingress_class(server.store) {
                    object.set("spec.ingressClassName", class);
                }
            }
        }
        "PriorityClass" => return pod_admission::check_priority_class(server.store, object),
        _ => {}
    }
    Ok(())
}

/// The name of the class that is marked as the default one; of several the newest.
///
/// Models plugin/pkg/admission/network/defaultingressclass getDefaultClass.
fn default_ingress_class(store: &Store) -> Option<EcoString> {
    let mark = "ingressclass.kubernetes.io/is-default-class";
    let marked = store.all("IngressClass").filter(|class| class.annotation(mark) == "true");
    let newest = marked.min_by_key(|class| (std::cmp::Reverse(class.created()), class.name()));
    newest.map(|class| class.name().into())
}

/// The namespace must be there and must not be going.
///
/// Models staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle Lifecycle.Admit.
pub(super) fn check_namespace(store: &Store, object: &Object) -> Result<(), Status> {
    if !object.kind.namespaced {
        return Ok(());
    }
    let namespace = object.namespace();
    let Some(found) = store.find("Namespace", "", namespace) else {
        return Err(Status::not_found("namespaces", namespace));
    };
    if found.is_deleting() {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        return Err(Status::forbidden(&object.kind.resource(), object.name(), &why));
    }
    Ok(())
}

/// Namespaces that no cluster can do without stay.
///
/// Models staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle Lifecycle.Admit.
pub(super) fn check_delete(object: &Object) -> Result<(), Status> {
    match (object.kind.kind, object.name()) {
        ("Namespace", "default" | "kube-public" | "kube-system") => {
            Err(Status::forbidden("namespaces", object.name(), "this namespace may not be deleted"))
        }
        _ => Ok(()),
    }
}

fn label_namespace(object: &mut Object) {
    let name = Value::from(object.name());
    object.value.slot("metadata").slot("labels").map_mut().insert("kubernetes.io/metadata.name", name);
}

/// Gives a Service its addresses and ports, and takes back what a change makes superfluous. Called after validation.
///
/// Models pkg/registry/core/service/storage Alloc.allocateCreate and allocateUpdate.
pub(super) fn allocate(server: &mut Server<'_>, service: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    if service.kind.kind != "Service" {
        return Ok(());
    }
    let saved = server.store.allocations.clone();
    let result = allocate_ip(server, service, old).and_then(|()| allocate_ports(server, service, old));
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
    let wanted = service.at("spec.clusterIP").text();
    let ip = match wanted.as_str() {
        "None" => wanted,
        "" => match server.store.allocations.draw_ip(server.settings, &key) {
            Ok(ip) => ip.into(),
            Err(_) => return Err(refuse(service, "spec.clusterIPs[0]", "range is full", &wanted)),
        },
        given => match server.store.allocations.take_ip(server.settings, given, &key) {
            Ok(()) => wanted,
            Err(Refusal::Taken) => {
                let why = format!("failed to allocate IP {given}: provided IP is already allocated");
                return Err(refuse_ip(service, &wanted, &why));
            }
            Err(Refusal::OtherNetwork) => {
                let why =
                    format!("failed to allocate IP {given}: the provided network does not match the current range");
                return Err(refuse_ip(service, &wanted, &why));
            }
            Err(_) => {
                let (net, bits) = server.settings.service_cidr;
                let [a, b, c, d] = net;
                let why = format!(
                    "failed to allocate IP {given}: the provided IP ({given}) is not in the valid range. The range of valid IPs is {a}.{b}.{c}.{d}/{bits}"
                );
                return Err(refuse_ip(service, &wanted, &why));
            }
        },
    };
    service.set("spec.clusterIP", ip.clone());
    service.set("spec.clusterIPs", value!([ip]));
    if service.at("spec.ipFamilies").is_empty() {
        service.set("spec.ipFamilies", value!(["IPv4"]));
    }
    service.value.set_default("spec.ipFamilyPolicy", "SingleStack");
    Ok(())
}

fn refuse_ip(service: &Object, ip: &str, why: &str) -> Status {
    let message = format!("Invalid value: [\"{ip}\"]: {why}");
    let cause = Cause { field: "spec.clusterIPs".to_owned(), reason: "Invalid value", message };
    Status::invalid(&service.kind.qualified_kind(), service.name(), vec![cause])
}

fn refuse(service: &Object, field: &str, why: &str, value: &str) -> Status {
    let cause =
        Cause { field: field.to_owned(), reason: "Invalid value", message: format!("Invalid value: {value}: {why}") };
    Status::invalid(&service.kind.qualified_kind(), service.name(), vec![cause])
}

fn allocate_ports(server: &mut Server<'_>, service: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    let key = service.key();
    let kind = service.at("spec.type").text();
    let load_balancer =
        kind == "LoadBalancer" && service.at("spec.allocateLoadBalancerNodePorts").opt_bool() != Some(false);
    let wants_ports = kind == "NodePort" || load_balancer;
    let old_ports = old.map(|o| o.at("spec.ports").clone()).unwrap_or_default();
    let mut ports = service.at("spec.ports").clone();
    let mut kept: Vec<(String, i64)> = Vec::new();
    for (i, port) in ports.items_mut().iter_mut().enumerate() {
        let protocol = port.get("protocol").str().to_owned();
        let mut number = port.get("nodePort").int();
        if number == 0 && wants_ports {
            number = inherited_port(&old_ports, port).filter(|n| !kept.iter().any(|(_, k)| k == n)).unwrap_or(0);
        }
        if number != 0 && kept.iter().any(|(p, n)| *n == number && *p == protocol) {
            return Err(refuse(
                service,
                &format!("spec.ports[{i}].nodePort"),
                "provided port is already allocated",
                &number.to_string(),
            ));
        }
        if number != 0 && kind != "ClusterIP" {
            take_port(server, service, i, &protocol, number)?;
        } else if wants_ports {
            let drawn = server.store.allocations.draw_port(server.settings, &protocol, &key, i as u64);
            number = match drawn {
                Ok(n) => i64::from(n),
                Err(_) => return Err(refuse(service, &format!("spec.ports[{i}].nodePort"), "range is full", "0")),
            };
        }
        if number != 0 {
            port.set("nodePort", number);
            kept.push((protocol, number));
        }
    }
    for port in old_ports.list() {
        let (protocol, number) = (port.get("protocol").str(), port.get("nodePort").int());
        if number != 0 && !kept.iter().any(|(p, n)| p == protocol && *n == number) {
            server.store.allocations.release_port(protocol, number as u16);
        }
    }
    if !ports.is_null() {
        service.set("spec.ports", ports);
    }
    allocate_health_port(server, service, old)
}

/// The port where a load balancer asks a node for endpoints, for a Service that needs one.
///
/// Models pkg/registry/core/service/storage allocHealthCheckNodePort and its release.
pub(super) fn allocate_health_port(
    server: &mut Server<'_>,
    service: &mut Object,
    old: Option<&Object>,
) -> Result<(), Status> {
    if service.kind.kind != "Service" {
        return Ok(());
    }
    let number = |service: &Object| service.at("spec.healthCheckNodePort").int() as u16;
    let before = old.map_or(0, number);
    if before != 0 && number(service) == 0 && super::service_fields::needs_health_port(service) {
        service.set("spec.healthCheckNodePort", i64::from(before));
    }
    if before != 0 && number(service) != before {
        server.store.allocations.release_port("TCP", before);
    }
    if !super::service_fields::needs_health_port(service) || number(service) == before && before != 0 {
        return Ok(());
    }
    let key = service.key();
    let given = number(service);
    let allocations = &mut server.store.allocations;
    let taken = match given {
        0 => allocations.draw_port(server.settings, "TCP", &key, u64::MAX),
        port => allocations.take_port(server.settings, "TCP", port, &key).map(|()| port),
    };
    let refusal = "failed to allocate requested HealthCheck NodePort";
    let port = taken.map_err(|_| refuse(service, "spec.healthCheckNodePort", refusal, &given.to_string()))?;
    service.set("spec.healthCheckNodePort", i64::from(port));
    Ok(())
}

fn take_port(server: &mut Server<'_>, service: &Object, i: usize, protocol: &str, number: i64) -> Result<(), Status> {
    let field = format!("spec.ports[{i}].nodePort");
    let port = u16::try_from(number).unwrap_or(u16::MAX);
    match server.store.allocations.take_port(server.settings, protocol, port, &service.key()) {
        Ok(()) => Ok(()),
        Err(Refusal::Taken) => Err(refuse(service, &field, "provided port is already allocated", &number.to_string())),
        Err(_) => {
            let (first, last) = server.settings.node_ports;
            let why = format!("provided port is not in the valid range. The range of valid ports is {first}-{last}");
            Err(refuse(service, &field, &why, &number.to_string()))
        }
    }
}

/// The nodePort that the same port of the Service had before the change.
fn inherited_port(old_ports: &Value, port: &Value) -> Option<i64> {
    let same = |p: &&Value| p.get("port") == port.get("port") && p.get("protocol") == port.get("protocol");
    old_ports.list().iter().find(same).map(|p| p.get("nodePort").int()).filter(|n| *n != 0)
}

/// Gives back what a deleted object held.
pub(super) fn release(store: &mut Store, object: &Object) {
    if object.kind.kind == "Service" {
        store.allocations.release_ip(object.at("spec.clusterIP").str());
        for port in object.at("spec.ports").list() {
            let number = port.get("nodePort").int();
            if number != 0 {
                store.allocations.release_port(port.get("protocol").str(), number as u16);
            }
        }
        let health = object.at("spec.healthCheckNodePort").int();
        if health != 0 {
            store.allocations.release_port("TCP", health as u16);
        }
    }
}
