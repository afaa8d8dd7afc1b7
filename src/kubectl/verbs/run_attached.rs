//! `kubectl run -i`, `-t` and `--rm`: what follows once the pod is there. A command's output is shown until it ends; a shell
//! takes the terminal over until `exit`.

use crate::api::{Object, ObjectKey};
use crate::base::time::{SimTime, Span};
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::kubectl::session::{Inside, Shell};
use crate::kubelet::logs;
use crate::store::plan::DeleteOptions;

/// How long kubectl waits for the pod to run (`--pod-running-timeout`).
const PATIENCE: Span = Span::secs(60);

/// True where the terminal is attached to the pod.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/run Run, the checks of its flags.
pub(super) fn wanted(call: &Call<'_>) -> Result<bool, Failure> {
    let (stdin, tty) = (call.line.is("stdin"), call.line.is("tty"));
    if tty && !stdin {
        return Err(error("-i/--stdin is required for containers with -t/--tty=true"));
    }
    let attach = call.line.is("attach") || stdin;
    if call.line.is("rm") && !attach {
        return Err(error("--rm should only be used for attached containers"));
    }
    Ok(attach)
}

/// True for a command that is nothing but a shell.
pub(super) fn is_shell(words: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return true };
    let name = first.rsplit('/').next().unwrap_or(first);
    let plain = rest.iter().all(|word| matches!(word.as_str(), "-i" | "-l" | "-il"));
    matches!(name, "sh" | "bash" | "ash") && plain
}

/// Goes on with a pod that was created.
pub(super) fn go_on(call: &mut Call<'_>, pod: &Object, words: &[String]) -> Outcome {
    let key = pod.key();
    let image = crate::workload::images::find(pod.at("spec.containers").index(0).get("image").str());
    let shell = is_shell(words) && (!words.is_empty() || image.is_some_and(|image| image.shell));
    let remove = call.line.is("rm");
    if shell {
        let container = pod.at("spec.containers").index(0).get("name").str().to_owned();
        let inside = Inside { pod: key.clone(), container, remove, resumes: true };
        call.session.shells.push(Shell {
            node: pod.name().to_owned(),
            pod: None,
            inner: false,
            inside: Some(inside),
            command: None,
        });
    }
    let prompt = call.line.is("stdin") && !call.line.is("quiet");
    let until = call.world.now() + PATIENCE;
    let because = call.because();
    Ok(Run::Wait(Box::new(Attached { key, until, prompt, shell, remove, seen: 0, because })))
}

/// Waits for the pod and shows what it prints.
struct Attached {
    key: ObjectKey,
    until: SimTime,
    prompt: bool,
    shell: bool,
    remove: bool,
    seen: usize,
    because: std::sync::Arc<crate::store::Because>,
}

impl Waiting for Attached {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        let Some(pod) = world.store().get("Pod", &self.key).cloned() else { return Poll::Done(1) };
        let phase = pod.at("status.phase").str().to_owned();
        let over = matches!(phase.as_str(), "Succeeded" | "Failed");
        if phase == "Pending" {
            if world.now() < self.until {
                return Poll::Pending(Some(self.until));
            }
            out.err("error: timed out waiting for the condition");
            return Poll::Done(1);
        }
        if std::mem::take(&mut self.prompt) && self.shell {
            out.err("If you don't see a command prompt, try pressing enter.");
        }
        if self.shell {
            return Poll::Done(0);
        }
        let container = pod.at("spec.containers").index(0).get("name").str();
        let run = world.pod_runtime(pod.uid());
        let lines = run.and_then(|run| logs(run, container, false, world.now(), world.settings())).unwrap_or_default();
        for line in lines.iter().skip(self.seen) {
            out.line(&line.text);
        }
        self.seen = lines.len();
        let status = pod.at("status.containerStatuses").index(0);
        let ended = over || status.get("restartCount").int() > 0;
        if !ended {
            return Poll::Pending(Some(world.now() + Span::millis(500)));
        }
        let code = status.at("state.terminated.exitCode").int() as u8;
        if self.remove {
            let because = self.because.clone();
            let options = DeleteOptions::default();
            let (key, kind) = (self.key.clone(), pod.kind);
            if world.request(|server| server.delete(kind, &key, pod.uid(), options, &because)).is_ok() {
                out.line(format!("pod \"{}\" deleted from {} namespace", self.key.name, self.key.namespace));
            }
        }
        if phase == "Failed" {
            out.err(format!("pod {}/{} terminated (Error)", self.key.namespace, self.key.name));
        }
        Poll::Done(code)
    }
}
