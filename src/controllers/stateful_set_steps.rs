//! What a StatefulSet does next: which pod it makes, repairs or deletes, and for whom it waits.

use std::sync::Arc;

use super::stateful_set::{Revisions, COMPONENT};
use super::stateful_set_pods::{
    identity_matches, in_range, is_available, is_created, is_running_and_ready, max_unavailable, new_pod, ordinal,
    revision, start_ordinal, storage_matches, update_identity, update_storage, wanted,
};
use super::{pods, stateful_set_claims as claims};
use crate::api::Object;
use crate::base::order::Order;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, EventNote, Plan, View};

/// One look at a StatefulSet.
pub struct Steps<'a> {
    view: &'a View<'a>,
    set: &'a Object,
    revisions: &'a Revisions,
    /// The wanted pods by ordinal; one that is still to be made has no phase.
    replicas: Vec<Object>,
    /// The pods to go, highest ordinal first.
    condemned: Vec<Object>,
    /// What is to be done.
    pub plan: Plan,
    /// True where something stands in the way that a later try may find gone.
    pub trouble: bool,
    /// How many pods this look deletes for the sake of the update.
    pub deleted_for_update: i64,
}

/// Whether to go on with the next pod.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

impl<'a> Steps<'a> {
    /// Sorts the pods into those that stay and those that go, and adds those that are missing.
    ///
    /// Models pkg/controller/statefulset/stateful_set_control.go updateStatefulSet, its first part.
    pub fn new(view: &'a View<'a>, set: &'a Object, revisions: &'a Revisions, owned: &[Object]) -> Steps<'a> {
        let start = start_ordinal(set);
        let mut places: Vec<Option<Object>> = vec![None; wanted(set) as usize];
        for pod in owned.iter().filter(|pod| in_range(set, ordinal(pod))) {
            places[(ordinal(pod) - start) as usize] = Some(pod.clone());
        }
        let fill =
            |(ordinal, place): (i64, Option<Object>)| place.unwrap_or_else(|| versioned_pod(set, revisions, ordinal));
        let replicas = (start..).zip(places).map(fill);
        let mut condemned: Vec<Object> = owned.iter().filter(|pod| !in_range(set, ordinal(pod))).cloned().collect();
        condemned.order_by_key(|pod| std::cmp::Reverse(ordinal(pod)));
        Steps {
            view,
            set,
            revisions,
            replicas: replicas.collect(),
            condemned,
            plan: Plan::nothing(),
            trouble: false,
            deleted_for_update: 0,
        }
    }

    /// All pods, those to be made included.
    pub fn pods(&self) -> impl Iterator<Item = &Object> {
        self.replicas.iter().chain(&self.condemned)
    }

    /// Models pkg/controller/statefulset/stateful_set_control.go updateStatefulSet, its second part: the pods that stay,
    /// then those that go, then the update, each only when nothing is left to do before it.
    pub fn take(&mut self) {
        let one_by_one = self.set.at("spec.podManagementPolicy").str() != "Parallel";
        for pod in self.replicas.clone() {
            if self.keep(&pod, one_by_one) == Next::Stop && (one_by_one || self.trouble) {
                return;
            }
        }
        let condemned = self.condemned.clone();
        let first_unavailable = self.pods_upwards().find(|pod| self.is_unavailable(pod)).map(Object::key);
        for pod in &condemned {
            claims::update_owners(self.view, self.set, pod, &mut self.plan);
        }
        for pod in &condemned {
            if self.remove(pod, one_by_one, first_unavailable.as_ref()) == Next::Stop && one_by_one {
                return;
            }
        }
        if self.set.at("spec.updateStrategy.type").str() != "OnDelete" {
            self.update();
        }
    }

    /// The wanted pods, then the others, each by rising ordinal.
    fn pods_upwards(&self) -> impl Iterator<Item = &Object> {
        self.replicas.iter().chain(self.condemned.iter().rev())
    }

    fn is_available(&self, pod: &Object) -> bool {
        is_available(self.set, pod, self.view.timestamp())
    }

    fn is_unavailable(&self, pod: &Object) -> bool {
        pod.is_deleting() || !self.is_available(pod)
    }

    /// Models pkg/controller/statefulset/stateful_set_control.go processReplica.
    fn keep(&mut self, pod: &Object, one_by_one: bool) -> Next {
        if pods::has_ended(pod) {
            if !pod.is_deleting() {
                self.delete(pod, format!("it has ended, and StatefulSet {} wants it to run", self.set.name()));
            }
            return Next::Stop;
        }
        let must_stop =
            |steps: &mut Self| claims::any_is_stale(steps.view, steps.set, pod) || !steps.create(pod) || one_by_one;
        if !is_created(pod) && must_stop(self) {
            return Next::Stop;
        }
        if pod.at("status.phase").str() == "Pending" {
            if let Err(why) = claims::create_missing(self.view, self.set, pod, &mut self.plan) {
                self.cannot("Create", "FailedCreate", pod, &why);
                return Next::Stop;
            }
        }
        if one_by_one && (pod.is_deleting() || !is_running_and_ready(pod) || !self.is_available(pod)) {
            return Next::Stop;
        }
        if is_created(pod) {
            self.repair(pod);
        }
        Next::GoOn
    }

    /// Makes a pod and its claims. False where a claim stands in the way.
    ///
    /// Models pkg/controller/statefulset/stateful_pod_control.go CreateStatefulPod.
    fn create(&mut self, pod: &Object) -> bool {
        if let Err(why) = claims::create_missing(self.view, self.set, pod, &mut self.plan) {
            self.cannot("Create", "FailedCreate", pod, &why);
            return false;
        }
        let name = self.set.name();
        let rule = format!("{} of {} is missing, and those before it are ready", pod.name(), wanted(self.set));
        let text = format!("Create Pod {} in StatefulSet {name} ", pod.name());
        self.plan.push(Action::Create {
            object: pod.clone(),
            because: Arc::new(Because::of(COMPONENT, self.set, rule)),
            success: self.note("Normal", "SuccessfulCreate", format!("{text}successful")),
            failure: self.note("Warning", "FailedCreate", format!("{text}failed error: {{error}}")),
        });
        true
    }

    fn note(&self, severity: &'static str, reason: &'static str, text: String) -> Option<EventNote> {
        Some(EventNote::new(self.set, COMPONENT, severity, reason, text))
    }

    fn cannot(&mut self, verb: &str, reason: &'static str, pod: &Object, why: &str) {
        let text = format!("{verb} Pod {} in StatefulSet {} failed error: {why}", pod.name(), self.set.name());
        let note = self.note("Warning", reason, text);
        self.plan.actions.extend(note.map(Action::Note));
        self.trouble = true;
    }

    /// Gives a pod back the labels and volumes of its ordinal, and its claims the owners they should have.
    ///
    /// Models pkg/controller/statefulset/stateful_pod_control.go UpdateStatefulPod.
    fn repair(&mut self, pod: &Object) {
        let mut object = pod.clone();
        if !identity_matches(self.set, pod) {
            update_identity(self.set, &mut object);
        }
        if !storage_matches(self.set, pod) {
            update_storage(self.set, &mut object);
            if let Err(why) = claims::create_missing(self.view, self.set, pod, &mut self.plan) {
                return self.cannot("Update", "FailedUpdate", pod, &why);
            }
        }
        claims::update_owners(self.view, self.set, pod, &mut self.plan);
        if object != *pod {
            let text = format!("Update Pod {} in StatefulSet {} successful", pod.name(), self.set.name());
            let because =
                Arc::new(Because::of(COMPONENT, self.set, "it must have the labels and volumes of its ordinal"));
            let success = self.note("Normal", "SuccessfulUpdate", text);
            self.plan.push(Action::Update { object, because, success });
        }
    }

    /// Models pkg/controller/statefulset/stateful_set_control.go processCondemned.
    fn remove(&mut self, pod: &Object, one_by_one: bool, first_unavailable: Option<&crate::api::ObjectKey>) -> Next {
        if pod.is_deleting() {
            return Next::Stop;
        }
        let healthy = is_running_and_ready(pod) && self.is_available(pod);
        if one_by_one && !healthy && first_unavailable != Some(&pod.key()) {
            return Next::Stop;
        }
        self.delete(pod, format!("{} pods are wanted", wanted(self.set)));
        Next::Stop
    }

    /// Models pkg/controller/statefulset/stateful_pod_control.go DeleteStatefulPod.
    fn delete(&mut self, pod: &Object, rule: String) {
        let text = format!("Delete Pod {} in StatefulSet {} successful", pod.name(), self.set.name());
        self.plan.push(Action::Delete {
            kind: "Pod",
            key: pod.key(),
            uid: pod.uid().into(),
            options: DeleteOptions::default(),
            because: Arc::new(Because::of(COMPONENT, self.set, rule)),
            success: self.note("Normal", "SuccessfulDelete", text),
        });
    }

    /// Deletes the next pods of an old revision: the highest ordinal first, one at a time unless `maxUnavailable` says more.
    ///
    /// Models pkg/controller/statefulset/stateful_set_control.go updateStatefulSet, its end, and, where `maxUnavailable`
    /// is given, updateStatefulSetAfterInvariantEstablished.
    fn update(&mut self) {
        let rolling = self.set.at("spec.updateStrategy.rollingUpdate");
        let partition = rolling.get("partition").int().max(0) as usize;
        let mut budget = None;
        if !rolling.get("maxUnavailable").is_null() {
            let most = max_unavailable(self.set);
            let unavailable = self.replicas.iter().filter(|pod| self.is_unavailable(pod)).count() as i64;
            budget = Some(most - unavailable);
        }
        let name = self.revisions.update.name();
        for pod in self.replicas.clone().iter().skip(partition).rev() {
            if budget.is_some_and(|left| left <= 0) {
                return;
            }
            if revision(pod) != name && !pod.is_deleting() && is_created(pod) {
                self.delete(pod, format!("its revision is {} and {name} is wanted", revision(pod)));
                self.deleted_for_update += i64::from(revision(pod) == self.revisions.current.name());
                match &mut budget {
                    Some(left) => *left -= 1,
                    None => return,
                }
            } else if budget.is_none() && self.is_unavailable(pod) {
                return;
            }
        }
    }
}

/// A pod for a missing ordinal: below the partition of the revision that was, else of the present one.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go newVersionedStatefulSetPod.
fn versioned_pod(set: &Object, revisions: &Revisions, ordinal: i64) -> Object {
    let rolling = set.at("spec.updateStrategy.rollingUpdate");
    let kept = match rolling.is_null() {
        true => set.at("status.currentReplicas").int(),
        false => rolling.get("partition").int(),
    };
    let rolls = set.at("spec.updateStrategy.type").str() == "RollingUpdate" || !rolling.is_null();
    let is_old = rolls && ordinal < start_ordinal(set) + kept;
    new_pod(set, if is_old { &revisions.current } else { &revisions.update }, ordinal)
}
