//! Admission of claims, volumes and classes: default class, protection, first phase, and which claims may grow.

use super::{Server, Store};
use crate::api::{volume_match, Object, Status};
use crate::value;

/// What marks the class that claims get which name none.
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
const IS_DEFAULT_BETA: &str = "storageclass.beta.kubernetes.io/is-default-class";

impl Store {
    /// The default class: of several the youngest, of equally old ones the first by name.
    ///
    /// Models pkg/volume/util GetDefaultClass.
    pub fn default_storage_class(&self) -> Option<&Object> {
        let is_default = |class: &&Object| [IS_DEFAULT, IS_DEFAULT_BETA].iter().any(|a| class.annotation(a) == "true");
        let mut best: Option<&Object> = None;
        for class in self.all("StorageClass").filter(is_default) {
            if best.is_none_or(|best| class.created() > best.created()) {
                best = Some(class);
            }
        }
        best
    }
}

/// Models plugin/pkg/admission/storage: setdefault and storageobjectinuseprotection, and the strategies of claims and volumes.
pub(super) fn admit_create(server: &Server<'_>, object: &mut Object) {
    let finalizer = match object.kind.kind {
        "PersistentVolumeClaim" => {
            object.set("status", value!({"phase": "Pending"}));
            if object.at("spec.storageClassName").is_null() && volume_match::class_name(object).is_empty() {
                if let Some(class) = server.store.default_storage_class() {
                    object.set("spec.storageClassName", class.name());
                }
            }
            "kubernetes.io/pvc-protection"
        }
        "PersistentVolume" => {
            let now = server.now().rfc3339();
            object.set("status", value!({"phase": "Pending", "lastPhaseTransitionTime": now}));
            "kubernetes.io/pv-protection"
        }
        _ => return,
    };
    let finalizers = object.value.slot_at("metadata.finalizers").list_mut();
    if !finalizers.iter().any(|f| f.str() == finalizer) {
        finalizers.push(finalizer.into());
    }
}

/// Models plugin/pkg/admission/storage/persistentvolume/resize persistentVolumeClaimResize.Validate.
pub(super) fn admit_update(store: &Store, claim: &Object, old: &Object) -> Result<(), Status> {
    let size = |claim: &Object| volume_match::bytes(claim.at("spec.resources.requests.storage"));
    if claim.kind.kind != "PersistentVolumeClaim" || size(claim) <= size(old) {
        return Ok(());
    }
    let refuse = |why: &str| Err(Status::forbidden(&claim.kind.resource(), claim.name(), why));
    if old.at("status.phase").str() != "Bound" {
        return refuse("Only bound persistent volume claims can be expanded");
    }
    let class = volume_match::class_name(claim);
    let same = !class.is_empty() && class == volume_match::class_name(old);
    match store.find("StorageClass", "", class).filter(|_| same) {
        Some(class) if class.at("allowVolumeExpansion").bool() => Ok(()),
        _ => refuse("only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"),
    }
}
