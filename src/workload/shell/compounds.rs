//! The compound commands of the shell: functions, if, case, for, while.

use std::sync::Arc;

use ecow::EcoString;

use super::compile::Compiler;
use super::lex::{Piece, Token};
use super::ops::{append, Op};

impl Compiler {
    pub(super) fn function(&mut self) -> Result<(), String> {
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

    pub(super) fn compound(&mut self, word: &str) -> Result<(), String> {
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

    pub(super) fn case(&mut self) -> Result<(), String> {
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
}
