//! ServiceAccount.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "ServiceAccount",
    group: "",
    version: "v1",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short_names: &["sa"],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: no_defaults,
    validate: validation::config::service_account,
    validate_update: validation::config::service_account_update,
    columns: COLUMNS,
    cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "The `default` of each namespace is made; `create token` prints one that nobody checks.",
        },
        Support { field: "imagePullSecrets", depth: Depth::Stored, note: "Images need no secret." },
    ],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printServiceAccount.
fn cells(account: &Object, context: &PrintContext) -> Vec<String> {
    vec![account.name().to_owned(), age(account, context)]
}
