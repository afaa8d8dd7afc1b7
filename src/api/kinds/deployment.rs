//! Deployment.

use super::cells::{container_fields, selector_text, shown, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Deployment",
    group: "apps",
    version: "v1",
    plural: "deployments",
    singular: "deployment",
    short_names: &["deploy"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: defaults::deployment,
    validate: validation::apps::deployment,
    validate_update: validation::apps::deployment_update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "RollingUpdate and Recreate, revisions, rollback, pause, progress deadline, proportional scaling.",
    }],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("READY"),
    shown("UP-TO-DATE"),
    shown("AVAILABLE"),
    shown("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

/// Models pkg/printers/internalversion/printers.go printDeployment.
fn cells(deployment: &Object, context: &PrintContext) -> Vec<String> {
    let template = deployment.at("spec.template.spec");
    let count = |field: &str| deployment.status().get(field).int();
    vec![
        deployment.name().to_owned(),
        format!("{}/{}", count("readyReplicas"), deployment.at("spec.replicas").int()),
        count("updatedReplicas").to_string(),
        count("availableReplicas").to_string(),
        age(deployment, context),
        container_fields(template, "name"),
        container_fields(template, "image"),
        selector_text(deployment.at("spec.selector")),
    ]
}
