//! DaemonSet.

use super::cells::{container_fields, labels_text, selector_text, shown, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "DaemonSet",
    group: "apps",
    version: "v1",
    plural: "daemonsets",
    singular: "daemonset",
    short_names: &["ds"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: defaults::daemon_set,
    validate: validation::sets::daemon_set,
    validate_update: validation::sets::daemon_set_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "" }],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("DESIRED"),
    shown("CURRENT"),
    shown("READY"),
    shown("UP-TO-DATE"),
    shown("AVAILABLE"),
    shown("NODE SELECTOR"),
    shown("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

/// Models pkg/printers/internalversion/printers.go printDaemonSet.
fn cells(set: &Object, context: &PrintContext) -> Vec<String> {
    let template = set.at("spec.template.spec");
    let count = |field: &str| set.status().get(field).int().to_string();
    vec![
        set.name().to_owned(),
        count("desiredNumberScheduled"),
        count("currentNumberScheduled"),
        count("numberReady"),
        count("updatedNumberScheduled"),
        count("numberAvailable"),
        labels_text(template.get("nodeSelector")),
        age(set, context),
        container_fields(template, "name"),
        container_fields(template, "image"),
        selector_text(set.at("spec.selector")),
    ]
}
