//! Pipelines and operands of Go templates.

use super::go_template::{Operand, Parser, Pipe, What, FUNCTIONS};

impl Parser<'_> {
    pub(super) fn pipe(&mut self) -> Result<Pipe, String> {
        let mut pipe = Pipe::default();
        self.declarations(&mut pipe);
        loop {
            let mut command: Vec<Operand> = Vec::new();
            self.blanks();
            while !self.ended() && !self.rest().starts_with('|') {
                command.push(self.operand()?);
                self.blanks();
            }
            if command.is_empty() {
                return Err(self.wrong(if self.rest().is_empty() {
                    "unclosed action"
                } else {
                    "missing value for command"
                }));
            }
            pipe.commands.push(command);
            if !self.rest().starts_with('|') {
                self.variables.extend(pipe.variables.iter().filter(|_| !pipe.assigns).cloned());
                return Ok(pipe);
            }
            self.at += 1;
        }
    }

    /// `$k, $v :=` or `$x =` in front of a pipeline.
    fn declarations(&mut self, pipe: &mut Pipe) {
        self.blanks();
        let head = self.rest();
        let end = head.find(['|', '}', '"', '(', '.']).unwrap_or(head.len());
        let Some(equals) = head[..end].find('=') else { return };
        let names = head[..equals].trim_end_matches(':');
        if names.split(',').all(|name| name.trim().starts_with('$')) {
            pipe.assigns = !head[..equals].ends_with(':');
            pipe.variables = names.split(',').map(|name| name.trim().to_owned()).collect();
            self.at += equals + 1;
        }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let start = self.at;
        let first = self.rest().chars().next().unwrap_or('}');
        let what = match first {
            '(' => {
                self.at += 1;
                let pipe = self.pipe()?;
                self.blanks();
                if !self.rest().starts_with(')') {
                    return Err(self.wrong("unclosed left paren"));
                }
                self.at += 1;
                What::Paren(pipe)
            }
            '"' | '`' => What::Text(self.quoted(first)?),
            '.' => {
                let bare = !self.rest()[1..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
                self.at += usize::from(bare);
                What::Dot
            }
            '$' => {
                self.at += 1;
                let name = format!("${}", self.keyword());
                self.at += name.len() - 1;
                if !self.variables.contains(&name) {
                    return Err(self.wrong(&format!("undefined variable {name:?}")));
                }
                What::Variable(name)
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' => {
                let end = self.rest()[1..]
                    .find(|c: char| !c.is_alphanumeric() && c != '.')
                    .map_or(self.rest().len(), |i| i + 1);
                let text = self.rest()[..end].to_owned();
                self.at += end;
                match (text.parse(), text.parse()) {
                    (Ok(n), _) => What::Int(n),
                    (_, Ok(x)) => What::Float(x),
                    _ => return Err(self.wrong(&format!("bad number syntax: {text:?}"))),
                }
            }
            c if c.is_alphabetic() || c == '_' => {
                let word = self.keyword();
                self.at += word.len();
                match word.as_str() {
                    "true" | "false" => What::Bool(word == "true"),
                    "nil" => What::Nil,
                    _ if FUNCTIONS.contains(&word.as_str()) => What::Function(word),
                    _ => return Err(self.wrong(&format!("function {word:?} not defined"))),
                }
            }
            c => return Err(self.wrong(&format!("unexpected {:?} in operand", c.to_string()))),
        };
        let (mut fields, mut place) = (Vec::new(), start);
        while self.rest().starts_with('.') {
            if fields.len() == 1 || (fields.is_empty() && !matches!(what, What::Dot)) {
                place = self.at;
            }
            self.at += 1;
            let name = self.keyword();
            if name.is_empty() {
                return Err(self.wrong("unexpected . after term"));
            }
            self.at += name.len();
            fields.push(name);
        }
        Ok(Operand { start, place, text: self.text[start..self.at].to_owned(), what, fields })
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += i + 1;
                    return Ok(out);
                }
                '\\' if quote == '"' => match chars.next().map(|(_, c)| c) {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some(other) => out.push(other),
                    None => break,
                },
                '\n' if quote == '"' => break,
                c => out.push(c),
            }
        }
        Err(self.wrong(if quote == '"' { "unterminated quoted string" } else { "unterminated raw quoted string" }))
    }
}
