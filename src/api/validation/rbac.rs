//! Validation of roles and of what binds them.

use super::field::{Errors, Path};
use super::meta;
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Models pkg/apis/rbac/validation ValidateRole and ValidateClusterRole.
pub fn role(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, meta::path_segment, &mut errors);
    rules(object, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/rbac/validation ValidateRoleUpdate and ValidateClusterRoleUpdate.
pub fn role_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    rules(new, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/rbac/validation ValidatePolicyRule.
fn rules(object: &Object, errors: &mut Errors) {
    let list = Path::new("rules");
    for (i, rule) in object.at("rules").list().iter().enumerate() {
        let path = list.index(i);
        if rule.get("verbs").is_empty() {
            errors.required(&path.child("verbs"), "verbs must contain at least one value");
        }
        let urls = rule.get("nonResourceURLs");
        if !urls.is_empty() {
            let url_path = path.child("nonResourceURLs");
            if object.kind.namespaced {
                errors.invalid(&url_path, urls, "namespaced rules cannot apply to non-resource URLs");
            }
            if ["apiGroups", "resources", "resourceNames"].iter().any(|field| !rule.get(field).is_empty()) {
                let detail = "rules cannot apply to both regular resources and non-resource URLs";
                errors.invalid(&url_path, urls, detail);
            }
            continue;
        }
        if rule.get("apiGroups").is_empty() {
            errors.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
        }
        if rule.get("resources").is_empty() {
            errors.required(&path.child("resources"), "resource rules must supply at least one resource");
        }
    }
}

/// Models pkg/apis/rbac/validation ValidateRoleBinding and ValidateClusterRoleBinding.
pub fn binding(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    binding_errors(object, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/rbac/validation ValidateRoleBindingUpdate and ValidateClusterRoleBindingUpdate.
pub fn binding_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    binding_errors(new, &mut errors);
    meta::object_meta_update(new, old, &mut errors);
    if new.at("roleRef") != old.at("roleRef") {
        errors.invalid(&Path::new("roleRef"), new.at("roleRef"), "cannot change roleRef");
    }
    errors.into_causes()
}

fn binding_errors(object: &Object, errors: &mut Errors) {
    meta::object_meta(object, meta::path_segment, errors);
    let (reference, path) = (object.at("roleRef"), Path::new("roleRef"));
    let (group, kind) = (reference.get("apiGroup").str(), reference.get("kind").str());
    if group != GROUP {
        errors.not_supported(&path.child("apiGroup"), group, &[GROUP]);
    }
    let known: &[&str] = if object.kind.namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !known.contains(&kind) {
        errors.not_supported(&path.child("kind"), kind, known);
    }
    match reference.get("name").str() {
        "" => errors.required(&path.child("name"), ""),
        name => errors.malformed(&path.child("name"), name, meta::path_segment(name)),
    }
    let list = Path::new("subjects");
    for (i, subject) in object.at("subjects").list().iter().enumerate() {
        self::subject(subject, object.kind.namespaced, &list.index(i), errors);
    }
}

/// Models pkg/apis/rbac/validation ValidateRoleBindingSubject.
fn subject(subject: &Value, namespaced: bool, path: &Path<'_>, errors: &mut Errors) {
    let (name, group) = (subject.get("name").str(), subject.get("apiGroup").str());
    if name.is_empty() {
        errors.required(&path.child("name"), "");
    }
    match subject.get("kind").str() {
        "ServiceAccount" => {
            if !name.is_empty() {
                errors.malformed(&path.child("name"), name, names::dns1123_subdomain(name));
            }
            if !group.is_empty() {
                errors.not_supported(&path.child("apiGroup"), group, &[""]);
            }
            if !namespaced && subject.get("namespace").is_empty() {
                errors.required(&path.child("namespace"), "");
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                errors.not_supported(&path.child("apiGroup"), group, &[GROUP]);
            }
        }
        other => errors.not_supported(&path.child("kind"), other, &["ServiceAccount", "User", "Group"]),
    }
}
