//! Upstream's own cases for Deployments and ReplicaSets: each line a function's input and what comes out of it. Only compiled
//! for tests.

use super::deployment::{old_pods_running, scale, scale_down_old, scale_up};
use super::deployment_arithmetic::*;
use super::deployment_conditions::*;
use super::deployment_status;
use super::deployment_sync::{same_template, set_name, Rollout};
use super::replica_set_ranking::{compare, Ranked};
use super::replica_set_status::Counts;
use crate::api::{kind, Map, Object, Value};
use crate::base::order::Order;
use crate::base::time::{SimTime, Span, Timestamp};
use crate::store::{Action, Settings, Store, View};
use crate::value;
use serde_json::Value as Json;

const NOW: &str = "2026-11-23T03:22:13Z";

fn read(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Int(n.as_i64().expect("a whole number")),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(read).collect(),
        Json::Object(entries) => match entries.get("$now").and_then(Json::as_f64) {
            Some(seconds) => {
                let now = Timestamp::parse(NOW).expect("a time").0;
                Value::from(Timestamp(now + seconds as i64 * 1_000_000).rfc3339())
            }
            None => Value::from(entries.iter().map(|(key, item)| (key, read(item))).collect::<Map>()),
        },
    }
}

fn object(value: &Value, name: &str) -> Object {
    Object { kind: kind(name), value: value.clone() }
}

fn sets(value: &Value) -> Vec<Set> {
    let mut sets: Vec<Set> = value.list().iter().map(|set| Set::of(&object(set, "ReplicaSet"))).collect();
    sets.order_by(by_age);
    sets
}

/// A look at the Deployment of a case.
fn rollout<'a>(view: View<'a>, input: &Value) -> Rollout<'a> {
    let mut rollout = Rollout::new(view, &object(input.get("deployment"), "Deployment"), "");
    rollout.old_sets = sets(input.get("old"));
    let new = input.get("new");
    rollout.new_set = (!new.is_null()).then(|| Set::of(&object(new, "ReplicaSet")));
    rollout
}

fn time(value: &Value) -> Timestamp {
    Timestamp::parse(value.str()).expect("a time")
}

/// What comes out of the function that a case is about, in the form the case has it.
fn outcome(check: &str, input: &Value, want: &Value) -> Value {
    let settings = Settings { epoch: time(&NOW.into()), ..Settings::default() };
    let store = Store::default();
    let view = View::new(&store, SimTime(0), &settings);
    let deployment = object(input.get("deployment"), "Deployment");
    let optional = |number: Option<i64>| number.map_or(Value::Null, Value::Int);
    match check {
        "fenceposts" => {
            let posts = fenceposts(input.get("surge"), input.get("unavailable"), input.get("wanted").int());
            posts.map_or(Value::Null, |(surge, unavailable)| value!([surge, unavailable]))
        }
        "max unavailable" => max_unavailable(&deployment).into(),
        "min available" => min_available(&deployment).into(),
        "new set size" => new_set_size(&deployment, input.get("all").int(), input.get("new").int()).into(),
        "complete" => is_complete(&deployment, deployment.status()).into(),
        "progress" => has_progressed(input.get("old"), input.get("new")).into(),
        "timed out" => has_timed_out(&deployment, deployment.status(), time(input.get("now"))).into(),
        "look again" => {
            let after = look_again_after(&deployment, input.get("status"), time(input.get("now")));
            optional(after.map(|span| if span > Span::secs(1) { span.as_secs() as i64 - 1 } else { 0 }))
        }
        "fraction" => fraction(&deployment, &Set::of(&object(input.get("set"), "ReplicaSet"))).into(),
        "without unhealthy" => without_unhealthy(&sets(input.get("old")), input.get("most").int()).0[0].into(),
        "scaled down" => scaled_down(&deployment, &sets(input.get("old")), input.get("available").int())[0].into(),
        "name" => set_name(input.get("deployment").str(), input.get("hash").str()).into(),
        "same template" => same_template(input.get("a"), input.get("b")).into(),
        "old pods" => old_pods_running(&rollout(view, input)).into(),
        "ranking" => ranking(input),
        "counts" => counts(input),
        "rollout status" => rollout_status(&deployment_status::of_rollout(&rollout(view, input)), want),
        _ => sizes(check, rollout(view, input), want),
    }
}

/// The sizes of all ReplicaSets after a step of a rollout, or the names of those that went.
fn sizes(check: &str, mut rollout: Rollout, want: &Value) -> Value {
    let new = rollout.new_set.clone();
    match check {
        "scale" => scale(&mut rollout),
        "scale up" => drop(scale_up(&mut rollout, &new.expect("a new set"))),
        "scale down" => drop(scale_down_old(&mut rollout, &new.expect("a new set"))),
        "clean up" => {
            rollout.clean_up();
            let gone = rollout.plan.actions.iter().filter_map(|action| match action {
                Action::Delete { key, .. } => Some(Value::from(key.name.clone())),
                _ => None,
            });
            let gone: Value = gone.collect();
            return if want.opt_int().is_some() { Value::Int(gone.list().len() as i64) } else { gone };
        }
        other => panic!("no function is known for {other}"),
    }
    let asked = |set: &&Set| !want.get(set.object.name()).is_null();
    rollout.all_sets().filter(asked).map(|set| (set.object.name(), set.replicas)).collect::<Map>().into()
}

fn ranking(input: &Value) -> Value {
    let pods: Vec<Object> = ["lesser", "greater"].map(|side| object(input.at(side).get("pod"), "Pod")).into();
    let rank = |side: &str, pod| Ranked { pod, rank: input.at(side).get("rank").int() };
    let now = time(&NOW.into());
    match compare(&rank("lesser", &pods[0]), &rank("greater", &pods[1]), now) {
        std::cmp::Ordering::Less => "lesser".into(),
        std::cmp::Ordering::Greater => "greater".into(),
        std::cmp::Ordering::Equal => "neither".into(),
    }
}

fn counts(input: &Value) -> Value {
    let pods: Vec<Object> = input.get("pods").list().iter().map(|pod| object(pod, "Pod")).collect();
    let counts = Counts::of(&object(input.get("set"), "ReplicaSet"), &pods, 0, time(&NOW.into()));
    let fields = [
        ("replicas", counts.replicas),
        ("fullyLabeledReplicas", counts.fully_labeled),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
    ];
    fields.into_iter().filter(|(_, count)| *count != 0).collect::<Map>().into()
}

/// The part of the Progressing condition that a case asks for.
fn rollout_status(status: &Value, want: &Value) -> Value {
    let fields = [
        ("conditionType", "type"),
        ("conditionStatus", "status"),
        ("conditionReason", "reason"),
        ("lastUpdate", "lastUpdateTime"),
        ("lastTransition", "lastTransitionTime"),
    ];
    let condition = condition(status, "Progressing");
    if want.entries().is_empty() {
        return if condition.is_null() { value!({}) } else { condition.clone() };
    }
    let asked = fields.into_iter().filter(|(field, _)| !want.get(field).is_null());
    asked.map(|(field, own)| (field, condition.get(own).clone())).collect::<Map>().into()
}

#[test]
fn deployments_and_replica_sets_do_what_upstreams_do() {
    let mut wrong = Vec::new();
    let text = include_str!("../../tests/data/controllers/deployment.jsonl");
    for line in text.lines() {
        let case: Json = serde_json::from_str(line).expect("JSON");
        let (check, want) = (case["check"].as_str().expect("a check"), read(&case["want"]));
        let outcome = outcome(check, &read(&case["input"]), &want);
        if outcome != want {
            wrong.push(format!("{check}: {}: {outcome:?}, upstream {want:?}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), text.lines().count(), wrong.join("\n"));
}
