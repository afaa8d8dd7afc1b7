//! What a process in a container finds around it: files, volumes, the network, and where its prints go.

use ecow::EcoString;

use super::container::Role;
use super::files::Places;
use super::{environment, Outside};
use crate::api::{Object, Value};
use crate::base::quantity::Quantity;
use crate::base::time::SimTime;
use crate::store::{View, VolumeData};
use crate::workload::shell::{self, Attributes, Entry, Facts, Host, Process, Start, Told};
use crate::workload::{self, images};

/// Something printed: when, on which channel, what.
pub type Print = (SimTime, u8, String);

/// A container as its processes see it.
pub struct Surroundings<'a> {
    data: &'a mut VolumeData,
    outside: &'a mut dyn Outside,
    pub(super) pod: &'a Object,
    pub(super) container: Value,
    places: Places,
    facts: Facts,
    /// True for what runs beside the container's first process.
    pub(super) beside: bool,
    /// What was printed.
    pub prints: Vec<Print>,
    /// The signals that were sent to other processes: to the first of which container, and which.
    pub signals: Vec<(EcoString, EcoString)>,
}

/// The user and group that a container runs as: its own, the pod's, or its image's.
pub(super) fn identity(pod: &Object, container: &Value) -> (i64, i64) {
    let own = |field: &str| {
        let own = container.get("securityContext").get(field).opt_int();
        own.or_else(|| pod.at("spec.securityContext").get(field).opt_int())
    };
    let image = images::find(container.get("image").str()).map_or(0, |row| i64::from(row.user));
    (own("runAsUser").unwrap_or(image), own("runAsGroup").unwrap_or(if own("runAsUser").is_some() { 0 } else { image }))
}

/// The memory limit of a container in bytes; 0 without one.
pub(super) fn memory_limit(container: &Value) -> u64 {
    let limit = match container.at("resources.limits.memory") {
        Value::Int(n) => *n,
        text => Quantity::parse(text.str()).map_or(0, Quantity::value),
    };
    limit.max(0) as u64
}

impl<'a> Surroundings<'a> {
    /// The surroundings of a container, with the environment its processes get.
    pub fn new(
        view: &View,
        pod: &'a Object,
        container: &Value,
        ip: &str,
        data: &'a mut VolumeData,
        outside: &'a mut dyn Outside,
    ) -> (Surroundings<'a>, Vec<(EcoString, EcoString)>) {
        let variables = environment::of_container(view, pod, container, outside);
        let mut places = Places::of(view, pod, container, &variables);
        let host_name = EcoString::from(workload::host_name(pod));
        let (user, group) = identity(pod, container);
        let memory_limit = memory_limit(container);
        places.made = super::made_files::made_files(pod, container, ip, memory_limit, outside);
        let image = container.get("image").text();
        let node = view.store.find("Node", "", pod.at("spec.nodeName").str());
        let capacity = |name: &str| node.and_then(|node| Quantity::parse(node.at(name).str()).ok());
        let (cpus, memory) = (capacity("status.capacity.cpu"), capacity("status.capacity.memory"));
        let facts = Facts {
            host_name,
            ip: ip.into(),
            image,
            user,
            group,
            groups: super::modes::groups(pod, container),
            processes: processes(pod, container),
            memory_limit,
            memory: memory.map_or(0, |memory| memory.value().max(0) as u64),
            cpus: cpus.map_or(1, Quantity::value),
            epoch: view.settings.epoch,
            is_batch: is_batch(pod, container),
        };
        let container = container.clone();
        (
            Surroundings {
                data,
                outside,
                pod,
                container,
                places,
                facts,
                beside: false,
                prints: Vec::new(),
                signals: Vec::new(),
            },
            variables,
        )
    }

    /// A command that somebody runs here; an error is why it cannot be started.
    pub fn execute(
        &mut self,
        words: Vec<EcoString>,
        variables: Vec<(EcoString, EcoString)>,
        container: &Value,
        at: SimTime,
        input: Option<EcoString>,
    ) -> Result<Process, String> {
        let name = words.first().cloned().unwrap_or_default();
        let there = shell::is_known(container.get("image").str(), &name)
            || name.contains('/') && shell::follow(&*self, &name).is_some();
        match there {
            true => {
                self.beside = true;
                Ok(self.start_with(words, variables, container, at, input))
            }
            false => Err(format!("exec: \"{name}\": executable file not found in $PATH: unknown")),
        }
    }

    /// A process that begins here.
    pub fn start(
        &mut self,
        words: Vec<EcoString>,
        variables: Vec<(EcoString, EcoString)>,
        container: &Value,
        at: SimTime,
    ) -> Process {
        self.start_with(words, variables, container, at, None)
    }

    /// A process that begins here with something to read.
    pub fn start_with(
        &mut self,
        words: Vec<EcoString>,
        variables: Vec<(EcoString, EcoString)>,
        container: &Value,
        at: SimTime,
        input: Option<EcoString>,
    ) -> Process {
        let start = Start {
            words,
            environment: variables,
            directory: container.get("workingDir").text(),
            open_input: container.get("stdin").bool() || container.get("tty").bool(),
            input,
            pid: if self.beside { 1 + 6 * self.facts.processes.len() as u32 } else { 1 },
        };
        Process::new(start, at, self)
    }
}

/// The first processes that a container sees, and who runs them: its own; where the pod shares its processes, the
/// sandbox's and those of all containers; and before its own, that of the container it is to look at.
pub(super) fn processes(pod: &Object, container: &Value) -> Vec<(i64, EcoString)> {
    let first = |container: &Value| {
        let words = workload::words_of(container);
        let row = images::find(container.get("image").str());
        let own = row.and_then(|row| row.runs.first().cloned());
        let own = own.unwrap_or_else(|| if row.is_some_and(|row| row.shell) { "sh" } else { "/app" }.to_owned());
        let plain = |script: &str| !script.contains([';', '|', '&', '\n', '$', '`', '<', '>', '(', '{']);
        let command = match words.as_slice() {
            [] => own,
            // A shell gives its place to the only command it runs.
            [_, flag, script] if flag == "-c" && plain(script) => script.clone(),
            words => words.join(" "),
        };
        (identity(pod, container).0, EcoString::from(command))
    };
    let containers = pod.at("spec.containers").list();
    if pod.at("spec.shareProcessNamespace").bool() {
        let pause = (65_535, "/pause".into());
        return std::iter::once(pause).chain(containers.iter().map(first)).collect();
    }
    let target = container.get("targetContainerName").str();
    let target = containers.iter().find(|other| !target.is_empty() && other.get("name").str() == target);
    target.into_iter().chain([container]).map(first).collect()
}

/// True where a container that nothing is known of is to do some work and end.
pub(super) fn is_batch(pod: &Object, container: &Value) -> bool {
    pod.at("spec.restartPolicy").str() != "Always" && container.get("ports").is_empty()
}

impl Host for Surroundings<'_> {
    fn entry(&self, path: &str) -> Option<Entry> {
        self.places.entry(self.data, path)
    }

    fn list(&self, path: &str) -> Vec<EcoString> {
        self.places.list(self.data, path)
    }

    fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), &'static str> {
        if self.facts.user != 0 && self.is_roots(path) {
            return Err("Permission denied");
        }
        self.places.write(self.data, path, text, append)
    }

    fn make_directory(&mut self, path: &str) -> Result<(), &'static str> {
        if self.facts.user != 0 && self.is_roots(path) {
            return Err("Permission denied");
        }
        self.places.make_directory(self.data, path)
    }

    fn remove(&mut self, path: &str) -> Result<(), &'static str> {
        self.places.remove(self.data, path)
    }

    fn mounts(&self) -> Vec<(EcoString, EcoString, bool)> {
        self.places.mounts.iter().rev().map(|m| (m.path.clone(), m.device.into(), m.read_only)).collect()
    }

    fn tool(&mut self, words: &[EcoString], times: u32) -> Option<Told> {
        self.outside.tool(self.pod, words, times)
    }

    fn signal(&mut self, pid: u32, signal: &str) -> bool {
        let place = (pid.saturating_sub(1) / 6) as usize;
        if pid == 0 || !(pid - 1).is_multiple_of(6) || place >= self.facts.processes.len() {
            return false;
        }
        let shares = self.pod.at("spec.shareProcessNamespace").bool();
        let containers = self.pod.at("spec.containers").list();
        let target = self.container.get("targetContainerName");
        let name = match (shares, place) {
            (true, 0) => return true,
            (true, place) => containers.get(place - 1).map_or_else(EcoString::new, |c| c.get("name").text()),
            (false, 0) if !target.is_empty() => target.text(),
            (false, _) => self.container.get("name").text(),
        };
        self.signals.push((name, signal.into()));
        true
    }

    fn print(&mut self, at: SimTime, channel: u8, text: &str) {
        self.prints.push((at, channel, text.to_owned()));
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn attributes(&self, path: &str, entry: &Entry) -> Attributes {
        self.attributes_of(path, entry)
    }
}

impl Surroundings<'_> {
    /// The mount a path lies in, and what is left of it there.
    pub(super) fn mount_of<'p>(&self, path: &'p str) -> Option<(&str, &'p str)> {
        self.places.mount_of(path)
    }

    /// True for what lies in the container's own layer and is not its image's.
    pub(super) fn lies_in_own_layer(&self, path: &str) -> bool {
        self.places.is_own(self.data, path)
    }

    /// True for a path that only root may write.
    fn is_roots(&self, path: &str) -> bool {
        let free = ["/tmp", "/var/tmp", "/dev/", "/home", "/run/", "/var/cache", "/var/log"];
        let mounted = self.places.mounts.iter().any(|mount| path.starts_with(mount.path.as_str()));
        !mounted && !free.iter().any(|prefix| path.starts_with(prefix))
    }
}

/// The words a container of a pod is started with, `$(NAME)` filled in; none where its image's own server runs.
pub(super) fn command(container: &Value, variables: &[(EcoString, EcoString)]) -> Option<Vec<EcoString>> {
    let words = workload::command_of(container)?;
    Some(words.iter().map(|word| environment::expand(word, variables).into()).collect())
}

/// The name of the list in which a container of a role stands.
pub(super) fn list_of(role: Role) -> &'static str {
    match role {
        Role::Main => "containers",
        Role::Init | Role::Sidecar => "initContainers",
        Role::Ephemeral => "ephemeralContainers",
    }
}
