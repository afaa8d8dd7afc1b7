//! The processes of containers: the first one of each, and commands that run beside it for probes, hooks and `exec`.

use ecow::{EcoString, EcoVec};

use super::container::{Ended, State};
use super::logs::LogLine;
use super::surroundings::{command, memory_limit, Print, Surroundings};
use super::{Outside, PodRuntime, Sync};
use crate::api::kinds::node;
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};
use crate::store::{View, VolumeData};
use crate::workload::shell::{self, Process, Wake};
use crate::workload::{self, Demand};

/// Lines that are kept of a run at the most.
const MOST_LINES: usize = 2_000;
/// How long after its start a process takes its first step.
const FIRST_STEP: Span = Span::millis(20);
/// Bytes of a termination message at the most.
const LONGEST_MESSAGE: usize = 4_096;

/// What came of a command that ran beside a container's first process.
pub(super) struct Ran {
    pub code: i32,
    pub output: String,
    pub took: Span,
}

impl Sync<'_> {
    /// The pod with the addresses its status is about to have: containers may ask for them.
    fn addressed_pod(&self) -> Object {
        let mut pod = self.run.object.clone();
        let ip = self.run.ip.as_str();
        pod.set("status.podIP", ip);
        pod.set("status.podIPs", crate::value!([{"ip": ip}]));
        let node = self.view.store.find("Node", "", &self.pod.node);
        pod.set("status.hostIP", node.map_or_else(String::new, |node| node::address(node, "InternalIP").to_owned()));
        pod
    }

    /// Starts the first process of a container. An error is why the runtime could not.
    pub(super) fn begin_process(&mut self, i: usize) -> Result<(), String> {
        let pod = self.addressed_pod();
        let spec = self.run.containers[i].spec(&pod).clone();
        let name = spec.get("name").str();
        self.data.remove(&super::files::own_place(&pod, name), "");
        self.snapshot_sub_paths(&spec);
        let (mut around, variables) = Surroundings::new(self.view, &pod, &spec, &self.run.ip, self.data, self.outside);
        let referred =
            !spec.get("envFrom").is_empty() || spec.get("env").list().iter().any(|v| !v.get("valueFrom").is_null());
        let kept: EcoVec<(EcoString, EcoString)> =
            if referred { variables.iter().cloned().collect() } else { EcoVec::new() };
        let words = command(&spec, &variables);
        let mut process = None;
        if let Some(words) = words {
            if let Some(why) = not_startable(&mut around, &words, &spec) {
                return Err(why);
            }
            process = Some(Box::new(around.start(words, variables, &spec, self.now + FIRST_STEP)));
        }
        let prints = std::mem::take(&mut around.prints);
        let container = &mut self.run.containers[i];
        container.environment = kept;
        container.is_scripted = process.is_some();
        container.process = process;
        container.last_log = std::mem::take(&mut container.log);
        keep(&mut container.log, prints);
        Ok(())
    }

    /// Lets the processes go on that are due, and sees whether one has ended or taken too much memory.
    pub(super) fn run_processes(&mut self) {
        let called = |run: &super::Running| run.told_at.is_some_and(|(told, _)| told <= self.now);
        if self.run.containers.iter().any(|c| matches!(&c.state, State::Running(run) if called(run))) {
            return self.tell();
        }
        for i in 0..self.run.containers.len() {
            let container = &mut self.run.containers[i];
            let due = container.process.as_ref().and_then(|process| process.due()).is_some_and(|at| at <= self.now);
            if !due || !container.is_running() {
                continue;
            }
            let Some(mut process) = container.process.take() else { continue };
            let pod = self.run.object.clone();
            let spec = self.run.containers[i].spec(&pod).clone();
            let (mut around, _) = Surroundings::new(self.view, &pod, &spec, &self.run.ip, self.data, self.outside);
            process.run(self.now, &mut around);
            let (prints, signals) = (std::mem::take(&mut around.prints), std::mem::take(&mut around.signals));
            let container = &mut self.run.containers[i];
            keep(&mut container.log, prints);
            container.process = Some(process);
            self.run.signal_all(signals, self.now);
            self.settle_end(i);
        }
    }

    /// Takes note of when a container ends by itself, and of when it exceeds its memory limit.
    pub(super) fn settle_end(&mut self, i: usize) {
        let pod = self.run.object.clone();
        let container = &mut self.run.containers[i];
        let spec = container.spec(&pod);
        let State::Running(run) = &mut container.state else { return };
        if let Some(process) = &container.process {
            if let Wake::Ended(code) = process.wake() {
                let at = process.clock().max(run.since);
                if run.ends.is_none_or(|(other, _)| at < other) {
                    run.ends = Some((at, code));
                }
            }
        }
        let limit = memory_limit(spec);
        let behaviour = workload::behaviour(&pod, spec);
        let since = run.since;
        if let Some(at) = out_of_memory(spec, container.process.as_deref(), limit, since, behaviour.start_ms) {
            if run.ends.is_none_or(|(other, _)| at < other) {
                run.ends = Some((at, 137));
                container.out_of_memory = true;
            }
        }
    }

    /// Runs a command in a container to its end, or until a while has passed.
    pub(super) fn run_command(&mut self, i: usize, words: &[Value], at_most: Span) -> Ran {
        let pod = self.run.object.clone();
        let spec = self.run.containers[i].spec(&pod).clone();
        let kept = self.run.containers[i].environment.clone();
        let (mut around, variables) = Surroundings::new(self.view, &pod, &spec, &self.run.ip, self.data, self.outside);
        let variables = if kept.is_empty() { variables } else { kept.iter().cloned().collect() };
        let words: Vec<EcoString> = words.iter().map(Value::text).collect();
        let name = words.first().cloned().unwrap_or_default();
        if !shell::is_known(spec.get("image").str(), &name) && shell::follow(&around, &name).is_none() {
            let output = format!("OCI runtime exec failed: exec failed: unable to start container process: exec: \"{name}\": executable file not found in $PATH");
            return Ran { code: 126, output, took: Span::ZERO };
        }
        around.beside = true;
        let mut process = around.start(words, variables, &spec, self.now);
        let end = self.now + at_most;
        let mut at = self.now;
        let mut ran = Ran { code: 137, output: String::new(), took: at_most };
        loop {
            process.run(at, &mut around);
            if let Wake::Ended(code) = process.wake() {
                ran.code = code;
                ran.took = process.clock().since(self.now).min(at_most);
                break;
            }
            match process.due().filter(|due| *due <= end) {
                Some(due) => at = due,
                None => break,
            }
        }
        let (prints, signals) = (std::mem::take(&mut around.prints), std::mem::take(&mut around.signals));
        self.run.signal_all(signals, self.now);
        let (own, other): (Vec<Print>, Vec<Print>) = prints.into_iter().partition(|(_, channel, _)| *channel == 3);
        ran.output = other.into_iter().map(|(_, _, text)| text).collect();
        keep(&mut self.run.containers[i].log, own);
        ran
    }

    /// What a container leaves as its last words: its termination message, or the end of its log after an error.
    ///
    /// Models pkg/kubelet/kuberuntime getTerminationMessage.
    pub(super) fn last_words(&self, i: usize, code: i32) -> EcoString {
        let pod = &self.run.object;
        let container = &self.run.containers[i];
        let spec = container.spec(pod);
        let path = match spec.get("terminationMessagePath").str() {
            "" => "/dev/termination-log",
            path => path,
        };
        let place = super::files::own_place(pod, &container.name);
        let mut text = match self.data.entry(&place, path) {
            Some(crate::store::volume_data::Entry::File(text)) => text.to_owned(),
            _ => String::new(),
        };
        if text.is_empty() && code != 0 && spec.get("terminationMessagePolicy").str() == "FallbackToLogsOnError" {
            let log = &container.log;
            let from = log.len().saturating_sub(80);
            text = log.iter().skip(from).map(|line| format!("{}\n", line.text)).collect();
            let cut = text.len().saturating_sub(2_048);
            text = text.get(cut..).unwrap_or("").to_owned();
        }
        let cut = (0..=LONGEST_MESSAGE.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text[..cut].into()
    }
}

/// Why the runtime cannot start a command.
fn not_startable(around: &mut Surroundings<'_>, words: &[EcoString], spec: &Value) -> Option<String> {
    let name = words.first()?;
    let there =
        shell::is_known(spec.get("image").str(), name) || name.contains('/') && shell::follow(&*around, name).is_some();
    if there {
        return None;
    }
    let why = match name.contains('/') {
        true => format!("stat {name}: no such file or directory"),
        false => "executable file not found in $PATH".to_owned(),
    };
    Some(format!(
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: \"{name}\": {why}: unknown"
    ))
}

/// When a container exceeds its memory limit: its image takes what it uses when idle while it starts, its processes what
/// they take.
fn out_of_memory(
    spec: &Value,
    process: Option<&Process>,
    limit: u64,
    since: SimTime,
    start_ms: u64,
) -> Option<SimTime> {
    if limit == 0 {
        return None;
    }
    let idle = workload::idle(spec).memory_bytes;
    let is_own = process.is_none_or(|process| process.serves);
    if is_own && idle > limit {
        return Some(since + Span::millis(start_ms.max(200)));
    }
    let left = limit.saturating_sub(if is_own { idle } else { 0 });
    let demands = process.into_iter().flat_map(Process::demands);
    demands
        .filter(|(_, demand)| *demand != Demand::default())
        .filter_map(|(at, demand)| Some(at + demand.exceeds(left)?))
        .min()
}

/// Puts what was printed behind the lines of a log.
pub(super) fn keep(log: &mut EcoVec<LogLine>, prints: Vec<Print>) {
    for (at, _, text) in prints {
        for piece in text.split_inclusive('\n') {
            let whole = piece.ends_with('\n');
            let text = EcoString::from(piece.trim_end_matches('\n'));
            let open = log.make_mut().last_mut().filter(|line| !line.whole);
            match open {
                Some(line) => {
                    line.text.push_str(&text);
                    line.whole = whole;
                }
                None => log.push(LogLine { at, text, whole }),
            }
        }
    }
    if log.len() > MOST_LINES + MOST_LINES / 2 {
        let from = log.len() - MOST_LINES;
        *log = log.iter().skip(from).cloned().collect();
    }
}

impl PodRuntime {
    /// True where a container runs, though nobody may have noticed yet that it has ended.
    pub fn runs_at(&self, container: &str, now: SimTime) -> bool {
        let container = self.containers.iter().find(|c| c.name == container);
        match container.map(|container| &container.state) {
            Some(State::Running(run)) => run.ends.is_none_or(|(at, _)| at > now),
            _ => false,
        }
    }

    /// Since when a container runs; nothing where it does not.
    pub fn runs_since(&self, container: &str) -> Option<SimTime> {
        let container = self.containers.iter().find(|c| c.name == container)?;
        match &container.state {
            State::Running(run) => Some(run.since),
            _ => None,
        }
    }

    /// The first process of a container ends with a code.
    pub fn end_process(&mut self, name: &str, at: SimTime, code: i32) {
        let found = self.containers.iter_mut().find(|container| container.name == name);
        if let Some(State::Running(run)) = found.map(|container| &mut container.state) {
            run.ends = Some((at, code));
        }
    }

    /// True where commands run in the pod, which may ask it itself for something.
    pub fn runs_commands(&self) -> bool {
        let hooked = |c: &super::Container| !c.spec(&self.object).get("lifecycle").is_null();
        let probed = |c: &super::Container| {
            let spec = c.spec(&self.object);
            ["startupProbe", "readinessProbe", "livenessProbe"].iter().any(|p| !spec.get(p).get("exec").is_null())
        };
        self.containers.iter().any(|c| c.is_scripted || hooked(c) || probed(c))
    }

    /// When a probe runs next.
    pub fn next_probe(&self) -> Option<SimTime> {
        self.containers.iter().flat_map(|c| c.probes.iter().filter_map(|p| p.next_at)).min()
    }

    /// Does something in a running container, with its files and the environment its processes have.
    pub fn enter<T>(
        &self,
        view: &View,
        pod: &Object,
        container: &str,
        data: &mut VolumeData,
        outside: &mut dyn Outside,
        act: impl FnOnce(&mut Surroundings<'_>, Vec<(EcoString, EcoString)>, &Value, SimTime) -> T,
    ) -> Option<T> {
        let container = self.containers.iter().find(|c| c.name == container)?;
        let spec = container.spec(pod);
        let (mut around, variables) = Surroundings::new(view, pod, spec, &self.ip, data, outside);
        let kept = &container.environment;
        let variables = if kept.is_empty() { variables } else { kept.iter().cloned().collect() };
        Some(act(&mut around, variables, spec, view.now))
    }

    /// Puts what a command printed to the container's first process behind the lines of its log.
    pub fn print(&mut self, container: &str, prints: Vec<Print>) {
        if let Some(container) = self.containers.iter_mut().find(|c| c.name == container) {
            keep(&mut container.log, prints);
        }
    }
}

impl Ended {
    /// A container that the runtime could not start.
    pub(super) fn not_started(why: &str, at: SimTime, id: EcoString) -> Ended {
        Ended { id, code: 128, reason: "StartError", started: None, finished: Some(at), message: why.into() }
    }
}
