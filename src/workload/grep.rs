//! grep, with the regular expressions people type: `^`, `$`, `.`, `*`, `+`, `?`, `[...]`, `|`, `(...)`, `\b`, `\d`, `\s`, `\w`.

use super::filters::{Filter, Made, Options};

pub use crate::base::expression::Expression;

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
