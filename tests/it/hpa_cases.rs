//! Cases of the autoscaler's arithmetic: calculator, rules, groups of pods, requests.

use std::collections::BTreeMap;

use kubottle::api::{Object, Value};
use kubottle::base::quantity::Quantity;
use kubottle::base::time::Span;
use kubottle::controllers::hpa_calculator::{
    group_pods, Calculator, Measured, Measures, Proposal, Target, Tolerances, NEVER,
};
use kubottle::controllers::hpa_metrics::resource_text;
use kubottle::controllers::hpa_requests::calculate_requests;
use kubottle::controllers::hpa_rules::*;
use kubottle::value;

use super::hpa::{at, behavior, events, flags, objects, or, pod, recommendations, same, NOW};

pub(super) fn calculator_case(input: &Value, expect: &Value) -> Result<(), String> {
    let current = input.get("currentReplicas").int();
    let count = (current as usize).max(input.get("podPhase").list().len());
    let resource = input.get("resource");
    let pods: Vec<Object> = (0..count)
        .map(|i| {
            let of = |field: &str| input.get(field).index(i as u32).clone();
            let request = resource.get("requests").index(i as u32).str().to_owned();
            let (phase, ready) = (of("podPhase"), of("podReadiness"));
            let status = (or(&phase, "Running"), or(&ready, "True"), &of("podStartTime"));
            let mut pod = pod(i, "test-namespace", &request, status, false);
            if of("podDeletionTimestamp").bool() {
                pod.set("metadata.deletionTimestamp", NOW.rfc3339());
            }
            pod
        })
        .collect();
    let tolerance = |field: &str| match input.get("tolerances").get(field) {
        Value::Null => 0.1,
        Value::Float(x) => *x,
        Value::Int(n) => *n as f64,
        other => panic!("{other:?}"),
    };
    let calculator = Calculator {
        pods: pods.iter().collect(),
        now: NOW,
        flags: flags(),
        tolerances: Tolerances { up: tolerance("scaleUp"), down: tolerance("scaleDown") },
    };
    let container = input.get("container").str();
    let result = if resource.is_null() {
        by_metric(&calculator, input.get("metric"), current)
    } else {
        let mut measures = Measures::new();
        for (i, levels) in resource.get("levels").list().iter().enumerate() {
            let own = format!("test-pod-{i}");
            let name = or(resource.get("podNames").index(i as u32), &own).to_owned();
            let levels: Vec<i64> = levels.list().iter().map(Value::int).collect();
            let milli = match container {
                "" => Some(levels.iter().sum()),
                name => levels.get(if name == "container1" { 0 } else { 1 }).copied(),
            };
            let measured = |milli| Measured { milli, at: NEVER, window: Span::secs(60) };
            measures.extend(milli.map(|milli| (name.into(), measured(milli))));
        }
        let target = Target::Utilization(resource.get("targetUtilization").int());
        calculator.by_pods(measures, current, target, resource.get("name").str(), container)
    };
    match (result, expect.get("errorContains").opt_str()) {
        (Err(why), Some(part)) => why.contains(part).then_some(()).ok_or(why),
        (Err(why), None) => Err(why),
        (Ok(got), Some(part)) => Err(format!("{got:?}, not an error with {part:?}")),
        (Ok(got), None) => {
            same("replicas", got.replicas, expect.get("replicas").int())?;
            if !resource.is_null() {
                same("utilization", got.utilization.unwrap_or(-1), expect.get("utilizationPercent").int())?;
                return same("raw", got.milli, expect.get("rawAverageMilliValue").int());
            }
            same("usage", got.milli, expect.get("usage").int())
        }
    }
}

fn by_metric(calculator: &Calculator, metric: &Value, current: i64) -> Result<Proposal, String> {
    let levels: Vec<i64> = metric.get("levels").list().iter().map(Value::int).collect();
    let total = levels.iter().copied().fold(0_i64, i64::saturating_add);
    let (target, each) = (metric.get("targetUsage").int(), metric.get("perPodTargetUsage").int());
    match metric.get("metricType").str() {
        "pods" => {
            let measured = |milli| Measured { milli, at: NEVER, window: Span::secs(60) };
            let named = levels.iter().enumerate();
            let measures = named.map(|(i, level)| (format!("test-pod-{i}").into(), measured(*level))).collect();
            calculator.by_pods(measures, current, Target::Average(target), "", "")
        }
        "object" | "external" => calculator.by_ratio(total, target, current),
        _ => Ok(calculator.by_share(total, each, current)),
    }
}

pub(super) fn rules_case(name: &str, input: &Value, expect: &Value) -> Result<(), String> {
    let int = |field: &str| input.get(field).int();
    let current = int("currentReplicas");
    let wanted = int("prenormalizedDesiredReplicas");
    let mut past = Past {
        recommendations: recommendations(input.get("recommendations")),
        ups: events(input.get("scaleUpEvents")),
        downs: events(input.get("scaleDownEvents")),
    };
    let second = 1_000_000;
    match name.split('/').next().unwrap() {
        "TestConvertDesiredReplicasWithRules" => {
            let got = limit_plain(current, int("desiredReplicas"), int("hpaMinReplicas"), int("hpaMaxReplicas"));
            same("replicas", got.replicas, expect.get("expectedConvertedDesiredReplicas").int())?;
            same("condition", got.reason, expect.get("expectedCondition").str())
        }
        "TestScalingWithRules" => {
            let (min, max) = (int("specMinReplicas"), int("specMaxReplicas"));
            let got = limit_by_policies(&past, &behavior(input), current, wanted, min, max, NOW.0);
            same("replicas", got.replicas, expect.get("expectedReplicas").int())?;
            same("condition", got.reason, expect.get("expectedCondition").str())
        }
        "TestNormalizeDesiredReplicas" => {
            let got = stabilize(&mut past, wanted, 300 * second, NOW.0);
            same("replicas", got, expect.get("expectedStabilizedReplicas").int())?;
            same("length", past.recommendations.len() as i64, expect.get("expectedLogLength").int())
        }
        "TestNormalizeDesiredReplicasWithBehavior" => {
            let window = |field: &str| input.get(field).int() * second;
            let (up, down) =
                (window("scaleUpStabilizationWindowSeconds"), window("scaleDownStabilizationWindowSeconds"));
            let got = stabilize_both(&mut past, current, wanted, up, down, NOW.0);
            same("replicas", got, expect.get("expectedStabilizedReplicas").int())?;
            let numbers = |list: &[Recommendation]| list.iter().map(|r| r.replicas).collect::<Vec<_>>();
            let expected = recommendations(expect.get("expectedRecommendations"));
            if expected.is_empty() {
                return Ok(());
            }
            same("recommendations", numbers(&past.recommendations), numbers(&expected))
        }
        "TestStoreScaleEvents" => {
            let mut scaling = Value::map();
            let rules = input.get("scalingRules");
            if !rules.is_null() {
                scaling.set("scaleUp", rules.clone());
            }
            past.ups = events(input.get("prevScaleEvents"));
            let period = rules.get("policies").list().iter().map(|p| p.get("periodSeconds").int()).max().unwrap_or(0);
            same("change", changed(&past.ups, period, NOW.0), expect.get("expectedReplicasChange").int())?;
            let scaling = if rules.is_null() { Value::Null } else { scaling };
            note_scaling(&mut past, &scaling, 10, 10 + int("replicaChange"), NOW.0);
            let brief = |list: &[ScaleEvent]| list.iter().map(|e| (e.change, e.outdated)).collect::<Vec<_>>();
            let of = |e: &Value| (e.get("replicaChange").int(), e.get("outdated").bool());
            let expected: Vec<_> = input.get("newScaleEvents").list().iter().map(of).collect();
            same("events", brief(&past.ups), expected)
        }
        "TestCalculateScaleUpLimitWithScalingRules" => {
            let (limit, _) = scale_up_limit(current, &past, input.get("scaleUpRules"), NOW.0);
            same("limit", limit, expect.get("scaleUpLimit").int())
        }
        "TestCalculateScaleDownLimitWithBehaviors" => {
            let rules = value!({"selectPolicy": "Min", "policies": [(input.clone())]});
            let (limit, _) = scale_down_limit(1, &past, &rules, NOW.0);
            same("limit", limit, expect.get("scaleDownLimit").int())
        }
        "TestGroupPods" => groups_case(input, expect),
        "TestCalculateRequests" => requests_case(input, expect),
        "TestBuildQuantity" => {
            let got = resource_text(input.get("resourceName").str(), int("rawProposal"));
            same("quantity", Quantity::parse(&got), Quantity::parse(expect.get("expected").str()))
        }
        other => Err(format!("no such function: {other}")),
    }
}

fn groups_case(input: &Value, expect: &Value) -> Result<(), String> {
    let pods = objects(input.get("pods"));
    let mut measures = Measures::new();
    for (name, metric) in input.get("metrics").entries() {
        let window = metric.get("Window").get("$seconds");
        let secs = if let Value::Float(x) = window { *x as u64 } else { window.int() as u64 };
        let measured =
            Measured { milli: metric.get("Value").int(), at: at(metric.get("Timestamp")), window: Span::secs(secs) };
        measures.insert(name.clone(), measured);
    }
    let refs: Vec<&Object> = pods.iter().collect();
    let got = group_pods(&refs, &measures, input.get("resource").str(), NOW, &flags());
    same("ready", got.ready, expect.get("expectReadyPodCount").int())?;
    for (set, field) in
        [(got.unready, "expectUnreadyPods"), (got.missing, "expectMissingPods"), (got.ignored, "expectIgnoredPods")]
    {
        let wanted: Vec<String> = expect.get(field).list().iter().map(|name| name.str().to_owned()).collect();
        same(field, set.iter().map(|name| name.to_string()).collect::<Vec<_>>(), wanted)?;
    }
    Ok(())
}

fn requests_case(input: &Value, expect: &Value) -> Result<(), String> {
    let mut pods = objects(input.get("pods"));
    if !input.get("enablePodLevelResources").bool() {
        pods.iter_mut().for_each(|pod| drop(pod.value.remove("spec.resources")));
    }
    let refs: Vec<&Object> = pods.iter().collect();
    let got = calculate_requests(&refs, input.get("container").str(), input.get("resource").str());
    match (got, expect.get("expectedError").is_null()) {
        (Err(why), false) => same("error", why.as_str(), expect.at("expectedError.msg").str()),
        (Err(why), true) => Err(why),
        (Ok(got), _) => {
            let wanted: BTreeMap<_, _> =
                expect.get("expectedRequests").entries().iter().map(|(k, v)| (k.clone(), v.int())).collect();
            same("requests", got, wanted)
        }
    }
}
