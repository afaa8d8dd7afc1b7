//! Validation of Endpoints and EndpointSlices.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::field::{Errors, Path};
use super::{containers, meta};
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;

/// Models pkg/apis/core/validation ValidateEndpoints.
pub fn endpoints(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    endpoints_errors(object, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateEndpointsUpdate.
pub fn endpoints_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    endpoints_errors(new, &mut errors);
    errors.into_causes()
}

fn endpoints_errors(object: &Object, errors: &mut Errors) {
    meta::object_meta(object, names::dns1123_subdomain, errors);
    let list = Path::new("subsets");
    for (i, subset) in object.at("subsets").list().iter().enumerate() {
        let path = list.index(i);
        if subset.get("addresses").is_empty() && subset.get("notReadyAddresses").is_empty() {
            errors.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        for field in ["addresses", "notReadyAddresses"] {
            for (j, address) in subset.get(field).list().iter().enumerate() {
                endpoint_address(address, &path.child(field).index(j), errors);
            }
        }
        let ports = subset.get("ports").list();
        for (j, port) in ports.iter().enumerate() {
            endpoint_port(port, ports.len() > 1, &path.child("ports").index(j), errors);
        }
    }
}

/// Models pkg/apis/core/validation validateEndpointAddress.
fn endpoint_address(address: &Value, path: &Path<'_>, errors: &mut Errors) {
    let ip = address.get("ip").str();
    errors.malformed(&path.child("ip"), ip, names::ip(ip));
    let name = address.get("hostname").str();
    if !name.is_empty() {
        errors.malformed(&path.child("hostname"), name, names::dns1123_label(name));
    }
    if let Some(node) = address.get("nodeName").opt_str() {
        errors.malformed(&path.child("nodeName"), node, names::dns1123_subdomain(node));
    }
    ordinary_ip(ip, &path.child("ip"), errors);
}

/// Models pkg/apis/core/validation validateEndpointPort.
fn endpoint_port(port: &Value, needs_name: bool, path: &Path<'_>, errors: &mut Errors) {
    match port.get("name").str() {
        "" if needs_name => errors.required(&path.child("name"), ""),
        "" => {}
        name => errors.malformed(&path.child("name"), name, names::dns1123_label(name)),
    }
    let number = port.get("port").int();
    for complaint in names::port_number(number) {
        errors.invalid(&path.child("port"), number, &complaint);
    }
    containers::protocol(port.get("protocol").str(), &path.child("protocol"), errors);
    if let Some(protocol) = port.get("appProtocol").opt_str() {
        meta::label_name(protocol, &path.child("appProtocol"), errors);
    }
}

/// An address that can be anybody's: not this host's own, not one of the local link.
///
/// Models pkg/apis/core/validation ValidateNonSpecialIP.
pub fn ordinary_ip(text: &str, path: &Path<'_>, errors: &mut Errors) {
    let Ok(ip) = text.parse::<IpAddr>() else {
        return errors.invalid(path, text, "must be a valid IP address");
    };
    let (four, six) = match ip {
        IpAddr::V4(four) => (four, Ipv6Addr::LOCALHOST),
        IpAddr::V6(six) => (six.to_ipv4_mapped().unwrap_or(Ipv4Addr::BROADCAST), six),
    };
    let is_six = ip.is_ipv6();
    if ip.is_unspecified() {
        errors.invalid(path, text, &format!("may not be unspecified ({text})"));
    }
    if ip.is_loopback() {
        errors.invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    if four.is_link_local() || (is_six && six.segments()[0] & 0xffc0 == 0xfe80) {
        errors.invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    if four.octets()[..3] == [224, 0, 0] || (is_six && six.segments()[0] & 0xff0f == 0xff02) {
        errors.invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}

/// Models pkg/apis/discovery/validation ValidateEndpointSlice.
pub fn slice(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    slice_errors(object, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/discovery/validation ValidateEndpointSliceUpdate.
pub fn slice_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    slice_errors(new, &mut errors);
    errors.immutable(&Path::new("addressType"), new.at("addressType"), old.at("addressType"));
    errors.into_causes()
}

fn slice_errors(object: &Object, errors: &mut Errors) {
    let kind = object.at("addressType").str();
    match kind {
        "IPv4" | "IPv6" | "FQDN" => {}
        "" => errors.required(&Path::new("addressType"), ""),
        other => errors.not_supported(&Path::new("addressType"), other, &["FQDN", "IPv4", "IPv6"]),
    }
    let list = Path::new("endpoints");
    let all = object.at("endpoints").list();
    if all.len() > 1000 {
        errors.too_many(&list, all.len(), 1000);
    } else {
        for (i, endpoint) in all.iter().enumerate() {
            slice_endpoint(endpoint, kind, &list.index(i), errors);
        }
    }
    slice_ports(object.at("ports"), errors);
}

/// Models pkg/apis/discovery/validation validateEndpoints.
fn slice_endpoint(endpoint: &Value, kind: &str, path: &Path<'_>, errors: &mut Errors) {
    let (list, addresses) = (path.child("addresses"), endpoint.get("addresses").list());
    if addresses.is_empty() {
        errors.required(&list, "must contain at least 1 address");
    } else if addresses.len() > 100 {
        errors.too_many(&list, addresses.len(), 100);
    }
    for (i, address) in addresses.iter().enumerate() {
        let (path, text) = (list.index(i), address.str());
        match kind {
            "FQDN" => errors.malformed(&path, text, names::fully_qualified_domain_name(text)),
            "IPv4" | "IPv6" => {
                if names::is_ipv6(text) != (kind == "IPv6") || !names::ip(text).is_empty() {
                    errors.invalid(&path, text, &format!("must be a valid {kind} address"));
                }
                ordinary_ip(text, &path, errors);
            }
            _ => {}
        }
    }
    if let Some(node) = endpoint.get("nodeName").opt_str() {
        errors.malformed(&path.child("nodeName"), node, names::dns1123_subdomain(node));
    }
    let name = endpoint.get("hostname").str();
    if !name.is_empty() {
        errors.malformed(&path.child("hostname"), name, names::dns1123_label(name));
    }
}

/// Models pkg/apis/discovery/validation validatePorts.
fn slice_ports(ports: &Value, errors: &mut Errors) {
    let list = Path::new("ports");
    let all = ports.list();
    if all.len() > 20000 {
        return errors.too_many(&list, all.len(), 20000);
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, port) in all.iter().enumerate() {
        let path = list.index(i);
        let name = port.get("name").str();
        if !name.is_empty() {
            errors.malformed(&path.child("name"), name, names::dns1123_label(name));
        }
        if seen.contains(&name) {
            errors.duplicate(&path.child("name"), name);
        } else {
            seen.push(name);
        }
        containers::protocol(port.get("protocol").str(), &path.child("protocol"), errors);
        if let Some(protocol) = port.get("appProtocol").opt_str() {
            meta::label_name(protocol, &path.child("appProtocol"), errors);
        }
    }
}
