//! The local path provisioner, as small clusters have it: a volume is a directory of the node that the first pod goes to.
//! It is an external provisioner, so it only makes and deletes volumes; binding is the volume controller's part.

use std::sync::Arc;

use super::volume_provisioning::{self, PROVISIONED_BY, PROVISIONER};
use super::{Controller, Key};
use crate::api::volume_match::{self, SELECTED_NODE};
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

/// The provisioner's name, as classes name it.
const NAME: &str = "rancher.io/local-path";
/// The component as its events name it: the provisioner, its pod and its leader's identity.
const COMPONENT: &str =
    "rancher.io/local-path_local-path-provisioner-7dc846544d-x5h9p_0d5cde6b-4c1f-4f0e-9d0a-6a1b4c1f3e77";
/// Where its volumes lie on a node.
const FOLDER: &str = "/var/local-path-provisioner";
/// First pause after a failure; it doubles with each further one.
const RETRY_FIRST: Span = Span::secs(15);
const RETRY_LONGEST: Span = Span::secs(1_000);
/// After so many failures a claim is left until it changes.
const MOST_FAILURES: i64 = 15;

pub(super) const CONTROLLER: Controller = Controller { name: "local-path-provisioner", keys, reconcile };

fn keys(change: &Change, _: &View) -> Vec<Key> {
    let object = &change.object;
    let ours = match change.kind() {
        "PersistentVolumeClaim" => object.annotation(PROVISIONER) == NAME,
        "PersistentVolume" => object.annotation(PROVISIONED_BY) == NAME,
        _ => false,
    };
    if ours && change.verb != Verb::Deleted {
        vec![Key::of(object)]
    } else {
        Vec::new()
    }
}

fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let Some(object) = view.get(key.kind, &key.key) else {
        return Plan { memory: Some(Value::Null), ..Plan::default() };
    };
    match key.kind {
        "PersistentVolume" => reclaim(view, object, memory),
        _ => provision(view, object, memory),
    }
}

/// How long the helper pod takes that makes or clears a directory.
const HELPER: Span = Span::millis(2_500);

/// When the helper pod is done; the first call starts it.
fn helper_done(view: &View, memory: &Value) -> SimTime {
    memory.get("done").opt_int().map_or(view.now + HELPER, |at| SimTime(at as u64))
}

fn wait_until(view: &View, at: SimTime, plan: &mut Plan) {
    plan.memory = Some(value!({"done": (at.0 as i64)}));
    plan.again_after(at.since(view.now));
}

/// Models sigs.k8s.io/sig-storage-lib-external-provisioner controller provisionClaimOperation, and the provisioner's own
/// Provision. The helper pod that makes the directory is only the time it takes.
fn provision(view: &View, claim: &Object, memory: &Value) -> Plan {
    let mut plan = Plan { memory: Some(Value::Null), ..Plan::default() };
    let class = view.store.find("StorageClass", "", volume_match::class_name(claim));
    let Some(class) = class.filter(|class| class.at("provisioner").str() == NAME) else { return plan };
    let node = claim.annotation(SELECTED_NODE);
    let waits = class.at("volumeBindingMode").str() == "WaitForFirstConsumer" && node.is_empty();
    let made = view.store.find("PersistentVolume", "", &volume_provisioning::volume_name(claim)).is_some();
    if made || waits || claim.is_deleting() || !claim.at("spec.volumeName").is_empty() {
        return plan;
    }
    let note = |severity, reason, text: String| Action::Note(EventNote::new(claim, COMPONENT, severity, reason, text));
    if let Some(done) = memory.get("done").opt_int().filter(|at| view.now < SimTime(*at as u64)) {
        wait_until(view, SimTime(done as u64), &mut plan);
        return plan;
    }
    let begun = !memory.get("done").is_null();
    if !begun {
        if let Some(at) = memory.get("retry").opt_int().filter(|at| view.now < SimTime(*at as u64)) {
            plan.memory = None;
            plan.again_after(SimTime(at as u64).since(view.now));
            return plan;
        }
        let text = format!("External provisioner is provisioning volume for claim \"{}\"", claim.key());
        plan.push(note("Normal", "Provisioning", text));
        match refusal(claim, class, node) {
            None => wait_until(view, helper_done(view, memory), &mut plan),
            Some(why) => {
                plan.push(note("Warning", "ProvisioningFailed", why));
                let failures = memory.get("failures").int() + 1;
                let pause = Span(RETRY_FIRST.0 << (failures - 1).min(10)).min(RETRY_LONGEST);
                plan.memory = Some(value!({"failures": failures, "retry": ((view.now + pause).0 as i64)}));
                if failures < MOST_FAILURES {
                    plan.again_after(pause);
                }
            }
        }
        return plan;
    }
    let mut volume = volume_provisioning::new_volume(claim, class, NAME);
    let path = format!("{FOLDER}/{}_{}_{}", volume.name(), claim.namespace(), claim.name());
    volume.value.slot("metadata").slot("annotations").map_mut().insert("local.path.provisioner/selected-node", node);
    volume.set("spec.hostPath", value!({"path": path, "type": "DirectoryOrCreate"}));
    volume.set(
        "spec.nodeAffinity.required.nodeSelectorTerms",
        value!([{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]),
    );
    let text = format!("Successfully provisioned volume {}", volume.name());
    plan.push(volume_provisioning::create(volume, claim, COMPONENT, text));
    plan
}

/// Why the provisioner makes no such volume.
fn refusal(claim: &Object, class: &Object, node: &str) -> Option<String> {
    if volume_match::mode(claim) == "Block" {
        return Some(format!("{NAME} does not support block volume provisioning"));
    }
    let supported = |mode: &Value| matches!(mode.str(), "ReadWriteOnce" | "ReadWriteOncePod");
    let why = if !claim.at("spec.selector").is_null() {
        "claim.Spec.Selector is not supported"
    } else if !claim.at("spec.accessModes").list().iter().all(supported) {
        "NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes"
    } else if node.is_empty() {
        "configuration error, no node was specified"
    } else {
        return None;
    };
    Some(format!("failed to provision volume with StorageClass \"{}\": {why}", class.name()))
}

/// Deletes a volume whose claim is gone, after what lies in it.
fn reclaim(view: &View, volume: &Object, memory: &Value) -> Plan {
    let mut plan = Plan { memory: Some(Value::Null), ..Plan::default() };
    let released = volume.at("status.phase").str() == "Released";
    if !released || volume.at("spec.persistentVolumeReclaimPolicy").str() != "Delete" || volume.is_deleting() {
        return plan;
    }
    let done = helper_done(view, memory);
    if view.now < done {
        wait_until(view, done, &mut plan);
        return plan;
    }
    plan.push(Action::Delete {
        kind: volume.kind.kind,
        key: volume.key(),
        uid: volume.uid().into(),
        options: DeleteOptions::default(),
        because: Arc::new(Because::of(COMPONENT, volume, "the claim is gone and the reclaim policy is Delete")),
        success: None,
    });
    plan
}
