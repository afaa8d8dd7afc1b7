//! What a new cluster holds before anybody has typed anything: namespaces, nodes, the API's own Service, and DNS.

use std::sync::Arc;

use super::World;
use crate::api::field_manager::Manager;
use crate::api::{kind, Object};
use crate::base::draw;
use crate::kubelet::node_status::{self, Pressures};
use crate::store::settings::VERSION;
use crate::store::{Because, Server, Settings};
use crate::value;

/// Address of the API server on the node network: the one before the first node's.
fn api_server_ip(settings: &Settings) -> String {
    crate::store::settings::ip_text(u32::from_be_bytes(settings.first_node_ip) - 1)
}

/// Puts the first objects in.
pub(super) fn start(world: &mut World) {
    let settings = world.settings.clone();
    let because = Arc::new(Because::rule("kubeadm", "every new cluster has it"));
    seed(world);
    let mut objects: Vec<Object> = ["default", "kube-node-lease", "kube-public", "kube-system"]
        .iter()
        .map(|name| Object::new(kind("Namespace"), "", name))
        .collect();
    objects.extend(priority_classes());
    let now = settings.epoch.rfc3339();
    objects.extend((0..settings.nodes).map(|index| node(&settings, index, &format!("node-{}", index + 1), &now)));
    objects.extend((0..settings.nodes).map(|index| lease(&format!("node-{}", index + 1))));
    objects.push(service_cidr(&settings));
    objects.push(api_service(&settings));
    objects.push(api_endpoints(&settings));
    objects.push(api_slice(&settings));
    objects.push(dns_service(&settings));
    objects.push(Object::new(kind("ServiceAccount"), "kube-system", "coredns"));
    objects.push(dns_config());
    objects.push(dns_deployment());
    if settings.storage_class {
        objects.push(storage_class());
    }
    if settings.metrics_server {
        objects.push(super::metrics::metrics_service(super::metrics::RESOURCE));
    }
    for object in objects {
        let mut server =
            Server { store: &mut world.store, settings: &settings, at: world.now, manager: Manager::default() };
        let name = format!("{} {}", object.kind.kind, object.key());
        if let Err(status) = server.create(object, &because) {
            panic!("a new cluster cannot have {name}: {status}");
        }
    }
    for index in 0..settings.nodes {
        world.tell_of_node(&format!("node-{}", index + 1));
    }
}

/// Puts in what the API server itself makes, into its store and into every watcher's copy: nobody reacts to it.
fn seed(world: &mut World) {
    let (seed, now) = (world.settings.seed, world.settings.epoch.rfc3339());
    let own = super::bootstrap_table::objects().iter().cloned();
    let stamped: Vec<Object> = own
        .map(|mut object| {
            if object.kind.kind == "ComponentStatus" {
                return object;
            }
            let subject = format!("{} {}", object.kind.kind, object.key());
            let metadata = object.value.slot("metadata");
            metadata.set("uid", draw::uuid(seed, "uid", &subject, 0));
            metadata.set("creationTimestamp", now.as_str());
            if !object.status().get("conditions").is_null() {
                let conditions = object.value.slot("status").slot("conditions").items_mut();
                conditions.iter_mut().for_each(|condition| condition.set("lastTransitionTime", now.as_str()));
            }
            object
        })
        .collect();
    world.store.seed(stamped);
    world.cache = world.store.clone();
    world.announced = world.store.revision();
}

/// Models pkg/registry/scheduling/rest AddSystemPriorityClasses.
fn priority_classes() -> [Object; 2] {
    let class = |name: &str, value: i64, description: &str| {
        let mut class = Object::new(kind("PriorityClass"), "", name);
        class.set("value", value);
        class.set("description", description);
        class
    };
    let cluster =
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.";
    let node = "Used for system critical pods that must not be moved from their current node.";
    [class("system-cluster-critical", 2_000_000_000, cluster), class("system-node-critical", 2_000_001_000, node)]
}

/// The Service network.
///
/// Models pkg/controlplane/controller/defaultservicecidr, which makes it, without its status.
fn service_cidr(settings: &Settings) -> Object {
    let mut cidr = Object::new(kind("ServiceCIDR"), "", "kubernetes");
    let ([a, b, c, d], prefix) = settings.service_cidr;
    let network = format!("{a}.{b}.{c}.{d}/{prefix}");
    cidr.set("spec", value!({"cidrs": [network]}));
    cidr
}

/// The lease of a node, which its kubelet renews.
pub(super) fn lease(node: &str) -> Object {
    let mut lease = Object::new(kind("Lease"), "kube-node-lease", node);
    lease.set("spec", value!({"holderIdentity": node, "leaseDurationSeconds": 40}));
    lease
}

/// The default class of small clusters: directories of the node that the first pod goes to.
fn storage_class() -> Object {
    let mut class = Object::new(kind("StorageClass"), "", "standard");
    let annotations = class.value.slot("metadata").slot("annotations").map_mut();
    annotations.insert("storageclass.kubernetes.io/is-default-class", "true");
    class.set("provisioner", "rancher.io/local-path");
    class.set("volumeBindingMode", "WaitForFirstConsumer");
    class
}

/// A node as it is when it has joined and is ready.
pub(super) fn node(settings: &Settings, index: u32, name: &str, now: &str) -> Object {
    let mut node = Object::new(kind("Node"), "", name);
    let cidr = settings.node_pod_cidr(index);
    node.set(
        "metadata.annotations",
        value!({"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"}),
    );
    node.set(
        "metadata.labels",
        value!({"beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}),
    );
    node.set("spec", value!({"podCIDR": (cidr.as_str()), "podCIDRs": [(cidr.as_str())]}));
    let resources = value!({
        "cpu": (settings.node_cpu.to_string()), "ephemeral-storage": "0",
        "memory": (memory_text(settings.node_memory_kib)), "pods": (settings.node_pods.to_string())
    });
    let conditions = node_status::conditions(Pressures::default(), now, &node);
    let id = |purpose: &str| draw::uuid(settings.seed, purpose, name, 0);
    node.set(
        "status",
        value!({
            "addresses": [{"address": (settings.node_ip(index)), "type": "InternalIP"}, {"address": name, "type": "Hostname"}],
            "allocatable": (resources.clone()), "capacity": resources, "conditions": conditions,
            "declaredFeatures": ["ExtendWebSocketsToKubelet", "InPlacePodLevelResourcesVerticalScaling",
                "InPlacePodVerticalScalingInitContainers", "RestartAllContainersOnContainerExits"],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64", "bootID": (id("boot")), "containerRuntimeVersion": "containerd://1.7.27",
                "kernelVersion": "6.1.0-18-amd64", "kubeProxyVersion": "", "kubeletVersion": VERSION,
                "machineID": (id("machine").replace('-', "")), "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 12 (bookworm)", "systemUUID": (id("system"))
            }
        }),
    );
    node
}

fn memory_text(kib: u64) -> String {
    match kib {
        n if n % (1024 * 1024) == 0 => format!("{}Gi", n / (1024 * 1024)),
        n if n % 1024 == 0 => format!("{}Mi", n / 1024),
        n => format!("{n}Ki"),
    }
}

fn api_service(settings: &Settings) -> Object {
    let mut service = Object::new(kind("Service"), "default", "kubernetes");
    service.set("metadata.labels", value!({"component": "apiserver", "provider": "kubernetes"}));
    service.set(
        "spec",
        value!({"clusterIP": (settings.service_ip(1)), "type": "ClusterIP",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]}),
    );
    service
}

fn api_endpoints(settings: &Settings) -> Object {
    let mut endpoints = Object::new(kind("Endpoints"), "default", "kubernetes");
    endpoints.set("metadata.labels", value!({"endpointslice.kubernetes.io/skip-mirror": "true"}));
    endpoints.value.set(
        "subsets",
        value!([{"addresses": [{"ip": (api_server_ip(settings))}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]}]),
    );
    endpoints
}

fn api_slice(settings: &Settings) -> Object {
    let mut slice = Object::new(kind("EndpointSlice"), "default", "kubernetes");
    slice.set("metadata.labels", value!({"kubernetes.io/service-name": "kubernetes"}));
    slice.set("addressType", "IPv4");
    slice.set("endpoints", value!([{"addresses": [(api_server_ip(settings))], "conditions": {"ready": true}}]));
    slice.set("ports", value!([{"name": "https", "port": 6443, "protocol": "TCP"}]));
    slice
}

fn dns_service(settings: &Settings) -> Object {
    let mut service = Object::new(kind("Service"), "kube-system", "kube-dns");
    service.set("metadata.annotations", value!({"prometheus.io/port": "9153", "prometheus.io/scrape": "true"}));
    service.set(
        "metadata.labels",
        value!({"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}),
    );
    service.set(
        "spec",
        value!({"clusterIP": (settings.service_ip(10)), "selector": {"k8s-app": "kube-dns"}, "ports": [
            {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
            {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153}
        ]}),
    );
    service
}

fn dns_config() -> Object {
    let mut config = Object::new(kind("ConfigMap"), "kube-system", "coredns");
    let corefile = ".:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n       pods insecure\n       fallthrough in-addr.arpa ip6.arpa\n       ttl 30\n    }\n    prometheus :9153\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    cache 30 {\n       disable success cluster.local\n       disable denial cluster.local\n    }\n    loop\n    reload\n    loadbalance\n}\n";
    config.set("data", value!({"Corefile": corefile}));
    config
}

fn dns_deployment() -> Object {
    let mut deployment = Object::new(kind("Deployment"), "kube-system", "coredns");
    deployment.set("metadata.labels", value!({"k8s-app": "kube-dns"}));
    let probe = |path: &str, port: i64| value!({"httpGet": {"path": path, "port": port, "scheme": "HTTP"}});
    let mut liveness = probe("/health", 8080);
    liveness.set("initialDelaySeconds", 60);
    liveness.set("timeoutSeconds", 5);
    liveness.set("failureThreshold", 5);
    deployment.set(
        "spec",
        value!({"replicas": 2, "selector": {"matchLabels": {"k8s-app": "kube-dns"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": "25%"}},
            "template": {"metadata": {"labels": {"k8s-app": "kube-dns"}}, "spec": {
                "priorityClassName": "system-cluster-critical", "serviceAccountName": "coredns", "dnsPolicy": "Default",
                "nodeSelector": {"kubernetes.io/os": "linux"},
                "tolerations": [
                    {"key": "CriticalAddonsOnly", "operator": "Exists"},
                    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
                ],
                "containers": [{"name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.14.2",
                    "imagePullPolicy": "IfNotPresent", "args": ["-conf", "/etc/coredns/Corefile"],
                    "resources": {"limits": {"memory": "170Mi"}, "requests": {"cpu": "100m", "memory": "70Mi"}},
                    "ports": [
                        {"containerPort": 53, "name": "dns", "protocol": "UDP"},
                        {"containerPort": 53, "name": "dns-tcp", "protocol": "TCP"},
                        {"containerPort": 9153, "name": "metrics", "protocol": "TCP"}
                    ],
                    "livenessProbe": liveness, "readinessProbe": (probe("/ready", 8181)),
                    "volumeMounts": [{"name": "config-volume", "mountPath": "/etc/coredns", "readOnly": true}]
                }],
                "volumes": [{"name": "config-volume", "configMap": {"name": "coredns",
                    "items": [{"key": "Corefile", "path": "Corefile"}]}}]
            }}
        }),
    );
    deployment
}
