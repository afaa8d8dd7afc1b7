//! The PodSecurity admission: namespaces that enforce a Pod Security Standard by their labels, or warn of it.

use super::Store;
use crate::api::pod_security::{evaluate, Level, Violation, LATEST_MINOR, LEVELS};
use crate::api::status::Cause;
use crate::api::{Object, Status, Value};

const PREFIX: &str = "pod-security.kubernetes.io/";

/// A level at a version, as a namespace asks for it.
#[derive(Clone, PartialEq)]
struct Policy {
    level: Level,
    /// `restricted:latest`.
    name: String,
    minor: u32,
}

/// `latest`, or the minor version of `v1.30`.
fn minor(version: &str) -> Option<u32> {
    match version {
        "" | "latest" => Some(LATEST_MINOR),
        version => version.strip_prefix("v1.").filter(|minor| !minor.starts_with('0') || *minor == "0")?.parse().ok(),
    }
}

/// What a namespace asks for in a mode: `enforce`, `warn`.
fn policy(namespace: &Object, mode: &str) -> Policy {
    let (level, version) =
        (namespace.label(&format!("{PREFIX}{mode}")), namespace.label(&format!("{PREFIX}{mode}-version")));
    let known = LEVELS.iter().find(|(name, _)| *name == level);
    let level = known.map_or(Level::Privileged, |(_, level)| *level);
    let shown = if version.is_empty() { "latest" } else { version };
    let name = format!("{}:{shown}", known.map_or("privileged", |(name, _)| name));
    Policy { level, name, minor: minor(version).unwrap_or(LATEST_MINOR) }
}

fn breaches(policy: &Policy, metadata: &Value, spec: &Value) -> Vec<Violation> {
    match policy.level {
        Level::Privileged => Vec::new(),
        level => evaluate(level, policy.minor, metadata, spec),
    }
}

/// `host namespaces (hostNetwork=true), privileged (...)`.
fn details(found: &[Violation]) -> String {
    found.iter().map(|v| format!("{} ({})", v.reason, v.detail)).collect::<Vec<_>>().join(", ")
}

/// Refuses a pod that its namespace does not allow, and a namespace whose labels name no level.
///
/// Models staging/src/k8s.io/pod-security-admission/admission Admission.Validate.
pub(super) fn check(store: &Store, object: &Object, old: Option<&Object>) -> Result<(), Status> {
    if object.kind.kind == "Namespace" {
        return check_labels(object, old);
    }
    if object.kind.kind != "Pod" || old.is_some_and(|old| !is_significant(object, old)) {
        return Ok(());
    }
    let Some(namespace) = store.find("Namespace", "", object.namespace()) else { return Ok(()) };
    let policy = policy(namespace, "enforce");
    let found = breaches(&policy, object.metadata(), object.spec());
    if found.is_empty() {
        return Ok(());
    }
    let why = format!("violates PodSecurity \"{}\": {}", policy.name, details(&found));
    Err(Status::forbidden("pods", object.name(), &why))
}

/// Models staging/src/k8s.io/pod-security-admission/admission isSignificantPodUpdate: images and AppArmor annotations.
fn is_significant(pod: &Object, old: &Object) -> bool {
    let fields = ["spec.containers", "spec.initContainers", "spec.ephemeralContainers", "metadata.annotations"];
    fields.iter().any(|path| pod.at(path) != old.at(path))
}

/// Models staging/src/k8s.io/pod-security-admission/api PolicyToEvaluate; labels that were wrong before may stay so.
fn check_labels(namespace: &Object, old: Option<&Object>) -> Result<(), Status> {
    let mut causes = Vec::new();
    for mode in ["enforce", "audit", "warn"] {
        let (level, version) = (format!("{PREFIX}{mode}"), format!("{PREFIX}{mode}-version"));
        let known = LEVELS.iter().any(|(name, _)| *name == namespace.label(&level));
        let faults = [
            (known, level, "must be one of privileged, baseline, restricted"),
            (minor(namespace.label(&version)).is_some(), version, "must be \"latest\" or \"v1.x\""),
        ];
        for (sound, key, why) in faults {
            let value = namespace.labels().get(&key);
            let kept = old.is_some_and(|old| old.labels().get(&key) == value);
            if !sound && !value.is_null() && !kept {
                let message = format!("Invalid value: \"{}\": {why}", value.str());
                causes.push(Cause { field: format!("metadata.labels[{key}]"), reason: "Invalid value", message });
            }
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid("Namespace", namespace.name(), causes))
}

/// What a write of an object makes the API server warn of.
///
/// Models staging/src/k8s.io/pod-security-admission/admission EvaluatePod, EvaluatePodTemplate and ValidateNamespace.
pub(super) fn warnings(store: &Store, object: &Object, old: Option<&Object>) -> Vec<String> {
    let (metadata, spec) = match object.kind.kind {
        "Namespace" => return old.map_or_else(Vec::new, |old| pods_in_breach(store, object, old)),
        "Pod" if old.is_none_or(|old| is_significant(object, old)) => (object.metadata(), object.spec()),
        "PodTemplate" => (object.at("template.metadata"), object.at("template.spec")),
        "CronJob" => {
            (object.at("spec.jobTemplate.spec.template.metadata"), object.at("spec.jobTemplate.spec.template.spec"))
        }
        _ => (object.at("spec.template.metadata"), object.at("spec.template.spec")),
    };
    let Some(namespace) = store.find("Namespace", "", object.namespace()).filter(|_| !spec.is_null()) else {
        return Vec::new();
    };
    let policy = policy(namespace, "warn");
    let found = breaches(&policy, metadata, spec);
    if found.is_empty() {
        return Vec::new();
    }
    vec![format!("would violate PodSecurity \"{}\": {}", policy.name, details(&found))]
}

/// The pods of a namespace that its new level would not let in.
///
/// Models staging/src/k8s.io/pod-security-admission/admission EvaluatePodsInNamespace: pods that break the same rules are
/// one line.
fn pods_in_breach(store: &Store, namespace: &Object, old: &Object) -> Vec<String> {
    let (new, before) = (policy(namespace, "enforce"), policy(old, "enforce"));
    if new == before || new.level == Level::Privileged || new.minor == before.minor && new.level <= before.level {
        return Vec::new();
    }
    let mut groups: Vec<(String, &str, usize)> = Vec::new();
    for pod in store.list("Pod", namespace.name()) {
        let found = breaches(&new, pod.metadata(), pod.spec());
        if found.is_empty() {
            continue;
        }
        let reasons = found.iter().map(|v| v.reason.as_str()).collect::<Vec<_>>().join(", ");
        match groups.iter_mut().find(|(text, ..)| *text == reasons) {
            Some((_, _, count)) => *count += 1,
            None => groups.push((reasons, pod.name(), 1)),
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let (name, level) = (namespace.name(), &new.name);
    let head = format!("existing pods in namespace \"{name}\" violate the new PodSecurity enforce level \"{level}\"");
    let lines = groups.iter().map(|(reasons, pod, count)| match count {
        1 => format!("{pod}: {reasons}"),
        2 => format!("{pod} (and 1 other pod): {reasons}"),
        n => format!("{pod} (and {} other pods): {reasons}", n - 1),
    });
    std::iter::once(head).chain(lines).collect()
}
