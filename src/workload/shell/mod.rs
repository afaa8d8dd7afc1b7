//! The small shell of containers: a process is a place in a compiled script and plain data, so that it can be left while it
//! sleeps and gone on with when its time has come. What it reads, writes and asks it does through a [`Host`].

mod arguments;
mod begin;
mod builtins;
mod compile;
mod compounds;
mod conditions;
mod expand;
mod files;
mod host;
mod jobs;
mod lex;
mod listings;
mod loops;
mod ops;
mod pipes;
mod programs;
mod run;
mod servers;
mod small;
mod stat;
mod streams;
mod stress;
mod sums;
mod wrappers;

pub use compile::compile;
pub use host::{Attributes, Entry, Facts, Host, Told};
pub use jobs::signal_number;
pub use paths::follow;
pub use programs::{is_known, is_small};

/// What a process does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wake {
    /// It goes on then.
    At(SimTime),
    /// It waits for those it has started.
    Children,
    /// It runs on, and nothing is to be seen of it.
    Never,
    /// It has ended with a code.
    Ended(i32),
}

/// What `set` switches.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Switches {
    /// `-e`.
    exit_on_error: bool,
    /// `-x`.
    traces: bool,
    /// `-u`.
    needs_values: bool,
    /// `-o pipefail`.
    pipes_fail: bool,
}

/// A variable.
#[derive(Clone, PartialEq, Debug)]
struct Variable {
    name: EcoString,
    value: EcoString,
    exported: bool,
    /// True where it cannot be set any more.
    fixed: bool,
}

/// What a process comes back to.
#[derive(Clone, Debug)]
enum Frame {
    /// A loop: its head, where it ends, its words, and how its rounds went.
    Loop { head: u32, end: u32, words: Option<(EcoVec<EcoString>, u32)>, pace: Pace },
    /// Channels lead elsewhere.
    Redirect { to: Arc<Vec<Redirect>>, input: Option<EcoString> },
    /// A function or a handler was called from there.
    Call { code: Arc<Vec<Op>>, at: u32, args: EcoVec<EcoString>, locals: EcoVec<(EcoString, Option<EcoString>)> },
    /// A subshell: what was set before it, and where it ends.
    Sub { code: Arc<Vec<Op>>, end: u32, variables: Vec<Variable>, directory: EcoString, options: Switches },
    /// A file whose end is watched: so much of it was shown.
    Follow { path: EcoString, shown: u32 },
}

/// How the rounds of a loop go, so that one that never ends costs little.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// When the round began.
    began: SimTime,
    rounds: u32,
    /// A digest of what the round began with.
    state: u64,
}

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    code: Arc<Vec<Op>>,
    at: u32,
    frames: Vec<Frame>,
    variables: Vec<Variable>,
    functions: Vec<(EcoString, Arc<Vec<Op>>, u32)>,
    /// `$0` and what follows.
    args: EcoVec<EcoString>,
    directory: EcoString,
    status: i32,
    traps: Vec<(EcoString, Arc<Vec<Op>>)>,
    /// A handler that is due.
    pending: Option<Arc<Vec<Op>>>,
    children: Vec<Process>,
    /// Its number, and that of the last process that was started here.
    pid: u32,
    youngest: u32,
    /// The child that it waits for, where it is a certain one.
    awaited: Option<u32>,
    /// How children ended that are gone.
    ended: Vec<(u32, i32)>,
    /// True where words could not be filled in, so that their command is not run.
    gives_up: bool,
    /// Channels that lead to files, from 3 on.
    descriptors: Vec<(u8, EcoString)>,
    wake: Wake,
    clock: SimTime,
    /// For how many like them the tools count that a loop runs: rounds that are not played singly.
    times: u32,
    /// Set while something happens that nothing ends.
    stuck: bool,
    /// The code it ends with once its last handler is done.
    leaving: Option<i32>,
    /// Something was printed, written or asked since the round began.
    acted: bool,
    /// How long the round has slept.
    slept: Span,
    options: Switches,
    is_bash: bool,
    is_shell: bool,
    /// True where it is fed line by line, and once it was told to leave.
    takes_lines: bool,
    left: bool,
    /// True once `exec` has put another program into its place.
    replaced: bool,
    standard_input: Option<EcoString>,
    /// What it takes of CPU and memory, and since when.
    pub demand: Demand,
    /// Since when it takes that.
    pub demand_since: SimTime,
    /// Where it listens, and what it answers there; nothing for a page of files below a directory.
    pub listens: Vec<(u16, Option<EcoString>, EcoString)>,
    /// True while the image's own server runs.
    pub serves: bool,
}

/// Where a process begins.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The command and its arguments.
    pub words: Vec<EcoString>,
    /// The environment.
    pub environment: Vec<(EcoString, EcoString)>,
    /// The working directory.
    pub directory: EcoString,
    /// True where somebody may still type.
    pub open_input: bool,
    /// What is fed in.
    pub input: Option<EcoString>,
    /// Its number; 0 for the first of a container.
    pub pid: u32,
}

impl Process {
    /// A process that begins at an instant.
    pub fn new(start: Start, at: SimTime, host: &mut dyn Host) -> Process {
        let variables = start
            .environment
            .into_iter()
            .map(|(name, value)| Variable { name, value, exported: true, fixed: false })
            .collect();
        let mut process = Process {
            code: Arc::default(),
            at: 0,
            frames: Vec::new(),
            variables,
            functions: Vec::new(),
            args: EcoVec::new(),
            directory: if start.directory.is_empty() { "/".into() } else { start.directory },
            status: 0,
            traps: Vec::new(),
            pending: None,
            children: Vec::new(),
            pid: start.pid.max(1),
            youngest: 0,
            awaited: None,
            ended: Vec::new(),
            gives_up: false,
            descriptors: Vec::new(),
            wake: Wake::At(at),
            clock: at,
            times: 1,
            stuck: false,
            leaving: None,
            acted: false,
            slept: Span::ZERO,
            options: Switches::default(),
            is_bash: false,
            is_shell: false,
            takes_lines: false,
            left: false,
            replaced: false,
            standard_input: start.input,
            demand: Demand::default(),
            demand_since: at,
            listens: Vec::new(),
            serves: false,
        };
        process.load(&start.words, start.open_input, host);
        process
    }

    /// True where the script is one command, whose place a shell gives to it.
    pub fn is_alone(&self) -> bool {
        self.replaced || self.code.iter().filter(|op| **op != Op::Pass).count() == 1
    }

    /// How far it has come.
    pub fn clock(&self) -> SimTime {
        self.clock
    }

    /// What it does next.
    pub fn wake(&self) -> Wake {
        self.wake
    }

    /// The working directory.
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// How it would end if nothing were left to do.
    pub fn status(&self) -> i32 {
        self.status
    }

    /// When it is to be run next: its own time or that of those it has started.
    pub fn due(&self) -> Option<SimTime> {
        let own = match self.wake {
            Wake::At(at) => Some(at),
            _ => None,
        };
        self.children.iter().filter_map(Process::due).chain(own).min()
    }

    /// What it and those it has started take.
    pub fn demands(&self) -> impl Iterator<Item = (SimTime, Demand)> + '_ {
        let own = std::iter::once((self.demand_since, self.demand));
        own.chain(self.children.iter().map(|child| (child.demand_since, child.demand)))
    }

    /// Where it and those it has started listen.
    pub fn listeners(&self) -> impl Iterator<Item = &(u16, Option<EcoString>, EcoString)> + '_ {
        self.listens.iter().chain(self.children.iter().flat_map(|child| child.listens.iter()))
    }

    /// Gives a shell that waits for input another line; its end leaves variables and directory as they are.
    pub fn feed(&mut self, text: &str, at: SimTime) {
        let code = compile(text)
            .or_else(|why| compile(&format!("echo '{}: {}' >&2; false", self.args[0], why.replace('\'', "\""))));
        self.code = Arc::new(code.unwrap_or_default());
        (self.at, self.wake, self.clock) = (0, Wake::At(at), at);
        self.frames.clear();
        (self.leaving, self.takes_lines) = (None, true);
    }

    /// True for a shell that has come to the end of a line and was not told to leave.
    pub fn awaits_a_line(&self) -> bool {
        self.takes_lines && !self.left
    }

    /// A variable's value.
    fn variable(&self, name: &str) -> Option<&EcoString> {
        self.variables.iter().find(|v| v.name == name).map(|v| &v.value)
    }

    fn set_variable(&mut self, name: &str, value: EcoString) {
        match self.variables.iter_mut().find(|v| v.name == name) {
            Some(variable) if variable.fixed => {}
            Some(variable) => variable.value = value,
            None => self.variables.push(Variable { name: name.into(), value, exported: false, fixed: false }),
        }
    }
}

mod paths;
impl Names for Process {
    fn value_of(&self, name: &str) -> Option<&str> {
        self.variable(name).map(EcoString::as_str)
    }

    fn give(&mut self, name: &str, value: String) {
        self.set_variable(name, value.into());
    }
}

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ecow::{EcoString, EcoVec};
use ops::{Op, Redirect};

use super::arithmetic::Names;
use super::Demand;
use crate::base::time::{SimTime, Span};
