//! Changing what the containers of a running pod may use: whether the node has it, and when it is done.

use super::{PodRuntime, State, Sync};
use crate::api::amounts::{as_allocated, of_pod};
use crate::api::{encode, Object, Value};
use crate::base::time::{SimTime, Span, Timestamp};
use crate::value;

/// How often a node tries again what it had no room for.
const RETRY: Span = Span::secs(10);
/// How long the runtime takes to change the limits of a container, and the kubelet to see it.
const ACTUATED: Span = Span::millis(1_500);

/// A wish for other resources that is not fulfilled yet.
#[derive(Clone, Debug)]
pub(crate) struct Resize {
    /// The containers as they are allocated.
    allocated: Value,
    step: Step,
    /// Since when the condition says so.
    since: SimTime,
}

#[derive(Clone, PartialEq, Debug)]
enum Step {
    /// Nobody has looked at it yet.
    New,
    /// The node will never have that much.
    Infeasible(String),
    /// The node has not so much now; it is looked at again.
    Deferred(String, SimTime),
    /// The runtime is at it.
    Going(SimTime),
}

impl PodRuntime {
    /// What the kubelet has seen before gives way to a newer version of the pod.
    pub(super) fn follow(&mut self, object: &Object) {
        if object.generation() != self.object.generation() {
            let before = match self.resize.take() {
                Some(Resize { step: Step::Going(_), .. }) | None => self.object.at("spec.containers").clone(),
                Some(resize) => resize.allocated,
            };
            let now = object.at("spec.containers").list();
            let as_before =
                |(i, container): (usize, &Value)| before.index(i as u32).get("resources") == container.get("resources");
            if !now.iter().enumerate().all(as_before) {
                self.resize = Some(Resize { allocated: before, step: Step::New, since: SimTime(0) });
            }
        }
        self.object = object.clone();
    }

    /// The pod's containers with what is allocated to them.
    pub(super) fn allocated(&self) -> Value {
        match &self.resize {
            Some(Resize { step: Step::Going(_), .. }) | None => self.object.at("spec.containers").clone(),
            Some(resize) => resize.allocated.clone(),
        }
    }

    /// True while it waits for other resources.
    pub fn is_resizing(&self) -> bool {
        self.resize.is_some()
    }

    /// The requests and limits of a container as they are in force, which a wish for others does not change at once.
    pub fn in_force(&self, container: &str) -> Value {
        let containers = match &self.resize {
            Some(resize) => &resize.allocated,
            None => self.object.at("spec.containers"),
        };
        let own = containers.list().iter().find(|c| c.get("name").str() == container);
        own.map_or(Value::Null, |c| c.get("resources").clone())
    }
}

impl Sync<'_> {
    /// When it is to be looked at again.
    pub(super) fn resize_due(&self) -> Option<SimTime> {
        match &self.run.resize.as_ref()?.step {
            Step::New => Some(self.now),
            Step::Infeasible(_) => None,
            Step::Deferred(_, at) | Step::Going(at) => Some(*at),
        }
    }

    /// Models pkg/kubelet/allocation handlePodResourcesResize, and the runtime's part of it.
    pub(super) fn look_at_resize(&mut self) {
        if self.run.sandbox != super::Sandbox::Ready || self.resize_due().is_none_or(|at| at > self.now) {
            return;
        }
        let Some(mut resize) = self.run.resize.take() else { return };
        if let Step::Going(_) = resize.step {
            self.restart_resized(&resize.allocated);
            self.note_pod("Normal", "ResizeCompleted", format!("Pod resize completed: {}", self.summary("")));
            self.changed = true;
            return;
        }
        let step = self.next_step();
        let (kind, text) = match &step {
            Step::Infeasible(text) => ("Infeasible", text.clone()),
            Step::Deferred(text, _) => ("Deferred", text.clone()),
            _ => ("", String::new()),
        };
        let told = match &resize.step {
            Step::Infeasible(text) | Step::Deferred(text, _) => *text == text.clone() && kind == reason(&resize.step).0,
            _ => false,
        };
        if kind.is_empty() {
            self.note_pod("Normal", "ResizeStarted", format!("Pod resize started: {}", self.summary("")));
        } else if !told {
            let text = format!("Pod resize {kind}: {}", self.summary(&text));
            let event = if kind == "Deferred" { "ResizeDeferred" } else { "ResizeInfeasible" };
            self.note_pod("Warning", event, text);
        }
        if reason(&resize.step).0 != kind || resize.step == Step::New {
            resize.since = self.now;
        }
        self.changed = true;
        self.run.resize = Some(Resize { step, ..resize });
    }

    /// Models pkg/kubelet/allocation canResizePod.
    fn next_step(&self) -> Step {
        let Some(node) = self.view.store.find("Node", "", &self.pod.node) else {
            return Step::Infeasible(String::new());
        };
        let whole = |name: &str, milli: bool| {
            let amount = crate::api::amounts::amount(node.at("status.allocatable").get(name));
            amount.map_or(0, |q| if milli { q.milli_value() } else { q.value() })
        };
        let needs = |pod: &Object| {
            let requests = of_pod(pod.spec(), "requests");
            let amount = |name: &str, milli: bool| {
                requests.get(name).map_or(0, |q| if milli { q.milli_value() } else { q.value() })
            };
            [amount("memory", false), amount("cpu", true)]
        };
        let wanted = needs(&self.run.object);
        let capacity = [whole("memory", false), whole("cpu", true)];
        let names = ["memory", "cpu"];
        for i in 0..2 {
            if wanted[i] > capacity[i] {
                let text = format!("{}, requested: {}, capacity: {}", names[i], wanted[i], capacity[i]);
                return Step::Infeasible(format!("Node didn't have enough capacity: {text}"));
            }
        }
        let mut used = [0, 0];
        for pod in self.view.store.pods_on_node(&self.pod.node) {
            if pod.uid() == self.pod.uid || matches!(pod.at("status.phase").str(), "Succeeded" | "Failed") {
                continue;
            }
            let own = needs(&as_allocated(pod));
            used = [used[0] + own[0], used[1] + own[1]];
        }
        for i in [1, 0] {
            if wanted[i] + used[i] > capacity[i] {
                let (name, wanted, used, capacity) = (names[i], wanted[i], used[i], capacity[i]);
                let text = format!("{name}, requested: {wanted}, used: {used}, capacity: {capacity}");
                return Step::Deferred(format!("Node didn't have enough resource: {text}"), self.now + RETRY);
            }
        }
        Step::Going(self.now + ACTUATED)
    }

    /// Restarts the containers that do not take another amount while they run.
    fn restart_resized(&mut self, before: &Value) {
        for i in 0..self.run.containers.len() {
            let container = &self.run.containers[i];
            let spec = container.spec(&self.run.object);
            let old = before.list().iter().find(|c| c.get("name").str() == container.name);
            let Some(old) = old.filter(|_| container.is_running()) else { continue };
            let restarts = spec.get("resizePolicy").list().iter().any(|policy| {
                let resource = policy.get("resourceName").str();
                let differs = ["requests", "limits"].iter().any(|field| {
                    old.get("resources").get(field).get(resource) != spec.get("resources").get(field).get(resource)
                });
                differs && policy.get("restartPolicy").str() == "RestartContainer"
            });
            if restarts && matches!(container.state, State::Running(_)) {
                let text = format!("Container {} resize requires restart", container.name);
                self.stop_container(i, self.grace_seconds(), text);
                self.run.containers[i].stopped_to_restart = true;
                self.run.containers[i].has_changed = true;
            }
        }
    }

    /// Models pkg/kubelet/events podResizeMessage.
    fn summary(&self, error: &str) -> String {
        let of = |field: &str| {
            let list = self.run.object.spec().get(field).list().iter();
            let text = |c: &Value| {
                let resources = match c.get("resources") {
                    Value::Null => "{}".to_owned(),
                    given => encode::json(given),
                };
                format!("{{\"name\":{:?},\"resources\":{resources}}}", c.get("name").str())
            };
            list.map(text).collect::<Vec<_>>().join(",")
        };
        let mut parts = Vec::new();
        for field in ["initContainers", "containers"] {
            let list = of(field);
            if !list.is_empty() {
                parts.push(format!("\"{field}\":[{list}]"));
            }
        }
        parts.push(format!("\"generation\":{}", self.run.object.generation()));
        if !error.is_empty() {
            parts.push(format!("\"error\":{}", encode::json(&Value::from(error))));
        }
        format!("{{{}}}", parts.join(","))
    }

    /// The condition that tells of it.
    pub(super) fn resize_condition(&self) -> Option<Value> {
        let resize = self.run.resize.as_ref()?;
        let (reason, message) = reason(&resize.step);
        let kind = match &resize.step {
            Step::New => return None,
            Step::Going(_) => "PodResizeInProgress",
            _ => "PodResizePending",
        };
        let since = Timestamp::of(self.view.settings.epoch, resize.since).rfc3339();
        let mut condition = value!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": since,
            "observedGeneration": (self.run.object.generation())});
        if !reason.is_empty() {
            condition.set("reason", reason);
            condition.set("message", message);
        }
        Some(condition)
    }
}

/// The reason and the message of the condition.
fn reason(step: &Step) -> (&'static str, &str) {
    match step {
        Step::Infeasible(text) => ("Infeasible", text),
        Step::Deferred(text, _) => ("Deferred", text),
        Step::New | Step::Going(_) => ("", ""),
    }
}
