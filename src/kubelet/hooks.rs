//! Hooks: what runs right after a container has started and right before it is told to end.

use ecow::EcoString;

use super::Sync;
use crate::api::Value;
use crate::base::time::{SimTime, Span};
use crate::workload::Request;

/// What came of a hook: how long it took, and why it failed.
struct Hooked {
    took: Span,
    failure: Option<String>,
}

impl Sync<'_> {
    /// Models pkg/kubelet/lifecycle handlerRunner.Run.
    fn run_hook(&mut self, i: usize, hook: &Value, at_most: Span) -> Hooked {
        let container = self.run.containers[i].name.clone();
        let pod = self.pod_words();
        if let Some(seconds) = hook.at("sleep.seconds").opt_int() {
            return Hooked { took: Span::secs(seconds.max(0) as u64).min(at_most), failure: None };
        }
        let command = hook.at("exec.command").list().to_vec();
        if !command.is_empty() {
            let ran = self.run_command(i, &command, at_most);
            let words: Vec<&str> = command.iter().map(Value::str).collect();
            let failure = (ran.code != 0).then(|| {
                let words = words.join(" ");
                format!(
                    "Exec lifecycle hook ([{words}]) for Container \"{container}\" in Pod \"{pod}\" failed - error: command '{words}' exited with {}: {}, message: \"{}\"",
                    ran.code, ran.output, ran.output.escape_default()
                )
            });
            return Hooked { took: ran.took, failure };
        }
        let get = hook.get("httpGet");
        if get.is_null() {
            return Hooked { took: Span::ZERO, failure: None };
        }
        let object = self.run.object.clone();
        let port = super::probe_requests::port_number(self.run.containers[i].spec(&object), get.get("port"));
        let host = if get.get("host").is_empty() { self.run.ip.as_str() } else { get.get("host").str() };
        let path = if get.get("path").is_empty() { "/" } else { get.get("path").str() };
        let request =
            Request { method: "GET".to_owned(), host: host.to_owned(), path: path.to_owned(), ..Request::default() };
        let answered = self.ask(&object, port, &request).is_some_and(|response| response.status < 400);
        let failure = (!answered).then(|| {
            format!("HTTP lifecycle hook ({path}) for Container \"{container}\" in Pod \"{pod}\" failed - error: Get \"http://{host}:{port}{path}\": dial tcp {host}:{port}: connect: connection refused")
        });
        Hooked { took: Span::millis(5), failure }
    }

    /// `web_default(UID)`.
    pub(super) fn pod_words(&self) -> String {
        format!("{}_{}({})", self.pod.key.name, self.pod.key.namespace, self.pod.uid)
    }

    /// Begins with the hook of a container that has just started; the container is seen running when it is over.
    pub(super) fn begin_hook(&mut self, i: usize) {
        let pod = self.run.object.clone();
        let hook = self.run.containers[i].spec(&pod).at("lifecycle.postStart").clone();
        if hook.is_null() {
            return;
        }
        let hooked = self.run_hook(i, &hook, Span::secs(3_600));
        if hooked.failure.is_none() && hooked.took < Span::millis(100) {
            return;
        }
        self.run.containers[i].hook = Some((self.now + hooked.took, hooked.failure.map(EcoString::from)));
    }

    /// Ends hooks whose time is over.
    ///
    /// Models pkg/kubelet/kuberuntime startContainer: a container whose hook fails is stopped.
    pub(super) fn end_hooks(&mut self) {
        for i in 0..self.run.containers.len() {
            let Some((until, failure)) = self.run.containers[i].hook.clone().filter(|(until, _)| *until <= self.now)
            else {
                continue;
            };
            let _: SimTime = until;
            self.run.containers[i].hook = None;
            self.changed = true;
            if let Some(why) = failure.filter(|_| self.run.containers[i].is_running()) {
                self.note(i, "Warning", "FailedPostStartHook", "PostStartHook failed");
                self.stop_container(i, self.grace_seconds(), "FailedPostStartHook".to_owned());
                self.run.containers[i].held = Some(("PostStartHookError", why));
            }
        }
    }

    /// Runs the preStop hook of a container; gives how long it takes.
    pub(super) fn pre_stop(&mut self, i: usize, grace: Span) -> Span {
        let pod = self.run.object.clone();
        let hook = self.run.containers[i].spec(&pod).at("lifecycle.preStop").clone();
        if hook.is_null() || grace == Span::ZERO {
            return Span::ZERO;
        }
        let hooked = self.run_hook(i, &hook, grace);
        if hooked.failure.is_some() && hooked.took < grace {
            self.note(i, "Warning", "FailedPreStopHook", "PreStopHook failed");
        }
        hooked.took
    }
}
