//! The disruption controller: how many of the pods of each PodDisruptionBudget may be evicted now.

use std::sync::Arc;

use super::deployment_arithmetic::scaled;
use super::{pods, Controller, Key};
use crate::api::{selector, Object, Value};
use crate::base::time::{Span, Timestamp};
use crate::store::server::set_condition;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "disruption-controller";
/// Events carry another name than the controller's flags.
const TELLER: &str = "controllermanager";
/// An eviction that has not led to a deletion after this long counts no more.
const DELETION_TIMEOUT: Span = Span::secs(120);

pub(super) const CONTROLLER: Controller = Controller { name: "disruption", keys, reconcile };

/// Models pkg/controller/disruption/disruption.go addPod, updatePod, deletePod and getPdbForPod.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    match change.kind() {
        "PodDisruptionBudget" if change.verb != Verb::Deleted => vec![Key::of(&change.object)],
        "Pod" => {
            let pod = &change.object;
            let mut budgets = budgets_of(view, pod);
            let first = budgets.next().map(Key::of);
            let several = budgets.next().is_some();
            let concerned = several || change.verb != Verb::Deleted && stale_after(pod, view.timestamp()).is_some();
            first.into_iter().chain(concerned.then(|| Key::of(pod))).collect()
        }
        _ => Vec::new(),
    }
}

fn budgets_of<'a>(view: &View<'a>, pod: &'a Object) -> impl Iterator<Item = &'a Object> {
    let budgets = view.store.list("PodDisruptionBudget", pod.namespace());
    budgets.filter(|budget| selector::matches(budget.at("spec.selector"), pod.labels()))
}

/// How long a pod that was to be disrupted and still stays keeps the condition that says so; nothing for other pods.
///
/// Models pkg/controller/disruption/disruption.go nonTerminatingPodHasStaleDisruptionCondition.
fn stale_after(pod: &Object, now: Timestamp) -> Option<Span> {
    let condition = pod.condition("DisruptionTarget");
    let lasts = pod.is_deleting() || pods::has_ended(pod) || condition.get("reason").str() == "TerminationByKubelet";
    if lasts || condition.get("status").str() != "True" {
        return None;
    }
    let since = Timestamp::parse(condition.get("lastTransitionTime").str())?;
    Some(Span((since.0 + DELETION_TIMEOUT.0 as i64 - now.0).max(0) as u64))
}

/// Says of a pod that several budgets select it, and takes a stale condition back.
///
/// Models pkg/controller/disruption/disruption.go getPdbForPod and syncStalePodDisruption.
fn look_after_pod(view: &View, key: &Key) -> Plan {
    let mut plan = Plan::nothing();
    let Some(pod) = view.get("Pod", &key.key) else { return plan };
    let mut budgets = budgets_of(view, pod);
    if let (Some(first), Some(_)) = (budgets.next(), budgets.next()) {
        let (namespace, name) = (pod.namespace(), pod.name());
        let text = format!(
            "Pod {namespace:?}/{name:?} matches multiple PodDisruptionBudgets.  Chose {:?} arbitrarily.",
            first.name()
        );
        plan.push(Action::Note(EventNote::new(pod, TELLER, "Warning", "MultiplePodDisruptionBudgets", text)));
    }
    match stale_after(pod, view.timestamp()) {
        Some(Span::ZERO) => {
            let mut changed = pod.clone();
            let now = view.now_text();
            set_condition(
                &mut changed,
                value!({"type": "DisruptionTarget", "status": "False", "lastProbeTime": null, "lastTransitionTime": now}),
            );
            plan.push(Action::Patch {
                kind: "Pod",
                key: pod.key(),
                uid: pod.uid().into(),
                status: true,
                patch: value!({"status": {"conditions": (changed.at("status.conditions").clone())}}),
                because: Arc::new(Because::of(
                    COMPONENT,
                    pod,
                    "it was to be disrupted two minutes ago and still stays",
                )),
            });
        }
        Some(wait) => plan.again_after(wait),
        None => {}
    }
    plan
}

/// Models pkg/controller/disruption/disruption.go trySync and updatePdbStatus.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    if key.kind == "Pod" {
        return look_after_pod(view, key);
    }
    let mut plan = Plan::nothing();
    let Some(budget) = view.get("PodDisruptionBudget", &key.key) else { return plan };
    let wanted = budget.at("spec.selector");
    let all = view.store.list("Pod", budget.namespace());
    let members: Vec<&Object> = all.filter(|pod| selector::matches(wanted, pod.labels())).collect();
    plan.visited = members.len() as u32;
    let mut note = |severity, reason, text: &str| {
        plan.actions.push(Action::Note(EventNote::new(budget, TELLER, severity, reason, text)));
    };
    if members.is_empty() {
        note("Normal", "NoPods", "No matching pods found");
    }
    let (expected, desired) = match expectation(view, budget, &members) {
        Ok((expected, desired, unmanaged)) => {
            if unmanaged {
                note("Warning", "UnmanagedPods", &unmanaged_text(wanted));
            }
            (expected, desired)
        }
        Err(why) => {
            let text = format!("Failed to calculate the number of expected pods: {why}");
            note("Warning", "CalculateExpectedPodCountFailed", &text);
            plan.actions.extend(fail_safe(view, budget, &why));
            return plan;
        }
    };
    let now = view.timestamp();
    let (disrupted, again) = disrupted(budget, &members, now, &mut plan);
    if let Some(again) = again {
        plan.again_after(again);
    }
    let healthy =
        members.iter().filter(|pod| !pod.is_deleting() && pods::is_ready(pod) && disrupted.get(pod.name()).is_null());
    let healthy = healthy.count() as i64;
    let allowed = if expected <= 0 { 0 } else { (healthy - desired).max(0) };
    let mut object = budget.clone();
    let mut status = value!({
        "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed, "expectedPods": expected,
        "observedGeneration": (budget.generation())
    });
    if !disrupted.entries().is_empty() {
        status.set("disruptedPods", disrupted);
    }
    status.set("conditions", budget.at("status.conditions").clone());
    object.set("status", status);
    put_condition(&mut object, allowed > 0, "", &view.now_text());
    if object.status() != budget.status() {
        let rule = format!("{healthy} of {expected} pods are healthy, {desired} must be: {allowed} may be evicted");
        object.value.remove("metadata.resourceVersion");
        let because = Arc::new(Because::of(COMPONENT, budget, rule));
        plan.actions.push(Action::UpdateStatus { object, because });
    }
    plan
}

fn unmanaged_text(wanted: &Value) -> String {
    let labels: Vec<String> =
        wanted.get("matchLabels").entries().iter().map(|(key, value)| format!("{key}:{}", value.str())).collect();
    format!(
        "Pods selected by this PodDisruptionBudget (selector: &LabelSelector{{MatchLabels:map[string]string{{{}}},\
         MatchExpressions:[]LabelSelectorRequirement{{}},}}) were found to be unmanaged. As a result, the status of the PDB \
         cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \
         \".spec.minAvailable\" field of the PDB to an integer value.",
        labels.iter().map(|label| format!("{},", label.replacen(':', ": ", 1))).collect::<String>()
    )
}

/// How many pods there should be, how many of them must be healthy, and whether some have no controller.
///
/// Models pkg/controller/disruption/disruption.go getExpectedPodCount.
fn expectation(view: &View, budget: &Object, members: &[&Object]) -> Result<(i64, i64, bool), String> {
    let (least, most) = (budget.at("spec.minAvailable"), budget.at("spec.maxUnavailable"));
    if !most.is_null() {
        let (expected, unmanaged) = expected_scale(view, members)?;
        let most = scaled(most, expected, true).unwrap_or(0);
        return Ok((expected, (expected - most).max(0), unmanaged));
    }
    match least {
        Value::Int(number) => Ok((members.len() as i64, *number, false)),
        Value::Null => Ok((0, 0, false)),
        percent => {
            let (expected, unmanaged) = expected_scale(view, members)?;
            Ok((expected, scaled(percent, expected, true).unwrap_or(0), unmanaged))
        }
    }
}

/// The sum of the wanted sizes of the controllers of the pods, and whether some have none.
///
/// Models pkg/controller/disruption/disruption.go getExpectedScale with its finders.
fn expected_scale(view: &View, members: &[&Object]) -> Result<(i64, bool), String> {
    let (mut sum, mut unmanaged, mut seen) = (0, false, Vec::new());
    for pod in members {
        let Some(mut owner) = pod.controller() else {
            unmanaged = true;
            continue;
        };
        let find = |kind: &str, name: &str| view.store.find(kind, pod.namespace(), name);
        if owner.kind == "ReplicaSet" {
            let above = find("ReplicaSet", &owner.name).and_then(Object::controller);
            owner = above.filter(|above| above.kind == "Deployment").unwrap_or(owner);
        }
        if seen.contains(&owner.uid) {
            continue;
        }
        let scalable =
            ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"].contains(&owner.kind.as_str());
        if !scalable {
            let resource =
                view.store.catalog().named(&owner.kind).map_or_else(|| owner.kind.to_string(), |kind| kind.resource());
            return Err(format!("{resource} does not implement the scale subresource"));
        }
        let Some(there) = find(&owner.kind, &owner.name).filter(|there| there.uid() == owner.uid) else {
            return Err(format!("found no controllers for pod {:?}", pod.name()));
        };
        sum += there.at("spec.replicas").opt_int().unwrap_or(1);
        seen.push(owner.uid);
    }
    Ok((sum, unmanaged))
}

/// The evicted pods whose deletion has not been seen yet, and when the first of them counts no more.
///
/// Models pkg/controller/disruption/disruption.go buildDisruptedPodMap.
fn disrupted(budget: &Object, members: &[&Object], now: Timestamp, plan: &mut Plan) -> (Value, Option<Span>) {
    let (mut kept, mut again) = (Value::map(), None::<Span>);
    for (name, at) in budget.at("status.disruptedPods").entries() {
        let there = members.iter().find(|pod| pod.name() == name.as_str() && !pod.is_deleting());
        let (Some(since), Some(pod)) = (Timestamp::parse(at.str()), there) else { continue };
        let over = since.0 + DELETION_TIMEOUT.0 as i64;
        if over <= now.0 {
            let namespace = budget.namespace();
            let text = format!("Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't");
            plan.push(Action::Note(EventNote::new(pod, TELLER, "Warning", "NotDeleted", text)));
        } else {
            kept.map_mut().insert(name, at.clone());
            let wait = Span((over - now.0) as u64);
            again = Some(again.map_or(wait, |other| other.min(wait)));
        }
    }
    (kept, again)
}

/// Models pkg/controller/disruption/disruption.go failSafe: where nothing can be counted, nothing may be evicted.
fn fail_safe(view: &View, budget: &Object, why: &str) -> Option<Action> {
    let mut object = budget.clone();
    object.set("status.disruptionsAllowed", 0);
    object.set("status.observedGeneration", budget.generation());
    put_condition(&mut object, false, why, &view.now_text());
    let because = Arc::new(Because::of(COMPONENT, budget, format!("the pods cannot be counted: {why}")));
    object.value.remove("metadata.resourceVersion");
    (object.status() != budget.status()).then_some(Action::UpdateStatus { object, because })
}

/// Models pkg/apis/policy/helper UpdateDisruptionAllowedCondition, and what failSafe sets.
fn put_condition(budget: &mut Object, allowed: bool, trouble: &str, now: &str) {
    let status = if allowed { "True" } else { "False" };
    let reason = match (allowed, trouble) {
        (true, _) => "SufficientPods",
        (false, "") => "InsufficientPods",
        (false, _) => "SyncFailed",
    };
    let old = budget.condition("DisruptionAllowed");
    let since = match old.get("status").str() == status {
        true => old.get("lastTransitionTime").clone(),
        false => now.into(),
    };
    let generation = budget.at("status.observedGeneration").clone();
    let condition = value!({"type": "DisruptionAllowed", "status": status, "reason": reason, "message": trouble,
        "lastTransitionTime": since, "observedGeneration": generation});
    set_condition(budget, condition);
}
