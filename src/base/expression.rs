//! Regular expressions, of the kind that people type: `^`, `$`, `.`, `*`, `+`, `?`, `{n,m}`, `[...]`, `|`, `(...)`, `\b`, `\d`, `\s`, `\w`.
//!
//! It matches and takes groups out; it never replaces.

use crate::base::order::Order;

/// A regular expression: alternatives of sequences.
#[derive(Clone, Debug, Default)]
pub struct Expression {
    pub(super) alternatives: Vec<Vec<Item>>,
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) atom: Atom,
    least: usize,
    pub(super) most: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Atom {
    Any,
    Char(char),
    Set(Vec<(char, char)>, bool),
    Group(Expression),
    Start,
    End,
    Boundary,
}

impl Expression {
    /// An expression for a text as it is.
    pub fn literal(text: &str) -> Expression {
        let items = text.chars().map(|c| Item { atom: Atom::Char(c), least: 1, most: 1 });
        Expression { alternatives: vec![items.collect()] }
    }

    /// Reads an expression. Without `extended`, `+ ? | ( )` are plain unless a backslash stands before them.
    pub fn parse(text: &str, extended: bool) -> Result<Expression, String> {
        let chars: Vec<char> = text.chars().collect();
        let mut at = 0;
        let expression = Expression::read(&chars, &mut at, extended, 0)?;
        match at == chars.len() {
            true => Ok(expression),
            false => Err("Unmatched ) or \\)".to_owned()),
        }
    }

    fn read(chars: &[char], at: &mut usize, extended: bool, depth: u32) -> Result<Expression, String> {
        let mut all = vec![Vec::new()];
        while let Some(&c) = chars.get(*at) {
            let escaped = c == '\\' && *at + 1 < chars.len();
            let (symbol, width) = if escaped { (chars[*at + 1], 2) } else { (c, 1) };
            let special = escaped != extended;
            match symbol {
                ')' if special && depth > 0 => break,
                '|' if special => {
                    *at += width;
                    all.push(Vec::new());
                    continue;
                }
                _ => {}
            }
            let item = Item { atom: Self::read_atom(chars, at, extended, depth)?, least: 1, most: 1 };
            let item = Self::read_repeat(chars, at, extended, item);
            if let Some(sequence) = all.last_mut() {
                sequence.push(item);
            }
        }
        Ok(Expression { alternatives: all })
    }

    fn read_atom(chars: &[char], at: &mut usize, extended: bool, depth: u32) -> Result<Atom, String> {
        let c = chars[*at];
        *at += 1;
        match c {
            '.' => Ok(Atom::Any),
            '^' => Ok(Atom::Start),
            '$' => Ok(Atom::End),
            '[' => read_set(chars, at),
            '(' if extended => Self::read_group(chars, at, extended, depth),
            '\\' => {
                let next = chars.get(*at).copied().ok_or("Trailing backslash")?;
                *at += 1;
                if let Some(ranges) = class(next.to_ascii_lowercase()) {
                    return Ok(Atom::Set(ranges.to_vec(), next.is_ascii_uppercase()));
                }
                Ok(match next {
                    'b' | '<' | '>' => Atom::Boundary,
                    'n' => Atom::Char('\n'),
                    't' => Atom::Char('\t'),
                    'A' => Atom::Start,
                    'z' => Atom::End,
                    '(' if !extended => return Self::read_group(chars, at, extended, depth),
                    other => Atom::Char(other),
                })
            }
            c => Ok(Atom::Char(c)),
        }
    }

    fn read_group(chars: &[char], at: &mut usize, extended: bool, depth: u32) -> Result<Atom, String> {
        if depth > 20 {
            return Err("Regular expression too big".to_owned());
        }
        if extended && chars.get(*at..*at + 2) == Some(&['?', ':']) {
            *at += 2;
        }
        let inner = Self::read(chars, at, extended, depth + 1)?;
        let close: &[char] = if extended { &[')'] } else { &['\\', ')'] };
        match chars.get(*at..*at + close.len()) == Some(close) {
            true => *at += close.len(),
            false => return Err("Unmatched ( or \\(".to_owned()),
        }
        Ok(Atom::Group(inner))
    }

    fn read_repeat(chars: &[char], at: &mut usize, extended: bool, mut item: Item) -> Item {
        loop {
            let escaped = chars.get(*at) == Some(&'\\');
            let symbol = chars.get(*at + usize::from(escaped)).copied();
            let range = match symbol {
                Some('*') if !escaped => (0, usize::MAX),
                Some('+') if escaped != extended => (1, usize::MAX),
                Some('?') if escaped != extended => (0, 1),
                Some('{') if escaped != extended => match counts(&chars[*at + 1 + usize::from(escaped)..], extended) {
                    Some((range, width)) => {
                        *at += width;
                        range
                    }
                    None => return item,
                },
                _ => return item,
            };
            (item.least, item.most) = range;
            *at += 1 + usize::from(escaped);
        }
    }

    /// The end of the longest match that begins at a place.
    pub fn match_at(&self, text: &[char], at: usize) -> Option<usize> {
        self.ends(text, at).into_iter().max()
    }

    /// What the outer groups hold where a text begins with a match; none where it does not.
    pub fn groups(&self, text: &str) -> Option<Vec<String>> {
        let chars: Vec<char> = text.chars().collect();
        self.alternatives.iter().find_map(|sequence| groups_of(sequence, &chars, 0))
    }

    pub(super) fn ends(&self, text: &[char], at: usize) -> Vec<usize> {
        let mut all: Vec<usize> = Vec::new();
        for sequence in &self.alternatives {
            let mut places = vec![at];
            for item in sequence {
                places = item.ends(text, &places);
            }
            all.extend(places);
        }
        all.order();
        all.dedup();
        all
    }
}

/// The outer groups of a sequence that matches from a place on, the longest first.
fn groups_of(sequence: &[Item], text: &[char], at: usize) -> Option<Vec<String>> {
    let Some((item, rest)) = sequence.split_first() else { return Some(Vec::new()) };
    let mut ends = item.ends(text, &[at]);
    ends.order_by(|a, b| b.cmp(a));
    ends.into_iter().find_map(|end| {
        let mut groups = groups_of(rest, text, end)?;
        if matches!(item.atom, Atom::Group(_)) {
            groups.insert(0, text[at..end].iter().collect());
        }
        Some(groups)
    })
}

impl Item {
    /// All places where the item can end that begins at one of some places.
    pub(super) fn ends(&self, text: &[char], starts: &[usize]) -> Vec<usize> {
        let mut reached: Vec<usize> = if self.least == 0 { starts.to_vec() } else { Vec::new() };
        let mut front = starts.to_vec();
        let mut rounds = 0;
        while !front.is_empty() && rounds < self.most && rounds <= text.len() {
            rounds += 1;
            let mut next: Vec<usize> = front.iter().flat_map(|at| self.atom.ends(text, *at)).collect();
            next.order();
            next.dedup();
            next.retain(|at| rounds < self.least || !reached.contains(at));
            if rounds >= self.least {
                reached.extend(&next);
            }
            front = next;
        }
        reached
    }
}

impl Atom {
    fn ends(&self, text: &[char], at: usize) -> Vec<usize> {
        let is_word = |i: Option<usize>| i.and_then(|i| text.get(i)).is_some_and(|c| c.is_alphanumeric() || *c == '_');
        let one = |fits: bool| if fits { vec![at + 1] } else { Vec::new() };
        let here = |fits: bool| if fits { vec![at] } else { Vec::new() };
        match self {
            Atom::Any => one(at < text.len()),
            Atom::Char(c) => one(text.get(at) == Some(c)),
            Atom::Set(ranges, negated) => {
                one(text.get(at).is_some_and(|c| ranges.iter().any(|(from, to)| (from..=to).contains(&c)) != *negated))
            }
            Atom::Group(inner) => inner.ends(text, at),
            Atom::Start => here(at == 0),
            Atom::End => here(at == text.len()),
            Atom::Boundary => here(is_word(at.checked_sub(1)) != is_word(Some(at))),
        }
    }
}

fn read_set(chars: &[char], at: &mut usize) -> Result<Atom, String> {
    let negated = chars.get(*at) == Some(&'^');
    *at += usize::from(negated);
    let mut ranges = Vec::new();
    let first = *at;
    loop {
        let mut c = *chars.get(*at).ok_or("Unmatched [, [^, [:, [., or [=")?;
        if c == ']' && *at > first {
            *at += 1;
            return Ok(Atom::Set(ranges, negated));
        }
        if c == '[' && chars.get(*at + 1) == Some(&':') {
            if let Some(width) = chars[*at..].windows(2).position(|pair| pair == [':', ']']) {
                let name: String = chars[*at + 2..*at + width.max(2)].iter().collect();
                ranges.extend(named_class(&name));
                *at += width + 2;
                continue;
            }
        }
        if c == '\\' && chars.get(*at + 1).is_some_and(|next| next.is_ascii_punctuation() || class(*next).is_some()) {
            *at += 1;
            c = chars[*at];
            if let Some(all) = class(c) {
                ranges.extend(all);
                *at += 1;
                continue;
            }
        }
        let to = match (chars.get(*at + 1), chars.get(*at + 2)) {
            (Some('-'), Some(&to)) if to != ']' => {
                *at += 2;
                to
            }
            _ => c,
        };
        ranges.push((c, to));
        *at += 1;
    }
}

/// `\\d`, `\\w` and `\\s`.
fn class(letter: char) -> Option<&'static [(char, char)]> {
    match letter {
        'd' => Some(&[('0', '9')]),
        'w' => Some(&[('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
        's' => Some(&[(' ', ' '), ('\t', '\r')]),
        _ => None,
    }
}

/// `[:alpha:]` and its sisters.
fn named_class(name: &str) -> &'static [(char, char)] {
    match name {
        "alpha" => &[('a', 'z'), ('A', 'Z')],
        "digit" => &[('0', '9')],
        "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
        "lower" => &[('a', 'z')],
        "upper" => &[('A', 'Z')],
        "space" => &[(' ', ' '), ('\t', '\r')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        _ => &[],
    }
}

/// The least and most number that `{n}`, `{n,}` or `{n,m}` asks for, and how long the text behind the brace is.
fn counts(chars: &[char], extended: bool) -> Option<((usize, usize), usize)> {
    let end: &[char] = if extended { &['}'] } else { &['\\', '}'] };
    let width = chars.windows(end.len()).position(|found| found == end)?;
    let text: String = chars[..width].iter().collect();
    let (least, most) = text.split_once(',').unwrap_or((&text, &text));
    let most = if most.is_empty() { usize::MAX } else { most.parse().ok()? };
    Some(((least.parse().ok()?, most), width + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, extended: bool, text: &str) -> bool {
        let expression = Expression::parse(pattern, extended).unwrap();
        let chars: Vec<char> = text.chars().collect();
        (0..=chars.len()).any(|at| expression.match_at(&chars, at).is_some())
    }

    #[test]
    fn patterns_are_read_as_grep_reads_them() {
        assert!(matches("^web-[0-9a-f]*-x$", false, "web-66597-x"));
        assert!(matches("a|b", true, "b") && !matches("a|b", false, "b"));
        assert!(matches("a\\|b", false, "b") && matches("(ab)+c", true, "xababc"));
        assert!(matches("1/1 +Running", true, "1/1     Running") && !matches("^$", false, "x"));
        assert!(Expression::parse("(a", true).is_err());
        assert!(matches("^[a-z]{2,3}$", true, "abc") && !matches("^[a-z]{2,3}$", true, "abcd"));
        assert!(matches("^a\\{2\\}$", false, "aa") && matches("^(?:ab){2}$", true, "abab"));
        assert!(matches(r"^[\w.-]+\.[[:digit:]]$", true, "a-b.7") && !matches(r"^\D$", true, "7"));
    }
}
