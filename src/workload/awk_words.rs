//! An awk program taken apart into words.

use crate::base::expression::Expression;

/// A word of a program.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    Pattern(Expression),
    Name(String),
    Sign(&'static str),
}

const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "!~", "{", "}", "(", ")",
    "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "|", "?", ":", "~", "$", "=", "\n",
];

/// Takes a program apart.
pub(super) fn lex(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        if let Some(after) = rest.strip_prefix("\\\n") {
            rest = after;
            continue;
        }
        let Some(c) = rest.chars().next() else { return Ok(tokens) };
        if c == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        if c.is_ascii_digit() || c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let digits = |from: usize| {
                rest[from..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |end| from + end)
            };
            let mut end = digits(0);
            let exponent = rest[end..]
                .strip_prefix(['e', 'E'])
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
            if exponent {
                end = digits(end + 2);
            }
            tokens.push(Token::Number(rest[..end].parse().map_err(|_| format!("awk: syntax error: {rest}"))?));
            rest = &rest[end..];
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if c == '"' {
            let end = end_of(rest, '"').ok_or("awk: unterminated string")?;
            tokens
                .push(Token::Text(super::printing::unescaped(&rest[1..end]).replace("\\\"", "\"").replace("\\/", "/")));
            rest = &rest[end + 1..];
        } else if c == '/' && begins_pattern(tokens.last()) {
            let end = end_of(rest, '/').ok_or("awk: unterminated regex")?;
            let pattern = rest[1..end].replace("\\/", "/");
            tokens.push(Token::Pattern(Expression::parse(&pattern, true).map_err(|why| format!("awk: {why}"))?));
            rest = &rest[end + 1..];
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("awk: syntax error: unexpected {c}"))?;
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
    }
}

/// The place of the sign that closes a text, the sign itself being its first.
fn end_of(text: &str, sign: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == sign => return Some(i),
            _ => {}
        }
    }
    None
}

/// True where a slash begins a pattern rather than dividing what stands before it.
fn begins_pattern(before: Option<&Token>) -> bool {
    !matches!(before, Some(Token::Number(_) | Token::Text(_) | Token::Name(_) | Token::Sign(")" | "]" | "$")))
}
