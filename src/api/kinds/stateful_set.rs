//! StatefulSet.

use super::cells::{container_fields, shown, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "StatefulSet",
    group: "apps",
    version: "v1",
    plural: "statefulsets",
    singular: "statefulset",
    short_names: &["sts"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: defaults::stateful_set,
    validate: validation::sets::stateful_set,
    validate_update: validation::sets::stateful_set_update,
    columns: COLUMNS,
    cells,
    support: &[
        Support { field: "", depth: Depth::Modelled, note: "" },
        Support {
            field: "spec.updateStrategy.rollingUpdate.maxUnavailable",
            depth: Depth::Modelled,
            note: "As with the feature gate MaxUnavailableStatefulSet, which 1.36 has off by default.",
        },
    ],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("READY"), shown("AGE"), wide("CONTAINERS"), wide("IMAGES")];

/// Models pkg/printers/internalversion/printers.go printStatefulSet.
fn cells(set: &Object, context: &PrintContext) -> Vec<String> {
    let template = set.at("spec.template.spec");
    vec![
        set.name().to_owned(),
        format!("{}/{}", set.at("status.readyReplicas").int(), set.at("spec.replicas").int()),
        age(set, context),
        container_fields(template, "name"),
        container_fields(template, "image"),
    ]
}
