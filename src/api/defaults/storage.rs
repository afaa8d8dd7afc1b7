//! Defaults of claims, volumes and storage classes, and of what limits them.

use super::{each, fill, within};
use crate::api::{Object, Value};

/// Models pkg/apis/core/v1/defaults.go SetDefaults_PersistentVolumeClaim.
pub fn claim(object: &mut Object) {
    claim_spec(&mut object.value);
}

/// A claim, also one inside another object.
pub fn claim_spec(claim: &mut Value) {
    within(claim, "spec", |spec| spec.set_default("volumeMode", "Filesystem"));
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_PersistentVolume.
pub fn volume(object: &mut Object) {
    within(&mut object.value, "spec", |spec| {
        fill(spec, "persistentVolumeReclaimPolicy", "Retain");
        spec.set_default("volumeMode", "Filesystem");
        within(spec, "hostPath", |source| source.set_default("type", ""));
        within(spec, "iscsi", |source| fill(source, "iscsiInterface", "default"));
    });
}

/// Models pkg/apis/storage/v1/defaults.go SetDefaults_StorageClass.
pub fn storage_class(object: &mut Object) {
    object.value.set_default("reclaimPolicy", "Delete");
    object.value.set_default("volumeBindingMode", "Immediate");
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem.
pub fn limit_range(object: &mut Object) {
    within(&mut object.value, "spec", |spec| {
        each(spec, "limits", |limit| {
            if limit.get("type").str() == "Container" {
                for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
                    complete(limit, from, to);
                }
            }
        });
    });
}

fn complete(limit: &mut Value, from: &str, to: &str) {
    for (resource, amount) in limit.get(from).clone().entries() {
        if limit.get(to).get(resource).is_null() {
            limit.slot(to).map_mut().insert(resource, amount.clone());
        }
    }
}
