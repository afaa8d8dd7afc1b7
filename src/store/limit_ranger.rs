//! The LimitRanger: what a namespace's LimitRanges add to new pods, and what they refuse of pods and claims.
//!
//! A LimitRange looks at one object at a time; what a namespace holds as a whole is the quota's matter.

use super::Store;
use crate::api::amounts::{of_pod, Amounts};
use crate::api::{Object, Status, Value};
use crate::base::order::Order;
use crate::base::quantity::Quantity;
use ecow::EcoString;

/// An annotation that says what was added.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// Gives the containers of a new pod the requests and limits that they do not have.
///
/// Models plugin/pkg/admission/limitranger LimitRanger.Admit with mergePodResourceRequirements.
pub(super) fn complete(store: &Store, pod: &mut Object) {
    for range in store.list("LimitRange", pod.namespace()) {
        let limits = range.at("spec.limits").list();
        let of_containers: Vec<&Value> = limits.iter().filter(|item| item.get("type").str() == "Container").collect();
        let mut said: Vec<String> = Vec::new();
        for (list, name) in [("spec.containers", "container"), ("spec.initContainers", "init container")] {
            if pod.at(list).list().is_empty() || of_containers.is_empty() {
                continue;
            }
            for container in pod.value.slot_at(list).items_mut() {
                let own = container.get("name").text();
                for (field, from) in [("requests", "defaultRequest"), ("limits", "default")] {
                    let added = fill(container, field, from, &of_containers);
                    if !added.is_empty() {
                        let part = field.trim_end_matches('s');
                        said.push(format!("{} {part} for {name} {own}", added.join(", ")));
                    }
                }
            }
        }
        if !said.is_empty() {
            let text = format!("LimitRanger plugin set: {}", said.join("; "));
            pod.value.slot("metadata").slot("annotations").map_mut().insert(ANNOTATION, text);
        }
    }
}

/// Fills in what a container lacks of one field and says which resources those were.
fn fill(container: &mut Value, field: &str, from: &str, ranges: &[&Value]) -> Vec<EcoString> {
    let mut added: Vec<EcoString> = Vec::new();
    for (name, amount) in ranges.iter().rev().flat_map(|item| item.get(from).entries()) {
        if container.get("resources").get(field).get(name).is_null() {
            container.slot("resources").slot(field).map_mut().insert(name, amount.clone());
            added.push(name.clone());
        }
    }
    added.order();
    added
}

/// Refuses a new pod, or a new or changed claim, that oversteps a LimitRange.
///
/// Models plugin/pkg/admission/limitranger LimitRanger.Validate. Resources are looked at by name, where Go's order is by
/// chance.
pub(super) fn check(store: &Store, object: &Object) -> Result<(), Status> {
    if !matches!(object.kind.kind, "Pod" | "PersistentVolumeClaim") {
        return Ok(());
    }
    for range in store.list("LimitRange", object.namespace()) {
        let limits = range.at("spec.limits").list().iter();
        let errors: Vec<String> = limits.flat_map(|item| broken(item, object)).collect();
        let why = match errors.len() {
            0 => continue,
            1 => errors[0].clone(),
            _ => format!("[{}]", errors.join(", ")),
        };
        return Err(Status::forbidden(&object.kind.resource(), object.name(), &why));
    }
    Ok(())
}

/// What of one item of a LimitRange an object breaks.
///
/// Models plugin/pkg/admission/limitranger PodValidateLimitFunc and PersistentVolumeClaimValidateLimitFunc.
fn broken(item: &Value, object: &Object) -> Vec<String> {
    let kind = item.get("type").str();
    let read = |resources: &Value| (Amounts::read(resources.get("requests")), Amounts::read(resources.get("limits")));
    let subjects: Vec<(Amounts, Amounts)> = match (object.kind.kind, kind) {
        ("Pod", "Container") => ["containers", "initContainers"]
            .iter()
            .flat_map(|list| object.spec().get(list).list())
            .map(|container| read(container.get("resources")))
            .collect(),
        ("Pod", "Pod") => vec![(of_pod(object.spec(), "requests"), of_pod(object.spec(), "limits"))],
        ("PersistentVolumeClaim", "PersistentVolumeClaim") => {
            vec![(read(object.spec().get("resources")).0, Amounts::default())]
        }
        _ => return Vec::new(),
    };
    let of_claim = kind == "PersistentVolumeClaim";
    let mut errors = Vec::new();
    for (requests, limits) in &subjects {
        for (name, bound) in Amounts::read(item.get("min")).iter() {
            errors.extend(below(kind, name, bound, requests.get(name), limits.get(name)));
        }
        for (name, bound) in Amounts::read(item.get("max")).iter() {
            let (request, limit) = (requests.get(name), limits.get(name));
            errors.extend(match of_claim {
                true => above(kind, name, bound, ("request", request), ("limit", None)),
                false => above(kind, name, bound, ("limit", limit), ("request", request)),
            });
        }
        for (name, bound) in Amounts::read(item.get("maxLimitRequestRatio")).iter().filter(|_| !of_claim) {
            errors.extend(ratio(kind, name, bound, requests.get(name), limits.get(name)));
        }
    }
    errors
}

/// Models plugin/pkg/admission/limitranger minConstraint.
fn below(
    kind: &str,
    name: &str,
    bound: Quantity,
    request: Option<Quantity>,
    limit: Option<Quantity>,
) -> Option<String> {
    let head = format!("minimum {name} usage per {kind} is {bound}");
    match (request, limit) {
        (None, _) => Some(format!("{head}.  No request is specified")),
        (Some(request), _) if request < bound => Some(format!("{head}, but request is {request}")),
        (_, Some(limit)) if limit < bound => Some(format!("{head}, but limit is {limit}")),
        _ => None,
    }
}

/// The first of the two amounts must be there, the second need not.
///
/// Models plugin/pkg/admission/limitranger maxConstraint and maxRequestConstraint.
fn above(
    kind: &str,
    name: &str,
    bound: Quantity,
    must: (&str, Option<Quantity>),
    may: (&str, Option<Quantity>),
) -> Option<String> {
    let head = format!("maximum {name} usage per {kind} is {bound}");
    match (must.1, may.1) {
        (None, _) => Some(format!("{head}.  No {} is specified", must.0)),
        (Some(amount), _) if amount > bound => Some(format!("{head}, but {} is {amount}", must.0)),
        (_, Some(amount)) if amount > bound => Some(format!("{head}, but {} is {amount}", may.0)),
        _ => None,
    }
}

/// Models plugin/pkg/admission/limitranger limitRequestRatioConstraint.
fn ratio(
    kind: &str,
    name: &str,
    bound: Quantity,
    request: Option<Quantity>,
    limit: Option<Quantity>,
) -> Option<String> {
    let head = format!("{name} max limit to request ratio per {kind} is {bound}, but");
    let given = |amount: Option<Quantity>| amount.filter(|amount| !amount.is_zero());
    match (given(request), given(limit)) {
        (None, _) => Some(format!("{head} no request is specified or request is 0")),
        (_, None) => Some(format!("{head} no limit is specified or limit is 0")),
        (Some(request), Some(limit)) => {
            let (request, limit) = (request.milli_value(), limit.milli_value());
            let provided = limit as f64 / request as f64;
            (provided * 1000.0 > bound.milli_value() as f64).then(|| format!("{head} provided ratio is {provided:.6}"))
        }
    }
}
