//! Deployment.

use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Deployment",
    group: "apps",
    version: "v1",
    plural: "deployments",
    singular: "deployment",
    short_names: &["deploy"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    defaults: no_defaults,
    validate: no_errors,
    validate_update: no_update_errors,
    columns: NAME_AND_AGE,
    cells: name_and_age,
    support: &[],
};
