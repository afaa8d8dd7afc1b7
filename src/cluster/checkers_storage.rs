//! What must hold of claims, volumes and what lies in them at every instant, and what once nothing is left to do.

use std::collections::BTreeMap;

use super::World;
use crate::api::volume_match::{self, BIND_COMPLETED};
use crate::api::Object;

/// No volume has two claims, and no claim has a volume that is too small or lacks what it asks for.
pub(super) fn at_any_time(world: &World, found: &mut Vec<String>) {
    let mut holders: BTreeMap<&str, &Object> = BTreeMap::new();
    for claim in world.store().all("PersistentVolumeClaim") {
        let name = claim.at("spec.volumeName").str();
        if name.is_empty() || claim.annotation(BIND_COMPLETED).is_empty() {
            continue;
        }
        if let Some(other) = holders.insert(name, claim) {
            found.push(format!("claims {} and {} are both bound to volume {name}", other.key(), claim.key()));
        }
        let Some(volume) = world.store().find("PersistentVolume", "", name) else { continue };
        let size = |object: &Object, path: &str| volume_match::bytes(object.at(path));
        let too_small = size(volume, "spec.capacity.storage") < size(claim, "status.capacity.storage");
        if too_small || !volume_match::has_access_modes(volume, claim) {
            found.push(format!("volume {name} is not what its claim {} asks for", claim.key()));
        }
    }
    nodes_follow_volumes(world, found);
}

/// A pod that the scheduler has placed is where all its volumes are.
fn nodes_follow_volumes(world: &World, found: &mut Vec<String>) {
    for pod in world.store().all("Pod") {
        let Some(node) = world.store().find("Node", "", pod.at("spec.nodeName").str()) else { continue };
        for (name, _) in volume_match::claims_of_pod(pod) {
            let claim = world.store().find("PersistentVolumeClaim", pod.namespace(), &name);
            let volume = claim.and_then(|c| world.store().find("PersistentVolume", "", c.at("spec.volumeName").str()));
            let required = volume.map(|volume| volume.at("spec.nodeAffinity.required"));
            let fits = required.is_none_or(|required| {
                required.is_null()
                    || crate::api::node_selector::node_selector_matches(required, node.name(), node.labels())
            });
            let (scheduled, started) = (pod.condition("PodScheduled"), pod.has_condition("Initialized"));
            if !fits && started && !scheduled.is_null() && !pod.is_deleting() {
                found.push(format!("pod {} runs on {} without its volume {name}", pod.key(), node.name()));
            }
        }
    }
}

/// A bound claim and its volume name each other, a volume is released once its claim is gone, and nothing waits for a
/// protection that protects nothing.
pub(super) fn at_rest(world: &World, found: &mut Vec<String>) {
    for volume in world.store().all("PersistentVolume") {
        let reference = volume.at("spec.claimRef");
        let (namespace, name) = (reference.get("namespace").str(), reference.get("name").str());
        let claim = world.store().find("PersistentVolumeClaim", namespace, name);
        let claim = claim.filter(|claim| claim.uid() == reference.get("uid").str());
        let named = claim.is_some_and(|claim| claim.at("spec.volumeName").str() == volume.name());
        let phase = volume.at("status.phase").str();
        let right = match phase {
            "Bound" => named,
            "Released" | "Failed" => claim.is_none(),
            _ => reference.get("uid").is_empty(),
        };
        if !right {
            found.push(format!("volume {} is {phase}, and its claim {namespace}/{name} says otherwise", volume.name()));
        }
        if volume.is_deleting() && phase != "Bound" && volume.at("metadata.finalizers").list().len() == 1 {
            found.push(format!("volume {} is deleted, not bound, and still there", volume.name()));
        }
    }
    for claim in world.store().all("PersistentVolumeClaim").filter(|claim| claim.is_deleting()) {
        let uses = |pod: &Object| {
            let placed = !pod.at("spec.nodeName").is_empty();
            placed && volume_match::claims_of_pod(pod).any(|(name, _)| name == claim.name())
        };
        let protected_only = claim.at("metadata.finalizers").list().len() == 1;
        if protected_only && !world.store().list("Pod", claim.namespace()).any(uses) {
            found.push(format!("claim {} is deleted, no pod uses it, and it is still there", claim.key()));
        }
    }
}
