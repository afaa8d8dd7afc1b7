//! One container as the kubelet and the runtime know it.

use ecow::{EcoString, EcoVec};

use super::logs::LogLine;
use super::node::Pull;
use super::probes::Probe;
use super::status::volume_mounts;
use super::surroundings::list_of;
use super::COMPONENT;
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};
use crate::store::EventNote;
use crate::workload::shell::Process;

/// What a container is for its pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It must end well before the next one starts.
    Init,
    /// An init container that stays beside the others.
    Sidecar,
    /// One of the pod's containers.
    Main,
    /// One that was put into the running pod for somebody to look around; it is never started again.
    Ephemeral,
}

/// What a container does.
#[derive(Clone, PartialEq, Debug)]
pub enum State {
    /// It has not run yet.
    Waiting,
    /// It runs.
    Running(Running),
    /// It has ended, and may be started again.
    Ended(Ended),
}

/// A run of a container.
#[derive(Clone, PartialEq, Debug)]
pub struct Running {
    /// Since when.
    pub since: SimTime,
    /// The runtime's name for it: `containerd://` and 64 digits.
    pub id: EcoString,
    /// When and with which code it ends, where that is settled.
    pub ends: Option<(SimTime, i32)>,
    /// True once the kubelet stops it: then the end is noticed at once.
    pub stopped: bool,
    /// When it is told to end, and when it is killed.
    pub told_at: Option<(SimTime, SimTime)>,
}

/// The end of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    /// The runtime's name for it; empty for a container that was never found.
    pub id: EcoString,
    /// Exit code.
    pub code: i32,
    /// `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown`.
    pub reason: &'static str,
    /// When it was started.
    pub started: Option<SimTime>,
    /// When it ended.
    pub finished: Option<SimTime>,
    /// Its last words.
    pub message: EcoString,
}

/// A growing pause between attempts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BackOff {
    /// The pause now.
    pub span: Span,
    /// Since when it is that long.
    pub updated: SimTime,
}

/// A container of a pod.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name.
    pub name: EcoString,
    /// What it is for its pod.
    pub role: Role,
    /// What it does.
    pub state: State,
    /// The end of the run before.
    pub last: Option<Ended>,
    /// How often it was started again.
    pub restarts: u32,
    /// True while it passes its readiness probe, or has none.
    pub ready: bool,
    /// True once it has passed its startup probe, or has none.
    pub started: bool,
    pub(super) place: u32,
    /// The runtime's name for its image, once it has been created.
    pub(super) image_id: EcoString,
    /// Its mounts as its status lists them.
    pub(super) mounts: Value,
    pub(super) pull: Option<Pull>,
    pub(super) pulled: bool,
    /// Why it does not run, as the status says it from the next look on.
    pub(super) held: Option<(&'static str, EcoString)>,
    pub(super) shown: Option<(&'static str, EcoString)>,
    pub(super) back_off: Option<BackOff>,
    pub(super) image_back_off: Option<BackOff>,
    pub(super) probes: Vec<Probe>,
    /// True from when the kubelet stops the container to start it again, until it has.
    pub(super) stopped_to_restart: bool,
    /// True where that is because the pod wants another image now.
    pub(super) has_changed: bool,
    /// The image it was started from.
    pub(super) image: EcoString,
    /// True where the kernel has ended it because it took more memory than it may.
    pub(super) out_of_memory: bool,
    /// Its first process, where that is no server of its image.
    pub(super) process: Option<Box<Process>>,
    /// What its processes have written in this run and in the one before.
    pub(super) log: EcoVec<LogLine>,
    pub(super) last_log: EcoVec<LogLine>,
    /// The environment of its processes, where it came from other objects.
    pub(super) environment: EcoVec<(EcoString, EcoString)>,
    /// True where it runs a command in place of a server of its image.
    pub(super) is_scripted: bool,
    /// Until when its postStart hook runs, and why it fails then.
    pub(super) hook: Option<(SimTime, Option<EcoString>)>,
}

/// The containers of a pod, those that initialize it first.
pub(super) fn of_pod(pod: &Object) -> Vec<Container> {
    let mut all = Vec::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        add(pod, list, 0, &mut all);
    }
    all
}

/// Adds the containers of a list from a place on.
pub(super) fn add(pod: &Object, field: &'static str, from: usize, all: &mut Vec<Container>) {
    let one = |(container, place): (&Value, u32)| {
        let role = match (field, container.get("restartPolicy").str()) {
            ("containers", _) => Role::Main,
            ("ephemeralContainers", _) => Role::Ephemeral,
            (_, "Always") => Role::Sidecar,
            _ => Role::Init,
        };
        Container {
            name: container.get("name").text(),
            role,
            state: State::Waiting,
            last: None,
            restarts: 0,
            ready: false,
            started: false,
            place,
            image_id: EcoString::new(),
            mounts: volume_mounts(container),
            pull: None,
            pulled: false,
            held: None,
            shown: None,
            back_off: None,
            image_back_off: None,
            probes: Vec::new(),
            stopped_to_restart: false,
            has_changed: false,
            image: EcoString::new(),
            out_of_memory: false,
            process: None,
            log: EcoVec::new(),
            last_log: EcoVec::new(),
            environment: EcoVec::new(),
            is_scripted: false,
            hook: None,
        }
    };
    all.extend(pod.spec().get(field).list().iter().zip(0_u32..).skip(from).map(one));
}

impl Container {
    /// Its run is gone without a trace.
    pub(super) fn lose(&mut self) {
        self.state = State::Ended(Ended {
            id: EcoString::new(),
            code: 137,
            reason: "ContainerStatusUnknown",
            started: None,
            finished: None,
            message: "The container could not be located when the pod was terminated".into(),
        });
        self.ready = false;
        self.started = false;
        self.probes.clear();
        self.held = None;
        self.shown = None;
        self.pull = None;
    }

    /// Its part of the pod's spec.
    pub fn spec<'a>(&self, pod: &'a Object) -> &'a Value {
        pod.spec().get(list_of(self.role)).index(self.place)
    }

    /// True while it runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// The end of its run, where it has ended.
    pub fn ended(&self) -> Option<&Ended> {
        match &self.state {
            State::Ended(ended) => Some(ended),
            _ => None,
        }
    }

    /// True for an init container that has done its part.
    pub fn has_initialized(&self) -> bool {
        match self.role {
            Role::Init => self.ended().is_some_and(|ended| ended.code == 0),
            Role::Sidecar => self.is_running() && self.started,
            Role::Main | Role::Ephemeral => true,
        }
    }

    /// An event about it.
    pub fn note(
        &self,
        pod: &Object,
        severity: &'static str,
        reason: &'static str,
        text: impl Into<String>,
    ) -> EventNote {
        let field = list_of(self.role);
        let mut note = EventNote::new(pod, COMPONENT, severity, reason, text);
        note.field_path = format!("spec.{field}{{{}}}", self.name);
        note
    }
}

impl BackOff {
    /// True while an attempt must wait that follows what happened at `event`.
    ///
    /// Models staging/src/k8s.io/client-go/util/flowcontrol Backoff.IsInBackOffSince.
    pub fn holds(back_off: Option<BackOff>, event: SimTime, now: SimTime) -> bool {
        back_off.is_some_and(|b| !b.has_expired(event) && now.since(event) < b.span)
    }

    /// The pause after one more attempt.
    ///
    /// Models Backoff.Next: 10 s, doubled each time up to 300 s, forgotten after 600 s of peace.
    pub fn next(back_off: Option<BackOff>, event: SimTime, now: SimTime) -> BackOff {
        let span = match back_off {
            Some(b) if !b.has_expired(event) => Span((b.span.0 * 2).min(Span::secs(300).0)),
            _ => Span::secs(10),
        };
        BackOff { span, updated: now }
    }

    fn has_expired(self, event: SimTime) -> bool {
        event.since(self.updated) > Span::secs(600)
    }
}
