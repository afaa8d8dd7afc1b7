//! ReplicaSet.

use super::cells::{container_fields, selector_text, shown, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "ReplicaSet",
    group: "apps",
    version: "v1",
    plural: "replicasets",
    singular: "replicaset",
    short_names: &["rs"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: defaults::replica_set,
    validate: validation::apps::replica_set,
    validate_update: validation::apps::replica_set_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "" }],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("DESIRED"),
    shown("CURRENT"),
    shown("READY"),
    shown("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

/// Models pkg/printers/internalversion/printers.go printReplicaSet.
fn cells(set: &Object, context: &PrintContext) -> Vec<String> {
    let template = set.at("spec.template.spec");
    vec![
        set.name().to_owned(),
        set.at("spec.replicas").int().to_string(),
        set.at("status.replicas").int().to_string(),
        set.at("status.readyReplicas").int().to_string(),
        age(set, context),
        container_fields(template, "name"),
        container_fields(template, "image"),
        selector_text(set.at("spec.selector")),
    ]
}
