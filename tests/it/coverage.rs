//! Every verb of kubectl, and every kind's `get`, `get -o wide` and `describe`, stands in a transcript or a recording that is
//! replayed.

use kubottle::api::kinds::{Catalog, KINDS};
use kubottle::kubectl::flags;
use kubottle::kubectl::verbs::{find, Verb, VERBS};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The commands of all transcripts and recordings.
fn commands() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut all = Vec::new();
    read(&root.join("transcripts"), &mut all);
    read(&root.join("truth"), &mut all);
    let surface = fs::read_to_string(root.join("truth/kubectl_surface/commands.jsonl")).unwrap();
    for line in surface.lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        all.push(json["cmd"].as_str().unwrap().to_owned());
    }
    all
}

fn read(folder: &Path, all: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            read(&entry, all);
        } else if entry.extension().is_some_and(|ending| ending == "transcript" || ending == "txt") {
            let text = fs::read_to_string(&entry).unwrap();
            all.extend(text.lines().filter_map(|line| Some(line.split_once("$ ")?.1.to_owned())));
        }
    }
}

/// The names of the verbs a command calls, and the words behind the last.
fn called(command: &str) -> Option<(Vec<&'static str>, Vec<&str>)> {
    let mut words = command.split_whitespace().skip_while(|word| !matches!(*word, "kubectl" | "k")).skip(1).peekable();
    let (mut family, mut path) = (VERBS, Vec::new());
    while let Some(verb) = words.peek().and_then(|word| find(family, word)) {
        words.next();
        path.push(verb.name);
        family = verb.subverbs;
    }
    (!path.is_empty()).then(|| (path, words.collect()))
}

/// The words that are neither flags nor the values of flags.
fn plain<'a>(path: &[&str], words: &[&'a str]) -> Vec<&'a str> {
    let known = flags::of(&path.join(" "));
    let (mut plain, mut skip) = (Vec::new(), false);
    for word in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        match word.strip_prefix('-') {
            None => plain.push(*word),
            Some(name) => {
                let short = name.chars().next().filter(|_| name.len() == 1);
                let flag = known
                    .iter()
                    .find(|flag| name.strip_prefix('-') == Some(flag.name) || flag.short == short && short.is_some());
                skip =
                    flag.is_some_and(|flag| !matches!(flag.takes, flags::Takes::Nothing | flags::Takes::Optional(_)));
            }
        }
    }
    plain
}

#[test]
fn every_verb_and_every_kind_stands_in_a_transcript() {
    let (mut verbs, mut shown): (BTreeSet<String>, BTreeSet<(&str, &str)>) = Default::default();
    for command in commands().iter().flat_map(|line| line.split(['|', ';', '&'])) {
        let Some((path, words)) = called(command) else { continue };
        verbs.insert(path.join(" "));
        if !matches!(path[0], "get" | "describe") {
            continue;
        }
        let wide = words.join(" ").contains("-o wide") || words.contains(&"-owide");
        let how = if path[0] == "describe" {
            "describe"
        } else if wide {
            "get -o wide"
        } else {
            "get"
        };
        for word in plain(&path, &words).first().iter().flat_map(|word| word.split(',')) {
            if let Some(kind) = Catalog::default().resource(word.split('/').next().unwrap_or(word)) {
                shown.insert((how, kind.kind));
            }
        }
    }
    let mut missing = Vec::new();
    let mut rows: Vec<(String, &Verb)> = VERBS.iter().map(|verb| (verb.name.to_owned(), *verb)).collect();
    while let Some((path, verb)) = rows.pop() {
        if verb.run.is_some() && !verbs.contains(&path) {
            missing.push(format!("kubectl {path}"));
        }
        rows.extend(verb.subverbs.iter().map(|sub| (format!("{path} {}", sub.name), *sub)));
    }
    for kind in KINDS {
        let absent = ["get", "get -o wide", "describe"].into_iter().filter(|how| !shown.contains(&(*how, kind.kind)));
        missing.extend(absent.map(|how| format!("kubectl {how} {}", kind.plural)));
    }
    assert!(missing.is_empty(), "in no transcript: {missing:#?}");
}
