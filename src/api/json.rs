//! JSON text into values, with Go's words for what is wrong with it.
//!
//! Printing is in `encode`.

use super::value::{Map, Value};
use super::yaml_scalar::from_float;

/// Deeper nesting is refused, so that walks over a value may recurse.
const MAX_DEPTH: u32 = 200;

/// Why a text is no JSON.
#[derive(Clone, PartialEq, Debug)]
pub struct JsonError {
    /// How many bytes were read, the wrong one included, as Go counts.
    pub offset: usize,
    /// What Go says; empty where the text just ends too early.
    pub words: String,
}

impl JsonError {
    /// What Go says of a whole text.
    pub fn message(&self) -> String {
        match self.words.as_str() {
            "" => "unexpected end of JSON input".to_owned(),
            words => words.to_owned(),
        }
    }
}

/// Reads one JSON text, with nothing behind it.
pub fn parse(text: &str) -> Result<Value, String> {
    let (value, length) = parse_first(text).map_err(|error| error.message())?;
    let mut rest = Reader { text, at: length, depth: 0 };
    rest.space();
    match rest.peek() {
        None => Ok(value),
        Some(c) => Err(format!("invalid character {} after top-level value", quoted(c))),
    }
}

/// Reads the first JSON value of a text and tells where it ends.
///
/// Models Go's encoding/json scanner, with the words of its errors.
pub fn parse_first(text: &str) -> Result<(Value, usize), JsonError> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value()?;
    Ok((value, reader.at))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The error of the byte that stands here, or of the end of the text.
    fn wrong<T>(&self, place: &str) -> Result<T, JsonError> {
        let words = self.peek().map_or(String::new(), |c| format!("invalid character {} {place}", quoted(c)));
        Err(JsonError { offset: self.at + 1, words })
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        self.space();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(JsonError { offset: self.at, words: "exceeded max depth".to_owned() });
        }
        let value = match self.peek() {
            Some(b'{') => self.object()?,
            Some(b'[') => self.array()?,
            Some(b'"') => Value::from(self.string()?),
            Some(b't') => self.literal("true", Value::Bool(true))?,
            Some(b'f') => self.literal("false", Value::Bool(false))?,
            Some(b'n') => self.literal("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return self.wrong("looking for beginning of value"),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut map = Map::default();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(map));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.wrong("looking for beginning of object key string");
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return self.wrong("after object key");
            }
            self.at += 1;
            map.insert(&key, self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Map(map));
                }
                _ => return self.wrong("after object key:value pair"),
            }
        }
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::from(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::from(items));
                }
                _ => return self.wrong("after array element"),
            }
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return self.wrong(&format!("in literal {word} (expecting '{}')", char::from(expected)));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.wrong("in numeric literal"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
                return self.wrong("after decimal point in numeric literal");
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
                return self.wrong("in exponent of numeric literal");
            }
            self.digits();
        }
        let text = &self.text[start..self.at];
        Ok(text.parse().map_or_else(|_| from_float(text.parse().unwrap_or(0.0)), Value::Int))
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let mut out = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            while self.peek().is_some_and(|c| c != b'"' && c != b'\\' && c >= 0x20) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => return self.wrong("in string literal"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let meant = match self.peek() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let first = self.hex()?;
                let pair = (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u");
                if !pair {
                    return Ok(char::from_u32(first).unwrap_or('\u{fffd}'));
                }
                self.at += 2;
                let second = self.hex()?;
                let code = 0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            _ => return self.wrong("in string escape code"),
        };
        self.at += 1;
        Ok(meant)
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            match self.peek().and_then(|c| char::from(c).to_digit(16)) {
                Some(digit) => code = code * 16 + digit,
                None => return self.wrong("in \\u hexadecimal character escape"),
            }
            self.at += 1;
        }
        Ok(code)
    }
}

/// A byte as Go quotes it.
fn quoted(c: u8) -> String {
    match c {
        b'\'' => r"'\''".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        c if c < 0x20 || c == 0x7f => format!("'\\x{c:02x}'"),
        c => format!("'{}'", char::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_in_the_words_of_go() {
        let cases = [
            ("{", "unexpected end of JSON input"),
            ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\": 1 \"b\"}", "invalid character '\"' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("x", "invalid character 'x' looking for beginning of value"),
            ("{\"a\": tru}", "invalid character '}' in literal true (expecting 'e')"),
            ("[\"a\n\"]", "invalid character '\\n' in string literal"),
            ("[1.]", "invalid character ']' after decimal point in numeric literal"),
            ("{} x", "invalid character 'x' after top-level value"),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse(text).unwrap_err(), wanted, "{text}");
        }
        assert_eq!(parse("{\"a\": [1, 1.5, null]}").unwrap(), crate::value!({"a": [1, (Value::Float(1.5)), null]}));
    }
}
