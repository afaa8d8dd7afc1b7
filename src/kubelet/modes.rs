//! Who owns the files that a container sees, and who may do what with them.

use super::surroundings::{identity, Surroundings};
use crate::api::{Object, Value};
use crate::workload::shell::{Attributes, Entry, Host};

/// The groups of a container's processes: its own, the one its volumes belong to, and the supplementary ones.
pub(super) fn groups(pod: &Object, container: &Value) -> Vec<i64> {
    let context = pod.at("spec.securityContext");
    let mut all = vec![identity(pod, container).1];
    all.extend(context.get("fsGroup").opt_int());
    all.extend(context.get("supplementalGroups").list().iter().map(Value::int));
    crate::base::order::Order::order(&mut all[..]);
    all.dedup();
    all
}

/// The mode of a file in a volume that the cluster fills: that of its item, or the volume's own.
fn filled_mode(volume: &Value, path: &str) -> i64 {
    let projected = volume.get("projected");
    let mut sources: Vec<&Value> = vec![volume];
    sources.extend(projected.get("sources").list());
    let kinds = ["configMap", "secret", "downwardAPI"];
    let parts = sources.iter().flat_map(|source| kinds.iter().map(|kind| source.get(kind)));
    let items = parts.clone().flat_map(|part| part.get("items").list());
    let own = items.filter(|item| item.get("path").str() == path).find_map(|item| item.get("mode").opt_int());
    let default = parts.chain([projected]).find_map(|part| part.get("defaultMode").opt_int());
    own.or(default).unwrap_or(0o644)
}

impl Surroundings<'_> {
    /// What `ls -l` says of a path.
    ///
    /// Models pkg/volume/volume_linux.go SetVolumeOwnership with pkg/volume/util AtomicWriter.
    pub(super) fn attributes_of(&self, path: &str, entry: &Entry) -> Attributes {
        let (user, group) = identity(self.pod, &self.container);
        let fs_group = self.pod.at("spec.securityContext.fsGroup").opt_int();
        let place = self.mount_of(path);
        let mount = place.and_then(|(mount, _)| {
            let mut mounts = self.container.get("volumeMounts").list().iter();
            mounts.find(|given| given.get("mountPath").str().trim_end_matches('/') == mount)
        });
        let named = mount.map_or("", |mount| mount.get("name").str());
        let volumes = self.pod.at("spec.volumes").list();
        let volume = volumes.iter().find(|volume| !named.is_empty() && volume.get("name").str() == named);
        let Some((volume, (_, rest))) = volume.zip(place) else {
            let made = self.is_written(path) && *entry != Entry::Directory;
            let (user, group) = if made { (user, group) } else { (0, 0) };
            let mode = match (entry, path) {
                (Entry::Directory, "/tmp" | "/var/tmp") => 0o1777,
                (Entry::Directory, _) => 0o755,
                _ => 0o644,
            };
            return Attributes { mode, user, group };
        };
        let owned = if volume.get("hostPath").is_null() { fs_group } else { None };
        if super::files::is_filled(volume) {
            let mut parts = rest.trim_start_matches('/').split('/');
            let name = match parts.next() {
                Some(first) if first.starts_with("..") => parts.collect::<Vec<_>>().join("/"),
                _ => rest.trim_start_matches('/').to_owned(),
            };
            let file = if owned.is_some() { 0o440 } else { 0 };
            let mode = match entry {
                Entry::Directory if rest.is_empty() => 0o1777 | if owned.is_some() { 0o2000 } else { 0 },
                Entry::Directory => 0o755 | if owned.is_some() { 0o2050 } else { 0 },
                _ => filled_mode(volume, &name) | file,
            };
            return Attributes { mode, user: 0, group: owned.unwrap_or(0) };
        }
        let root = rest.trim_matches('/').is_empty();
        let empty_dir = !volume.get("emptyDir").is_null();
        let sticky = if owned.is_some() { 0o2000 } else { 0 };
        match entry {
            Entry::Directory if root && empty_dir => {
                Attributes { mode: 0o777 | sticky, user: 0, group: owned.unwrap_or(0) }
            }
            Entry::Directory if root => {
                let mode = 0o755 | if owned.is_some() { 0o2070 } else { 0 };
                Attributes { mode, user: 0, group: owned.unwrap_or(0) }
            }
            Entry::Directory => Attributes { mode: 0o755 | sticky, user, group: owned.unwrap_or(group) },
            _ => Attributes { mode: 0o644, user, group: owned.unwrap_or(group) },
        }
    }

    /// True for a file that a process of the container has written.
    fn is_written(&self, path: &str) -> bool {
        self.entry(path).is_some() && self.lies_in_own_layer(path)
    }
}
