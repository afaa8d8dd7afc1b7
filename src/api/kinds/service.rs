//! Service.

use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Service",
    group: "",
    version: "v1",
    plural: "services",
    singular: "service",
    short_names: &["svc"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: false,
    defaults: no_defaults,
    validate: no_errors,
    validate_update: no_update_errors,
    columns: NAME_AND_AGE,
    cells: name_and_age,
    support: &[],
};
