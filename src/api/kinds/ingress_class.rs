//! IngressClass.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "IngressClass",
    group: "networking.k8s.io",
    version: "v1",
    plural: "ingressclasses",
    singular: "ingressclass",
    short_names: &[],
    categories: &[],
    namespaced: false,
    has_status: false,
    has_generation: true,
    custom: None,
    defaults: defaults::ingress_class,
    validate: validation::networking::ingress_class,
    validate_update: validation::networking::ingress_class_update,
    columns: COLUMNS,
    cells,
    support: &[
        Support { field: "", depth: Depth::Modelled, note: "" },
        Support { field: "spec.parameters", depth: Depth::Stored, note: "" },
    ],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("CONTROLLER"), shown("PARAMETERS"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printIngressClass.
fn cells(class: &Object, context: &PrintContext) -> Vec<String> {
    let parameters = class.at("spec.parameters");
    let group = parameters.get("apiGroup").opt_str().map(|group| format!(".{group}")).unwrap_or_default();
    let text = match parameters.is_null() {
        true => "<none>".to_owned(),
        false => format!("{}{group}/{}", parameters.get("kind").str(), parameters.get("name").str()),
    };
    let default =
        class.metadata().get("annotations").get("ingressclass.kubernetes.io/is-default-class").str() == "true";
    let name = format!("{}{}", class.name(), if default { " (default)" } else { "" });
    vec![name, class.at("spec.controller").str().to_owned(), text, age(class, context)]
}
