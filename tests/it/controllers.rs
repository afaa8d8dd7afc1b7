//! The controllers in a whole World: what is typed, and what they make of it.

use std::sync::Arc;

use kubottle::api::{kind, Object};
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
