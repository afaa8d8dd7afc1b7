//! What the shell itself does: `cd`, `export`, `read`, `test`, `trap` and the like.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::compile::compile;
use super::streams::Io;
use super::{arguments, conditions, expand, follow, jobs, Entry, Frame, Host, Process, Variable, Wake};
use crate::workload::arithmetic::calculate;
use crate::workload::printing;

/// Their names.
pub(super) const NAMES: &[&str] = &[
    ".", ":", "[", "[[", "alias", "break", "cd", "command", "continue", "declare", "echo", "eval", "exec", "exit",
    "export", "false", "getopts", "hash", "kill", "let", "local", "printf", "pwd", "read", "readonly", "return", "set",
    "shift", "shopt", "source", "test", "time", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias",
    "unset", "wait",
];

/// Runs one; false where there is none of that name.
pub(super) fn run(p: &mut Process, words: &[EcoString], io: &mut Io, alone: bool, host: &mut dyn Host) -> bool {
    let args = &words[1..];
    let number = |default: i32| args.first().and_then(|word| word.parse::<i32>().ok()).unwrap_or(default);
    p.status = match words[0].as_str() {
        ":" | "true" | "ulimit" | "umask" | "alias" | "unalias" | "hash" | "shopt" => 0,
        "false" => 1,
        "echo" => {
            let escapes = super::programs::is_dash(p, host);
            io.out.push_str(&printing::echo(&plain(args), escapes));
            0
        }
        "printf" => match args.split_first() {
            Some((format, values)) => {
                io.out.push_str(&printing::printf(format, &plain(values)));
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
        "export" if args.is_empty() || args[0] == "-p" => {
            for variable in p.variables.iter().filter(|v| v.exported) {
                io.out.push_str(&format!("export {}='{}'\n", variable.name, variable.value));
            }
            0
        }
        "export" | "readonly" | "local" | "declare" | "typeset" => declare(p, words),
        "getopts" => arguments::getopts(p, args, io),
        "time" => {
            let began = p.clock;
            super::programs::run(p, args, io, false, host);
            let took = p.clock.since(began).as_millis();
            let (minutes, seconds) = (took / 60_000, took % 60_000);
            io.err.push_str(&format!(
                "real\t{minutes}m {}.{:02}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n",
                seconds / 1_000,
                seconds % 1_000 / 10
            ));
            return true;
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
            arguments::read(p, args, line.as_deref().unwrap_or(""));
            i32::from(line.is_none())
        }
        "let" => {
            let mut last = 0;
            for text in args {
                last = calculate(text, p).unwrap_or(0);
            }
            i32::from(last == 0)
        }
        "test" | "[" | "[[" => conditions::run(p, words, io, host),
        "trap" => trap(p, args),
        "wait" => jobs::wait(p, args, alone),
        "kill" => jobs::kill(p, args, io, host),
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
                        io.out.push_str(&whereabouts(p, name, words[0] == "type", host));
                        0
                    }
                    false if words[0] == "type" => complain(io, "sh: type", &format!("{name}: not found"), 127),
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

fn plain(words: &[EcoString]) -> Vec<&str> {
    words.iter().map(EcoString::as_str).collect()
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
            "-" => {}
            "--" => {
                let own = p.args.first().cloned();
                p.args = own.into_iter().chain(rest.cloned()).collect();
                return 0;
            }
            "-o" | "+o" => match rest.next().map(EcoString::as_str) {
                Some("pipefail") => p.options.pipes_fail = word == "-o",
                Some("errexit") => p.options.exit_on_error = word == "-o",
                Some("nounset") => p.options.needs_values = word == "-o",
                Some("xtrace") => p.options.traces = word == "-o",
                _ => {}
            },
            word if word.starts_with(['-', '+']) && word.len() > 1 => {
                p.switch(&word[1..], word.starts_with('-'));
                if word.ends_with('o') && rest.next().is_some_and(|name| name == "pipefail") {
                    p.options.pipes_fail = word.starts_with('-');
                }
            }
            _ => {
                let own = p.args.first().cloned();
                p.args = own.into_iter().chain([word.clone()]).chain(rest.cloned()).collect();
                return 0;
            }
        }
    }
    0
}

fn trap(p: &mut Process, args: &[EcoString]) -> i32 {
    let Some((text, signals)) = args.split_first() else { return 0 };
    for signal in signals {
        let name = jobs::signal_name(signal);
        p.traps.retain(|(known, _)| known != name);
        if let (Ok(code), true) = (compile(text), text != "-") {
            p.traps.push((name.into(), Arc::new(code)));
        }
    }
    0
}

/// `export`, `readonly`, `local` and bash's `declare`.
fn declare(p: &mut Process, words: &[EcoString]) -> i32 {
    let flags: String = words.iter().skip(1).filter(|word| word.starts_with('-')).map(EcoString::as_str).collect();
    let kind = words[0].as_str();
    for word in words.iter().skip(1).filter(|word| !word.starts_with('-')) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(EcoString::from(value))),
            None => (word.as_str(), None),
        };
        let before = p.variable(name).cloned();
        if kind == "local" {
            let call = p.frames.iter_mut().rev().find_map(|frame| match frame {
                Frame::Call { locals, .. } => Some(locals),
                _ => None,
            });
            if let Some(locals) = call {
                locals.push((name.into(), before.clone()));
            }
        }
        p.set_variable(name, value.or(before).unwrap_or_default());
        let (exports, fixes) = (kind == "export" || flags.contains('x'), kind == "readonly" || flags.contains('r'));
        for variable in p.variables.iter_mut().filter(|v| v.name == name) {
            variable.exported |= exports;
            variable.fixed |= fixes;
        }
    }
    0
}

/// Where `type` and `command -v` say that a command is.
fn whereabouts(p: &Process, name: &EcoString, says: bool, host: &dyn Host) -> String {
    if p.functions.iter().any(|(known, ..)| known == name) {
        return if says { format!("{name} is a function\n") } else { format!("{name}\n") };
    }
    if NAMES.contains(&name.as_str()) {
        return if says { format!("{name} is a shell builtin\n") } else { format!("{name}\n") };
    }
    let path = super::programs::path_of(name, host);
    if says {
        format!("{name} is {path}\n")
    } else {
        format!("{path}\n")
    }
}

impl Process {
    /// Turns switches of the shell on or off by their letters.
    pub(super) fn switch(&mut self, letters: &str, on: bool) {
        for letter in letters.chars() {
            match letter {
                'e' => self.options.exit_on_error = on,
                'x' => self.options.traces = on,
                'u' => self.options.needs_values = on,
                _ => {}
            }
        }
    }

    /// The characters between words: IFS.
    pub(super) fn separators(&self) -> EcoString {
        self.variable("IFS").cloned().unwrap_or_else(|| " \t\n".into())
    }
}
