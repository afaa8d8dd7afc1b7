//! Probes: when they run, what they find, and what follows from it.

use ecow::EcoString;

use super::container::State;
use super::{PodRuntime, Sync};
use crate::api::Value;
use crate::base::draw;
use crate::base::time::{SimTime, Span, Timestamp};

/// How the kubelet calls itself to those that it asks.
pub(super) const PROBER: &str = "kube-probe/1.36";

/// Which probe it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Startup,
    Readiness,
    Liveness,
}

/// A probe of a running container.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    kind: Kind,
    /// When it runs next; nothing once its outcome cannot change any more.
    pub(super) next_at: Option<SimTime>,
    period: Span,
    not_before: SimTime,
    successes: i64,
    failures: i64,
    /// What the server writes each time while it is not run because it would find the same, and since when that is so.
    held: Option<(SimTime, EcoString)>,
}

impl Kind {
    pub(super) fn field(self) -> &'static str {
        match self {
            Kind::Startup => "startupProbe",
            Kind::Readiness => "readinessProbe",
            Kind::Liveness => "livenessProbe",
        }
    }

    fn shown(self) -> &'static str {
        match self {
            Kind::Startup => "Startup",
            Kind::Readiness => "Readiness",
            Kind::Liveness => "Liveness",
        }
    }
}

impl Probe {
    /// The probes of a container that has just started. A readiness probe runs at once and again when the kubelet next looks
    /// at the pod, and counts its period from there; the others count from when the kubelet first saw the pod.
    ///
    /// Models pkg/kubelet/prober worker.run with the manual trigger of UpdatePodStatus.
    pub(super) fn of_container(spec: &Value, now: SimTime, relist: SimTime, first_seen: SimTime) -> Vec<Probe> {
        let mut probes = Vec::new();
        for kind in [Kind::Startup, Kind::Readiness, Kind::Liveness] {
            let given = spec.get(kind.field());
            if given.is_null() {
                continue;
            }
            let period = Span::secs(given.get("periodSeconds").opt_int().unwrap_or(10).max(1) as u64);
            let delay = Span::secs(given.get("initialDelaySeconds").int().max(0) as u64);
            let not_before = now + delay;
            let grid = if kind == Kind::Readiness { relist } else { first_seen };
            let at_once = kind == Kind::Readiness && delay == Span::ZERO;
            let first = if at_once { now + Span::millis(10) } else { on_grid(grid, period, not_before) };
            probes.push(Probe {
                kind,
                next_at: Some(first),
                period,
                not_before,
                successes: 0,
                failures: 0,
                held: None,
            });
        }
        probes
    }

    /// Since when it is not run, how often it would be, and what the server would write of it.
    pub(super) fn held(&self) -> Option<(SimTime, Span, &str)> {
        self.held.as_ref().map(|(since, text)| (*since, self.period, text.as_str()))
    }

    /// It is run again.
    pub(super) fn release(&mut self) {
        self.held = None;
    }

    pub(super) fn is_startup(&self) -> bool {
        self.kind == Kind::Startup
    }

    pub(super) fn is_readiness(&self) -> bool {
        self.kind == Kind::Readiness
    }
}

/// The first instant not before `earliest` that is a whole number of periods after `start`.
fn on_grid(start: SimTime, period: Span, earliest: SimTime) -> SimTime {
    let periods = earliest.since(start).0.div_ceil(period.0);
    start + Span(period.0 * periods)
}

impl Sync<'_> {
    /// Runs the probes that are due.
    pub(super) fn run_probes(&mut self) {
        for i in 0..self.run.containers.len() {
            for p in 0..self.run.containers[i].probes.len() {
                let container = &self.run.containers[i];
                let (Some(probe), State::Running(run)) = (container.probes.get(p), &container.state) else { break };
                let due = probe.next_at.is_some_and(|at| at <= self.now);
                let waits_for_startup = !probe.is_startup() && !container.started;
                if !due {
                    continue;
                }
                if waits_for_startup {
                    self.plan_next(i, p, None);
                } else {
                    self.run_probe(i, p, run.since);
                }
            }
        }
    }

    fn run_probe(&mut self, i: usize, p: usize, since: SimTime) {
        let pod = self.run.object.clone();
        let container = &self.run.containers[i];
        let (spec, kind) = (container.spec(&pod), container.probes[p].kind);
        let given = spec.get(kind.field());
        let outcome = self.outcome(&pod, i, given, since);
        if let Some(line) = self.probe_line(i, given) {
            self.run.containers[i].hear(self.now, &line, self.view.settings.epoch);
        }
        let threshold = |field: &str, default: i64| given.get(field).opt_int().unwrap_or(default);
        let (needed, allowed) = (threshold("successThreshold", 1), threshold("failureThreshold", 3));
        let probe = &mut self.run.containers[i].probes[p];
        match outcome {
            Ok(()) => {
                probe.successes += 1;
                probe.failures = 0;
                let passed = probe.successes >= needed;
                if passed {
                    self.pass(i, kind);
                }
                let lasts = if passed { self.holds_until(i, given, since) } else { Some(self.now) };
                match (kind, lasts) {
                    (Kind::Startup, _) if passed => self.run.containers[i].probes[p].next_at = None,
                    (_, None) => {
                        let held = self.probe_line(i, given).map(|line| (self.now, line.into()));
                        let probe = &mut self.run.containers[i].probes[p];
                        (probe.next_at, probe.held) = (None, held);
                    }
                    (_, Some(until)) => self.plan_next(i, p, Some(until)),
                }
            }
            Err(text) => {
                probe.failures += 1;
                probe.successes = 0;
                let failed = probe.failures >= allowed;
                self.plan_next(i, p, None);
                self.note(i, "Warning", "Unhealthy", format!("{} probe failed: {text}", kind.shown()));
                if failed {
                    self.fail(i, p, kind, given);
                }
            }
        }
    }

    /// When the kubelet comes to the pod the next time it looks at the runtime: it looks after one pod after the other.
    pub(super) fn looked_at(&self) -> SimTime {
        let turn = draw::below(self.view.settings.seed, "turn", &self.pod.uid, 0, 120_000);
        self.tick_after(self.now) + Span(turn)
    }

    /// Sets when a probe runs next: not before `earliest`, and after the present.
    fn plan_next(&mut self, i: usize, p: usize, earliest: Option<SimTime>) {
        let (relist, first_seen) = (self.looked_at(), self.run.first_seen);
        let probe = &mut self.run.containers[i].probes[p];
        let at = probe.next_at.unwrap_or(self.now);
        let grid = match probe.kind {
            Kind::Readiness if probe.successes + probe.failures <= 1 && probe.not_before + Span::millis(10) >= at => {
                relist
            }
            Kind::Readiness => at,
            _ => first_seen,
        };
        let after = self.now + Span(1);
        probe.next_at = Some(on_grid(grid, probe.period, earliest.map_or(after, |e| e.max(after))));
    }

    fn pass(&mut self, i: usize, kind: Kind) {
        let now = self.now;
        let container = &mut self.run.containers[i];
        self.changed |= kind != Kind::Liveness;
        match kind {
            Kind::Liveness => {}
            Kind::Readiness => container.ready = true,
            Kind::Startup if container.started => {}
            Kind::Startup => {
                container.started = true;
                container.ready = !container.probes.iter().any(Probe::is_readiness);
                for probe in container.probes.iter_mut().filter(|probe| probe.is_readiness()) {
                    probe.next_at = Some(probe.not_before.max(now));
                }
            }
        }
    }

    /// Models pkg/kubelet/kuberuntime computePodActions: a container that fails its startup or liveness probe is stopped
    /// and started again.
    fn fail(&mut self, i: usize, p: usize, kind: Kind, given: &Value) {
        if kind == Kind::Readiness {
            self.run.containers[i].ready = false;
            self.changed = true;
            return;
        }
        if self.run.stopping.is_some() {
            return;
        }
        self.run.containers[i].probes[p].failures = 0;
        let word = kind.shown().to_lowercase();
        let container = &self.run.containers[i];
        let others = self.run.containers.iter().enumerate().any(|(other, c)| other != i && c.is_running());
        let consequence = match super::lifecycle::restarts(&self.run.object, container, 137) {
            true => format!("Container {} failed {word} probe, will be restarted", container.name),
            false if others => format!("Container {} failed {word} probe", container.name),
            false => format!("Stopping container {}", container.name),
        };
        let grace = given.get("terminationGracePeriodSeconds").opt_int().unwrap_or_else(|| self.grace_seconds());
        self.stop_container(i, grace, consequence);
        self.run.containers[i].stopped_to_restart = true;
    }
}

impl PodRuntime {
    /// Somebody has been in the pod: its probes are to look again.
    pub fn touch(&mut self, now: SimTime, epoch: Timestamp) {
        for container in &mut self.containers {
            container.write_probe_lines(now, epoch);
        }
        for probe in self.containers.iter_mut().flat_map(|c| c.probes.iter_mut()) {
            if probe.next_at.is_none() && !probe.is_startup() {
                probe.next_at = Some(on_grid(self.first_seen, probe.period, now + Span(1)));
            }
        }
    }
}
