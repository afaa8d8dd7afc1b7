//! What Go's YAML emitter asks of a text before it writes it: which styles can hold it, and what it would be taken for.
//!
//! It writes nothing.

/// What can be said of a text before it is written.
///
/// Models sigs.k8s.io/yaml goyaml.v2 yaml_emitter_analyze_scalar.
#[derive(Default)]
pub(super) struct Analysis {
    pub plain_allowed: bool,
    pub single_allowed: bool,
    pub block_allowed: bool,
}

pub(super) fn analyze(text: &str) -> Analysis {
    let blank =
        |c: Option<char>| matches!(c, None | Some(' ' | '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'));
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut special, mut breaks, mut space_break, mut break_space) = (false, false, false, false);
    let (mut edge, mut trailing_space) = (false, false);
    let (mut after_space, mut after_break, mut after_blank) = (false, false, true);
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        indicators |= match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' if first => {
                true
            }
            '?' | '-' if first => blank(next),
            ':' => blank(next),
            '#' => after_blank,
            _ => false,
        };
        special |= !printable(c);
        let is_break = blank(Some(c)) && !matches!(c, ' ' | '\t');
        let (is_first, is_last) = (first, next.is_none());
        if c == ' ' {
            edge |= is_first || is_last;
            trailing_space |= is_last;
            break_space |= after_break;
        } else if is_break {
            breaks = true;
            edge |= is_first || is_last;
            space_break |= after_space;
        }
        (after_space, after_break) = (c == ' ', is_break);
        after_blank = blank(Some(c));
        first = false;
    }
    let writable = !(space_break || special);
    Analysis {
        plain_allowed: writable && !(edge || break_space || breaks || indicators),
        single_allowed: writable && !break_space,
        block_allowed: writable && !trailing_space && !text.is_empty(),
    }
}

/// True for what the emitter writes as it is. Tabs and everything beyond the basic plane it escapes.
pub(super) fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// `1:20`, `190:20:30.15`: numbers to base 60 in old YAML, which are quoted so that nobody takes them for one.
pub(super) fn is_sexagesimal(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = body.split(':');
    let first = parts.next().unwrap_or("");
    let numeric = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !numeric(first) || !body.contains(':') {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    rest.iter().enumerate().all(|(i, part)| {
        let whole = match part.split_once('.') {
            Some((whole, fraction))
                if i + 1 == rest.len() && fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') =>
            {
                whole
            }
            _ => part,
        };
        let sixty = whole.len() == 1 || whole.len() == 2 && whole.as_bytes()[0] <= b'5';
        sixty && whole.bytes().all(|b| b.is_ascii_digit())
    })
}

/// A date or a time as Go's reader knows them: it would be a timestamp unless quoted.
pub(super) fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if bytes.len() < 8 || !text.get(..4).is_some_and(digits) || bytes[4] != b'-' {
        return false;
    }
    let (date, clock) = match text.find(['T', 't', ' ']) {
        Some(i) => (&text[..i], Some(&text[i + 1..])),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    if parts.len() != 3 || !parts.iter().all(|p| digits(p)) || parts[1].len() > 2 || parts[2].len() > 2 {
        return false;
    }
    let in_range = |s: &str, low: u32, high: u32| s.parse().is_ok_and(|n: u32| (low..=high).contains(&n));
    if !in_range(parts[1], 1, 12) || !in_range(parts[2], 1, 31) {
        return false;
    }
    match clock {
        None => parts[1].len() == 2 && parts[2].len() == 2,
        Some(clock) => is_clock(clock),
    }
}

fn is_clock(clock: &str) -> bool {
    let zone = clock.find(['Z', '+', '-', ' ']).unwrap_or(clock.len());
    let (time, zone) = clock.split_at(zone);
    let parts: Vec<&str> = time.split(':').collect();
    let number = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !s.is_empty();
    parts.len() == 3 && parts.iter().all(|p| number(p)) && (zone.is_empty() || zone == "Z" || zone.len() >= 2)
}
