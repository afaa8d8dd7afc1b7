//! Completion of a command line: commands, verbs, kinds, names of objects, flags, namespaces and files. It only reads.

use crate::api::Object;
use crate::base::order::Order;
use crate::cluster::World;
use crate::kubectl::flags;
use crate::kubectl::verbs::{self, Verb, VERBS};
use crate::kubectl::Session;
use crate::network::tools::TOOLS;
use crate::view::Completion;

/// Commands that are completed besides kubectl and the network's.
const COMMANDS: &[&str] = &[
    "cat", "clear", "date", "echo", "help", "kubectl", "ls", "sleep", "wait", "why", "grep", "head", "tail", "wc",
    "sort",
];
/// More than these are not shown.
const MOST: usize = 60;

/// How `line` can go on.
pub fn complete(line: &str, world: &World, session: &Session) -> Completion {
    // Only the last command of a pipe or a list is being typed.
    let start = line.rfind(['|', ';', '&']).map_or(0, |place| place + 1);
    let typed = &line[start..];
    let cut = typed.rfind(char::is_whitespace).map_or(0, |place| place + 1);
    let (before, word) = typed.split_at(cut);
    let before: Vec<&str> = before.split_whitespace().collect();
    let mut fitting: Vec<String> =
        candidates(&before, word, world, session).into_iter().filter(|c| c.starts_with(word)).collect();
    fitting.order();
    fitting.dedup();
    let kept = &line[..start + cut];
    match fitting.as_slice() {
        [] => Completion { line: line.to_owned(), candidates: Vec::new() },
        // A flag that takes a value and a kind before a slash go on without a space.
        [only] => {
            let space = if only.ends_with(['=', '/', ':']) { "" } else { " " };
            Completion { line: format!("{kept}{only}{space}"), candidates: Vec::new() }
        }
        several => {
            let common = common_start(several);
            Completion {
                line: format!("{kept}{}", if common.len() > word.len() { &common } else { word }),
                candidates: several.iter().take(MOST).cloned().collect(),
            }
        }
    }
}

fn common_start(words: &[String]) -> String {
    let first = &words[0];
    let same = |n: usize| words.iter().all(|w| w.get(..n) == first.get(..n));
    let length = (0..=first.len()).rev().find(|n| first.is_char_boundary(*n) && same(*n));
    first[..length.unwrap_or(0)].to_owned()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn candidates(before: &[&str], word: &str, world: &World, session: &Session) -> Vec<String> {
    match before {
        [] => COMMANDS.iter().chain(TOOLS).map(|c| (*c).to_owned()).collect(),
        ["kubectl" | "k", rest @ ..] => kubectl(rest, word, world, session),
        ["why", ..] => named(word, &namespace(before, session), world),
        [tool, ..] if TOOLS.contains(tool) => services(world),
        ["wait" | "sleep", ..] => Vec::new(),
        _ => session.files.keys().cloned().collect(),
    }
}

fn kubectl(words: &[&str], word: &str, world: &World, session: &Session) -> Vec<String> {
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
    let mut verb: Option<&'static Verb> = None;
    let mut path: Vec<&str> = Vec::new();
    let mut args = plain.as_slice();
    while let Some((first, rest)) = args.split_first() {
        let family = verb.map_or(VERBS, |v| v.subverbs);
        let Some(next) = verbs::find(family, first) else { break };
        path.push(next.name);
        (verb, args) = (Some(next), rest);
    }
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

fn namespace(words: &[&str], session: &Session) -> String {
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
fn named(word: &str, namespace: &str, world: &World) -> Vec<String> {
    let Some((kind, _)) = word.split_once('/') else {
        return world.store().catalog().all().map(|kind| format!("{}/", kind.singular)).collect();
    };
    let Some(row) = world.store().catalog().resource(kind) else { return Vec::new() };
    let here = if row.namespaced { namespace } else { "" };
    names(row.kind, here, world).into_iter().map(|name| format!("{kind}/{name}")).collect()
}

/// Services as a URL names them.
fn services(world: &World) -> Vec<String> {
    let port = |service: &crate::api::Object| service.at("spec.ports").index(0).get("port").int();
    let host = |service: &crate::api::Object| match service.namespace() {
        "default" => service.name().to_owned(),
        namespace => format!("{}.{namespace}", service.name()),
    };
    world.store().all("Service").map(|service| format!("{}:{}", host(service), port(service))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Settings;

    fn line(typed: &str) -> String {
        complete(typed, &World::new(Settings::default()), &Session::default()).line
    }

    #[test]
    fn what_there_is_no_doubt_about_is_completed() {
        for (typed, completed) in [
            ("kubec", "kubectl "),
            ("kubectl des", "kubectl describe "),
            ("kubectl rollout und", "kubectl rollout undo "),
            ("kubectl get nod", "kubectl get nodes "),
            ("kubectl get nodes node-", "kubectl get nodes node-"),
            ("kubectl describe node node-2", "kubectl describe node node-2 "),
            ("kubectl get svc -n kube-system kube", "kubectl get svc -n kube-system kube-dns "),
            ("kubectl get pods -n kube-sy", "kubectl get pods -n kube-system "),
            ("kubectl get pods --all-", "kubectl get pods --all-namespaces "),
            ("kubectl describe node/node-3", "kubectl describe node/node-3 "),
            ("curl kube-d", "curl kube-dns.kube-system:53 "),
            ("no such thi", "no such thi"),
            ("kubectl get pods | gre", "kubectl get pods | grep "),
        ] {
            assert_eq!(line(typed), completed, "{typed}");
        }
    }

    #[test]
    fn what_is_open_is_listed() {
        let found = complete("kubectl get nodes ", &World::new(Settings::default()), &Session::default());
        assert_eq!(found.candidates, ["node-1", "node-2", "node-3"]);
        assert_eq!(found.line, "kubectl get nodes node-");
    }
}
