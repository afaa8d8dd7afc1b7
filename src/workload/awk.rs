//! awk: rules of patterns and actions, with variables, arrays, loops, `printf` and the functions on texts. There are no
//! functions of one's own, no `getline`, and `print` writes to no files.

use super::awk_run::Awk;
use super::awk_words::{lex, Token};
use super::filters::{Made, Options};
use crate::base::expression::Expression;

/// Makes an awk.
pub(super) fn make(mut options: Options) -> Result<Made, String> {
    if options.args.is_empty() {
        return Err("usage: awk [-F SEPARATOR] [-v NAME=VALUE] PROGRAM [FILE...]".to_owned());
    }
    let mut reader = Reader { tokens: lex(&options.args.remove(0))?, at: 0, plain: false };
    let mut settings = vec![("FS".to_owned(), " ".to_owned())];
    let separator = options.value('F');
    if !separator.is_empty() {
        settings.push(("FS".to_owned(), super::printing::unescaped(&separator)));
    }
    let given = options.values('v');
    settings.extend(given.iter().filter_map(|pair| pair.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())));
    Ok((Box::new(Awk::new(reader.rules()?, settings)), options.args))
}

/// When a rule acts.
pub(super) enum When {
    Begin,
    End,
    Always,
    Holds(Expr),
    /// From where the first holds to where the second does.
    Between(Expr, Expr),
}

/// What gives a value.
#[derive(Clone)]
pub(super) enum Expr {
    Number(f64),
    Text(String),
    Pattern(Expression),
    Field(Box<Expr>),
    Name(String),
    Item(String, Vec<Expr>),
    Set(&'static str, Box<Expr>, Box<Expr>),
    /// `++x` and the like; true where the value is that from before.
    Step(f64, Box<Expr>, bool),
    Two(&'static str, Box<Expr>, Box<Expr>),
    One(&'static str, Box<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    Within(Box<Expr>, String),
    Call(String, Vec<Expr>),
}

/// What is done.
pub(super) enum Act {
    Print(Vec<Expr>),
    Printf(Vec<Expr>),
    Value(Expr),
    If(Expr, Vec<Act>, Vec<Act>),
    /// While it holds; with a step behind each round, and true where the first round comes before the question.
    While(Expr, Vec<Act>, Option<Box<Act>>, bool),
    Each(String, String, Vec<Act>),
    Delete(String, Vec<Expr>),
    Block(Vec<Act>),
    Next,
    Exit(Option<Expr>),
    Break,
    Continue,
}

/// A program that is read.
pub(super) struct Reader {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    /// True where `>` leads to a file rather than comparing.
    pub(super) plain: bool,
}

pub(super) type Read<T> = Result<T, String>;

impl Reader {
    pub(super) fn sign(&self) -> &'static str {
        match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) => sign,
            _ => "",
        }
    }

    pub(super) fn name(&self) -> &str {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => name,
            _ => "",
        }
    }

    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let found = self.sign() == sign && !sign.is_empty();
        self.at += usize::from(found);
        found
    }

    fn takes_name(&mut self, name: &str) -> bool {
        let found = self.name() == name;
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Read<()> {
        match self.takes(sign) {
            true => Ok(()),
            false => Err(self.refusal()),
        }
    }

    pub(super) fn refusal(&self) -> String {
        match self.tokens.get(self.at) {
            None => "awk: syntax error: unexpected end of program".to_owned(),
            Some(Token::Sign("\n")) => "awk: syntax error: unexpected newline".to_owned(),
            Some(Token::Sign(sign)) => format!("awk: syntax error: unexpected {sign}"),
            Some(Token::Name(name)) => format!("awk: syntax error: unexpected {name}"),
            Some(_) => "awk: syntax error".to_owned(),
        }
    }

    fn skip_lines(&mut self) {
        while matches!(self.sign(), "\n" | ";") {
            self.at += 1;
        }
    }

    fn rules(&mut self) -> Read<Vec<(When, Vec<Act>)>> {
        let mut rules = Vec::new();
        self.skip_lines();
        while self.at < self.tokens.len() {
            let when = match self.name() {
                "BEGIN" | "END" => {
                    let begins = self.takes_name("BEGIN");
                    self.at += usize::from(!begins);
                    if begins {
                        When::Begin
                    } else {
                        When::End
                    }
                }
                _ if self.sign() == "{" => When::Always,
                _ => {
                    let first = self.expression()?;
                    match self.takes(",") {
                        true => When::Between(first, self.expression()?),
                        false => When::Holds(first),
                    }
                }
            };
            let acts = if self.takes("{") { self.block()? } else { vec![Act::Print(Vec::new())] };
            rules.push((when, acts));
            self.skip_lines();
        }
        Ok(rules)
    }

    fn block(&mut self) -> Read<Vec<Act>> {
        let mut acts = Vec::new();
        loop {
            self.skip_lines();
            if self.takes("}") {
                return Ok(acts);
            }
            acts.push(self.act()?);
        }
    }

    /// What a loop or a branch does: a block or a single act.
    fn body(&mut self) -> Read<Vec<Act>> {
        while self.takes("\n") {}
        match self.takes(";") {
            true => Ok(Vec::new()),
            false if self.takes("{") => self.block(),
            false => Ok(vec![self.act()?]),
        }
    }

    fn act(&mut self) -> Read<Act> {
        let name = self.name().to_owned();
        let begins = self.at;
        self.at += 1;
        let act = match name.as_str() {
            "if" => {
                self.expect("(")?;
                let asked = self.expression()?;
                self.expect(")")?;
                let then = self.body()?;
                let behind = self.at;
                self.skip_lines();
                if self.takes_name("else") {
                    return Ok(Act::If(asked, then, self.body()?));
                }
                self.at = behind;
                return Ok(Act::If(asked, then, Vec::new()));
            }
            "while" => {
                self.expect("(")?;
                let asked = self.expression()?;
                self.expect(")")?;
                return Ok(Act::While(asked, self.body()?, None, false));
            }
            "do" => {
                let body = self.body()?;
                self.skip_lines();
                if !self.takes_name("while") {
                    return Err(self.refusal());
                }
                Act::While(self.single()?, body, None, true)
            }
            "for" => return self.for_loop(),
            "print" | "printf" => {
                self.plain = true;
                let mut values = Vec::new();
                while !matches!(self.sign(), ";" | "\n" | "}" | ">" | "|") && self.at < self.tokens.len() {
                    match self.sign() {
                        "(" => values.append(&mut self.list_or_group()?),
                        _ => values.push(self.expression()?),
                    }
                    if !self.takes(",") {
                        break;
                    }
                }
                self.plain = false;
                if matches!(self.sign(), ">" | "|") {
                    return Err("awk: print writes to standard output alone here".to_owned());
                }
                if name == "print" {
                    Act::Print(values)
                } else {
                    Act::Printf(values)
                }
            }
            "delete" => {
                let array = self.name().to_owned();
                self.at += 1;
                Act::Delete(array, if self.takes("[") { self.list("]")? } else { Vec::new() })
            }
            "next" => Act::Next,
            "break" => Act::Break,
            "continue" => Act::Continue,
            "exit" => Act::Exit(if matches!(self.sign(), ";" | "\n" | "}") { None } else { Some(self.expression()?) }),
            "function" | "func" | "getline" => return Err(format!("awk: {name} is not known here")),
            _ => {
                self.at = begins;
                if self.takes("{") {
                    return self.block().map(Act::Block);
                }
                Act::Value(self.expression()?)
            }
        };
        match self.sign() {
            ";" | "\n" | "}" => Ok(act),
            _ => Err(self.refusal()),
        }
    }

    /// `(a, b)` behind print, or an expression that begins with parentheses.
    fn list_or_group(&mut self) -> Read<Vec<Expr>> {
        let begins = self.at;
        self.at += 1;
        self.plain = false;
        let list = self.list(")");
        self.plain = true;
        if matches!(self.sign(), ";" | "\n" | "}" | ">" | "|") && list.is_ok() {
            return list;
        }
        self.at = begins;
        Ok(vec![self.expression()?])
    }

    pub(super) fn list(&mut self, end: &str) -> Read<Vec<Expr>> {
        let mut all = Vec::new();
        while !self.takes(end) {
            all.push(self.expression()?);
            if !self.takes(",") && self.sign() != end {
                return Err(self.refusal());
            }
        }
        Ok(all)
    }

    fn for_loop(&mut self) -> Read<Act> {
        self.expect("(")?;
        if let [Token::Name(name), Token::Name(within), Token::Name(array), Token::Sign(")"), ..] =
            &self.tokens[self.at..]
        {
            if within == "in" {
                let (name, array) = (name.clone(), array.clone());
                self.at += 4;
                return Ok(Act::Each(name, array, self.body()?));
            }
        }
        let first = if self.sign() == ";" { None } else { Some(Act::Value(self.expression()?)) };
        self.expect(";")?;
        let asked = if self.sign() == ";" { Expr::Number(1.0) } else { self.expression()? };
        self.expect(";")?;
        let step = if self.sign() == ")" { None } else { Some(Box::new(Act::Value(self.expression()?))) };
        self.expect(")")?;
        let round = Act::While(asked, self.body()?, step, false);
        Ok(Act::Block(first.into_iter().chain([round]).collect()))
    }
}
