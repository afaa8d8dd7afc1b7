//! Volumes made for claims: which provisioner a class names, and the one of the controller manager itself. External ones are
//! controllers of their own.

use std::sync::Arc;

use super::persistent_volume::COMPONENT;
use super::volume_binding::{note, patch};
use crate::api::volume_match::{self, BOUND_BY_CONTROLLER};
use crate::api::{kind, Object, Value};
use crate::base::draw;
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

/// The provisioner that is built in, for clusters of one machine.
pub(super) const HOST_PATH: &str = "kubernetes.io/host-path";
/// Annotation of a volume with the provisioner that made it.
pub(super) const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// Annotation of a claim with the provisioner that is to make its volume.
pub(super) const PROVISIONER: &str = "volume.kubernetes.io/storage-provisioner";
/// Keeps a volume until what lies behind it is deleted.
pub(super) const IN_TREE_FINALIZER: &str = "kubernetes.io/pv-controller";

/// Provisioners that were built in once and are CSI drivers today.
const MIGRATED: &[(&str, &str)] = &[
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/azure-file", "file.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
];

/// Has a volume made for a claim, or says why none can be.
///
/// Models pkg/controller/volume/persistentvolume/pv_controller.go provisionClaim, provisionClaimOperation and
/// provisionClaimOperationExternal.
pub(super) fn provision(view: &View, claim: &Object, class: Option<&Object>, plan: &mut Plan) {
    let Some(class) = class else {
        let text = format!("storageclass.storage.k8s.io \"{}\" not found", volume_match::class_name(claim));
        return note(claim, "Warning", "ProvisioningFailed", text, plan);
    };
    let provisioner = class.at("provisioner").str();
    let migrated = MIGRATED.iter().find(|(old, _)| *old == provisioner).map(|(_, new)| *new);
    let external = migrated.is_some() || !provisioner.starts_with("kubernetes.io/");
    if !external && provisioner != HOST_PATH {
        let text = format!("no volume plugin matched name: {provisioner}");
        return note(claim, "Warning", "ProvisioningFailed", text, plan);
    }
    name_provisioner(claim, migrated.unwrap_or(provisioner), plan);
    if external {
        let provisioner = migrated.unwrap_or(provisioner);
        let text = format!("Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.");
        note(claim, "Normal", "ExternalProvisioning", text, plan);
    } else if view.store.find("PersistentVolume", "", &volume_name(claim)).is_none() {
        make_host_path(view, claim, class, plan);
    }
}

/// Models setClaimProvisioner.
fn name_provisioner(claim: &Object, provisioner: &str, plan: &mut Plan) {
    if claim.annotation(PROVISIONER) == provisioner {
        return;
    }
    let mut wanted = Value::map();
    let annotations = wanted.slot("metadata").slot("annotations").map_mut();
    annotations.insert("volume.beta.kubernetes.io/storage-provisioner", provisioner);
    annotations.insert(PROVISIONER, provisioner);
    plan.push(patch(claim, false, wanted, format!("the class of the claim names the provisioner {provisioner}")));
}

/// The name of the volume that is made for a claim.
pub(super) fn volume_name(claim: &Object) -> String {
    format!("pvc-{}", claim.uid())
}

/// A volume for a claim, as every provisioner makes it; where it lies is for the provisioner to add.
pub(super) fn new_volume(claim: &Object, class: &Object, provisioner: &str) -> Object {
    let mut volume = Object::new(kind("PersistentVolume"), "", &volume_name(claim));
    volume.value.slot("metadata").slot("annotations").map_mut().insert(PROVISIONED_BY, provisioner);
    let mut spec = value!({
        "accessModes": (claim.at("spec.accessModes").clone()),
        "capacity": {"storage": (claim.at("spec.resources.requests.storage").clone())},
        "claimRef": (volume_match::reference_to(claim)),
        "persistentVolumeReclaimPolicy": (class.at("reclaimPolicy").opt_str().unwrap_or("Delete")),
        "storageClassName": (class.name()), "volumeMode": (volume_match::mode(claim))
    });
    if !class.at("mountOptions").is_empty() {
        spec.set("mountOptions", class.at("mountOptions").clone());
    }
    volume.set("spec", spec);
    volume
}

/// The plan's step that creates a volume, and the event that tells of it.
pub(super) fn create(volume: Object, claim: &Object, component: &'static str, text: String) -> Action {
    Action::Create {
        object: volume,
        because: Arc::new(Because::of(component, claim, "the class of the claim has its volumes made on demand")),
        success: Some(EventNote::new(claim, component, "Normal", "ProvisioningSucceeded", text)),
        failure: None,
    }
}

/// Models pkg/volume/hostpath hostPathProvisioner.Provision.
fn make_host_path(view: &View, claim: &Object, class: &Object, plan: &mut Plan) {
    let mut volume = new_volume(claim, class, HOST_PATH);
    let annotations = volume.value.slot("metadata").slot("annotations").map_mut();
    annotations.insert("kubernetes.io/createdby", "hostpath-dynamic-provisioner");
    annotations.insert(BOUND_BY_CONTROLLER, "yes");
    let id = draw::uuid(view.settings.seed, "host-path", claim.uid(), 0);
    volume.set("spec.hostPath", value!({"path": (format!("/tmp/hostpath_pv/{id}")), "type": ""}));
    if volume.at("spec.persistentVolumeReclaimPolicy").str() == "Delete" {
        volume.set("metadata.finalizers", value!([IN_TREE_FINALIZER]));
    }
    let text = format!("Successfully provisioned volume {} using {HOST_PATH}", volume.name());
    plan.push(create(volume, claim, COMPONENT, text));
}
