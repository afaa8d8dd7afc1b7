//! A jq program, read into expressions.

use super::jq_values::Json;

/// What gives values from a value.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    /// `.`
    Same,
    Index(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    Each(Box<Expr>),
    Try(Box<Expr>),
    Value(Json),
    /// A text with what is filled in, in a format such as `@base64d`.
    Text(Vec<Expr>, String),
    List(Option<Box<Expr>>),
    Map(Vec<(Expr, Expr)>),
    Two(&'static str, Box<Expr>, Box<Expr>),
    Minus(Box<Expr>),
    If(Vec<(Expr, Expr)>, Box<Expr>),
    Call(String, Vec<Expr>),
    As(Box<Expr>, String, Box<Expr>),
    Name(String),
}

/// Signs by how tightly they bind, those that bind least first.
const LEVELS: &[&[&str]] = &[
    &["|"],
    &[","],
    &["//"],
    &["|=", "+=", "-=", "//=", "="],
    &["or"],
    &["and"],
    &["==", "!=", "<=", ">=", "<", ">"],
    &["+", "-"],
    &["*", "/", "%"],
];

/// Reads a program.
pub(super) fn read(text: &str) -> Result<Expr, String> {
    let mut reader = Reader { rest: text };
    if text.trim().is_empty() {
        return Ok(Expr::Same);
    }
    let expr = reader.level(0)?;
    reader.skip();
    match reader.rest.is_empty() {
        true => Ok(expr),
        false => Err(reader.refusal()),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

type Read<T> = Result<T, String>;

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('#') {
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]).trim_start();
        }
    }

    fn refusal(&self) -> String {
        let what = match self.rest.split_whitespace().next() {
            Some(word) => format!("unexpected {word}"),
            None => "unexpected end of file".to_owned(),
        };
        format!("jq: error: syntax error, {what}\njq: 1 compile error")
    }

    /// Takes a sign, unless it is a part of a longer one, or a word that goes on.
    fn takes(&mut self, sign: &str) -> bool {
        self.skip();
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        let longer = LEVELS.iter().flat_map(|l| l.iter());
        let longer =
            longer.into_iter().any(|s| s.len() > sign.len() && s.starts_with(sign) && self.rest.starts_with(s));
        let goes_on = sign.ends_with(is_name) && rest.starts_with(is_name);
        if !longer && !goes_on {
            self.rest = rest;
        }
        !longer && !goes_on
    }

    fn expect(&mut self, sign: &str) -> Read<()> {
        match self.takes(sign) {
            true => Ok(()),
            false => Err(self.refusal()),
        }
    }

    fn level(&mut self, level: usize) -> Read<Expr> {
        let Some(signs) = LEVELS.get(level) else { return self.postfix() };
        let mut left = self.level(level + 1)?;
        loop {
            if level == 0 && self.takes("as") {
                self.expect("$")?;
                let name = self.name();
                self.expect("|")?;
                return Ok(Expr::As(boxed(left), name, boxed(self.level(0)?)));
            }
            let Some(sign) = signs.iter().find(|sign| self.takes(sign)) else { return Ok(left) };
            let right = self.level(if level <= 2 && level != 1 { level } else { level + 1 })?;
            left = Expr::Two(sign, boxed(left), boxed(right));
        }
    }

    fn name(&mut self) -> String {
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }

    fn postfix(&mut self) -> Read<Expr> {
        let mut expr = self.single()?;
        loop {
            if self.rest.starts_with('[') {
                expr = self.brackets(expr)?;
            } else if self.rest.starts_with('?') && !self.rest.starts_with("?//") {
                self.rest = &self.rest[1..];
                expr = Expr::Try(boxed(expr));
            } else if self.rest.starts_with('.') && !self.rest.starts_with("..") {
                self.rest = &self.rest[1..];
                expr = self.behind_point(expr)?;
            } else {
                return Ok(expr);
            }
        }
    }

    /// What follows a point: a name, a text, or brackets.
    fn behind_point(&mut self, of: Expr) -> Read<Expr> {
        if self.rest.starts_with('"') {
            let key = self.text(String::new())?;
            return Ok(Expr::Index(boxed(of), boxed(key)));
        }
        if self.rest.starts_with('[') {
            return self.brackets(of);
        }
        match self.rest.starts_with(is_name) {
            true => Ok(Expr::Index(boxed(of), boxed(Expr::Value(Json::Text(self.name()))))),
            false => Err(self.refusal()),
        }
    }

    fn brackets(&mut self, of: Expr) -> Read<Expr> {
        self.rest = &self.rest[1..];
        if self.takes("]") {
            return Ok(Expr::Each(boxed(of)));
        }
        let from = if self.takes(":") { None } else { Some(boxed(self.level(0)?)) };
        if let Some(from) = from.clone() {
            if self.takes("]") {
                return Ok(Expr::Index(boxed(of), from));
            }
            self.expect(":")?;
        }
        let to = if self.takes("]") { None } else { Some(boxed(self.level(0)?)) };
        if to.is_some() {
            self.expect("]")?;
        }
        Ok(Expr::Slice(boxed(of), from, to))
    }

    fn single(&mut self) -> Read<Expr> {
        self.skip();
        let Some(c) = self.rest.chars().next() else { return Err(self.refusal()) };
        if self.rest.starts_with("..") {
            self.rest = &self.rest[2..];
            return Ok(Expr::Call("recurse".to_owned(), Vec::new()));
        }
        if c.is_ascii_digit() {
            let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.rest.len());
            let number = self.rest[..end].parse().map_err(|_| self.refusal())?;
            self.rest = &self.rest[end..];
            return Ok(Expr::Value(Json::Number(number)));
        }
        match c {
            '.' => {
                self.rest = &self.rest[1..];
                let goes_on = self.rest.starts_with(|c| is_name(c) || c == '"' || c == '[');
                if goes_on {
                    self.behind_point(Expr::Same)
                } else {
                    Ok(Expr::Same)
                }
            }
            '"' => self.text(String::new()),
            '@' => {
                self.rest = &self.rest[1..];
                let format = self.name();
                self.skip();
                match self.rest.starts_with('"') {
                    true => self.text(format),
                    false => Ok(Expr::Text(vec![Expr::Same], format)),
                }
            }
            '$' => {
                self.rest = &self.rest[1..];
                Ok(Expr::Name(self.name()))
            }
            '-' => {
                self.rest = &self.rest[1..];
                Ok(Expr::Minus(boxed(self.postfix()?)))
            }
            '(' => {
                self.rest = &self.rest[1..];
                let inner = self.level(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            '[' => {
                self.rest = &self.rest[1..];
                if self.takes("]") {
                    return Ok(Expr::List(None));
                }
                let inner = self.level(0)?;
                self.expect("]")?;
                Ok(Expr::List(Some(boxed(inner))))
            }
            '{' => self.map(),
            c if is_name(c) => self.call(),
            _ => Err(self.refusal()),
        }
    }

    fn call(&mut self) -> Read<Expr> {
        let name = self.name();
        match name.as_str() {
            "null" => return Ok(Expr::Value(Json::Null)),
            "true" | "false" => return Ok(Expr::Value(Json::Bool(name == "true"))),
            "if" => {
                let mut branches = Vec::new();
                loop {
                    let asked = self.level(0)?;
                    self.expect("then")?;
                    branches.push((asked, self.level(0)?));
                    if self.takes("elif") {
                        continue;
                    }
                    let otherwise = if self.takes("else") { self.level(0)? } else { Expr::Same };
                    self.expect("end")?;
                    return Ok(Expr::If(branches, boxed(otherwise)));
                }
            }
            "def" | "reduce" | "foreach" | "try" | "label" => {
                return Err(format!("jq: error: {name} is not known here\njq: 1 compile error"));
            }
            _ => {}
        }
        let mut args = Vec::new();
        if self.rest.starts_with('(') {
            self.rest = &self.rest[1..];
            loop {
                args.push(self.level(0)?);
                if !self.takes(";") {
                    break;
                }
            }
            self.expect(")")?;
        }
        match super::jq_functions::NAMES.contains(&name.as_str()) {
            true => Ok(Expr::Call(name, args)),
            false => Err(format!(
                "jq: error: {name}/{} is not defined at <top-level>, line 1:\njq: 1 compile error",
                args.len()
            )),
        }
    }

    fn map(&mut self) -> Read<Expr> {
        self.rest = &self.rest[1..];
        let mut members = Vec::new();
        while !self.takes("}") {
            self.skip();
            let (key, own) = match self.rest.chars().next() {
                Some('(') | Some('"') => (self.single()?, None),
                Some('$') => {
                    self.rest = &self.rest[1..];
                    let name = self.name();
                    (Expr::Value(Json::Text(name.clone())), Some(Expr::Name(name)))
                }
                Some(c) if is_name(c) => (Expr::Value(Json::Text(self.name())), None),
                _ => return Err(self.refusal()),
            };
            let value = match self.takes(":") {
                true => self.level(2)?,
                false => own.unwrap_or_else(|| Expr::Index(boxed(Expr::Same), boxed(key.clone()))),
            };
            members.push((key, value));
            self.takes(",");
        }
        Ok(Expr::Map(members))
    }

    /// A text, whose `\(...)` are filled in.
    fn text(&mut self, format: String) -> Read<Expr> {
        let (mut parts, mut plain) = (Vec::new(), String::new());
        self.rest = &self.rest[1..];
        loop {
            let Some(c) = self.rest.chars().next() else { return Err(self.refusal()) };
            self.rest = &self.rest[c.len_utf8()..];
            match c {
                '"' => break,
                '\\' if self.rest.starts_with('(') => {
                    self.rest = &self.rest[1..];
                    parts.push(Expr::Value(Json::Text(std::mem::take(&mut plain))));
                    parts.push(self.level(0)?);
                    self.expect(")")?;
                }
                '\\' => {
                    let escaped = self.rest.chars().next().unwrap_or('\\');
                    self.rest = &self.rest[escaped.len_utf8()..];
                    plain.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                }
                c => plain.push(c),
            }
        }
        if parts.is_empty() {
            return Ok(Expr::Value(Json::Text(plain)));
        }
        parts.push(Expr::Value(Json::Text(plain)));
        Ok(Expr::Text(parts, format))
    }
}
