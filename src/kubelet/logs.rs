//! What containers have written, worked out from what they do when somebody asks.

use super::container::State;
use super::PodRuntime;
use crate::base::time::{SimTime, Timestamp};
use crate::store::Settings;
use crate::workload;

/// The most lines that are given of one run.
const MOST_LINES: u64 = 2_000;

/// A line that a container has written.
#[derive(Clone, PartialEq, Debug)]
pub struct LogLine {
    /// When.
    pub at: SimTime,
    /// What.
    pub text: String,
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
        (State::Ended(ended), false) => (ended.started?, ended.finished?),
        (_, false) => return None,
        (_, true) => {
            let ended = container.last.as_ref()?;
            (ended.started?, ended.finished?)
        }
    };
    let behaviour = workload::behaviour(&runtime.object, container.spec(&runtime.object));
    let ran_ms = until.since(since).as_millis();
    let at = |ms: u64| since + crate::base::time::Span::millis(ms);
    let mut lines: Vec<LogLine> = Vec::new();
    let mut write = |ms: u64, text: &str| {
        let date = Timestamp::of(settings.epoch, at(ms));
        lines.push(LogLine { at: at(ms), text: text.replace(workload::shell::DATE, &date.unix_date()) });
    };
    for (ms, text) in behaviour.lines.iter().filter(|(ms, _)| *ms <= ran_ms) {
        write(*ms, text);
    }
    if let Some((from, round)) = behaviour.repeats {
        let rounds = ran_ms.saturating_sub(from) / round;
        for n in rounds.saturating_sub(MOST_LINES).max(1)..=rounds {
            for (ms, text) in behaviour.lines.iter().filter(|(ms, _)| *ms >= from) {
                if ms + n * round <= ran_ms {
                    write(ms + n * round, text);
                }
            }
        }
    }
    Some(lines)
}
