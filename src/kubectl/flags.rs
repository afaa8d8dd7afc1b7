//! Flags of a command line, read as pflag reads them.

use super::failure::Failure;
use std::collections::BTreeMap;

/// What a flag takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Nothing: it is set or not; `--flag=false` unsets it.
    Nothing,
    /// A value.
    Value,
    /// A value, or this one where none is given with `=`.
    Optional(&'static str),
}

/// A flag of a verb.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Long name, without dashes.
    pub name: &'static str,
    /// One-letter name.
    pub short: Option<char>,
    /// What it takes.
    pub takes: Takes,
    /// A line of help.
    pub help: &'static str,
}

/// A flag that takes a value.
pub const fn value(name: &'static str, help: &'static str) -> Flag {
    Flag { name, short: None, takes: Takes::Value, help }
}

/// A flag that is set or not.
pub const fn switch(name: &'static str, help: &'static str) -> Flag {
    Flag { name, short: None, takes: Takes::Nothing, help }
}

impl Flag {
    /// The same flag with a one-letter name.
    pub const fn short(self, short: char) -> Flag {
        Flag { short: Some(short), ..self }
    }

    /// The same flag with a value for when none is given.
    pub const fn or(self, otherwise: &'static str) -> Flag {
        Flag { takes: Takes::Optional(otherwise), ..self }
    }
}

/// A command line taken apart.
#[derive(Clone, Default, Debug)]
pub struct Line {
    flags: BTreeMap<&'static str, Vec<String>>,
    /// What is no flag, in order.
    pub args: Vec<String>,
    /// How many of the arguments stood before `--`; none without one.
    pub dash: Option<usize>,
}

/// Takes words apart by the flags that are known. `command` is the command's name in messages.
pub fn parse(words: &[String], known: &[&[Flag]], command: &str) -> Result<Line, Failure> {
    let mut line = Line::default();
    let mut words = words.iter();
    let usage = |text: String| Failure::Error(format!("{text}\nSee '{command} --help' for usage."));
    let find = |name: &str| known.iter().flat_map(|flags| flags.iter()).find(|flag| flag.name == name);
    while let Some(word) = words.next() {
        if word == "--" {
            line.dash = Some(line.args.len());
            line.args.extend(words.by_ref().cloned());
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, given) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v.to_owned())));
            let flag = find(name).ok_or_else(|| usage(format!("unknown flag: --{name}")))?;
            let value = match (flag.takes, given) {
                (_, Some(value)) => value,
                (Takes::Nothing, None) => "true".to_owned(),
                (Takes::Optional(otherwise), None) => otherwise.to_owned(),
                (Takes::Value, None) => {
                    words.next().cloned().ok_or_else(|| usage(format!("flag needs an argument: --{name}")))?
                }
            };
            line.add(flag.name, value);
        } else if word.len() > 1 && word.starts_with('-') {
            parse_short(&mut line, word, &mut words, known, &usage)?;
        } else {
            line.args.push(word.clone());
        }
    }
    Ok(line)
}

fn parse_short(
    line: &mut Line,
    word: &str,
    words: &mut std::slice::Iter<'_, String>,
    known: &[&[Flag]],
    usage: &dyn Fn(String) -> Failure,
) -> Result<(), Failure> {
    let mut letters = word[1..].chars();
    while let Some(letter) = letters.next() {
        let flag = known.iter().flat_map(|flags| flags.iter()).find(|flag| flag.short == Some(letter));
        let flag = flag.ok_or_else(|| usage(format!("unknown shorthand flag: '{letter}' in {word}")))?;
        let rest = letters.as_str();
        let value = match flag.takes {
            _ if rest.starts_with('=') => rest[1..].to_owned(),
            Takes::Nothing => {
                line.add(flag.name, "true".to_owned());
                continue;
            }
            Takes::Optional(otherwise) => {
                line.add(flag.name, otherwise.to_owned());
                continue;
            }
            Takes::Value if !rest.is_empty() => rest.to_owned(),
            Takes::Value => {
                words.next().cloned().ok_or_else(|| usage(format!("flag needs an argument: '{letter}' in {word}")))?
            }
        };
        line.add(flag.name, value);
        break;
    }
    Ok(())
}

impl Line {
    fn add(&mut self, name: &'static str, value: String) {
        self.flags.entry(name).or_default().push(value);
    }

    /// Takes a flag back, as if it had not been given.
    pub fn forget(&mut self, name: &str) {
        self.flags.remove(name);
    }

    /// True where the flag was given at all.
    pub fn has(&self, name: &str) -> bool {
        self.flags.contains_key(name)
    }

    /// The last value given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.flags.get(name)?.last().map(String::as_str)
    }

    /// The last value given; empty where none was.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// All values given, each split at commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        let values = self.flags.get(name).map(Vec::as_slice).unwrap_or_default();
        values.iter().flat_map(|value| value.split(',')).map(str::to_owned).collect()
    }

    /// All values given, as they are.
    pub fn all(&self, name: &str) -> &[String] {
        self.flags.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// True where a switch is on.
    pub fn is(&self, name: &str) -> bool {
        self.is_or(name, false)
    }

    /// True where a switch is on, or was not given and is on by itself.
    pub fn is_or(&self, name: &str, otherwise: bool) -> bool {
        self.get(name).map_or(otherwise, |value| matches!(value, "true" | "1" | "t" | "T" | "TRUE" | "True"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] =
        &[value("output", "").short('o'), switch("watch", "").short('w'), value("dry-run", "").or("unchanged")];

    fn read(text: &str) -> Result<Line, Failure> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        parse(&words, &[FLAGS], "kubectl get")
    }

    #[test]
    fn flags_stand_anywhere_and_in_every_form() {
        let line = read("pods -wo wide --dry-run x --output=yaml -- -o y").unwrap();
        assert!(line.is("watch"));
        assert_eq!(line.all("output"), ["wide", "yaml"]);
        assert_eq!(line.text("dry-run"), "unchanged");
        assert_eq!((line.args.as_slice(), line.dash), (&["pods", "x", "-o", "y"].map(String::from)[..], Some(2)));
    }

    #[test]
    fn mistakes_are_told_in_pflags_words() {
        let text = |line: &str| read(line).unwrap_err().text("kubectl get");
        assert_eq!(text("pods -o"), "error: flag needs an argument: 'o' in -o\nSee 'kubectl get --help' for usage.\n");
        assert_eq!(text("--nope"), "error: unknown flag: --nope\nSee 'kubectl get --help' for usage.\n");
        assert_eq!(text("-z"), "error: unknown shorthand flag: 'z' in -z\nSee 'kubectl get --help' for usage.\n");
    }
}
