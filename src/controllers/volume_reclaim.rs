//! Volumes follow their claims: available, bound, released, and then kept or deleted by the reclaim policy.

use std::sync::Arc;

use super::persistent_volume::COMPONENT;
use super::volume_binding::{note, patch, set_volume_phase, set_volume_status};
use super::volume_provisioning::{HOST_PATH, IN_TREE_FINALIZER, PROVISIONED_BY};
use crate::api::volume_match::{self, is_bound_to, BOUND_BY_CONTROLLER};
use crate::api::{Object, Value};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Plan, View};
use crate::value;

/// Brings a volume on. True where it is to be looked at again at the next resync.
///
/// Models pkg/controller/volume/persistentvolume/pv_controller.go syncVolume.
pub(super) fn sync_volume(view: &View, volume: &Object, plan: &mut Plan) -> bool {
    let reference = volume.at("spec.claimRef");
    if reference.get("uid").is_empty() {
        set_volume_phase(view, volume, "Available", plan);
        return false;
    }
    let (namespace, name) = (reference.get("namespace").str(), reference.get("name").str());
    let claim = view.store.find("PersistentVolumeClaim", namespace, name).filter(|claim| is_bound_to(volume, claim));
    let Some(claim) = claim else { return release(view, volume, plan) };
    let bound_to = claim.at("spec.volumeName").str();
    if bound_to.is_empty() {
        if volume_match::mode(volume) != volume_match::mode(claim) {
            let text = format!(
                "Cannot bind PersistentVolume to requested PersistentVolumeClaim \"{name}\" due to incompatible volumeMode."
            );
            note(volume, "Warning", "VolumeMismatch", text, plan);
            let text = format!(
                "Cannot bind PersistentVolume \"{}\" to requested PersistentVolumeClaim due to incompatible volumeMode.",
                volume.name()
            );
            note(claim, "Warning", "VolumeMismatch", text, plan);
        }
        return true;
    }
    if bound_to == volume.name() {
        set_volume_phase(view, volume, "Bound", plan);
        return false;
    }
    let made_for_it = !volume.annotation(PROVISIONED_BY).is_empty();
    if made_for_it && volume.at("spec.persistentVolumeReclaimPolicy").str() == "Delete" {
        return release(view, volume, plan);
    }
    unbind(view, volume, plan);
    false
}

/// Models unbindVolume: what the controller has bound becomes free, what a user has reserved stays reserved.
fn unbind(view: &View, volume: &Object, plan: &mut Plan) {
    let wanted = match volume.annotation(BOUND_BY_CONTROLLER) {
        "" => value!({"spec": {"claimRef": {"uid": null}}}),
        _ => {
            let mut wanted = value!({"spec": {"claimRef": null}});
            wanted.slot("metadata").slot("annotations").map_mut().insert(BOUND_BY_CONTROLLER, Value::Null);
            wanted
        }
    };
    plan.push(patch(volume, false, wanted, "its claim is bound to another volume".to_owned()));
    set_volume_phase(view, volume, "Available", plan);
}

/// The claim is gone.
///
/// Models the part of syncVolume for a missing claim, and reclaimVolume with recycleVolumeOperation. The pod that would
/// clear a directory is left out, long deprecated as it is: such a volume stays Released.
fn release(view: &View, volume: &Object, plan: &mut Plan) -> bool {
    if !matches!(volume.at("status.phase").str(), "Released" | "Failed") {
        set_volume_phase(view, volume, "Released", plan);
    }
    let policy = volume.at("spec.persistentVolumeReclaimPolicy").str();
    let recyclable = !volume.at("spec.hostPath").is_null() || !volume.at("spec.nfs").is_null();
    if policy == "Recycle" && !recyclable && volume.at("status.phase").str() != "Failed" {
        let why = "No recycler plugin found for the volume!";
        set_volume_status(view, volume, "Failed", why, plan);
        note(volume, "Warning", "VolumeFailedRecycle", why.to_owned(), plan);
    }
    if policy != "Delete" {
        return false;
    }
    match delete_data(volume) {
        Deleted::ByOthers => false,
        Deleted::Failed(why) => {
            if volume.at("status.phase").str() != "Failed" {
                set_volume_status(view, volume, "Failed", &why, plan);
                note(volume, "Warning", "VolumeFailedDelete", why, plan);
            }
            false
        }
        Deleted::Done => {
            let rule = "the claim is gone and the reclaim policy is Delete";
            let kept: Value = volume
                .at("metadata.finalizers")
                .list()
                .iter()
                .filter(|finalizer| finalizer.str() != IN_TREE_FINALIZER)
                .cloned()
                .collect();
            plan.push(patch(volume, false, value!({"metadata": {"finalizers": kept}}), rule.to_owned()));
            plan.push(Action::Delete {
                kind: volume.kind.kind,
                key: volume.key(),
                uid: volume.uid().into(),
                options: DeleteOptions::default(),
                because: Arc::new(Because::of(COMPONENT, volume, rule)),
                success: None,
            });
            false
        }
    }
}

enum Deleted {
    Done,
    Failed(String),
    /// An external provisioner sees to it.
    ByOthers,
}

/// What comes of deleting what lies behind a volume.
///
/// Models doDeleteVolume with findDeletablePlugin and pkg/volume/hostpath hostPathDeleter.Delete.
fn delete_data(volume: &Object) -> Deleted {
    let by = volume.annotation(PROVISIONED_BY);
    let path = volume.at("spec.hostPath.path").str();
    if !by.is_empty() && by != HOST_PATH {
        return Deleted::ByOthers;
    }
    match path {
        "" => {
            let text = "error getting deleter volume plugin for volume";
            Deleted::Failed(format!("{text} \"{}\": no deletable volume plugin matched", volume.name()))
        }
        path if path.starts_with("/tmp/") && path.len() > 5 => Deleted::Done,
        path => Deleted::Failed(format!("host_path deleter only supports /tmp/.+ but received provided {path}")),
    }
}
