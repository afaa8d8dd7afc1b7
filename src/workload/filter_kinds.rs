//! What the filters of a pipe do with lines, one after the other.

use super::filters::{Filter, Options};
use crate::base::order::Order;

/// The first lines.
pub(super) struct Head {
    pub(super) left: u64,
}

impl Filter for Head {
    fn line(&mut self, line: &str, out: &mut String) {
        if self.left > 0 {
            self.left -= 1;
            out.push_str(line);
            out.push('\n');
        }
    }

    fn end(&mut self, _: &mut String) -> u8 {
        0
    }
}

/// The last lines, or all from a line on.
pub(super) struct Tail {
    pub(super) last: Option<u64>,
    pub(super) skip: u64,
    pub(super) kept: std::collections::VecDeque<String>,
}

impl Tail {
    pub(super) fn new(text: &str) -> Result<Tail, String> {
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("tail: invalid number of lines: '{text}'"));
        Ok(match text.strip_prefix('+') {
            Some(from) => Tail { last: None, skip: number(from)?.saturating_sub(1), kept: Default::default() },
            None => Tail { last: Some(number(text)?), skip: 0, kept: Default::default() },
        })
    }
}

impl Filter for Tail {
    fn line(&mut self, line: &str, out: &mut String) {
        match self.last {
            None if self.skip > 0 => self.skip -= 1,
            None => out.push_str(&format!("{line}\n")),
            Some(last) => {
                self.kept.push_back(line.to_owned());
                if self.kept.len() as u64 > last {
                    self.kept.pop_front();
                }
            }
        }
    }

    fn end(&mut self, out: &mut String) -> u8 {
        self.kept.drain(..).for_each(|line| out.push_str(&format!("{line}\n")));
        0
    }
}

/// Counts lines, words and bytes.
pub(super) struct Count {
    pub(super) lines: u64,
    pub(super) words: u64,
    pub(super) bytes: u64,
    pub(super) which: String,
}

impl Filter for Count {
    fn line(&mut self, line: &str, _: &mut String) {
        self.lines += 1;
        self.words += line.split_whitespace().count() as u64;
        self.bytes += line.len() as u64 + 1;
    }

    fn unended(&mut self, _: &mut String) {
        self.lines -= 1;
        self.bytes -= 1;
    }

    fn end(&mut self, out: &mut String) -> u8 {
        let numbers = self.which.chars().map(|letter| match letter {
            'l' => self.lines,
            'w' => self.words,
            _ => self.bytes,
        });
        let texts: Vec<String> = match self.which.len() {
            1 => numbers.map(|n| n.to_string()).collect(),
            _ => numbers.map(|n| format!("{n:7}")).collect(),
        };
        out.push_str(&format!("{}\n", texts.join(" ")));
        0
    }
}

/// What sort compares.
pub(super) struct SortBy {
    pub(super) numeric: bool,
    pub(super) field: String,
    pub(super) separator: String,
}

impl SortBy {
    fn key<'a>(&self, line: &'a str) -> &'a str {
        let Ok(field) = self.field.split([',', 'n', 'r']).next().unwrap_or("").parse::<usize>() else {
            return line;
        };
        let index = field.saturating_sub(1);
        match self.separator.as_str() {
            "" => line.split_whitespace().nth(index).unwrap_or(""),
            separator => line.split(separator).nth(index).unwrap_or(""),
        }
    }

    fn compare(&self, a: &str, b: &str) -> std::cmp::Ordering {
        let numeric = self.numeric || self.field.contains('n');
        let number = |text: &str| {
            let text = text.trim_start();
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.len());
            text[..end].parse::<i64>().unwrap_or(0)
        };
        let (x, y) = (self.key(a), self.key(b));
        let order = if numeric { number(x).cmp(&number(y)) } else { x.cmp(y) };
        order.then_with(|| a.cmp(b))
    }
}

/// Passes lines on: at once, or all at the end, sorted.
pub(super) struct Gather {
    pub(super) sort: Option<SortBy>,
    pub(super) reverse: bool,
    pub(super) unique: bool,
    pub(super) lines: Vec<String>,
    pub(super) all: bool,
}

impl Filter for Gather {
    fn line(&mut self, line: &str, out: &mut String) {
        match self.all {
            true => self.lines.push(line.to_owned()),
            false => out.push_str(&format!("{line}\n")),
        }
    }

    fn end(&mut self, out: &mut String) -> u8 {
        if let Some(sort) = &self.sort {
            self.lines.order_by(|a, b| sort.compare(a, b));
        }
        if self.reverse {
            self.lines.reverse();
        }
        if self.unique {
            self.lines.dedup();
        }
        self.lines.drain(..).for_each(|line| out.push_str(&format!("{line}\n")));
        0
    }
}

/// Numbers lines.
pub(super) struct Number(pub(super) u64);

impl Filter for Number {
    fn line(&mut self, line: &str, out: &mut String) {
        self.0 += 1;
        out.push_str(&format!("{:6}\t{line}\n", self.0));
    }

    fn end(&mut self, _: &mut String) -> u8 {
        0
    }
}

/// Text to base64, or back.
pub(super) struct Base64 {
    pub(super) decode: bool,
    pub(super) text: String,
}

impl Filter for Base64 {
    fn line(&mut self, line: &str, _: &mut String) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn unended(&mut self, _: &mut String) {
        self.text.pop();
    }

    fn end(&mut self, out: &mut String) -> u8 {
        use base64::engine::general_purpose::STANDARD;
        use base64::Engine;
        if !self.decode {
            out.push_str(&format!("{}\n", STANDARD.encode(&self.text)));
            return 0;
        }
        let packed: String = self.text.split_whitespace().collect();
        match STANDARD.decode(packed) {
            Ok(bytes) => out.push_str(&String::from_utf8_lossy(&bytes)),
            Err(_) => return 1,
        }
        0
    }
}

/// Leaves repeated lines out.
pub(super) struct Unique {
    pub(super) last: Option<String>,
    pub(super) count: u64,
    pub(super) counted: bool,
}

impl Unique {
    fn flush(&mut self, out: &mut String) {
        if let Some(last) = self.last.take() {
            match self.counted {
                true => out.push_str(&format!("{:7} {last}\n", self.count)),
                false => out.push_str(&format!("{last}\n")),
            }
        }
    }
}

impl Filter for Unique {
    fn line(&mut self, line: &str, out: &mut String) {
        if self.last.as_deref() == Some(line) {
            self.count += 1;
            return;
        }
        self.flush(out);
        (self.last, self.count) = (Some(line.to_owned()), 1);
    }

    fn end(&mut self, out: &mut String) -> u8 {
        self.flush(out);
        0
    }
}

/// Columns of characters or fields.
pub(super) struct Cut {
    pub(super) ranges: Vec<(usize, usize)>,
    pub(super) delimiter: Option<char>,
}

impl Cut {
    pub(super) fn new(options: &Options) -> Result<Cut, String> {
        let (chars, fields) = (options.value('c'), options.value('f'));
        let text = if chars.is_empty() { &fields } else { &chars };
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str, otherwise: usize| match text {
                "" => Ok(otherwise),
                text => {
                    text.parse().map_err(|_| "cut: you must specify a list of bytes, characters, or fields".to_owned())
                }
            };
            ranges.push((number(from, 1)?, number(to, usize::MAX)?));
        }
        let delimiter = chars.is_empty().then(|| options.value('d').chars().next().unwrap_or('\t'));
        Ok(Cut { ranges, delimiter })
    }

    fn takes(&self, place: usize) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&place))
    }
}

impl Filter for Cut {
    fn line(&mut self, line: &str, out: &mut String) {
        match self.delimiter {
            Some(delimiter) if line.contains(delimiter) => {
                let fields = line.split(delimiter).enumerate().filter(|(i, _)| self.takes(i + 1));
                out.push_str(&fields.map(|(_, field)| field).collect::<Vec<_>>().join(&delimiter.to_string()));
            }
            Some(_) => out.push_str(line),
            None => out.extend(line.chars().enumerate().filter(|(i, _)| self.takes(i + 1)).map(|(_, c)| c)),
        }
        out.push('\n');
    }

    fn end(&mut self, _: &mut String) -> u8 {
        0
    }
}
