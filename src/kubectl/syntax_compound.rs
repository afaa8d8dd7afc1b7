//! Commands of the shell that hold others, taken apart: `( ... )`, `{ ... }`, `for`, `while`, `until` and `if`.

use super::syntax::{list, parse, Group, Line, Pipeline, Stage, When, Word};
use super::syntax_words::{bare, closing, next_token, Token};

/// What a text ends with too early.
const EARLY: &str = "syntax error: unexpected end of file";

/// The compound command a text begins with, and what lies behind it; none where it begins with a simple command.
pub(super) fn group(text: &str) -> Result<Option<(Group, &str)>, String> {
    let start = text.trim_start_matches([' ', '\t', '\r']);
    if let Some((text, rest)) = arithmetic(start) {
        return Ok(Some((Group::Arithmetic(text), rest)));
    }
    if let Some(found) = function(start)? {
        return Ok(Some(found));
    }
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
        "case" => case(rest)?,
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

/// `((...))`: what stands in it, and what follows.
fn arithmetic(text: &str) -> Option<(String, &str)> {
    let inner = text.trim_start().strip_prefix("((")?;
    let end = closing(inner)?;
    let rest = inner[end + 1..].strip_prefix(')')?;
    Some((inner[..end].to_owned(), rest))
}

/// `name() { ...; }`, or with the word `function` in front.
fn function(text: &str) -> Result<Option<(Group, &str)>, String> {
    let worded = text.strip_prefix("function ").map(str::trim_start);
    let named = worded.unwrap_or(text);
    let end = named.find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)).unwrap_or(named.len());
    let (name, rest) = named.split_at(end);
    let parentheses =
        rest.trim_start_matches(' ').strip_prefix('(').and_then(|rest| rest.trim_start().strip_prefix(')'));
    let Some(rest) = parentheses.or(worded.map(|_| rest)).filter(|_| !name.is_empty()) else { return Ok(None) };
    let Some((body, rest)) = group(rest.trim_start())? else { return Err(EARLY.to_owned()) };
    Ok(Some((Group::Function(name.to_owned(), one(body)), rest)))
}

/// A line of one compound command.
fn one(group: Group) -> Line {
    let stage = Stage { group: Some(Box::new(group)), ..Stage::default() };
    let pipeline =
        Pipeline { when: When::Always, stages: vec![stage], background: false, negated: false, timed: false };
    Line { pipelines: vec![pipeline] }
}

fn case(text: &str) -> Result<(Group, &str), String> {
    let Some((Token::Word(subject), mut rest)) = next_token(text)? else { return Err(EARLY.to_owned()) };
    let blank = [' ', '\t', '\n', '\r'];
    rest = rest.trim_start_matches(blank).strip_prefix("in").ok_or("syntax error: `in' expected")?;
    let mut arms = Vec::new();
    loop {
        rest = rest.trim_start_matches(blank);
        if let Some(rest) = rest.strip_prefix("esac") {
            return Ok((Group::Case(subject, arms), rest));
        }
        rest = rest.strip_prefix('(').unwrap_or(rest);
        let end = closing(rest).ok_or(EARLY)?;
        let (mut patterns, mut text) = (Vec::new(), &rest[..end]);
        while let Some((token, after)) = next_token(text)? {
            text = after;
            if let Token::Word(word) = token {
                patterns.push(word);
            }
        }
        let (body, after, ended) = list(&rest[end + 1..], &[";;", "esac"])?;
        arms.push((patterns, body));
        rest = after;
        if ended == "esac" {
            return Ok((Group::Case(subject, arms), rest));
        }
    }
}

/// `for ((i = 0; i < 3; i++)); do ...; done`.
fn counted(text: &str) -> Result<Option<(Group, &str)>, String> {
    let Some((head, rest)) = arithmetic(text) else { return Ok(None) };
    let parts: Vec<&str> = head.split(';').collect();
    let [first, asked, step] = parts[..] else { return Err("syntax error: arithmetic expression required".to_owned()) };
    let rest = rest.trim_start_matches([' ', '\t', ';', '\n']);
    let missing = if rest.is_empty() { EARLY } else { "syntax error: `do' expected" };
    let rest = rest.strip_prefix("do").ok_or(missing)?;
    let (body, rest, _) = list(rest, &["done"])?;
    let line = |text: &str| one(Group::Arithmetic(if text.trim().is_empty() { "1" } else { text }.to_owned()));
    let mut all = line(first);
    all.pipelines.extend(one(Group::Counted(line(asked), line(step), body)).pipelines);
    Ok(Some((Group::Lines(all, false), rest)))
}

fn for_loop(text: &str) -> Result<(Group, &str), String> {
    if let Some(counted) = counted(text)? {
        return Ok(counted);
    }
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
