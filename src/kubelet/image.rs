//! Images on a node: present, pulled, refused.

use super::container::BackOff;
use super::start::{Start, RETRY};
use super::Sync;
use crate::base::time::{parse_duration, SimTime, Span};
use crate::workload::images;

impl Sync<'_> {
    /// Sees to the image of a container.
    ///
    /// Models pkg/kubelet/images EnsureImageExists.
    pub(super) fn image(&mut self, i: usize) -> Start {
        if let Some(pull) = self.run.containers[i].pull {
            return if pull.until > self.now { Start::Pulling } else { self.end_pull(i) };
        }
        if self.run.containers[i].pulled {
            return Start::Started;
        }
        let pod = self.run.object.clone();
        let spec = self.run.containers[i].spec(&pod);
        let image = spec.get("image").str();
        if let Some(why) = images::invalid(image) {
            let text =
                format!("Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {why}");
            self.note(i, "Warning", "InspectFailed", text.clone());
            self.note(i, "Warning", "Failed", "Error: InvalidImageName");
            return self.hold(i, "InvalidImageName", text, RETRY);
        }
        let fails = failure(&pod, image);
        let present = self.node.has_image(self.view, image) && fails.is_none();
        match spec.get("imagePullPolicy").str() {
            "Never" if !present => {
                let text = format!("Container image \"{image}\" is not present with pull policy of Never");
                self.note(i, "Warning", "ErrImageNeverPull", text.clone());
                self.note(i, "Warning", "Failed", "Error: ErrImageNeverPull");
                return self.hold(i, "ErrImageNeverPull", text, RETRY);
            }
            "Always" => {}
            _ if present => {
                let text =
                    format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
                self.note(i, "Normal", "Pulled", text);
                return Start::Started;
            }
            _ => {}
        }
        let back_off = self.run.containers[i].image_back_off;
        if back_off.is_some_and(|b| self.now.since(b.updated) < b.span) {
            let why = fails.unwrap_or_default();
            self.note(i, "Normal", "BackOff", format!("Back-off pulling image \"{image}\""));
            self.note(i, "Warning", "Failed", "Error: ImagePullBackOff");
            let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {why}");
            return self.hold(i, "ImagePullBackOff", message, RETRY);
        }
        self.note(i, "Normal", "Pulling", format!("Pulling image \"{image}\""));
        let fixed = if fails.is_some() { Some(Span::millis(300)) } else { annotated_pull(&pod) };
        let pull = self.node.pull(self.view, &self.pod.node, image, fixed);
        self.run.containers[i].pull = Some(pull);
        Start::Pulling
    }

    fn end_pull(&mut self, i: usize) -> Start {
        let Some(pull) = self.run.containers[i].pull.take() else { return Start::Started };
        let pod = self.run.object.clone();
        let image = self.run.containers[i].spec(&pod).get("image").text();
        if let Some(why) = failure(&pod, &image) {
            self.note(i, "Warning", "Failed", format!("Failed to pull image \"{image}\": {why}"));
            self.note(i, "Warning", "Failed", "Error: ErrImagePull");
            let now = self.now;
            let container = &mut self.run.containers[i];
            container.image_back_off = Some(BackOff::next(container.image_back_off, now, now));
            return self.hold(i, "ErrImagePull", why, RETRY);
        }
        self.node.add_image(&image);
        let whole = |from: SimTime| Span(pull.until.since(from).0 / 1_000 * 1_000);
        let text = format!(
            "Successfully pulled image \"{image}\" in {} ({} including waiting). Image size: {} bytes.",
            whole(pull.begun),
            whole(pull.asked),
            images::size(&image)
        );
        self.note(i, "Normal", "Pulled", text);
        self.run.containers[i].pulled = true;
        self.run.containers[i].image_back_off = None;
        Start::Started
    }

    /// Models pkg/kubelet getPullSecretsForPod: a secret that is not there stops nothing, as the image may be public.
    pub(super) fn look_for_pull_secrets(&mut self) {
        let pod = &self.run.object;
        let names = pod.at("spec.imagePullSecrets").list().iter().map(|secret| secret.get("name").str());
        let missing = |name: &&str| !name.is_empty() && self.view.store.find("Secret", pod.namespace(), name).is_none();
        let missing: Vec<&str> = names.filter(missing).collect();
        if !missing.is_empty() {
            let names = missing.join(", ");
            let text = format!(
                "Unable to retrieve some image pull secrets ({names}); attempting to pull the image may not succeed."
            );
            self.note_pod("Warning", "FailedToRetrieveImagePullSecret", text);
        }
    }
}

/// What containerd says of an image that cannot be pulled: one whose name says that it does not exist, or that the pod's
/// annotation `kubottle.dev/image-pull: fail` lets fail.
fn failure(pod: &crate::api::Object, image: &str) -> Option<String> {
    let fails = image.contains("doesnotexist") || pod.annotation("kubottle.dev/image-pull") == "fail";
    let full = images::full_reference(image);
    fails.then(|| {
        format!(
            "rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found"
        )
    })
}

fn annotated_pull(pod: &crate::api::Object) -> Option<Span> {
    parse_duration(pod.annotation("kubottle.dev/image-pull"))
}
