//! What the scheduler reads of a pod, once: its requests, ports, tolerations and affinities.

use ecow::EcoString;

use crate::api::{Object, ObjectKey, Value};
use crate::base::quantity::Quantity;

/// CPU that a container without a request counts as when nodes are scored.
pub const DEFAULT_CPU_MILLI: i64 = 100;
/// Memory that a container without a request counts as when nodes are scored.
pub const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Amounts of resources.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Resources {
    /// Thousandths of a CPU.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Extended resources and huge pages, by name.
    pub others: Vec<(EcoString, i64)>,
}

/// A port of the node that a pod asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HostPort {
    /// `TCP`.
    pub protocol: EcoString,
    /// `0.0.0.0` for every address.
    pub ip: EcoString,
    /// The port.
    pub port: i64,
}

/// A pod as the scheduler sees it.
#[derive(Clone, Debug)]
pub struct PodInfo {
    /// Its namespace and name.
    pub key: ObjectKey,
    /// Its UID.
    pub uid: EcoString,
    /// Its priority.
    pub priority: i64,
    /// What it asks for.
    pub requests: Resources,
    /// CPU it counts as when nodes are scored.
    pub scored_cpu_milli: i64,
    /// Memory it counts as when nodes are scored.
    pub scored_memory: i64,
    /// Ports of the node it asks for.
    pub host_ports: Vec<HostPort>,
    /// True once its deletion was asked for.
    pub deleting: bool,
    /// True where it is to leave for a pod of higher priority.
    pub preempted: bool,
    /// The object without its status, which would only cost memory.
    pub object: Object,
}

impl Resources {
    /// The amounts that a map such as `requests` or `allocatable` holds; `pods` is left out.
    pub fn read(map: &Value) -> Resources {
        let mut amounts = Resources::default();
        for (name, amount) in map.entries() {
            let Some(quantity) = quantity(amount) else { continue };
            match name.as_str() {
                "cpu" => amounts.cpu_milli = quantity.milli_value(),
                "memory" => amounts.memory = quantity.value(),
                "ephemeral-storage" => amounts.ephemeral_storage = quantity.value(),
                "pods" => {}
                _ => amounts.others.push((name.clone(), quantity.value())),
            }
        }
        amounts
    }

    /// The amount of an extended resource.
    pub fn other(&self, name: &str) -> i64 {
        self.others.iter().find(|(n, _)| n == name).map_or(0, |(_, amount)| *amount)
    }

    /// Adds `other` as often as `sign` says.
    pub fn add(&mut self, other: &Resources, sign: i64) {
        self.cpu_milli += sign * other.cpu_milli;
        self.memory += sign * other.memory;
        self.ephemeral_storage += sign * other.ephemeral_storage;
        for (name, amount) in &other.others {
            *self.slot(name) += sign * amount;
        }
    }

    /// Raises each amount to that of `other`.
    fn raise(&mut self, other: &Resources) {
        self.cpu_milli = self.cpu_milli.max(other.cpu_milli);
        self.memory = self.memory.max(other.memory);
        self.ephemeral_storage = self.ephemeral_storage.max(other.ephemeral_storage);
        for (name, amount) in &other.others {
            let slot = self.slot(name);
            *slot = (*slot).max(*amount);
        }
    }

    fn slot(&mut self, name: &EcoString) -> &mut i64 {
        let at = self.others.iter().position(|(n, _)| n == name).unwrap_or_else(|| {
            self.others.push((name.clone(), 0));
            self.others.len() - 1
        });
        &mut self.others[at].1
    }
}

/// The quantity that a field holds, written as text or as a number.
pub fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::Str(text) => Quantity::parse(text).ok(),
        Value::Int(n) => Some(Quantity::new(*n, crate::base::quantity::Format::DecimalSi)),
        _ => None,
    }
}

impl PodInfo {
    /// Reads a pod.
    pub fn new(pod: &Object) -> PodInfo {
        let spec = pod.spec();
        let requests = pod_requests(spec, Resources::read);
        let scored = pod_requests(spec, scored_requests);
        let mut host_ports = Vec::new();
        let sidecars = spec.get("initContainers").list().iter().filter(|c| is_sidecar(c));
        for container in sidecars.chain(spec.get("containers").list()) {
            for port in container.get("ports").list() {
                let number = port.get("hostPort").int();
                if number > 0 {
                    let or = |field: &str, default: &str| match port.get(field).str() {
                        "" => EcoString::from(default),
                        text => EcoString::from(text),
                    };
                    let (protocol, ip) = (or("protocol", "TCP"), or("hostIP", "0.0.0.0"));
                    host_ports.push(HostPort { protocol, ip, port: number });
                }
            }
        }
        PodInfo {
            key: pod.key(),
            uid: pod.metadata().get("uid").text(),
            priority: spec.get("priority").int(),
            scored_cpu_milli: scored.cpu_milli,
            scored_memory: scored.memory,
            requests,
            host_ports,
            deleting: pod.is_deleting(),
            preempted: pod.is_deleting()
                && pod.condition("DisruptionTarget").get("reason").str() == "PreemptionByScheduler",
            object: without_status(pod),
        }
    }
}

fn without_status(pod: &Object) -> Object {
    let mut object = pod.clone();
    object.value.remove_key("status");
    object
}

/// True for an init container that stays: a native sidecar.
pub fn is_sidecar(container: &Value) -> bool {
    container.get("restartPolicy").str() == "Always"
}

/// What a pod asks for: the sum of what runs at the same time, at its largest.
///
/// Models staging/src/k8s.io/component-helpers/resource PodRequests: containers and sidecars together, or an init
/// container with the sidecars before it, whichever is more; pod-level requests stand in their place; overhead is added.
fn pod_requests(spec: &Value, read: fn(&Value) -> Resources) -> Resources {
    let mut sum = Resources::default();
    for container in spec.get("containers").list() {
        sum.add(&read(container.at("resources.requests")), 1);
    }
    let mut sidecars = Resources::default();
    let mut largest = Resources::default();
    for container in spec.get("initContainers").list() {
        let mut wanted = read(container.at("resources.requests"));
        if is_sidecar(container) {
            sum.add(&wanted, 1);
            sidecars.add(&wanted, 1);
            wanted = sidecars.clone();
        } else {
            wanted.add(&sidecars, 1);
        }
        largest.raise(&wanted);
    }
    sum.raise(&largest);
    let of_pod = spec.at("resources.requests");
    if !of_pod.is_empty() {
        let own = Resources::read(of_pod);
        let keep = |name: &str, own: i64, sum: i64| if of_pod.get(name).is_null() { sum } else { own };
        sum.cpu_milli = keep("cpu", own.cpu_milli, sum.cpu_milli);
        sum.memory = keep("memory", own.memory, sum.memory);
        for (name, amount) in &own.others {
            *sum.slot(name) = *amount;
        }
    }
    let overhead = spec.get("overhead");
    if !overhead.is_empty() {
        sum.add(&Resources::read(overhead), 1);
    }
    sum
}

/// Models pkg/scheduler/util GetNonzeroRequests.
fn scored_requests(requests: &Value) -> Resources {
    let mut amounts = Resources::read(requests);
    if requests.get("cpu").is_null() {
        amounts.cpu_milli = DEFAULT_CPU_MILLI;
    }
    if requests.get("memory").is_null() {
        amounts.memory = DEFAULT_MEMORY;
    }
    amounts
}
