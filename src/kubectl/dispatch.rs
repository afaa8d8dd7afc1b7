//! From the words of a kubectl command line to the call of its verb.

use super::call::{Call, Outcome, Poll, Run, Waiting};
use super::complete;
use super::failure::{error, Failure};
use super::flags::{self, Flag, Takes};
use super::help;
use super::output::Output;
use super::session::Session;
use super::verbs::{self, config_check, Verb, VERBS};
use crate::base::time::{parse_duration, SimTime, Span};
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
    if name == "__complete" || name == "__completeNoDesc" {
        complete::asked(&rest, name == "__complete", world, session, out);
        return Ok(Run::Done(0));
    }
    if name == "alpha" {
        out.line("No alpha commands are available in this version of kubectl");
        return Ok(Run::Done(0));
    }
    let Some(mut verb) = verbs::find(VERBS, &name) else {
        return Err(error(unknown_command(&name)));
    };
    command.push_str(&format!(" {}", verb.name));
    while let Some(word) = peek_word(&rest) {
        let Some(sub) = verbs::find(verb.subverbs, &word) else {
            if verb.run.is_none() && !verb.subverbs.is_empty() {
                let words: Vec<&str> = rest.iter().filter(|word| !word.starts_with('-')).map(String::as_str).collect();
                return Err(Failure::Usage(format!("unknown command {:?}", words.join(" "))));
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
    if command != "kubectl config" && !command.starts_with("kubectl config ") {
        config_check::check(&line, path, session, world, out)?;
    }
    config_check::warn_of_dry_run(&line, world, out);
    let limit = line.get("request-timeout").filter(|text| !matches!(*text, "0" | "0s")).and_then(parse_duration);
    if limit.is_some_and(|limit| limit < Span::millis(1)) {
        return Err(Failure::Plain("context deadline exceeded".to_owned()));
    }
    let until = limit.map(|limit| world.now() + limit);
    let mut call = Call { verb, command: command.clone(), line, stdin, world, session, out };
    match (run(&mut call)?, until) {
        (Run::Wait(waiting), Some(until)) => Ok(Run::Wait(Box::new(Limited { waiting, until }))),
        (run, _) => Ok(run),
    }
}

/// Does something with the API server as a verb does it, without a command line.
pub(super) fn with_call<T>(
    name: &str,
    world: &mut World,
    session: &mut Session,
    out: &mut Output,
    act: impl FnOnce(&mut Call<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let command = format!("kubectl {name}");
    let line = flags::parse(&[], &flags::of(name), &command)?;
    let verb = verbs::find(VERBS, name).ok_or_else(|| error(unknown_command(name)))?;
    act(&mut Call { verb, command, line, stdin: None, world, session, out })
}

/// What stands before a message of kubectl's log: its level, the time, and its process.
pub(super) fn log_head(level: char, world: &World) -> String {
    let now = world.timestamp();
    let (text, civil) = (now.rfc3339_micro(), now.civil());
    format!("{level}{:02}{:02} {}   {:5} ", civil.month, civil.day, &text[11..26], 25_162)
}

/// A command that ends with its request: `--request-timeout`.
struct Limited {
    waiting: Box<dyn Waiting>,
    until: SimTime,
}

impl Waiting for Limited {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        match self.waiting.poll(world, out) {
            Poll::Pending(_) if world.now() >= self.until => Poll::Done(0),
            Poll::Pending(due) => Poll::Pending(Some(due.map_or(self.until, |due| due.min(self.until)))),
            done => done,
        }
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
                out.err(format!("Unknown help topic [`{word}`]\n"));
                let page = help::of(texts, "");
                let usage = page.find("Basic Commands").map_or("", |i| &page[i..]);
                out.err(format!("\n{}", usage.trim_end_matches('\n')));
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
