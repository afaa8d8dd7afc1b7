//! `kubectl debug node/NAME`: a pod on a node, with the node's own network, and a shell in it.

use super::change::create;
use super::Verb;
use crate::api::{kind, Object, ObjectKey};
use crate::base::draw;
use crate::base::time::{SimTime, Span};
use crate::cluster::World;
use crate::kubectl::call::{Call, DryRun, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::error;
use crate::kubectl::node_shell;
use crate::kubectl::output::Output;
use crate::kubectl::session::Shell;
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "debug", run: Some(run), ..super::PLAIN };

/// How long kubectl waits for the pod before it gives up.
const PATIENCE: Span = Span::secs(60);

fn run(call: &mut Call<'_>) -> Outcome {
    if call.line.text("image").is_empty() {
        return Err(error("you must specify --image when not using --copy-to."));
    }
    let split = call.line.dash.unwrap_or(call.line.args.len());
    let (names, command) = call.line.args.split_at(split.min(call.line.args.len()));
    let (names, command) = (names.to_vec(), command.to_vec());
    let node = match names.as_slice() {
        [one] => one.strip_prefix("node/").or_else(|| one.strip_prefix("nodes/")).or_else(|| one.strip_prefix("no/")),
        _ => return Err(error("NAME is required for debug")),
    };
    let Some(node) = node.map(str::to_owned) else {
        return Err(error("Kubottle debugs nodes only: kubectl debug node/NAME -it --image=IMAGE"));
    };
    call.get(kind("Node"), "", &node)?;
    let namespace = call.namespace();
    let pod = debugger(call, &node, &command);
    let key = ObjectKey::new(namespace.as_str(), pod.name());
    let text = format!("Creating debugging pod {} with container debugger on node {node}.", pod.name());
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

/// Models staging/src/k8s.io/kubectl/pkg/cmd/debug generateNodeDebugPod with the profile general.
fn debugger(call: &Call<'_>, node: &str, command: &[String]) -> Object {
    const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let seed = call.world.settings().seed;
    let letter = |n: u64| SAFE[draw::below(seed, "debugger", node, call.world.now().0 + n, 27) as usize] as char;
    let suffix: String = (0..5).map(letter).collect();
    let mut pod = Object::new(kind("Pod"), &call.namespace(), &format!("node-debugger-{node}-{suffix}"));
    pod.set("metadata.labels", value!({"app.kubernetes.io/managed-by": "kubectl-debug"}));
    let mut container = value!({
        "name": "debugger", "image": (call.line.text("image")), "resources": {},
        "terminationMessagePolicy": "File", "volumeMounts": [{"mountPath": "/host", "name": "host-root"}]
    });
    if let Some(policy) = call.line.get("image-pull-policy") {
        container.set("imagePullPolicy", policy);
    }
    if call.line.is("stdin") {
        container.set("stdin", true);
    }
    if call.line.is("tty") {
        container.set("tty", true);
    }
    if !command.is_empty() {
        let words: crate::api::Value = command.iter().map(|word| word.as_str().into()).collect();
        container.set("command", words);
    }
    pod.set(
        "spec",
        value!({
            "nodeName": node, "restartPolicy": "Never", "hostNetwork": true, "hostPID": true, "hostIPC": true,
            "tolerations": [{"operator": "Exists"}], "containers": [(container)],
            "volumes": [{"name": "host-root", "hostPath": {"path": "/", "type": ""}}]
        }),
    );
    pod
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
