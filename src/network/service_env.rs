//! The environment variables by which containers find Services: those that were there when the container was started.

use super::proxy::service::{Service, ServicePort};
use crate::api::Object;
use crate::base::time::Timestamp;
use crate::store::View;

/// The variables of a container started at an instant. A Service made later is not among them, and one changed later is still
/// seen as it is now: nothing remembers how it was.
///
/// Models pkg/kubelet/kubelet_pods.go getServiceEnvVarMap and pkg/kubelet/envvars FromServices.
pub fn service_env(view: &View, pod: &Object, started: Timestamp) -> Vec<(String, String)> {
    let links = pod.at("spec.enableServiceLinks").opt_bool().unwrap_or(true);
    let own = pod.namespace();
    let api = view.store.find("Service", "default", "kubernetes").filter(|_| own != "default" || !links);
    let linked = view.store.list("Service", own).filter(|_| links);
    let there = |service: &&Object| service.created().is_none_or(|made| made <= started);
    let services = api.into_iter().chain(linked).filter(there).map(Service::read);
    services.filter(|service| service.is_proxied()).flat_map(|service| variables(&service)).collect()
}

fn variables(service: &Service) -> Vec<(String, String)> {
    let name = upper(&service.key.name);
    let (Some(ip), Some(first)) = (service.cluster_ips.first(), service.ports.first()) else {
        return Vec::new();
    };
    let ip = ip.to_string();
    let mut all =
        vec![(format!("{name}_SERVICE_HOST"), ip.clone()), (format!("{name}_SERVICE_PORT"), first.port.to_string())];
    let named = service.ports.iter().filter(|port| !port.name.is_empty());
    all.extend(named.map(|port| (format!("{name}_SERVICE_PORT_{}", upper(&port.name)), port.port.to_string())));
    all.push((format!("{name}_PORT"), url(&ip, first)));
    for port in &service.ports {
        let prefix = format!("{name}_PORT_{}_{}", port.port, port.protocol.upper());
        all.push((prefix.clone(), url(&ip, port)));
        all.push((format!("{prefix}_PROTO"), port.protocol.lower().to_owned()));
        all.push((format!("{prefix}_PORT"), port.port.to_string()));
        all.push((format!("{prefix}_ADDR"), ip.clone()));
    }
    all
}

fn url(ip: &str, port: &ServicePort) -> String {
    format!("{}://{ip}:{}", port.protocol.lower(), port.port)
}

fn upper(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}
