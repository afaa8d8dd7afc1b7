//! Where what commands print leads to and what they read comes from: channels, redirections, watched files.

use std::sync::Arc;

use ecow::EcoString;

use super::ops::Redirect;
use super::{follow, Entry, Frame, Host, Process};
use crate::base::time::{SimTime, Span};

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
    /// What a program reads: what is piped or redirected into it, or what the whole process was fed.
    pub(super) fn fed(&mut self, io: &mut Io) -> Option<EcoString> {
        io.input.take().or_else(|| self.standard_input.take())
    }

    /// The text that channels bring in.
    pub(super) fn input_of(&mut self, redirects: &[Redirect], host: &mut dyn Host) -> Option<EcoString> {
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
    pub(super) fn truncate(&mut self, redirects: &[Redirect], host: &mut dyn Host) {
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

    /// The file that a channel from 3 on leads to.
    fn descriptor(&self, number: &str) -> Option<&EcoString> {
        let number: u8 = number.parse().ok()?;
        self.descriptors.iter().find(|(open, _)| *open == number).map(|(_, path)| path)
    }

    /// `exec` with redirections alone: from here on, channels of the whole script lead there.
    pub(super) fn lead_for_good(&mut self, redirects: &[Redirect], host: &mut dyn Host) {
        let input = self.input_of(redirects, host);
        for redirect in redirects.iter().filter(|redirect| redirect.channel > 2) {
            let word = self.expand_one(&redirect.word, host);
            self.descriptors.retain(|(open, _)| *open != redirect.channel);
            if word != "-" {
                self.descriptors.push((redirect.channel, self.path(&word)));
            }
        }
        let plain: Vec<Redirect> = redirects.iter().filter(|redirect| redirect.channel <= 2).cloned().collect();
        if !plain.is_empty() {
            self.frames.insert(0, Frame::Redirect { to: Arc::new(plain), input });
        }
    }

    /// Sends what a command has printed where its redirections lead; gives what is left for its channels.
    pub(super) fn redirected(&mut self, redirects: &[Redirect], io: Io, host: &mut dyn Host) -> (String, String) {
        if redirects.is_empty() {
            return (io.out, io.err);
        }
        let mut leads = [Lead::Channel(1), Lead::Channel(2)];
        for redirect in redirects.iter().filter(|r| r.channel != 0) {
            let word = self.expand_one(&redirect.word, host);
            let place = usize::from(redirect.channel.clamp(1, 2)) - 1;
            if redirect.channel > 2 {
                continue;
            }
            match redirect.operator {
                ">&" if self.descriptor(&word).is_some() => {
                    leads[place] = Lead::File(self.descriptor(&word).cloned().unwrap_or_default());
                }
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
    pub(super) fn follow_file(&mut self, host: &mut dyn Host) {
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
}

/// A host whose prints are kept.
pub(super) struct Collecting<'a> {
    pub(super) host: &'a mut dyn Host,
    pub(super) out: String,
    pub(super) err: String,
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
    fn signal(&mut self, pid: u32, signal: &str) -> bool {
        self.host.signal(pid, signal)
    }
    fn facts(&self) -> &super::Facts {
        self.host.facts()
    }
}
