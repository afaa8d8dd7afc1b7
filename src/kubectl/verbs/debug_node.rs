//! `kubectl debug node/NAME`: a pod on a node, with the node's own network, and a shell in it.

use super::change::create;
use super::debug::{profile, suffix};
use super::debug_pod::{customize, from_flags};
use super::debug_profile::{apply, Style};
use crate::api::{kind, Object, ObjectKey};
use crate::base::time::{SimTime, Span};
use crate::cluster::World;
use crate::kubectl::call::{Call, DryRun, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::Failure;
use crate::kubectl::node_shell;
use crate::kubectl::output::Output;
use crate::kubectl::session::Shell;
use crate::value;

/// How long kubectl waits for the pod before it gives up.
const PATIENCE: Span = Span::secs(60);

/// Debugs a node.
pub(super) fn go_on(call: &mut Call<'_>, node: &Object, command: &[String]) -> Outcome {
    let (node, command) = (node.name().to_owned(), command.to_vec());
    let namespace = call.namespace();
    let pod = debugger(call, &node, &command)?;
    let key = ObjectKey::new(namespace.as_str(), pod.name());
    let name = pod.at("spec.containers").index(0).get("name").str();
    let text = format!("Creating debugging pod {} with container {name} on node {node}.", pod.name());
    create(call, pod, DryRun::No)?;
    if !call.line.is("quiet") {
        call.out.line(text);
    }
    let attached = call.line.is("stdin") || call.line.is("attach");
    if !attached {
        return Ok(Run::Done(0));
    }
    let mut after = None;
    if command.is_empty() || is_shell(&command) {
        call.session.shells.push(Shell { node, pod: Some(key.clone()), inner: false, inside: None, command: None });
    } else {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let words = match words.as_slice() {
            ["chroot", _, rest @ ..] => rest,
            words => words,
        };
        let mut out = Output::default();
        let run = node_shell::command(&node, words, call.world, call.session, &mut out);
        after = Some((run.unwrap_or(Run::Done(127)), out));
    }
    let (until, prompt) = (call.world.now() + PATIENCE, after.is_none() && !call.line.is("quiet"));
    Ok(Run::Wait(Box::new(Attach { key, until, prompt, after })))
}

fn is_shell(command: &[String]) -> bool {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let words = match words.as_slice() {
        ["chroot", _, rest @ ..] => rest,
        words => words,
    };
    matches!(words, [] | ["sh" | "bash" | "/bin/sh" | "/bin/bash"])
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/debug generateNodeDebugPod.
fn debugger(call: &Call<'_>, node: &str, command: &[String]) -> Result<Object, Failure> {
    let name = match call.line.text("container") {
        "" => "debugger",
        name => name,
    };
    let mut pod = Object::new(kind("Pod"), &call.namespace(), &format!("node-debugger-{node}-{}", suffix(call, node)));
    pod.set("metadata.labels", value!({"app.kubernetes.io/managed-by": "kubectl-debug"}));
    let mut container = value!({"name": name, "resources": {}, "terminationMessagePolicy": "File"});
    from_flags(call, &mut container, command);
    pod.set(
        "spec",
        value!({
            "nodeName": node, "restartPolicy": "Never", "tolerations": [{"operator": "Exists"}],
            "containers": [(container)]
        }),
    );
    apply(profile(call), Style::Node, &mut pod.value, name, &call.line);
    customize(call, &mut pod.value, "containers", name)?;
    Ok(pod)
}

/// Waits for the pod to run, then prints what its command does.
struct Attach {
    key: ObjectKey,
    until: SimTime,
    prompt: bool,
    after: Option<(Run, Output)>,
}

impl Waiting for Attach {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        let phase = world.store().get("Pod", &self.key).map(|pod| pod.at("status.phase").str().to_owned());
        let begun = matches!(phase.as_deref(), Some("Running" | "Succeeded" | "Failed"));
        if !begun && world.now() < self.until {
            return Poll::Pending(Some(self.until));
        }
        if !begun {
            out.err("error: timed out waiting for the condition");
            return Poll::Done(1);
        }
        if std::mem::take(&mut self.prompt) {
            out.err("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.");
            out.err("If you don't see a command prompt, try pressing enter.");
        }
        let Some((run, held)) = &mut self.after else { return Poll::Done(0) };
        for (stream, text) in held.take() {
            match stream {
                crate::kubectl::Stream::Out => out.out(text),
                crate::kubectl::Stream::Err => out.err(text.trim_end_matches('\n')),
            }
        }
        match run {
            Run::Done(code) => Poll::Done(*code),
            Run::Wait(waiting) => waiting.poll(world, out),
        }
    }
}
