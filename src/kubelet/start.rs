//! Starting: the sandbox, images, and containers one after the other.

use ecow::EcoString;

use super::container::{BackOff, Ended, Role, Running, State};
use super::node::hex_digits;
use super::probes::Probe;
use super::surroundings::identity;
use super::{config, pod_cidr, Sandbox, Sync};
use crate::api::kinds::node;
use crate::api::Value;
use crate::base::time::{parse_duration, SimTime, Span};
use crate::workload::{self, images};

/// How long the kubelet waits at the least after something went wrong.
const RETRY: Span = Span::secs(10);
/// How long it waits at the most for the end of a back-off before it looks again.
const LONGEST_RETRY: Span = Span::secs(60);

/// What came of an attempt to start a container.
enum Start {
    Started,
    /// It must wait for its image.
    Pulling,
    /// It cannot start now; try again after this long.
    Held(Span),
}

impl Sync<'_> {
    /// Makes the sandbox once the volumes can be mounted.
    pub(super) fn prepare_sandbox(&mut self) {
        if !matches!(self.run.sandbox, Sandbox::Coming(_)) || self.waits_for_claims() {
            return;
        }
        let Sandbox::Coming(at) = self.run.sandbox else { return };
        if at > self.now {
            return;
        }
        if let Some((volume, why)) = config::missing_for_volumes(self.view, &self.run.object, self.data) {
            let text = format!("MountVolume.SetUp failed for volume \"{volume}\" : {why}");
            self.note_pod("Warning", "FailedMount", text);
            let pause = Span((500_000_u64 << self.run.mount_failures.min(8)).min(122_000_000));
            self.run.mount_failures += 1;
            self.run.sandbox = Sandbox::Coming(self.now + pause);
            return;
        }
        match self.address() {
            Some(ip) => {
                self.run.ip = ip;
                self.run.sandbox = Sandbox::Ready;
                self.fill_volumes();
                self.look_for_pull_secrets();
            }
            None => {
                let cidr = pod_cidr(self.view, &self.pod.node);
                let why = format!("failed to allocate for range 0: no IP addresses available in range set: {cidr}");
                let text = format!("Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: {why}");
                self.note_pod("Warning", "FailedCreatePodSandBox", text);
                self.run.sandbox = Sandbox::Coming(self.now + RETRY);
            }
        }
    }

    /// Models pkg/kubelet getPullSecretsForPod: a secret that is not there stops nothing, as the image may be public.
    fn look_for_pull_secrets(&mut self) {
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

    fn address(&mut self) -> Option<EcoString> {
        if self.run.object.at("spec.hostNetwork").bool() {
            let node = self.view.store.find("Node", "", &self.pod.node)?;
            return Some(node::address(node, "InternalIP").into());
        }
        let cidr = pod_cidr(self.view, &self.pod.node);
        self.node.take_address(&cidr, &self.pod.uid).map(EcoString::from)
    }

    /// From now on the status says why containers do not run.
    pub(super) fn show_reasons(&mut self) {
        for container in &mut self.run.containers {
            container.shown = container.held.clone();
        }
    }

    /// Starts what is to run and does not: init containers in order, each after the one before is done, then the others.
    ///
    /// Models pkg/kubelet/kuberuntime computePodActions and SyncPod.
    pub(super) fn start_containers(&mut self) {
        if self.run.retry_at.is_some() {
            return;
        }
        let mut pause = self.start_ephemeral();
        for i in 0..self.run.containers.len() {
            let container = &self.run.containers[i];
            if container.role == Role::Ephemeral {
                continue;
            }
            let initializes = matches!(container.role, Role::Init | Role::Sidecar);
            if container.hook.is_some() {
                return;
            }
            if container.role == Role::Main && !self.is_initialized() {
                break;
            }
            let done = container.role == Role::Init && container.has_initialized();
            let idle = !(container.is_running() || done);
            if idle && self.is_restarted(i) {
                match self.start(i) {
                    Start::Started => {}
                    Start::Pulling => return,
                    Start::Held(span) => pause = Some(pause.map_or(span, |p| p.min(span))),
                }
            }
            if initializes && !self.run.containers[i].has_initialized() {
                break;
            }
        }
        if let Some(pause) = pause {
            self.retry_after(pause);
        }
    }

    /// Starts ephemeral containers that have not run yet; they wait for no others.
    fn start_ephemeral(&mut self) -> Option<Span> {
        let mut pause: Option<Span> = None;
        for i in 0..self.run.containers.len() {
            let container = &self.run.containers[i];
            if container.role == Role::Ephemeral && container.state == State::Waiting {
                if let Start::Held(span) = self.start(i) {
                    pause = Some(pause.map_or(span, |p| p.min(span)));
                }
            }
        }
        pause
    }

    /// Models pkg/kubelet pod_workers.go completeWork: the pause is made longer by up to a half by lot, and the pod is
    /// looked at with the next second. The first time the runtime's own news come before.
    fn retry_after(&mut self, pause: Span) {
        if !self.run.relisted {
            self.run.relisted = true;
            self.run.retry_at = Some(self.tick_after(self.now));
            return;
        }
        let more = self.lot("retry", pause.0 / 2 + 1);
        self.run.retry_at = Some(self.tick_after(self.now + Span(pause.0 + more)));
    }

    fn is_initialized(&self) -> bool {
        self.run.containers.iter().all(|c| c.has_initialized())
            || self.run.containers.iter().any(|c| c.role == Role::Main && c.state != State::Waiting)
    }

    fn start(&mut self, i: usize) -> Start {
        if let Some(held) = self.crash_back_off(i) {
            return held;
        }
        match self.image(i) {
            Start::Started => {}
            other => return other,
        }
        let pod = self.run.object.clone();
        let spec = self.run.containers[i].spec(&pod);
        if let Some(text) = config::missing_for_environment(self.view, &pod, spec) {
            self.note(i, "Warning", "Failed", format!("Error: {text}"));
            return self.hold(i, "CreateContainerConfigError", text, RETRY);
        }
        if let Some(text) = self.refused_user(spec) {
            self.note(i, "Warning", "Failed", format!("Error: {text}"));
            return self.hold(i, "CreateContainerConfigError", text, RETRY);
        }
        self.note(i, "Normal", "Created", "Container created");
        let mut behaviour = workload::behaviour(&pod, spec);
        if self.view.settings.stand_in_runtime {
            behaviour =
                workload::Behaviour { run_for: None, start_ms: 0, stop_ms: 200, term_code: Some(0), ..behaviour };
        }
        let number = self.run.containers[i].restarts + u32::from(self.run.containers[i].ended().is_some());
        let subject = format!("{}/{}", self.pod.uid, self.run.containers[i].name);
        let id =
            ecow::eco_format!("containerd://{}", hex_digits(self.view.settings.seed, "container", &subject, number));
        let image_id = self.node.add_image(spec.get("image").str());
        let probes = Probe::of_container(spec, self.now, self.looked_at(), self.run.first_seen);
        let begun = self.begin_process(i);
        let container = &mut self.run.containers[i];
        if let State::Ended(ended) = &container.state {
            container.last = Some(ended.clone());
            container.restarts += 1;
        }
        if let Err(why) = begun {
            container.image_id = image_id;
            container.state = State::Ended(Ended::not_started(&why, self.now, id));
            self.note(i, "Warning", "Failed", format!("Error: {why}"));
            self.changed |= self.run.containers[i].restarts > 0;
            return self.hold(i, "RunContainerError", why, Span::millis(1));
        }
        container.started = !probes.iter().any(Probe::is_startup);
        container.ready = container.started && !probes.iter().any(Probe::is_readiness);
        container.probes = probes;
        container.image_id = image_id;
        container.held = None;
        container.shown = None;
        container.pulled = false;
        container.stopped_to_restart = false;
        container.has_changed = false;
        container.image = spec.get("image").text();
        let ends = behaviour.run_for.map(|span| (self.now + span, behaviour.exit_code));
        container.state = State::Running(Running { since: self.now, id, ends, stopped: false, told_at: None });
        self.settle_end(i);
        self.note(i, "Normal", "Started", "Container started");
        self.begin_hook(i);
        self.changed = true;
        Start::Started
    }

    /// Why a container that must not run as root is not created.
    ///
    /// Models pkg/kubelet/kuberuntime verifyRunAsNonRoot.
    fn refused_user(&self, spec: &Value) -> Option<String> {
        let pod = &self.run.object;
        let own = |field: &str| {
            let own = spec.get("securityContext").get(field);
            if own.is_null() {
                pod.at("spec.securityContext").get(field).clone()
            } else {
                own.clone()
            }
        };
        if !own("runAsNonRoot").bool() || identity(pod, spec).0 != 0 {
            return None;
        }
        let place = format!("(pod: \"{}\", container: {})", self.pod_words(), spec.get("name").str());
        Some(match own("runAsUser").opt_int() {
            Some(_) => format!("container's runAsUser breaks non-root policy {place}"),
            None => format!("container has runAsNonRoot and image will run as root {place}"),
        })
    }

    /// Models pkg/kubelet/kuberuntime doBackOff: what counts is the end of the last run but the one that is being replaced
    /// because a probe failed.
    fn crash_back_off(&mut self, i: usize) -> Option<Start> {
        let container = &self.run.containers[i];
        if container.pull.is_some() || container.pulled {
            return None;
        }
        let ended = container.ended()?;
        let judged = if container.stopped_to_restart { container.last.as_ref() } else { Some(ended) };
        let finished = judged?.finished?;
        let back_off = container.back_off;
        if !BackOff::holds(back_off, finished, self.now) {
            let next = BackOff::next(back_off, finished, self.now);
            self.run.containers[i].back_off = Some(next);
            return None;
        }
        let span = back_off.map_or(RETRY, |b| b.span);
        let name = self.run.containers[i].name.clone();
        let pod = format!("{}_{}({})", self.pod.key.name, self.pod.key.namespace, self.pod.uid);
        let text = format!("Back-off restarting failed container {name} in pod {pod}");
        self.note(i, "Warning", "BackOff", text);
        let message = format!("back-off {span} restarting failed container={name} pod={pod}");
        let left = (finished + span).since(self.now).min(LONGEST_RETRY);
        self.changed |= self.run.containers[i].stopped_to_restart;
        Some(self.hold(i, "CrashLoopBackOff", message, left))
    }

    fn hold(&mut self, i: usize, reason: &'static str, message: impl Into<EcoString>, pause: Span) -> Start {
        self.run.containers[i].held = Some((reason, message.into()));
        self.run.containers[i].pulled = false;
        Start::Held(pause)
    }

    /// Sees to the image of a container.
    ///
    /// Models pkg/kubelet/images EnsureImageExists.
    fn image(&mut self, i: usize) -> Start {
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
