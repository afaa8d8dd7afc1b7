//! Stories: what is done to a cluster, step by step, and what its controllers make of it, compared with recordings of a real
//! cluster. The format is described in the files themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubottle::api::merge::merge_patch;
use kubottle::api::{kind, Object, ObjectKey, Value};
use kubottle::base::time::{SimTime, Span};
use kubottle::cluster::World;
use kubottle::store::server::Part;
use kubottle::store::{Because, Change, Settings, Verb};

/// The sizes and revisions of ReplicaSets as lines of a story.
#[derive(Default)]
struct Sizes {
    letters: BTreeMap<String, char>,
    last: BTreeMap<String, (String, i64)>,
}

impl Sizes {
    fn line(&mut self, change: &Change) -> Option<String> {
        let set = &change.object;
        if change.kind() != "ReplicaSet" || set.namespace() != "default" {
            return None;
        }
        let next = (b'A' + self.letters.len() as u8) as char;
        let letter = *self.letters.entry(set.name().to_owned()).or_insert(next);
        if change.verb == Verb::Deleted {
            return Some(format!("- {letter}"));
        }
        let revision = set.annotation("deployment.kubernetes.io/revision").to_owned();
        let size = set.at("spec.replicas").int();
        let old = self.last.insert(set.name().to_owned(), (revision.clone(), size));
        let before = match old {
            Some(old) if old == (revision.clone(), size) => return None,
            Some((_, size)) => size.to_string(),
            None => "-".to_owned(),
        };
        Some(format!("{letter} {revision}: {before} -> {size}"))
    }
}

/// Carries out one step of a story on its Deployment.
fn act(world: &mut World, verb: &str, argument: &str) {
    let because = Arc::new(Because::rule("test", "a step of the story"));
    let patch = match verb {
        "create" => {
            let value = crate::support::value(&serde_json::from_str(argument).expect("JSON"), 0);
            let mut object = Object { kind: kind("Deployment"), value };
            (object.kind.defaults)(&mut object);
            world.request(|server| server.create(object, &because)).expect("it can be created");
            return;
        }
        "image" => Value::Null,
        _ => crate::support::value(&serde_json::from_str(argument).expect("JSON"), 0),
    };
    let key = ObjectKey::new("default", "roll");
    let changed = world.request(|server| {
        server.modify(kind("Deployment"), &key, Part::Main, &because, |current| {
            let mut object = current.clone();
            if patch.is_null() {
                object.value.slot_at("spec.template.spec.containers").items_mut()[0].set("image", argument);
            } else {
                merge_patch(&mut object.value, &patch);
            }
            Ok(object)
        })
    });
    changed.expect("it can be changed");
}

#[test]
fn replica_sets_grow_and_shrink_in_the_recorded_order() {
    let text = include_str!("../data/stories/rollout.txt");
    let mut world = World::new(Settings::default());
    let start = world.now();
    let mut seen = world.store().revision();
    let mut sizes = Sizes::default();
    let (mut told, mut comments) = (String::new(), String::new());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(step) = line.strip_prefix("at ") {
            let mut words = step.splitn(3, ' ');
            let mut word = || words.next().expect("at SECONDS VERB ARGUMENT");
            let at: u64 = word().parse().expect("seconds");
            world.run_until(start + Span::secs(at));
            tell(&world, &mut seen, &mut sizes, &mut told);
            told.push_str(&format!("{comments}{line}\n"));
            comments.clear();
            act(&mut world, word(), word());
        } else if line.starts_with('#') {
            comments.push_str(&format!("{line}\n"));
        }
        if lines.peek().is_none() {
            let end: SimTime = world.now() + Span::secs(10);
            world.run_until(end);
            tell(&world, &mut seen, &mut sizes, &mut told);
        }
    }
    assert!(merged(&told) == merged(text), "the story goes otherwise:\n{told}");
}

fn tell(world: &World, seen: &mut u64, sizes: &mut Sizes, told: &mut String) {
    for line in world.store().changes_since(*seen).filter_map(|change| sizes.line(change)) {
        told.push_str(&format!("  {line}\n"));
    }
    *seen = world.store().revision();
    for set in world.store().all("ReplicaSet") {
        assert_counted(world, set);
    }
}

/// The store's counts over the pods of a ReplicaSet are what counting them gives.
fn assert_counted(world: &World, set: &Object) {
    let ended = |pod: &Object| matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
    let pods = || world.store().list("Pod", set.namespace()).filter(|pod| pod.controller_uid() == set.uid());
    let active: Vec<&Object> = pods().filter(|pod| !ended(pod) && !pod.is_deleting()).collect();
    let ready = active.iter().filter(|pod| pod.has_condition("Ready"));
    let counted = world.store().tallies(set.uid()).iter();
    let sums = counted.fold((0, 0, 0), |sums, t| (sums.0 + t.active, sums.1 + t.ready, sums.2 + t.terminating));
    let terminating = pods().filter(|pod| !ended(pod) && pod.is_deleting());
    assert_eq!(sums, (active.len() as u32, ready.count() as u32, terminating.count() as u32), "{}", set.name());
}

/// A story with the changes of one ReplicaSet that follow each other taken as one: whether two pods become ready at once
/// or one after the other is chance.
fn merged(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let Some((set, (_, after))) = line.split_once(": ").and_then(|(s, sizes)| Some((s, sizes.split_once(" -> ")?)))
        else {
            lines.push(line.to_owned());
            continue;
        };
        match lines.last().and_then(|last| last.split_once(": ")) {
            Some((last, sizes)) if last == set && line.starts_with("  ") => {
                let before = sizes.split(" -> ").next().unwrap_or_default();
                let line = format!("{set}: {before} -> {after}");
                lines.pop();
                lines.push(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// The status of a Deployment or the counts of a ReplicaSet as a line of a story; ReplicaSets by their letters.
fn status_line(change: &Change, sizes: &mut Sizes) -> Option<String> {
    let object = &change.object;
    let count = |field: &str| object.status().get(field).int();
    if object.namespace() != "default" || change.verb == Verb::Deleted {
        return None;
    }
    if change.kind() == "ReplicaSet" {
        sizes.line(change);
        let letter = sizes.letters.get(object.name())?;
        let (size, ready, available) =
            (object.at("spec.replicas").int(), count("readyReplicas"), count("availableReplicas"));
        return Some(format!(
            "{letter} spec={size} replicas={} ready={ready} available={available}",
            count("replicas")
        ));
    }
    let conditions = object.status().get("conditions").list().iter();
    let conditions: Vec<String> = conditions
        .map(|c| format!("{}={}({})", c.get("type").str(), c.get("status").str(), c.get("reason").str()))
        .collect();
    let fields = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"];
    let counts: Vec<String> =
        fields.iter().map(|f| format!("{}={}", f.trim_end_matches("Replicas"), count(f))).collect();
    (change.kind() == "Deployment")
        .then(|| format!("roll {} {}", counts.join(" "), conditions.join(",")).trim_end().to_owned())
}

#[test]
fn a_stuck_rollout_goes_on_after_its_deadline_as_recorded() {
    let text = include_str!("../data/stories/progress-deadline.txt");
    let mut world = World::new(Settings::default());
    let (start, seen) = (world.now(), world.store().revision());
    for step in text.lines().filter_map(|line| line.strip_prefix("at ")) {
        let words: Vec<&str> = step.splitn(3, ' ').collect();
        world.run_until(start + Span::secs(words[0].parse().expect("seconds")));
        act(&mut world, words[1], words[2]);
    }
    world.run_until(world.now() + Span::secs(30));
    let mut sizes = Sizes::default();
    let told: Vec<String> =
        world.store().changes_since(seen).filter_map(|change| status_line(change, &mut sizes)).collect();
    for subject in ["roll ", "A ", "B "] {
        let mut ours = told.iter().filter(|line| line.starts_with(subject));
        let recorded = text.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| line.starts_with(subject));
        for line in recorded {
            assert!(ours.any(|own| own == line), "{line:?} does not come in its turn:\n{}", told.join("\n"));
        }
    }
}
