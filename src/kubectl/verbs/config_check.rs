//! Where the configuration and the flags of a command lead: to the cluster, or to nothing that answers.

use super::config::{entry, PATH, SERVER};
use crate::cluster::World;
use crate::kubectl::dispatch::log_head;
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::flags::{is_own, Line};
use crate::kubectl::output::Output;
use crate::kubectl::Session;

/// How often a command asks a server for its groups before it gives up, if that is not five times.
const TRIES: &[(&str, u32)] = &[
    ("api-resources", 1),
    ("api-versions", 1),
    ("apply", 0),
    ("attach", 4),
    ("auth", 0),
    ("auth can-i", 2),
    ("cordon", 4),
    ("cp", 0),
    ("create", 0),
    ("debug", 4),
    ("diff", 1),
    ("drain", 4),
    ("events", 0),
    ("exec", 4),
    ("explain", 2),
    ("logs", 4),
    ("port-forward", 4),
    ("rollout", 4),
    ("run", 1),
    ("taint", 2),
    ("top", 0),
    ("uncordon", 4),
    ("version", 0),
    ("wait", 4),
];

/// Fails where flags ask for a context, cluster, user, file or server that does not exist.
pub fn check(line: &Line, command: &str, session: &Session, world: &World, out: &mut Output) -> Result<(), Failure> {
    let config = &session.config;
    let get = |name: &str| line.get(name).filter(|_| !is_own(command, name));
    if let Some(path) = get("kubeconfig").filter(|path| !path.is_empty() && *path != PATH) {
        if session.file(path).is_none() {
            return Err(error(format!("stat {path}: no such file or directory")));
        }
    }
    if let Some(name) = get("context").filter(|name| entry(config, "contexts", name).is_none()) {
        return Err(Failure::Plain(format!(
            "Error in configuration: context was not found for specified context: {name}"
        )));
    }
    if let Some(name) = get("cluster").filter(|name| entry(config, "clusters", name).is_none()) {
        return Err(error(format!("no server found for cluster \"{name}\"")));
    }
    if let Some(name) = get("user").filter(|name| entry(config, "users", name).is_none()) {
        return Err(error(format!("auth info \"{name}\" does not exist")));
    }
    if let Some(server) = get("server").filter(|server| *server != SERVER) {
        return Err(refused(server, command, line.has("raw"), world, out));
    }
    if get("token").is_some() {
        return Err(error("You must be logged in to the server (Unauthorized)"));
    }
    Ok(())
}

/// What is said of a server at which nothing listens: a message of the log for each time its groups were asked for.
fn refused(server: &str, command: &str, raw: bool, world: &World, out: &mut Output) -> Failure {
    let (scheme, rest) = server.split_once("://").unwrap_or(("http", server));
    let host = rest.split('/').next().unwrap_or(rest);
    let words = [command, command.split(' ').next().unwrap_or(command)];
    let row = words.iter().find_map(|word| TRIES.iter().find(|(name, _)| name == word));
    let tries = if raw { 0 } else { row.map_or(5, |row| row.1) };
    for _ in 0..tries {
        let dialled =
            format!("Get \\\"{scheme}://{host}/api?timeout=32s\\\": dial tcp {host}: connect: connection refused");
        let message = format!("err=\"couldn't get current server API group list: {dialled}\"");
        out.err(format!("{}memcache.go:265] \"Unhandled Error\" {message}", log_head('E', world)));
    }
    Failure::Plain(format!("The connection to the server {host} was refused - did you specify the right host or port?"))
}

/// Says that `--dry-run` with no value, or with one of a boolean, is an old form.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/util GetDryRunStrategy.
pub fn warn_of_dry_run(line: &Line, world: &World, out: &mut Output) {
    let old = |at: u32, form: &str, instead: &str| {
        format!("{}helpers.go:{at}] {form} and can be replaced with --dry-run={instead}.", log_head('W', world))
    };
    let boolean = |text: &str| format!("--dry-run={text} is deprecated (boolean value)");
    match line.get("dry-run") {
        Some("unchanged") => out.err(old(719, "--dry-run is deprecated", "client")),
        Some(text @ ("1" | "t" | "T" | "true" | "TRUE" | "True")) => out.err(old(733, &boolean(text), "client")),
        Some(text @ ("0" | "f" | "F" | "false" | "FALSE" | "False")) => out.err(old(736, &boolean(text), "none")),
        _ => {}
    }
}
