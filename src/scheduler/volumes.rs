//! Volumes: a pod whose claims are missing or unbound goes nowhere, and bound volumes may tie it to nodes.

use super::filter::Verdict;
use super::nodes::NodeInfo;
use super::pod_info::PodInfo;
use super::selector::node_selector_matches;
use crate::api::{Object, Value};
use crate::store::View;

/// The filter's name.
pub const PLUGIN: &str = "VolumeBinding";

/// The node selectors of the volumes that a pod's claims are bound to.
pub struct AllowedNodes(Vec<Value>);

fn claims<'a>(info: &'a PodInfo) -> impl Iterator<Item = String> + 'a {
    let name = info.key.name.as_str();
    info.object.at("spec.volumes").list().iter().filter_map(move |volume| {
        if !volume.get("ephemeral").is_null() {
            return Some(format!("{name}-{}", volume.get("name").str()));
        }
        volume.at("persistentVolumeClaim.claimName").opt_str().map(str::to_owned)
    })
}

/// Why the claims of a pod keep it from every node.
///
/// Models pkg/scheduler/framework/plugins/volumebinding PreFilter.
pub fn check(view: &View, info: &PodInfo) -> Result<(), String> {
    let mut unbound = false;
    for name in claims(info) {
        let Some(claim) = view.store.find("PersistentVolumeClaim", &info.key.namespace, &name) else {
            return Err(format!("persistentvolumeclaim \"{name}\" not found"));
        };
        if claim.is_deleting() {
            return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        unbound |= claim.at("status.phase").str() != "Bound" && binds_at_once(view, claim);
    }
    match unbound {
        true => Err("pod has unbound immediate PersistentVolumeClaims".to_owned()),
        false => Ok(()),
    }
}

fn binds_at_once(view: &View, claim: &Object) -> bool {
    let class = view.store.find("StorageClass", "", claim.at("spec.storageClassName").str());
    class.is_none_or(|class| class.at("volumeBindingMode").str() != "WaitForFirstConsumer")
}

/// What the volumes of a pod demand of a node; nothing where they demand nothing.
pub fn allowed_nodes(view: &View, info: &PodInfo) -> Option<AllowedNodes> {
    let bound = claims(info).filter_map(|name| view.store.find("PersistentVolumeClaim", &info.key.namespace, &name));
    let volumes = bound.filter_map(|claim| view.store.find("PersistentVolume", "", claim.at("spec.volumeName").str()));
    let required: Vec<Value> =
        volumes.map(|volume| volume.at("spec.nodeAffinity.required").clone()).filter(|r| !r.is_null()).collect();
    (!required.is_empty()).then_some(AllowedNodes(required))
}

impl AllowedNodes {
    /// Models volumebinding Filter for bound claims.
    pub fn filter(&self, node: &NodeInfo) -> Verdict {
        if self.0.iter().all(|selector| node_selector_matches(selector, &node.name, &node.labels)) {
            return Verdict::Fits;
        }
        let reasons = vec!["node(s) didn't match PersistentVolume's node affinity".into()];
        Verdict::Refused { plugin: PLUGIN, reasons, unresolvable: true }
    }
}
