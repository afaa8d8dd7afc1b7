//! ReplicationController.

use super::cells::{container_fields, labels_text, shown, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "ReplicationController",
    group: "",
    version: "v1",
    plural: "replicationcontrollers",
    singular: "replicationcontroller",
    short_names: &["rc"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: defaults::replication_controller,
    validate: validation::sets::replication_controller,
    validate_update: validation::sets::replication_controller_update,
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

/// Models pkg/printers/internalversion/printers.go printReplicationController.
fn cells(controller: &Object, context: &PrintContext) -> Vec<String> {
    let template = controller.at("spec.template.spec");
    vec![
        controller.name().to_owned(),
        controller.at("spec.replicas").int().to_string(),
        controller.at("status.replicas").int().to_string(),
        controller.at("status.readyReplicas").int().to_string(),
        age(controller, context),
        container_fields(template, "name"),
        container_fields(template, "image"),
        labels_text(controller.at("spec.selector")),
    ]
}
