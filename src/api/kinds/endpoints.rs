//! Endpoints.

use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Endpoints",
    group: "",
    version: "v1",
    plural: "endpoints",
    singular: "endpoints",
    short_names: &["ep"],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    defaults: no_defaults,
    validate: no_errors,
    validate_update: no_update_errors,
    columns: NAME_AND_AGE,
    cells: name_and_age,
    support: &[],
};
