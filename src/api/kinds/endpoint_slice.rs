//! EndpointSlice.

use super::cells::{first_three, shown};
use super::*;
use crate::api::value::Value;

pub(super) static KIND: Kind = Kind {
    kind: "EndpointSlice",
    group: "discovery.k8s.io",
    version: "v1",
    plural: "endpointslices",
    singular: "endpointslice",
    short_names: &[],
    categories: &[],
    namespaced: true,
    has_status: false,
    has_generation: true,
    custom: None,
    defaults: defaults::endpoint_slice,
    validate: validation::endpoints::slice,
    validate_update: validation::endpoints::slice_update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "" }],
};

const COLUMNS: &[Column] = &[shown("NAME"), shown("ADDRESSTYPE"), shown("PORTS"), shown("ENDPOINTS"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printEndpointSlice.
fn cells(slice: &Object, context: &PrintContext) -> Vec<String> {
    let ports: Vec<String> = slice.at("ports").list().iter().map(port_text).collect();
    let endpoints = slice.at("endpoints").list().iter();
    let addresses: Vec<String> =
        endpoints.flat_map(|e| e.get("addresses").list()).map(|address| address.str().to_owned()).collect();
    vec![
        slice.name().to_owned(),
        slice.at("addressType").str().to_owned(),
        first_three(&ports, "<unset>"),
        first_three(&addresses, "<unset>"),
        age(slice, context),
    ]
}

fn port_text(port: &Value) -> String {
    match (port.get("port").opt_int(), port.get("name").str()) {
        (Some(number), _) => number.to_string(),
        (None, "") => "*".to_owned(),
        (None, name) => name.to_owned(),
    }
}
