//! Stopping: SIGTERM, grace, SIGKILL, and what is left of a deleted pod.

use ecow::EcoString;

use super::container::{Ended, Role, State};
use super::{pod_cidr, remove, Sandbox, Stopping, Sync};
use crate::base::order::Order;
use crate::base::time::{SimTime, Span};
use crate::workload;

impl Sync<'_> {
    /// The pod's own grace period.
    pub(super) fn grace_seconds(&self) -> i64 {
        self.run.object.at("spec.terminationGracePeriodSeconds").opt_int().unwrap_or(30)
    }

    /// Takes note that the deletion of the pod was asked for, or that its grace was shortened.
    pub(super) fn notice_deletion(&mut self) {
        if !self.run.object.is_deleting() {
            return;
        }
        let grace = self.run.object.at("metadata.deletionGracePeriodSeconds").int();
        let deadline = self.now + Span::secs(grace.max(0) as u64);
        match &mut self.run.stopping {
            Some(stopping) if grace < stopping.grace => {
                stopping.grace = grace;
                stopping.deadline = stopping.deadline.min(deadline);
                let deadline = stopping.deadline;
                for container in &mut self.run.containers {
                    if let State::Running(run) = &mut container.state {
                        if run.ends.is_none_or(|(at, _)| at > deadline) {
                            run.ends = Some((deadline, 137));
                        }
                    }
                }
            }
            Some(_) => {}
            None => {
                self.run.stopping = Some(Stopping { grace, deadline });
                self.stop_all(grace);
            }
        }
    }

    /// Stops a pod that the kubelet has evicted; it has a second.
    ///
    /// Models pkg/kubelet/eviction managerImpl.evictPod.
    pub(super) fn notice_eviction(&mut self) {
        let Some(message) = self.run.evicted.clone().filter(|_| self.run.stopping.is_none()) else { return };
        self.note_pod("Warning", "Evicted", message);
        self.run.stopping = Some(Stopping { grace: 1, deadline: self.now + Span::secs(1) });
        self.stop_all(1);
    }

    /// Until when the pod may be active; nothing where it may be for ever.
    pub(super) fn active_until(&self) -> Option<SimTime> {
        let seconds = self.run.object.at("spec.activeDeadlineSeconds").opt_int()?;
        Some(self.run.first_seen + Span::secs(seconds.max(0) as u64))
    }

    /// Stops a pod that has been active for longer than it may.
    ///
    /// Models pkg/kubelet activeDeadlineHandler.ShouldEvict; phase and reason are seen once its containers have ended.
    pub(super) fn notice_deadline(&mut self) {
        const MESSAGE: &str = "Pod was active on the node longer than the specified deadline";
        let over = self.active_until().is_some_and(|until| until <= self.now);
        if !over || self.run.stopping.is_some() || self.run.terminal.is_some() {
            return;
        }
        self.note_pod("Normal", "DeadlineExceeded", MESSAGE);
        self.run.failure = Some(("DeadlineExceeded", MESSAGE.into()));
        let grace = self.grace_seconds();
        self.run.stopping = Some(Stopping { grace, deadline: self.now + Span::secs(grace.max(0) as u64) });
        self.stop_all(grace);
    }

    /// Models pkg/kubelet/kuberuntime killContainersWithSyncResult.
    fn stop_all(&mut self, grace: i64) {
        self.run.retry_at = None;
        self.run.terminal_at = None;
        let mut order: Vec<usize> = (0..self.run.containers.len()).collect();
        order.order_by_key(|i| if self.run.containers[*i].role == Role::Sidecar { usize::MAX - i } else { *i });
        for i in order {
            self.run.containers[i].pull = None;
            self.run.containers[i].held = None;
            self.run.containers[i].shown = None;
            if self.run.containers[i].is_running() {
                let text = format!("Stopping container {}", self.run.containers[i].name);
                self.stop_container(i, grace, text);
            }
        }
        let never_ran = self.run.containers.iter().any(|c| c.state == State::Waiting && c.role != Role::Ephemeral);
        let running = self.run.containers.iter().any(|c| c.is_running());
        if self.run.terminal.is_none() && never_ran && !running {
            self.run.terminal_at = Some(self.tick_after(self.now));
        }
    }

    /// Asks a container to end, and settles when and how it does: a process that does not react to SIGTERM is killed when
    /// the grace period is over.
    ///
    /// Models pkg/kubelet/kuberuntime killContainer. A sidecar is told when those before which it started have ended.
    pub(super) fn stop_container(&mut self, i: usize, grace: i64, text: String) {
        const LEAST: Span = Span::secs(2);
        let pod = self.run.object.clone();
        self.note(i, "Normal", "Killing", text);
        let grace = Span::secs(grace.max(0) as u64);
        let mut told = self.now + self.pre_stop(i, grace);
        if self.run.containers[i].role == Role::Sidecar {
            let others = self.run.containers.iter().enumerate().filter(|(other, c)| c.role == Role::Main || *other > i);
            let ends = others.filter_map(|(_, c)| match &c.state {
                State::Running(run) => run.ends.map(|(at, _)| at),
                _ => None,
            });
            told = ends.fold(told, SimTime::max).min((self.now + grace).max(told));
        }
        let left = Span(grace.0.saturating_sub(told.since(self.now).0)).max(LEAST);
        let killed = told + left;
        let container = &self.run.containers[i];
        let behaviour = workload::behaviour(&pod, container.spec(&pod));
        let shares = pod.at("spec.shareProcessNamespace").bool();
        let signal = container.spec(&pod).at("lifecycle.stopSignal").str().trim_start_matches("SIG");
        let signal = if signal.is_empty() { "TERM" } else { signal };
        let number = workload::shell::signal_number(signal);
        let wanted = match &container.process {
            _ if signal == "KILL" => Some((told, 137)),
            None => behaviour.term_code.map(|code| (told + Span::millis(behaviour.stop_ms), code)),
            Some(process) if process.serves && process.is_alone() => Some((told + Span::millis(behaviour.stop_ms), 0)),
            Some(process) if shares && !process.handles(signal) => Some((told + Span::millis(100), 128 + number)),
            Some(_) => None,
        };
        let end = wanted.filter(|(at, _)| *at <= killed).unwrap_or((killed, 137));
        if let State::Running(run) = &mut self.run.containers[i].state {
            let by_itself = run.ends.filter(|(at, _)| *at <= end.0);
            run.ends = Some(by_itself.unwrap_or(end));
            run.stopped = true;
            run.told_at = Some((told, killed));
        }
        self.run.containers[i].probes.clear();
        self.tell();
    }

    /// Tells those processes to end whose time has come.
    pub(super) fn tell(&mut self) {
        let pod = self.run.object.clone();
        for container in &mut self.run.containers {
            let signal = container.spec(&pod).at("lifecycle.stopSignal").str().trim_start_matches("SIG").to_owned();
            let State::Running(run) = &mut container.state else { continue };
            if run.told_at.is_some_and(|(told, _)| told <= self.now) {
                run.told_at = None;
                if let Some(process) = &mut container.process {
                    process.terminate(if signal.is_empty() { "TERM" } else { &signal }, self.now);
                }
            }
        }
        self.run_processes();
    }

    /// What is done for a pod that is being stopped or has ended: its last phase, its address, its object.
    ///
    /// Models pkg/kubelet SyncTerminatingPod and SyncTerminatedPod.
    pub(super) fn finish(&mut self) {
        let running = self.run.containers.iter().any(|c| c.is_running());
        let waits = self.run.terminal_at.is_some_and(|at| at > self.now);
        if self.run.terminal.is_none() && !running && !waits {
            self.settle_phase();
        } else {
            self.run_probes();
        }
        self.write_status();
        if self.run.terminal.is_none() || !self.run.object.is_deleting() {
            return;
        }
        match self.run.gone_at {
            None => {
                let after = 40_000 + self.lot("clean-up", 150_000);
                self.run.gone_at = Some(self.now + Span(after));
            }
            Some(at) if at <= self.now => {
                self.run.gone_at = None;
                let rule = "all containers have ended, so the object of the deleted pod may go";
                self.plan.push(remove(self.pod, &self.run.object, rule));
            }
            Some(_) => {}
        }
    }

    fn settle_phase(&mut self) {
        for container in &mut self.run.containers {
            if container.state == State::Waiting && container.role != Role::Ephemeral {
                container.state = State::Ended(Ended {
                    id: EcoString::new(),
                    code: 137,
                    reason: "ContainerStatusUnknown",
                    started: None,
                    finished: None,
                    message: "The container could not be located when the pod was terminated".into(),
                });
            }
        }
        self.run.terminal_at = None;
        let failed = self.run.containers.iter().any(|c| {
            let counts = matches!(c.role, Role::Main | Role::Init);
            counts && c.ended().is_some_and(|ended| ended.code != 0)
        });
        let failed = failed || self.run.failure.is_some();
        self.run.terminal = Some(if failed || self.run.evicted.is_some() { "Failed" } else { "Succeeded" });
        self.take_sandbox_down();
    }

    /// Takes the sandbox down; the address is free for another pod.
    pub(super) fn take_sandbox_down(&mut self) {
        self.run.sandbox = Sandbox::Gone;
        let cidr = pod_cidr(self.view, &self.pod.node);
        self.node.release_address(&cidr, &self.run.ip, &self.pod.uid);
    }
}
