//! metrics-server and a metrics adapter: what the metrics APIs answer about the cluster as it runs.

use std::sync::Arc;

use super::World;
use crate::api::{Object, Value};
use crate::base::draw;
use crate::base::order::Order;
use crate::base::quantity::Quantity;
use crate::base::time::{SimTime, Span};
use crate::kubelet::State;
use crate::load::feed::{About, Given, Resource};
use crate::load::usage::{self, RESOLUTION};
use crate::store::metrics::{ContainerMetrics, CustomMetrics, Described, PodMetrics};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because};
use crate::workload::demand::demand;

/// The API group of resource metrics.
pub const RESOURCE: &str = "metrics.k8s.io";
/// The API group of custom metrics.
pub const CUSTOM: &str = "custom.metrics.k8s.io";
/// The API group of external metrics.
pub const EXTERNAL: &str = "external.metrics.k8s.io";
/// The metric that the adapter knows of itself.
pub(super) const REQUESTS: &str = "requests_per_second";
/// What the operating system and the kubelet of a node use: thousandths of a CPU and bytes.
const NODE_OVERHEAD: (i64, i64) = (60, 420 << 20);

/// The APIService by which a server of metrics answers for its group.
pub(super) fn metrics_service(group: &str) -> Object {
    let name = if group == RESOURCE { "metrics-server" } else { "custom-metrics-apiserver" };
    let mut service = Object::new(crate::api::kind("APIService"), "", &format!("v1beta1.{group}"));
    let backend = crate::value!({"name": name, "namespace": "kube-system", "port": 443});
    service.set(
        "spec",
        crate::value!({"service": backend, "group": group, "version": "v1beta1", "insecureSkipTLSVerify": true,
            "groupPriorityMinimum": 100, "versionPriority": 100}),
    );
    service
}

/// The usage of a node.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeMetrics {
    /// Its name.
    pub name: String,
    /// When it was measured.
    pub at: SimTime,
    /// Billionths of a CPU.
    pub cpu_nano: i64,
    /// Bytes.
    pub memory_bytes: i64,
}

impl World {
    /// True where an API group is served: an APIService registers it, and no file says that it is down.
    pub fn serves_metrics(&self, group: &str) -> bool {
        let registered = || self.store().all("APIService").any(|service| service.at("spec.group").str() == group);
        self.load.api(group, self.now()).unwrap_or_else(registered)
    }

    /// Installs a metrics adapter, which answers for custom.metrics.k8s.io, or takes it away.
    pub fn set_metrics_adapter(&mut self, on: bool) {
        let service = metrics_service(CUSTOM);
        let known = self.store().get("APIService", &service.key()).is_some();
        let because = Arc::new(Because::rule("metrics-adapter", "the settings of the cluster say so"));
        let action = match on {
            true => Action::Create { object: service, because, success: None, failure: None },
            false => Action::Delete {
                kind: "APIService",
                key: service.key(),
                uid: Default::default(),
                options: DeleteOptions::default(),
                because,
                success: None,
            },
        };
        if known != on {
            self.carry_out(vec![action]);
        }
    }

    /// Puts given values in place of measured ones. Where metrics of a kind come that nobody serves, an adapter is there.
    pub fn give_metrics(&mut self, given: Vec<Given>) {
        self.load.give(given);
    }

    /// The metrics that the adapter of a group knows, as its discovery names them: `pods/requests_per_second`.
    pub fn metric_names(&self, group: &str) -> Vec<String> {
        let mut names = Vec::new();
        if group == CUSTOM {
            names = ["ingresses.networking.k8s.io", "pods", "services"].map(|of| format!("{of}/{REQUESTS}")).to_vec();
        }
        for given in self.load.given_at(self.now()) {
            names.extend(match (&given.about, group) {
                (About::Custom(_, name, _), CUSTOM) => Some(format!("pods/{name}")),
                (About::Object(kind, _, name, _), CUSTOM) => {
                    let row = crate::api::kinds::KINDS.iter().find(|row| row.kind == kind);
                    Some(format!("{}/{name}", row.map_or_else(|| kind.to_lowercase(), |row| row.resource().into())))
                }
                (About::External(name, ..), EXTERNAL) => Some(name.to_string()),
                _ => None,
            });
        }
        names.order();
        names.dedup();
        names
    }

    /// From now on metrics are measured again.
    pub fn forget_given_metrics(&mut self) {
        self.load.given = Arc::default();
    }

    /// When metrics-server first asked the kubelets, as time since the beginning; every 15 seconds again.
    pub(super) fn first_look(&self) -> Span {
        Span(draw::below(self.settings().seed, "metrics-server", "", 0, RESOLUTION.0))
    }

    /// The usage of nodes, in the order of their names; none where metrics.k8s.io is not served.
    pub fn node_metrics(&self) -> Option<Vec<NodeMetrics>> {
        if !self.serves_metrics(RESOURCE) {
            return None;
        }
        let at = usage::last_look(self.now(), self.first_look())?;
        let ready = self.store().all("Node").filter(|node| node.has_condition("Ready"));
        let mut nodes: Vec<NodeMetrics> = ready
            .map(|node| NodeMetrics {
                name: node.name().to_owned(),
                at,
                cpu_nano: NODE_OVERHEAD.0 * 1_000_000,
                memory_bytes: NODE_OVERHEAD.1,
            })
            .collect();
        for pod in self.store().all("Pod") {
            let Some(node) = nodes.iter_mut().find(|node| node.name == pod.at("spec.nodeName").str()) else { continue };
            for container in self.measured(pod).into_iter().flat_map(|pod| pod.containers) {
                node.cpu_nano += container.cpu_nano.unwrap_or(0);
                node.memory_bytes += container.memory_bytes.unwrap_or(0);
            }
        }
        Some(nodes)
    }

    /// What metrics-server has of a pod; none where it has nothing yet. Where a file gives what pods of a namespace use,
    /// nothing else is measured there: a pod that the file leaves out has no metrics.
    pub(super) fn measured(&self, pod: &Object) -> Option<PodMetrics> {
        let metrics = self.looked_at(pod);
        let (mut told, mut usages) = (Vec::new(), Vec::new());
        for given in self.load.given_at(self.now()).filter(|given| given.namespace == pod.namespace()) {
            if let About::Usage(pods, container, resource, amounts) = &given.about {
                told.push(*resource);
                if self.is_meant(pods, given, pod) {
                    usages.push((given, container, *resource, amounts));
                }
            }
        }
        if told.is_empty() {
            return metrics;
        }
        let first = usages.first().map(|(given, ..)| (self.now() - given.age, given.window));
        let (at, window) = first.or(metrics.as_ref().map(|own| (own.at, own.window)))?;
        let specs = pod.at("spec.containers").list();
        let mut containers = Vec::new();
        for name in specs.iter().map(|spec| spec.get("name").text()) {
            let own = metrics.as_ref().and_then(|own| own.containers.iter().find(|c| c.name == name));
            let mut is_given = usages.is_empty();
            let mut of = |wanted: Resource, per_milli: (i64, i64), measured: Option<i64>| {
                let found = usages.iter().find(|(_, container, resource, _)| {
                    *resource == wanted && (container.is_empty() || **container == name)
                });
                is_given |= found.is_some();
                let Some((given, container, _, amounts)) = found else {
                    return measured.filter(|_| !told.contains(&wanted));
                };
                let parts = if container.is_empty() { specs.len() as i64 } else { 1 };
                let milli = self.amount(amounts, given, pod)? / parts;
                Some(milli.saturating_mul(per_milli.0) / per_milli.1)
            };
            let cpu_nano = of(Resource::Cpu, (1_000_000, 1), own.and_then(|own| own.cpu_nano));
            let memory_bytes = of(Resource::Memory, (1, 1000), own.and_then(|own| own.memory_bytes));
            if is_given && (cpu_nano.is_some() || memory_bytes.is_some()) {
                containers.push(ContainerMetrics { name, cpu_nano, memory_bytes });
            }
        }
        (!containers.is_empty()).then(|| PodMetrics { name: pod.name().into(), at, window, containers })
    }

    /// What the last look of metrics-server found.
    fn looked_at(&self, pod: &Object) -> Option<PodMetrics> {
        let at = usage::last_look(self.now(), self.first_look())?;
        let runtime = self.pod_runtime(pod.uid())?;
        let mut containers = Vec::new();
        let mut window = RESOLUTION;
        for container in &runtime.containers {
            let State::Running(running) = &container.state else { continue };
            let seen = usage::window(at, running.since)?;
            window = window.min(seen);
            let (cpu_nano, memory_bytes) = self.used(pod, &container.name, container.spec(&runtime.object), at);
            let name = container.name.clone();
            containers.push(ContainerMetrics { name, cpu_nano: Some(cpu_nano), memory_bytes: Some(memory_bytes) });
        }
        (!containers.is_empty()).then(|| PodMetrics { name: pod.name().into(), at, window, containers })
    }

    /// Billionths of a CPU and bytes that a container used in the window up to `at`.
    fn used(&self, pod: &Object, name: &str, spec: &Value, at: SimTime) -> (i64, i64) {
        let demand = demand(pod, spec);
        let limit = |resource: &str| {
            let text = spec.at("resources.limits").get(resource).str();
            Quantity::parse(text).map_or(i64::MAX, |limit| limit.milli_value())
        };
        let base = (demand.idle_cpu_milli as i64).min(limit("cpu")) * 1_000_000;
        let memory = (demand.idle_memory as i64).min(limit("memory") / 1000);
        let loaded = self.load.usage(pod.uid(), name).and_then(|usage| {
            let mut usage = usage.clone();
            usage.advance(self.now(), self.first_look());
            usage.average(at, RESOLUTION)
        });
        loaded.map_or((base, memory), |average| (average.cpu_nano, average.memory))
    }

    /// Requests a second that a pod has served in the last window.
    pub(super) fn requests_of(&self, pod: &Object) -> Option<CustomMetrics> {
        let at = usage::last_look(self.now(), self.first_look())?;
        self.pod_runtime(pod.uid())?;
        let served = |container: &Value| {
            let usage = self.load.usage(pod.uid(), container.get("name").str())?;
            let mut usage = usage.clone();
            usage.advance(self.now(), self.first_look());
            usage.average(at, RESOLUTION)
        };
        let containers = pod.at("spec.containers").list().iter();
        let milli = containers.filter_map(served).map(|average| average.request_milli).sum();
        Some(CustomMetrics { name: pod.name().into(), at, window: RESOLUTION, milli })
    }

    /// Requests a second that clients send to an object: an Ingress or a Service.
    pub(super) fn requests_to(&self, namespace: &str, object: Described) -> Option<i64> {
        let names: &[&str] = match object.kind {
            "Ingress" => &["ingress", "ing", "ingresses"],
            "Service" => &["svc", "service", "services", "nodeport"],
            _ => return None,
        };
        let meant = |target: &str| {
            let (kind, name) = target.split_once('/').unwrap_or(("", target));
            let host = name.trim_start_matches('/').split([':', '/', '.']).next().unwrap_or("");
            (names.contains(&kind) && name.split(':').next() == Some(object.name))
                || (object.kind == "Service" && target.contains("://") && host == object.name)
        };
        let own = self.clients().iter().filter(|client| client.namespace == namespace && meant(&client.target));
        Some((own.map(|client| client.now.offered).sum::<f64>() * 1000.0).max(0.0) as i64)
    }
}
