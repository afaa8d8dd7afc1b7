//! The Pod Security Standards: what a pod does that the levels `baseline` and `restricted` forbid, in upstream's words.
//!
//! It knows nothing of namespaces and refuses nothing; admission does.

use std::collections::BTreeSet;

use super::pod_security_baseline::{
    app_armor, capabilities_baseline, host_namespaces, host_path_volumes, host_ports, host_probes, privileged,
    proc_mount, proc_mount_baseline, seccomp_baseline, selinux, sysctls, windows_host_process,
};
use super::pod_security_restricted::{
    allow_privilege_escalation, capabilities_restricted, run_as_non_root, run_as_user, seccomp_restricted, volume_types,
};
use super::Value;

/// How strict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Everything is allowed.
    Privileged,
    /// What is known to let a pod out of its bounds is forbidden.
    Baseline,
    /// Pods must be hardened.
    Restricted,
}

/// Names of the levels, as labels write them.
pub const LEVELS: [(&str, Level); 3] =
    [("privileged", Level::Privileged), ("baseline", Level::Baseline), ("restricted", Level::Restricted)];

/// The latest version that has a standard of its own.
pub const LATEST_MINOR: u32 = 36;

/// What a check found: the reason in a word or two, and the details.
pub struct Violation {
    /// `host namespaces`.
    pub reason: String,
    /// `hostNetwork=true`.
    pub detail: String,
}

/// A pod as a check sees it.
pub(super) struct Pod<'a> {
    pub(super) metadata: &'a Value,
    pub(super) spec: &'a Value,
    pub(super) minor: u32,
}

type Check = fn(&Pod<'_>) -> Option<Violation>;

/// The checks of `baseline` by name, with true where a stricter one takes their place in `restricted`.
const BASELINE: &[(Check, bool)] = &[
    (app_armor, false),
    (capabilities_baseline, true),
    (host_namespaces, false),
    (host_path_volumes, true),
    (host_ports, false),
    (host_probes, false),
    (privileged, false),
    (proc_mount_baseline, true),
    (selinux, false),
    (seccomp_baseline, true),
    (sysctls, false),
    (windows_host_process, false),
];

/// The checks that `restricted` adds, by name.
const RESTRICTED: &[Check] = &[
    allow_privilege_escalation,
    capabilities_restricted,
    proc_mount,
    volume_types,
    run_as_non_root,
    run_as_user,
    seccomp_restricted,
];

/// All that a pod, or the template of one, does against a level at a version (`minor` of 1.x).
///
/// Models staging/src/k8s.io/pod-security-admission/policy Evaluator.EvaluatePod: the order is that of the checks' names.
pub fn evaluate(level: Level, minor: u32, metadata: &Value, spec: &Value) -> Vec<Violation> {
    let pod = Pod { metadata, spec, minor };
    let strict = level == Level::Restricted;
    let baseline = BASELINE.iter().filter(|(_, replaced)| level >= Level::Baseline && !(strict && *replaced));
    let restricted = RESTRICTED.iter().filter(|_| strict);
    baseline.map(|(check, _)| check).chain(restricted).filter_map(|check| check(&pod)).collect()
}

pub(super) fn violation(reason: impl Into<String>, detail: String) -> Option<Violation> {
    Some(Violation { reason: reason.into(), detail })
}

pub(super) fn plural<'a>(one: &'a str, many: &'a str, count: usize) -> &'a str {
    if count == 1 {
        one
    } else {
        many
    }
}

pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// `containers "a", "b"`.
pub(super) fn counted(one: &str, many: &str, names: &[&str]) -> String {
    format!("{} {}", plural(one, many, names.len()), quoted(names.iter().copied()))
}

pub(super) fn containers_text(names: &[&str]) -> String {
    counted("container", "containers", names)
}

impl<'a> Pod<'a> {
    pub(super) fn containers(&self) -> impl Iterator<Item = &'a Value> + '_ {
        ["initContainers", "containers", "ephemeralContainers"].iter().flat_map(|list| self.spec.get(list).list())
    }

    /// The names of the containers that a test holds for.
    pub(super) fn named(&self, test: impl Fn(&Value) -> bool) -> Vec<&'a str> {
        self.containers().filter(|container| test(container)).map(|container| container.get("name").str()).collect()
    }

    /// What the pod and its containers say in their security contexts: `pod`, `container "a"`. Values are collected.
    pub(super) fn setters(&self, mut is_bad: impl FnMut(&'a Value) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        if is_bad(self.spec.get("securityContext")) {
            found.push("pod".to_owned());
        }
        let bad: Vec<&str> = self
            .containers()
            .filter(|container| is_bad(container.get("securityContext")))
            .map(|container| container.get("name").str())
            .collect();
        if !bad.is_empty() {
            found.push(containers_text(&bad));
        }
        found
    }

    pub(super) fn is_windows(&self) -> bool {
        self.minor >= 25 && self.spec.at("os.name").str() == "windows"
    }

    /// True for a pod with users of its own, which may be root inside.
    pub(super) fn has_own_users(&self) -> bool {
        self.minor >= 35 && self.spec.get("hostUsers").opt_bool() == Some(false)
    }
}

/// The containers that add capabilities other than those allowed, and which.
pub(super) fn added<'a>(pod: &Pod<'a>, allowed: &[&str]) -> Option<(Vec<&'a str>, BTreeSet<&'a str>)> {
    let mut forbidden = BTreeSet::new();
    let mut bad = Vec::new();
    for container in pod.containers() {
        let before = bad.len();
        for name in container.at("securityContext.capabilities.add").list().iter().map(Value::str) {
            if !allowed.contains(&name) {
                forbidden.insert(name);
                bad.truncate(before);
                bad.push(container.get("name").str());
            }
        }
    }
    (!bad.is_empty()).then_some((bad, forbidden))
}

pub(super) fn must_not_add(bad: &[&str], forbidden: BTreeSet<&str>) -> String {
    format!("{} must not include {} in securityContext.capabilities.add", containers_text(bad), quoted(forbidden))
}

/// What is said of seccomp profiles that are not allowed.
pub(super) fn bad_seccomp(pod: &Pod<'_>) -> Option<Violation> {
    let mut values = BTreeSet::new();
    let setters = pod.setters(|context| {
        let kind = context.at("seccompProfile.type");
        let bad = !kind.is_null() && !matches!(kind.str(), "RuntimeDefault" | "Localhost");
        if bad {
            values.insert(kind.str());
        }
        bad
    });
    if setters.is_empty() {
        return None;
    }
    let (setters, list) = (setters.join(" and "), quoted(values));
    violation("seccompProfile", format!("{setters} must not set securityContext.seccompProfile.type to {list}"))
}
