//! One look at a Deployment: its ReplicaSets, old and new, what is written to them, and the status that follows.

use std::sync::Arc;

use super::deployment::selector_with;
use super::deployment_arithmetic::{
    by_age, max_surge, max_unavailable, new_set_size, total, wanted, Set, DESIRED_REPLICAS, MAX_REPLICAS,
};
use super::deployment_conditions::{condition, progress_deadline, set_condition, NewCondition};
use super::deployment_revisions::{annotations_for, revision, MAX_NAME, REVISION};
use super::template_hash::{self, template_hash};
use super::{claims, deployment_status};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::Timestamp;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

pub(super) const COMPONENT: &str = "deployment-controller";

/// A Deployment, its ReplicaSets and the plan as far as it has come.
pub(super) struct Rollout<'a> {
    pub view: View<'a>,
    /// The Deployment with what the plan has written to it.
    pub deployment: Object,
    /// All its ReplicaSets but the new one, oldest first.
    pub old_sets: Vec<Set>,
    /// The ReplicaSet of the present template.
    pub new_set: Option<Set>,
    pub plan: Plan,
    /// True once a write was planned after which only a new look can decide.
    pub done: bool,
    /// Why the last plan was refused; empty where it was not.
    refusal: &'a str,
    /// True once the plan writes the Deployment: a second write would meet a newer revision.
    written: bool,
}

impl<'a> Rollout<'a> {
    pub fn new(view: View<'a>, deployment: &Object, refusal: &'a str) -> Rollout<'a> {
        let (deployment, plan) = (deployment.clone(), Plan::nothing());
        Rollout { view, deployment, old_sets: Vec::new(), new_set: None, plan, done: false, refusal, written: false }
    }

    pub fn now_text(&self) -> String {
        self.view.now_text()
    }

    pub fn timestamp(&self) -> Timestamp {
        self.view.timestamp()
    }

    /// Old ReplicaSets, then the new one.
    pub fn all_sets(&self) -> impl Iterator<Item = &Set> {
        self.old_sets.iter().chain(&self.new_set)
    }

    /// Models pkg/controller/deployment/deployment_controller.go getReplicaSetsForDeployment.
    pub fn claim(&mut self) {
        let claims = claims::claim(&self.view, &self.deployment, "ReplicaSet", COMPONENT, |_| true);
        self.plan.visited += claims.visited;
        self.plan.actions.extend(claims.actions);
        self.old_sets = claims.owned.iter().map(Set::of).collect();
        self.old_sets.order_by(by_age);
    }

    /// Finds the ReplicaSet of the present template and brings its annotations and the Deployment's revision up to date.
    ///
    /// Models pkg/controller/deployment/sync.go getAllReplicaSetsAndSyncRevision and getNewReplicaSet for one that exists.
    pub fn find_new_set(&mut self) {
        let template = self.deployment.at("spec.template").clone();
        let Some(found) = self.old_sets.iter().position(|set| same_template(&template, set.object.at("spec.template")))
        else {
            return;
        };
        let mut set = self.old_sets.remove(found);
        let next = self.old_sets.iter().map(|old| revision(&old.object)).max().unwrap_or(0) + 1;
        let (annotations, changed) = annotations_for(&self.deployment, &set.object, next);
        let min_ready = self.deployment.spec().get("minReadySeconds");
        if changed || set.object.spec().get("minReadySeconds").int() != min_ready.int() {
            let mut patch = value!({"metadata": {"annotations": (annotations.clone())}});
            if set.object.spec().get("minReadySeconds").int() != min_ready.int() {
                patch.set("spec.minReadySeconds", min_ready.int());
            }
            self.patch_set(&set.object, patch, "it is the ReplicaSet of the present template");
            set.object.set("metadata.annotations", annotations);
            self.new_set = Some(set);
            self.done = true;
            return;
        }
        let current = set.object.annotation(REVISION).to_owned();
        let name = set.object.name().to_owned();
        self.new_set = Some(set);
        let mut status = self.deployment.status().clone();
        if progress_deadline(&self.deployment).is_some() && condition(&status, "Progressing").is_null() {
            let text = format!("Found new replica set \"{name}\"");
            set_condition(
                &mut status,
                &NewCondition::progressing("True", "FoundNewReplicaSet", text),
                &self.now_text(),
            );
        }
        self.write_revision(&current, status, "the template has a ReplicaSet already");
    }

    /// Makes the ReplicaSet of the present template.
    ///
    /// Models pkg/controller/deployment/sync.go getNewReplicaSet where none exists.
    pub fn create_new_set(&mut self) {
        let collisions = self.deployment.status().get("collisionCount").opt_int();
        let mut template = self.deployment.at("spec.template").clone();
        let hash = template_hash(&template, collisions);
        let name = set_name(self.deployment.name(), &hash);
        if self.view.store.find("ReplicaSet", self.deployment.namespace(), &name).is_some() {
            self.count_collision(collisions.unwrap_or(0) + 1);
            return;
        }
        template.slot("metadata").slot("labels").map_mut().insert(template_hash::LABEL, hash.as_str());
        let mut set = Object::new(crate::api::kind("ReplicaSet"), self.deployment.namespace(), &name);
        set.set("metadata.ownerReferences", Value::from(vec![self.deployment.controller_reference()]));
        set.set("metadata.labels", template.at("metadata.labels").clone());
        let all = total(&self.old_sets);
        let size = new_set_size(&self.deployment, all, 0);
        set.set("spec.replicas", size);
        let min_ready = self.deployment.spec().get("minReadySeconds").int();
        if min_ready != 0 {
            set.set("spec.minReadySeconds", min_ready);
        }
        set.set("spec.selector", selector_with(self.deployment.spec().get("selector"), template_hash::LABEL, &hash));
        set.set("spec.template", template);
        let next = self.old_sets.iter().map(|old| revision(&old.object)).max().unwrap_or(0) + 1;
        let (mut annotations, _) = annotations_for(&self.deployment, &set, next);
        self.note_replicas(&mut annotations);
        set.set("metadata.annotations", annotations);
        if self.report_refusal(&name) {
            return;
        }
        let failed = format!("Failed to create new replica set \"{name}\": {{error}}");
        let rule = format!("no ReplicaSet has the present template: revision {next}; {}", self.surge_rule(all));
        self.plan.push(Action::Create {
            object: set.clone(),
            because: Arc::new(Because::of(COMPONENT, &self.deployment, rule)),
            success: (size > 0).then(|| {
                self.note("Normal", "ScalingReplicaSet", format!("Scaled up replica set {name} from 0 to {size}"))
            }),
            failure: Some(self.note("Warning", "ReplicaSetCreateError", failed)),
        });
        let mut status = self.deployment.status().clone();
        if progress_deadline(&self.deployment).is_some() {
            let text = format!("Created new replica set \"{name}\"");
            set_condition(
                &mut status,
                &NewCondition::progressing("True", "NewReplicaSetCreated", text),
                &self.now_text(),
            );
        }
        self.write_revision(&next.to_string(), status, "a new ReplicaSet was made");
        self.new_set = Some(Set::of(&set));
    }

    /// Writes the condition of a ReplicaSet that could not be made; false where it is there already and it is time to try
    /// again.
    fn report_refusal(&mut self, name: &str) -> bool {
        if self.refusal.is_empty() || progress_deadline(&self.deployment).is_none() {
            return false;
        }
        let mut status = self.deployment.status().clone();
        let text = format!("Failed to create new replica set \"{name}\": {}", self.refusal);
        set_condition(
            &mut status,
            &NewCondition::progressing("False", "ReplicaSetCreateError", text),
            &self.now_text(),
        );
        let news = status != *self.deployment.status();
        if news {
            self.write_status(status, "the last attempt was refused");
        }
        news
    }

    fn count_collision(&mut self, count: i64) {
        let mut status = self.deployment.status().clone();
        status.set("collisionCount", count);
        self.write_status(status, "another ReplicaSet has the name that the template's hash gives");
    }

    /// Resizes a ReplicaSet and says so in an event; false where it has the size already.
    ///
    /// Models pkg/controller/deployment/sync.go scaleReplicaSetAndRecordEvent.
    pub fn resize(&mut self, set: &Set, size: i64, rule: &str) -> bool {
        set.replicas != size && self.rewrite_size(set, size, rule)
    }

    /// Writes the size of a ReplicaSet and the annotations that keep what it was sized for.
    ///
    /// Models pkg/controller/deployment/sync.go scaleReplicaSet.
    pub fn rewrite_size(&mut self, set: &Set, size: i64, rule: &str) -> bool {
        let mut annotations = Value::map();
        self.note_replicas(&mut annotations);
        let known = set.object.metadata().get("annotations");
        let annotated = annotations.entries().iter().all(|(key, value)| known.get(key) == value);
        if set.replicas == size && annotated {
            return false;
        }
        let patch = value!({"metadata": {"annotations": annotations}, "spec": {"replicas": size}});
        self.patch_set(&set.object, patch, rule);
        for known in self.old_sets.iter_mut().chain(&mut self.new_set).filter(|s| s.object.name() == set.object.name())
        {
            known.replicas = size;
        }
        if set.replicas == size {
            return false;
        }
        let way = if size > set.replicas { "up" } else { "down" };
        let text = format!("Scaled {way} replica set {} from {} to {size}", set.object.name(), set.replicas);
        self.plan.push(Action::Note(self.note("Normal", "ScalingReplicaSet", text)));
        true
    }

    /// Models pkg/controller/deployment/util SetReplicasAnnotations.
    fn note_replicas(&self, annotations: &mut Value) {
        let wanted = wanted(&self.deployment);
        let most = wanted + max_surge(&self.deployment);
        annotations.map_mut().insert(DESIRED_REPLICAS, wanted.to_string());
        annotations.map_mut().insert(MAX_REPLICAS, most.to_string());
    }

    fn patch_set(&mut self, set: &Object, patch: Value, rule: &str) {
        let because = Arc::new(Because::of(COMPONENT, &self.deployment, rule));
        let (key, uid) = (set.key(), set.uid().into());
        self.plan.push(Action::Patch { kind: "ReplicaSet", key, uid, status: false, patch, because });
    }

    /// Deletes the oldest ReplicaSets beyond the history that is kept.
    ///
    /// Models pkg/controller/deployment/sync.go cleanupDeployment.
    pub fn clean_up(&mut self) {
        let limit = self.deployment.spec().get("revisionHistoryLimit").opt_int().unwrap_or(i64::from(i32::MAX));
        let mut old: Vec<Set> = self.old_sets.iter().filter(|set| !set.object.is_deleting()).cloned().collect();
        let surplus = old.len() as i64 - limit;
        if limit == i64::from(i32::MAX) || surplus <= 0 {
            return;
        }
        old.order_by(|a, b| revision(&a.object).cmp(&revision(&b.object)).then_with(|| by_age(a, b)));
        for set in old.iter().take(surplus as usize) {
            let behind = set.object.generation() > set.object.status().get("observedGeneration").int();
            if set.actual() != 0 || set.replicas != 0 || behind {
                continue;
            }
            let rule = format!("{} old ReplicaSets, {limit} are kept (revisionHistoryLimit)", old.len());
            self.plan.push(Action::Delete {
                kind: "ReplicaSet",
                key: set.object.key(),
                uid: set.object.uid().into(),
                options: DeleteOptions::default(),
                because: Arc::new(Because::of(COMPONENT, &self.deployment, rule)),
                success: None,
            });
        }
    }

    /// Models pkg/controller/deployment/sync.go syncDeploymentStatus.
    pub fn sync_status(&mut self) {
        let status = deployment_status::counted(self);
        self.write_if_changed(status);
    }

    /// Models pkg/controller/deployment/progress.go syncRolloutStatus.
    pub fn sync_rollout_status(&mut self) {
        let status = deployment_status::of_rollout(self);
        if status == *self.deployment.status() {
            if let Some(span) =
                super::deployment_conditions::look_again_after(&self.deployment, &status, self.timestamp())
            {
                self.plan.again_after(span);
            }
        }
        self.write_if_changed(status);
    }

    /// The second write of a Deployment in one plan is left out: upstream's meets a conflict there and looks again.
    fn write_if_changed(&mut self, status: Value) {
        if status != *self.deployment.status() && !self.written {
            let rule = format!(
                "{} pods, {} of the present template, {} available of {} wanted",
                status.get("replicas").int(),
                status.get("updatedReplicas").int(),
                status.get("availableReplicas").int(),
                wanted(&self.deployment)
            );
            self.write_status(status, &rule);
        }
    }

    fn write_revision(&mut self, revision: &str, status: Value, rule: &str) {
        let renumbered = self.deployment.annotation(REVISION) != revision;
        if renumbered {
            self.deployment.value.slot_at("metadata.annotations").map_mut().insert(REVISION, revision);
        }
        if renumbered || status != *self.deployment.status() {
            self.write_status(status, rule);
        }
    }

    /// Writes the Deployment's status and, as its status strategy lets through, its annotations.
    pub fn write_status(&mut self, status: Value, rule: &str) {
        self.deployment.set("status", status);
        if self.written {
            return;
        }
        self.written = true;
        let because = Arc::new(Because::of(COMPONENT, &self.deployment, rule));
        self.plan.push(Action::UpdateStatus { object: self.deployment.clone(), because });
    }

    fn note(&self, severity: &'static str, reason: &'static str, message: String) -> EventNote {
        EventNote::new(&self.deployment, COMPONENT, severity, reason, message)
    }

    /// The numbers behind the size of the new ReplicaSet.
    pub fn surge_rule(&self, all: i64) -> String {
        let wanted = wanted(&self.deployment);
        match max_surge(&self.deployment) {
            0 => format!("{all} pods of {wanted} wanted, {} may be missing", max_unavailable(&self.deployment)),
            surge => {
                format!("{all} pods there, at most {} may be: {wanted} replicas and a surge of {surge}", wanted + surge)
            }
        }
    }
}

/// Models pkg/controller/deployment/util EqualIgnoreHash.
pub(super) fn same_template(a: &Value, b: &Value) -> bool {
    let plain = |template: &Value| {
        let mut template = template.clone();
        let metadata = template.slot("metadata");
        metadata.slot("labels").remove_key(template_hash::LABEL);
        metadata.map_mut().retain(|_, value| !value.is_empty());
        template
    };
    plain(a) == plain(b)
}

/// Models pkg/controller/deployment/sync.go generateReplicaSetName.
pub fn set_name(deployment: &str, hash: &str) -> String {
    let room = MAX_NAME - hash.len() - 1;
    format!("{}-{hash}", &deployment[..deployment.len().min(room)])
}
