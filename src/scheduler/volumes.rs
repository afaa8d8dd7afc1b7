//! Volumes: a pod whose claims are missing or unbound goes nowhere, bound volumes may tie it to nodes, and claims that wait for
//! their first pod are bound to what suits the node.

use ecow::EcoString;

use super::filter::{refuse, Verdict};
use super::nodes::{NodeInfo, Nodes};
use super::pod_info::PodInfo;
use super::volume_limits;
use crate::api::node_selector::node_selector_matches;
use crate::api::volume_match::{self, BIND_COMPLETED, NO_PROVISIONER, SELECTED_NODE};
use crate::api::{selector, Object, Value};
use crate::base::order::Order;
use crate::store::View;

/// The filter's name.
pub const PLUGIN: &str = "VolumeBinding";

/// Labels that say where a volume and a node are, each with what it was called before.
const TOPOLOGY: [[&str; 2]; 2] = [
    ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"],
    ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"],
];

/// What a pod's claims demand of its node.
pub struct PodVolumes {
    /// The volumes that are bound already.
    bound: Vec<Object>,
    /// True where a claim is bound to a volume that is not there.
    volume_missing: bool,
    /// The claims that wait for a node, the smallest first.
    delayed: Vec<Delayed>,
    /// The volumes that these may get.
    free: Vec<Object>,
    /// The claims that one pod alone may use.
    exclusive: Vec<String>,
    /// The nodes that take no more volumes of a driver.
    full_nodes: Vec<EcoString>,
    /// Where there is how much storage for claims of which class, for drivers that tell.
    capacities: Vec<Object>,
}

/// A claim that waits for a node.
struct Delayed {
    claim: Object,
    class: Object,
    /// True where the driver says where it has how much room.
    tells_capacity: bool,
}

/// What is to be bound once a node is chosen.
#[derive(Default)]
pub struct Bindings {
    /// Claims and the volumes they get.
    pub matched: Vec<(Object, Object)>,
    /// Claims for which volumes are to be made.
    pub provisioned: Vec<Object>,
}

/// Reads the claims of a pod; an error keeps it from every node. `assumed` are the volumes that other pods are about to get.
///
/// Models pkg/scheduler/framework/plugins/volumebinding PreFilter and volumeBinder.GetPodVolumeClaims.
pub fn prepare(view: &View, info: &PodInfo, assumed: &[String]) -> Result<Option<PodVolumes>, String> {
    let mut found = PodVolumes {
        bound: Vec::new(),
        volume_missing: false,
        delayed: Vec::new(),
        free: Vec::new(),
        exclusive: Vec::new(),
        full_nodes: Vec::new(),
        capacities: Vec::new(),
    };
    let (mut any, mut unbound) = (false, false);
    for (name, ephemeral) in volume_match::claims_of_pod(&info.object) {
        any = true;
        let Some(claim) = view.store.find("PersistentVolumeClaim", &info.key.namespace, &name) else {
            return Err(match ephemeral {
                true => {
                    format!("waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\"")
                }
                false => format!("persistentvolumeclaim \"{name}\" not found"),
            });
        };
        let volume = claim.at("spec.volumeName").str();
        if claim.at("status.phase").str() == "Lost" {
            return Err(format!(
                "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
            ));
        }
        if claim.is_deleting() {
            return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        if claim.at("spec.accessModes").list().iter().any(|mode| mode.str() == "ReadWriteOncePod") {
            found.exclusive.push(name);
        }
        if !volume.is_empty() && !claim.annotation(BIND_COMPLETED).is_empty() {
            match view.store.find("PersistentVolume", "", volume) {
                Some(volume) => found.bound.push(volume.clone()),
                None => found.volume_missing = true,
            }
            continue;
        }
        let class = view.store.find("StorageClass", "", volume_match::class_name(claim));
        match class.filter(|class| class.at("volumeBindingMode").str() == "WaitForFirstConsumer") {
            Some(class) if volume.is_empty() => {
                let driver = view.store.find("CSIDriver", "", class.at("provisioner").str());
                let tells_capacity = driver.is_some_and(|driver| driver.at("spec.storageCapacity").bool());
                found.delayed.push(Delayed { claim: claim.clone(), class: class.clone(), tells_capacity });
            }
            _ => unbound = true,
        }
    }
    if unbound {
        return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
    }
    found.delayed.order_by_key(|one| volume_match::bytes(one.claim.at("spec.resources.requests.storage")));
    if !found.delayed.is_empty() {
        let free = |volume: &&Object| !assumed.iter().any(|name| name == volume.name());
        found.free = view.store.all("PersistentVolume").filter(free).cloned().collect();
        found.capacities = view.store.all("CSIStorageCapacity").cloned().collect();
    }
    if any {
        found.full_nodes = volume_limits::full_nodes(view, &info.object);
    }
    Ok(any.then_some(found))
}

impl PodVolumes {
    /// True where another pod has a claim that only one may use.
    ///
    /// Models pkg/scheduler/framework/plugins/volumerestrictions PreFilter for ReadWriteOncePod.
    pub fn conflict(&self, info: &PodInfo, nodes: &Nodes) -> bool {
        let uses = |pod: &PodInfo| {
            pod.key.namespace == info.key.namespace
                && volume_match::claims_of_pod(&pod.object).any(|(name, _)| self.exclusive.contains(&name))
        };
        !self.exclusive.is_empty() && nodes.pods().any(|placed| uses(&placed.info))
    }

    /// Models nodevolumelimits Filter, volumebinding Filter with volumeBinder.FindPodVolumes, and volumezone Filter.
    pub fn filter(&self, node: &NodeInfo) -> Option<Verdict> {
        if self.full_nodes.contains(&node.name) {
            return Some(refuse(volume_limits::PLUGIN, "node(s) exceed max volume count", false));
        }
        let mut reasons: Vec<EcoString> = Vec::new();
        if self.volume_missing {
            reasons.push("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)".into());
        }
        if !self.bound.iter().all(|volume| fits_node(volume, node)) {
            reasons.push("node(s) didn't match PersistentVolume's node affinity".into());
        }
        reasons.extend(self.bindings(node).err().map(EcoString::from));
        if !reasons.is_empty() {
            return Some(Verdict::Refused { plugin: PLUGIN, reasons, unresolvable: true });
        }
        let near = self.bound.iter().all(|volume| same_topology(volume, node));
        (!near).then(|| refuse("VolumeZone", "node(s) had no available volume zone", true))
    }

    /// What to bind for a node; the reason where a claim would go without.
    ///
    /// Models volumeBinder.findMatchingVolumes and checkVolumeProvisions.
    pub fn bindings(&self, node: &NodeInfo) -> Result<Bindings, &'static str> {
        const NONE_FREE: &str = "node(s) didn't find available persistent volumes to bind";
        let mut bindings = Bindings::default();
        for delayed @ Delayed { claim, class, .. } in &self.delayed {
            let selected = claim.annotation(SELECTED_NODE);
            if !selected.is_empty() && selected != node.name {
                return Err(NONE_FREE);
            }
            let taken: Vec<String> = bindings.matched.iter().map(|(_, volume)| volume.name().to_owned()).collect();
            let free = self.free.iter().filter(|volume| !taken.iter().any(|name| name == volume.name()));
            let fits = |volume: &Object| fits_node(volume, node);
            let matched = match selected.is_empty() {
                true => volume_match::find(claim, free, true, Some(&fits)),
                false => None,
            };
            match matched {
                Some(volume) => bindings.matched.push((claim.clone(), volume.clone())),
                None if !may_provision(class, node) => return Err(NONE_FREE),
                None if !self.has_capacity(delayed, node) => return Err("node(s) did not have enough free storage"),
                None => bindings.provisioned.push(claim.clone()),
            }
        }
        Ok(bindings)
    }

    /// True where the driver of a class has room for a claim on a node, or does not tell.
    ///
    /// Models volumeBinder.hasEnoughCapacity.
    fn has_capacity(&self, delayed: &Delayed, node: &NodeInfo) -> bool {
        let wanted = volume_match::bytes(delayed.claim.at("spec.resources.requests.storage"));
        let suffices = |capacity: &Object| {
            let most = match capacity.at("maximumVolumeSize") {
                Value::Null => capacity.at("capacity"),
                size => size,
            };
            let topology = capacity.at("nodeTopology");
            capacity.at("storageClassName").str() == delayed.class.name()
                && !most.is_null()
                && volume_match::bytes(most) >= wanted
                && !topology.is_null()
                && selector::matches(topology, &node.labels)
        };
        !delayed.tells_capacity || self.capacities.iter().any(suffices)
    }
}

impl Bindings {
    /// True where nothing is to be bound.
    pub fn is_empty(&self) -> bool {
        self.matched.is_empty() && self.provisioned.is_empty()
    }
}

fn fits_node(volume: &Object, node: &NodeInfo) -> bool {
    let required = volume.at("spec.nodeAffinity.required");
    required.is_null() || node_selector_matches(required, &node.name, &node.labels)
}

fn may_provision(class: &Object, node: &NodeInfo) -> bool {
    let topologies = class.at("allowedTopologies").list();
    let holds = |expression: &Value| {
        let label = node.labels.get(expression.get("key").str());
        expression.get("values").list().contains(label)
    };
    let allowed =
        topologies.is_empty() || topologies.iter().any(|t| t.get("matchLabelExpressions").list().iter().all(holds));
    !matches!(class.at("provisioner").str(), "" | NO_PROVISIONER) && allowed
}

/// A node without labels of zone and region takes every volume.
fn same_topology(volume: &Object, node: &NodeInfo) -> bool {
    let label = |labels: &Value, names: &[&str; 2]| -> String {
        names.iter().map(|name| labels.get(name).str()).find(|text| !text.is_empty()).unwrap_or("").to_owned()
    };
    let told = TOPOLOGY.iter().any(|names| !label(&node.labels, names).is_empty());
    let suits = |names: &[&str; 2]| {
        let zones = label(volume.labels(), names);
        zones.is_empty() || zones.split("__").any(|zone| zone == label(&node.labels, names))
    };
    !told || TOPOLOGY.iter().all(suits)
}
