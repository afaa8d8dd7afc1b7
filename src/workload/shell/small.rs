//! Programs that print a word or two, or a page of numbers.

use ecow::EcoString;

use super::builtins::complain;
use super::programs::{is_there, path_of};
use super::streams::Io;
use super::{expand, follow, Facts, Host, Process};
use crate::base::time::Span;
use crate::workload::arithmetic::calculate;
use crate::workload::pi::pi_digits;

/// Programs that print a word or two.
pub(super) fn small(p: &mut Process, name: &str, args: &[EcoString], io: &mut Io, host: &mut dyn Host) -> i32 {
    let first = args.first().map_or("", EcoString::as_str);
    let text = match name {
        "whoami" if host.facts().user != 0 => {
            return complain(io, "whoami", &format!("unknown uid {}", host.facts().user), 1);
        }
        "hostname" | "whoami" | "id" => who(name, first, host),
        "nproc" | "arch" | "uname" | "uptime" | "free" | "ps" => machine(p, name, args, host.facts()),
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
        "expr" => match calculate(&args.join(" ").replace("\\*", "*"), p) {
            Ok(value) => {
                io.out.push_str(&format!("{value}\n"));
                return i32::from(value == 0);
            }
            Err(why) => return complain(io, "expr", &why, 2),
        },
        "which" => {
            let there = is_there(p, first, host);
            if there {
                io.out.push_str(&format!("{}\n", path_of(first, host)));
            }
            return i32::from(!there);
        }
        "pidof" => "1".to_owned(),
        "md5sum" | "sha256sum" => return super::sums::run(p, name, args, io, host),
        "tty" => "not a tty".to_owned(),
        _ => return 0,
    };
    io.out.push_str(&text);
    io.out.push('\n');
    0
}

/// Who one is, and where.
fn who(name: &str, first: &str, host: &dyn Host) -> String {
    let facts = host.facts();
    match name {
        "hostname" if matches!(first, "-i" | "-I") => facts.ip.to_string(),
        "hostname" if first == "-f" => {
            let hosts = expand::text_of(follow(host, "/etc/hosts")).unwrap_or_default();
            let own = hosts.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let own = own.into_iter().find(|words| words.iter().skip(1).any(|name| *name == facts.host_name));
            own.map_or_else(|| facts.host_name.to_string(), |words| words[1].to_owned())
        }
        "hostname" => facts.host_name.to_string(),
        "whoami" => "root".to_owned(),
        "id" if first == "-u" => facts.user.to_string(),
        "id" if first == "-g" => facts.group.to_string(),
        _ => {
            let (uid, gid) = (facts.user, facts.group);
            let named = |id: i64| if id == 0 { "0(root)".to_owned() } else { id.to_string() };
            let groups: Vec<String> = facts.groups.iter().copied().map(named).collect();
            format!("uid={} gid={} groups={}", named(uid), named(gid), groups.join(","))
        }
    }
}

/// The machine, what it is and what runs on it.
fn machine(p: &Process, name: &str, args: &[EcoString], facts: &Facts) -> String {
    let first = args.first().map_or("", EcoString::as_str);
    match name {
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
        "free" => free(args, facts),
        _ => {
            let mut text = "PID   USER     TIME  COMMAND".to_owned();
            let own = std::iter::once((facts.user, format!("ps {}", args.join(" ")).trim_end().into()));
            for (i, (user, command)) in facts.processes.iter().cloned().chain(own).enumerate() {
                let user = if user == 0 { "root".to_owned() } else { user.to_string() };
                text.push_str(&format!("\n{:>5} {user:<8} 0:00 {command}", 1 + 6 * i));
            }
            text
        }
    }
}

/// `free`: the memory of the node, as containers see it; a part of it is counted as used.
fn free(args: &[EcoString], facts: &Facts) -> String {
    let flag = |letter: char| args.iter().any(|arg| arg.starts_with('-') && arg.contains(letter));
    let shown = |bytes: u64| match (flag('h'), flag('m'), flag('g'), flag('b')) {
        (true, ..) if bytes >= 1 << 30 => format!("{:.1}G", bytes as f64 / (1_u64 << 30) as f64),
        (true, ..) => format!("{:.1}M", bytes as f64 / (1_u64 << 20) as f64),
        (_, true, ..) => (bytes >> 20).to_string(),
        (_, _, true, _) => (bytes >> 30).to_string(),
        (.., true) => bytes.to_string(),
        _ => (bytes >> 10).to_string(),
    };
    let (total, used) = (facts.memory, facts.memory / 8);
    let numbers = [total, used, total - 2 * used, 0, used, total - used].map(shown);
    let row: String = numbers.iter().map(|text| format!("{text:>12}")).collect();
    let head = "              total        used        free      shared  buff/cache   available";
    format!("{head}\nMem:   {row}\nSwap:  {:>12}{:>12}{:>12}", 0, 0, 0)
}

pub(super) fn seq(args: &[EcoString], io: &mut Io) -> i32 {
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
pub(super) fn perl(p: &mut Process, text: &str, io: &mut Io) {
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
