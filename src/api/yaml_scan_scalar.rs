//! The scalars of YAML text: plain, quoted and block, joined over line breaks.
//!
//! What a scalar means is in `yaml_scalar`.

use super::yaml_scan::{is_blank, is_blank_or_end, is_break, Complaint, Pos, Scanner};

/// White space met inside a scalar, until it is known whether it belongs to it.
#[derive(Default)]
struct Gap {
    blanks: String,
    first_break: Option<char>,
    breaks: String,
}

impl Gap {
    fn is_empty(&self) -> bool {
        self.blanks.is_empty() && self.first_break.is_none()
    }

    /// Puts the gap into the text: one line break is a space, more are one less.
    fn join(&mut self, text: &mut String) {
        match self.first_break.take() {
            None => text.push_str(&self.blanks),
            Some('\n') if self.breaks.is_empty() => text.push(' '),
            Some('\n') => text.push_str(&self.breaks),
            Some(separator) => {
                text.push(separator);
                text.push_str(&self.breaks);
            }
        }
        self.blanks.clear();
        self.breaks.clear();
    }
}

impl Scanner<'_> {
    /// Takes up spaces and line breaks.
    fn gap(&mut self, gap: &mut Gap, plain_indent: Option<i64>) -> Result<(), Complaint> {
        while is_blank(self.current()) || is_break(self.current()) {
            if is_break(self.current()) {
                let c = self.skip_break();
                if gap.first_break.is_none() {
                    gap.blanks.clear();
                    gap.first_break = Some(c);
                } else {
                    gap.breaks.push(c);
                }
                continue;
            }
            let violates = plain_indent.is_some_and(|indent| i64::from(self.at.column) < indent);
            if gap.first_break.is_some() && violates && self.current() == Some('\t') {
                return Err(self.complaint("found a tab character that violates indentation"));
            }
            if gap.first_break.is_none() {
                gap.blanks.extend(self.current());
            }
            self.skip();
        }
        Ok(())
    }

    /// A scalar without quotes, and where its last character ends.
    pub(super) fn plain_scalar(&mut self) -> Result<(String, Pos), Complaint> {
        let indent = self.indent + 1;
        let (mut text, mut gap, mut end) = (String::new(), Gap::default(), self.at);
        let in_flow = self.flow_level > 0;
        while !self.at_document_mark() && self.current() != Some('#') {
            let start = self.at.index;
            let mut joined = false;
            while let Some(c) = self.current() {
                if is_blank_or_end(Some(c)) || (c == ':' && is_blank_or_end(self.ahead(1))) {
                    break;
                }
                let ends = in_flow && (",[]{}".contains(c) || (c == '?' && is_blank_or_end(self.ahead(1))));
                if ends {
                    break;
                }
                if !joined {
                    gap.join(&mut text);
                    joined = true;
                }
                self.skip();
            }
            if joined {
                text.push_str(&self.text[start..self.at.index]);
                end = self.at;
            }
            if !(is_blank(self.current()) || is_break(self.current())) {
                break;
            }
            self.gap(&mut gap, Some(indent))?;
            if !in_flow && i64::from(self.at.column) < indent {
                break;
            }
        }
        if !gap.is_empty() && gap.first_break.is_some() {
            self.key_allowed = true;
        }
        Ok((text, end))
    }

    /// A scalar in single or double quotes.
    pub(super) fn quoted_scalar(&mut self, quote: char) -> Result<String, Complaint> {
        let (mut text, mut gap) = (String::new(), Gap::default());
        self.skip();
        loop {
            if self.at_document_mark() {
                return Err(self.complaint("found unexpected document indicator"));
            }
            let mut continued = false;
            loop {
                match self.current() {
                    None => return Err(self.complaint("found unexpected end of stream")),
                    c if is_blank_or_end(c) => break,
                    Some('\'') if quote == '\'' && self.ahead(1) == Some('\'') => {
                        text.push('\'');
                        self.skip();
                        self.skip();
                    }
                    Some(c) if c == quote => {
                        self.skip();
                        return Ok(text);
                    }
                    Some('\\') if quote == '"' && is_break(self.ahead(1)) => {
                        self.skip();
                        self.skip_break();
                        continued = true;
                        break;
                    }
                    Some('\\') if quote == '"' => text.push(self.escape()?),
                    Some(c) => {
                        text.push(c);
                        self.skip();
                    }
                }
            }
            if continued {
                while is_blank(self.current()) {
                    self.skip();
                }
                if is_break(self.current()) {
                    gap.first_break = Some('\n');
                    self.gap(&mut gap, None)?;
                    text.push_str(&std::mem::take(&mut gap.breaks));
                    gap = Gap::default();
                }
                continue;
            }
            self.gap(&mut gap, None)?;
            gap.join(&mut text);
        }
    }

    /// A backslash and what follows it.
    fn escape(&mut self) -> Result<char, Complaint> {
        let digits = match self.ahead(1) {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            Some(c) => {
                let Some(meant) = escaped(c) else {
                    return Err(self.complaint("found unknown escape character"));
                };
                self.skip();
                self.skip();
                return Ok(meant);
            }
            None => return Err(self.complaint("found unknown escape character")),
        };
        self.skip();
        self.skip();
        let mut code = 0_u32;
        for i in 0..digits {
            let Some(digit) = self.ahead(i).and_then(|c| c.to_digit(16)) else {
                return Err(self.complaint("did not find expected hexdecimal number"));
            };
            code = code.wrapping_mul(16).wrapping_add(digit);
        }
        let Some(meant) = char::from_u32(code) else {
            return Err(self.complaint("found invalid Unicode character escape code"));
        };
        (0..digits).for_each(|_| self.skip());
        Ok(meant)
    }

    /// A scalar behind `|` or `>`.
    pub(super) fn block_scalar(&mut self, literal: bool) -> Result<String, Complaint> {
        self.skip();
        let (mut chomping, mut increment) = (None, 0);
        for _ in 0..2 {
            match self.current() {
                Some(c @ ('+' | '-')) if chomping.is_none() => chomping = Some(c),
                Some('0') if increment == 0 => {
                    return Err(self.complaint("found an indentation indicator equal to 0"));
                }
                Some(c @ '1'..='9') if increment == 0 => increment = i64::from(c.to_digit(10).unwrap_or(0)),
                _ => break,
            }
            self.skip();
        }
        while is_blank(self.current()) {
            self.skip();
        }
        if self.current() == Some('#') {
            while self.current().is_some() && !is_break(self.current()) {
                self.skip();
            }
        }
        match self.current() {
            None => {}
            c if is_break(c) => {
                self.skip_break();
            }
            _ => return Err(self.complaint("did not find expected comment or line break")),
        }
        let mut indent = if increment == 0 { 0 } else { self.indent.max(0) + increment };
        self.block_lines(literal, chomping, &mut indent)
    }

    fn block_lines(&mut self, literal: bool, chomping: Option<char>, indent: &mut i64) -> Result<String, Complaint> {
        let mut text = String::new();
        let mut breaks = self.block_breaks(indent)?;
        let mut first_break: Option<char> = None;
        let mut after_blank = false;
        while i64::from(self.at.column) == *indent && self.current().is_some() {
            let blank = is_blank(self.current());
            match first_break.take() {
                Some('\n') if !literal && !after_blank && !blank => {
                    if breaks.is_empty() {
                        text.push(' ');
                    }
                }
                other => text.extend(other),
            }
            text.push_str(&std::mem::take(&mut breaks));
            after_blank = blank;
            let start = self.at.index;
            while self.current().is_some() && !is_break(self.current()) {
                self.skip();
            }
            text.push_str(&self.text[start..self.at.index]);
            if self.current().is_some() {
                first_break = Some(self.skip_break());
            }
            breaks = self.block_breaks(indent)?;
        }
        if chomping != Some('-') {
            text.extend(first_break);
        }
        if chomping == Some('+') {
            text.push_str(&breaks);
        }
        Ok(text)
    }

    /// Skips the indentation and empty lines of a block scalar. An indentation of 0 is still to be found out.
    fn block_breaks(&mut self, indent: &mut i64) -> Result<String, Complaint> {
        let mut breaks = String::new();
        let mut most = 0;
        loop {
            let inside = |column: u32, indent: i64| indent == 0 || i64::from(column) < indent;
            while inside(self.at.column, *indent) && self.current() == Some(' ') {
                self.skip();
            }
            most = most.max(i64::from(self.at.column));
            if inside(self.at.column, *indent) && self.current() == Some('\t') {
                return Err(self.complaint("found a tab character where an indentation space is expected"));
            }
            if !is_break(self.current()) {
                break;
            }
            breaks.push(self.skip_break());
        }
        if *indent == 0 {
            *indent = most.max(self.indent + 1).max(1);
        }
        Ok(breaks)
    }
}

fn escaped(c: char) -> Option<char> {
    Some(match c {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '\'' | '\\' | '/' => c,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}
