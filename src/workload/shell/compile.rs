//! Scripts become a list of steps, so that a process is a place in the list and plain data: it can be left where it waits,
//! copied, and gone on with.

use std::sync::Arc;

use ecow::EcoString;

use super::lex::{lex, plain, Piece, Token, Word};

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

/// Compiles a script.
pub fn compile(text: &str) -> Result<Vec<Op>, String> {
    let mut compiler = Compiler { tokens: lex(text)?, at: 0, ops: Vec::new() };
    compiler.list(&[])?;
    match compiler.tokens.get(compiler.at) {
        None => Ok(compiler.ops),
        Some(token) => Err(unexpected(token)),
    }
}

fn unexpected(token: &Token) -> String {
    let text = match token {
        Token::Word(word) | Token::Body(word) => format!("word \"{}\"", plain(word)),
        Token::Operator("\n") => "newline".to_owned(),
        Token::Operator(op) | Token::Redirect(_, op) => format!("\"{op}\""),
    };
    format!("syntax error: unexpected {text}")
}

struct Compiler {
    tokens: Vec<Token>,
    at: usize,
    ops: Vec<Op>,
}

/// Puts steps that were compiled for themselves behind others.
fn append(ops: &mut Vec<Op>, more: Vec<Op>) {
    let offset = ops.len() as u32;
    ops.extend(more.into_iter().map(|mut op| {
        if let Some(target) = target(&mut op) {
            *target += offset;
        }
        op
    }));
}

fn target(op: &mut Op) -> Option<&mut u32> {
    match op {
        Op::Goto(t) | Op::Unless(t) | Op::When(t) | Op::Begin(t) | Op::Each(_, t) => Some(t),
        Op::Match(_, t) | Op::Fork(t) | Op::Enter(t) | Op::Define(_, t) => Some(t),
        _ => None,
    }
}

impl Compiler {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_operator(&self, op: &str) -> bool {
        matches!(self.peek(), Some(Token::Operator(o)) if *o == op)
    }

    fn takes(&mut self, op: &str) -> bool {
        let found = self.is_operator(op);
        self.at += usize::from(found);
        found
    }

    /// The next token as a bare word, where it is one.
    fn bare(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => match word.as_slice() {
                [Piece::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    fn expect(&mut self, name: &str) -> Result<(), String> {
        if self.bare() == Some(name) || self.is_operator(name) {
            self.at += 1;
            return Ok(());
        }
        match self.peek() {
            None => Err(format!("syntax error: unexpected end of file (expecting \"{name}\")")),
            Some(token) => Err(format!("{} (expecting \"{name}\")", unexpected(token))),
        }
    }

    fn emit(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }

    fn here(&self) -> u32 {
        self.ops.len() as u32
    }

    fn set(&mut self, place: usize) {
        let here = self.here();
        if let Some(target) = target(&mut self.ops[place]) {
            *target = here;
        }
    }

    fn skip_lines(&mut self) {
        while self.is_operator("\n") {
            self.at += 1;
        }
    }

    /// Commands until one of some words, a closing sign or the end.
    fn list(&mut self, until: &[&str]) -> Result<(), String> {
        loop {
            while self.takes("\n") || self.takes(";") {}
            let over = self.bare().is_some_and(|word| until.contains(&word))
                || self.is_operator(")")
                || self.is_operator(";;");
            if over || self.peek().is_none() {
                return Ok(());
            }
            let place = self.emit(Op::Pass);
            self.and_or()?;
            if self.takes("&") {
                self.ops[place] = Op::Fork(0);
                self.set(place);
            } else if !(self.is_operator(";")
                || self.is_operator("\n")
                || self.is_operator(")")
                || self.is_operator(";;"))
            {
                if let Some(token) = self.peek() {
                    return Err(unexpected(token));
                }
            }
        }
    }

    fn and_or(&mut self) -> Result<(), String> {
        self.pipeline()?;
        loop {
            let op = if self.takes("&&") {
                Op::Unless(0)
            } else if self.takes("||") {
                Op::When(0)
            } else {
                return Ok(());
            };
            self.skip_lines();
            let place = self.emit(op);
            self.pipeline()?;
            self.set(place);
        }
    }

    fn pipeline(&mut self) -> Result<(), String> {
        let mut negated = false;
        while self.bare() == Some("!") {
            self.at += 1;
            negated = !negated;
        }
        let mut stages = Vec::new();
        loop {
            let before = std::mem::take(&mut self.ops);
            let simple = self.command()?;
            let body = std::mem::replace(&mut self.ops, before);
            let piped = self.takes("|");
            match simple {
                Some(stage) => stages.push(stage),
                None if !piped && stages.is_empty() => append(&mut self.ops, body),
                None => stages.push(Stage { body: Some(Arc::new(body)), ..Stage::default() }),
            }
            if !piped {
                break;
            }
            self.skip_lines();
        }
        if !stages.is_empty() {
            self.emit(Op::Run(Arc::new(stages)));
        }
        if negated {
            self.emit(Op::Not);
        }
        Ok(())
    }

    /// A simple command, or the steps of a compound one.
    fn command(&mut self) -> Result<Option<Stage>, String> {
        let place = self.emit(Op::Pass);
        let word = self.bare().unwrap_or("").to_owned();
        match word.as_str() {
            "while" | "until" | "for" | "if" | "case" | "{" => {
                self.at += 1;
                self.compound(&word)?;
            }
            "function" => {
                self.at += 1;
                return self.function().map(|()| None);
            }
            _ if self.takes("(") => {
                let enter = self.emit(Op::Enter(0));
                self.list(&[])?;
                self.expect(")")?;
                self.emit(Op::Return);
                self.set(enter);
            }
            _ => {
                self.ops.truncate(place);
                let is_function = matches!(self.tokens.get(self.at + 1), Some(Token::Operator("(")));
                if is_function && !word.is_empty() {
                    return self.function().map(|()| None);
                }
                return self.simple().map(Some);
            }
        }
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        if !redirects.is_empty() {
            self.ops[place] = Op::Redirect(Arc::new(redirects));
            self.emit(Op::Restore);
        }
        Ok(None)
    }

    fn function(&mut self) -> Result<(), String> {
        let name = EcoString::from(self.bare().unwrap_or(""));
        self.at += 1;
        if self.takes("(") {
            self.expect(")")?;
        }
        self.skip_lines();
        let place = self.emit(Op::Define(name, 0));
        let before = std::mem::take(&mut self.ops);
        self.command()?;
        let body = std::mem::replace(&mut self.ops, before);
        append(&mut self.ops, body);
        self.emit(Op::Return);
        self.set(place);
        Ok(())
    }

    fn compound(&mut self, word: &str) -> Result<(), String> {
        match word {
            "{" => {
                self.list(&["}"])?;
                self.expect("}")
            }
            "if" => self.branches(),
            "case" => self.case(),
            "for" => self.each(),
            _ => {
                let begin = self.emit(Op::Begin(0));
                self.list(&["do"])?;
                self.expect("do")?;
                let leave = self.emit(if word == "while" { Op::Unless(0) } else { Op::When(0) });
                self.list(&["done"])?;
                self.expect("done")?;
                self.emit(Op::Again);
                self.set(leave);
                self.emit(Op::Leave);
                self.set(begin);
                Ok(())
            }
        }
    }

    fn branches(&mut self) -> Result<(), String> {
        let mut ends = Vec::new();
        loop {
            self.list(&["then"])?;
            self.expect("then")?;
            let skip = self.emit(Op::Unless(0));
            self.list(&["elif", "else", "fi"])?;
            ends.push(self.emit(Op::Goto(0)));
            self.set(skip);
            match self.bare() {
                Some("elif") => self.at += 1,
                Some("else") => {
                    self.at += 1;
                    self.list(&["fi"])?;
                    break;
                }
                _ => {
                    self.emit(Op::Run(Arc::new(Vec::new())));
                    break;
                }
            }
        }
        self.expect("fi")?;
        ends.into_iter().for_each(|end| self.set(end));
        Ok(())
    }

    fn case(&mut self) -> Result<(), String> {
        let subject = self.word()?;
        self.skip_lines();
        self.expect("in")?;
        let mut ends = Vec::new();
        loop {
            self.skip_lines();
            if self.bare() == Some("esac") {
                break;
            }
            self.takes("(");
            let mut patterns = vec![self.word()?];
            while self.takes("|") {
                patterns.push(self.word()?);
            }
            self.expect(")")?;
            let skip = self.emit(Op::Match(Arc::new((subject.clone(), patterns)), 0));
            self.list(&["esac"])?;
            ends.push(self.emit(Op::Goto(0)));
            self.set(skip);
            if !self.takes(";;") {
                break;
            }
        }
        self.expect("esac")?;
        ends.into_iter().for_each(|end| self.set(end));
        Ok(())
    }

    fn each(&mut self) -> Result<(), String> {
        let name = EcoString::from(self.bare().unwrap_or("i"));
        self.at += 1;
        let mut words = vec![vec![Piece::Variable("@".into(), true)]];
        self.skip_lines();
        if self.bare() == Some("in") {
            self.at += 1;
            words.clear();
            while let Some(Token::Word(word)) = self.peek() {
                words.push(word.clone());
                self.at += 1;
            }
        }
        self.takes(";");
        self.skip_lines();
        self.expect("do")?;
        let begin = self.emit(Op::Each(Arc::new(words), 0));
        self.emit(Op::Next(name));
        self.list(&["done"])?;
        self.expect("done")?;
        self.emit(Op::Again);
        self.set(begin);
        Ok(())
    }

    fn word(&mut self) -> Result<Word, String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            Some(token) => Err(unexpected(token)),
            None => Err("syntax error: unexpected end of file".to_owned()),
        }
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, String> {
        let Some(Token::Redirect(channel, operator)) = self.peek() else { return Ok(None) };
        let (channel, operator) = (*channel, *operator);
        self.at += 1;
        if let Some(Token::Body(body)) = self.peek() {
            let word = body.clone();
            self.at += 1;
            return Ok(Some(Redirect { channel, operator: "<<", word }));
        }
        let mut word = self.word()?;
        if operator == "<<<" {
            word.push(Piece::Quoted("\n".into()));
        }
        Ok(Some(Redirect { channel, operator: if operator == "<<<" { "<<" } else { operator }, word }))
    }

    fn simple(&mut self) -> Result<Stage, String> {
        let mut stage = Stage::default();
        loop {
            if let Some(redirect) = self.redirect()? {
                stage.redirects.push(redirect);
                continue;
            }
            let Some(Token::Word(word)) = self.peek() else { break };
            let word = word.clone();
            self.at += 1;
            match assignment(&word).filter(|_| stage.words.is_empty()) {
                Some(assign) => stage.assigns.push(assign),
                None => stage.words.push(word),
            }
        }
        if stage.words.is_empty() && stage.assigns.is_empty() && stage.redirects.is_empty() {
            return match self.peek() {
                Some(token) => Err(unexpected(token)),
                None => Err("syntax error: unexpected end of file".to_owned()),
            };
        }
        Ok(stage)
    }
}

/// `NAME=value` of a word.
fn assignment(word: &Word) -> Option<(EcoString, Word)> {
    let Some(Piece::Text(text)) = word.first() else { return None };
    let (name, value) = text.split_once('=')?;
    let valid = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    valid.then(|| {
        let mut rest = word.clone();
        rest[0] = Piece::Text(value.into());
        (name.into(), rest)
    })
}
