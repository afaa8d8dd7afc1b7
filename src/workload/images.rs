//! The table of images: static/images.yaml, read once.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Page;

/// One image.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Without registry and tag where those are Docker Hub's.
    pub name: String,
    /// Bytes that a pull transfers.
    pub size: u64,
    /// Milliseconds until it listens.
    #[serde(default)]
    pub start: u64,
    /// Where it listens.
    #[serde(default)]
    pub listens: Vec<Port>,
    /// True where it is a shell and nothing else.
    #[serde(default)]
    pub shell: bool,
    /// Thousandths of a CPU used when idle.
    #[serde(default)]
    pub cpu: u32,
    /// MiB used when idle.
    #[serde(default)]
    pub memory: u32,
    /// What it writes when it starts.
    #[serde(default)]
    pub log: Vec<String>,
    /// An environment variable without which it ends with an error.
    #[serde(default)]
    pub needs: Option<String>,
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
    table().iter().find(|image| image.name == short)
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
