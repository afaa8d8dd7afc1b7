//! What must hold in every cluster at every instant, whatever is typed into it. Tests run these after each event; a
//! violation is our mistake, never the user's.

use std::collections::BTreeMap;

use super::checkers_storage as storage;
use super::checkers_workloads as workloads;
use super::World;
use crate::api::{Object, Value};
use crate::base::quantity::Quantity;

/// Everything that is wrong now; empty when all is well.
pub fn violations(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    one_pod_an_address(world, &mut found);
    one_service_an_address(world, &mut found);
    nodes_hold_what_they_have(world, &mut found);
    revisions_are_past(world, &mut found);
    workloads::at_any_time(world, &mut found);
    storage::at_any_time(world, &mut found);
    found
}

/// The same, and what is wrong about the changes after a revision. Call it after each event.
pub fn violations_since(world: &World, revision: u64) -> Vec<String> {
    let mut found = violations(world);
    workloads::changes(world, revision, &mut found);
    found
}

/// What must hold once nothing is left to do: every status says what is there, and nothing outlives its owner.
pub fn violations_at_rest(world: &World) -> Vec<String> {
    let mut found = violations(world);
    replica_sets_count_their_pods(world, &mut found);
    dependents_have_owners(world, &mut found);
    workloads::at_rest(world, &mut found);
    storage::at_rest(world, &mut found);
    found
}

fn is_live(pod: &Object) -> bool {
    !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed")
}

fn one_pod_an_address(world: &World, found: &mut Vec<String>) {
    let mut holders: BTreeMap<&str, &Object> = BTreeMap::new();
    for pod in world.store().all("Pod").filter(|pod| is_live(pod) && !pod.at("spec.hostNetwork").bool()) {
        let ip = pod.at("status.podIP").str();
        if ip.is_empty() {
            continue;
        }
        if let Some(other) = holders.insert(ip, pod) {
            found.push(format!("pods {} and {} both have the address {ip}", other.key(), pod.key()));
        }
    }
}

fn one_service_an_address(world: &World, found: &mut Vec<String>) {
    let mut holders: BTreeMap<&str, &Object> = BTreeMap::new();
    for service in world.store().all("Service") {
        let ip = service.at("spec.clusterIP").str();
        if ip.is_empty() || ip == "None" {
            continue;
        }
        if let Some(other) = holders.insert(ip, service) {
            found.push(format!("Services {} and {} both have the address {ip}", other.key(), service.key()));
        }
    }
}

fn nodes_hold_what_they_have(world: &World, found: &mut Vec<String>) {
    for node in world.store().all("Node") {
        let pods: Vec<&Object> = world.store().pods_on_node(node.name()).filter(|pod| is_live(pod)).collect();
        let most = node.at("status.allocatable.pods").str().parse::<usize>().unwrap_or(usize::MAX);
        if pods.len() > most {
            found.push(format!("node {} has {} pods and room for {most}", node.name(), pods.len()));
        }
        for resource in ["cpu", "memory"] {
            let milli = |amounts: &Value| match amounts.get(resource) {
                Value::Int(n) => n * 1_000,
                other => Quantity::parse(other.str()).map_or(0, |quantity| quantity.milli_value()),
            };
            let containers = pods.iter().flat_map(|pod| pod.at("spec.containers").list());
            let requested: i64 = containers.map(|container| milli(container.at("resources.requests"))).sum();
            let offered = milli(node.at("status.allocatable"));
            if requested > offered {
                found.push(format!("pods on node {} request {requested}m of its {offered}m {resource}", node.name()));
            }
        }
    }
}

fn revisions_are_past(world: &World, found: &mut Vec<String>) {
    let newest = world.store().revision();
    for pod in world.store().all("Pod").filter(|pod| pod.resource_version() > newest) {
        found.push(format!("pod {} has revision {} of {newest}", pod.key(), pod.resource_version()));
    }
}

fn replica_sets_count_their_pods(world: &World, found: &mut Vec<String>) {
    for set in world.store().all("ReplicaSet") {
        let pods: Vec<&Object> =
            world.store().owned(set.uid(), "Pod").filter(|pod| is_live(pod) && !pod.is_deleting()).collect();
        let ready = pods.iter().filter(|pod| pod.has_condition("Ready")).count() as i64;
        let said = (set.at("status.replicas").int(), set.at("status.readyReplicas").int());
        if said != (pods.len() as i64, ready) {
            found.push(format!("ReplicaSet {} says {said:?} and has {:?}", set.key(), (pods.len(), ready)));
        }
        if set.generation() != set.at("status.observedGeneration").int() {
            found.push(format!("ReplicaSet {} has not seen its generation {}", set.key(), set.generation()));
        }
    }
}

fn dependents_have_owners(world: &World, found: &mut Vec<String>) {
    for kind in world.store().catalog().all() {
        for object in world.store().all(kind.kind) {
            let owners: Vec<_> = object.owners().collect();
            let alive = |owner: &crate::api::object::OwnerReference| {
                [object.namespace(), ""].iter().any(|namespace| {
                    world
                        .store()
                        .find(&owner.kind, namespace, &owner.name)
                        .is_some_and(|found| found.uid() == owner.uid)
                })
            };
            if !owners.is_empty() && !owners.iter().any(alive) && !object.is_deleting() {
                found.push(format!("{} {} has outlived its owners", kind.kind, object.key()));
            }
        }
    }
}
