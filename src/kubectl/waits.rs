//! Commands that wait: sleep, wait, timeout.

use super::call::{Poll, Run, Waiting};
use super::dispatch;
use super::output::Output;
use super::runners::run_inner;
use super::session::Session;
use crate::base::time::{parse_duration, SimTime, Span};
use crate::cluster::World;

/// Waits until an instant.
struct Until(SimTime);

impl Waiting for Until {
    fn poll(&mut self, world: &mut World, _: &mut Output) -> Poll {
        match world.now() >= self.0 {
            true => Poll::Done(0),
            false => Poll::Pending(Some(self.0)),
        }
    }
}

/// A length of time; a bare number means seconds.
pub(super) fn span(text: &str) -> Option<Span> {
    match text.parse::<f64>() {
        Ok(secs) if secs >= 0.0 => Some(Span::micros((secs * 1e6) as u64)),
        _ => parse_duration(text),
    }
}

pub(super) fn sleep(args: &[String], world: &World, out: &mut Output) -> Run {
    match args.first().and_then(|text| span(text)) {
        Some(span) => Run::Wait(Box::new(Until(world.now() + span))),
        None => {
            out.err("sleep: missing operand");
            Run::Done(1)
        }
    }
}

/// `wait`, `wait 30s`, `wait --for=... TYPE/NAME`.
pub(super) fn wait(
    args: &[String],
    stdin: Option<String>,
    world: &mut World,
    session: &mut Session,
    out: &mut Output,
) -> Run {
    match args {
        [] => Run::Done(0),
        [one] if span(one).is_some() => sleep(args, world, out),
        _ => {
            let mut words = vec!["wait".to_owned()];
            words.extend(args.iter().cloned());
            dispatch::run(&words, stdin, world, session, out)
        }
    }
}

/// A command that is stopped after a while, with exit code 124.
struct Timeout {
    inner: Box<dyn Waiting>,
    until: SimTime,
}

impl Waiting for Timeout {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        match self.inner.poll(world, out) {
            Poll::Done(code) => Poll::Done(code),
            Poll::Pending(_) if world.now() >= self.until => Poll::Done(124),
            Poll::Pending(due) => Poll::Pending(Some(due.map_or(self.until, |due| due.min(self.until)))),
        }
    }
}

pub(super) fn timeout(
    args: &[String],
    stdin: Option<String>,
    world: &mut World,
    session: &mut Session,
    out: &mut Output,
) -> Run {
    let Some((span, rest)) = args.split_first().and_then(|(text, rest)| Some((span(text)?, rest))) else {
        out.err("timeout: missing operand");
        return Run::Done(125);
    };
    let until = world.now() + span;
    match run_inner(rest, stdin, world, session, out) {
        Run::Done(code) => Run::Done(code),
        Run::Wait(inner) => Run::Wait(Box::new(Timeout { inner, until })),
    }
}
