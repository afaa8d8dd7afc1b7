//! What holds for every manifest: what was read can be applied again, a change and its opposite cancel out, and no text,
//! however broken, does more than be refused.

use kubottle::api::apply::LAST_APPLIED;
use kubottle::api::check::check;
use kubottle::api::kinds::Catalog;
use kubottle::api::{encode, fixes, Object, Value};
use kubottle::base::draw::below;
use kubottle::cluster::World;
use kubottle::kubectl::call::Poll;
use kubottle::kubectl::shell::Job;
use kubottle::kubectl::Session;
use kubottle::store::Settings;
use std::fs;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;

/// How many broken texts are tried: as many as the time allows.
const MUTATIONS: u64 = if cfg!(debug_assertions) { 2_000 } else { 100_000 };

/// All manifests that come with the page, and one of each kind that it shows.
fn gallery() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["static/scenarios", "tests/transcripts/kinds"] {
        collect(&root.join(folder), &mut found);
    }
    assert!(found.len() > 15, "the gallery is small");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, found);
        } else if name.ends_with(".yaml") && name != "scenario.yaml" && name != "wrong.yaml" {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// A command line that needs no time, with what it printed.
fn run(world: &mut World, session: &mut Session, line: &str) -> String {
    let mut job = Job::start(line);
    let state = job.poll(session, world);
    assert!(matches!(state, Poll::Done(_)), "{line} needs time");
    job.take_output().into_iter().map(|(_, text)| text).collect()
}

fn apply(world: &mut World, text: &str, flags: &str) -> String {
    let mut session = Session::default();
    session.write("f.yaml", text.to_owned());
    run(world, &mut session, &format!("kubectl apply -f f.yaml{flags}"))
}

/// The objects that somebody has applied.
fn applied(world: &World) -> Vec<Object> {
    let kinds = kubottle::api::kinds::KINDS.iter();
    let all = kinds.flat_map(|kind| world.store().all(kind.kind));
    all.filter(|object| !object.annotation(LAST_APPLIED).is_empty()).cloned().collect()
}

/// An object without what every write changes, and without its status.
fn essence(object: &Object) -> Value {
    let mut value = object.value.clone();
    for path in ["status", "metadata.resourceVersion", "metadata.managedFields", "metadata.generation"] {
        value.remove(path);
    }
    value.slot("metadata").slot("annotations").remove_key(LAST_APPLIED);
    if !value.at("spec.ports").is_null() {
        value.slot_at("spec.ports").items_mut().iter_mut().for_each(|port| drop(port.remove_key("nodePort")));
    }
    value
}

fn find(world: &World, object: &Object) -> Object {
    world.store().get(object.kind.kind, &object.key()).expect("it is still there").clone()
}

#[test]
fn what_is_read_can_be_applied_and_changes_nothing() {
    for (name, text) in gallery() {
        let mut world = World::new(Settings::default());
        apply(&mut world, &text, "");
        for object in applied(&world) {
            let mut session = Session::default();
            let place = if object.kind.namespaced { format!(" -n {}", object.namespace()) } else { String::new() };
            let read = format!("kubectl get {} {}{place} -o yaml", object.kind.resource(), object.name());
            // What is read holds what only the server writes, and the annotation that remembers what was applied last did
            // not: so that annotation changes, which is a change, and nothing else does.
            let said = run(&mut world, &mut session, &format!("{read} | kubectl apply -f -"));
            assert!(said.ends_with(" configured\n"), "{name}: {read}: {said}");
            let after = find(&world, &object);
            assert_eq!(encode::yaml(&essence(&after)), encode::yaml(&essence(&object)), "{name}: {read}");
            // A Deployment counts its annotations as part of what is wanted.
            let counted = i64::from(object.kind.kind == "Deployment");
            assert_eq!(after.generation(), object.generation() + counted, "{name}: {read}");
            // Without that there is nothing to remember anew from the second time on.
            let mut plain = essence(&after);
            for field in ["uid", "creationTimestamp"] {
                plain.slot("metadata").remove_key(field);
            }
            apply(&mut world, &encode::yaml(&plain), "");
            let again = apply(&mut world, &encode::yaml(&plain), "");
            assert!(again.ends_with(" unchanged\n"), "{name}: {again}");
            assert_eq!(essence(&find(&world, &object)), essence(&object), "{name}: {read}");
        }
    }
}

#[test]
fn a_change_and_its_opposite_cancel_out() {
    let mut changes = 0;
    for (round, (name, text)) in gallery().iter().cycle().take(120).enumerate() {
        let mut world = World::new(Settings { seed: round as u64, ..Settings::default() });
        apply(&mut world, text, "");
        let before = applied(&world);
        apply(&mut world, &changed_leaf(text, round as u64), "");
        let between: Vec<Object> = before.iter().map(|object| find(&world, object)).collect();
        changes += u32::from(before.iter().zip(&between).any(|(a, b)| essence(a) != essence(b)));
        apply(&mut world, text, "");
        for object in &before {
            let after = essence(&find(&world, object));
            assert_eq!(encode::yaml(&after), encode::yaml(&essence(object)), "{name} in round {round}");
        }
    }
    assert!(changes > 20, "only {changes} of the changes were accepted");
}

#[test]
fn a_change_and_its_opposite_cancel_out_on_the_server_too() {
    let mut changes = 0;
    for (round, (name, text)) in gallery().iter().cycle().take(60).enumerate() {
        let mut world = World::new(Settings { seed: round as u64, ..Settings::default() });
        let first = apply(&mut world, text, " --server-side");
        let before: Vec<Object> = applied_by_server(&world);
        apply(&mut world, &changed_leaf(text, round as u64), " --server-side");
        let between: Vec<Object> = before.iter().map(|object| find(&world, object)).collect();
        changes += u32::from(before.iter().zip(&between).any(|(a, b)| essence(a) != essence(b)));
        apply(&mut world, text, " --server-side");
        for object in &before {
            let after = essence(&find(&world, object));
            assert_eq!(encode::yaml(&after), encode::yaml(&essence(object)), "{name} in round {round}: {first}");
        }
        // The same once more changes nothing, not even the revision.
        let settled: Vec<Object> = before.iter().map(|object| find(&world, object)).collect();
        apply(&mut world, text, " --server-side");
        for object in &settled {
            assert_eq!(find(&world, object).value, object.value, "{name} in round {round}");
        }
    }
    assert!(changes > 10, "only {changes} of the changes were accepted");
}

/// The objects that somebody has applied on the server.
fn applied_by_server(world: &World) -> Vec<Object> {
    let kinds = kubottle::api::kinds::KINDS.iter();
    let all = kinds.flat_map(|kind| world.store().all(kind.kind));
    let owned = |object: &&Object| {
        let owners = object.at("metadata.managedFields").list();
        owners.iter().any(|owner| owner.get("operation").str() == "Apply")
    };
    all.filter(owned).cloned().collect()
}

/// A manifest with another number or word in one place, or without a line.
fn changed_leaf(text: &str, seed: u64) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let at = below(seed, "leaf", "", 0, lines.len() as u64) as usize;
    let near = (at..lines.len()).chain(0..at);
    let fields = ["replicas:", "image:", "value:", "port:", "cpu:", "memory:", "tier:", "schedule:", "completions:"];
    let place =
        near.clone().find(|i| fields.iter().any(|field| lines[*i].trim_start_matches([' ', '-']).starts_with(field)));
    let Some(place) = place else { return text.to_owned() };
    let (head, value) = lines[place].split_once(':').expect("a field");
    let value = match value.trim().parse::<u64>() {
        Ok(number) => format!(" {}", number + 1),
        Err(_) if value.contains("nginx") => " nginx:1.27".to_owned(),
        Err(_) => value.replacen('1', "2", 1),
    };
    let mut new: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    new[place] = format!("{head}:{value}");
    new.join("\n") + "\n"
}

/// A text with something broken in it.
fn broken(text: &str, other: &str, seed: u64) -> String {
    let pick = |purpose: &str, bound: usize| below(seed, purpose, "", 0, bound.max(1) as u64) as usize;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = pick("line", lines.len());
    match pick("how", 14) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[pick("from", lines.len())].clone()),
        2 => lines.truncate(at),
        3 => lines.swap(at, pick("with", text.lines().count())),
        4 => lines[at] = format!("  {}", lines[at]),
        5 => lines[at] = lines[at].trim_start().to_owned(),
        6 => lines[at] = lines[at].replacen(": ", ": \"", 1),
        7 => {
            let values = [
                "null",
                "[]",
                "{}",
                "-1",
                "1e9",
                "yes",
                "\"\"",
                "99999999999999999999",
                "[[1]]",
                "{a: {b: c}}",
                "0.5",
                "!!binary x",
                "&a *a",
                "|",
                "2026-01-01",
            ];
            let value = values[pick("value", values.len())];
            let head = lines[at].split_once(':').map_or("key", |(head, _)| head).to_owned();
            lines[at] = format!("{head}: {value}");
        }
        8 => lines[at] = lines[at].replacen(char::is_alphabetic, "é", 1),
        9 => lines[at] = lines[at].replace(':', "："),
        10 => lines[at] = lines[at].replace("  ", "\t"),
        11 => {
            let from = pick("cut", other.lines().count());
            lines.splice(at.., other.lines().skip(from).map(str::to_owned));
        }
        12 => lines[at] = lines[at].chars().rev().collect(),
        _ => {
            let mut letters: Vec<char> = text.chars().collect();
            let (a, b) = (pick("a", letters.len()), pick("b", letters.len()));
            letters.drain(a.min(b)..(a.min(b) + pick("length", 40)).min(letters.len()));
            return letters.into_iter().collect();
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn broken_manifests_are_refused_or_taken_and_nothing_else() {
    let gallery = gallery();
    let mut world = World::new(Settings::default());
    let (mut taken, mut refused) = (0, 0);
    for n in 0..MUTATIONS {
        let text = &gallery[below(n, "which", "", 0, gallery.len() as u64) as usize].1;
        let other = &gallery[below(n, "other", "", 0, gallery.len() as u64) as usize].1;
        let mut broken_text = broken(text, other, n);
        if n % 3 == 0 {
            broken_text = broken(&broken_text, other, n + MUTATIONS);
        }
        let tried = catch_unwind(AssertUnwindSafe(|| {
            let marks = check(&broken_text, &Catalog::default());
            if n % 16 == 0 {
                marks.iter().for_each(|found| drop(fixes::fix(&broken_text, found)));
            }
            apply(&mut world, &broken_text, " --dry-run=server")
        }));
        let said = tried.unwrap_or_else(|_| panic!("mutation {n} makes us panic:\n{broken_text}"));
        assert!(!said.is_empty(), "mutation {n} says nothing:\n{broken_text}");
        match said.contains("rror") || said.contains("invalid") {
            true => refused += 1,
            false => taken += 1,
        }
    }
    assert!(taken > MUTATIONS / 100 && refused > MUTATIONS / 4, "{taken} were taken and {refused} refused");
}
