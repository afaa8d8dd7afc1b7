//! sed: `s`, `d`, `p`, `q`, `=`, `a`, `i`, `c`, `y` and `{...}`, for lines by number, by pattern, in ranges and up to the last.
//! It has no hold space and no jumps.

use super::filters::{Filter, Made, Options};
use super::replace::{either_case, find, replaced, until};
use crate::base::expression::Expression;

/// Makes a sed.
pub(super) fn make(mut options: Options) -> Result<Made, String> {
    let mut script = options.values('e').join("\n");
    if script.is_empty() {
        if options.args.is_empty() {
            return Err("usage: sed [-nEi] SCRIPT [FILE...]".to_owned());
        }
        script = options.args.remove(0);
    }
    let mut reader = Reader { rest: &script, extended: options.has('E') || options.has('r') };
    let commands = reader.commands(false)?;
    let ends = script.contains('$');
    let sed = Sed { commands, silent: options.has('n'), place: 0, held: None, ends, quit: false };
    Ok((Box::new(sed), options.args))
}

/// A place in the text.
enum Place {
    Number(u64),
    Last,
    Pattern(Expression),
    /// So many lines behind the first.
    More(u64),
    /// Each so many lines from one on.
    Step(u64, u64),
}

/// What is done with a line.
enum Act {
    Replace { expression: Expression, with: String, first: usize, all: bool, prints: bool },
    Delete,
    Print,
    Quit,
    Number,
    After(String),
    Before(String),
    Instead(String),
    Letters(Vec<char>, Vec<char>),
    Group(Vec<Command>),
}

struct Command {
    from: Option<Place>,
    to: Option<Place>,
    inverted: bool,
    /// Within a range: its first line.
    since: Option<u64>,
    act: Act,
}

struct Reader<'a> {
    rest: &'a str,
    extended: bool,
}

impl<'a> Reader<'a> {
    fn refuse(&self) -> String {
        format!("sed: unknown command: `{}'", self.rest.lines().next().unwrap_or(""))
    }

    fn commands(&mut self, within: bool) -> Result<Vec<Command>, String> {
        let mut all = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', ';']);
            if within && self.takes('}') {
                return Ok(all);
            }
            match self.rest.is_empty() {
                true if within => return Err("sed: unmatched `{'".to_owned()),
                true => return Ok(all),
                false => all.push(self.command()?),
            }
        }
    }

    fn takes(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn command(&mut self) -> Result<Command, String> {
        let from = self.place()?;
        let to = if from.is_some() && self.takes(',') { self.place()? } else { None };
        self.rest = self.rest.trim_start();
        let inverted = self.takes('!');
        self.rest = self.rest.trim_start();
        let letter = self.rest.chars().next().ok_or("sed: missing command")?;
        let refusal = self.refuse();
        self.rest = &self.rest[letter.len_utf8()..];
        let act = match letter {
            's' => self.replacement()?,
            'y' => {
                let (from, to, _) = self.parts()?;
                Act::Letters(from.chars().collect(), to.chars().collect())
            }
            'd' => Act::Delete,
            'p' => Act::Print,
            'q' => Act::Quit,
            '=' => Act::Number,
            'a' => Act::After(self.text()),
            'i' => Act::Before(self.text()),
            'c' => Act::Instead(self.text()),
            '{' => Act::Group(self.commands(true)?),
            _ => return Err(refusal),
        };
        Ok(Command { from, to, inverted, since: None, act })
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let number = self.rest[..end].parse().ok()?;
        self.rest = &self.rest[end..];
        Some(number)
    }

    fn place(&mut self) -> Result<Option<Place>, String> {
        if self.takes('$') {
            return Ok(Some(Place::Last));
        }
        if self.takes('+') {
            return Ok(self.number().map(Place::More));
        }
        if self.takes('/') {
            let (pattern, rest) = until(self.rest, '/').ok_or("sed: unterminated address regex")?;
            self.rest = rest;
            return Ok(Some(Place::Pattern(self.expression(&pattern, false)?)));
        }
        let Some(number) = self.number() else { return Ok(None) };
        if self.takes('~') {
            return Ok(Some(Place::Step(number, self.number().unwrap_or(1).max(1))));
        }
        Ok(Some(Place::Number(number)))
    }

    fn expression(&self, text: &str, any_case: bool) -> Result<Expression, String> {
        let text = if any_case { either_case(text) } else { text.to_owned() };
        Expression::parse(&text, self.extended).map_err(|why| format!("sed: {why}"))
    }

    /// The two parts behind `s` or `y`, and the sign between them.
    fn parts(&mut self) -> Result<(String, String, char), String> {
        let refusal = || format!("sed: unterminated `s' command: s{}", self.rest);
        let sign = self.rest.chars().next().ok_or_else(refusal)?;
        let (from, rest) = until(&self.rest[sign.len_utf8()..], sign).ok_or_else(refusal)?;
        let (to, rest) = until(rest, sign).ok_or_else(refusal)?;
        self.rest = rest;
        Ok((from, to, sign))
    }

    fn replacement(&mut self) -> Result<Act, String> {
        let (from, with, _) = self.parts()?;
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (flags, rest) = self.rest.split_at(end);
        self.rest = rest;
        let first = flags.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(1);
        let expression = self.expression(&from, flags.contains(['i', 'I']))?;
        Ok(Act::Replace { expression, with, first, all: flags.contains('g'), prints: flags.contains('p') })
    }

    /// The text of `a`, `i` and `c`: the rest of the line, or the lines behind a backslash.
    fn text(&mut self) -> String {
        let start = self.rest.trim_start_matches([' ', '\t']);
        let start = start.strip_prefix('\\').map_or(start, |rest| rest.trim_start_matches([' ', '\t', '\n']));
        let (mut text, mut rest) = (String::new(), start);
        loop {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            match line.strip_suffix('\\') {
                Some(line) => text.push_str(&format!("{line}\n")),
                None => {
                    text.push_str(line);
                    break;
                }
            }
        }
        self.rest = rest;
        text.replace("\\n", "\n").replace("\\t", "\t")
    }
}

struct Sed {
    commands: Vec<Command>,
    silent: bool,
    place: u64,
    /// The line that waits to learn whether it is the last, where a command asks for that.
    held: Option<String>,
    ends: bool,
    quit: bool,
}

/// A line on its way through the commands.
struct Passing<'a> {
    text: String,
    place: u64,
    last: bool,
    out: &'a mut String,
    after: String,
    gone: bool,
    quit: bool,
}

impl Place {
    fn is_here(&self, line: &Passing) -> bool {
        match self {
            Place::Number(number) => *number == line.place,
            Place::Last => line.last,
            Place::Pattern(expression) => find(expression, &line.text.chars().collect::<Vec<_>>(), 0).is_some(),
            Place::Step(first, step) => line.place >= *first && (line.place - first).is_multiple_of(*step),
            Place::More(_) => false,
        }
    }
}

impl Command {
    fn concerns(&mut self, line: &Passing) -> bool {
        let Some(from) = &self.from else { return true };
        let Some(to) = &self.to else { return from.is_here(line) };
        let Some(since) = self.since else {
            let begins = from.is_here(line);
            let over = match to {
                Place::Number(number) => *number <= line.place,
                Place::More(0) => true,
                to => matches!(to, Place::Last) && line.last,
            };
            self.since = (begins && !over).then_some(line.place);
            return begins;
        };
        let over = match to {
            Place::Number(number) => *number <= line.place,
            Place::More(more) => line.place >= since + more,
            to => to.is_here(line),
        };
        if over {
            self.since = None;
        }
        true
    }

    fn carry_out(&mut self, line: &mut Passing) {
        if self.concerns(line) == self.inverted {
            return;
        }
        match &mut self.act {
            Act::Replace { expression, with, first, all, prints } => {
                let (text, count) = replaced(&line.text, expression, with, *first, *all);
                line.text = text;
                if *prints && count > 0 {
                    line.out.push_str(&format!("{}\n", line.text));
                }
            }
            Act::Delete => line.gone = true,
            Act::Print => line.out.push_str(&format!("{}\n", line.text)),
            Act::Quit => line.quit = true,
            Act::Number => line.out.push_str(&format!("{}\n", line.place)),
            Act::After(text) => line.after.push_str(&format!("{text}\n")),
            Act::Before(text) => line.out.push_str(&format!("{text}\n")),
            Act::Instead(text) => {
                if self.since.is_none() {
                    line.out.push_str(&format!("{text}\n"));
                }
                line.gone = true;
            }
            Act::Letters(from, to) => {
                let other = |c| from.iter().position(|f| *f == c).and_then(|i| to.get(i)).copied().unwrap_or(c);
                line.text = line.text.chars().map(other).collect();
            }
            Act::Group(commands) => pass(commands, line),
        }
    }
}

fn pass(commands: &mut [Command], line: &mut Passing) {
    for command in commands {
        if line.gone || line.quit {
            return;
        }
        command.carry_out(line);
    }
}

impl Sed {
    fn one(&mut self, text: String, last: bool, out: &mut String) {
        if self.quit {
            return;
        }
        self.place += 1;
        let mut line = Passing { text, place: self.place, last, out, after: String::new(), gone: false, quit: false };
        pass(&mut self.commands, &mut line);
        self.quit = line.quit;
        if !line.gone && !self.silent {
            line.out.push_str(&format!("{}\n", line.text));
        }
        let after = line.after;
        out.push_str(&after);
    }
}

impl Filter for Sed {
    fn line(&mut self, line: &str, out: &mut String) {
        if !self.ends {
            return self.one(line.to_owned(), false, out);
        }
        if let Some(before) = self.held.replace(line.to_owned()) {
            self.one(before, false, out);
        }
    }

    fn end(&mut self, out: &mut String) -> u8 {
        if let Some(line) = self.held.take() {
            self.one(line, true, out);
        }
        0
    }
}
