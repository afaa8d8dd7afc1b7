//! The taint eviction controller: pods that do not tolerate a NoExecute taint of their node are deleted, those that tolerate it
//! for a while when that has passed.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "taint-eviction-controller";

pub(super) const CONTROLLER: Controller = Controller { name: "taint-eviction-controller", keys, reconcile };

fn keys(change: &Change, view: &View) -> Vec<Key> {
    let object = &change.object;
    match change.kind() {
        "Node" if change.verb == Verb::Modified && change.touches("spec.taints") => {
            view.store.pods_on_node(object.name()).map(key).collect()
        }
        "Pod" if change.verb != Verb::Deleted => {
            let touched = change.touches("spec.nodeName") || change.touches("spec.tolerations");
            let node = view.store.find("Node", "", object.at("spec.nodeName").str());
            match node.filter(|node| touched && taints(node).next().is_some()) {
                Some(_) => vec![key(object)],
                None => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn key(pod: &Object) -> Key {
    Key { kind: "Pod", key: pod.key(), uid: pod.uid().into() }
}

fn taints(node: &Object) -> impl Iterator<Item = &Value> + '_ {
    node.at("spec.taints").list().iter().filter(|taint| taint.get("effect").str() == "NoExecute")
}

/// Models pkg/controller/tainteviction/taint_eviction.go processPodOnNode.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan { memory: Some(Value::Null), ..Plan::default() };
    let Some(pod) = view.get("Pod", &key.key).filter(|pod| pod.uid() == key.uid && !pod.is_deleting()) else {
        return plan;
    };
    let Some(node) = view.store.find("Node", "", pod.at("spec.nodeName").str()) else { return plan };
    let since = memory.get("since").opt_int().map_or(view.now, |at| SimTime(at as u64));
    let note = |text: String| Action::Note(EventNote::new(pod, COMPONENT, "Normal", "TaintManagerEviction", text));
    let tolerations = pod.at("spec.tolerations").list();
    let mut shortest: Option<Span> = None;
    let mut any = false;
    for taint in taints(node) {
        any = true;
        let mut matching = tolerations.iter().filter(|toleration| tolerates(toleration, taint)).peekable();
        if matching.peek().is_none() {
            return evict(view, pod, &note, plan);
        }
        let seconds = matching.filter_map(|toleration| toleration.get("tolerationSeconds").opt_int()).min();
        if let Some(seconds) = seconds {
            let span = Span::secs(seconds.max(0) as u64);
            shortest = Some(shortest.map_or(span, |other| other.min(span)));
        }
    }
    let Some(span) = shortest.filter(|_| any) else {
        if !memory.get("since").is_null() {
            plan.push(note(format!("Cancelling deletion of Pod {}", pod.key())));
        }
        return plan;
    };
    if span == Span::ZERO || view.now >= since + span {
        return evict(view, pod, &note, plan);
    }
    plan.memory = Some(value!({"since": (since.0 as i64)}));
    plan.again_after((since + span).since(view.now));
    plan
}

/// Models tainteviction deletePodHandler and addConditionAndDeletePod.
fn evict(view: &View, pod: &Object, note: &dyn Fn(String) -> Action, mut plan: Plan) -> Plan {
    plan.push(note(format!("Marking for deletion Pod {}", pod.key())));
    let because = Arc::new(Because::of(
        COMPONENT,
        pod,
        format!(
            "its node {} has a NoExecute taint that it does not tolerate, or not for longer",
            pod.at("spec.nodeName").str()
        ),
    ));
    let others = pod.at("status.conditions").list().iter().filter(|c| c.get("type").str() != "DisruptionTarget");
    let condition = value!({
        "lastProbeTime": null, "lastTransitionTime": (view.now_text()),
        "message": "Taint manager: deleting due to NoExecute taint", "observedGeneration": (pod.generation()),
        "reason": "DeletionByTaintManager", "status": "True", "type": "DisruptionTarget"
    });
    let conditions: Value = others.cloned().chain([condition]).collect();
    plan.push(Action::Patch {
        kind: "Pod",
        key: pod.key(),
        uid: pod.uid().into(),
        status: true,
        patch: value!({"status": {"conditions": conditions}}),
        because: because.clone(),
    });
    plan.push(Action::Delete {
        kind: "Pod",
        key: pod.key(),
        uid: pod.uid().into(),
        options: DeleteOptions::default(),
        because,
        success: None,
    });
    plan
}

/// Models staging/src/k8s.io/component-helpers/scheduling/corev1 Toleration.ToleratesTaint.
fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let (effect, key) = (toleration.get("effect").str(), toleration.get("key").str());
    let suits = |ours: &str, field: &str| ours.is_empty() || ours == taint.get(field).str();
    let value = match toleration.get("operator").str() {
        "Exists" => true,
        _ => toleration.get("value").str() == taint.get("value").str(),
    };
    suits(effect, "effect") && suits(key, "key") && value
}
