//! Defaults of Services, of what lists their endpoints, and of what else is about the network.

use super::{each, fill, within};
use crate::api::{Object, Value};

/// Models pkg/apis/core/v1/defaults.go SetDefaults_Service.
pub fn service(object: &mut Object) {
    within(&mut object.value, "spec", |spec| {
        fill(spec, "sessionAffinity", "None");
        match spec.get("sessionAffinity").str() {
            "ClientIP" => spec.set_default("sessionAffinityConfig.clientIP.timeoutSeconds", 10800),
            "None" => drop(spec.remove_key("sessionAffinityConfig")),
            _ => {}
        }
        fill(spec, "type", "ClusterIP");
        each(spec, "ports", |port| {
            fill(port, "protocol", "TCP");
            let number = port.get("port").int();
            fill(port, "targetPort", number);
        });
        let kind = spec.get("type").text();
        if (kind == "NodePort" || kind == "LoadBalancer") || reached_by_external_ip(spec) {
            fill(spec, "externalTrafficPolicy", "Cluster");
        }
        if ["ClusterIP", "NodePort", "LoadBalancer"].contains(&kind.as_str()) {
            spec.set_default("internalTrafficPolicy", "Cluster");
        }
        if kind == "LoadBalancer" {
            spec.set_default("allocateLoadBalancerNodePorts", true);
        }
        first_cluster_ip(spec);
    });
}

fn reached_by_external_ip(spec: &Value) -> bool {
    spec.get("type").str() == "ClusterIP" && !spec.get("externalIPs").is_empty()
}

/// A client that knows only the one field for the address gets the other from it.
///
/// Models pkg/registry/core/service/storage normalizeClusterIPs, for a new Service.
fn first_cluster_ip(spec: &mut Value) {
    let ip = spec.get("clusterIP").clone();
    if !ip.is_empty() && spec.get("clusterIPs").is_empty() {
        *spec.slot("clusterIPs") = Value::from(vec![ip]);
    }
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_Endpoints.
pub fn endpoints(object: &mut Object) {
    each(&mut object.value, "subsets", |subset| each(subset, "ports", |port| fill(port, "protocol", "TCP")));
}

/// Models pkg/apis/discovery/v1/defaults.go SetDefaults_EndpointPort.
pub fn endpoint_slice(object: &mut Object) {
    each(&mut object.value, "ports", |port| {
        port.set_default("name", "");
        port.set_default("protocol", "TCP");
    });
}

/// Models pkg/apis/networking/v1/defaults.go SetDefaults_NetworkPolicy and SetDefaults_NetworkPolicyPort.
pub fn network_policy(object: &mut Object) {
    within(&mut object.value, "spec", |spec| {
        for direction in ["ingress", "egress"] {
            each(spec, direction, |rule| each(rule, "ports", |port| port.set_default("protocol", "TCP")));
        }
        if spec.get("policyTypes").is_empty() {
            let mut types = vec![Value::from("Ingress")];
            if !spec.get("egress").is_empty() {
                types.push(Value::from("Egress"));
            }
            *spec.slot("policyTypes") = Value::from(types);
        }
    });
}

/// Models pkg/apis/networking/v1/defaults.go SetDefaults_IngressClass.
pub fn ingress_class(object: &mut Object) {
    within(&mut object.value, "spec", |spec| {
        if !spec.get("parameters").is_null() {
            spec.set_default("parameters.scope", "Cluster");
        }
    });
}
