//! What runs beside a script: `wait`, `kill` and the numbers of processes.

use ecow::EcoString;

use super::builtins::complain;
use super::streams::Io;
use super::{Host, Process, Wake};
use crate::base::time::SimTime;

/// So many ended children are remembered for `wait`.
const REMEMBERED: usize = 64;

/// The name of a signal, however it is written.
pub(super) fn signal_name(text: &str) -> &str {
    match text.trim_start_matches("SIG") {
        "0" | "EXIT" => "EXIT",
        "1" => "HUP",
        "2" => "INT",
        "3" => "QUIT",
        "9" => "KILL",
        "10" => "USR1",
        "12" => "USR2",
        "15" => "TERM",
        other => other,
    }
}

/// The number of a signal.
pub fn signal_number(name: &str) -> i32 {
    match name {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "KILL" => 9,
        "USR1" => 10,
        "USR2" => 12,
        _ => 15,
    }
}

/// `kill`.
pub(super) fn kill(p: &mut Process, args: &[EcoString], io: &mut Io, host: &mut dyn Host) -> i32 {
    let (mut signal, mut targets) = ("TERM", Vec::new());
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-s" | "-n" => signal = words.next().map_or("TERM", |word| signal_name(word)),
            "-l" => {
                io.out.push_str("HUP INT QUIT KILL USR1 USR2 TERM\n");
                return 0;
            }
            "-0" => signal = "EXIT",
            word if word.starts_with('-') && targets.is_empty() && word.len() > 1 => signal = signal_name(&word[1..]),
            _ => targets.push(word),
        }
    }
    if targets.is_empty() {
        return complain(io, "sh", "you need to specify whom to kill", 1);
    }
    let mut code = 0;
    for target in targets {
        let job = target.strip_prefix('%').and_then(|n| p.children.get(n.parse::<usize>().ok()?.wrapping_sub(1)));
        let pid = job.map(|child| child.pid).or_else(|| target.parse().ok()).unwrap_or(0);
        if !deliver(p, pid, signal, host) {
            code = complain(io, "sh", &format!("can't kill pid {target}: No such process"), 1);
        }
    }
    code
}

/// A process is sent a signal; false where there is none of that number.
fn deliver(p: &mut Process, pid: u32, signal: &str, host: &mut dyn Host) -> bool {
    let now = p.clock;
    if pid == p.pid {
        p.signal(signal, now);
        return true;
    }
    match p.children.iter_mut().find(|child| child.pid == pid && !matches!(child.wake, Wake::Ended(_))) {
        Some(child) => {
            child.signal(signal, now);
            true
        }
        None => host.signal(pid, signal),
    }
}

/// `wait`, for all children or for those of some numbers.
pub(super) fn wait(p: &mut Process, args: &[EcoString], alone: bool) -> i32 {
    p.reap();
    let job = |word: &EcoString| match word.strip_prefix('%') {
        Some(n) => Some(p.children.get(n.parse::<usize>().ok()?.wrapping_sub(1))?.pid),
        None => word.parse::<u32>().ok(),
    };
    let awaited = args.iter().filter(|word| !word.starts_with('-')).filter_map(job).next_back();
    p.awaited = awaited.filter(|_| alone);
    if let Some(code) = p.awaited.and_then(|pid| p.ended.iter().find(|(ended, _)| *ended == pid)).map(|(_, code)| *code)
    {
        return code;
    }
    match awaited {
        Some(pid) if !p.children.iter().any(|child| child.pid == pid) => 127,
        _ => {
            if alone && !p.children.is_empty() {
                p.wake = Wake::Children;
            }
            0
        }
    }
}

impl Process {
    /// True where the children are done that are waited for; the status is then that of the one named.
    pub(super) fn waited_enough(&mut self) -> bool {
        let is_done = |child: &Process| matches!(child.wake, Wake::Ended(_));
        match self.awaited {
            None => self.children.iter().all(is_done),
            Some(pid) => match self.children.iter().find(|child| child.pid == pid).map(|child| child.wake) {
                Some(Wake::Ended(code)) => {
                    self.status = code;
                    true
                }
                Some(_) => false,
                None => true,
            },
        }
    }

    /// Children that have ended are remembered by their codes alone.
    pub(super) fn reap(&mut self) {
        for child in &self.children {
            if let Wake::Ended(code) = child.wake {
                self.ended.push((child.pid, code));
            }
        }
        let superfluous = self.ended.len().saturating_sub(REMEMBERED);
        self.ended.drain(..superfluous);
        self.children.retain(|child| !matches!(child.wake, Wake::Ended(_)));
    }

    /// The number that the next child gets.
    pub(super) fn next_pid(&mut self) -> u32 {
        self.youngest = self.youngest.max(self.pid) + 1;
        self.youngest
    }

    /// A signal arrives: its handler is due, or the process ends. The first process of a container is not ended by what it
    /// has no handler for.
    pub fn signal(&mut self, name: &str, now: SimTime) {
        if name == "EXIT" || self.handle(name, now) || self.pid == 1 || matches!(name, "CHLD" | "CONT" | "WINCH") {
            return;
        }
        self.wake = Wake::Ended(128 + signal_number(name));
        self.children.clear();
    }

    /// One that nothing ends is told to: a handler runs once the present command is over. False where nobody listens.
    pub fn terminate(&mut self, signal: &str, now: SimTime) -> bool {
        self.handle(signal, now)
    }

    /// True where it has a handler for a signal.
    pub fn handles(&self, name: &str) -> bool {
        self.traps.iter().any(|(signal, _)| signal == name)
    }

    fn handle(&mut self, name: &str, now: SimTime) -> bool {
        let handler = self.traps.iter().find(|(signal, _)| signal == name).map(|(_, code)| code.clone());
        let Some(handler) = handler else { return false };
        self.pending = Some(handler);
        if self.wake == Wake::Children {
            self.wake = Wake::At(now);
        }
        true
    }
}
