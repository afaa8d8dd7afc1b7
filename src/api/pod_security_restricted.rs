//! The checks that the Pod Security Standards' restricted level adds.

use std::collections::BTreeSet;

use super::pod_security::{
    added, bad_seccomp, containers_text, counted, must_not_add, plural, quoted, violation, Pod, Violation,
};
use super::pod_security_baseline::{capabilities_baseline, seccomp_baseline};
use super::Value;

pub(super) fn capabilities_restricted(pod: &Pod<'_>) -> Option<Violation> {
    if pod.is_windows() || pod.minor < 22 {
        return if pod.minor < 22 { capabilities_baseline(pod) } else { None };
    }
    let mut details = Vec::new();
    let keeps = pod.named(|c| !c.at("securityContext.capabilities.drop").list().iter().any(|name| name.str() == "ALL"));
    if !keeps.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", containers_text(&keeps)));
    }
    if let Some((bad, forbidden)) = added(pod, &["NET_BIND_SERVICE"]) {
        details.push(must_not_add(&bad, forbidden));
    }
    if details.is_empty() {
        return None;
    }
    violation("unrestricted capabilities", details.join("; "))
}

pub(super) fn seccomp_restricted(pod: &Pod<'_>) -> Option<Violation> {
    if pod.minor < 19 || pod.is_windows() {
        return if pod.minor < 19 { seccomp_baseline(pod) } else { None };
    }
    let unset = |context: &Value| context.at("seccompProfile.type").is_null();
    bad_seccomp(pod).or_else(|| {
        let open = pod.named(|container| unset(container.get("securityContext")));
        if open.is_empty() || !unset(pod.spec.get("securityContext")) {
            return None;
        }
        let who = containers_text(&open);
        let types = "\"RuntimeDefault\" or \"Localhost\"";
        violation("seccompProfile", format!("pod or {who} must set securityContext.seccompProfile.type to {types}"))
    })
}

pub(super) fn allow_privilege_escalation(pod: &Pod<'_>) -> Option<Violation> {
    let bad = pod.named(|c| c.at("securityContext.allowPrivilegeEscalation").opt_bool() != Some(false));
    if bad.is_empty() || pod.is_windows() || pod.minor < 8 {
        return None;
    }
    let detail = format!("{} must set securityContext.allowPrivilegeEscalation=false", containers_text(&bad));
    violation("allowPrivilegeEscalation != false", detail)
}

pub(super) fn volume_types(pod: &Pod<'_>) -> Option<Violation> {
    pub(super) const ALLOWED: &[&str] = &[
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let source = |volume: &'_ Value| {
        let fields = volume.entries().iter().map(|(key, _)| key.clone());
        fields.filter(|key| key != "name").find(|key| !ALLOWED.contains(&key.as_str()))
    };
    let volumes = pod.spec.get("volumes").list();
    let bad: Vec<&str> = volumes.iter().filter(|v| source(v).is_some()).map(|v| v.get("name").str()).collect();
    if bad.is_empty() {
        return None;
    }
    let types: BTreeSet<String> = volumes.iter().filter_map(source).map(|name| name.to_string()).collect();
    let (use_word, word) =
        (plural("uses", "use", bad.len()), plural("restricted volume type", "restricted volume types", types.len()));
    let list = quoted(types.iter().map(String::as_str));
    violation("restricted volume types", format!("{} {use_word} {word} {list}", counted("volume", "volumes", &bad)))
}

pub(super) fn run_as_non_root(pod: &Pod<'_>) -> Option<Violation> {
    if pod.has_own_users() {
        return None;
    }
    let reason = "runAsNonRoot != true";
    let of = |context: &Value| context.get("runAsNonRoot").opt_bool();
    let whole = of(pod.spec.get("securityContext"));
    let explicit = pod.named(|container| of(container.get("securityContext")) == Some(false));
    let implicit = pod.named(|container| of(container.get("securityContext")).is_none());
    let mut setters = Vec::new();
    if whole == Some(false) {
        setters.push("pod".to_owned());
    }
    if !explicit.is_empty() {
        setters.push(containers_text(&explicit));
    }
    if !setters.is_empty() {
        return violation(reason, format!("{} must not set securityContext.runAsNonRoot=false", setters.join(" and ")));
    }
    if implicit.is_empty() || whole == Some(true) {
        return None;
    }
    violation(reason, format!("pod or {} must set securityContext.runAsNonRoot=true", containers_text(&implicit)))
}

pub(super) fn run_as_user(pod: &Pod<'_>) -> Option<Violation> {
    let setters = pod.setters(|context| context.get("runAsUser").opt_int() == Some(0));
    if setters.is_empty() || pod.minor < 23 || pod.has_own_users() {
        return None;
    }
    violation("runAsUser=0", format!("{} must not set runAsUser=0", setters.join(" and ")))
}
