//! What a script is compiled to: steps with their targets.

use std::sync::Arc;

use ecow::EcoString;

use super::lex::Word;

/// One step.
#[derive(Clone, PartialEq, Debug)]
pub enum Op {
    /// Nothing.
    Pass,
    /// Runs commands joined by pipes.
    Run(Arc<Vec<Stage>>),
    /// Turns success into failure and back.
    Not,
    /// Goes on elsewhere.
    Goto(u32),
    /// Goes on elsewhere after failure.
    Unless(u32),
    /// Goes on elsewhere after success.
    When(u32),
    /// A loop begins; behind it the script goes on there.
    Begin(u32),
    /// A loop over words begins.
    Each(Arc<Vec<Word>>, u32),
    /// Takes the next word of the loop, or leaves it.
    Next(EcoString),
    /// Back to the head of the loop.
    Again,
    /// The loop is over.
    Leave,
    /// Goes on elsewhere unless a word is like one of some patterns.
    Match(Arc<(Word, Vec<Word>)>, u32),
    /// From here on channels lead elsewhere.
    Redirect(Arc<Vec<Redirect>>),
    /// They lead where they led before.
    Restore,
    /// What follows up to there runs beside the script.
    Fork(u32),
    /// A subshell begins; behind it the script goes on there.
    Enter(u32),
    /// A function, whose steps end there.
    Define(EcoString, u32),
    /// The end of a function or of a subshell.
    Return,
}

/// A command of a pipe.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Stage {
    /// Variables set before it.
    pub assigns: Vec<(EcoString, Word)>,
    /// The command.
    pub words: Vec<Word>,
    /// Where its channels lead.
    pub redirects: Vec<Redirect>,
    /// The steps of a loop or the like in place of a command.
    pub body: Option<Arc<Vec<Op>>>,
}

/// A channel that leads elsewhere.
#[derive(Clone, PartialEq, Debug)]
pub struct Redirect {
    /// Which channel.
    pub channel: u8,
    /// `<`, `>`, `>>`, `>&`, `&>`, or `<<` for a text.
    pub operator: &'static str,
    /// Where to or what.
    pub word: Word,
}

/// Puts steps that were compiled for themselves behind others.
pub(super) fn append(ops: &mut Vec<Op>, more: Vec<Op>) {
    let offset = ops.len() as u32;
    ops.extend(more.into_iter().map(|mut op| {
        if let Some(target) = target(&mut op) {
            *target += offset;
        }
        op
    }));
}

pub(super) fn target(op: &mut Op) -> Option<&mut u32> {
    match op {
        Op::Goto(t) | Op::Unless(t) | Op::When(t) | Op::Begin(t) | Op::Each(_, t) => Some(t),
        Op::Match(_, t) | Op::Fork(t) | Op::Enter(t) | Op::Define(_, t) => Some(t),
        _ => None,
    }
}
