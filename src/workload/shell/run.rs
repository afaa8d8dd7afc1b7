//! Runs processes: step by step until one sleeps, waits or ends.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::ops::{Op, Stage};
use super::{Frame, Host, Pace, Process, Wake};
use crate::base::time::{SimTime, Span};

/// What a command costs.
const COMMAND: Span = Span::millis(1);
/// A process looks at the clock after this long.
const SLICE: Span = Span::millis(50);
/// Steps that are taken at one instant at the most.
const STEPS_AT_ONCE: u32 = 200_000;

impl Process {
    /// Goes on as far as the present lets it.
    pub fn run(&mut self, now: SimTime, host: &mut dyn Host) {
        for child in &mut self.children {
            child.run(now, host);
        }
        if self.wake == Wake::Children && (self.pending.is_some() || self.waited_enough()) {
            self.wake = Wake::At(now);
        }
        let Wake::At(at) = self.wake else { return };
        if at > now {
            return;
        }
        self.clock = self.clock.max(now);
        let mut steps = 0;
        while let Wake::At(at) = self.wake {
            if at > now {
                return;
            }
            if self.clock > now + SLICE {
                self.wake = Wake::At(self.clock);
                return;
            }
            steps += 1;
            if steps > STEPS_AT_ONCE {
                self.clock = self.clock + Span::secs(1);
                self.demand.cpu_millis = 1_000;
                self.wake = Wake::At(self.clock);
                return;
            }
            self.step(host);
        }
        self.reap();
    }

    pub(super) fn step(&mut self, host: &mut dyn Host) {
        if let Some(handler) = self.pending.take() {
            self.call(handler, 0, EcoVec::new());
            return;
        }
        if let Some(Frame::Follow { .. }) = self.frames.last() {
            self.follow_file(host);
            return;
        }
        let code = self.code.clone();
        let Some(op) = code.get(self.at as usize) else {
            self.come_back(host);
            return;
        };
        self.at += 1;
        match op {
            Op::Pass => {}
            Op::Run(stages) => self.command(stages, host),
            Op::Not => self.status = i32::from(self.status == 0),
            Op::Goto(to) => self.at = *to,
            Op::Unless(to) if self.status != 0 => self.at = *to,
            Op::When(to) if self.status == 0 => self.at = *to,
            Op::Unless(_) | Op::When(_) => {}
            Op::Begin(end) => {
                let pace = Pace { began: self.clock, ..Pace::default() };
                self.frames.push(Frame::Loop { head: self.at, end: *end, words: None, pace });
            }
            Op::Each(words, end) => {
                let words = self.expand_all(words, host);
                let words = Some((words.into_iter().collect(), 0));
                self.frames.push(Frame::Loop { head: self.at, end: *end, words, pace: Pace::default() });
            }
            Op::Next(name) => self.next_word(name),
            Op::Again => self.again(),
            Op::Leave => {
                self.frames.pop();
                (self.status, self.times) = (0, 1);
            }
            Op::Match(case, to) => {
                let subject = self.expand_one(&case.0, host);
                if !case
                    .1
                    .iter()
                    .any(|pattern| crate::workload::parameters::is_like(&subject, &self.pattern(pattern, host)))
                {
                    self.at = *to;
                }
            }
            Op::Redirect(to) => {
                let input = self.input_of(to, host);
                self.truncate(to, host);
                self.frames.push(Frame::Redirect { to: to.clone(), input });
            }
            Op::Restore => drop(self.frames.pop()),
            Op::Fork(end) => self.fork(*end, host),
            Op::Enter(end) => {
                let (variables, directory) = (self.variables.clone(), self.directory.clone());
                self.frames.push(Frame::Sub {
                    code: code.clone(),
                    end: *end,
                    variables,
                    directory,
                    options: self.options,
                });
            }
            Op::Define(name, end) => {
                self.functions.retain(|(known, ..)| known != name);
                self.functions.push((name.clone(), code.clone(), self.at));
                self.at = *end;
            }
            Op::Return => {
                let sub = matches!(self.frames.last(), Some(Frame::Sub { .. }));
                self.come_back(host);
                if sub {
                    let code = self.code.clone();
                    self.exit_after_error(code.get(self.at as usize), host);
                }
            }
        }
    }

    /// Runs a command; one that fails ends a script with `set -e`, unless what follows asks how it went.
    fn command(&mut self, stages: &Arc<Vec<Stage>>, host: &mut dyn Host) {
        self.clock = self.clock + COMMAND;
        let (code, next) = (self.code.clone(), self.at as usize);
        self.pipe(stages, host);
        self.exit_after_error(code.get(next), host);
    }

    fn exit_after_error(&mut self, next: Option<&Op>, host: &mut dyn Host) {
        let tested = matches!(next, Some(Op::Unless(_) | Op::When(_) | Op::Not));
        if self.options.exit_on_error && self.status != 0 && !tested && matches!(self.wake, Wake::At(_)) {
            self.exit(self.status, host);
        }
    }

    /// Goes on at `end`, while a child runs what stands before that.
    fn fork(&mut self, end: u32, host: &mut dyn Host) {
        let mut child = self.clone();
        let steps = &self.code[self.at as usize..end as usize];
        child.code = Arc::new(steps.iter().cloned().map(|op| shifted(op, self.at)).collect());
        child.at = 0;
        child.frames.retain(|frame| matches!(frame, Frame::Redirect { .. }));
        child.children.clear();
        child.traps.clear();
        child.pid = self.next_pid();
        (self.at, self.status) = (end, 0);
        child.run(self.clock, host);
        self.children.push(child);
    }

    /// The end of a script, a function or a subshell.
    fn come_back(&mut self, host: &mut dyn Host) {
        while let Some(frame) = self.frames.pop() {
            match frame {
                Frame::Call { code, at, args, locals } => {
                    (self.code, self.at) = (code, at);
                    for (name, value) in locals {
                        self.restore(&name, value);
                    }
                    if !args.is_empty() {
                        self.args = args;
                    }
                    return;
                }
                Frame::Sub { code, end, variables, directory, options } => {
                    (self.code, self.at, self.options) = (code, end, options);
                    (self.variables, self.directory) = (variables, directory);
                    return;
                }
                _ => {}
            }
        }
        self.exit(self.status, host);
    }

    /// `return`, or the end of a function.
    pub(super) fn leave_function(&mut self, host: &mut dyn Host) {
        self.come_back(host);
    }

    /// Ends a subshell or the process.
    pub(super) fn exit(&mut self, code: i32, host: &mut dyn Host) {
        self.status = code;
        let sub = self.frames.iter().rposition(|frame| matches!(frame, Frame::Sub { .. }));
        if let Some(place) = sub {
            self.frames.truncate(place + 1);
            self.come_back(host);
            let after = self.code.clone();
            self.exit_after_error(after.get(self.at as usize), host);
            return;
        }
        self.frames.clear();
        let code = *self.leaving.get_or_insert(code);
        let handler = self.traps.iter().position(|(signal, _)| signal == "EXIT").map(|i| self.traps.remove(i).1);
        if let Some(handler) = handler {
            let (code_then, at) = (Arc::new(vec![Op::Return]), 0);
            self.frames.push(Frame::Call { code: code_then, at, args: EcoVec::new(), locals: EcoVec::new() });
            (self.code, self.at) = (handler, 0);
            return;
        }
        self.wake = Wake::Ended(code & 255);
        if self.awaits_a_line() {
            self.leaving = None;
        }
    }

    /// Goes on in other code, to come back here.
    pub(super) fn call(&mut self, code: Arc<Vec<Op>>, at: u32, args: EcoVec<EcoString>) {
        let before = if args.is_empty() { EcoVec::new() } else { std::mem::replace(&mut self.args, args) };
        let code = std::mem::replace(&mut self.code, code);
        self.frames.push(Frame::Call { code, at: self.at, args: before, locals: EcoVec::new() });
        self.at = at;
    }

    /// Goes on after a while.
    pub(super) fn sleep(&mut self, span: Span) {
        self.clock = self.clock + span;
        self.slept = self.slept + span;
        self.wake = Wake::At(self.clock);
    }
}

/// A step whose targets count from another beginning.
pub(super) fn shifted(mut op: Op, by: u32) -> Op {
    match &mut op {
        Op::Goto(t) | Op::Unless(t) | Op::When(t) | Op::Begin(t) | Op::Each(_, t) => *t -= by,
        Op::Match(_, t) | Op::Fork(t) | Op::Enter(t) | Op::Define(_, t) => *t -= by,
        _ => {}
    }
    op
}
