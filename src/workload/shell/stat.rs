//! `stat`: what is known of a file, in whole or in a format.

use ecow::EcoString;

use super::builtins::complain;
use super::listings::mode_text;
use super::streams::Io;
use super::{follow, Entry, Host, Process};

/// Runs it. Files have no times here.
pub(super) fn run(p: &Process, args: &[EcoString], io: &mut Io, host: &dyn Host) -> i32 {
    let (mut format, mut paths, mut follows) = (None, Vec::new(), false);
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-c" => format = words.next().cloned(),
            "-L" => follows = true,
            word if word.starts_with("--format=") => format = Some(word["--format=".len()..].into()),
            _ => paths.push(word),
        }
    }
    let format = format.map_or_else(|| WHOLE.to_owned(), |format| format!("{format}\n"));
    let mut code = 0;
    for path in paths {
        let full = p.path(path);
        let found = match host.entry(&full).filter(|_| !follows) {
            Some(entry) => Some((full, entry)),
            None => follow(host, &full),
        };
        match found {
            Some((place, entry)) => io.out.push_str(&filled(&format, path, &place, &entry, host)),
            None => code = complain(io, "stat", &format!("can't stat '{path}': No such file or directory"), 1),
        }
    }
    code
}

/// What is printed without a format.
const WHOLE: &str = "  File: %N\n  Size: %s\t\tBlocks: %b          IO Block: 4096   %F\nAccess: (0%a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n";

fn filled(format: &str, path: &str, place: &str, entry: &Entry, host: &dyn Host) -> String {
    let (letter, kind, size) = match entry {
        Entry::File(text) if text.is_empty() => ('-', "regular empty file", 0),
        Entry::File(text) => ('-', "regular file", text.len()),
        Entry::Directory => ('d', "directory", 4096),
        Entry::Link(to) => ('l', "symbolic link", to.len()),
    };
    let attributes = host.attributes(place, entry);
    let mode = if letter == 'l' { 0o777 } else { attributes.mode };
    let named = |id: i64| if id == 0 { "root".to_owned() } else { "UNKNOWN".to_owned() };
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let width: String = chars.clone().take_while(char::is_ascii_digit).collect();
        let text = match chars.by_ref().nth(width.len()).unwrap_or('%') {
            'n' => path.to_owned(),
            'N' => match entry {
                Entry::Link(to) => format!("'{path}' -> '{to}'"),
                _ => path.to_owned(),
            },
            's' => size.to_string(),
            'b' => (size.div_ceil(4096) * 8).to_string(),
            'F' => kind.to_owned(),
            'a' => format!("{mode:o}"),
            'A' => format!("{letter}{}", mode_text(mode)),
            'u' => attributes.user.to_string(),
            'U' => named(attributes.user),
            'g' => attributes.group.to_string(),
            'G' => named(attributes.group),
            'h' => "1".to_owned(),
            other => other.to_string(),
        };
        out.push_str(&format!("{text:>width$}", width = width.parse().unwrap_or(0)));
    }
    out
}
