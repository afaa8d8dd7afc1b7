//! Role.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Role",
    group: "rbac.authorization.k8s.io",
    version: "v1",
    plural: "roles",
    singular: "role",
    short_names: &[],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: no_defaults,
    validate: validation::rbac::role,
    validate_update: validation::rbac::role_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "" }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("CREATED AT")];

/// Kinds without a printer of their own show when they were made.
fn cells(role: &Object, _: &PrintContext) -> Vec<String> {
    vec![role.name().to_owned(), role.metadata().get("creationTimestamp").str().to_owned()]
}
