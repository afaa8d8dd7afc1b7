//! Makes the topology out of the cluster's objects. It remembers what it made, so that only what has changed is made anew,
//! and which colour a workload has.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::tiles;
use super::topology::*;
use crate::api::kinds::pod_columns;
use crate::api::{Object, ObjectKey, Value};
use crate::base::order::Order;
use crate::base::quantity::Quantity;
use crate::base::time::Timestamp;
use crate::store::{Store, View};

/// How many colours there are for workloads.
const COLOURS: u8 = 9;
/// The colour of what a new cluster brings with it.
const SYSTEM_COLOUR: u8 = 9;

/// What was seen last.
#[derive(Default)]
pub struct Observer {
    pods: BTreeMap<ObjectKey, Seen>,
    colours: BTreeMap<String, u8>,
}

struct Seen {
    revision: u64,
    view: Rc<PodView>,
    cpu_milli: i64,
    memory_bytes: i64,
}

impl Observer {
    /// The cluster as it is.
    pub fn topology(&mut self, view: &View<'_>) -> Topology {
        let store = view.store;
        self.pods.retain(|key, _| store.get("Pod", key).is_some());
        let mut topology = Topology::default();
        for node in store.all("Node") {
            topology.nodes.push(self.node(view, node));
        }
        for pod in store.all("Pod").filter(|pod| pod.at("spec.nodeName").str().is_empty()) {
            topology.unscheduled.push(self.pod(view, pod).view.clone());
        }
        topology.services = services(store);
        topology.ingresses = tiles::ingresses(store);
        topology.volumes = tiles::volumes(store, &topology);
        topology
    }

    fn node(&mut self, view: &View<'_>, node: &Object) -> NodeView {
        let (mut cpu, mut memory) = (0, 0);
        let mut pods = Vec::new();
        for pod in view.store.pods_on_node(node.name()) {
            let seen = self.pod(view, pod);
            if !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed") {
                cpu += seen.cpu_milli;
                memory += seen.memory_bytes;
            }
            pods.push(seen.view.clone());
        }
        let allocatable = node.at("status.allocatable");
        let of = |name: &str| Quantity::parse(allocatable.get(name).str()).ok();
        let cpu_all = of("cpu").map_or(0, Quantity::milli_value);
        let memory_all = of("memory").map_or(0, Quantity::value);
        let addresses = node.at("status.addresses").list();
        let ip = addresses.iter().find(|a| a.get("type").str() == "InternalIP");
        NodeView {
            name: node.name().to_owned(),
            ip: ip.map_or_else(String::new, |a| a.get("address").str().to_owned()),
            pod_cidr: node.at("spec.podCIDR").str().to_owned(),
            state: cell(view, node, "STATUS"),
            ready: node.has_condition("Ready"),
            cpu: usage(cpu, cpu_all, format!("{cpu}m of {cpu_all}m")),
            memory: usage(memory, memory_all, format!("{} of {} MiB", memory >> 20, memory_all >> 20)),
            pods,
        }
    }

    fn pod(&mut self, view: &View<'_>, pod: &Object) -> &Seen {
        let key = pod.key();
        let revision = pod.resource_version();
        let is_seen = self.pods.get(&key).is_some_and(|seen| seen.revision == revision);
        if !is_seen {
            let workload = workload(view.store, pod);
            let colour = if is_system(pod) { SYSTEM_COLOUR } else { self.colour(&workload) };
            let seen = Seen {
                revision,
                view: Rc::new(pod_view(view, pod, workload, colour)),
                cpu_milli: requested(pod, "cpu", Quantity::milli_value),
                memory_bytes: requested(pod, "memory", Quantity::value),
            };
            self.pods.insert(key.clone(), seen);
        }
        &self.pods[&key]
    }

    /// A workload keeps its colour; a new one gets the one used least.
    pub fn colour(&mut self, workload: &str) -> u8 {
        if let Some(colour) = self.colours.get(workload) {
            return *colour;
        }
        let used = |colour: &u8| self.colours.values().filter(|c| *c == colour).count();
        let colour = (0..COLOURS).min_by_key(used).unwrap_or(0);
        self.colours.insert(workload.to_owned(), colour);
        colour
    }
}

/// True for what a new cluster brings with it.
pub(super) fn is_system(object: &Object) -> bool {
    let own_service = object.kind.kind == "Service" && object.namespace() == "default" && object.name() == "kubernetes";
    object.namespace().starts_with("kube-") || own_service
}

/// The cell of a column of `kubectl get -o wide`.
pub fn cell(view: &View<'_>, object: &Object, column: &str) -> String {
    let context = crate::api::kinds::PrintContext { now: view.timestamp(), wide: true };
    let place = object.kind.columns.iter().position(|c| c.name == column);
    let cells = (object.kind.cells)(object, &context);
    place.and_then(|place| cells.get(place).cloned()).unwrap_or_default()
}

fn usage(used: i64, all: i64, text: String) -> Usage {
    let permille = if all > 0 { (used.max(0) * 1000 / all) as u32 } else { 0 };
    Usage { permille, text }
}

fn requested(pod: &Object, resource: &str, read: fn(Quantity) -> i64) -> i64 {
    let containers = pod.at("spec.containers").list();
    let of = |c: &Value| Quantity::parse(c.at("resources.requests").get(resource).str()).map_or(0, read);
    containers.iter().map(of).sum()
}

/// The workload a pod belongs to: behind a ReplicaSet stands its Deployment.
pub(super) fn workload(store: &Store, pod: &Object) -> String {
    let Some(owner) = pod.controller() else { return format!("Pod/{}/{}", pod.namespace(), pod.name()) };
    let behind = store.find(&owner.kind, pod.namespace(), &owner.name).and_then(Object::controller);
    let top = behind.unwrap_or(owner);
    format!("{}/{}/{}", top.kind, pod.namespace(), top.name)
}

fn pod_view(view: &View<'_>, pod: &Object, workload: String, colour: u8) -> PodView {
    let sum = pod_columns::summary(pod);
    PodView {
        namespace: pod.namespace().to_owned(),
        name: pod.name().to_owned(),
        ip: pod.at("status.podIP").str().to_owned(),
        node: pod.at("spec.nodeName").str().to_owned(),
        shape: shape(pod, &sum.status),
        status: sum.status,
        ready: format!("{}/{}", sum.ready, sum.total),
        restarts: sum.restarts.max(0) as u32,
        workload,
        colour,
        created_ms: pod.created().map_or(0, |at| since_start_ms(view, at)),
        claims: tiles::claims_of(pod),
        system: is_system(pod),
    }
}

/// An instant as time since the cluster began.
pub fn since_start_ms(view: &View<'_>, at: Timestamp) -> u64 {
    at.to_sim(view.settings.epoch).0 / 1000
}

/// The stage of a pod's life.
pub fn shape(pod: &Object, status: &str) -> PodShape {
    let phase = pod.at("status.phase").str();
    let in_trouble = status.ends_with("BackOff")
        || status.contains("Err")
        || status.contains("OOMKilled")
        || status.contains("Signal:")
        || status.contains("ExitCode:")
        || status.starts_with("Invalid");
    if pod.is_deleting() {
        PodShape::Terminating
    } else if phase == "Succeeded" {
        PodShape::Succeeded
    } else if phase == "Failed" || in_trouble {
        PodShape::Failing
    } else if pod.at("spec.nodeName").str().is_empty() {
        PodShape::Pending
    } else if phase != "Running" {
        PodShape::Starting
    } else if pod.has_condition("Ready") {
        PodShape::Ready
    } else {
        PodShape::Unready
    }
}

fn services(store: &Store) -> Vec<Rc<ServiceView>> {
    let mut slices: BTreeMap<ObjectKey, Vec<&Object>> = BTreeMap::new();
    for slice in store.all("EndpointSlice") {
        let service = ObjectKey::new(slice.namespace(), slice.label("kubernetes.io/service-name"));
        slices.entry(service).or_default().push(slice);
    }
    let none = Vec::new();
    let all = store.all("Service");
    all.map(|service| Rc::new(service_view(service, slices.get(&service.key()).unwrap_or(&none)))).collect()
}

fn service_view(service: &Object, slices: &[&Object]) -> ServiceView {
    let port = |p: &Value| PortView {
        name: p.get("name").str().to_owned(),
        port: p.get("port").int() as u16,
        target: int_or_text(p.get("targetPort")),
        node_port: p.get("nodePort").int() as u16,
        protocol: p.get("protocol").str().to_owned(),
    };
    let mut endpoints: Vec<EndpointView> = slices.iter().flat_map(|slice| endpoints(slice)).collect();
    endpoints.order_by(|a, b| (ip_order(&a.ip), &a.pod).cmp(&(ip_order(&b.ip), &b.pod)));
    ServiceView {
        namespace: service.namespace().to_owned(),
        name: service.name().to_owned(),
        kind: service.at("spec.type").str().to_owned(),
        cluster_ip: service.at("spec.clusterIP").str().to_owned(),
        ports: service.at("spec.ports").list().iter().map(port).collect(),
        endpoints,
        system: is_system(service),
    }
}

fn endpoints(slice: &Object) -> impl Iterator<Item = EndpointView> + '_ {
    let ports: Vec<u16> = slice.at("ports").list().iter().map(|p| p.get("port").int() as u16).collect();
    slice.at("endpoints").list().iter().map(move |endpoint| {
        let condition = |name: &str, absent: bool| endpoint.at("conditions").get(name).opt_bool().unwrap_or(absent);
        let is_pod = endpoint.at("targetRef.kind").str() == "Pod";
        EndpointView {
            pod: if is_pod { endpoint.at("targetRef.name").str().to_owned() } else { String::new() },
            ip: endpoint.get("addresses").index(0).str().to_owned(),
            ports: ports.clone(),
            ready: condition("ready", true),
            serving: condition("serving", condition("ready", true)),
            terminating: condition("terminating", false),
        }
    })
}

fn ip_order(ip: &str) -> Option<u32> {
    crate::store::settings::ip_number(ip)
}

fn int_or_text(value: &Value) -> String {
    value.opt_int().map_or_else(|| value.str().to_owned(), |n| n.to_string())
}
