//! What the shell does with several commands: `( ... )`, `for`, `while`, `if`, and the commands that run others, `xargs`
//! and `watch`.

use super::call::Poll;
use super::output::{Output, Stream};
use super::session::Session;
use super::shell::Job;
use super::syntax::{Group, Line, Pipeline};
use super::syntax_words::plain;
use crate::base::time::{SimTime, Span};
use crate::cluster::World;
use std::collections::{BTreeMap, VecDeque};

/// How a list of commands was left early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escape {
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `return`.
    Return,
    /// `exit`.
    Exit,
}

/// What is repeated.
enum Plan {
    /// `( ... )` or `{ ... }`; true where `exit` leaves it alone.
    Lines(Line, bool),
    /// A value for the variable each time.
    For(String, VecDeque<String>, Line),
    /// As long as the condition holds, or until it does.
    While(Line, Line, bool),
    /// The first branch whose condition holds.
    If(VecDeque<(Line, Line)>, Line),
    /// Command lines one after the other.
    Each(VecDeque<Line>),
    /// A command again and again, each time on a fresh screen.
    Watch(String, Span),
}

/// A compound command that is being carried out.
pub struct Script {
    plan: Plan,
    job: Option<Job>,
    /// True while the job is a condition.
    testing: bool,
    begun: bool,
    pause: Option<SimTime>,
    code: u8,
    /// When it is stopped, with exit code 124.
    limit: Option<SimTime>,
    /// How it was left, for the list around it.
    pub escape: Option<Escape>,
    /// A function, whose own variables go with it.
    is_call: bool,
    /// What comes between two rounds of a loop.
    step: Option<Line>,
    /// What the variables were before a subshell, and where the terminal was.
    before: Option<(BTreeMap<String, String>, String)>,
    out: Output,
}

/// What passes between two turns of a loop, as commands take time.
const TURN: Span = Span::millis(50);

impl Script {
    fn new(plan: Plan) -> Script {
        Script {
            plan,
            job: None,
            testing: false,
            begun: false,
            pause: None,
            code: 0,
            limit: None,
            escape: None,
            is_call: false,
            step: None,
            before: None,
            out: Output::default(),
        }
    }

    /// A compound command whose words are filled in.
    pub fn of(group: Group) -> Script {
        let step = match &group {
            Group::Counted(_, step, _) => Some(step.clone()),
            _ => None,
        };
        let plan = match group {
            Group::Lines(line, subshell) => Plan::Lines(line, subshell),
            Group::For(name, words, body) => Plan::For(name, words.iter().map(plain).collect(), body),
            Group::While(condition, body, until) => Plan::While(condition, body, until),
            Group::If(branches, otherwise) => Plan::If(branches.into(), otherwise),
            Group::Counted(asked, _, body) => Plan::While(asked, body, false),
            Group::Function(..) | Group::Case(..) | Group::Arithmetic(_) => Plan::Lines(Line::default(), false),
        };
        Script { step, ..Script::new(plan) }
    }

    /// The body of a function, which the terminal has entered.
    pub fn call(body: Line) -> Script {
        Script { is_call: true, ..Script::new(Plan::Lines(body, false)) }
    }

    /// Command lines one after the other.
    pub fn each(lines: Vec<Line>) -> Script {
        Script::new(Plan::Each(lines.into()))
    }

    /// A command again and again.
    pub fn watch(command: String, every: Span) -> Script {
        Script::new(Plan::Watch(command, every))
    }

    /// The same, stopped at an instant.
    pub fn within(self, limit: Option<SimTime>) -> Script {
        Script { limit, ..self }
    }

    /// What was printed since the last time.
    pub fn take_output(&mut self) -> Vec<(Stream, String)> {
        self.out.take()
    }

    /// Goes on as far as the present state of the cluster allows.
    pub fn poll(&mut self, session: &mut Session, world: &mut World) -> Poll {
        if !self.begun && matches!(self.plan, Plan::Lines(_, true)) {
            self.before = Some((session.variables.clone(), session.directory.clone()));
            self.begun = true;
        }
        let mut state = self.go_on(session, world);
        if matches!(state, Poll::Pending(_)) && self.limit.is_some_and(|limit| world.now() >= limit) {
            state = Poll::Done(124);
        }
        if matches!(state, Poll::Done(_)) {
            if std::mem::take(&mut self.is_call) {
                session.leave();
            }
            if let Some(before) = self.before.take() {
                (session.variables, session.directory) = before;
            }
        }
        match (state, self.limit) {
            (Poll::Pending(due), Some(limit)) => Poll::Pending(Some(due.map_or(limit, |due| due.min(limit)))),
            (state, _) => state,
        }
    }

    fn go_on(&mut self, session: &mut Session, world: &mut World) -> Poll {
        loop {
            if let Some(at) = self.pause.filter(|at| world.now() < *at) {
                return Poll::Pending(Some(at));
            }
            self.pause = None;
            if let Some(job) = &mut self.job {
                let state = job.poll(session, world);
                for (stream, text) in job.take_output() {
                    self.out.push(stream, &text);
                }
                let Poll::Done(code) = state else { return state };
                let escape = job.escape;
                self.job = None;
                if self.after(code, escape, world) {
                    return Poll::Done(self.code);
                }
                continue;
            }
            match self.next(session) {
                Some(line) => self.job = Some(Job::of(line)),
                None => return Poll::Done(self.code),
            }
        }
    }

    /// Takes the end of a command in; true where all is over.
    fn after(&mut self, code: u8, escape: Option<Escape>, world: &World) -> bool {
        let looping = matches!(self.plan, Plan::For(..) | Plan::While(..));
        match (escape, looping) {
            (Some(Escape::Break), true) => return true,
            (Some(Escape::Exit | Escape::Return), _) | (Some(_), false) => {
                self.code = code;
                let kept = matches!(self.plan, Plan::Lines(_, true)) || self.is_call && escape == Some(Escape::Return);
                self.escape = escape.filter(|_| !kept);
                return true;
            }
            _ => {}
        }
        if !self.testing {
            self.code = code;
            let turn = match self.plan {
                Plan::Watch(_, every) => every,
                _ => TURN,
            };
            self.pause = (looping || matches!(self.plan, Plan::Watch(..))).then(|| world.now() + turn);
            return false;
        }
        let holds = code == 0;
        match &mut self.plan {
            Plan::While(_, _, until) if holds == *until => return true,
            Plan::If(branches, otherwise) => {
                let branch = branches.pop_front().map(|(_, body)| body);
                if holds {
                    self.plan = Plan::Lines(branch.unwrap_or_default(), false);
                    self.testing = false;
                } else if branches.is_empty() {
                    self.plan = Plan::Lines(std::mem::take(otherwise), false);
                    self.testing = false;
                } else {
                    self.begun = false;
                }
                return false;
            }
            _ => {}
        }
        false
    }

    /// The commands that come next.
    fn next(&mut self, session: &mut Session) -> Option<Line> {
        match &mut self.plan {
            Plan::Lines(line, _) => (!line.pipelines.is_empty()).then(|| std::mem::take(line)),
            Plan::For(name, values, body) => {
                session.variables.insert(name.clone(), values.pop_front()?);
                Some(body.clone())
            }
            Plan::While(condition, body, _) => {
                self.testing = !self.testing;
                if !self.testing {
                    return Some(body.clone());
                }
                let step = self.step.iter().filter(|_| std::mem::replace(&mut self.begun, true));
                let mut pipelines: Vec<Pipeline> = step.flat_map(|step| step.pipelines.clone()).collect();
                pipelines.extend(condition.pipelines.clone());
                Some(Line { pipelines })
            }
            Plan::If(branches, otherwise) => {
                self.testing = true;
                match branches.front() {
                    Some((condition, _)) if !self.begun => {
                        self.begun = true;
                        Some(condition.clone())
                    }
                    _ => Some(std::mem::take(otherwise)),
                }
            }
            Plan::Each(lines) => lines.pop_front(),
            Plan::Watch(command, every) => {
                let secs = every.0 as f64 / 1e6;
                self.out.out(format!("\u{c}Every {secs:.1}s: {command}\n\n"));
                super::syntax::parse(command).ok()
            }
        }
    }
}
