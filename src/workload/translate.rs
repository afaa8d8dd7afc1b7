//! tr: characters for characters, or none.

use super::filters::Filter;
use super::printing::unescaped;

/// Characters for characters.
pub(super) struct Translate {
    pub(super) from: Vec<char>,
    pub(super) to: Vec<char>,
    pub(super) delete: bool,
    pub(super) squeeze: bool,
}

impl Translate {
    pub(super) fn new(sets: &[String], delete: bool, squeeze: bool) -> Result<Translate, String> {
        let expand = |set: &str| -> Vec<char> {
            let classes = [("[:upper:]", "A-Z"), ("[:lower:]", "a-z"), ("[:digit:]", "0-9"), ("[:space:]", " \t\n\r")];
            let text = classes.iter().fold(unescaped(set), |text, (name, range)| text.replace(name, range));
            let chars: Vec<char> = text.chars().collect();
            let mut all = Vec::new();
            let mut i = 0;
            while i < chars.len() {
                match (chars.get(i + 1), chars.get(i + 2)) {
                    (Some('-'), Some(end)) => {
                        all.extend(chars[i]..=*end);
                        i += 3;
                    }
                    _ => {
                        all.push(chars[i]);
                        i += 1;
                    }
                }
            }
            all
        };
        let from = expand(sets.first().ok_or("tr: missing operand")?);
        let to = sets.get(1).map(|set| expand(set)).unwrap_or_default();
        Ok(Translate { from, to, delete, squeeze })
    }

    fn translated(&self, c: char) -> Option<char> {
        let Some(place) = self.from.iter().position(|from| *from == c) else { return Some(c) };
        if self.delete {
            return None;
        }
        self.to.get(place).or(self.to.last()).copied().or(Some(c))
    }
}

impl Filter for Translate {
    fn line(&mut self, line: &str, out: &mut String) {
        let mut last = None;
        for c in line.chars().chain(std::iter::once('\n')) {
            if let Some(new) = self.translated(c) {
                if !(self.squeeze && last == Some(new) && (self.to.contains(&new) || self.from.contains(&new))) {
                    out.push(new);
                }
                last = Some(new);
            }
        }
    }

    fn unended(&mut self, out: &mut String) {
        if out.chars().next_back() == self.translated('\n') {
            out.pop();
        }
    }

    fn end(&mut self, _: &mut String) -> u8 {
        0
    }
}
