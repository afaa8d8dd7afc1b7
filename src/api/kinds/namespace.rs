//! Namespace.

use super::cells::shown;
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
    custom: None,
    defaults: defaults::namespace,
    validate: validation::config::namespace,
    validate_update: validation::config::namespace_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "Deleting one deletes all that is in it." }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("STATUS"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printNamespace.
fn cells(namespace: &Object, context: &PrintContext) -> Vec<String> {
    vec![namespace.name().to_owned(), namespace.status().get("phase").str().to_owned(), age(namespace, context)]
}
