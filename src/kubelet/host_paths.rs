//! Paths of a node that pods mount: whether something of the wanted sort lies there. It reads no real machine; every node
//! has the same few paths, and what pods have left.

use ecow::eco_format;

use crate::api::Value;
use crate::store::volume_data::Entry;
use crate::store::VolumeData;

/// The directories of a node.
const DIRECTORIES: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/etc/cni/net.d",
    "/etc/kubernetes",
    "/etc/kubernetes/manifests",
    "/etc/ssl/certs",
    "/home",
    "/lib",
    "/lib/modules",
    "/mnt",
    "/opt",
    "/opt/cni/bin",
    "/proc",
    "/root",
    "/run",
    "/run/containerd",
    "/run/systemd",
    "/sbin",
    "/srv",
    "/sys",
    "/sys/fs/cgroup",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/lib/kubelet/plugins",
    "/var/lib/kubelet/pods",
    "/var/log",
    "/var/log/containers",
    "/var/log/pods",
    "/var/run",
    "/var/tmp",
];
/// Its files, sockets and devices, by the word with which the check calls them.
const OTHERS: &[(&str, &str)] = &[
    ("/etc/hostname", "file"),
    ("/etc/hosts", "file"),
    ("/etc/localtime", "file"),
    ("/etc/machine-id", "file"),
    ("/etc/os-release", "file"),
    ("/etc/resolv.conf", "file"),
    ("/etc/kubernetes/kubelet.conf", "file"),
    ("/var/lib/kubelet/config.yaml", "file"),
    ("/run/xtables.lock", "file"),
    ("/run/containerd/containerd.sock", "socket file"),
    ("/var/run/containerd/containerd.sock", "socket file"),
    ("/dev/null", "character device"),
    ("/dev/zero", "character device"),
    ("/dev/tty", "character device"),
    ("/dev/urandom", "character device"),
    ("/dev/vda", "block device"),
    ("/dev/vda1", "block device"),
];

/// What lies at a path of a node, as the check calls it.
fn sort_of(data: &VolumeData, node: &str, path: &str) -> Option<&'static str> {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    if DIRECTORIES.contains(&path) {
        return Some("directory");
    }
    let own = OTHERS.iter().find(|(known, _)| *known == path).map(|(_, sort)| *sort);
    own.or_else(|| match data.entry(&eco_format!("node/{node}"), path)? {
        Entry::File(_) => Some("file"),
        Entry::Directory => Some("directory"),
    })
}

/// Why a hostPath volume cannot be mounted. What is to be made where it is not there is made.
///
/// Models pkg/volume/hostpath checkTypeInternal.
pub(super) fn unfit(data: &mut VolumeData, node: &str, volume: &Value) -> Option<String> {
    let (kind, path) = (volume.at("hostPath.type").str(), volume.at("hostPath.path").str());
    let found = sort_of(data, node, path);
    let place = eco_format!("node/{node}");
    let wanted = match kind {
        "DirectoryOrCreate" if found.is_none() => {
            data.make_directory(&place, path);
            return None;
        }
        "FileOrCreate" if found.is_none() => {
            let parent = path.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
            if sort_of(data, node, parent).is_none() {
                return Some(format!("open {path}: no such file or directory"));
            }
            data.write(&place, path, "");
            return None;
        }
        "Directory" | "DirectoryOrCreate" => "directory",
        "File" | "FileOrCreate" => "file",
        "Socket" => "socket file",
        "CharDevice" => "character device",
        "BlockDevice" => "block device",
        _ => return None,
    };
    (found != Some(wanted)).then(|| format!("hostPath type check failed: {path} is not a {wanted}"))
}
