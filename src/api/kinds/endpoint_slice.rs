//! EndpointSlice.

use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "EndpointSlice",
    group: "discovery.k8s.io",
    version: "v1",
    plural: "endpointslices",
    singular: "endpointslice",
    short_names: &[],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: true,
    defaults: no_defaults,
    validate: no_errors,
    validate_update: no_update_errors,
    columns: NAME_AND_AGE,
    cells: name_and_age,
    support: &[],
};
