//! Service, with the addresses behind it.

use super::page::{int_or_string, Page};
use crate::api::kinds::cells::{labels_text, or_none};
use crate::api::kinds::{host_and_port, kind};
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeService.
pub(super) fn print(page: &mut Page, service: &Object, reader: &dyn Reader) {
    let spec = service.spec();
    let joined = |field: &str| spec.get(field).list().iter().map(Value::str).collect::<Vec<_>>().join(",");
    page.identity(service.metadata());
    page.labels("Labels", service.labels());
    page.annotations("Annotations", service.metadata().get("annotations"));
    page.field(0, "Selector", labels_text(spec.get("selector")));
    page.field(0, "Type", spec.get("type").str());
    page.field_if(0, "IP Family Policy", spec.get("ipFamilyPolicy").str());
    page.field(0, "IP Families", or_none(&joined("ipFamilies")));
    page.field(0, "IP", spec.get("clusterIP").str());
    page.field(0, "IPs", or_none(&joined("clusterIPs")));
    page.field_if(0, "External IPs", &joined("externalIPs"));
    page.field_if(0, "Desired LoadBalancer IP", spec.get("loadBalancerIP").str());
    page.field_if(0, "External Name", spec.get("externalName").str());
    page.field_if(0, "LoadBalancer Ingress", &ingress_text(service.at("status.loadBalancer.ingress")));
    let slices = slices_of(service, reader);
    for port in spec.get("ports").list() {
        print_port(page, port, &slices);
    }
    page.field(0, "Session Affinity", spec.get("sessionAffinity").str());
    page.field_if(0, "External Traffic Policy", spec.get("externalTrafficPolicy").str());
    page.field_if(0, "Internal Traffic Policy", spec.get("internalTrafficPolicy").str());
    if spec.get("healthCheckNodePort").int() != 0 {
        page.field(0, "HealthCheck NodePort", spec.get("healthCheckNodePort").int());
    }
    page.field_if(0, "LoadBalancer Source Ranges", &joined("loadBalancerSourceRanges"));
}

fn print_port(page: &mut Page, port: &Value, slices: &[Object]) {
    let protocol = port.get("protocol").str();
    let name = match port.get("name").str() {
        "" => "<unset>",
        name => name,
    };
    page.field(0, "Port", format!("{name}\t{}/{protocol}", port.get("port").int()));
    page.field(0, "TargetPort", format!("{}/{protocol}", int_or_string(port.get("targetPort"))));
    page.field_if(0, "AppProtocol", port.get("appProtocol").str());
    if port.get("nodePort").int() != 0 {
        page.field(0, "NodePort", format!("{name}\t{}/{protocol}", port.get("nodePort").int()));
    }
    page.field(0, "Endpoints", ready_addresses(slices, port.get("name").str()));
}

pub(super) fn slices_of(service: &Object, reader: &dyn Reader) -> Vec<Object> {
    let mut slices = reader.list(kind("EndpointSlice"), service.namespace());
    slices.retain(|slice| slice.label("kubernetes.io/service-name") == service.name());
    slices
}

fn ingress_text(ingress: &Value) -> String {
    let texts = ingress.list().iter().map(|point| match (point.get("ip").str(), point.get("ipMode").str()) {
        ("", _) => point.get("hostname").str().to_owned(),
        (ip, "") => ip.to_owned(),
        (ip, mode) => format!("{ip} ({mode})"),
    });
    texts.collect::<Vec<_>>().join(", ")
}

const SHOWN_ADDRESSES: usize = 3;

/// The first ready addresses of a port, and how many more there are.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe formatEndpointSlices.
pub(super) fn ready_addresses(slices: &[Object], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut all = Vec::new();
    for slice in slices {
        for port in slice.at("ports").list().iter().filter(|port| port.get("name").str() == port_name) {
            for endpoint in slice.at("endpoints").list() {
                if endpoint.at("conditions.ready").opt_bool() != Some(false) {
                    all.push(host_and_port(endpoint.get("addresses").index(0).str(), port.get("port").int()));
                }
            }
        }
    }
    match all.len().checked_sub(SHOWN_ADDRESSES) {
        Some(more) if more > 0 => format!("{} + {more} more...", all[..SHOWN_ADDRESSES].join(",")),
        _ => all.join(","),
    }
}

/// ServiceCIDR.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe describeServiceCIDRV1.
pub(super) fn print_cidr(page: &mut Page, cidr: &Object, _: &dyn Reader) {
    let cidrs: Vec<&str> = cidr.at("spec.cidrs").list().iter().map(Value::str).collect();
    page.field(0, "Name", cidr.name());
    page.labels("Labels", cidr.labels());
    page.annotations("Annotations", cidr.metadata().get("annotations"));
    page.field(0, "CIDRs", cidrs.join(", "));
    let conditions = cidr.at("status.conditions").list();
    if !conditions.is_empty() {
        page.line(0, "Status:");
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
        for condition in conditions {
            let cells: Vec<&str> = ["type", "status"].iter().map(|field| condition.get(field).str()).collect();
            let at = super::page::time_text(condition.get("lastTransitionTime"));
            let (reason, message) = (condition.get("reason").str(), condition.get("message").str());
            page.line(1, &format!("{} \t{at} \t{reason} \t{message}", cells.join(" \t")));
        }
    }
}

/// IPAddress.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe describeIPAddressV1.
pub(super) fn print_address(page: &mut Page, address: &Object, _: &dyn Reader) {
    page.field(0, "Name", address.name());
    page.labels("Labels", address.labels());
    page.annotations("Annotations", address.metadata().get("annotations"));
    page.line(0, "Parent Reference:");
    for (title, field) in [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")] {
        page.field(1, title, address.at("spec.parentRef").get(field).str());
    }
}
