//! PriorityClass.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "PriorityClass",
    group: "scheduling.k8s.io",
    version: "v1",
    plural: "priorityclasses",
    singular: "priorityclass",
    short_names: &["pc"],
    categories: &[],
    namespaced: false,
    has_status: false,
    has_generation: true,
    custom: None,
    defaults: defaults::priority_class,
    validate: validation::policy::priority_class,
    validate_update: validation::policy::priority_class_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "Admission, scheduling order and preemption." }],
};

const COLUMNS: &[Column] =
    &[shown("NAME"), shown("VALUE"), shown("GLOBAL-DEFAULT"), shown("AGE"), shown("PREEMPTIONPOLICY")];

/// Models pkg/printers/internalversion/printers.go printPriorityClass.
fn cells(class: &Object, context: &PrintContext) -> Vec<String> {
    vec![
        class.name().to_owned(),
        class.at("value").int().to_string(),
        class.at("globalDefault").bool().to_string(),
        age(class, context),
        class.at("preemptionPolicy").str().to_owned(),
    ]
}
