//! What a pod's processes reach through the network, and commands that somebody runs in a container.

use std::sync::Arc;

use ecow::EcoString;

use super::world::PodSlot;
use super::World;
use crate::api::{Object, ObjectKey, Value};
use crate::base::map::Map;
use crate::base::time::{SimTime, Span, Timestamp};
use crate::kubelet::{Outside, PodRuntime, Print, Surroundings};
use crate::network::http::Written;
use crate::network::resolver::{hosts_file_with, Resolver};
use crate::network::service_env::service_env;
use crate::network::tools::{self, Output};
use crate::network::trace::Outcome;
use crate::network::{self, HttpRequest, HttpResponse, Source, Trace};
use crate::store::{View, VolumeData};
use crate::workload::shell::{Process, Told};
use crate::workload::{self};

/// The network as pods have it at an instant.
pub(super) struct Network<'a> {
    pub view: View<'a>,
    pub state: &'a network::State,
    pub pods: &'a Map<EcoString, PodSlot>,
    /// The files as they are when somebody is asked for them.
    pub volumes: VolumeData,
    pub requests: &'a mut u64,
    /// When the container was started in which somebody looks around.
    pub started: SimTime,
    /// What was sent, and for how many like it each stands.
    pub traces: Vec<(Trace, u32)>,
}

/// What a pod's containers answer on a port; nothing where none of them listens there now.
pub(super) fn answer(
    view: &View,
    runtime: &PodRuntime,
    volumes: &VolumeData,
    (pod, container, port): (&Object, &str, u16),
    question: &HttpRequest,
) -> Option<HttpResponse> {
    let request = workload::Request {
        method: question.method.clone(),
        host: question.header("Host").to_owned(),
        path: question.path.clone(),
        client: question.peer.clone(),
        body: question.body.clone(),
        headers: question.headers.clone(),
    };
    let response = runtime.answer(view, volumes, pod, container, port, &request)?;
    let written = runtime.access(pod, port, &request, &response);
    let written = written.map(|(container, line)| Box::new(Written { uid: pod.uid().into(), container, line }));
    let (status, headers, body) = (response.status, response.headers, response.body);
    Some(HttpResponse { status, headers, body, took_us: 0, written })
}

impl Network<'_> {
    fn run(&mut self, pod: &Object, name: &str, args: &[String]) -> Option<Output> {
        if !tools::TOOLS.contains(&name) {
            return None;
        }
        *self.requests += 1;
        let respond = |pod: &Object, container: &str, port: u16, question: &HttpRequest| {
            let runtime = self.pods.get(pod.uid())?.runtime.as_deref()?;
            answer(&self.view, runtime, &self.volumes, (pod, container, port), question)
        };
        let context = tools::Context {
            view: &self.view,
            state: self.state,
            source: Source::Pod(pod.key()),
            n: *self.requests,
            respond: &respond,
        };
        tools::run(&context, name, args)
    }
}

impl Outside for Network<'_> {
    fn tool(&mut self, pod: &Object, words: &[EcoString], times: u32) -> Option<Told> {
        let args: Vec<String> = words.iter().skip(1).map(|word| word.to_string()).collect();
        let output = self.run(pod, words.first()?, &args)?;
        self.traces.extend(output.traces.into_iter().map(|trace| (trace, times)));
        Some(Told {
            stdout: output.stdout,
            stderr: output.stderr,
            code: output.exit_code,
            took: Span::micros(output.took_us),
            files: output.files,
        })
    }

    fn service_variables(&self, pod: &Object) -> Vec<(String, String)> {
        service_env(&self.view, pod, Timestamp::of(self.view.settings.epoch, self.started))
    }

    fn hosts_file(&self, pod: &Object, ip: &str) -> String {
        hosts_file_with(pod, ip)
    }

    fn resolver_file(&self, pod: &Object) -> String {
        Resolver::of_pod(&self.view, pod).text()
    }
}

/// So many requests of commands are kept for those who show them.
const KEPT_TRACES: usize = 100;

/// A command that runs in a container.
#[derive(Clone)]
pub(super) struct Command {
    id: u64,
    uid: EcoString,
    container: EcoString,
    /// The run of the container it began in: it ends with that.
    began: SimTime,
    process: Process,
}

/// How a command in a container goes on.
pub struct Progress {
    /// What it has printed since it was last asked.
    pub prints: Vec<Print>,
    /// Its exit code, where it has ended.
    pub code: Option<i32>,
    /// When it is to be asked again.
    pub due: Option<SimTime>,
}

impl World {
    /// Begins with a command in a running container and gives its number. None where the container does not run, an error
    /// where the command cannot be started.
    pub fn begin_command(
        &mut self,
        pod: &ObjectKey,
        container: &str,
        words: Vec<EcoString>,
        input: Option<String>,
    ) -> Option<Result<u64, String>> {
        let uid = EcoString::from(self.store.get("Pod", pod)?.uid());
        let runtime = self.pods.get(&uid)?.runtime.clone()?;
        let began = runtime.runs_since(container)?;
        let begun = self.within(&uid, &runtime, container, |around, variables, spec, now| {
            around.execute(words, variables, spec, now, input.map(EcoString::from))
        })?;
        Some(begun.0.map(|process| {
            let id = self.count_request();
            self.commands.push(Command { id, uid, container: container.into(), began, process });
            id
        }))
    }

    /// The requests that commands in containers have sent since somebody asked last.
    pub fn take_sent(&mut self) -> Vec<Trace> {
        std::mem::take(&mut self.sent)
    }

    /// A shell of a container takes its next line; false where it is gone.
    pub fn feed_command(&mut self, id: u64, line: &str) -> bool {
        let now = self.now;
        match self.commands.iter_mut().find(|command| command.id == id) {
            Some(command) => {
                command.process.feed(line, now);
                true
            }
            None => false,
        }
    }

    /// Ends a command, as somebody who hangs up does.
    pub fn drop_command(&mut self, id: u64) {
        self.commands.retain(|command| command.id != id);
    }

    /// The first process of a container ends, as a shell does that is told to.
    pub fn end_process(&mut self, pod: &ObjectKey, container: &str, code: i32) {
        let now = self.now;
        let Some(uid) = self.store.get("Pod", pod).map(|pod| EcoString::from(pod.uid())) else { return };
        let Some(runtime) = self.pods.get_mut(&uid).and_then(|slot| slot.runtime.as_mut()) else { return };
        let runtime = Arc::make_mut(runtime);
        runtime.end_process(container, now, code);
        let pod = runtime.pod_ref();
        self.wake_pod(pod, now);
    }

    /// True while there is a command of that number.
    pub fn has_command(&self, id: u64) -> bool {
        self.commands.iter().any(|command| command.id == id)
    }

    /// The directory in which the shell of a container stands.
    pub fn directory_of(&self, id: u64) -> Option<&str> {
        self.commands.iter().find(|command| command.id == id).map(|command| command.process.directory())
    }

    /// Lets a command go on.
    pub fn continue_command(&mut self, id: u64) -> Progress {
        let killed = Progress { prints: Vec::new(), code: Some(137), due: None };
        let Some(place) = self.commands.iter().position(|command| command.id == id) else { return killed };
        let mut command = self.commands.swap_remove(place);
        let runtime = self.pods.get(&command.uid).and_then(|slot| slot.runtime.clone());
        let Some(runtime) = runtime.filter(|runtime| runtime.runs_since(&command.container) == Some(command.began))
        else {
            return killed;
        };
        let process = &mut command.process;
        let done = self.within(&command.uid, &runtime, &command.container, |around, _, _, now| {
            process.run(now, around);
            (std::mem::take(&mut around.prints), std::mem::take(&mut around.signals))
        });
        let Some(((prints, signals), traces)) = done else { return killed };
        self.sent.extend(traces.into_iter().map(|(trace, _)| trace));
        let superfluous = self.sent.len().saturating_sub(KEPT_TRACES);
        self.sent.drain(..superfluous);
        let (own, prints): (Vec<Print>, Vec<Print>) = prints.into_iter().partition(|(_, channel, _)| *channel == 3);
        let (now, epoch) = (self.now, self.settings.epoch);
        drop(runtime);
        if let Some(runtime) = self.pods.get_mut(&command.uid).and_then(|slot| slot.runtime.as_mut()) {
            let runtime = Arc::make_mut(runtime);
            runtime.print(&command.container, own);
            runtime.touch(now, epoch);
            if !signals.is_empty() {
                runtime.signal_all(signals, now);
                let pod = runtime.pod_ref();
                self.wake_pod(pod, now);
            }
        }
        self.wake_for_probes(&command.uid);
        let code = match command.process.wake() {
            workload::shell::Wake::Ended(code) => Some(code),
            _ => None,
        };
        let progress = Progress { prints, code, due: command.process.due() };
        if code.is_none() || command.process.awaits_a_line() {
            self.commands.push(command);
        }
        progress
    }

    fn wake_for_probes(&mut self, uid: &EcoString) {
        let Some(runtime) = self.pods.get(uid).and_then(|slot| slot.runtime.clone()) else { return };
        let Some(at) = runtime.next_probe() else { return };
        let node = runtime.object.at("spec.nodeName").text();
        let pod = crate::kubelet::PodRef { key: runtime.object.key(), uid: uid.clone(), node };
        self.wake_pod(pod, at.max(self.now));
    }

    /// Does something in a container, and lets the nodes remember what was sent.
    fn within<T>(
        &mut self,
        uid: &EcoString,
        runtime: &PodRuntime,
        container: &str,
        act: impl FnOnce(&mut Surroundings<'_>, Vec<(EcoString, EcoString)>, &Value, SimTime) -> T,
    ) -> Option<(T, Vec<(Trace, u32)>)> {
        let view = View::new(&self.store, self.now, &self.settings);
        let mut outside = Network {
            view,
            state: &self.network,
            pods: &self.pods,
            volumes: self.volumes.clone(),
            requests: &mut self.requests,
            started: runtime.runs_since(container).unwrap_or(self.now),
            traces: Vec::new(),
        };
        let pod = self.store.get("Pod", &runtime.object.key()).filter(|pod| pod.uid() == uid)?.clone();
        let done = runtime.enter(&view, &pod, container, &mut self.volumes, &mut outside, act)?;
        let traces = outside.traces;
        self.remember_all(&traces);
        Some((done, traces))
    }

    /// A server writes down what was asked of it.
    pub(super) fn write_access(&mut self, trace: &Trace) {
        let Outcome::Response(response) = &trace.outcome else { return };
        let Some(written) = &response.written else { return };
        if let Some(runtime) = self.pods.get_mut(&written.uid).and_then(|slot| slot.runtime.as_mut()) {
            Arc::make_mut(runtime).hear(&written.container, self.now, &written.line, self.settings.epoch);
        }
    }

    /// Lets the nodes remember what was sent.
    pub(super) fn remember_all(&mut self, traces: &[(Trace, u32)]) {
        for (trace, _) in traces {
            self.network.remember(trace, self.now);
            self.write_access(trace);
            self.keep_names(&trace.names);
        }
    }
}
