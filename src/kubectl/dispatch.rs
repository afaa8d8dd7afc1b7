//! From the words of a kubectl command line to the call of its verb.

use super::call::{Call, Outcome, Run};
use super::failure::{error, Failure};
use super::flags::{self, Flag, Takes};
use super::help;
use super::output::Output;
use super::session::Session;
use super::verbs::{self, config, Verb, VERBS};
use crate::cluster::World;

/// Runs the words behind `kubectl`. Failures are printed here; what is given back is how the call goes on.
pub fn run(words: &[String], stdin: Option<String>, world: &mut World, session: &mut Session, out: &mut Output) -> Run {
    let mut command = "kubectl".to_owned();
    match start(words, stdin, world, session, out, &mut command) {
        Ok(run) => run,
        Err(failure) => {
            if let Failure::Printed(before, _) = &failure {
                out.out(before);
            }
            out.err(failure.text(&command).trim_end_matches('\n'));
            Run::Done(failure.code())
        }
    }
}

fn start(
    words: &[String],
    stdin: Option<String>,
    world: &mut World,
    session: &mut Session,
    out: &mut Output,
    command: &mut String,
) -> Outcome {
    let mut rest = words.to_vec();
    let Some(name) = take_word(&mut rest) else {
        out.out(help::of(session.help.as_deref(), ""));
        return Ok(Run::Done(0));
    };
    if name == "help" {
        return help_about(&rest, session, out);
    }
    let Some(mut verb) = verbs::find(VERBS, &name) else {
        let missing = MISSING.iter().find(|(known, _)| *known == name);
        return Err(error(missing.map_or_else(|| unknown_command(&name), |(_, why)| (*why).to_owned())));
    };
    command.push_str(&format!(" {}", verb.name));
    while let Some(word) = peek_word(&rest) {
        let Some(sub) = verbs::find(verb.subverbs, &word) else {
            if verb.run.is_none() && !verb.subverbs.is_empty() {
                return Err(Failure::Usage(format!("unknown command \"{word}\"")));
            }
            break;
        };
        take_word(&mut rest);
        verb = sub;
        command.push_str(&format!(" {}", verb.name));
    }
    let path = command.strip_prefix("kubectl ").unwrap_or("");
    let line = flags::parse(&rest, &flags::of(path), command)?;
    if line.has("record") {
        out.err("Flag --record has been deprecated, --record will be removed in the future");
    }
    let help = || help::of(session.help.as_deref(), path);
    if line.is("help") {
        out.out(help());
        return Ok(Run::Done(0));
    }
    let Some(run) = verb.run else {
        out.out(help());
        return Ok(Run::Done(1));
    };
    check_context(&line)?;
    let mut call = Call { verb, command: command.clone(), line, stdin, world, session, out };
    run(&mut call)
}

/// Commands of kubectl that Kubottle does without, and what to do instead.
const MISSING: &[(&str, &str)] = &[
    ("attach", "Kubottle attaches no terminal to containers: read `kubectl logs -f POD`"),
    ("certificate", "Kubottle signs no certificates"),
    ("completion", "the terminal completes by itself: press Tab"),
    ("cp", "containers hold no files here: use a ConfigMap"),
    ("debug", "containers hold no programs here: `kubectl exec POD -- curl ...` sends requests from a pod"),
    ("kustomize", "Kubottle reads plain manifests only"),
    ("plugin", "unable to find any kubectl plugins in your PATH"),
    ("port-forward", "there is no machine of yours to forward to: `curl` reaches Services and pods as it is"),
    ("proxy", "there is no machine of yours to listen on: `curl` reaches Services and pods as it is"),
    ("top", "Metrics API not available"),
];

/// There is one context; asking for another fails as with a real configuration.
fn check_context(line: &flags::Line) -> Result<(), Failure> {
    match (line.get("context"), line.get("cluster")) {
        (Some(name), _) if name != config::CONTEXT => {
            Err(Failure::Plain(format!("Error in configuration: context was not found for specified context: {name}")))
        }
        (_, Some(name)) if name != config::CONTEXT => Err(error(format!("no server found for cluster \"{name}\""))),
        _ => Ok(()),
    }
}

/// The place of the first word that is neither a global flag nor the value of one.
fn word_place(words: &[String]) -> Option<usize> {
    let global: Vec<Flag> = flags::of("");
    let mut i = 0;
    while let Some(word) = words.get(i) {
        if word == "--" || word.is_empty() {
            return None;
        }
        if !word.starts_with('-') {
            return Some(i);
        }
        let name = word.trim_start_matches('-');
        let flag = global.iter().find(|flag| flag.name == name || flag.short.is_some_and(|c| name == c.to_string()));
        match flag {
            Some(flag) if flag.takes != Takes::Nothing => i += 2,
            Some(_) => i += 1,
            None if word.contains('=') => i += 1,
            None if word.len() > 2 && !word.starts_with("--") => i += 1,
            None => return None,
        }
    }
    None
}

fn peek_word(words: &[String]) -> Option<String> {
    word_place(words).map(|i| words[i].clone())
}

fn take_word(words: &mut Vec<String>) -> Option<String> {
    word_place(words).map(|i| words.remove(i))
}

fn help_about(words: &[String], session: &Session, out: &mut Output) -> Outcome {
    let texts = session.help.as_deref();
    let mut path: Vec<&str> = Vec::new();
    let mut verb: Option<&'static Verb> = None;
    for word in words {
        match verbs::find(verb.map_or(VERBS, |verb| verb.subverbs), word) {
            Some(found) => {
                path.push(found.name);
                verb = Some(found);
            }
            None => {
                out.line(format!("Unknown help topic [`{word}`]"));
                out.out(help::of(texts, ""));
                return Ok(Run::Done(0));
            }
        }
    }
    out.out(help::of(texts, &path.join(" ")));
    Ok(Run::Done(0))
}

/// What cobra says of a command it does not know, with those that look like it.
fn unknown_command(name: &str) -> String {
    let near: Vec<&str> = VERBS
        .iter()
        .map(|verb| verb.name)
        .filter(|known| distance(name, known) <= 2 || known.starts_with(name))
        .collect();
    let mut text = format!("unknown command \"{name}\" for \"kubectl\"");
    if !near.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        near.iter().for_each(|known| text.push_str(&format!("\t{known}\n")));
    }
    text
}

/// How many letters must be changed, added or taken away between two words.
fn distance(a: &str, b: &str) -> u32 {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<u32> = (0..=b.len() as u32).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i as u32 + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + u32::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
