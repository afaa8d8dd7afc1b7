//! Commands of the shell that hold others, taken apart: `( ... )`, `{ ... }`, `for`, `while`, `until` and `if`.

use super::syntax::{list, parse, Group, Word};
use super::syntax_words::{bare, closing, next_token, Token};

/// What a text ends with too early.
const EARLY: &str = "syntax error: unexpected end of file";

/// The compound command a text begins with, and what lies behind it; none where it begins with a simple command.
pub(super) fn group(text: &str) -> Result<Option<(Group, &str)>, String> {
    let start = text.trim_start_matches([' ', '\t', '\r']);
    if let Some(inner) = start.strip_prefix('(').filter(|inner| !inner.starts_with('(')) {
        let end = closing(inner).ok_or(EARLY)?;
        return Ok(Some((Group::Lines(parse(&inner[..end])?, true), &inner[end + 1..])));
    }
    let Some((Token::Word(word), rest)) = next_token(start)? else { return Ok(None) };
    Ok(Some(match bare(&word) {
        "{" => {
            let (lines, rest, _) = list(rest, &["}"])?;
            (Group::Lines(lines, false), rest)
        }
        "for" => for_loop(rest)?,
        name @ ("while" | "until") => {
            let (condition, rest, _) = list(rest, &["do"])?;
            let (body, rest, _) = list(rest, &["done"])?;
            (Group::While(condition, body, name == "until"), rest)
        }
        "if" => {
            let (mut branches, mut text) = (Vec::new(), rest);
            loop {
                let (condition, rest, _) = list(text, &["then"])?;
                let (body, rest, end) = list(rest, &["elif", "else", "fi"])?;
                branches.push((condition, body));
                text = rest;
                if end == "else" {
                    let (otherwise, rest, _) = list(text, &["fi"])?;
                    break (Group::If(branches, otherwise), rest);
                }
                if end == "fi" {
                    break (Group::If(branches, Default::default()), text);
                }
            }
        }
        _ => return Ok(None),
    }))
}

fn for_loop(text: &str) -> Result<(Group, &str), String> {
    let Some((Token::Word(name), mut rest)) = next_token(text)? else { return Err(EARLY.to_owned()) };
    let mut words: Vec<Word> = Vec::new();
    loop {
        match next_token(rest)? {
            Some((Token::Word(word), after)) if words.is_empty() && bare(&word) == "do" => {
                rest = after;
                break;
            }
            Some((Token::Word(word), after)) => {
                words.push(word);
                rest = after;
            }
            Some((Token::Operator(";" | "\n"), after)) => {
                let mut after = after;
                while let Some((Token::Operator("\n"), next)) = next_token(after)? {
                    after = next;
                }
                match next_token(after)? {
                    Some((Token::Word(word), after)) if bare(&word) == "do" => {
                        rest = after;
                        break;
                    }
                    None => return Err(EARLY.to_owned()),
                    Some(_) => return Err("syntax error: `do' expected".to_owned()),
                }
            }
            Some((Token::Operator(op), _)) => return Err(format!("syntax error near unexpected token `{op}'")),
            None => return Err(EARLY.to_owned()),
        }
    }
    if words.first().is_some_and(|word| bare(word) == "in") {
        words.remove(0);
    }
    let (body, rest, _) = list(rest, &["done"])?;
    Ok((Group::For(bare(&name).to_owned(), words, body), rest))
}
