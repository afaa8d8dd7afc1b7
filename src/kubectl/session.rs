//! What a terminal remembers between commands: its files and the context of kubectl.

use super::background::Background;
use super::verbs::config;
use crate::api::ObjectKey;
use crate::api::Value;
use crate::network::Trace;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Files and context of one terminal.
#[derive(Clone, Debug)]
pub struct Session {
    /// Files by their path, folders being a part of the path.
    pub files: BTreeMap<String, String>,
    /// The namespace of the current context.
    pub namespace: String,
    /// The configuration of kubectl: clusters, users and contexts.
    pub config: Value,
    /// Words that stand for others: `alias k=kubectl`.
    pub aliases: BTreeMap<String, String>,
    /// The lines that `read` has not taken yet.
    pub input: VecDeque<String>,
    /// The shell's variables.
    pub variables: BTreeMap<String, String>,
    /// The requests that were sent, until somebody takes them to be shown.
    pub traces: Vec<Trace>,
    /// The same of requests sent many at a time.
    pub streams: Vec<Sent>,
    /// The documentation of the API's fields, where it is loaded.
    pub docs: Option<Arc<str>>,
    /// The help of kubectl's commands, where it is loaded.
    pub help: Option<Arc<str>>,
    /// The object that waits to be edited, and how.
    pub editing: Option<Editing>,
    /// The shells the terminal is in, the last one being the one that listens.
    pub shells: Vec<Shell>,
    /// The commands that serve ports of this machine in the background.
    pub background: Vec<Background>,
    /// The command that is being begun in the background.
    pub going: Option<String>,
    /// How many numbers of processes are taken.
    pub begun_processes: u32,
}

/// A shell on a node, or in a container, that the terminal is in.
#[derive(Clone, Debug, PartialEq)]
pub struct Shell {
    /// The node, or the pod, as the prompt names it.
    pub node: String,
    /// The pod it was opened through; none for one by `ssh`.
    pub pod: Option<ObjectKey>,
    /// True for a shell within another, such as `chroot /host` opens.
    pub inner: bool,
    /// The container it is in; none for the shell of a node.
    pub inside: Option<Inside>,
    /// The number of the shell's process there.
    pub command: Option<u64>,
}

/// A container that a shell is in.
#[derive(Clone, Debug, PartialEq)]
pub struct Inside {
    /// The pod.
    pub pod: ObjectKey,
    /// The container's name.
    pub container: String,
    /// True where the pod goes with the shell.
    pub remove: bool,
    /// True where the shell is the container's own process, which one can come back to.
    pub resumes: bool,
}

/// Requests of one sort, sent one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The way of the last one.
    pub trace: Trace,
    /// How many there were.
    pub count: u32,
    /// How many of them each pod answered, or how else they ended, in the order of the names.
    pub shares: Vec<(String, u32)>,
}

/// An object handed over for editing.
#[derive(Clone, Debug, PartialEq)]
pub struct Editing {
    /// The file it was written to; what is applied afterwards.
    pub path: String,
}

impl Default for Session {
    fn default() -> Session {
        Session {
            files: BTreeMap::new(),
            namespace: "default".to_owned(),
            config: config::fresh(),
            aliases: BTreeMap::new(),
            input: VecDeque::new(),
            variables: BTreeMap::new(),
            traces: Vec::new(),
            streams: Vec::new(),
            docs: None,
            help: None,
            editing: None,
            shells: Vec::new(),
            background: Vec::new(),
            going: None,
            begun_processes: 0,
        }
    }
}

impl Session {
    /// A file by its path; `./` in front makes no difference.
    pub fn file(&self, path: &str) -> Option<&str> {
        self.files.get(clean(path)).map(String::as_str)
    }

    /// Writes a file.
    pub fn write(&mut self, path: &str, text: String) {
        self.files.insert(clean(path).to_owned(), text);
    }

    /// Takes a file away; false where there was none.
    pub fn remove(&mut self, path: &str) -> bool {
        self.files.remove(clean(path)).is_some()
    }

    /// The files right in a folder, or below it where `deep`, in the order of their paths.
    pub fn folder(&self, path: &str, deep: bool) -> Vec<(&str, &str)> {
        let prefix = match clean(path).trim_end_matches('/') {
            "" | "." => String::new(),
            path => format!("{path}/"),
        };
        let inside = self
            .files
            .iter()
            .filter(|(name, _)| name.strip_prefix(prefix.as_str()).is_some_and(|rest| deep || !rest.contains('/')));
        inside.map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }
}

fn clean(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    path
}
