//! The kubelet: what becomes of a pod once it is bound to a node. It decides on a view and returns plans; it never writes
//! the store.

use std::sync::Arc;

use ecow::EcoString;

use crate::api::{Object, ObjectKey, Value};
use crate::base::draw;
use crate::base::time::{SimTime, Span};
use crate::store::plan::{DeleteOptions, Propagation};
use crate::store::{Action, Because, EventNote, Plan, View, VolumeData};
use crate::workload::shell::Told;

mod access;
mod admission;
mod claims;
mod conditions;
mod config;
mod container;
mod environment;
pub mod eviction;
mod files;
mod hooks;
mod host_paths;
mod image;
mod lifecycle;
mod logs;
mod made_files;
mod modes;
mod node;
pub mod node_status;
mod probe_requests;
mod probes;
mod processes;
pub mod resize;
mod resources;
mod signals;
mod start;
mod status;
mod stop;
mod surroundings;
mod volumes;

pub use container::{BackOff, Container, Ended, Role, Running, State};
pub use logs::{logs, LogLine};
pub use node::{NodeRuntime, Pull};
pub use node_status::Pressures;
pub use surroundings::{Print, Surroundings};
pub use volumes::followers;

/// The component as events and reasons name it.
const COMPONENT: &str = "kubelet";

/// What a pod's containers reach through its node: the network, and what the network puts into their files.
pub trait Outside {
    /// Runs a tool of the network in a pod, standing for so many runs; none where there is no such tool.
    fn tool(&mut self, pod: &Object, words: &[EcoString], times: u32) -> Option<Told>;
    /// The variables by which the pod finds Services.
    fn service_variables(&self, pod: &Object) -> Vec<(String, String)>;
    /// /etc/hosts of a pod with an address.
    fn hosts_file(&self, pod: &Object, ip: &str) -> String;
    /// /etc/resolv.conf of a pod.
    fn resolver_file(&self, pod: &Object) -> String;
}

/// What the kubelet and the container runtime know of one pod.
#[derive(Clone, Debug)]
pub struct PodRuntime {
    /// The pod as it was last seen; between two looks without its status, which would only cost memory.
    pub(crate) object: Object,
    pub(crate) containers: Vec<Container>,
    first_seen: SimTime,
    sandbox: Sandbox,
    ip: EcoString,
    /// When the pod complains that it waits for a claim, while it does.
    claims_due: Option<SimTime>,
    /// Failed attempts to mount a volume.
    mount_failures: u32,
    /// When to try again what went wrong.
    retry_at: Option<SimTime>,
    /// False until the kubelet has looked at the runtime once since the sandbox is there.
    relisted: bool,
    stopping: Option<Stopping>,
    /// When the pod takes its last phase.
    terminal_at: Option<SimTime>,
    /// Its last phase.
    terminal: Option<&'static str>,
    /// Why the kubelet has evicted the pod, where it has.
    evicted: Option<EcoString>,
    /// When the object of a deleted pod may go.
    gone_at: Option<SimTime>,
    /// What was last written.
    status: Value,
    /// How often something was drawn by lot for the pod.
    draws: u64,
    /// Why the pod as a whole has failed: reason and message.
    failure: Option<(&'static str, EcoString)>,
    /// When its volumes follow what has changed.
    refresh_at: Option<SimTime>,
    /// True where something that its volumes hold has changed.
    called_for_refresh: bool,
    /// A wish for other resources that is not fulfilled yet.
    resize: Option<resize::Resize>,
}

impl PodRuntime {
    /// The kernel ends a container that took more memory than it may; the kubelet notices at its next look.
    pub fn kill_for_memory(&mut self, name: &str, now: SimTime) {
        let killed = self.containers.iter_mut().find(|container| container.name == name);
        if let Some(container) = killed {
            if let State::Running(running) = &mut container.state {
                running.ends = Some((now, 137));
                container.out_of_memory = true;
            }
        }
    }
}

/// The pod's sandbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sandbox {
    /// There at this time, if its volumes can be mounted.
    Coming(SimTime),
    /// There.
    Ready,
    /// Taken down.
    Gone,
}

/// A pod that is being stopped.
#[derive(Clone, Debug)]
struct Stopping {
    /// The deletionGracePeriodSeconds that was acted on.
    grace: i64,
    /// When what still runs is killed.
    deadline: SimTime,
}

/// Which pod, on which node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PodRef {
    /// Its namespace and name.
    pub key: ObjectKey,
    /// Its UID: a later pod of the same name is another.
    pub uid: EcoString,
    /// The node it is bound to.
    pub node: EcoString,
}

/// One call of [`sync`] at work.
struct Sync<'a> {
    view: &'a View<'a>,
    now: SimTime,
    pod: &'a PodRef,
    node: &'a mut NodeRuntime,
    data: &'a mut VolumeData,
    outside: &'a mut dyn Outside,
    run: PodRuntime,
    plan: Plan,
    /// True where something has happened that the status shows at once.
    changed: bool,
}

/// Brings a pod on to the present. The plan holds what to write and when to call again.
///
/// Models pkg/kubelet: syncLoop, the pod workers and the status manager. Here a pod is looked at when something is due for it
/// and not each second; what is noticed by looking each second is noticed at the same instants.
pub fn sync(
    view: &View,
    pod: &PodRef,
    runtime: Option<PodRuntime>,
    node: &mut NodeRuntime,
    data: &mut VolumeData,
    outside: &mut dyn Outside,
) -> (Plan, Option<PodRuntime>) {
    let object = view.get("Pod", &pod.key).filter(|object| object.uid() == pod.uid);
    let run = match (object, runtime) {
        (None, None) => return (Plan::nothing(), None),
        (None, Some(run)) => return vanished(view, pod, run, node),
        (Some(object), None) => match begin(view, pod, object, node) {
            Ok(run) => run,
            Err(plan) => return (plan, None),
        },
        (Some(object), Some(mut run)) => {
            run.follow(object);
            let known = run.containers.iter().filter(|c| c.role == Role::Ephemeral).count();
            container::add(object, "ephemeralContainers", known, &mut run.containers);
            run
        }
    };
    let mut sync = Sync {
        view,
        now: view.now,
        pod,
        node,
        data,
        outside,
        run,
        plan: Plan { visited: 1, ..Plan::default() },
        changed: false,
    };
    sync.advance();
    let next = sync.next_at();
    sync.plan.requeue_after = next.map(|at| at.since(view.now));
    sync.run.object.value.remove_key("status");
    (sync.plan, Some(sync.run))
}

/// A pod the kubelet has not seen before; a plan where there is nothing to run.
fn begin(view: &View, pod: &PodRef, object: &Object, node: &mut NodeRuntime) -> Result<PodRuntime, Plan> {
    let ended = matches!(object.at("status.phase").str(), "Succeeded" | "Failed");
    if ended || view.store.find("Node", "", &pod.node).is_none() {
        let mut plan = Plan::nothing();
        if ended && object.is_deleting() {
            plan.push(remove(pod, object, "the pod has ended and its deletion was asked for"));
        }
        return Err(plan);
    }
    if let Some(refusal) = admission::refuse(view, pod, object, node) {
        return Err(refusal);
    }
    let delay = 350_000 + draw::below(view.settings.seed, "sandbox", &pod.uid, 0, 200_000);
    Ok(PodRuntime {
        object: object.clone(),
        containers: container::of_pod(object),
        first_seen: view.now,
        sandbox: Sandbox::Coming(view.now + Span(delay)),
        ip: EcoString::new(),
        claims_due: None,
        mount_failures: 0,
        retry_at: None,
        relisted: false,
        stopping: None,
        terminal_at: None,
        terminal: None,
        evicted: None,
        gone_at: None,
        status: Value::Null,
        draws: 0,
        failure: None,
        refresh_at: None,
        called_for_refresh: false,
        resize: None,
    })
}

/// The object is gone at once, by a forced deletion or because the pod had ended: what runs is killed.
fn vanished(view: &View, pod: &PodRef, run: PodRuntime, node: &mut NodeRuntime) -> (Plan, Option<PodRuntime>) {
    let mut plan = Plan::nothing();
    if run.stopping.is_none() && run.terminal.is_none() {
        for container in run.containers.iter().filter(|c| c.is_running()) {
            let text = format!("Stopping container {}", container.name);
            plan.push(Action::Note(container.note(&run.object, "Normal", "Killing", text)));
        }
    }
    node.release_address(&pod_cidr(view, &pod.node), &run.ip, &pod.uid);
    node.forget(&pod.uid);
    (plan, None)
}

fn remove(pod: &PodRef, object: &Object, rule: &str) -> Action {
    Action::Delete {
        kind: "Pod",
        key: pod.key.clone(),
        uid: pod.uid.clone(),
        options: DeleteOptions { grace_seconds: Some(0), propagation: Propagation::Background },
        because: Arc::new(Because::of(COMPONENT, object, rule)),
        success: None,
    }
}

fn pod_cidr(view: &View, node: &str) -> EcoString {
    view.store.find("Node", "", node).map_or_else(EcoString::new, |node| node.at("spec.podCIDR").text())
}

impl PodRuntime {
    /// Has the pod evicted when the kubelet looks at it next.
    pub fn evict(&mut self, message: &str) {
        self.evicted = Some(message.into());
    }

    /// Which pod it is.
    pub fn pod_ref(&self) -> PodRef {
        PodRef { key: self.object.key(), uid: self.object.uid().into(), node: self.node().into() }
    }

    /// The name of the pod's node.
    pub fn node(&self) -> &str {
        self.object.at("spec.nodeName").str()
    }

    /// The kubelet has been away: it will write the whole status, whatever it wrote before.
    pub fn forget_status(&mut self) {
        self.status = Value::Null;
    }

    /// The node was without power: what ran is gone without a trace, and the sandbox must be made anew.
    pub fn lose_power(&mut self, node: &mut NodeRuntime, cidr: &str, now: SimTime) {
        node.release_address(cidr, &self.ip, &EcoString::from(self.object.uid()));
        self.ip = EcoString::new();
        for container in self.containers.iter_mut().filter(|c| c.is_running()) {
            container.lose();
        }
        if self.terminal.is_none() {
            self.sandbox = Sandbox::Coming(now + Span::millis(500));
            self.retry_at = None;
            self.terminal_at = None;
        }
    }
}

impl Sync<'_> {
    fn note(&mut self, container: usize, severity: &'static str, reason: &'static str, text: impl Into<String>) {
        let note = self.run.containers[container].note(&self.run.object, severity, reason, text);
        self.plan.push(Action::Note(note));
    }

    fn note_pod(&mut self, severity: &'static str, reason: &'static str, text: impl Into<String>) {
        self.plan.push(Action::Note(EventNote::new(&self.run.object, COMPONENT, severity, reason, text)));
    }

    /// A number below `bound`, another one at each call.
    fn lot(&mut self, purpose: &str, bound: u64) -> u64 {
        self.run.draws += 1;
        draw::below(self.view.settings.seed, purpose, &self.pod.uid, self.run.draws, bound)
    }

    /// The next of the instants, one each second, at which the node's kubelet looks at what its runtime does.
    fn tick_after(&self, at: SimTime) -> SimTime {
        const SECOND: u64 = 1_000_000;
        let offset = draw::below(self.view.settings.seed, "relist", &self.pod.node, 0, SECOND);
        let full = (at.0 + SECOND - offset) / SECOND;
        SimTime(full * SECOND + offset)
    }
}
