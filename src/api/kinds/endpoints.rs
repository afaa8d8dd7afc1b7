//! Endpoints.

use super::cells::{first_three, shown};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "Endpoints",
    group: "",
    version: "v1",
    plural: "endpoints",
    singular: "endpoints",
    short_names: &["ep"],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: false,
    custom: None,
    defaults: defaults::endpoints,
    validate: validation::endpoints::endpoints,
    validate_update: validation::endpoints::endpoints_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "" }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("ENDPOINTS"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printEndpoints and formatEndpoints.
fn cells(endpoints: &Object, context: &PrintContext) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for subset in endpoints.at("subsets").list() {
        let addresses = subset.get("addresses").list();
        let ports = subset.get("ports").list();
        if ports.is_empty() {
            all.extend(addresses.iter().map(|a| a.get("ip").str().to_owned()));
        }
        for port in ports {
            all.extend(addresses.iter().map(|a| host_and_port(a.get("ip").str(), port.get("port").int())));
        }
    }
    vec![endpoints.name().to_owned(), first_three(&all, "<none>"), age(endpoints, context)]
}
