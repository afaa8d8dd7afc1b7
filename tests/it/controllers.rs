//! The controllers in a whole World: what is typed, and what they make of it.

use std::sync::Arc;

use kubottle::api::{kind, Object, Value};
use kubottle::base::time::Span;
use kubottle::cluster::World;
use kubottle::store::{Because, Settings};
use kubottle::value;

fn deployment(name: &str, replicas: i64) -> Object {
    let mut deployment = Object::new(kind("Deployment"), "default", name);
    deployment.set(
        "spec",
        value!({"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}),
    );
    (deployment.kind.defaults)(&mut deployment);
    deployment
}

#[test]
fn a_deployment_makes_a_replica_set_and_that_makes_pods() {
    let mut world = World::new(Settings::default());
    let because = Arc::new(Because::rule("test", "test"));
    world.request(|server| server.create(deployment("web", 3), &because)).unwrap();
    let start = world.now();
    world.run_until(start + Span::secs(5));
    let store = world.store();
    let pods: Vec<&Object> = store.list("Pod", "default").collect();
    assert_eq!(pods.len(), 3);
    let set = store.list("ReplicaSet", "default").next().unwrap();
    assert!(pods.iter().all(|pod| pod.controller_uid() == set.uid() && pod.name().starts_with(set.name())));
    assert_eq!(set.annotation("deployment.kubernetes.io/max-replicas"), "4");
    let status = store.find("Deployment", "default", "web").unwrap().status();
    assert_eq!(status.get("updatedReplicas").int(), 3);
    assert_eq!(status.get("observedGeneration").int(), 1);
}

/// A pod with a container port of each name, ready or never ready.
fn pod(world: &mut World, name: &str, ports: &[(&str, i64)], ready: bool) {
    let because = Arc::new(Because::rule("test", "test"));
    let mut pod = Object::new(kind("Pod"), "default", name);
    let ports: Value =
        ports.iter().map(|(n, p)| value!({"name": (*n), "containerPort": (*p), "protocol": "TCP"})).collect();
    let command = if ready { "true" } else { "false" };
    pod.set("metadata.labels", value!({"app": "multi"}));
    pod.set(
        "spec",
        value!({"containers": [{"name": "c", "image": "nginx", "ports": ports,
            "readinessProbe": {"exec": {"command": [command]}}}]}),
    );
    (pod.kind.defaults)(&mut pod);
    world.request(|server| server.create(pod, &because)).unwrap();
}

fn service(name: &str, spec: Value) -> Object {
    let mut service = Object::new(kind("Service"), "default", name);
    service.set("spec", spec);
    (service.kind.defaults)(&mut service);
    service
}

#[test]
fn named_target_ports_split_endpoints_and_slices() {
    let mut world = World::new(Settings::default());
    let because = Arc::new(Because::rule("test", "test"));
    world.run_until(world.now() + Span::secs(1));
    let spec = value!({"type": "ClusterIP", "selector": {"app": "multi"}, "ports": [
        {"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"},
        {"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": "TCP"},
        {"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP"}
    ]});
    world.request(|server| server.create(service("multi", spec), &because)).unwrap();
    world.run_until(world.now() + Span::secs(1));
    let slice =
        world.store().list("EndpointSlice", "default").find(|s| s.label("kubernetes.io/service-name") == "multi");
    assert_eq!(slice.unwrap().value.get("ports"), &Value::Null);
    let placeholder = slice.unwrap().name().to_owned();
    let both = [("web", 8080), ("metrics", 9100)];
    pod(&mut world, "p1", &both, true);
    pod(&mut world, "p3", &[("web", 8088), ("metrics", 9100)], true);
    pod(&mut world, "p4", &both, false);
    world.run_until(world.now() + Span::secs(30));
    let store = world.store();
    let endpoints = store.find("Endpoints", "default", "multi").unwrap();
    let mut shown: Vec<String> = endpoints.value.get("subsets").list().iter().map(subset_text).collect();
    shown.sort();
    assert_eq!(shown, ["p1 not p4 on http:8080", "p1,p3 not p4 on metrics:9100,dns:5353", "p3 not  on http:8088",]);
    let slices: Vec<&Object> =
        store.list("EndpointSlice", "default").filter(|s| s.name().starts_with("multi-")).collect();
    let mut shown: Vec<String> = slices.iter().map(|slice| slice_text(slice)).collect();
    shown.sort();
    assert_eq!(
        shown,
        ["p1 true,p4 false on http:8080,dns:5353,metrics:9100", "p3 true on http:8088,dns:5353,metrics:9100",]
    );
    assert!(slices.iter().any(|slice| slice.name() == placeholder), "the empty slice is used again");
    assert!(slices.iter().all(|slice| slice.controller().is_some_and(|owner| owner.name == "multi")));
}

fn ports_text(ports: &Value) -> String {
    let texts = ports.list().iter().map(|p| format!("{}:{}", p.get("name").str(), p.get("port").int()));
    texts.collect::<Vec<_>>().join(",")
}

fn subset_text(subset: &Value) -> String {
    let list = |field: &str| -> String {
        let mut names: Vec<&str> = subset.get(field).list().iter().map(|a| a.at("targetRef.name").str()).collect();
        names.sort_unstable();
        names.join(",")
    };
    format!("{} not {} on {}", list("addresses"), list("notReadyAddresses"), ports_text(subset.get("ports")))
}

fn slice_text(slice: &Object) -> String {
    let endpoints = slice.value.get("endpoints").list().iter();
    let texts = endpoints.map(|e| format!("{} {}", e.at("targetRef.name").str(), e.at("conditions.ready").bool()));
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    format!("{} on {}", texts.join(","), ports_text(slice.value.get("ports")))
}

#[test]
fn endpoints_without_a_selector_are_mirrored() {
    let mut world = World::new(Settings::default());
    let because = Arc::new(Because::rule("test", "test"));
    let spec = value!({"type": "ClusterIP", "ports": [{"port": 80, "targetPort": 80, "protocol": "TCP"}]});
    world.request(|server| server.create(service("by-hand", spec), &because)).unwrap();
    let mut endpoints = Object::new(kind("Endpoints"), "default", "by-hand");
    endpoints
        .set("subsets", value!([{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 9376, "protocol": "TCP"}]}]));
    world.request(|server| server.create(endpoints, &because)).unwrap();
    world.run_until(world.now() + Span::secs(1));
    let slices = world.store().list("EndpointSlice", "default");
    let mirrored: Vec<&Object> = slices.filter(|s| s.label("kubernetes.io/service-name") == "by-hand").collect();
    assert_eq!(mirrored.len(), 1);
    assert_eq!(
        mirrored[0].value.get("endpoints"),
        &value!([{"addresses": ["10.1.2.3"], "conditions": {"ready": true}}])
    );
    assert_eq!(mirrored[0].value.get("ports"), &value!([{"name": "", "port": 9376, "protocol": "TCP"}]));
    assert_eq!(mirrored[0].controller().map(|owner| owner.kind), Some("Endpoints".into()));
}
