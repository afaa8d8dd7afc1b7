//! The table of images: static/images.yaml, read once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ecow::EcoString;
use serde::Deserialize;

use super::Page;

/// One image.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Image {
    /// Without registry and tag where those are Docker Hub's.
    pub name: String,
    /// Other names of the same.
    pub also: Vec<String>,
    /// Bytes that a pull transfers.
    pub size: u64,
    /// Milliseconds until it listens.
    pub start: u64,
    /// True where it answers to gRPC's health service.
    pub grpc: bool,
    /// Where it listens.
    pub listens: Vec<Port>,
    /// The folder whose files it serves.
    pub root: String,
    /// True where it is a shell and nothing else.
    pub shell: bool,
    /// True where there is no shell in it.
    pub bare: bool,
    /// Its own programs, which do what it does without a command.
    pub runs: Vec<String>,
    /// Scripts that it brings, by the name of the program.
    pub scripts: BTreeMap<String, String>,
    /// Thousandths of a CPU used when idle.
    pub cpu: u32,
    /// MiB used when idle.
    pub memory: u32,
    /// Microseconds of CPU for an answer.
    pub cpu_per_request: u64,
    /// Requests handled at the same time.
    pub concurrency: u32,
    /// Milliseconds after which it is done, where it is no server.
    pub done: u64,
    /// Milliseconds it takes to end when told to.
    pub stop: u64,
    /// Its exit code then; -1 where it does not listen.
    pub term: i32,
    /// The user it runs as.
    pub user: u32,
    /// Environment variables it sets.
    pub env: BTreeMap<String, String>,
    /// KiB that a request takes while it is served.
    pub memory_per_request: u32,
    /// How it writes of a request: `nginx`, `combined`, `common`, or the line itself; empty where it does not.
    pub access: String,
    /// What it writes when it starts.
    pub log: Vec<String>,
    /// Environment variables of which one must be set.
    pub needs: Vec<String>,
    /// What it writes where none is.
    pub fails: Vec<String>,
}

impl Image {
    /// The page that its server shows at its root before anybody has put another there.
    pub fn front_page(&self) -> Option<&'static str> {
        self.listens.iter().find_map(|port| super::pages::front_page(port.page))
    }
}

/// Directories that every image has.
pub const DIRECTORIES: &[&str] = &[
    "/bin",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys/fs/cgroup",
    "/tmp",
    "/usr/bin",
    "/usr/lib",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/share",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/tmp",
    "/etc/nginx/conf.d",
];

/// A file that an image brings.
pub fn given_file(image: &str, path: &str) -> Option<EcoString> {
    let text = match path {
        "/etc/os-release" => {
            let name = find(image).map_or("", |row| row.name.as_str());
            match name {
                "busybox" => return None,
                "alpine" => "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.0\nPRETTY_NAME=\"Alpine Linux v3.22\"\n",
                "ubuntu" => "PRETTY_NAME=\"Ubuntu 24.04.2 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\n",
                _ => "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
            }
        }
        "/etc/passwd" => "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
        "/etc/nginx/conf.d/default.conf" if image.contains("nginx") => {
            "server {\n    listen       80;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n}\n"
        }
        _ => return None,
    };
    Some(text.into())
}

/// True where a server answers when it is asked for its health by gRPC. An image that nothing is known of is taken to.
pub fn speaks_grpc(image: &str) -> bool {
    find(image).is_none_or(|row| row.grpc)
}

/// A port an image listens on.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// The port.
    pub port: u16,
    /// What answers.
    pub page: Page,
}

/// Size of an image that the table does not have.
const UNKNOWN_SIZE: u64 = 60_000_000;

fn table() -> &'static [Image] {
    static TABLE: OnceLock<Vec<Image>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let table = include_str!("../../static/images.yaml");
        serde_yaml::from_str(table).expect("static/images.yaml follows its form")
    })
}

/// The row of an image reference such as `docker.io/library/nginx:1.25`.
pub fn find(reference: &str) -> Option<&'static Image> {
    let name = repository(reference);
    let short = name.strip_prefix("docker.io/").unwrap_or(name);
    let short = short.strip_prefix("library/").unwrap_or(short);
    let named = |image: &&Image| image.name == short || image.also.iter().any(|also| also == short || also == name);
    table().iter().find(named)
}

/// The tag of a reference where it names a version: `1.25` of `nginx:1.25-alpine`; otherwise `latest`.
pub fn version(reference: &str) -> &str {
    let name = repository(reference);
    let tag = reference[name.len()..].trim_start_matches(':').split(['@', '-']).next().unwrap_or("");
    if tag.is_empty() {
        "latest"
    } else {
        tag
    }
}

/// What is wrong with a reference.
///
/// Models github.com/distribution/reference ParseNormalizedNamed.
pub fn invalid(reference: &str) -> Option<&'static str> {
    let name = repository(reference);
    let path = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => name,
    };
    if path.chars().any(|c| c.is_ascii_uppercase())
        && path.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c))
    {
        return Some("invalid reference format: repository name must be lowercase");
    }
    let part = |part: &str| {
        let plain = part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c));
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        plain && part.starts_with(ends) && part.ends_with(ends)
    };
    let tag = &reference[name.len()..];
    let tag_fits =
        tag.is_empty() || tag.len() > 1 && tag[1..].chars().all(|c| c.is_ascii_alphanumeric() || "-._:@".contains(c));
    (!path.split('/').all(part) || !tag_fits).then_some("invalid reference format")
}

/// Bytes that a pull of an image transfers.
pub fn size(reference: &str) -> u64 {
    find(reference).map_or(UNKNOWN_SIZE, |image| image.size)
}

/// An image reference without tag and digest.
fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    }
}

/// The reference with registry and tag in full: `docker.io/library/nginx:latest`.
pub fn full_reference(reference: &str) -> String {
    let name = repository(reference);
    let rest = &reference[name.len()..];
    let rest = if rest.is_empty() { ":latest" } else { rest };
    let has_registry = name.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']) || host == "localhost");
    match (has_registry, name.contains('/')) {
        (true, _) => format!("{name}{rest}"),
        (false, true) => format!("docker.io/{name}{rest}"),
        (false, false) => format!("docker.io/library/{name}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_containerd_reads_them() {
        for (given, full) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.25", "docker.io/library/nginx:1.25"),
            ("bitnami/kafka", "docker.io/bitnami/kafka:latest"),
            ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
            ("localhost:5000/a", "localhost:5000/a:latest"),
        ] {
            assert_eq!(full_reference(given), full);
        }
        assert_eq!(find("docker.io/library/tomcat:10").unwrap().name, "tomcat");
        assert!(find("registry.k8s.io/hpa-example").is_some());
        assert!(find("nginx-other").is_none());
    }
}
