//! A cluster made by hand for the network's tests: nodes, pods with addresses, Services with their slices. No controller runs.

use std::sync::Arc;

use kubottle::api::{kind, Object, Value};
use kubottle::base::time::{SimTime, Span};
use kubottle::network::tools::{self, Output};
use kubottle::network::{HttpRequest, HttpResponse, Source, State};
use kubottle::store::{Because, Change, Settings, Store, Verb, View};
use kubottle::value;

/// Objects, what the nodes know of them, and the time.
pub struct Cluster {
    pub store: Store,
    pub state: State,
    pub settings: Settings,
    pub now: SimTime,
    revision: u64,
    requests: u64,
}

impl Cluster {
    /// Three nodes, the API server's Service and two DNS pods, all at rest.
    pub fn new() -> Cluster {
        let settings = Settings { min_sync_period: Span::secs(1), ..Settings::default() };
        let now = SimTime(0) + Span::secs(60);
        let (store, state) = (Store::default(), State::default());
        let mut cluster = Cluster { store, state, settings, now, revision: 0, requests: 0 };
        for namespace in ["default", "kube-system", "other"] {
            let mut object = Object::new(kind("Namespace"), "", namespace);
            object.set("metadata.labels", value!({"kubernetes.io/metadata.name": namespace}));
            cluster.put(object);
        }
        for index in 0..3 {
            let mut node = Object::new(kind("Node"), "", &format!("node-{}", index + 1));
            node.set("spec.podCIDR", cluster.settings.node_pod_cidr(index));
            let ip = cluster.settings.node_ip(index);
            node.set("status.addresses", value!([{"address": ip, "type": "InternalIP"}]));
            cluster.put(node);
        }
        cluster.service(
            "default",
            "kubernetes",
            value!({"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]}),
        );
        let api = value!([{"addresses": ["192.168.10.10"], "conditions": {"ready": true}}]);
        cluster.slice("default", "kubernetes", value!([{"name": "https", "port": 6443, "protocol": "TCP"}]), api);
        let dns = [("coredns-a", 1, "10.244.0.2"), ("coredns-b", 2, "10.244.1.2")];
        for (name, node, ip) in dns {
            cluster.pod("kube-system", name, node, ip, "k8s-app", "kube-dns", &[53]);
        }
        let ports = value!([{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]);
        cluster.service(
            "kube-system",
            "kube-dns",
            value!({"clusterIP": "10.96.0.10", "ports": (ports.clone()), "selector": {"k8s-app": "kube-dns"}}),
        );
        cluster.endpoints("kube-system", "kube-dns", ports);
        cluster.now = cluster.now + Span::secs(60);
        cluster
    }

    pub fn view(&self) -> View<'_> {
        View::new(&self.store, self.now, &self.settings)
    }

    /// Puts an object in and tells the network.
    pub fn put(&mut self, object: Object) {
        self.revision += 1;
        let old = self.store.get(object.kind.kind, &object.key()).cloned();
        let verb = if old.is_some() { Verb::Modified } else { Verb::Added };
        self.follow(Change {
            revision: self.revision,
            at: self.now,
            verb,
            object,
            old,
            because: Arc::new(Because::default()),
        });
    }

    /// Takes an object out and tells the network.
    pub fn take(&mut self, kind: &str, namespace: &str, name: &str) {
        self.revision += 1;
        let object = self.store.find(kind, namespace, name).expect("there is such an object").clone();
        let (old, verb, because) = (Some(object.clone()), Verb::Deleted, Arc::new(Because::default()));
        self.follow(Change { revision: self.revision, at: self.now, verb, object, old, because });
    }

    fn follow(&mut self, change: Change) {
        self.store.follow(&change);
        let view = View::new(&self.store, self.now, &self.settings);
        self.state.observe(&change, &view);
    }

    /// A running pod that listens on some ports.
    #[allow(clippy::too_many_arguments, reason = "a row of a table of pods")]
    pub fn pod(&mut self, namespace: &str, name: &str, node: u32, ip: &str, label: &str, value: &str, ports: &[u16]) {
        let mut pod = Object::new(kind("Pod"), namespace, name);
        *pod.value.slot("metadata").slot("labels").slot(label) = value.into();
        pod.set("spec.nodeName", format!("node-{node}"));
        let ports: Value = ports.iter().map(|port| value!({"containerPort": (i64::from(*port))})).collect();
        pod.set("spec.containers", value!([{"name": "c", "image": value, "ports": ports}]));
        pod.set("status", value!({"phase": "Running", "podIP": ip}));
        self.put(pod);
    }

    pub fn service(&mut self, namespace: &str, name: &str, spec: Value) {
        let mut service = Object::new(kind("Service"), namespace, name);
        service.set("spec", spec);
        self.put(service);
    }

    pub fn slice(&mut self, namespace: &str, service: &str, ports: Value, endpoints: Value) {
        let mut slice = Object::new(kind("EndpointSlice"), namespace, &format!("{service}-slice"));
        slice.set("metadata.labels", value!({"kubernetes.io/service-name": service}));
        slice.set("addressType", "IPv4");
        slice.set("ports", ports);
        slice.set("endpoints", endpoints);
        self.put(slice);
    }

    /// The slice of a Service: the pods its selector means, at these ports.
    pub fn endpoints(&mut self, namespace: &str, service: &str, ports: Value) {
        let selector =
            self.store.find("Service", namespace, service).expect("the Service is there").at("spec.selector").clone();
        let pods: Vec<Object> = self.store.list("Pod", namespace).cloned().collect();
        let selected =
            pods.iter().filter(|pod| selector.entries().iter().all(|(key, value)| pod.labels().get(key) == value));
        let endpoints = selected.map(|pod| {
            let mut endpoint = value!({"addresses": [(pod.at("status.podIP").str())], "nodeName": (pod.at("spec.nodeName").str()),
                "conditions": {"ready": true, "serving": true, "terminating": false},
                "targetRef": {"kind": "Pod", "namespace": namespace, "name": (pod.name())}});
            if !pod.at("spec.hostname").is_null() {
                endpoint.set("hostname", pod.at("spec.hostname").str());
            }
            endpoint
        });
        let endpoints = endpoints.collect();
        self.slice(namespace, service, ports, endpoints);
    }

    /// Runs a tool as a shell would, and lets the nodes remember it.
    pub fn run(&mut self, source: Source, line: &str) -> Output {
        self.requests += 1;
        let words = split(line);
        let view = View::new(&self.store, self.now, &self.settings);
        let context = tools::Context { view: &view, state: &self.state, source, n: self.requests, respond: &respond };
        let output = tools::run(&context, &words[0], &words[1..]).expect("a tool of the network");
        for trace in &output.traces {
            self.state.remember(trace, self.now);
        }
        output
    }
}

/// Containers answer on the ports they name, with their name and who they think asks.
pub fn respond(pod: &Object, _: &str, port: u16, request: &HttpRequest) -> Option<HttpResponse> {
    let mut ports = pod.at("spec.containers").list().iter().flat_map(|container| container.get("ports").list());
    ports.find(|entry| entry.get("containerPort").int() == i64::from(port))?;
    let body = format!("{} {} from {}\n", pod.name(), request.path, request.peer);
    Some(HttpResponse::new(200, "text/plain", body))
}

/// Words of a command line; single and double quotes hold them together.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().expect("one word at least").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
