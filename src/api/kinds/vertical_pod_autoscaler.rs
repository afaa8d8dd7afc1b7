//! VerticalPodAutoscaler.

use super::cells::shown;
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "VerticalPodAutoscaler",
    group: "autoscaling.k8s.io",
    version: "v1",
    plural: "verticalpodautoscalers",
    singular: "verticalpodautoscaler",
    short_names: &["vpa"],
    categories: &[],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: no_defaults,
    validate: validation::autoscaling::vertical,
    validate_update: validation::autoscaling::vertical_update,
    columns: &[shown("NAME"), shown("MODE"), shown("CPU"), shown("MEM"), shown("PROVIDED"), shown("AGE")],
    cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "Recommender, updater and admission, as installed with their default flags.",
        },
        Support { field: "spec.recommenders", depth: Depth::Stored, note: "There is the default one." },
    ],
};

/// The columns of the CustomResourceDefinition, which are JSON paths.
fn cells(vpa: &Object, context: &PrintContext) -> Vec<String> {
    let first = vpa.at("status.recommendation.containerRecommendations").index(0).get("target");
    let provided = vpa.condition("RecommendationProvided").get("status");
    let text = |value: &crate::api::Value| value.str().to_owned();
    vec![
        vpa.name().to_owned(),
        text(vpa.at("spec.updatePolicy.updateMode")),
        text(first.get("cpu")),
        text(first.get("memory")),
        text(provided),
        age(vpa, context),
    ]
}
