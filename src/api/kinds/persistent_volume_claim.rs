//! PersistentVolumeClaim.

use super::cells::{access_modes, shown, unset, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "PersistentVolumeClaim",
    group: "",
    version: "v1",
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    short_names: &["pvc"],
    categories: &[],
    namespaced: true,
    has_status: true,
    has_generation: false,
    custom: None,
    defaults: defaults::claim,
    validate: validation::storage::claim,
    validate_update: validation::storage::claim_update,
    columns: COLUMNS,
    cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "Bound to the smallest volume that suits, or to one made for it; protected while a pod uses it.",
        },
        Support { field: "spec.dataSource, spec.dataSourceRef", depth: Depth::Stored, note: "" },
        Support { field: "spec.volumeAttributesClassName", depth: Depth::Stored, note: "" },
    ],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("STATUS"),
    shown("VOLUME"),
    shown("CAPACITY"),
    shown("ACCESS MODES"),
    shown("STORAGECLASS"),
    shown("VOLUMEATTRIBUTESCLASS"),
    shown("AGE"),
    wide("VOLUMEMODE"),
];

/// Models pkg/printers/internalversion/printers.go printPersistentVolumeClaim.
fn cells(claim: &Object, context: &PrintContext) -> Vec<String> {
    let bound = !claim.at("spec.volumeName").is_empty();
    let where_bound = |text: String| if bound { text } else { String::new() };
    let phase = if claim.is_deleting() { "Terminating" } else { claim.at("status.phase").str() };
    vec![
        claim.name().to_owned(),
        phase.to_owned(),
        claim.at("spec.volumeName").str().to_owned(),
        where_bound(claim.at("status.capacity.storage").str().to_owned()),
        where_bound(access_modes(claim.at("status.accessModes"))),
        claim.at("spec.storageClassName").str().to_owned(),
        unset(claim.at("spec.volumeAttributesClassName")),
        age(claim, context),
        unset(claim.at("spec.volumeMode")),
    ]
}
