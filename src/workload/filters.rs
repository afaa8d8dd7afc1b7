//! The filters of a pipe: grep, head, tail, wc, sort, uniq, cut, tr, tee and cat. Each reads line by line, so that a filter
//! behind a command that waits prints as the lines come.

use super::filter_kinds::{Base64, Count, Cut, Gather, Head, Number, SortBy, Tail, Unique};
use super::translate::Translate;

/// A command that turns lines into lines.
pub trait Filter {
    /// Takes a line, without its line feed, and adds what comes of it to `out`.
    fn line(&mut self, line: &str, out: &mut String);
    /// The line taken last had no line feed; to most filters that is the same.
    fn unended(&mut self, _: &mut String) {}
    /// The input has ended; gives the exit code.
    fn end(&mut self, out: &mut String) -> u8;
}

/// Gives a text to a filter line by line.
pub fn feed(filter: &mut dyn Filter, text: &str, out: &mut String) {
    text.lines().for_each(|line| filter.line(line, out));
    if !text.is_empty() && !text.ends_with('\n') {
        filter.unended(out);
    }
}

/// A filter and the files it reads instead of standard input.
pub type Made = (Box<dyn Filter>, Vec<String>);

/// The names of all filters.
pub const NAMES: &[&str] =
    &["grep", "head", "tail", "wc", "sort", "uniq", "cut", "tr", "cat", "nl", "tac", "sed", "base64", "awk", "jq"];

/// Makes a filter from its words, the first being its name.
pub fn make(words: &[String]) -> Result<Made, String> {
    let (name, args) = words.split_first().ok_or("no command")?;
    if name == "jq" {
        return super::jq::make(args);
    }
    let mut options = Options::read(name, args);
    let filter: Box<dyn Filter> = match name.as_str() {
        "grep" => return super::grep::make(options),
        "sed" => return super::sed::make(options),
        "awk" => return super::awk::make(options),
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
        "awk" => "Fv",
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

    /// All values of an option that may be given more than once.
    pub fn values(&self, letter: char) -> Vec<String> {
        self.letters.iter().filter(|(l, _)| *l == letter).map(|(_, value)| value.clone()).collect()
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
