//! The terminal of a playground: one shell with its files, and the command that runs in it.

use crate::base::time::SimTime;
use crate::cluster::World;
use crate::kubectl::{Job, Poll, Sent, Session};
use crate::view::Stream;

/// A shell and what runs in it.
#[derive(Default)]
pub struct Terminal {
    session: Session,
    job: Option<Job>,
    due: Option<SimTime>,
    output: Vec<(Stream, String)>,
    ticket: u64,
    printed: Finished,
    finished: Vec<Finished>,
    line: String,
    succeeded: Vec<String>,
}

/// A command that has ended, with all that it printed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Finished {
    /// The number it was given when it was queued; 0 for what was typed.
    pub ticket: u64,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
    /// Its exit code; 130 for what was interrupted.
    pub exit_code: u8,
}

impl Terminal {
    /// Files and context.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Gives it the documentation of the API's fields and the help of kubectl.
    pub fn set_texts(&mut self, docs: &str, help: &str) {
        (self.session.docs, self.session.help) = (Some(docs.into()), Some(help.into()));
    }

    /// Writes a file.
    pub fn write(&mut self, file: &str, text: String) {
        self.session.write(file, text);
    }

    /// Begins with a command line and goes on with it as far as it gets without time passing.
    pub fn start(&mut self, line: &str, ticket: u64, world: &mut World) {
        self.cancel(world);
        (self.ticket, self.job) = (ticket, Some(Job::begin(line, &mut self.session, world)));
        self.line = line.to_owned();
        self.poll(world);
    }

    /// Goes on with the running command.
    pub fn poll(&mut self, world: &mut World) {
        let Some(job) = &mut self.job else { return };
        let state = job.poll(&mut self.session, world);
        self.take_printed();
        match state {
            Poll::Done(code) => self.end(code),
            Poll::Pending(due) => self.due = due,
        }
    }

    fn take_printed(&mut self) {
        let Some(job) = &mut self.job else { return };
        for (stream, text) in job.take_output() {
            let stream = stream_view(stream);
            if self.ticket != 0 {
                let printed = if stream == Stream::Err { &mut self.printed.stderr } else { &mut self.printed.stdout };
                printed.push_str(&text);
            }
            self.output.push((stream, text));
        }
    }

    /// True while a command runs.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// When the running command wants to look on, whatever happens.
    pub fn wakes_at(&self) -> Option<SimTime> {
        self.due
    }

    /// Interrupts the running command.
    pub fn cancel(&mut self, world: &mut World) {
        if let Some(job) = &mut self.job {
            job.interrupt(world);
            self.take_printed();
            self.end(130);
        }
    }

    /// Shows a line as if it had been typed.
    pub fn echo(&mut self, line: &str) {
        self.output.push((Stream::Input, format!("$ {line}")));
    }

    fn end(&mut self, exit_code: u8) {
        (self.job, self.due) = (None, None);
        let line = std::mem::take(&mut self.line);
        // What is watched is interrupted: there is no other end to it.
        if matches!(exit_code, 0 | 130) && !self.succeeded.contains(&line) {
            self.succeeded.push(line);
        }
        let printed = std::mem::take(&mut self.printed);
        if self.ticket != 0 {
            self.finished.push(Finished { ticket: self.ticket, exit_code, ..printed });
        }
    }

    /// The command lines that succeeded or were interrupted, each once.
    pub fn succeeded(&self) -> &[String] {
        &self.succeeded
    }

    /// Commands with a number that have ended since the last time.
    pub fn take_finished(&mut self) -> Vec<Finished> {
        std::mem::take(&mut self.finished)
    }

    /// What was printed since the last time.
    pub fn take_output(&mut self) -> Vec<(Stream, String)> {
        std::mem::take(&mut self.output)
    }

    /// The file that was handed over for editing since the last time: its path and its text.
    pub fn take_editing(&mut self) -> Option<(String, String)> {
        let path = self.session.editing.take()?.path;
        let text = self.session.file(&path).unwrap_or_default().to_owned();
        Some((path, text))
    }

    /// The requests that were sent since the last time.
    pub fn take_sent(&mut self, world: &mut World) -> Vec<Sent> {
        let traces = std::mem::take(&mut self.session.traces).into_iter().chain(world.take_sent());
        let single = traces.map(|trace| Sent { trace, count: 1, shares: Vec::new() });
        single.chain(std::mem::take(&mut self.session.streams)).collect()
    }
}

fn stream_view(stream: crate::kubectl::Stream) -> Stream {
    match stream {
        crate::kubectl::Stream::Out => Stream::Out,
        crate::kubectl::Stream::Err => Stream::Err,
    }
}

/// What a command that only reads prints, asked of a copy of the cluster: the cluster itself does not notice.
pub fn ask(world: &World, line: &str) -> String {
    let mut job = Job::start(line);
    job.poll(&mut Session::default(), &mut world.clone());
    job.take_output().into_iter().map(|(_, text)| text).collect()
}
