//! sed, for what people do with it in a pipe: `s/a/b/`, `s/a/b/g`, `/a/d`, `3d`, `-n 3p`, `-n 2,5p`.

use super::filters::{Filter, Made, Options};
use super::grep::Expression;

/// Makes a sed.
pub(super) fn make(mut options: Options) -> Result<Made, String> {
    let script = match options.value('e') {
        text if !text.is_empty() => text,
        _ if options.args.is_empty() => return Err("usage: sed [-nE] SCRIPT [FILE...]".to_owned()),
        _ => options.args.remove(0),
    };
    let extended = options.has('E') || options.has('r');
    let commands = script.split(';').map(|part| command(part.trim(), extended)).collect::<Result<Vec<_>, String>>()?;
    let sed = Sed { commands, silent: options.has('n'), place: 0 };
    Ok((Box::new(sed), options.args))
}

/// Which lines a command is for.
enum Lines {
    All,
    Range(u64, u64),
    Matching(Expression),
}

/// What is done with them.
enum Act {
    Replace { expression: Expression, with: String, all: bool },
    Delete,
    Print,
}

fn command(text: &str, extended: bool) -> Result<(Lines, Act), String> {
    let refuse = || format!("sed: unknown command: `{text}'");
    if let Some(rest) = text.strip_prefix('s') {
        let separator = rest.chars().next().ok_or_else(refuse)?;
        let mut parts = rest[separator.len_utf8()..].split(separator);
        let (from, to) = (parts.next().ok_or_else(refuse)?, parts.next().ok_or_else(refuse)?);
        let flags = parts.next().ok_or_else(|| format!("sed: unterminated `s' command: {text}"))?;
        let expression = Expression::parse(from, extended).map_err(|why| format!("sed: {why}"))?;
        return Ok((Lines::All, Act::Replace { expression, with: to.to_owned(), all: flags.contains('g') }));
    }
    let act = match text.chars().last() {
        Some('d') => Act::Delete,
        Some('p') => Act::Print,
        _ => return Err(refuse()),
    };
    let address = &text[..text.len() - 1];
    if let Some(pattern) = address.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        return Ok((Lines::Matching(Expression::parse(pattern, extended).map_err(|why| format!("sed: {why}"))?), act));
    }
    let (from, to) = address.split_once(',').unwrap_or((address, address));
    let number = |text: &str| if text == "$" { Ok(u64::MAX) } else { text.parse().map_err(|_| refuse()) };
    match address {
        "" => Ok((Lines::All, act)),
        _ => Ok((Lines::Range(number(from)?, number(to)?), act)),
    }
}

struct Sed {
    commands: Vec<(Lines, Act)>,
    silent: bool,
    place: u64,
}

fn find(expression: &Expression, text: &[char], from: usize) -> Option<(usize, usize)> {
    (from..=text.len()).find_map(|start| Some((start, expression.match_at(text, start)?)))
}

fn replaced(line: &str, expression: &Expression, with: &str, all: bool) -> String {
    let text: Vec<char> = line.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while let Some((start, end)) = find(expression, &text, at) {
        out.extend(&text[at..start]);
        let whole: String = text[start..end].iter().collect();
        out.push_str(&with.replace("\\n", "\n").replace('&', &whole));
        at = end;
        if start == end {
            out.extend(text.get(at));
            at += 1;
        }
        if !all || at > text.len() {
            break;
        }
    }
    out.extend(text.get(at..).unwrap_or_default());
    out
}

impl Filter for Sed {
    fn line(&mut self, line: &str, out: &mut String) {
        self.place += 1;
        let mut text = line.to_owned();
        for (lines, act) in &self.commands {
            let chars: Vec<char> = text.chars().collect();
            let concerned = match lines {
                Lines::All => true,
                Lines::Range(from, to) => (*from..=*to).contains(&self.place),
                Lines::Matching(expression) => find(expression, &chars, 0).is_some(),
            };
            match act {
                _ if !concerned => {}
                Act::Replace { expression, with, all } => text = replaced(&text, expression, with, *all),
                Act::Delete => return,
                Act::Print => out.push_str(&format!("{text}\n")),
            }
        }
        if !self.silent {
            out.push_str(&format!("{text}\n"));
        }
    }

    fn end(&mut self, _: &mut String) -> u8 {
        0
    }
}
