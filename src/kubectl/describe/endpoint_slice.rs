//! EndpointSlice.

use super::page::Page;
use crate::api::kinds::cells::or_none;
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeEndpointSliceV1.
pub(super) fn print(page: &mut Page, slice: &Object, _: &dyn Reader) {
    page.identity(slice.metadata());
    page.labels("Labels", slice.labels());
    page.annotations("Annotations", slice.metadata().get("annotations"));
    page.field(0, "AddressType", slice.at("addressType").str());
    let ports = slice.at("ports").list();
    if ports.is_empty() {
        page.line(0, "Ports: <unset>");
    } else {
        page.line(0, "Ports:");
        page.line(1, "Name\tPort\tProtocol");
        page.line(1, "----\t----\t--------");
    }
    for port in ports {
        let number = port.get("port").opt_int().map_or_else(|| "*".to_owned(), |n| n.to_string());
        page.line(1, &format!("{}\t{number}\t{}", or_unset(port.get("name")), port.get("protocol").str()));
    }
    let endpoints = slice.at("endpoints").list();
    if endpoints.is_empty() {
        page.line(0, "Endpoints: <none>");
        return;
    }
    page.line(0, "Endpoints:");
    endpoints.iter().for_each(|endpoint| print_endpoint(page, endpoint));
}

fn print_endpoint(page: &mut Page, endpoint: &Value) {
    let addresses: Vec<&str> = endpoint.get("addresses").list().iter().map(Value::str).collect();
    page.line(1, &format!("- Addresses:\t{}", or_none(&addresses.join(", "))));
    page.line(2, "Conditions:");
    let ready = endpoint.at("conditions.ready").opt_bool();
    page.field(3, "Ready", ready.map_or_else(|| "<unset>".to_owned(), |ready| ready.to_string()));
    page.field(2, "Hostname", or_unset(endpoint.get("hostname")));
    let target = endpoint.get("targetRef");
    if !target.is_null() {
        page.field(2, "TargetRef", format!("{}/{}", target.get("kind").str(), target.get("name").str()));
    }
    page.field(2, "NodeName", or_unset(endpoint.get("nodeName")));
    page.field(2, "Zone", or_unset(endpoint.get("zone")));
}

fn or_unset(value: &Value) -> &str {
    match value.str() {
        "" => "<unset>",
        text => text,
    }
}
