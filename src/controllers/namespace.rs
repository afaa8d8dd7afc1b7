//! The namespace controller: empties a namespace that is going, pods first, and lets it go when it is empty.

use std::sync::Arc;

use super::namespace_conditions::{with_conditions, Remaining};
use super::{pods, Controller, Key};
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span, Timestamp};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "namespace-controller";

/// How long each change of a namespace waits before it is acted on, so that late creations are seen.
const GRACE: Span = Span::secs(5);
/// How long objects with finalizers are expected to take.
const FINALIZER_ESTIMATE_SECONDS: i64 = 15;
/// First and longest delay after content that should be gone was found.
const RETRY: (Span, Span) = (Span::millis(5), Span::secs(60));

pub(super) const CONTROLLER: Controller = Controller { name: "namespace", keys, reconcile };

/// Models pkg/controller/namespace/namespace_controller.go enqueueNamespace.
fn keys(change: &Change, _: &View) -> Vec<Key> {
    let going = change.kind() == "Namespace" && change.verb != Verb::Deleted && change.object.is_deleting();
    if going {
        vec![Key::of(&change.object)]
    } else {
        Vec::new()
    }
}

/// What the controller remembers of a namespace between two looks.
struct Memory {
    /// The revision of the namespace whose delay runs or is over.
    seen: u64,
    /// When to look.
    due: Option<SimTime>,
    /// How often in a row content was there that should be gone.
    retries: i64,
}

impl Memory {
    fn read(value: &Value) -> Memory {
        let due = value.get("due").opt_int().map(|micros| SimTime(micros as u64));
        Memory { seen: value.get("seen").int() as u64, due, retries: value.get("retries").int() }
    }

    fn write(&self) -> Value {
        let due = self.due.map_or(Value::Null, |due| Value::Int(due.0 as i64));
        value!({"seen": (self.seen as i64), "due": due, "retries": (self.retries)})
    }

    fn wait(&mut self, until: SimTime) {
        self.due = Some(self.due.map_or(until, |due| due.min(until)));
    }
}

/// Models pkg/controller/namespace/namespace_controller.go worker with
/// pkg/controller/namespace/deletion/namespaced_resources_deleter.go Delete.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(namespace) = view.get("Namespace", &key.key).filter(|namespace| namespace.is_deleting()) else {
        plan.memory = Some(Value::Null);
        return plan;
    };
    let mut memory = Memory::read(memory);
    if memory.seen != namespace.resource_version() {
        memory.seen = namespace.resource_version();
        memory.wait(view.now + GRACE);
    }
    if memory.due.is_none_or(|due| due <= view.now) {
        memory.due = None;
        empty(view, namespace, &mut memory, &mut plan);
    }
    if let Some(due) = memory.due {
        plan.again_after(due.since(view.now));
    }
    plan.memory = Some(memory.write());
    plan
}

/// Models pkg/controller/namespace/deletion/namespaced_resources_deleter.go deleteAllContent with the ordered deletion.
fn empty(view: &View, namespace: &Object, memory: &mut Memory, plan: &mut Plan) {
    let mut remaining = Remaining::default();
    let there = delete_kind(view, namespace, "Pod", &mut remaining, plan);
    let grace = pods_grace(view, namespace);
    let mut estimate = if there > 0 { grace } else { 0 };
    let stuck = remaining.pods > 0 && estimate == 0 && remaining.finalizers.is_empty();
    if remaining.pods == 0 {
        for kind in view.store.catalog().all().filter(|kind| kind.namespaced && kind.kind != "Pod") {
            delete_kind(view, namespace, kind.kind, &mut remaining, plan);
        }
    } else {
        remaining.kinds.clear();
        remaining.finalizers.clear();
    }
    if !remaining.finalizers.is_empty() {
        estimate = estimate.max(FINALIZER_ESTIMATE_SECONDS);
    }
    if let Some(object) = with_conditions(namespace, &remaining, stuck.then_some(there), &view.now_text()) {
        let because = Arc::new(Because::of(COMPONENT, namespace, "the conditions say what is left of its content"));
        plan.push(Action::UpdateStatus { object, because });
    }
    if stuck {
        let delay = Span(RETRY.0 .0 << memory.retries.min(20)).min(RETRY.1);
        memory.retries += 1;
        memory.wait(view.now + delay);
    } else if estimate > 0 {
        memory.retries = 0;
        memory.wait(view.now + Span::secs(estimate as u64 / 2 + 1));
    } else if plan.actions.is_empty() {
        plan.push(finalized(namespace));
    } else {
        memory.wait(view.now);
    }
}

/// Deletes what a namespace holds of a kind; gives the number of objects and notes those that will not go at once.
///
/// Models pkg/controller/namespace/deletion/namespaced_resources_deleter.go deleteAllContentForGroupVersionResource.
fn delete_kind(view: &View, namespace: &Object, kind: &'static str, remaining: &mut Remaining, plan: &mut Plan) -> i64 {
    let mut there = 0;
    let rule = format!("namespace {} is going: its {kind} objects are deleted", namespace.name());
    let because = Arc::new(Because::of(COMPONENT, namespace, rule));
    for object in view.store.list(kind, namespace.name()) {
        there += 1;
        plan.visited += 1;
        let finalizers = object.metadata().get("finalizers").list();
        if !finalizers.is_empty() || (kind == "Pod" && needs_grace(object)) {
            remaining.add(object);
        }
        if !object.is_deleting() {
            plan.push(Action::Delete {
                kind,
                key: object.key(),
                uid: object.uid().into(),
                options: DeleteOptions::default(),
                because: because.clone(),
                success: None,
            });
        }
    }
    there
}

fn needs_grace(pod: &Object) -> bool {
    !pod.spec().get("nodeName").is_empty() && (pod.is_deleting() || !pods::has_ended(pod))
}

/// The longest grace of the pods that still run; 0 once that time has passed since the namespace was deleted.
///
/// Models pkg/controller/namespace/deletion/namespaced_resources_deleter.go estimateGracefulTermination.
fn pods_grace(view: &View, namespace: &Object) -> i64 {
    let running = view.store.list("Pod", namespace.name()).filter(|pod| !pods::has_ended(pod));
    let grace = running.map(|pod| pod.spec().get("terminationGracePeriodSeconds").int()).max().unwrap_or(0);
    let deleted = Timestamp::parse(namespace.metadata().get("deletionTimestamp").str());
    let passed = deleted.map_or(0, |at| (view.timestamp().0 - at.0) / 1_000_000);
    if passed >= grace {
        0
    } else {
        grace
    }
}

/// Models pkg/controller/namespace/deletion/namespaced_resources_deleter.go finalizeNamespace.
fn finalized(namespace: &Object) -> Action {
    let mut object = namespace.clone();
    let finalizers = namespace.at("spec.finalizers").list().iter();
    let kept: Value = finalizers.filter(|f| f.str() != "kubernetes").cloned().collect();
    if kept.list().is_empty() {
        object.value.slot("spec").remove_key("finalizers");
    } else {
        object.set("spec.finalizers", kept);
    }
    let because = Arc::new(Because::of(COMPONENT, namespace, "nothing is left in it"));
    Action::Update { object, because, success: None }
}
