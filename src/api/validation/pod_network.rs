//! Validation of what a pod says of the network: its host's, its names and its resolver.

use super::field::{Errors, Path};
use crate::api::Value;
use crate::base::names;

/// Models pkg/apis/core/validation ValidateHostAliases.
pub fn host_aliases(aliases: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (i, alias) in aliases.list().iter().enumerate() {
        let path = path.index(i);
        let ip = alias.get("ip").str();
        errors.malformed(&path.child("ip"), ip, names::ip(ip));
        for (j, name) in alias.get("hostnames").list().iter().enumerate() {
            let list = path.child("hostnames");
            errors.malformed(&list.index(j), name.str(), names::dns1123_subdomain(name.str()));
        }
    }
}

/// Models pkg/apis/core/validation validatePodHostNetworkDeps.
pub fn host_network_ports(spec: &Value, is_pod: bool, path: &Path<'_>, errors: &mut Errors) {
    if !spec.get("hostNetwork").bool() {
        return;
    }
    for (i, container) in spec.get("containers").list().iter().enumerate() {
        for (j, port) in container.get("ports").list().iter().enumerate() {
            let (on_host, own) = (port.get("hostPort").int(), port.get("containerPort").int());
            if (is_pod || on_host != 0) && on_host != own {
                let list = path.child("containers");
                let item = list.index(i);
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errors.invalid(&item.child("ports").index(j).child("hostPort"), on_host, detail);
            }
        }
    }
}

/// Models pkg/apis/core/validation validateHostUsers.
pub fn own_users(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    if spec.get("hostUsers").opt_bool() != Some(false) {
        return;
    }
    for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if spec.get(field).bool() {
            errors.forbidden(&path.child(shown), "when `hostUsers` is false");
        }
    }
}

/// Models pkg/apis/core/validation validatePodDNSConfig.
pub fn dns_config(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let config = spec.get("dnsConfig");
    let servers = config.get("nameservers").list();
    if spec.get("dnsPolicy").str() == "None" {
        if config.is_null() {
            return errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if servers.is_empty() {
            let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            return errors.required(&path.child("nameservers"), detail);
        }
    }
    if servers.len() > 3 {
        let detail = "must not have more than 3 nameservers";
        errors.invalid(&path.child("nameservers"), config.get("nameservers"), detail);
    }
    for (i, server) in servers.iter().enumerate() {
        errors.malformed(&path.child("nameservers").index(i), server.str(), names::ip(server.str()));
    }
    let (searches, list) = (config.get("searches"), path.child("searches"));
    let length = searches.list().iter().map(|search| search.str().len() + 1).sum::<usize>().saturating_sub(1);
    if searches.list().len() > 32 {
        errors.invalid(&list, searches, "must not have more than 32 search paths");
    }
    if length > 2048 {
        let detail = "must not have more than 2048 characters (including spaces) in the search list";
        errors.invalid(&list, searches, detail);
    }
    for (i, search) in searches.list().iter().enumerate().filter(|(_, search)| search.str() != ".") {
        let search = search.str().strip_suffix('.').unwrap_or(search.str());
        errors.malformed(&list.index(i), search, names::dns1123_subdomain_with_underscore(search));
    }
    for (i, option) in config.get("options").list().iter().enumerate() {
        if option.get("name").is_empty() {
            errors.required(&path.child("options").index(i), "must not be empty");
        }
    }
}
