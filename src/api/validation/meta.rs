//! Validation of what all objects have: metadata, labels, annotations, owners, finalizers and label selectors.

use super::field::{Errors, Path};
use crate::api::{Object, Value};
use crate::base::names;
use crate::base::order::Order;

/// What a name of some kind must look like: all complaints about it.
pub type NameRule = fn(&str) -> Vec<String>;

const METADATA: Path<'static> = Path::new("metadata");
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

/// The metadata of a new object.
///
/// Models staging/src/k8s.io/apimachinery/pkg/api/validation ValidateObjectMeta, with
/// pkg/apis/core/validation ValidateObjectMeta around it.
pub fn object_meta(object: &Object, rule: NameRule, errors: &mut Errors) {
    let meta = object.metadata();
    let prefix = meta.get("generateName").str();
    if !prefix.is_empty() {
        errors.malformed(&METADATA.child("generateName"), prefix, rule(&mask_trailing_dash(prefix)));
    }
    match meta.get("name").str() {
        "" => errors.required(&METADATA.child("name"), "name or generateName is required"),
        name => errors.malformed(&METADATA.child("name"), name, rule(name)),
    }
    let namespace = meta.get("namespace").str();
    match (object.kind.namespaced, namespace) {
        (true, "") => errors.required(&METADATA.child("namespace"), ""),
        (true, namespace) => {
            errors.malformed(&METADATA.child("namespace"), namespace, names::dns1123_label(namespace));
        }
        (false, "") => {}
        (false, _) => errors.forbidden(&METADATA.child("namespace"), "not allowed on this type"),
    }
    errors.non_negative(&METADATA.child("generation"), meta.get("generation"));
    common(meta, errors);
    standard_finalizers(meta, errors);
}

/// The metadata of a changed object, compared with what it was.
///
/// Models staging/src/k8s.io/apimachinery/pkg/api/validation ValidateObjectMetaUpdate.
pub fn object_meta_update(new: &Object, old: &Object, errors: &mut Errors) {
    let (meta, before) = (new.metadata(), old.metadata());
    if old.is_deleting() {
        no_new_finalizers(meta, before, errors);
    }
    if meta.get("resourceVersion").is_empty() {
        errors.invalid(&METADATA.child("resourceVersion"), "", "must be specified for an update");
    }
    if meta.get("generation").int() < before.get("generation").int() {
        errors.invalid(&METADATA.child("generation"), meta.get("generation"), "must not be decremented");
    }
    let fields = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];
    for field in fields {
        errors.immutable(&METADATA.child(field), meta.get(field), before.get(field));
    }
    common(meta, errors);
    standard_finalizers(meta, errors);
}

fn common(meta: &Value, errors: &mut Errors) {
    labels(meta.get("labels"), &METADATA.child("labels"), errors);
    annotations(meta.get("annotations"), &METADATA.child("annotations"), errors);
    owner_references(meta.get("ownerReferences"), &METADATA.child("ownerReferences"), errors);
    finalizers(meta.get("finalizers"), &METADATA.child("finalizers"), errors);
}

/// A prefix that ends in a dash is good where it would be good with a letter in its place.
///
/// Models staging/src/k8s.io/apimachinery/pkg/api/validation maskTrailingDash.
fn mask_trailing_dash(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            format!("{}a", &rest[..rest.len() - rest.chars().last().map_or(0, char::len_utf8)])
        }
        _ => prefix.to_owned(),
    }
}

fn no_new_finalizers(meta: &Value, before: &Value, errors: &mut Errors) {
    let old = before.get("finalizers").list();
    let mut new: Vec<&str> =
        meta.get("finalizers").list().iter().filter(|f| !old.contains(f)).map(Value::str).collect();
    new.order();
    new.dedup();
    if !new.is_empty() {
        let detail = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            new.iter().map(|name| super::field::quote(name)).collect::<Vec<_>>().join(", ")
        );
        errors.forbidden(&METADATA.child("finalizers"), &detail);
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation ValidateLabels.
pub fn labels(labels: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (key, value) in labels.entries() {
        label_name(key, path, errors);
        errors.malformed(path, value.str(), names::label_value(value.str()));
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation ValidateLabelName.
pub fn label_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    errors.malformed(path, name, names::label_key(name));
}

/// Models staging/src/k8s.io/apimachinery/pkg/api/validation ValidateAnnotations.
pub fn annotations(annotations: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut bytes = 0;
    for (key, value) in annotations.entries() {
        errors.malformed(path, key, names::label_key(&key.to_lowercase()));
        bytes += key.len() + value.str().len();
    }
    if bytes > MOST_ANNOTATION_BYTES {
        errors.too_long(path, MOST_ANNOTATION_BYTES as u32);
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/api/validation ValidateOwnerReferences.
fn owner_references(owners: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut first = String::new();
    for owner in owners.list() {
        if owner.get("apiVersion").str().rsplit('/').next().unwrap_or("").is_empty() {
            errors.invalid(&path.child("apiVersion"), owner.get("apiVersion").str(), "version must not be empty");
        }
        for field in ["kind", "name", "uid"] {
            if owner.get(field).is_empty() {
                errors.invalid(&path.child(field), "", "must not be empty");
            }
        }
        if owner.get("apiVersion").str() == "v1" && owner.get("kind").str() == "Event" {
            errors.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner");
        }
        if owner.get("controller").bool() {
            let name = format!("{}/{}", owner.get("kind").str(), owner.get("name").str());
            if first.is_empty() {
                first = name;
            } else {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                );
                errors.invalid(path, owners, &detail);
            }
        }
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/api/validation ValidateFinalizers.
fn finalizers(finalizers: &Value, path: &Path<'_>, errors: &mut Errors) {
    let has = |name: &str| finalizers.list().iter().any(|f| f.str() == name);
    for finalizer in finalizers.list() {
        label_name(finalizer.str(), path, errors);
    }
    if has("orphan") && has("foregroundDeletion") {
        errors.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set");
    }
}

fn standard_finalizers(meta: &Value, errors: &mut Errors) {
    for (i, finalizer) in meta.get("finalizers").list().iter().enumerate() {
        standard_finalizer(finalizer.str(), &METADATA.child("finalizers").index(i), errors);
    }
}

/// Models pkg/apis/core/validation validateKubeFinalizerName.
pub fn standard_finalizer(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if !name.contains('/') && !["kubernetes", "orphan", "foregroundDeletion"].contains(&name) {
        errors.invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified");
    }
}

/// A label selector; nothing where there is none.
///
/// Models staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation ValidateLabelSelector.
pub fn label_selector(selector: &Value, path: &Path<'_>, errors: &mut Errors) {
    labels(selector.get("matchLabels"), &path.child("matchLabels"), errors);
    for (i, requirement) in selector.get("matchExpressions").list().iter().enumerate() {
        let list = path.child("matchExpressions");
        let path = list.index(i);
        let values = requirement.get("values").list();
        match requirement.get("operator").str() {
            "In" | "NotIn" if values.is_empty() => {
                errors.required(&path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => errors
                .forbidden(&path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
        label_name(requirement.get("key").str(), &path.child("key"), errors);
        for (j, value) in values.iter().enumerate() {
            errors.malformed(&path.child("values").index(j), value.str(), names::label_value(value.str()));
        }
    }
}

/// A name that can be part of a path.
///
/// Models staging/src/k8s.io/apimachinery/pkg/api/validation/path IsValidPathSegmentName.
pub fn path_segment(name: &str) -> Vec<String> {
    if name == "." || name == ".." {
        return vec![format!("may not be '{name}'")];
    }
    ["/", "%"].iter().filter(|part| name.contains(**part)).map(|part| format!("may not contain '{part}'")).collect()
}

/// True where no selector can be made of what should be one.
pub fn is_no_selector(selector: &Value) -> bool {
    let mut errors = Errors::new();
    label_selector(selector, &METADATA, &mut errors);
    !errors.is_empty()
}
