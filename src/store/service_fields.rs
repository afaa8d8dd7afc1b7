//! What a change of a Service's type makes superfluous. It allocates nothing.

use crate::api::{Object, Value};

/// Takes away what the old type of a Service needed and the new one does not, unless the change set it anew.
///
/// Models pkg/registry/core/service strategy.go dropTypeDependentFields.
pub(super) fn drop_type_dependent(service: &mut Object, old: &Object) {
    if service.kind.kind != "Service" {
        return;
    }
    let kept = |service: &Object, path: &str| service.at(path) == old.at(path);
    if needs_cluster_ip(old) && !needs_cluster_ip(service) {
        for field in ["spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"] {
            if kept(service, field) {
                service.value.remove(field);
            }
        }
    }
    if needs_node_port(old) && !needs_node_port(service) && node_ports(service) == node_ports(old) {
        for port in service.value.slot_at("spec.ports").items_mut() {
            port.remove_key("nodePort");
        }
    }
    let balanced = |service: &Object| service.at("spec.type").str() == "LoadBalancer";
    if balanced(old) && !balanced(service) {
        for field in ["spec.allocateLoadBalancerNodePorts", "spec.loadBalancerClass"] {
            if kept(service, field) {
                service.value.remove(field);
            }
        }
    }
    if needs_health_port(old) && !needs_health_port(service) && kept(service, "spec.healthCheckNodePort") {
        service.value.remove("spec.healthCheckNodePort");
    }
    if is_external(old) && !is_external(service) && kept(service, "spec.externalTrafficPolicy") {
        service.value.remove("spec.externalTrafficPolicy");
    }
}

fn needs_cluster_ip(service: &Object) -> bool {
    service.at("spec.type").str() != "ExternalName"
}

/// True for a Service whose ports are opened on every node.
pub(super) fn needs_node_port(service: &Object) -> bool {
    match service.at("spec.type").str() {
        "NodePort" => true,
        "LoadBalancer" => service.at("spec.allocateLoadBalancerNodePorts").opt_bool() != Some(false),
        _ => false,
    }
}

/// True for a Service whose load balancer must ask the nodes whether they have endpoints.
pub(super) fn needs_health_port(service: &Object) -> bool {
    service.at("spec.type").str() == "LoadBalancer" && service.at("spec.externalTrafficPolicy").str() == "Local"
}

fn is_external(service: &Object) -> bool {
    matches!(service.at("spec.type").str(), "NodePort" | "LoadBalancer") || !service.at("spec.externalIPs").is_empty()
}

fn node_ports(service: &Object) -> Vec<i64> {
    service.at("spec.ports").list().iter().map(|port: &Value| port.get("nodePort").int()).collect()
}
