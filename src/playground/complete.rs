//! Completion of a command line: commands, verbs, kinds, names of objects, flags, namespaces and files. It only reads.

use crate::base::order::Order;
use crate::cluster::World;
use crate::kubectl::complete::{kubectl, named, namespace};
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
