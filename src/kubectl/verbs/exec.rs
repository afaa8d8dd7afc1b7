//! `kubectl exec`: the network's tools and a few files, from inside a pod. Containers hold no real programs.

use super::{Group, Verb};
use crate::api::{kind, Object};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::flags::{switch, value};
use crate::kubectl::network;
use crate::kubectl::resources::resource_kind;
use crate::network::Source;

/// Its row.
pub static VERB: Verb = Verb {
    name: "exec",
    group: Group::Troubleshooting,
    summary: "Execute a command in a container",
    usage: "kubectl exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    flags: &[
        switch("stdin", "Pass the terminal's input on").short('i'),
        switch("tty", "Give it a terminal").short('t'),
        switch("quiet", "Print less").short('q'),
        value("container", "Which container").short('c'),
    ],
    run: Some(run),
    ..super::PLAIN
};

fn run(call: &mut Call<'_>) -> Outcome {
    let split = call.line.dash.unwrap_or(call.line.args.len().min(1));
    let (names, command) = call.line.args.split_at(split);
    let (names, command) = (names.to_vec(), command.to_vec());
    let [name] = names.as_slice() else {
        return Err(error("pod, type/name or --filename must be specified"));
    };
    if command.is_empty() {
        return Err(error("you must specify at least one command for the container"));
    }
    let pod = pod_of(call, name)?;
    if pod.at("spec.nodeName").is_empty() {
        let text = format!("unable to upgrade connection: pod {} does not have a host assigned", pod.name());
        return Err(error(text));
    }
    let container = match call.line.get("container") {
        Some(container) => container.to_owned(),
        None => pod.at("spec.containers").index(0).get("name").str().to_owned(),
    };
    let statuses = pod.at("status.containerStatuses").list();
    let runs = statuses.iter().any(|s| s.get("name").str() == container && !s.at("state.running").is_null());
    if !runs {
        let (name, namespace) = (pod.name(), pod.namespace());
        let text = format!("unable to upgrade connection: container not found (\"{container}\")");
        return match pod.at("status.phase").str() {
            "Succeeded" | "Failed" => Err(error(format!(
                "cannot exec into a container in a completed pod; current phase is {} ({namespace}/{name})",
                pod.at("status.phase").str()
            ))),
            _ => Err(error(text)),
        };
    }
    let words = unwrapped(command);
    let source = Source::Pod(pod.key());
    if let Some(run) = network::run_at(source, &words, call.world, call.session) {
        return Ok(run);
    }
    inside(call, &pod, &container, &words)
}

fn pod_of(call: &mut Call<'_>, name: &str) -> Result<Object, Failure> {
    let namespace = call.namespace();
    let Some((resource, name)) = name.split_once('/') else {
        return call.get(kind("Pod"), &namespace, name);
    };
    let owner = call.get(resource_kind(resource)?, &namespace, name)?;
    if owner.kind.kind == "Pod" {
        return Ok(owner);
    }
    let selector = owner.at("spec.selector");
    let chosen = call.world.store().list("Pod", &namespace).find(|pod| match owner.kind.kind {
        "Service" => crate::api::selector::matches_pairs(selector, pod.labels()),
        _ => crate::api::selector::matches(selector, pod.labels()),
    });
    chosen.cloned().ok_or_else(|| error(format!("timed out waiting for the condition on {}", owner.name())))
}

/// `sh -c "curl x"` as `curl x`.
fn unwrapped(words: Vec<String>) -> Vec<String> {
    let shell =
        words.first().is_some_and(|word| word.rsplit('/').next().is_some_and(|name| matches!(name, "sh" | "bash")));
    match words.as_slice() {
        [_, flag, script] if shell && flag == "-c" => script.split_whitespace().map(str::to_owned).collect(),
        _ => words,
    }
}

/// The few commands that say something about the container itself.
fn inside(call: &mut Call<'_>, pod: &Object, container: &str, words: &[String]) -> Outcome {
    let name = words.first().map_or("", String::as_str);
    match name {
        "hostname" => call.out.line(pod.name()),
        "echo" => call.out.line(words[1..].join(" ")),
        "true" | "sleep" => {}
        "date" => {
            let now = call.world.timestamp().rfc1123z();
            call.out.line(now);
        }
        "env" | "printenv" => {
            call.out.line(format!("HOSTNAME={}", pod.name()));
            let containers = pod.at("spec.containers").list();
            let variables =
                containers.iter().filter(|c| c.get("name").str() == container).flat_map(|c| c.get("env").list());
            for variable in variables.filter(|variable| variable.get("valueFrom").is_null()) {
                call.out.line(format!("{}={}", variable.get("name").str(), variable.get("value").str()));
            }
        }
        _ => {
            call.out.err(format!("error: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: \"{name}\": executable file not found in $PATH"));
            return Ok(Run::Done(127));
        }
    }
    Ok(Run::Done(0))
}
