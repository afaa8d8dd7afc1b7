//! What a node cannot take: a disk that another pod of it holds, or more volumes than its driver attaches.

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;

use super::nodes::Nodes;
use super::pod_info::PodInfo;
use crate::api::volume_match;
use crate::api::{Object, Value};
use crate::store::View;

/// The filter's name.
pub const PLUGIN: &str = "NodeVolumeLimits";

/// Disks that pods name themselves, each with what tells it from others.
const DISKS: [(&str, &[&str]); 4] = [
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("iscsi", &["iqn"]),
    ("rbd", &["pool", "image"]),
];

/// The volumes of a pod that are such disks.
pub(super) fn disks(pod: &PodInfo) -> impl Iterator<Item = &Value> {
    let is_disk = |volume: &&Value| DISKS.iter().any(|(source, _)| !volume.get(source).is_null());
    pod.object.at("spec.volumes").list().iter().filter(is_disk)
}

/// True where a pod of the node holds one of the disks.
///
/// Models pkg/scheduler/framework/plugins/volumerestrictions satisfyVolumeConflicts.
pub(super) fn disk_is_taken(disks: &[&Value], nodes: &Nodes, node: &str) -> bool {
    let held = |disk: &&Value| {
        nodes.pods_on(node).any(|placed| self::disks(&placed.info).any(|other| is_conflict(disk, other)))
    };
    !disks.is_empty() && disks.iter().any(held)
}

/// Models volumerestrictions isVolumeConflict: several may read a disk, but for one of Amazon.
fn is_conflict(a: &Value, b: &Value) -> bool {
    DISKS.iter().any(|(source, identity)| {
        let (a, b) = (a.get(source), b.get(source));
        let same = identity.iter().all(|field| a.get(field).str() == b.get(field).str());
        let shared = a.get("readOnly").bool() && b.get("readOnly").bool() && *source != "awsElasticBlockStore";
        let monitors = a.get("monitors").list();
        let reachable = monitors.is_empty() || b.get("monitors").list().iter().any(|m| monitors.contains(m));
        !a.is_null() && !b.is_null() && same && reachable && !shared
    })
}

/// The nodes that cannot attach the volumes of a pod besides those that are attached there already.
///
/// Models pkg/scheduler/framework/plugins/nodevolumelimits CSILimits.Filter. The volumes that are counted are those of the
/// pods on the node; an attachment without a pod is not.
pub(super) fn full_nodes(view: &View, pod: &Object) -> Vec<EcoString> {
    let wanted = volumes_of(view, pod);
    if wanted.is_empty() {
        return Vec::new();
    }
    let is_full = |csi_node: &&Object| {
        let limits: BTreeMap<&str, i64> = csi_node
            .at("spec.drivers")
            .list()
            .iter()
            .filter_map(|driver| Some((driver.get("name").str(), driver.at("allocatable.count").opt_int()?)))
            .collect();
        if !wanted.iter().any(|(driver, _)| limits.contains_key(driver.as_str())) {
            return false;
        }
        let live = |pod: &&Object| !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        let pods = view.store.pods_on_node(csi_node.name()).filter(live);
        let attached: BTreeSet<(String, String)> = pods.flat_map(|pod| volumes_of(view, pod)).collect();
        limits.iter().any(|(driver, most)| {
            let of_driver = |volumes: &BTreeSet<(String, String)>| {
                volumes.iter().filter(|(name, _)| name == driver).cloned().collect::<BTreeSet<_>>()
            };
            let (there, new) = (of_driver(&attached), of_driver(&wanted));
            let fresh = new.difference(&there).count();
            fresh > 0 && (there.len() + fresh) as i64 > *most
        })
    };
    view.store.all("CSINode").filter(is_full).map(|csi_node| csi_node.name().into()).collect()
}

/// The volumes of CSI drivers that a pod uses or is to get: the driver and what the driver calls the volume.
///
/// Models CSILimits.getCSIDriverInfo and getCSIDriverInfoFromSC.
fn volumes_of(view: &View, pod: &Object) -> BTreeSet<(String, String)> {
    let one = |(name, _): (String, bool)| {
        let claim = view.store.find("PersistentVolumeClaim", pod.namespace(), &name)?;
        if let Some(volume) = view.store.find("PersistentVolume", "", claim.at("spec.volumeName").str()) {
            let source = volume.at("spec.csi");
            return (!source.is_null()).then(|| (source.get("driver").text(), source.get("volumeHandle").text()));
        }
        let class = view.store.find("StorageClass", "", volume_match::class_name(claim))?;
        Some((class.at("provisioner").text(), claim.key().to_string().into()))
    };
    let found = volume_match::claims_of_pod(pod).filter_map(one);
    found.map(|(driver, handle)| (driver.to_string(), handle.to_string())).collect()
}
