//! The binding cycle of a pod whose claims wait for it: the scheduler says which node or which volume, and waits until the
//! volume controller is done before it binds the pod.

use std::sync::Arc;

use ecow::EcoString;

use super::pod_info::PodInfo;
use super::volumes::{Bindings, PLUGIN};
use super::{State, COMPONENT};
use crate::api::volume_match::{self, BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE};
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};
use crate::store::{Action, Because, EventNote, Plan, View};

/// How often the scheduler looks whether the volumes are there.
const LOOK: Span = Span::secs(1);
/// How long it waits for them.
const TIMEOUT: Span = Span::secs(600);

/// A pod that waits for its volumes; its node is settled.
#[derive(Clone)]
pub(super) struct Binding {
    pub info: Arc<PodInfo>,
    node: EcoString,
    why: String,
    /// Claims to be bound, and the volume each is to get where that is settled.
    claims: Vec<(String, String)>,
    /// The claims for which a volume is made for the node.
    provisioned: Vec<String>,
    began: SimTime,
    pub next_look: SimTime,
}

impl State {
    /// Writes what the volume controller needs to know, and waits.
    ///
    /// Models pkg/scheduler/framework/plugins/volumebinding volumeBinder.BindPodVolumes and bindAPIUpdate.
    pub(super) fn begin_binding(
        &mut self,
        view: &View,
        info: &Arc<PodInfo>,
        node: &EcoString,
        why: String,
        bindings: Bindings,
        plan: &mut Plan,
    ) {
        let mut claims = Vec::new();
        let because = Arc::new(Because::of(COMPONENT, &info.object, format!("pod {} goes to {node}", info.key)));
        for (claim, volume) in bindings.matched {
            claims.push((claim.name().to_owned(), volume.name().to_owned()));
            let mut object = volume;
            if !volume_match::is_bound_to(&object, &claim) {
                object.value.slot("metadata").slot("annotations").map_mut().insert(BOUND_BY_CONTROLLER, "yes");
            }
            object.set("spec.claimRef", volume_match::reference_to(&claim));
            plan.push(Action::Update { object, because: because.clone(), success: None });
        }
        let provisioned = bindings.provisioned.iter().map(|claim| claim.name().to_owned()).collect();
        for claim in bindings.provisioned {
            let mut patch = Value::map();
            patch.slot("metadata").slot("annotations").map_mut().insert(SELECTED_NODE, node.clone());
            claims.push((claim.name().to_owned(), String::new()));
            plan.push(Action::Patch {
                kind: claim.kind.kind,
                key: claim.key(),
                uid: claim.uid().into(),
                status: false,
                patch,
                because: because.clone(),
            });
        }
        self.binding.push(Binding {
            info: info.clone(),
            node: node.clone(),
            why,
            claims,
            provisioned,
            began: view.now,
            next_look: view.now + LOOK,
        });
    }

    /// The names of the volumes that are about to be bound.
    pub(super) fn assumed_volumes(&self) -> Vec<String> {
        self.binding.iter().flat_map(|b| b.claims.iter().map(|(_, volume)| volume.clone())).collect()
    }

    /// Looks at the pods whose time has come; a plan where one of them is done or given up.
    ///
    /// Models volumeBinder.checkBindings.
    pub(super) fn look_at_bindings(&mut self, view: &View) -> Option<Plan> {
        let at = self.binding.iter().position(|binding| binding.next_look <= view.now)?;
        let outcome = self.binding[at].outcome(view);
        match outcome {
            Outcome::Waits => {
                self.binding[at].next_look = view.now + LOOK;
                Some(Plan::nothing())
            }
            Outcome::Gone => {
                let binding = self.binding.remove(at);
                self.nodes.remove_pod(&binding.info.uid);
                Some(Plan::nothing())
            }
            Outcome::Done => {
                let binding = self.binding.remove(at);
                let pod = &binding.info.object;
                let mut plan = Plan { visited: 1, ..Plan::default() };
                plan.push(bind(&binding.info, pod, &binding.node, binding.why));
                Some(plan)
            }
            Outcome::Failed(why) => {
                let binding = self.binding.remove(at);
                self.nodes.remove_pod(&binding.info.uid);
                let info = &binding.info;
                self.queue.add(&info.uid, info.key.clone(), info.priority, view.now);
                self.queue.take(&info.uid);
                let text = format!("running PreBind plugin \"{PLUGIN}\": binding volumes: {why}");
                Some(self.fail(view, info, text, vec![PLUGIN], Default::default()))
            }
        }
    }
}

enum Outcome {
    Waits,
    Done,
    /// The pod is gone.
    Gone,
    Failed(String),
}

impl Binding {
    fn outcome(&self, view: &View) -> Outcome {
        let key = &self.info.key;
        if !view.get("Pod", key).is_some_and(|pod| pod.uid() == self.info.uid && !pod.is_deleting()) {
            return Outcome::Gone;
        }
        let mut waits = false;
        for (name, volume) in &self.claims {
            let Some(claim) = view.store.find("PersistentVolumeClaim", &key.namespace, name) else {
                return Outcome::Failed(format!("persistentvolumeclaim \"{name}\" not found"));
            };
            let bound = !claim.annotation(BIND_COMPLETED).is_empty() && !claim.at("spec.volumeName").is_empty();
            let selected = claim.annotation(SELECTED_NODE);
            if !bound && self.provisioned.contains(name) && selected != self.node {
                return Outcome::Failed(format!(
                    "provisioning failed for PVC \"{name}\": selectedNode annotation value \"{selected}\" not set to scheduled node \"{}\"",
                    self.node
                ));
            }
            if bound && !volume.is_empty() && claim.at("spec.volumeName").str() != volume {
                return Outcome::Failed(format!("claim \"{name}\" is bound to another volume than \"{volume}\""));
            }
            waits |= !bound;
        }
        if !waits {
            return Outcome::Done;
        }
        match view.now.since(self.began) >= TIMEOUT {
            true => Outcome::Failed("context deadline exceeded".to_owned()),
            false => Outcome::Waits,
        }
    }
}

/// The step that gives a pod its node.
pub(super) fn bind(info: &PodInfo, pod: &Object, node: &EcoString, why: String) -> Action {
    let message = format!("Successfully assigned {} to {node}", info.key);
    Action::Bind {
        key: info.key.clone(),
        uid: info.uid.clone(),
        node: node.clone(),
        because: Arc::new(Because::of(COMPONENT, pod, why)),
        success: Some(EventNote::new(pod, COMPONENT, "Normal", "Scheduled", message)),
    }
}
