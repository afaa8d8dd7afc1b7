//! The shell: a line of text becomes a job that is polled while the clock runs. Files live in the session.

use std::collections::VecDeque;

use super::call::Poll;
use super::control::Escape;
use super::node_shell;
use super::output::{Output, Stream};
use super::runners::expand_plain;
use super::running::Running;
use super::session::Session;
use super::syntax::{self, Line, Pipeline, When};
use super::verbs::exec::Executing;
use crate::base::time::SimTime;
use crate::cluster::World;

/// A line that is being carried out.
pub struct Job {
    todo: VecDeque<Pipeline>,
    running: Option<Running>,
    /// Of what is running: true behind `!`, and since when where that is told.
    negated: bool,
    timed: Option<SimTime>,
    background: Vec<Running>,
    code: u8,
    /// How the line was left early, for the loop around it.
    pub escape: Option<Escape>,
    out: Output,
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
            while !session.locals.is_empty() {
                session.leave();
            }
            return Job::typed(text, session);
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
        let mut running = Running::new(VecDeque::new(), 0, None);
        running.source = Some(Box::new(Executing { id, is_line: true }));
        job.running = Some(running);
        job
    }

    /// Begins with a line of the terminal's own shell, which is remembered; `!!` in it stands for the one before.
    fn typed(text: &str, session: &mut Session) -> Job {
        let last = session.history.last().cloned().unwrap_or_default();
        let recalled = match text.strip_prefix('!').map(str::trim_end) {
            _ if text.contains("!!") && !text.contains('\'') => Some(text.replace("!!", &last)),
            Some(start) if !start.is_empty() && !start.contains([' ', '=', '(']) => {
                let numbered = start.parse::<usize>().ok().and_then(|n| session.history.get(n.wrapping_sub(1)));
                numbered.or_else(|| session.history.iter().rev().find(|line| line.starts_with(start))).cloned()
            }
            _ => None,
        };
        let line = recalled.as_deref().unwrap_or(text);
        if !line.trim().is_empty() {
            session.history.push(line.to_owned());
        }
        let mut job = Job::start(line);
        recalled.iter().for_each(|line| job.out.line(line));
        job
    }

    /// Begins with a line that was taken apart already.
    pub fn of(line: Line) -> Job {
        let todo = line.pipelines.into();
        Job {
            todo,
            running: None,
            negated: false,
            timed: None,
            background: Vec::new(),
            code: 0,
            escape: None,
            out: Output::default(),
        }
    }

    /// Begins behind a command that ended with a code.
    pub(super) fn follow(&mut self, code: u8) {
        self.code = code;
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
        self.background.retain_mut(|running| matches!(running.poll(session, world, &mut self.out), Poll::Pending(_)));
        loop {
            if let Some(running) = &mut self.running {
                match running.poll(session, world, &mut self.out) {
                    Poll::Pending(until) => return Poll::Pending(earlier(until, self.background_due())),
                    Poll::Done(code) => self.ended(code, session, world),
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
            if self.escapes(name, single.get(1), session) {
                continue;
            }
            let text = pipeline.background.then(|| single.join(" "));
            let mut running = Running::new(pipeline.stages.into(), self.code, text);
            self.negated = pipeline.negated;
            self.timed = pipeline.timed.then(|| world.now());
            match pipeline.background {
                true if matches!(running.poll(session, world, &mut self.out), Poll::Pending(_)) => {
                    self.background.push(running);
                }
                true => {}
                false => self.running = Some(running),
            }
        }
    }

    /// Takes note of how the running pipeline has ended; the end of a container's shell leads back out of it.
    fn ended(&mut self, code: u8, session: &mut Session, world: &mut World) {
        let own = session.shells.last().and_then(|shell| shell.command);
        if own.is_some_and(|id| !world.has_command(id)) {
            node_shell::leave(code, world, session, &mut self.out);
        }
        self.code = if self.negated { u8::from(code == 0) } else { code };
        if let Some(since) = self.timed.take() {
            let took = world.now().since(since).as_millis();
            let (minutes, seconds, rest) = (took / 60_000, took / 1_000 % 60, took % 1_000);
            self.out.err(format!("\nreal\t{minutes}m{seconds}.{rest:03}s\nuser\t0m0.000s\nsys\t0m0.000s"));
        }
        self.escape = self.running.take().and_then(|running| running.script).and_then(|script| script.escape);
        if self.escape.is_some() {
            self.todo.clear();
        }
    }

    /// True for `break`, `continue` and `exit`, which end the line.
    fn escapes(&mut self, name: &str, code: Option<&String>, session: &Session) -> bool {
        self.escape = match name {
            "break" => Some(Escape::Break),
            "continue" => Some(Escape::Continue),
            "return" => Some(Escape::Return),
            "exit" if session.shells.is_empty() => Some(Escape::Exit),
            _ => return false,
        };
        let given = code.map(|text| match text.strip_prefix('$') {
            Some("?") => self.code.to_string(),
            Some(name) => session.variables.get(name).cloned().unwrap_or_default(),
            None => text.clone(),
        });
        self.code = given.and_then(|code| code.parse().ok()).unwrap_or(self.code);
        self.todo.clear();
        true
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
