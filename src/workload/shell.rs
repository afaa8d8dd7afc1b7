//! A small reading of commands: how long a container's command runs, how it ends and what it writes. It knows the words
//! that manifests in courses use; a command it does not know is taken for a server that runs for ever.

use super::pi::pi_digits;
use super::words::{split, words_of};

/// Stands for the date and time at which a line is written.
pub const DATE: &str = "\u{e000}";

/// What a command line comes to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Course {
    /// Milliseconds it runs; nothing for ever.
    pub run_ms: Option<u64>,
    /// The exit code at the end.
    pub exit_code: i32,
    /// Lines written, with the milliseconds since the start.
    pub lines: Vec<(u64, String)>,
    /// Where a loop begins to repeat for ever: its first millisecond and how many milliseconds a round takes. The lines
    /// written in a round are those from its first millisecond on.
    pub repeats: Option<(u64, u64)>,
    /// A port that the command says it listens on.
    pub listens: Option<u16>,
    /// True where the command was understood, so that it is not the image's own server that runs.
    pub understood: bool,
}

struct Run<'a> {
    course: Course,
    at_ms: u64,
    code: i32,
    over: bool,
    variables: &'a dyn Fn(&str) -> Option<String>,
    /// What the script itself has set, the latest last.
    set: Vec<(String, String)>,
}

/// Reads `command` and `args` of a container; `variables` knows the environment.
pub fn read(words: &[String], variables: &dyn Fn(&str) -> Option<String>) -> Course {
    let mut run = Run { course: Course::default(), at_ms: 0, code: 0, over: false, variables, set: Vec::new() };
    run.course.understood = true;
    run.course.run_ms = Some(0);
    match shell_script(words) {
        Some(script) => run.script(script),
        None => {
            run.simple(words);
            run.end();
        }
    }
    run.course
}

/// The script of `sh -c SCRIPT`.
fn shell_script(words: &[String]) -> Option<&str> {
    let shell = words.first()?.rsplit('/').next()?;
    if !matches!(shell, "sh" | "bash" | "ash") {
        return None;
    }
    let flag = words.iter().position(|w| w.starts_with('-') && w.ends_with('c'))?;
    words.get(flag + 1).map(String::as_str)
}

impl Run<'_> {
    fn script(&mut self, script: &str) {
        let text = script.replace("\\\n", " ").replace('\n', ";");
        let pieces = split(&text);
        self.pieces(&pieces);
        self.end();
    }

    fn pieces(&mut self, pieces: &[(String, char)]) {
        let mut i = 0;
        let mut skip = false;
        while i < pieces.len() && !self.over {
            let (piece, joint) = &pieces[i];
            let words = words_of(piece);
            if words.first().is_some_and(|w| matches!(w.as_str(), "while" | "until" | "for")) {
                i = self.repeat(pieces, i);
                continue;
            }
            if !skip && !words.is_empty() {
                self.simple(&words);
            }
            skip = match joint {
                '&' => self.code != 0,
                '|' => self.code == 0,
                _ => false,
            };
            i += 1;
        }
    }

    /// A loop: `while true` repeats for ever, `for` runs its body once for each word.
    fn repeat(&mut self, pieces: &[(String, char)], start: usize) -> usize {
        let head = words_of(&pieces[start].0);
        let end = (start..pieces.len()).rev().find(|i| words_of(&pieces[*i].0).first().is_some_and(|w| w == "done"));
        let end = end.unwrap_or(pieces.len());
        let mut body: Vec<(String, char)> = pieces[(start + 1).min(end)..end].to_vec();
        if let Some((first, _)) = body.first_mut() {
            *first = first.trim_start().strip_prefix("do").unwrap_or(first).to_owned();
        }
        if head[0] == "for" {
            let name = head.get(1).cloned().unwrap_or_default();
            let given: Vec<String> = head.iter().skip_while(|w| *w != "in").skip(1).cloned().collect();
            for word in counted(&given) {
                self.set.push((name.clone(), word));
                self.pieces(&body);
            }
            return end + 1;
        }
        let from = self.at_ms;
        self.pieces(&body);
        if !self.over {
            self.course.repeats = Some((from, (self.at_ms - from).max(100)));
            self.for_ever();
        }
        end + 1
    }

    fn for_ever(&mut self) {
        self.over = true;
        self.course.run_ms = None;
    }

    fn end(&mut self) {
        if self.course.run_ms.is_some() {
            self.course.run_ms = Some(self.at_ms);
            self.course.exit_code = self.code;
        }
    }

    fn simple(&mut self, words: &[String]) {
        let plain: Vec<&str> = words.iter().map(String::as_str).collect();
        let plain = match plain.first() {
            Some(&"exec") => &plain[1..],
            _ => &plain[..],
        };
        let Some(name) = plain.first().map(|w| w.rsplit('/').next().unwrap_or(w)) else { return };
        let number = |i: usize| plain.get(i).and_then(|w| w.parse::<i32>().ok());
        self.code = 0;
        match name {
            "sleep" => match plain.get(1).and_then(|w| sleep_ms(w)) {
                Some(ms) => self.at_ms += ms,
                None => self.for_ever(),
            },
            "exit" => {
                self.code = number(1).unwrap_or(0);
                self.over = true;
            }
            "false" => self.code = 1,
            "echo" => self.echo(&plain[1..]),
            "printf" => self.echo(plain.get(1..2).unwrap_or(&[])),
            "date" => self.line(DATE.to_owned()),
            "hostname" => self.echo(&["$HOSTNAME"]),
            "perl" => self.pi(words),
            "tail" if plain.contains(&"-f") => self.for_ever(),
            "ping" | "top" if !plain.contains(&"-c") => self.for_ever(),
            "python" | "python3" | "httpd" | "nc" | "http-server" | "busybox" => {
                self.course.listens = plain.iter().rev().find_map(|w| w.parse().ok());
                self.for_ever();
            }
            _ if plain[0].contains('=') => {
                let (name, value) = plain[0].split_once('=').unwrap_or((name, ""));
                self.set.push((name.to_owned(), self.expand(value)));
            }
            _ if ENDS_AT_ONCE.contains(&name) => self.at_ms += 20,
            _ => {
                self.course.understood = false;
                self.for_ever();
            }
        }
    }

    fn echo(&mut self, words: &[&str]) {
        let newline_less = words.first() == Some(&"-n") || words.first() == Some(&"-e");
        let words = if newline_less { &words[1..] } else { words };
        let kept = words.iter().take_while(|w| !matches!(**w, ">" | ">>" | "1>" | "2>"));
        if kept.clone().count() < words.len() {
            return;
        }
        let text: Vec<String> = kept.map(|w| self.expand(w)).collect();
        self.line(text.join(" "));
    }

    fn line(&mut self, text: String) {
        self.course.lines.push((self.at_ms, text));
    }

    /// Puts the values of variables in.
    fn expand(&self, word: &str) -> String {
        let mut text = String::new();
        let mut rest = word;
        while let Some(at) = rest.find('$') {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let (name, after) = match rest.strip_prefix(['{', '(']) {
                Some(inner) => inner.split_once(['}', ')']).unwrap_or((inner, "")),
                None => {
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                    rest.split_at(end)
                }
            };
            match name {
                "date" => text.push_str(DATE),
                "hostname" => text.push_str(&(self.variables)("HOSTNAME").unwrap_or_default()),
                _ => {
                    let own = self.set.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.clone());
                    text.push_str(&own.or_else(|| (self.variables)(name)).unwrap_or_default());
                }
            }
            rest = after;
        }
        text + rest
    }

    /// The one program that every course on Jobs runs: digits of pi.
    fn pi(&mut self, words: &[String]) {
        let text = words.join(" ");
        let wanted = text.split("bpi(").nth(1).and_then(|t| t.split(')').next()).and_then(|n| n.parse().ok());
        let digits: usize = wanted.unwrap_or(100);
        self.at_ms += 500 + digits as u64 * 2;
        self.line(pi_digits(digits.min(5_000)));
    }
}

/// The words a `for` goes through; `$(seq A B)` and `{A..B}` count.
fn counted(words: &[String]) -> Vec<String> {
    let text = words.join(" ");
    let bounds = match text.strip_prefix("$(seq ").and_then(|rest| rest.strip_suffix(')')) {
        Some(inside) => Some(inside.split_once(' ').unwrap_or(("1", inside))),
        None => text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).and_then(|t| t.split_once("..")),
    };
    let numbers = bounds.and_then(|(from, to)| Some((from.parse::<i64>().ok()?, to.parse::<i64>().ok()?)));
    match numbers {
        Some((from, to)) => (from..=to.min(from + 999)).map(|n| n.to_string()).collect(),
        None => words.iter().take(1_000).cloned().collect(),
    }
}

/// Commands that do something short.
const ENDS_AT_ONCE: &[&str] = &[
    "true", ":", "cat", "ls", "mkdir", "touch", "cp", "mv", "rm", "chmod", "chown", "ln", "env", "printenv", "id",
    "whoami", "uname", "pwd", "cd", "export", "set", "test", "[", "grep", "head", "wc", "sort", "sed", "awk", "wget",
    "curl", "nslookup", "dig", "ping", "trap", "read", "expr", "seq", "df", "free", "ps", "kill", "wait", "dd", "find",
    "tee", "basename", "dirname", "git", "tail", "do", "done", "fi", "then", "if", "else",
];

/// Milliseconds of `sleep`'s argument; nothing for `infinity`.
fn sleep_ms(word: &str) -> Option<u64> {
    let (number, unit) = match word.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, &word[number.len()..]),
        None => (word, "s"),
    };
    let scale = match unit {
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => 1_000.0,
    };
    number.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| (n * scale) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(script: &str) -> Course {
        let words = ["sh", "-c", script].map(str::to_owned);
        read(&words, &|name| (name == "HOSTNAME").then(|| "web-1".to_owned()))
    }

    #[test]
    fn scripts_end_when_and_as_they_say() {
        for (script, run_ms, code) in [
            ("sleep 1; exit 1", Some(1_000), 1),
            ("sleep 2", Some(2_000), 0),
            ("echo hi && false", Some(0), 1),
            ("false || exit 3", Some(0), 3),
            ("sleep infinity", None, 0),
            ("while true; do echo hi; sleep 5; done", None, 0),
            ("for i in 1 2 3; do sleep 0.5; done", Some(1_500), 0),
            ("/app/server --port 80", None, 0),
        ] {
            let course = course(script);
            assert_eq!((course.run_ms, course.exit_code), (run_ms, code), "{script}");
        }
    }

    #[test]
    fn what_is_echoed_is_written() {
        let once = course("echo \"I am $HOSTNAME\"; sleep 1; echo bye");
        assert_eq!(once.lines, [(0, "I am web-1".to_owned()), (1_000, "bye".to_owned())]);
        let counting = course("for i in $(seq 1 3); do echo $i; sleep 1; done");
        assert_eq!(counting.lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
        assert_eq!(counting.run_ms, Some(3_000));
        let looping = course("while true; do echo tick; sleep 5; done");
        assert_eq!(looping.repeats, Some((0, 5_000)));
    }
}
