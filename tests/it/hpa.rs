//! Upstream's own cases of the HorizontalPodAutoscaler: the replica calculator, one look of the controller, and its rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubottle::api::kinds::{find_kind, kind};
use kubottle::api::{Object, Value};
use kubottle::base::quantity::Quantity;
use kubottle::base::time::{SimTime, Span, Timestamp};
use kubottle::controllers::hpa_calculator::NEVER;
use kubottle::controllers::hpa_rules::*;
use kubottle::controllers::{Key, CONTROLLERS};
use kubottle::store::metrics::*;
use kubottle::store::settings::Autoscaler;
use kubottle::store::{Action, Because, Change, Settings, Store, Verb, View};
use kubottle::value;
use serde_json::Value as Json;

use super::hpa_cases::{calculator_case, rules_case};
use crate::support;

/// The present of the cases, in seconds since 1970.
const NOW_SECS: i64 = 1_800_000_000;
pub(super) const NOW: Timestamp = Timestamp(NOW_SECS * 1_000_000);

pub(super) fn flags() -> Autoscaler {
    Autoscaler {
        cpu_initialization: Span::secs(120),
        initial_readiness: Span::secs(10),
        ..Settings::default().autoscaler
    }
}

/// What a case cannot say here: a scale whose selector is text that is no selector. Selectors are structs in the store.
const NOT_EXPRESSIBLE: &[&str] = &["TestConditionInvalidSelectorUnparsable"];

#[test]
fn upstreams_cases_agree() {
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in include_str!("../data/hpa.jsonl").lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let section = case["section"].as_str().unwrap();
        let (input, expect) = (support::value(&case["input"], NOW_SECS), support::value(&case["expect"], NOW_SECS));
        if NOT_EXPRESSIBLE.contains(&name) {
            continue;
        }
        *counts.entry(section.to_owned()).or_default() += 1;
        let result = match section {
            "replica_calculator" => calculator_case(&input, &expect),
            "controller" => controller_case(name, &input, &expect),
            _ => rules_case(name, &input, &expect),
        };
        if let Err(why) = result {
            wrong.push(format!("{name}: {why}"));
        }
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{} of {counts:?}:\n{}", wrong.len(), wrong.join("\n"));
}

pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> Result<(), String> {
    (got == want).then_some(()).ok_or_else(|| format!("{what} is {got:?}, not {want:?}"))
}

pub(super) fn at(value: &Value) -> Timestamp {
    Timestamp::parse(value.str()).unwrap_or(NEVER)
}

/// The `i`th pod of a case.
pub(super) fn pod(i: usize, namespace: &str, requests: &str, status: (&str, &str, &Value), split: bool) -> Object {
    let mut pod = Object::new(kind("Pod"), namespace, &format!("test-pod-{i}"));
    pod.set("metadata.labels", value!({"name": "test-pod"}));
    let request = Quantity::parse(requests).map_or(0, |quantity| quantity.milli_value());
    let container = |n: usize| {
        let name = format!("container{n}");
        let part = if split { request / 2 } else { request };
        match requests {
            "" => value!({"name": name}),
            _ => value!({"name": name, "resources": {"requests": {"cpu": (format!("{part}m"))}}}),
        }
    };
    pod.set("spec.containers", Value::from(vec![container(1), container(2)]));
    let (phase, ready, started) = status;
    let started = if started.is_null() { "1970-01-01T00:00:00Z".into() } else { started.clone() };
    pod.set(
        "status",
        value!({"phase": phase, "startTime": (started.clone()),
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": started}]}),
    );
    pod
}

pub(super) fn or<'a>(value: &'a Value, default: &'a str) -> &'a str {
    value.opt_str().unwrap_or(default)
}

/// The metrics of a case.
struct Fake {
    levels: Vec<i64>,
    fails: bool,
    external_fails: bool,
}

impl MetricsApi for Fake {
    fn pods(&self, _: &str, _: Selects) -> Result<Vec<PodMetrics>, String> {
        if self.fails {
            return Err("something went wrong".to_owned());
        }
        let container = |n: usize, milli: i64| ContainerMetrics {
            name: format!("container{n}").into(),
            cpu_nano: Some(milli * 500_000),
            memory_bytes: None,
        };
        let of = |(i, level): (usize, &i64)| PodMetrics {
            name: format!("test-pod-{i}").into(),
            at: SimTime(0),
            window: Span::secs(60),
            containers: vec![container(1, *level), container(2, *level)],
        };
        Ok(self.levels.iter().enumerate().map(of).collect())
    }

    fn custom(&self, _: &str, _: Selects, _: &str, _: &Value) -> Result<Vec<CustomMetrics>, String> {
        if self.fails {
            return Err("something went wrong".to_owned());
        }
        let of = |(i, milli): (usize, &i64)| CustomMetrics {
            name: format!("test-pod-{i}").into(),
            at: SimTime(0),
            window: Span::secs(60),
            milli: *milli,
        };
        Ok(self.levels.iter().enumerate().map(of).collect())
    }

    fn described(&self, _: &str, _: Described, _: &str, _: &Value) -> Result<i64, String> {
        self.levels.first().copied().filter(|_| !self.fails).ok_or_else(|| "something went wrong".to_owned())
    }

    fn external(&self, _: &str, _: &str, _: &Value) -> Result<Vec<i64>, String> {
        match self.fails || self.external_fails {
            true => Err("something went wrong".to_owned()),
            false => Ok(self.levels.clone()),
        }
    }
}

fn put(store: &mut Store, object: Object) {
    let revision = store.revision() + 1;
    let because = Arc::new(Because::default());
    store.follow(&Change { revision, at: SimTime(0), verb: Verb::Added, object, old: None, because });
}

fn controller_case(name: &str, input: &Value, expect: &Value) -> Result<(), String> {
    let gate = |field: &str, usual: bool| input.get("featureGates").get(field).opt_bool().unwrap_or(usual);
    let settings = Settings {
        epoch: NOW,
        autoscaler: Autoscaler {
            scale_to_zero: gate("HPAScaleToZero", false),
            configurable_tolerance: gate("HPAConfigurableTolerance", true),
            ..flags()
        },
        ..Settings::default()
    };
    let mut store = Store::default();
    let replicas = input.get("specReplicas").int();
    let mut target = Object::new(kind("Deployment"), "test-namespace", "test-rc");
    target.set("spec", value!({"replicas": replicas, "selector": {"matchLabels": {"name": "test-pod"}}}));
    target.set("status.replicas", input.get("statusReplicas").clone());
    if name == "TestConditionInvalidSelectorMissing" {
        target.value.remove("spec.selector");
    }
    if name != "TestConditionFailedGetScale" {
        put(&mut store, target);
    }
    let requests = input.get("reportedCPURequests").list();
    let count = if requests.is_empty() { input.get("statusReplicas").int() as usize } else { requests.len() };
    for i in 0..count {
        let of = |field: &str| input.get(field).index(i as u32).clone();
        let (phase, ready) = (of("reportedPodPhase"), of("reportedPodReadiness"));
        let status = (or(&phase, "Running"), or(&ready, "True"), &of("reportedPodStartTime"));
        let request = requests.get(i).map_or("", Value::str);
        let mut pod = pod(i, "test-namespace", request, status, true);
        if of("reportedPodDeletionTimestamp").bool() {
            pod.set("metadata.deletionTimestamp", NOW.rfc3339());
        }
        put(&mut store, pod);
    }
    let hpa = autoscaler(input);
    put(&mut store, hpa.clone());
    let levels: Vec<i64> = input.get("reportedLevels").list().iter().map(Value::int).collect();
    let empty = name.contains("OneMetricEmpty");
    let fake = Fake { levels, fails: name.contains("FailedGetMetrics"), external_fails: empty };
    let view = View { metrics: &fake, ..View::new(&store, SimTime(0), &settings) };
    let row = CONTROLLERS.iter().find(|row| row.name == "horizontalpodautoscaler").unwrap();
    let mut memory = value!({"uid": (hpa.uid()), "due": 0});
    if !input.get("recommendations").is_null() {
        let pair = |r: &Value| value!([(r.get("recommendation").int()), (at(r.get("timestamp")).0)]);
        let list: Value = input.get("recommendations").list().iter().map(pair).collect();
        memory.set("recommendations", list);
    }
    let key = Key::of(&hpa);
    let mut plan = (row.reconcile)(&view, &key, &memory);
    let mut refused = false;
    if name == "TestConditionFailedUpdateScale" {
        memory = plan.memory.unwrap();
        let status = plan.actions.iter().find_map(|action| match action {
            Action::UpdateStatus { object, .. } => Some(object.clone()),
            _ => None,
        });
        let mut hpa = status.unwrap();
        hpa.set("status.desiredReplicas", replicas);
        put(&mut store, hpa);
        memory.set("lastError", "error updating scale");
        memory.set("due", 0);
        let view = View { metrics: &fake, ..View::new(&store, SimTime(0), &settings) };
        plan = (row.reconcile)(&view, &key, &memory);
        refused = true;
    }
    let mut status = hpa.status().clone();
    let mut size = None;
    for action in &plan.actions {
        match action {
            Action::UpdateStatus { object, .. } => status = object.status().clone(),
            Action::Patch { patch, .. } => size = Some(patch.at("spec.replicas").int()),
            _ => {}
        }
    }
    same("desiredReplicas", status.get("desiredReplicas").int(), expect.get("desiredReplicas").int())?;
    let action = match size {
        Some(size) if size > replicas => "scale_up",
        Some(_) => "scale_down",
        None => "none",
    };
    if !refused {
        same("action", action, expect.get("action").str())?;
    }
    if let Some(percent) = expect.get("currentCPUUtilization").opt_int() {
        let metrics = status.get("currentMetrics").list().iter();
        let got = metrics.filter_map(|m| m.at("resource.current.averageUtilization").opt_int()).next();
        same("currentCPUUtilization", got, Some(percent))?;
    }
    let usual = value!([{"type": "AbleToScale", "status": "True", "reason": "SucceededRescale"},
        {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"},
        {"type": "ScalingLimited", "status": "False", "reason": "DesiredWithinRange"}]);
    let wanted = if expect.get("conditions").is_null() { usual } else { expect.get("conditions").clone() };
    let brief = |conditions: &Value| -> Vec<String> {
        let text = |c: &Value| format!("{}={}({})", c.get("type").str(), c.get("status").str(), c.get("reason").str());
        let mut texts: Vec<String> = conditions.list().iter().map(text).collect();
        texts.sort();
        texts
    };
    same("conditions", brief(status.get("conditions")), brief(&wanted))
}

/// The autoscaler of a case.
fn autoscaler(input: &Value) -> Object {
    let mut hpa = Object::new(kind("HorizontalPodAutoscaler"), "test-namespace", "test-hpa");
    hpa.set("metadata.uid", "1");
    let mut metrics: Vec<Value> = Vec::new();
    let percent = input.get("CPUTarget").int();
    if percent > 0 {
        let target = value!({"type": "Utilization", "averageUtilization": percent});
        metrics.push(value!({"type": "Resource", "resource": {"name": "cpu", "target": target}}));
    }
    metrics.extend(input.get("metricsTarget").list().iter().cloned());
    hpa.set(
        "spec",
        value!({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "test-rc"},
            "minReplicas": (input.get("minReplicas").clone()), "maxReplicas": (input.get("maxReplicas").clone()),
            "metrics": (Value::from(metrics))}),
    );
    for (field, of) in [("scaleUpRules", "scaleUp"), ("scaleDownRules", "scaleDown")] {
        if !input.get(field).is_null() {
            hpa.value.slot_at("spec.behavior").set(of, input.get(field).clone());
        }
    }
    if !hpa.at("spec.behavior").is_null() {
        (find_kind("HorizontalPodAutoscaler").unwrap().defaults)(&mut hpa);
    }
    hpa.set("status", value!({"currentReplicas": (input.get("specReplicas").clone()), "desiredReplicas": (input.get("specReplicas").clone())}));
    if !input.get("initialConditions").is_null() {
        hpa.set("status.conditions", input.get("initialConditions").clone());
    }
    hpa
}

pub(super) fn events(list: &Value) -> Vec<ScaleEvent> {
    let of =
        |e: &Value| ScaleEvent { change: e.get("replicaChange").int(), at: at(e.get("timestamp")).0, outdated: false };
    list.list().iter().map(of).collect()
}

pub(super) fn recommendations(list: &Value) -> Vec<Recommendation> {
    let of = |r: &Value| Recommendation { replicas: r.get("recommendation").int(), at: at(r.get("timestamp")).0 };
    list.list().iter().map(of).collect()
}

/// `behavior` of a case, with what it leaves open filled in.
pub(super) fn behavior(input: &Value) -> Value {
    let mut hpa = Object::new(kind("HorizontalPodAutoscaler"), "", "");
    hpa.set("spec.behavior", Value::map());
    for (field, of) in [("scaleUpRules", "scaleUp"), ("scaleDownRules", "scaleDown")] {
        if !input.get(field).is_null() {
            hpa.value.slot_at("spec.behavior").set(of, input.get(field).clone());
        }
    }
    (find_kind("HorizontalPodAutoscaler").unwrap().defaults)(&mut hpa);
    hpa.at("spec.behavior").clone()
}

pub(super) fn objects(list: &Value) -> Vec<Object> {
    list.list().iter().map(|pod| Object { kind: kind("Pod"), value: pod.clone() }).collect()
}
