//! A pipeline that is being carried out: one command after the other, with the filters between them.

use std::collections::VecDeque;

use super::builtins::is_assignment;
use super::call::{Poll, Run, Waiting};
use super::control::Script;
use super::expansion::Expansion;
use super::output::{Output, Stream};
use super::runners::{called, expand_plain, remote_pipe, repeated, run_command};
use super::session::Session;
use super::syntax::{Errors, Group, Input, Stage};
use super::waits;
use crate::base::time::SimTime;
use crate::cluster::World;
use crate::workload::filters::{self, Filter};

/// A pipeline that is being carried out: a command, the filters behind it, and the commands behind those.
pub(super) struct Running {
    /// While words are still being filled in.
    expansion: Option<Expansion>,
    /// What `read` had before this began to feed it.
    input_before: Option<VecDeque<String>>,
    /// What is told of it where it goes on in the background.
    going: Option<String>,
    error_file: Option<String>,
    pub(super) source: Option<Box<dyn Waiting>>,
    pub(super) script: Option<Box<Script>>,
    source_output: Output,
    errors: Option<Errors>,
    to_errors: bool,
    filters: Vec<(Box<dyn Filter>, Option<Errors>)>,
    /// What the filters have not seen yet: the beginning of a line.
    partial: String,
    /// What has come out at the end of the filters.
    collected: String,
    /// The commands that need all of it.
    rest: VecDeque<Stage>,
    target: Option<(String, bool)>,
    pub(super) code: u8,
    pub(super) until: Option<SimTime>,
}

impl Running {
    /// A pipeline behind a command that ended with a code; `going` is its text where it goes on in the background.
    pub(super) fn new(stages: VecDeque<Stage>, code: u8, going: Option<String>) -> Running {
        Running {
            expansion: (!stages.is_empty()).then(|| Expansion::new(stages, code)),
            input_before: None,
            going,
            error_file: None,
            source: None,
            script: None,
            source_output: Output::default(),
            errors: None,
            to_errors: false,
            filters: Vec::new(),
            partial: String::new(),
            collected: String::new(),
            rest: VecDeque::new(),
            target: None,
            code: 0,
            until: None,
        }
    }

    /// Starts the next command that reads no lines, and the filters right behind it.
    fn next_stage(&mut self, session: &mut Session, world: &mut World, piped: Option<String>) {
        let Some(stage) = self.rest.pop_front() else { return };
        let mut words: Vec<String> = stage.words.iter().map(expand_plain).collect();
        if let Some((first, behind)) = remote_pipe(&words) {
            words = first;
            behind.into_iter().rev().for_each(|stage| self.rest.push_front(stage));
        }
        let stdin = match &stage.input {
            Some(Input::Here(text, _)) => Some(text.clone()),
            Some(Input::File(path) | Input::Text(path)) => self.file(&expand_plain(path), session),
            None => piped,
        };
        self.errors = stage.errors;
        self.to_errors = stage.to_errors;
        self.note_target(&stage);
        self.error_file = stage.error_file.as_ref().map(|target| expand_plain(&target.path));
        if let Some(path) = self.error_file.as_ref().filter(|_| stage.error_file.as_ref().is_some_and(|t| !t.append)) {
            session.write(path, String::new());
        }
        if stage.input.is_some() && self.code != 0 {
            return;
        }
        self.script = match stage.group {
            Some(group) => {
                if let Some(text) = &stdin {
                    let lines = text.lines().map(str::to_owned).collect();
                    self.input_before = Some(std::mem::replace(&mut session.input, lines));
                }
                match *group {
                    Group::Function(name, body) => {
                        session.functions.retain(|(known, _)| *known != name);
                        session.functions.push((name, body));
                        None
                    }
                    Group::Arithmetic(value) => {
                        self.code = u8::from(value == "0");
                        None
                    }
                    group => Some(Script::of(group)),
                }
            }
            None => {
                let limit = words.get(1).filter(|_| words[0] == "timeout").and_then(|text| waits::span(text));
                let inner = if limit.is_some() { &words[2..] } else { &words[..] };
                let script = repeated(inner, stdin.as_deref()).or_else(|| called(inner, stdin.as_deref(), session));
                let script = script.map(|script| script.within(limit.map(|limit| world.now() + limit)));
                if script.is_none() && !words.is_empty() {
                    if let Some(text) = stdin.as_ref().filter(|_| words[0] == "read") {
                        let lines = text.lines().map(str::to_owned).collect();
                        self.input_before = Some(std::mem::replace(&mut session.input, lines));
                    }
                    session.going = self.going.take();
                    match run_command(&words, stdin, world, session, &mut self.source_output) {
                        Run::Done(code) => self.code = code,
                        Run::Wait(waiting) => self.source = Some(waiting),
                    }
                    session.going = None;
                    if words[0] == "read" {
                        if let Some(before) = self.input_before.take() {
                            session.input = before;
                        }
                    }
                }
                script
            }
        }
        .map(Box::new);
        self.take_filters();
    }

    /// The text of a file that a command reads.
    fn file(&mut self, path: &str, session: &Session) -> Option<String> {
        let text = session.file(path).map(str::to_owned);
        if text.is_none() {
            self.source_output.err(format!("sh: {path}: No such file or directory"));
            self.code = 1;
        }
        text
    }

    /// Sets up the filters that come next.
    fn take_filters(&mut self) {
        while self.rest.front().is_some_and(is_line_filter) {
            let Some(next) = self.rest.pop_front() else { break };
            let words: Vec<String> = next.words.iter().map(expand_plain).collect();
            self.to_errors = next.to_errors;
            self.note_target(&next);
            match filters::make(&words) {
                Ok((filter, _)) => self.filters.push((filter, next.errors)),
                Err(why) => {
                    self.source_output.err(why);
                    self.code = 2;
                }
            }
        }
    }

    fn note_target(&mut self, stage: &Stage) {
        if let Some(target) = &stage.output {
            self.target = Some((expand_plain(&target.path), target.append));
        }
    }

    /// Begins with the first command once all words are filled in; until when it waits for that otherwise.
    fn begin(&mut self, session: &mut Session, world: &mut World) -> Option<Poll> {
        let mut expansion = self.expansion.take()?;
        match expansion.poll(session, world, &mut self.source_output) {
            Ok(stages) => self.rest = stages,
            Err(Ok(state)) => {
                self.expansion = Some(expansion);
                return Some(state);
            }
            Err(Err(why)) => {
                self.source_output.err(why);
                self.code = 1;
                return None;
            }
        }
        let first = self.rest.front();
        let assigns = first.is_some_and(|stage| stage.words.iter().all(|word| is_assignment(&expand_plain(word))));
        self.next_stage(session, world, None);
        if assigns && expansion.ran && self.code == 0 {
            self.code = expansion.code;
        }
        None
    }

    pub(super) fn poll(&mut self, session: &mut Session, world: &mut World, out: &mut Output) -> Poll {
        if let Some(Poll::Pending(until)) = self.begin(session, world) {
            self.until = until;
            self.pass_on(session, out);
            return Poll::Pending(until);
        }
        loop {
            if let Some(script) = &mut self.script {
                let state = script.poll(session, world);
                for (stream, text) in script.take_output() {
                    self.source_output.push(stream, &text);
                }
                match state {
                    Poll::Done(code) => {
                        self.code = code;
                        if let Some(before) = self.input_before.take() {
                            session.input = before;
                        }
                    }
                    Poll::Pending(until) => {
                        self.until = until;
                        self.pass_on(session, out);
                        self.deliver(out);
                        return state;
                    }
                }
            }
            if let Some(source) = &mut self.source {
                match source.poll(world, &mut self.source_output) {
                    Poll::Done(code) => {
                        self.code = code;
                        self.source = None;
                    }
                    Poll::Pending(until) => {
                        self.until = until;
                        self.pass_on(session, out);
                        self.deliver(out);
                        return Poll::Pending(until);
                    }
                }
            }
            self.pass_on(session, out);
            self.finish_filters();
            if self.rest.is_empty() {
                self.deliver(out);
                if let Some((path, append)) = self.target.take() {
                    let before = session.file(&path).filter(|_| append).unwrap_or_default().to_owned();
                    if path != "/dev/null" {
                        session.write(&path, before + &self.collected);
                    }
                    self.collected.clear();
                }
                return Poll::Done(self.code);
            }
            let piped = std::mem::take(&mut self.collected);
            self.next_stage(session, world, Some(piped));
        }
    }

    /// Gives what the command has printed to the filters.
    fn pass_on(&mut self, session: &mut Session, out: &mut Output) {
        for (stream, text) in self.source_output.take() {
            match (stream, self.errors) {
                (Stream::Err, _) if self.error_file.is_some() => {
                    let path = self.error_file.clone().unwrap_or_default();
                    let before = session.file(&path).unwrap_or_default().to_owned();
                    if path != "/dev/null" {
                        session.write(&path, before + &text);
                    }
                }
                (Stream::Err, None) => out.err(text.trim_end_matches('\n')),
                (Stream::Err, Some(Errors::Dropped)) => {}
                _ => self.partial.push_str(&text),
            }
        }
        if self.filters.is_empty() {
            self.collected.push_str(&std::mem::take(&mut self.partial));
            return;
        }
        while let Some(end) = self.partial.find('\n') {
            let line: String = self.partial.drain(..=end).collect();
            self.filter(0, &line);
        }
    }

    /// Runs a text of whole lines through the filters from one on.
    pub(super) fn filter(&mut self, from: usize, text: &str) {
        let mut text = text.to_owned();
        for (filter, _) in &mut self.filters[from..] {
            let mut next = String::new();
            filters::feed(filter.as_mut(), &text, &mut next);
            text = next;
        }
        self.collected.push_str(&text);
    }

    fn finish_filters(&mut self) {
        if !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            self.filter(0, &line);
        }
        for i in 0..self.filters.len() {
            let mut text = String::new();
            self.code = self.filters[i].0.end(&mut text);
            self.filter(i + 1, &text);
        }
        self.filters.clear();
    }

    /// Prints what has come out, unless it goes into a file or another command.
    fn deliver(&mut self, out: &mut Output) {
        if self.target.is_none() && self.rest.is_empty() {
            let stream = if self.to_errors { Stream::Err } else { Stream::Out };
            out.push(stream, &std::mem::take(&mut self.collected));
        }
    }
}

/// True for a filter in a pipe that reads nothing but the pipe.
fn is_line_filter(stage: &Stage) -> bool {
    let name = stage.words.first().map(expand_plain).unwrap_or_default();
    stage.input.is_none() && filters::NAMES.contains(&name.as_str())
}
