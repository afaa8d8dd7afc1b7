//! The controllers in a whole World: what is typed, and what they make of it.

use std::sync::Arc;

use kubottle::api::{kind, Object, ObjectKey, Value};
use kubottle::base::time::Span;
use kubottle::cluster::World;
use kubottle::store::server::Part;
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

fn change(world: &mut World, kind_name: &str, name: &str, act: impl FnOnce(&mut Object)) {
    let because = Arc::new(Because::rule("test", "a test asks for it"));
    let key = ObjectKey::new("default", name);
    let changed = world.request(|server| {
        server.modify(kind(kind_name), &key, Part::Main, &because, |current| {
            let mut object = current.clone();
            act(&mut object);
            Ok(object)
        })
    });
    changed.expect("it can be changed");
}

fn pods_of(world: &World, app: &str) -> Vec<String> {
    let pods = world.store().list("Pod", "default").filter(|pod| pod.label("app") == app && !pod.is_deleting());
    pods.map(|pod| pod.name().to_owned()).collect()
}

#[test]
fn a_pod_that_loses_its_label_is_replaced_and_the_replacement_goes_when_it_comes_back() {
    let mut world = World::new(Settings::default());
    let because = Arc::new(Because::rule("test", "test"));
    world.request(|server| server.create(deployment("web", 2), &because)).unwrap();
    world.run_until(world.now() + Span::secs(60));
    let before = pods_of(&world, "web");
    let lost = before[0].clone();
    change(&mut world, "Pod", &lost, |pod| pod.set("metadata.labels.app", "other"));
    world.run_until(world.now() + Span::secs(10));
    let store = world.store();
    assert!(store.find("Pod", "default", &lost).unwrap().owners().next().is_none(), "it is released");
    let replaced = pods_of(&world, "web");
    assert_eq!(replaced.len(), 2);
    let replacement = replaced.into_iter().find(|name| !before.contains(name)).unwrap();
    change(&mut world, "Pod", &lost, |pod| pod.set("metadata.labels.app", "web"));
    world.run_until(world.now() + Span::secs(10));
    let after = pods_of(&world, "web");
    assert_eq!(after, before, "the youngest went, which is {replacement}");
}

#[test]
fn a_refused_pod_is_told_in_events_and_conditions_until_it_is_accepted() {
    let mut world = World::new(Settings::default());
    let because = Arc::new(Because::rule("test", "test"));
    let mut refused = deployment("web", 1);
    refused.set("spec.template.spec.serviceAccountName", "late");
    world.request(|server| server.create(refused, &because)).unwrap();
    world.run_until(world.now() + Span::secs(1));
    let store = world.store();
    let set = store.list("ReplicaSet", "default").next().unwrap();
    let failure = set.condition("ReplicaFailure");
    assert_eq!(failure.get("reason").str(), "FailedCreate");
    assert!(failure.get("message").str().contains("serviceaccount \"late\" not found"), "{failure:?}");
    let of_deployment = store.find("Deployment", "default", "web").unwrap().condition("ReplicaFailure");
    assert_eq!(of_deployment.get("message"), failure.get("message"));
    let told = |event: &Object| {
        event.value.get("reason").str() == "FailedCreate"
            && event.value.get("message").str().starts_with("Error creating: pods ")
    };
    assert!(store.list("Event", "default").any(told));
    let account = Object::new(kind("ServiceAccount"), "default", "late");
    world.request(|server| server.create(account, &because)).unwrap();
    world.run_until(world.now() + Span::secs(5));
    assert_eq!(pods_of(&world, "web").len(), 1);
    for (name, object) in [("ReplicaSet", None), ("Deployment", Some("web"))] {
        let found = world.store().list(name, "default").find(|o| object.is_none_or(|n| o.name() == n)).unwrap();
        assert!(found.condition("ReplicaFailure").is_null(), "{name}");
    }
}

#[test]
fn a_replica_set_of_the_same_name_makes_the_hash_another() {
    let mut world = World::new(Settings::default());
    let because = Arc::new(Because::rule("test", "test"));
    world.request(|server| server.create(deployment("web", 1), &because)).unwrap();
    world.run_until(world.now() + Span::secs(1));
    let taken = world.store().list("ReplicaSet", "default").next().unwrap().name().to_owned();
    let mut world = World::new(Settings::default());
    let mut other = Object::new(kind("ReplicaSet"), "default", &taken);
    other.set(
        "spec",
        value!({"replicas": 0, "selector": {"matchLabels": {"app": "other"}}, "template": {
            "metadata": {"labels": {"app": "other"}}, "spec": {"containers": [{"name": "c", "image": "other"}]}}}),
    );
    (other.kind.defaults)(&mut other);
    world.request(|server| server.create(other, &because)).unwrap();
    world.run_until(world.now() + Span::secs(1));
    world.request(|server| server.create(deployment("web", 1), &because)).unwrap();
    world.run_until(world.now() + Span::secs(5));
    let status = world.store().find("Deployment", "default", "web").unwrap().status();
    assert_eq!(status.get("collisionCount").int(), 1);
    assert_eq!(world.store().list("ReplicaSet", "default").count(), 2);
    assert_eq!(pods_of(&world, "web").len(), 1);
}
