//! The DaemonSet controller: one pod on every node that should have one, and a status that says how many do.

use std::sync::Arc;

use ecow::EcoString;

use super::controller_history::{self as history, REVISION_LABEL};
use super::template_hash::template_hash;
use super::{claims, daemon_set_nodes as nodes, daemon_set_update, pods, Controller, Key};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::Span;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

pub(super) const COMPONENT: &str = "daemonset-controller";
/// The most pods created or deleted in one go.
const BURST: usize = 250;
/// First wait before a failed pod is deleted; it doubles.
const BACKOFF_FIRST: Span = Span::secs(1);
/// Longest wait before a failed pod is deleted.
const BACKOFF_MAX: Span = Span::secs(900);

pub(super) const CONTROLLER: Controller = Controller { name: "daemonset", keys, reconcile };

/// Models pkg/controller/daemon/daemon_controller.go addNode, updateNode and deleteNode besides the pods' handlers.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    match change.kind() {
        "DaemonSet" if change.verb != Verb::Deleted => vec![Key::of(&change.object)],
        "Pod" => claims::keys_of_pod(change, view, "DaemonSet"),
        "Node" if change.touches("spec") || change.touches("metadata.labels") => {
            view.store.all("DaemonSet").map(Key::of).collect()
        }
        _ => Vec::new(),
    }
}

/// The pods of a DaemonSet by the node they are on or meant for, in the order of the nodes' names.
#[derive(Default)]
pub struct ByNode(pub Vec<(EcoString, Vec<Object>)>);

impl ByNode {
    /// The pods of a node; a place for them is made where there is none.
    pub fn slot(&mut self, node: &str) -> &mut Vec<Object> {
        let at = match self.0.binary_search_by(|(name, _)| name.as_str().cmp(node)) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (node.into(), Vec::new()));
                at
            }
        };
        &mut self.0[at].1
    }

    /// The pods of a node, where it has a place.
    pub fn get(&self, node: &str) -> Option<&Vec<Object>> {
        let at = self.0.binary_search_by(|(name, _)| name.as_str().cmp(node)).ok()?;
        Some(&self.0[at].1)
    }
}

/// One look at a DaemonSet.
pub struct Sync<'a> {
    /// What is seen.
    pub view: &'a View<'a>,
    /// The DaemonSet.
    pub set: &'a Object,
    /// Its pods.
    pub by_node: ByNode,
    /// The hash of its present template.
    pub hash: String,
    /// What is to be done.
    pub plan: Plan,
}

/// Models pkg/controller/daemon/daemon_controller.go syncDaemonSet.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(set) = view.get("DaemonSet", &key.key).filter(|set| !set.is_deleting()) else { return plan };
    let revisions = history::list(view, set, COMPONENT, &mut plan);
    let claims = claims::claim(view, set, "Pod", COMPONENT, |_| true);
    plan.visited += claims.visited + view.store.count("Node") as u32;
    plan.actions.extend(claims.actions);
    let hash = revision_hash(view, set, &revisions, &mut plan);
    let mut by_node = ByNode::default();
    for pod in claims.owned.iter().filter(|pod| !(pod.is_deleting() && pods::has_ended(pod))) {
        by_node.slot(nodes::target(pod)).push(pod.clone());
    }
    for (_, there) in &mut by_node.0 {
        there.order_by_key(|pod| (pod.at("spec.nodeName").is_empty(), pod.created(), pod.name().to_owned()));
    }
    let mut sync = Sync { view, set, by_node, hash, plan };
    let refused = !memory.get("lastError").str().is_empty();
    let status = sync.status();
    if refused {
        sync.plan.actions.extend(status.clone());
    }
    let before = sync.plan.actions.len();
    let memory = sync.manage(memory);
    if sync.plan.actions.len() == before && set.at("spec.updateStrategy.type").str() == "RollingUpdate" {
        daemon_set_update::roll(&mut sync);
    }
    let live = |revision: &Object| {
        let hash = revision.label(REVISION_LABEL);
        hash == sync.hash || claims.owned.iter().any(|pod| pod.label(REVISION_LABEL) == hash)
    };
    let surplus = history::truncate(set, &revisions, &live, COMPONENT);
    sync.plan.actions.extend(surplus);
    if !refused {
        sync.plan.actions.extend(status);
    }
    let min_ready = set.at("spec.minReadySeconds").int();
    let waits = claims.owned.iter().filter_map(|pod| pods::until_available(pod, min_ready, view.timestamp()));
    if let Some(wait) = waits.filter(|wait| *wait > Span::ZERO).min() {
        sync.plan.again_after(wait);
    }
    sync.plan.memory = Some(memory);
    sync.plan
}

/// Finds the revision of the present template, gives an old one a new number, or makes a new one.
///
/// Models pkg/controller/daemon/update.go constructHistory and snapshot.
fn revision_hash(view: &View, set: &Object, revisions: &[Object], plan: &mut Plan) -> String {
    let because = |rule: String| Arc::new(Because::of(COMPONENT, set, rule));
    let patch = history::patch_of(set);
    let (current, old): (Vec<&Object>, Vec<&Object>) = revisions.iter().partition(|r| *r.at("data") == patch);
    let next = old.last().map_or(1, |newest| history::number(newest) + 1);
    if let Some(current) = current.last() {
        if history::number(current) < next {
            let rule = format!("the template is that of revision {} again", history::number(current));
            plan.push(history::renumber(current, next, because(rule)).1);
        }
        return current.label(REVISION_LABEL).to_owned();
    }
    let mut collisions = set.at("status.collisionCount").opt_int();
    let mut hash = template_hash(set.at("spec.template"), collisions);
    while view.store.find("ControllerRevision", set.namespace(), &format!("{}-{hash}", set.name())).is_some() {
        collisions = Some(collisions.unwrap_or(0) + 1);
        hash = template_hash(set.at("spec.template"), collisions);
    }
    let mut object = history::new(set, &format!("{}-{hash}", set.name()), next);
    object.value.slot_at("metadata.labels").map_mut().insert(REVISION_LABEL, hash.as_str());
    let because = because("no revision has the present template".to_owned());
    plan.push(Action::Create { object, because, success: None, failure: None });
    hash
}

impl Sync<'_> {
    /// True for a pod of the present template.
    ///
    /// Models pkg/controller/daemon/util IsPodUpdated.
    pub fn is_updated(&self, pod: &Object) -> bool {
        let generation = self.set.annotation("deprecated.daemonset.template.generation");
        pod.label(REVISION_LABEL) == self.hash
            || !generation.is_empty() && pod.label("pod-template-generation") == generation
    }

    /// True for a pod that has been ready for minReadySeconds.
    pub fn is_available(&self, pod: &Object) -> bool {
        let min_ready = self.set.at("spec.minReadySeconds").int();
        pods::until_available(pod, min_ready, self.view.timestamp()) == Some(Span::ZERO)
    }

    /// Makes the pods that are missing and deletes those that should not be; gives what is known of failed pods.
    ///
    /// Models pkg/controller/daemon/daemon_controller.go manage and podsShouldBeOnNode.
    fn manage(&mut self, memory: &Value) -> Value {
        let mut failed = Value::map();
        let (mut missing, mut surplus) = (Vec::new(), Vec::new());
        for node in self.view.store.all("Node") {
            let (should_run, may_stay) = nodes::should_run(self.set, node);
            let there = self.by_node.get(node.name());
            if should_run && there.is_none() {
                missing.push(node.name().to_owned());
            }
            let mut running = Vec::new();
            for pod in there.cloned().into_iter().flatten().filter(|pod| !pod.is_deleting()) {
                if !may_stay {
                    surplus.push((pod, format!("node {} should not have it", node.name())));
                } else if pods::has_ended(&pod) {
                    let again = self.ended(&pod, node.name(), memory.get("failed").get(node.name()), &mut surplus);
                    failed.map_mut().insert(node.name(), again);
                } else {
                    running.push(pod);
                }
            }
            surplus.extend(daemon_set_update::excess(self, &running));
        }
        for (name, there) in &self.by_node.0 {
            if self.view.store.find("Node", "", name).is_none() {
                let waiting = there.iter().filter(|pod| pod.at("spec.nodeName").is_empty() && !pod.is_deleting());
                surplus.extend(waiting.map(|pod| (pod.clone(), format!("there is no node {name}"))));
            }
        }
        self.carry_out(&missing, &surplus);
        match failed.entries().is_empty() {
            true => Value::map(),
            false => value!({"failed": failed}),
        }
    }

    /// A pod that has ended goes: one that failed after a wait that grows with each failure on its node.
    fn ended(&mut self, pod: &Object, node: &str, known: &Value, surplus: &mut Vec<(Object, String)>) -> Value {
        let phase = pod.at("status.phase").str();
        let (now, count) = (self.view.now, known.get("count").int());
        let wait = Span(BACKOFF_FIRST.0 << (count - 1).clamp(0, 10)).min(BACKOFF_MAX);
        let until = known.get("at").int() as u64 + wait.0;
        if phase == "Failed" && count > 0 && until > now.0 {
            self.plan.again_after(Span(until - now.0));
            return known.clone();
        }
        let (severity, reason, verb) = match phase {
            "Failed" => ("Warning", "FailedDaemonPod", "kill"),
            _ => ("Normal", "SucceededDaemonPod", "delete"),
        };
        let text =
            format!("Found {} daemon pod {} on node {node}, will try to {verb} it", phase.to_lowercase(), pod.key());
        self.plan.push(Action::Note(EventNote::new(self.set, COMPONENT, severity, reason, text)));
        surplus.push((pod.clone(), format!("it has {}", phase.to_lowercase())));
        value!({"count": (count + i64::from(phase == "Failed")), "at": (now.0 as i64)})
    }

    /// Models pkg/controller/daemon/daemon_controller.go syncNodes.
    pub fn carry_out(&mut self, missing: &[String], surplus: &[(Object, String)]) {
        let note = |severity, reason, text: &str| Some(EventNote::new(self.set, COMPONENT, severity, reason, text));
        for node in missing.iter().take(BURST) {
            let rule = format!("node {node} should have a pod and has none of this template");
            self.plan.actions.push(Action::Create {
                object: nodes::new_pod(self.set, &self.hash, node),
                because: Arc::new(Because::of(COMPONENT, self.set, rule)),
                success: note("Normal", "SuccessfulCreate", "Created pod: {name}"),
                failure: note("Warning", "FailedCreate", "Error creating: {error}"),
            });
        }
        for (pod, rule) in surplus.iter().take(BURST) {
            self.plan.actions.push(Action::Delete {
                kind: "Pod",
                key: pod.key(),
                uid: pod.uid().into(),
                options: DeleteOptions::default(),
                because: Arc::new(Because::of(COMPONENT, self.set, rule.as_str())),
                success: note("Normal", "SuccessfulDelete", &format!("Deleted pod: {}", pod.name())),
            });
        }
    }

    /// The write of the status, where it is another than before.
    ///
    /// Models pkg/controller/daemon/daemon_controller.go updateDaemonSetStatus and storeDaemonSetStatus.
    fn status(&self) -> Option<Action> {
        let mut counts = [0; 6];
        for node in self.view.store.all("Node") {
            let (wanted, _) = nodes::should_run(self.set, node);
            let first = self.by_node.get(node.name()).and_then(|there| there.first());
            let ready = first.is_some_and(pods::is_ready);
            let is = [
                wanted && first.is_some(),
                wanted,
                !wanted && first.is_some(),
                wanted && ready,
                wanted && first.is_some_and(|pod| self.is_updated(pod)),
                wanted && ready && first.is_some_and(|pod| self.is_available(pod)),
            ];
            counts.iter_mut().zip(is).for_each(|(count, is)| *count += i64::from(is));
        }
        let [current, desired, wrong, ready, updated, available] = counts;
        let mut status = value!({
            "currentNumberScheduled": current, "desiredNumberScheduled": desired, "numberMisscheduled": wrong,
            "numberReady": ready, "observedGeneration": (self.set.generation())
        });
        for (field, count) in [
            ("updatedNumberScheduled", updated),
            ("numberAvailable", available),
            ("numberUnavailable", desired - available),
            ("collisionCount", self.set.at("status.collisionCount").int()),
        ] {
            if count != 0 {
                status.set(field, count);
            }
        }
        let mut object = self.set.clone();
        object.set("status", status);
        object.value.remove("metadata.resourceVersion");
        let rule = format!("{desired} nodes should have a pod, {current} have one, {available} of them available");
        let because = Arc::new(Because::of(COMPONENT, self.set, rule));
        (object.status() != self.set.status()).then_some(Action::UpdateStatus { object, because })
    }
}
