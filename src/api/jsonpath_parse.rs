//! JSONPath templates, read: text, actions in braces, fields, indices, filters, ranges.
//!
//! It never looks at a value.

use super::value::Value;

/// A piece of a template.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    /// What stands in one pair of braces.
    List(Vec<Node>),
    /// Plain or quoted text.
    Text(String),
    /// A number or a truth value.
    Literal(Value),
    /// `range`, `end`.
    Identifier(String),
    /// `.name`.
    Field(String),
    /// `[0]`, `[1:3]`.
    Array(Params),
    /// `.*`.
    Wildcard,
    /// `..`.
    Recursive,
    /// `['a','b']`, `[0,2]`.
    Union(Vec<Node>),
    /// `[?(@.a == 1)]`; without a right side it asks whether there is something.
    Filter {
        /// What is compared.
        left: Box<Node>,
        /// How.
        operator: String,
        /// With what.
        right: Option<Box<Node>>,
    },
}

/// The part of a list that is meant.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Params {
    /// The first element; negative from the end.
    pub start: Option<i64>,
    /// The element behind the last, and whether it was worked out from a single index.
    pub end: Option<(i64, bool)>,
    /// Each how manieth.
    pub step: Option<i64>,
}

/// Reads a template.
///
/// Models staging/src/k8s.io/client-go/util/jsonpath Parser.Parse, with its error texts.
pub fn parse(template: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser { input: template.chars().collect(), at: 0 };
    let mut nodes = Vec::new();
    let mut text = String::new();
    while let Some(c) = parser.next() {
        if c != '{' {
            text.push(c);
            continue;
        }
        if !text.is_empty() {
            nodes.push(Node::Text(std::mem::take(&mut text)));
        }
        nodes.push(Node::List(parser.action()?));
    }
    if !text.is_empty() {
        nodes.push(Node::Text(text));
    }
    Ok(nodes)
}

/// Reads what could stand in braces.
fn parse_action(text: &str) -> Result<Vec<Node>, String> {
    match parse(&format!("{{{text}}}"))?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Parser {
    input: Vec<char>,
    at: usize,
}

fn ends_word(c: Option<char>) -> bool {
    c.is_none_or(|c| c.is_whitespace() || ".,[]$@{}".contains(c))
}

impl Parser {
    fn next(&mut self) -> Option<char> {
        let c = self.input.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    fn peek(&self) -> Option<char> {
        self.input.get(self.at).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.input.get(self.at + i) == Some(&c))
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.input[from..to].iter().collect()
    }

    /// What stands between a brace and its counterpart.
    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        loop {
            if self.starts_with("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if self.starts_with("..") {
                if nodes.last() == Some(&Node::Recursive) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                self.at += 2;
                nodes.push(Node::Recursive);
                if self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    nodes.push(self.field());
                }
                continue;
            }
            match self.next() {
                Some('}') => return Ok(nodes),
                None | Some('\n' | '\r') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => nodes.push(self.field()),
                Some(c) if c == '+' || c == '-' || c.is_numeric() => {
                    self.at -= 1;
                    nodes.push(self.number()?);
                }
                Some(c) if c.is_alphanumeric() || c == '_' => {
                    self.at -= 1;
                    nodes.push(self.identifier());
                }
                Some(c) => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)),
            }
        }
    }

    fn identifier(&mut self) -> Node {
        let start = self.at;
        while !ends_word(self.peek()) {
            self.at += 1;
        }
        match self.text(start, self.at).as_str() {
            "true" => Node::Literal(Value::Bool(true)),
            "false" => Node::Literal(Value::Bool(false)),
            name => Node::Identifier(name.to_owned()),
        }
    }

    /// A name behind a dot; a backslash takes the next character as it is.
    fn field(&mut self) -> Node {
        let mut name = String::new();
        while !ends_word(self.peek()) {
            match self.next() {
                Some('\\') => name.extend(self.next()),
                Some(c) => name.push(c),
                None => break,
            }
        }
        if name == "*" {
            Node::Wildcard
        } else {
            Node::Field(name)
        }
    }

    fn number(&mut self) -> Result<Node, String> {
        let start = self.at;
        self.at += usize::from(matches!(self.peek(), Some('+' | '-')));
        while self.peek().is_some_and(|c| c == '.' || c.is_numeric()) {
            self.at += 1;
        }
        let text = self.text(start, self.at);
        if let Ok(n) = text.parse() {
            return Ok(Node::Literal(Value::Int(n)));
        }
        match text.parse() {
            Ok(x) => Ok(Node::Literal(Value::Float(x))),
            Err(_) => Err(format!("cannot parse number {text}")),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Node, String> {
        let start = self.at;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && self.input[self.at - 2] != '\\' => break,
                Some(_) => {}
            }
        }
        unquote(&self.text(start, self.at - 1)).map(Node::Text)
    }

    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let start = self.at;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = self.text(start, self.at - 1);
        let parts: Vec<&str> = text.split(',').collect();
        if parts.len() > 1 {
            let parts: Result<Vec<Node>, String> = parts
                .iter()
                .map(|part| parse_action(&format!("[{}]", part.trim_matches(' '))).map(Node::List))
                .collect();
            nodes.push(Node::Union(parts?));
            return Ok(());
        }
        let quoted = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).filter(|t| !t.contains('\''));
        match quoted {
            Some(name) => nodes.extend(parse_action(&format!(".{name}"))?),
            None => nodes.push(Node::Array(params(if text == "*" { ":" } else { &text })?)),
        }
        Ok(())
    }

    fn filter(&mut self) -> Result<Node, String> {
        self.at += "[?(".len();
        let start = self.at;
        let mut quote: Option<char> = None;
        let mut closed = false;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(c @ ('"' | '\'')) => match quote {
                    None => quote = Some(c),
                    Some(open) => closed |= c == open && self.input[self.at - 2] != '\\',
                },
                Some(')') if quote.is_some() == closed => break,
                Some(_) => {}
            }
        }
        let text = self.text(start, self.at - 1);
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let is_operator = |c: char| "!<>=".contains(c);
        let split = text.find(is_operator).filter(|&i| i > 0).map(|i| {
            let rest = &text[i..];
            let end = rest.find(|c| !is_operator(c)).unwrap_or(rest.len() - 1);
            (&text[..i], &rest[..end], &rest[end..])
        });
        match split {
            Some((left, operator, right)) if !right.is_empty() => Ok(Node::Filter {
                left: Box::new(Node::List(parse_action(left)?)),
                operator: operator.to_owned(),
                right: Some(Box::new(Node::List(parse_action(right)?))),
            }),
            _ => Ok(Node::Filter {
                left: Box::new(Node::List(parse_action(&text)?)),
                operator: "exists".to_owned(),
                right: None,
            }),
        }
    }
}

/// Reads `1`, `1:3`, `::2`.
fn params(text: &str) -> Result<Params, String> {
    let wrong = || format!("invalid array index {text}");
    let parts: Vec<&str> = text.split(':').collect();
    let digits = |part: &str| part.strip_prefix('-').unwrap_or(part).bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(|part| digits(part)) {
        return Err(wrong());
    }
    let number = |part: &str| -> Result<Option<i64>, String> {
        match part {
            "" => Ok(None),
            part => part.parse().map(Some).map_err(|_| format!("array index {part} is not a number")),
        }
    };
    let start = number(parts[0])?;
    let end = match parts.get(1) {
        Some(part) => number(part)?.map(|n| (n, false)),
        None => Some((start.unwrap_or(0) + 1, true)),
    };
    Ok(Params { start, end, step: parts.get(2).map_or(Ok(None), |part| number(part))? })
}

/// Takes Go's escapes out of a quoted text.
fn unquote(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escaped = match chars.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('v') => '\u{b}',
            Some(c @ ('\\' | '\'' | '"')) => c,
            Some(kind @ ('x' | 'u' | 'U')) => {
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code: String = chars.by_ref().take(digits).collect();
                u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).ok_or("invalid syntax")?
            }
            _ => return Err("invalid syntax".to_owned()),
        };
        out.push(escaped);
    }
    Ok(out)
}
