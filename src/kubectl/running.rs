//! A pipeline that is being carried out: one command after the other, with the filters between them.

use std::collections::VecDeque;

use super::call::{Poll, Run, Waiting};
use super::control::Script;
use super::expand::Expander;
use super::output::{Output, Stream};
use super::runners::{expand_plain, remote_pipe, repeated, run_command, script_file};
use super::session::Session;
use super::syntax::{Errors, Group, Input, Stage};
use super::waits;
use crate::base::time::SimTime;
use crate::cluster::World;
use crate::workload::filters::{self, Filter};

/// A pipeline that is being carried out: a command, the filters behind it, and the commands behind those.
pub(super) struct Running {
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
    pub(super) fn new(stages: VecDeque<Stage>) -> Running {
        Running {
            source: None,
            script: None,
            source_output: Output::default(),
            errors: None,
            to_errors: false,
            filters: Vec::new(),
            partial: String::new(),
            collected: String::new(),
            rest: stages,
            target: None,
            code: 0,
            until: None,
        }
    }

    /// Starts the next command that reads no lines, and the filters right behind it.
    pub(super) fn next_stage(
        &mut self,
        session: &mut Session,
        world: &mut World,
        last_code: u8,
        piped: Option<String>,
    ) {
        let Some(stage) = self.rest.pop_front() else { return };
        let mut expander = Expander { session, world, last_code };
        let mut words = expander.words(&stage.words);
        if let Some((first, behind)) = remote_pipe(&words) {
            words = first;
            behind.into_iter().rev().for_each(|stage| self.rest.push_front(stage));
        }
        let stdin = match &stage.input {
            None => piped,
            Some(Input::Here(text, true)) => Some(expander.fill_in(text)),
            Some(Input::Here(text, false)) => Some(text.clone()),
            Some(Input::File(path)) => {
                let path = expander.word(path);
                self.file(&path, session)
            }
        };
        self.errors = stage.errors;
        self.to_errors = stage.to_errors;
        self.note_target(&stage, session, world, last_code);
        if stage.input.is_some() && self.code != 0 {
            return;
        }
        self.script = match stage.group {
            Some(group) => {
                let values = match group.as_ref() {
                    Group::For(_, values, _) => Expander { session, world, last_code }.words(values),
                    _ => Vec::new(),
                };
                session.input = stdin.iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
                Some(Script::of(*group, values))
            }
            None => {
                let limit = words.get(1).filter(|_| words[0] == "timeout").and_then(|text| waits::span(text));
                let inner = if limit.is_some() { &words[2..] } else { &words[..] };
                let script = repeated(inner, stdin.as_deref()).or_else(|| script_file(inner, session));
                script.map(|script| script.within(limit.map(|limit| world.now() + limit)))
            }
        }
        .map(Box::new);
        if self.script.is_none() {
            match run_command(&words, stdin, world, session, &mut self.source_output) {
                Run::Done(code) => self.code = code,
                Run::Wait(waiting) => self.source = Some(waiting),
            }
        }
        self.take_filters(session, world, last_code);
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
    fn take_filters(&mut self, session: &mut Session, world: &mut World, last_code: u8) {
        while self.rest.front().is_some_and(is_line_filter) {
            let Some(next) = self.rest.pop_front() else { break };
            let words = Expander { session, world, last_code }.words(&next.words);
            self.to_errors = next.to_errors;
            self.note_target(&next, session, world, last_code);
            match filters::make(&words) {
                Ok((filter, _)) => self.filters.push((filter, next.errors)),
                Err(why) => {
                    self.source_output.err(why);
                    self.code = 2;
                }
            }
        }
    }

    fn note_target(&mut self, stage: &Stage, session: &mut Session, world: &mut World, last_code: u8) {
        if let Some(target) = &stage.output {
            let path = Expander { session, world, last_code }.word(&target.path);
            self.target = Some((path, target.append));
        }
    }

    pub(super) fn poll(&mut self, session: &mut Session, world: &mut World, out: &mut Output) -> Poll {
        loop {
            if let Some(script) = &mut self.script {
                let state = script.poll(session, world);
                for (stream, text) in script.take_output() {
                    self.source_output.push(stream, &text);
                }
                match state {
                    Poll::Done(code) => self.code = code,
                    Poll::Pending(until) => {
                        self.until = until;
                        self.pass_on(out);
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
                        self.pass_on(out);
                        self.deliver(out);
                        return Poll::Pending(until);
                    }
                }
            }
            self.pass_on(out);
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
            let code = self.code;
            self.next_stage(session, world, code, Some(piped));
        }
    }

    /// Gives what the command has printed to the filters.
    fn pass_on(&mut self, out: &mut Output) {
        for (stream, text) in self.source_output.take() {
            match (stream, self.errors) {
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
