//! The StatefulSet controller: pods with names that last, one after the other, and a revision for each template.

use std::sync::Arc;

use super::controller_history as history;
use super::stateful_set_pods::{is_available, is_created, is_member, is_running_and_ready, revision, wanted};
use super::stateful_set_steps::Steps;
use super::{claims, pods, Controller, Key};
use crate::api::{Object, Value};
use crate::base::time::Span;
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

pub(super) const COMPONENT: &str = "statefulset-controller";
/// First delay after a step that could not be done; it doubles.
const RETRY_FIRST: Span = Span::millis(5);

pub(super) const CONTROLLER: Controller = Controller { name: "statefulset", keys, reconcile };

fn keys(change: &Change, view: &View) -> Vec<Key> {
    match change.kind() {
        "StatefulSet" if change.verb != Verb::Deleted => vec![Key::of(&change.object)],
        "Pod" => claims::keys_of_pod(change, view, "StatefulSet"),
        _ => Vec::new(),
    }
}

/// Models pkg/controller/statefulset/stateful_set.go sync and stateful_set_control.go UpdateStatefulSet.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(set) = view.get("StatefulSet", &key.key) else { return plan };
    let revisions = history::list(view, set, COMPONENT, &mut plan);
    let claims = claims::claim(view, set, "Pod", COMPONENT, |pod| is_member(set, pod));
    plan.visited += claims.visited;
    plan.actions.extend(claims.actions);
    let revisions = Revisions::of(view, set, revisions, &mut plan);
    let mut steps = Steps::new(view, set, &revisions, &claims.owned);
    if !set.is_deleting() {
        steps.take();
    }
    let refused = !memory.get("lastError").str().is_empty();
    let mut status = status(view, set, &revisions, &steps);
    complete(set, &mut status);
    let (actions, trouble) = (std::mem::take(&mut steps.plan.actions), steps.trouble);
    let mut work = vec![actions, update_status(set, &revisions, status)];
    if refused {
        work.reverse();
    }
    plan.actions.extend(work.into_iter().flatten());
    let live = |r: &Object| {
        [&revisions.current, &revisions.update].iter().any(|known| known.name() == r.name())
            || claims.owned.iter().any(|pod| revision(pod) == r.name())
    };
    plan.actions.extend(history::truncate(set, &revisions.all, &live, COMPONENT));
    let retries = memory.get("retries").int();
    if trouble {
        plan.again_after(Span(RETRY_FIRST.0 << retries.min(17)));
        plan.memory = Some(value!({"retries": (retries + 1)}));
    } else if retries > 0 {
        plan.memory = Some(Value::map());
    }
    let min_ready = set.at("spec.minReadySeconds").int();
    let waits = claims.owned.iter().filter_map(|pod| pods::until_available(pod, min_ready, view.timestamp()));
    if let Some(wait) = waits.filter(|wait| *wait > Span::ZERO).min() {
        plan.again_after(wait);
    }
    plan
}

/// The revisions that matter.
pub struct Revisions {
    /// All of them, oldest first.
    all: Vec<Object>,
    /// The one that the pods had before the present rollout.
    pub current: Object,
    /// The one of the present template.
    pub update: Object,
    /// How often a name was taken.
    collisions: i64,
}

impl Revisions {
    /// Finds the revision of the present template, gives an old one a new number, or makes a new one.
    ///
    /// Models pkg/controller/statefulset/stateful_set_control.go getStatefulSetRevisions.
    fn of(view: &View, set: &Object, all: Vec<Object>, plan: &mut Plan) -> Revisions {
        let because = |rule: String| Arc::new(Because::of(COMPONENT, set, rule));
        let patch = history::patch_of(set);
        let next = all.last().map_or(1, |newest| history::number(newest) + 1);
        let mut collisions = set.at("status.collisionCount").int();
        let update = match all.iter().rposition(|r| *r.at("data") == patch) {
            Some(i) if i + 1 == all.len() => all[i].clone(),
            Some(i) => {
                let rule = format!("the template is that of revision {} again", history::number(&all[i]));
                let (object, action) = history::renumber(&all[i], next, because(rule));
                plan.push(action);
                object
            }
            None => {
                let find = |name: &str| view.store.find("ControllerRevision", set.namespace(), name);
                let mut hash = history::hash(&patch, collisions);
                while find(&history::name(set.name(), &hash)).is_some_and(|taken| *taken.at("data") != patch) {
                    collisions += 1;
                    hash = history::hash(&patch, collisions);
                }
                let mut object = history::new(set, &history::name(set.name(), &hash), next);
                object.value.slot_at("metadata.labels").map_mut().insert("controller.kubernetes.io/hash", hash);
                let because = because("no revision has the present template".to_owned());
                plan.push(Action::Create { object: object.clone(), because, success: None, failure: None });
                object
            }
        };
        let current = all.iter().find(|r| r.name() == set.at("status.currentRevision").str());
        let current = current.unwrap_or(&update).clone();
        Revisions { all, current, update, collisions }
    }
}

/// Models pkg/controller/statefulset/stateful_set_control.go updateStatus and computeReplicaStatus.
fn status(view: &View, set: &Object, revisions: &Revisions, steps: &Steps) -> Value {
    let now = view.timestamp();
    let created: Vec<&Object> = steps.pods().filter(|pod| is_created(pod)).collect();
    let ready = || created.iter().filter(|pod| is_running_and_ready(pod));
    let of = |name: &str| created.iter().filter(|pod| !pod.is_deleting() && revision(pod) == name).count() as i64;
    let mut status = value!({
        "replicas": (created.len() as i64),
        "availableReplicas": (ready().filter(|pod| is_available(set, pod, now)).count() as i64),
        "collisionCount": (revisions.collisions),
        "currentRevision": (revisions.current.name()), "updateRevision": (revisions.update.name()),
        "observedGeneration": (set.generation())
    });
    for (field, count) in [
        ("readyReplicas", ready().count() as i64),
        ("currentReplicas", of(revisions.current.name()) - steps.deleted_for_update),
        ("updatedReplicas", of(revisions.update.name())),
    ] {
        if count != 0 {
            status.set(field, count);
        }
    }
    status
}

/// Models pkg/controller/statefulset/stateful_set_utils.go completeRollingUpdate.
fn complete(set: &Object, status: &mut Value) {
    let all = wanted(set);
    let counts = ["updatedReplicas", "readyReplicas", "replicas"];
    let rolling = set.at("spec.updateStrategy.type").str() == "RollingUpdate";
    if rolling && counts.iter().all(|field| status.get(field).int() == all) {
        let revision = status.get("updateRevision").clone();
        status.set("currentRevision", revision);
        status.remove_key("currentReplicas");
        if all > 0 {
            status.set("currentReplicas", all);
        }
    }
}

fn update_status(set: &Object, revisions: &Revisions, status: Value) -> Vec<Action> {
    if status == *set.status() {
        return Vec::new();
    }
    let mut object = set.clone();
    let count = |field: &str| status.get(field).int();
    let rule = format!(
        "{} pods, {} ready, {} at revision {}",
        count("replicas"),
        count("readyReplicas"),
        count("updatedReplicas"),
        revisions.update.name()
    );
    object.set("status", status);
    object.value.remove("metadata.resourceVersion");
    vec![Action::UpdateStatus { object, because: Arc::new(Because::of(COMPONENT, set, rule)) }]
}
