//! Expansion: a bound claim that asks for more than its volume has.

use super::{Controller, Key};
use crate::api::volume_match::bytes;
use crate::api::Value;
use crate::store::{Action, Change, EventNote, Plan, Verb, View};

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

/// Models pkg/controller/volume/expand expandController.syncHandler: no plugin of the controller manager itself can expand a
/// volume any more, so it is up to the driver's resizer, if there is one.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(claim) = view.get(key.kind, &key.key) else { return plan };
    let volume = view.store.find("PersistentVolume", "", claim.at("spec.volumeName").str());
    let grows = bytes(claim.at("spec.resources.requests.storage")) > bytes(claim.at("status.capacity.storage"));
    if volume.is_some() && grows && claim.at("status.phase").str() == "Bound" {
        let text = "waiting for an external controller to expand this PVC";
        plan.push(Action::Note(EventNote::new(claim, COMPONENT, "Normal", "ExternalExpanding", text)));
    }
    plan
}
