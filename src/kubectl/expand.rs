//! What stands for something else in a command line: variables, `$(command)` and wild cards.

use super::output::Stream;
use super::session::Session;
use super::shell::Job;
use super::syntax::{self, Quote, Word};
use super::syntax_words::closing;
use crate::cluster::World;

/// Fills in variables, substitutions and wild cards.
pub(super) struct Expander<'a> {
    /// The terminal.
    pub session: &'a mut Session,
    /// The cluster.
    pub world: &'a mut World,
    /// The exit code of the command before.
    pub last_code: u8,
}

impl Expander<'_> {
    /// Words with all filled in.
    pub fn words(&mut self, words: &[Word]) -> Vec<String> {
        let mut all = Vec::new();
        for word in words.iter().flat_map(braces) {
            let word = &word;
            let bare = word.pieces.iter().all(|piece| piece.quote == Quote::None);
            let text = self.word(word);
            if bare && word.pieces.iter().any(|piece| piece.text.contains('$')) {
                all.extend(text.split_whitespace().map(str::to_owned));
                continue;
            }
            let wild = word.pieces.iter().any(|piece| piece.quote == Quote::None && piece.text.contains(['*', '?']));
            let files = if wild && !text.starts_with('-') { self.files_like(&text) } else { Vec::new() };
            match files.is_empty() {
                true => all.push(text),
                false => all.extend(files),
            }
        }
        all
    }

    /// One word with all filled in.
    pub fn word(&mut self, word: &Word) -> String {
        let mut text = String::new();
        for piece in &word.pieces {
            match piece.quote {
                Quote::Single => text.push_str(&piece.text),
                _ => text.push_str(&self.fill_in(&piece.text)),
            }
        }
        text
    }

    /// Fills in `$NAME`, `${NAME}`, `$?` and `$(command)`.
    pub fn fill_in(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(place) = rest.find('$') {
            out.push_str(&rest[..place]);
            rest = &rest[place + 1..];
            if let Some(after) = rest.strip_prefix('?') {
                out.push_str(&self.last_code.to_string());
                rest = after;
            } else if let Some(after) = rest.strip_prefix('!') {
                out.push_str(self.session.variables.get("!").map_or("", String::as_str));
                rest = after;
            } else if let Some(inner) = rest.strip_prefix("((").filter(|inner| inner.contains("))")) {
                let end = closing(inner).unwrap_or(inner.len());
                let value = super::variables::arithmetic(&inner[..end], self.session);
                out.push_str(&value.to_string());
                rest = inner.get(end + 2..).unwrap_or("");
            } else if let Some(inner) = rest.strip_prefix('(') {
                let end = closing(inner).unwrap_or(inner.len());
                out.push_str(&self.substitute(&inner[..end]));
                rest = inner.get(end + 1..).unwrap_or("");
            } else {
                let braced = rest.starts_with('{');
                let body = &rest[usize::from(braced)..];
                let end = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
                let name = &body[..end];
                match name.is_empty() {
                    true => out.push('$'),
                    false => out.push_str(self.session.variables.get(name).map_or("", String::as_str)),
                }
                let mut after = &body[end..];
                if let (true, Some(close)) = (braced && !name.is_empty(), after.find('}')) {
                    let known = self.session.variables.get(name).is_some_and(|value| !value.is_empty());
                    if let Some(otherwise) = after[..close].strip_prefix(":-").filter(|_| !known) {
                        out.push_str(otherwise);
                    }
                    after = &after[close + 1..];
                }
                rest = if name.is_empty() { rest } else { after };
            }
        }
        out + rest
    }

    /// The output of a command that does not wait.
    fn substitute(&mut self, command: &str) -> String {
        let mut job = Job::start(command);
        job.poll(self.session, self.world);
        let parts = job.take_output().into_iter().filter(|(stream, _)| *stream == Stream::Out);
        parts.map(|(_, text)| text).collect::<String>().trim_end_matches('\n').to_owned()
    }

    fn files_like(&self, pattern: &str) -> Vec<String> {
        self.session.files.keys().filter(|name| is_like(pattern, name)).cloned().collect()
    }
}

/// `{1..3}` and `{a,b}` in a word without quotes, each on its own.
fn braces(word: &Word) -> Vec<Word> {
    let [piece] = word.pieces.as_slice() else { return vec![word.clone()] };
    let text = piece.text.as_str();
    let open = text.find('{').filter(|open| piece.quote == Quote::None && !text[..*open].ends_with('$'));
    let Some((open, close)) = open.and_then(|open| Some((open, open + text[open..].find('}')?))) else {
        return vec![word.clone()];
    };
    let inner = &text[open + 1..close];
    let numbers: Option<(i64, i64)> =
        inner.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    let parts: Vec<String> = match numbers {
        Some((from, to)) if from <= to && to - from < 10_000 => (from..=to).map(|n| n.to_string()).collect(),
        _ if inner.contains(',') => inner.split(',').map(str::to_owned).collect(),
        _ => return vec![word.clone()],
    };
    let whole = |part: String| format!("{}{part}{}", &text[..open], &text[close + 1..]);
    let words =
        parts.into_iter().map(|part| Word { pieces: vec![syntax::Piece { text: whole(part), quote: Quote::None }] });
    words.collect()
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
