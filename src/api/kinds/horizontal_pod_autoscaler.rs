//! HorizontalPodAutoscaler.

use super::cells::shown;
use super::*;
use crate::api::Value;

pub(super) static KIND: Kind = Kind {
    kind: "HorizontalPodAutoscaler",
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
    singular: "horizontalpodautoscaler",
    short_names: &["hpa"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: false,
    custom: None,
    defaults: defaults::autoscaler,
    validate: validation::autoscaling::autoscaler,
    validate_update: validation::autoscaling::autoscaler_update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "All metric types, tolerances, readiness rules, stabilization and policies.",
    }],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("REFERENCE"),
    shown("TARGETS"),
    shown("MINPODS"),
    shown("MAXPODS"),
    shown("REPLICAS"),
    shown("AGE"),
];

/// Models pkg/printers/internalversion/printers.go printHorizontalPodAutoscaler.
fn cells(autoscaler: &Object, context: &PrintContext) -> Vec<String> {
    let target = autoscaler.at("spec.scaleTargetRef");
    let min = match autoscaler.at("spec.minReplicas").opt_int() {
        Some(min) => min.to_string(),
        None => "<unset>".to_owned(),
    };
    vec![
        autoscaler.name().to_owned(),
        format!("{}/{}", target.get("kind").str(), target.get("name").str()),
        targets(autoscaler),
        min,
        autoscaler.at("spec.maxReplicas").int().to_string(),
        autoscaler.at("status.currentReplicas").int().to_string(),
        age(autoscaler, context),
    ]
}

/// Each metric as `name: current/target`; two of them and how many more there are.
///
/// Models pkg/printers/internalversion/printers.go formatHPAMetrics.
fn targets(autoscaler: &Object) -> String {
    let specs = autoscaler.at("spec.metrics").list();
    let current = autoscaler.at("status.currentMetrics").list();
    if specs.is_empty() {
        return "<none>".to_owned();
    }
    let shown: Vec<String> = specs
        .iter()
        .enumerate()
        .take(2)
        .map(|(i, spec)| metric(spec, current.get(i).unwrap_or(&Value::Null)))
        .collect();
    let text = shown.join(", ");
    match specs.len() {
        1 | 2 => text,
        n => format!("{text} + {} more...", n - 2),
    }
}

fn metric(spec: &Value, status: &Value) -> String {
    let field = match spec.get("type").str() {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let (source, current) = (spec.get(field), status.get(field).get("current"));
    let or_unknown = |value: &Value| match value {
        Value::Null => "<unknown>".to_owned(),
        Value::Str(text) => text.to_string(),
        number => number.int().to_string(),
    };
    let target = source.get("target");
    let average = !target.get("averageValue").is_null();
    match field {
        "resource" | "containerResource" if average => {
            let name = source.get("name").str();
            format!("{name}: {}/{}", or_unknown(current.get("averageValue")), target.get("averageValue").str())
        }
        "resource" | "containerResource" => {
            let of = |value: &Value| value.opt_int().map_or("<unknown>".to_owned(), |percent| format!("{percent}%"));
            let wanted = target.get("averageUtilization").opt_int().map_or("<auto>".to_owned(), |p| format!("{p}%"));
            format!("{}: {}/{wanted}", source.get("name").str(), of(current.get("averageUtilization")))
        }
        "pods" => format!("{}/{}", or_unknown(current.get("averageValue")), target.get("averageValue").str()),
        _ if average => {
            let wanted = target.get("averageValue").str();
            format!("{}/{wanted} (avg)", or_unknown(current.get("averageValue")))
        }
        _ => format!("{}/{}", or_unknown(current.get("value")), target.get("value").str()),
    }
}
