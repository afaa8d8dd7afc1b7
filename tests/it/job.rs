//! Jobs against upstream's own examples: one line of tests/data/controllers/job.jsonl each. One sync of the controller is
//! looked at: what it makes and deletes, and the status it writes.

use kubottle::api::{kind, Object, ObjectKey, Value};
use kubottle::base::time::{Span, Timestamp};
use kubottle::controllers::{job_count, job_finish, job_indexes, job_pods};
use kubottle::store::server::Part;
use kubottle::store::View;
use kubottle::value;
use serde_json::{json, Value as Json};

use super::job_cluster::{phase, Cluster, Synced, NOW_SECS};
use crate::support;

/// The conditions that are expected and missing. Where an example leaves the Job's end to older rules, the Job ends here
/// once its pods are gone.
fn missing_conditions(wanted: &Json, synced: &Synced) -> Vec<String> {
    let holds = |kind: &str, wanted: &Json| {
        let found = synced.job.condition(kind);
        ["status", "reason", "message"]
            .iter()
            .all(|field| wanted[field].as_str().is_none_or(|text| found.get(field).str() == text))
    };
    let waits = synced.job.at("status.terminating").int() > 0;
    let wanted = wanted.as_array().cloned().unwrap_or_default();
    let missing = wanted.iter().filter(|condition| {
        let kind = condition["type"].as_str().unwrap();
        let earlier = if kind == "Failed" { "FailureTarget" } else { "SuccessCriteriaMet" };
        !(holds(kind, condition) || waits && holds(earlier, condition))
    });
    missing.map(|condition| condition.to_string()).collect()
}

/// One sync of a Job with so many pods in each state.
fn sync_of(input: &Json) -> Synced {
    let count = |field: &str| input[field].as_i64().unwrap_or(0);
    let mut cluster = Cluster::new();
    let mut spec = json!({"parallelism": count("parallelism"), "backoffLimit": count("backoffLimit")});
    for field in ["suspend", "completionMode", "podReplacementPolicy", "podFailurePolicy", "activeDeadlineSeconds"] {
        if !input[field].is_null() {
            spec[field] = input[field].clone();
        }
    }
    if count("completions") >= 0 {
        spec["completions"] = count("completions").into();
    }
    if !input["restartCounts"].is_null() {
        spec["template"] = json!({"spec": {"restartPolicy": "OnFailure"}});
    }
    let mut status = support::value(&input["initialStatus"], NOW_SECS);
    if !input["startTime"].is_null() {
        status.set("startTime", Timestamp((NOW_SECS - count("startTime")) * 1_000_000).rfc3339());
    }
    let job = cluster.job(&spec, if status.is_null() { Value::map() } else { status });
    let ready = value!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
    for n in 0..count("activePods") {
        let running = if n < count("readyPods") { ready.clone() } else { phase("Running") };
        cluster.pod(&job, None, running, false);
    }
    for (field, name) in [("pendingPods", "Pending"), ("succeededPods", "Succeeded"), ("failedPods", "Failed")] {
        (0..count(field)).for_each(|_| cluster.pod(&job, None, phase(name), false));
    }
    (0..count("terminatingPods")).for_each(|_| cluster.pod(&job, None, phase("Running"), true));
    for pod in input["podsWithIndexes"].as_array().into_iter().flatten() {
        cluster.pod(&job, pod["Index"].as_str(), phase(pod["Phase"].as_str().unwrap()), false);
    }
    for restarts in input["restartCounts"].as_array().into_iter().flatten() {
        let statuses = value!([{"name": "main-container", "restartCount": (restarts.as_i64().unwrap())}]);
        let status = value!({"phase": (input["podPhase"].as_str().unwrap()), "containerStatuses": statuses});
        cluster.pod(&job, None, status, false);
    }
    if input["deleting"].as_bool() == Some(true) {
        let foreground = kubottle::store::plan::Propagation::Foreground;
        let options = kubottle::store::plan::DeleteOptions { grace_seconds: None, propagation: foreground };
        let key = job.key();
        let marked = cluster.server(|server, because| server.delete(kind("Job"), &key, "", options, because));
        marked.expect("a Job can be deleted");
    }
    let record = &input["backoffRecord"];
    let failures = record["failuresAfterLastSuccess"].as_i64().unwrap_or(0);
    cluster.sync(&value!({"failures": failures, "lastFailure": (NOW_SECS * 1_000_000)}))
}

fn compare_sync(input: &Json, want: &Json) -> Vec<String> {
    let synced = sync_of(input);
    let mut wrong = missing_conditions(&want["expectedConditions"], &synced);
    let mut check = |name: &str, found: Json| {
        let wanted = if want[name].is_null() && found.is_number() { json!(0) } else { want[name].clone() };
        if found != wanted {
            wrong.push(format!("{name} is {found}, not {wanted}"));
        }
    };
    let said = |field: &str| json!(synced.job.status().get(field).int());
    if !want["expectedReady"].is_null() {
        check("expectedCreations", json!(synced.created.len()));
        check("expectedReady", said("ready"));
    }
    if input["restartCounts"].is_null() && input["activePodsPhase"].is_null() {
        check("expectedDeletions", json!(synced.deleted));
    }
    if !want["expectedTerminating"].is_null() {
        check("expectedTerminating", said("terminating"));
    }
    check("expectedActive", said("active"));
    check("expectedSucceeded", said("succeeded"));
    check("expectedFailed", said("failed"));
    if !want["expectedCreatedIndexes"].is_null() {
        check("expectedCreatedIndexes", json!(synced.created));
    }
    if !want["expectedCompletedIdxs"].is_null() {
        check("expectedCompletedIdxs", json!(synced.job.at("status.completedIndexes").str()));
    }
    wrong
}

fn with_policy(input: &Json, want: &Json) -> Vec<String> {
    let mut cluster = Cluster::new();
    let job = cluster.job(&input["job"]["spec"], Value::map());
    for pod in input["pods"].as_array().unwrap() {
        let going = !pod["metadata"]["deletionTimestamp"].is_null();
        let index = pod["metadata"]["annotations"][job_count::INDEX_ANNOTATION].as_str();
        cluster.pod(&job, index, support::value(&pod["status"], NOW_SECS), going);
    }
    let synced = cluster.sync(&Value::map());
    let mut wrong = missing_conditions(&want["wantConditions"], &synced);
    for (name, field) in
        [("wantStatusActive", "active"), ("wantStatusFailed", "failed"), ("wantStatusSucceeded", "succeeded")]
    {
        if !want[name].is_null() && synced.job.status().get(field).int() != want[name].as_i64().unwrap() {
            wrong.push(format!("{field} is {}, not {}", synced.job.status().get(field).int(), want[name]));
        }
    }
    wrong
}

fn pod_of(json: &Json) -> Object {
    Object { kind: kind("Pod"), value: support::value(json, NOW_SECS) }
}

fn job_of(json: &Json) -> Object {
    let mut job = Object { kind: kind("Job"), value: support::value(json, NOW_SECS) };
    job.set("metadata.uid", "job");
    job.set("spec.completionMode", "Indexed");
    job
}

fn indexes(intervals: &Json) -> Vec<i64> {
    let ends = |interval: &Json| interval["First"].as_i64().unwrap()..=interval["Last"].as_i64().unwrap();
    intervals.as_array().into_iter().flatten().flat_map(ends).collect()
}

/// The counts of a Job over pods with indexes.
fn tally(input: &Json, spec: Json) -> (Object, job_count::Tally, Cluster) {
    let mut cluster = Cluster::new();
    let job = cluster.job(&spec, support::value(&input["job"]["status"], NOW_SECS));
    let mut job = job;
    if let Some(text) = input["prevSucceeded"].as_str() {
        job = cluster.set_status(job, value!({"completedIndexes": text}));
    }
    for pod in ["pods", "activePods"].iter().flat_map(|field| input[*field].as_array().cloned().unwrap_or_default()) {
        match pod["Index"].as_str() {
            Some(index) => cluster.pod(&job, Some(index), phase(pod["Phase"].as_str().unwrap()), false),
            None if pod["metadata"]["finalizers"].is_null() => {}
            None => {
                let annotations = &pod["metadata"]["annotations"];
                cluster.pod(
                    &job,
                    annotations[job_count::INDEX_ANNOTATION].as_str(),
                    support::value(&pod["status"], NOW_SECS),
                    false,
                );
                let key = ObjectKey::new("default", format!("mypod-{}", cluster.count - 1));
                let failures =
                    annotations["batch.kubernetes.io/job-index-failure-count"].as_str().unwrap_or("").to_owned();
                let noted = cluster.server(|server, because| {
                    server.modify(kind("Pod"), &key, Part::Main, because, |pod| {
                        let mut pod = pod.clone();
                        let place = pod.value.slot_at("metadata.annotations").map_mut();
                        place.insert("batch.kubernetes.io/job-index-failure-count", failures);
                        Ok(pod)
                    })
                });
                noted.expect("annotations can be changed");
            }
        }
    }
    let view = View::new(&cluster.store, Cluster::now(), &cluster.settings);
    let tally = job_count::Tally::of(&view, &job);
    (job, tally, cluster)
}

fn differs(found: Json, wanted: Json) -> Vec<String> {
    if found == wanted {
        return Vec::new();
    }
    vec![format!("{found} instead of {wanted}")]
}

fn check(case: &Json) -> Vec<String> {
    let (input, want) = (&case["input"], &case["want"]);
    let seconds = |value: &Json| value["$seconds"].as_f64().unwrap_or(0.0);
    let span = |value: &Json| Span((seconds(value) * 1e6) as u64);
    let time = |value: &Json| Timestamp::parse(value.as_str().unwrap_or("")).unwrap_or(Timestamp(0));
    let completions = input["completions"].as_i64().unwrap_or(2);
    match case["check"].as_str().unwrap() {
        "ControllerSyncJob" | "SyncJobPastDeadline" | "JobBackoffForOnFailure" | "JobBackoffOnRestartPolicyNever" => {
            compare_sync(input, want)
        }
        "SyncJobWithJobPodFailurePolicy" => with_policy(input, want),
        "GetFinishedTime" => {
            let at = job_count::finish_time(&pod_of(&input["pod"]));
            differs(json!(at.0), json!(time(&want["wantFinishTime"]).0))
        }
        "CalculateSucceededIndexes" => {
            let spec = json!({"completions": completions, "parallelism": 1, "completionMode": "Indexed"});
            differs(json!(tally(input, spec).1.succeeded_indexes), json!(indexes(&want["wantIntervals"])))
        }
        "CalculateFailedIndexes" => {
            let mut spec = input["job"]["spec"].clone();
            spec["completionMode"] = "Indexed".into();
            differs(json!(tally(input, spec).1.failed_indexes.unwrap()), json!(indexes(&want["wantFailedIndexes"])))
        }
        "FirstPendingIndexes" => {
            let spec = json!({"completions": completions, "parallelism": 1, "completionMode": "Indexed"});
            let (job, mut tally, cluster) = tally(input, spec);
            tally.succeeded_indexes = indexes(&input["succeededIndexes"]);
            tally.failed_indexes = Some(indexes(&input["failedIndexes"]));
            let view = View::new(&cluster.store, Cluster::now(), &cluster.settings);
            let count = input["cnt"].as_u64().unwrap() as usize;
            differs(json!(job_pods::open_indexes(&view, &job, &tally, count).unwrap()), want["want"].clone())
        }
        "IsIndexFailed" => {
            let failed = job_count::fails_index(&pod_of(&input["pod"]), &job_of(&input["job"]));
            differs(json!(failed), json!(want["wantResult"].as_bool().unwrap_or(false)))
        }
        "GetIndexFailureCount" => {
            let count = job_count::failures_of_index(&pod_of(&input["pod"]));
            differs(json!(count), json!(want["wantResult"].as_i64().unwrap_or(0)))
        }
        "GetNewIndexFailureCountValue" => {
            let count = job_count::failures_of_index(&pod_of(&input["pod"])) + 1;
            differs(json!(count), want["wantNewIndexFailureCount"].clone())
        }
        "PodGenerateNameWithIndex" => {
            let name = job_pods::generate_name(input["jobname"].as_str().unwrap(), input["index"].as_i64().unwrap());
            differs(json!(name), want["wantPodGenerateName"].clone())
        }
        "GetRemainingBackoffTime" | "GetRemainingBackoffTimePerIndex" => {
            let pod = pod_of(&input["lastFailedPod"]);
            let per_index = if input["lastFailedPod"].is_null() { 0 } else { job_count::failures_of_index(&pod) + 1 };
            let record = &input["backoffRecord"];
            let failures = record["failuresAfterLastSuccess"].as_i64().unwrap_or(per_index);
            let last = if per_index > 0 { job_count::finish_time(&pod) } else { time(&record["lastFailureTime"]) };
            let (first, most) = (span(&input["defaultBackoff"]), span(&input["maxBackoff"]));
            let left = job_pods::remaining_after(failures, last, time(&input["currentTime"]), first, most);
            differs(json!(left.0), json!((seconds(&want["wantDuration"]) * 1e6) as u64))
        }
        "NewBackoffRecord" => {
            let mut ends: Vec<(Timestamp, bool)> = Vec::new();
            for (field, failed) in [("newSucceededPods", false), ("newFailedPods", true)] {
                ends.extend(input[field].as_array().into_iter().flatten().map(|at| (time(at), failed)));
            }
            ends.sort_unstable();
            let mut memory = Value::map();
            job_pods::note_ends(&ends, &mut memory);
            differs(json!(memory.get("failures").int()), want["wantBackoffRecord"]["failuresAfterLastSuccess"].clone())
        }
        "MatchPodFailurePolicy" => {
            let job = job_of(&json!({"spec": {"podFailurePolicy": input["podFailurePolicy"]}}));
            let pod = pod_of(&input["failedPod"]);
            let (action, counts) = job_count::policy_action(&pod, &job);
            let matched = job_finish::match_rule(job.at("spec.podFailurePolicy.rules").list(), &pod);
            let message = matched.filter(|(action, _)| *action == "FailJob").map(|(_, message)| message);
            let mut wrong = differs(json!(action), want["wantAction"].clone());
            wrong.extend(differs(json!(counts), json!(want["wantCountFailed"].as_bool().unwrap_or(false))));
            wrong.extend(differs(json!(message), want["wantJobFailureMessage"].clone()));
            wrong
        }
        "MatchSuccessPolicy" => {
            let rules = support::value(&input["successPolicy"]["rules"], NOW_SECS);
            let message = job_finish::matched_success(rules.list(), &indexes(&input["succeededIndexes"]));
            differs(json!(message), want["wantMessage"].clone())
        }
        "AppendDuplicatedIndexPodsForRemoval" => {
            let pods = |list: &Json| -> Vec<String> {
                list.as_array().unwrap().iter().map(|pod| pod["Index"].as_str().unwrap().to_owned()).collect()
            };
            let job = job_of(&json!({"spec": {"completions": completions}}));
            let active: Vec<Object> = input["pods"]
                .as_array()
                .unwrap()
                .iter()
                .map(|pod| {
                    let mut object = Object::new(kind("Pod"), "default", pod["Index"].as_str().unwrap());
                    let annotations = object.value.slot_at("metadata.annotations").map_mut();
                    annotations.insert(job_count::INDEX_ANNOTATION, pod["Index"].as_str().unwrap());
                    object.set("status.phase", pod["Phase"].as_str().unwrap());
                    object
                })
                .collect();
            let mut removed: Vec<String> =
                job_pods::for_removal(&job, &active, 0).iter().map(|pod| pod.name().to_owned()).collect();
            removed.sort();
            differs(json!(removed), json!(pods(&want["wantRm"])))
        }
        other => panic!("unknown check {other}"),
    }
}

#[test]
fn upstreams_examples_agree() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in include_str!("../data/controllers/job.jsonl").lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        count += 1;
        let differences = check(&case);
        if !differences.is_empty() {
            wrong.push(format!("{} {}: {}", case["check"], case["name"], differences.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(job_indexes::text(&[0, 1, 3]), "0,1,3");
}

#[test]
fn a_job_of_another_controller_is_left_alone() {
    for (manager, made) in [("acme.io/jobs", 0), ("kubernetes.io/job-controller", 1)] {
        let mut cluster = Cluster::new();
        cluster.job(&json!({"parallelism": 1, "completions": 1, "managedBy": manager}), Value::map());
        assert_eq!(cluster.sync(&Value::map()).created.len(), made, "{manager}");
    }
}
