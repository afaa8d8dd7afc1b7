//! The files a container sees: what its image brings, what it has written itself, and its volumes, each at its place in the
//! data of volumes.

use ecow::{eco_format, EcoString};

use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::store::volume_data::{self, Entry as Stored};
use crate::store::{View, VolumeData};
use crate::workload::images;
use crate::workload::shell::Entry;

/// Stands at the beginning of a file that is a link.
const LINK: char = '\u{e000}';
/// Stands for a file of the image that was removed.
const GONE: &str = "\u{e001}";

/// A volume where a container sees it.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    /// Where it is mounted.
    pub path: EcoString,
    /// Its place in the data of volumes, a sub-path included.
    pub place: EcoString,
    /// True where it can only be read.
    pub read_only: bool,
    /// What it is called in the list of file systems.
    pub device: &'static str,
    /// True for one file in place of a directory.
    pub is_file: bool,
}

/// The places of a container's files.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// Where its own files lie.
    own: EcoString,
    image: EcoString,
    /// True where only volumes can be written.
    read_only: bool,
    /// The longest paths first.
    pub mounts: Vec<Mount>,
    /// Files that are made when somebody looks: path and contents.
    pub made: Vec<(EcoString, EcoString)>,
}

/// True for a volume whose files the cluster writes.
pub(super) fn is_filled(volume: &Value) -> bool {
    ["configMap", "secret", "projected", "downwardAPI"].iter().any(|source| !volume.get(source).is_null())
}

/// Where a container's own files lie.
pub(super) fn own_place(pod: &Object, container: &str) -> EcoString {
    eco_format!("pod/{}/~{container}", pod.uid())
}

/// Where the snapshot lies of what a sub-path of a filled volume held when the container was started.
fn snapshot_place(pod: &Object, container: &str, mount: usize) -> EcoString {
    eco_format!("pod/{}/~{container}~{mount}", pod.uid())
}

/// A link as a file holds it.
pub(super) fn link_text(to: &str) -> EcoString {
    eco_format!("{LINK}{to}")
}

fn entry_of(stored: Stored<'_>) -> Option<Entry> {
    match stored {
        Stored::Directory => Some(Entry::Directory),
        Stored::File(GONE) => None,
        Stored::File(text) => Some(match text.strip_prefix(LINK) {
            Some(to) => Entry::Link(to.into()),
            None => Entry::File(text.into()),
        }),
    }
}

impl Places {
    /// The places of a container of a pod.
    pub fn of(view: &View, pod: &Object, container: &Value, environment: &[(EcoString, EcoString)]) -> Places {
        let name = container.get("name").str();
        let mut mounts = Vec::new();
        for (i, mount) in container.get("volumeMounts").list().iter().enumerate() {
            let wanted = mount.get("name").str();
            let volumes = pod.at("spec.volumes").list();
            let Some(volume) = volumes.iter().find(|volume| volume.get("name").str() == wanted) else { continue };
            let filled = is_filled(volume);
            let place = match filled {
                true => Some(eco_format!("pod/{}/{wanted}", pod.uid())),
                false => volume_data::place(view, pod, volume),
            };
            let Some(mut place) = place else { continue };
            let sub = match mount.get("subPathExpr").str() {
                "" => mount.get("subPath").text(),
                text => super::environment::expand(text, environment).into(),
            };
            if !sub.is_empty() {
                place = match filled {
                    true => snapshot_place(pod, name, i),
                    false => eco_format!("{place}/{sub}"),
                };
            }
            mounts.push(Mount {
                path: mount.get("mountPath").str().trim_end_matches('/').into(),
                place,
                read_only: filled || mount.get("readOnly").bool(),
                device: if filled || !volume.at("emptyDir.medium").is_empty() { "tmpfs" } else { "/dev/vda1" },
                is_file: filled && !sub.is_empty(),
            });
        }
        mounts.order_by_key(|mount| std::cmp::Reverse(mount.path.len()));
        Places {
            own: own_place(pod, name),
            image: container.get("image").text(),
            read_only: container.at("securityContext.readOnlyRootFilesystem").bool(),
            mounts,
            made: Vec::new(),
        }
    }

    /// The mount a path lies in, and what is left of it there.
    pub fn mount_of<'p>(&self, path: &'p str) -> Option<(&str, &'p str)> {
        self.mounts.iter().find_map(|mount| {
            let rest = path.strip_prefix(mount.path.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((mount.path.as_str(), rest))
        })
    }

    /// True for a file that the container has written beside its volumes.
    pub fn is_own(&self, data: &VolumeData, path: &str) -> bool {
        data.entry(&self.own, path).is_some()
    }

    /// The place of a path, and what is left of it there.
    fn find<'a>(&'a self, path: &'a str) -> (Option<&'a Mount>, &'a str) {
        for mount in &self.mounts {
            if let Some(rest) = path.strip_prefix(mount.path.as_str()) {
                if rest.is_empty() || rest.starts_with('/') {
                    return (Some(mount), rest);
                }
            }
        }
        (None, path)
    }

    /// What lies at a path.
    pub fn entry(&self, data: &VolumeData, path: &str) -> Option<Entry> {
        let path = path.strip_prefix("/var/run/").map_or(EcoString::from(path), |rest| eco_format!("/run/{rest}"));
        let path = if self.find(&path).0.is_some() { path } else { path.replace("/run/secrets", "/var/run/secrets") };
        let (mount, rest) = self.find(&path);
        match mount {
            Some(mount) if mount.is_file => data.entry(&mount.place, &eco_format!("file{rest}")).and_then(entry_of),
            Some(mount) => data.entry(&mount.place, rest).and_then(entry_of),
            None => match data.entry(&self.own, rest) {
                Some(stored) => entry_of(stored),
                None => self.given(rest),
            },
        }
    }

    /// What lies at a path, links followed.
    pub fn read(&self, data: &VolumeData, path: &str) -> Option<Entry> {
        let mut path = EcoString::from(path);
        for _ in 0..4 {
            match self.entry(data, &path)? {
                Entry::Link(to) if to.starts_with('/') => path = to,
                Entry::Link(to) => {
                    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    let whole = eco_format!("{folder}/{to}");
                    path = match whole.split_once("/..data/") {
                        Some((before, after)) => match self.entry(data, &format!("{before}/..data")) {
                            Some(Entry::Link(real)) => eco_format!("{before}/{real}/{after}"),
                            _ => whole,
                        },
                        None => whole,
                    };
                }
                entry => return Some(entry),
            }
        }
        None
    }

    /// What the image and the runtime bring.
    fn given(&self, path: &str) -> Option<Entry> {
        if let Some((_, text)) = self.made.iter().find(|(made, _)| made == path) {
            return Some(Entry::File(text.clone()));
        }
        let row = images::find(&self.image);
        let root = row.map_or("", |row| row.root.as_str());
        if let Some(page) = row.filter(|_| !root.is_empty() && path == format!("{root}/index.html")) {
            return page.front_page().map(|text| Entry::File(text.into()));
        }
        if let Some(text) = images::given_file(&self.image, path) {
            return Some(Entry::File(text));
        }
        let mounted = self.mounts.iter().map(|mount| mount.path.as_str());
        let above = format!("{}/", path.trim_end_matches('/'));
        let known = mounted
            .chain(images::DIRECTORIES.iter().copied())
            .chain([root])
            .chain(self.made.iter().map(|m| m.0.as_str()));
        let directory = path == "/" || known.into_iter().any(|known| known == path || known.starts_with(&above));
        directory.then_some(Entry::Directory)
    }

    /// The names in a directory.
    pub fn list(&self, data: &VolumeData, path: &str) -> Vec<EcoString> {
        let (mount, rest) = self.find(path);
        if let Some(mount) = mount {
            return data.list(&mount.place, rest);
        }
        let above = format!("{}/", path.trim_end_matches('/'));
        let mut names: Vec<EcoString> = data.list(&self.own, rest);
        let row = images::find(&self.image);
        let root = row.map_or(String::new(), |row| format!("{}/index.html", row.root));
        let mounted = self.mounts.iter().map(|m| if m.is_file { m.path.clone() } else { eco_format!("{}/", m.path) });
        let known = mounted
            .chain(images::DIRECTORIES.iter().map(|d| eco_format!("{d}/")))
            .chain(self.made.iter().map(|m| m.0.clone()))
            .chain((root.len() > 11).then(|| root.into()));
        for full in known {
            if let Some(rest) = full.strip_prefix(&above).filter(|rest| !rest.is_empty()) {
                names.push(rest.split_inclusive('/').next().unwrap_or(rest).into());
            }
        }
        names.retain(|name| self.entry(data, &format!("{above}{}", name.trim_end_matches('/'))).is_some());
        names.order();
        names.dedup();
        names
    }

    /// Writes a file; an error is what the system says.
    pub fn write(&self, data: &mut VolumeData, path: &str, text: &str, append: bool) -> Result<(), &'static str> {
        let mut path = EcoString::from(path);
        for _ in 0..4 {
            match self.entry(data, &path) {
                Some(Entry::Directory) => return Err("Is a directory"),
                Some(Entry::Link(to)) if to.starts_with('/') => path = to,
                _ => break,
            }
        }
        let parent = path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
        if self.entry(data, parent) != Some(Entry::Directory) {
            return Err("nonexistent directory");
        }
        self.may_write(&path)?;
        let before = match self.entry(data, &path) {
            Some(Entry::File(before)) if append => before,
            _ => EcoString::new(),
        };
        let (mount, rest) = self.find(&path);
        let place = mount.map_or(&self.own, |mount| &mount.place);
        match before.is_empty() {
            true => data.write(place, rest, text),
            false if data.entry(place, rest).is_some() => data.append(place, rest, text),
            false => data.write(place, rest, before + text),
        }
        Ok(())
    }

    fn may_write(&self, path: &str) -> Result<(), &'static str> {
        let (mount, rest) = self.find(path);
        match mount {
            Some(mount) if mount.read_only => Err("Read-only file system"),
            None if self.read_only && !rest.starts_with("/dev/") => Err("Read-only file system"),
            _ => Ok(()),
        }
    }

    /// Makes a directory and those above it.
    pub fn make_directory(&self, data: &mut VolumeData, path: &str) -> Result<(), &'static str> {
        self.may_write(path)?;
        let (mount, rest) = self.find(path);
        data.make_directory(mount.map_or(&self.own, |mount| &mount.place), rest);
        Ok(())
    }

    /// Removes what lies at a path.
    pub fn remove(&self, data: &mut VolumeData, path: &str) -> Result<(), &'static str> {
        self.may_write(path)?;
        let (mount, rest) = self.find(path);
        if mount.is_some_and(|_| rest.is_empty()) {
            return Err("Device or resource busy");
        }
        data.remove(mount.map_or(&self.own, |mount| &mount.place), rest);
        if mount.is_none() && self.given(rest).is_some() {
            data.write(&self.own, rest, GONE);
        }
        Ok(())
    }
}
