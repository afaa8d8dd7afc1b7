//! The unified difference of two texts, as `diff -u` prints it.

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// One step from the old text to the new.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Keep,
    Drop,
    Add,
}

/// The hunks that lead from `old` to `new`; empty for equal texts.
pub fn unified_diff(old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let steps = steps(&a, &b);
    let mut out = String::new();
    let mut from = 0;
    while let Some(first) = steps[from..].iter().position(|step| *step != Step::Keep).map(|i| i + from) {
        let start = first.saturating_sub(CONTEXT).max(from);
        let mut end = first;
        let mut quiet = 0;
        while end < steps.len() && quiet <= 2 * CONTEXT {
            quiet = if steps[end] == Step::Keep { quiet + 1 } else { 0 };
            end += 1;
        }
        let end = if quiet > CONTEXT { end - quiet + CONTEXT } else { end };
        hunk(&a, &b, &steps, start, end, &mut out);
        from = end;
    }
    out
}

fn hunk(a: &[&str], b: &[&str], steps: &[Step], start: usize, end: usize, out: &mut String) {
    let count = |range: &[Step], other: Step| range.iter().filter(|step| **step != other).count();
    let (mut i, mut j) = (count(&steps[..start], Step::Add), count(&steps[..start], Step::Drop));
    let (old_count, new_count) = (count(&steps[start..end], Step::Add), count(&steps[start..end], Step::Drop));
    let range = |at: usize, n: usize| match n {
        0 => format!("{at},0"),
        1 => (at + 1).to_string(),
        n => format!("{},{n}", at + 1),
    };
    out.push_str(&format!("@@ -{} +{} @@\n", range(i, old_count), range(j, new_count)));
    for step in &steps[start..end] {
        let (sign, line) = match step {
            Step::Keep => (' ', a[i]),
            Step::Drop => ('-', a[i]),
            Step::Add => ('+', b[j]),
        };
        out.push_str(&format!("{sign}{line}\n"));
        i += usize::from(*step != Step::Add);
        j += usize::from(*step != Step::Drop);
    }
}

/// The shortest way from one text to the other, by the longest common subsequence of what lies between the equal ends.
fn steps(a: &[&str], b: &[&str]) -> Vec<Step> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    let width = b.len() + 1;
    let mut longest = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = match a[i] == b[j] {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let mut steps = vec![Step::Keep; head];
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            steps.push(Step::Keep);
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
            steps.push(Step::Drop);
            i += 1;
        } else {
            steps.push(Step::Add);
            j += 1;
        }
    }
    steps.extend(vec![Step::Keep; tail]);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_have_three_lines_of_context() {
        let old: String = (1..=20).map(|n| format!("{n}\n")).collect();
        let new = old.replace("\n10\n", "\nten\n");
        assert_eq!(unified_diff(&old, &new), "@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n");
        assert_eq!(unified_diff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(unified_diff(&old, &old), "");
    }
}
