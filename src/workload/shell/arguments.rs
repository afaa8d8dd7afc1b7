//! `read` and `getopts`: words and options put into variables.

use ecow::EcoString;

use super::builtins::complain;
use super::streams::Io;
use super::Process;
use crate::workload::parameters::read_into;

/// `read`: puts the words of a line into variables.
pub(super) fn read(p: &mut Process, args: &[EcoString], line: &str) {
    let args: Vec<&str> = args.iter().map(EcoString::as_str).collect();
    let separators = p.separators();
    for (name, value) in read_into(&args, line, &separators) {
        p.set_variable(&name, value.into());
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
