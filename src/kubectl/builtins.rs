//! The commands of the shell besides kubectl: files, time and explanations.

use super::call::Run;
use super::output::{Output, Stream};
use super::session::{Editing, Session};
use super::waits::{sleep, timeout, wait};
use super::{places, variables};
use crate::api::ObjectKey;
use crate::base::time::Timestamp;
use crate::cluster::World;
use crate::workload::dates::date;
use crate::workload::differences::diff;
use crate::workload::{filters, printing};

/// Every command besides kubectl, with what the help says of it.
pub const COMMANDS: &[(&str, &str)] = &[
    (
        "cat, ls, cd, pwd, mkdir, find, diff, echo, printf, cp, mv, rm, touch, tee",
        "files; `cat > web.yaml <<EOF` writes one",
    ),
    (
        "grep, head, tail, wc, sort, uniq, cut, tr, nl, tac, sed, awk, jq, base64",
        "filters behind a pipe, or over files",
    ),
    ("sleep 5, wait 30s", "let time pass"),
    ("wait --for=condition=Ready pod/web", "let time pass until something is so"),
    ("timeout 10 COMMAND", "stop a command that waits"),
    ("why TYPE/NAME", "why an object exists and why it is as it is"),
    ("vi FILE, nano FILE, edit FILE", "open a file in the editor"),
    ("xargs COMMAND, watch COMMAND", "run a command for what is fed in; again and again"),
    (
        "for, while, if, case, functions, history, time, test, read, alias, export, seq, date, clear, NAME=VALUE",
        "the usual",
    ),
    ("fault node-down|partition|kubelet-stop|memory-pressure|disk-pressure|pid-pressure NODE", "break a node"),
    ("fault, fault heal [NODE]", "what is broken; put it right"),
    ("node add [NAME] [--cpu 4] [--memory 8Gi], node remove NAME", "machines join and leave the cluster"),
];

/// Runs a command that is not kubectl.
pub fn run(words: &[String], stdin: Option<String>, world: &mut World, session: &mut Session, out: &mut Output) -> Run {
    let args = &words[1..];
    let code = match words[0].as_str() {
        "echo" => {
            out.out(printing::echo(&plain(args), false));
            0
        }
        "printf" => match plain(args).as_slice() {
            ["--", format, values @ ..] | [format, values @ ..] => {
                out.out(printing::printf(format, values));
                0
            }
            [] => 2,
        },
        "ls" => places::ls(args, session, out),
        "cp" | "mv" => copy(&words[0], args, session, out),
        "rm" => remove(args, session, out),
        "touch" => {
            for path in args.iter().filter(|path| session.file(path).is_none()).cloned().collect::<Vec<_>>() {
                session.write(&path, String::new());
            }
            0
        }
        "mkdir" => {
            for path in args.iter().filter(|path| !path.starts_with('-')) {
                let key = session.key(path);
                session.folders.push(key);
            }
            0
        }
        "find" => places::find(args, session, out),
        "diff" => {
            let read = &mut |path: &str| match path {
                "-" => stdin.clone(),
                path => session.file(path).map(str::to_owned),
            };
            let (printed, errors, code) = diff(&plain(args), false, read);
            out.out(printed);
            out.push(Stream::Err, &errors);
            code
        }
        "cd" => places::change(args, session, out),
        "history" => {
            let lines = session.history.iter().enumerate();
            lines.for_each(|(i, line)| out.line(format!("{:5}  {line}", i + 1)));
            0
        }
        "whoami" => {
            out.line("user");
            0
        }
        "chmod" | "chown" | "clear" | "true" | ":" => 0,
        "vi" | "vim" | "nano" | "edit" | "code" => edit(args, session, out),
        "false" => 1,
        "pwd" => {
            out.line(&session.directory);
            0
        }
        "date" => {
            out.line(date(world.timestamp(), &plain(args)));
            0
        }
        "tee" => {
            let text = stdin.unwrap_or_default();
            args.iter().filter(|path| !path.starts_with('-')).for_each(|path| session.write(path, text.clone()));
            out.out(&text);
            0
        }
        "help" => {
            help(out);
            0
        }
        "fault" => super::faults::fault(args, world, out),
        "node" => super::faults::node(args, world, out),
        "why" => why(args, world, session, out),
        "load" => super::load::run(args, stdin.as_deref(), world, session, out),
        "sleep" => return sleep(args, world, out),
        "wait" => return wait(args, stdin, world, session, out),
        "timeout" => return timeout(args, stdin, world, session, out),
        "less" | "more" => filter(&[&["cat".to_owned()], args].concat(), stdin, session, out),
        name if filters::NAMES.contains(&name) => filter(words, stdin, session, out),
        name if is_assignment(name) => {
            for (name, value) in words.iter().filter_map(|word| word.split_once('=')) {
                session.variables.insert(name.to_owned(), value.to_owned());
            }
            0
        }
        name => match variables::run(words, session, out) {
            Some(code) => code,
            None => {
                let own = super::background::run(words, session, out);
                match own.or_else(|| super::network::run(&fed(words, stdin), world, session, out)) {
                    Some(run) => return run,
                    None => {
                        out.err(format!("sh: {name}: command not found"));
                        127
                    }
                }
            }
        },
    };
    Run::Done(code)
}

/// The words of a command with what nc is to send, where something is piped into it.
fn fed(words: &[String], stdin: Option<String>) -> Vec<String> {
    let mut words = words.to_vec();
    let place = words.iter().take(3).position(|word| word == "nc");
    if let (Some(place), Some(text)) = (place, stdin) {
        words.insert(place + 1, format!("--stdin={text}"));
    }
    words
}

/// True for `NAME=VALUE`.
pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

fn plain(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn copy(name: &str, args: &[String], session: &mut Session, out: &mut Output) -> u8 {
    let [from, to] = args else {
        out.err(format!("{name}: missing file operand"));
        return 1;
    };
    let Some(text) = session.file(from).map(str::to_owned) else {
        out.err(format!("{name}: cannot stat '{from}': No such file or directory"));
        return 1;
    };
    session.write(to, text);
    if name == "mv" {
        session.remove(from);
    }
    0
}

/// Hands a file over for editing; one that does not exist is made.
fn edit(args: &[String], session: &mut Session, out: &mut Output) -> u8 {
    let Some(path) = args.iter().find(|arg| !arg.starts_with('-')) else {
        out.err("usage: edit FILE");
        return 2;
    };
    if session.file(path).is_none() {
        session.write(path, String::new());
    }
    session.editing = Some(Editing { path: path.trim_start_matches("./").to_owned() });
    0
}

fn remove(args: &[String], session: &mut Session, out: &mut Output) -> u8 {
    let mut code = 0;
    let force = args.iter().any(|arg| arg.starts_with('-') && arg.contains('f'));
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        if !session.remove(path) && !force {
            out.err(format!("rm: cannot remove '{path}': No such file or directory"));
            code = 1;
        }
    }
    code
}

/// A filter that begins a pipe, over files or what is fed in.
fn filter(words: &[String], stdin: Option<String>, session: &mut Session, out: &mut Output) -> u8 {
    let (mut filter, files) = match filters::make(words) {
        Ok(made) => made,
        Err(why) => {
            out.err(why);
            return 2;
        }
    };
    if words[0] == "sed" && words.iter().any(|word| word == "-i") {
        return edit_in_place(words, &files, session, out);
    }
    let text = match (files.as_slice(), stdin) {
        ([], stdin) => Ok(stdin.unwrap_or_default()),
        ([one], Some(stdin)) if one == "-" => Ok(stdin),
        (files, _) => read_files(session, &words[0], files),
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => {
            out.err(why);
            return 1;
        }
    };
    let mut result = String::new();
    filters::feed(filter.as_mut(), &text, &mut result);
    let code = filter.end(&mut result);
    out.out(result);
    code
}

/// `sed -i`: the files become what the filter makes of them.
fn edit_in_place(words: &[String], files: &[String], session: &mut Session, out: &mut Output) -> u8 {
    for path in files {
        let (Some(text), Ok((mut filter, _))) = (session.file(path).map(str::to_owned), filters::make(words)) else {
            out.err(format!("sed: can't read {path}: No such file or directory"));
            return 2;
        };
        let mut result = String::new();
        filters::feed(filter.as_mut(), &text, &mut result);
        filter.end(&mut result);
        session.write(path, result);
    }
    0
}

/// The text of the files a filter reads; an error names the one that is missing.
fn read_files(session: &Session, name: &str, paths: &[String]) -> Result<String, String> {
    let mut text = String::new();
    for path in paths {
        match session.file(path) {
            Some(file) => text.push_str(file),
            None => return Err(format!("{name}: {path}: No such file or directory")),
        }
    }
    Ok(text)
}

fn help(out: &mut Output) {
    out.line("kubectl ...  talks to the cluster; `kubectl help` lists its commands, `k` is short for it");
    for (names, what) in COMMANDS.iter().chain(super::network::COMMANDS).chain(super::load::COMMANDS) {
        out.line(format!("{names}\n    {what}"));
    }
}

/// So many decisions of an autoscaler are told.
const DECISIONS_SHOWN: usize = 12;

/// Why an object exists, link by link; of an autoscaler, also what it decided of late.
fn why(args: &[String], world: &World, session: &Session, out: &mut Output) -> u8 {
    let words: Vec<&str> = args.iter().flat_map(|arg| arg.split('/')).collect();
    let (resource, name, namespace) = match words[..] {
        [resource, name] => (resource, name, session.namespace.as_str()),
        [resource, name, "-n", namespace] | ["-n", namespace, resource, name] => (resource, name, namespace),
        _ => {
            out.err("usage: why TYPE/NAME [-n NAMESPACE]");
            return 2;
        }
    };
    let Some(kind) = world.store().catalog().resource(resource) else {
        out.err(format!("error: the server doesn't have a resource type \"{resource}\""));
        return 1;
    };
    let key = ObjectKey::new(if kind.namespaced { namespace } else { "" }, name);
    let chain = world.why(kind.kind, &key);
    if chain.is_empty() {
        out.err(format!("Error from server (NotFound): {} \"{name}\" not found", kind.resource()));
        return 1;
    }
    for (i, link) in chain.iter().enumerate() {
        let indent = "  ".repeat(i);
        out.line(format!("{indent}{} {}", link.kind.split('.').next().unwrap_or(link.kind), link.key.name));
        out.line(format!("{indent}  made by {}: {}", link.made.component, link.made.rule));
        if let Some(changed) = &link.changed {
            out.line(format!("{indent}  changed by {}: {}", changed.component, changed.rule));
        }
    }
    let gates = world.store().get(kind.kind, &key).map(|object| object.at("spec.schedulingGates").clone());
    if let Some(gates) = gates.filter(|gates| !gates.is_empty()) {
        let names: Vec<&str> = gates.list().iter().map(|gate| gate.get("name").str()).collect();
        out.line(format!("not yet scheduled: waiting for scheduling gates: [{}]", names.join(" ")));
    }
    if let Some(decision) = world.store().get(kind.kind, &key).and_then(|pod| world.scheduler().decision(pod.uid())) {
        super::faults::decision(decision, world, out);
    }
    let track = world.series().track(&format!("hpa {key}")).filter(|_| kind.kind == "HorizontalPodAutoscaler");
    let points: Vec<_> = track.into_iter().flat_map(|track| track.points()).collect();
    let news = points.iter().enumerate().filter(|(i, point)| *i == 0 || points[i - 1].note != point.note);
    let news: Vec<_> = news.map(|(_, point)| point).collect();
    for point in &news[news.len().saturating_sub(DECISIONS_SHOWN)..] {
        let at = Timestamp::of(world.settings().epoch, point.at).rfc3339();
        out.line(format!("{at} {}", point.note));
    }
    0
}
