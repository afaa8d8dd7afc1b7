//! Go templates as `-o go-template` takes them, read into a tree: text, actions, `if`, `range`, `with`, variables and
//! pipelines. Templates that call templates are not read.

/// A template.
#[derive(Debug)]
pub struct Template {
    pub(super) text: String,
    pub(super) nodes: Vec<Node>,
    /// The templates that `define` and `block` name.
    pub(super) defined: Vec<(String, Vec<Node>)>,
}

/// A part of a template.
#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    Action(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    /// Another template, where it is named, and what it is given.
    Call(String, usize, Option<Pipe>),
    Break,
    Continue,
}

/// Commands whose results are handed on, and the variables that take the last one.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    pub(super) variables: Vec<String>,
    pub(super) assigns: bool,
    pub(super) commands: Vec<Vec<Operand>>,
}

/// A word of a command; where it starts, the place that messages name, and its text.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) start: usize,
    pub(super) place: usize,
    pub(super) text: String,
    pub(super) what: What,
    pub(super) fields: Vec<String>,
}

#[derive(Debug)]
pub(super) enum What {
    Dot,
    Variable(String),
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Nil,
    Function(String),
    Paren(Pipe),
}

/// The functions a template may call: those of Go, and two of kubectl.
pub(super) const FUNCTIONS: &[&str] = &[
    "and",
    "or",
    "not",
    "len",
    "index",
    "slice",
    "print",
    "printf",
    "println",
    "html",
    "js",
    "urlquery",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "exists",
    "base64decode",
];

impl Template {
    /// Reads a template. An error is Go's own, with the line.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut parser =
            Parser { text, at: 0, depth: 0, loops: 0, variables: vec!["$".to_owned()], defined: Vec::new() };
        let (nodes, end) = parser.list()?;
        match end {
            End::Input => Ok(Template { text: text.to_owned(), nodes, defined: parser.defined }),
            End::Else(_) => Err(parser.wrong("unexpected {{else}}")),
            End::Close => Err(parser.wrong("unexpected {{end}}")),
        }
    }
}

/// What a list of nodes ended with; what stands behind `else` is the next condition.
enum End {
    Input,
    Else(String),
    Close,
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) depth: u32,
    pub(super) loops: u32,
    pub(super) variables: Vec<String>,
    pub(super) defined: Vec<(String, Vec<Node>)>,
}

impl Parser<'_> {
    pub(super) fn wrong(&self, why: &str) -> String {
        let line = self.text[..self.at.min(self.text.len())].matches('\n').count() + 1;
        format!("template: output:{line}: {why}")
    }

    pub(super) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn list(&mut self) -> Result<(Vec<Node>, End), String> {
        let mut nodes = Vec::new();
        let mut trim = false;
        loop {
            let open = self.rest().find("{{").unwrap_or(self.rest().len());
            let mut piece = self.rest()[..open].to_owned();
            self.at += open;
            if self.rest().starts_with("{{- ") || self.rest().starts_with("{{-\n") {
                piece.truncate(piece.trim_end().len());
            }
            let piece = if trim { piece.trim_start() } else { &piece };
            if !piece.is_empty() {
                nodes.push(Node::Text(piece.to_owned()));
            }
            if self.rest().is_empty() {
                return match self.depth {
                    0 => Ok((nodes, End::Input)),
                    _ => Err(self.wrong("unexpected EOF")),
                };
            }
            self.at += 2;
            if self.rest().starts_with("- ") || self.rest().starts_with("-\n") {
                self.at += 1;
            }
            self.blanks();
            if self.rest().starts_with("/*") {
                let end = self.rest().find("*/").ok_or_else(|| self.wrong("unclosed comment"))?;
                self.at += end + 2;
                trim = self.close()?;
                continue;
            }
            let word = self.keyword();
            if matches!(
                word.as_str(),
                "if" | "with" | "range" | "break" | "continue" | "else" | "end" | "define" | "block" | "template"
            ) {
                self.at += word.len();
            }
            let known = self.variables.len();
            match word.as_str() {
                "if" | "with" => {
                    let pipe = self.pipe()?;
                    trim = self.close()?;
                    let (body, otherwise, end_trim) = self.branches(trim, &word)?;
                    trim = end_trim;
                    nodes.push(if word == "if" {
                        Node::If(pipe, body, otherwise)
                    } else {
                        Node::With(pipe, body, otherwise)
                    });
                    self.variables.truncate(known);
                }
                "range" => {
                    let pipe = self.pipe()?;
                    trim = self.close()?;
                    self.loops += 1;
                    let (body, otherwise, end_trim) = self.branches(trim, "range")?;
                    self.loops -= 1;
                    trim = end_trim;
                    nodes.push(Node::Range(pipe, body, otherwise));
                    self.variables.truncate(known);
                }
                "define" | "block" => {
                    let (name, place) = self.template_name(&word)?;
                    if word == "block" {
                        nodes.push(Node::Call(name.clone(), place, Some(self.pipe()?)));
                    }
                    trim = self.close()?;
                    let (body, _, end_trim) = self.branches(trim, &word)?;
                    trim = end_trim;
                    self.defined.push((name, body));
                }
                "template" => {
                    let (name, place) = self.template_name(&word)?;
                    self.blanks();
                    let given = if self.rest().starts_with(['}', '-']) { None } else { Some(self.pipe()?) };
                    trim = self.close()?;
                    nodes.push(Node::Call(name, place, given));
                }
                "break" | "continue" => {
                    if self.loops == 0 {
                        return Err(self.wrong(&format!("{{{{{word}}}}} outside {{{{range}}}}")));
                    }
                    trim = self.close()?;
                    nodes.push(if word == "break" { Node::Break } else { Node::Continue });
                }
                "else" => {
                    self.blanks();
                    let next = self.keyword();
                    self.at += next.len();
                    return Ok((nodes, End::Else(next)));
                }
                "end" => return Ok((nodes, End::Close)),
                _ => {
                    let pipe = self.pipe()?;
                    trim = self.close()?;
                    nodes.push(Node::Action(pipe));
                }
            }
        }
    }

    /// The name of a template, in quotes, and where it stands.
    fn template_name(&mut self, of: &str) -> Result<(String, usize), String> {
        self.blanks();
        let place = self.at;
        let name = self.rest().strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(name, _)| name.to_owned());
        let Some(name) = name else {
            let token = self.keyword();
            return Err(self.wrong(&format!("unexpected {token:?} in {of} clause")));
        };
        self.at += name.len() + 2;
        Ok((name, place))
    }

    /// The body of a branch, what is done otherwise, and whether the text behind `end` is trimmed.
    fn branches(&mut self, trim: bool, of: &str) -> Result<(Vec<Node>, Vec<Node>, bool), String> {
        let (body, end) = self.body(trim)?;
        match end {
            End::Else(next) if next == "if" || next == "with" => {
                if of == "range" {
                    return Err(self.wrong("unexpected if in command"));
                }
                let pipe = self.pipe()?;
                let trim = self.close()?;
                let (inner, otherwise, end_trim) = self.branches(trim, &next)?;
                let node =
                    if next == "if" { Node::If(pipe, inner, otherwise) } else { Node::With(pipe, inner, otherwise) };
                Ok((body, vec![node], end_trim))
            }
            End::Else(_) => {
                let trim = self.close()?;
                let (otherwise, end) = self.body(trim)?;
                match end {
                    End::Close => Ok((body, otherwise, self.close()?)),
                    _ => Err(self.wrong("expected end; found {{else}}")),
                }
            }
            _ => Ok((body, Vec::new(), self.close()?)),
        }
    }

    fn body(&mut self, trim: bool) -> Result<(Vec<Node>, End), String> {
        if trim {
            self.blanks();
        }
        self.depth += 1;
        let inside = self.list();
        self.depth -= 1;
        inside
    }

    pub(super) fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// The letters that come next.
    pub(super) fn keyword(&self) -> String {
        self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    }

    /// The end of an action; true where the text behind it is trimmed.
    fn close(&mut self) -> Result<bool, String> {
        self.blanks();
        for (end, trim) in [("-}}", true), ("}}", false)] {
            if self.rest().starts_with(end) {
                self.at += end.len();
                if trim {
                    self.blanks();
                }
                return Ok(trim);
            }
        }
        Err(match self.rest().chars().next() {
            None => self.wrong("unclosed action"),
            Some(c) => self.wrong(&format!("unexpected {:?} in command", c.to_string())),
        })
    }

    pub(super) fn ended(&self) -> bool {
        ["}}", "-}}", ")"].iter().any(|end| self.rest().starts_with(end)) || self.rest().is_empty()
    }
}
