//! ControllerRevision.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "ControllerRevision",
    group: "apps",
    version: "v1",
    plural: "controllerrevisions",
    singular: "controllerrevision",
    short_names: &[],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: no_defaults,
    validate: validation::sets::controller_revision,
    validate_update: validation::sets::controller_revision_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "" }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("CONTROLLER"), shown("REVISION"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printControllerRevision.
fn cells(revision: &Object, context: &PrintContext) -> Vec<String> {
    let owner = revision.controller().map(|owner| {
        let resource = find_kind(&owner.kind)
            .map_or_else(|| owner.kind.to_lowercase().as_str().to_owned(), Kind::singular_resource);
        format!("{resource}/{}", owner.name)
    });
    vec![
        revision.name().to_owned(),
        owner.unwrap_or_else(|| "<none>".to_owned()),
        revision.at("revision").int().to_string(),
        age(revision, context),
    ]
}
