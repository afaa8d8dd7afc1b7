//! LimitRange.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "LimitRange",
    group: "",
    version: "v1",
    plural: "limitranges",
    singular: "limitrange",
    short_names: &["limits"],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: defaults::limit_range,
    validate: validation::policy::limit_range,
    validate_update: validation::policy::limit_range_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "Defaults and bounds of new pods and claims." }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("CREATED AT")];

/// Kinds without a printer of their own show when they were made.
fn cells(range: &Object, _: &PrintContext) -> Vec<String> {
    vec![range.name().to_owned(), range.metadata().get("creationTimestamp").str().to_owned()]
}
