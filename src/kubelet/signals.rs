//! Signals that processes of a pod send to the first processes of its containers.

use ecow::EcoString;

use super::container::State;
use super::PodRuntime;
use crate::base::time::{SimTime, Span};
use crate::workload::{self, shell};

impl PodRuntime {
    /// Signals arrive at the first processes of containers, from within.
    pub fn signal_all(&mut self, signals: Vec<(EcoString, EcoString)>, now: SimTime) {
        let pod = self.object.clone();
        let shares = pod.at("spec.shareProcessNamespace").bool();
        for (name, signal) in signals {
            let Some(container) = self.containers.iter_mut().find(|container| container.name == name) else { continue };
            let behaviour = workload::behaviour(&pod, container.spec(&pod));
            let State::Running(run) = &mut container.state else { continue };
            let number = 128 + shell::signal_number(&signal);
            let end = match &mut container.process {
                _ if signal == "KILL" => shares.then_some((now, number)),
                Some(process) if !process.serves => {
                    let handled = process.handles(&signal);
                    process.signal(&signal, now);
                    (shares && !handled).then_some((now, number))
                }
                _ if matches!(signal.as_str(), "TERM" | "INT" | "QUIT") => {
                    let end = now + Span::millis(behaviour.stop_ms);
                    behaviour.term_code.map(|code| (end, code)).or(shares.then_some((now, number)))
                }
                _ => None,
            };
            if end.is_some() {
                run.ends = end;
            }
        }
    }
}
