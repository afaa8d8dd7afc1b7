//! ClusterRoleBinding.

use super::cells::{shown, subjects, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "ClusterRoleBinding",
    group: "rbac.authorization.k8s.io",
    version: "v1",
    plural: "clusterrolebindings",
    singular: "clusterrolebinding",
    short_names: &[],
    categories: &[],
    namespaced: false,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: defaults::binding,
    validate: validation::rbac::binding,
    validate_update: validation::rbac::binding_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "Asked for what is done with --as." }],
};

const COLUMNS: &[Column] =
    &[shown("NAME"), shown("ROLE"), shown("AGE"), wide("USERS"), wide("GROUPS"), wide("SERVICEACCOUNTS")];

/// Models pkg/printers/internalversion/printers.go printClusterRoleBinding.
fn cells(binding: &Object, context: &PrintContext) -> Vec<String> {
    let [users, groups, accounts] = subjects(binding.at("subjects"));
    let role = format!("{}/{}", binding.at("roleRef.kind").str(), binding.at("roleRef.name").str());
    vec![binding.name().to_owned(), role, age(binding, context), users, groups, accounts]
}
