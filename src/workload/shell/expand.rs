//! What stands for something else in a script: variables, substitutions, arithmetic and wild cards.

use ecow::EcoString;

use super::lex::{Piece, Word};
use super::streams::Io;
use super::{Entry, Host, Process};
use crate::workload::arithmetic::calculate;
use crate::workload::parameters::{self, braces, is_like, Filled};

/// A field on its way: its text, and true for those of its bytes in which wild cards count.
#[derive(Default)]
struct Field {
    text: String,
    wild: bool,
    /// True once there is something of it, be it empty quotes.
    begun: bool,
}

impl Process {
    /// Words with all filled in, split into fields.
    pub(super) fn expand_all(&mut self, words: &[Word], host: &mut dyn Host) -> Vec<EcoString> {
        let mut all = Vec::new();
        for word in words {
            self.fields(word, &mut all, host);
        }
        all
    }

    fn fields(&mut self, word: &Word, all: &mut Vec<EcoString>, host: &mut dyn Host) {
        if let ([Piece::Text(text)], true) = (word.as_slice(), self.is_bash) {
            if let Some(range) = braces(text) {
                all.extend(range.into_iter().map(EcoString::from));
                return;
            }
        }
        let mut field = Field::default();
        for piece in word {
            match piece {
                Piece::Text(text) => {
                    field.wild |= text.contains(['*', '?', '[']);
                    field.text.push_str(text);
                    field.begun = true;
                }
                Piece::Quoted(text) => {
                    field.text.push_str(text);
                    field.begun = true;
                }
                Piece::Variable(name, true) if name == "@" => {
                    let args: Vec<EcoString> = self.args.iter().skip(1).cloned().collect();
                    for (i, arg) in args.iter().enumerate() {
                        if i > 0 {
                            end(&mut field, all, host, self);
                        }
                        field.text.push_str(arg);
                        field.begun = true;
                    }
                    if args.is_empty() && word.len() <= 2 {
                        return;
                    }
                }
                Piece::Variable(_, quoted) | Piece::Command(_, quoted) | Piece::Arithmetic(_, quoted) => {
                    let text = self.value(piece, host);
                    if *quoted {
                        field.text.push_str(&text);
                        field.begun = true;
                        continue;
                    }
                    let separators = self.separators();
                    for c in text.chars() {
                        if !separators.contains(c) {
                            field.text.push(c);
                            field.begun = true;
                            continue;
                        }
                        field.begun |= !c.is_whitespace();
                        end(&mut field, all, host, self);
                    }
                }
            }
        }
        end(&mut field, all, host, self);
    }

    /// A word as one text.
    pub(super) fn expand_one(&mut self, word: &Word, host: &mut dyn Host) -> EcoString {
        let mut text = EcoString::new();
        for piece in word {
            match piece {
                Piece::Text(plain) if text.is_empty() && plain.starts_with("~/") => {
                    text.push_str("/root");
                    text.push_str(&plain[1..]);
                }
                Piece::Text(plain) | Piece::Quoted(plain) => text.push_str(plain),
                piece => text.push_str(&self.value(piece, host)),
            }
        }
        text
    }

    /// A word as a pattern: what is quoted stands for itself.
    pub(super) fn pattern(&mut self, word: &Word, host: &mut dyn Host) -> String {
        let mut text = String::new();
        for piece in word {
            let quoted = match piece {
                Piece::Text(_) => false,
                Piece::Quoted(_) => true,
                Piece::Variable(_, quoted) | Piece::Command(_, quoted) | Piece::Arithmetic(_, quoted) => *quoted,
            };
            for c in self.value(piece, host).chars() {
                if quoted && c.is_ascii_punctuation() {
                    text.push('\\');
                }
                text.push(c);
            }
        }
        text
    }

    fn value(&mut self, piece: &Piece, host: &mut dyn Host) -> String {
        match piece {
            Piece::Variable(name, _) => self.parameter(name, host),
            Piece::Arithmetic(text, _) => {
                let text = self.fill_in(text, host);
                match calculate(&text, self) {
                    Ok(number) => number.to_string(),
                    Err(why) => {
                        let name = self.args.first().cloned().unwrap_or_default();
                        self.emit(2, &format!("{name}: arithmetic expression: {why}\n"), host);
                        self.exit(2, host);
                        String::new()
                    }
                }
            }
            Piece::Command(code, _) => {
                let mut io = Io::default();
                self.within(code.clone(), &mut io, host);
                self.emit(2, &io.err, host);
                let kept = io.out.trim_end_matches('\n').len();
                io.out.truncate(kept);
                io.out
            }
            Piece::Text(text) | Piece::Quoted(text) => text.to_string(),
        }
    }

    /// A text in which `$NAME` and `$(...)` are filled in.
    fn fill_in(&mut self, text: &str, host: &mut dyn Host) -> String {
        if !text.contains(['$', '`']) {
            return text.to_owned();
        }
        match super::lex::lex(&format!("\"{text}\"")).ok().and_then(|tokens| tokens.into_iter().next()) {
            Some(super::lex::Token::Word(word)) => self.expand_one(&word, host).to_string(),
            _ => text.to_owned(),
        }
    }

    /// `$NAME`, `$1`, `$?` and all that may stand in `${...}`.
    fn parameter(&mut self, text: &str, host: &mut dyn Host) -> String {
        if let Some(name) = text.strip_prefix('#').filter(|name| !name.is_empty()) {
            return self.plain_parameter(name).unwrap_or_default().chars().count().to_string();
        }
        let special = text.starts_with(|c: char| "?#@*$!-".contains(c));
        let cut = match special {
            true => 1,
            false => text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len()),
        };
        let (name, operation) = text.split_at(cut);
        let value = self.plain_parameter(name);
        if operation.is_empty() {
            if value.is_none() && self.options.needs_values && !special {
                let own = self.args.first().cloned().unwrap_or_default();
                self.emit(2, &format!("{own}: {name}: parameter not set\n"), host);
                self.exit(2, host);
                self.gives_up = true;
            }
            return value.unwrap_or_default();
        }
        if operation.starts_with('[') {
            return self.plain_parameter(text).unwrap_or_default();
        }
        match parameters::filled(value, operation, &mut |text| self.fill_in(text.trim_matches('"'), host)) {
            Filled::Text(text) => text,
            Filled::Set(text) => {
                self.set_variable(name, EcoString::from(text.as_str()));
                text
            }
            Filled::Missing(why) => {
                let own = self.args.first().cloned().unwrap_or_default();
                self.emit(2, &format!("{own}: {name}: {why}\n"), host);
                self.exit(2, host);
                self.gives_up = true;
                String::new()
            }
        }
    }

    fn plain_parameter(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.status.to_string()),
            "#" => Some((self.args.len().max(1) - 1).to_string()),
            "@" | "*" => Some(self.args.iter().skip(1).map(EcoString::as_str).collect::<Vec<_>>().join(" ")),
            "$" => Some(self.pid.to_string()),
            "PPID" => Some("0".to_owned()),
            "!" => Some(self.youngest.to_string()),
            "-" => Some(String::new()),
            "RANDOM" => Some((crate::base::draw::mix(self.clock.0) % 32_768).to_string()),
            "PWD" => Some(self.directory.to_string()),
            "SECONDS" => Some((self.clock.0 / 1_000_000).to_string()),
            name if name.bytes().all(|b| b.is_ascii_digit()) => {
                self.args.get(name.parse::<usize>().ok()?).map(|arg| arg.to_string())
            }
            name => self.variable(name).map(|value| value.to_string()),
        }
    }
}

/// Takes a field over, with its wild cards filled in.
fn end(field: &mut Field, all: &mut Vec<EcoString>, host: &mut dyn Host, process: &Process) {
    let field = std::mem::take(field);
    if !field.begun {
        return;
    }
    if field.wild {
        let found = glob(&field.text, host, process);
        if !found.is_empty() {
            all.extend(found);
            return;
        }
    }
    all.push(field.text.into());
}

/// The paths that are like a pattern, in order.
fn glob(pattern: &str, host: &dyn Host, process: &Process) -> Vec<EcoString> {
    let mut found: Vec<EcoString> = vec![if pattern.starts_with('/') { "/".into() } else { EcoString::new() }];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for base in &found {
            if !part.contains(['*', '?', '[']) {
                let path = ecow::eco_format!("{base}{part}/");
                if host.entry(&process.path(&path)).is_some() {
                    next.push(path);
                }
                continue;
            }
            for name in host.list(&process.path(base)) {
                let name = name.trim_end_matches('/');
                if is_like(name, part) && (part.starts_with('.') || !name.starts_with('.')) {
                    next.push(ecow::eco_format!("{base}{name}/"));
                }
            }
        }
        found = next;
    }
    found.into_iter().map(|path| EcoString::from(path.trim_end_matches('/'))).collect()
}

/// What a path's contents are, for those who need text.
pub(super) fn text_of(entry: Option<(EcoString, Entry)>) -> Option<EcoString> {
    match entry {
        Some((_, Entry::File(text))) => Some(text),
        _ => None,
    }
}
