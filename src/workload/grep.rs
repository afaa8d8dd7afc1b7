//! grep, with the regular expressions people type: `^`, `$`, `.`, `*`, `+`, `?`, `[...]`, `|`, `(...)`, `\b`, `\d`, `\s`, `\w`.

use super::filters::{Filter, Made, Options};
use crate::base::order::Order;

/// Makes a grep.
pub(super) fn make(mut options: Options) -> Result<Made, String> {
    let pattern = match options.value('e') {
        text if !text.is_empty() => text,
        _ if options.args.is_empty() => return Err("usage: grep [-ivcnoqEFABC] PATTERN [FILE...]".to_owned()),
        _ => options.args.remove(0),
    };
    let pattern = if options.has('i') { pattern.to_lowercase() } else { pattern };
    let number = |letter: char| options.value(letter).parse::<usize>().unwrap_or(0);
    let around = number('C');
    let grep = Grep {
        expression: match options.has('F') {
            true => Expression::literal(&pattern),
            false => Expression::parse(&pattern, options.has('E')).map_err(|why| format!("grep: {why}"))?,
        },
        ignore_case: options.has('i'),
        invert: options.has('v'),
        count: options.has('c'),
        numbers: options.has('n'),
        only: options.has('o'),
        quiet: options.has('q'),
        word: options.has('w'),
        before: number('B').max(around),
        after: number('A').max(around),
        most: options.value('m').parse().unwrap_or(usize::MAX),
        held: Vec::new(),
        due: 0,
        place: 0,
        found: 0,
    };
    Ok((Box::new(grep), options.args))
}

struct Grep {
    expression: Expression,
    ignore_case: bool,
    invert: bool,
    count: bool,
    numbers: bool,
    only: bool,
    quiet: bool,
    word: bool,
    before: usize,
    after: usize,
    most: usize,
    held: Vec<(usize, String)>,
    due: usize,
    place: usize,
    found: usize,
}

impl Grep {
    fn show(&self, place: usize, line: &str, sign: char, out: &mut String) {
        if self.numbers {
            out.push_str(&format!("{place}{sign}"));
        }
        out.push_str(line);
        out.push('\n');
    }

    /// The first match at or behind a place, as a range of characters.
    fn find(&self, text: &[char], from: usize) -> Option<(usize, usize)> {
        let is_word = |i: Option<usize>| i.and_then(|i| text.get(i)).is_some_and(|c| c.is_alphanumeric() || *c == '_');
        (from..=text.len()).find_map(|start| {
            let end = self.expression.match_at(text, start)?;
            let whole = !self.word || (!is_word(start.checked_sub(1)) && !is_word(Some(end)));
            whole.then_some((start, end))
        })
    }
}

impl Filter for Grep {
    fn line(&mut self, line: &str, out: &mut String) {
        self.place += 1;
        let cased = if self.ignore_case { line.to_lowercase() } else { line.to_owned() };
        let text: Vec<char> = cased.chars().collect();
        let hit = self.find(&text, 0);
        if hit.is_some() == self.invert || self.found >= self.most {
            if self.due > 0 {
                self.due -= 1;
                self.show(self.place, line, '-', out);
            } else if self.before > 0 {
                self.held.push((self.place, line.to_owned()));
                if self.held.len() > self.before {
                    self.held.remove(0);
                }
            }
            return;
        }
        self.found += 1;
        if self.count || self.quiet {
            return;
        }
        for (place, held) in std::mem::take(&mut self.held) {
            self.show(place, &held, '-', out);
        }
        self.due = self.after;
        if !self.only {
            return self.show(self.place, line, ':', out);
        }
        let original: Vec<char> = line.chars().collect();
        let mut next = hit;
        while let Some((start, end)) = next {
            let piece: String = original.get(start..end).unwrap_or_default().iter().collect();
            if !piece.is_empty() {
                self.show(self.place, &piece, ':', out);
            }
            next = self.find(&text, end.max(start + 1));
        }
    }

    fn end(&mut self, out: &mut String) -> u8 {
        if self.count {
            out.push_str(&format!("{}\n", self.found));
        }
        u8::from(self.found == 0)
    }
}

/// A regular expression: alternatives of sequences.
#[derive(Clone, Debug, Default)]
pub struct Expression {
    alternatives: Vec<Vec<Item>>,
}

#[derive(Clone, Debug)]
struct Item {
    atom: Atom,
    least: usize,
    most: usize,
}

#[derive(Clone, Debug)]
enum Atom {
    Any,
    Char(char),
    Set(Vec<(char, char)>, bool),
    Group(Expression),
    Start,
    End,
    Boundary,
}

impl Expression {
    fn literal(text: &str) -> Expression {
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
                Ok(match next {
                    'd' => Atom::Set(vec![('0', '9')], false),
                    'w' => Atom::Set(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')], false),
                    's' => Atom::Set(vec![(' ', ' '), ('\t', '\t')], false),
                    'S' => Atom::Set(vec![(' ', ' '), ('\t', '\t')], true),
                    'b' | '<' | '>' => Atom::Boundary,
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
                _ => return item,
            };
            (item.least, item.most) = range;
            *at += 1 + usize::from(escaped);
        }
    }

    /// The end of the longest match that begins at a place.
    pub(super) fn match_at(&self, text: &[char], at: usize) -> Option<usize> {
        self.ends(text, at).into_iter().max()
    }

    /// What the outer groups hold where a text begins with a match; none where it does not.
    pub fn groups(&self, text: &str) -> Option<Vec<String>> {
        let chars: Vec<char> = text.chars().collect();
        self.alternatives.iter().find_map(|sequence| groups_of(sequence, &chars, 0))
    }

    fn ends(&self, text: &[char], at: usize) -> Vec<usize> {
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
    fn ends(&self, text: &[char], starts: &[usize]) -> Vec<usize> {
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
        let c = *chars.get(*at).ok_or("Unmatched [, [^, [:, [., or [=")?;
        if c == ']' && *at > first {
            *at += 1;
            return Ok(Atom::Set(ranges, negated));
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
    }
}
