//! Validation of the volumes of a pod and of where its containers mount them.

use super::field::{Errors, Path};
use super::pod::PodContext;
use super::volume_sources;
use crate::api::Value;
use crate::base::names;

/// The volumes of a pod; gives back those that are well formed, which are those that can be mounted.
///
/// Models pkg/apis/core/validation ValidateVolumes.
pub fn volumes<'a>(spec: &'a Value, pod: Option<&str>, path: &Path<'_>, errors: &mut Errors) -> Vec<&'a Value> {
    let mut good: Vec<&Value> = Vec::new();
    let all = spec.get("volumes").list();
    for (i, volume) in all.iter().enumerate() {
        let (path, before) = (path.index(i), errors.len());
        let name = volume.get("name").str();
        volume_sources::of_pod(volume, pod, &path, errors);
        match name {
            "" => errors.required(&path.child("name"), ""),
            name => errors.malformed(&path.child("name"), name, names::dns1123_label(name)),
        }
        if good.iter().any(|other| other.get("name").str() == name) {
            errors.duplicate(&path.child("name"), name);
        }
        if errors.len() == before {
            good.push(volume);
        }
        let claim = volume.at("persistentVolumeClaim.claimName").str();
        let created = |other: &Value| {
            !other.get("ephemeral").is_null()
                && pod.is_some_and(|pod| claim == format!("{pod}-{}", other.get("name").str()))
        };
        if !claim.is_empty() && all.iter().any(created) {
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            errors.invalid(&path.child("persistentVolumeClaim.claimName"), claim, detail);
        }
    }
    good
}

/// Models pkg/apis/core/validation ValidateVolumeMounts. Upstream leaves the index out of a few paths; so do we.
pub fn mounts(container: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let devices = container.get("volumeDevices").list();
    let mut mounted: Vec<&str> = Vec::new();
    for (i, mount) in container.get("volumeMounts").list().iter().enumerate() {
        let item = path.index(i);
        let (name, at) = (mount.get("name").str(), mount.get("mountPath").str());
        let volume = context.volume(name);
        if name.is_empty() {
            errors.required(&item.child("name"), "");
        }
        if volume.is_none() {
            errors.not_found(&item.child("name"), name, "");
        }
        if at.is_empty() {
            errors.required(&item.child("mountPath"), "");
        }
        if mounted.contains(&at) {
            errors.invalid(&item.child("mountPath"), at, "must be unique");
        }
        mounted.push(at);
        if devices.iter().any(|device| device.get("name").str() == name) {
            errors.invalid(&item.child("name"), name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|device| device.get("devicePath").str() == at) {
            errors.invalid(&item.child("mountPath"), at, "must not already exist as a path in volumeDevices");
        }
        sub_paths(mount, volume, &item, path, errors);
        propagation(mount, container, &path.child("mountPropagation"), errors);
        recursive_read_only(mount, &path.child("recursiveReadOnly"), errors);
    }
}

fn sub_paths(mount: &Value, volume: Option<&Value>, item: &Path<'_>, list: &Path<'_>, errors: &mut Errors) {
    let (path, expression) = (mount.get("subPath").str(), mount.get("subPathExpr").str());
    if !path.is_empty() {
        descending_path(path, &list.child("subPath"), errors);
    }
    if !expression.is_empty() {
        if !path.is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            errors.invalid(&item.child("subPathExpr"), expression, detail);
        }
        descending_path(expression, &list.child("subPathExpr"), errors);
    }
    if volume.is_some_and(|volume| !volume.get("image").is_null()) && !expression.is_empty() {
        errors.invalid(&item.child("subPathExpr"), expression, "not allowed in image volume sources");
    }
}

/// Models pkg/apis/core/validation validateMountPropagation.
fn propagation(mount: &Value, container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let propagation = mount.get("mountPropagation");
    if propagation.is_null() {
        return;
    }
    let known = ["Bidirectional", "HostToContainer", "None"];
    if !known.contains(&propagation.str()) {
        errors.not_supported(path, propagation, &known);
    }
    if propagation.str() == "Bidirectional" && !container.at("securityContext.privileged").bool() {
        errors.forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
    }
}

/// Models pkg/apis/core/validation validateMountRecursiveReadOnly.
fn recursive_read_only(mount: &Value, path: &Path<'_>, errors: &mut Errors) {
    let wanted = mount.get("recursiveReadOnly");
    match wanted.str() {
        _ if wanted.is_null() => {}
        "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if !mount.get("readOnly").bool() {
                errors.forbidden(path, "may only be specified when readOnly is true");
            }
            if !["", "None"].contains(&mount.get("mountPropagation").str()) {
                errors.forbidden(path, "may only be specified when mountPropagation is None or not specified");
            }
        }
        _ => errors.not_supported(path, wanted, &["Disabled", "Enabled", "IfPossible"]),
    }
}

/// Models pkg/apis/core/validation ValidateVolumeDevices.
pub fn devices(container: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let mounts = container.get("volumeMounts").list();
    let (mut names, mut paths): (Vec<&str>, Vec<&str>) = Default::default();
    for (i, device) in container.get("volumeDevices").list().iter().enumerate() {
        let path = path.index(i);
        let (name, at) = (device.get("name").str(), device.get("devicePath").str());
        let volume = context.volume(name);
        if name.is_empty() {
            errors.required(&path.child("name"), "");
        }
        if names.contains(&name) {
            errors.invalid(&path.child("name"), name, "must be unique");
        }
        match volume {
            Some(volume) if volume.get("persistentVolumeClaim").is_null() && volume.get("ephemeral").is_null() => {
                let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid(&path.child("name"), name, detail);
            }
            Some(_) => {}
            None => errors.not_found(&path.child("name"), name, ""),
        }
        if at.is_empty() {
            errors.required(&path.child("devicePath"), "");
        }
        if paths.contains(&at) {
            errors.invalid(&path.child("devicePath"), at, "must be unique");
        }
        if at.split('/').any(|part| part == "..") {
            errors.invalid(&path.child("devicePath"), at, "can not contain backsteps ('..')");
        } else {
            paths.push(at);
        }
        if mounts.iter().any(|mount| mount.get("name").str() == name) {
            errors.invalid(&path.child("name"), name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| mount.get("mountPath").str() == at) {
            errors.invalid(&path.child("devicePath"), at, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.push(name);
        }
    }
}

/// Models pkg/apis/core/validation validatePathNoBacksteps.
pub fn no_backsteps(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if text.split('/').any(|part| part == "..") {
        errors.invalid(path, text, "must not contain '..'");
    }
}

/// Models pkg/apis/core/validation validateLocalDescendingPath.
pub fn descending_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if text.starts_with('/') {
        errors.invalid(path, text, "must be a relative path");
    }
    no_backsteps(text, path, errors);
}

/// Models pkg/apis/core/validation ValidateLocalNonReservedPath.
pub fn local_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    descending_path(text, path, errors);
    if text.starts_with("..") && !text.starts_with("../") {
        errors.invalid(path, text, "must not start with '..'");
    }
}
