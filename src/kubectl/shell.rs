//! The shell: a line of text becomes a job that is polled while the clock runs. Files live in the session.

use super::builtins;
use super::call::{Poll, Run, Waiting};
use super::control::{Escape, Script};
use super::dispatch;
use super::expand::Expander;
use super::node_shell;
use super::output::{Output, Stream};
use super::session::Session;
use super::syntax::{self, Errors, Group, Input, Line, Pipeline, Quote, Stage, When, Word};
use super::verbs::exec::Executing;
use crate::base::time::{SimTime, Span};
use crate::cluster::World;
use crate::workload::filters::{self, Filter};
use std::collections::VecDeque;

/// A line that is being carried out.
pub struct Job {
    todo: VecDeque<Pipeline>,
    running: Option<Running>,
    background: Vec<Running>,
    code: u8,
    /// How the line was left early, for the loop around it.
    pub escape: Option<Escape>,
    out: Output,
}

/// A pipeline that is being carried out: a command, the filters behind it, and the commands behind those.
struct Running {
    source: Option<Box<dyn Waiting>>,
    script: Option<Box<Script>>,
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
    code: u8,
    until: Option<SimTime>,
}

impl Job {
    /// Begins with a line, which may have further lines: here-documents, or more commands.
    pub fn start(text: &str) -> Job {
        match syntax::parse(text) {
            Ok(line) => Job::of(line),
            Err(why) => {
                let mut job = Job::of(Line::default());
                job.out.err(format!("sh: {why}"));
                job.code = 2;
                job
            }
        }
    }

    /// Begins with a line in the shell that the terminal is in: its own, or that of a container.
    pub fn begin(text: &str, session: &mut Session, world: &mut World) -> Job {
        let Some(shell) = session.shells.last_mut().filter(|shell| shell.inside.is_some()) else {
            return Job::start(text);
        };
        if let (None, Some(inside)) = (shell.command, &shell.inside) {
            let begun = world.begin_command(&inside.pod, &inside.container, vec!["sh".into()], Some(String::new()));
            shell.command = begun.and_then(Result::ok);
        }
        let mut job = Job::of(Line::default());
        let Some(id) = shell.command.filter(|id| world.feed_command(*id, text)) else {
            node_shell::leave(0, world, session, &mut job.out);
            job.todo = Job::begin(text, session, world).todo;
            return job;
        };
        let mut running = Running::new(VecDeque::new());
        running.source = Some(Box::new(Executing { id, is_line: true }));
        job.running = Some(running);
        job
    }

    /// Begins with a line that was taken apart already.
    pub fn of(line: Line) -> Job {
        let todo = line.pipelines.into();
        Job { todo, running: None, background: Vec::new(), code: 0, escape: None, out: Output::default() }
    }

    /// What was printed since the last time.
    pub fn take_output(&mut self) -> Vec<(Stream, String)> {
        self.out.take()
    }

    /// Stops what is running, as Ctrl-C does.
    pub fn interrupt(&mut self, world: &mut World) {
        self.todo.clear();
        if let Some(source) = self.running.take().and_then(|running| running.source).as_mut() {
            source.interrupt(world, &mut self.out);
        }
        self.background.clear();
        self.code = 130;
    }

    /// Goes on as far as the present state of the cluster allows.
    pub fn poll(&mut self, session: &mut Session, world: &mut World) -> Poll {
        let mut i = 0;
        while i < self.background.len() {
            match self.background[i].poll(session, world, &mut self.out) {
                Poll::Done(_) => drop(self.background.remove(i)),
                Poll::Pending(_) => i += 1,
            }
        }
        loop {
            if let Some(running) = &mut self.running {
                match running.poll(session, world, &mut self.out) {
                    Poll::Pending(until) => return Poll::Pending(earlier(until, self.background_due())),
                    Poll::Done(code) => {
                        let own = session.shells.last().and_then(|shell| shell.command);
                        if own.is_some_and(|id| !world.has_command(id)) {
                            node_shell::leave(code, world, session, &mut self.out);
                        }
                        self.code = code;
                        self.escape = running.script.take().and_then(|script| script.escape);
                        self.running = None;
                        if self.escape.is_some() {
                            self.todo.clear();
                        }
                    }
                }
            }
            let Some(pipeline) = self.todo.front() else {
                return match self.background.is_empty() {
                    true => Poll::Done(self.code),
                    false => Poll::Pending(self.background_due()),
                };
            };
            let single = match pipeline.stages.as_slice() {
                [stage] => stage.words.iter().map(expand_plain).collect::<Vec<_>>(),
                _ => Vec::new(),
            };
            let name = single.first().map_or("", String::as_str);
            if name == "wait" && single.len() == 1 && !self.background.is_empty() {
                return Poll::Pending(self.background_due());
            }
            let Some(pipeline) = self.todo.pop_front() else { continue };
            let wanted = match pipeline.when {
                When::Always => true,
                When::Success => self.code == 0,
                When::Failure => self.code != 0,
            };
            if !wanted {
                continue;
            }
            self.escape = match name {
                "break" => Some(Escape::Break),
                "continue" => Some(Escape::Continue),
                "exit" if session.shells.is_empty() => Some(Escape::Exit),
                _ => None,
            };
            if self.escape.is_some() {
                self.code = single.get(1).and_then(|code| code.parse().ok()).unwrap_or(self.code);
                self.todo.clear();
                continue;
            }
            let background = pipeline.background;
            let mut running = Running::new(pipeline.stages.into());
            running.next_stage(session, world, self.code, None);
            match background {
                true => self.background.push(running),
                false => self.running = Some(running),
            }
        }
    }

    fn background_due(&self) -> Option<SimTime> {
        self.background.iter().fold(None, |due, running| earlier(due, running.until))
    }
}

fn earlier(a: Option<SimTime>, b: Option<SimTime>) -> Option<SimTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl Running {
    fn new(stages: VecDeque<Stage>) -> Running {
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
    fn next_stage(&mut self, session: &mut Session, world: &mut World, last_code: u8, piped: Option<String>) {
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
                let text = session.file(&path).map(str::to_owned);
                if text.is_none() {
                    self.source_output.err(format!("sh: {path}: No such file or directory"));
                    self.code = 1;
                }
                text
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
                let limit = words.get(1).filter(|_| words[0] == "timeout").and_then(|text| builtins::span(text));
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

    fn poll(&mut self, session: &mut Session, world: &mut World, out: &mut Output) -> Poll {
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
    fn filter(&mut self, from: usize, text: &str) {
        let mut text = text.to_owned();
        for (filter, _) in &mut self.filters[from..] {
            let mut next = String::new();
            text.lines().for_each(|line| filter.line(line, &mut next));
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

/// `ssh node-1 'iptables-save | grep web'`: the command for the node, and the filters behind it.
fn remote_pipe(words: &[String]) -> Option<(Vec<String>, Vec<Stage>)> {
    let [ssh, node, script] = words else { return None };
    if ssh != "ssh" || !script.contains('|') {
        return None;
    }
    let mut stages = syntax::parse(script).ok()?.pipelines.into_iter().next()?.stages.into_iter();
    let first = stages.next()?.words;
    let words = [ssh, node].into_iter().cloned().chain(first.iter().map(expand_plain)).collect();
    Some((words, stages.collect()))
}

/// True for a filter in a pipe that reads nothing but the pipe.
fn is_line_filter(stage: &Stage) -> bool {
    let name = stage.words.first().map(expand_plain).unwrap_or_default();
    stage.input.is_none() && filters::NAMES.contains(&name.as_str())
}

/// A file of commands that is run: `./setup.sh`, `sh setup.sh`, `source setup.sh`.
fn script_file(words: &[String], session: &mut Session) -> Option<Script> {
    let runs = matches!(words.first()?.as_str(), "sh" | "bash" | "source" | ".");
    let args = words.get(usize::from(runs)..)?;
    let path = args.first().filter(|path| runs || path.contains('/'))?;
    let text = session.file(path)?.to_owned();
    for (i, word) in args.iter().enumerate() {
        session.variables.insert(i.to_string(), word.clone());
    }
    let subshell = !matches!(words[0].as_str(), "source" | ".");
    Some(Script::of(Group::Lines(syntax::parse(&text).ok()?, subshell), Vec::new()))
}

/// The commands that run others: `xargs` each with words of what is fed in, `watch` one again and again.
fn repeated(words: &[String], stdin: Option<&str>) -> Option<Script> {
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
                Line { pipelines: vec![Pipeline { when: When::Always, stages: vec![stage], background: false }] }
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

fn expand_plain(word: &Word) -> String {
    word.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// Runs one command.
fn run_command(
    words: &[String],
    stdin: Option<String>,
    world: &mut World,
    session: &mut Session,
    out: &mut Output,
) -> Run {
    let settings = words.iter().take_while(|word| builtins::is_assignment(word)).count();
    if settings > 0 && settings < words.len() {
        let before = session.variables.clone();
        let pairs = words[..settings].iter().filter_map(|word| word.split_once('='));
        session.variables.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let run = run_command(&words[settings..], stdin, world, session, out);
        session.variables = before;
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
