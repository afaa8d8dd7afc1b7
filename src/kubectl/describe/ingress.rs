//! Ingress and IngressClass.

use super::page::Page;
use super::service::{ready_addresses, slices_of};
use crate::api::kinds::cells::or_none;
use crate::api::kinds::kind;
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeIngressV1.
pub(super) fn print(page: &mut Page, ingress: &Object, reader: &dyn Reader) {
    let spec = ingress.spec();
    page.field(0, "Name", ingress.name());
    page.labels("Labels", ingress.labels());
    page.field(0, "Namespace", ingress.namespace());
    let points = ingress.at("status.loadBalancer.ingress").list().iter();
    let addresses: Vec<&str> = points
        .map(|point| match point.get("ip").str() {
            "" => point.get("hostname").str(),
            ip => ip,
        })
        .collect();
    page.field(0, "Address", addresses.join(","));
    page.field(0, "Ingress Class", spec.get("ingressClassName").opt_str().unwrap_or("<none>"));
    let default = match spec.get("defaultBackend") {
        Value::Null => "<default>".to_owned(),
        backend => backend_text(ingress, backend, reader),
    };
    page.field(0, "Default backend", &default);
    let secured = spec.get("tls").list();
    if !secured.is_empty() {
        page.line(0, "TLS:");
    }
    for tls in secured {
        let hosts = tls.get("hosts").list().iter().map(Value::str).collect::<Vec<_>>().join(",");
        match tls.get("secretName").str() {
            "" => page.line(1, &format!("SNI routes {hosts}")),
            secret => page.line(1, &format!("{secret} terminates {hosts}")),
        }
    }
    page.line(0, "Rules:");
    page.line(1, "Host\tPath\tBackends");
    page.line(1, "----\t----\t--------");
    let rules: Vec<&Value> = spec.get("rules").list().iter().filter(|rule| !rule.get("http").is_null()).collect();
    for rule in &rules {
        let host = rule.get("host").str();
        page.line(1, &format!("{}\t", if host.is_empty() { "*" } else { host }));
        for path in rule.at("http.paths").list() {
            let backend = backend_text(ingress, path.get("backend"), reader);
            page.line(2, &format!("\t{} \t{backend}", path.get("path").str()));
        }
    }
    if rules.is_empty() {
        page.line(1, &format!("*\t*\t{default}"));
    }
    page.annotations("Annotations", ingress.metadata().get("annotations"));
}

/// Where a backend leads: `web:80 (10.244.1.2:80)`.
fn backend_text(ingress: &Object, backend: &Value, reader: &dyn Reader) -> String {
    let (service, resource) = (backend.get("service"), backend.get("resource"));
    if service.is_null() {
        let group = resource.get("apiGroup").opt_str().unwrap_or("<none>");
        let (kind, name) = (resource.get("kind").str(), resource.get("name").str());
        return format!("APIGroup: {group}, Kind: {kind}, Name: {name}");
    }
    let (name, number) = (service.get("name").str(), service.at("port.number").int());
    let port_name = service.at("port.name").str();
    let head = match port_name {
        "" => format!("{name}:{number}"),
        port => format!("{name}:{port}"),
    };
    let Some(found) = reader.get(kind("Service"), ingress.namespace(), name) else {
        return format!("{head} (<error: services \"{name}\" not found>)");
    };
    let ports = found.at("spec.ports").list();
    let port = ports.iter().rev().find(|port| match port_name {
        "" => port.get("port").int() == number,
        name => port.get("name").str() == name,
    });
    let slices = slices_of(&found, reader);
    format!("{head} ({})", ready_addresses(&slices, port.map_or("", |port| port.get("name").str())))
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describeIngressClassV1.
pub(super) fn print_class(page: &mut Page, class: &Object, _: &dyn Reader) {
    page.field(0, "Name", class.name());
    page.labels("Labels", class.labels());
    page.annotations("Annotations", class.metadata().get("annotations"));
    page.field(0, "Controller", class.at("spec.controller").str());
    let parameters = class.at("spec.parameters");
    if parameters.is_null() {
        return;
    }
    page.line(0, "Parameters:");
    page.field_if(1, "APIGroup", parameters.get("apiGroup").str());
    page.field(1, "Kind", or_none(parameters.get("kind").str()));
    page.field(1, "Name", parameters.get("name").str());
}
