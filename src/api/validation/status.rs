//! Validation of what users write into the status of an object. What the cluster itself writes is not looked at.

use super::field::{Errors, Path};
use super::{meta, resources};
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;

const STATUS: Path<'static> = Path::new("status");

/// The kinds, the counts that none of them may have below zero, and pairs whose second may not be greater than the first.
type Counts = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const COUNTS: &[Counts] = &[
    (
        "ReplicationController ReplicaSet",
        &["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"],
        &[
            ("status.replicas", "fullyLabeledReplicas"),
            ("status.replicas", "readyReplicas"),
            ("status.replicas", "availableReplicas"),
            ("readyReplicas", "availableReplicas"),
        ],
    ),
    (
        "Deployment",
        &[
            "observedGeneration",
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
            "unavailableReplicas",
        ],
        &[
            ("status.replicas", "updatedReplicas"),
            ("status.replicas", "readyReplicas"),
            ("status.replicas", "availableReplicas"),
            ("readyReplicas", "availableReplicas"),
        ],
    ),
    (
        "StatefulSet",
        &["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas", "observedGeneration"],
        &[
            ("status.replicas", "readyReplicas"),
            ("status.replicas", "currentReplicas"),
            ("status.replicas", "updatedReplicas"),
            ("status.replicas", "availableReplicas"),
            ("status.readyReplicas", "availableReplicas"),
        ],
    ),
    (
        "DaemonSet",
        &[
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "observedGeneration",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
        ],
        &[],
    ),
    ("Job", &["active", "succeeded", "failed"], &[]),
    ("HorizontalPodAutoscaler", &["currentReplicas", "desiredReplicas"], &[]),
    ("PodDisruptionBudget", &["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"], &[]),
];

/// All that is wrong with a change of a status.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    counts(new, &mut errors);
    match new.kind.kind {
        "Pod" => pod(new, old, &mut errors),
        "Service" | "Ingress" => load_balancer(new, &mut errors),
        "Namespace" => namespace(new, &mut errors),
        "PersistentVolumeClaim" => {
            let path = STATUS.child("capacity");
            for (resource, amount) in new.at("status.capacity").entries() {
                if resources::quantity(amount).value() < 0 {
                    let shown = resources::quantity(amount).value();
                    errors.invalid(&path.key(resource), shown, "must be a valid resource quantity");
                }
            }
        }
        "ResourceQuota" => {
            for field in ["hard", "used"] {
                let path = STATUS.child(field);
                for (resource, amount) in new.status().get(field).entries() {
                    resources::quota_name(resource, &path.key(resource), &mut errors);
                    resources::amount(resource, amount, &path.key(resource), &mut errors);
                }
            }
        }
        _ => {}
    }
    errors.into_causes()
}

/// Models pkg/apis/apps/validation ValidateDeploymentStatus, ValidateReplicaSetStatus, ValidateStatefulSetStatus and
/// validateDaemonSetStatus, pkg/apis/core/validation ValidateReplicationControllerStatus, pkg/apis/batch/validation
/// validateJobStatus, and their like for autoscalers and budgets.
fn counts(object: &Object, errors: &mut Errors) {
    let row = COUNTS.iter().find(|(kinds, ..)| kinds.split(' ').any(|kind| kind == object.kind.kind));
    let Some((_, fields, pairs)) = row else { return };
    let status = object.status();
    for field in *fields {
        errors.non_negative(&STATUS.child(field), status.get(field));
    }
    for (most, field) in *pairs {
        let number = status.get(field).int();
        if number > status.get(most.trim_start_matches("status.")).int() {
            errors.invalid(&STATUS.child(field), number, &format!("cannot be greater than {most}"));
        }
    }
}

/// Models pkg/apis/core/validation ValidatePodStatusUpdate.
fn pod(new: &Object, old: &Object, errors: &mut Errors) {
    let conditions = Path::new("metadata.conditions");
    for (i, condition) in new.at("status.conditions").list().iter().enumerate() {
        let kind = condition.get("type").str();
        if !["PodScheduled", "Ready", "Initialized"].contains(&kind) {
            meta::label_name(kind, &conditions.index(i).child("Type"), errors);
        }
    }
    let nominated = new.at("status.nominatedNodeName").str();
    if !nominated.is_empty() && nominated != old.at("status.nominatedNodeName").str() {
        errors.malformed(&STATUS.child("nominatedNodeName"), nominated, names::dns1123_subdomain(nominated));
    }
    errors.immutable(&STATUS.child("qosClass"), new.at("status.qosClass"), old.at("status.qosClass"));
    let policy = old.at("spec.restartPolicy").str();
    for (list, policy) in
        [("containerStatuses", policy), ("initContainerStatuses", policy), ("ephemeralContainerStatuses", "Never")]
    {
        state_transitions(new, old, list, policy, errors);
    }
    for (field, item) in [("podIPs", "status.podIPs"), ("hostIPs", "status.hostIPs")] {
        addresses(new.at(item), &STATUS.child(field), errors);
    }
    let first = new.at("status.hostIPs").list().first().map_or("", |ip| ip.get("ip").str());
    if !new.at("status.hostIPs").is_empty() && first != new.at("status.hostIP").str() {
        let list = STATUS.child("hostIPs");
        errors.invalid(&list.index(0).child("ip"), first, "must be equal to `hostIP`");
    }
}

/// Models pkg/apis/core/validation ValidateContainerStateTransition and ValidateInitContainerStateTransition.
fn state_transitions(new: &Object, old: &Object, list: &str, policy: &str, errors: &mut Errors) {
    let ended = |status: &Value| status.at("state.terminated").clone();
    let sidecar = |name: &Value| {
        let named = |c: &&Value| c.get("name") == name && c.get("restartPolicy").str() == "Always";
        list == "initContainerStatuses" && old.at("spec.initContainers").list().iter().any(|c| named(&c))
    };
    for (i, was) in old.status().get(list).list().iter().enumerate() {
        let end = ended(was);
        let restarts = policy == "Always" || (policy == "OnFailure" && end.get("exitCode").int() != 0);
        if end.is_null() || restarts || sidecar(was.get("name")) {
            continue;
        }
        let now = new.status().get(list).list().iter().find(|now| now.get("name") == was.get("name"));
        if now.is_some_and(|now| ended(now).is_null()) {
            let path = STATUS.child(list);
            errors.forbidden(&path.index(i).child("state"), "may not be transitioned to non-terminated state");
        }
    }
}

/// Models pkg/apis/core/validation validatePodIPs and validateHostIPs.
fn addresses(ips: &Value, path: &Path<'_>, errors: &mut Errors) {
    let texts: Vec<&str> = ips.list().iter().map(|ip| ip.get("ip").str()).collect();
    for (i, ip) in texts.iter().enumerate() {
        errors.malformed(&path.index(i), ip, names::ip(ip));
    }
    let (six, all) = (texts.iter().filter(|ip| names::is_ipv6(ip)).count(), texts.len());
    if all > 2 || (all == 2 && six != 1) {
        errors.invalid(path, ips, "may specify no more than one IP for each IP family");
    }
    for (i, ip) in texts.iter().enumerate().filter(|(i, ip)| texts[..*i].contains(ip)) {
        errors.duplicate(&path.index(i), crate::value!({ "ip": (*ip) }));
    }
}

/// Models pkg/apis/core/validation ValidateLoadBalancerStatus and pkg/apis/networking/validation
/// ValidateIngressLoadBalancerStatus.
fn load_balancer(object: &Object, errors: &mut Errors) {
    let (path, is_service) = (Path::new("status.loadBalancer.ingress"), object.kind.kind == "Service");
    let points = object.at("status.loadBalancer.ingress").list();
    if is_service && !points.is_empty() && object.at("spec.type").str() != "LoadBalancer" {
        return errors.forbidden(&path, "may only be used when `spec.type` is 'LoadBalancer'");
    }
    for (i, point) in points.iter().enumerate() {
        let path = path.index(i);
        let (ip, host, mode) = (point.get("ip").str(), point.get("hostname").str(), point.get("ipMode"));
        if !ip.is_empty() {
            errors.malformed(&path.child("ip"), ip, names::ip(ip));
        }
        match (ip.is_empty(), mode.opt_str()) {
            (true, Some(_)) => errors.forbidden(&path.child("ipMode"), "may not be specified when `ip` is not set"),
            (false, Some(other)) if !["Proxy", "VIP"].contains(&other) => {
                errors.not_supported(&path.child("ipMode"), other, &["Proxy", "VIP"]);
            }
            _ => {}
        }
        if !host.is_empty() {
            errors.malformed(&path.child("hostname"), host, names::dns1123_subdomain(host));
            if host.parse::<core::net::IpAddr>().is_ok() {
                errors.invalid(&path.child("hostname"), host, "must be a DNS name, not an IP address");
            }
        }
    }
}

/// Models pkg/apis/core/validation ValidateNamespaceStatusUpdate.
fn namespace(namespace: &Object, errors: &mut Errors) {
    let (phase, going) = (namespace.at("status.phase").str(), namespace.is_deleting());
    let (wanted, not) = if going { ("Terminating", " not") } else { ("Active", "") };
    if phase != wanted {
        let detail = format!("may only be '{wanted}' if `deletionTimestamp` is{not} empty");
        errors.invalid(&STATUS.child("Phase"), phase, &detail);
    }
}
