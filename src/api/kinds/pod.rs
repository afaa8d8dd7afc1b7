//! Pod.

use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Pod",
    group: "",
    version: "v1",
    plural: "pods",
    singular: "pod",
    short_names: &["po"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: defaults::pod,
    validate: validation::pod::create,
    validate_update: validation::pod::update,
    columns: pod_columns::COLUMNS,
    cells: pod_columns::cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "Scheduled, started, probed, restarted and stopped by a kubelet on each node.",
        },
        Support {
            field: "spec.containers[*].image",
            depth: Depth::Modelled,
            note:
                "What an image does is read from a table; one that is not in it listens on its containerPorts and runs.",
        },
        Support {
            field: "spec.containers[*].command",
            depth: Depth::Modelled,
            note: "A small shell runs scripts and some hundred programs, with files, volumes and the network; others serve or end.",
        },
        Support {
            field: "spec.securityContext",
            depth: Depth::Stored,
            note: "But users, groups, fsGroup, runAsNonRoot and readOnlyRootFilesystem, which containers feel.",
        },
        Support {
            field: "spec.ephemeralContainers",
            depth: Depth::Modelled,
            note: "By kubectl debug: they start at once, see the target's processes, and are never started again.",
        },
    ],
};
