//! NetworkPolicy.

use super::cells::{selector_text, shown};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "NetworkPolicy",
    group: "networking.k8s.io",
    version: "v1",
    plural: "networkpolicies",
    singular: "networkpolicy",
    short_names: &["netpol"],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: true,
    custom: None,
    defaults: defaults::network_policy,
    validate: validation::networking::network_policy,
    validate_update: validation::networking::network_policy_update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "At once on every node; what a node sends to its own pods is let through.",
    }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("POD-SELECTOR"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printNetworkPolicy.
fn cells(policy: &Object, context: &PrintContext) -> Vec<String> {
    vec![policy.name().to_owned(), selector_text(policy.at("spec.podSelector")), age(policy, context)]
}
