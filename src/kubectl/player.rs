//! Plays command lines against a World whose clock runs as fast as it can: the command line, tests and lessons.

use super::call::Poll;
use super::output::Stream;
use super::session::Session;
use super::shell::Job;
use crate::api::{encode, Value};
use crate::base::time::{SimTime, Span};
use crate::cluster::World;
use crate::network::tools::TOOLS;
use crate::store::Change;
use crate::value;

/// A command that waits longer than this is interrupted.
const PATIENCE: Span = Span::secs(3_600);

/// What passes between two commands, so that controllers have seen the first before the second.
const MOMENT: Span = Span::millis(50);

/// What a command printed and how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Played {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code.
    pub code: u8,
}

/// A World, a terminal, and what has been seen of the changes.
pub struct Player {
    /// The cluster.
    pub world: World,
    /// The terminal.
    pub session: Session,
    /// When the player was made; a script counts from there.
    pub start: SimTime,
    log: Option<Vec<String>>,
    logged: u64,
}

impl Player {
    /// A player for a cluster and a terminal.
    pub fn new(world: World, session: Session) -> Player {
        let start = world.now();
        Player { world, session, start, log: None, logged: 0 }
    }

    /// Keeps every change from now on, one JSON object a line.
    pub fn record(&mut self) {
        self.log = Some(Vec::new());
        self.note_changes();
    }

    /// The changes kept.
    pub fn log(&self) -> &[String] {
        self.log.as_deref().unwrap_or_default()
    }

    /// Lets the clock run until an instant; nothing happens where it is over.
    pub fn advance_to(&mut self, at: SimTime) {
        while self.world.next_at().is_some_and(|next| next <= at) {
            self.world.step();
            self.note_changes();
        }
        self.world.run_until(at);
    }

    /// Runs a command line to its end, and lets the moment pass that a person needs for the next one. To type one that uses
    /// the network takes long enough for kube-proxy to have written the rules it has to write.
    pub fn run(&mut self, line: &str) -> Played {
        if line.split(|c: char| !c.is_alphanumeric()).any(|word| TOOLS.contains(&word)) {
            self.advance_to(self.world.network().written_at());
        }
        let played = self.run_now(line);
        self.advance_to(self.world.now() + MOMENT);
        played
    }

    fn run_now(&mut self, line: &str) -> Played {
        let mut job = Job::begin(line, &mut self.session, &mut self.world);
        let mut played = Played::default();
        let limit = self.world.now() + PATIENCE;
        loop {
            let state = job.poll(&mut self.session, &mut self.world);
            self.note_changes();
            for (stream, text) in job.take_output() {
                match stream {
                    Stream::Out => played.stdout.push_str(&text),
                    Stream::Err => played.stderr.push_str(&text),
                }
            }
            let due = match state {
                Poll::Done(code) => {
                    played.code = code;
                    return played;
                }
                Poll::Pending(due) => due,
            };
            let next = [due, self.world.next_at()].into_iter().flatten().min();
            match next {
                Some(next) if next <= limit => match self.world.next_at().is_some_and(|at| at <= next) {
                    true => drop(self.world.step()),
                    false => drop(self.world.run_until(next)),
                },
                _ => job.interrupt(&mut self.world),
            }
        }
    }

    fn note_changes(&mut self) {
        let Some(log) = &mut self.log else { return };
        for change in self.world.store().changes_since(self.logged) {
            self.logged = change.revision;
            log.push(encode::json(&change_value(change)));
        }
    }
}

/// A change as plain data: when, what, of which object, and why.
pub fn change_value(change: &Change) -> Value {
    let mut because = value!({"component": (change.because.component), "rule": (&change.because.rule)});
    if let Some(cause) = &change.because.cause {
        let (namespace, name) = (&cause.key.namespace, &cause.key.name);
        because.set("cause", value!({"kind": (cause.kind), "name": name, "namespace": namespace}));
    }
    let object = change.object.value.clone();
    let mut value = value!({
        "t_ms": (change.at.0 as i64 / 1_000), "verb": (change.verb.name()), "kind": (change.kind()),
        "namespace": (change.object.namespace()), "name": (change.object.name()), "because": because
    });
    value.map_mut().slot("object").clone_from(&object);
    value
}
