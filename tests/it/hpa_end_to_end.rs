//! Upstream's cases of the HorizontalPodAutoscaler once more, as a user would play them: manifests, `load metrics FILE` and
//! `get hpa -o json`.

use kubottle::base::time::Span;
use kubottle::cluster::World;
use kubottle::kubectl::player::Player;
use kubottle::kubectl::Session;
use kubottle::store::Settings;
use serde_json::{json, Value as Json};

/// What cannot be played: more replicas than a cluster holds, metrics of pods that do not exist, a target that has not the size
/// it should have, and what the API server refuses.
const NOT_PLAYED: &[&str] = &[
    "TestReplicaCalcDisjointResourcesMetrics",
    "TestReplicaCalcScaleUpOverflow",
    "TestReplicaCalcExternalMetricUsageOverflow",
    "TestReplicaCalcDuringRollingUpdateWithMaxSurgeCM",
    "TestConditionInvalidSelectorMissing",
    "TestConditionInvalidSelectorUnparsable",
    "TestConditionInvalidSourceType",
    "TestScaleUpOneMetricInvalid",
    "TestScaleUpFromZeroOneMetricInvalid",
    "TestScaleUpBothMetricsEmpty",
    "TestConditionFailedUpdateScale",
    "TestScaleUpRCImmediately",
];

#[test]
fn cases_played_through_manifests_and_a_metrics_file_agree() {
    let (mut wrong, mut played) = (Vec::new(), 0);
    for line in include_str!("../data/hpa.jsonl").lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let (name, section) = (case["name"].as_str().unwrap(), case["section"].as_str().unwrap());
        if section == "rules" || NOT_PLAYED.contains(&name) || !is_playable(&case["input"]) {
            continue;
        }
        played += 1;
        let result =
            Play { name, input: &case["input"], expect: &case["expect"], whole: section == "controller" }.agree();
        wrong.extend(result.err().map(|why| format!("{name}: {why}")));
    }
    println!("{played} cases played");
    assert!(wrong.is_empty(), "{} of {played}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(played >= 77, "only {played} cases were played");
}

/// Another past, and bounds of zero where their gate is off: no manifest says those.
fn is_playable(input: &Json) -> bool {
    let no_past = input["recommendations"].as_array().is_none_or(Vec::is_empty) && input["initialConditions"].is_null();
    let sizes = input["specReplicas"] == input["statusReplicas"];
    let is_whole = !input["specReplicas"].is_null();
    let least = input["minReplicas"].as_u64().unwrap_or(0);
    no_past && sizes && (!is_whole || least > 0 || input["featureGates"]["HPAScaleToZero"] == true)
}

struct Play<'a> {
    name: &'a str,
    input: &'a Json,
    expect: &'a Json,
    /// One look of the controller; otherwise the calculator alone.
    whole: bool,
}

impl<'a> Play<'a> {
    fn list(&self, calculator: &str, controller: &str) -> Vec<Json> {
        self.input[if self.whole { controller } else { calculator }].as_array().cloned().unwrap_or_default()
    }

    fn replicas(&self) -> usize {
        self.input[if self.whole { "specReplicas" } else { "currentReplicas" }].as_u64().unwrap() as usize
    }

    fn pods(&self) -> usize {
        let given = self.list("podPhase", "reportedCPURequests").len();
        given.max(self.replicas())
    }

    fn requests(&self) -> Vec<String> {
        let list = if self.whole { &self.input["reportedCPURequests"] } else { &self.input["resource"]["requests"] };
        list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    fn pod(&self, i: usize) -> Json {
        let of = |calculator, controller| self.list(calculator, controller).get(i).cloned().unwrap_or(Json::Null);
        let request = self.requests().get(i).map(|text| {
            let milli = kubottle::base::quantity::Quantity::parse(text).unwrap().milli_value();
            format!("{}m", if self.whole { milli / 2 } else { milli })
        });
        let mut containers = Vec::new();
        for name in ["container1", "container2"] {
            let mut container = json!({"name": name, "image": "nginx"});
            if let Some(request) = &request {
                container["resources"] = json!({"requests": {"cpu": request}});
            }
            if of("podReadiness", "reportedPodReadiness") == "False" {
                container["readinessProbe"] = json!({"exec": {"command": ["false"]}});
            }
            if of("podPhase", "reportedPodPhase") == "Failed" {
                container["command"] = json!(["sh", "-c", "exit 1"]);
            }
            if of("podDeletionTimestamp", "reportedPodDeletionTimestamp") == true {
                container["command"] = json!(["sleep", "100000"]);
            }
            containers.push(container);
        }
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("test-pod-{i}"), "labels": {"name": "test-pod"}},
            "spec": {"containers": containers, "restartPolicy": if of("podPhase", "reportedPodPhase") == "Failed" { "Never" } else { "Always" },
                "terminationGracePeriodSeconds": 100_000}})
    }

    /// The metrics of the case: its own list, or what a metric of the calculator's cases stands for.
    fn metrics(&self) -> Vec<Json> {
        if self.whole {
            let mut metrics = Vec::new();
            if let Some(percent) = self.input["CPUTarget"].as_u64().filter(|percent| *percent > 0) {
                metrics.push(json!({"type": "Resource", "resource": {"name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": percent}}}));
            }
            metrics.extend(self.input["metricsTarget"].as_array().into_iter().flatten().cloned());
            return metrics;
        }
        let (resource, metric) = (&self.input["resource"], &self.input["metric"]);
        if !resource.is_null() {
            let target = json!({"type": "Utilization", "averageUtilization": resource["targetUtilization"]});
            return vec![match &self.input["container"] {
                Json::Null => json!({"type": "Resource", "resource": {"name": "cpu", "target": target}}),
                container => json!({"type": "ContainerResource",
                    "containerResource": {"name": "cpu", "container": container, "target": target}}),
            }];
        }
        let milli = |field: &str| format!("{}m", metric[field]);
        let (value, average) = (
            json!({"type": "Value", "value": milli("targetUsage")}),
            |field: &str| json!({"type": "AverageValue", "averageValue": milli(field)}),
        );
        let identity = json!({"name": metric["name"], "selector": metric["selector"]});
        let object = |target: Json| json!({"type": "Object", "object": {"describedObject": metric["singleObject"], "metric": identity, "target": target}});
        let external = |target: Json| json!({"type": "External", "external": {"metric": identity, "target": target}});
        vec![match metric["metricType"].as_str().unwrap() {
            "pods" => json!({"type": "Pods", "pods": {"metric": identity, "target": average("targetUsage")}}),
            "object" => object(value),
            "objectPerPod" => object(average("perPodTargetUsage")),
            "external" => external(value),
            _ => external(average("perPodTargetUsage")),
        }]
    }

    /// The metrics file: what each pod uses, and the same numbers as a metric of pods, of an object and from outside.
    fn values(&self) -> Json {
        let mut entries = vec![json!({"pods": "none", "cpu": null})];
        if self.name.contains("FailedGetMetrics") {
            let groups = ["metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"];
            return groups.iter().map(|group| json!({"api": group, "available": false})).collect();
        }
        if self.whole {
            let levels: Vec<String> = self.list("", "reportedLevels").iter().map(|level| format!("{level}m")).collect();
            for (i, level) in levels.iter().enumerate() {
                entries.push(json!({"pods": format!("test-pod-{i}"), "cpu": level, "window": "60s", "age": "60s"}));
                entries.push(json!({"pods": format!("test-pod-{i}"), "metric": "qps", "value": level}));
            }
            entries.extend(self.shared(&levels));
            return Json::from(entries);
        }
        let resource = &self.input["resource"];
        for (i, pair) in resource["levels"].as_array().into_iter().flatten().enumerate() {
            let name = resource["podNames"][i].as_str().map_or_else(|| format!("test-pod-{i}"), str::to_owned);
            for (place, level) in pair.as_array().unwrap().iter().enumerate() {
                entries.push(json!({"pods": name, "container": format!("container{}", place + 1),
                    "cpu": format!("{level}m"), "window": "60s", "age": "60s"}));
            }
        }
        let levels = self.input["metric"]["levels"].as_array().into_iter().flatten();
        let levels: Vec<String> = levels.map(|level| format!("{level}m")).collect();
        for (i, level) in levels.iter().enumerate() {
            entries.push(json!({"pods": format!("test-pod-{i}"), "metric": "qps", "value": level}));
        }
        entries.extend(self.shared(&levels));
        Json::from(entries)
    }

    fn shared(&self, levels: &[String]) -> Vec<Json> {
        let Some(first) = levels.first() else { return Vec::new() };
        let mut entries = vec![json!({"object": "deployment/some-deployment", "metric": "qps", "value": first})];
        if !self.input["metricsTarget"].is_array() || self.expect["error"] != "internal" {
            entries.push(json!({"external": "qps", "labels": {"label": "value"}, "value": levels}));
        }
        entries
    }

    fn autoscaler(&self) -> Json {
        let mut spec = json!({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "test-rs"}, "metrics": self.metrics()});
        if !self.whole {
            (spec["minReplicas"], spec["maxReplicas"]) = (json!(1), json!(100));
            let pace = json!([{"type": "Pods", "value": 100, "periodSeconds": 15}]);
            spec["behavior"] = json!({"scaleUp": {"policies": pace, "tolerance": self.input["tolerances"]["scaleUp"]},
                "scaleDown": {"policies": pace, "stabilizationWindowSeconds": 0, "tolerance": self.input["tolerances"]["scaleDown"]}});
            for way in ["scaleUp", "scaleDown"] {
                spec["behavior"][way].as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
        } else {
            (spec["minReplicas"], spec["maxReplicas"]) =
                (self.input["minReplicas"].clone(), self.input["maxReplicas"].clone());
            for (rules, way) in [("scaleUpRules", "scaleUp"), ("scaleDownRules", "scaleDown")] {
                if !self.input[rules].is_null() {
                    spec["behavior"][way] = self.input[rules].clone();
                }
            }
            if self.expect["action"] == "scale_down" || !self.input["recommendations"].is_null() {
                spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] = json!(0);
            }
        }
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "test-hpa"}, "spec": spec})
    }

    fn is_young(&self, i: usize) -> bool {
        self.list("podStartTime", "reportedPodStartTime").get(i).is_some_and(|start| start["$now"] == 0)
    }

    fn agree(&self) -> Result<(), String> {
        let mut settings = Settings { images_present: true, node_cpu: 64, ..Settings::default() };
        for (name, on) in self.input["featureGates"].as_object().into_iter().flatten() {
            assert!(settings.set_feature_gate(&format!("{name}={on}")));
        }
        let mut player = Player::new(World::new(settings), Session::default());
        let apply = |player: &mut Player, objects: Vec<Json>| {
            if objects.is_empty() {
                return Ok(());
            }
            let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
            player.session.write("list.json", list.to_string());
            let played = player.run("kubectl apply -f list.json");
            (played.code == 0).then_some(()).ok_or(played.stderr)
        };
        let pods = |young: bool| (0..self.pods()).filter(|i| self.is_young(*i) == young).map(|i| self.pod(i)).collect();
        apply(&mut player, pods(false))?;
        let young = (0..self.pods()).any(|i| self.is_young(i));
        player.run(if young { "wait 6m" } else { "wait 150s" });
        for i in 0..self.pods() {
            let gone = self.list("podDeletionTimestamp", "reportedPodDeletionTimestamp");
            if gone.get(i).is_some_and(|gone| gone == true) {
                player.run(&format!("kubectl delete pod test-pod-{i} --wait=false"));
            }
        }
        apply(&mut player, pods(true))?;
        let mut template = self.pod(usize::MAX);
        template["metadata"] = json!({"labels": {"name": "test-pod"}});
        let target = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "test-rs"},
            "spec": {"replicas": self.replicas(), "selector": {"matchLabels": {"name": "test-pod"}},
                "template": {"metadata": template["metadata"], "spec": template["spec"]}}});
        player.session.write("metrics.json", self.values().to_string());
        player.run("wait 2s");
        if self.name != "TestConditionFailedGetScale" {
            apply(&mut player, vec![target])?;
        }
        apply(&mut player, vec![self.autoscaler()])?;
        let played = player.run("load metrics metrics.json");
        if played.code != 0 {
            return Err(played.stderr);
        }
        player.advance_to(player.world.now() + Span::secs(16));
        let text = player.run("kubectl get hpa test-hpa -o json").stdout;
        self.compare(&serde_json::from_str(&text).map_err(|why| format!("{why}: {text}"))?)
    }

    fn compare(&self, hpa: &Json) -> Result<(), String> {
        let status = &hpa["status"];
        let same = |what: &str, got: &Json, want: &Json| {
            (got == want).then_some(()).ok_or_else(|| format!("{what} is {got}, not {want}: {status}"))
        };
        if let Some(part) = self.expect["errorContains"].as_str() {
            return status.to_string().contains(part).then_some(()).ok_or_else(|| format!("no {part:?}: {status}"));
        }
        let wanted = &self.expect[if self.whole { "desiredReplicas" } else { "replicas" }];
        // Where the first look fails, a new autoscaler has decided nothing yet.
        let zero = json!(0);
        let failed = self.expect["action"] == "none" && self.expect["error"] == "internal";
        same("desiredReplicas", &status["desiredReplicas"], if failed { &zero } else { wanted })?;
        let metric = &status["currentMetrics"][0];
        let current = ["resource", "containerResource"].map(|kind| &metric[kind]["current"]["averageUtilization"]);
        for field in ["currentCPUUtilization", "utilizationPercent"] {
            if !self.expect[field].is_null() {
                let got = current.iter().find(|got| !got.is_null()).copied().unwrap_or(&Json::Null);
                same(field, got, &self.expect[field])?;
            }
        }
        for wanted in self.expect["conditions"].as_array().into_iter().flatten() {
            let own = status["conditions"].as_array().into_iter().flatten().find(|c| c["type"] == wanted["type"]);
            let own = own.cloned().unwrap_or_default();
            same("status", &own["status"], &wanted["status"])?;
            same("reason", &own["reason"], &wanted["reason"])?;
        }
        Ok(())
    }
}

/// The examples of the documentation, played: its files, then its script.
#[test]
fn the_documented_trial_does_as_the_documentation_says() {
    let text = include_str!("../../docs/metrics-file.md");
    let mut player = Player::new(World::new(Settings::default()), Session::default());
    let mut said = String::new();
    for block in text.split("```").skip(1).step_by(2) {
        let body = block.split_once('\n').unwrap().1;
        if let Some((name, rest)) = body.strip_prefix("# ").and_then(|body| body.split_once('\n')) {
            player.session.write(name, rest.to_owned());
        } else if body.starts_with("- ") {
            let entries = kubottle::api::yaml::parse(body).remove(0).root.unwrap().to_value();
            let read = kubottle::load::feed::read(&entries, player.world.now(), "default").unwrap();
            assert!(read.len() >= entries.list().len(), "every entry of the overview gives something");
        }
        for line in body.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let played = player.run(line);
            assert_eq!(played.code, 0, "{line}: {}", played.stderr);
            said.push_str(&played.stdout);
        }
    }
    assert!(said.contains("\"desiredReplicas\": 5"), "{said}");
    assert!(said.contains("ceil(3 x 50%/30%) = 5"), "{said}");
}
