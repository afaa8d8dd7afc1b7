//! What stands for something else in a command line: variables, `$(command)`, arithmetic and wild cards.

use super::session::Session;
use super::syntax::{self, Group, Input, Quote, Stage, Target, Word};
use super::syntax_words::{bare, substitution};
use crate::base::draw::mix;
use crate::cluster::World;
use crate::workload::arithmetic::calculate;
use crate::workload::parameters::{self, Filled};

/// What came of the substitutions of a pipeline so far. Words are filled in anew each time one more answer is there, as a
/// command may take its time.
#[derive(Default)]
pub(super) struct Memo {
    /// What commands and sums gave, in their order.
    pub answers: Vec<String>,
    used: usize,
    /// The command whose answer is missing.
    pub wanted: Option<String>,
    /// Why words cannot be filled in.
    pub refusal: Option<String>,
    files: u32,
}

/// Fills in variables, substitutions and wild cards.
pub(super) struct Expander<'a> {
    /// The terminal.
    pub session: &'a mut Session,
    /// The cluster.
    pub world: &'a mut World,
    /// The exit code of the command before.
    pub last_code: u8,
    /// What is known already.
    pub memo: &'a mut Memo,
}

impl Expander<'_> {
    /// The commands of a pipeline with all filled in, as far as answers are there.
    pub fn stages<'s>(&mut self, stages: impl Iterator<Item = &'s Stage>) -> Vec<Stage> {
        (self.memo.used, self.memo.files) = (0, 0);
        stages.map(|stage| self.stage(stage)).collect()
    }

    fn stage(&mut self, stage: &Stage) -> Stage {
        let target = |own: &mut Self, target: &Option<Target>| {
            target.as_ref().map(|target| Target { path: literal(own.word(&target.path)), append: target.append })
        };
        Stage {
            words: self.words(&stage.words).into_iter().map(literal).collect(),
            output: target(self, &stage.output),
            error_file: target(self, &stage.error_file),
            errors: stage.errors,
            to_errors: stage.to_errors,
            input: stage.input.as_ref().map(|input| match input {
                Input::File(path) => Input::File(literal(self.word(path))),
                Input::Text(word) => Input::Here(self.word(word) + "\n", false),
                Input::Here(text, true) => Input::Here(self.fill_in(text, true), false),
                Input::Here(text, false) => Input::Here(text.clone(), false),
            }),
            group: stage.group.as_ref().map(|group| Box::new(self.group(group))),
        }
    }

    /// A compound command with those of its words filled in that are looked at once.
    fn group(&mut self, group: &Group) -> Group {
        match group {
            Group::For(name, words, body) => {
                let words = self.words(words).into_iter().map(literal).collect();
                Group::For(name.clone(), words, body.clone())
            }
            Group::Case(subject, arms) => {
                let subject = self.word(subject);
                let fits = |patterns: &[Word], own: &mut Self| {
                    patterns.iter().any(|pattern| parameters::is_like(&subject, &own.pattern(pattern)))
                };
                let arm = arms.iter().find(|(patterns, _)| fits(patterns, self));
                Group::Lines(arm.map(|(_, body)| body.clone()).unwrap_or_default(), false)
            }
            Group::Arithmetic(text) => Group::Arithmetic(self.sum(text)),
            other => other.clone(),
        }
    }

    /// Words with all filled in.
    pub fn words(&mut self, words: &[Word]) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let condition = words.first().is_some_and(|word| bare(word) == "[[");
        let declares =
            words.first().is_some_and(|word| matches!(bare(word), "export" | "local" | "declare" | "readonly"));
        let mut assigns = true;
        for word in words.iter().flat_map(braces) {
            let assignment = word.pieces.first().is_some_and(|p| {
                p.quote == Quote::None
                    && super::builtins::is_assignment(p.text.split_inclusive('=').next().unwrap_or(""))
            });
            assigns &= assignment;
            let compared = all.last().is_some_and(|sign| matches!(sign.as_str(), "==" | "=" | "!=" | "=~"));
            match (condition, assigns || declares && assignment) {
                (true, _) if compared => all.push(self.pattern(&word)),
                (true, _) | (_, true) => all.push(self.word(&word)),
                _ => self.fields(&word, &mut all),
            }
        }
        all
    }

    /// The fields that a word falls into: what stands in quotes stays together.
    fn fields(&mut self, word: &Word, all: &mut Vec<String>) {
        if let [piece] = word.pieces.as_slice() {
            if piece.quote == Quote::Double && piece.text == "$@" {
                return all.extend(self.arguments());
            }
        }
        let (mut field, mut begun, mut wild) = (String::new(), false, false);
        for (place, piece) in word.pieces.iter().enumerate() {
            let splits = piece.quote == Quote::None && piece.text.contains(['$', '`']);
            let text = self.piece(piece, place == 0);
            wild |= piece.quote == Quote::None && text.contains(['*', '?']);
            if !splits {
                field.push_str(&text);
                begun = true;
                continue;
            }
            for c in text.chars() {
                if !c.is_whitespace() {
                    field.push(c);
                    begun = true;
                } else if std::mem::take(&mut begun) {
                    all.push(std::mem::take(&mut field));
                }
            }
        }
        if !begun {
            return;
        }
        let files = if wild && !field.starts_with('-') { self.files_like(&field) } else { Vec::new() };
        match files.is_empty() {
            true => all.push(field),
            false => all.extend(files),
        }
    }

    /// One word with all filled in.
    pub fn word(&mut self, word: &Word) -> String {
        word.pieces.iter().enumerate().map(|(place, piece)| self.piece(piece, place == 0)).collect()
    }

    /// A word as a pattern: what is quoted stands for itself.
    fn pattern(&mut self, word: &Word) -> String {
        let mut pattern = String::new();
        for (place, piece) in word.pieces.iter().enumerate() {
            for c in self.piece(piece, place == 0).chars() {
                if piece.quote != Quote::None && c.is_ascii_punctuation() {
                    pattern.push('\\');
                }
                pattern.push(c);
            }
        }
        pattern
    }

    fn piece(&mut self, piece: &syntax::Piece, first: bool) -> String {
        match piece.quote {
            Quote::Single => piece.text.clone(),
            Quote::Process => {
                let text = self.substitute(&piece.text);
                let path = format!("/dev/fd/{}", 63 - self.memo.files.min(50));
                self.memo.files += 1;
                self.session.write(&path, if text.is_empty() { text } else { text + "\n" });
                path
            }
            Quote::None if first && (piece.text == "~" || piece.text.starts_with("~/")) => {
                format!("/home/user{}", self.fill_in(&piece.text[1..], false))
            }
            _ => self.fill_in(&piece.text, false),
        }
    }

    /// Fills in `$NAME`, `${NAME}`, `$?`, `$((sum))`, `$(command)` and what stands between backticks; with `escapes` a
    /// backslash takes the meaning of a sign behind it, as in here-documents.
    pub fn fill_in(&mut self, text: &str, escapes: bool) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(place) = rest.find(['$', '`', '\\']) {
            out.push_str(&rest[..place]);
            rest = &rest[place..];
            if let Some(after) = rest.strip_prefix('\\') {
                let next = after.chars().next().filter(|c| escapes && "$`\\\n".contains(*c));
                out.extend(next.map_or(Some('\\'), |c| (c != '\n').then_some(c)));
                rest = &after[next.map_or(0, char::len_utf8)..];
                continue;
            }
            if let Some(end) = substitution(rest).ok().flatten() {
                out.push_str(&self.substituted(&rest[..end]));
                rest = &rest[end..];
                continue;
            }
            rest = &rest[1..];
            let special = rest.starts_with(|c: char| "?!#@*$-".contains(c) || c.is_ascii_digit());
            let end = match special {
                true => 1,
                false => rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()),
            };
            match end {
                0 => out.push('$'),
                end => out.push_str(&self.variable(&rest[..end]).unwrap_or_default()),
            }
            rest = &rest[end..];
        }
        out + rest
    }

    /// What a text beginning with `$(`, `${` or a backtick stands for.
    fn substituted(&mut self, text: &str) -> String {
        if let Some(inner) = text.strip_prefix("$((").and_then(|inner| inner.strip_suffix("))")) {
            return self.sum(inner);
        }
        let inner = &text[if text.starts_with('$') { 2 } else { 1 }..text.len() - 1];
        match text.starts_with("${") {
            true => self.parameter(inner),
            false if text.starts_with('`') => self.substitute(&inner.replace("\\$", "$").replace("\\\\", "\\")),
            false => self.substitute(inner),
        }
    }

    /// What stands in `${...}`.
    fn parameter(&mut self, text: &str) -> String {
        if let Some(name) = text.strip_prefix('#').filter(|name| !name.is_empty()) {
            return self.variable(name).unwrap_or_default().chars().count().to_string();
        }
        let special = text.starts_with(|c: char| "?#@*$!-".contains(c));
        let cut = match special {
            true => 1,
            false => text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len()),
        };
        let (name, operation) = text.split_at(cut);
        let value = self.variable(name);
        if operation.starts_with('[') {
            return self.variable(text).unwrap_or_default();
        }
        match parameters::filled(value, operation, &mut |word| self.fill_in(word.trim_matches('"'), false)) {
            Filled::Text(text) => text,
            Filled::Set(text) => {
                self.session.variables.insert(name.to_owned(), text.clone());
                text
            }
            Filled::Missing(why) => {
                self.memo.refusal.get_or_insert(format!("sh: {name}: {why}"));
                String::new()
            }
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        let session = &*self.session;
        if let Some(value) = session.variables.get(name) {
            return Some(value.clone());
        }
        Some(match name {
            "?" => self.last_code.to_string(),
            "#" => self.arguments().len().to_string(),
            "@" | "*" => self.arguments().join(" "),
            "$" => "4000".to_owned(),
            "0" | "SHELL" => "bash".to_owned(),
            "PWD" => session.directory.clone(),
            "HOME" => "/home/user".to_owned(),
            "USER" => "user".to_owned(),
            "RANDOM" => (mix(self.world.now().0 ^ self.memo.used as u64) % 32_768).to_string(),
            _ => return None,
        })
    }

    /// `$1` and what follows.
    fn arguments(&self) -> Vec<String> {
        (1..).map_while(|place: u32| self.session.variables.get(&place.to_string()).cloned()).collect()
    }

    /// The next answer; none where it is not there yet.
    fn answer(&mut self) -> Option<String> {
        let answer = self.memo.answers.get(self.memo.used).cloned()?;
        self.memo.used += 1;
        Some(answer)
    }

    /// The output of a command.
    fn substitute(&mut self, command: &str) -> String {
        if self.memo.wanted.is_some() {
            return String::new();
        }
        self.answer().unwrap_or_else(|| {
            self.memo.wanted = Some(command.to_owned());
            String::new()
        })
    }

    /// The value of a sum, which may set variables and so is only looked at once.
    fn sum(&mut self, text: &str) -> String {
        let text = self.fill_in(text, false);
        if self.memo.wanted.is_some() {
            return String::new();
        }
        self.answer().unwrap_or_else(|| {
            let value = calculate(&text, self.session).unwrap_or_else(|why| {
                self.memo.refusal.get_or_insert(format!("sh: {text}: {why}"));
                0
            });
            self.memo.answers.push(value.to_string());
            self.memo.used += 1;
            value.to_string()
        })
    }

    fn files_like(&self, pattern: &str) -> Vec<String> {
        let wanted = self.session.key(pattern);
        let lead = wanted.len().saturating_sub(pattern.trim_start_matches("./").len());
        let found = self.session.files.keys().filter(|name| is_like(&wanted, name));
        found.filter_map(|name| name.get(lead..)).filter(|name| !name.starts_with('.')).map(str::to_owned).collect()
    }
}

/// A word in which nothing more is to be filled in.
fn literal(text: String) -> Word {
    Word { pieces: vec![syntax::Piece { text, quote: Quote::Single }] }
}

/// `{1..3}` and `{a,b}` in a word without quotes, each on its own.
fn braces(word: &Word) -> Vec<Word> {
    let whole = vec![word.clone()];
    let [piece] = word.pieces.as_slice() else { return whole };
    let open = piece.text.find('{').filter(|open| piece.quote == Quote::None && !piece.text[..*open].ends_with('$'));
    let Some(parts) = open.and_then(|_| parameters::braces(&piece.text)) else { return whole };
    let words = parts.into_iter().map(|text| Word { pieces: vec![syntax::Piece { text, quote: Quote::None }] });
    words.flat_map(|word| braces(&word)).collect()
}

/// True where a name fits a pattern with `*` and `?`; neither stands for a slash.
fn is_like(pattern: &str, name: &str) -> bool {
    match (pattern.chars().next(), name.chars().next()) {
        (None, None) => true,
        (Some('*'), first) => {
            is_like(&pattern[1..], name) || first.is_some_and(|c| c != '/' && is_like(pattern, &name[c.len_utf8()..]))
        }
        (Some('?'), Some(c)) if c != '/' => is_like(&pattern[1..], &name[c.len_utf8()..]),
        (Some(p), Some(c)) if p == c => is_like(&pattern[p.len_utf8()..], &name[c.len_utf8()..]),
        _ => false,
    }
}
