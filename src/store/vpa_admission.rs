//! The admission webhook of the VerticalPodAutoscaler: a new pod requests what is recommended for its containers.

use super::Store;
use crate::api::validation::pod_resize::scaled;
use crate::api::{selector, Object, ObjectKey, Value};

/// The VerticalPodAutoscaler of a pod: the first whose target's selector takes it.
pub fn autoscaler_of<'a>(store: &'a Store, pod: &Object) -> Option<&'a Object> {
    store
        .list("VerticalPodAutoscaler", pod.namespace())
        .find(|vpa| target_selector(store, vpa).is_some_and(|selector| selector::matches(&selector, pod.labels())))
}

/// The selector of what a VerticalPodAutoscaler is about.
pub fn target_selector(store: &Store, vpa: &Object) -> Option<Value> {
    let target = vpa.at("spec.targetRef");
    let key = ObjectKey::new(vpa.namespace(), target.get("name").text());
    let object = store.get(target.get("kind").str(), &key)?;
    match object.at("spec.selector") {
        Value::Null => None,
        pairs if object.kind.kind == "ReplicationController" => Some(crate::value!({"matchLabels": (pairs.clone())})),
        given => Some(given.clone()),
    }
}

/// How pods are changed: what is said, otherwise `Recreate`.
pub fn update_mode(vpa: &Object) -> &str {
    match vpa.at("spec.updatePolicy.updateMode").str() {
        "" | "Auto" => "Recreate",
        mode => mode,
    }
}

/// The policy for a container: its own, or that of all others.
pub fn policy<'a>(vpa: &'a Object, container: &str) -> &'a Value {
    static NONE: Value = Value::Null;
    let policies = vpa.at("spec.resourcePolicy.containerPolicies").list();
    let named = |name: &str| policies.iter().find(|policy| policy.get("containerName").str() == name);
    named(container).or_else(|| named("*")).unwrap_or(&NONE)
}

/// The recommended requests of a container, by resource; none where there is no recommendation.
pub fn recommended<'a>(vpa: &'a Object, container: &str) -> Vec<(&'a str, String)> {
    let all = vpa.at("status.recommendation.containerRecommendations").list();
    let own = all.iter().find(|one| one.get("containerName").str() == container);
    let target = own.into_iter().flat_map(|one| one.get("target").entries());
    target.map(|(resource, amount)| (resource.as_str(), amount.str().to_owned())).collect()
}

/// The containers of a pod as they should be.
pub fn containers_by(vpa: &Object, pod: &Object) -> Value {
    let one = |container: &Value| {
        let name = container.get("name").str();
        let limits = policy(vpa, name).get("controlledValues").str() != "RequestsOnly";
        scaled(container, &recommended(vpa, name), limits)
    };
    pod.at("spec.containers").list().iter().map(one).collect()
}

/// Models vertical-pod-autoscaler/pkg/admission-controller/resource/pod/handler.go GetPatches.
pub(super) fn complete(store: &Store, pod: &mut Object) {
    let Some(vpa) = autoscaler_of(store, pod).filter(|vpa| update_mode(vpa) != "Off") else { return };
    if vpa.at("status.recommendation").is_null() {
        return;
    }
    let containers = containers_by(vpa, pod);
    let mut said = Vec::new();
    for (i, container) in containers.list().iter().enumerate() {
        let before = pod.at("spec.containers").index(i as u32);
        let mut parts = Vec::new();
        for (resource, _) in recommended(vpa, container.get("name").str()) {
            parts.push(format!("{resource} request"));
            if !before.at("resources.limits").get(resource).is_null() {
                parts.push(format!("{resource} limit"));
            }
        }
        if !parts.is_empty() {
            said.push(format!("container {i}: {}", parts.join(", ")));
        }
    }
    let names: Vec<String> = containers.list().iter().map(|c| c.get("name").str().to_owned()).collect();
    pod.set("spec.containers", containers);
    let annotations = pod.value.slot("metadata").slot("annotations").map_mut();
    if !said.is_empty() {
        annotations.insert("vpaUpdates", format!("Pod resources updated by {}: {}", vpa.name(), said.join("; ")));
    }
    annotations.insert("vpaObservedContainers", names.join(", "));
}
