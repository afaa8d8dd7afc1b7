//! A pipeline whose words are being filled in: the commands of its substitutions run one after the other first.

use std::collections::{BTreeMap, VecDeque};

use super::call::Poll;
use super::expand::{Expander, Memo};
use super::output::{Output, Stream};
use super::session::Session;
use super::shell::Job;
use super::syntax::Stage;
use crate::cluster::World;

/// A command whose answer is awaited.
struct Asked {
    job: Box<Job>,
    printed: String,
    /// The variables and the place, which it leaves as they were.
    before: (BTreeMap<String, String>, String),
}

/// The words of a pipeline on their way.
pub(super) struct Expansion {
    stages: VecDeque<Stage>,
    memo: Memo,
    asked: Option<Asked>,
    /// The exit code of the command before, and then of the last substitution.
    pub code: u8,
    /// True once a substitution has run.
    pub ran: bool,
}

impl Expansion {
    /// Begins with a pipeline, behind a command that ended with a code.
    pub fn new(stages: VecDeque<Stage>, code: u8) -> Expansion {
        Expansion { stages, memo: Memo::default(), asked: None, code, ran: false }
    }

    /// Goes on; the commands with all filled in, or until when it waits. An error is why that cannot be done.
    pub fn poll(
        &mut self,
        session: &mut Session,
        world: &mut World,
        out: &mut Output,
    ) -> Result<VecDeque<Stage>, Result<Poll, String>> {
        loop {
            if let Some(Asked { job, printed, .. }) = &mut self.asked {
                let state = job.poll(session, world);
                for (stream, text) in job.take_output() {
                    match stream {
                        Stream::Out => printed.push_str(&text),
                        Stream::Err => out.push(stream, &text),
                    }
                }
                let Poll::Done(code) = state else { return Err(Ok(state)) };
                (self.code, self.ran) = (code, true);
            }
            if let Some(Asked { printed, before, .. }) = self.asked.take() {
                self.memo.answers.push(printed.trim_end_matches('\n').to_owned());
                (session.variables, session.directory) = before;
            }
            let mut expander = Expander { session, world, last_code: self.code, memo: &mut self.memo };
            let stages = expander.stages(self.stages.iter());
            if let Some(command) = self.memo.wanted.take() {
                let mut job = Box::new(Job::start(&command));
                job.follow(self.code);
                let before = (session.variables.clone(), session.directory.clone());
                self.asked = Some(Asked { job, printed: String::new(), before });
                continue;
            }
            return match self.memo.refusal.take() {
                Some(why) => Err(Err(why)),
                None => Ok(stages.into()),
            };
        }
    }
}
