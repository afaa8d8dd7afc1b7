//! The programs that look at files and change them.

use ecow::EcoString;

use super::builtins::complain;
use super::listings::{df, find, ls, walk};
use super::streams::Io;
use super::{expand, follow, Entry, Host, Process};
use crate::workload::differences::diff;

/// Their names.
pub(super) const NAMES: &[&str] = &[
    "chgrp",
    "chmod",
    "chown",
    "cp",
    "dd",
    "df",
    "diff",
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
        "diff" => {
            let words: Vec<&str> = args.iter().map(EcoString::as_str).collect();
            let small = super::programs::is_busybox(&host.facts().image);
            let fed = p.fed(io);
            let (out, err, code) = diff(&words, small, &mut |path| match path {
                "-" => fed.as_ref().map(|text| text.to_string()),
                path => expand::text_of(follow(host, &p.path(path))).map(|text| text.to_string()),
            });
            io.out.push_str(&out);
            io.err.push_str(&err);
            i32::from(code)
        }
        "find" => find(p, args, io, host),
        "stat" => super::stat::run(p, args, io, host),
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
