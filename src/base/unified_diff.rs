//! What changed between two texts, as a unified diff with three lines around each change.
//!
//! It is the matcher of Python's difflib, which Go's difflib copies: the choice between equally good diffs is the same.

use std::collections::BTreeMap;

const CONTEXT: usize = 3;

/// A run of lines: in `a` from `a_from` to `a_to`, in `b` from `b_from` to `b_to`; equal where `equal`.
#[derive(Clone, Copy)]
struct Run {
    equal: bool,
    a_from: usize,
    a_to: usize,
    b_from: usize,
    b_to: usize,
}

/// The hunks that turn `a` into `b`, without file names; empty where they are equal.
///
/// Models github.com/pmezard/go-difflib/difflib GetUnifiedDiffString.
pub fn unified_diff(a: &str, b: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let mut out = String::new();
    for hunk in hunks(&runs(&a, &b)) {
        let (first, last) = (hunk[0], hunk[hunk.len() - 1]);
        let (old, new) = (range(first.a_from, last.a_to), range(first.b_from, last.b_to));
        out.push_str(&format!("@@ -{old} +{new} @@\n"));
        for run in &hunk {
            let mut put = |sign: char, lines: &[&str]| {
                lines.iter().for_each(|line| out.push_str(&format!("{sign}{line}\n")));
            };
            if run.equal {
                put(' ', &a[run.a_from..run.a_to]);
            } else {
                put('-', &a[run.a_from..run.a_to]);
                put('+', &b[run.b_from..run.b_to]);
            }
        }
    }
    out
}

/// What turns `a` into `b` as diff tells it without options: `2c2`, then the lines.
pub fn plain_diff(a: &str, b: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let mut out = String::new();
    for run in runs(&a, &b).into_iter().filter(|run| !run.equal) {
        let (removed, added) = (&a[run.a_from..run.a_to], &b[run.b_from..run.b_to]);
        let letter = match (removed.is_empty(), added.is_empty()) {
            (true, _) => 'a',
            (_, true) => 'd',
            _ => 'c',
        };
        let place = |from: usize, to: usize| match to - from {
            0 => from.to_string(),
            1 => to.to_string(),
            _ => format!("{},{to}", from + 1),
        };
        out.push_str(&format!("{}{letter}{}\n", place(run.a_from, run.a_to), place(run.b_from, run.b_to)));
        removed.iter().for_each(|line| out.push_str(&format!("< {line}\n")));
        out.push_str(if letter == 'c' { "---\n" } else { "" });
        added.iter().for_each(|line| out.push_str(&format!("> {line}\n")));
    }
    out
}

fn range(from: usize, to: usize) -> String {
    match to - from {
        1 => format!("{}", from + 1),
        0 => format!("{from},0"),
        length => format!("{},{length}", from + 1),
    }
}

/// Equal runs and changed ones in turn.
fn runs(a: &[&str], b: &[&str]) -> Vec<Run> {
    let mut blocks = Vec::new();
    matching_blocks(a, b, &places(b), (0, a.len()), (0, b.len()), &mut blocks);
    blocks.push((a.len(), b.len(), 0));
    let (mut i, mut j) = (0, 0);
    let mut runs: Vec<Run> = Vec::new();
    for (at_a, at_b, length) in blocks {
        if i < at_a || j < at_b {
            runs.push(Run { equal: false, a_from: i, a_to: at_a, b_from: j, b_to: at_b });
        }
        (i, j) = (at_a + length, at_b + length);
        match runs.last_mut() {
            Some(run) if run.equal => (run.a_to, run.b_to) = (i, j),
            _ if length > 0 => runs.push(Run { equal: true, a_from: at_a, a_to: i, b_from: at_b, b_to: j }),
            _ => {}
        }
    }
    runs
}

/// Where each line is in `b`. In a long text, lines that are there very often say nothing and are left out.
fn places<'a>(b: &[&'a str]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (j, line) in b.iter().enumerate() {
        places.entry(line).or_default().push(j);
    }
    if b.len() >= 200 {
        places.retain(|_, at| at.len() <= b.len() / 100 + 1);
    }
    places
}

fn matching_blocks(
    a: &[&str],
    b: &[&str],
    places: &BTreeMap<&str, Vec<usize>>,
    in_a: (usize, usize),
    in_b: (usize, usize),
    blocks: &mut Vec<(usize, usize, usize)>,
) {
    let (i, j, length) = longest_match(a, b, places, in_a, in_b);
    if length == 0 {
        return;
    }
    matching_blocks(a, b, places, (in_a.0, i), (in_b.0, j), blocks);
    blocks.push((i, j, length));
    matching_blocks(a, b, places, (i + length, in_a.1), (j + length, in_b.1), blocks);
}

fn longest_match(
    a: &[&str],
    b: &[&str],
    places: &BTreeMap<&str, Vec<usize>>,
    in_a: (usize, usize),
    in_b: (usize, usize),
) -> (usize, usize, usize) {
    let (mut best_i, mut best_j, mut best) = (in_a.0, in_b.0, 0);
    let mut ending: BTreeMap<usize, usize> = BTreeMap::new();
    for (i, line) in a.iter().enumerate().take(in_a.1).skip(in_a.0) {
        let mut next = BTreeMap::new();
        let found = places.get(line).map_or(&[][..], Vec::as_slice);
        for &j in found.iter().filter(|j| (in_b.0..in_b.1).contains(*j)) {
            let length = j.checked_sub(1).and_then(|before| ending.get(&before)).copied().unwrap_or(0) + 1;
            next.insert(j, length);
            if length > best {
                (best_i, best_j, best) = (i + 1 - length, j + 1 - length, length);
            }
        }
        ending = next;
    }
    while best_i > in_a.0 && best_j > in_b.0 && a[best_i - 1] == b[best_j - 1] {
        (best_i, best_j, best) = (best_i - 1, best_j - 1, best + 1);
    }
    while best_i + best < in_a.1 && best_j + best < in_b.1 && a[best_i + best] == b[best_j + best] {
        best += 1;
    }
    (best_i, best_j, best)
}

/// Changes that are close to each other share a hunk.
fn hunks(runs: &[Run]) -> Vec<Vec<Run>> {
    let mut hunks: Vec<Vec<Run>> = Vec::new();
    let mut current: Vec<Run> = Vec::new();
    let last = runs.len().saturating_sub(1);
    for (n, run) in runs.iter().enumerate() {
        if !run.equal {
            current.push(*run);
            continue;
        }
        let length = run.a_to - run.a_from;
        let tail = Run { a_to: run.a_from + length.min(CONTEXT), b_to: run.b_from + length.min(CONTEXT), ..*run };
        let skipped = length.saturating_sub(CONTEXT);
        let head = Run { a_from: run.a_from + skipped, b_from: run.b_from + skipped, ..*run };
        if n == 0 {
            current.push(head);
        } else if n == last {
            current.push(tail);
        } else if length > 2 * CONTEXT {
            current.push(tail);
            hunks.push(std::mem::take(&mut current));
            current.push(head);
        } else {
            current.push(*run);
        }
    }
    if current.iter().any(|run| !run.equal) {
        hunks.push(current);
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::unified_diff;

    #[test]
    fn a_change_is_shown_with_three_lines_around_it() {
        let a = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(unified_diff(a, a), "");
        let b = "1\n2\n3\n4\nx\n6\n7\n8\n9\n";
        assert_eq!(unified_diff(a, b), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
        assert_eq!(unified_diff("a\n", "a\nb\n"), "@@ -1 +1,2 @@\n a\n+b\n");
    }

    #[test]
    fn far_changes_have_hunks_of_their_own() {
        let a: String = (0..30).map(|n| format!("{n}\n")).collect();
        let b = a.replace("\n3\n", "\nthree\n").replace("27\n", "twenty-seven\n");
        assert_eq!(unified_diff(&a, &b).matches("@@ -").count(), 2);
    }
}
