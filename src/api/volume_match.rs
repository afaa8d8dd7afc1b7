//! Which volume suits which claim: what the volume controller and the scheduler ask alike. It binds nothing.

use super::selector;
use super::{Object, Value};
use crate::base::quantity::Quantity;

/// Annotation of what the controller has bound, as opposed to what a user has.
pub const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// Annotation of a claim whose binding is complete.
pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// Annotation of a claim with the node that the scheduler has chosen for its first pod.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The provisioner of classes whose volumes are made by hand.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// The name of the class of a claim or a volume; empty for none.
///
/// Models staging/src/k8s.io/component-helpers/storage/volume GetPersistentVolumeClaimClass.
pub fn class_name(object: &Object) -> &str {
    match object.annotation("volume.beta.kubernetes.io/storage-class") {
        "" => object.at("spec.storageClassName").str(),
        class => class,
    }
}

/// True where the reference of a volume means this claim.
///
/// Models staging/src/k8s.io/component-helpers/storage/volume IsVolumeBoundToClaim.
pub fn is_bound_to(volume: &Object, claim: &Object) -> bool {
    let reference = volume.at("spec.claimRef");
    let uid = reference.get("uid").str();
    reference.get("name").str() == claim.name()
        && reference.get("namespace").str() == claim.namespace()
        && (uid.is_empty() || uid == claim.uid())
}

/// What a volume holds of the claim that it is bound to.
pub fn reference_to(claim: &Object) -> Value {
    crate::value!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": (claim.name()), "namespace": (claim.namespace()),
        "resourceVersion": (claim.resource_version().to_string()), "uid": (claim.uid())
    })
}

/// The amount of storage that a quantity says.
pub fn bytes(value: &Value) -> i64 {
    match value {
        Value::Int(n) => *n,
        other => Quantity::parse(other.str()).map_or(0, |quantity| quantity.value()),
    }
}

/// `Filesystem` where nothing is said.
pub fn mode(object: &Object) -> &str {
    object.at("spec.volumeMode").opt_str().unwrap_or("Filesystem")
}

/// True where a volume has every access mode that a claim asks for.
pub fn has_access_modes(volume: &Object, claim: &Object) -> bool {
    let offered = volume.at("spec.accessModes").list();
    claim.at("spec.accessModes").list().iter().all(|mode| offered.contains(mode))
}

/// The smallest volume that a claim may have, or the one reserved for it.
///
/// Without `node_fits` it is the volume controller who asks: where the binding waits for a pod it gets only what is reserved
/// already. With it, it is the scheduler, for one node.
///
/// Models staging/src/k8s.io/component-helpers/storage/volume FindMatchingVolume, and for the controller the order of
/// pkg/controller/volume/persistentvolume persistentVolumeOrderedIndex.findByClaim: few access modes go before many.
pub fn find<'a>(
    claim: &Object,
    volumes: impl Iterator<Item = &'a Object>,
    delayed: bool,
    node_fits: Option<&dyn Fn(&Object) -> bool>,
) -> Option<&'a Object> {
    let wanted = bytes(claim.at("spec.resources.requests.storage"));
    let mut best: Option<(usize, i64, &Object)> = None;
    for volume in volumes {
        let reference = volume.at("spec.claimRef");
        let reserved = is_bound_to(volume, claim);
        let size = bytes(volume.at("spec.capacity.storage"));
        let taken = !reference.is_null() && !reserved;
        if taken || size < wanted || mode(volume) != mode(claim) || volume.is_deleting() {
            continue;
        }
        if reserved {
            return node_fits.is_none_or(|fits| fits(volume)).then_some(volume);
        }
        let selected = claim.at("spec.selector");
        let suits = !(node_fits.is_none() && delayed)
            && volume.at("status.phase").str() == "Available"
            && (selected.is_null() || selector::matches(selected, volume.labels()))
            && class_name(volume) == class_name(claim)
            && volume.at("spec.volumeAttributesClassName").str() == claim.at("spec.volumeAttributesClassName").str()
            && has_access_modes(volume, claim)
            && node_fits.is_none_or(|fits| fits(volume));
        let modes = if node_fits.is_none() { volume.at("spec.accessModes").list().len() } else { 0 };
        if suits && best.is_none_or(|(m, s, _)| (modes, size) < (m, s)) {
            best = Some((modes, size, volume));
        }
    }
    best.map(|(_, _, volume)| volume)
}

/// Why a volume that a claim asks for by name is not for it.
///
/// Models pkg/controller/volume/persistentvolume checkVolumeSatisfyClaim.
pub fn unsuitable(volume: &Object, claim: &Object) -> Option<String> {
    let why = if volume.is_deleting() {
        return Some(format!("the volume is marked for deletion \"{}\"", volume.name()));
    } else if bytes(volume.at("spec.capacity.storage")) < bytes(claim.at("spec.resources.requests.storage")) {
        "requested PV is too small"
    } else if class_name(volume) != class_name(claim) {
        "storageClassName does not match"
    } else if mode(volume) != mode(claim) {
        "incompatible volumeMode"
    } else if !has_access_modes(volume, claim) {
        "incompatible accessMode"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// The claims that a pod's volumes mean: the name of the claim, and true for one that is made for the pod alone.
pub fn claims_of_pod(pod: &Object) -> impl Iterator<Item = (String, bool)> + '_ {
    pod.at("spec.volumes").list().iter().filter_map(|volume| {
        if !volume.get("ephemeral").is_null() {
            return Some((format!("{}-{}", pod.name(), volume.get("name").str()), true));
        }
        volume.at("persistentVolumeClaim.claimName").opt_str().map(|name| (name.to_owned(), false))
    })
}
