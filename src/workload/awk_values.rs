//! The expressions of awk, read with what binds them.

use super::awk::{Expr, Read, Reader};
use super::awk_words::Token;

impl Reader {
    pub(super) fn expression(&mut self) -> Read<Expr> {
        let left = self.binary(0)?;
        if self.takes("?") {
            let yes = self.expression()?;
            self.expect(":")?;
            return Ok(Expr::Choice(Box::new(left), Box::new(yes), Box::new(self.expression()?)));
        }
        let sign = self.sign();
        if matches!(sign, "=" | "+=" | "-=" | "*=" | "/=" | "%=" | "^=") {
            if !matches!(left, Expr::Name(_) | Expr::Field(_) | Expr::Item(..)) {
                return Err(self.refusal());
            }
            self.at += 1;
            return Ok(Expr::Set(sign, Box::new(left), Box::new(self.expression()?)));
        }
        Ok(left)
    }

    /// Signs that bind more strongly have a higher rank; texts side by side stand between comparing and adding.
    fn binary(&mut self, least: u8) -> Read<Expr> {
        let mut left = self.single()?;
        loop {
            let sign = self.sign();
            let rank = match sign {
                "||" => 1,
                "&&" => 2,
                "~" | "!~" => 4,
                ">" if self.plain => return Ok(left),
                "<" | "<=" | "==" | "!=" | ">=" | ">" => 5,
                "+" | "-" => 7,
                "*" | "/" | "%" => 8,
                "^" | "**" => 10,
                _ if self.name() == "in" => 3,
                _ if self.begins_value() => 6,
                _ => return Ok(left),
            };
            if rank < least {
                return Ok(left);
            }
            self.at += usize::from(rank != 6);
            while matches!(rank, 1 | 2) && self.takes("\n") {}
            left = match rank {
                3 => {
                    let array = self.name().to_owned();
                    self.at += 1;
                    Expr::Within(Box::new(left), array)
                }
                6 => Expr::Two("", Box::new(left), Box::new(self.binary(7)?)),
                10 => Expr::Two("^", Box::new(left), Box::new(self.binary(10)?)),
                rank => Expr::Two(sign, Box::new(left), Box::new(self.binary(rank + 1)?)),
            };
        }
    }

    fn begins_value(&self) -> bool {
        match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) => matches!(*sign, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            Some(token) => !matches!(token, Token::Pattern(_)),
            None => false,
        }
    }

    pub(super) fn single(&mut self) -> Read<Expr> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| self.refusal())?;
        self.at += 1;
        let value = match token {
            Token::Number(number) => Expr::Number(number),
            Token::Text(text) => Expr::Text(text),
            Token::Pattern(pattern) => Expr::Pattern(pattern),
            Token::Sign("$") => Expr::Field(Box::new(self.single_plain()?)),
            Token::Sign("(") => {
                let plain = std::mem::take(&mut self.plain);
                let inner = self.expression()?;
                self.expect(")")?;
                self.plain = plain;
                inner
            }
            Token::Sign("!") => return Ok(Expr::One("!", Box::new(self.binary(9)?))),
            Token::Sign("-") => return Ok(Expr::One("-", Box::new(self.binary(9)?))),
            Token::Sign("+") => return Ok(Expr::One("+", Box::new(self.binary(9)?))),
            Token::Sign(sign @ ("++" | "--")) => {
                let step = if sign == "++" { 1.0 } else { -1.0 };
                return Ok(Expr::Step(step, Box::new(self.single()?), false));
            }
            Token::Name(name) if self.takes("(") => Expr::Call(name, self.list(")")?),
            Token::Name(name) if self.takes("[") => Expr::Item(name, self.list("]")?),
            Token::Name(name) if name == "length" => Expr::Call(name, Vec::new()),
            Token::Name(name) => Expr::Name(name),
            Token::Sign(_) => {
                self.at -= 1;
                return Err(self.refusal());
            }
        };
        let step = match self.sign() {
            "++" => 1.0,
            "--" => -1.0,
            _ => return Ok(value),
        };
        if !matches!(value, Expr::Name(_) | Expr::Field(_) | Expr::Item(..)) {
            return Ok(value);
        }
        self.at += 1;
        Ok(Expr::Step(step, Box::new(value), true))
    }

    /// What stands behind `$`: a step behind it is one of the field.
    fn single_plain(&mut self) -> Read<Expr> {
        let token = self.tokens.get(self.at).cloned();
        match token {
            Some(Token::Name(name)) if !matches!(self.tokens.get(self.at + 1), Some(Token::Sign("(" | "["))) => {
                self.at += 1;
                Ok(Expr::Name(name))
            }
            _ => self.single(),
        }
    }
}
