//! Claims that a pod's volumes name: until they are bound, the pod's volumes cannot be mounted.

use super::Sync;
use crate::api::volume_match::{claims_of_pod, BIND_COMPLETED};
use crate::api::Object;
use crate::base::time::Span;
use crate::store::View;

/// How long the kubelet waits for volumes before it complains and begins anew.
const MOUNT_TIMEOUT: Span = Span::secs(123);

/// The volumes whose claims are not to be used, and why the last of them is not.
///
/// Models pkg/kubelet/volumemanager/populator createVolumeSpec and getPVCExtractPV.
fn unready(view: &View, pod: &Object) -> Option<(Vec<String>, String)> {
    let mut waiting: Option<(Vec<String>, String)> = None;
    let claims = claims_of_pod(pod);
    for (claim, _) in claims {
        let key = format!("{}/{claim}", pod.namespace());
        let found = view.store.find("PersistentVolumeClaim", pod.namespace(), &claim);
        let why = match found {
            None => format!(
                "error processing PVC {key}: failed to fetch PVC from API server: persistentvolumeclaims \"{claim}\" not found"
            ),
            Some(object) if object.is_deleting() => format!("error processing PVC {key}: PVC is being deleted"),
            Some(object) if object.annotation(BIND_COMPLETED).is_empty() => {
                format!("error processing PVC {key}: PVC is not bound")
            }
            Some(_) => continue,
        };
        let named = |volume: &&crate::api::Value| {
            let own = format!("{}-{}", pod.name(), volume.get("name").str());
            volume.at("persistentVolumeClaim.claimName").str() == claim
                || !volume.get("ephemeral").is_null() && own == claim
        };
        let names =
            pod.at("spec.volumes").list().iter().filter(named).map(|volume| volume.get("name").str().to_owned());
        let (all, text) = waiting.get_or_insert_with(Default::default);
        all.extend(names);
        *text = why;
    }
    waiting
}

impl Sync<'_> {
    /// True while the pod waits for a claim. It is looked at again when a claim changes, and complains when that takes long.
    ///
    /// Models pkg/kubelet/volumemanager WaitForAttachAndMount.
    pub(super) fn waits_for_claims(&mut self) -> bool {
        if self.run.object.at("spec.volumes").list().is_empty() {
            return false;
        }
        let Some((names, why)) = unready(self.view, &self.run.object) else {
            if self.run.claims_due.take().is_some() {
                self.run.sandbox = super::Sandbox::Coming(self.now);
            }
            return false;
        };
        let due = *self.run.claims_due.get_or_insert(self.now + MOUNT_TIMEOUT);
        if due <= self.now {
            self.run.claims_due = Some(self.now + MOUNT_TIMEOUT);
            let names = names.join(", ");
            let text = format!("Unable to attach or mount volumes: unmounted volumes=[{names}], unattached volumes=[], failed to process volumes=[{names}]: {why}");
            self.note_pod("Warning", "FailedMount", text);
        }
        let due = self.run.claims_due.unwrap_or(due);
        self.run.sandbox = super::Sandbox::Coming(due);
        true
    }
}
