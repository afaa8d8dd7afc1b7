//! The small shell of containers: a process is a place in a compiled script and plain data, so that it can be left while it
//! sleeps and gone on with when its time has come. What it reads, writes and asks it does through a [`Host`].

mod arithmetic;
mod begin;
mod builtins;
mod compile;
mod compounds;
mod expand;
mod files;
mod lex;
mod listings;
mod loops;
mod ops;
mod programs;
mod run;
mod servers;
mod small;
mod streams;
mod stress;
mod wrappers;

pub use compile::compile;
pub use paths::follow;
pub use programs::{is_known, is_small};

/// What a process finds around it.
pub trait Host {
    /// What lies at an absolute path.
    fn entry(&self, path: &str) -> Option<Entry>;
    /// The names in a directory; those of directories end in a slash.
    fn list(&self, path: &str) -> Vec<EcoString>;
    /// Writes a file, or adds to its end; an error is what the system says.
    fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), &'static str>;
    /// Makes a directory.
    fn make_directory(&mut self, path: &str) -> Result<(), &'static str>;
    /// Removes a file or a directory with all that is in it.
    fn remove(&mut self, path: &str) -> Result<(), &'static str>;
    /// Where volumes are mounted: path, device, and whether it can only be read.
    fn mounts(&self) -> Vec<(EcoString, EcoString, bool)>;
    /// Runs a tool of the network so many times at once; none where there is no such tool.
    fn tool(&mut self, words: &[EcoString], times: u32) -> Option<Told>;
    /// Prints: 1 is standard output, 2 standard error, 3 what the container's first process prints to.
    fn print(&mut self, at: SimTime, channel: u8, text: &str);
    /// The container.
    fn facts(&self) -> &Facts;
    /// Who owns what lies at a path.
    fn attributes(&self, _path: &str, entry: &Entry) -> Attributes {
        Attributes { mode: if *entry == Entry::Directory { 0o755 } else { 0o644 }, user: 0, group: 0 }
    }
}

/// Who owns what lies at a path, and who may do what with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attributes {
    /// The bits of permission.
    pub mode: i64,
    /// Its owner.
    pub user: i64,
    /// Its group.
    pub group: i64,
}

/// What lies at a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A file.
    File(EcoString),
    /// A directory.
    Directory,
    /// A link to another path.
    Link(EcoString),
}

/// What a tool of the network gave.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code.
    pub code: i32,
    /// How long it took.
    pub took: Span,
    /// Files it wrote.
    pub files: Vec<(String, String)>,
}

/// What a process can know of its container.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its host name.
    pub host_name: EcoString,
    /// The address of the pod.
    pub ip: EcoString,
    /// Its image.
    pub image: EcoString,
    /// The user it runs as.
    pub user: i64,
    /// Its group.
    pub group: i64,
    /// All its groups.
    pub groups: Vec<i64>,
    /// The first processes that can be seen, and the users that run them.
    pub processes: Vec<(i64, EcoString)>,
    /// Bytes it may use; 0 without a limit.
    pub memory_limit: u64,
    /// CPUs of its node.
    pub cpus: i64,
    /// The instant of time 0.
    pub epoch: Timestamp,
    /// True where the pod is to do some work and end.
    pub is_batch: bool,
}

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

/// A variable.
#[derive(Clone, PartialEq, Debug)]
struct Variable {
    name: EcoString,
    value: EcoString,
    exported: bool,
}

/// What a process comes back to.
#[derive(Clone, Debug)]
enum Frame {
    /// A loop: its head, where it ends, its words, and how its rounds went.
    Loop { head: u32, end: u32, words: Option<(EcoVec<EcoString>, u32)>, pace: Pace },
    /// Channels lead elsewhere.
    Redirect { to: Arc<Vec<Redirect>>, input: Option<EcoString> },
    /// A function or a handler was called from there.
    Call { code: Arc<Vec<Op>>, at: u32, args: EcoVec<EcoString> },
    /// A subshell: what was set before it, and where it ends.
    Sub { code: Arc<Vec<Op>>, end: u32, variables: Vec<Variable>, directory: EcoString },
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
    exit_on_error: bool,
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
}

impl Process {
    /// A process that begins at an instant.
    pub fn new(start: Start, at: SimTime, host: &mut dyn Host) -> Process {
        let variables =
            start.environment.into_iter().map(|(name, value)| Variable { name, value, exported: true }).collect();
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
            wake: Wake::At(at),
            clock: at,
            times: 1,
            stuck: false,
            leaving: None,
            acted: false,
            slept: Span::ZERO,
            exit_on_error: false,
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
            Some(variable) => variable.value = value,
            None => self.variables.push(Variable { name: name.into(), value, exported: false }),
        }
    }
}

mod paths;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ecow::{EcoString, EcoVec};
use ops::{Op, Redirect};

use super::Demand;
use crate::base::time::{SimTime, Span, Timestamp};
