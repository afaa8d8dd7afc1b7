//! Secret.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Secret",
    group: "",
    version: "v1",
    plural: "secrets",
    singular: "secret",
    short_names: &[],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: defaults::secret,
    validate: validation::config::secret,
    validate_update: validation::config::secret_update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "Read by containers when they start; volumes follow at the kubelet's next look.",
    }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("TYPE"), shown("DATA"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printSecret.
fn cells(secret: &Object, context: &PrintContext) -> Vec<String> {
    let entries = secret.at("data").entries().len();
    vec![secret.name().to_owned(), secret.at("type").str().to_owned(), entries.to_string(), age(secret, context)]
}
