//! What may come next on a command line of kubectl: verbs, kinds, names of objects, flags, namespaces and files; and
//! `kubectl __complete`, which the completion scripts of shells ask. It only reads.

use super::flags;
use super::help;
use super::output::Output;
use super::verbs::{self, Verb, VERBS};
use super::Session;
use crate::api::Object;
use crate::base::order::Order;
use crate::cluster::World;

/// The formats of `-o`, as kubectl offers them.
const FORMATS: &str = "json yaml kyaml name go-template go-template-file template templatefile jsonpath jsonpath-as-json jsonpath-file custom-columns custom-columns-file wide";

/// `kubectl __complete` and `__completeNoDesc`: a candidate a line, with what it is behind a tab, and the directive for the shell.
///
/// Models github.com/spf13/cobra Command.initCompleteCmd.
pub fn asked(words: &[String], described: bool, world: &World, session: &Session, out: &mut Output) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (word, before) = words.split_last().unwrap_or((&"", &[]));
    let (begun, prefix) = match word.split_once('=') {
        Some((flag, begun)) if flag.starts_with('-') => (begun, Some(flag)),
        _ => (*word, None),
    };
    let with_flag: Vec<&str> = before.iter().copied().chain(prefix).collect();
    let (directive, meaning, mut found) = match with_flag.last() {
        Some(&("-f" | "--filename")) => (8, "FilterFileExt", ["json", "yaml", "yml"].map(str::to_owned).to_vec()),
        Some(&("-o" | "--output")) => (4, "NoFileComp", FORMATS.split(' ').map(str::to_owned).collect()),
        _ => (4, "NoFileComp", kubectl(&with_flag, begun, world, session)),
    };
    if directive == 4 {
        found.retain(|candidate| candidate.starts_with(begun));
    }
    if !matches!(with_flag.last(), Some(&("-o" | "--output" | "-f" | "--filename"))) {
        found.order();
    }
    for candidate in &found {
        let text = described.then(|| description(&with_flag, candidate, session)).flatten();
        match text {
            Some(text) => out.line(format!("{candidate}\t{text}")),
            None => out.line(candidate.clone()),
        }
    }
    out.line(format!(":{directive}"));
    out.err(format!("Completion ended with directive: ShellCompDirective{meaning}"));
}

/// What the help says of a verb or a flag.
fn description(words: &[&str], candidate: &str, session: &Session) -> Option<String> {
    let (path, _) = verb_of(&plain_words(words));
    let page = help::of(session.help.as_deref(), &path.join(" "));
    if !candidate.starts_with("--") {
        let line = page.lines().find_map(|line| line.strip_prefix("  ")?.strip_prefix(candidate)?.strip_prefix(' '));
        return line.map(|text| text.trim().to_owned());
    }
    let pages = [page, help::of(session.help.as_deref(), "options")];
    pages.iter().find_map(|page| {
        let head = |line: &str| line.split(", ").any(|name| name.trim().split(['=', ':']).next() == Some(candidate));
        let mut lines = page.lines().skip_while(|line| !head(line));
        lines.nth(1).map(|text| text.trim().to_owned())
    })
}

/// The verb that words begin with, by its names, and what stands behind it.
fn verb_of<'a>(plain: &'a [&'a str]) -> (Vec<&'static str>, &'a [&'a str]) {
    let (mut path, mut family, mut args) = (Vec::new(), VERBS, plain);
    while let Some((first, rest)) = args.split_first() {
        let Some(next) = verbs::find(family, first) else { break };
        path.push(next.name);
        (family, args) = (next.subverbs, rest);
    }
    (path, args)
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// What may stand behind `words` of a kubectl command, of which `word` is begun.
pub fn kubectl(words: &[&str], word: &str, world: &World, session: &Session) -> Vec<String> {
    match words.last() {
        Some(&("-n" | "--namespace")) => return names("Namespace", "", world),
        Some(&("-f" | "--filename")) => return session.files.keys().cloned().collect(),
        Some(&("-c" | "--container")) => return containers(words, world, session),
        Some(&"--dry-run") => return owned(&["client", "none", "server"]),
        Some(&"--context") => return owned(&["kubottle"]),
        Some(&("-o" | "--output")) => {
            return owned(&["custom-columns=", "go-template=", "json", "jsonpath=", "kyaml", "name", "wide", "yaml"])
        }
        _ => {}
    }
    let plain: Vec<&str> = plain_words(words);
    let (path, args) = verb_of(&plain);
    let found = |verb: Option<&'static Verb>, name: &&str| verbs::find(verb.map_or(VERBS, |v| v.subverbs), name);
    let verb = path.iter().fold(None, found);
    let family = verb.map_or(VERBS, |v| v.subverbs);
    if args.is_empty() && !family.is_empty() {
        return family.iter().map(|v| v.name.to_owned()).collect();
    }
    let Some(verb) = verb else { return Vec::new() };
    if let Some(begun) = word.strip_prefix("--dry-run=") {
        let values = ["client", "none", "server"];
        return values.iter().filter(|v| v.starts_with(begun)).map(|v| format!("--dry-run={v}")).collect();
    }
    if word.starts_with('-') {
        let flags = flags::of(&path.join(" "));
        return flags.iter().filter(|flag| !flag.deprecated).map(|flag| format!("--{}", flag.name)).collect();
    }
    let here = namespace(words, session);
    match (verb.name, args) {
        ("logs" | "exec" | "attach" | "debug" | "port-forward", []) if !word.contains('/') => {
            names("Pod", &here, world)
        }
        ("completion", []) => owned(&["bash", "fish", "powershell", "zsh"]),
        ("cp", _) => {
            let pods = names("Pod", &here, world).into_iter().map(|name| format!("{name}:"));
            pods.chain(session.files.keys().cloned()).collect()
        }
        ("taint", ["node" | "nodes" | "no"]) => names("Node", "", world),
        ("cordon" | "uncordon" | "drain", _) => names("Node", "", world),
        (_, []) if word.contains('/') => named(word, &here, world),
        (_, []) => world.store().catalog().all().map(|kind| kind.plural.to_owned()).collect(),
        (_, [kind, ..]) => match world.store().catalog().resource(kind) {
            Some(kind) => names(kind.kind, if kind.namespaced { &here } else { "" }, world),
            None => Vec::new(),
        },
    }
}

/// The containers of the pod that a line names.
fn containers(words: &[&str], world: &World, session: &Session) -> Vec<String> {
    let here = namespace(words, session);
    let pods = plain_words(words).into_iter().filter_map(|word| {
        let name = word.strip_prefix("pod/").or(word.strip_prefix("pods/")).unwrap_or(word);
        world.store().find("Pod", &here, name)
    });
    let lists = |pod: &Object| {
        let of = |list: &str| pod.spec().get(list).list().iter().map(|c| c.get("name").str().to_owned()).collect();
        let all: Vec<Vec<String>> = ["containers", "initContainers", "ephemeralContainers"].map(of).to_vec();
        all.concat()
    };
    pods.flat_map(lists).collect()
}

/// The words that are neither flags nor their values.
fn plain_words<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut plain = Vec::new();
    let mut skip = false;
    for word in words {
        if skip {
            skip = false;
        } else if let Some(name) = word.strip_prefix('-') {
            let takes =
                matches!(name, "n" | "f" | "o" | "l" | "c" | "-namespace" | "-filename" | "-output" | "-selector");
            skip = takes && !word.contains('=');
        } else {
            plain.push(*word);
        }
    }
    plain
}

/// The namespace that a line means.
pub fn namespace(words: &[&str], session: &Session) -> String {
    let after = |flag: &str| words.iter().position(|w| *w == flag).and_then(|i| words.get(i + 1));
    let glued = words.iter().find_map(|w| w.strip_prefix("--namespace=").or(w.strip_prefix("-n=")));
    let named = after("-n").or(after("--namespace")).copied().or(glued);
    named.map_or_else(|| session.namespace.clone(), str::to_owned)
}

fn names(kind: &str, namespace: &str, world: &World) -> Vec<String> {
    let all = world.store().all(kind);
    all.filter(|object| namespace.is_empty() || object.namespace() == namespace).map(|o| o.name().to_owned()).collect()
}

/// `pod/web-1` of `pod/w`; the kinds, each with its slash, before there is one.
pub fn named(word: &str, namespace: &str, world: &World) -> Vec<String> {
    let Some((kind, _)) = word.split_once('/') else {
        return world.store().catalog().all().map(|kind| format!("{}/", kind.singular)).collect();
    };
    let Some(row) = world.store().catalog().resource(kind) else { return Vec::new() };
    let here = if row.namespaced { namespace } else { "" };
    names(row.kind, here, world).into_iter().map(|name| format!("{kind}/{name}")).collect()
}
