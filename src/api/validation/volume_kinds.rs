//! Validation of what a volume is made of, a function for each kind of source.

use super::field::{Errors, Path};
use super::meta;
use super::volumes::{local_path, no_backsteps};
use crate::api::Value;
use crate::base::names;

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
pub fn keyed(source: &Value, name: &str, path: &Path<'_>, errors: &mut Errors) {
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

pub fn partition(source: &Value, path: &Path<'_>, errors: &mut Errors) {
    let partition = source.get("partition");
    if !(0..=255).contains(&partition.int()) {
        errors.invalid(&path.child("partition"), partition, &names::not_in_range(1, 255));
    }
}

pub fn named_secret(source: &Value, path: &Path<'_>, errors: &mut Errors) {
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
pub fn storage_os(source: &Value, path: &Path<'_>, errors: &mut Errors) {
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
pub fn csi(source: &Value, path: &Path<'_>, errors: &mut Errors) {
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
pub fn ephemeral(
    source: &Value,
    volume: &str,
    pod: Option<&str>,
    path: &Path<'_>,
    parent: &Path<'_>,
    errors: &mut Errors,
) {
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
pub fn image(source: &Value, pod: Option<&str>, path: &Path<'_>, errors: &mut Errors) {
    if pod.is_some() && source.get("reference").is_empty() {
        errors.required(&path.child("reference"), "");
    }
    super::containers::pull_policy(source.get("pullPolicy").str(), &path.child("pullPolicy"), errors);
}
