//! The conditions of a pod: scheduled, initialized, containers ready, ready.

use std::sync::OnceLock;

use super::container::{Container, Role, State};
use super::{Sandbox, Sync};
use crate::api::Value;
use crate::value;

impl Sync<'_> {
    /// The kubelet's conditions, and behind them what others have put there.
    pub(super) fn conditions(&self, phase: &str) -> Value {
        let containers_ready = self.containers_ready(phase);
        let ready = self.ready(&containers_ready);
        let sandbox = (self.run.sandbox == Sandbox::Ready, String::new(), String::new());
        let scheduled = (true, String::new(), String::new());
        let own = [sandbox, self.initialized(phase), ready, containers_ready, scheduled];
        let there = self.run.object.at("status.conditions").list();
        let before = self.run.status.get("conditions").list();
        let now = self.time(self.now);
        let mut conditions: Vec<Value> = Vec::with_capacity(own.len());
        conditions.extend(self.resize_condition());
        for ((holds, reason, message), form) in own.iter().zip(&forms().conditions) {
            let mut condition = form[usize::from(*holds)].clone();
            let mine = |c: &&Value| c.get("type") == condition.get("type");
            let old = before.iter().find(mine).or_else(|| there.iter().find(mine));
            let old = old.filter(|c| c.get("status") == condition.get("status"));
            let since = old.map_or(&now, |c| c.get("lastTransitionTime")).clone();
            *condition.slot("lastTransitionTime") = since;
            *condition.slot("observedGeneration") = self.run.object.generation().into();
            if !reason.is_empty() {
                *condition.slot("reason") = reason.as_str().into();
            }
            if !message.is_empty() {
                *condition.slot("message") = message.as_str().into();
            }
            conditions.push(condition);
        }
        if let Some(message) = &self.run.evicted {
            let since = there.iter().find(|c| c.get("type").str() == "DisruptionTarget");
            let since = since.map_or(&now, |c| c.get("lastTransitionTime"));
            conditions.push(value!({"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet",
                "message": message, "lastProbeTime": null, "lastTransitionTime": (since.clone()),
                "observedGeneration": (self.run.object.generation())}));
        }
        let others = there.iter().filter(|c| {
            let kind = c.get("type").str();
            !CONDITIONS.contains(&kind)
                && !kind.starts_with("PodResize")
                && (kind != "DisruptionTarget" || self.run.evicted.is_none())
        });
        conditions.extend(others.cloned());
        conditions.into()
    }

    /// Models pkg/kubelet/status GeneratePodInitializedCondition.
    fn initialized(&self, phase: &str) -> (bool, String, String) {
        let no = String::new;
        if phase == "Succeeded" {
            return (true, "PodCompleted".to_owned(), no());
        }
        let started = self.run.containers.iter().any(|c| c.role == Role::Main && c.state != State::Waiting);
        let open: Vec<&str> =
            self.run.containers.iter().filter(|c| !c.has_initialized()).map(|c| c.name.as_str()).collect();
        if started || open.is_empty() {
            return (true, no(), no());
        }
        let message = format!("containers with incomplete status: [{}]", open.join(" "));
        (false, "ContainersNotInitialized".to_owned(), message)
    }

    /// Models pkg/kubelet/status GenerateContainersReadyCondition.
    fn containers_ready(&self, phase: &str) -> (bool, String, String) {
        match phase {
            "Succeeded" => return (false, "PodCompleted".to_owned(), String::new()),
            "Failed" => return (false, "PodFailed".to_owned(), String::new()),
            _ => {}
        }
        let counted = self.run.containers.iter().filter(|c| matches!(c.role, Role::Main | Role::Sidecar));
        let unready: Vec<&str> = counted.filter(|c| !is_ready(c)).map(|c| c.name.as_str()).collect();
        if unready.is_empty() {
            return (true, String::new(), String::new());
        }
        let message = format!("containers with unready status: [{}]", unready.join(" "));
        (false, "ContainersNotReady".to_owned(), message)
    }

    /// Models pkg/kubelet/status GeneratePodReadyCondition: readiness gates must hold besides.
    pub(super) fn ready(&self, containers_ready: &(bool, String, String)) -> (bool, String, String) {
        if !containers_ready.0 {
            return containers_ready.clone();
        }
        let mut messages = Vec::new();
        for gate in self.run.object.at("spec.readinessGates").list() {
            let kind = gate.get("conditionType").str();
            match self.run.object.condition(kind).get("status").str() {
                "True" => {}
                "" => {
                    messages.push(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist."))
                }
                status => {
                    messages.push(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {status}"))
                }
            }
        }
        match messages.is_empty() {
            true => (true, String::new(), String::new()),
            false => (false, "ReadinessGatesNotReady".to_owned(), messages.join(", ")),
        }
    }
}

/// The kubelet's conditions in their order.
const CONDITIONS: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// Values whose parts every status shares, so that a pod does not carry the names of its fields.
pub(super) struct Forms {
    /// Of each condition, the one with status False and the one with True.
    pub(super) conditions: [[Value; 2]; 5],
    /// The status of a container that has been created.
    pub(super) created: Value,
    /// The status of one that has not.
    pub(super) awaited: Value,
    /// The status of a pod.
    pub(super) pod: Value,
}

pub(super) fn forms() -> &'static Forms {
    static FORMS: OnceLock<Forms> = OnceLock::new();
    FORMS.get_or_init(|| {
        let condition = |kind: &str, status: &str| {
            value!({
                "lastProbeTime": null, "lastTransitionTime": null, "observedGeneration": 0, "status": status, "type": kind
            })
        };
        let awaited = value!({
            "image": "", "imageID": "", "lastState": {}, "name": "", "ready": false, "restartCount": 0, "started": false,
            "state": {}
        });
        let mut created = awaited.clone();
        created.set("containerID", "");
        created.set("resources", Value::map());
        created.set("volumeMounts", Value::Null);
        let mut awaited = awaited;
        awaited.set("volumeMounts", Value::Null);
        Forms {
            conditions: CONDITIONS.map(|kind| [condition(kind, "False"), condition(kind, "True")]),
            created,
            awaited,
            pod: value!({
                "conditions": [], "containerStatuses": [], "hostIP": "", "hostIPs": [], "observedGeneration": 0,
                "phase": "", "resources": {}, "startTime": null
            }),
        }
    })
}

/// An init container that has done its part counts as ready.
pub(super) fn is_ready(container: &Container) -> bool {
    match container.role {
        Role::Init => container.has_initialized(),
        Role::Ephemeral => false,
        _ => container.is_running() && container.hook.is_none() && container.started && container.ready,
    }
}
