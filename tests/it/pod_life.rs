//! Pods from creation to their end: what the scheduler and the kubelet make of manifests, watched change by change.

use kubottle::api::kinds::Catalog;
use kubottle::api::{kind, manifest, merge, Object, ObjectKey, Value};
use kubottle::base::time::{SimTime, Span};
use kubottle::cluster::World;
use kubottle::store::plan::DeleteOptions;
use kubottle::store::server::Part;
use kubottle::store::{Because, Settings, Verb};
use kubottle::value;

/// A cluster whose nodes have every image, with the objects of a manifest created.
pub fn world_with(manifest_text: &str) -> World {
    let mut world = World::new(Settings { images_present: true, stand_in_runtime: true, ..Settings::default() });
    create(&mut world, manifest_text);
    world
}

/// Creates the objects of a manifest, in the namespace `default` where it says none.
pub fn create(world: &mut World, manifest_text: &str) {
    let because = std::sync::Arc::new(Because::rule("kubectl", "create"));
    for found in manifest::read(manifest_text, "test.yaml", &Catalog::default()) {
        let found = found.expect("the manifest is read");
        let mut object = Object { kind: found.kind, value: found.value };
        if found.kind.namespaced && object.namespace().is_empty() {
            object.set("metadata.namespace", "default");
        }
        world.request(|server| server.create(object, &because)).expect("the object is created");
    }
}

/// Runs a cluster for a while and gives a line for each change of a pod or an event, with the seconds since the start.
pub fn timeline(world: &mut World, seconds: u64) -> Vec<(f64, String)> {
    let start = world.now();
    let end = start + Span::secs(seconds);
    let mut lines = Vec::new();
    let mut seen = world.store().revision();
    while world.next_at().is_some_and(|at| at <= end) {
        world.step();
        for change in world.store().changes_since(seen) {
            let line = match change.kind() {
                "Pod" => pod_line(&change.object, change.verb),
                "Event" => event_line(&change.object),
                _ => continue,
            };
            lines.push(((change.at.since(start).0 / 1_000) as f64 / 1_000.0, line));
        }
        seen = world.store().revision();
    }
    world.run_until(SimTime(end.0));
    lines
}

fn pod_line(pod: &Object, verb: Verb) -> String {
    let status = |list: &str| -> Vec<String> { pod.at(list).list().iter().map(container_text).collect() };
    let containers = [status("status.initContainerStatuses"), status("status.containerStatuses")].concat();
    let deleting = match pod.is_deleting() {
        true => format!(" DELETING(grace={})", pod.at("metadata.deletionGracePeriodSeconds").int()),
        false => String::new(),
    };
    format!(
        "{} {} {} ready={} [{}]{deleting}",
        verb.name(),
        pod.name(),
        pod.at("status.phase").str(),
        pod.condition("Ready").get("status").str(),
        containers.join("; ")
    )
}

fn container_text(status: &Value) -> String {
    let (state, detail) = status.get("state").entries().first().map_or(("-", &Value::Null), |(k, v)| (k.as_str(), v));
    let text = match state {
        "running" => "running".to_owned(),
        "terminated" => format!("terminated/{}/exit{}", detail.get("reason").str(), detail.get("exitCode").int()),
        _ => format!("{state}/{}", detail.get("reason").str()),
    };
    let ready = if status.get("ready").bool() { " ready" } else { "" };
    format!("{}:{text}{ready} r={}", status.get("name").str(), status.get("restartCount").int())
}

fn event_line(event: &Object) -> String {
    let at = |path: &str| event.at(path).str().to_owned();
    let count = event.at("series.count").opt_int().or(event.at("count").opt_int()).unwrap_or(1);
    format!("event {} {} {} x{count} {}", at("type"), at("reason"), at("involvedObject.name"), at("message"))
}

/// The changes of one pod out of a timeline: seconds, phase and containers; what changes nothing visible is left out.
fn changes_of(lines: &[(f64, String)], pod: &str) -> Vec<(f64, String)> {
    let mut changes: Vec<(f64, String)> = Vec::new();
    for (at, line) in lines {
        let mut words = line.splitn(4, ' ');
        let (Some(verb), Some(name), Some(phase), Some(rest)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        if verb == "event" || name != pod {
            continue;
        }
        let (inside, deleting) = rest.split_once('[').unwrap().1.split_once(']').unwrap();
        let text = format!("{phase} {inside}{deleting}").trim().to_owned();
        if changes.last().is_none_or(|(_, last)| *last != text) {
            changes.push((*at, text));
        }
    }
    changes
}

/// The numbers of events of one pod by reason and message.
fn events_of<'a>(lines: &'a [(f64, String)], pod: &str, text: &str) -> Vec<&'a (f64, String)> {
    let about = |line: &&(f64, String)| {
        let words: Vec<&str> = line.1.split(' ').collect();
        words[0] == "event" && words[3] == pod && line.1.contains(text)
    };
    lines.iter().filter(about).collect()
}

#[test]
fn pods_go_through_what_they_go_through_on_a_real_kubelet() {
    let mut world = world_with(include_str!("../data/pods/life.yaml"));
    let lines = timeline(&mut world, 340);
    let mut expected: std::collections::BTreeMap<&str, Vec<(bool, f64, &str)>> = std::collections::BTreeMap::new();
    for line in include_str!("../data/pods/life.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line[2..].splitn(3, ' ');
        let (pod, at, text) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        expected.entry(pod).or_default().push((line.starts_with('?'), at.parse().unwrap(), text));
    }
    let mut differences = Vec::new();
    for (pod, steps) in expected {
        let mut ours = changes_of(&lines, pod).into_iter().peekable();
        for (optional, at, text) in steps {
            match ours.peek() {
                Some((when, our)) if our == text => {
                    let (least, most) = (at * 0.75 - 3.0, at * 1.25 + 3.0);
                    if !(least..=most).contains(when) {
                        differences.push(format!("{pod}: {text} after {when} s, not {at} s"));
                    }
                    ours.next();
                }
                _ if optional => {}
                our => differences.push(format!("{pod}: {text} after {at} s, but we have {our:?}")),
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn probes_report_at_their_period_and_restart_what_fails() {
    let mut world = world_with(include_str!("../data/pods/life.yaml"));
    let lines = timeline(&mut world, 40);
    let unready = events_of(&lines, "notready", "Readiness probe failed: HTTP probe failed with statuscode: 500");
    assert!((13..=15).contains(&unready.len()), "{unready:?}");
    let killings = events_of(&lines, "live", "Container c failed liveness probe, will be restarted");
    assert_eq!(killings.len(), 2, "{killings:?}");
    let pulls = events_of(&lines, "badimage", "Failed to pull image \"doesnotexist:1\": rpc error: code = NotFound");
    assert!((2..=3).contains(&pulls.len()), "{pulls:?}");
    let back_off = events_of(&lines, "crash", "Back-off restarting failed container c in pod crash_default(");
    assert!((2..=3).contains(&back_off.len()), "{back_off:?}");
}

#[test]
fn a_deleted_pod_gets_its_grace_and_ends_as_its_process_does() {
    let mut world = world_with(include_str!("../data/pods/life.yaml"));
    world.run_until(world.now() + Span::secs(14));
    let deleted = world.now();
    for name in ["fast", "slowterm", "slowterm5", "badimage"] {
        delete(&mut world, name, None);
    }
    delete(&mut world, "live", Some(0));
    let lines = timeline(&mut world, 40);
    let steps = |pod: &str| -> Vec<(f64, String)> { changes_of(&lines, pod) };
    let last = |pod: &str| steps(pod).last().unwrap().clone();
    assert!(steps("fast").iter().any(|(_, s)| s == "Succeeded c:terminated/Completed/exit0 r=0 DELETING(grace=30)"));
    assert!((0.2..0.7).contains(&last("fast").0), "{:?}", steps("fast"));
    assert!(steps("slowterm5").iter().any(|(_, s)| s == "Failed c:terminated/Error/exit137 r=0 DELETING(grace=5)"));
    assert!((5.0..5.6).contains(&last("slowterm5").0), "{:?}", steps("slowterm5"));
    assert!((30.0..30.6).contains(&last("slowterm").0), "{:?}", steps("slowterm"));
    assert_eq!(last("slowterm").1, "Failed c:terminated/Error/exit137 r=0 DELETING(grace=0)");
    let lost: Vec<String> = steps("badimage").into_iter().map(|(_, s)| s).collect();
    assert!(lost.contains(&"Pending c:waiting/ContainerCreating r=0 DELETING(grace=30)".to_owned()), "{lost:?}");
    assert!(lost.contains(&"Failed c:terminated/ContainerStatusUnknown/exit137 r=0 DELETING(grace=30)".to_owned()));
    assert!(world.store().find("Pod", "default", "live").is_none());
    assert_eq!(events_of(&lines, "live", "Stopping container c").len(), 1);
    assert!(world.now() > deleted);
}

fn delete(world: &mut World, name: &str, grace_seconds: Option<i64>) {
    let because = std::sync::Arc::new(Because::rule("kubectl", "delete"));
    let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
    let key = ObjectKey::new("default", name);
    world.request(|server| server.delete(kind("Pod"), &key, "", options, &because)).expect("the pod is there");
}

/// Changes a node by a JSON merge patch.
fn patch_node(world: &mut World, name: &str, patch: Value) {
    let because = std::sync::Arc::new(Because::rule("kubectl", "patch"));
    let change = |node: &Object| {
        let mut node = node.clone();
        merge::merge_patch(&mut node.value, &patch);
        Ok(node)
    };
    let key = ObjectKey::new("", name);
    world.request(|server| server.modify(kind("Node"), &key, Part::Main, &because, change)).expect("the node is there");
}

/// The texts with which the scheduler has refused pods, each with the pod's name before it.
fn refusals(world: &World) -> Vec<String> {
    let events = world.store().all("Event").filter(|event| event.at("reason").str() == "FailedScheduling");
    let mut texts: Vec<String> =
        events.map(|e| format!("{} {}", e.at("involvedObject.name").str(), e.at("message").str())).collect();
    texts.sort();
    texts.dedup();
    texts
}

#[test]
fn pods_that_fit_nowhere_are_told_why_in_the_real_words() {
    let mut world = World::new(Settings { images_present: true, ..Settings::default() });
    patch_node(
        &mut world,
        "node-1",
        value!({"spec": {"taints": [{"key": "gpu", "value": "true", "effect": "NoSchedule"}]}}),
    );
    patch_node(&mut world, "node-2", value!({"metadata": {"labels": {"disk": "ssd"}}}));
    patch_node(&mut world, "node-3", value!({"spec": {"unschedulable": true}}));
    world.run_until(world.now() + Span::secs(1));
    create(&mut world, include_str!("../data/pods/unschedulable.yaml"));
    world.run_until(world.now() + Span::secs(5));
    let told = include_str!("../data/pods/unschedulable.txt").lines().filter(|line| !line.starts_with('#'));
    let (after, before): (Vec<&str>, Vec<&str>) = told.partition(|line| line.starts_with("after: "));
    assert_eq!(refusals(&world), before);
    let node_of =
        |world: &World, pod: &str| world.store().find("Pod", "default", pod).unwrap().at("spec.nodeName").text();
    for (pod, node) in
        [("anti1", "node-2"), ("hostport1", "node-2"), ("tol", "node-1"), ("ssd", "node-2"), ("badsched", "")]
    {
        assert_eq!(node_of(&world, pod), node, "{pod}");
    }
    let decision = world.scheduler().decision(world.store().find("Pod", "default", "toobig").unwrap().uid()).unwrap();
    let judged = decision.nodes.iter().find(|judged| judged.node == "node-2").unwrap();
    assert_eq!((judged.plugin, judged.reasons.as_str()), ("NodeResourcesFit", "Insufficient cpu"));
    patch_node(&mut world, "node-1", value!({"spec": {"taints": null}}));
    patch_node(&mut world, "node-3", value!({"spec": {"unschedulable": null}}));
    world.run_until(world.now() + Span::secs(15));
    let now = refusals(&world);
    for line in after {
        let line = line.strip_prefix("after: ").unwrap().to_owned();
        assert!(now.contains(&line), "{line}");
    }
    assert_ne!(node_of(&world, "hostport2"), "");
    assert_eq!(world.scheduler().node_requested("node-2").pods, world.store().pods_on_node("node-2").count() as i64);
}

#[test]
fn a_pod_of_higher_priority_displaces_one_of_lower() {
    let mut world = World::new(Settings { images_present: true, ..Settings::default() });
    for (name, class) in [("low0", ""), ("low1", ""), ("low2", ""), ("hi", "system-cluster-critical")] {
        if name == "hi" {
            world.run_until(world.now() + Span::secs(3));
        }
        let line = if class.is_empty() { String::new() } else { format!(", priorityClassName: {class}") };
        create(
            &mut world,
            &format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{name: c, image: \"nginx:1.25\", resources: {{requests: {{cpu: \"3\"}}}}}}]{line}}}}}"
            ),
        );
    }
    world.run_until(world.now() + Span::secs(5));
    let uid = world.store().find("Pod", "default", "hi").unwrap().uid().to_owned();
    let node = world.store().find("Pod", "default", "hi").unwrap().at("spec.nodeName").text();
    assert_eq!(refusals(&world), ["hi 0/3 nodes are available: 3 Insufficient cpu."]);
    let preempted: Vec<String> = world
        .store()
        .all("Event")
        .filter(|event| event.at("reason").str() == "Preempted")
        .map(|event| event.at("message").str().to_owned())
        .collect();
    assert_eq!(preempted, [format!("Preempted by pod {uid} on node {node}")]);
    assert_eq!(world.store().list("Pod", "default").count(), 3);
    assert_eq!(world.store().find("Pod", "default", "hi").unwrap().at("status.nominatedNodeName"), &Value::Null);
    assert_ne!(node, "");
}

#[test]
fn what_a_pod_refers_to_and_is_not_there_holds_it_until_it_is() {
    let mut world = world_with(include_str!("../data/pods/missing.yaml"));
    let lines = timeline(&mut world, 8);
    let last = |lines: &[(f64, String)], pod: &str| changes_of(lines, pod).last().unwrap().1.clone();
    assert_eq!(last(&lines, "missing-cm-env"), "Pending c:waiting/CreateContainerConfigError r=0");
    assert_eq!(events_of(&lines, "missing-cm-env", "Error: configmap \"nope\" not found").len(), 2);
    let key = events_of(&lines, "missing-key", "Error: couldn't find key nokey in Secret default/sec");
    assert_eq!(key.len(), 2);
    assert_eq!(last(&lines, "missing-vol"), "Pending c:waiting/ContainerCreating r=0");
    let mounts =
        events_of(&lines, "missing-vol", "MountVolume.SetUp failed for volume \"v\" : secret \"nope\" not found");
    assert_eq!(mounts.len(), 5, "after 0.5, 1, 2 and 4 s");
    assert_eq!(last(&lines, "missing-vol-unmounted"), "Running c:running ready r=0");
    create(&mut world, "{apiVersion: v1, kind: ConfigMap, metadata: {name: nope}, data: {k: v}}");
    create(&mut world, "{apiVersion: v1, kind: Secret, metadata: {name: nope}, stringData: {k: v}}");
    let lines = timeline(&mut world, 12);
    assert_eq!(last(&lines, "missing-cm-env"), "Running c:running ready r=0");
    assert_eq!(last(&lines, "missing-vol"), "Running c:running ready r=0");
}

#[test]
fn another_image_restarts_the_container() {
    let mut world = world_with(
        "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: \"nginx:1.25\"}]}}",
    );
    world.run_until(world.now() + Span::secs(5));
    let because = std::sync::Arc::new(Because::rule("kubectl", "set image"));
    let change = |pod: &Object| {
        let mut pod = pod.clone();
        pod.value.slot_at("spec.containers").items_mut()[0].set("image", "nginx:1.26");
        Ok(pod)
    };
    let key = ObjectKey::new("default", "web");
    world
        .request(|server| server.modify(kind("Pod"), &key, Part::Main, &because, change))
        .expect("the image may change");
    let lines = timeline(&mut world, 5);
    assert_eq!(events_of(&lines, "web", "Container c definition changed, will be restarted").len(), 1);
    assert_eq!(changes_of(&lines, "web").last().unwrap().1, "Running c:running ready r=1");
}
