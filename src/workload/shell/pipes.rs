//! Commands joined by pipes, and steps that run within a command.

use std::sync::Arc;

use ecow::EcoString;

use super::lex::{Piece, Word};
use super::ops::{Op, Stage};
use super::run::shifted;
use super::streams::{Collecting, Io};
use super::{programs, Host, Process, Wake};

impl Process {
    /// Runs commands joined by pipes.
    pub(super) fn pipe(&mut self, stages: &Arc<Vec<Stage>>, host: &mut dyn Host) {
        let mut input = None;
        if stages.is_empty() {
            self.status = 0;
        }
        let alone = stages.len() == 1;
        let mut failed = 0;
        for (i, stage) in stages.iter().enumerate() {
            let last = i + 1 == stages.len();
            let mut io = Io { input: if i == 0 { None } else { input.take() }, ..Io::default() };
            self.stage(stage, &mut io, alone, host);
            if self.status != 0 {
                failed = self.status;
            }
            let (out, err) = self.redirected(&stage.redirects, io, host);
            if !err.is_empty() {
                self.emit(2, &err, host);
            }
            match last {
                true => self.emit(1, &out, host),
                false => input = Some(EcoString::from(out)),
            }
            if last && self.options.pipes_fail && self.status == 0 {
                self.status = failed;
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

    fn stage(&mut self, stage: &Stage, io: &mut Io, alone: bool, host: &mut dyn Host) {
        if let Some(input) = self.input_of(&stage.redirects, host) {
            io.input = Some(input);
        }
        self.truncate(&stage.redirects, host);
        if let Some(body) = &stage.body {
            self.within(body.clone(), io, host);
            return;
        }
        let condition = matches!(stage.words.first().map(Vec::as_slice), Some([Piece::Text(text)]) if text == "[[");
        let words = match condition {
            true => self.condition(&stage.words, host),
            false => self.expand_all(&stage.words, host),
        };
        let mut before = Vec::new();
        for (name, word) in &stage.assigns {
            let value = self.expand_one(word, host);
            before.push((name.clone(), self.variable(name).cloned()));
            if self.variables.iter().any(|v| v.name == *name && v.fixed) {
                self.emit(2, &format!("{}: {name}: is read only\n", self.args[0]), host);
                return self.exit(2, host);
            }
            self.set_variable(name, value);
        }
        if std::mem::take(&mut self.gives_up) {
            return;
        }
        if self.options.traces {
            self.trace(stage, &words, host);
        }
        if words.is_empty() {
            if let (true, Some(text)) = (stage.assigns.is_empty(), io.input.take()) {
                io.out.push_str(&text);
            }
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
        if words[0] == "exec" && words.len() == 1 {
            self.lead_for_good(&stage.redirects, host);
        }
        for (name, value) in before {
            self.restore(&name, value);
        }
    }

    /// The words between `[[` and `]]`: what a text is compared with is a pattern, all else stands for itself.
    fn condition(&mut self, words: &[Word], host: &mut dyn Host) -> Vec<EcoString> {
        let mut all: Vec<EcoString> = Vec::new();
        for word in words {
            let compared = all.last().is_some_and(|sign| matches!(sign.as_str(), "==" | "=" | "!=" | "=~"));
            all.push(if compared { self.pattern(word, host).into() } else { self.expand_one(word, host) });
        }
        all
    }

    /// Gives a variable the value it had.
    pub(super) fn restore(&mut self, name: &str, value: Option<EcoString>) {
        match value {
            Some(value) => self.set_variable(name, value),
            None => self.variables.retain(|v| v.name != name),
        }
    }

    /// `set -x`: shows a command before it runs.
    fn trace(&mut self, stage: &Stage, words: &[EcoString], host: &mut dyn Host) {
        let quoted = |word: &EcoString| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,@%[]!".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                word.clone()
            } else {
                ecow::eco_format!("'{word}'")
            }
        };
        let assigns = stage
            .assigns
            .iter()
            .map(|(name, _)| ecow::eco_format!("{name}={}", self.variable(name).map(quoted).unwrap_or_default()));
        let shown: Vec<EcoString> = assigns.chain(words.iter().map(quoted)).collect();
        if !shown.is_empty() {
            self.emit(2, &format!("+ {}\n", shown.join(" ")), host);
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
}
