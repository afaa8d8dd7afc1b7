//! What a terminal remembers between commands: its files and the context of kubectl.

use super::background::Background;
use super::syntax::Line;
use super::verbs::config;
use crate::api::ObjectKey;
use crate::api::Value;
use crate::network::Trace;
use crate::workload::arithmetic::Names;
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
    /// Where the terminal is: `/home/user` or below.
    pub directory: String,
    /// The folders that were made, as files are named.
    pub folders: Vec<String>,
    /// The functions of the shell.
    pub functions: Vec<(String, Line)>,
    /// What the variables were that each running function has of its own.
    pub locals: Vec<Vec<(String, Option<String>)>>,
    /// The lines that were typed.
    pub history: Vec<String>,
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
            directory: HOME.to_owned(),
            folders: Vec::new(),
            functions: Vec::new(),
            locals: Vec::new(),
            history: Vec::new(),
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
    /// What a path is called among the files: those at home have no `/home/user/` in front.
    pub fn key(&self, path: &str) -> String {
        let whole = match path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            Some(rest) => format!("{HOME}{rest}"),
            None if path.starts_with('/') => path.to_owned(),
            None => format!("{}/{path}", self.directory),
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        match parts.strip_prefix(&["home", "user"]) {
            Some(parts) => parts.join("/"),
            None => format!("/{}", parts.join("/")),
        }
    }

    /// A file by its path; `./` in front makes no difference.
    pub fn file(&self, path: &str) -> Option<&str> {
        self.files.get(&self.key(path)).map(String::as_str)
    }

    /// Writes a file.
    pub fn write(&mut self, path: &str, text: String) {
        self.files.insert(self.key(path), text);
    }

    /// Takes a file away; false where there was none.
    pub fn remove(&mut self, path: &str) -> bool {
        self.files.remove(&self.key(path)).is_some()
    }

    /// True where a path is a folder: one that was made, or one that files are in.
    pub fn is_folder(&self, path: &str) -> bool {
        let key = self.key(path);
        let below = format!("{}/", key.trim_end_matches('/'));
        let inside = |name: &String| name.starts_with(&below);
        matches!(key.as_str(), "" | "/" | "/home" | "/tmp" | "/etc")
            || self.folders.iter().any(|name| *name == key || inside(name))
            || self.files.keys().any(inside)
    }

    /// The files right in a folder, or below it where `deep`, in the order of their paths.
    pub fn folder(&self, path: &str, deep: bool) -> Vec<(&str, &str)> {
        let prefix = match self.key(path) {
            key if key.is_empty() || key.ends_with('/') => key,
            key => key + "/",
        };
        let here = |name: &str| !(prefix.is_empty() && name.starts_with('/'));
        let inside = self.files.iter().filter(|(name, _)| {
            here(name) && name.strip_prefix(prefix.as_str()).is_some_and(|rest| deep || !rest.contains('/'))
        });
        inside.map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }

    /// A function begins: its arguments are `$1` and what follows.
    pub fn enter(&mut self, arguments: &[String]) {
        let old =
            (1..).map_while(|place: u32| self.variables.contains_key(&place.to_string()).then_some(place)).count();
        self.locals.push(Vec::new());
        for place in 1..=old.max(arguments.len()) {
            let name = place.to_string();
            self.keep(&name);
            match arguments.get(place - 1) {
                Some(value) => drop(self.variables.insert(name, value.clone())),
                None => drop(self.variables.remove(&name)),
            }
        }
    }

    /// A variable gets its present value back when the running function ends.
    pub fn keep(&mut self, name: &str) {
        let value = self.variables.get(name).cloned();
        if let Some(kept) = self.locals.last_mut() {
            kept.push((name.to_owned(), value));
        }
    }

    /// A function ends: what was its own is as before.
    pub fn leave(&mut self) {
        for (name, value) in self.locals.pop().unwrap_or_default().into_iter().rev() {
            match value {
                Some(value) => drop(self.variables.insert(name, value)),
                None => drop(self.variables.remove(&name)),
            }
        }
    }
}

impl Names for Session {
    fn value_of(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    fn give(&mut self, name: &str, value: String) {
        self.variables.insert(name.to_owned(), value);
    }
}

/// Where a terminal begins.
pub const HOME: &str = "/home/user";
