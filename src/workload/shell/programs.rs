//! The programs that containers find: what is looked for where, and the small ones that are no files' business.

use ecow::EcoString;

use super::builtins::{self, complain};
use super::run::Io;
use super::{expand, files, follow, servers, stress, Host, Process, Wake};
use crate::base::time::{SimTime, Span, Timestamp};
use crate::workload::pi::pi_digits;
use crate::workload::{filters, images};

/// Programs besides those of other files.
const NAMES: &[&str] = &[
    "arch",
    "ash",
    "awk",
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
    let small = ["busybox", "alpine", "curlimages/curl"].contains(&row.name.as_str()) || image.contains("alpine");
    match base {
        "bash" => !small || row.name == "bash",
        "curl" if small => row.name.contains("curl") || image.contains("curl"),
        _ => is_ours(base) || servers::is_language(&row.name),
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
    let args = &words[1..];
    p.status = 0;
    match name {
        "sleep" => match args.first().map(|word| sleep_span(word)) {
            Some(Some(span)) => match alone {
                true => p.sleep(span),
                false => {
                    p.clock = p.clock + span;
                    p.slept = p.slept + span;
                }
            },
            Some(None) => p.stuck = true,
            None => p.status = complain(io, "sleep", "missing operand", 1),
        },
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
            let mut all: Vec<EcoString> = args.to_vec();
            if all.is_empty() {
                all.push("echo".into());
            }
            all.extend(fed.split_whitespace().map(EcoString::from));
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
            io.out.push_str(&date(now, args));
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

fn not_found(p: &Process, name: &str, io: &mut Io) -> i32 {
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

/// Uses a CPU for ever.
fn spin(p: &mut Process) {
    p.demand.cpu_millis = 1_000;
    p.stuck = true;
}

/// A shell within a shell.
fn shell(p: &mut Process, words: &[EcoString], io: &mut Io, alone: bool, host: &mut dyn Host) {
    let mut inner = p.clone();
    inner.children.clear();
    inner.frames.retain(|frame| matches!(frame, super::Frame::Redirect { .. }));
    inner.wake = Wake::At(p.clock);
    inner.standard_input = io.input.take().or(inner.standard_input.take());
    inner.load(words, false, host);
    if let Wake::Ended(code) = inner.wake {
        p.status = code;
        return;
    }
    if alone && inner.is_shell {
        // The inner shell takes the place of a command: what follows goes on when it has ended.
        let code = inner.code.clone();
        let sub = vec![super::Op::Enter(2), super::Op::Return];
        p.call(std::sync::Arc::new(sub), 1, ecow::EcoVec::new());
        p.frames.push(super::Frame::Sub {
            code: p.code.clone(),
            end: 2,
            variables: p.variables.clone(),
            directory: p.directory.clone(),
        });
        p.call(code, 0, inner.args);
        return;
    }
    p.within(inner.code.clone(), io, host);
}

fn timeout(p: &mut Process, args: &[EcoString], io: &mut Io, host: &mut dyn Host) {
    let args: Vec<EcoString> = args.iter().skip_while(|word| word.starts_with('-')).cloned().collect();
    let Some((span, rest)) = args.split_first().and_then(|(span, rest)| Some((sleep_span(span)?, rest))) else {
        p.status = complain(io, "timeout", "missing operand", 125);
        return;
    };
    if rest.is_empty() {
        return;
    }
    let before = p.clock;
    run(p, rest, io, false, host);
    if p.stuck || p.clock.since(before) > span {
        p.stuck = false;
        p.demand = crate::workload::Demand::default();
        p.clock = before;
        p.sleep(span);
        p.status = 143;
    }
}

fn environment(p: &mut Process, args: &[EcoString], io: &mut Io) {
    let exported = p.variables.iter().filter(|v| v.exported);
    match args.first().filter(|name| !name.starts_with('-')) {
        Some(name) => match exported.into_iter().find(|v| v.name == *name) {
            Some(variable) => io.out.push_str(&format!("{}\n", variable.value)),
            None => p.status = 1,
        },
        None => exported.for_each(|v| io.out.push_str(&format!("{}={}\n", v.name, v.value))),
    }
}

/// A filter of a pipe, or over files.
fn filter(p: &mut Process, name: &str, args: &[EcoString], io: &mut Io, alone: bool, host: &mut dyn Host) {
    let follows = name == "tail" && args.iter().any(|w| w.starts_with("-f") || w.starts_with("-F") || w == "--follow");
    let words: Vec<String> = std::iter::once(name.to_owned())
        .chain(
            args.iter().filter(|w| !(follows && matches!(w.as_str(), "-f" | "-F" | "--follow"))).map(|w| w.to_string()),
        )
        .collect();
    let (mut filter, paths) = match filters::make(&words) {
        Ok(made) => made,
        Err(why) => {
            p.status = complain(io, name, &why, 2);
            return;
        }
    };
    if name == "tail" && paths.iter().any(|path| path == "/dev/zero") {
        stress::grow(p, host);
        return;
    }
    let mut text = if paths.is_empty() { p.fed(io).unwrap_or_default() } else { EcoString::new() };
    for path in &paths {
        match expand::text_of(follow(host, &p.path(path))) {
            Some(file) => text.push_str(&file),
            None if path == "/dev/null" || path == "-" => text.push_str(&io.input.take().unwrap_or_default()),
            None => p.status = files::cannot_open(io, name, path),
        }
    }
    text.lines().for_each(|line| filter.line(line, &mut io.out));
    let code = filter.end(&mut io.out);
    if let ("wc", [path]) = (name, paths.as_slice()) {
        io.out = format!("{} {path}\n", io.out.trim_end());
    }
    if p.status == 0 {
        p.status = i32::from(code);
    }
    match paths.first() {
        Some(path) if follows && alone && path != "/dev/null" => {
            p.status = 0;
            let shown = std::mem::take(&mut io.out);
            p.emit(1, &shown, host);
            p.watch(p.path(path), text.len() as u32);
        }
        _ if follows => p.stuck = true,
        _ => {}
    }
}

fn tool(p: &mut Process, name: &str, words: &[EcoString], io: &mut Io, host: &mut dyn Host) {
    if name == "nc" && servers::listen(p, &words[1..], io, host) {
        return;
    }
    let endless = name == "ping" && !words.iter().any(|w| w.starts_with("-c"));
    let mut words = words.to_vec();
    words[0] = name.into();
    if endless {
        words.insert(1, "-c".into());
        words.insert(2, "3".into());
    }
    if let (true, Some(text)) = (name == "nc", p.fed(io)) {
        words.insert(1, format!("--stdin={text}").into());
    }
    p.acted = true;
    let Some(told) = host.tool(&words, p.times) else {
        p.status = not_found(p, name, io);
        return;
    };
    io.out.push_str(&told.stdout);
    io.err.push_str(&told.stderr);
    if !io.err.is_empty() && !io.err.ends_with('\n') {
        io.err.push('\n');
    }
    p.clock = p.clock + told.took;
    for (path, text) in told.files {
        if host.write(&p.path(&path), &text, false).is_err() {
            io.err.push_str(&format!("{name}: can't open '{path}': Read-only file system\n"));
        }
    }
    p.status = told.code;
    p.stuck |= endless && told.code == 0;
}

/// Programs that print a word or two.
fn small(p: &mut Process, name: &str, args: &[EcoString], io: &mut Io, host: &mut dyn Host) -> i32 {
    let facts = host.facts();
    let first = args.first().map_or("", EcoString::as_str);
    let user = if facts.user == 0 { "root".to_owned() } else { facts.user.to_string() };
    let text = match name {
        "hostname" if matches!(first, "-i" | "-I") => facts.ip.to_string(),
        "hostname" if first == "-f" => {
            let hosts = expand::text_of(follow(host, "/etc/hosts")).unwrap_or_default();
            let own = hosts.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let own = own.into_iter().find(|words| words.iter().skip(1).any(|name| *name == facts.host_name));
            own.map_or_else(|| facts.host_name.to_string(), |words| words[1].to_owned())
        }
        "hostname" => facts.host_name.to_string(),
        "whoami" if facts.user != 0 => return complain(io, "whoami", &format!("unknown uid {user}"), 1),
        "whoami" => user,
        "id" if first == "-u" => facts.user.to_string(),
        "id" if first == "-g" => facts.group.to_string(),
        "id" => {
            let (uid, gid) = (facts.user, facts.group);
            let named = |id: i64| if id == 0 { "0(root)".to_owned() } else { id.to_string() };
            let groups: Vec<String> = facts.groups.iter().copied().map(named).collect();
            format!("uid={} gid={} groups={}", named(uid), named(gid), groups.join(","))
        }
        "nproc" => facts.cpus.to_string(),
        "arch" => "x86_64".to_owned(),
        "uname" if args.is_empty() || first == "-s" => "Linux".to_owned(),
        "uname" if first == "-n" => facts.host_name.to_string(),
        "uname" if first == "-r" => "6.8.0-60-generic".to_owned(),
        "uname" if first == "-m" => "x86_64".to_owned(),
        "uname" => format!("Linux {} 6.8.0-60-generic #63-Ubuntu SMP x86_64 GNU/Linux", facts.host_name),
        "uptime" => {
            let up = p.clock.0 / 60_000_000;
            format!(" {}:{:02} up {up} min,  load average: 0.12, 0.08, 0.05", up / 60 % 24, up % 60)
        }
        "free" => {
            let total = if facts.memory_limit > 0 { facts.memory_limit / 1024 } else { 8 * 1024 * 1024 };
            let used = total / 8;
            format!(
                "              total        used        free      shared  buff/cache   available\nMem:     {total:>10}  {used:>10}  {:>10}        1024  {used:>10}  {:>10}\nSwap:             0           0           0",
                total - 2 * used, total - used
            )
        }
        "ps" => {
            let mut text = "PID   USER     TIME  COMMAND".to_owned();
            let own = std::iter::once((facts.user, format!("ps {}", args.join(" ")).trim_end().into()));
            for (i, (user, command)) in facts.processes.iter().cloned().chain(own).enumerate() {
                let user = if user == 0 { "root".to_owned() } else { user.to_string() };
                text.push_str(&format!("\n{:>5} {user:<8} 0:00 {command}", 1 + 6 * i));
            }
            text
        }
        "seq" => return seq(args, io),
        "basename" => {
            let base = first.trim_end_matches('/').rsplit('/').next().unwrap_or(first);
            let suffix = args.get(1).map_or("", EcoString::as_str);
            base.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(base).to_owned()
        }
        "dirname" => match first.trim_end_matches('/').rsplit_once('/') {
            Some(("", _)) => "/".to_owned(),
            Some((folder, _)) => folder.to_owned(),
            None => ".".to_owned(),
        },
        "expr" => match p.calculate(&args.join(" ").replace("\\*", "*")) {
            Ok(value) => {
                io.out.push_str(&format!("{value}\n"));
                return i32::from(value == 0);
            }
            Err(why) => return complain(io, "expr", &why, 2),
        },
        "which" => {
            let there = is_there(p, first, host);
            if there {
                io.out.push_str(&format!("/usr/bin/{first}\n"));
            }
            return i32::from(!there);
        }
        "pidof" => "1".to_owned(),
        "awk" => return files::awk(p, args, io, host),
        "md5sum" | "sha256sum" => {
            let text = expand::text_of(follow(host, &p.path(first))).or_else(|| io.input.take()).unwrap_or_default();
            let word = |n: u64| crate::base::draw::draw(n, "sum", &text, 0);
            let digits = if name == "md5sum" { 2 } else { 4 };
            let sum: String = (0..digits).map(|n| format!("{:016x}", word(n))).collect();
            format!("{sum}  {}", if first.is_empty() { "-" } else { first })
        }
        "tty" => "not a tty".to_owned(),
        _ => return 0,
    };
    io.out.push_str(&text);
    io.out.push('\n');
    0
}

fn seq(args: &[EcoString], io: &mut Io) -> i32 {
    let numbers: Vec<i64> = args.iter().filter_map(|word| word.parse().ok()).collect();
    let (first, step, last) = match numbers[..] {
        [last] => (1, 1, last),
        [first, last] => (first, 1, last),
        [first, step, last] if step != 0 => (first, step, last),
        _ => return complain(io, "seq", "missing operand", 1),
    };
    let mut value = first;
    for _ in 0..100_000 {
        if (step > 0 && value > last) || (step < 0 && value < last) {
            break;
        }
        io.out.push_str(&format!("{value}\n"));
        value += step;
    }
    0
}

/// The one program that every course on Jobs runs: digits of pi.
fn perl(p: &mut Process, text: &str, io: &mut Io) {
    let Some(rest) = text.split("bpi(").nth(1) else { return };
    let digits: usize = rest.split(')').next().and_then(|n| n.parse().ok()).unwrap_or(100);
    p.demand.cpu_millis = 1_000;
    p.sleep(Span::millis(500 + digits as u64 * 2));
    io.out.push_str(&rounded(&pi_digits(digits.clamp(2, 5_000))));
    io.out.push('\n');
}

/// A decimal number with its last digit rounded away.
fn rounded(text: &str) -> String {
    let mut digits: Vec<u8> = text.bytes().collect();
    let up = digits.pop().is_some_and(|digit| digit >= b'5');
    let mut place = digits.len();
    while up && place > 0 {
        place -= 1;
        match digits[place] {
            b'.' => {}
            b'9' => digits[place] = b'0',
            _ => {
                digits[place] += 1;
                break;
            }
        }
    }
    String::from_utf8(digits).unwrap_or_default()
}

/// The length of a sleep; nothing for `infinity`.
fn sleep_span(word: &str) -> Option<Span> {
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

/// `date`, with the formats of strftime.
fn date(now: Timestamp, args: &[EcoString]) -> String {
    let Some(format) = args.iter().find_map(|word| word.strip_prefix('+')) else {
        return match args.iter().any(|w| w.starts_with("-I") || w.starts_with("--iso")) {
            true => now.rfc3339(),
            false => now.unix_date(),
        };
    };
    let iso = now.rfc3339();
    let unix = now.unix_date();
    let parts: Vec<&str> = unix.split_whitespace().collect();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let text = match chars.next().unwrap_or('%') {
            'Y' => &iso[..4],
            'y' => &iso[2..4],
            'm' => &iso[5..7],
            'd' => &iso[8..10],
            'e' => iso[8..10].trim_start_matches('0'),
            'H' => &iso[11..13],
            'M' => &iso[14..16],
            'S' => &iso[17..19],
            'F' => &iso[..10],
            'T' => &iso[11..19],
            'R' => &iso[11..16],
            'a' | 'A' => parts.first().copied().unwrap_or(""),
            'b' | 'B' => parts.get(1).copied().unwrap_or(""),
            'Z' => "UTC",
            'z' => "+0000",
            'c' => unix.as_str(),
            'N' => "000000000",
            's' => {
                out.push_str(&now.unix_secs().to_string());
                ""
            }
            'n' => "\n",
            '%' => "%",
            _ => "",
        };
        out.push_str(text);
    }
    out
}

impl Process {
    /// The present of the process.
    pub(super) fn now(&self) -> SimTime {
        self.clock
    }
}
