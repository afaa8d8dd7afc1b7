//! What is wrong with a text and where: the marks of the editor and the source of every refusal of a manifest.
//!
//! It holds no rule of its own; yaml, decode and the kinds find the mistakes.

use super::yaml::Extent;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// Kubernetes refuses it.
    Error,
    /// Kubernetes takes it, but hardly as it was meant.
    Warning,
}

/// One mistake, at its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    /// Where it is.
    pub extent: Extent,
    /// How bad it is.
    pub severity: Severity,
    /// What Kubernetes says.
    pub message: String,
    /// What to do about it, in our words; empty where there is nothing to add.
    pub hint: String,
    /// The path of the field, such as `spec.containers[0].image`; empty for a mistake of syntax.
    pub path: String,
}

impl Diagnostic {
    /// Line and column where it begins, from 1, and its length in characters on that line (at least 1).
    pub fn place(&self) -> (u32, u32, u32) {
        let (start, end) = (self.extent.start, self.extent.end);
        let length = if end.line == start.line { end.column.saturating_sub(start.column) } else { 1 };
        (start.line, start.column, length.max(1))
    }
}

/// One step of a path into a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A key of a map.
    Key(ecow::EcoString),
    /// An element of a list.
    Index(u32),
}

/// A path as Kubernetes writes it: `spec.containers[0].image`.
pub fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(i) => text.push_str(&format!("[{i}]")),
        }
    }
    text
}

/// The steps of a path such as `spec.ports[0].name` or `data[some.key]`.
pub fn parse_path(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').unwrap_or(inner.len());
            steps.push(match inner[..end].parse() {
                Ok(index) => Step::Index(index),
                Err(_) => Step::Key(inner[..end].into()),
            });
            rest = inner.get(end + 1..).unwrap_or("");
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end > 0 {
                steps.push(Step::Key(rest[..end].into()));
            }
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    steps
}

/// The candidate nearest to a word by the number of edits, where it is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let distance = if candidate.eq_ignore_ascii_case(word) { 0 } else { edits(word, candidate) };
        if distance <= most && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out, changed or swapped with a neighbour to make `b` of `a`.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let change = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_a_round_trip() {
        for text in ["spec.containers[0].image", "metadata.name", "spec[1][2].x"] {
            assert_eq!(path_text(&parse_path(text)), text);
        }
        assert_eq!(parse_path("data[tls.crt]")[1], Step::Key("tls.crt".into()));
    }

    #[test]
    fn near_words_are_found() {
        let fields = ["replicas", "selector", "template", "image", "imagePullPolicy"];
        assert_eq!(nearest("replica", fields.into_iter()), Some("replicas"));
        assert_eq!(nearest("imagee", fields.into_iter()), Some("image"));
        assert_eq!(nearest("slector", fields.into_iter()), Some("selector"));
        assert_eq!(nearest("IMAGE", fields.into_iter()), Some("image"));
        assert_eq!(nearest("zebra", fields.into_iter()), None);
    }
}
