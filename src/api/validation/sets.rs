//! Validation of StatefulSets, DaemonSets and ReplicationControllers.

use super::apps::{not_more_than_all, number, positive_int_or_percent};
use super::field::{same, Errors, Path};
use super::{internal, meta, pod};
use crate::api::status::Cause;
use crate::api::{selector, Object, Value};
use crate::base::names;

const SPEC: Path<'static> = Path::new("spec");

/// Models pkg/apis/apps/validation ValidateStatefulSet.
pub fn stateful_set(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_label, &mut errors);
    stateful_set_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateStatefulSetUpdate.
pub fn stateful_set_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    stateful_set_spec(new.spec(), &mut errors);
    let may_change = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let fixed = |spec: &Value| {
        let mut spec = spec.clone();
        spec.map_mut().retain(|field, _| !may_change.contains(&field));
        spec
    };
    if !same(&fixed(new.spec()), &fixed(old.spec())) {
        let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                      'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                      'minReadySeconds' are forbidden";
        errors.forbidden(&SPEC, detail);
    }
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateControllerRevision.
pub fn controller_revision(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    if object.at("data").is_null() {
        errors.required(&Path::new("data"), "data is mandatory");
    }
    errors.non_negative(&Path::new("revision"), object.at("revision"));
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateControllerRevisionUpdate.
pub fn controller_revision_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    errors.immutable(&Path::new("data"), new.at("data"), old.at("data"));
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateStatefulSetSpec.
fn stateful_set_spec(spec: &Value, errors: &mut Errors) {
    match spec.get("podManagementPolicy").str() {
        "" => errors.required(&SPEC.child("podManagementPolicy"), ""),
        "OrderedReady" | "Parallel" => {}
        other => {
            errors.invalid(&SPEC.child("podManagementPolicy"), other, "must be 'OrderedReady' or 'Parallel'");
        }
    }
    stateful_set_strategy(spec.get("updateStrategy"), &SPEC.child("updateStrategy"), errors);
    let retention = spec.get("persistentVolumeClaimRetentionPolicy");
    for field in ["whenDeleted", "whenScaled"] {
        let policy = retention.get(field);
        if !retention.is_null() && !["Retain", "Delete"].contains(&policy.str()) {
            let path = SPEC.child("persistentVolumeClaimRetentionPolicy");
            errors.not_supported(&path.child(field), policy.str(), &["Retain", "Delete"]);
        }
    }
    for field in ["replicas", "minReadySeconds"] {
        errors.non_negative(&SPEC.child(field), spec.get(field));
    }
    errors.non_negative(&SPEC.child("ordinals.start"), spec.at("ordinals.start"));
    let service = spec.get("serviceName").str();
    if !service.is_empty() {
        errors.malformed(&SPEC.child("serviceName"), service, names::dns1123_label(service));
    }
    let (selecting, path) = (spec.get("selector"), SPEC.child("selector"));
    if selecting.is_null() {
        errors.required(&path, "");
    } else {
        meta::label_selector(selecting, &path, errors);
        if selecting.get("matchLabels").is_empty() && selecting.get("matchExpressions").is_empty() {
            errors.invalid(&path, selecting, "empty selector is invalid for statefulset");
        }
    }
    if !selecting.is_null() && meta::is_no_selector(selecting) {
        errors.invalid(&path, selecting, "");
    } else {
        stateful_set_template(spec, errors);
    }
    runs_for_ever(spec.get("template"), "StatefulSet", &SPEC.child("template"), errors);
    for (i, claim) in spec.get("volumeClaimTemplates").list().iter().enumerate() {
        let class = claim.at("spec.volumeAttributesClassName").str();
        if !class.is_empty() {
            let list = SPEC.child("volumeClaimTemplates");
            let path = list.index(i);
            errors.malformed(&path.child("spec.volumeAttributesClassName"), class, names::dns1123_subdomain(class));
        }
    }
}

/// A claim's template counts as a volume of the pods. Their host names are given to them, so what the template says of
/// those is not looked at.
///
/// Models pkg/apis/apps/validation ValidatePodTemplateSpecForStatefulSet.
fn stateful_set_template(spec: &Value, errors: &mut Errors) {
    let (template, path) = (spec.get("template"), SPEC.child("template"));
    matching_labels(template, spec.get("selector"), &path, errors);
    let mut whole = template.clone();
    for field in ["hostname", "subdomain"] {
        whole.remove(&format!("spec.{field}"));
    }
    for claim in spec.get("volumeClaimTemplates").list() {
        let name = claim.at("metadata.name");
        let volumes = whole.slot("spec").slot("volumes").list_mut();
        if let Some(place) = volumes.iter().position(|volume| volume.get("name") == name) {
            volumes.remove(place);
        }
        volumes.push(crate::value!({"name": name, "persistentVolumeClaim": {"claimName": "pending"}}));
    }
    pod::template(&whole, &path, errors);
}

fn matching_labels(template: &Value, selecting: &Value, path: &Path<'_>, errors: &mut Errors) {
    let labels = template.at("metadata.labels");
    if !selector::matches(selecting, labels) {
        let detail = "`selector` does not match template `labels`";
        errors.invalid(&path.child("metadata.labels"), labels, detail);
    }
}

fn runs_for_ever(template: &Value, owner: &str, path: &Path<'_>, errors: &mut Errors) {
    let policy = template.at("spec.restartPolicy").str();
    if policy != "Always" {
        errors.not_supported(&path.child("spec.restartPolicy"), policy, &["Always"]);
    }
    if !template.at("spec.activeDeadlineSeconds").is_null() {
        let detail = format!("activeDeadlineSeconds in {owner} is not Supported");
        errors.forbidden(&path.child("spec.activeDeadlineSeconds"), &detail);
    }
}

fn stateful_set_strategy(strategy: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rolling = strategy.get("rollingUpdate");
    let rolling_path = path.child("rollingUpdate");
    match strategy.get("type").str() {
        "" => errors.required(path, ""),
        "OnDelete" if !rolling.is_null() => {
            let printed = internal::compact(rolling, "apps", "RollingUpdateStatefulSetStrategy");
            errors.invalid_printed(&rolling_path, printed, "only allowed for updateStrategy 'RollingUpdate'");
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            errors.non_negative(&rolling_path.child("partition"), rolling.get("partition"));
            let most = rolling.get("maxUnavailable");
            if !most.is_null() {
                let path = rolling_path.child("maxUnavailable");
                positive_int_or_percent(most, &path, errors);
                if number(most) == 0 {
                    errors.invalid(&path, most, "cannot be 0");
                }
                not_more_than_all(most, &path, errors);
            }
        }
        _ => {
            let printed = internal::compact(strategy, "apps", "StatefulSetUpdateStrategy");
            errors.invalid_printed(path, printed, "must be 'RollingUpdate' or 'OnDelete'");
        }
    }
}

/// Models pkg/apis/apps/validation ValidateDaemonSet.
pub fn daemon_set(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    daemon_set_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateDaemonSetUpdate, and the strategy that keeps the selector.
pub fn daemon_set_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    daemon_set_spec(new.spec(), &mut errors);
    errors.immutable(&SPEC.child("selector"), new.at("spec.selector"), old.at("spec.selector"));
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateDaemonSetSpec.
fn daemon_set_spec(spec: &Value, errors: &mut Errors) {
    let (selecting, template) = (spec.get("selector"), spec.get("template"));
    let (path, before) = (SPEC.child("template"), errors.len());
    meta::label_selector(selecting, &SPEC.child("selector"), errors);
    if errors.len() == before {
        matching_labels(template, selecting, &path, errors);
    }
    if !selecting.is_null() && selecting.get("matchLabels").is_empty() && selecting.get("matchExpressions").is_empty() {
        errors.invalid(&SPEC.child("selector"), selecting, "empty selector is invalid for daemonset");
    }
    pod::template(template, &path, errors);
    runs_for_ever(template, "DaemonSet", &path, errors);
    errors.non_negative(&SPEC.child("minReadySeconds"), spec.get("minReadySeconds"));
    daemon_set_strategy(spec.get("updateStrategy"), &SPEC.child("updateStrategy"), errors);
    errors.non_negative(&SPEC.child("revisionHistoryLimit"), spec.get("revisionHistoryLimit"));
}

/// Models pkg/apis/apps/validation ValidateDaemonSetUpdateStrategy.
fn daemon_set_strategy(strategy: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rolling = strategy.get("rollingUpdate");
    let path_of = path.child("rollingUpdate");
    match strategy.get("type").str() {
        "OnDelete" => {}
        "RollingUpdate" if rolling.is_null() => errors.required(&path_of, ""),
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
            positive_int_or_percent(unavailable, &path_of.child("maxUnavailable"), errors);
            positive_int_or_percent(surge, &path_of.child("maxSurge"), errors);
            match (number(unavailable) != 0, number(surge) != 0) {
                (true, true) => {
                    let detail = "may not be set when maxUnavailable is non-zero";
                    errors.invalid(&path_of.child("maxSurge"), surge, detail);
                }
                (false, false) => {
                    errors.required(&path_of.child("maxUnavailable"), "cannot be 0 when maxSurge is 0");
                }
                _ => {}
            }
            not_more_than_all(unavailable, &path_of.child("maxUnavailable"), errors);
            not_more_than_all(surge, &path_of.child("maxSurge"), errors);
        }
        _ => {
            let printed = internal::compact(strategy, "apps", "DaemonSetUpdateStrategy");
            errors.not_supported_printed(path, printed, &["RollingUpdate", "OnDelete"]);
        }
    }
}

/// Models pkg/apis/core/validation ValidateReplicationController.
pub fn replication_controller(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    replication_controller_spec(object.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateReplicationControllerUpdate.
pub fn replication_controller_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    replication_controller_spec(new.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateReplicationControllerSpec.
fn replication_controller_spec(spec: &Value, errors: &mut Errors) {
    errors.non_negative(&SPEC.child("minReadySeconds"), spec.get("minReadySeconds"));
    let (selecting, template) = (spec.get("selector"), spec.get("template"));
    if selecting.is_empty() {
        errors.required(&SPEC.child("selector"), "");
    }
    errors.non_negative(&SPEC.child("replicas"), spec.get("replicas"));
    let path = SPEC.child("template");
    if template.is_null() {
        return errors.required(&path, "");
    }
    let labels = template.at("metadata.labels");
    if !selecting.is_empty() && !selector::matches_pairs(selecting, labels) {
        let detail = "`selector` does not match template `labels`";
        errors.invalid(&path.child("metadata.labels"), labels, detail);
    }
    pod::template(template, &path, errors);
    runs_for_ever(template, "ReplicationController", &path, errors);
}
