//! Validation of the containers of a pod: regular ones, init containers and ephemeral ones.

use super::env;
use super::field::{Errors, Path};
use super::pod::PodContext;
use super::probes;
use super::resources;
use super::security;
use super::volumes;
use crate::api::Value;
use crate::base::names;

/// What an ephemeral container may not have.
const NOT_EPHEMERAL: &[&str] = &[
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];

/// Models pkg/apis/core/validation validateContainers.
pub fn containers(spec: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let containers = spec.get("containers").list();
    if containers.is_empty() {
        return errors.required(path, "");
    }
    let mut names: Vec<&str> = Vec::new();
    for (i, container) in containers.iter().enumerate() {
        let path = path.index(i);
        common(container, context, &path, errors);
        unique_name(container, &mut names, true, &path, errors);
        let lifecycle = container.get("lifecycle");
        if !lifecycle.is_null() {
            probes::lifecycle(lifecycle, context, &path.child("lifecycle"), errors);
        }
        probes::all(container, context, &path, errors);
        restart_policy(container, &path, errors);
    }
    host_ports(containers, path, errors);
}

/// Models pkg/apis/core/validation validateInitContainers.
pub fn init_containers(spec: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let mut names: Vec<&str> = spec.get("containers").list().iter().map(|c| c.get("name").str()).collect();
    for (i, container) in spec.get("initContainers").list().iter().enumerate() {
        let item = path.index(i);
        common(container, context, &item, errors);
        let sidecar = container.get("restartPolicy").str() == "Always";
        restart_policy(container, &item, errors);
        unique_name(container, &mut names, false, &item, errors);
        host_ports(std::slice::from_ref(container), path, errors);
        if sidecar {
            let lifecycle = container.get("lifecycle");
            if !lifecycle.is_null() {
                probes::lifecycle(lifecycle, context, &item.child("lifecycle"), errors);
            }
            probes::all(container, context, &item, errors);
        } else {
            for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if !container.get(field).is_null() {
                    let detail = "may not be set for init containers without restartPolicy=Always";
                    errors.forbidden(&item.child(field), detail);
                }
            }
            init_resize_policies(container, context, &item.child("resizePolicy"), errors);
        }
    }
}

fn restarts_to_resize(policy: &Value) -> bool {
    policy.get("restartPolicy").str() == "RestartContainer"
}

/// What runs once and ends is not restarted to resize it; an old pod that says so may go on saying it.
fn init_resize_policies(container: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let said_before = |old: &Value| {
        old.get("restartPolicy").str() != "Always" && old.get("resizePolicy").list().iter().any(restarts_to_resize)
    };
    if context.old.get("initContainers").list().iter().any(said_before) {
        return;
    }
    let policies = container.get("resizePolicy").list().iter().enumerate();
    for (i, policy) in policies.filter(|(_, policy)| restarts_to_resize(policy)) {
        let detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
        errors.invalid(&path.index(i).child("restartPolicy"), policy.get("restartPolicy"), detail);
    }
}

/// Models pkg/apis/core/validation validateEphemeralContainers.
pub fn ephemeral_containers(spec: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let regular = spec.get("containers").list().iter().chain(spec.get("initContainers").list());
    let others: Vec<&str> = regular.map(|c| c.get("name").str()).collect();
    let mut names = others.clone();
    for (i, container) in spec.get("ephemeralContainers").list().iter().enumerate() {
        let path = path.index(i);
        common(container, context, &path, errors);
        image_spaces(container, &path, errors);
        unique_name(container, &mut names, true, &path, errors);
        let target = container.get("targetContainerName").str();
        if !target.is_empty() && !others.contains(&target) {
            errors.not_found(&path.child("targetContainerName"), target, "");
        }
        for field in NOT_EPHEMERAL {
            if !container.get(field).is_empty() {
                errors.forbidden(&path.child(field), "cannot be set for an Ephemeral Container");
            }
        }
        for (j, mount) in container.get("volumeMounts").list().iter().enumerate() {
            for field in ["subPath", "subPathExpr"] {
                if !mount.get(field).is_empty() {
                    let list = path.child("volumeMounts");
                    errors.forbidden(&list.index(j).child(field), "cannot be set for an Ephemeral Container");
                }
            }
        }
    }
}

fn unique_name<'a>(
    container: &'a Value,
    names: &mut Vec<&'a str>,
    empty_counts: bool,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name = container.get("name").str();
    if names.contains(&name) {
        errors.duplicate(&path.child("name"), name);
    } else if empty_counts || !name.is_empty() {
        names.push(name);
    }
}

/// Models pkg/apis/core/validation validateContainerCommon.
fn common(container: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    match container.get("name").str() {
        "" => errors.required(&path.child("name"), ""),
        name => errors.malformed(&path.child("name"), name, names::dns1123_label(name)),
    }
    if container.get("image").is_empty() {
        errors.required(&path.child("image"), "");
    }
    match container.get("terminationMessagePolicy").str() {
        "File" | "FallbackToLogsOnError" => {}
        "" => errors.required(&path.child("terminationMessagePolicy"), ""),
        other => {
            let known = ["File", "FallbackToLogsOnError"];
            errors.not_supported(&path.child("terminationMessagePolicy"), other, &known);
        }
    }
    ports(container.get("ports"), &path.child("ports"), errors);
    env::variables(container.get("env"), context, &path.child("env"), errors);
    env::sources(container.get("envFrom"), &path.child("envFrom"), errors);
    volumes::mounts(container, context, &path.child("volumeMounts"), errors);
    volumes::devices(container, context, &path.child("volumeDevices"), errors);
    pull_policy(container.get("imagePullPolicy").str(), &path.child("imagePullPolicy"), errors);
    resources::requirements(
        container.get("resources"),
        resources::container_name,
        context,
        &path.child("resources"),
        errors,
    );
    resize_policies(container.get("resizePolicy"), context, &path.child("resizePolicy"), errors);
    security::container(container.get("securityContext"), context.host_users, &path.child("securityContext"), errors);
}

/// Models pkg/apis/core/validation validateContainerOnlyForPod.
pub fn image_spaces(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let image = container.get("image").str();
    if image.trim() != image {
        errors.invalid(&path.child("image"), image, "must not have leading or trailing whitespace");
    }
}

/// Models pkg/apis/core/validation validateContainerRestartPolicy.
fn restart_policy(container: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (policy, rules) = (container.get("restartPolicy"), container.get("restartPolicyRules").list());
    let list = path.child("restartPolicyRules");
    if policy.is_null() {
        if !rules.is_empty() {
            errors.required(&path.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
        }
    } else if !["Always", "Never", "OnFailure"].contains(&policy.str()) {
        errors.not_supported(&path.child("restartPolicy"), policy, &["Always", "Never", "OnFailure"]);
    }
    if rules.len() > 20 {
        errors.too_many(&list, rules.len(), 20);
    }
    for (i, rule) in rules.iter().enumerate() {
        let path = list.index(i);
        if !["Restart", "RestartAllContainers"].contains(&rule.get("action").str()) {
            errors.not_supported(&path.child("action"), rule.get("action").str(), &["Restart", "RestartAllContainers"]);
        }
        let codes = rule.get("exitCodes");
        let codes_path = path.child("exitCodes");
        if codes.is_null() {
            errors.required(&codes_path, "must be specified");
            continue;
        }
        if !["In", "NotIn"].contains(&codes.get("operator").str()) {
            errors.not_supported(&codes_path.child("operator"), codes.get("operator").str(), &["In", "NotIn"]);
        }
        let count = codes.get("values").list().len();
        if count > 255 {
            errors.too_many(&codes_path.child("values"), count, 255);
        }
    }
}

/// Models pkg/apis/core/validation validateContainerPorts.
fn ports(ports: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in ports.list().iter().enumerate() {
        let path = path.index(i);
        let name = port.get("name").str();
        if !name.is_empty() {
            let complaints = names::port_name(name);
            if !complaints.is_empty() {
                errors.malformed(&path.child("name"), name, complaints);
            } else if names.contains(&name) {
                errors.duplicate(&path.child("name"), name);
            } else {
                names.push(name);
            }
        }
        match port.get("containerPort").int() {
            0 => errors.required(&path.child("containerPort"), ""),
            number => number_in_range(number, &path.child("containerPort"), errors),
        }
        match port.get("hostPort").int() {
            0 => {}
            number => number_in_range(number, &path.child("hostPort"), errors),
        }
        protocol(port.get("protocol").str(), &path.child("protocol"), errors);
    }
}

fn number_in_range(number: i64, path: &Path<'_>, errors: &mut Errors) {
    for complaint in names::port_number(number) {
        errors.invalid(path, number, &complaint);
    }
}

/// The protocol of a port, which must be given.
pub fn protocol(protocol: &str, path: &Path<'_>, errors: &mut Errors) {
    match protocol {
        "" => errors.required(path, ""),
        "TCP" | "UDP" | "SCTP" => {}
        other => errors.not_supported(path, other, &["SCTP", "TCP", "UDP"]),
    }
}

/// Models pkg/apis/core/validation AccumulateUniqueHostPorts.
fn host_ports(containers: &[Value], path: &Path<'_>, errors: &mut Errors) {
    let mut taken: Vec<String> = Vec::new();
    for (i, container) in containers.iter().enumerate() {
        for (j, port) in container.get("ports").list().iter().enumerate() {
            let number = port.get("hostPort").int();
            if number == 0 {
                continue;
            }
            let key = format!("{}/{}/{number}", port.get("protocol").str(), port.get("hostIP").str());
            if taken.contains(&key) {
                let item = path.index(i);
                errors.duplicate(&item.child("ports").index(j).child("hostPort"), key);
            } else {
                taken.push(key);
            }
        }
    }
}

/// Models pkg/apis/core/validation validatePullPolicy.
pub fn pull_policy(policy: &str, path: &Path<'_>, errors: &mut Errors) {
    match policy {
        "Always" | "IfNotPresent" | "Never" => {}
        "" => errors.required(path, ""),
        other => errors.not_supported(path, other, &["Always", "IfNotPresent", "Never"]),
    }
}

/// Models pkg/apis/core/validation validateResizePolicy.
fn resize_policies(policies: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, policy) in policies.list().iter().enumerate() {
        let (name, restart) = (policy.get("resourceName").str(), policy.get("restartPolicy").str());
        if seen.contains(&name) {
            errors.duplicate(&path.index(i), name);
        }
        seen.push(name);
        match name {
            "cpu" | "memory" => {}
            "" => errors.required(path, ""),
            other => errors.not_supported(path, other, &["cpu", "memory"]),
        }
        match restart {
            "NotRequired" | "RestartContainer" => {}
            "" => errors.required(path, ""),
            other => errors.not_supported(path, other, &["NotRequired", "RestartContainer"]),
        }
        if context.restart_policy == "Never" && restart != "NotRequired" {
            errors.invalid(path, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'");
        }
    }
}
