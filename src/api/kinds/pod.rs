//! Pod.

use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Pod",
    group: "",
    version: "v1",
    plural: "pods",
    singular: "pod",
    short_names: &["po"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    defaults: defaults::pod,
    validate: validation::pod::create,
    validate_update: validation::pod::update,
    columns: pod_columns::COLUMNS,
    cells: pod_columns::cells,
    support: &[],
};
