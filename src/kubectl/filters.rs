//! The filters of a pipe: grep, head, tail, wc, sort, uniq, cut, tr, tee and cat. Each reads line by line, so that a filter
//! behind a command that waits prints as the lines come.

use super::session::Session;

/// A command that turns lines into lines.
pub trait Filter {
    /// Takes a line, without its line feed, and adds what comes of it to `out`.
    fn line(&mut self, line: &str, out: &mut String);
    /// The input has ended; gives the exit code.
    fn end(&mut self, out: &mut String) -> u8;
}

/// A filter and the files it reads instead of standard input.
pub type Made = (Box<dyn Filter>, Vec<String>);

/// The names of all filters.
pub const NAMES: &[&str] =
    &["grep", "head", "tail", "wc", "sort", "uniq", "cut", "tr", "cat", "nl", "tac", "sed", "base64"];

/// Makes a filter from its words, the first being its name.
pub fn make(words: &[String]) -> Result<Made, String> {
    let (name, args) = words.split_first().ok_or("no command")?;
    let mut options = Options::read(name, args);
    let filter: Box<dyn Filter> = match name.as_str() {
        "grep" => return super::grep::make(options),
        "sed" => return super::sed::make(options),
        "cat" | "tac" => Box::new(Gather {
            sort: None,
            reverse: name == "tac",
            unique: false,
            lines: Vec::new(),
            all: name == "tac",
        }),
        "base64" => Box::new(Base64 { decode: options.has('d') || options.has('D'), text: String::new() }),
        "nl" => Box::new(Number(0)),
        "head" => Box::new(Head { left: options.count(10)? }),
        "tail" => Box::new(Tail::new(&options.count_text("10"))?),
        "wc" => Box::new(Count { lines: 0, words: 0, bytes: 0, which: options.letters("lwc") }),
        "sort" => Box::new(Gather {
            sort: Some(SortBy { numeric: options.has('n'), field: options.value('k'), separator: options.value('t') }),
            reverse: options.has('r'),
            unique: options.has('u'),
            lines: Vec::new(),
            all: true,
        }),
        "uniq" => Box::new(Unique { last: None, count: 0, counted: options.has('c') }),
        "cut" => Box::new(Cut::new(&options)?),
        "tr" => {
            let sets = std::mem::take(&mut options.args);
            return Ok((Box::new(Translate::new(&sets, options.has('d'), options.has('s'))?), Vec::new()));
        }
        other => return Err(format!("{other}: command not found")),
    };
    Ok((filter, options.args))
}

/// The text of the files a filter reads; an error names the one that is missing.
pub fn read_files(session: &Session, name: &str, paths: &[String]) -> Result<String, String> {
    let mut text = String::new();
    for path in paths {
        match session.file(path) {
            Some(file) => text.push_str(file),
            None => return Err(format!("{name}: {path}: No such file or directory")),
        }
    }
    Ok(text)
}

/// One-letter options, their values, and what is left.
pub struct Options {
    letters: Vec<(char, String)>,
    number: Option<String>,
    /// What is no option.
    pub args: Vec<String>,
}

/// The options of each filter that take a value.
fn with_value(name: &str) -> &'static str {
    match name {
        "grep" => "ABCem",
        "head" | "tail" => "nc",
        "sort" => "kt",
        "sed" => "e",
        "cut" => "dfc",
        _ => "",
    }
}

impl Options {
    fn read(name: &str, args: &[String]) -> Options {
        let mut options = Options { letters: Vec::new(), number: None, args: Vec::new() };
        let mut words = args.iter();
        while let Some(word) = words.next() {
            let number = word.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            if let Some(number) = number {
                options.number = Some(number.to_owned());
            } else if let Some(long) = word.strip_prefix("--") {
                let (long, value) = long.split_once('=').unwrap_or((long, ""));
                options.letters.extend(short_for(long).map(|letter| (letter, value.to_owned())));
            } else if word.len() > 1 && word.starts_with('-') {
                let mut letters = word[1..].chars();
                while let Some(letter) = letters.next() {
                    if !with_value(name).contains(letter) {
                        options.letters.push((letter, String::new()));
                        continue;
                    }
                    let rest = letters.as_str().to_owned();
                    let value = if rest.is_empty() { words.next().cloned().unwrap_or_default() } else { rest };
                    options.letters.push((letter, value));
                    break;
                }
            } else {
                options.args.push(word.clone());
            }
        }
        options
    }

    /// True where the option was given.
    pub fn has(&self, letter: char) -> bool {
        self.letters.iter().any(|(l, _)| *l == letter)
    }

    /// The value of an option; empty where it was not given.
    pub fn value(&self, letter: char) -> String {
        self.letters.iter().rev().find(|(l, _)| *l == letter).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn letters(&self, of: &str) -> String {
        let chosen: String = of.chars().filter(|letter| self.has(*letter)).collect();
        if chosen.is_empty() {
            of.to_owned()
        } else {
            chosen
        }
    }

    fn count_text(&self, otherwise: &str) -> String {
        match (self.value('n'), &self.number) {
            (text, _) if !text.is_empty() => text,
            (_, Some(number)) => number.clone(),
            _ => otherwise.to_owned(),
        }
    }

    fn count(&self, otherwise: u64) -> Result<u64, String> {
        let text = self.count_text(&otherwise.to_string());
        text.parse().map_err(|_| format!("head: invalid number of lines: '{text}'"))
    }
}

fn short_for(long: &str) -> Option<char> {
    Some(match long {
        "ignore-case" => 'i',
        "invert-match" => 'v',
        "count" => 'c',
        "lines" => 'n',
        "reverse" => 'r',
        "numeric-sort" => 'n',
        "unique" => 'u',
        "extended-regexp" => 'E',
        "fixed-strings" => 'F',
        "only-matching" => 'o',
        "quiet" => 'q',
        _ => return None,
    })
}

struct Head {
    left: u64,
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
struct Tail {
    last: Option<u64>,
    skip: u64,
    kept: std::collections::VecDeque<String>,
}

impl Tail {
    fn new(text: &str) -> Result<Tail, String> {
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

struct Count {
    lines: u64,
    words: u64,
    bytes: u64,
    which: String,
}

impl Filter for Count {
    fn line(&mut self, line: &str, _: &mut String) {
        self.lines += 1;
        self.words += line.split_whitespace().count() as u64;
        self.bytes += line.len() as u64 + 1;
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

struct SortBy {
    numeric: bool,
    field: String,
    separator: String,
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
struct Gather {
    sort: Option<SortBy>,
    reverse: bool,
    unique: bool,
    lines: Vec<String>,
    all: bool,
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
            self.lines.sort_by(|a, b| sort.compare(a, b));
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

struct Number(u64);

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
struct Base64 {
    decode: bool,
    text: String,
}

impl Filter for Base64 {
    fn line(&mut self, line: &str, _: &mut String) {
        self.text.push_str(line);
        self.text.push('\n');
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

struct Unique {
    last: Option<String>,
    count: u64,
    counted: bool,
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
struct Cut {
    ranges: Vec<(usize, usize)>,
    delimiter: Option<char>,
}

impl Cut {
    fn new(options: &Options) -> Result<Cut, String> {
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

/// Characters for characters.
struct Translate {
    from: Vec<char>,
    to: Vec<char>,
    delete: bool,
    squeeze: bool,
}

impl Translate {
    fn new(sets: &[String], delete: bool, squeeze: bool) -> Result<Translate, String> {
        let expand = |set: &str| -> Vec<char> {
            let text =
                set.replace("\\n", "\n").replace("\\t", "\t").replace("[:upper:]", "A-Z").replace("[:lower:]", "a-z");
            let chars: Vec<char> = text.chars().collect();
            let mut all = Vec::new();
            let mut i = 0;
            while i < chars.len() {
                match (chars.get(i + 1), chars.get(i + 2)) {
                    (Some('-'), Some(end)) => {
                        all.extend(chars[i]..=*end);
                        i += 3;
                    }
                    _ => {
                        all.push(chars[i]);
                        i += 1;
                    }
                }
            }
            all
        };
        let from = expand(sets.first().ok_or("tr: missing operand")?);
        let to = sets.get(1).map(|set| expand(set)).unwrap_or_default();
        Ok(Translate { from, to, delete, squeeze })
    }

    fn translated(&self, c: char) -> Option<char> {
        let Some(place) = self.from.iter().position(|from| *from == c) else { return Some(c) };
        if self.delete {
            return None;
        }
        self.to.get(place).or(self.to.last()).copied().or(Some(c))
    }
}

impl Filter for Translate {
    fn line(&mut self, line: &str, out: &mut String) {
        let mut last = None;
        for c in line.chars().chain(std::iter::once('\n')) {
            if let Some(new) = self.translated(c) {
                if !(self.squeeze && last == Some(new) && (self.to.contains(&new) || self.from.contains(&new))) {
                    out.push(new);
                }
                last = Some(new);
            }
        }
    }

    fn end(&mut self, _: &mut String) -> u8 {
        0
    }
}
