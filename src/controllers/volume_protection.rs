//! Protection: a claim that a pod uses and a volume that is bound stay until they are no longer needed.

use std::sync::Arc;

use super::persistent_volume::{claim_key, volume_key};
use super::{Controller, Key};
use crate::api::volume_match::claims_of_pod;
use crate::api::{Object, Value};
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

const CLAIM_FINALIZER: &str = "kubernetes.io/pvc-protection";
const VOLUME_FINALIZER: &str = "kubernetes.io/pv-protection";

pub(super) const CLAIMS: Controller =
    Controller { name: "persistentvolumeclaim-protection-controller", keys: claim_keys, reconcile: protect_claim };

pub(super) const VOLUMES: Controller =
    Controller { name: "persistentvolume-protection-controller", keys: volume_keys, reconcile: protect_volume };

/// A pod calls for its claims when it goes, ends or has no node: nothing else sets a claim free.
fn claim_keys(change: &Change, _: &View) -> Vec<Key> {
    let object = &change.object;
    match change.kind() {
        "PersistentVolumeClaim" if change.verb != Verb::Deleted && object.is_deleting() => vec![Key::of(object)],
        "Pod" => {
            let ended = matches!(object.at("status.phase").str(), "Succeeded" | "Failed");
            let frees = change.verb == Verb::Deleted || ended || object.at("spec.nodeName").is_empty();
            let claims = claims_of_pod(object).filter(|_| frees);
            claims.map(|(name, _)| claim_key(object.namespace(), &name)).collect()
        }
        _ => Vec::new(),
    }
}

/// Models pkg/controller/volume/pvcprotection Controller.processPVC: a pod that has a node and is still there uses its claims,
/// ended or not.
fn protect_claim(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(claim) = view.get(key.kind, &key.key).filter(|claim| claim.is_deleting()) else { return plan };
    let uses =
        |pod: &Object| !pod.at("spec.nodeName").is_empty() && claims_of_pod(pod).any(|(name, _)| name == claim.name());
    if !view.store.list("Pod", claim.namespace()).any(uses) {
        release(claim, CLAIM_FINALIZER, "pvc-protection-controller", "no pod uses the claim", &mut plan);
    }
    plan
}

fn volume_keys(change: &Change, _: &View) -> Vec<Key> {
    let object = &change.object;
    match change.kind() {
        "PersistentVolume" if change.verb != Verb::Deleted && object.is_deleting() => vec![volume_key(object.name())],
        _ => Vec::new(),
    }
}

/// Models pkg/controller/volume/pvprotection Controller.processPV.
fn protect_volume(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(volume) = view.get(key.kind, &key.key).filter(|volume| volume.is_deleting()) else { return plan };
    if volume.at("status.phase").str() != "Bound" {
        release(volume, VOLUME_FINALIZER, "pv-protection-controller", "the volume is not bound", &mut plan);
    }
    plan
}

fn release(object: &Object, finalizer: &str, component: &'static str, rule: &str, plan: &mut Plan) {
    let all = object.at("metadata.finalizers").list();
    let kept: Value = all.iter().filter(|f| f.str() != finalizer).cloned().collect();
    if kept.list().len() == all.len() {
        return;
    }
    plan.push(Action::Patch {
        kind: object.kind.kind,
        key: object.key(),
        uid: object.uid().into(),
        status: false,
        patch: value!({"metadata": {"finalizers": kept}}),
        because: Arc::new(Because::of(component, object, rule)),
    });
}
