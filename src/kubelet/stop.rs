//! Stopping: SIGTERM, grace, SIGKILL, and what is left of a deleted pod.

use ecow::EcoString;

use super::container::{Ended, State};
use super::{pod_cidr, remove, Sandbox, Stopping, Sync};
use crate::base::time::Span;
use crate::workload::{self, shell};

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

    /// Models pkg/kubelet/kuberuntime killContainersWithSyncResult.
    fn stop_all(&mut self, grace: i64) {
        self.run.retry_at = None;
        self.run.terminal_at = None;
        for i in 0..self.run.containers.len() {
            self.run.containers[i].pull = None;
            self.run.containers[i].held = None;
            self.run.containers[i].shown = None;
            if self.run.containers[i].is_running() {
                let text = format!("Stopping container {}", self.run.containers[i].name);
                self.stop_container(i, grace, text);
            }
        }
        let never_ran = self.run.containers.iter().any(|c| c.state == State::Waiting);
        let running = self.run.containers.iter().any(|c| c.is_running());
        if self.run.terminal.is_none() && never_ran && !running {
            self.run.terminal_at = Some(self.tick_after(self.now));
        }
    }

    /// Asks a container to end, and settles when and how it does: a process that does not react to SIGTERM is killed when
    /// the grace period is over.
    pub(super) fn stop_container(&mut self, i: usize, grace: i64, text: String) {
        let pod = self.run.object.clone();
        let container = &self.run.containers[i];
        let spec = container.spec(&pod);
        let behaviour = workload::behaviour(&pod, spec);
        let grace = Span::secs(grace.max(0) as u64);
        let wanted = pre_stop(spec) + Span::millis(behaviour.stop_ms);
        let (after, code) = match behaviour.ignores_sigterm || wanted > grace {
            true => (grace, 137),
            false => (wanted, 0),
        };
        self.note(i, "Normal", "Killing", text);
        let end = (self.now + after, code);
        if let State::Running(run) = &mut self.run.containers[i].state {
            let by_itself = run.ends.filter(|(at, _)| *at <= end.0);
            run.ends = Some(by_itself.unwrap_or(end));
            run.stopped = true;
        }
        self.run.containers[i].probes.clear();
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
            if container.state == State::Waiting {
                container.state = State::Ended(Ended {
                    id: EcoString::new(),
                    code: 137,
                    reason: "ContainerStatusUnknown",
                    started: None,
                    finished: None,
                });
            }
        }
        self.run.terminal_at = None;
        let failed = self.run.containers.iter().any(|c| {
            let counts = c.role != super::Role::Sidecar;
            counts && c.ended().is_some_and(|ended| ended.code != 0)
        });
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

/// How long the preStop hook of a container takes.
fn pre_stop(container: &crate::api::Value) -> Span {
    let hook = container.at("lifecycle.preStop");
    if let Some(seconds) = hook.at("sleep.seconds").opt_int() {
        return Span::secs(seconds.max(0) as u64);
    }
    let words: Vec<String> = hook.at("exec.command").list().iter().map(|w| w.str().to_owned()).collect();
    match words.is_empty() {
        true => Span::ZERO,
        false => Span::millis(shell::read(&words, &|_| None).run_ms.unwrap_or(0)),
    }
}
