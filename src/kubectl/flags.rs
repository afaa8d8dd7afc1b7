//! Flags of a command line, read as pflag reads them.

use super::failure::Failure;
use crate::base::time::parse_duration;
use std::collections::BTreeMap;

/// What a flag takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Nothing: it is set or not; `--flag=false` unsets it.
    Nothing,
    /// A text.
    Text,
    /// Pairs such as `a=1,b=2`.
    Pairs,
    /// A whole number.
    Int,
    /// A duration such as `90s`.
    Duration,
    /// A text, or this one where none is given with `=`.
    Optional(&'static str),
}

/// A flag of a verb.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flag {
    /// Long name, without dashes.
    pub name: &'static str,
    /// One-letter name.
    pub short: Option<char>,
    /// What it takes.
    pub takes: Takes,
    /// True for one that still works and that no help shows.
    pub deprecated: bool,
}

/// The flags of every command of kubectl, those of all commands under `*`. A line `#P ...` names a
/// group that `+P` stands for; `!` marks a deprecated flag.
const TABLE: &str = include_str!("flags.txt");

/// The flags of a command such as `rollout status`, and behind them those of all commands.
pub fn of(command: &str) -> Vec<Flag> {
    let mut flags = Vec::new();
    add_line(command, &mut flags);
    add_line("*", &mut flags);
    flags
}

/// True where a command has a flag of this name of its own, which hides the one of all commands.
pub fn is_own(command: &str, name: &str) -> bool {
    let mut own = Vec::new();
    add_line(command, &mut own);
    own.iter().any(|flag| flag.name == name)
}

fn add_line(command: &str, flags: &mut Vec<Flag>) {
    let line = TABLE.lines().find_map(|line| line.strip_prefix(command)?.strip_prefix(": "));
    for word in line.unwrap_or("").split(' ').filter(|word| !word.is_empty()) {
        let Some(groups) = word.strip_prefix('+') else {
            flags.push(read_flag(word));
            continue;
        };
        for group in groups.chars() {
            let members = TABLE.lines().find_map(|line| line.strip_prefix('#')?.strip_prefix(group));
            flags.extend(members.unwrap_or("").split(' ').filter(|word| !word.is_empty()).map(read_flag));
        }
    }
}

/// A flag as the table writes it: `o.output:s`, `watch`, `dry-run=unchanged`.
fn read_flag(word: &'static str) -> Flag {
    let (deprecated, word) = word.strip_prefix('!').map_or((false, word), |word| (true, word));
    let (short, rest) = match word.split_once('.') {
        Some((short, rest)) => (short.chars().next(), rest),
        None => (None, word),
    };
    let kind = |(name, kind): (&'static str, &str)| {
        let takes = match kind {
            "i" => Takes::Int,
            "d" => Takes::Duration,
            "m" => Takes::Pairs,
            _ => Takes::Text,
        };
        (name, takes)
    };
    let optional = || rest.split_once('=').map(|(name, otherwise)| (name, Takes::Optional(otherwise)));
    let (name, takes) = rest.split_once(':').map(kind).or_else(optional).unwrap_or((rest, Takes::Nothing));
    Flag { name, short, takes, deprecated }
}

impl Flag {
    /// What pflag says of a value of the wrong form.
    ///
    /// Models github.com/spf13/pflag FlagSet.Set and the strconv and time errors it quotes.
    fn check(&self, value: &str) -> Result<(), String> {
        let why = match self.takes {
            Takes::Nothing if is_bool(value).is_none() => {
                format!("strconv.ParseBool: parsing {value:?}: invalid syntax")
            }
            Takes::Int => match value.parse::<i64>() {
                Err(why)
                    if matches!(
                        why.kind(),
                        std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow
                    ) =>
                {
                    format!("strconv.ParseInt: parsing {value:?}: value out of range")
                }
                Err(_) => format!("strconv.ParseInt: parsing {value:?}: invalid syntax"),
                Ok(_) => return Ok(()),
            },
            Takes::Duration if parse_duration(value).is_none() && value != "0" && !value.starts_with('-') => {
                let unit = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                match unit {
                    "" if !value.is_empty() => format!("time: missing unit in duration {value:?}"),
                    unit if !unit.is_empty() && unit.len() < value.len() => {
                        let end = unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit.len());
                        format!("time: unknown unit {:?} in duration {value:?}", &unit[..end])
                    }
                    _ => format!("time: invalid duration {value:?}"),
                }
            }
            Takes::Pairs => match pairs(value).into_iter().find(|pair| !pair.contains('=')) {
                Some(pair) => format!("{pair} must be formatted as key=value"),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        let short = self.short.map(|c| format!("-{c}, ")).unwrap_or_default();
        Err(format!("invalid argument {value:?} for \"{short}--{}\" flag: {why}", self.name))
    }
}

fn is_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "1" | "t" | "T" | "TRUE" | "True" => Some(true),
        "false" | "0" | "f" | "F" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A command line taken apart.
#[derive(Clone, Default, Debug)]
pub struct Line {
    flags: BTreeMap<&'static str, Vec<String>>,
    /// The flags as they were given, in order: ` --replicas=3 --record=true`.
    pub given: String,
    /// What is no flag, in order.
    pub args: Vec<String>,
    /// How many of the arguments stood before `--`; none without one.
    pub dash: Option<usize>,
}

/// Takes words apart by the flags that are known. `command` is the command's name in messages.
pub fn parse(words: &[String], known: &[Flag], command: &str) -> Result<Line, Failure> {
    let mut line = Line::default();
    let mut words = words.iter();
    let usage = |text: String| Failure::Error(format!("{text}\nSee '{command} --help' for usage."));
    let find = |name: &str| known.iter().find(|flag| flag.name == name);
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
                (_, None) => words.next().cloned().ok_or_else(|| usage(format!("flag needs an argument: --{name}")))?,
            };
            flag.check(&value).map_err(usage)?;
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
    known: &[Flag],
    usage: &dyn Fn(String) -> Failure,
) -> Result<(), Failure> {
    let mut letters = word[1..].chars();
    while let Some(letter) = letters.next() {
        let flag = known.iter().find(|flag| flag.short == Some(letter));
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
            _ if !rest.is_empty() => rest.to_owned(),
            _ => words.next().cloned().ok_or_else(|| usage(format!("flag needs an argument: '{letter}' in {word}")))?,
        };
        flag.check(&value).map_err(usage)?;
        line.add(flag.name, value);
        break;
    }
    Ok(())
}

impl Line {
    fn add(&mut self, name: &'static str, value: String) {
        // A list of files: an empty text names none.
        if name == "filename" && value.is_empty() {
            return;
        }
        self.given.push_str(&format!(" --{name}={value}"));
        self.flags.entry(name).or_default().push(value);
    }

    /// Sets a flag, as if it had been given.
    pub fn give(&mut self, name: &'static str, value: &str) {
        self.flags.insert(name, vec![value.to_owned()]);
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

    /// The pairs given to a flag that takes such.
    pub fn pairs(&self, name: &str) -> Vec<(&str, &str)> {
        let values = self.flags.get(name).map(Vec::as_slice).unwrap_or_default();
        values.iter().flat_map(|value| pairs(value)).filter_map(|pair| pair.split_once('=')).collect()
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
        self.get(name).map_or(otherwise, |value| is_bool(value) == Some(true))
    }
}

/// The pairs of a text: commas divide them where there is more than one.
///
/// Models spf13/pflag stringToStringValue.Set.
fn pairs(text: &str) -> Vec<&str> {
    match text.matches('=').count() {
        0 | 1 => vec![text],
        _ => text.split(',').collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Line, Failure> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        parse(
            &words,
            &["o.output:s", "w.watch", "dry-run=unchanged", "p.port:i", "timeout:d"].map(read_flag),
            "kubectl get",
        )
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
        let wrong = |line: &str| text(line).lines().next().unwrap_or("").to_owned();
        assert_eq!(
            wrong("-p x"),
            "error: invalid argument \"x\" for \"-p, --port\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"
        );
        assert_eq!(
            wrong("--watch=x"),
            "error: invalid argument \"x\" for \"-w, --watch\" flag: strconv.ParseBool: parsing \"x\": invalid syntax"
        );
        assert_eq!(
            wrong("--timeout=5"),
            "error: invalid argument \"5\" for \"--timeout\" flag: time: missing unit in duration \"5\""
        );
        assert_eq!(
            wrong("--timeout=5x"),
            "error: invalid argument \"5x\" for \"--timeout\" flag: time: unknown unit \"x\" in duration \"5x\""
        );
    }

    #[test]
    fn the_table_names_each_flag_of_a_command_once() {
        for line in TABLE.lines().filter(|line| !line.starts_with(['#', '*'])) {
            let (command, _) = line.split_once(':').unwrap();
            let mut flags = Vec::new();
            add_line(command, &mut flags);
            for (i, flag) in flags.iter().enumerate() {
                let twice = flags[..i]
                    .iter()
                    .any(|other| other.name == flag.name || (other.short.is_some() && other.short == flag.short));
                assert!(!twice, "kubectl {command}: --{}", flag.name);
            }
        }
    }
}
