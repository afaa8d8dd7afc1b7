//! The status of a pod as the kubelet writes it.

use std::sync::Arc;

use ecow::EcoString;

use super::conditions::{forms, is_ready};
use super::container::{Container, Ended, Role, State};
use super::resources::{pod_resources, resources_of};
use super::surroundings::list_of;
use super::{Sync, COMPONENT};
use crate::api::kinds::node;
use crate::api::{Map, Value};
use crate::base::time::{SimTime, Timestamp};
use crate::store::{Action, Because};
use crate::value;

impl Sync<'_> {
    /// Writes what has changed in the status since it was written last.
    ///
    /// Models pkg/kubelet/status Manager.syncPod.
    pub(super) fn write_status(&mut self) {
        let status = self.compose();
        let mut patch = Map::default();
        for (key, value) in status.entries() {
            if self.run.status.get(key) != value {
                patch.insert(key, value.clone());
            }
        }
        if patch.is_empty() {
            return;
        }
        let rule = self.rule(&status);
        self.plan.push(Action::Patch {
            kind: "Pod",
            key: self.pod.key.clone(),
            uid: self.pod.uid.clone(),
            status: true,
            patch: value!({"status": patch}),
            because: Arc::new(Because::of(COMPONENT, &self.run.object, rule)),
        });
        self.run.status = status;
    }

    /// What the new status says in a sentence.
    fn rule(&self, status: &Value) -> EcoString {
        let ready = self.run.containers.iter().filter(|c| c.role == Role::Main && c.ready).count();
        let all = self.run.containers.iter().filter(|c| c.role == Role::Main).count();
        let phase = status.get("phase").str();
        ecow::eco_format!("on {} the pod is {phase} with {ready} of {all} containers ready", self.pod.node)
    }

    /// Models pkg/kubelet generateAPIPodStatus.
    fn compose(&self) -> Value {
        let pod = &self.run.object;
        let phase = self.phase();
        let of = |field: &str| -> Vec<&Container> {
            self.run.containers.iter().filter(|c| list_of(c.role) == field).collect()
        };
        let (init, main, ephemeral) = (of("initContainers"), of("containers"), of("ephemeralContainers"));
        let mut status = forms().pod.clone();
        *status.slot("conditions") = self.conditions(phase);
        *status.slot("containerStatuses") = self.container_statuses(&main);
        if !init.is_empty() {
            *status.slot("initContainerStatuses") = self.container_statuses(&init);
        }
        if !ephemeral.is_empty() {
            *status.slot("ephemeralContainerStatuses") = self.container_statuses(&ephemeral);
        }
        if let Some((reason, message)) = self.run.failure.as_ref().filter(|_| self.run.terminal.is_some()) {
            status.set("reason", *reason);
            status.set("message", message);
        }
        let node = self.view.store.find("Node", "", &self.pod.node);
        let host_ip = node.map_or_else(EcoString::new, |node| node::address(node, "InternalIP").into());
        *status.slot("hostIPs") = value!([{"ip": (&host_ip)}]);
        *status.slot("hostIP") = host_ip.into();
        *status.slot("observedGeneration") = pod.generation().into();
        *status.slot("phase") = phase.into();
        if let Some(message) = &self.run.evicted {
            status.set("message", message);
            status.set("reason", "Evicted");
        }
        if !self.run.ip.is_empty() {
            *status.slot("podIP") = (&self.run.ip).into();
            *status.slot("podIPs") = value!([{"ip": (&self.run.ip)}]);
        }
        let mut allocated = pod.spec().clone();
        if self.run.resize.is_some() {
            allocated.set("containers", self.run.allocated());
        }
        let resources = pod_resources(&allocated);
        if !resources.is_empty() {
            let requests = resources.get("requests");
            if !requests.is_empty() {
                *status.slot("allocatedResources") = requests.clone();
            }
            *status.slot("resources") = resources;
        }
        *status.slot("startTime") = self.time(self.run.first_seen);
        status
    }

    pub(super) fn time(&self, at: SimTime) -> Value {
        Timestamp::of(self.view.settings.epoch, at).rfc3339().into()
    }

    /// Models pkg/kubelet getPhase; the last phase is taken only when everything has stopped.
    pub(super) fn phase(&self) -> &'static str {
        if self.run.evicted.is_some() {
            return "Failed";
        }
        if let Some(terminal) = self.run.terminal {
            return terminal;
        }
        let initializing = self.run.containers.iter().any(|c| c.role == Role::Init && !c.has_initialized());
        let main = || self.run.containers.iter().filter(|c| c.role == Role::Main);
        let waiting = main().any(|c| c.state == State::Waiting);
        if (initializing || waiting) && main().all(|c| c.ended().is_none()) {
            return "Pending";
        }
        "Running"
    }

    fn container_statuses(&self, containers: &[&Container]) -> Value {
        containers.iter().map(|container| self.container_status(container)).collect()
    }

    fn container_status(&self, container: &Container) -> Value {
        let spec = container.spec(&self.run.object);
        let id = match &container.state {
            State::Running(run) => Some(&run.id),
            State::Ended(ended) => Some(&ended.id),
            State::Waiting => None,
        };
        let forms = forms();
        let mut status = match id.filter(|id| !id.is_empty()) {
            Some(id) => {
                let mut status = forms.created.clone();
                *status.slot("containerID") = id.into();
                *status.slot("image") = (&container.image_id).into();
                *status.slot("imageID") = (&container.image_id).into();
                let mut spec = spec.clone();
                let mut requests = spec.at("resources.requests").clone();
                if self.run.resize.is_some() && container.role == Role::Main {
                    spec.set("resources", self.run.in_force(&container.name));
                    requests = self.run.allocated().index(container.place).at("resources.requests").clone();
                }
                *status.slot("resources") = resources_of(&spec);
                if !requests.is_empty() {
                    *status.slot("allocatedResources") = requests.clone();
                }
                status
            }
            None => {
                let mut status = forms.awaited.clone();
                *status.slot("image") = spec.get("image").clone();
                status
            }
        };
        let (state, last) = self.states(container);
        *status.slot("lastState") = last;
        *status.slot("name") = (&container.name).into();
        *status.slot("ready") = is_ready(container).into();
        *status.slot("restartCount") = i64::from(container.restarts).into();
        match container.role {
            Role::Ephemeral => drop(status.remove_key("started")),
            _ => *status.slot("started") = (container.is_running() && container.started).into(),
        }
        *status.slot("state") = state;
        match container.mounts.is_empty() {
            true => drop(status.remove_key("volumeMounts")),
            false => *status.slot("volumeMounts") = container.mounts.clone(),
        }
        status
    }

    /// What a container does and what its run before came to. A container that is held back shows the reason in place of its
    /// last run once the kubelet has looked at it again.
    fn states(&self, container: &Container) -> (Value, Value) {
        let last = container.last.as_ref().map_or_else(Value::map, |ended| self.terminated(ended));
        let reason = |(reason, message): &(&'static str, EcoString)| {
            let mut waiting = Map::default();
            waiting.insert("message", message);
            waiting.insert("reason", *reason);
            value!({"waiting": waiting})
        };
        match (&container.state, &container.shown) {
            (State::Running(_), _) if container.hook.is_some() => {
                let initializes = self.run.containers.iter().any(|c| matches!(c.role, Role::Init | Role::Sidecar));
                let word = if initializes { "PodInitializing" } else { "ContainerCreating" };
                (value!({"waiting": {"reason": word}}), last)
            }
            (State::Running(run), _) => (value!({"running": {"startedAt": (self.time(run.since))}}), last),
            (State::Ended(ended), Some(shown)) => (reason(shown), self.terminated(ended)),
            (State::Ended(ended), None) => (self.terminated(ended), last),
            (State::Waiting, Some(shown)) => (reason(shown), last),
            (State::Waiting, None) => {
                let initializes = self.run.containers.iter().any(|c| matches!(c.role, Role::Init | Role::Sidecar));
                let word = if initializes { "PodInitializing" } else { "ContainerCreating" };
                (value!({"waiting": {"reason": word}}), last)
            }
        }
    }

    fn terminated(&self, ended: &Ended) -> Value {
        let mut state = Map::default();
        if !ended.id.is_empty() {
            state.insert("containerID", &ended.id);
        }
        state.insert("exitCode", i64::from(ended.code));
        state.insert("finishedAt", ended.finished.map_or(Value::Null, |at| self.time(at)));
        if !ended.message.is_empty() {
            state.insert("message", &ended.message);
        }
        state.insert("reason", ended.reason);
        let started = match ended.reason {
            "StartError" => "1970-01-01T00:00:00Z".into(),
            _ => ended.started.map_or(Value::Null, |at| self.time(at)),
        };
        state.insert("startedAt", started);
        value!({"terminated": state})
    }
}

/// The mounts of a container as its status lists them.
pub(super) fn volume_mounts(spec: &Value) -> Value {
    let one = |mount: &Value| {
        let mut status = Map::default();
        status.insert("mountPath", mount.get("mountPath").clone());
        status.insert("name", mount.get("name").clone());
        if mount.get("readOnly").bool() {
            status.insert("readOnly", true);
            status.insert("recursiveReadOnly", "Disabled");
        }
        Value::from(status)
    };
    spec.get("volumeMounts").list().iter().map(one).collect()
}
