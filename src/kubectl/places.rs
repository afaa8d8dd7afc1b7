//! Folders of the terminal: `cd` and `ls`. Files live in the session.

use super::output::Output;
use super::session::{Session, HOME};
use crate::base::order::Order;
use crate::workload::parameters::is_like;

/// `cd`: to a folder, home, or back.
pub(super) fn change(args: &[String], session: &mut Session, out: &mut Output) -> u8 {
    let to = match args.first().map(String::as_str) {
        None => HOME.to_owned(),
        Some("-") => session.variables.get("OLDPWD").cloned().unwrap_or_else(|| HOME.to_owned()),
        Some(path) => path.to_owned(),
    };
    if !session.is_folder(&to) {
        let why = if session.file(&to).is_some() { "Not a directory" } else { "No such file or directory" };
        out.err(format!("sh: cd: {to}: {why}"));
        return 1;
    }
    let key = session.key(&to);
    let path = match key.as_str() {
        "" => HOME.to_owned(),
        key if key.starts_with('/') => key.to_owned(),
        key => format!("{HOME}/{key}"),
    };
    if args.first().is_some_and(|arg| arg == "-") {
        out.line(&path);
    }
    let before = std::mem::replace(&mut session.directory, path);
    session.variables.insert("OLDPWD".to_owned(), before);
    0
}

/// `ls`.
pub(super) fn ls(args: &[String], session: &Session, out: &mut Output) -> u8 {
    let paths: Vec<&str> = args.iter().map(String::as_str).filter(|path| !path.starts_with('-')).collect();
    let mut code = 0;
    for path in if paths.is_empty() { vec!["."] } else { paths } {
        if session.file(path).is_some() {
            out.line(path);
            continue;
        }
        if !session.is_folder(path) {
            out.err(format!("ls: cannot access '{path}': No such file or directory"));
            code = 2;
            continue;
        }
        let prefix = match session.key(path) {
            key if key.is_empty() || key.ends_with('/') => key,
            key => key + "/",
        };
        let all =
            session.files.keys().chain(&session.folders).filter(|name| !(prefix.is_empty() && name.starts_with('/')));
        let mut names: Vec<&str> = all.filter_map(|name| name.strip_prefix(&prefix)?.split('/').next()).collect();
        names.order();
        names.dedup();
        names.retain(|name| !name.is_empty());
        names.iter().for_each(|name| out.line(name));
    }
    code
}

/// `find`, by name and kind.
pub(super) fn find(args: &[String], session: &Session, out: &mut Output) -> u8 {
    let start = args.first().filter(|arg| !arg.starts_with('-')).map_or(".", String::as_str);
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|i| args.get(i + 1)).map(String::as_str);
    if !session.is_folder(start) && session.file(start).is_none() {
        out.err(format!("find: '{start}': No such file or directory"));
        return 1;
    }
    let prefix = match session.key(start) {
        key if key.is_empty() || key.ends_with('/') => key,
        key => key + "/",
    };
    let mut found: Vec<(String, bool)> = vec![(String::new(), true)];
    for name in session.files.keys().chain(&session.folders) {
        let Some(below) = name.strip_prefix(&prefix).filter(|_| !(prefix.is_empty() && name.starts_with('/'))) else {
            continue;
        };
        let ends = below.match_indices('/').map(|(end, _)| (below[..end].to_owned(), true));
        found.extend(ends.chain([(below.to_owned(), session.folders.contains(name))]));
    }
    found.order();
    found.dedup();
    for (below, is_folder) in found {
        let path = if below.is_empty() { start.to_owned() } else { format!("{}/{below}", start.trim_end_matches('/')) };
        let name = path.rsplit('/').next().unwrap_or("");
        let fits = value("-name").is_none_or(|pattern| is_like(name, pattern));
        if fits && value("-type").is_none_or(|kind| (kind == "d") == is_folder) {
            out.line(path);
        }
    }
    0
}
