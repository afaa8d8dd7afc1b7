//! Endpoints.

use super::page::Page;
use crate::api::kinds::cells::or_none;
use crate::api::{Object, Value};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeEndpoints.
pub(super) fn print(page: &mut Page, endpoints: &Object, _: &dyn Reader) {
    page.identity(endpoints.metadata());
    page.labels("Labels", endpoints.labels());
    page.annotations("Annotations", endpoints.metadata().get("annotations"));
    page.line(0, "Subsets:");
    for subset in endpoints.at("subsets").list() {
        for (title, field) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let addresses: Vec<&str> = subset.get(field).list().iter().map(|a| a.get("ip").str()).collect();
            page.field(1, title, or_none(&addresses.join(",")));
        }
        ports(page, subset.get("ports").list());
        page.line(0, "");
    }
}

/// A table of ports, `<unset>` for none.
pub(super) fn ports(page: &mut Page, ports: &[Value]) {
    if ports.is_empty() {
        page.line(1, "Ports:\t<unset>");
        return;
    }
    page.line(1, "Ports:");
    page.line(2, "Name\tPort\tProtocol");
    page.line(2, "----\t----\t--------");
    for port in ports {
        let name = match port.get("name").str() {
            "" => "<unset>",
            name => name,
        };
        page.line(2, &format!("{name}\t{}\t{}", port.get("port").int(), port.get("protocol").str()));
    }
}
