//! Paths in a container: made absolute, and followed through links.

use ecow::EcoString;

use super::{Entry, Host, Process};

/// What lies at a path, links followed; the path it was found at.
pub fn follow(host: &dyn Host, path: &str) -> Option<(EcoString, Entry)> {
    let mut path = EcoString::from(path);
    for _ in 0..8 {
        match host.entry(&path) {
            Some(Entry::Link(to)) => path = linked(&path, &to),
            Some(entry) => return Some((path, entry)),
            None => path = through_links(host, &path)?,
        }
    }
    None
}

fn linked(path: &str, to: &str) -> EcoString {
    if to.starts_with('/') {
        return to.into();
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    EcoString::from(format!("{folder}/{to}"))
}

/// The path with the first of its folders that is a link replaced by what it leads to.
fn through_links(host: &dyn Host, path: &str) -> Option<EcoString> {
    let ends = path.char_indices().filter(|(i, c)| *c == '/' && *i > 0).map(|(i, _)| i);
    for end in ends {
        if let Some(Entry::Link(to)) = host.entry(&path[..end]) {
            return Some(EcoString::from(format!("{}{}", linked(&path[..end], &to), &path[end..])));
        }
    }
    None
}

impl Process {
    /// A path from where the process stands.
    pub(super) fn path(&self, path: &str) -> EcoString {
        let mut parts: Vec<&str> = Vec::new();
        let base = if path.starts_with('/') { "" } else { self.directory.as_str() };
        for part in base.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        let mut text = EcoString::new();
        for part in parts {
            text.push('/');
            text.push_str(part);
        }
        if text.is_empty() {
            text.push('/');
        }
        text
    }
}
