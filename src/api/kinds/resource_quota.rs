//! ResourceQuota.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "ResourceQuota",
    group: "",
    version: "v1",
    plural: "resourcequotas",
    singular: "resourcequota",
    short_names: &["quota"],
    categories: &[],
    namespaced: true,
    has_status: true,
    has_generation: false,
    custom: None,
    defaults: no_defaults,
    validate: validation::policy::quota,
    validate_update: validation::policy::quota_update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "All resources and scopes; counted at once on creation.",
    }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("REQUEST"), shown("LIMIT"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printResourceQuota.
fn cells(quota: &Object, context: &PrintContext) -> Vec<String> {
    let part = |limits: bool| {
        let hard = quota.at("status.hard").entries().iter();
        let shown = hard.filter(|(name, _)| name.starts_with("limits") == limits);
        let used = |name: &str| match quota.at("status.used").get(name).str() {
            "" => "0".to_owned(),
            text => text.to_owned(),
        };
        shown.map(|(name, most)| format!("{name}: {}/{}", used(name), most.str())).collect::<Vec<_>>().join(", ")
    };
    vec![quota.name().to_owned(), part(false), part(true), age(quota, context)]
}
