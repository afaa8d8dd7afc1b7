//! What the containers of a pod answer to requests, and what their servers write about them. A probe that goes on finding the same is not run again, and its lines are
//! worked out when somebody reads the log.

use ecow::EcoString;

use super::container::{Container, Role, State};
use super::files::Places;
use super::logs::LogLine;
use super::processes::keep;
use super::PodRuntime;
use crate::api::Object;
use crate::base::time::{SimTime, Span, Timestamp};
use crate::store::{View, VolumeData};
use crate::workload::shell::Entry;
use crate::workload::{self, access, Arrival, Request, Response};

/// Lines of one probe that are worked out at the most.
const MOST: u64 = 200;

impl PodRuntime {
    /// What a container answers on a port, by its name or (where that is empty) whichever listens there; nothing where
    /// nobody does yet.
    pub fn answer(
        &self,
        view: &View,
        data: &VolumeData,
        pod: &Object,
        name: &str,
        port: u16,
        request: &Request,
    ) -> Option<Response> {
        let chosen = |c: &&Container| (name.is_empty() || c.name == name) && c.role != Role::Init;
        self.containers.iter().filter(chosen).find_map(|container| {
            let State::Running(run) = &container.state else { return None };
            let spec = container.spec(pod);
            let file = |path: &str| {
                let places = Places::of(view, pod, spec, &[]);
                match places.read(data, path) {
                    Some(Entry::File(text)) => Some(text),
                    _ => None,
                }
            };
            let process = container.process.as_ref();
            let mut listeners = process.into_iter().flat_map(|process| process.listeners());
            if let Some((_, text, root)) = listeners.find(|listener| listener.0 == port) {
                return Some(match text {
                    Some(text) => workload::say(text),
                    None => workload::serve_files(root, &request.path, &file),
                });
            }
            let behaviour = workload::behaviour(pod, spec);
            let serves = process.is_none_or(|process| process.serves);
            if !serves || run.since + Span::millis(behaviour.start_ms) > view.now {
                return None;
            }
            let listen = behaviour.listens.iter().find(|l| l.port == port && l.protocol != "UDP")?;
            let running_for = view.now.since(run.since);
            let arrival = Arrival { pod, container: spec, page: listen.page, running_for, file: &file };
            Some(workload::respond(&arrival, request))
        })
    }

    /// The container that answered on a port, and what it writes of that, without the time.
    pub fn access(
        &self,
        pod: &Object,
        port: u16,
        request: &Request,
        response: &Response,
    ) -> Option<(EcoString, String)> {
        let running = |c: &&Container| c.is_running() && c.role != Role::Init;
        self.containers.iter().filter(running).find_map(|container| {
            let spec = container.spec(pod);
            let serves = container.process.as_ref().is_none_or(|process| process.serves);
            let listens = || workload::behaviour(pod, spec).listens.iter().any(|l| l.port == port);
            let line = access::template(spec.get("image").str(), request, response)?;
            (serves && listens()).then(|| (container.name.clone(), line))
        })
    }

    /// A server has written a line.
    pub fn hear(&mut self, container: &str, at: SimTime, template: &str, epoch: Timestamp) {
        if let Some(container) = self.containers.iter_mut().find(|c| c.name == container) {
            container.hear(at, template, epoch);
        }
    }
}

impl Container {
    /// Its server writes a line.
    pub(super) fn hear(&mut self, at: SimTime, template: &str, epoch: Timestamp) {
        let text = access::line(template, Timestamp::of(epoch, at));
        keep(&mut self.log, vec![(at, 1, text + "\n")]);
    }

    /// The lines of probes that are no longer run because they would find the same.
    pub(super) fn probe_lines(&self, until: SimTime, epoch: Timestamp) -> Vec<LogLine> {
        let State::Running(_) = &self.state else { return Vec::new() };
        let mut lines = Vec::new();
        for (since, period, template) in self.probes.iter().filter_map(|probe| probe.held()) {
            let count = until.since(since).0 / period.0.max(1);
            for k in count.saturating_sub(MOST) + 1..=count {
                let at = since + Span(period.0 * k);
                let text = access::line(template, Timestamp::of(epoch, at)).into();
                lines.push(LogLine { at, text, whole: true });
            }
        }
        lines
    }

    /// Writes those lines down, as the probes are run again or the container ends.
    pub(super) fn write_probe_lines(&mut self, until: SimTime, epoch: Timestamp) {
        let lines = self.probe_lines(until, epoch);
        if lines.is_empty() {
            return;
        }
        for probe in &mut self.probes {
            probe.release();
        }
        let mut all: Vec<LogLine> = self.log.iter().cloned().chain(lines).collect();
        crate::base::order::Order::order_by_key(&mut all[..], |line| line.at);
        self.log = all.into_iter().collect();
    }
}
