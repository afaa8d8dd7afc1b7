//! `test`, `[` and `[[`.

use ecow::EcoString;

use super::builtins::complain;
use super::streams::Io;
use super::{follow, Entry, Host, Process};
use crate::base::expression::Expression;
use crate::workload::conditions::{test, Found};

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
    let found = |path: &str| {
        let path = p.path(path);
        let link = matches!(host.entry(&path), Some(Entry::Link(_)));
        follow(host, &path).map(|(_, entry)| match entry {
            Entry::File(text) => Found { directory: false, link, size: text.len() },
            _ => Found { directory: true, link, size: 4096 },
        })
    };
    i32::from(!test(&args, double, &found))
}
