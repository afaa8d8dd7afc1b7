//! `diff`: what it prints of two texts, in containers and in the terminal.

use crate::base::unified_diff::{plain_diff, unified_diff};

/// What `diff` prints, and its exit code. `read` gives the text of a file; busybox's is always unified.
pub fn diff(args: &[&str], is_busybox: bool, read: &mut dyn FnMut(&str) -> Option<String>) -> (String, String, u8) {
    let flag = |letter| args.iter().any(|arg| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter));
    let paths: Vec<&str> = args.iter().copied().filter(|arg| !arg.starts_with('-') || *arg == "-").collect();
    let [a, b] = paths[..] else { return (String::new(), "diff: missing operand\n".to_owned(), 2) };
    let (old, new) = match (read(a), read(b)) {
        (Some(old), Some(new)) => (old, new),
        (old, _) => {
            let missing = if old.is_none() { a } else { b };
            return (String::new(), format!("diff: {missing}: No such file or directory\n"), 2);
        }
    };
    if old == new {
        return (String::new(), String::new(), 0);
    }
    let out = match (flag('q'), is_busybox || flag('u')) {
        (true, _) => format!("Files {a} and {b} differ\n"),
        (_, true) => format!("--- {a}\n+++ {b}\n{}", unified_diff(&old, &new)),
        _ => plain_diff(&old, &new),
    };
    (out, String::new(), 1)
}
