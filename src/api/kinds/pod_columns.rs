//! How `kubectl get pods` sums a pod up: READY, STATUS and RESTARTS.

use super::cells::{or_none, shown, since, wide};
use super::*;
use crate::api::value::Value;

pub(super) const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("READY"),
    shown("STATUS"),
    shown("RESTARTS"),
    shown("AGE"),
    wide("IP"),
    wide("NODE"),
    wide("NOMINATED NODE"),
    wide("READINESS GATES"),
];

/// What the READY, STATUS and RESTARTS columns say.
pub struct Summary {
    /// Containers that are ready, sidecars included.
    pub ready: u32,
    /// Containers that count, sidecars included.
    pub total: u32,
    /// The STATUS column.
    pub status: String,
    /// Restarts that count.
    pub restarts: i64,
    last_restart: Value,
}

/// Models pkg/printers/internalversion/printers.go printPod.
pub(super) fn cells(pod: &Object, context: &PrintContext) -> Vec<String> {
    let sum = summary(pod);
    let mut restarts = sum.restarts.to_string();
    if sum.restarts != 0 && !sum.last_restart.is_empty() {
        restarts = format!("{restarts} ({} ago)", since(&sum.last_restart, context));
    }
    let status = pod.status();
    let ip = match status.get("podIPs").index(0).get("ip").str() {
        "" => status.get("podIP").str(),
        ip => ip,
    };
    vec![
        pod.name().to_owned(),
        format!("{}/{}", sum.ready, sum.total),
        sum.status,
        restarts,
        age(pod, context),
        or_none(ip),
        or_none(pod.spec().get("nodeName").str()),
        or_none(status.get("nominatedNodeName").str()),
        readiness_gates(pod),
    ]
}

fn readiness_gates(pod: &Object) -> String {
    let gates = pod.spec().get("readinessGates").list();
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let met = gates.iter().filter(|gate| pod.has_condition(gate.get("conditionType").str())).count();
    format!("{met}/{}", gates.len())
}

/// Sums a pod up as the server does for the table it prints.
///
/// Models pkg/printers/internalversion/printers.go printPod.
pub fn summary(pod: &Object) -> Summary {
    let (spec, status) = (pod.spec(), pod.status());
    let mut reason = status.get("phase").str().to_owned();
    if !status.get("reason").str().is_empty() {
        reason = status.get("reason").str().to_owned();
    }
    if pod.condition("PodScheduled").get("reason").str() == "SchedulingGated" {
        reason = "SchedulingGated".to_owned();
    }
    let inits = spec.get("initContainers").list();
    let sidecars = inits.iter().filter(|c| is_sidecar(c)).count();
    let mut sum = Summary {
        ready: 0,
        total: (spec.get("containers").list().len() + sidecars) as u32,
        status: reason,
        restarts: 0,
        last_restart: Value::Null,
    };
    let mut sidecar_restarts = (0, Value::Null);
    let initializing = add_init_containers(pod, &mut sum, &mut sidecar_restarts);
    if !initializing || pod.has_condition("Initialized") {
        (sum.restarts, sum.last_restart) = sidecar_restarts;
        add_containers(pod, &mut sum);
    }
    if pod.is_deleting() {
        if status.get("reason").str() == "NodeLost" {
            sum.status = "Unknown".to_owned();
        } else if !matches!(status.get("phase").str(), "Succeeded" | "Failed") {
            sum.status = "Terminating".to_owned();
        }
    }
    sum
}

fn is_sidecar(container: &Value) -> bool {
    container.get("restartPolicy").str() == "Always"
}

/// Counts the init containers; true while one of them is still at work.
fn add_init_containers(pod: &Object, sum: &mut Summary, sidecar_restarts: &mut (i64, Value)) -> bool {
    let inits = pod.spec().get("initContainers").list();
    for (i, status) in pod.status().get("initContainerStatuses").list().iter().enumerate() {
        let name = status.get("name").str();
        let sidecar = inits.iter().any(|c| c.get("name").str() == name && is_sidecar(c));
        let finished = status.at("lastState.terminated.finishedAt");
        sum.restarts += status.get("restartCount").int();
        keep_later(&mut sum.last_restart, finished);
        if sidecar {
            sidecar_restarts.0 += status.get("restartCount").int();
            keep_later(&mut sidecar_restarts.1, finished);
        }
        let terminated = status.at("state.terminated");
        let waiting = status.at("state.waiting.reason").str();
        if !terminated.is_null() && terminated.get("exitCode").int() == 0 {
            continue;
        }
        if sidecar && status.get("started").bool() {
            sum.ready += u32::from(status.get("ready").bool());
            continue;
        }
        sum.status = if !terminated.is_null() {
            format!("Init:{}", terminated_text(terminated))
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{i}/{}", inits.len())
        };
        return true;
    }
    false
}

/// Counts the containers; the state of the first one that is not running names the pod's.
fn add_containers(pod: &Object, sum: &mut Summary) {
    let mut has_running = false;
    for status in pod.status().get("containerStatuses").list().iter().rev() {
        sum.restarts += status.get("restartCount").int();
        keep_later(&mut sum.last_restart, status.at("lastState.terminated.finishedAt"));
        let waiting = status.at("state.waiting.reason").str();
        let terminated = status.at("state.terminated");
        if !waiting.is_empty() {
            sum.status = waiting.to_owned();
        } else if !terminated.is_null() {
            sum.status = terminated_text(terminated);
        } else if status.get("ready").bool() && !status.at("state.running").is_null() {
            has_running = true;
            sum.ready += 1;
        }
    }
    if sum.status == "Completed" && has_running {
        sum.status = if pod.has_condition("Ready") { "Running" } else { "NotReady" }.to_owned();
    }
}

fn terminated_text(terminated: &Value) -> String {
    match (terminated.get("reason").str(), terminated.get("signal").int()) {
        ("", 0) => format!("ExitCode:{}", terminated.get("exitCode").int()),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// Keeps the later of two instants; RFC 3339 in UTC sorts as text.
fn keep_later(kept: &mut Value, candidate: &Value) {
    if candidate.str() > kept.str() {
        *kept = candidate.clone();
    }
}
