//! Who hears of what: events to those who decide, changes to those who watch.

use std::sync::Arc;

use super::outside::Network;
use super::world::Event;
use super::World;
use crate::api::volume_match::claims_of_pod;
use crate::api::Object;
use crate::base::time::{SimTime, Span};
use crate::controllers::{Key, CONTROLLERS};
use crate::kubelet::{self, PodRef};
use crate::store::volume_data::place_of;
use crate::store::{Change, EventNote, Verb, View};

/// A controller needs this long for a key at the least.
const RECONCILE_LEAST: Span = Span::millis(1);
/// A controller needs this long for each object that it looks at.
const RECONCILE_EACH: Span = Span::micros(10);
/// The scheduler needs this long for a pod.
const SCHEDULE_EACH: Span = Span::millis(1);
/// How long an event object lives.
pub(super) const EVENT_TTL: Span = Span::secs(3_600);

impl World {
    pub(super) fn dispatch(&mut self, event: Event) {
        match event {
            Event::Deliver(revision) => self.deliver(revision),
            Event::Reconcile(controller, key) => self.reconcile(controller, key),
            Event::Schedule => self.schedule(),
            Event::SyncPod(pod) => self.sync_pod(pod),
            Event::ExpireEvents => self.expire_events(),
            Event::Load => self.look_at_load(),
            Event::ScanNodes => self.scan_nodes(),
            Event::Housekeep(node) => self.housekeep(&node),
            Event::PostImages(node) => self.post_images(&node),
        }
    }

    /// Announces what was written since the last time: it will be delivered after the watch latency.
    pub(super) fn settle(&mut self) {
        let revision = self.store.revision();
        if revision > self.announced {
            self.announced = revision;
            self.queue.push(self.now + self.settings.watch_latency, Event::Deliver(revision));
        }
        let due = self.scheduler.next_at(self.now).map(|at| at.max(self.scheduler_free_at).max(self.now));
        if let Some(at) = due {
            if self.scheduler_due.is_none_or(|planned| at < planned) {
                self.scheduler_due = Some(at);
                self.queue.push(at, Event::Schedule);
            }
        }
    }

    fn deliver(&mut self, revision: u64) {
        let changes: Vec<Change> = self
            .store
            .changes_since(self.cache.revision())
            .take_while(|change| change.revision <= revision)
            .cloned()
            .collect();
        for change in &changes {
            self.cache.follow(change);
            self.observe(change);
        }
    }

    fn observe(&mut self, change: &Change) {
        if change.kind() == "Event" {
            self.plan_expiry();
            return;
        }
        let view = View::new(&self.cache, self.now, &self.settings);
        self.scheduler.observe(change, &view);
        self.network.observe(change, &view);
        let calls: Vec<(u16, Key)> = CONTROLLERS
            .iter()
            .enumerate()
            .flat_map(|(i, row)| (row.keys)(change, &view).into_iter().map(move |key| (i as u16, key)))
            .collect();
        for (controller, key) in calls {
            self.call(controller, key, self.now);
        }
        self.observe_pod(change);
        self.observe_source(change);
        if !self.clients.list.is_empty() && change.kind() != "HorizontalPodAutoscaler" {
            self.unsettle_load();
        }
        self.observe_rest(change);
    }

    /// Volumes follow the ConfigMaps and Secrets that fill them.
    fn observe_source(&mut self, change: &Change) {
        let view = View::new(&self.cache, self.now, &self.settings);
        let followers: Vec<PodRef> = kubelet::followers(&view, change)
            .map(|pod| PodRef { key: pod.key(), uid: pod.uid().into(), node: pod.at("spec.nodeName").text() })
            .collect();
        for pod in followers {
            if let Some(runtime) = self.pods.get_mut(&pod.uid).and_then(|slot| slot.runtime.as_mut()) {
                Arc::make_mut(runtime).call_for_refresh();
                self.wake_pod(pod, self.now);
            }
        }
    }

    /// A kubelet tells of its node being cordoned and keeps its lease. What lies in a volume goes with the pod or, where the
    /// volume is not to be kept, with the volume.
    fn observe_rest(&mut self, change: &Change) {
        let object = &change.object;
        let cordons = change.verb == Verb::Modified && change.kind() == "Node" && change.touches("spec.unschedulable");
        if cordons && self.away(object.name()).is_none() {
            self.carry_out(vec![kubelet::node_status::note_cordon(object)]);
        }
        if change.kind() == "PersistentVolumeClaim" && change.touches("metadata.annotations") {
            self.wake_users(object);
        }
        if change.kind() == "Lease" && change.verb != Verb::Deleted {
            self.observe_lease(object);
        }
        match change.kind() {
            _ if change.verb != Verb::Deleted => {}
            "Node" => {
                let name = object.name();
                let text = format!("Node {name} event: Removing Node {name} from Controller");
                self.note(&EventNote::new(object, "node-controller", "Normal", "RemovingNode", text));
            }
            "Pod" => drop(self.volumes.remove("pod", object.uid())),
            "PersistentVolume" if object.at("spec.persistentVolumeReclaimPolicy").str() == "Delete" => {
                for node in self.store.all("Node").map(|node| node.name().to_owned()).collect::<Vec<_>>() {
                    self.volumes.remove(&place_of(object, &node), "");
                }
            }
            _ => {}
        }
    }

    /// The pods on nodes that use a claim may go on.
    fn wake_users(&mut self, claim: &Object) {
        let uses = |pod: &&Object| {
            !pod.at("spec.nodeName").is_empty() && claims_of_pod(pod).any(|(name, _)| name == claim.name())
        };
        let pods: Vec<Object> = self.cache.list("Pod", claim.namespace()).filter(uses).cloned().collect();
        for pod in pods {
            let node = pod.at("spec.nodeName").text();
            self.wake_pod(PodRef { key: pod.key(), uid: pod.uid().into(), node }, self.now);
        }
    }

    /// A kubelet hears of the pods bound to its node. What it wrote itself it knows already.
    fn observe_pod(&mut self, change: &Change) {
        let node = change.object.at("spec.nodeName").text();
        let own = change.because.component == "kubelet" && change.verb != Verb::Deleted;
        if change.kind() != "Pod" || node.is_empty() || own {
            return;
        }
        let pod = PodRef { key: change.key(), uid: change.object.metadata().get("uid").text(), node };
        self.wake_pod(pod, self.now);
    }

    pub(super) fn call(&mut self, controller: u16, key: Key, at: SimTime) {
        if let Some(due) = self.work.add(controller, &key, at) {
            self.queue.push(due, Event::Reconcile(controller, key));
        }
    }

    pub(super) fn wake_pod(&mut self, pod: PodRef, at: SimTime) {
        let slot = self.pods.or_default(&pod.uid);
        if slot.due.is_none_or(|planned| at < planned) {
            slot.due = Some(at);
            self.queue.push(at, Event::SyncPod(pod));
        }
    }

    fn reconcile(&mut self, controller: u16, key: Key) {
        let Some(mut entry) = self.work.take(controller, &key, self.now) else {
            return;
        };
        if entry.barrier > self.cache.revision() {
            let at = self.now + RECONCILE_LEAST;
            entry.due = Some(at);
            self.work.settle(controller, key.clone(), entry, self.now);
            self.queue.push(at, Event::Reconcile(controller, key));
            return;
        }
        let plan = (CONTROLLERS[usize::from(controller)].reconcile)(&self.view(), &key, &entry.memory);
        let cost = RECONCILE_LEAST.max(Span(RECONCILE_EACH.0 * u64::from(plan.visited)));
        entry.busy_until = self.now + cost;
        if let Some(memory) = plan.memory {
            entry.memory = memory;
        }
        let decision = entry.memory.get("decision").text();
        let before = self.store.revision();
        let refusal = self.carry_out(plan.actions);
        if !decision.is_empty() {
            self.note_autoscaler(&key.key, decision);
            entry.memory.remove_key("decision");
        }
        if self.store.revision() > before {
            entry.barrier = self.store.revision();
        }
        let mut next = plan.requeue_after.map(|span| self.now + span);
        match refusal {
            None => {
                entry.failures = 0;
                entry.memory.remove_key("lastError");
                if entry.memory.entries().is_empty() {
                    entry.memory = crate::api::Value::Null;
                }
            }
            Some(status) => {
                let retry = self.now + entry.backoff();
                next = Some(next.map_or(retry, |at| at.min(retry)));
                if status.reason != "Conflict" {
                    entry.memory.set("lastError", status.message);
                }
            }
        }
        if let Some(at) = next {
            let at = at.max(entry.busy_until);
            entry.due = Some(at);
            self.queue.push(at, Event::Reconcile(controller, key.clone()));
        }
        self.work.settle(controller, key, entry, self.now);
    }

    fn schedule(&mut self) {
        if self.scheduler_due != Some(self.now) {
            return;
        }
        self.scheduler_due = None;
        self.scheduler_free_at = self.now + SCHEDULE_EACH;
        let view = View::new(&self.cache, self.now, &self.settings);
        let plan = self.scheduler.run(&view);
        if let Some(span) = plan.requeue_after {
            self.scheduler_free_at = self.now + span;
        }
        self.carry_out(plan.actions);
    }

    fn sync_pod(&mut self, pod: PodRef) {
        let Some(slot) = self.pods.get_mut(&pod.uid) else {
            return;
        };
        if slot.due != Some(self.now) {
            return;
        }
        slot.due = None;
        if self.faults.iter().any(|(node, fault)| *node == pod.node && fault.away.is_some()) {
            return;
        }
        let is_asked = slot.runtime.as_ref().is_some_and(|runtime| runtime.runs_commands());
        let runtime = if is_asked { slot.runtime.clone() } else { slot.runtime.take() };
        let runtime = runtime.map(Arc::unwrap_or_clone);
        let mut node = self.nodes.remove(&pod.node).unwrap_or_default();
        let view = View::new(&self.cache, self.now, &self.settings);
        let images = node.image_count();
        let mut outside = Network {
            view: View::new(&self.store, self.now, &self.settings),
            state: &self.network,
            pods: &self.pods,
            volumes: self.volumes.clone(),
            requests: &mut self.requests,
            started: self.now,
            traces: Vec::new(),
        };
        let resized = runtime.as_ref().is_some_and(|runtime| runtime.is_resizing());
        let (plan, runtime) = kubelet::sync(&view, &pod, runtime, &mut node, &mut self.volumes, &mut outside);
        let traces = outside.traces;
        if node.image_count() > images {
            let at = kubelet::node_status::next_report(self.settings.seed, &pod.node, self.now);
            self.queue.push(at, Event::PostImages(pod.node.clone()));
        }
        self.nodes.insert(pod.node.clone(), node);
        let refusal = self.carry_out(plan.actions);
        if runtime.is_none() && plan.requeue_after.is_none() {
            self.pods.remove(&pod.uid);
            self.remember_all(&traces);
            self.follow_sender(&pod);
            return;
        }
        if let Some(slot) = self.pods.get_mut(&pod.uid) {
            slot.runtime = runtime.map(Arc::new);
        }
        self.remember_all(&traces);
        if resized {
            self.renew_load();
        }
        self.follow_sender(&pod);
        let conflicted = refusal.is_some_and(|status| status.reason == "Conflict");
        let retry = conflicted.then_some(Span::millis(20));
        if let Some(span) = plan.requeue_after.into_iter().chain(retry).min() {
            self.wake_pod(pod, self.now + span.max(Span::micros(1)));
        }
    }

    fn plan_expiry(&mut self) {
        if !self.expiry_planned {
            self.expiry_planned = true;
            self.queue.push(self.now + EVENT_TTL, Event::ExpireEvents);
        }
    }
}
