//! Validation of the annotations of a pod that mean something to the cluster.

use super::field::{Errors, Path};
use super::pod::each_container;
use super::scheduling;
use super::volumes::descending_path;
use crate::api::{json, Object, Value};

const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const MIRROR: &str = "kubernetes.io/config.mirror";
const TOLERATIONS: &str = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Models pkg/apis/core/validation ValidatePodSpecificAnnotations. `path` is that of what holds the annotations.
pub fn all(metadata: &Value, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let annotations = metadata.get("annotations");
    if annotations.is_empty() {
        return;
    }
    let path = path.child("annotations");
    let mirror = annotations.get(MIRROR);
    if !mirror.is_null() && spec.get("nodeName").is_empty() {
        let detail = "must set spec.nodeName if mirror pod annotation is set";
        errors.invalid(&path.key(MIRROR), mirror, detail);
    }
    listed(annotations, TOLERATIONS, &path, scheduling::tolerations, errors);
    let cost = annotations.get(DELETION_COST);
    if !cost.is_null() && !deletion_cost(cost.str()) {
        errors.invalid(&path.key(DELETION_COST), cost, "must be a 32bit integer");
    }
    for (key, profile) in annotations.entries() {
        if key == SECCOMP_POD || key.starts_with(SECCOMP_CONTAINER) {
            seccomp_profile(profile.str(), &path.child(key), errors);
        }
        if let Some(container) = key.strip_prefix(APP_ARMOR) {
            app_armor(container, profile.str(), spec, &path.key(key), errors);
        }
    }
}

/// What an annotation of old lists in JSON, checked as the field that took its place.
///
/// Models pkg/apis/core/validation ValidateTolerationsInPodAnnotations and ValidateTaintsInNodeAnnotations.
pub fn listed(
    annotations: &Value,
    key: &str,
    path: &Path<'_>,
    check: fn(&Value, &Path<'_>, &mut Errors),
    errors: &mut Errors,
) {
    match annotations.get(key).str() {
        "" => {}
        text => match json::parse(text) {
            Ok(list) => check(&list, &path.child(key), errors),
            Err(why) => errors.invalid(path, key, &why),
        },
    }
}

/// Models pkg/apis/core/helper GetDeletionCostFromPodAnnotations.
fn deletion_cost(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits == "0" && text == digits || !digits.starts_with(['0', '+']);
    plain && text.parse::<i32>().is_ok()
}

/// Models pkg/apis/core/validation ValidateSeccompProfile.
fn seccomp_profile(profile: &str, path: &Path<'_>, errors: &mut Errors) {
    match profile {
        "runtime/default" | "docker/default" | "unconfined" => {}
        other => match other.strip_prefix("localhost/") {
            Some(file) => descending_path(file, path, errors),
            None => errors.invalid(path, other, "must be a valid seccomp profile"),
        },
    }
}

/// Models pkg/apis/core/validation ValidateAppArmorPodAnnotations.
fn app_armor(container: &str, profile: &str, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut found = false;
    each_container(spec, path, &mut |c, _| found |= c.get("name").str() == container);
    if !found {
        errors.invalid(path, container, "container not found");
    }
    if !["", "runtime/default", "unconfined"].contains(&profile) && !profile.starts_with("localhost/") {
        let detail = format!("invalid AppArmor profile name: {}", super::field::quote(profile));
        errors.invalid(path, profile, &detail);
    }
}

/// What annotations and fields both say must be the same.
///
/// Models pkg/apis/core/validation validateSeccompAnnotationsAndFields and
/// validateAppArmorAnnotationsAndFieldsMatchOnCreate.
pub fn match_fields(metadata: &Value, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let annotations = metadata.get("annotations");
    if annotations.is_empty() {
        return;
    }
    let of_pod = spec.at("securityContext.seccompProfile");
    let said = annotations.get(SECCOMP_POD);
    if !said.is_null() {
        let runtime = ["runtime/default", "docker/default"];
        agree(said.str(), of_pod, &runtime, "seccomp", &path.child("securityContext.seccompProfile"), errors);
    }
    each_container(spec, path, &mut |container, path| {
        let said = annotations.get(&format!("{SECCOMP_CONTAINER}{}", container.get("name").str()));
        if !said.is_null() {
            let field = container.at("securityContext.seccompProfile");
            let path = path.child("securityContext.seccompProfile");
            agree(said.str(), field, &["runtime/default", "docker/default"], "seccomp", &path, errors);
        }
    });
    if spec.at("os.name").str() == "windows" {
        return;
    }
    each_container(spec, path, &mut |container, path| {
        let said = annotations.get(&format!("{APP_ARMOR}{}", container.get("name").str()));
        let own = container.at("securityContext.appArmorProfile");
        let field = if own.is_null() { spec.at("securityContext.appArmorProfile") } else { own };
        if !said.is_null() {
            let path = path.child("securityContext.appArmorProfile");
            agree(said.str(), field, &["runtime/default"], "apparmor", &path, errors);
        }
    });
}

fn agree(said: &str, field: &Value, runtime: &[&str], what: &str, path: &Path<'_>, errors: &mut Errors) {
    let same = match field.get("type").str() {
        "Unconfined" => said == "unconfined",
        "RuntimeDefault" => runtime.contains(&said),
        "Localhost" => match said.strip_prefix("localhost/") {
            None => false,
            Some(file) if field.get("localhostProfile").opt_str() == Some(file) => true,
            Some(_) => {
                let detail = format!("{what} profile in annotation and field must match");
                return errors.forbidden(&path.child("localhostProfile"), &detail);
            }
        },
        _ => true,
    };
    if !same {
        errors.forbidden(&path.child("type"), &format!("{what} type in annotation and field must match"));
    }
}

/// Models pkg/apis/core/validation ValidatePodSpecificAnnotationUpdates.
pub fn update(new: &Object, old: &Object, errors: &mut Errors) {
    let (now, before) = (new.metadata().get("annotations"), old.metadata().get("annotations"));
    let path = Path::new("metadata.annotations");
    let mut fixed = |key: &str, verb: &str| {
        if key.starts_with(APP_ARMOR) {
            errors.forbidden(&path.key(key), &format!("may not {verb} AppArmor annotations"));
        }
        if key == MIRROR {
            errors.forbidden(&path.key(key), &format!("may not {verb} mirror pod annotation"));
        }
    };
    for (key, _) in before.entries().iter().filter(|(key, value)| now.get(key) != value) {
        fixed(key, "remove or update");
    }
    for (key, _) in now.entries().iter().filter(|(key, _)| before.get(key).is_null()) {
        fixed(key, "add");
    }
    all(new.metadata(), new.spec(), &Path::new("metadata"), errors);
}
