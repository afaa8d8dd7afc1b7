//! Pods from creation to their end: what the scheduler and the kubelet make of manifests, watched change by change.

use kubottle::api::{kind, manifest, Object, ObjectKey, Value};
use kubottle::base::time::{SimTime, Span};
use kubottle::cluster::World;
use kubottle::store::plan::DeleteOptions;
use kubottle::store::{Because, Settings, Verb};

/// A cluster whose nodes have every image, with the objects of a manifest created.
pub fn world_with(manifest_text: &str) -> World {
    let mut world = World::new(Settings { images_present: true, ..Settings::default() });
    create(&mut world, manifest_text);
    world
}

/// Creates the objects of a manifest, in the namespace `default` where it says none.
pub fn create(world: &mut World, manifest_text: &str) {
    let because = std::sync::Arc::new(Because::rule("kubectl", "create"));
    for found in manifest::read(manifest_text, "test.yaml") {
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
    assert_eq!(back_off.len(), 2, "{back_off:?}");
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
