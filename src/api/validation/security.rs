//! Validation of security contexts, of pods and of containers. Privileged containers are allowed, as in any cluster that
//! runs its own network.

use super::field::{Errors, Path};
use super::volumes::descending_path;
use super::{internal, windows};
use crate::api::Value;
use crate::base::names;

const MOST_ID: i64 = i32::MAX as i64;

fn id(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    if let Some(number) = value.opt_int() {
        for complaint in names::in_range(number, 0, MOST_ID) {
            errors.invalid(path, number, &complaint);
        }
    }
}

fn one_of(value: &Value, known: &[&str], path: &Path<'_>, errors: &mut Errors) {
    if !value.is_null() && !known.contains(&value.str()) {
        errors.not_supported(path, value, known);
    }
}

/// Models pkg/apis/core/validation validatePodSpecSecurityContext.
pub fn pod(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let context = spec.get("securityContext");
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(context.get(field), &path.child(field), errors);
    }
    for (i, group) in context.get("supplementalGroups").list().iter().enumerate() {
        id(group, &path.child("supplementalGroups").index(i), errors);
    }
    if spec.get("shareProcessNamespace").bool() && spec.get("hostPID").bool() {
        let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.invalid(&path.child("shareProcessNamespace"), true, detail);
    }
    sysctls(spec, context.get("sysctls"), &path.child("sysctls"), errors);
    let policy = context.get("fsGroupChangePolicy");
    one_of(policy, &["Always", "OnRootMismatch"], &path.child("fsGroupChangePolicy"), errors);
    seccomp(context.get("seccompProfile"), &path.child("seccompProfile"), errors);
    windows::options(context.get("windowsOptions"), &path.child("windowsOptions"), errors);
    app_armor(context.get("appArmorProfile"), &path.child("appArmorProfile"), errors);
    let policy = context.get("supplementalGroupsPolicy");
    one_of(policy, &["Merge", "Strict"], &path.child("supplementalGroupsPolicy"), errors);
    let policy = context.get("seLinuxChangePolicy");
    one_of(policy, &["MountOption", "Recursive"], &path.child("seLinuxChangePolicy"), errors);
}

/// Models pkg/apis/core/validation validateSysctls.
fn sysctls(spec: &Value, sysctls: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, sysctl) in sysctls.list().iter().enumerate() {
        let path = path.index(i);
        let path = path.child("name");
        let name = sysctl.get("name").str();
        if name.is_empty() {
            errors.required(&path, "");
        } else if name.len() > 253 || !name.split(['.', '/']).all(sysctl_segment) {
            let segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
            let detail = format!("must have at most 253 characters and match regex ^({segment}[\\./])*{segment}$");
            errors.invalid(&path, name, &detail);
        } else if seen.contains(&name) {
            errors.duplicate(&path, name);
        }
        let dotted = name.replace('/', ".");
        if spec.get("hostNetwork").bool() && dotted.starts_with("net.") {
            errors.invalid(&path, name, "may not be specified when 'hostNetwork' is true");
        }
        let ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].iter().any(|p| dotted.starts_with(p));
        if spec.get("hostIPC").bool() && ipc {
            errors.invalid(&path, name, "may not be specified when 'hostIPC' is true");
        }
        seen.push(name);
    }
}

fn sysctl_segment(text: &str) -> bool {
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    match text.as_bytes() {
        [] => false,
        bytes => {
            edge(bytes[0]) && edge(bytes[bytes.len() - 1]) && bytes.iter().all(|b| edge(*b) || *b == b'-' || *b == b'_')
        }
    }
}

/// Models pkg/apis/core/validation validateSeccompProfileField.
fn seccomp(profile: &Value, path: &Path<'_>, errors: &mut Errors) {
    if profile.is_null() {
        return;
    }
    let kind = profile.get("type").str();
    let known = ["Localhost", "RuntimeDefault", "Unconfined"];
    if kind.is_empty() {
        errors.required(&path.child("type"), "type is required when seccompProfile is set");
    } else if !known.contains(&kind) {
        errors.not_supported(&path.child("type"), kind, &known);
    }
    let file = profile.get("localhostProfile");
    let path = path.child("localhostProfile");
    match (kind == "Localhost", file.opt_str()) {
        (true, None) => errors.required(&path, "must be set when seccomp type is Localhost"),
        (true, Some(file)) => descending_path(file, &path, errors),
        (false, Some(_)) => {
            let printed = internal::compact(profile, "", "SeccompProfile");
            errors.invalid_printed(&path, printed, "can only be set when seccomp type is Localhost");
        }
        (false, None) => {}
    }
}

/// Models pkg/apis/core/validation ValidateAppArmorProfileField.
fn app_armor(profile: &Value, path: &Path<'_>, errors: &mut Errors) {
    if profile.is_null() {
        return;
    }
    let file = profile.get("localhostProfile");
    let file_path = path.child("localhostProfile");
    match profile.get("type").str() {
        "Localhost" => match file.opt_str() {
            None => errors.required(&file_path, "must be set when AppArmor type is Localhost"),
            Some(name) => {
                if name.trim() != name {
                    errors.invalid(&file_path, name, "must not be padded with whitespace");
                } else if name.is_empty() {
                    errors.required(&file_path, "must be set when AppArmor type is Localhost");
                }
                if name.len() > 4095 {
                    errors.too_long(&file_path, 4095);
                }
            }
        },
        "RuntimeDefault" | "Unconfined" => {
            if !file.is_null() {
                errors.invalid(&file_path, file, "can only be set when AppArmor type is Localhost");
            }
        }
        "" => errors.required(&path.child("type"), "type is required when appArmorProfile is set"),
        other => {
            let known = ["Localhost", "RuntimeDefault", "Unconfined"];
            errors.not_supported(&path.child("type"), other, &known);
        }
    }
}

/// Models pkg/apis/core/validation ValidateSecurityContext.
pub fn container(context: &Value, host_users: bool, path: &Path<'_>, errors: &mut Errors) {
    if context.is_null() {
        return;
    }
    for field in ["runAsUser", "runAsGroup"] {
        id(context.get(field), &path.child(field), errors);
    }
    let mount = context.get("procMount");
    one_of(mount, &["Default", "Unmasked"], &path.child("procMount"), errors);
    if host_users && mount.str() == "Unmasked" {
        errors.invalid(&path.child("procMount"), mount, "`hostUsers` must be false to use `Unmasked`");
    }
    seccomp(context.get("seccompProfile"), &path.child("seccompProfile"), errors);
    if context.get("allowPrivilegeEscalation").opt_bool() == Some(false) {
        if context.get("privileged").bool() {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.invalid_printed(path, internal::compact(context, "", "SecurityContext"), detail);
        }
        for _ in context.at("capabilities.add").list().iter().filter(|name| name.str() == "CAP_SYS_ADMIN") {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.invalid_printed(path, internal::compact(context, "", "SecurityContext"), detail);
        }
    }
    windows::options(context.get("windowsOptions"), &path.child("windowsOptions"), errors);
    app_armor(context.get("appArmorProfile"), &path.child("appArmorProfile"), errors);
}
