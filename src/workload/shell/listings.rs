//! Programs that show files and file systems: find, df, ls.

use ecow::EcoString;

use super::builtins::complain;
use super::streams::Io;
use super::{follow, Entry, Host, Process};
use crate::base::time::Timestamp;
use crate::workload::parameters::is_like;

/// Goes through a path and all below it.
pub(super) fn walk(host: &dyn Host, path: &str, visit: &mut dyn FnMut(&str, &Entry)) {
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

pub(super) fn find(p: &Process, args: &[EcoString], io: &mut Io, host: &dyn Host) -> i32 {
    let start = args.first().filter(|word| !word.starts_with('-')).map_or(".", EcoString::as_str);
    let value = |name: &str| args.iter().position(|w| w == name).and_then(|i| args.get(i + 1)).map(EcoString::as_str);
    let (pattern, kind) = (value("-name"), value("-type"));
    let base = p.path(start);
    walk(host, &base, &mut |path, entry| {
        let name = path.rsplit('/').next().unwrap_or("");
        let fits = pattern.is_none_or(|pattern| is_like(name, pattern));
        let right = kind.is_none_or(|kind| (kind == "d") == (*entry == Entry::Directory));
        if fits && right {
            io.out.push_str(&format!("{start}{}\n", &path[base.len()..]));
        }
    });
    0
}

pub(super) fn df(io: &mut Io, human: bool, host: &dyn Host) {
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
pub(super) fn ls(p: &Process, args: &[EcoString], io: &mut Io, host: &dyn Host) -> i32 {
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
pub(super) fn mode_text(mode: i64) -> String {
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
