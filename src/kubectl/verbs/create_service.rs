//! `kubectl create service clusterip|nodeport|loadbalancer|externalname`.

use super::create_kinds::{finish, new_object};
use super::Verb;
use crate::api::Value;
use crate::base::names;
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::{error, Failure};
use crate::value;

/// Its row.
pub static VERB: Verb = Verb {
    name: "service",
    aliases: &["svc"],
    subverbs: &[&CLUSTER_IP, &EXTERNAL_NAME, &LOAD_BALANCER, &NODE_PORT],
    ..super::PLAIN
};

static CLUSTER_IP: Verb = Verb { name: "clusterip", run: Some(|call| make(call, "ClusterIP")), ..super::PLAIN };

static NODE_PORT: Verb = Verb { name: "nodeport", run: Some(|call| make(call, "NodePort")), ..super::PLAIN };

static LOAD_BALANCER: Verb =
    Verb { name: "loadbalancer", run: Some(|call| make(call, "LoadBalancer")), ..super::PLAIN };

static EXTERNAL_NAME: Verb = Verb {
    name: "externalname",
    run: Some(|call| {
        call.require(&["external-name"])?;
        make(call, "ExternalName")
    }),
    ..super::PLAIN
};

/// Models staging/src/k8s.io/kubectl/pkg/cmd/create ServiceOptions.createService.
fn make(call: &mut Call<'_>, kind: &'static str) -> Outcome {
    let name = call.only_name()?.to_owned();
    let headless = call.line.text("clusterip") == "None";
    let specs = call.line.list("tcp");
    if specs.is_empty() && !headless && kind != "ExternalName" {
        return Err(error("at least one tcp port specifier must be provided"));
    }
    let node_port = call.number("node-port")?.unwrap_or(0);
    let ports = specs.iter().map(|spec| port(spec, node_port)).collect::<Result<Vec<Value>, Failure>>()?;
    let outside = call.line.text("external-name");
    if !outside.is_empty() && !names::dns1123_subdomain(outside).is_empty() {
        return Err(error(format!("invalid service external name {outside}")));
    }
    let mut service = new_object(&name, "Service");
    service.set("metadata.labels", value!({"app": (name.as_str())}));
    service.set("spec.type", kind);
    service.set("spec.selector", value!({"app": (name.as_str())}));
    if !ports.is_empty() {
        service.set("spec.ports", ports);
    }
    for (flag, field) in [("clusterip", "spec.clusterIP"), ("external-name", "spec.externalName")] {
        if let Some(text) = call.line.get(flag) {
            service.set(field, text);
        }
    }
    service.set("status.loadBalancer", Value::map());
    finish(call, service, &format!("{kind} service"))
}

/// `80` or `80:8080` or `443:https`.
fn port(spec: &str, node_port: i64) -> Result<Value, Failure> {
    let (port, target) = spec.split_once(':').unwrap_or((spec, spec));
    let Ok(port_number) = port.parse::<u64>() else {
        return Err(error(format!("strconv.ParseUint: parsing {port:?}: invalid syntax")));
    };
    let target_value = target.parse::<u64>().map_or_else(|_| Value::from(target), |n| Value::from(n as i64));
    if port_number > 65_535 || target.parse::<u64>().is_ok_and(|n| !(1..=65_535).contains(&n) && target != port) {
        return Err(error("must be between 1 and 65535, inclusive"));
    }
    let port_number = port_number as i64;
    let name = spec.replace(':', "-");
    let mut value = value!({"name": name, "port": port_number, "protocol": "TCP", "targetPort": target_value});
    if node_port > 0 {
        value.set("nodePort", node_port);
    }
    Ok(value)
}
