//! The programs that look at files and change them.

use ecow::EcoString;

use super::builtins::complain;
use super::streams::Io;
use super::{expand, follow, Entry, Host, Process};
use crate::base::time::Timestamp;

/// Their names.
pub(super) const NAMES: &[&str] = &[
    "chgrp",
    "chmod",
    "chown",
    "cp",
    "dd",
    "df",
    "du",
    "find",
    "ln",
    "ls",
    "mkdir",
    "mktemp",
    "mount",
    "mv",
    "readlink",
    "rm",
    "rmdir",
    "stat",
    "tee",
    "touch",
    "truncate",
    "fallocate",
];

/// Says that a file is not there, as busybox does.
pub(super) fn cannot_open(io: &mut Io, name: &str, path: &str) -> i32 {
    complain(io, name, &format!("can't open '{path}': No such file or directory"), 1)
}

/// Runs one and gives its exit code.
pub(super) fn run(
    p: &mut Process,
    name: &str,
    args: &[EcoString],
    io: &mut Io,
    alone: bool,
    host: &mut dyn Host,
) -> i32 {
    let _ = alone;
    let flag = |letter: char| args.iter().any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains(letter));
    let paths: Vec<&EcoString> = args.iter().filter(|word| !word.starts_with('-')).collect();
    match name {
        "ls" => ls(p, args, io, host),
        "mkdir" => each(&paths, io, |path, io| {
            let full = p.path(path);
            let parent = full.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
            match follow(host, &full) {
                Some(_) if flag('p') => 0,
                Some(_) => complain(io, "mkdir", &format!("can't create directory '{path}': File exists"), 1),
                None if !flag('p') && follow(host, parent).is_none() => {
                    complain(io, "mkdir", &format!("can't create directory '{path}': No such file or directory"), 1)
                }
                None => refused(io, "mkdir", &format!("can't create directory '{path}'"), host.make_directory(&full)),
            }
        }),
        "touch" | "truncate" | "fallocate" => each(&paths, io, |path, io| match host.entry(&p.path(path)) {
            Some(_) => 0,
            None => refused(io, "touch", path, host.write(&p.path(path), "", false)),
        }),
        "rm" | "rmdir" => each(&paths, io, |path, io| match host.entry(&p.path(path)) {
            None if flag('f') => 0,
            None => complain(io, name, &format!("can't remove '{path}': No such file or directory"), 1),
            Some(Entry::Directory) if name == "rm" && !flag('r') && !flag('R') => {
                complain(io, "rm", &format!("'{path}' is a directory"), 1)
            }
            Some(_) => refused(io, name, &format!("can't remove '{path}'"), host.remove(&p.path(path))),
        }),
        "cp" | "mv" => copy(p, name, &paths, io, host),
        "ln" => match paths[..] {
            [from, to] => {
                let text = expand::text_of(follow(host, &p.path(from))).unwrap_or_default();
                refused(io, "ln", to, host.write(&p.path(to), &text, false))
            }
            _ => 1,
        },
        "tee" => {
            let text = io.input.take().unwrap_or_default();
            io.out.push_str(&text);
            each(&paths, io, |path, io| refused(io, "tee", path, host.write(&p.path(path), &text, flag('a'))))
        }
        "dd" => dd(p, args, io, host),
        "df" => {
            df(io, flag('h'), host);
            0
        }
        "mount" => {
            io.out.push_str("overlay on / type overlay (rw,relatime,lowerdir=/var/lib/containerd)\nproc on /proc type proc (rw,nosuid,nodev,noexec,relatime)\n");
            for (path, device, read_only) in host.mounts() {
                let kind = if device == "tmpfs" { "tmpfs" } else { "ext4" };
                io.out.push_str(&format!(
                    "{device} on {path} type {kind} ({},relatime)\n",
                    if read_only { "ro" } else { "rw" }
                ));
            }
            0
        }
        "du" => {
            let path = paths.first().map_or(".", |path| path.as_str());
            let mut bytes = 0;
            walk(host, &p.path(path), &mut |_, entry| {
                if let Entry::File(text) = entry {
                    bytes += text.len();
                }
            });
            let blocks = bytes.div_ceil(4096) * 4;
            io.out.push_str(&match flag('h') {
                true => format!("{blocks}.0K\t{path}\n"),
                false => format!("{blocks}\t{path}\n"),
            });
            0
        }
        "find" => find(p, args, io, host),
        "stat" => each(&paths, io, |path, io| match follow(host, &p.path(path)) {
            Some((_, entry)) => {
                let (size, kind) = match &entry {
                    Entry::File(text) => (text.len(), "regular file"),
                    _ => (4096, "directory"),
                };
                io.out.push_str(&format!(
                    "  File: {path}\n  Size: {size}\t\tBlocks: 8          IO Block: 4096   {kind}\n"
                ));
                0
            }
            None => complain(io, "stat", &format!("can't stat '{path}': No such file or directory"), 1),
        }),
        "readlink" => each(&paths, io, |path, io| match host.entry(&p.path(path)) {
            Some(Entry::Link(to)) if !flag('f') => {
                io.out.push_str(&format!("{to}\n"));
                0
            }
            Some(_) if flag('f') => {
                let full = follow(host, &p.path(path)).map(|(path, _)| path).unwrap_or_default();
                io.out.push_str(&format!("{full}\n"));
                0
            }
            _ => 1,
        }),
        "mktemp" => {
            let path = format!("/tmp/tmp.{}", crate::base::draw::mix(p.now().0) % 1_000_000);
            io.out.push_str(&format!("{path}\n"));
            refused(io, "mktemp", &path, host.write(&path, "", false))
        }
        _ => 0,
    }
}

fn each(paths: &[&EcoString], io: &mut Io, mut act: impl FnMut(&str, &mut Io) -> i32) -> i32 {
    paths.iter().fold(0, |code, path| code.max(act(path, io)))
}

fn refused(io: &mut Io, name: &str, what: &str, result: Result<(), &'static str>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(why) => complain(io, name, &format!("{what}: {why}"), 1),
    }
}

fn copy(p: &Process, name: &str, paths: &[&EcoString], io: &mut Io, host: &mut dyn Host) -> i32 {
    let Some((to, from)) = paths.split_last().filter(|(_, from)| !from.is_empty()) else {
        return complain(io, name, "missing file operand", 1);
    };
    let into = matches!(follow(host, &p.path(to)), Some((_, Entry::Directory)));
    each(from, io, |path, io| {
        let source = p.path(path);
        let target = match into {
            true => p.path(&format!("{to}/{}", path.trim_end_matches('/').rsplit('/').next().unwrap_or(path))),
            false => p.path(to),
        };
        let mut found = Vec::new();
        walk(host, &source, &mut |path, entry| found.push((path.to_owned(), entry.clone())));
        if found.is_empty() {
            return complain(io, name, &format!("can't stat '{path}': No such file or directory"), 1);
        }
        let mut code = 0;
        for (path, entry) in found {
            let to = format!("{target}{}", &path[source.len().min(path.len())..]);
            code |= match entry {
                Entry::File(text) => refused(io, name, &format!("can't create '{to}'"), host.write(&to, &text, false)),
                _ => refused(io, name, &format!("can't create directory '{to}'"), host.make_directory(&to)),
            };
        }
        if name == "mv" && code == 0 {
            code = refused(io, "mv", path, host.remove(&source));
        }
        code
    })
}

/// Goes through a path and all below it.
fn walk(host: &dyn Host, path: &str, visit: &mut dyn FnMut(&str, &Entry)) {
    let Some((_, entry)) = follow(host, path) else { return };
    visit(path, &entry);
    if entry != Entry::Directory {
        return;
    }
    for name in host.list(path) {
        let below = format!("{}/{}", path.trim_end_matches('/'), name.trim_end_matches('/'));
        match host.entry(&below) {
            Some(Entry::Link(_)) | None => {}
            Some(_) => walk(host, &below, visit),
        }
    }
}

fn find(p: &Process, args: &[EcoString], io: &mut Io, host: &dyn Host) -> i32 {
    let start = args.first().filter(|word| !word.starts_with('-')).map_or(".", EcoString::as_str);
    let value = |name: &str| args.iter().position(|w| w == name).and_then(|i| args.get(i + 1)).map(EcoString::as_str);
    let (pattern, kind) = (value("-name"), value("-type"));
    let base = p.path(start);
    walk(host, &base, &mut |path, entry| {
        let name = path.rsplit('/').next().unwrap_or("");
        let fits = pattern.is_none_or(|pattern| expand::is_like(name, pattern));
        let right = kind.is_none_or(|kind| (kind == "d") == (*entry == Entry::Directory));
        if fits && right {
            io.out.push_str(&format!("{start}{}\n", &path[base.len()..]));
        }
    });
    0
}

fn dd(p: &mut Process, args: &[EcoString], io: &mut Io, host: &mut dyn Host) -> i32 {
    let value = |name: &str| args.iter().find_map(|w| w.strip_prefix(name)?.strip_prefix('='));
    let size = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        let scale = match text[digits.len()..].chars().next() {
            Some('k' | 'K') => 1 << 10,
            Some('M') => 1 << 20,
            Some('G') => 1 << 30,
            _ => 1_u64,
        };
        digits.parse::<u64>().unwrap_or(1) * scale
    };
    let Some(count) = value("count").map(size) else {
        p.demand.cpu_millis = 1_000;
        p.stuck = true;
        return 0;
    };
    let total = count * value("bs").map_or(512, size);
    if let Some(path) = value("of").filter(|path| *path != "/dev/null") {
        let text = "0".repeat(total.min(4_096) as usize);
        if let Err(why) = host.write(&p.path(path), &text, false) {
            return complain(io, "dd", &format!("can't open '{path}': {why}"), 1);
        }
    }
    io.err.push_str(&format!("{count}+0 records in\n{count}+0 records out\n{total} bytes copied\n"));
    0
}

fn df(io: &mut Io, human: bool, host: &dyn Host) {
    let shown = |kib: u64| match human {
        true if kib >= 1 << 20 => format!("{:.1}G", kib as f64 / 1_048_576.0),
        true => format!("{:.1}M", kib as f64 / 1_024.0),
        false => kib.to_string(),
    };
    io.out.push_str(&format!(
        "{:<20} {:>10} {:>9} {:>9} Use% Mounted on\n",
        "Filesystem",
        if human { "Size" } else { "1K-blocks" },
        "Used",
        "Available"
    ));
    let mut row = |device: &str, total: u64, used: u64, path: &str| {
        let percent = used * 100 / total.max(1);
        io.out.push_str(&format!(
            "{device:<20} {:>10} {:>9} {:>9} {percent:>3}% {path}\n",
            shown(total),
            shown(used),
            shown(total - used)
        ));
    };
    row("overlay", 61_255_492, 12_251_098, "/");
    row("tmpfs", 65_536, 0, "/dev");
    for (path, device, _) in host.mounts() {
        let (total, used) = if device == "tmpfs" { (4_194_304, 12) } else { (61_255_492, 12_251_098) };
        row(&device, total, used, &path);
    }
}

/// `ls`, with `-l`, `-a` and `-1`.
fn ls(p: &Process, args: &[EcoString], io: &mut Io, host: &dyn Host) -> i32 {
    let flag = |letter: char| args.iter().any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains(letter));
    let mut paths: Vec<&str> = args.iter().filter(|w| !w.starts_with('-')).map(EcoString::as_str).collect();
    if paths.is_empty() {
        paths.push(".");
    }
    let (mut code, several) = (0, paths.len() > 1);
    let date = Timestamp::of(host.facts().epoch, p.now()).unix_date();
    let date: Vec<&str> = date.split_whitespace().collect();
    let when = format!("{} {:>2} {}", date[1], date[2], date[3].get(..5).unwrap_or(""));
    for path in paths {
        let full = p.path(path);
        let Some((place, entry)) = follow(host, &full) else {
            code = complain(io, "ls", &format!("{path}: No such file or directory"), 1);
            continue;
        };
        let mut names: Vec<EcoString> = match entry {
            Entry::Directory => {
                host.list(&place).into_iter().map(|n| EcoString::from(n.trim_end_matches('/'))).collect()
            }
            _ => vec![EcoString::from(path)],
        };
        let of_directory = entry == Entry::Directory && !flag('d');
        if !of_directory {
            names = vec![EcoString::from(path)];
        }
        if several && of_directory {
            io.out.push_str(&format!("{path}:\n"));
        }
        let all = flag('a') || flag('A');
        names.retain(|name| all || !of_directory || !name.starts_with('.'));
        if flag('a') && of_directory {
            names.splice(0..0, [".".into(), "..".into()]);
        }
        if flag('l') && of_directory {
            io.out.push_str(&format!("total {}\n", 4 * names.iter().filter(|name| !name.starts_with('.')).count()));
        }
        for name in names {
            if !flag('l') {
                io.out.push_str(&format!("{name}\n"));
                continue;
            }
            let own = if of_directory { p.path(&format!("{place}/{name}")) } else { full.clone() };
            let mut found = host.entry(&own).unwrap_or(Entry::Directory);
            let mut place = own;
            if flag('L') {
                if let Some((end, entry)) = follow(host, &place) {
                    (place, found) = (end, entry);
                }
            }
            let (letter, links, size, arrow) = match &found {
                Entry::File(text) => ('-', 1, text.len(), String::new()),
                Entry::Directory => ('d', 2, 4096, String::new()),
                Entry::Link(to) => ('l', 1, to.len(), format!(" -> {to}")),
            };
            let attributes = host.attributes(&place, &found);
            let mode = if letter == 'l' { 0o777 } else { attributes.mode };
            let owner = |id: i64| if id == 0 { "root".to_owned() } else { id.to_string() };
            let (user, group) = (owner(attributes.user), owner(attributes.group));
            let mode = mode_text(mode);
            io.out
                .push_str(&format!("{letter}{mode} {links:>4} {user:<8} {group:<8} {size:>9} {when} {name}{arrow}\n"));
        }
    }
    code
}

/// `rw-r--r--` of the bits of permission.
fn mode_text(mode: i64) -> String {
    let mut text: Vec<u8> = b"rwxrwxrwx".to_vec();
    for (i, letter) in text.iter_mut().enumerate() {
        if mode & (0o400 >> i) == 0 {
            *letter = b'-';
        }
    }
    for (bit, place, letters) in [(0o4000, 2, b"Ss"), (0o2000, 5, b"Ss"), (0o1000, 8, b"Tt")] {
        if mode & bit != 0 {
            text[place] = letters[usize::from(text[place] == b'x')];
        }
    }
    String::from_utf8(text).unwrap_or_default()
}

/// `awk '{print $2}'`, with `-F` and a pattern before the braces.
pub(super) fn awk(p: &mut Process, args: &[EcoString], io: &mut Io, host: &mut dyn Host) -> i32 {
    let mut separator = None;
    let mut rest = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix("-F") {
            Some("") => separator = words.next().cloned(),
            Some(text) => separator = Some(text.into()),
            None => rest.push(word),
        }
    }
    let Some((program, paths)) = rest.split_first() else { return 2 };
    let (pattern, action) = program.split_once('{').unwrap_or((program, "print}"));
    let pattern = pattern.trim().trim_matches('/');
    let mut text = if paths.is_empty() { io.input.take().unwrap_or_default() } else { EcoString::new() };
    for path in paths {
        match expand::text_of(follow(host, &p.path(path))) {
            Some(file) => text.push_str(&file),
            None => return cannot_open(io, "awk", path),
        }
    }
    let wanted = action.trim_end_matches('}').trim().trim_start_matches("print").trim();
    for line in text.lines().filter(|line| line.contains(pattern)) {
        let fields: Vec<&str> = match &separator {
            Some(separator) => line.split(separator.as_str()).collect(),
            None => line.split_whitespace().collect(),
        };
        let value = |term: &str| match term.trim() {
            "" | "$0" => line.to_owned(),
            "$NF" => fields.last().copied().unwrap_or("").to_owned(),
            "NF" => fields.len().to_string(),
            term => match term.strip_prefix('$').and_then(|n| n.parse::<usize>().ok()) {
                Some(n) => fields.get(n.wrapping_sub(1)).copied().unwrap_or("").to_owned(),
                None => term.trim_matches('"').to_owned(),
            },
        };
        let shown: Vec<String> = wanted.split(',').map(value).collect();
        io.out.push_str(&shown.join(" "));
        io.out.push('\n');
    }
    0
}
