//! The shell's own commands: `test`, `read`, `alias`, `export`, `let` and `seq`.

use super::output::Output;
use super::session::Session;
use crate::base::expression::Expression;
use crate::workload::arithmetic::calculate;
use crate::workload::conditions::{test, Found};
use crate::workload::parameters::read_into;

/// Runs one of the commands; none where the name is another's.
pub(super) fn run(words: &[String], session: &mut Session, out: &mut Output) -> Option<u8> {
    let args = &words[1..];
    Some(match words[0].as_str() {
        "test" | "[" | "[[" => condition(words, session, out),
        "let" => {
            let values = args.iter().map(|text| calculate(text, session).unwrap_or(0));
            u8::from(values.last() == Some(0))
        }
        "read" => read(args, session),
        "alias" => alias(args, session, out),
        "unalias" => {
            args.iter().for_each(|name| drop(session.aliases.remove(name)));
            0
        }
        "export" | "local" | "declare" => {
            if words[0] == "local" {
                args.iter().for_each(|word| session.keep(word.split('=').next().unwrap_or(word)));
            }
            for (name, value) in args.iter().filter_map(|word| word.split_once('=')) {
                session.variables.insert(name.to_owned(), value.to_owned());
            }
            0
        }
        "unset" => {
            for name in args {
                session.variables.remove(name);
                session.functions.retain(|(known, _)| known != name);
            }
            0
        }
        "env" if args.is_empty() => {
            session.variables.iter().for_each(|(name, value)| out.line(format!("{name}={value}")));
            0
        }
        "seq" => seq(args, out),
        "set" if args.first().is_some_and(|arg| arg == "--") => {
            session.enter(&args[1..]);
            session.locals.pop();
            0
        }
        "shift" => {
            let count = args.first().and_then(|arg| arg.parse::<u32>().ok()).unwrap_or(1);
            let kept: Vec<String> =
                (count + 1..).map_while(|place| session.variables.get(&place.to_string()).cloned()).collect();
            session.enter(&kept);
            session.locals.pop();
            0
        }
        "complete" | "source" | "." | "set" | "shopt" => 0,
        "basename" => {
            let name = args.first().and_then(|path| path.rsplit('/').next()).unwrap_or("");
            out.line(name.strip_suffix(args.get(1).map_or("", String::as_str)).unwrap_or(name));
            0
        }
        "which" | "type" | "command" => {
            out.line(format!("/usr/bin/{}", args.last().map_or("", String::as_str)));
            0
        }
        _ => return None,
    })
}

fn exit_code(holds: bool) -> u8 {
    u8::from(!holds)
}

/// `test`, `[` and `[[`.
fn condition(words: &[String], session: &mut Session, out: &mut Output) -> u8 {
    let double = words[0] == "[[";
    let mut args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    if words[0] != "test" && args.pop() != Some(if double { "]]" } else { "]" }) {
        out.err("sh: [: missing `]'");
        return 2;
    }
    if let [text, "=~", pattern] = args[..] {
        let text: Vec<char> = text.chars().collect();
        let Ok(expression) = Expression::parse(pattern, true) else { return 2 };
        let spans = (0..=text.len()).find_map(|at| expression.captures(&text, at));
        for (i, (from, to)) in spans.iter().flatten().enumerate() {
            session.variables.insert(format!("BASH_REMATCH[{i}]"), text[*from..*to].iter().collect());
        }
        return exit_code(spans.is_some());
    }
    if let [a, "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge", b] = args[..] {
        if let Some(word) = [a, b].into_iter().find(|word| !double && word.trim().parse::<i64>().is_err()) {
            out.err(format!("sh: {}: {word}: integer expression expected", words[0]));
            return 2;
        }
    }
    let found = |path: &str| match session.file(path) {
        Some(text) => Some(Found { directory: false, link: false, size: text.len() }),
        None => session.is_folder(path).then_some(Found { directory: true, link: false, size: 4096 }),
    };
    exit_code(test(&args, double, &found))
}

/// Takes the next line of what is fed in; its words go to the variables, the rest of them to the last.
fn read(args: &[String], session: &mut Session) -> u8 {
    let Some(line) = session.input.pop_front() else { return 1 };
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let separators = session.variables.get("IFS").map_or(" \t\n", String::as_str);
    let given = read_into(&args, &line, separators);
    session.variables.extend(given);
    0
}

fn alias(args: &[String], session: &mut Session, out: &mut Output) -> u8 {
    if args.is_empty() {
        session.aliases.iter().for_each(|(name, long)| out.line(format!("alias {name}='{long}'")));
    }
    for (name, long) in args.iter().filter_map(|word| word.split_once('=')) {
        session.aliases.insert(name.to_owned(), long.to_owned());
    }
    0
}

fn seq(args: &[String], out: &mut Output) -> u8 {
    let numbers: Vec<i64> = args.iter().filter_map(|arg| arg.parse().ok()).collect();
    let (from, step, to) = match numbers[..] {
        [to] => (1, 1, to),
        [from, to] => (from, 1, to),
        [from, step, to] if step != 0 => (from, step, to),
        _ => {
            out.err("seq: missing operand");
            return 1;
        }
    };
    let mut at = from;
    while (step > 0 && at <= to) || (step < 0 && at >= to) {
        out.line(at.to_string());
        at += step;
    }
    0
}
