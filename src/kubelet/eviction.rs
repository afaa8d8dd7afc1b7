//! Eviction by the kubelet: which pod has to go when the node runs short, and with which words. It stops no pod itself.

use super::{PodRuntime, Pressures};
use crate::api::volume_match::bytes;
use crate::api::Value;
use crate::base::time::{SimTime, Span};

/// How often the kubelet looks whether the node runs short.
pub const HOUSEKEEPING: Span = Span::secs(10);
/// How long a pressure is told after it has passed.
pub const TRANSITION: Span = Span::secs(300);
/// Pods of this priority and above are never evicted.
const CRITICAL: i64 = 2_000_000_000;

/// Within its request, priority, what it asks for beyond its use, UID: the lowest goes first.
type Rank<'a> = (bool, i64, i64, &'a str);

/// What a node runs short of, and how the kubelet speaks of it.
pub struct Signal {
    /// `memory`, `ephemeral-storage`, `pids`.
    pub resource: &'static str,
    /// The threshold as the message says it.
    pub threshold: &'static str,
    /// What is left, as the message says it.
    pub available: &'static str,
}

/// The signal of the pressure that is dealt with first.
///
/// Models pkg/kubelet/eviction with the default thresholds: memory.available<100Mi, nodefs.available<10%, pid.available<10%.
pub fn signal(pressures: Pressures) -> Option<Signal> {
    if pressures.memory {
        return Some(Signal { resource: "memory", threshold: "100Mi", available: "61440Ki" });
    }
    if pressures.disk {
        return Some(Signal { resource: "ephemeral-storage", threshold: "10737418240", available: "5368709120" });
    }
    let pids = Signal { resource: "pids", threshold: "3276", available: "1024" };
    pressures.pid.then_some(pids)
}

/// The pod that goes first, by its UID, and the message that its status keeps.
///
/// Models pkg/kubelet/eviction rankMemoryPressure, rankDiskPressureFunc and evictionMessage: who uses more than it asked for
/// goes first, then low priority, then who exceeds its request by most.
pub fn choose<'a>(
    signal: &Signal,
    pods: impl Iterator<Item = &'a PodRuntime>,
    now: SimTime,
) -> Option<(&'a PodRuntime, String)> {
    let mut best: Option<(Rank<'_>, &PodRuntime)> = None;
    for run in pods {
        let pod = &run.object;
        let priority = pod.at("spec.priority").int();
        if priority >= CRITICAL || run.terminal.is_some() || run.evicted.is_some() {
            continue;
        }
        let containers = || pod.at("spec.containers").list().iter();
        let used: i64 = containers().map(|c| used(run, c, signal, now)).sum();
        let asked: i64 = containers().map(|c| asked(c, signal)).sum();
        let rank = (used <= asked, priority, asked - used, pod.uid());
        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
            best = Some((rank, run));
        }
    }
    best.map(|(_, run)| (run, message(run, signal, now)))
}

fn used(run: &PodRuntime, container: &Value, signal: &Signal, now: SimTime) -> i64 {
    match signal.resource {
        "memory" => run.usage(container.get("name").str(), now).map_or(0, |usage| usage.memory_bytes as i64),
        "pids" => 1,
        _ => 28 * 1024,
    }
}

fn asked(container: &Value, signal: &Signal) -> i64 {
    bytes(container.at("resources.requests").get(signal.resource))
}

fn message(run: &PodRuntime, signal: &Signal, now: SimTime) -> String {
    let Signal { resource, threshold, available } = signal;
    let mut text =
        format!("The node was low on resource: {resource}. Threshold quantity: {threshold}, available: {available}. ");
    if *resource == "pids" {
        return text;
    }
    for container in run.object.at("spec.containers").list() {
        let (used, asked) = (used(run, container, signal, now), asked(container, signal));
        if used > asked {
            let request = match container.at("resources.requests").get(resource) {
                Value::Null => "0".to_owned(),
                request => request.str().to_owned(),
            };
            let (name, used) = (container.get("name").str(), used / 1024);
            text.push_str(&format!(
                "Container {name} was using {used}Ki, request is {request}, has larger consumption of {resource}. "
            ));
        }
    }
    text
}
