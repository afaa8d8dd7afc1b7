//! Validation of projected volumes: several sources put into one folder.

use super::env;
use super::field::{Errors, Path};
use super::meta;
use super::volume_kinds::{file_mode, key_to_path};
use super::volumes::local_path;
use crate::api::Value;
use crate::base::names;

const FILE_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Models pkg/apis/core/validation validateProjectionSources.
pub fn sources(sources: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut paths: Vec<String> = Vec::new();
    let list = path.child("sources");
    for (i, source) in sources.list().iter().enumerate() {
        let item = list.index(i);
        let mut found = 0;
        for kind in
            ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"]
        {
            let inner = source.get(kind);
            if inner.is_null() {
                continue;
            }
            found += 1;
            let own = item.child(kind);
            match kind {
                "secret" | "configMap" => keyed(inner, &mut paths, path, &own, errors),
                "downwardAPI" => {
                    for file in inner.get("items").list() {
                        downward_file(file, &own, errors);
                        let at = file.get("path").str();
                        once(at, at, &mut paths, path, errors);
                    }
                }
                "serviceAccountToken" => token(inner, path, &own, errors),
                "clusterTrustBundle" => trust_bundle(inner, &mut paths, path, &own, errors),
                _ => certificate(inner, &mut paths, path, &own, errors),
            }
        }
        if found > 1 {
            errors.forbidden(&item, "may not specify more than 1 volume type per source");
        }
    }
}

/// Two sources must not write the same file.
fn once(at: &str, shown: &str, paths: &mut Vec<String>, path: &Path<'_>, errors: &mut Errors) {
    if at.is_empty() {
        return;
    }
    if paths.iter().any(|other| other == at) {
        errors.invalid(path, shown, "conflicting duplicate paths");
    } else {
        paths.push(at.to_owned());
    }
}

fn keyed(source: &Value, paths: &mut Vec<String>, volume: &Path<'_>, own: &Path<'_>, errors: &mut Errors) {
    let name = source.get("name").str();
    if name.is_empty() {
        errors.required(&own.child("name"), "");
    }
    for (i, item) in source.get("items").list().iter().enumerate() {
        key_to_path(item, &own.child("items").index(i), errors);
        once(item.get("path").str(), name, paths, volume, errors);
    }
}

/// Models pkg/apis/core/validation validateDownwardAPIVolumeFile.
pub fn downward_file(file: &Value, path: &Path<'_>, errors: &mut Errors) {
    if file.get("path").is_empty() {
        errors.required(&path.child("path"), "");
    }
    local_path(file.get("path").str(), &path.child("path"), errors);
    let (field, resource) = (file.get("fieldRef"), file.get("resourceFieldRef"));
    if !field.is_null() {
        env::field_reference(field, FILE_FIELDS, &path.child("fieldRef"), errors);
        if !resource.is_null() {
            let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
            errors.invalid(path, "resource", detail);
        }
    } else if !resource.is_null() {
        env::resource_reference(resource, true, &path.child("resourceFieldRef"), errors);
    } else {
        errors.required(path, "one of fieldRef and resourceFieldRef is required");
    }
    file_mode(file.get("mode"), &path.child("mode"), errors);
}

fn token(source: &Value, volume: &Path<'_>, own: &Path<'_>, errors: &mut Errors) {
    let seconds = source.get("expirationSeconds").int();
    if seconds < 600 {
        let detail = "may not specify a duration less than 10 minutes";
        errors.invalid(&own.child("expirationSeconds"), seconds, detail);
    }
    if seconds > 1 << 32 {
        let detail = "may not specify a duration larger than 2^32 seconds";
        errors.invalid(&own.child("expirationSeconds"), seconds, detail);
    }
    match source.get("path").str() {
        "" => errors.required(&volume.child("path"), ""),
        at => local_path(at, &volume.child("path"), errors),
    }
}

fn trust_bundle(source: &Value, paths: &mut Vec<String>, volume: &Path<'_>, own: &Path<'_>, errors: &mut Errors) {
    match (source.get("name").opt_str(), source.get("signerName").opt_str()) {
        (Some(_), Some(_)) => errors.invalid(own, source, "only one of name and signerName may be used"),
        (Some(name), None) => {
            if name.is_empty() {
                errors.required(&own.child("name"), "must be a valid object name");
            }
            for complaint in names::dns1123_subdomain(name.rsplit(':').next().unwrap_or("")) {
                let detail = format!("not a valid clustertrustbundlename: {complaint}");
                errors.invalid(&own.child("name"), name, &detail);
            }
            if !source.get("labelSelector").is_null() {
                let detail = "labelSelector must be unset if name is specified";
                errors.invalid(&own.child("labelSelector"), source.get("labelSelector"), detail);
            }
        }
        (None, Some(signer)) => {
            if signer.is_empty() {
                errors.required(&own.child("signerName"), "must be a valid signer name");
            }
            signer_name(signer, &own.child("signerName"), errors);
            meta::label_selector(source.get("labelSelector"), &own.child("labelSelector"), errors);
        }
        (None, None) => errors.required(own, "either name or signerName must be specified"),
    }
    let at = source.get("path").str();
    if at.is_empty() {
        errors.required(&own.child("path"), "");
    }
    local_path(at, &own.child("path"), errors);
    once(at, at, paths, volume, errors);
}

/// Models pkg/apis/core/validation ValidateSignerName.
fn signer_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    if name.is_empty() {
        return errors.required(path, "");
    }
    let Some((domain, signer)) = name.split_once('/').filter(|(_, signer)| !signer.contains('/')) else {
        let detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        return errors.invalid(path, name, detail);
    };
    if domain.len() > 253 {
        errors.too_long(path, 253);
    }
    for label in domain.split('.') {
        for complaint in names::dns1123_label(label) {
            errors.invalid(path, domain, &format!("validating label \"{label}\": {complaint}"));
        }
    }
    if !domain.contains('.') {
        errors.invalid(path, domain, "should be a domain with at least two segments separated by dots");
    }
    for label in signer.split('.') {
        for complaint in names::dns1123_subdomain(label) {
            errors.invalid(path, signer, &format!("validating label \"{label}\": {complaint}"));
        }
    }
}

/// Models pkg/apis/core/validation validateProjectionSources, the part for pod certificates.
fn certificate(source: &Value, paths: &mut Vec<String>, volume: &Path<'_>, own: &Path<'_>, errors: &mut Errors) {
    signer_name(source.get("signerName").str(), &own.child("signerName"), errors);
    let known = ["ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"];
    let kind = source.get("keyType").str();
    if !known.contains(&kind) {
        errors.not_supported(&own.child("keyType"), kind, &known);
    }
    for field in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
        let at = source.get(field).str();
        if !at.is_empty() {
            local_path(at, &own.child(field), errors);
            once(at, at, paths, volume, errors);
        }
    }
    for (key, _) in source.get("userAnnotations").entries() {
        errors.malformed(&own.child("userAnnotations"), key, names::label_key(&key.to_lowercase()));
    }
}
