//! Validation of what a pod says about its operating system, and of what belongs to one system only.

use super::field::{Errors, Path};
use super::pod::each_container;
use crate::api::Value;
use crate::base::names;

/// Models pkg/apis/core/validation validateOS, validateLinux and validateWindows.
pub fn operating_system(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let os = spec.get("os");
    if os.is_null() {
        return;
    }
    match os.get("name").str() {
        "" => errors.required(&path.child("os.name"), "cannot be empty"),
        "linux" => not_for_linux(spec, path, errors),
        "windows" => not_for_windows(spec, path, errors),
        other => errors.not_supported(&path.child("os"), other, &["linux", "windows"]),
    }
}

fn not_for_linux(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let detail = "windows options cannot be set for a linux pod";
    if !spec.at("securityContext.windowsOptions").is_null() {
        errors.forbidden(&path.child("securityContext.windowsOptions"), detail);
    }
    each_container(spec, path, &mut |container, path| {
        if !container.at("securityContext.windowsOptions").is_null() {
            errors.forbidden(&path.child("securityContext.windowsOptions"), detail);
        }
    });
}

fn not_for_windows(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let detail = "cannot be set for a windows pod";
    let fields = [
        "securityContext.appArmorProfile",
        "securityContext.seLinuxOptions",
        "hostUsers",
        "hostPID",
        "hostIPC",
        "securityContext.seccompProfile",
        "securityContext.fsGroup",
        "securityContext.fsGroupChangePolicy",
        "securityContext.sysctls",
        "shareProcessNamespace",
        "securityContext.runAsUser",
        "securityContext.runAsGroup",
        "securityContext.supplementalGroups",
        "securityContext.supplementalGroupsPolicy",
        "securityContext.seLinuxChangePolicy",
    ];
    let unset = |field: &str, value: &Value| match field {
        "hostPID" | "hostIPC" => !value.bool(),
        "securityContext.sysctls" => value.list().is_empty(),
        _ => value.is_null(),
    };
    for field in fields.iter().filter(|field| !unset(field, spec.at(field))) {
        errors.forbidden(&path.child(field), detail);
    }
    let fields = [
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "capabilities",
        "readOnlyRootFilesystem",
        "privileged",
        "allowPrivilegeEscalation",
        "procMount",
        "runAsUser",
        "runAsGroup",
    ];
    each_container(spec, path, &mut |container, path| {
        let context = container.get("securityContext");
        for field in fields.iter().filter(|field| !context.get(field).is_null()) {
            let path = path.child("securityContext");
            errors.forbidden(&path.child(field), detail);
        }
    });
}

/// Models pkg/apis/core/validation validateWindowsHostProcessPod.
pub fn host_process(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let of_pod = spec.at("securityContext.windowsOptions.hostProcess").opt_bool();
    let (mut all, mut host) = (0, 0);
    each_container(spec, path, &mut |container, path| {
        all += 1;
        let own = container.at("securityContext.windowsOptions.hostProcess").opt_bool();
        if let (Some(pod), Some(own)) = (of_pod, own) {
            if pod != own {
                let detail = format!("pod hostProcess value must be identical if both are specified, was {pod}");
                errors.invalid(&path.child("securityContext.windowsOptions.hostProcess"), own, &detail);
            }
        }
        host += i32::from(own.or(of_pod).unwrap_or(false));
    });
    if host == 0 {
        return;
    }
    if host != all {
        let detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.invalid(path, "", detail);
    }
    if !spec.get("hostNetwork").bool() {
        let detail = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.invalid(&path.child("hostNetwork"), false, detail);
    }
}

/// Models pkg/apis/core/validation validateWindowsSecurityContextOptions.
pub fn options(options: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(name) = options.get("gmsaCredentialSpecName").opt_str() {
        errors.malformed(&path.child("gmsaCredentialSpecName"), name, names::dns1123_subdomain(name));
    }
    if let Some(spec) = options.get("gmsaCredentialSpec").opt_str() {
        let path = path.child("gmsaCredentialSpec");
        if spec.is_empty() {
            errors.invalid(&path, spec, "gmsaCredentialSpec cannot be an empty string");
        } else if spec.len() > 64 * 1024 {
            errors.invalid(&path, spec, "gmsaCredentialSpec size must be under 64 KiB");
        }
    }
    if let Some(name) = options.get("runAsUserName").opt_str() {
        for complaint in user_name(name) {
            errors.invalid(&path.child("runAsUserName"), name, complaint);
        }
    }
}

fn user_name(name: &str) -> Vec<&'static str> {
    if name.is_empty() {
        return vec!["runAsUserName cannot be an empty string"];
    }
    if name.bytes().any(|b| b.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters"];
    }
    if name.matches('\\').count() > 1 {
        return vec!["runAsUserName cannot contain more than one backslash"];
    }
    let (domain, user) = name.split_once('\\').map_or((None, name), |(domain, user)| (Some(domain), user));
    let mut complaints = Vec::new();
    if domain.is_some_and(|domain| domain.len() >= 256) {
        complaints.push("runAsUserName's Domain length must be under 256 characters");
    }
    if domain.is_some_and(|domain| !net_bios(domain) && !names::dns1123_subdomain(&domain.to_lowercase()).is_empty()) {
        complaints.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
    if user.is_empty() {
        complaints.push("runAsUserName's User cannot be empty");
    } else if user.len() > 104 {
        complaints.push("runAsUserName's User length must not be longer than 104 characters");
    }
    if !user.is_empty() && user.bytes().all(|b| b == b'.' || b == b' ') {
        complaints.push("runAsUserName's User cannot contain only periods or spaces");
    }
    if user.contains(|c| "\"/\\:;|=,+*?<>@[]".contains(c)) {
        complaints.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    }
    complaints
}

fn net_bios(domain: &str) -> bool {
    (1..=15).contains(&domain.chars().count())
        && !domain.starts_with('.')
        && !domain.contains(|c| "\\/:*?\"<>|".contains(c))
}
