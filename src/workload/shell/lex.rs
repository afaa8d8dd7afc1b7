//! A script taken apart into words, operators and redirections; quotes and expansions stay in the words as pieces.

use std::sync::Arc;

use ecow::EcoString;

use super::compile::compile;
use super::ops::Op;

/// A word of a script.
pub type Word = Vec<Piece>;

/// A part of a word.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece {
    /// Plain text, in which wild cards count.
    Text(EcoString),
    /// Quoted text.
    Quoted(EcoString),
    /// What stands in `$NAME` or `${...}`, and whether in quotes.
    Variable(EcoString, bool),
    /// `$(...)`, and whether in quotes.
    Command(Arc<Vec<Op>>, bool),
    /// `$((...))`, and whether in quotes.
    Arithmetic(EcoString, bool),
}

/// A piece of a script.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    Word(Word),
    /// `2>`: which channel, which operator.
    Redirect(u8, &'static str),
    Operator(&'static str),
    /// The body of a here-document: the word of the `<<` before it.
    Body(Word),
}

const OPERATORS: &[&str] = &["&&", "||", ";;", ";", "&", "|", "(", ")", "\n"];
const REDIRECTIONS: &[&str] = &["<<<", "<<-", "<<", ">>", ">&", "<&", "&>", "<", ">"];

/// Takes a script apart.
pub(super) fn lex(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut pending: Vec<(usize, String, bool, bool)> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        if let Some(after) = rest.strip_prefix("\\\n") {
            rest = after;
            continue;
        }
        if rest.starts_with('#') {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        }
        if rest.is_empty() {
            break;
        }
        let digit = rest.as_bytes()[0].is_ascii_digit() && rest[1..].starts_with(['<', '>']);
        let (fd, after) = if digit { (Some(rest.as_bytes()[0] - b'0'), &rest[1..]) } else { (None, rest) };
        if let Some(op) = REDIRECTIONS.iter().find(|op| after.starts_with(**op)) {
            let default = if op.starts_with('<') { 0 } else { 1 };
            tokens.push(Token::Redirect(fd.unwrap_or(default), op));
            rest = after[op.len()..].trim_start_matches([' ', '\t']);
            if matches!(*op, "<<" | "<<-") {
                let (word, after) = word(rest, STOPS)?;
                let quoted = word.iter().any(|piece| matches!(piece, Piece::Quoted(_)));
                pending.push((tokens.len(), plain(&word), quoted, *op == "<<-"));
                tokens.push(Token::Body(Word::new()));
                rest = after;
            }
            continue;
        }
        let begins = matches!(tokens.last(), None | Some(Token::Operator(_)));
        if let Some(inner) = rest.strip_prefix("((").filter(|_| begins) {
            if let Some(end) = closing(inner, '(', ')').filter(|end| inner[*end..].starts_with("))")) {
                tokens.push(Token::Word(vec![Piece::Text("let".into())]));
                tokens.push(Token::Word(vec![Piece::Quoted(inner[..end].into())]));
                rest = &inner[end + 2..];
                continue;
            }
        }
        if let Some(op) = OPERATORS.iter().find(|op| rest.starts_with(**op)) {
            tokens.push(Token::Operator(op));
            rest = &rest[op.len()..];
            if *op == "\n" {
                for (place, end, quoted, strip) in pending.drain(..) {
                    let (body, after) = here_document(rest, &end, strip);
                    rest = after;
                    tokens[place] =
                        Token::Body(if quoted { vec![Piece::Quoted(body.into())] } else { double(&body)?.0 });
                }
            }
            continue;
        }
        let (found, after) = word(rest, STOPS)?;
        rest = after;
        let begins = matches!(found.as_slice(), [Piece::Text(text)] if text == "[[");
        tokens.push(Token::Word(found));
        if begins {
            rest = condition(rest, &mut tokens)?;
        }
    }
    Ok(tokens)
}

/// What ends a word, and what ends one between `[[` and `]]`.
const STOPS: &str = " \t\r\n;|&<>()";
const BLANKS: &str = " \t\r\n";

/// Takes the words up to `]]`, in which signs that end other words mean nothing of the kind; gives what follows.
fn condition<'a>(text: &'a str, tokens: &mut Vec<Token>) -> Result<&'a str, String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if let Some(after) = rest.strip_prefix("]]") {
            tokens.push(Token::Word(vec![Piece::Text("]]".into())]));
            return Ok(after);
        }
        let (found, after) = word(rest, BLANKS)?;
        if found.is_empty() {
            return Err("syntax error: unexpected end of file (expecting \"]]\")".to_owned());
        }
        tokens.push(Token::Word(found));
        rest = after;
    }
}

/// A word without its quotes; expansions as they are written.
pub(super) fn plain(word: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) | Piece::Quoted(text) => text.to_string(),
        Piece::Variable(name, _) => format!("${name}"),
        _ => String::new(),
    };
    word.iter().map(text).collect()
}

fn here_document<'a>(text: &'a str, end: &str, strip: bool) -> (String, &'a str) {
    let mut body = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let line = if strip { line.trim_start_matches('\t') } else { line };
        if line.trim_end_matches('\r') == end {
            break;
        }
        body.push_str(line);
        body.push('\n');
    }
    (body, rest)
}

/// The word at the beginning of a text, and what follows.
fn word<'a>(text: &'a str, stops: &str) -> Result<(Word, &'a str), String> {
    let mut pieces = Word::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            c if stops.contains(c) => break,
            '\'' => {
                let end = rest[1..].find('\'').ok_or("syntax error: unterminated quoted string")?;
                pieces.push(Piece::Quoted(rest[1..=end].into()));
                rest = &rest[end + 2..];
            }
            '"' => {
                let end = quote_end(&rest[1..]).ok_or("syntax error: unterminated quoted string")?;
                let (inner, _) = double(&rest[1..=end])?;
                pieces.push(Piece::Quoted(EcoString::new()));
                pieces.extend(inner);
                rest = &rest[end + 2..];
            }
            '\\' => {
                let escaped = rest[1..].chars().next();
                if let Some(c) = escaped.filter(|c| *c != '\n') {
                    pieces.push(Piece::Quoted(EcoString::from(c)));
                }
                rest = &rest[1 + escaped.map_or(0, char::len_utf8)..];
            }
            '$' | '`' => rest = expansion(rest, false, &mut pieces)?,
            c => {
                push(&mut pieces, c, false);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Ok((pieces, rest))
}

fn push(pieces: &mut Word, c: char, quoted: bool) {
    match (pieces.last_mut(), quoted) {
        (Some(Piece::Text(text)), false) | (Some(Piece::Quoted(text)), true) => text.push(c),
        (_, false) => pieces.push(Piece::Text(EcoString::from(c))),
        (_, true) => pieces.push(Piece::Quoted(EcoString::from(c))),
    }
}

/// The pieces of a text in double quotes.
fn double(text: &str) -> Result<(Word, &str), String> {
    let mut pieces = Word::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '\\' => {
                let next = rest[1..].chars().next();
                match next {
                    Some('\n') => {}
                    Some(c @ ('$' | '`' | '"' | '\\')) => push(&mut pieces, c, true),
                    Some(c) => {
                        push(&mut pieces, '\\', true);
                        push(&mut pieces, c, true);
                    }
                    None => push(&mut pieces, '\\', true),
                }
                rest = &rest[1 + next.map_or(0, char::len_utf8)..];
            }
            '$' | '`' => rest = expansion(rest, true, &mut pieces)?,
            c => {
                push(&mut pieces, c, true);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Ok((pieces, rest))
}

/// Reads what begins with `$` or a backtick and gives the rest.
fn expansion<'a>(text: &'a str, quoted: bool, pieces: &mut Word) -> Result<&'a str, String> {
    if let Some(inner) = text.strip_prefix('`') {
        let end = inner.find('`').ok_or("syntax error: EOF in backquote substitution")?;
        pieces.push(Piece::Command(Arc::new(compile(&inner[..end])?), quoted));
        return Ok(&inner[end + 1..]);
    }
    let rest = &text[1..];
    if let Some(inner) = rest.strip_prefix("((") {
        if let Some(end) = closing(inner, '(', ')').filter(|end| inner[*end..].starts_with("))")) {
            pieces.push(Piece::Arithmetic(inner[..end].into(), quoted));
            return Ok(&inner[end + 2..]);
        }
    }
    if let Some(inner) = rest.strip_prefix('(') {
        let end = closing(inner, '(', ')').ok_or("syntax error: unexpected end of file (expecting \")\")")?;
        pieces.push(Piece::Command(Arc::new(compile(&inner[..end])?), quoted));
        return Ok(&inner[end + 1..]);
    }
    if let Some(inner) = rest.strip_prefix('{') {
        let end = closing(inner, '{', '}').ok_or("syntax error: bad substitution")?;
        pieces.push(Piece::Variable(inner[..end].into(), quoted));
        return Ok(&inner[end + 1..]);
    }
    let special = rest.chars().next().filter(|c| "?#@*$!-".contains(*c) || c.is_ascii_digit());
    let length = match special {
        Some(_) => 1,
        None => rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()),
    };
    match length {
        0 => push(pieces, '$', quoted),
        length => pieces.push(Piece::Variable(rest[..length].into(), quoted)),
    }
    Ok(&rest[length..])
}

/// The place of the sign that closes what is open, with quotes and inner pairs skipped.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match (quote, c) {
            (_, '\\') if quote != Some('\'') => drop(chars.next()),
            (Some(q), c) if q == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (Some(_), _) => {}
            (None, c) if c == close && depth == 0 => return Some(i),
            (None, c) if c == close => depth -= 1,
            (None, c) if c == open => depth += 1,
            _ => {}
        }
    }
    None
}

/// The place of the quote that closes a text in double quotes.
fn quote_end(text: &str) -> Option<usize> {
    let mut i = 0;
    while i < text.len() {
        let rest = &text[i..];
        let c = rest.chars().next()?;
        i += match c {
            '"' => return Some(i),
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '$' if rest.starts_with("$(") => 3 + closing(&rest[2..], '(', ')')?,
            c => c.len_utf8(),
        };
    }
    None
}
