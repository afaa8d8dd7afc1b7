//! Runs processes: step by step until one sleeps, waits or ends.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::compile::{compile, Op, Redirect, Stage};
use super::lex::Piece;
use super::{follow, programs, Entry, Frame, Host, Pace, Process, Wake};
use crate::base::draw::mix;
use crate::base::time::{SimTime, Span};

/// What a command costs.
const COMMAND: Span = Span::millis(1);
/// A process looks at the clock after this long.
const SLICE: Span = Span::millis(50);
/// How many rounds of a loop that sleeps or asks are played singly, and how many of one that does neither.
const ROUNDS_SINGLY: u32 = 20;
const QUICK_ROUNDS_SINGLY: u32 = 1_000;
/// Steps that are taken at one instant at the most.
const STEPS_AT_ONCE: u32 = 200_000;

/// What a command reads and writes.
#[derive(Default)]
pub(super) struct Io {
    pub input: Option<EcoString>,
    pub out: String,
    pub err: String,
}

/// Where a channel leads.
#[derive(Clone, PartialEq)]
enum Lead {
    Channel(u8),
    File(EcoString),
    Nowhere,
}

impl Process {
    /// Sets up what a command line begins with: a script, or one command.
    pub(super) fn load(&mut self, words: &[EcoString], open_input: bool, host: &mut dyn Host) {
        let name = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        let mut args: EcoVec<EcoString> = words.iter().cloned().collect();
        let script = match name {
            "sh" | "bash" | "ash" | "dash" => {
                self.is_shell = true;
                self.is_bash = name == "bash";
                let flag = words.iter().skip(1).position(|w| w.starts_with('-') && w.ends_with('c'));
                let options = words.iter().skip(1).take_while(|w| w.starts_with('-'));
                self.exit_on_error = options.clone().any(|w| !w.starts_with("--") && w.contains('e'));
                let rest = options.count() + 1;
                match (flag, words.get(rest)) {
                    (Some(flag), _) => {
                        args = words.iter().skip(flag + 3).cloned().collect();
                        words.get(flag + 2).map(|word| word.to_string())
                    }
                    (None, Some(path)) => {
                        args = words.iter().skip(rest).cloned().collect();
                        match follow(host, &self.path(path)) {
                            Some((_, Entry::File(text))) => Some(text.to_string()),
                            _ => {
                                host.print(
                                    self.clock,
                                    2,
                                    &format!("{name}: can't open '{path}': No such file or directory\n"),
                                );
                                self.wake = Wake::Ended(2);
                                return;
                            }
                        }
                    }
                    (None, None) => match self.standard_input.take() {
                        Some(text) => Some(text.to_string()),
                        None => {
                            self.wake = if open_input { Wake::Never } else { Wake::Ended(0) };
                            return;
                        }
                    },
                }
            }
            _ => match self.executable_text(words.first().map_or("", EcoString::as_str), host) {
                Some(text) => {
                    self.is_shell = true;
                    Some(text)
                }
                None => None,
            },
        };
        if args.is_empty() {
            args.push(EcoString::from(name));
        }
        self.args = args;
        self.code = match script {
            Some(script) => match compile(&script) {
                Ok(code) => Arc::new(code),
                Err(why) => {
                    host.print(self.clock, 2, &format!("{name}: {why}\n"));
                    self.wake = Wake::Ended(2);
                    return;
                }
            },
            None => {
                let words = words.iter().map(|word| vec![Piece::Quoted(word.clone())]).collect();
                Arc::new(vec![Op::Run(Arc::new(vec![Stage { words, ..Stage::default() }]))])
            }
        };
    }

    /// The text of a file that is run by its path and is a script.
    pub(super) fn executable_text(&self, name: &str, host: &dyn Host) -> Option<String> {
        if !name.contains('/') {
            return None;
        }
        match follow(host, &self.path(name)) {
            Some((_, Entry::File(text))) if text.starts_with("#!") => Some(text.to_string()),
            _ => None,
        }
    }

    /// Goes on as far as the present lets it.
    pub fn run(&mut self, now: SimTime, host: &mut dyn Host) {
        for child in &mut self.children {
            child.run(now, host);
        }
        if self.wake == Wake::Children && (self.pending.is_some() || self.has_no_children()) {
            self.wake = Wake::At(now);
        }
        let Wake::At(at) = self.wake else { return };
        if at > now {
            return;
        }
        self.clock = self.clock.max(now);
        let mut steps = 0;
        while let Wake::At(at) = self.wake {
            if at > now {
                return;
            }
            if self.clock > now + SLICE {
                self.wake = Wake::At(self.clock);
                return;
            }
            steps += 1;
            if steps > STEPS_AT_ONCE {
                self.clock = self.clock + Span::secs(1);
                self.demand.cpu_millis = 1_000;
                self.wake = Wake::At(self.clock);
                return;
            }
            self.step(host);
        }
        self.children.retain(|child| !matches!(child.wake, Wake::Ended(_)));
    }

    fn has_no_children(&self) -> bool {
        self.children.iter().all(|child| matches!(child.wake, Wake::Ended(_)))
    }

    /// One that nothing ends is told to: a handler runs once the present command is over. False where nobody listens.
    pub fn terminate(&mut self, now: SimTime) -> bool {
        let handler = self.traps.iter().find(|(signal, _)| signal == "TERM").map(|(_, code)| code.clone());
        let Some(handler) = handler else { return false };
        self.pending = Some(handler);
        if self.wake == Wake::Children {
            self.wake = Wake::At(now);
        }
        true
    }

    fn step(&mut self, host: &mut dyn Host) {
        if let Some(handler) = self.pending.take() {
            self.call(handler, 0, EcoVec::new());
            return;
        }
        if let Some(Frame::Follow { .. }) = self.frames.last() {
            self.follow_file(host);
            return;
        }
        let code = self.code.clone();
        let Some(op) = code.get(self.at as usize) else {
            self.come_back(host);
            return;
        };
        self.at += 1;
        match op {
            Op::Pass => {}
            Op::Run(stages) => {
                self.clock = self.clock + COMMAND;
                self.pipe(stages, host);
                let tested = matches!(code.get(self.at as usize), Some(Op::Unless(_) | Op::When(_) | Op::Not));
                if self.exit_on_error && self.status != 0 && !tested && matches!(self.wake, Wake::At(_)) {
                    self.exit(self.status, host);
                }
            }
            Op::Not => self.status = i32::from(self.status == 0),
            Op::Goto(to) => self.at = *to,
            Op::Unless(to) if self.status != 0 => self.at = *to,
            Op::When(to) if self.status == 0 => self.at = *to,
            Op::Unless(_) | Op::When(_) => {}
            Op::Begin(end) => {
                let pace = Pace { began: self.clock, ..Pace::default() };
                self.frames.push(Frame::Loop { head: self.at, end: *end, words: None, pace });
            }
            Op::Each(words, end) => {
                let words = self.expand_all(words, host);
                let words = Some((words.into_iter().collect(), 0));
                self.frames.push(Frame::Loop { head: self.at, end: *end, words, pace: Pace::default() });
            }
            Op::Next(name) => self.next_word(name),
            Op::Again => self.again(),
            Op::Leave => {
                self.frames.pop();
                (self.status, self.times) = (0, 1);
            }
            Op::Match(case, to) => {
                let subject = self.expand_one(&case.0, host);
                if !case.1.iter().any(|pattern| super::expand::is_like(&subject, &self.pattern(pattern, host))) {
                    self.at = *to;
                }
            }
            Op::Redirect(to) => {
                let input = self.input_of(to, host);
                self.truncate(to, host);
                self.frames.push(Frame::Redirect { to: to.clone(), input });
            }
            Op::Restore => drop(self.frames.pop()),
            Op::Fork(end) => {
                let mut child = self.clone();
                child.code = Arc::new(
                    code[self.at as usize..*end as usize].iter().cloned().map(|op| shifted(op, self.at)).collect(),
                );
                child.at = 0;
                child.frames.retain(|frame| matches!(frame, Frame::Redirect { .. }));
                child.children.clear();
                child.traps.clear();
                self.at = *end;
                self.status = 0;
                child.run(self.clock, host);
                self.children.push(child);
            }
            Op::Enter(end) => {
                let (variables, directory) = (self.variables.clone(), self.directory.clone());
                self.frames.push(Frame::Sub { code: code.clone(), end: *end, variables, directory });
            }
            Op::Define(name, end) => {
                self.functions.retain(|(known, ..)| known != name);
                self.functions.push((name.clone(), code.clone(), self.at));
                self.at = *end;
            }
            Op::Return => self.come_back(host),
        }
    }

    /// The end of a script, a function or a subshell.
    fn come_back(&mut self, host: &mut dyn Host) {
        while let Some(frame) = self.frames.pop() {
            match frame {
                Frame::Call { code, at, args } => {
                    (self.code, self.at) = (code, at);
                    if !args.is_empty() {
                        self.args = args;
                    }
                    return;
                }
                Frame::Sub { code, end, variables, directory } => {
                    (self.code, self.at) = (code, end);
                    (self.variables, self.directory) = (variables, directory);
                    return;
                }
                _ => {}
            }
        }
        self.exit(self.status, host);
    }

    /// `return`, or the end of a function.
    pub(super) fn leave_function(&mut self, host: &mut dyn Host) {
        self.come_back(host);
    }

    /// Ends a subshell or the process.
    pub(super) fn exit(&mut self, code: i32, host: &mut dyn Host) {
        self.status = code;
        let sub = self.frames.iter().rposition(|frame| matches!(frame, Frame::Sub { .. }));
        if let Some(place) = sub {
            self.frames.truncate(place + 1);
            self.come_back(host);
            return;
        }
        self.frames.clear();
        let code = *self.leaving.get_or_insert(code);
        let handler = self.traps.iter().position(|(signal, _)| signal == "EXIT").map(|i| self.traps.remove(i).1);
        if let Some(handler) = handler {
            let (code_then, at) = (Arc::new(vec![Op::Return]), 0);
            self.frames.push(Frame::Call { code: code_then, at, args: EcoVec::new() });
            (self.code, self.at) = (handler, 0);
            return;
        }
        self.wake = Wake::Ended(code & 255);
        if self.awaits_a_line() {
            self.leaving = None;
        }
    }

    /// Goes on in other code, to come back here.
    pub(super) fn call(&mut self, code: Arc<Vec<Op>>, at: u32, args: EcoVec<EcoString>) {
        let before = if args.is_empty() { EcoVec::new() } else { std::mem::replace(&mut self.args, args) };
        self.frames.push(Frame::Call { code: std::mem::replace(&mut self.code, code), at: self.at, args: before });
        self.at = at;
    }

    fn next_word(&mut self, name: &EcoString) {
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
    fn again(&mut self) {
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

    /// Runs commands joined by pipes.
    fn pipe(&mut self, stages: &Arc<Vec<Stage>>, host: &mut dyn Host) {
        let mut input = None;
        if stages.is_empty() {
            self.status = 0;
        }
        let alone = stages.len() == 1;
        for (i, stage) in stages.iter().enumerate() {
            let last = i + 1 == stages.len();
            let mut io = Io { input: if i == 0 { None } else { input.take() }, ..Io::default() };
            self.stage(stage, &mut io, alone, host);
            let (out, err) = self.redirected(&stage.redirects, io, host);
            if !err.is_empty() {
                self.emit(2, &err, host);
            }
            match last {
                true => self.emit(1, &out, host),
                false => input = Some(EcoString::from(out)),
            }
            if self.stuck {
                if !last {
                    if let Some(text) = &input {
                        self.emit(1, &text.clone(), host);
                    }
                }
                self.stuck = false;
                self.wake = Wake::Never;
                return;
            }
        }
    }

    /// What a program reads: what is piped or redirected into it, or what the whole process was fed.
    pub(super) fn fed(&mut self, io: &mut Io) -> Option<EcoString> {
        io.input.take().or_else(|| self.standard_input.take())
    }

    fn stage(&mut self, stage: &Stage, io: &mut Io, alone: bool, host: &mut dyn Host) {
        if let Some(input) = self.input_of(&stage.redirects, host) {
            io.input = Some(input);
        }
        self.truncate(&stage.redirects, host);
        if let Some(body) = &stage.body {
            self.within(body.clone(), io, host);
            return;
        }
        let words = self.expand_all(&stage.words, host);
        let mut before = Vec::new();
        for (name, word) in &stage.assigns {
            let value = self.expand_one(word, host);
            before.push((name.clone(), self.variable(name).cloned()));
            self.set_variable(name, value);
        }
        if words.is_empty() {
            let substituted =
                stage.assigns.iter().any(|(_, word)| word.iter().any(|p| matches!(p, Piece::Command(..))));
            if !substituted {
                self.status = 0;
            }
            return;
        }
        if let Some((_, code, at)) = self.functions.iter().find(|(name, ..)| *name == words[0]).cloned() {
            match alone {
                true => self.call(code, at, words.into_iter().collect()),
                false => self.within(
                    Arc::new(code[at as usize..].iter().cloned().map(|op| shifted(op, at)).collect()),
                    io,
                    host,
                ),
            }
            return;
        }
        programs::run(self, &words, io, alone && before.is_empty(), host);
        for (name, value) in before {
            match value {
                Some(value) => self.set_variable(&name, value),
                None => self.variables.retain(|v| v.name != name),
            }
        }
    }

    /// Runs steps to their end within a command: their output is collected, and sleeping only moves the clock.
    pub(super) fn within(&mut self, code: Arc<Vec<Op>>, io: &mut Io, host: &mut dyn Host) {
        let mut inner = self.clone();
        (inner.code, inner.at, inner.wake) = (code, 0, Wake::At(self.clock));
        inner.frames.clear();
        inner.children.clear();
        inner.traps.clear();
        inner.standard_input = io.input.take().or_else(|| inner.standard_input.take());
        let mut collecting = Collecting { host, out: String::new(), err: String::new() };
        let mut steps = 0;
        while let Wake::At(_) = inner.wake {
            steps += 1;
            if steps > 5_000 {
                inner.wake = Wake::Never;
                break;
            }
            inner.step(&mut collecting);
        }
        io.out.push_str(&collecting.out);
        io.err.push_str(&collecting.err);
        self.clock = inner.clock;
        self.acted |= inner.acted;
        self.slept = self.slept + inner.slept;
        match inner.wake {
            Wake::Ended(code) => self.status = code,
            _ => {
                self.stuck = true;
                self.demand = inner.demand;
                self.listens = inner.listens;
                self.serves = inner.serves;
            }
        }
    }

    /// The text that channels bring in.
    fn input_of(&mut self, redirects: &[Redirect], host: &mut dyn Host) -> Option<EcoString> {
        let mut input = None;
        for redirect in redirects.iter().filter(|r| r.channel == 0) {
            let text = self.expand_one(&redirect.word, host);
            input = match redirect.operator {
                "<<" => Some(text),
                "<" => match follow(host, &self.path(&text)) {
                    Some((_, Entry::File(text))) => Some(text),
                    _ if text == "/dev/null" => Some(EcoString::new()),
                    _ => {
                        self.emit(2, &format!("{}: can't open {text}: no such file\n", self.args[0]), host);
                        self.status = 1;
                        None
                    }
                },
                _ => input,
            };
        }
        input
    }

    /// Empties the files that are written anew.
    fn truncate(&mut self, redirects: &[Redirect], host: &mut dyn Host) {
        for redirect in redirects.iter().filter(|r| r.operator == ">") {
            let path = self.expand_one(&redirect.word, host);
            if let (Lead::File(path), true) = (self.lead(&path), redirect.channel != 0) {
                if let Err(why) = host.write(&path, "", false) {
                    self.emit(2, &format!("{}: can't create {path}: {why}\n", self.args[0]), host);
                    self.status = 1;
                }
            }
        }
    }

    fn lead(&self, path: &str) -> Lead {
        match path {
            "/dev/null" => Lead::Nowhere,
            "/dev/stdout" | "/proc/self/fd/1" => Lead::Channel(1),
            "/dev/stderr" | "/proc/self/fd/2" => Lead::Channel(2),
            "/proc/1/fd/1" | "/proc/1/fd/2" => Lead::Channel(3),
            path => Lead::File(self.path(path)),
        }
    }

    /// Sends what a command has printed where its redirections lead; gives what is left for its channels.
    fn redirected(&mut self, redirects: &[Redirect], io: Io, host: &mut dyn Host) -> (String, String) {
        if redirects.is_empty() {
            return (io.out, io.err);
        }
        let mut leads = [Lead::Channel(1), Lead::Channel(2)];
        for redirect in redirects.iter().filter(|r| r.channel != 0) {
            let word = self.expand_one(&redirect.word, host);
            let place = usize::from(redirect.channel.clamp(1, 2)) - 1;
            match redirect.operator {
                ">&" if word == "1" || word == "2" => leads[place] = leads[usize::from(word == "2")].clone(),
                "&>" | ">&" => leads = [self.lead(&word), self.lead(&word)],
                _ => leads[place] = self.lead(&word),
            }
        }
        let (mut out, mut err) = (String::new(), String::new());
        for (lead, text) in leads.into_iter().zip([io.out, io.err]) {
            match lead {
                Lead::Channel(1) => out.push_str(&text),
                Lead::Channel(2) => err.push_str(&text),
                Lead::Channel(channel) => host.print(self.clock, channel, &text),
                Lead::File(path) if !text.is_empty() => {
                    if host.write(&path, &text, true).is_err() {
                        self.status = 1;
                    }
                    self.acted = true;
                }
                Lead::File(_) | Lead::Nowhere => {}
            }
        }
        (out, err)
    }

    /// Prints where the channels of the script lead at present.
    pub(super) fn emit(&mut self, channel: u8, text: &str, host: &mut dyn Host) {
        if text.is_empty() {
            return;
        }
        self.acted = true;
        let leads: Vec<Arc<Vec<Redirect>>> = self
            .frames
            .iter()
            .rev()
            .filter_map(|frame| match frame {
                Frame::Redirect { to, .. } => Some(to.clone()),
                _ => None,
            })
            .collect();
        let mut io = Io::default();
        match channel {
            1 => io.out.push_str(text),
            _ => io.err.push_str(text),
        }
        for to in leads {
            let (out, err) = self.redirected(&to, io, host);
            io = Io { input: None, out, err };
        }
        for (channel, text) in [(1, io.out), (2, io.err)] {
            if !text.is_empty() {
                host.print(self.clock, channel, &text);
            }
        }
    }

    /// Takes a line of what is fed in.
    pub(super) fn read_line(&mut self, io: &mut Io) -> Option<EcoString> {
        let source = match &mut io.input {
            Some(text) => Some(text),
            None => {
                let frames = self.frames.iter_mut().rev();
                let fed = frames.filter_map(|frame| match frame {
                    Frame::Redirect { input: Some(input), .. } => Some(input),
                    _ => None,
                });
                fed.into_iter().next().or(self.standard_input.as_mut())
            }
        }?;
        if source.is_empty() {
            return None;
        }
        let (line, rest) = match source.split_once('\n') {
            Some((line, rest)) => (EcoString::from(line), EcoString::from(rest)),
            None => (source.clone(), EcoString::new()),
        };
        *source = rest;
        Some(line)
    }

    /// Shows what has come to the end of a watched file.
    fn follow_file(&mut self, host: &mut dyn Host) {
        let Some(Frame::Follow { path, shown }) = self.frames.last() else { return };
        let (path, shown) = (path.clone(), *shown as usize);
        if let Some((_, Entry::File(text))) = follow(host, &path) {
            let from = if text.len() < shown { 0 } else { shown };
            let new = text.get(from..).unwrap_or("").to_owned();
            if let Some(Frame::Follow { shown, .. }) = self.frames.last_mut() {
                *shown = text.len() as u32;
            }
            self.emit(1, &new, host);
        }
        self.sleep(Span::secs(1));
    }

    /// Watches the end of a file from now on.
    pub(super) fn watch(&mut self, path: EcoString, shown: u32) {
        self.frames.push(Frame::Follow { path, shown });
        self.sleep(Span::secs(1));
    }

    /// Goes on after a while.
    pub(super) fn sleep(&mut self, span: Span) {
        self.clock = self.clock + span;
        self.slept = self.slept + span;
        self.wake = Wake::At(self.clock);
    }
}

/// A step whose targets count from another beginning.
fn shifted(mut op: Op, by: u32) -> Op {
    match &mut op {
        Op::Goto(t) | Op::Unless(t) | Op::When(t) | Op::Begin(t) | Op::Each(_, t) => *t -= by,
        Op::Match(_, t) | Op::Fork(t) | Op::Enter(t) | Op::Define(_, t) => *t -= by,
        _ => {}
    }
    op
}

/// A host whose prints are kept.
struct Collecting<'a> {
    host: &'a mut dyn Host,
    out: String,
    err: String,
}

impl Host for Collecting<'_> {
    fn attributes(&self, path: &str, entry: &Entry) -> super::Attributes {
        self.host.attributes(path, entry)
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        self.host.entry(path)
    }
    fn list(&self, path: &str) -> Vec<EcoString> {
        self.host.list(path)
    }
    fn write(&mut self, path: &str, text: &str, append: bool) -> Result<(), &'static str> {
        self.host.write(path, text, append)
    }
    fn make_directory(&mut self, path: &str) -> Result<(), &'static str> {
        self.host.make_directory(path)
    }
    fn remove(&mut self, path: &str) -> Result<(), &'static str> {
        self.host.remove(path)
    }
    fn mounts(&self) -> Vec<(EcoString, EcoString, bool)> {
        self.host.mounts()
    }
    fn tool(&mut self, words: &[EcoString], times: u32) -> Option<super::Told> {
        self.host.tool(words, times)
    }
    fn print(&mut self, at: SimTime, channel: u8, text: &str) {
        match channel {
            1 => self.out.push_str(text),
            2 => self.err.push_str(text),
            channel => self.host.print(at, channel, text),
        }
    }
    fn facts(&self) -> &super::Facts {
        self.host.facts()
    }
}
