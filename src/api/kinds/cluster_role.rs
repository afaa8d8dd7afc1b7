//! ClusterRole.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "ClusterRole",
    group: "rbac.authorization.k8s.io",
    version: "v1",
    plural: "clusterroles",
    singular: "clusterrole",
    short_names: &[],
    categories: &[],
    namespaced: false,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: no_defaults,
    validate: validation::rbac::role,
    validate_update: validation::rbac::role_update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "Those of every cluster are there; aggregated ones gather their rules.",
    }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("CREATED AT")];

/// Kinds without a printer of their own show when they were made.
fn cells(role: &Object, _: &PrintContext) -> Vec<String> {
    vec![role.name().to_owned(), role.metadata().get("creationTimestamp").str().to_owned()]
}
