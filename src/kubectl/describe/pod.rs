//! Pod.

use super::page::{since, time_text, Page};
use super::{containers, template, volumes};
use crate::api::qos::qos_class;
use crate::api::Object;
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describePod.
pub(super) fn print(page: &mut Page, pod: &Object, reader: &dyn Reader) {
    let (spec, status) = (pod.spec(), pod.status());
    print_head(page, pod, reader);
    if !spec.get("initContainers").is_empty() {
        containers::print(page, "Init Containers", spec.get("initContainers").list(), Some(pod), "");
    }
    containers::print(page, "Containers", spec.get("containers").list(), Some(pod), "");
    if !spec.get("ephemeralContainers").is_empty() {
        containers::print(page, "Ephemeral Containers", spec.get("ephemeralContainers").list(), Some(pod), "");
    }
    let gates = spec.get("readinessGates").list();
    if !gates.is_empty() {
        page.line(0, "Readiness Gates:");
        page.line(1, "Type\tStatus");
    }
    for gate in gates {
        let kind = gate.get("conditionType").str();
        let met = match pod.condition(kind).get("status").str() {
            "" => "<none>",
            met => met,
        };
        page.line(1, &format!("{kind} \t{met} "));
    }
    let conditions = status.get("conditions").list();
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus");
    }
    for condition in conditions {
        page.line(1, &format!("{} \t{} ", condition.get("type").str(), condition.get("status").str()));
    }
    volumes::print(page, spec.get("volumes").list(), "");
    let qos = status.get("qosClass").opt_str().unwrap_or_else(|| qos_class(pod));
    page.field(0, "QoS Class", qos);
    page.labels("Node-Selectors", spec.get("nodeSelector"));
    template::tolerations(page, "Tolerations", spec.get("tolerations").list());
    template::spread(page, spec.get("topologySpreadConstraints").list(), "");
    let group = spec.at("schedulingGroup.podGroupName").str();
    if !group.is_empty() {
        page.line(0, "SchedulingGroup:");
        page.field(1, "PodGroupName", group);
    }
}

fn print_head(page: &mut Page, pod: &Object, reader: &dyn Reader) {
    let (spec, status) = (pod.spec(), pod.status());
    page.identity(pod.metadata());
    if let Some(priority) = spec.get("priority").opt_int() {
        page.field(0, "Priority", priority);
    }
    page.field_if(0, "Priority Class Name", spec.get("priorityClassName").str());
    page.field_if(0, "Runtime Class Name", spec.get("runtimeClassName").str());
    page.field_if(0, "Service Account", spec.get("serviceAccountName").str());
    match spec.get("nodeName").str() {
        "" => page.field(0, "Node", "<none>"),
        node => page.field(0, "Node", format!("{node}/{}", status.get("hostIP").str())),
    }
    if !status.get("startTime").is_null() {
        page.field(0, "Start Time", time_text(status.get("startTime")));
    }
    page.labels("Labels", pod.labels());
    page.annotations("Annotations", pod.metadata().get("annotations"));
    let phase = status.get("phase").str();
    if pod.is_deleting() && !matches!(phase, "Failed" | "Succeeded") {
        let lasts = since(pod.metadata().get("deletionTimestamp"), reader.now());
        page.field(0, "Status", format!("Terminating (lasts {lasts})"));
        let grace = pod.metadata().get("deletionGracePeriodSeconds").int();
        page.field(0, "Termination Grace Period", format!("{grace}s"));
    } else {
        page.field(0, "Status", phase);
    }
    page.field_if(0, "Reason", status.get("reason").str());
    page.field_if(0, "Message", status.get("message").str());
    let seccomp = spec.at("securityContext.seccompProfile");
    page.field_if(0, "SeccompProfile", seccomp.get("type").str());
    page.field_if(0, "LocalhostProfile", seccomp.get("localhostProfile").str());
    page.field(0, "IP", status.get("podIP").str());
    let ips = status.get("podIPs").list();
    page.line(0, if ips.is_empty() { "IPs:\t<none>" } else { "IPs:" });
    for ip in ips {
        page.field(1, "IP", ip.get("ip").str());
    }
    if let Some(owner) = pod.controller() {
        page.field(0, "Controlled By", format!("{}/{}", owner.shown_kind(), owner.name));
    }
    page.field_if(0, "NominatedNodeName", status.get("nominatedNodeName").str());
    if !spec.get("resources").is_null() {
        page.line(0, "Resources:");
        containers::print_resources(page, spec.get("resources"), 1);
    }
}
