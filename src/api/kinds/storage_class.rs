//! StorageClass.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "StorageClass",
    group: "storage.k8s.io",
    version: "v1",
    plural: "storageclasses",
    singular: "storageclass",
    short_names: &["sc"],
    categories: &[],
    namespaced: false,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: defaults::storage_class,
    validate: validation::storage::class,
    validate_update: validation::storage::class_update,
    columns: COLUMNS,
    cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "kubernetes.io/host-path, rancher.io/local-path and hostpath.csi.k8s.io make volumes; the last expands them, too.",
        },
        Support { field: "parameters, mountOptions", depth: Depth::Stored, note: "" },
    ],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("PROVISIONER"),
    shown("RECLAIMPOLICY"),
    shown("VOLUMEBINDINGMODE"),
    shown("ALLOWVOLUMEEXPANSION"),
    shown("AGE"),
];

/// Models pkg/printers/internalversion/printers.go printStorageClass.
fn cells(class: &Object, context: &PrintContext) -> Vec<String> {
    let or = |field: &str, default: &str| match class.at(field).str() {
        "" => default.to_owned(),
        text => text.to_owned(),
    };
    let default = class.annotation("storageclass.kubernetes.io/is-default-class") == "true";
    vec![
        format!("{}{}", class.name(), if default { " (default)" } else { "" }),
        class.at("provisioner").str().to_owned(),
        or("reclaimPolicy", "Delete"),
        or("volumeBindingMode", "Immediate"),
        class.at("allowVolumeExpansion").bool().to_string(),
        age(class, context),
    ]
}
