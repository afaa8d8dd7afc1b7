//! Validation of what a volume is made of: the sources that a volume of a pod and a PersistentVolume can have.

use super::field::{Errors, Path};
use super::projected;
use super::resources::quantity;
use super::volume_kinds::{
    csi, csi_driver, ephemeral, file_mode, image, keyed, named_secret, partition, shared, storage_os,
};
use super::volumes::{descending_path, no_backsteps};
use crate::api::Value;
use crate::base::names;

/// The sources in upstream's order. Where its error about a second source names the field otherwise, so do we.
const SOURCES: &[(&str, &str)] = &[
    ("emptyDir", "emptyDir"),
    ("hostPath", "hostPath"),
    ("gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("secret", "secret"),
    ("nfs", "nfs"),
    ("iscsi", "iscsi"),
    ("glusterfs", "glusterfs"),
    ("flocker", "flocker"),
    ("persistentVolumeClaim", "persistentVolumeClaim"),
    ("rbd", "rbd"),
    ("cinder", "cinder"),
    ("cephfs", "cephFS"),
    ("quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI"),
    ("fc", "fc"),
    ("flexVolume", "flexVolume"),
    ("configMap", "configMap"),
    ("azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk"),
    ("storageos", "storageos"),
    ("projected", "projected"),
    ("scaleIO", "scaleIO"),
    ("csi", "csi"),
    ("ephemeral", "ephemeral"),
    ("image", "image"),
];

/// The sources of a PersistentVolume in upstream's order, each with the name it has in the paths of its errors.
pub const OF_VOLUMES: &[(&str, &str)] = &[
    ("hostPath", "hostPath"),
    ("gcePersistentDisk", "persistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("glusterfs", "glusterfs"),
    ("flocker", "flocker"),
    ("nfs", "nfs"),
    ("rbd", "rbd"),
    ("quobyte", "quobyte"),
    ("cephfs", "cephfs"),
    ("iscsi", "iscsi"),
    ("cinder", "cinder"),
    ("fc", "fc"),
    ("flexVolume", "flexVolume"),
    ("azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk"),
    ("scaleIO", "scaleIO"),
    ("local", "local"),
    ("storageos", "storageos"),
    ("csi", "csi"),
];

/// The fields that a source must have, where that is all there is to say.
const REQUIRED: &[(&str, &[&str])] = &[
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("nfs", &["server", "path"]),
    ("glusterfs", &["endpoints", "path"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("rbd", &["monitors", "image"]),
    ("cinder", &["volumeID"]),
    ("cephfs", &["monitors"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
];

/// The most bytes of a volume's name and its portal with a colon between them.
const LONGEST_PORTAL: usize = 64;
const PORTAL_TOO_LONG: &str = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if \
                               iscsi.initiatorName is specified.";

/// The one source that a volume of a pod must have.
///
/// Models pkg/apis/core/validation validateVolumeSource.
pub fn of_pod(volume: &Value, pod: Option<&str>, path: &Path<'_>, errors: &mut Errors) {
    let mut found = false;
    for (kind, misnamed) in SOURCES {
        let source = volume.get(kind);
        if source.is_null() {
            continue;
        }
        if found {
            errors.forbidden(&path.child(misnamed), "may not specify more than 1 volume type");
        } else {
            found = true;
            let field = if *kind == "gcePersistentDisk" { "persistentDisk" } else { kind };
            one(kind, source, volume.get("name").str(), pod, &path.child(field), path, errors);
        }
        let portal = source.get("targetPortal").str();
        let long = volume.get("name").str().len() + 1 + portal.len() > LONGEST_PORTAL;
        if *kind == "iscsi" && !source.get("initiatorName").is_null() && long {
            errors.invalid(&path.child("name"), volume.get("name").str(), PORTAL_TOO_LONG);
        }
    }
    if !found {
        errors.required(path, "must specify a volume type");
    }
}

fn one(
    kind: &str,
    source: &Value,
    volume: &str,
    pod: Option<&str>,
    path: &Path<'_>,
    parent: &Path<'_>,
    errors: &mut Errors,
) {
    for field in REQUIRED.iter().find(|(k, _)| *k == kind).map_or(&[][..], |(_, fields)| fields) {
        if source.get(field).is_empty() {
            errors.required(&path.child(field), "");
        }
    }
    match kind {
        "emptyDir" if quantity(source.get("sizeLimit")).is_negative() => {
            errors.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
        }
        "secret" => keyed(source, "secretName", path, errors),
        "configMap" => keyed(source, "name", path, errors),
        "downwardAPI" => {
            file_mode(source.get("defaultMode"), &path.child("defaultMode"), errors);
            for file in source.get("items").list() {
                projected::downward_file(file, path, errors);
            }
        }
        "projected" => {
            file_mode(source.get("defaultMode"), &path.child("defaultMode"), errors);
            projected::sources(source.get("sources"), path, errors);
        }
        "gitRepo" => {
            if source.get("repository").is_empty() {
                errors.required(&path.child("repository"), "");
            }
            descending_path(source.get("directory").str(), &path.child("directory"), errors);
        }
        "csi" => csi(source, path, errors),
        "ephemeral" => ephemeral(source, volume, pod, path, parent, errors),
        "image" => image(source, pod, path, errors),
        "storageos" => storage_os(source, path, errors),
        "hostPath" | "nfs" | "iscsi" | "fc" | "quobyte" | "flocker" | "flexVolume" | "azureDisk" => {
            shared(kind, source, path, errors);
        }
        "gcePersistentDisk" | "awsElasticBlockStore" => partition(source, path, errors),
        "cinder" => named_secret(source, path, errors),
        _ => {}
    }
}

/// The one source that a PersistentVolume must have.
///
/// Models pkg/apis/core/validation ValidatePersistentVolumeSpec, the part for the sources.
pub fn of_volume(spec: &Value, volume: &str, path: &Path<'_>, errors: &mut Errors) {
    let mut found = false;
    for (kind, field) in OF_VOLUMES {
        let source = spec.get(kind);
        if source.is_null() {
            continue;
        }
        if found && *kind != "flexVolume" {
            errors.forbidden(&path.child(kind), "may not specify more than 1 volume type");
            continue;
        }
        found = true;
        let own = path.child(field);
        match *kind {
            "local" => {
                match source.get("path").str() {
                    "" => errors.required(&own.child("path"), ""),
                    at => no_backsteps(at, &own.child("path"), errors),
                }
                if spec.get("nodeAffinity").is_null() {
                    errors.required(&path.child("nodeAffinity"), "Local volume requires node affinity");
                }
            }
            "csi" => csi_of_volume(source, &own, errors),
            _ => {
                one(kind, source, volume, None, &own, path, errors);
                elsewhere(kind, source, volume, &own, errors);
            }
        }
    }
    if !found {
        errors.required(path, "must specify a volume type");
    }
}

/// What a PersistentVolume must say beyond what a pod does, since its secrets and endpoints are in some namespace.
///
/// Models pkg/apis/core/validation validateISCSIPersistentVolumeSource, validateGlusterfsPersistentVolumeSource,
/// validateCinderPersistentVolumeSource, validateStorageOSPersistentVolumeSource and validateAzureFilePV.
fn elsewhere(kind: &str, source: &Value, volume: &str, path: &Path<'_>, errors: &mut Errors) {
    let secret = source.get("secretRef");
    match kind {
        "iscsi" => {
            let portal = source.get("targetPortal").str();
            if !source.get("initiatorName").is_null() && volume.len() + 1 + portal.len() > LONGEST_PORTAL {
                errors.invalid(&path.child("targetportal"), portal, PORTAL_TOO_LONG);
            }
            named_secret(source, path, errors);
        }
        "glusterfs" => match source.get("endpointsNamespace").opt_str() {
            None => {}
            Some("") => {
                let detail = "if the endpointnamespace is set, it must be a valid namespace name";
                errors.invalid(&path.child("endpointsNamespace"), "", detail);
            }
            Some(name) => errors.malformed(&path.child("endpointsNamespace"), name, names::dns1123_label(name)),
        },
        "cinder" | "storageos" if !secret.is_null() && secret.get("namespace").is_empty() => {
            errors.required(&path.child("secretRef.namespace"), "");
        }
        "azureFile" if source.get("secretNamespace").opt_str() == Some("") => {
            errors.required(&path.child("secretNamespace"), "");
        }
        _ => {}
    }
}

/// Models pkg/apis/core/validation validateCSIPersistentVolumeSource.
fn csi_of_volume(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    csi_driver(source.get("driver").str(), &path.child("driver"), errors);
    if source.get("volumeHandle").is_empty() {
        errors.required(&path.child("volumeHandle"), "");
    }
    let secrets =
        ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"];
    for field in secrets {
        let (secret, path) = (source.get(field), path.child(field));
        if secret.is_null() {
            continue;
        }
        match secret.get("name").str() {
            "" => errors.required(&path.child("name"), ""),
            name => errors.malformed(&path.child("name"), name, names::dns1123_subdomain(name)),
        }
        match secret.get("namespace").str() {
            "" => errors.required(&path.child("namespace"), ""),
            name => errors.malformed(&path.child("namespace"), name, names::dns1123_label(name)),
        }
    }
}
