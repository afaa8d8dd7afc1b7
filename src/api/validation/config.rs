//! Validation of ConfigMaps, Secrets, ServiceAccounts, Namespaces and Events.

use base64::prelude::{Engine, BASE64_STANDARD};

use super::field::{same, Errors, Path};
use super::meta;
use crate::api::status::Cause;
use crate::api::{decode_scalar, json, Object, Value};
use crate::base::names;

const MOST_BYTES: usize = 1024 * 1024;
const DATA: Path<'static> = Path::new("data");

/// Models pkg/apis/core/validation ValidateConfigMap.
pub fn config_map(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    config_map_errors(object, &mut errors);
    errors.into_causes()
}

fn config_map_errors(object: &Object, errors: &mut Errors) {
    meta::object_meta(object, names::dns1123_subdomain, errors);
    let (data, binary) = (object.at("data"), object.at("binaryData"));
    let mut bytes = 0;
    for (key, value) in data.entries() {
        errors.malformed(&DATA.key(key), key, names::config_map_key(key));
        if !binary.get(key).is_null() {
            errors.invalid(&DATA.key(key), key, "duplicate of key present in binaryData");
        }
        bytes += value.str().len();
    }
    let path = Path::new("binaryData");
    for (key, value) in binary.entries() {
        errors.malformed(&path.key(key), key, names::config_map_key(key));
        bytes += decoded(value).len();
    }
    if bytes > MOST_BYTES {
        errors.too_long(&Path::new("[]"), MOST_BYTES as u32);
    }
}

pub fn decoded(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.str()).unwrap_or_default()
}

/// Models pkg/apis/core/validation ValidateConfigMapUpdate.
pub fn config_map_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    kept_where_immutable(new, old, &["data", "binaryData"], &mut errors);
    config_map_errors(new, &mut errors);
    errors.into_causes()
}

fn kept_where_immutable(new: &Object, old: &Object, fields: &[&str], errors: &mut Errors) {
    if !old.at("immutable").bool() {
        return;
    }
    let detail = "field is immutable when `immutable` is set";
    if !new.at("immutable").bool() {
        errors.forbidden(&Path::new("immutable"), detail);
    }
    for field in fields.iter().filter(|field| !same(new.value.get(field), old.value.get(field))) {
        errors.forbidden(&Path::new(field), detail);
    }
}

/// Models pkg/apis/core/validation ValidateSecret.
pub fn secret(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    secret_errors(object, &mut errors);
    errors.into_causes()
}

fn secret_errors(object: &Object, errors: &mut Errors) {
    meta::object_meta(object, names::dns1123_subdomain, errors);
    let data = object.at("data");
    let mut bytes = 0;
    for (key, value) in data.entries() {
        errors.malformed(&DATA.key(key), key, names::config_map_key(key));
        bytes += decoded(value).len();
    }
    if bytes > MOST_BYTES {
        errors.too_long(&DATA, MOST_BYTES as u32);
    }
    let has = |key: &str| data.as_map().is_some_and(|data| data.contains(key));
    match object.at("type").str() {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if object.annotation(key).is_empty() {
                errors.required(&Path::new("metadata.annotations").key(key), "");
            }
        }
        "kubernetes.io/dockercfg" => docker_config(data, ".dockercfg", errors),
        "kubernetes.io/dockerconfigjson" => docker_config(data, ".dockerconfigjson", errors),
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            errors.required(&DATA.key("username"), "");
            errors.required(&DATA.key("password"), "");
        }
        "kubernetes.io/ssh-auth" if data.get("ssh-privatekey").is_empty() => {
            errors.required(&DATA.key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"].into_iter().filter(|key| !has(key)) {
                errors.required(&DATA.key(key), "");
            }
        }
        _ => {}
    }
}

/// A secret for pulling images must hold a JSON object.
fn docker_config(data: &Value, key: &str, errors: &mut Errors) {
    let path = DATA.key(key);
    if data.get(key).is_null() {
        return errors.required(&path, "");
    }
    let bytes = decoded(data.get(key));
    let why = match json::parse(&String::from_utf8_lossy(&bytes)) {
        Ok(Value::Null | Value::Map(_)) => return,
        Ok(other) => {
            format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                decode_scalar::json_kind(&other)
            )
        }
        Err(why) => why,
    };
    errors.invalid(&path, "<secret contents redacted>", &why);
}

/// Models pkg/apis/core/validation ValidateSecretUpdate.
pub fn secret_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    errors.immutable(&Path::new("type"), new.at("type"), old.at("type"));
    kept_where_immutable(new, old, &["data"], &mut errors);
    secret_errors(new, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateServiceAccount.
pub fn service_account(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateServiceAccountUpdate.
pub fn service_account_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    meta::object_meta(new, names::dns1123_subdomain, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateNamespace.
pub fn namespace(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_label, &mut errors);
    let path = Path::new("spec.finalizers");
    for finalizer in object.at("spec.finalizers").list() {
        meta::label_name(finalizer.str(), &path, &mut errors);
        meta::standard_finalizer(finalizer.str(), &path, &mut errors);
    }
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateNamespaceUpdate.
pub fn namespace_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation legacyValidateEvent.
pub fn event(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    let (namespace, of) = (object.namespace(), object.at("involvedObject.namespace").str());
    let agrees = if of.is_empty() { ["", "default"].contains(&namespace) } else { of == namespace };
    if !agrees {
        errors.invalid(&Path::new("involvedObject.namespace"), of, "does not match event.namespace");
    }
    errors.malformed(&Path::new("metadata.namespace"), namespace, names::dns1123_subdomain(namespace));
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateEventUpdate for events of the core group.
pub fn event_update(new: &Object, _old: &Object) -> Vec<Cause> {
    event(new)
}
