//! Programs that run others or hand their words on: shells, timeout, filters, the tools of the network.

use ecow::EcoString;

use super::builtins::complain;
use super::programs::{not_found, run, sleep_span};
use super::streams::Io;
use super::{expand, files, follow, servers, stress, Host, Process, Wake};
use crate::workload::filters;

/// A shell within a shell.
pub(super) fn shell(p: &mut Process, words: &[EcoString], io: &mut Io, alone: bool, host: &mut dyn Host) {
    let mut inner = p.clone();
    inner.variables.retain(|variable| variable.exported);
    inner.options = super::Switches::default();
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
            variables: std::mem::replace(&mut p.variables, inner.variables),
            directory: p.directory.clone(),
            options: std::mem::replace(&mut p.options, inner.options),
        });
        p.call(code, 0, inner.args);
        return;
    }
    p.within(inner.code.clone(), io, host);
}

pub(super) fn timeout(p: &mut Process, args: &[EcoString], io: &mut Io, host: &mut dyn Host) {
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

pub(super) fn environment(p: &mut Process, args: &[EcoString], io: &mut Io) {
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
pub(super) fn filter(p: &mut Process, name: &str, args: &[EcoString], io: &mut Io, alone: bool, host: &mut dyn Host) {
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
    if name == "sed" && args.iter().any(|word| word.starts_with("-i") || word.starts_with("--in-place")) {
        for path in &paths {
            let Some(text) = expand::text_of(follow(host, &p.path(path))) else {
                p.status = files::cannot_open(io, name, path);
                continue;
            };
            let (Ok((mut filter, _)), mut edited) = (filters::make(&words), String::new()) else { return };
            filters::feed(filter.as_mut(), &text, &mut edited);
            filter.end(&mut edited);
            if let Err(why) = host.write(&p.path(path), &edited, false) {
                p.status = complain(io, name, &format!("can't create '{path}': {why}"), 1);
            }
        }
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
    filters::feed(filter.as_mut(), &text, &mut io.out);
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

pub(super) fn tool(p: &mut Process, name: &str, words: &[EcoString], io: &mut Io, host: &mut dyn Host) {
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
