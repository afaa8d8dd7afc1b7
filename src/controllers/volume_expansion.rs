//! Expansion: a bound claim that asks for more than its volume has.

use std::sync::Arc;

use super::volume_provisioning::{HOST_PATH, PROVISIONER};
use super::{Controller, Key};
use crate::api::volume_match::bytes;
use crate::api::{Object, Value};
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "volume_expand";

pub(super) const CONTROLLER: Controller = Controller { name: "persistentvolume-expander-controller", keys, reconcile };

fn keys(change: &Change, _: &View) -> Vec<Key> {
    let grown = change.kind() == "PersistentVolumeClaim"
        && change.verb == Verb::Modified
        && change.touches("spec.resources.requests");
    if grown {
        vec![Key::of(&change.object)]
    } else {
        Vec::new()
    }
}

/// Models pkg/controller/volume/expand expandController.syncHandler and expand, and for the built-in provisioner
/// pkg/volume/util/operationexecutor expandAndRecoverFunction: a directory has no file system to be resized.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(claim) = view.get(key.kind, &key.key) else { return plan };
    let Some(volume) = view.store.find("PersistentVolume", "", claim.at("spec.volumeName").str()) else { return plan };
    let wanted = claim.at("spec.resources.requests.storage");
    if claim.at("status.phase").str() != "Bound" || bytes(wanted) <= bytes(claim.at("status.capacity.storage")) {
        return plan;
    }
    let note = |reason, text: String| Action::Note(EventNote::new(claim, COMPONENT, "Normal", reason, text));
    if claim.annotation(PROVISIONER) != HOST_PATH {
        plan.push(note("ExternalExpanding", "waiting for an external controller to expand this PVC".to_owned()));
        return plan;
    }
    let rule = format!("claim {} asks for {}", claim.key(), wanted.str());
    let patch = |object: &Object, status: bool, patch: Value| Action::Patch {
        kind: object.kind.kind,
        key: object.key(),
        uid: object.uid().into(),
        status,
        patch,
        because: Arc::new(Because::of(COMPONENT, claim, rule.clone())),
    };
    let amount = value!({"storage": (wanted.clone())});
    plan.push(patch(volume, false, value!({"spec": {"capacity": (amount.clone())}})));
    plan.push(patch(claim, true, value!({"status": {"capacity": amount, "conditions": null}})));
    plan.push(note("VolumeResizeSuccessful", format!("ExpandVolume succeeded for volume {}", claim.key())));
    plan
}
