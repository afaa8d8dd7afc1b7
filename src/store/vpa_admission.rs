//! The admission webhook of the VerticalPodAutoscaler: a new pod requests what is recommended for its containers.

use ecow::EcoString;

use super::Store;
use crate::api::validation::pod_resize::scaled;
use crate::api::{selector, Object, ObjectKey, Value};
use crate::base::quantity::Quantity;

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
pub fn recommended<'a>(vpa: &'a Object, container: &Value) -> Vec<(&'a str, String)> {
    let all = vpa.at("status.recommendation.containerRecommendations").list();
    let own = all.iter().find(|one| one.get("containerName") == container.get("name"));
    let target = own.into_iter().flat_map(|one| one.get("target").entries());
    let within = |(resource, amount): &'a (EcoString, Value)| {
        let limit = above_limit(vpa, container, resource, amount);
        (resource.as_str(), limit.unwrap_or(amount).str().to_owned())
    };
    target.map(within).collect()
}

/// True where the policy of a container is about its requests alone.
fn leaves_limits(vpa: &Object, container: &Value) -> bool {
    policy(vpa, container.get("name").str()).get("controlledValues").str() == "RequestsOnly"
}

/// The limit of a container that an amount lies above, where its policy leaves limits as they are.
///
/// Models vertical-pod-autoscaler/pkg/utils/vpa/capping.go capRecommendationToContainerLimit.
pub fn above_limit<'a>(vpa: &Object, container: &'a Value, resource: &str, amount: &Value) -> Option<&'a Value> {
    let limit = container.at("resources.limits").get(resource);
    let (most, wanted) = (Quantity::parse(limit.str()).ok()?, Quantity::parse(amount.str()).ok()?);
    (leaves_limits(vpa, container) && wanted > most).then_some(limit)
}

/// The containers of a pod as they should be.
pub fn containers_by(vpa: &Object, pod: &Object) -> Value {
    let one = |container: &Value| scaled(container, &recommended(vpa, container), !leaves_limits(vpa, container));
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
        let all = vpa.at("status.recommendation.containerRecommendations").list();
        let own = all.iter().find(|one| one.get("containerName") == container.get("name"));
        let target = own.map_or(&[][..], |one| one.get("target").entries());
        let is_above = |(resource, amount): &&(EcoString, Value)| above_limit(vpa, before, resource, amount).is_some();
        let has_limit = |(resource, _): &&(EcoString, Value)| {
            !leaves_limits(vpa, container) && !before.at("resources.limits").get(resource).is_null()
        };
        let above = target.iter().filter(is_above).map(|(resource, _)| format!("{resource} capped to container limit"));
        let requests = target.iter().map(|(resource, _)| format!("{resource} request"));
        let limits = target.iter().filter(has_limit).map(|(resource, _)| format!("{resource} limit"));
        let parts: Vec<String> = above.chain(requests).chain(limits).collect();
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
