//! Replacing in texts what is like a regular expression: for sed, awk and jq.

use crate::base::expression::Expression;

/// A text in which matches are replaced, from the `first` on (counted from 1), one or `all`; and how many were. In what
/// replaces them `&` is the match and `\1` a group.
pub(super) fn replaced(line: &str, expression: &Expression, with: &str, first: usize, all: bool) -> (String, usize) {
    let text: Vec<char> = line.chars().collect();
    let (mut out, mut at, mut met, mut count) = (String::new(), 0, 0, 0);
    while let Some((start, spans)) = find(expression, &text, at) {
        let end = spans[0].1;
        met += 1;
        out.extend(&text[at..start]);
        match met >= first {
            true => {
                count += 1;
                fill(with, &text, &spans, &mut out);
            }
            false => out.extend(&text[start..end]),
        }
        at = end;
        if start == end {
            out.extend(text.get(at));
            at += 1;
        }
        if (met >= first && !all) || at > text.len() {
            break;
        }
    }
    out.extend(text.get(at..).unwrap_or_default());
    (out, count)
}

/// The first match from a place on, with its groups.
pub(super) fn find(expression: &Expression, text: &[char], from: usize) -> Option<(usize, Vec<(usize, usize)>)> {
    (from..=text.len()).find_map(|start| Some((start, expression.captures(text, start)?)))
}

fn fill(with: &str, text: &[char], spans: &[(usize, usize)], out: &mut String) {
    let mut chars = with.chars();
    let group = |number: usize, out: &mut String| {
        if let Some((from, to)) = spans.get(number) {
            out.extend(&text[*from..*to]);
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '&' => group(0, out),
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(c) if c.is_ascii_digit() => group(c as usize - '0' as usize, out),
                Some(c) => out.push(c),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
}

/// The text up to a sign that no backslash stands before, and what follows it.
pub(super) fn until(text: &str, sign: char) -> Option<(String, &str)> {
    let mut out = String::new();
    let (mut chars, mut in_set) = (text.char_indices(), false);
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => {
                let (_, next) = chars.next()?;
                match next == sign {
                    true => out.push(next),
                    false => out.extend(['\\', next]),
                }
                continue;
            }
            '[' => in_set = true,
            ']' => in_set = false,
            c if c == sign && !in_set => return Some((out, &text[i + c.len_utf8()..])),
            _ => {}
        }
        out.push(c);
    }
    // A bracket that nothing closes is a plain one.
    text.split_once(sign).filter(|_| in_set).map(|(before, after)| (before.to_owned(), after))
}

/// An expression in which each letter stands for both its cases.
pub(super) fn either_case(text: &str) -> String {
    let both = |c: char| match c.is_ascii_alphabetic() {
        true => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
        false => c.to_string(),
    };
    text.chars().map(both).collect()
}
