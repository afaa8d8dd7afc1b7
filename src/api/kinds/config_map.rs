//! ConfigMap.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "ConfigMap",
    group: "",
    version: "v1",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: no_defaults,
    validate: validation::config::config_map,
    validate_update: validation::config::config_map_update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "Read by containers when they start; volumes follow at the kubelet's next look, within 90 seconds.",
    }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("DATA"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printConfigMap.
fn cells(map: &Object, context: &PrintContext) -> Vec<String> {
    let entries = map.at("data").entries().len() + map.at("binaryData").entries().len();
    vec![map.name().to_owned(), entries.to_string(), age(map, context)]
}
