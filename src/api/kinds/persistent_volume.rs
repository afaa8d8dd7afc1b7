//! PersistentVolume.

use super::cells::{access_modes, shown, unset, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "PersistentVolume",
    group: "",
    version: "v1",
    plural: "persistentvolumes",
    singular: "persistentvolume",
    short_names: &["pv"],
    categories: &[],
    namespaced: false,
    has_status: true,
    has_generation: false,
    custom: None,
    defaults: defaults::volume,
    validate: validation::storage::volume,
    validate_update: validation::storage::volume_update,
    columns: COLUMNS,
    cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "Bound, released and kept or deleted; what is written to one outlives the pod.",
        },
        Support {
            field: "spec.persistentVolumeReclaimPolicy: Recycle",
            depth: Depth::Stored,
            note: "Deprecated: a volume of hostPath or nfs stays Released, others fail.",
        },
        Support { field: "spec.mountOptions", depth: Depth::Stored, note: "" },
    ],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("CAPACITY"),
    shown("ACCESS MODES"),
    shown("RECLAIM POLICY"),
    shown("STATUS"),
    shown("CLAIM"),
    shown("STORAGECLASS"),
    shown("VOLUMEATTRIBUTESCLASS"),
    shown("REASON"),
    shown("AGE"),
    wide("VOLUMEMODE"),
];

/// Models pkg/printers/internalversion/printers.go printPersistentVolume.
fn cells(volume: &Object, context: &PrintContext) -> Vec<String> {
    let claim = volume.at("spec.claimRef");
    let claim = match claim.is_null() {
        true => String::new(),
        false => format!("{}/{}", claim.get("namespace").str(), claim.get("name").str()),
    };
    let phase = if volume.is_deleting() { "Terminating" } else { volume.at("status.phase").str() };
    vec![
        volume.name().to_owned(),
        volume.at("spec.capacity.storage").str().to_owned(),
        access_modes(volume.at("spec.accessModes")),
        volume.at("spec.persistentVolumeReclaimPolicy").str().to_owned(),
        phase.to_owned(),
        claim,
        volume.at("spec.storageClassName").str().to_owned(),
        unset(volume.at("spec.volumeAttributesClassName")),
        volume.at("status.reason").str().to_owned(),
        age(volume, context),
        unset(volume.at("spec.volumeMode")),
    ]
}
