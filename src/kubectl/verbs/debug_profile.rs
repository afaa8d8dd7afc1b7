//! The profiles of `kubectl debug`: what each lets a debugging container do.

use crate::api::Value;
use crate::kubectl::flags::Line;
use crate::value;

/// How somebody looks into things.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// By a container in the running pod.
    Ephemeral,
    /// By a copy of the pod.
    Copy,
    /// By a pod on a node.
    Node,
}

/// Changes a pod, and the container of it that is to debug, as a profile wants it.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/debug, the Apply of each profile.
pub(super) fn apply(profile: &str, style: Style, pod: &mut Value, name: &str, line: &Line) {
    if style == Style::Copy {
        match profile {
            "legacy" => drop(pod.slot("metadata").remove_key("labels")),
            _ => strip(pod, line),
        }
    }
    if style == Style::Node && matches!(profile, "legacy" | "general" | "sysadmin") {
        pod.set("spec.volumes", value!([{"name": "host-root", "hostPath": {"path": "/", "type": ""}}]));
    }
    if style == Style::Node && !matches!(profile, "baseline" | "restricted") {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            pod.slot("spec").set(field, true);
        }
    }
    if style == Style::Copy && profile != "legacy" && pod.at("spec.shareProcessNamespace").is_null() {
        pod.set("spec.shareProcessNamespace", true);
    }
    let mounts = !pod.at("spec.volumes").is_null() && style == Style::Node;
    let list = if style == Style::Ephemeral { "ephemeralContainers" } else { "containers" };
    let containers = pod.slot("spec").slot(list).items_mut();
    let Some(container) = containers.iter_mut().find(|c| c.get("name").str() == name) else { return };
    if mounts {
        container.set("volumeMounts", value!([{"mountPath": "/host", "name": "host-root"}]));
    }
    match profile {
        "general" if style == Style::Node => drop(container.remove_key("securityContext")),
        "general" => add_capabilities(container, &["SYS_PTRACE"]),
        "baseline" => drop(container.remove_key("securityContext")),
        "netadmin" => add_capabilities(container, &["NET_ADMIN", "NET_RAW"]),
        "sysadmin" => container.set("securityContext.privileged", true),
        "restricted" => container.set(
            "securityContext",
            value!({
                "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": true,
                "seccompProfile": {"type": "RuntimeDefault"}
            }),
        ),
        _ => {}
    }
}

fn add_capabilities(container: &mut Value, names: &[&str]) {
    let mut all = container.at("securityContext.capabilities.add").list().to_vec();
    all.extend(names.iter().map(|name| Value::from(*name)));
    container.set("securityContext.capabilities.add", all);
}

/// Takes from a copy what would make it a part of the application, but for what is to be kept.
fn strip(pod: &mut Value, line: &Line) {
    for field in ["labels", "annotations"] {
        if !line.is(if field == "labels" { "keep-labels" } else { "keep-annotations" }) {
            pod.slot("metadata").remove_key(field);
        }
    }
    if !line.is_or("keep-init-containers", true) {
        pod.slot("spec").remove_key("initContainers");
    }
    for container in pod.slot("spec").slot("containers").items_mut() {
        for (flag, probe) in
            [("keep-liveness", "livenessProbe"), ("keep-readiness", "readinessProbe"), ("keep-startup", "startupProbe")]
        {
            if !line.is(flag) {
                container.remove_key(probe);
            }
        }
    }
}
