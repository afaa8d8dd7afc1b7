//! What containers have written, worked out from what they do when somebody asks.

use ecow::EcoString;

use super::container::State;
use super::PodRuntime;
use crate::base::order::Order;
use crate::base::time::{SimTime, Span, Timestamp};
use crate::store::Settings;
use crate::workload;

/// A line that a container has written.
#[derive(Clone, PartialEq, Debug)]
pub struct LogLine {
    /// When.
    pub at: SimTime,
    /// What.
    pub text: EcoString,
    /// True once its end was written.
    pub whole: bool,
}

/// The lines of a container's present run, or of the one before; nothing where there is no such container or run.
pub fn logs(
    runtime: &PodRuntime,
    container: &str,
    previous: bool,
    now: SimTime,
    settings: &Settings,
) -> Option<Vec<LogLine>> {
    let container = runtime.containers.iter().find(|c| c.name == container)?;
    let (since, until) = match (&container.state, previous) {
        (State::Running(run), false) => (run.since, now),
        (State::Ended(ended), false) => (ended.started.or(ended.finished)?, ended.finished?),
        (_, false) => return None,
        (_, true) => {
            let ended = container.last.as_ref()?;
            (ended.started.or(ended.finished)?, ended.finished?)
        }
    };
    let spec = container.spec(&runtime.object);
    let mut lines: Vec<LogLine> = Vec::new();
    if !container.is_scripted {
        let ran_ms = until.since(since).as_millis();
        for (ms, line) in workload::behaviour(&runtime.object, spec).lines.iter().filter(|(ms, _)| *ms <= ran_ms) {
            let at = since + Span::millis(*ms);
            let date = Timestamp::of(settings.epoch, at);
            let text = workload::log_line(line, &runtime.object, spec, &runtime.ip, date).into();
            lines.push(LogLine { at, text, whole: true });
        }
    }
    if !previous {
        lines.extend(container.probe_lines(until.min(now), settings.epoch));
    }
    let written = if previous { &container.last_log } else { &container.log };
    lines.extend(written.iter().filter(|line| line.at <= now).cloned());
    lines.order_by_key(|line| line.at);
    Some(lines)
}
