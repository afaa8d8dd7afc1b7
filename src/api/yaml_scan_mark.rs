//! The tokens of YAML text that begin with a mark: anchors, aliases, tags and directives.

use super::yaml_scan::{is_blank_or_end, is_break, Complaint, Scanner, Token};

impl Scanner<'_> {
    pub(super) fn anchor(&mut self, is_alias: bool) -> Result<(), Complaint> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.at;
        self.skip();
        let name = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let ended = is_blank_or_end(self.current()) || self.current().is_some_and(|c| "?:,]}%@`".contains(c));
        if name.is_empty() || !ended {
            return Err(self.complaint("did not find expected alphabetic or numeric character"));
        }
        self.push(if is_alias { Token::Alias(name) } else { Token::Anchor(name) }, start);
        Ok(())
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let start = self.at.index;
        while self.current().is_some_and(&belongs) {
            self.skip();
        }
        self.text[start..self.at.index].to_owned()
    }

    /// `!`, `!name`, `!!name`, `!handle!name`, `!<uri>`: a handle and a suffix.
    pub(super) fn tag(&mut self) -> Result<(), Complaint> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.at;
        let uri = |c: char| c.is_ascii_alphanumeric() || "-_;/?:@&=+$,.!~*'()[]%".contains(c);
        self.skip();
        let (handle, suffix) = if self.current() == Some('<') {
            self.skip();
            let suffix = self.word(uri);
            if self.current() != Some('>') {
                return Err(self.complaint("did not find the expected '>'"));
            }
            self.skip();
            (String::new(), suffix)
        } else {
            let first = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if self.current() == Some('!') {
                self.skip();
                let suffix = self.word(uri);
                if suffix.is_empty() {
                    return Err(self.complaint("did not find expected tag URI"));
                }
                (format!("!{first}!"), suffix)
            } else {
                let rest = self.word(uri);
                ("!".to_owned(), first + &rest)
            }
        };
        if !is_blank_or_end(self.current()) {
            return Err(self.complaint("did not find expected whitespace or line break"));
        }
        self.push(Token::Tag(handle, suffix), start);
        Ok(())
    }

    /// `%YAML 1.1` and `%TAG !h! prefix`.
    pub(super) fn directive(&mut self) -> Result<(), Complaint> {
        self.unroll(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let start = self.at;
        self.skip();
        let name = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let rest = self.word(|c| !is_break(Some(c)));
        let rest = rest.split(" #").next().unwrap_or("");
        let words: Vec<&str> = rest.split_whitespace().collect();
        let tag = match (name.as_str(), words.as_slice()) {
            ("", _) => return Err(self.complaint("could not find expected directive name")),
            ("YAML", [version]) if version.starts_with("1.") => None,
            ("YAML", _) => return Err(self.complaint("did not find expected digit or '.' character")),
            ("TAG", [handle, prefix]) => Some(((*handle).to_owned(), (*prefix).to_owned())),
            _ => return Err(self.complaint("found unknown directive name")),
        };
        self.push(Token::Directive { tag }, start);
        Ok(())
    }
}
