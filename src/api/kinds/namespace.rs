//! Namespace.

use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Namespace",
    group: "",
    version: "v1",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    categories: &[],
    namespaced: false,
    has_status: true,
    has_generation: false,
    defaults: no_defaults,
    validate: no_errors,
    validate_update: no_update_errors,
    columns: NAME_AND_AGE,
    cells: name_and_age,
    support: &[],
};
