//! StatefulSets: upstream's own examples of claims and their owners, one line of tests/data/controllers/stateful_set.jsonl
//! each, and what no recording shows.

use kubottle::api::{kind, Object, Value};
use kubottle::base::time::Timestamp;
use kubottle::cluster::{checkers, World};
use kubottle::controllers::stateful_set_claims as claims;
use kubottle::controllers::stateful_set_pods as pods;
use kubottle::kubectl::player::Player;
use kubottle::kubectl::Session;
use kubottle::store::Settings;
use kubottle::value;
use serde_json::Value as Json;

use crate::support;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

fn object(kind_name: &str, name: &str, uid: &str) -> Object {
    let mut object = Object::new(kind(kind_name), "default", name);
    object.set("metadata.uid", uid);
    object
}

fn set(name: &str, uid: &str, when_scaled: &Json, when_deleted: &Json) -> Object {
    let mut set = object("StatefulSet", name, uid);
    let retention = [("whenScaled", when_scaled), ("whenDeleted", when_deleted)];
    for (field, policy) in retention {
        set.set(&format!("spec.persistentVolumeClaimRetentionPolicy.{field}"), policy.as_str().unwrap_or("Retain"));
    }
    set
}

fn claim(owners: &Json) -> Object {
    let mut claim = object("PersistentVolumeClaim", "data", "claim");
    claim.set("metadata.ownerReferences", support::value(owners, 0));
    claim
}

/// Which of both owns the claim.
fn owners(references: &[Value], set: &Object, pod: &Object) -> Json {
    let has = |owner: &Object| references.iter().any(|r| r.get("uid").str() == owner.uid());
    serde_json::json!({"needsPodRef": has(pod), "needsSetRef": has(set)})
}

fn result(case: &Json) -> Json {
    let input = &case["input"];
    let int = |field: &str| input[field].as_i64().unwrap_or(0);
    match case["check"].as_str().unwrap() {
        "GetStatefulSetMaxUnavailable" => {
            let mut set = object("StatefulSet", "set", "set");
            set.set("spec.replicas", int("replicaCount"));
            set.set("spec.updateStrategy.rollingUpdate.maxUnavailable", support::value(&input["maxUnavailable"], 0));
            serde_json::json!({"expectedMaxUnavailable": pods::max_unavailable(&set)})
        }
        "StatefulSetMetrics" => {
            let mut set = object("StatefulSet", "set", "set");
            set.set("spec.replicas", int("totalPods"));
            set.set("spec.updateStrategy.rollingUpdate.maxUnavailable", support::value(&input["maxUnavailable"], 0));
            serde_json::json!({"expectedMaxUnavailableValue": pods::max_unavailable(&set),
                "expectedUnavailableReplicasValue": int("unavailablePodCount")})
        }
        "IsClaimOwnerUpToDate" => {
            let mut set = set("stateful-set", "set", &input["scaleDownPolicy"], &input["setDeletePolicy"]);
            set.set("spec.replicas", int("replicas").max(1));
            let pod = object("Pod", &format!("stateful-set-{}", int("ordinal")), "pod");
            let right: Vec<Json> = [(false, false), (false, true), (true, false), (true, true)]
                .into_iter()
                .map(|(of_pod, of_set)| {
                    let mut claim = object("PersistentVolumeClaim", "data", "claim");
                    let mut references = Vec::new();
                    references.extend(of_pod.then(|| pod.controller_reference()));
                    references.extend(of_set.then(|| set.controller_reference()));
                    claim.set("metadata.ownerReferences", Value::from(references.clone()));
                    (claims::owners_are_right(&claim, &set, &pod), owners(&references, &set, &pod))
                })
                .filter_map(|(right, which)| right.then_some(which))
                .collect();
            assert_eq!(right.len(), 1, "one choice of owners is right: {right:?}");
            right[0].clone()
        }
        "UpdateClaimOwnerRefForSetAndPod" => {
            let mut set = set("stateful-set", "set", &input["scaleDownPolicy"], &input["setDeletePolicy"]);
            set.set("spec.replicas", 1);
            let ordinal = i64::from(input["condemned"].as_bool() == Some(true));
            let pod = object("Pod", &format!("stateful-set-{ordinal}"), "pod");
            let other =
                serde_json::json!([{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "x", "controller": true}]);
            let unexpected = input["unexpectedController"].as_bool() == Some(true);
            let claim = if unexpected { claim(&other) } else { claim(&Json::Null) };
            owners(&claims::right_owners(&claim, &set, &pod), &set, &pod)
        }
        "ClaimOwnerUpToDateEdgeCases" => {
            let policy = &input["policy"];
            let mut set = set("stateful-set", "ss-456", &policy["whenScaled"], &policy["whenDeleted"]);
            set.set("spec.replicas", 1);
            let matches =
                claims::owners_are_right(&claim(&input["ownerRefs"]), &set, &object("Pod", "pod-1", "pod-123"));
            serde_json::json!({"shouldMatch": matches})
        }
        "UpdateClaimControllerRef" => {
            let set = set("sts", "set", &Json::Null, &Json::Null);
            let owners = claims::right_owners(&claim(&input["originalRefs"]), &set, &object("Pod", "sts-0", "pod"));
            assert_eq!(owners, Vec::new());
            serde_json::json!({"expectedRefs": []})
        }
        "HasUnexpectedController" => {
            let set = set("set", "set-uid", &Json::Null, &Json::from("Delete"));
            let pod = object("Pod", "pod", "pod-uid");
            let unexpected = claims::has_unexpected_controller(&claim(&input["refs"]), &set, &pod);
            serde_json::json!({"shouldReportUnexpectedController": unexpected})
        }
        "NonController" => {
            let (set, pod) = (object("StatefulSet", "set", "set"), object("Pod", "pod", "pod"));
            serde_json::json!({"nonController": claims::has_non_controller(&claim(&input["refs"]), &set, &pod)})
        }
        "PodClaimIsStale" => {
            let known = input["skipPodUID"].as_bool() != Some(true);
            let pod = object("Pod", "set-3", if known { "123" } else { "" });
            let stale = input["claimStates"].as_array().unwrap().iter().filter_map(|state| match state.as_str() {
                Some("with-ref") => Some("123"),
                Some("stale") => Some("stale"),
                _ => None,
            });
            let owned =
                |uid| claim(&serde_json::json!([{"apiVersion": "v1", "kind": "Pod", "name": "set-3", "uid": uid}]));
            let any = stale.map(owned).any(|claim| claims::has_stale_owner(&claim, &pod));
            serde_json::json!({"expected": any})
        }
        "StatefulSetAvailability" => {
            let mut set = object("StatefulSet", "foo", "test");
            set.set("spec.minReadySeconds", int("minReadySeconds"));
            let mut pod = object("Pod", "foo-0", "pod");
            let since = Timestamp(NOW.0 - int("readyAgo") * 1_000_000).rfc3339();
            pod.set("status.phase", "Running");
            pod.set("status.conditions", value!([{"type": "Ready", "status": "True", "lastTransitionTime": since}]));
            serde_json::json!({"expectedActiveReplicas": i64::from(pods::is_available(&set, &pod, NOW))})
        }
        "MatchesRef" => {
            let (reference, named) = (support::value(&input["ref"], 0), &input["obj"]);
            let owner = object("Pod", named["name"].as_str().unwrap(), named["uid"].as_str().unwrap());
            serde_json::json!({"shouldMatch": claims::matches_name(&reference, &owner)})
        }
        other => panic!("unknown check {other}"),
    }
}

#[test]
fn upstreams_examples_agree() {
    let mut wrong = Vec::new();
    for line in include_str!("../data/controllers/stateful_set.jsonl").lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let found = result(&case);
        if found != case["want"] {
            wrong.push(format!("{} {}: {found} instead of {}", case["check"], case["name"], case["want"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn player(manifest: &str) -> Player {
    let mut session = Session::default();
    session.write("web.yaml", manifest.to_owned());
    let mut player = Player::new(
        World::new(Settings { images_present: true, stand_in_runtime: true, ..Settings::default() }),
        session,
    );
    say(&mut player, "kubectl apply -f web.yaml");
    player
}

fn say(player: &mut Player, line: &str) -> String {
    let played = player.run(line);
    let wrong = checkers::violations(&player.world);
    assert!(wrong.is_empty(), "{line}: {wrong:?}");
    assert_eq!((played.code, played.stderr.as_str()), (0, ""), "{line}");
    played.stdout
}

const WEB: &str = "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: 'nginx:1.25'}]}
";

const NAMES: &str = "kubectl get pods -l app=web -o jsonpath='{.items[*].metadata.name}'";

#[test]
fn ordinals_start_where_they_are_told_to() {
    let mut player = player(&WEB.replace("  replicas: 4", "  replicas: 2\n  ordinals: {start: 5}"));
    say(&mut player, "kubectl rollout status sts/web");
    assert_eq!(say(&mut player, NAMES), "web-5 web-6");
    say(&mut player, "kubectl patch sts web -p '{\"spec\":{\"ordinals\":{\"start\":4}}}'");
    say(&mut player, "wait 10s");
    assert_eq!(say(&mut player, NAMES), "web-4 web-5");
}

#[test]
fn max_unavailable_lets_several_pods_go_at_once() {
    let strategy = "  updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}\n  podManagementPolicy: Parallel\n";
    let mut player = player(&(WEB.to_owned() + strategy));
    say(&mut player, "kubectl rollout status sts/web");
    say(&mut player, "kubectl set image sts/web c=nginx:1.26");
    say(&mut player, "wait 100ms");
    let going = "kubectl get pods -l app=web -o jsonpath='{.items[?(@.metadata.deletionTimestamp)].metadata.name}'";
    assert_eq!(say(&mut player, going), "web-2 web-3");
    say(&mut player, "kubectl rollout status sts/web");
}

#[test]
fn a_pod_gets_the_labels_of_its_ordinal_back() {
    let mut player = player(WEB);
    say(&mut player, "kubectl rollout status sts/web");
    say(&mut player, "kubectl label pod web-1 statefulset.kubernetes.io/pod-name-");
    say(&mut player, "wait 1s");
    let label = "kubectl get pod web-1 -o jsonpath='{.metadata.labels.statefulset\\.kubernetes\\.io/pod-name}'";
    assert_eq!(say(&mut player, label), "web-1");
    let events = say(&mut player, "kubectl get events --field-selector reason=SuccessfulUpdate");
    assert!(events.contains("Update Pod web-1 in StatefulSet web successful"), "{events}");
}

#[test]
fn min_ready_seconds_hold_the_next_pod_back() {
    let mut player = player(&(WEB.to_owned() + "  minReadySeconds: 20\n"));
    say(&mut player, "wait 15s");
    assert_eq!(say(&mut player, NAMES), "web-0");
    say(&mut player, "wait 10s");
    assert_eq!(say(&mut player, NAMES), "web-0 web-1");
    let counts = "kubectl get sts web -o jsonpath='{.status.readyReplicas} {.status.availableReplicas}'";
    assert_eq!(say(&mut player, counts), "2 1");
}

#[test]
fn history_is_cut_at_its_limit() {
    let mut player = player(&(WEB.to_owned() + "  revisionHistoryLimit: 2\n"));
    for minor in 0..5 {
        say(&mut player, &format!("kubectl set image sts/web c=nginx:2.{minor}"));
        say(&mut player, "kubectl rollout status sts/web");
    }
    let revisions = say(&mut player, "kubectl get controllerrevisions -o jsonpath='{.items[*].revision}'");
    let mut numbers: Vec<&str> = revisions.split(' ').collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["4", "5", "6"], "two past ones and the present one");
}
