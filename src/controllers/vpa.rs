//! The VerticalPodAutoscaler's recommender, every minute: samples of what containers use, and what they should request. The
//! updater, which makes pods request that, follows in the same minute.

use std::sync::Arc;

use super::hpa_requests::milli_of;
use super::vpa_estimate::{Aggregate, Amounts, Estimate, Peaks};
use super::{vpa_checkpoint, vpa_updater, Controller, Key};
use crate::api::{selector, Object, Value};
use crate::base::quantity::{Format, Quantity};
use crate::base::time::{Span, Timestamp};
use crate::store::vpa_admission::{policy, target_selector};
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

pub(super) const CONTROLLER: Controller = Controller { name: "vpa-recommender", keys, reconcile };
const COMPONENT: &str = "vpa-recommender";
const KIND: &str = "VerticalPodAutoscaler";
/// How often the recommender and the updater look (`--recommender-interval`, `--updater-interval`).
const INTERVAL: Span = Span::secs(60);

fn keys(change: &Change, _: &View) -> Vec<Key> {
    match change.kind() {
        KIND if change.verb != Verb::Modified => vec![Key::of(&change.object)],
        _ => Vec::new(),
    }
}

/// Models vertical-pod-autoscaler/pkg/recommender/routines/recommender.go RunOnce, for one autoscaler.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let Some(vpa) = view.get(KIND, &key.key) else {
        let mut plan = Plan { memory: Some(Value::Null), ..Plan::default() };
        vpa_checkpoint::collect(view, &key.key.namespace, &key.key.name, &mut plan);
        return plan;
    };
    let next = Span(INTERVAL.0 - view.now.0 % INTERVAL.0);
    if !view.now.0.is_multiple_of(INTERVAL.0) {
        let kept = if memory.get("uid").str() == vpa.uid() { memory.clone() } else { value!({"uid": (vpa.uid())}) };
        return Plan { memory: Some(kept), requeue_after: Some(next), ..Plan::default() };
    }
    let mut memory = memory.clone();
    let mut plan = Plan { requeue_after: Some(next), visited: 1, ..Plan::default() };
    let selector = target_selector(view.store, vpa).unwrap_or_default();
    let mine = |pod: &Object| selector::matches(&selector, pod.labels());
    let pods: Vec<&Object> = view.store.list("Pod", vpa.namespace()).filter(|pod| mine(pod)).collect();
    sample(view, vpa, &pods, &mut memory);
    let estimates = estimates(vpa, &pods, &memory);
    write_status(view, vpa, &estimates, pods.is_empty(), &mut plan);
    checkpoint(view, vpa, &memory, &mut plan);
    vpa_updater::update(view, vpa, &pods, &mut memory, &mut plan);
    plan.memory = Some(memory);
    plan
}

/// Adds what was measured since the last look, and who was killed for want of memory.
///
/// Models vertical-pod-autoscaler/pkg/recommender/input/cluster_feeder.go LoadRealTimeMetrics and LoadPods.
fn sample(view: &View, vpa: &Object, pods: &[&Object], memory: &mut Value) {
    let names: Vec<&str> = pods.iter().map(|pod| pod.name()).collect();
    let measured = view.metrics.pods(vpa.namespace(), &|pod| names.contains(&pod.name())).unwrap_or_default();
    let mut kept = Value::map();
    for pod in pods {
        for container in pod.at("spec.containers").list() {
            let name = container.get("name").str();
            if policy(vpa, name).get("mode").str() == "Off" {
                continue;
            }
            let mut aggregate = Aggregate::read(memory.get("containers").get(name));
            let own = format!("{}/{name}", pod.uid());
            let known = memory.get("pods").get(&own);
            let (mut peaks, mut restarts) = (Peaks::read(known.get("peaks")), known.get("restarts").int());
            let mut last_cpu = known.get("lastCpu").int();
            let of = |resource: &str| milli_of(container.at("resources.requests").get(resource)) as f64 / 1000.0;
            let metrics = measured.iter().find(|metrics| metrics.name == pod.name());
            let used = metrics.and_then(|m| Some((m.at, m.containers.iter().find(|c| c.name == name)?)));
            if let Some((at, used)) = used {
                let at = Timestamp::of(view.settings.epoch, at).0;
                if let Some(nano) = used.cpu_nano.filter(|_| at > last_cpu) {
                    aggregate.add_cpu(nano as f64 / 1e9, of("cpu"), at);
                    last_cpu = at;
                }
                if let Some(bytes) = used.memory_bytes {
                    aggregate.add_memory(&mut peaks, bytes as f64, at, false);
                }
            }
            let statuses = pod.at("status.containerStatuses").list();
            let status = statuses.iter().find(|status| status.get("name").str() == name);
            let ended = status.map_or(&Value::Null, |status| status.at("lastState.terminated"));
            let count = status.map_or(0, |status| status.get("restartCount").int());
            if count > restarts && ended.get("reason").str() == "OOMKilled" {
                let at = Timestamp::parse(ended.get("finishedAt").str()).unwrap_or(view.timestamp());
                aggregate.add_oom(&mut peaks, of("memory"), at.0);
            }
            restarts = restarts.max(count);
            kept.map_mut().insert(&own, value!({"peaks": (peaks.write()), "restarts": restarts, "lastCpu": last_cpu}));
            memory.slot("containers").map_mut().insert(name, aggregate.write());
        }
    }
    memory.set("pods", kept);
}

/// Writes down what is remembered of the containers of each name.
fn checkpoint(view: &View, vpa: &Object, memory: &Value, plan: &mut Plan) {
    for (name, aggregate) in memory.get("containers").entries() {
        let own = memory.get("pods").entries().iter().filter(|(pod, _)| pod.rsplit('/').next() == Some(name.as_str()));
        let peaks: Vec<Peaks> = own.map(|(_, known)| Peaks::read(known.get("peaks"))).collect();
        vpa_checkpoint::store(view, vpa, name, &Aggregate::read(aggregate), &peaks, plan);
    }
}

/// What each container should request.
fn estimates(vpa: &Object, pods: &[&Object], memory: &Value) -> Vec<(String, Estimate)> {
    let Some(pod) = pods.first() else { return Vec::new() };
    let containers = pod.at("spec.containers").list();
    let names = containers.iter().map(|container| container.get("name").str());
    let wanted: Vec<&str> = names.filter(|name| policy(vpa, name).get("mode").str() != "Off").collect();
    let known = wanted.iter().map(|name| (*name, Aggregate::read(memory.get("containers").get(name))));
    let sampled = known.filter(|(_, aggregate)| aggregate.count > 0);
    sampled.map(|(name, aggregate)| (name.to_owned(), aggregate.estimate(wanted.len() as i64))).collect()
}

/// An amount of a resource as the recommender writes it.
fn text(resource: &str, amounts: Amounts) -> String {
    match resource {
        "cpu" => Quantity::from_milli(amounts.cpu, Format::DecimalSi).to_string(),
        _ => Quantity::new(amounts.memory, Format::DecimalSi).to_string(),
    }
}

/// A list of resources, within what a policy allows where `capped`.
///
/// Models vertical-pod-autoscaler/pkg/utils/vpa/capping.go applyVPAPolicy.
fn resources(policy: &Value, amounts: Amounts, capped: bool) -> Value {
    let controlled = policy.get("controlledResources");
    let mut list = Value::map();
    for resource in ["cpu", "memory"] {
        if !controlled.is_null() && !controlled.list().iter().any(|known| known.str() == resource) {
            continue;
        }
        let mut amount = text(resource, amounts);
        for (bound, wanted) in [("maxAllowed", std::cmp::Ordering::Greater), ("minAllowed", std::cmp::Ordering::Less)] {
            let given = policy.get(bound).get(resource);
            let (Ok(now), Ok(limit)) = (Quantity::parse(&amount), Quantity::parse(given.str())) else { continue };
            if capped && !given.is_null() && now.cmp(&limit) == wanted {
                amount = given.str().to_owned();
            }
        }
        list.map_mut().insert(resource, amount);
    }
    list
}

/// Models vertical-pod-autoscaler/pkg/recommender/model/vpa.go UpdateConditions and AsStatus.
fn write_status(view: &View, vpa: &Object, estimates: &[(String, Estimate)], no_pods: bool, plan: &mut Plan) {
    let mut status = vpa.status().clone();
    if status.is_null() {
        status = Value::map();
    }
    let one = |(name, estimate): &(String, Estimate)| {
        let policy = policy(vpa, name);
        value!({"containerName": (name.as_str()), "lowerBound": (resources(policy, estimate.lower, true)),
            "target": (resources(policy, estimate.target, true)),
            "uncappedTarget": (resources(policy, estimate.target, false)),
            "upperBound": (resources(policy, estimate.upper, true))})
    };
    if !estimates.is_empty() {
        status.set("recommendation.containerRecommendations", estimates.iter().map(one).collect::<Value>());
    }
    let provided = !status.get("recommendation").is_null();
    set_condition(view, &mut status, "RecommendationProvided", provided, "", "");
    let text = "No pods match this VPA object";
    if no_pods {
        set_condition(view, &mut status, "NoPodsMatched", true, "NoPodsMatched", text);
    } else if status.get("conditions").list().iter().any(|c| c.get("type").str() == "NoPodsMatched") {
        set_condition(view, &mut status, "NoPodsMatched", false, "", "");
    }
    if status == *vpa.status() {
        return;
    }
    let mut object = vpa.clone();
    object.set("status", status);
    let names: Vec<&str> = estimates.iter().map(|(name, _)| name.as_str()).collect();
    let rule = match names.as_slice() {
        [] => "no container has been measured yet".to_owned(),
        names => format!("the 90th percentile of what {} used, and a margin of 15 %, is the target", names.join(", ")),
    };
    plan.push(Action::UpdateStatus { object, because: Arc::new(Because::of(COMPONENT, vpa, rule)) });
}

fn set_condition(view: &View, status: &mut Value, kind: &str, holds: bool, reason: &str, message: &str) {
    let truth = if holds { "True" } else { "False" };
    let mut condition = value!({"type": kind, "status": truth, "lastTransitionTime": (view.now_text())});
    for (field, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            condition.set(field, text);
        }
    }
    let list = status.slot("conditions").list_mut();
    match list.make_mut().iter_mut().find(|known| known.get("type").str() == kind) {
        Some(known) => {
            if known.get("status").str() == truth {
                condition.set("lastTransitionTime", known.get("lastTransitionTime").clone());
            }
            *known = condition;
        }
        None => list.push(condition),
    }
}
