//! Validation of claims to storage.

use super::field::{Errors, Path};
use super::{meta, resources};
use crate::api::Value;
use crate::base::names;

/// The access modes there are.
pub const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// A claim's spec; `old` is what it was, null for a new one.
///
/// Models pkg/apis/core/validation ValidatePersistentVolumeClaimSpec.
pub fn spec(spec: &Value, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    if spec.get("accessModes").is_empty() {
        errors.required(&path.child("accessModes"), "at least 1 access mode is required");
    }
    meta::label_selector(spec.get("selector"), &path.child("selector"), errors);
    access_modes(spec, path, errors);
    let storage = path.child("resources");
    let storage = storage.key("storage");
    let request = spec.at("resources.requests.storage");
    let amount = resources::quantity(request);
    if request.is_null() {
        errors.required(&storage, "");
    } else if amount.is_negative() || amount.is_zero() {
        errors.invalid(&storage, amount.to_string(), "must be greater than zero");
    }
    for field in ["storageClassName", "volumeAttributesClassName"] {
        let name = spec.get(field).str();
        if !name.is_empty() {
            errors.malformed(&path.child(field), name, names::dns1123_subdomain(name));
        }
        if field == "storageClassName" {
            volume_mode(spec, path, errors);
            let grouped = |field: &str| !old.get(field).get("apiGroup").is_null();
            data_sources(spec, grouped("dataSource") || grouped("dataSourceRef"), path, errors);
        }
    }
}

/// The access modes of a claim or a volume.
pub fn access_modes(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let modes = spec.get("accessModes").list();
    for mode in modes.iter().filter(|mode| !ACCESS_MODES.contains(&mode.str())) {
        errors.not_supported(&path.child("accessModes"), mode, ACCESS_MODES);
    }
    let alone = |mode: &Value| mode.str() == "ReadWriteOncePod";
    if modes.iter().any(alone) && modes.iter().any(|mode| !alone(mode) && ACCESS_MODES.contains(&mode.str())) {
        errors.forbidden(&path.child("accessModes"), "may not use ReadWriteOncePod with other access modes");
    }
}

/// The mode of a claim or a volume.
pub fn volume_mode(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mode = spec.get("volumeMode");
    if !mode.is_null() && !["Block", "Filesystem"].contains(&mode.str()) {
        errors.not_supported(&path.child("volumeMode"), mode, &["Block", "Filesystem"]);
    }
}

/// Models pkg/apis/core/validation validateDataSource and validateDataSourceRef.
fn data_sources(spec: &Value, any_group: bool, path: &Path<'_>, errors: &mut Errors) {
    let (source, reference) = (spec.get("dataSource"), spec.get("dataSourceRef"));
    for field in ["dataSource", "dataSourceRef"] {
        let source = spec.get(field);
        if source.is_null() {
            continue;
        }
        let path = path.child(field);
        for part in ["name", "kind"] {
            if source.get(part).is_empty() {
                errors.required(&path.child(part), "");
            }
        }
        let (group, kind) = (source.get("apiGroup").str(), source.get("kind").str());
        if group.is_empty() && kind != "PersistentVolumeClaim" {
            let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            errors.invalid(&path, kind, detail);
        }
        if !group.is_empty() && !any_group {
            errors.malformed(&path.child("apiGroup"), group, names::dns1123_subdomain(group));
        }
        let namespace = source.get("namespace").str();
        if field == "dataSourceRef" && !namespace.is_empty() {
            errors.malformed(&path.child("namespace"), namespace, names::dns1123_label(namespace));
        }
    }
    if source.is_null() || reference.is_null() {
        return;
    }
    let shown = path.child("dataSource").to_string();
    if !reference.get("namespace").is_empty() {
        errors.invalid(path, shown, "may not be specified when dataSourceRef.namespace is specified");
    } else if ["apiGroup", "kind", "name"].iter().any(|part| source.get(part) != reference.get(part)) {
        errors.invalid(path, shown, "must match dataSourceRef");
    }
}
