//! Generic ephemeral volumes: a claim of its own for each such volume of a pod, which goes with the pod.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{kind, Object, Value};
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "ephemeral_volume";

pub(super) const CONTROLLER: Controller = Controller { name: "ephemeral-volume-controller", keys, reconcile };

fn keys(change: &Change, _: &View) -> Vec<Key> {
    let pod = &change.object;
    let concerned = change.kind() == "Pod" && change.verb == Verb::Added && volumes(pod).next().is_some();
    if concerned {
        vec![Key::of(pod)]
    } else {
        Vec::new()
    }
}

fn volumes(pod: &Object) -> impl Iterator<Item = &Value> + '_ {
    pod.at("spec.volumes").list().iter().filter(|volume| !volume.get("ephemeral").is_null())
}

/// Models pkg/controller/volume/ephemeral ephemeralController.syncHandler and handleVolume.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(pod) = view.get("Pod", &key.key).filter(|pod| !pod.is_deleting()) else { return plan };
    for volume in volumes(pod) {
        let name = format!("{}-{}", pod.name(), volume.get("name").str());
        let found = view.store.find("PersistentVolumeClaim", pod.namespace(), &name);
        if found.is_some_and(|claim| claim.controller_uid() == pod.uid()) {
            continue;
        }
        if found.is_some() {
            let text =
                format!("PVC {}/{name} was not created for pod {} (pod is not owner)", pod.namespace(), pod.key());
            plan.push(Action::Note(EventNote::new(pod, COMPONENT, "Warning", "VolumeBindingFailed", text)));
            continue;
        }
        let template = volume.at("ephemeral.volumeClaimTemplate");
        let mut claim = Object::new(kind("PersistentVolumeClaim"), pod.namespace(), &name);
        for field in ["labels", "annotations"] {
            let values = template.get("metadata").get(field);
            if !values.is_null() {
                claim.value.slot("metadata").set(field, values.clone());
            }
        }
        claim.set("metadata.ownerReferences", value!([(pod.controller_reference())]));
        claim.set("spec", template.get("spec").clone());
        plan.push(Action::Create {
            object: claim,
            because: Arc::new(Because::of(COMPONENT, pod, "the pod has a volume of its own that needs a claim")),
            success: None,
            failure: None,
        });
    }
    plan
}
