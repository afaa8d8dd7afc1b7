//! Starting: the sandbox, images, and containers one after the other.

use ecow::EcoString;

use super::container::{BackOff, Ended, Role, Running, State};
use super::node::hex_digits;
use super::probes::Probe;
use super::surroundings::identity;
use super::{config, pod_cidr, Sandbox, Sync};
use crate::api::kinds::node;
use crate::api::Value;
use crate::base::time::Span;
use crate::workload;

/// How long the kubelet waits at the least after something went wrong.
pub(super) const RETRY: Span = Span::secs(10);
/// How long it waits at the most for the end of a back-off before it looks again.
const LONGEST_RETRY: Span = Span::secs(60);

/// What came of an attempt to start a container.
pub(super) enum Start {
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

    pub(super) fn hold(&mut self, i: usize, reason: &'static str, message: impl Into<EcoString>, pause: Span) -> Start {
        self.run.containers[i].held = Some((reason, message.into()));
        self.run.containers[i].pulled = false;
        Start::Held(pause)
    }
}
