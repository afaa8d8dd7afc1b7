//! Scripts and transcripts: a text with command lines (`$ kubectl get pods`) and what they print under them.
//!
//! A command may carry a time, `[+12.3s] $ ...`: it runs so long after the start. `#` lines behind a blank line are
//! comments. `<AGE>`, `<HASH>`, `<IP>` and `<ANY>` stand for what differs from run to run.

use super::player::{Played, Player};
use super::syntax::is_open;
use crate::base::time::{parse_duration, Span};
use crate::store::settings::ip_number;
use crate::store::Settings;

/// A command of a script and what is expected of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The line it stands on, from 1.
    pub line: u32,
    /// When it runs, counted from the start; at once where it says nothing.
    pub at: Option<Span>,
    /// The prompt and the lines of the command as they are written.
    pub written: Vec<String>,
    /// The command.
    pub text: String,
    /// What it prints, a line each.
    pub expected: Vec<String>,
}

/// A piece of a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A comment or a blank line between commands.
    Plain(String),
    /// A command.
    Command(Command),
}

/// Reads a script.
pub fn parse(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    let mut blank = true;
    while let Some((number, line)) = lines.next() {
        if let Some((at, command)) = prompt(line) {
            let mut parsed = Command {
                line: number as u32 + 1,
                at,
                written: vec![line.to_owned()],
                text: command.to_owned(),
                expected: Vec::new(),
            };
            while is_open(&parsed.text) {
                let Some((_, next)) = lines.next() else { break };
                parsed.written.push(next.to_owned());
                parsed.text.push('\n');
                parsed.text.push_str(next.strip_prefix("> ").unwrap_or(next));
            }
            pieces.push(Piece::Command(parsed));
            blank = false;
            continue;
        }
        let comment = line.starts_with('#') && blank;
        blank = line.is_empty() || comment;
        match pieces.last_mut() {
            Some(Piece::Command(command)) if !comment => command.expected.push(line.to_owned()),
            _ => pieces.push(Piece::Plain(line.to_owned())),
        }
    }
    for piece in &mut pieces {
        if let Piece::Command(command) = piece {
            while command.expected.last().is_some_and(String::is_empty) {
                command.expected.pop();
            }
        }
    }
    pieces
}

/// The settings of the cluster that a script is played on. A comment `# kubottle: images-present` says that the nodes have
/// every image, `images-absent` that they pull what they need; `load-balancers=IP` gives Services of type LoadBalancer
/// addresses from this one on; `no-metrics-server` leaves the cluster without metrics; `storage-class` gives
/// the cluster a default StorageClass; `feature-gate=HPAScaleToZero=true` turns that one on; `min-sync-period=0s` lets kube-proxy write its rules at once. Where a script says nothing of images, one whose commands carry times
/// has the images: it is the recording of a cluster that had been in use before.
pub fn settings(text: &str, given: &Settings) -> Settings {
    let mut settings = given.clone();
    let words = text.lines().filter_map(|line| line.strip_prefix("# kubottle:")).flat_map(str::split_whitespace);
    let said: Vec<&str> = words.collect();
    let timed = || parse(text).iter().any(|piece| matches!(piece, Piece::Command(command) if command.at.is_some()));
    settings.stand_in_runtime |= timed();
    settings.images_present |= match said.iter().rfind(|word| word.starts_with("images-")) {
        Some(&"images-present") => true,
        Some(_) => false,
        None => timed(),
    };
    if let Some(ip) = said.iter().rev().find_map(|word| word.strip_prefix("load-balancers=").and_then(ip_number)) {
        settings.first_balancer_ip = Some(ip.to_be_bytes());
    }
    settings.metrics_server &= !said.contains(&"no-metrics-server");
    for gate in said.iter().filter_map(|word| word.strip_prefix("feature-gate=")) {
        settings.set_feature_gate(gate);
    }
    settings.storage_class |= said.contains(&"storage-class");
    if let Some(span) =
        said.iter().rev().find_map(|word| word.strip_prefix("min-sync-period=").and_then(parse_duration))
    {
        settings.min_sync_period = span;
    }
    settings
}

/// The command behind a prompt, and its time.
fn prompt(line: &str) -> Option<(Option<Span>, &str)> {
    if let Some(command) = line.strip_prefix("$ ") {
        return Some((None, command));
    }
    let (secs, command) = line.strip_prefix("[+")?.split_once("s] $ ")?;
    let millis = (secs.parse::<f64>().ok()? * 1_000.0).round();
    Some((Some(Span::millis(millis as u64)), command))
}

/// What a command printed, as a transcript shows it: standard output, standard error, and the exit code unless it is 0.
pub fn printed(played: &Played) -> Vec<String> {
    let mut lines: Vec<String> = played.stdout.lines().chain(played.stderr.lines()).map(str::to_owned).collect();
    if played.code != 0 {
        lines.push(format!("(exit {})", played.code));
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Runs a command of a script at its time.
pub fn play(player: &mut Player, command: &Command) -> Vec<String> {
    if let Some(at) = command.at {
        player.advance_to(player.start + at);
    }
    printed(&player.run(&command.text))
}

/// Plays a script and gives its transcript.
pub fn transcript(player: &mut Player, text: &str) -> String {
    let mut out = String::new();
    for piece in parse(text) {
        match piece {
            Piece::Plain(line) => out.push_str(&format!("{line}\n")),
            Piece::Command(command) => {
                let lines = play(player, &command);
                for line in command.written.iter().chain(&lines) {
                    out.push_str(&format!("{line}\n"));
                }
                out.push('\n');
            }
        }
    }
    format!("{}\n", out.trim_end())
}

/// Where a transcript differs from what happened: the command, and both texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The line of the command.
    pub line: u32,
    /// The command.
    pub command: String,
    /// What the transcript says.
    pub expected: Vec<String>,
    /// What was printed.
    pub printed: Vec<String>,
}

/// Plays a transcript and compares. The second part is the transcript as it would be now, with its wild cards kept where
/// they fit.
pub fn compare(player: &mut Player, text: &str) -> (Vec<Difference>, String) {
    let (mut differences, mut updated) = (Vec::new(), String::new());
    for piece in parse(text) {
        let command = match piece {
            Piece::Plain(line) => {
                updated.push_str(&format!("{line}\n"));
                continue;
            }
            Piece::Command(command) => command,
        };
        let lines = play(player, &command);
        let same = agrees(&command.expected, &lines);
        let shown = if same { &command.expected } else { &lines };
        for line in command.written.iter().chain(shown) {
            updated.push_str(&format!("{line}\n"));
        }
        updated.push('\n');
        if !same {
            differences.push(Difference {
                line: command.line,
                command: command.text,
                expected: command.expected,
                printed: lines,
            });
        }
    }
    (differences, format!("{}\n", updated.trim_end()))
}

const WILD: [&str; 4] = ["<AGE>", "<HASH>", "<IP>", "<ANY>"];

/// True where printed lines are those expected. Where a wild card stands, the widths of columns do not count.
pub fn agrees(expected: &[String], printed: &[String]) -> bool {
    let loose = expected.iter().any(|line| WILD.iter().any(|wild| line.contains(wild)));
    expected.len() == printed.len()
        && expected.iter().zip(printed).all(|(wanted, line)| match loose {
            false => wanted == line,
            true => fits(&squeezed(wanted), &squeezed(line)),
        })
}

/// A line with each run of spaces made one.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// True where a line fits a pattern with wild cards.
fn fits(pattern: &str, line: &str) -> bool {
    let first = WILD.iter().filter_map(|wild| Some((pattern.find(wild)?, *wild))).min();
    let Some((place, wild)) = first else { return pattern == line };
    let (head, rest) = (&pattern[..place], &pattern[place + wild.len()..]);
    let Some(tail) = line.strip_prefix(head) else { return false };
    let ends = tail.char_indices().map(|(i, _)| i).chain(std::iter::once(tail.len()));
    ends.into_iter().any(|end| stands_for(wild, &tail[..end]) && fits(rest, &tail[end..]))
}

fn stands_for(wild: &str, text: &str) -> bool {
    let only = |allowed: fn(char) -> bool| !text.is_empty() && text.chars().all(allowed);
    match wild {
        "<AGE>" => {
            let parts = text.split_inclusive(|c: char| c.is_ascii_alphabetic());
            let is_part = |part: &str| {
                let digits = part.trim_end_matches(['s', 'm', 'h', 'd', 'y']);
                !digits.is_empty() && digits.len() + 1 == part.len() && digits.bytes().all(|b| b.is_ascii_digit())
            };
            text == "<unknown>" || text == "<invalid>" || (!text.is_empty() && parts.into_iter().all(is_part))
        }
        "<HASH>" => only(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
        "<IP>" => only(|c| c.is_ascii_digit() || c == '.'),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_commands_times_and_comments() {
        let text = "# first\n$ echo a\na\n\n# second\n[+1.5s] $ cat <<EOF\n> x\n> EOF\nx\n(exit 1)\n\n";
        let pieces = parse(text);
        let commands: Vec<&Command> = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Command(command) => Some(command),
                Piece::Plain(_) => None,
            })
            .collect();
        assert_eq!(commands[0].expected, ["a"]);
        assert_eq!(commands[1].at, Some(Span::millis(1_500)));
        assert_eq!(commands[1].text, "cat <<EOF\nx\nEOF");
        assert_eq!(commands[1].expected, ["x", "(exit 1)"]);
    }

    #[test]
    fn a_recording_is_played_where_the_images_are() {
        let present = |text: &str| settings(text, &Settings::default()).images_present;
        assert!(!present("$ kubectl get pods\n"));
        assert!(present("[+0.7s] $ kubectl get pods\n"));
        assert!(present("# kubottle: images-present\n$ kubectl get pods\n"));
        assert!(!present("# kubottle: images-absent\n[+0.7s] $ kubectl get pods\n"));
    }

    #[test]
    fn wild_cards_fit_what_they_stand_for() {
        let agree = |a: &str, b: &str| agrees(&[a.to_owned()], &[b.to_owned()]);
        assert!(agree("web-<HASH>-<HASH>   1/1   <AGE>   <IP>", "web-66597df5bb-9l5pg   1/1     2m5s  10.244.0.4"));
        assert!(!agree("web <AGE>", "web soon") && !agree("a  b", "a b"));
        assert!(agree("at <ANY>", "at Mon, 23 Nov 2026"));
    }
}
