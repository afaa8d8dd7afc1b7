//! The terminal at a container: `kubectl attach`, and what follows `kubectl run -i` and `kubectl debug -i` once the container
//! is there. What a command prints is shown until it ends; a shell takes the terminal over until `exit`.

use super::containers::{default_container, find};
use super::machine::pod_of;
use super::{logs, Verb};
use crate::api::{Object, ObjectKey, Status, Value};
use crate::base::time::{SimTime, Span};
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::error;
use crate::kubectl::output::Output;
use crate::kubectl::session::{Inside, Shell};
use crate::kubelet;
use crate::store::plan::DeleteOptions;
use crate::workload::images;

/// The row of attach.
pub static VERB: Verb = Verb { name: "attach", run: Some(attach), ..super::PLAIN };

/// How long a command must have run before it is told that the terminal is at it: one that ends before has ended by the
/// time kubectl comes to it.
const SETTLED: Span = Span::millis(300);

/// Waits for a container, and shows what it prints.
pub(super) struct Attached {
    key: ObjectKey,
    uid: String,
    container: String,
    shell: bool,
    tty: bool,
    /// When it is given up where the container does not run by then.
    pub until: Option<SimTime>,
    /// True while it is still to be said that a terminal is at the container.
    pub notices: bool,
    /// True where the pod goes with the command.
    pub remove: bool,
    /// True where the pod's end is waited for, and its exit code taken.
    pub waits_for_end: bool,
    seen: usize,
    restarts: Option<i64>,
    was_attached: bool,
    /// Why the container waits, as it was said last.
    said: String,
    because: std::sync::Arc<crate::store::Because>,
}

/// True for a container whose process is a shell that waits for lines.
pub(super) fn shell_of(container: &Value) -> bool {
    let words: Vec<&str> =
        ["command", "args"].iter().flat_map(|list| container.get(list).list()).map(Value::str).collect();
    let Some((first, rest)) = words.split_first() else {
        return images::find(container.get("image").str()).is_some_and(|image| image.shell && !image.bare);
    };
    let name = first.rsplit('/').next().unwrap_or(first);
    matches!(name, "sh" | "bash" | "ash") && rest.iter().all(|word| matches!(*word, "-i" | "-l" | "-il"))
}

impl Attached {
    /// Of a container of a pod.
    pub fn new(call: &Call<'_>, pod: &Object, container: &str, shell: bool) -> Attached {
        Attached {
            key: pod.key(),
            uid: pod.uid().to_owned(),
            container: container.to_owned(),
            shell,
            tty: call.line.is("tty"),
            until: None,
            notices: true,
            remove: false,
            waits_for_end: false,
            seen: 0,
            restarts: None,
            was_attached: false,
            said: String::new(),
            because: call.because(),
        }
    }

    /// The terminal is in the container's shell from now on.
    pub fn enter(&self, call: &mut Call<'_>, remove: bool) {
        let inside = Inside { pod: self.key.clone(), container: self.container.clone(), remove, resumes: true };
        let node = self.key.name.to_string();
        call.session.shells.push(Shell { node, pod: None, inner: false, inside: Some(inside), command: None });
    }

    /// Prints what is new in the container's log.
    fn print(&mut self, world: &World, out: &mut Output) {
        let run = world.pod_runtime(&self.uid);
        let lines = run.and_then(|run| kubelet::logs(run, &self.container, false, world.now(), world.settings()));
        let lines = lines.unwrap_or_default();
        for line in lines.iter().skip(self.seen) {
            out.line(&line.text);
        }
        self.seen = lines.len();
    }

    fn say_that_it_is_attached(&mut self, world: &World, out: &mut Output) {
        let run = world.pod_runtime(&self.uid).filter(|run| run.runs_at(&self.container, world.now()));
        let since = run.and_then(|run| run.runs_since(&self.container));
        let settled = self.shell || since.is_some_and(|since| world.now().since(since) >= SETTLED);
        if settled && !self.was_attached {
            self.was_attached = true;
            if self.notices {
                out.err("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.");
                out.err("If you don't see a command prompt, try pressing enter.");
            }
        }
    }

    /// What remains to be done once the container has ended.
    fn end(&self, pod: &Object, code: i64, world: &mut World, out: &mut Output) -> Poll {
        if self.was_attached && self.notices && self.tty {
            out.line(session_ended(pod, &self.container));
        }
        if self.remove {
            let (because, options, key) = (self.because.clone(), DeleteOptions::default(), self.key.clone());
            if world.request(|server| server.delete(pod.kind, &key, pod.uid(), options, &because)).is_ok() {
                out.line(format!("pod \"{}\" deleted from {} namespace", self.key.name, self.key.namespace));
            }
        }
        if !self.waits_for_end {
            return Poll::Done(0);
        }
        if code != 0 {
            out.err(format!("pod {}/{} terminated (Error)", self.key.namespace, self.key.name));
        }
        Poll::Done(code as u8)
    }
}

/// What kubectl says when the terminal leaves a container.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/attach reattachMessage.
pub(in crate::kubectl) fn session_ended(pod: &Object, container: &str) -> String {
    let again = format!("kubectl attach {} -c {container} -n {} -i -t", pod.name(), pod.namespace());
    let ephemeral = pod.at("spec.ephemeralContainers").list().iter().any(|c| c.get("name").str() == container);
    match ephemeral {
        true => format!("Session ended, the ephemeral container will not be restarted but may be reattached using '{again}' if it is still running"),
        false => format!("Session ended, resume using '{again}' command"),
    }
}

/// The status of a container, whichever list it stands in.
fn status_of<'a>(pod: &'a Object, container: &str) -> &'a Value {
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut all = lists.iter().flat_map(|list| pod.status().get(list).list());
    all.find(|status| status.get("name").str() == container).unwrap_or(&Value::Null)
}

impl Waiting for Attached {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        let Some(pod) = world.store().get("Pod", &self.key).filter(|pod| pod.uid() == self.uid).cloned() else {
            return Poll::Done(1);
        };
        let status = status_of(&pod, &self.container);
        let over = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        let state = status.get("state");
        let restarts = status.get("restartCount").int();
        let begun = !state.get("running").is_null() || !state.get("terminated").is_null() || restarts > 0;
        if !begun && !over {
            let why = state.at("waiting.message").str();
            if self.until.is_none() && !why.is_empty() && why != self.said {
                self.said = why.to_owned();
                out.warn(&format!("container {}: {why}", self.container));
            }
            return match self.until.filter(|until| world.now() >= *until) {
                None => Poll::Pending(self.until.or(Some(world.now() + Span::secs(5)))),
                Some(_) => {
                    out.err("error: timed out waiting for the condition");
                    Poll::Done(1)
                }
            };
        }
        if state.get("terminated").is_null() {
            self.say_that_it_is_attached(world, out);
        }
        if self.shell {
            return Poll::Done(0);
        }
        self.print(world, out);
        let first = *self.restarts.get_or_insert(restarts);
        let ended = over || !state.get("terminated").is_null() || restarts > first;
        if !ended || self.waits_for_end && !over {
            return Poll::Pending(Some(world.now() + Span::millis(300)));
        }
        let code = state.at("terminated.exitCode").int();
        self.end(&pod, code, world, out)
    }

    /// In a terminal of its own a process hears of Ctrl-C itself.
    fn interrupt(&mut self, world: &mut World, out: &mut Output) {
        let Some(pod) = world.store().get("Pod", &self.key).cloned() else { return };
        if self.tty {
            world.end_process(&self.key, &self.container, 130);
            self.end(&pod, 130, world, out);
        }
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/attach AttachOptions.Run.
fn attach(call: &mut Call<'_>) -> Outcome {
    let [name] = call.line.args.as_slice() else {
        let args = &call.line.args;
        return Err(error(match args.len() {
            0 => "at least 1 argument is required for attach".to_owned(),
            n => format!("expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {n}: [{}]", args.join(" ")),
        }));
    };
    let (pod, _) = pod_of(call, name)?;
    let phase = pod.at("status.phase").str();
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(error(format!("cannot attach a container in a completed pod; current phase is {phase}")));
    }
    let container = match call.line.get("container") {
        Some(name) => name.to_owned(),
        None => default_container(call, &pod),
    };
    let Some(spec) = find(&pod, &container) else {
        return Err(error(format!(
            "cannot attach to the container: container {container} not found in pod {}",
            pod.name()
        )));
    };
    call.authorize("create", pod.kind, "attach", pod.namespace(), pod.name())?;
    let running = !status_of(&pod, &container).at("state.running").is_null();
    if !running {
        let text = format!("container {container} not found in pod {}_{}", pod.name(), pod.namespace());
        let status = Status { message: format!("unable to upgrade connection: {text}"), ..Status::bad_request("") };
        return Err(error(status.message));
    }
    let quiet = call.line.is("quiet");
    if call.line.is("tty") && !spec.get("tty").bool() {
        if !quiet {
            call.out.err(format!("error: Unable to use a TTY - container {container} did not allocate one"));
        }
        call.line.forget("tty");
    }
    let shell = shell_of(spec) && spec.get("stdin").bool() && call.line.is("stdin");
    let mut attached = Attached::new(call, &pod, &container, shell);
    attached.notices = !quiet;
    if shell {
        attached.enter(call, false);
        return Ok(Run::Wait(Box::new(attached)));
    }
    attached.say_that_it_is_attached(call.world, call.out);
    call.line.args = vec![pod.name().to_owned()];
    call.line.give("container", &container);
    call.line.give("follow", "true");
    call.line.give("tail", "0");
    logs::run(call)
}
