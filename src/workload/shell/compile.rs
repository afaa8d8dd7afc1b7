//! Scripts become a list of steps, so that a process is a place in the list and plain data: it can be left where it waits,
//! copied, and gone on with.

use std::sync::Arc;

use ecow::EcoString;

use super::lex::{lex, plain, Piece, Token, Word};
use super::ops::{append, target, Op, Redirect, Stage};

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

pub(super) struct Compiler {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) ops: Vec<Op>,
}

impl Compiler {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_operator(&self, op: &str) -> bool {
        matches!(self.peek(), Some(Token::Operator(o)) if *o == op)
    }

    pub(super) fn takes(&mut self, op: &str) -> bool {
        let found = self.is_operator(op);
        self.at += usize::from(found);
        found
    }

    /// The next token as a bare word, where it is one.
    pub(super) fn bare(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => match word.as_slice() {
                [Piece::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn expect(&mut self, name: &str) -> Result<(), String> {
        if self.bare() == Some(name) || self.is_operator(name) {
            self.at += 1;
            return Ok(());
        }
        match self.peek() {
            None => Err(format!("syntax error: unexpected end of file (expecting \"{name}\")")),
            Some(token) => Err(format!("{} (expecting \"{name}\")", unexpected(token))),
        }
    }

    pub(super) fn emit(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }

    fn here(&self) -> u32 {
        self.ops.len() as u32
    }

    pub(super) fn set(&mut self, place: usize) {
        let here = self.here();
        if let Some(target) = target(&mut self.ops[place]) {
            *target = here;
        }
    }

    pub(super) fn skip_lines(&mut self) {
        while self.is_operator("\n") {
            self.at += 1;
        }
    }

    /// Commands until one of some words, a closing sign or the end.
    pub(super) fn list(&mut self, until: &[&str]) -> Result<(), String> {
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
    pub(super) fn command(&mut self) -> Result<Option<Stage>, String> {
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

    pub(super) fn word(&mut self) -> Result<Word, String> {
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
