//! Validation of environment variables and of what they are taken from.

use super::field::{Errors, Path};
use super::pod::PodContext;
use crate::api::Value;
use crate::base::names;
use crate::base::quantity::Quantity;

/// Fields of a pod that an environment variable may show.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

const UNITS: &[&str] = &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/// Models pkg/apis/core/validation ValidateEnv.
pub fn variables(variables: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    for (i, variable) in variables.list().iter().enumerate() {
        let path = path.index(i);
        match variable.get("name").str() {
            "" => errors.required(&path.child("name"), ""),
            name => errors.malformed(&path.child("name"), name, names::env_name(name)),
        }
        let source = variable.get("valueFrom");
        if !source.is_null() {
            value_from(source, !variable.get("value").is_empty(), context, &path.child("valueFrom"), errors);
        }
    }
}

/// Models pkg/apis/core/validation validateEnvVarValueFrom.
fn value_from(source: &Value, has_value: bool, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let mut sources = 0;
    for kind in ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] {
        let reference = source.get(kind);
        if reference.is_null() {
            continue;
        }
        sources += 1;
        let path = path.child(kind);
        match kind {
            "fieldRef" => field_reference(reference, FIELDS, &path, errors),
            "resourceFieldRef" => resource_reference(reference, false, &path, errors),
            "fileKeyRef" => file_reference(reference, context, &path, errors),
            _ => key_reference(reference, &path, errors),
        }
    }
    if sources == 0 {
        let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
        errors.invalid(path, "", detail);
    } else if has_value {
        errors.invalid(path, "", "may not be specified when `value` is not empty");
    } else if sources > 1 {
        errors.invalid(path, "", "may not have more than one field specified at a time");
    }
}

/// A reference to a field of the pod, out of those in `known`.
///
/// Models pkg/apis/core/validation validateObjectFieldSelector.
pub fn field_reference(reference: &Value, known: &[&str], path: &Path<'_>, errors: &mut Errors) {
    if reference.get("apiVersion").is_empty() {
        return errors.required(&path.child("apiVersion"), "");
    }
    let field = reference.get("fieldPath").str();
    if field.is_empty() {
        return errors.required(&path.child("fieldPath"), "");
    }
    let mut unconvertible = |why: &str, what: &str| {
        errors.invalid(&path.child("fieldPath"), field, &format!("error converting fieldPath: {why}: {what}"));
    };
    let version = reference.get("apiVersion").str();
    if version != "v1" {
        return unconvertible("unsupported pod version", version);
    }
    if let Some((map, key)) = subscripted(field) {
        return match map {
            "metadata.annotations" => errors.malformed(path, key, names::label_key(&key.to_lowercase())),
            "metadata.labels" => errors.malformed(path, key, names::label_key(key)),
            _ => unconvertible("field label does not support subscript", field),
        };
    }
    let field = if field == "spec.host" { "spec.nodeName" } else { field };
    if !convertible(field) {
        unconvertible("field label not supported", field);
    } else if !known.contains(&field) {
        errors.not_supported(&path.child("fieldPath"), field, known);
    }
}

/// Models pkg/fieldpath SplitMaybeSubscriptedPath.
fn subscripted(field: &str) -> Option<(&str, &str)> {
    field.strip_suffix("']")?.split_once("['").filter(|(map, _)| !map.is_empty())
}

/// Models pkg/apis/core/pods ConvertDownwardAPIFieldLabel.
fn convertible(field: &str) -> bool {
    FIELDS.contains(&field)
        || ["metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase"]
            .contains(&field)
}

/// A reference to a request or limit of a container.
///
/// Models pkg/apis/core/validation validateContainerResourceFieldSelector.
pub fn resource_reference(reference: &Value, in_volume: bool, path: &Path<'_>, errors: &mut Errors) {
    let resource = reference.get("resource").str();
    let pages = ["requests.hugepages-", "limits.hugepages-"].iter().any(|prefix| resource.starts_with(prefix));
    if in_volume && reference.get("containerName").is_empty() {
        errors.required(&path.child("containerName"), "");
    } else if resource.is_empty() {
        errors.required(&path.child("resource"), "");
    } else if !RESOURCES.contains(&resource) && !pages {
        errors.not_supported(&path.child("resource"), resource, RESOURCES);
    }
    divisor(resource, pages, reference.get("divisor").str(), &path.child("divisor"), errors);
}

/// Models pkg/apis/core/validation validateContainerResourceDivisor.
fn divisor(resource: &str, pages: bool, divisor: &str, path: &Path<'_>, errors: &mut Errors) {
    let Ok(divisor) = Quantity::parse(divisor) else { return };
    let printed = divisor.to_string();
    let (kind, known) = match resource.split_once('.').map_or("", |(_, kind)| kind) {
        _ if divisor.is_zero() => return,
        "cpu" => ("cpu", &["1m", "1"][..]),
        "memory" => ("memory", UNITS),
        "ephemeral-storage" => ("local ephemeral storage", UNITS),
        _ if pages => ("hugepages", UNITS),
        _ => return,
    };
    if !known.contains(&printed.as_str()) {
        let list = if kind == "cpu" { "1m and 1".to_owned() } else { known.join(", ") };
        errors.invalid(path, resource, &format!("only divisor's values {list} are supported with the {kind} resource"));
    }
}

/// Models pkg/apis/core/validation validateConfigMapKeySelector and validateSecretKeySelector.
fn key_reference(reference: &Value, path: &Path<'_>, errors: &mut Errors) {
    let name = reference.get("name").str();
    errors.malformed(&path.child("name"), name, names::dns1123_subdomain(name));
    match reference.get("key").str() {
        "" => errors.required(&path.child("key"), ""),
        key => errors.malformed(&path.child("key"), key, names::config_map_key(key)),
    }
}

/// Models pkg/apis/core/validation validateFileKeySelector.
fn file_reference(reference: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    match reference.get("key").str() {
        "" => errors.required(&path.child("key"), ""),
        key => errors.malformed(&path.child("key"), key, names::env_name(key)),
    }
    let volume = reference.get("volumeName").str();
    if volume.is_empty() {
        errors.required(&path.child("volumeName"), "");
    } else if context.volume(volume).is_none() {
        errors.not_found(&path.child("volumeName"), volume, "");
    }
    match reference.get("path").str() {
        "" => errors.required(&path.child("path"), ""),
        file => super::volumes::local_path(file, &path.child("path"), errors),
    }
}

/// Models pkg/apis/core/validation ValidateEnvFrom.
pub fn sources(sources: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (i, source) in sources.list().iter().enumerate() {
        let item = path.index(i);
        let prefix = source.get("prefix").str();
        if !prefix.is_empty() {
            errors.malformed(&item.child("prefix"), prefix, names::env_name(prefix));
        }
        let mut found = 0;
        for kind in ["configMapRef", "secretRef"] {
            let reference = source.get(kind);
            if reference.is_null() {
                continue;
            }
            found += 1;
            let item = item.child(kind);
            match reference.get("name").str() {
                "" => errors.required(&item.child("name"), ""),
                name => errors.malformed(&item.child("name"), name, names::dns1123_subdomain(name)),
            }
        }
        if found == 0 {
            errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
        } else if found > 1 {
            errors.invalid(path, "", "may not have more than one field specified at a time");
        }
    }
}
