//! Runs one command, and the commands that run others: scripts, xargs, watch, a pipe on a node.

use super::call::Run;
use super::control::Script;
use super::output::Output;
use super::session::Session;
use super::syntax::{self, Group, Line, Pipeline, Quote, Stage, When, Word};
use super::{builtins, dispatch, node_shell};
use crate::base::time::Span;
use crate::cluster::World;

/// `ssh node-1 'iptables-save | grep web'`: the command for the node, and the filters behind it.
pub(super) fn remote_pipe(words: &[String]) -> Option<(Vec<String>, Vec<Stage>)> {
    let [ssh, node, script] = words else { return None };
    if ssh != "ssh" || !script.contains('|') {
        return None;
    }
    let mut stages = syntax::parse(script).ok()?.pipelines.into_iter().next()?.stages.into_iter();
    let first = stages.next()?.words;
    let words = [ssh, node].into_iter().cloned().chain(first.iter().map(expand_plain)).collect();
    Some((words, stages.collect()))
}

/// A function or a file of commands that is run: `greet you`, `./setup.sh`, `sh setup.sh`, `sh -c '...'`, `source setup.sh`,
/// `eval ...`.
pub(super) fn called(words: &[String], stdin: Option<&str>, session: &mut Session) -> Option<Script> {
    let name = words.first()?.as_str();
    if let Some((_, body)) = session.functions.iter().find(|(known, _)| known == name) {
        let body = body.clone();
        session.enter(&words[1..]);
        return Some(Script::call(body));
    }
    let runs = matches!(name, "sh" | "bash" | "source" | ".");
    let sourced = matches!(name, "source" | "." | "eval");
    let args = words.get(usize::from(runs)..)?;
    let (text, arguments) = match (name, args) {
        ("eval", [_, args @ ..]) => (args.join(" "), Vec::new()),
        ("sh" | "bash", [flag, text, args @ ..]) if flag.starts_with('-') && flag.ends_with('c') => {
            (text.clone(), args.get(1..).unwrap_or_default().to_vec())
        }
        ("sh" | "bash", []) => (stdin?.to_owned(), Vec::new()),
        _ => {
            let path = args.first().filter(|path| runs || path.contains('/'))?;
            (session.file(path)?.to_owned(), args[1..].to_vec())
        }
    };
    if sourced && text.starts_with("# bash completion") {
        return Some(Script::each(Vec::new()));
    }
    let body = syntax::parse(&text).ok()?;
    if !(sourced && arguments.is_empty()) {
        session.enter(&arguments);
        let inner = if sourced { body } else { syntax::subshell(body) };
        return Some(Script::call(inner));
    }
    Some(Script::of(Group::Lines(body, false)))
}

/// The commands that run others: `xargs` each with words of what is fed in, `watch` one again and again.
pub(super) fn repeated(words: &[String], stdin: Option<&str>) -> Option<Script> {
    let name = words.first()?;
    let (mut every, mut most, mut mark, mut at) = (2.0, usize::MAX, None, 1);
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-') && word.len() > 1) {
        let (flag, glued) = (&word[..2], word[2..].to_owned());
        let mut value = || {
            at += usize::from(glued.is_empty());
            if glued.is_empty() {
                words.get(at).cloned().unwrap_or_default()
            } else {
                glued.clone()
            }
        };
        match flag {
            "-n" => {
                let text = value();
                every = text.parse().unwrap_or(2.0);
                most = text.parse().unwrap_or(usize::MAX);
            }
            "-I" => mark = Some(value()),
            "-L" => most = value().parse().unwrap_or(1),
            _ => {}
        }
        at += 1;
    }
    let command = words.get(at..)?;
    match name.as_str() {
        "watch" if !command.is_empty() => Some(Script::watch(command.join(" "), Span::micros((every * 1e6) as u64))),
        "xargs" => {
            let text = stdin.unwrap_or("");
            let plain = |words: Vec<String>| {
                let words =
                    words.into_iter().map(|text| Word { pieces: vec![syntax::Piece { text, quote: Quote::Single }] });
                let stage = Stage { words: words.collect(), ..Stage::default() };
                let pipeline = Pipeline {
                    when: When::Always,
                    stages: vec![stage],
                    background: false,
                    negated: false,
                    timed: false,
                };
                Line { pipelines: vec![pipeline] }
            };
            let command = if command.is_empty() { &["echo".to_owned()] } else { command };
            let lines = match mark {
                Some(mark) => {
                    text.lines().map(|line| command.iter().map(|word| word.replace(&mark, line)).collect()).collect()
                }
                None => {
                    let given: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                    let chunks = given.chunks(most.clamp(1, given.len().max(1)));
                    chunks.map(|chunk| [command, chunk].concat()).collect::<Vec<Vec<String>>>()
                }
            };
            Some(Script::each(lines.into_iter().map(plain).collect()))
        }
        _ => None,
    }
}

pub(super) fn expand_plain(word: &Word) -> String {
    word.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// Runs one command.
pub(super) fn run_command(
    words: &[String],
    stdin: Option<String>,
    world: &mut World,
    session: &mut Session,
    out: &mut Output,
) -> Run {
    let settings = words.iter().take_while(|word| builtins::is_assignment(word)).count();
    if settings > 0 && settings < words.len() {
        let pairs: Vec<(&str, &str)> = words[..settings].iter().filter_map(|word| word.split_once('=')).collect();
        let before: Vec<Option<String>> = pairs.iter().map(|(name, _)| session.variables.get(*name).cloned()).collect();
        session.variables.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let run = run_command(&words[settings..], stdin, world, session, out);
        for ((name, _), value) in pairs.into_iter().zip(before) {
            match value {
                Some(value) => drop(session.variables.insert(name.to_owned(), value)),
                None => drop(session.variables.remove(name)),
            }
        }
        return run;
    }
    let Some(name) = words.first() else { return Run::Done(0) };
    if let Some(alias) = session.aliases.remove(name) {
        let long: Vec<String> = alias.split_whitespace().map(str::to_owned).chain(words[1..].iter().cloned()).collect();
        let run = run_command(&long, stdin, world, session, out);
        session.aliases.insert(name.clone(), alias);
        return run;
    }
    if let Some(run) = node_shell::run(words, world, session, out) {
        return run;
    }
    match name.as_str() {
        "kubectl" | "k" => dispatch::run(&words[1..], stdin, world, session, out),
        _ => builtins::run(words, stdin, world, session, out),
    }
}

/// Runs a command for another one, such as `timeout 5 kubectl ...`.
pub(super) fn run_inner(
    words: &[String],
    stdin: Option<String>,
    world: &mut World,
    session: &mut Session,
    out: &mut Output,
) -> Run {
    run_command(words, stdin, world, session, out)
}
