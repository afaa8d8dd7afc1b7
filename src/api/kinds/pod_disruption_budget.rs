//! PodDisruptionBudget.

use super::cells::shown;
use super::*;
use crate::api::Value;

pub(super) static KIND: Kind = Kind {
    kind: "PodDisruptionBudget",
    group: "policy",
    version: "v1",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short_names: &["pdb"],
    categories: &[],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: no_defaults,
    validate: validation::policy::budget,
    validate_update: validation::policy::budget_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "" }],
};

const COLUMNS: &[Column] =
    &[shown("NAME"), shown("MIN AVAILABLE"), shown("MAX UNAVAILABLE"), shown("ALLOWED DISRUPTIONS"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printPodDisruptionBudget.
fn cells(budget: &Object, context: &PrintContext) -> Vec<String> {
    let given = |field: &str| match budget.spec().get(field) {
        Value::Null => "N/A".to_owned(),
        Value::Str(text) => text.to_string(),
        number => number.int().to_string(),
    };
    vec![
        budget.name().to_owned(),
        given("minAvailable"),
        given("maxUnavailable"),
        budget.at("status.disruptionsAllowed").int().to_string(),
        age(budget, context),
    ]
}
