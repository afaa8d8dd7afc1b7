//! The shell's own commands: `test`, `read`, `alias`, `export`, `seq` and arithmetic.

use super::output::Output;
use super::session::Session;

/// Runs one of the commands; none where the name is another's.
pub(super) fn run(words: &[String], session: &mut Session, out: &mut Output) -> Option<u8> {
    let args = &words[1..];
    Some(match words[0].as_str() {
        "test" => exit_code(test(args, session)),
        "[" | "[[" => exit_code(test(&args[..args.len().saturating_sub(1)], session)),
        "read" => read(args, session),
        "alias" => alias(args, session, out),
        "unalias" => {
            args.iter().for_each(|name| drop(session.aliases.remove(name)));
            0
        }
        "export" | "local" | "declare" => {
            for (name, value) in args.iter().filter_map(|word| word.split_once('=')) {
                session.variables.insert(name.to_owned(), value.to_owned());
            }
            0
        }
        "unset" => {
            args.iter().for_each(|name| drop(session.variables.remove(name)));
            0
        }
        "env" if args.is_empty() => {
            session.variables.iter().for_each(|(name, value)| out.line(format!("{name}={value}")));
            0
        }
        "seq" => seq(args, out),
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

/// `[ "$a" = b ]`, `-n`, `-z`, `-f`, `-e`, numbers, `!`, `-a`, `-o`.
fn test(args: &[String], session: &Session) -> bool {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    if let Some(place) = words.iter().position(|word| matches!(*word, "-o" | "||")) {
        return test(&args[..place], session) || test(&args[place + 1..], session);
    }
    if let Some(place) = words.iter().position(|word| matches!(*word, "-a" | "&&")) {
        return test(&args[..place], session) && test(&args[place + 1..], session);
    }
    let number = |text: &str| text.trim().parse::<i64>().unwrap_or(0);
    match words.as_slice() {
        ["!", ..] => !test(&args[1..], session),
        [] => false,
        [word] => !word.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-f" | "-e" | "-r" | "-s", path] => session.file(path).is_some(),
        ["-d", path] => !session.folder(path, true).is_empty(),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, "-eq", b] => number(a) == number(b),
        [a, "-ne", b] => number(a) != number(b),
        [a, "-lt", b] => number(a) < number(b),
        [a, "-le", b] => number(a) <= number(b),
        [a, "-gt", b] => number(a) > number(b),
        [a, "-ge", b] => number(a) >= number(b),
        _ => false,
    }
}

/// Takes the next line of what is fed in; its words go to the variables, the rest of them to the last.
fn read(args: &[String], session: &mut Session) -> u8 {
    let Some(line) = session.input.pop_front() else { return 1 };
    let names: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let mut rest = line.trim();
    for (i, name) in names.iter().enumerate() {
        let (word, after) = match rest.split_once(char::is_whitespace) {
            Some((word, after)) if i + 1 < names.len() => (word, after.trim_start()),
            _ => (rest, ""),
        };
        session.variables.insert((*name).clone(), word.to_owned());
        rest = after;
    }
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

/// `$((1 + 2 * n))`: whole numbers, variables, `+ - * / %`, comparisons and parentheses.
pub(super) fn arithmetic(text: &str, session: &Session) -> i64 {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = match is_word(first) {
            true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            false if ["<=", ">=", "==", "!="].iter().any(|op| rest.starts_with(op)) => 2,
            false => first.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(match session.variables.get(token) {
            Some(value) => value.trim(),
            None => token,
        });
        rest = after.trim_start_matches([' ', '$']);
    }
    sum(&tokens, &mut 0, 0)
}

fn sum(tokens: &[&str], at: &mut usize, least: u8) -> i64 {
    let first = tokens.get(*at).copied().unwrap_or("0");
    *at += 1;
    let mut value = match first {
        "(" => {
            let inner = sum(tokens, at, 0);
            *at += 1;
            inner
        }
        "-" => -sum(tokens, at, 4),
        word => word.parse().unwrap_or(0),
    };
    while let Some(op) = tokens.get(*at) {
        let rank = match *op {
            "<" | ">" | "<=" | ">=" | "==" | "!=" => 1,
            "+" | "-" => 2,
            "*" | "/" | "%" => 3,
            _ => break,
        };
        if rank <= least {
            break;
        }
        *at += 1;
        let other = sum(tokens, at, rank);
        value = match *op {
            "+" => value.wrapping_add(other),
            "-" => value.wrapping_sub(other),
            "*" => value.wrapping_mul(other),
            "/" => value.checked_div(other).unwrap_or(0),
            "%" => value.checked_rem(other).unwrap_or(0),
            "<" => i64::from(value < other),
            ">" => i64::from(value > other),
            "<=" => i64::from(value <= other),
            ">=" => i64::from(value >= other),
            "==" => i64::from(value == other),
            _ => i64::from(value != other),
        };
    }
    value
}
