//! YAML text into tokens, by the rules of YAML 1.1 that kubectl's reader follows, with its complaints.
//!
//! It builds no tree; see `yaml_build`. The scalars are read in `yaml_scan_scalar`.

use std::collections::VecDeque;

pub(super) use super::yaml_token::{is_blank, is_blank_or_end, is_break, Complaint, Placed, Pos, Token};

/// A place where a key without `?` may have begun.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    number: usize,
    at: Pos,
}

/// Reads tokens one after the other.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: Pos,
    tokens: VecDeque<Placed>,
    taken: usize,
    pub(super) flow_level: u32,
    pub(super) indent: i64,
    indents: Vec<i64>,
    pub(super) key_allowed: bool,
    keys: Vec<SimpleKey>,
}

/// How deep brackets may be nested.
const MAX_FLOW_LEVEL: u32 = 10_000;

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner {
            text,
            at: Pos::default(),
            tokens: VecDeque::new(),
            taken: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![SimpleKey::default()],
        }
    }

    /// The next token, left where it is.
    pub(super) fn peek(&mut self) -> Result<&Placed, Complaint> {
        while self.needs_more()? {
            self.fetch()?;
        }
        Ok(&self.tokens[0])
    }

    /// Takes the token that was last looked at.
    pub(super) fn take(&mut self) -> Option<Placed> {
        self.taken += 1;
        self.tokens.pop_front()
    }

    /// True while the first token may still turn out to be a key.
    fn needs_more(&mut self) -> Result<bool, Complaint> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        match self.keys.iter().rposition(|key| key.possible && key.number == self.taken) {
            Some(i) => self.key_is_valid(i),
            None => Ok(false),
        }
    }

    fn key_is_valid(&mut self, i: usize) -> Result<bool, Complaint> {
        let key = self.keys[i];
        if key.possible && (key.at.line < self.at.line || key.at.index + 1024 < self.at.index) {
            if key.required {
                return Err(self.complaint("could not find expected ':'"));
            }
            self.keys[i].possible = false;
        }
        Ok(self.keys[i].possible)
    }

    pub(super) fn complaint(&self, words: &str) -> Complaint {
        Complaint { words: words.to_owned(), at: self.at, by_scanner: true }
    }

    /// The character `n` places ahead.
    pub(super) fn ahead(&self, n: usize) -> Option<char> {
        let bytes = &self.text.as_bytes()[self.at.index..];
        match bytes.get(..=n) {
            Some(near) if near.is_ascii() => Some(char::from(near[n])),
            _ => self.text[self.at.index..].chars().nth(n),
        }
    }

    /// The character that is read next.
    pub(super) fn current(&self) -> Option<char> {
        match self.text.as_bytes().get(self.at.index) {
            Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
            Some(_) => self.text[self.at.index..].chars().next(),
            None => None,
        }
    }

    /// Goes on by one character that is no line break.
    pub(super) fn skip(&mut self) {
        if let Some(c) = self.current() {
            self.at.index += c.len_utf8();
            self.at.column += 1;
        }
    }

    /// Goes beyond a line break and gives it as text has it: a line feed, or a separator of lines or paragraphs.
    pub(super) fn skip_break(&mut self) -> char {
        let c = self.current().unwrap_or('\n');
        self.at.index += if self.text[self.at.index..].starts_with("\r\n") { 2 } else { c.len_utf8() };
        self.at.line += 1;
        self.at.column = 0;
        if matches!(c, '\u{2028}' | '\u{2029}') {
            c
        } else {
            '\n'
        }
    }

    /// True where a line `---` or `...` begins here.
    pub(super) fn at_document_mark(&self) -> bool {
        let rest = &self.text[self.at.index..];
        self.at.column == 0 && (rest.starts_with("---") || rest.starts_with("...")) && is_blank_or_end(self.ahead(3))
    }

    pub(super) fn push(&mut self, token: Token, start: Pos) {
        self.tokens.push_back(Placed { token, start, end: self.at });
    }

    /// Pushes a token of `length` characters.
    fn push_mark(&mut self, token: Token, length: u32) {
        let start = self.at;
        (0..length).for_each(|_| self.skip());
        self.push(token, start);
    }

    fn fetch(&mut self) -> Result<(), Complaint> {
        self.skip_to_token();
        self.unroll(i64::from(self.at.column));
        let next = self.ahead(1);
        let Some(c) = self.current() else { return self.stream_end() };
        if self.at.column == 0 && c == '%' {
            return self.directive();
        }
        if self.at_document_mark() {
            self.unroll(-1);
            self.remove_key()?;
            self.key_allowed = false;
            self.push_mark(if c == '-' { Token::DocumentStart } else { Token::DocumentEnd }, 3);
            return Ok(());
        }
        let in_flow = self.flow_level > 0;
        match c {
            '[' => self.flow_start(Token::FlowSequenceStart),
            '{' => self.flow_start(Token::FlowMappingStart),
            ']' => self.flow_end(Token::FlowSequenceEnd),
            '}' => self.flow_end(Token::FlowMappingEnd),
            ',' => {
                self.remove_key()?;
                self.key_allowed = true;
                self.push_mark(Token::FlowEntry, 1);
                Ok(())
            }
            '-' if is_blank_or_end(next) => self.block_entry(),
            '?' if in_flow || is_blank_or_end(next) => self.key(),
            ':' if in_flow || is_blank_or_end(next) => self.value(),
            '*' | '&' => self.anchor(c == '*'),
            '!' => self.tag(),
            '|' | '>' if !in_flow => {
                self.remove_key()?;
                self.key_allowed = true;
                let start = self.at;
                let text = self.block_scalar(c == '|')?;
                self.push(Token::Scalar { text, plain: false }, start);
                Ok(())
            }
            '\'' | '"' => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.at;
                let text = self.quoted_scalar(c)?;
                self.push(Token::Scalar { text, plain: false }, start);
                Ok(())
            }
            c if starts_plain(c, next, in_flow) => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.at;
                let (text, end) = self.plain_scalar()?;
                self.tokens.push_back(Placed { token: Token::Scalar { text, plain: true }, start, end });
                Ok(())
            }
            _ => Err(self.complaint("found character that cannot start any token")),
        }
    }

    /// Skips spaces, comments and line breaks. A tab is no indentation: it counts only where no key may begin.
    fn skip_to_token(&mut self) {
        if self.at.index == 0 && self.current() == Some('\u{feff}') {
            self.at.index += '\u{feff}'.len_utf8();
        }
        loop {
            let tabs = self.flow_level > 0 || !self.key_allowed;
            while self.current() == Some(' ') || (tabs && self.current() == Some('\t')) {
                self.skip();
            }
            if self.current() == Some('#') {
                while self.current().is_some() && !is_break(self.current()) {
                    self.skip();
                }
            }
            if !is_break(self.current()) {
                return;
            }
            self.skip_break();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// Ends the blocks that are indented more than `column`.
    pub(super) fn unroll(&mut self, column: i64) {
        while self.flow_level == 0 && self.indent > column {
            self.push(Token::BlockEnd, self.at);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Begins a block at a column, before the `number`th token or here.
    fn roll(&mut self, column: u32, number: Option<usize>, token: Token, at: Pos) {
        if self.flow_level > 0 || self.indent >= i64::from(column) {
            return;
        }
        self.indents.push(self.indent);
        self.indent = i64::from(column);
        let place = number.map_or(self.tokens.len(), |number| number - self.taken);
        self.tokens.insert(place, Placed { token, start: at, end: at });
    }

    pub(super) fn save_key(&mut self) -> Result<(), Complaint> {
        let required = self.flow_level == 0 && self.indent == i64::from(self.at.column);
        if self.key_allowed {
            self.remove_key()?;
            let key = SimpleKey { possible: true, required, number: self.taken + self.tokens.len(), at: self.at };
            *self.keys.last_mut().expect("each level has its key") = key;
        }
        Ok(())
    }

    pub(super) fn remove_key(&mut self) -> Result<(), Complaint> {
        let key = *self.keys.last().expect("each level has its key");
        if key.possible && key.required {
            return Err(self.complaint("could not find expected ':'"));
        }
        self.keys.last_mut().expect("each level has its key").possible = false;
        Ok(())
    }

    fn stream_end(&mut self) -> Result<(), Complaint> {
        if self.at.column != 0 {
            self.at.column = 0;
            self.at.line += 1;
        }
        self.unroll(-1);
        self.remove_key()?;
        self.key_allowed = false;
        self.push(Token::StreamEnd, self.at);
        Ok(())
    }

    fn flow_start(&mut self, token: Token) -> Result<(), Complaint> {
        self.save_key()?;
        self.flow_level += 1;
        if self.flow_level > MAX_FLOW_LEVEL {
            return Err(self.complaint("exceeded max depth of 10000"));
        }
        self.keys.push(SimpleKey::default());
        self.key_allowed = true;
        self.push_mark(token, 1);
        Ok(())
    }

    fn flow_end(&mut self, token: Token) -> Result<(), Complaint> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.keys.pop();
        }
        self.key_allowed = false;
        self.push_mark(token, 1);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), Complaint> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(self.complaint("block sequence entries are not allowed in this context"));
            }
            self.roll(self.at.column, None, Token::BlockSequenceStart, self.at);
        }
        self.remove_key()?;
        self.key_allowed = true;
        self.push_mark(Token::BlockEntry, 1);
        Ok(())
    }

    fn key(&mut self) -> Result<(), Complaint> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(self.complaint("mapping keys are not allowed in this context"));
            }
            self.roll(self.at.column, None, Token::BlockMappingStart, self.at);
        }
        self.remove_key()?;
        self.key_allowed = self.flow_level == 0;
        self.push_mark(Token::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Result<(), Complaint> {
        let last = self.keys.len() - 1;
        if self.key_is_valid(last)? {
            let key = self.keys[last];
            self.tokens.insert(key.number - self.taken, Placed { token: Token::Key, start: key.at, end: key.at });
            self.roll(key.at.column, Some(key.number), Token::BlockMappingStart, key.at);
            self.keys[last].possible = false;
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_allowed {
                    return Err(self.complaint("mapping values are not allowed in this context"));
                }
                self.roll(self.at.column, None, Token::BlockMappingStart, self.at);
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.push_mark(Token::Value, 1);
        Ok(())
    }
}

fn starts_plain(c: char, next: Option<char>, in_flow: bool) -> bool {
    match c {
        '-' => !is_blank(next),
        '?' | ':' => !in_flow && !is_blank_or_end(next),
        c => !is_blank_or_end(Some(c)) && !",[]{}#&*!|>'\"%@`".contains(c),
    }
}
