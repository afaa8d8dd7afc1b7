//! `load`: clients in the cluster, and values in place of measured ones.

use super::output::Output;
use super::session::Session;
use crate::api::yaml;
use crate::cluster::World;
use crate::load::feed;

/// What the help says of it.
pub const COMMANDS: &[(&str, &str)] = &[(
    "load metrics FILE",
    "gives the metrics APIs values from a file: a list of {at: 30s, pods: app=web, cpu: [300m, 500m], memory: 64Mi}, \
     {pods: ..., metric: NAME, value: 15}, {object: ingress/web, metric: NAME, value: 2k}, \
     {external: NAME, labels: {queue: jobs}, value: 30}, {api: metrics.k8s.io, available: false}",
)];

/// Carries `load ...` out and gives the exit code.
pub fn run(args: &[String], stdin: Option<&str>, world: &mut World, session: &Session, out: &mut Output) -> u8 {
    match begin(args, stdin, world, session, out) {
        Ok(()) => 0,
        Err(why) => {
            out.err(format!("load: {why}"));
            1
        }
    }
}

const USAGE: &str = "usage: load metrics FILE [-n NAMESPACE]";

fn begin(
    args: &[String],
    stdin: Option<&str>,
    world: &mut World,
    session: &Session,
    out: &mut Output,
) -> Result<(), String> {
    let namespace = option(args, &["-n", "--namespace"]).unwrap_or(&session.namespace);
    match args.first().map(String::as_str) {
        Some("metrics") => metrics(plain(args).get(1).copied(), namespace, stdin, world, session, out),
        _ => Err(USAGE.to_owned()),
    }
}

/// The value behind one of some flags.
fn option<'a>(args: &'a [String], names: &[&str]) -> Option<&'a str> {
    let with_sign = |arg: &'a String| names.iter().find_map(|name| arg.strip_prefix(name)?.strip_prefix('='));
    let behind = || {
        let place = args.iter().position(|arg| names.contains(&arg.as_str()))?;
        args.get(place + 1).map(String::as_str)
    };
    args.iter().find_map(with_sign).or_else(behind)
}

/// The words that are neither flags nor their values.
fn plain(args: &[String]) -> Vec<&str> {
    let mut words = Vec::new();
    let mut skip = false;
    for arg in args {
        if std::mem::take(&mut skip) {
            continue;
        }
        match arg.starts_with('-') && arg.len() > 1 {
            true => skip = !arg.contains('='),
            false => words.push(arg.as_str()),
        }
    }
    words
}

fn metrics(
    file: Option<&str>,
    namespace: &str,
    stdin: Option<&str>,
    world: &mut World,
    session: &Session,
    out: &mut Output,
) -> Result<(), String> {
    let text = match (file, stdin) {
        (Some("-"), Some(text)) => text,
        (Some(file), _) => session.file(file).ok_or_else(|| format!("{file}: no such file"))?,
        (None, _) => return Err("load metrics FILE: which file?".to_owned()),
    };
    let mut given = Vec::new();
    for document in yaml::parse(text) {
        if let Some(fault) = &document.error {
            return Err(format!("{}: {}", file.unwrap_or("-"), fault.message));
        }
        if let Some(root) = document.root {
            given.extend(feed::read(&root.to_value(), world.now(), namespace)?);
        }
    }
    let count = given.len();
    world.give_metrics(given);
    let what = if count == 1 { "1 value is".to_owned() } else { format!("{count} values are") };
    out.line(format!("{what} given in place of measured ones"));
    Ok(())
}
