//! Lease.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Lease",
    group: "coordination.k8s.io",
    version: "v1",
    plural: "leases",
    singular: "lease",
    short_names: &[],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: |_| {},
    validate: validation::node::lease,
    validate_update: |lease, _| validation::node::lease(lease),
    columns: &[shown("NAME"), shown("HOLDER"), shown("AGE")],
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "One for each node: its kubelet's heartbeat." }],
};

/// Models pkg/printers/internalversion/printers.go printLease.
fn cells(lease: &Object, context: &PrintContext) -> Vec<String> {
    vec![lease.name().to_owned(), lease.at("spec.holderIdentity").str().to_owned(), age(lease, context)]
}
