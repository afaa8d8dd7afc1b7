//! Text into the words and signs of an expression.

use super::{Cel, Issue};

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    Name(String),
    Literal(Cel),
    Sign(&'static str),
    End,
}

/// Longer signs first.
const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "[?", ".?", "(", ")", "[", "]", "{", "}", ",", ".", ":", "?", "+", "-", "*",
    "/", "%", "<", ">", "!",
];

/// The tokens with the characters where they begin.
pub(super) fn lex(text: &str) -> Result<Vec<(usize, Token)>, Issue> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (start, c) = (at, chars[at]);
        if c.is_whitespace() {
            at += 1;
        } else if c == '/' && chars.get(at + 1) == Some(&'/') {
            at = (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len());
        } else if c.is_ascii_digit() {
            tokens.push((start, number(&chars, &mut at)?));
        } else if let Some(quote) = quote_at(&chars, at) {
            tokens.push((start, string(&chars, &mut at, quote)?));
        } else if c.is_alphabetic() || c == '_' {
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            tokens.push((start, word(chars[start..at].iter().collect())));
        } else {
            let rest: String = chars[at..chars.len().min(at + 2)].iter().collect();
            let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) else {
                return Err(Issue { at, said: format!("Syntax error: token recognition error at: '{c}'") });
            };
            at += sign.len();
            tokens.push((start, Token::Sign(sign)));
        }
    }
    tokens.push((chars.len(), Token::End));
    Ok(tokens)
}

fn word(text: String) -> Token {
    match text.as_str() {
        "true" => Token::Literal(Cel::Bool(true)),
        "false" => Token::Literal(Cel::Bool(false)),
        "null" => Token::Literal(Cel::Null),
        "in" => Token::Sign("in"),
        _ => Token::Name(text),
    }
}

fn number(chars: &[char], at: &mut usize) -> Result<Token, Issue> {
    let start = *at;
    let hex = chars[start] == '0' && matches!(chars.get(start + 1), Some('x' | 'X'));
    let mut float = false;
    while let Some(&c) = chars.get(*at) {
        let exponent = !hex && matches!(c, 'e' | 'E');
        let point = c == '.' && chars.get(*at + 1).is_some_and(char::is_ascii_digit) && !float;
        if exponent && matches!(chars.get(*at + 1), Some('+' | '-')) {
            *at += 1;
        }
        float |= exponent || point;
        if !(c.is_ascii_digit() || exponent || point || (hex && (c.is_ascii_hexdigit() || *at == start + 1))) {
            break;
        }
        *at += 1;
    }
    let text: String = chars[start..*at].iter().collect();
    let unsigned = matches!(chars.get(*at), Some('u' | 'U'));
    *at += usize::from(unsigned);
    let read = match (hex, float) {
        (true, _) => i64::from_str_radix(&text[2..], 16).ok().map(Cel::Int),
        (_, true) => text.parse().ok().map(Cel::Double),
        _ => text.parse().ok().map(Cel::Int),
    };
    read.map(Token::Literal).ok_or_else(|| Issue { at: start, said: "invalid int literal".to_owned() })
}

/// Where a text begins: whether it is raw, the quote, and how many of them.
fn quote_at(chars: &[char], at: usize) -> Option<(bool, char, usize)> {
    let raw = matches!(chars[at], 'r' | 'R') && matches!(chars.get(at + 1), Some('\'' | '"'));
    let quote = chars[at + usize::from(raw)];
    let first = at + usize::from(raw);
    let triple = chars.get(first..first + 3).is_some_and(|three| three.iter().all(|c| *c == quote));
    matches!(quote, '\'' | '"').then_some((raw, quote, if triple { 3 } else { 1 }))
}

fn string(chars: &[char], at: &mut usize, (raw, quote, count): (bool, char, usize)) -> Result<Token, Issue> {
    let start = *at;
    *at += usize::from(raw) + count;
    let mut text = String::new();
    while let Some(&c) = chars.get(*at) {
        if chars.get(*at..*at + count).is_some_and(|end| end.iter().all(|c| *c == quote)) {
            *at += count;
            return Ok(Token::Literal(Cel::Str(text.into())));
        }
        *at += 1;
        if c != '\\' || raw {
            text.push(c);
            continue;
        }
        let escaped = chars.get(*at).copied().unwrap_or('\\');
        *at += 1;
        match escaped {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'u' | 'x' => {
                let width = if escaped == 'u' { 4 } else { 2 };
                let digits: String = chars.iter().skip(*at).take(width).collect();
                *at += width;
                text.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            other => text.push(other),
        }
    }
    Err(Issue { at: start, said: format!("Syntax error: token recognition error at: '{quote}{text}'") })
}
