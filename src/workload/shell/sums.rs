//! `md5sum` and `sha256sum`: what they print, and what they check.

use ecow::EcoString;

use super::builtins::complain;
use super::files::cannot_open;
use super::streams::Io;
use super::{expand, follow, Host, Process};
use crate::base::digest::{md5, sha256};

/// Runs one.
pub(super) fn run(p: &mut Process, name: &str, args: &[EcoString], io: &mut Io, host: &mut dyn Host) -> i32 {
    let digest = if name == "md5sum" { md5 } else { sha256 };
    let checks = args.iter().any(|word| matches!(word.as_str(), "-c" | "--check"));
    let mut paths: Vec<EcoString> =
        args.iter().filter(|word| !word.starts_with('-') || *word == "-").cloned().collect();
    if paths.is_empty() {
        paths.push("-".into());
    }
    let mut code = 0;
    for path in paths {
        let text = match path.as_str() {
            "-" => Some(p.fed(io).unwrap_or_default()),
            path => expand::text_of(follow(host, &p.path(path))),
        };
        let Some(text) = text else {
            code = cannot_open(io, name, &path);
            continue;
        };
        if !checks {
            io.out.push_str(&format!("{}  {path}\n", digest(text.as_bytes())));
            continue;
        }
        for (sum, path) in text.lines().filter_map(|line| line.split_once("  ")) {
            let held = expand::text_of(follow(host, &p.path(path)));
            let right = held.is_some_and(|text| digest(text.as_bytes()) == sum);
            io.out.push_str(&format!("{path}: {}\n", if right { "OK" } else { "FAILED" }));
            if !right {
                code = complain(io, name, "WARNING: 1 computed checksums did NOT match", 1);
            }
        }
    }
    code
}
