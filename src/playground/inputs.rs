//! What is done to the playground: commands and files go into the journal and are carried out.

use super::journal::{Entry, Input};
use super::{complete, requests, Finished, Playground};
use crate::kubectl::{syntax, verbs};
use crate::view::{self, Completion, Stream};

impl Playground {
    /// Carries a command line out, or begins to.
    pub fn exec(&mut self, line: &str) {
        self.note(Input::Exec(line.to_owned()));
    }

    /// How many inputs there were in this branch of history.
    pub fn inputs(&self) -> usize {
        self.line().journal.len()
    }

    /// Writes a manifest to a file and applies it; gives the command line that does so.
    pub fn apply(&mut self, file: &str, text: &str) -> String {
        let line = format!("kubectl apply -f {file}");
        self.note(Input::Write(file.to_owned(), text.to_owned()));
        self.note(Input::Exec(line.clone()));
        line
    }

    /// Writes a file.
    pub fn write(&mut self, file: &str, text: &str) {
        self.note(Input::Write(file.to_owned(), text.to_owned()));
    }

    /// Carries a command line out as soon as those before it have ended; gives the number that [`Finished`] will bear.
    pub fn queue(&mut self, line: &str) -> u64 {
        self.tickets += 1;
        self.waiting.push_back((self.tickets, line.to_owned()));
        self.start_waiting();
        self.tickets
    }

    /// Queued commands that have ended since the last time.
    pub fn take_finished(&mut self) -> Vec<Finished> {
        self.terminal.take_finished()
    }

    pub(super) fn start_waiting(&mut self) {
        while !self.terminal.is_busy() {
            let Some((ticket, line)) = self.waiting.pop_front() else { break };
            self.terminal.echo(&line);
            self.note_as(Input::Exec(line), ticket);
        }
    }

    /// Cancels the running command, as Ctrl-C does, and all that wait for it.
    pub fn cancel(&mut self) {
        self.waiting.clear();
        self.note(Input::Cancel);
    }

    /// True while a command runs.
    pub fn busy(&self) -> bool {
        self.terminal.is_busy()
    }

    /// What was printed since the last time.
    pub fn take_output(&mut self) -> Vec<(Stream, String)> {
        self.terminal.take_output()
    }

    /// How a command line can go on.
    pub fn complete(&self, line: &str) -> Completion {
        complete::complete(line, &self.world, self.terminal.session())
    }

    /// True for a command line that is not at its end yet: an open quote, loop or here-document.
    pub fn is_open(&self, line: &str) -> bool {
        syntax::is_open(line)
    }

    /// True for a command line that prints texts which are loaded when somebody first asks for them.
    pub fn wants_texts(&self, line: &str) -> bool {
        let asks = |word: &str| matches!(word, "explain" | "help" | "--help" | "-h" | "options");
        let words: Vec<&str> = line.split_whitespace().collect();
        let kubectl = words.iter().any(|word| matches!(*word, "kubectl" | "k"));
        let bare = words.len() == 1 || words.last().is_some_and(|word| verbs::is_family(word));
        self.terminal.session().help.is_none() && kubectl && (bare || words.iter().any(|word| asks(word)))
    }

    /// Takes these texts: the documentation of the API's fields, and the help of kubectl.
    pub fn set_texts(&mut self, docs: &str, help: &str) {
        self.terminal.set_texts(docs, help);
    }

    /// The prompt of the shell the terminal is in.
    pub fn prompt(&self) -> String {
        let shells = &self.terminal.session().shells;
        let prompt = |shell: &crate::kubectl::session::Shell| match shell.command {
            None => format!("root@{}:~#", shell.node),
            Some(id) => format!("root@{}:{}#", shell.node, self.world.directory_of(id).unwrap_or("/")),
        };
        shells.last().map_or_else(|| "$".to_owned(), prompt)
    }

    /// The file that was handed over for editing since the last time: its path and its text.
    pub fn take_editing(&mut self) -> Option<(String, String)> {
        self.terminal.take_editing()
    }

    /// Writes an input into the journal and carries it out. In the past, what came later is another branch.
    pub(super) fn note(&mut self, input: Input) {
        self.note_as(input, 0);
    }

    fn note_as(&mut self, input: Input, ticket: u64) {
        let at_us = self.world.now().0;
        if self.looking_back() {
            // The new branch remembers what is common to both.
            let mut line = self.line().clone();
            line.journal.retain(|entry| entry.at_us <= at_us);
            line.requests.retain(|request| request.at_ms * 1000 <= at_us);
            line.record = line.record.until(at_us / 1000);
            line.record.skip_to(self.world.store().revision());
            self.history.fork(&self.world);
            self.lines.push(line);
        }
        if let Input::Exec(text) = &input {
            self.line_mut().record.happened(at_us / 1000, false, text.into());
        }
        let events = self.world.events_done();
        self.line_mut().journal.push(Entry { at_us, events, input: input.clone() });
        self.input(input, ticket);
    }

    pub(super) fn input(&mut self, input: Input, ticket: u64) {
        match input {
            Input::Write(file, text) => self.terminal.write(&file, text),
            Input::Exec(line) => self.terminal.start(&line, ticket, &mut self.world),
            Input::Cancel => self.terminal.cancel(&mut self.world),
        }
        self.history.acted(&self.world);
        self.collect();
        self.read_on();
    }

    pub(super) fn read_on(&mut self) {
        let record = &mut self.lines[self.history.current() as usize].record;
        record.read_on(&self.world.truth());
        view::series::ask_usage(record, &self.world);
        view::series::ask_load(record, &self.world);
    }

    pub(super) fn collect(&mut self) {
        self.changes += 1;
        let at_ms = self.world.now().0 / 1000;
        for sent in self.terminal.take_sent(&mut self.world) {
            let requests = &mut self.line_mut().requests;
            let id = requests.last().map_or(1, |last| last.id + 1);
            requests.push(requests::view(id, at_ms, &sent));
        }
    }
}
