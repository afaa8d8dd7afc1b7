//! Time in the playground: on, back, into another branch of history.

use super::journal::Input;
use super::Playground;
use crate::base::time::{SimTime, Span};
use crate::cluster::BranchInfo;
use crate::view::{BranchView, ClockView};

/// Events carried out between two looks at the time.
pub(super) const EVENTS_BETWEEN_LOOKS: u32 = 16;

impl Playground {
    /// Lets time pass. `out_of_time` is asked every few events; when it says true, the rest of the time does not pass.
    pub fn advance(&mut self, span_us: u64, out_of_time: &mut dyn FnMut() -> bool) {
        let until = self.world.now() + Span::micros(span_us);
        if self.looking_back() && !self.terminal.is_busy() {
            self.world = self.history.seek(until);
            self.changes += 1;
        } else {
            self.run_to(until, u64::MAX, out_of_time);
        }
    }

    /// On to the next thing that happens.
    pub fn step(&mut self) {
        let next = [self.world.next_at(), self.terminal.wakes_at()].into_iter().flatten().min();
        if let Some(next) = next {
            let span = next.since(self.world.now());
            self.advance(span.0, &mut || false);
        }
    }

    /// To another moment that was played. What is running is cancelled.
    pub fn seek(&mut self, ms: u64) {
        self.terminal.cancel(&mut self.world);
        // The end of that millisecond, so that the latest time shown is the end of what was played.
        self.world = self.history.seek(SimTime(ms * 1000 + 999));
        self.changes += 1;
    }

    /// True while an earlier moment is shown.
    pub fn looking_back(&self) -> bool {
        self.world.now() < self.history.end()
    }

    /// The clock.
    pub fn clock(&self) -> ClockView {
        let now = self.world.now();
        ClockView {
            start_ms: self.history.start().0 / 1000,
            now_ms: now.0 / 1000,
            latest_ms: self.history.end().max(now).0 / 1000,
            next_event_in_ms: self.world.next_at().map(|at| at.since(now).as_millis()),
        }
    }

    /// All branches of history, oldest first, and the number of the current one.
    pub fn branches(&self) -> (Vec<BranchView>, u32) {
        let branch = |info: BranchInfo| {
            let left_ms = info.parent.map_or(0, |(_, at)| at.0 / 1000);
            let began = self.lines[info.id as usize].journal.iter().find(|entry| entry.at_us / 1000 >= left_ms);
            let begins_with = match began.map(|entry| &entry.input) {
                Some(Input::Exec(line)) => line.clone(),
                Some(Input::Write(file, _)) => file.clone(),
                _ => String::new(),
            };
            BranchView { id: info.id, left_ms, end_ms: info.end.0 / 1000, begins_with }
        };
        (self.history.branches().into_iter().map(branch).collect(), self.history.current())
    }

    /// Goes over to the end of another branch.
    pub fn switch(&mut self, id: u32) {
        if let Some(world) = self.history.switch(id) {
            self.terminal.cancel(&mut self.world);
            self.world = world;
            let revision = self.world.store().revision();
            self.line_mut().record.skip_to(revision);
            self.changes += 1;
        }
    }

    /// Runs until an instant, but not beyond so many events since the beginning, with the running command looking on after
    /// each event and when it asked to.
    pub(super) fn run_to(&mut self, until: SimTime, most: u64, out_of_time: &mut dyn FnMut() -> bool) {
        let mut events = 0;
        loop {
            let wake = self.terminal.wakes_at().filter(|at| *at <= until);
            let event = self.world.next_at().filter(|at| *at <= until && self.world.events_done() < most);
            match (wake, event) {
                (None, None) => break,
                (Some(wake), event) if event.is_none_or(|event| wake < event) => {
                    self.world.run_until(wake);
                }
                _ => {
                    self.world.step();
                }
            }
            self.look_on();
            self.start_waiting();
            self.read_on();
            events += 1;
            if events % EVENTS_BETWEEN_LOOKS == 0 {
                self.history.advanced(&self.world);
                if out_of_time() {
                    return;
                }
            }
        }
        self.world.stand_at(until);
        self.history.advanced(&self.world);
    }

    fn look_on(&mut self) {
        if self.terminal.is_busy() {
            let before = self.world.store().revision();
            self.terminal.poll(&mut self.world);
            if self.world.store().revision() != before {
                self.history.acted(&self.world);
            }
            self.collect();
        }
    }
}
