//! `kubectl exec`: a command in a container, or a shell of it that the terminal is in from then on.

use ecow::EcoString;

use super::containers::{default_container, find};
use super::Verb;
use crate::api::Status;
use crate::base::time::Span;
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::kubectl::session::{Inside, Shell};

/// Its row.
pub static VERB: Verb = Verb { name: "exec", run: Some(run), ..super::PLAIN };

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
    if call.line.dash.is_none() {
        let text = "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead";
        return Err(Failure::Usage(text.to_owned()));
    }
    let (pod, _) = super::machine::pod_of(call, name)?;
    call.authorize("create", pod.kind, "exec", pod.namespace(), pod.name())?;
    if pod.at("spec.nodeName").is_empty() {
        let text = format!("unable to upgrade connection: pod {} does not have a host assigned", pod.name());
        return Err(error(text));
    }
    let container = match call.line.get("container") {
        Some(container) => container.to_owned(),
        None => default_container(call, &pod),
    };
    if find(&pod, &container).is_none() {
        let text = format!("container {container} is not valid for pod {}", pod.name());
        return Err(Status::bad_request(text).into());
    }
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let runs = lists
        .iter()
        .flat_map(|list| pod.status().get(list).list())
        .any(|s| s.get("name").str() == container && !s.at("state.running").is_null());
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
    if let Some(why) = crate::kubectl::faults::unreachable(call.world, &pod) {
        return Err(Failure::Plain(format!("Error from server: error dialing backend: {why}")));
    }
    let words: Vec<EcoString> = command.iter().map(EcoString::from).collect();
    let fed = call.stdin.take().filter(|_| call.line.is("stdin"));
    let opens = call.line.is("stdin") && fed.is_none() && is_shell(&words);
    let input = if opens { Some(String::new()) } else { fed };
    let id = match call.world.begin_command(&pod.key(), &container, words.clone(), input) {
        Some(Ok(id)) => id,
        Some(Err(why)) => return Err(error(format!("{REFUSED}{why}"))),
        None => return Err(error(format!("unable to upgrade connection: container not found (\"{container}\")"))),
    };
    if opens {
        let inside = Inside { pod: pod.key(), container, remove: false, resumes: false };
        let node = pod.name().to_owned();
        call.session.shells.push(Shell { node, pod: None, inner: false, inside: Some(inside), command: Some(id) });
        return Ok(Run::Done(0));
    }
    Ok(Run::Wait(Box::new(Executing { id, is_line: false })))
}

/// What stands before the reason for which a command cannot be started.
const REFUSED: &str = "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: ";

/// `sh`, without anything to run.
fn is_shell(words: &[EcoString]) -> bool {
    let name = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    matches!(name, "sh" | "bash" | "ash") && words.iter().skip(1).all(|word| word.starts_with('-') && word != "-c")
}

/// A command in a container, until it ends.
pub struct Executing {
    /// Its number.
    pub id: u64,
    /// True for a line of a shell that goes on afterwards.
    pub is_line: bool,
}

impl Waiting for Executing {
    fn interrupt(&mut self, world: &mut World, _: &mut Output) {
        if self.is_line {
            world.feed_command(self.id, ":");
            world.continue_command(self.id);
        } else {
            world.drop_command(self.id);
        }
    }

    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        let progress = world.continue_command(self.id);
        for (_, channel, text) in &progress.prints {
            match channel {
                2 => out.err(text.trim_end_matches('\n')),
                _ => out.out(text),
            }
        }
        match progress.code {
            None => Poll::Pending(Some(progress.due.unwrap_or(world.now() + Span::secs(1)))),
            Some(code) if code == 0 || self.is_line => Poll::Done(code as u8),
            Some(code) => {
                out.err(format!("command terminated with exit code {code}"));
                Poll::Done(code as u8)
            }
        }
    }
}
