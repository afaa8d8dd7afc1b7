//! What a process finds around it: files, mounts, tools of the network, other processes, what it knows of its container.

use ecow::EcoString;

use crate::base::time::{SimTime, Span, Timestamp};

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
    /// Sends a signal to another process of the container; false where there is none of that number.
    fn signal(&mut self, _pid: u32, _signal: &str) -> bool {
        false
    }
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
    /// Bytes of its node.
    pub memory: u64,
    /// CPUs of its node.
    pub cpus: i64,
    /// The instant of time 0.
    pub epoch: Timestamp,
    /// True where the pod is to do some work and end.
    pub is_batch: bool,
}
