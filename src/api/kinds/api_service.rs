//! APIService: a group of the API that another server answers for.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "APIService",
    group: "apiregistration.k8s.io",
    version: "v1",
    plural: "apiservices",
    singular: "apiservice",
    short_names: &[],
    categories: &["api-extensions"],
    namespaced: false,
    has_status: true,
    has_generation: false,
    custom: None,
    defaults: no_defaults,
    validate: validation::autoscaling::api_service,
    validate_update: validation::autoscaling::api_service_update,
    columns: &[shown("NAME"), shown("SERVICE"), shown("AVAILABLE"), shown("AGE")],
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "One for each group version; while one of the metrics APIs is there, its group answers.",
    }],
};

/// Models pkg/printers in kube-aggregator pkg/registry/apiservice/etcd ConvertToTable.
fn cells(service: &Object, context: &PrintContext) -> Vec<String> {
    let backend = service.at("spec.service");
    let place = match backend.is_null() {
        true => "Local".to_owned(),
        false => format!("{}/{}", backend.get("namespace").str(), backend.get("name").str()),
    };
    let available = service.condition("Available");
    let text = match available.get("status").str() {
        "" => "Unknown".to_owned(),
        "False" => format!("False ({})", available.get("reason").str()),
        status => status.to_owned(),
    };
    vec![service.name().to_owned(), place, text, age(service, context)]
}
