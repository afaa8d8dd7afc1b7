//! Garbage collection and the end of namespaces, in a World without nodes, so that pods go as soon as they are deleted.

use std::sync::Arc;

use kubottle::api::{kind, Object, ObjectKey};
use kubottle::base::time::Span;
use kubottle::cluster::World;
use kubottle::store::plan::{DeleteOptions, Propagation};
use kubottle::store::{Because, Settings, Verb};
use kubottle::value;

fn because() -> Arc<Because> {
    Arc::new(Because::rule("test", "a test asks for it"))
}

fn run(world: &mut World, seconds: u64) {
    world.run_until(world.now() + Span::secs(seconds));
}

fn world_with_deployment(namespace: &str) -> World {
    let mut world = World::new(Settings { nodes: 0, ..Settings::default() });
    if namespace != "default" {
        world.request(|server| server.create(Object::new(kind("Namespace"), "", namespace), &because())).unwrap();
        run(&mut world, 1);
    }
    world.request(|server| server.create(deployment(namespace), &because())).unwrap();
    run(&mut world, 2);
    assert_eq!(world.store().list("Pod", namespace).count(), 2);
    world
}

fn deployment(namespace: &str) -> Object {
    let mut deployment = Object::new(kind("Deployment"), namespace, "d");
    deployment.set(
        "spec",
        value!({"replicas": 2, "selector": {"matchLabels": {"app": "d"}},
            "template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "d", "image": "nginx"}]}}}),
    );
    (deployment.kind.defaults)(&mut deployment);
    deployment
}

fn delete_deployment(world: &mut World, propagation: Propagation) {
    let options = DeleteOptions { grace_seconds: None, propagation };
    let key = ObjectKey::new("default", "d");
    world.request(|server| server.delete(kind("Deployment"), &key, "", options, &because())).unwrap();
}

/// The kinds whose objects went, in order, each change told once.
fn deletions(world: &World, since: u64) -> Vec<&'static str> {
    let gone = world.store().changes_since(since).filter(|c| c.verb == Verb::Deleted && c.kind() != "Event");
    let mut kinds: Vec<&str> = gone.map(|c| c.kind()).collect();
    kinds.dedup();
    kinds
}

#[test]
fn in_the_background_dependents_follow_their_owner() {
    let mut world = world_with_deployment("default");
    let before = world.store().revision();
    delete_deployment(&mut world, Propagation::Background);
    run(&mut world, 2);
    assert_eq!(deletions(&world, before), ["Deployment", "ReplicaSet", "Pod"]);
}

#[test]
fn in_the_foreground_the_owner_goes_last() {
    let mut world = world_with_deployment("default");
    let before = world.store().revision();
    delete_deployment(&mut world, Propagation::Foreground);
    run(&mut world, 2);
    assert_eq!(deletions(&world, before), ["Pod", "ReplicaSet", "Deployment"]);
}

#[test]
fn orphans_stay_and_are_adopted_by_a_new_owner() {
    let mut world = world_with_deployment("default");
    let pods: Vec<String> = world.store().list("Pod", "default").map(|pod| pod.uid().to_owned()).collect();
    delete_deployment(&mut world, Propagation::Orphan);
    run(&mut world, 2);
    assert!(world.store().find("Deployment", "default", "d").is_none());
    let set = world.store().list("ReplicaSet", "default").next().unwrap();
    assert!(set.owners().next().is_none());
    world.request(|server| server.create(deployment("default"), &because())).unwrap();
    run(&mut world, 2);
    let deployment = world.store().find("Deployment", "default", "d").unwrap();
    let sets: Vec<&Object> = world.store().list("ReplicaSet", "default").collect();
    assert_eq!(sets.len(), 1);
    assert_eq!(sets[0].controller_uid(), deployment.uid());
    let found = world.store().changes_since(0).any(|change| {
        change.object.uid() == deployment.uid()
            && change.object.condition("Progressing").get("reason").str() == "FoundNewReplicaSet"
    });
    assert!(found, "the condition says that a ReplicaSet was found");
    let now: Vec<String> = world.store().list("Pod", "default").map(|pod| pod.uid().to_owned()).collect();
    assert_eq!(now, pods);
}

#[test]
fn a_dependent_whose_owner_never_was_goes() {
    let mut world = World::new(Settings { nodes: 0, ..Settings::default() });
    let mut config = Object::new(kind("ConfigMap"), "default", "lost");
    config.set(
        "metadata.ownerReferences",
        value!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "nobody", "uid": "8d2a"}]),
    );
    world.request(|server| server.create(config, &because())).unwrap();
    run(&mut world, 1);
    assert!(world.store().find("ConfigMap", "default", "lost").is_none());
}

#[test]
fn a_namespace_waits_five_seconds_and_for_the_last_finalizer() {
    let mut world = world_with_deployment("team");
    let mut config = Object::new(kind("ConfigMap"), "team", "stuck");
    config.set("metadata.finalizers", value!(["example.com/hold"]));
    world.request(|server| server.create(config, &because())).unwrap();
    let key = ObjectKey::new("", "team");
    world.request(|server| server.delete(kind("Namespace"), &key, "", DeleteOptions::default(), &because())).unwrap();
    run(&mut world, 4);
    assert_eq!(world.store().list("Pod", "team").count(), 2);
    let refused = world.request(|server| server.create(Object::new(kind("ConfigMap"), "team", "new"), &because()));
    assert!(refused.unwrap_err().message.contains("because it is being terminated"));
    run(&mut world, 3);
    let namespace = world.store().find("Namespace", "", "team").unwrap();
    let message = |kind: &str| namespace.condition(kind).get("message").str();
    assert_eq!(
        message("NamespaceContentRemaining"),
        "Some resources are remaining: configmaps. has 1 resource instances"
    );
    assert_eq!(
        message("NamespaceFinalizersRemaining"),
        "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
    );
    for kind in ["Pod", "ReplicaSet", "Deployment", "ServiceAccount"] {
        assert_eq!(world.store().list(kind, "team").count(), 0, "{kind}");
    }
    let stuck = ObjectKey::new("team", "stuck");
    let freed = world.request(|server| {
        server.modify(kind("ConfigMap"), &stuck, kubottle::store::server::Part::Main, &because(), |current| {
            let mut object = current.clone();
            object.value.remove("metadata.finalizers");
            Ok(object)
        })
    });
    freed.unwrap();
    run(&mut world, 10);
    assert!(world.store().find("Namespace", "", "team").is_none());
    assert_eq!(world.store().list("ConfigMap", "team").count(), 0);
}

#[test]
fn a_cordoned_node_is_tainted_until_it_is_uncordoned() {
    let mut world = World::new(Settings { nodes: 1, ..Settings::default() });
    let key = ObjectKey::new("", "node-1");
    for cordoned in [true, false] {
        let change = world.request(|server| {
            server.modify(kind("Node"), &key, kubottle::store::server::Part::Main, &because(), |current| {
                let mut node = current.clone();
                node.set("spec.unschedulable", cordoned);
                Ok(node)
            })
        });
        change.unwrap();
        run(&mut world, 1);
        let taints = world.store().get("Node", &key).unwrap().at("spec.taints").list();
        let keys: Vec<&str> = taints.iter().map(|taint| taint.get("key").str()).collect();
        assert_eq!(keys, if cordoned { vec!["node.kubernetes.io/unschedulable"] } else { vec![] });
    }
}
