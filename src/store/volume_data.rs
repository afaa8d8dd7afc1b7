//! The files that containers leave in volumes: plain data of the cluster, kept by the place they lie in. It knows no
//! container and no shell; who writes and reads decides that.
//!
//! A place is a text: `node/node-1/srv/data` for a directory of a node (hostPath, local volumes), `pod/UID/cache` for an
//! emptyDir, `nfs/SERVER/PATH`, `csi/DRIVER/HANDLE`, and `volume/UID` for other PersistentVolumes. So the same directory of a
//! node is the same place through whichever volume it is reached.

use crate::base::map::Map;
use ecow::{eco_format, EcoString};

use super::View;
use crate::api::{Object, Value};

/// The contents of all volumes. A clone is a snapshot.
#[derive(Clone, Debug, Default)]
pub struct VolumeData {
    /// Place and path to contents; a directory ends in a slash and is empty.
    files: Map<EcoString, EcoString>,
}

/// What lies at a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry<'a> {
    /// A file with its contents.
    File(&'a str),
    /// A directory.
    Directory,
}

/// `PLACE/a/b` of a place and `a/b`, `/a/b` or `./a//b`; what leads out of the place stays in it.
fn full(place: &str, path: &str) -> EcoString {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut text = EcoString::from(place.trim_end_matches('/'));
    for part in parts {
        text.push('/');
        text.push_str(part);
    }
    text
}

impl VolumeData {
    /// What lies at a path of a place; the place itself is always a directory.
    pub fn entry(&self, place: &str, path: &str) -> Option<Entry<'_>> {
        let full = full(place, path);
        if let Some(text) = self.files.get(&full) {
            return Some(Entry::File(text));
        }
        let directory = eco_format!("{full}/");
        let below = self.files.range_from(&directory).next().is_some_and(|(key, _)| key.starts_with(&*directory));
        (below || full.len() <= place.trim_end_matches('/').len()).then_some(Entry::Directory)
    }

    /// The names in a directory, in order; those of directories end in a slash.
    pub fn list(&self, place: &str, path: &str) -> Vec<EcoString> {
        let directory = eco_format!("{}/", full(place, path));
        let mut names: Vec<EcoString> = Vec::new();
        let below = self.files.range_from(&directory).take_while(|(key, _)| key.starts_with(&*directory));
        for (key, _) in below {
            let rest = &key[directory.len()..];
            let name = rest.split_inclusive('/').next().unwrap_or("");
            if !name.is_empty() && names.last().is_none_or(|last| last != name) {
                names.push(name.into());
            }
        }
        names
    }

    /// Writes a file; the directories it lies in are made.
    pub fn write(&mut self, place: &str, path: &str, contents: impl Into<EcoString>) {
        self.files.insert(full(place, path), contents.into());
    }

    /// Adds to the end of a file, which is made where it is not there.
    pub fn append(&mut self, place: &str, path: &str, contents: &str) {
        let key = full(place, path);
        match self.files.get_mut(&key) {
            Some(file) => file.push_str(contents),
            None => drop(self.files.insert(key, contents.into())),
        }
    }

    /// Makes a directory.
    pub fn make_directory(&mut self, place: &str, path: &str) {
        self.files.insert(eco_format!("{}/", full(place, path)), EcoString::new());
    }

    /// Removes a file, or a directory with all that is in it. False where nothing was there.
    pub fn remove(&mut self, place: &str, path: &str) -> bool {
        let full = full(place, path);
        let directory = eco_format!("{full}/");
        let below = self.files.range_from(&directory).take_while(|(key, _)| key.starts_with(&*directory));
        let mut gone: Vec<EcoString> = below.map(|(key, _)| key.clone()).collect();
        gone.extend(self.files.contains_key(&full).then_some(full));
        for key in &gone {
            self.files.remove(key);
        }
        !gone.is_empty()
    }

    /// How many bytes the files below a place hold.
    pub fn bytes(&self, place: &str) -> u64 {
        let directory = eco_format!("{}/", full(place, ""));
        let below = self.files.range_from(&directory).take_while(|(key, _)| key.starts_with(&*directory));
        below.map(|(_, contents)| contents.len() as u64).sum()
    }
}

/// The place of a volume of a pod (an item of `spec.volumes`). Nothing for volumes that the cluster fills itself (ConfigMap,
/// Secret, projected, downward API, image), for a claim that is not bound, and while the pod has no node.
pub fn place(view: &View, pod: &Object, volume: &Value) -> Option<EcoString> {
    let (node, name) = (pod.at("spec.nodeName").str(), volume.get("name").str());
    if node.is_empty() {
        return None;
    }
    let filled = ["configMap", "secret", "projected", "downwardAPI", "image"];
    if filled.iter().any(|source| !volume.get(source).is_null()) {
        return None;
    }
    let claim = match volume.at("persistentVolumeClaim.claimName").str() {
        "" if volume.get("ephemeral").is_null() => None,
        "" => Some(eco_format!("{}-{name}", pod.name())),
        claim => Some(claim.into()),
    };
    if let Some(claim) = claim {
        let claim = view.store.find("PersistentVolumeClaim", pod.namespace(), &claim)?;
        let volume = view.store.find("PersistentVolume", "", claim.at("spec.volumeName").str())?;
        return Some(place_of(volume, node));
    }
    Some(place_of_source(volume, node).unwrap_or_else(|| eco_format!("pod/{}/{name}", pod.uid())))
}

/// The place of a PersistentVolume as a node sees it.
pub fn place_of(volume: &Object, node: &str) -> EcoString {
    place_of_source(volume.spec(), node).unwrap_or_else(|| eco_format!("volume/{}", volume.uid()))
}

fn place_of_source(source: &Value, node: &str) -> Option<EcoString> {
    let text = |path: &str| source.at(path).str();
    let at = |path: &str| !source.at(path).is_null();
    if at("hostPath.path") || at("local.path") {
        let path = if at("hostPath.path") { text("hostPath.path") } else { text("local.path") };
        return Some(full(&eco_format!("node/{node}"), path));
    }
    if at("nfs.server") {
        return Some(full(&eco_format!("nfs/{}", text("nfs.server")), text("nfs.path")));
    }
    at("csi.volumeHandle").then(|| eco_format!("csi/{}/{}", text("csi.driver"), text("csi.volumeHandle")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_in_directories_and_stay_in_their_place() {
        let mut data = VolumeData::default();
        data.write("pod/1/data", "a/b.txt", "one\n");
        data.append("pod/1/data", "./a//b.txt", "two\n");
        data.append("pod/1/data", "../../c", "x");
        data.make_directory("pod/1/data", "empty");
        data.write("pod/1/data2", "other", "");
        assert_eq!(data.entry("pod/1/data", "a/b.txt"), Some(Entry::File("one\ntwo\n")));
        assert_eq!(data.entry("pod/1/data", "a"), Some(Entry::Directory));
        assert_eq!(data.entry("pod/1/nothing", ""), Some(Entry::Directory));
        assert_eq!(data.entry("pod/1/data", "b"), None);
        assert_eq!(data.list("pod/1/data", "/"), ["a/", "c", "empty/"]);
        assert_eq!(data.bytes("pod/1/data"), 9);
        assert!(data.remove("pod/1/data", "a") && !data.remove("pod/1/data", "a"));
        assert_eq!(data.list("pod/1/data", ""), ["c", "empty/"]);
        assert!(data.remove("pod/1", "") && data.entry("pod/1/data2", "other").is_none());
    }
}
