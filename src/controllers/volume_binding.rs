//! Binding: a claim finds a volume, or one is asked for. It makes no volume itself.

use std::sync::Arc;

use super::persistent_volume::{class_of, is_delayed, COMPONENT};
use super::volume_provisioning;
use crate::api::volume_match::{self, BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE};
use crate::api::{Object, Value};
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

/// Brings a claim on. True where it is to be looked at again at the next resync.
///
/// Models pkg/controller/volume/persistentvolume/pv_controller.go syncClaim.
pub(super) fn sync_claim(view: &View, claim: &Object, plan: &mut Plan) -> bool {
    match claim.annotation(BIND_COMPLETED) {
        "" => sync_unbound(view, claim, plan),
        _ => sync_bound(view, claim, plan),
    }
}

/// Models syncUnboundClaim.
fn sync_unbound(view: &View, claim: &Object, plan: &mut Plan) -> bool {
    let name = claim.at("spec.volumeName").str();
    if name.is_empty() {
        let delayed = is_delayed(view, claim);
        let volumes = view.store.all("PersistentVolume");
        plan.visited = view.store.count("PersistentVolume") as u32;
        return match volume_match::find(claim, volumes, delayed, None) {
            Some(volume) => bind(view, volume, claim, plan),
            None => no_volume(view, claim, delayed, plan),
        };
    }
    let Some(volume) = view.store.find("PersistentVolume", "", name) else {
        return set_phase(claim, "Pending", plan);
    };
    if volume.at("spec.claimRef").is_null() {
        if let Some(why) = volume_match::unsuitable(volume, claim) {
            let text = format!("Cannot bind to requested volume \"{name}\": {why}");
            note(claim, "Warning", "VolumeMismatch", text, plan);
            return set_phase(claim, "Pending", plan);
        }
        return bind(view, volume, claim, plan);
    }
    if volume_match::is_bound_to(volume, claim) {
        return bind(view, volume, claim, plan);
    }
    let text = format!("volume \"{name}\" already bound to a different claim.");
    note(claim, "Warning", "FailedBinding", text, plan);
    set_phase(claim, "Pending", plan)
}

/// What is done for a claim that no volume suits: a class is given to it, a volume is asked for, or it waits.
fn no_volume(view: &View, claim: &Object, delayed: bool, plan: &mut Plan) -> bool {
    if let Some(class) = default_class(view, claim) {
        let rule = format!("the claim names no class, and {class} is the default class");
        plan.push(patch(claim, false, value!({"spec": {"storageClassName": class}}), rule));
        return true;
    }
    if delayed && claim.annotation(SELECTED_NODE).is_empty() {
        let (reason, text) = waiting_for(view, claim);
        note(claim, "Normal", reason, text, plan);
    } else if !volume_match::class_name(claim).is_empty() {
        volume_provisioning::provision(view, claim, class_of(view, claim), plan);
        return true;
    } else {
        let text = "no persistent volumes available for this claim and no storage class is set";
        note(claim, "Normal", "FailedBinding", text.to_owned(), plan);
    }
    set_phase(claim, "Pending", plan)
}

/// The class that a claim without one gets when there is a default class after all.
///
/// Models assignDefaultStorageClass, the retroactive part of admission's defaultstorageclass.
fn default_class(view: &View, claim: &Object) -> Option<String> {
    let unset = claim.at("spec.storageClassName").is_null() && volume_match::class_name(claim).is_empty();
    if !unset {
        return None;
    }
    view.store.default_storage_class().map(|class| class.name().to_owned())
}

/// Models emitEventForUnboundDelayBindingClaim.
fn waiting_for(view: &View, claim: &Object) -> (&'static str, String) {
    let waits = |pod: &&Object| {
        let ended = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        let uses = volume_match::claims_of_pod(pod).any(|(name, _)| name == claim.name());
        uses && !ended && pod.at("spec.nodeName").is_empty()
    };
    let pods: Vec<&str> = view.store.list("Pod", claim.namespace()).filter(waits).map(Object::name).collect();
    match pods.as_slice() {
        [] => ("WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_owned()),
        [pod] => ("WaitForPodScheduled", format!("waiting for pod {pod} to be scheduled")),
        pods => ("WaitForPodScheduled", format!("waiting for pods {} to be scheduled", pods.join(","))),
    }
}

/// Models syncBoundClaim.
fn sync_bound(view: &View, claim: &Object, plan: &mut Plan) -> bool {
    let name = claim.at("spec.volumeName").str();
    let volume = view.store.find("PersistentVolume", "", name);
    let lost = match volume {
        _ if name.is_empty() => {
            ("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
        }
        None => ("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"),
        Some(volume) => {
            let reference = volume.at("spec.claimRef");
            if reference.is_null() || reference.get("uid").str() == claim.uid() {
                return bind(view, volume, claim, plan);
            }
            ("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
        }
    };
    if claim.at("status.phase").str() != "Lost" {
        set_phase(claim, "Lost", plan);
        note(claim, "Warning", lost.0, lost.1.to_owned(), plan);
    }
    false
}

/// Binds a volume and a claim: the volume first, then the claim, each with its status. What is done already is left.
///
/// Models bind.
fn bind(view: &View, volume: &Object, claim: &Object, plan: &mut Plan) -> bool {
    let rule = format!("{} is the volume of claim {}", volume.name(), claim.key());
    let reference = volume.at("spec.claimRef");
    if reference.get("uid").str() != claim.uid() {
        let mut object = volume.clone();
        object.set("spec.claimRef", volume_match::reference_to(claim));
        if !volume_match::is_bound_to(volume, claim) {
            object.value.slot("metadata").slot("annotations").map_mut().insert(BOUND_BY_CONTROLLER, "yes");
        }
        let because = Arc::new(Because::of(COMPONENT, claim, rule.clone()));
        plan.push(Action::Update { object, because, success: None });
    }
    set_volume_phase(view, volume, "Bound", plan);
    let mut wanted = Value::map();
    let mut annotate = |name: &str| {
        if claim.annotation(name).is_empty() {
            wanted.slot("metadata").slot("annotations").map_mut().insert(name, "yes");
        }
    };
    annotate(BIND_COMPLETED);
    if claim.at("spec.volumeName").is_empty() {
        annotate(BOUND_BY_CONTROLLER);
        wanted.set("spec.volumeName", volume.name());
    }
    if !wanted.is_empty() {
        plan.push(patch(claim, false, wanted, rule.clone()));
    }
    let mut status = value!({"phase": "Bound", "accessModes": (volume.at("spec.accessModes").clone())});
    let becomes_bound = matches!(claim.at("status.phase").str(), "" | "Pending");
    if becomes_bound || claim.at("status.capacity").is_empty() {
        status.set("capacity", volume.at("spec.capacity").clone());
    }
    if status.entries().iter().any(|(field, wanted)| claim.status().get(field) != wanted) {
        plan.push(patch(claim, true, value!({"status": status}), rule));
    }
    false
}

/// Sets the phase of a claim that has no volume; true, for it is to be looked at again.
///
/// Models updateClaimStatus without a volume.
fn set_phase(claim: &Object, phase: &str, plan: &mut Plan) -> bool {
    let status = claim.status();
    if status.get("phase").str() != phase || !status.get("capacity").is_null() {
        let wanted = value!({"status": {"phase": phase, "accessModes": null, "capacity": null}});
        plan.push(patch(claim, true, wanted, format!("no volume is bound to claim {}", claim.key())));
    }
    true
}

/// Models updateVolumePhase.
pub(super) fn set_volume_phase(view: &View, volume: &Object, phase: &str, plan: &mut Plan) {
    set_volume_status(view, volume, phase, "", plan);
}

/// Sets the phase of a volume and why; nothing where it has the phase.
pub(super) fn set_volume_status(view: &View, volume: &Object, phase: &str, message: &str, plan: &mut Plan) {
    if volume.at("status.phase").str() == phase {
        return;
    }
    let message = if message.is_empty() { Value::Null } else { message.into() };
    let status = value!({"phase": phase, "message": message, "lastPhaseTransitionTime": (view.now_text())});
    let rule = match phase {
        "Available" => "no claim has the volume",
        "Bound" => "the volume and its claim name each other",
        "Released" => "the claim of the volume is gone",
        _ => "reclaiming the volume failed",
    };
    plan.push(patch(volume, true, value!({"status": status}), rule.to_owned()));
}

pub(super) fn note(about: &Object, severity: &'static str, reason: &'static str, text: String, plan: &mut Plan) {
    plan.push(Action::Note(EventNote::new(about, COMPONENT, severity, reason, text)));
}

pub(super) fn patch(object: &Object, status: bool, patch: Value, rule: String) -> Action {
    Action::Patch {
        kind: object.kind.kind,
        key: object.key(),
        uid: object.uid().into(),
        status,
        patch,
        because: Arc::new(Because::of(COMPONENT, object, rule)),
    }
}
