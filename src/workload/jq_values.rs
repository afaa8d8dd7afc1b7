//! The values of jq: JSON whose members keep their order, read, printed and compared as jq does.

use super::awk_data::Datum;
use crate::base::order::Order;
use std::cmp::Ordering;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

/// Reads the values that a text holds one after the other.
pub(super) fn read_all(text: &str) -> Result<Vec<Json>, String> {
    let mut reader = Reader { rest: text };
    let mut all = Vec::new();
    loop {
        reader.rest = reader.rest.trim_start();
        if reader.rest.is_empty() {
            return Ok(all);
        }
        all.push(reader.value()?);
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self) -> Result<Json, String> {
        let words = [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))];
        if let Some((_, value)) = words.into_iter().find(|(word, _)| self.takes(word)) {
            return Ok(value);
        }
        if self.takes("\"") {
            return self.text().map(Json::Text);
        }
        if self.takes("[") {
            let mut all = Vec::new();
            while !self.takes("]") {
                all.push(self.value()?);
                self.takes(",");
            }
            return Ok(Json::List(all));
        }
        if self.takes("{") {
            let mut all = Vec::new();
            while !self.takes("}") {
                if !self.takes("\"") {
                    return Err(self.refusal());
                }
                let key = self.text()?;
                if !self.takes(":") {
                    return Err(self.refusal());
                }
                all.push((key, self.value()?));
                self.takes(",");
            }
            return Ok(Json::Map(all));
        }
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(self.rest.len());
        let number = self.rest[..end].parse().map_err(|_| self.refusal())?;
        self.rest = &self.rest[end..];
        Ok(Json::Number(number))
    }

    fn refusal(&self) -> String {
        match self.rest.is_empty() {
            true => "Unfinished JSON term".to_owned(),
            false => "Invalid numeric literal".to_owned(),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[i + 1..];
                    return Ok(out);
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some('u') => {
                        let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                    }
                    Some(c) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err("Unfinished string".to_owned())
    }
}

impl Json {
    pub(super) fn truth(&self) -> bool {
        !matches!(self, Json::Null | Json::Bool(false))
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(_) => "number",
            Json::Text(_) => "string",
            Json::List(_) => "array",
            Json::Map(_) => "object",
        }
    }

    /// The member of a map; nothing where there is none.
    pub(super) fn member(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Map(all) => all.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Its text where it is one, else its JSON.
    pub(super) fn plain(&self) -> String {
        match self {
            Json::Text(text) => text.clone(),
            other => other.print(None),
        }
    }

    /// Its JSON in one line, or indented from so many levels on.
    pub(super) fn print(&self, indent: Option<usize>) -> String {
        let deeper = indent.map(|level| level + 1);
        let (parts, open, close) = match self {
            Json::Null => return "null".to_owned(),
            Json::Bool(value) => return value.to_string(),
            Json::Number(number) => return Datum::of(*number).text_of(),
            Json::Text(text) => return quoted(text),
            Json::List(all) => (all.iter().map(|value| value.print(deeper)).collect::<Vec<String>>(), '[', ']'),
            Json::Map(all) => {
                let colon = if indent.is_some() { ": " } else { ":" };
                let members = all.iter().map(|(key, value)| quoted(key) + colon + &value.print(deeper));
                (members.collect(), '{', '}')
            }
        };
        match indent {
            Some(level) if !parts.is_empty() => {
                let (inner, outer) = ("  ".repeat(level + 1), "  ".repeat(level));
                format!("{open}\n{inner}{}\n{outer}{close}", parts.join(&format!(",\n{inner}")))
            }
            _ => format!("{open}{}{close}", parts.join(",")),
        }
    }

    /// Null, false, true, numbers, texts, lists, maps: in this order.
    pub(super) fn order(&self, other: &Json) -> Ordering {
        let rank = |value: &Json| match value {
            Json::Null => 0,
            Json::Bool(value) => 1 + u8::from(*value),
            Json::Number(_) => 3,
            Json::Text(_) => 4,
            Json::List(_) => 5,
            Json::Map(_) => 6,
        };
        match (self, other) {
            (Json::Number(a), Json::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Json::Text(a), Json::Text(b)) => a.cmp(b),
            (Json::List(a), Json::List(b)) => {
                let pairs = a.iter().zip(b).map(|(a, b)| a.order(b));
                pairs.into_iter().find(|order| order.is_ne()).unwrap_or(a.len().cmp(&b.len()))
            }
            (Json::Map(_), Json::Map(_)) => {
                let (a, b) = (self.sorted(), other.sorted());
                let names = |all: &[(String, Json)]| all.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
                let values = a.iter().zip(&b).map(|((_, a), (_, b))| a.order(b));
                names(&a)
                    .cmp(&names(&b))
                    .then(values.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
            }
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }

    /// The members of a map by their names.
    pub(super) fn sorted(&self) -> Vec<(String, Json)> {
        let Json::Map(all) = self else { return Vec::new() };
        let mut all = all.clone();
        all.order_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 32 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}
