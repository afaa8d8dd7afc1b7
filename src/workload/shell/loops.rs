//! Loops of scripts: round by round, or one round for many where nothing else would come of them.

use ecow::EcoString;

use super::{Frame, Pace, Process, Wake};
use crate::base::draw::mix;
use crate::base::time::Span;

/// How many rounds of a loop that sleeps or asks are played singly, and how many of one that does neither.
const ROUNDS_SINGLY: u32 = 20;

const QUICK_ROUNDS_SINGLY: u32 = 1_000;

impl Process {
    pub(super) fn next_word(&mut self, name: &EcoString) {
        let Some(Frame::Loop { words: Some((words, next)), end, .. }) = self.frames.last_mut() else { return };
        match words.get(*next as usize).cloned() {
            Some(word) => {
                *next += 1;
                self.set_variable(name, word);
            }
            None => {
                self.at = *end;
                self.frames.pop();
            }
        }
    }

    /// `break` and `continue`.
    pub(super) fn leave_loops(&mut self, count: u32, goes_on: bool) {
        for n in 0..count {
            while let Some(frame) = self.frames.last() {
                match frame {
                    Frame::Loop { head, .. } if goes_on && n + 1 == count => {
                        self.at = *head;
                        return;
                    }
                    Frame::Loop { end, .. } => {
                        self.at = *end;
                        self.frames.pop();
                        break;
                    }
                    Frame::Call { .. } | Frame::Sub { .. } => return,
                    _ => drop(self.frames.pop()),
                }
            }
        }
    }

    /// Back to the head of a loop. One that goes round quickly and for ever is not played round by round: after a while one
    /// round a second stands for those that a second would hold.
    pub(super) fn again(&mut self) {
        let state = self.digest();
        let clock = self.clock;
        let (acted, slept) = (self.acted, self.slept);
        let Some(Frame::Loop { head, words, pace, .. }) = self.frames.last_mut() else { return };
        self.at = *head;
        if words.is_some() {
            return;
        }
        let took = clock.since(pace.began);
        let same = pace.state == state;
        pace.rounds += 1;
        let singly = if same { ROUNDS_SINGLY } else { QUICK_ROUNDS_SINGLY };
        let many = pace.rounds > singly && took < Span::secs(1);
        *pace = Pace { began: clock, rounds: pace.rounds, state };
        if !many {
            (self.acted, self.slept) = (false, Span::ZERO);
            if took >= Span::secs(1) {
                self.times = 1;
            }
            return;
        }
        let round = took.0.max(1_000);
        let awake = round - slept.0.min(round);
        self.demand.cpu_millis = if acted && slept == Span::ZERO { 200 } else { 1_000 * awake / round };
        self.times = (1_000_000 / round).max(1) as u32;
        self.clock = clock + Span(1_000_000 - round.min(1_000_000));
        if let Some(Frame::Loop { pace, .. }) = self.frames.last_mut() {
            pace.began = self.clock;
        }
        (self.acted, self.slept) = (false, Span::ZERO);
        self.wake = Wake::At(self.clock);
    }

    fn digest(&self) -> u64 {
        let bytes = self.variables.iter().flat_map(|v| v.name.bytes().chain(v.value.bytes()));
        bytes.fold(0, |state, byte| mix(state ^ u64::from(byte)))
    }
}
