//! `test`, `[` and `[[`.

use ecow::EcoString;

use super::builtins::complain;
use super::streams::Io;
use super::{expand, follow, Entry, Host, Process};
use crate::base::expression::Expression;

/// Runs one; 2 where a number is none.
pub(super) fn run(p: &mut Process, words: &[EcoString], io: &mut Io, host: &dyn Host) -> i32 {
    let double = words[0] == "[[";
    let mut args: Vec<&str> = words[1..].iter().map(EcoString::as_str).collect();
    if words[0] != "test" && matches!(args.pop(), None | Some("")) {
        return complain(io, "sh", "missing ]", 2);
    }
    if let [a, "=~", b] = args[..] {
        let text: Vec<char> = a.chars().collect();
        let Ok(expression) = Expression::parse(b, true) else { return 2 };
        let spans = (0..=text.len()).find_map(|at| expression.captures(&text, at));
        for (i, (from, to)) in spans.iter().flatten().enumerate() {
            p.set_variable(&format!("BASH_REMATCH[{i}]"), text[*from..*to].iter().copied().collect());
        }
        return i32::from(spans.is_none());
    }
    let compares = |operator: &str| matches!(operator, "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge");
    if let (false, [a, operator, b]) = (double, &args[..]) {
        if let Some(word) = [a, b].into_iter().find(|word| compares(operator) && word.trim().parse::<i64>().is_err()) {
            return match p.is_bash {
                true => complain(
                    io,
                    &format!("bash: line 1: {}", words[0]),
                    &format!("{word}: integer expression expected"),
                    2,
                ),
                false => complain(io, "sh", &format!("{word}: bad number"), 2),
            };
        }
    }
    i32::from(!test(p, &args, double, host))
}

/// `test`.
fn test(p: &Process, args: &[&str], double: bool, host: &dyn Host) -> bool {
    if let Some(place) = args.iter().rposition(|word| matches!(*word, "-o" | "||")).filter(|place| *place > 0) {
        return test(p, &args[..place], double, host) || test(p, &args[place + 1..], double, host);
    }
    if let Some(place) = args.iter().rposition(|word| matches!(*word, "-a" | "&&")).filter(|place| *place > 0) {
        return test(p, &args[..place], double, host) && test(p, &args[place + 1..], double, host);
    }
    let entry = |path: &str| follow(host, &p.path(path)).map(|(_, entry)| entry);
    let size = |path: &str| match entry(path) {
        Some(Entry::File(text)) => text.len(),
        Some(_) => 4096,
        None => 0,
    };
    match args {
        [] => false,
        ["!", rest @ ..] => !test(p, rest, double, host),
        ["(", inner @ .., ")"] => test(p, inner, double, host),
        [one] => !one.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-f", path] => matches!(entry(path), Some(Entry::File(_))),
        ["-d", path] => entry(path) == Some(Entry::Directory),
        ["-e" | "-r" | "-w" | "-x" | "-S", path] => entry(path).is_some(),
        ["-L" | "-h", path] => matches!(host.entry(&p.path(path)), Some(Entry::Link(_))),
        ["-s", path] => size(path) > 0,
        ["-t", _] => false,
        [a, "=" | "==", b] => a == b || double && expand::is_like(a, b),
        [a, "!=", b] => a != b && !(double && expand::is_like(a, b)),
        [a, "=~", b] => {
            let text: Vec<char> = a.chars().collect();
            Expression::parse(b, true).is_ok_and(|e| (0..=text.len()).any(|at| e.match_at(&text, at).is_some()))
        }
        [a, "<", b] => a < b,
        [a, ">", b] => a > b,
        [a, operator, b] => {
            let (Ok(a), Ok(b)) = (a.trim().parse::<i64>(), b.trim().parse::<i64>()) else { return false };
            match *operator {
                "-eq" => a == b,
                "-ne" => a != b,
                "-lt" => a < b,
                "-le" => a <= b,
                "-gt" => a > b,
                "-ge" => a >= b,
                _ => false,
            }
        }
        _ => false,
    }
}
