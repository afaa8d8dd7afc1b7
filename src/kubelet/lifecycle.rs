//! The life cycle of a pod: what is due is done, in the order the kubelet does it, and the status is written when it changed.

use super::container::{Container, Role, State};
use super::{Sandbox, Sync};
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};

/// True where a container that ended with a code is started again: by the first of its own rules that meets the code, by
/// its own policy, or by the pod's.
///
/// Models pkg/api/v1/pod ContainerShouldRestart. The action RestartAllContainers is not carried out.
pub(super) fn restarts(pod: &Object, container: &Container, code: i32) -> bool {
    let spec = container.spec(pod);
    let matches = |rule: &&Value| {
        let codes = rule.get("exitCodes");
        let listed = codes.get("values").list().iter().any(|value| value.opt_int() == Some(i64::from(code)));
        rule.get("action").str() == "Restart" && listed == (codes.get("operator").str() == "In")
    };
    if spec.get("restartPolicyRules").list().iter().any(|rule| matches(&rule)) {
        return true;
    }
    let policy = match spec.get("restartPolicy").str() {
        "" => pod.at("spec.restartPolicy").str(),
        own => own,
    };
    match (container.role, policy) {
        (Role::Ephemeral, _) | (_, "Never") => false,
        (Role::Sidecar, _) => true,
        (Role::Init, _) | (_, "OnFailure") => code != 0,
        _ => true,
    }
}

impl Sync<'_> {
    pub(super) fn advance(&mut self) {
        self.run_processes();
        self.notice_eviction();
        self.notice_deadline();
        self.notice_deletion();
        let ended = self.notice_ends();
        if self.run.stopping.is_some() || self.run.terminal.is_some() {
            self.finish();
            return;
        }
        self.end_hooks();
        self.notice_changes();
        self.look_at_resize();
        self.prepare_sandbox();
        self.follow_sources();
        let changed = self.run.status.get("observedGeneration").int() != self.run.object.generation();
        let news = self.run.status.is_null() || changed;
        let retrying = self.run.retry_at.is_some_and(|at| at <= self.now || changed);
        if retrying {
            self.run.retry_at = None;
        }
        if news || ended || retrying {
            self.show_reasons();
            self.write_status();
        }
        self.run_probes();
        if self.run.sandbox == Sandbox::Ready && self.run.terminal_at.is_none() {
            if self.has_run_its_course() {
                self.wind_up();
            } else {
                self.start_containers();
                self.run_probes();
            }
        }
        self.take_last_phase();
        if self.changed {
            self.write_status();
        }
    }

    /// True where nothing runs and nothing is to be started again: the pod has done what it was for, or failed.
    fn has_run_its_course(&self) -> bool {
        let done = |i: usize| self.run.containers[i].ended().is_some() && !self.is_restarted(i);
        let count = self.run.containers.len();
        let init_failed = (0..count)
            .any(|i| self.run.containers[i].role == Role::Init && done(i) && !self.run.containers[i].has_initialized());
        let all_done = (0..count).filter(|i| self.run.containers[*i].role == Role::Main).all(done);
        init_failed || all_done
    }

    /// True where a container that has ended is started again.
    ///
    /// Models pkg/kubelet/container ShouldContainerBeRestarted.
    pub(super) fn is_restarted(&self, i: usize) -> bool {
        let container = &self.run.containers[i];
        let Some(ended) = container.ended().filter(|_| !container.has_changed) else { return true };
        restarts(&self.run.object, container, ended.code)
    }

    /// Stops the containers whose image is no longer the wanted one, to start them from the new.
    ///
    /// Models pkg/kubelet/kuberuntime containerChanged: of a running container, nothing else can be changed.
    fn notice_changes(&mut self) {
        for i in 0..self.run.containers.len() {
            let container = &self.run.containers[i];
            let wanted = container.spec(&self.run.object).get("image").str();
            if !container.is_running() || container.has_changed || container.image == wanted {
                continue;
            }
            let text = format!("Container {} definition changed, will be restarted", container.name);
            self.stop_container(i, self.grace_seconds(), text);
            self.run.containers[i].stopped_to_restart = true;
            self.run.containers[i].has_changed = true;
        }
    }

    /// Stops what still runs beside the containers of a pod that has run its course, and sets when it takes its last phase: the kubelet finds at its
    /// next look that nothing runs any more.
    fn wind_up(&mut self) {
        let beside = |c: &super::Container| matches!(c.role, Role::Sidecar | Role::Ephemeral) && c.is_running();
        let others: Vec<usize> = (0..self.run.containers.len()).filter(|i| beside(&self.run.containers[*i])).collect();
        for i in &others {
            self.stop_container(
                *i,
                self.grace_seconds(),
                format!("Stopping container {}", self.run.containers[*i].name),
            );
        }
        if others.is_empty() || self.run.containers.iter().all(|c| !c.is_running()) {
            let turn = self.lot("turn", 300_000);
            self.run.terminal_at = Some(self.tick_after(self.now) + Span(turn));
        }
    }

    fn take_last_phase(&mut self) {
        if self.run.terminal_at.is_some_and(|at| at <= self.now) {
            self.run.terminal_at = None;
            let bad = |role: Role, code: i32| matches!(role, Role::Main | Role::Init) && code != 0;
            let failed = self.run.containers.iter().any(|c| c.ended().is_some_and(|e| bad(c.role, e.code)));
            self.run.terminal = Some(if failed { "Failed" } else { "Succeeded" });
            self.changed = true;
            self.take_sandbox_down();
        }
    }

    /// Takes note of containers that have ended. True where one has by itself: one that a probe had stopped is started again
    /// before anybody looks.
    fn notice_ends(&mut self) -> bool {
        let mut any = false;
        for i in 0..self.run.containers.len() {
            let Some(at) = self.noticed_at(i) else { continue };
            if at > self.now {
                continue;
            }
            let out_of_memory = self.run.containers[i].out_of_memory;
            let State::Running(run) = &self.run.containers[i].state else { continue };
            let (at, code) = run.ends.unwrap_or((self.now, 137));
            let reason = match code {
                137 if out_of_memory => "OOMKilled",
                0 => "Completed",
                _ => "Error",
            };
            let (id, started) = (run.id.clone(), Some(run.since));
            let message = self.last_words(i, code);
            let ended = super::Ended { id, code, reason, started, finished: Some(at), message };
            let epoch = self.view.settings.epoch;
            let container = &mut self.run.containers[i];
            container.write_probe_lines(at, epoch);
            container.state = State::Ended(ended);
            container.ready = false;
            container.started = false;
            container.probes.clear();
            container.process = None;
            container.hook = None;
            container.held = None;
            container.shown = None;
            container.out_of_memory = false;
            self.run.relisted = true;
            any |= !container.stopped_to_restart;
        }
        any
    }

    /// When the kubelet notices that a container has ended.
    fn noticed_at(&self, i: usize) -> Option<SimTime> {
        match &self.run.containers[i].state {
            State::Running(run) => run.ends.map(|(at, _)| if run.stopped { at } else { self.tick_after(at) }),
            _ => None,
        }
    }

    /// The next time at which something is due.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        let run = &self.run;
        let mut due: Vec<SimTime> = (0..run.containers.len()).filter_map(|i| self.noticed_at(i)).collect();
        due.extend(run.terminal_at.into_iter().chain(run.gone_at));
        for container in run.containers.iter().filter(|c| c.is_running()) {
            due.extend(container.process.as_ref().and_then(|process| process.due()));
            if let State::Running(running) = &container.state {
                due.extend(running.told_at.map(|(told, _)| told));
            }
        }
        if run.terminal.is_none() && run.stopping.is_none() {
            if let Sandbox::Coming(at) = run.sandbox {
                due.push(at);
            }
            due.extend(run.retry_at.into_iter().chain(run.refresh_at).chain(self.active_until()));
            if run.sandbox == Sandbox::Ready {
                due.extend(self.resize_due());
            }
            due.extend(run.containers.iter().filter_map(|c| c.hook.as_ref().map(|(until, _)| *until)));
            due.extend(run.containers.iter().filter_map(|c| c.pull.map(|pull| pull.until)));
        }
        if run.terminal.is_none() {
            due.extend(run.containers.iter().flat_map(|c| c.probes.iter().filter_map(|p| p.next_at)));
        }
        due.into_iter().min().map(|at| at.max(self.now))
    }
}
