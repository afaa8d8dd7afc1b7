//! The programs that containers find: what is looked for where, and the small ones that are no files' business.

use ecow::EcoString;

use super::builtins::{self, complain};
use super::small::{perl, small};
use super::streams::Io;
use super::wrappers::{environment, filter, shell, timeout, tool};
use super::{files, servers, stress, Host, Process};
use crate::base::time::{SimTime, Span, Timestamp};
use crate::workload::dates::date;
use crate::workload::{filters, images};

/// Programs besides those of other files.
const NAMES: &[&str] = &[
    "arch",
    "ash",
    "basename",
    "bash",
    "clear",
    "dash",
    "date",
    "dirname",
    "env",
    "expr",
    "free",
    "hostname",
    "id",
    "logger",
    "md5sum",
    "nice",
    "nohup",
    "nproc",
    "perl",
    "pidof",
    "pkill",
    "killall",
    "printenv",
    "ps",
    "seq",
    "sh",
    "sha256sum",
    "sleep",
    "stty",
    "su",
    "sudo",
    "sync",
    "timeout",
    "top",
    "tput",
    "tty",
    "uname",
    "uptime",
    "usleep",
    "watch",
    "which",
    "whoami",
    "xargs",
    "yes",
];

/// What the network does for containers.
const TOOLS: &[&str] = &[
    "conntrack",
    "curl",
    "dig",
    "host",
    "ifconfig",
    "ip",
    "iptables",
    "iptables-save",
    "ipvsadm",
    "nc",
    "netstat",
    "nft",
    "nslookup",
    "openssl",
    "ping",
    "ss",
    "telnet",
    "trace",
    "traceroute",
    "wget",
];

/// True where an image has a program of that name, as far as one can tell: of an image that is not in the table, anything.
pub fn is_known(image: &str, name: &str) -> bool {
    let Some(row) = images::find(image) else { return true };
    let base = name.rsplit('/').next().unwrap_or(name);
    if row.runs.iter().any(|own| own == base) || row.scripts.contains_key(base) {
        return true;
    }
    if row.bare {
        return false;
    }
    let small = is_busybox(image);
    match base {
        "bash" => !small || row.name == "bash",
        "jq" => false,
        "curl" if small => row.name.contains("curl") || image.contains("curl"),
        _ => is_ours(base) || servers::is_language(&row.name),
    }
}

/// True for images whose programs are busybox's.
pub(super) fn is_busybox(image: &str) -> bool {
    let name = images::find(image).map_or("", |row| row.name.as_str());
    ["busybox", "alpine", "curlimages/curl"].contains(&name) || image.contains("alpine")
}

/// True in a script of Debian's `sh`.
pub(super) fn is_dash(p: &Process, host: &dyn Host) -> bool {
    let image = host.facts().image.as_str();
    let other = images::find(image).is_some_and(|row| matches!(row.name.as_str(), "centos" | "bash"));
    p.is_shell && !p.is_bash && !other && !is_busybox(image)
}

/// Where a program lies.
pub(super) fn path_of(name: &str, host: &dyn Host) -> String {
    match name {
        name if name.contains('/') => name.to_owned(),
        name if is_busybox(&host.facts().image) => format!("/bin/{name}"),
        name => format!("/usr/bin/{name}"),
    }
}

/// True for the name of a program that the shell knows itself.
pub fn is_small(name: &str) -> bool {
    is_ours(name)
}

fn is_ours(name: &str) -> bool {
    [NAMES, TOOLS, builtins::NAMES, files::NAMES, filters::NAMES, servers::NAMES, stress::NAMES]
        .iter()
        .any(|names| names.contains(&name))
}

/// True where a command can be found.
pub(super) fn is_there(p: &Process, name: &str, host: &dyn Host) -> bool {
    p.executable_text(name, host).is_some()
        || is_known(&host.facts().image, name)
            && (is_ours(name.rsplit('/').next().unwrap_or(name)) || images::find(&host.facts().image).is_some())
}

/// Runs a command.
pub(super) fn run(p: &mut Process, words: &[EcoString], io: &mut Io, alone: bool, host: &mut dyn Host) {
    let given = words[0].as_str();
    let name = given.rsplit('/').next().unwrap_or(given);
    let shell_only = builtins::NAMES.contains(&name) && (p.is_shell || !matches!(name, "exit" | "cd" | "exec"));
    if shell_only && builtins::run(p, words, io, alone, host) {
        return;
    }
    let brought = images::find(&host.facts().image).and_then(|row| row.scripts.get(name).cloned());
    if let Some(text) = brought.or_else(|| p.executable_text(given, host)) {
        let mut inner = vec![EcoString::from("sh"), "-c".into(), text.into(), given.into()];
        inner.extend(words[1..].iter().cloned());
        return shell(p, &inner, io, alone, host);
    }
    let image = host.facts().image.clone();
    if !is_known(&image, given) || (name.is_empty()) {
        p.status = not_found(p, given, io);
        return;
    }
    if images::find(&image).is_some_and(|row| row.runs.iter().any(|own| own == name)) && !is_ours(name) {
        servers::own(p, words, io, host);
        return;
    }
    p.status = 0;
    program(p, name, words, io, alone, host);
}

/// Runs a program that is there.
fn program(p: &mut Process, name: &str, words: &[EcoString], io: &mut Io, alone: bool, host: &mut dyn Host) {
    let args = &words[1..];
    match name {
        "sleep" => sleep(p, args, io, alone),
        "usleep" => p.sleep(Span::micros(args.first().and_then(|w| w.parse().ok()).unwrap_or(0))),
        "sh" | "bash" | "ash" | "dash" => shell(p, words, io, alone, host),
        "env" if args.iter().any(|word| !word.contains('=') && !word.starts_with('-')) => {
            let first = args.iter().position(|word| !word.contains('=') && !word.starts_with('-')).unwrap_or(0);
            args[..first]
                .iter()
                .filter_map(|w| w.split_once('='))
                .for_each(|(name, value)| p.set_variable(name, value.into()));
            run(p, &args[first..], io, alone, host);
        }
        "nohup" | "nice" | "sudo" | "setsid" | "stdbuf" if !args.is_empty() => {
            let first = args.iter().position(|word| !word.starts_with('-')).unwrap_or(0);
            run(p, &args[first..], io, alone, host);
        }
        "timeout" => timeout(p, args, io, host),
        "xargs" => {
            let fed = io.input.take().unwrap_or_default();
            let command = if args.is_empty() { vec!["echo".into()] } else { args.to_vec() };
            let all: Vec<EcoString> = command.into_iter().chain(fed.split_whitespace().map(EcoString::from)).collect();
            run(p, &all, io, alone, host);
        }
        "env" | "printenv" => environment(p, args, io),
        "yes" => {
            let word = args.first().map_or("y", EcoString::as_str);
            (0..5).for_each(|_| io.out.push_str(&format!("{word}\n")));
            spin(p);
        }
        "top" | "watch" => p.stuck = true,
        "date" => {
            let now = Timestamp::of(host.facts().epoch, p.clock);
            let args: Vec<&str> = args.iter().map(EcoString::as_str).collect();
            io.out.push_str(&date(now, &args));
            io.out.push('\n');
        }
        "perl" => perl(p, &words.join(" "), io),
        "md5sum" | "sha256sum" if args.iter().any(|path| path.starts_with("/dev/")) => spin(p),
        _ if stress::NAMES.contains(&name) => stress::run(p, name, args, io, host),
        _ if TOOLS.contains(&name) => tool(p, name, words, io, host),
        _ if servers::NAMES.contains(&name) => servers::run(p, name, words, io, host),
        _ if files::NAMES.contains(&name) => p.status = files::run(p, name, args, io, alone, host),
        _ if filters::NAMES.contains(&name) => filter(p, name, args, io, alone, host),
        _ if is_ours(name) => p.status = small(p, name, args, io, host),
        _ => servers::unknown(p, words, io, host),
    }
}

pub(super) fn not_found(p: &Process, name: &str, io: &mut Io) -> i32 {
    let why = match name.contains('/') {
        true => "No such file or directory",
        false => "not found",
    };
    match p.is_bash {
        true => complain(
            io,
            &format!("bash: line 1: {name}"),
            if name.contains('/') { why } else { "command not found" },
            127,
        ),
        false => complain(io, &format!("sh: {name}"), why, 127),
    }
}

/// Sleeps; behind a pipe only the clock goes on.
fn sleep(p: &mut Process, args: &[EcoString], io: &mut Io, alone: bool) {
    match args.first().map(|word| sleep_span(word)) {
        Some(Some(span)) if alone => p.sleep(span),
        Some(Some(span)) => {
            p.clock = p.clock + span;
            p.slept = p.slept + span;
        }
        Some(None) => p.stuck = true,
        None => p.status = complain(io, "sleep", "missing operand", 1),
    }
}

/// Uses a CPU for ever.
fn spin(p: &mut Process) {
    p.demand.cpu_millis = 1_000;
    p.stuck = true;
}

/// The length of a sleep; nothing for `infinity`.
pub(super) fn sleep_span(word: &str) -> Option<Span> {
    let (number, scale) = match word.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (
            number,
            match &word[number.len()..] {
                "m" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                _ => 1.0,
            },
        ),
        None => (word, 1.0),
    };
    let seconds = number.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)? * scale;
    (seconds < 1e9).then_some(Span::micros((seconds * 1e6) as u64))
}

impl Process {
    /// The present of the process.
    pub(super) fn now(&self) -> SimTime {
        self.clock
    }
}
