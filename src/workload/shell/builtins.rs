//! What the shell itself does: `cd`, `export`, `read`, `test`, `trap` and the like.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::compile::compile;
use super::streams::Io;
use super::{expand, follow, Entry, Host, Process, Variable, Wake};

/// Their names.
pub(super) const NAMES: &[&str] = &[
    ".", ":", "[", "[[", "break", "cd", "command", "continue", "echo", "eval", "exec", "exit", "export", "false",
    "kill", "let", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift", "source", "test", "trap",
    "true", "type", "ulimit", "umask", "unset", "wait",
];

/// Runs one; false where there is none of that name.
pub(super) fn run(p: &mut Process, words: &[EcoString], io: &mut Io, alone: bool, host: &mut dyn Host) -> bool {
    let args = &words[1..];
    let number = |default: i32| args.first().and_then(|word| word.parse::<i32>().ok()).unwrap_or(default);
    p.status = match words[0].as_str() {
        ":" | "true" | "ulimit" | "umask" => 0,
        "false" => 1,
        "echo" => {
            io.out.push_str(&echo(args));
            0
        }
        "printf" => match args.split_first() {
            Some((format, values)) => {
                io.out.push_str(&printf(format, values));
                0
            }
            None => 2,
        },
        "pwd" => {
            io.out.push_str(&format!("{}\n", p.directory));
            0
        }
        "cd" => cd(p, args.first().map_or("~", EcoString::as_str), io, host),
        "exit" => {
            let code = number(p.status);
            p.left = !p.frames.iter().any(|frame| matches!(frame, super::Frame::Sub { .. }));
            p.exit(code, host);
            code
        }
        "return" => {
            let code = number(p.status);
            p.leave_function(host);
            code
        }
        "break" | "continue" => {
            p.leave_loops(number(1).max(1) as u32, words[0] == "continue");
            0
        }
        "export" | "readonly" | "local" => {
            for word in args.iter().filter(|word| !word.starts_with('-')) {
                let (name, value) = match word.split_once('=') {
                    Some((name, value)) => (name, EcoString::from(value)),
                    None => (word.as_str(), p.variable(word).cloned().unwrap_or_default()),
                };
                p.set_variable(name, value);
                let exports = words[0] == "export";
                p.variables.iter_mut().filter(|v| v.name == name).for_each(|v| v.exported |= exports);
            }
            0
        }
        "unset" => {
            p.variables.retain(|v: &Variable| !args.contains(&v.name));
            0
        }
        "set" => set(p, args),
        "shift" => {
            let count = number(1).max(0) as usize;
            let kept: EcoVec<EcoString> =
                p.args.iter().enumerate().filter(|(i, _)| *i == 0 || *i > count).map(|(_, arg)| arg.clone()).collect();
            p.args = kept;
            0
        }
        "read" => {
            let line = p.read_line(io);
            let names: Vec<&EcoString> = args.iter().filter(|word| !word.starts_with('-')).collect();
            let text = line.clone().unwrap_or_default();
            let mut rest = text.trim();
            for (i, name) in names.iter().enumerate() {
                let (word, after) = match i + 1 == names.len() {
                    true => (rest, ""),
                    false => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
                };
                p.set_variable(name, word.into());
                rest = after.trim_start();
            }
            i32::from(line.is_none())
        }
        "let" => {
            let mut last = 0;
            for text in args {
                last = p.calculate(text).unwrap_or(0);
            }
            i32::from(last == 0)
        }
        "test" | "[" | "[[" => {
            let args: Vec<&str> =
                args.iter().map(EcoString::as_str).filter(|word| !matches!(*word, "]" | "]]")).collect();
            i32::from(!test(p, &args, host))
        }
        "trap" => trap(p, args),
        "wait" => {
            if alone && p.children.iter().any(|child| !matches!(child.wake, Wake::Ended(_))) {
                p.wake = Wake::Children;
            }
            0
        }
        "kill" => 0,
        "eval" => match compile(&args.join(" ")) {
            Ok(code) if alone => {
                p.call(Arc::new(code), 0, EcoVec::new());
                p.status
            }
            Ok(code) => {
                p.within(Arc::new(code), io, host);
                p.status
            }
            Err(why) => complain(io, "eval", &why, 2),
        },
        "." | "source" => {
            let path = args.first().map_or("", EcoString::as_str);
            match expand::text_of(follow(host, &p.path(path))).map(|text| compile(&text)) {
                Some(Ok(code)) => {
                    p.call(Arc::new(code), 0, EcoVec::new());
                    p.status
                }
                Some(Err(why)) => complain(io, path, &why, 2),
                None => complain(io, "sh", &format!("can't open '{path}': No such file or directory"), 2),
            }
        }
        "exec" if args.is_empty() => 0,
        "exec" => {
            p.replaced = true;
            super::programs::run(p, args, io, alone, host);
            if let (Wake::At(_), true) = (p.wake, alone) {
                p.code = Arc::default();
                p.at = 0;
                p.frames.retain(|frame| matches!(frame, super::Frame::Redirect { .. } | super::Frame::Follow { .. }));
                p.traps.clear();
            }
            return true;
        }
        "command" | "type" => {
            let names: Vec<&EcoString> = args.iter().filter(|word| !word.starts_with('-')).collect();
            let looks = words[0] == "type" || args.first().is_some_and(|word| word == "-v" || word == "-V");
            match names.as_slice() {
                [name, ..] if looks => match super::programs::is_there(p, name, host) {
                    true => {
                        io.out.push_str(&format!("{name}\n"));
                        0
                    }
                    false => 127,
                },
                [_, ..] => {
                    super::programs::run(p, args, io, alone, host);
                    return true;
                }
                [] => 0,
            }
        }
        _ => return false,
    };
    true
}

/// Says what went wrong.
pub(super) fn complain(io: &mut Io, name: &str, why: &str, code: i32) -> i32 {
    io.err.push_str(&format!("{name}: {why}\n"));
    code
}

fn cd(p: &mut Process, to: &str, io: &mut Io, host: &dyn Host) -> i32 {
    let to = if to == "~" { p.variable("HOME").map_or("/root".into(), Clone::clone) } else { to.into() };
    let path = p.path(&to);
    match follow(host, &path) {
        Some((_, Entry::Directory)) => {
            p.directory = path;
            0
        }
        Some(_) => complain(io, "cd", &format!("can't cd to {to}: Not a directory"), 2),
        None => complain(io, "cd", &format!("can't cd to {to}: No such file or directory"), 2),
    }
}

fn set(p: &mut Process, args: &[EcoString]) -> i32 {
    let mut rest = args.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--" => {
                let own = p.args.first().cloned();
                p.args = own.into_iter().chain(rest.cloned()).collect();
                return 0;
            }
            "-o" | "+o" => drop(rest.next()),
            word if word.starts_with(['-', '+']) && word.contains('e') => p.exit_on_error = word.starts_with('-'),
            _ => {}
        }
    }
    0
}

fn trap(p: &mut Process, args: &[EcoString]) -> i32 {
    let Some((text, signals)) = args.split_first() else { return 0 };
    for signal in signals {
        let name = match signal.trim_start_matches("SIG") {
            "0" | "EXIT" => "EXIT",
            "15" | "TERM" => "TERM",
            "2" | "INT" => "INT",
            "3" | "QUIT" => "QUIT",
            other => other,
        };
        p.traps.retain(|(known, _)| known != name);
        if let (Ok(code), true) = (compile(text), text != "-") {
            p.traps.push((name.into(), Arc::new(code)));
        }
    }
    0
}

/// What `echo` prints.
fn echo(args: &[EcoString]) -> String {
    let mut args = args;
    let (mut newline, mut escapes) = (true, false);
    while let Some((flag, rest)) = args.split_first() {
        let letters = flag.strip_prefix('-').unwrap_or("");
        if letters.is_empty() || !letters.chars().all(|c| "neE".contains(c)) {
            break;
        }
        newline &= !letters.contains('n');
        escapes |= letters.contains('e');
        args = rest;
    }
    let mut text = args.join(" ");
    if escapes {
        text = unescaped(&text);
    }
    if newline {
        text.push('\n');
    }
    text
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('0') => out.push('\0'),
            Some('e') => out.push('\u{1b}'),
            Some('\\') => out.push('\\'),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

/// What `printf` prints; the format is used again while values are left.
fn printf(format: &str, values: &[EcoString]) -> String {
    let format = unescaped(format);
    let mut values = values.iter();
    let mut out = String::new();
    loop {
        let left = values.len();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut spec = String::new();
            while let Some(c) = chars.next_if(|c| "-0123456789.+ ".contains(*c)) {
                spec.push(c);
            }
            let kind = chars.next().unwrap_or('%');
            if kind == '%' {
                out.push('%');
                continue;
            }
            let value = values.next().map_or("", EcoString::as_str);
            let (width, precision) = spec.split_once('.').unwrap_or((&spec, ""));
            let text = match kind {
                'd' | 'i' | 'u' => value.trim().parse::<i64>().unwrap_or(0).to_string(),
                'x' => format!("{:x}", value.trim().parse::<i64>().unwrap_or(0)),
                'f' => format!("{:.*}", precision.parse().unwrap_or(6), value.trim().parse::<f64>().unwrap_or(0.0)),
                'b' => unescaped(value),
                _ => value.to_owned(),
            };
            let left_side = width.starts_with('-');
            let zeros = width.starts_with('0') && kind != 's';
            let width: usize = width.trim_start_matches(['-', '0', '+', ' ']).parse().unwrap_or(0);
            match (left_side, zeros) {
                (true, _) => out.push_str(&format!("{text:<width$}")),
                (_, true) => out.push_str(&format!("{text:0>width$}")),
                _ => out.push_str(&format!("{text:>width$}")),
            }
        }
        if values.len() == 0 || values.len() == left {
            return out;
        }
    }
}

/// `test`.
fn test(p: &Process, args: &[&str], host: &dyn Host) -> bool {
    if let Some(place) = args.iter().rposition(|word| matches!(*word, "-o" | "||")).filter(|place| *place > 0) {
        return test(p, &args[..place], host) || test(p, &args[place + 1..], host);
    }
    if let Some(place) = args.iter().rposition(|word| matches!(*word, "-a" | "&&")).filter(|place| *place > 0) {
        return test(p, &args[..place], host) && test(p, &args[place + 1..], host);
    }
    let entry = |path: &str| follow(host, &p.path(path)).map(|(_, entry)| entry);
    let size = |path: &str| match entry(path) {
        Some(Entry::File(text)) => text.len(),
        Some(_) => 4096,
        None => 0,
    };
    match args {
        [] => false,
        ["!", rest @ ..] => !test(p, rest, host),
        ["(", inner @ .., ")"] => test(p, inner, host),
        [one] => !one.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-f", path] => matches!(entry(path), Some(Entry::File(_))),
        ["-d", path] => entry(path) == Some(Entry::Directory),
        ["-e" | "-r" | "-w" | "-x" | "-S", path] => entry(path).is_some(),
        ["-L" | "-h", path] => matches!(host.entry(&p.path(path)), Some(Entry::Link(_))),
        ["-s", path] => size(path) > 0,
        ["-t", _] => false,
        [a, "=" | "==", b] => a == b || expand::is_like(a, b),
        [a, "!=", b] => a != b && !expand::is_like(a, b),
        [a, "=~", b] => a.contains(b.trim_matches(['^', '$'])),
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
