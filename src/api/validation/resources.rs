//! Validation of requests, limits and the names of resources.

use super::field::{Errors, Path};
use super::meta;
use super::pod::PodContext;
use crate::api::Value;
use crate::base::names;
use crate::base::order::Order;
use crate::base::quantity::Quantity;

/// What a resource may be called somewhere.
pub type ResourceNameRule = fn(&str, &Path<'_>, &mut Errors);

const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

const COUNTED: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// The quantity in a field; nothing where the field holds none.
pub fn quantity(value: &Value) -> Quantity {
    match value {
        Value::Int(n) => Quantity::new(*n, crate::base::quantity::Format::DecimalSi),
        Value::Float(x) => Quantity::parse(&x.to_string()).unwrap_or(Quantity::ZERO),
        other => Quantity::parse(other.str()).unwrap_or(Quantity::ZERO),
    }
}

fn huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Models pkg/apis/core/helper IsNativeResource.
pub fn native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Models pkg/apis/core/helper IsExtendedResourceName.
fn extended(name: &str) -> bool {
    !native(name) && !name.starts_with("requests.") && names::label_key(&format!("requests.{name}")).is_empty()
}

/// Models pkg/apis/core/helper IsOvercommitAllowed.
pub fn overcommit_allowed(name: &str) -> bool {
    native(name) && !huge_pages(name)
}

/// Models pkg/apis/core/validation validateResourceName.
pub fn name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    let before = errors.len();
    meta::label_name(name, path, errors);
    let prefixed = ["hugepages-", "requests.hugepages-", "limits.hugepages-"].iter().any(|p| name.starts_with(p));
    if errors.len() == before && !name.contains('/') && !STANDARD.contains(&name) && !prefixed {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
}

/// Models pkg/apis/core/validation validateContainerResourceName.
pub fn container_name(resource: &str, path: &Path<'_>, errors: &mut Errors) {
    name(resource, path, errors);
    if !resource.contains('/') {
        if !["cpu", "memory", "ephemeral-storage"].contains(&resource) && !huge_pages(resource) {
            errors.invalid(path, resource, "must be a standard resource for containers");
        }
    } else if !native(resource) && !extended(resource) {
        errors.invalid(path, resource, "doesn't follow extended resource name standard");
    }
}

/// Models pkg/apis/core/validation validatePodResourceName.
pub fn pod_name(resource: &str, path: &Path<'_>, errors: &mut Errors) {
    let before = errors.len();
    name(resource, path, errors);
    if errors.len() == before && !["cpu", "memory"].contains(&resource) && !huge_pages(resource) {
        errors.not_supported(path, resource, &["cpu", "memory"]);
    }
}

/// Models pkg/apis/core/validation ValidateResourceQuotaResourceName.
pub fn quota_name(resource: &str, path: &Path<'_>, errors: &mut Errors) {
    name(resource, path, errors);
    if !resource.contains('/') && !counted_by_quota(resource) {
        errors.invalid(path, resource, "must be a standard resource for quota");
    }
}

/// Models pkg/apis/core/validation ValidateResourceQuantityValue.
pub fn amount(resource: &str, value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let amount = quantity(value);
    if amount.is_negative() {
        errors.invalid(path, amount.to_string(), "must be greater than or equal to 0");
    }
    if (COUNTED.contains(&resource) || extended(resource)) && amount.milli_value() % 1000 != 0 {
        errors.invalid(path, amount.to_string(), "must be an integer");
    }
}

/// The requests and limits of a container or a pod.
///
/// Models pkg/apis/core/validation validateResourceRequirements.
pub fn requirements(
    requirements: &Value,
    rule: ResourceNameRule,
    context: &PodContext<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let (limits, requests) = (requirements.get("limits"), requirements.get("requests"));
    let (limits_path, requests_path) = (path.child("limits"), path.child("requests"));
    for (resource, limit) in limits.entries() {
        let path = limits_path.key(resource);
        rule(resource, &path, errors);
        amount(resource, limit, &path, errors);
        whole_pages(resource, limit, &path, errors);
    }
    for (resource, request) in requests.entries() {
        let path = requests_path.key(resource);
        rule(resource, &path, errors);
        amount(resource, request, &path, errors);
        let limit = limits.get(resource);
        let (wanted, most) = (quantity(request), quantity(limit));
        if limit.is_null() {
            if !overcommit_allowed(resource) {
                errors.required(&limits_path, "Limit must be set for non overcommitable resources");
            }
        } else if wanted != most && !overcommit_allowed(resource) {
            let detail = format!("must be equal to {resource} limit of {most}");
            errors.invalid(&requests_path, wanted.to_string(), &detail);
        } else if wanted > most {
            let detail = format!("must be less than or equal to {resource} limit of {most}");
            errors.invalid(&requests_path, wanted.to_string(), &detail);
        }
        whole_pages(resource, request, &path, errors);
    }
    let named =
        |wanted: fn(&str) -> bool| limits.entries().iter().chain(requests.entries()).any(|(name, _)| wanted(name));
    if named(huge_pages) && !named(|name| name == "cpu" || name == "memory") {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
    claims(requirements.get("claims"), context, &path.child("claims"), errors);
}

/// Models pkg/apis/core/validation validateResourceQuantityHugePageValue.
fn whole_pages(resource: &str, value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(size) = resource.strip_prefix("hugepages-") else { return };
    let (amount, page) = (quantity(value), Quantity::parse(size).map_or(0, Quantity::value));
    if page <= 0 || amount.value() % page != 0 {
        let detail = format!("{amount} is not positive integer multiple of {resource}");
        errors.invalid(path, amount.to_string(), &detail);
    }
}

/// Models pkg/apis/core/validation validateResourceClaimNames.
fn claims(claims: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let mut seen: Vec<String> = Vec::new();
    let mut known: Vec<&str> = context.spec.get("resourceClaims").list().iter().map(|c| c.get("name").str()).collect();
    known.retain(|name| !name.is_empty());
    known.order();
    for (i, claim) in claims.list().iter().enumerate() {
        let path = path.index(i);
        let (name, request) = (claim.get("name").str(), claim.get("request").str());
        if name.is_empty() {
            errors.required(&path, "");
            continue;
        }
        if seen.iter().any(|other| other == name) {
            errors.duplicate(&path, name);
        } else {
            if !request.is_empty() {
                errors.malformed(&path.child("request"), request, names::dns1123_label(request));
            }
            let key = if request.is_empty() { name.to_owned() } else { format!("{name}/{request}") };
            if seen.contains(&key) {
                errors.duplicate(&path, key.as_str());
            } else if request.is_empty() {
                for _ in seen.iter().filter(|other| other.split('/').next() == Some(name)) {
                    errors.duplicate(&path, name);
                }
            }
            seen.push(key);
        }
        if !known.contains(&name) {
            let tail = if known.is_empty() { " which is empty".to_owned() } else { format!(": {}", known.join(", ")) };
            errors.not_found(&path, name, &format!("must be one of the names in pod.spec.resourceClaims{tail}"));
        }
    }
}

/// A resource without a domain that a quota can count.
///
/// Models pkg/apis/core/helper IsStandardQuotaResourceName.
pub fn counted_by_quota(resource: &str) -> bool {
    (STANDARD.contains(&resource) && resource != "storage")
        || resource.starts_with("requests.hugepages-")
        || huge_pages(resource)
}
