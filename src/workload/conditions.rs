//! What `test`, `[` and `[[` hold of texts, numbers and files: the same in containers and in the terminal.

use super::parameters::is_like;
use crate::base::expression::Expression;

/// What lies at a path.
pub struct Found {
    /// A directory rather than a file.
    pub directory: bool,
    /// Reached by a link.
    pub link: bool,
    /// Bytes.
    pub size: usize,
}

/// `test`.
pub fn test(args: &[&str], double: bool, files: &dyn Fn(&str) -> Option<Found>) -> bool {
    if let Some(place) = args.iter().rposition(|word| matches!(*word, "-o" | "||")).filter(|place| *place > 0) {
        return test(&args[..place], double, files) || test(&args[place + 1..], double, files);
    }
    if let Some(place) = args.iter().rposition(|word| matches!(*word, "-a" | "&&")).filter(|place| *place > 0) {
        return test(&args[..place], double, files) && test(&args[place + 1..], double, files);
    }
    match args {
        [] => false,
        ["!", rest @ ..] => !test(rest, double, files),
        ["(", inner @ .., ")"] => test(inner, double, files),
        [one] => !one.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-f", path] => files(path).is_some_and(|found| !found.directory),
        ["-d", path] => files(path).is_some_and(|found| found.directory),
        ["-e" | "-r" | "-w" | "-x" | "-S", path] => files(path).is_some(),
        ["-L" | "-h", path] => files(path).is_some_and(|found| found.link),
        ["-s", path] => files(path).is_some_and(|found| found.size > 0),
        ["-t", _] => false,
        [a, "=" | "==", b] => a == b || double && is_like(a, b),
        [a, "!=", b] => a != b && !(double && is_like(a, b)),
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
