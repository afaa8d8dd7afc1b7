//! The words of a command line: quotes, operators, here-documents.

use super::syntax::{Input, Line, Pipeline, Stage};

/// A word: pieces, each with what quotes allow in it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Word {
    /// The pieces, from left to right.
    pub pieces: Vec<Piece>,
}

/// A piece of a word.
#[derive(Clone, PartialEq, Debug)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// How it was quoted.
    pub quote: Quote,
}

/// How a piece of a word was quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quote {
    /// Not at all: variables and wild cards count.
    None,
    /// In double quotes: variables count.
    Double,
    /// In single quotes or behind a backslash: nothing counts.
    Single,
    /// `<(...)`: a command whose output is read like a file.
    Process,
}

#[derive(PartialEq, Debug)]
pub(super) enum Token {
    Word(Word),
    Operator(&'static str),
}

const OPERATORS: &[&str] = &[
    ">&2",
    "1>&2",
    "2>&1",
    "2>/dev/null",
    "2>>",
    "2>",
    "1>",
    "&>",
    "&&",
    "||",
    "<<<",
    "<<-",
    "<<",
    ">>",
    ">|",
    ";;",
    ";",
    "|&",
    "|",
    "&",
    "<",
    ">",
    "\n",
];

/// A word without any quotes; empty for others.
pub(super) fn bare(word: &Word) -> &str {
    match word.pieces.as_slice() {
        [piece] if piece.quote == Quote::None => &piece.text,
        _ => "",
    }
}

pub(super) fn plain(word: &Word) -> String {
    word.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// The endings of the here-documents a line still waits for; empty when it is whole.
pub fn open_here_documents(text: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(end) = open.first() {
            if line.trim_start_matches('\t') == end {
                open.remove(0);
            }
            continue;
        }
        let mut rest = line;
        while let Ok(Some((token, after))) = next_token(rest) {
            rest = after;
            if matches!(token, Token::Operator("<<" | "<<-")) {
                if let Ok(Some((Token::Word(word), after))) = next_token(rest) {
                    open.push(plain(&word));
                    rest = after;
                }
            }
        }
    }
    open
}

/// Takes the bodies of here-documents off the text behind their line.
pub(super) fn read_bodies<'a>(
    text: &'a str,
    pending: &mut Vec<(String, bool, bool)>,
    line: &mut Line,
    pipeline: &mut Pipeline,
    stage: &mut Stage,
) -> &'a str {
    let mut rest = text;
    for (end, expand, strip) in pending.drain(..) {
        let mut body = String::new();
        while !rest.is_empty() {
            let (text, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            let text = if strip { text.trim_start_matches('\t') } else { text };
            if text == end {
                break;
            }
            body.push_str(text);
            body.push('\n');
        }
        let earlier = line.pipelines.iter_mut().flat_map(|pipeline| pipeline.stages.iter_mut());
        let stages = earlier.chain(pipeline.stages.iter_mut()).chain(std::iter::once(&mut *stage));
        let waiting =
            stages.into_iter().find(|stage| matches!(&stage.input, Some(Input::Here(text, _)) if text.is_empty()));
        if let Some(stage) = waiting {
            stage.input = Some(Input::Here(body, expand));
        }
    }
    rest
}

/// The next word or operator and what lies behind it.
pub(super) fn next_token(text: &str) -> Result<Option<(Token, &str)>, String> {
    let mut rest = text.trim_start_matches([' ', '\t', '\r']);
    while let Some(after) = rest.strip_prefix("\\\n") {
        rest = after.trim_start_matches([' ', '\t']);
    }
    if rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |end| &rest[end..]);
    }
    if rest.is_empty() {
        return Ok(None);
    }
    if let Some(inner) = rest.strip_prefix("<(") {
        let end = closing(inner).ok_or("unexpected EOF while looking for matching `)'")?;
        let word = Word { pieces: vec![Piece { text: inner[..end].to_owned(), quote: Quote::Process }] };
        return Ok(Some((Token::Word(word), &inner[end + 1..])));
    }
    if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
        return Ok(Some((Token::Operator(operator), &rest[operator.len()..])));
    }
    read_word(rest, STOPS).map(|(word, rest)| Some((Token::Word(word), rest)))
}

/// What ends a word, and what ends one between `[[` and `]]`.
const STOPS: &str = " \t\r\n;|&<>";
const BLANKS: &str = " \t\r\n";

/// Takes the words up to `]]`, in which signs that end other words mean nothing of the kind.
pub(super) fn condition_words<'a>(text: &'a str, words: &mut Vec<Word>) -> Result<&'a str, String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if let Some(after) = rest.strip_prefix("]]") {
            words.push(Word { pieces: vec![Piece { text: "]]".to_owned(), quote: Quote::None }] });
            return Ok(after);
        }
        let (word, after) = read_word(rest, BLANKS)?;
        if word.pieces.is_empty() {
            return Err("syntax error: unexpected end of file".to_owned());
        }
        words.push(word);
        rest = after;
    }
}

fn read_word<'a>(text: &'a str, stops: &str) -> Result<(Word, &'a str), String> {
    let mut word = Word::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            c if stops.contains(c) => break,
            '\'' => {
                let end = rest[1..].find('\'').ok_or("unexpected EOF while looking for matching `''")?;
                push(&mut word, &rest[1..=end], Quote::Single);
                rest = &rest[end + 2..];
            }
            '"' => rest = read_double(&rest[1..], &mut word)?,
            '\\' => {
                let escaped = rest[1..].chars().next().unwrap_or('\\');
                if escaped != '\n' {
                    push(&mut word, &escaped.to_string(), Quote::Single);
                }
                rest = rest.get(1 + escaped.len_utf8()..).unwrap_or("");
            }
            '$' | '`' if substitution(rest)?.is_some() => {
                let end = substitution(rest)?.unwrap_or(1);
                push(&mut word, &rest[..end], Quote::None);
                rest = &rest[end..];
            }
            '$' if rest.starts_with("$'") => {
                let end = rest[2..].find('\'').ok_or("unexpected EOF while looking for matching `''")?;
                push(&mut word, &crate::workload::printing::unescaped(&rest[2..2 + end]), Quote::Single);
                rest = &rest[end + 3..];
            }
            c => {
                push(&mut word, &c.to_string(), Quote::None);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Ok((word, rest))
}

fn read_double<'a>(text: &'a str, word: &mut Word) -> Result<&'a str, String> {
    let mut chars = text.char_indices();
    let mut piece = String::new();
    while let Some((i, c)) = chars.next() {
        match c {
            '$' | '`' if substitution(&text[i..])?.is_some() => {
                let end = i + substitution(&text[i..])?.unwrap_or(1);
                piece.push_str(&text[i..end]);
                while chars.as_str().len() > text.len() - end {
                    chars.next();
                }
            }
            '"' => {
                push(word, &piece, Quote::Double);
                return Ok(&text[i + 1..]);
            }
            '\\' => match chars.next() {
                Some((_, '\n')) => {}
                Some((_, c @ ('$' | '`' | '"' | '\\'))) => {
                    push(word, &std::mem::take(&mut piece), Quote::Double);
                    push(word, &c.to_string(), Quote::Single);
                }
                Some((_, c)) => piece.extend(['\\', c]),
                None => break,
            },
            c => piece.push(c),
        }
    }
    Err("unexpected EOF while looking for matching `\"'".to_owned())
}

/// How long the substitution is that a text begins with: `$(...)`, `${...}` or a text between backticks.
pub(super) fn substitution(text: &str) -> Result<Option<usize>, String> {
    let missing = |sign: char| format!("unexpected EOF while looking for matching `{sign}'");
    if let Some(inner) = text.strip_prefix("$(") {
        return closing(inner).map(|end| Some(end + 3)).ok_or_else(|| missing(')'));
    }
    if let Some(inner) = text.strip_prefix("${") {
        return braced(inner).map(|end| Some(end + 3)).ok_or_else(|| missing('}'));
    }
    match text.strip_prefix('`') {
        Some(inner) => inner.find('`').map(|end| Some(end + 2)).ok_or_else(|| missing('`')),
        None => Ok(None),
    }
}

/// The place of the brace that closes `${`.
pub(super) fn braced(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(i),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The place of the parenthesis that closes a substitution.
pub fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match c {
            c if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '\'' | '"' => quote = Some(c),
            '(' => depth += 1,
            ')' if depth == 0 => return Some(i),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

pub(super) fn push(word: &mut Word, text: &str, quote: Quote) {
    match word.pieces.last_mut() {
        Some(last) if last.quote == quote => last.text.push_str(text),
        _ => word.pieces.push(Piece { text: text.to_owned(), quote }),
    }
}
