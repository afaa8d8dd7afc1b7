//! Validation of the kinds that are only kept: names, what must be there, texts that must be one of a few, and what may not
//! change. What upstream checks of them beyond that is not checked.

use super::field::{Errors, Path};
use super::meta;
use crate::api::custom::definition;
use crate::api::schema::{self, Struct, Type};
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;

/// Texts that must be one of a few, by kind and path; `*` stands for each element of a list.
const CHOICES: &[(&str, &str, &[&str])] = &[
    ("CSIDriver", "spec.fsGroupPolicy", &["File", "None", "ReadWriteOnceWithFSType"]),
    ("CSIDriver", "spec.volumeLifecycleModes.*", &["Ephemeral", "Persistent"]),
    ("FlowSchema", "spec.distinguisherMethod.type", &["ByNamespace", "ByUser"]),
    ("MutatingAdmissionPolicy", "spec.failurePolicy", &["Fail", "Ignore"]),
    ("MutatingAdmissionPolicy", "spec.mutations.*.patchType", &["ApplyConfiguration", "JSONPatch"]),
    ("MutatingAdmissionPolicy", "spec.reinvocationPolicy", &["IfNeeded", "Never"]),
    ("MutatingWebhookConfiguration", "webhooks.*.failurePolicy", &["Fail", "Ignore"]),
    ("MutatingWebhookConfiguration", "webhooks.*.matchPolicy", &["Equivalent", "Exact"]),
    ("MutatingWebhookConfiguration", "webhooks.*.reinvocationPolicy", &["IfNeeded", "Never"]),
    ("MutatingWebhookConfiguration", "webhooks.*.sideEffects", &["None", "NoneOnDryRun"]),
    ("PriorityLevelConfiguration", "spec.limited.limitResponse.type", &["Queue", "Reject"]),
    ("PriorityLevelConfiguration", "spec.type", &["Exempt", "Limited"]),
    ("ValidatingAdmissionPolicy", "spec.failurePolicy", &["Fail", "Ignore"]),
    ("ValidatingAdmissionPolicyBinding", "spec.validationActions.*", &["Audit", "Deny", "Warn"]),
    ("ValidatingWebhookConfiguration", "webhooks.*.failurePolicy", &["Fail", "Ignore"]),
    ("ValidatingWebhookConfiguration", "webhooks.*.matchPolicy", &["Equivalent", "Exact"]),
    ("ValidatingWebhookConfiguration", "webhooks.*.sideEffects", &["None", "NoneOnDryRun"]),
];

/// What may not change.
const IMMUTABLE: &[(&str, &str)] = &[
    ("CSIStorageCapacity", "nodeTopology"),
    ("CSIStorageCapacity", "storageClassName"),
    ("IPAddress", "spec.parentRef"),
    ("ResourceClaim", "spec"),
    ("ResourceClaimTemplate", "spec"),
    ("RuntimeClass", "handler"),
    ("ServiceCIDR", "spec.cidrs"),
    ("VolumeAttachment", "spec"),
    ("VolumeAttributesClass", "driverName"),
    ("VolumeAttributesClass", "parameters"),
];

/// All that is wrong with a new object.
pub fn new(object: &Object) -> Vec<Cause> {
    if object.kind.kind == "CustomResourceDefinition" {
        return definition::new(object);
    }
    let mut errors = Errors::new();
    let rule = match object.kind.kind {
        "IPAddress" => names::canonical_ip,
        _ => names::dns1123_subdomain,
    };
    meta::object_meta(object, rule, &mut errors);
    content(object, &mut errors);
    errors.into_causes()
}

/// All that is wrong with a change.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    if new.kind.kind == "CustomResourceDefinition" {
        return definition::update(new, old);
    }
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    for (_, path) in IMMUTABLE.iter().filter(|(kind, _)| *kind == new.kind.kind) {
        errors.immutable(&Path::new(path), new.at(path), old.at(path));
    }
    content(new, &mut errors);
    errors.into_causes()
}

fn content(object: &Object, errors: &mut Errors) {
    let kind = object.kind;
    if let Some(root) = schema::find(kind.group, kind.version, kind.kind) {
        required(&object.value, root, None, errors);
    }
    for (_, path, choices) in CHOICES.iter().filter(|(of, ..)| *of == kind.kind) {
        let mut found = Vec::new();
        values(&object.value, path, String::new(), &mut found);
        for (place, value) in found.iter().filter(|(_, value)| !choices.contains(&value.str())) {
            errors.not_supported(&Path::new(place), (*value).clone(), choices);
        }
    }
    if kind.kind == "ServiceCIDR" {
        for (i, range) in object.at("spec.cidrs").list().iter().enumerate() {
            let path = Path::new("spec.cidrs");
            errors.malformed(&path.index(i), range.str(), names::canonical_cidr(range.str()));
        }
    }
    let handler = object.at("handler").str();
    if kind.kind == "RuntimeClass" && !handler.is_empty() {
        errors.malformed(&Path::new("handler"), handler, names::dns1123_label(handler));
    }
}

/// The values at a path, with their places.
fn values<'a>(value: &'a Value, path: &str, place: String, found: &mut Vec<(String, &'a Value)>) {
    let (first, rest) = path.split_once('.').map_or((path, ""), |(first, rest)| (first, rest));
    match first {
        "" if !value.is_null() => found.push((place, value)),
        "" => {}
        "*" => {
            for (i, item) in value.list().iter().enumerate() {
                values(item, rest, format!("{place}[{i}]"), found);
            }
        }
        name => {
            let dot = if place.is_empty() { "" } else { "." };
            values(value.get(name), rest, format!("{place}{dot}{name}"), found);
        }
    }
}

/// What the schema requires and is not there; the status is the cluster's.
fn required(value: &Value, owner: &Struct, path: Option<&Path<'_>>, errors: &mut Errors) {
    for field in owner.fields.iter().filter(|field| !matches!(field.name, "metadata" | "status")) {
        let own = path.map_or_else(|| Path::new(field.name), |path| path.child(field.name));
        let inner = value.get(field.name);
        let empty = matches!(inner, Value::Null) || matches!(inner, Value::Str(text) if text.is_empty());
        if field.required && empty && !matches!(field.kind, Type::Map(..)) {
            errors.required(&own, "");
            continue;
        }
        match (&field.kind, inner) {
            (Type::Struct(id), Value::Map(_)) => required(inner, id.get(), Some(&own), errors),
            (Type::List(element), Value::List(items)) => {
                if let Type::Struct(id) = &**element {
                    for (i, item) in items.iter().enumerate() {
                        required(item, id.get(), Some(&own.index(i)), errors);
                    }
                }
            }
            _ => {}
        }
    }
}
