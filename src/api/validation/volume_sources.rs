//! Validation of what a volume is made of: the sources that a volume of a pod and a PersistentVolume can have.

use super::field::{Errors, Path};
use super::meta;
use super::projected;
use super::resources::quantity;
use super::volumes::{descending_path, local_path, no_backsteps};
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

/// Sources that pods and PersistentVolumes have alike, beyond the fields they must have.
pub fn shared(kind: &str, source: &Value, path: &Path<'_>, errors: &mut Errors) {
    match kind {
        "hostPath" => host_path(source, path, errors),
        "nfs" if !source.get("path").str().starts_with('/') => {
            errors.invalid(&path.child("path"), source.get("path").str(), "must be an absolute path");
        }
        "iscsi" => iscsi(source, path, errors),
        "fc" => fibre_channel(source, path, errors),
        "quobyte" => quobyte(source, path, errors),
        "flocker" => flocker(source, path, errors),
        "flexVolume" => flex(source, path, errors),
        "azureDisk" => azure_disk(source, path, errors),
        _ => {}
    }
}

/// Models pkg/apis/core/validation validateHostPathVolumeSource.
fn host_path(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    if source.get("path").is_empty() {
        return errors.required(&path.child("path"), "");
    }
    no_backsteps(source.get("path").str(), &path.child("path"), errors);
    let known = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    let kind = source.get("type");
    if !known.contains(&kind.str()) {
        errors.not_supported(&path.child("type"), kind, &known);
    }
}

/// The mode of a file: three octal digits.
pub fn file_mode(mode: &Value, path: &Path<'_>, errors: &mut Errors) {
    if mode.opt_int().is_some_and(|mode| !(0..=0o777).contains(&mode)) {
        errors.invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

/// Models pkg/apis/core/validation validateSecretVolumeSource and validateConfigMapVolumeSource.
fn keyed(source: &Value, name: &str, path: &Path<'_>, errors: &mut Errors) {
    if source.get(name).is_empty() {
        errors.required(&path.child(name), "");
    }
    file_mode(source.get("defaultMode"), &path.child("defaultMode"), errors);
    for (i, item) in source.get("items").list().iter().enumerate() {
        key_to_path(item, &path.child("items").index(i), errors);
    }
}

/// Models pkg/apis/core/validation validateKeyToPath.
pub fn key_to_path(item: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["key", "path"] {
        if item.get(field).is_empty() {
            errors.required(&path.child(field), "");
        }
    }
    local_path(item.get("path").str(), &path.child("path"), errors);
    file_mode(item.get("mode"), &path.child("mode"), errors);
}

fn partition(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let partition = source.get("partition");
    if !(0..=255).contains(&partition.int()) {
        errors.invalid(&path.child("partition"), partition, &names::not_in_range(1, 255));
    }
}

fn named_secret(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    if !source.get("secretRef").is_null() && source.at("secretRef.name").is_empty() {
        errors.required(&path.child("secretRef.name"), "");
    }
}

/// Models pkg/apis/core/validation validateISCSIVolumeSource.
fn iscsi(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    if source.get("targetPortal").is_empty() {
        errors.required(&path.child("targetPortal"), "");
    }
    match source.get("iqn").str() {
        "" => errors.required(&path.child("iqn"), ""),
        name => iscsi_name(name, &path.child("iqn"), errors),
    }
    if !(0..=255).contains(&source.get("lun").int()) {
        errors.invalid(&path.child("lun"), source.get("lun"), &names::not_in_range(0, 255));
    }
    let secret = source.get("chapAuthDiscovery").bool() || source.get("chapAuthSession").bool();
    if secret && source.get("secretRef").is_null() {
        errors.required(&path.child("secretRef"), "");
    }
    if let Some(name) = source.get("initiatorName").opt_str() {
        iscsi_name(name, &path.child("initiatorname"), errors);
    }
}

fn iscsi_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    let alphanumeric = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let good = match name.get(..3) {
        Some("iqn") => iqn(name),
        Some("eui") => name.get(4..).is_some_and(|rest| alphanumeric(rest, 16)),
        Some("naa") => name.get(4..).is_some_and(|rest| alphanumeric(rest, 32)),
        _ => return errors.invalid(path, name, "must be valid format starting with iqn, eui, or naa"),
    };
    if !good {
        errors.invalid(path, name, "must be valid format");
    }
}

/// `iqn.2015-02.example.com:test`: a month, a reversed domain and a name.
fn iqn(name: &str) -> bool {
    let Some((head, tail)) = name.split_once(':') else { return false };
    let date = head.strip_prefix("iqn.").and_then(|rest| Some((rest.get(..7)?, rest.get(7..)?)));
    let Some((date, domain)) = date else { return false };
    date.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() })
        && domain.len() > 1
        && domain.starts_with('.')
        && domain[1..].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && !tail.is_empty()
        && !tail.contains([',', ';', '*', '&', '$', '|', ' ', '\t', '\n'])
}

/// Models pkg/apis/core/validation validateFCVolumeSource.
fn fibre_channel(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (names_, ids) = (source.get("targetWWNs"), source.get("wwids"));
    if names_.is_empty() && ids.is_empty() {
        errors.required(&path.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both");
    }
    if !names_.is_empty() && !ids.is_empty() {
        errors.invalid(&path.child("targetWWNs"), names_, "targetWWNs and wwids can not be specified simultaneously");
    }
    if !names_.is_empty() {
        match source.get("lun").opt_int() {
            None => errors.required(&path.child("lun"), "lun is required if targetWWNs is specified"),
            Some(lun) if !(0..=255).contains(&lun) => {
                errors.invalid(&path.child("lun"), lun, &names::not_in_range(0, 255));
            }
            Some(_) => {}
        }
    }
}

/// Models pkg/apis/core/validation validateQuobyteVolumeSource.
fn quobyte(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let registry = source.get("registry").str();
    let pairs = "must be a host:port pair or multiple pairs separated by commas";
    if registry.is_empty() {
        errors.required(&path.child("registry"), pairs);
    } else if source.get("tenant").str().len() >= 65 {
        errors.required(&path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters");
    } else {
        for _ in registry.split(',').filter(|pair| pair.matches(':').count() != 1) {
            errors.invalid(&path.child("registry"), registry, pairs);
        }
    }
    if source.get("volume").is_empty() {
        errors.required(&path.child("volume"), "");
    }
}

/// Models pkg/apis/core/validation validateFlockerVolumeSource.
fn flocker(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (name, uuid) = (source.get("datasetName").str(), source.get("datasetUUID").str());
    if name.is_empty() && uuid.is_empty() {
        errors.required(path, "one of datasetName and datasetUUID is required");
    }
    if !name.is_empty() && !uuid.is_empty() {
        errors.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously");
    }
    if name.contains('/') {
        errors.invalid(&path.child("datasetName"), name, "must not contain '/'");
    }
}

/// Models pkg/apis/core/validation validateFlexVolumeSource.
fn flex(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    if source.get("driver").is_empty() {
        errors.required(&path.child("driver"), "");
    }
    for (key, _) in source.get("options").entries() {
        let domain = format!(".{}", key.split('/').next().unwrap_or("").to_lowercase());
        if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
            let detail = "kubernetes.io and k8s.io namespaces are reserved";
            errors.invalid(&path.child("options").key(key), key, detail);
        }
    }
}

/// Models pkg/apis/core/validation validateAzureDisk.
fn azure_disk(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["diskName", "diskURI"] {
        if source.get(field).is_empty() {
            errors.required(&path.child(field), "");
        }
    }
    for (field, known) in
        [("cachingMode", ["None", "ReadOnly", "ReadWrite"]), ("kind", ["Dedicated", "Managed", "Shared"])]
    {
        let value = source.get(field);
        if !value.is_null() && !known.contains(&value.str()) {
            errors.not_supported(&path.child(field), value, &known);
        }
    }
    let (uri, kind) = (source.get("diskURI").str(), source.get("kind"));
    if kind.str() == "Managed" && !uri.starts_with("/subscriptions/") {
        let form = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
        errors.not_supported(&path.child("diskURI"), uri, &[form]);
    }
    if !kind.is_null() && kind.str() != "Managed" && !uri.starts_with("https://") {
        let form = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
        errors.not_supported(&path.child("diskURI"), uri, &[form]);
    }
}

/// Models pkg/apis/core/validation validateStorageOSVolumeSource.
fn storage_os(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    match source.get("volumeName").str() {
        "" => errors.required(&path.child("volumeName"), ""),
        name => errors.malformed(&path.child("volumeName"), name, names::dns1123_label(name)),
    }
    let namespace = source.get("volumeNamespace").str();
    if !namespace.is_empty() {
        errors.malformed(&path.child("volumeNamespace"), namespace, names::dns1123_label(namespace));
    }
    named_secret(source, path, errors);
}

/// Models pkg/apis/core/validation ValidateCSIDriverName.
pub fn csi_driver(driver: &str, path: &Path<'_>, errors: &mut Errors) {
    if driver.is_empty() {
        errors.required(path, "");
    }
    if driver.len() > 63 {
        errors.too_long(path, 63);
    }
    errors.malformed(path, driver, names::dns1123_subdomain(&driver.to_lowercase()));
}

/// Models pkg/apis/core/validation validateCSIVolumeSource.
fn csi(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    csi_driver(source.get("driver").str(), &path.child("driver"), errors);
    let secret = source.get("nodePublishSecretRef");
    if !secret.is_null() {
        match secret.get("name").str() {
            "" => errors.required(&path.child("nodePublishSecretRef.name"), ""),
            name => errors.malformed(&path.child("name"), name, names::dns1123_subdomain(name)),
        }
    }
}

/// Models pkg/apis/core/validation validateEphemeralVolumeSource.
fn ephemeral(source: &Value, volume: &str, pod: Option<&str>, path: &Path<'_>, parent: &Path<'_>, errors: &mut Errors) {
    let template = source.get("volumeClaimTemplate");
    let path = path.child("volumeClaimTemplate");
    if template.is_null() {
        errors.required(&path, "");
    } else {
        template_meta(template.get("metadata"), &path.child("metadata"), errors);
        super::claim::spec(template.get("spec"), &Value::Null, &path.child("spec"), errors);
    }
    if let Some(pod) = pod.filter(|pod| !pod.is_empty() && !volume.is_empty()) {
        let claim = format!("{pod}-{volume}");
        for complaint in names::dns1123_subdomain(&claim) {
            errors.invalid(&parent.child("name"), volume, &format!("PVC name \"{claim}\": {complaint}"));
        }
    }
}

/// Models pkg/apis/core/validation ValidateTemplateObjectMeta.
fn template_meta(metadata: &Value, path: &Path<'_>, errors: &mut Errors) {
    meta::annotations(metadata.get("annotations"), &path.child("annotations"), errors);
    meta::labels(metadata.get("labels"), &path.child("labels"), errors);
    for (field, value) in metadata.entries() {
        if !["labels", "annotations"].contains(&field.as_str()) && !value.is_empty() {
            errors.forbidden(&path.child(field), "cannot be set");
        }
    }
}

/// Models pkg/apis/core/validation validateImageVolumeSource: what a template leaves open may be filled in later.
fn image(source: &Value, pod: Option<&str>, path: &Path<'_>, errors: &mut Errors) {
    if pod.is_some() && source.get("reference").is_empty() {
        errors.required(&path.child("reference"), "");
    }
    super::containers::pull_policy(source.get("pullPolicy").str(), &path.child("pullPolicy"), errors);
}
