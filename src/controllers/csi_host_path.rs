//! The CSI host path driver with its sidecars, as minikube's addon has it: the external provisioner, the external resizer
//! and what the kubelet does about a volume that has grown. Its volumes may be expanded, in two steps: the volume at once,
//! the file system in it once a pod uses it. Binding is the volume controller's part.

use std::sync::Arc;

use super::volume_provisioning::{self, PROVISIONED_BY, PROVISIONER};
use super::{Controller, Key};
use crate::api::volume_match::{self, bytes, SELECTED_NODE};
use crate::api::{Object, Value};
use crate::base::draw;
use crate::base::time::{Span, Timestamp};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

/// The driver's name, as classes name it.
pub(super) const NAME: &str = "hostpath.csi.k8s.io";
const PROVISIONER_POD: &str = "hostpath.csi.k8s.io_csi-hostpathplugin-0_4d6c2f0e-2a55-4f53-b7f4-5a1f3a9d8c21";
const RESIZER: &str = "external-resizer hostpath.csi.k8s.io";
const FINALIZER: &str = "external-provisioner.volume.kubernetes.io/finalizer";
/// Holds the size that a volume had before its expansion while the file system still has it.
const SIZE_BEFORE: &str = "volume.alpha.kubernetes.io/pre-resize-capacity";
/// A kubelet looks at the volumes of a pod that runs whenever it looks at the pod.
const KUBELET_LOOK: Span = Span::secs(90);

pub(super) const CONTROLLER: Controller = Controller { name: "csi-host-path-driver", keys, reconcile };

fn keys(change: &Change, view: &View) -> Vec<Key> {
    let object = &change.object;
    let ours = match change.kind() {
        "PersistentVolumeClaim" => object.annotation(PROVISIONER) == NAME,
        "PersistentVolume" => object.annotation(PROVISIONED_BY) == NAME,
        "Pod" if change.touches("status.phase") => {
            let claims = volume_match::claims_of_pod(object);
            let found =
                claims.filter_map(|(name, _)| view.store.find("PersistentVolumeClaim", object.namespace(), &name));
            return found.filter(|claim| waits_for_node(claim)).map(Key::of).collect();
        }
        _ => false,
    };
    if ours && change.verb != Verb::Deleted {
        vec![Key::of(object)]
    } else {
        Vec::new()
    }
}

fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(object) = view.get(key.kind, &key.key) else { return plan };
    if key.kind == "PersistentVolume" {
        reclaim(object, &mut plan);
    } else if object.at("spec.volumeName").is_empty() {
        provision(view, object, &mut plan);
    } else if let Some(volume) = view.store.find("PersistentVolume", "", object.at("spec.volumeName").str()) {
        expand(view, object, volume, &mut plan);
    }
    plan
}

/// Models sigs.k8s.io/sig-storage-lib-external-provisioner controller provisionClaimOperation. The driver is thought to
/// reach its directories from every node, so its volumes have no node affinity.
fn provision(view: &View, claim: &Object, plan: &mut Plan) {
    let class = view.store.find("StorageClass", "", volume_match::class_name(claim));
    let Some(class) = class.filter(|class| class.at("provisioner").str() == NAME) else { return };
    let delayed = class.at("volumeBindingMode").str() == "WaitForFirstConsumer";
    let made = view.store.find("PersistentVolume", "", &volume_provisioning::volume_name(claim)).is_some();
    if made || claim.is_deleting() || delayed && claim.annotation(SELECTED_NODE).is_empty() {
        return;
    }
    let text = format!("External provisioner is provisioning volume for claim \"{}\"", claim.key());
    plan.push(Action::Note(EventNote::new(claim, PROVISIONER_POD, "Normal", "Provisioning", text)));
    let mut volume = volume_provisioning::new_volume(claim, class, NAME);
    let annotations = volume.value.slot("metadata").slot("annotations").map_mut();
    annotations.insert("volume.kubernetes.io/provisioner-deletion-secret-name", "");
    annotations.insert("volume.kubernetes.io/provisioner-deletion-secret-namespace", "");
    let handle = draw::uuid(view.settings.seed, "csi-host-path", claim.uid(), 0);
    volume.set("spec.csi", value!({"driver": NAME, "volumeHandle": handle}));
    if volume.at("spec.persistentVolumeReclaimPolicy").str() == "Delete" {
        volume.set("metadata.finalizers", value!([FINALIZER]));
    }
    let text = format!("Successfully provisioned volume {}", volume.name());
    plan.push(volume_provisioning::create(volume, claim, PROVISIONER_POD, text));
}

/// Deletes a volume whose claim is gone, and lets go of one that is deleted.
fn reclaim(volume: &Object, plan: &mut Plan) {
    let released = volume.at("status.phase").str() == "Released";
    if !released || volume.at("spec.persistentVolumeReclaimPolicy").str() != "Delete" {
        return;
    }
    let rule = "the claim is gone and the reclaim policy is Delete";
    let because = Arc::new(Because::of(PROVISIONER_POD, volume, rule));
    let finalizers = volume.at("metadata.finalizers").list();
    if finalizers.iter().any(|finalizer| finalizer.str() == FINALIZER) {
        let kept: Value = finalizers.iter().filter(|finalizer| finalizer.str() != FINALIZER).cloned().collect();
        plan.push(patch(volume, false, value!({"metadata": {"finalizers": kept}}), &because));
    }
    if !volume.is_deleting() {
        plan.push(Action::Delete {
            kind: volume.kind.kind,
            key: volume.key(),
            uid: volume.uid().into(),
            options: DeleteOptions::default(),
            because,
            success: None,
        });
    }
}

fn patch(object: &Object, status: bool, patch: Value, because: &Arc<Because>) -> Action {
    let because = because.clone();
    Action::Patch { kind: object.kind.kind, key: object.key(), uid: object.uid().into(), status, patch, because }
}

/// True for a claim whose volume has grown and whose file system has not.
fn waits_for_node(claim: &Object) -> bool {
    claim.at("status.allocatedResourceStatuses.storage").str() == "NodeResizePending"
}

/// Models github.com/kubernetes-csi/external-resizer controller expandAndRecover, which goes the way of
/// pkg/volume/util/operationexecutor expandAndRecoverFunction.
fn expand(view: &View, claim: &Object, volume: &Object, plan: &mut Plan) {
    let wanted = claim.at("spec.resources.requests.storage");
    let has = claim.at("status.capacity.storage");
    if waits_for_node(claim) {
        return expand_on_node(view, claim, volume, plan);
    }
    if claim.at("status.phase").str() != "Bound" || bytes(wanted) <= bytes(has) {
        return;
    }
    let because = Arc::new(Because::of(RESIZER, claim, format!("claim {} asks for {}", claim.key(), wanted.str())));
    let note = |reason, text: &str| Action::Note(EventNote::new(claim, RESIZER, "Normal", reason, text));
    let now = view.now_text();
    let resizing =
        value!({"lastProbeTime": null, "lastTransitionTime": (now.as_str()), "status": "True", "type": "Resizing"});
    let mut status = value!({"conditions": [(resizing.clone())], "allocatedResources": {"storage": (wanted.clone())},
        "allocatedResourceStatuses": {"storage": "ControllerResizeInProgress"}});
    plan.push(note("Resizing", &format!("External resizer is resizing volume {}", volume.name())));
    plan.push(patch(claim, true, value!({"status": (status.clone())}), &because));
    let mut grown = value!({"spec": {"capacity": {"storage": (wanted.clone())}}});
    grown.slot("metadata").slot("annotations").map_mut().insert(SIZE_BEFORE, has.clone());
    plan.push(patch(volume, false, grown, &because));
    let pending = value!({"lastProbeTime": null, "lastTransitionTime": now,
        "message": "Waiting for user to (re-)start a pod to finish file system resize of volume on node.",
        "status": "True", "type": "FileSystemResizePending"});
    status.set("conditions", value!([resizing, pending]));
    status.set("allocatedResourceStatuses.storage", "NodeResizePending");
    plan.push(patch(claim, true, value!({"status": status}), &because));
    plan.push(note("FileSystemResizeRequired", "Require file system resize of volume on node"));
}

/// A pod that is started finds its file system grown; for one that runs the kubelet sees to it at its next look.
///
/// Models pkg/volume/util/operationexecutor NodeExpander.expandOnPlugin.
fn expand_on_node(view: &View, claim: &Object, volume: &Object, plan: &mut Plan) {
    let runs = |pod: &&Object| {
        let uses = volume_match::claims_of_pod(pod).any(|(name, _)| name == claim.name());
        uses && pod.at("status.phase").str() == "Running"
    };
    let Some(pod) = view.store.list("Pod", claim.namespace()).find(runs) else { return };
    let time = |value: &Value| Timestamp::parse(value.str()).map_or(0, |at| at.0);
    let since = time(claim.condition("FileSystemResizePending").get("lastTransitionTime"));
    let look = draw::below(view.settings.seed, "file-system-resize", claim.uid(), 0, KUBELET_LOOK.0);
    let due = since + if time(pod.at("status.startTime")) >= since { 0 } else { look as i64 };
    if due > view.timestamp().0 {
        return plan.again_after(Span((due - view.timestamp().0) as u64));
    }
    let because = Arc::new(Because::of("kubelet", claim, format!("pod {} uses the volume that has grown", pod.name())));
    let size = volume.at("spec.capacity.storage").clone();
    let done =
        value!({"status": {"capacity": {"storage": size}, "conditions": null, "allocatedResourceStatuses": null}});
    plan.push(patch(claim, true, done, &because));
    let mut volume_done = Value::map();
    volume_done.slot("metadata").slot("annotations").map_mut().insert(SIZE_BEFORE, Value::Null);
    plan.push(patch(volume, false, volume_done, &because));
    let node = pod.at("spec.nodeName").str();
    let text = format!("MountVolume.NodeExpandVolume succeeded for volume \"{}\" {node}", volume.name());
    for object in [pod, claim] {
        let note = EventNote::new(object, "kubelet", "Normal", "FileSystemResizeSuccessful", text.as_str());
        plan.push(Action::Note(note));
    }
}
