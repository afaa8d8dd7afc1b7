//! Node.

use super::cells::{or_none, shown, wide};
use super::*;
use crate::base::order::Order;

pub(super) static KIND: Kind = Kind {
    kind: "Node",
    group: "",
    version: "v1",
    plural: "nodes",
    singular: "node",
    short_names: &["no"],
    categories: &[],
    namespaced: false,
    has_status: true,
    has_generation: false,
    custom: None,
    defaults: defaults::node,
    validate: validation::node::create,
    validate_update: validation::node::update,
    columns: COLUMNS,
    cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "Three by default; cordoned, drained, broken, healed, added and removed.",
        },
        Support {
            field: "status.conditions",
            depth: Depth::Modelled,
            note: "Ready follows the kubelet's lease; a pressure is a fault that lasts until it is healed.",
        },
    ],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("STATUS"),
    shown("ROLES"),
    shown("AGE"),
    shown("VERSION"),
    wide("INTERNAL-IP"),
    wide("EXTERNAL-IP"),
    wide("OS-IMAGE"),
    wide("KERNEL-VERSION"),
    wide("CONTAINER-RUNTIME"),
];

/// Models pkg/printers/internalversion/printers.go printNode.
fn cells(node: &Object, context: &PrintContext) -> Vec<String> {
    let info = node.at("status.nodeInfo");
    let or_unknown = |field: &str| match info.get(field).str() {
        "" => "<unknown>".to_owned(),
        text => text.to_owned(),
    };
    let kernel = match info.get("architecture").str() {
        "" => or_unknown("kernelVersion"),
        architecture => format!("{} ({architecture})", or_unknown("kernelVersion")),
    };
    vec![
        node.name().to_owned(),
        status_text(node),
        or_none(&roles(node).join(",")),
        age(node, context),
        info.get("kubeletVersion").str().to_owned(),
        or_none(address(node, "InternalIP")),
        or_none(address(node, "ExternalIP")),
        or_unknown("osImage"),
        kernel,
        or_unknown("containerRuntimeVersion"),
    ]
}

/// `Ready`, `NotReady`, `Unknown`, and `SchedulingDisabled` behind it.
fn status_text(node: &Object) -> String {
    let mut parts = Vec::new();
    match node.condition("Ready").get("status").str() {
        "" => parts.push("Unknown"),
        "True" => parts.push("Ready"),
        _ => parts.push("NotReady"),
    }
    if node.at("spec.unschedulable").bool() {
        parts.push("SchedulingDisabled");
    }
    parts.join(",")
}

/// The roles a node's labels give it.
///
/// Models pkg/printers/internalversion/printers.go findNodeRoles.
pub fn roles(node: &Object) -> Vec<&str> {
    let mut roles: Vec<&str> = Vec::new();
    for (key, value) in node.labels().entries() {
        match key.strip_prefix("node-role.kubernetes.io/") {
            Some("") => {}
            Some(role) => roles.push(role),
            None if key == "kubernetes.io/role" && !value.str().is_empty() => roles.push(value.str()),
            None => {}
        }
    }
    roles.order();
    roles.dedup();
    roles
}

/// The first address of a type; empty where there is none.
pub fn address<'a>(node: &'a Object, kind: &str) -> &'a str {
    let addresses = node.at("status.addresses").list();
    addresses.iter().find(|a| a.get("type").str() == kind).map_or("", |a| a.get("address").str())
}
