//! What the groups of a regular expression hold of a match.

use super::expression::{Atom, Expression, Item};
use crate::base::order::Order;

impl Expression {
    /// The longest match that begins at a place, and what each group holds of it, counted by their parentheses.
    pub fn captures(&self, text: &[char], at: usize) -> Option<Vec<(usize, usize)>> {
        let end = self.match_at(text, at)?;
        let mut spans = vec![(at, end)];
        self.spans(text, at, end, &mut spans);
        Some(spans)
    }

    fn spans(&self, text: &[char], at: usize, end: usize, spans: &mut Vec<(usize, usize)>) {
        let mut found = false;
        for sequence in &self.alternatives {
            found = match found {
                false if spans_of(sequence, text, at, end, spans) => true,
                _ => {
                    spans.extend(std::iter::repeat_n((at, at), sequence.iter().map(Item::groups).sum()));
                    found
                }
            };
        }
    }
}

/// The groups of a sequence that reaches from a place to an end, the longest first; false where it does not reach there.
fn spans_of(sequence: &[Item], text: &[char], at: usize, end: usize, spans: &mut Vec<(usize, usize)>) -> bool {
    let Some((item, rest)) = sequence.split_first() else { return at == end };
    let mut ends = item.ends(text, &[at]);
    ends.order_by(|a, b| b.cmp(a));
    for to in ends.into_iter().filter(|to| *to <= end) {
        let before = spans.len();
        if let Atom::Group(inner) = &item.atom {
            let last = |from: &usize| inner.ends(text, *from).contains(&to);
            let from = if item.most == 1 { at } else { (at..=to).rev().find(last).unwrap_or(to) };
            spans.push((from, to));
            inner.spans(text, from, to, spans);
        }
        if spans_of(rest, text, to, end, spans) {
            return true;
        }
        spans.truncate(before);
    }
    false
}

impl Item {
    /// How many groups it has, with those within.
    fn groups(&self) -> usize {
        match &self.atom {
            Atom::Group(inner) => 1 + inner.alternatives.iter().flatten().map(Item::groups).sum::<usize>(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_counted_by_their_parentheses() {
        let held = |pattern: &str, text: &str| {
            let chars: Vec<char> = text.chars().collect();
            let spans = Expression::parse(pattern, true).unwrap().captures(&chars, 0).unwrap();
            spans.iter().map(|(from, to)| chars[*from..*to].iter().collect::<String>()).collect::<Vec<_>>().join("|")
        };
        assert_eq!(held("v([0-9]+)\\.([0-9]+)", "v1.36.2"), "v1.36|1|36");
        assert_eq!(held("((a)|(b))+c", "abc"), "abc|b||b");
        assert_eq!(held("(.*)-(.*)", "web-7d-x"), "web-7d-x|web-7d|x");
    }
}
