//! `read` and `getopts`: words and options put into variables.

use ecow::EcoString;

use super::builtins::complain;
use super::streams::Io;
use super::Process;

/// `read`: puts the words of a line into variables.
pub(super) fn read(p: &mut Process, args: &[EcoString], line: &str) {
    let mut names: Vec<&EcoString> = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("p" | "t" | "n" | "d" | "u" | "N") => drop(words.next()),
            Some(_) => {}
            None => names.push(word),
        }
    }
    let separators = p.separators();
    let blank = |c: char| c.is_whitespace() && separators.contains(c);
    let mut rest = line.trim_matches(blank);
    let reply = EcoString::from("REPLY");
    if names.is_empty() {
        (rest, names) = (line, vec![&reply]);
    }
    for (i, name) in names.iter().enumerate() {
        let place = rest.find(|c| separators.contains(c)).filter(|_| i + 1 < names.len());
        let (word, after) = place.map_or((rest, ""), |place| rest.split_at(place));
        p.set_variable(name, word.into());
        rest = after.trim_start_matches(blank);
        let hard = rest.chars().next().filter(|c| separators.contains(*c));
        rest = hard.map_or(rest, |c| rest[c.len_utf8()..].trim_start_matches(blank));
    }
}

/// `getopts OPTIONS NAME`: takes the next option of the arguments.
pub(super) fn getopts(p: &mut Process, args: &[EcoString], io: &mut Io) -> i32 {
    let [options, name, ..] = args else { return 2 };
    let place = p.variable("OPTIND").and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).max(1);
    let word = p.args.get(place).cloned().unwrap_or_default();
    let letter = word.strip_prefix('-').and_then(|rest| rest.chars().next());
    let Some(letter) = letter.filter(|letter| *letter != '-') else {
        p.set_variable(name, "?".into());
        return 1;
    };
    let known = options.trim_start_matches(':').find(letter).map(|at| &options.trim_start_matches(':')[at + 1..]);
    let mut next = place + 1;
    if known.is_some_and(|rest| rest.starts_with(':')) {
        let value = match &word[1 + letter.len_utf8()..] {
            "" => {
                next += 1;
                p.args.get(place + 1).cloned().unwrap_or_default()
            }
            rest => rest.into(),
        };
        p.set_variable("OPTARG", value);
    }
    if known.is_none() {
        complain(io, &p.args[0].clone(), &format!("illegal option -{letter}"), 0);
    }
    p.set_variable(name, known.map_or("?".into(), |_| EcoString::from(letter)));
    p.set_variable("OPTIND", ecow::eco_format!("{next}"));
    0
}
