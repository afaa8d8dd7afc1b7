//! What may stand in `${...}` besides a name, patterns with wild cards, and braces: the same in containers and in the terminal.

/// What became of a variable.
pub enum Filled {
    /// Its text.
    Text(String),
    /// Its text, which it is set to.
    Set(String),
    /// It must be there and is not: why.
    Missing(String),
}

/// Does with a variable's value what stands behind its name in `${...}`.
pub fn filled(value: Option<String>, operation: &str, fill: &mut dyn FnMut(&str) -> String) -> Filled {
    let (operation, colon) = match operation.strip_prefix(':') {
        Some(rest) => (rest, true),
        None => (operation, false),
    };
    let given = value.as_ref().is_some_and(|v| !colon || !v.is_empty());
    let sign = operation.chars().next().unwrap_or(' ');
    let word = operation.get(sign.len_utf8()..).unwrap_or("");
    let value = match sign {
        '-' | '=' | '?' if given => return Filled::Text(value.unwrap_or_default()),
        '-' => return Filled::Text(fill(word)),
        '=' => return Filled::Set(fill(word)),
        '?' => {
            let why = if word.is_empty() { "parameter not set".to_owned() } else { fill(word) };
            return Filled::Missing(why);
        }
        '+' => return Filled::Text(if given { fill(word) } else { String::new() }),
        _ => value.unwrap_or_default(),
    };
    Filled::Text(match sign {
        '#' | '%' => {
            let longest = word.starts_with(sign);
            let pattern = fill(if longest { &word[1..] } else { word });
            trimmed(&value, &pattern, sign == '#', longest)
        }
        '/' => {
            let all = word.starts_with('/');
            let word = if all { &word[1..] } else { word };
            let (from, to) = word.split_once('/').unwrap_or((word, ""));
            let (from, to) = (fill(from), fill(to));
            replaced(&value, &from, &to, all)
        }
        '^' | ',' => {
            let all = word.starts_with(sign);
            let other = |text: &str| if sign == '^' { text.to_uppercase() } else { text.to_lowercase() };
            let first = value.chars().next().map_or(0, char::len_utf8);
            if all {
                other(&value)
            } else {
                other(&value[..first]) + &value[first..]
            }
        }
        _ if colon => {
            let (from, length) = operation.split_once(':').unwrap_or((operation, ""));
            let mut number = |text: &str| fill(text).trim().parse::<i64>().ok();
            let count = value.chars().count() as i64;
            let from = number(from).unwrap_or(0);
            let from = if from < 0 { (count + from).max(0) } else { from };
            let taken = match number(length) {
                Some(length) if length < 0 => (count + length - from).max(0),
                Some(length) => length,
                None => count,
            };
            value.chars().skip(from as usize).take(taken as usize).collect()
        }
        _ => value,
    })
}

/// A text in which what is like a pattern is replaced, the longest match first; `#` and `%` in front bind it to an end.
fn replaced(text: &str, pattern: &str, with: &str, all: bool) -> String {
    let (pattern, front, back) = match pattern.chars().next() {
        Some('#') => (&pattern[1..], true, false),
        Some('%') => (&pattern[1..], false, true),
        _ => (pattern, false, false),
    };
    if pattern.is_empty() {
        return text.to_owned();
    }
    let (mut out, mut at) = (String::new(), 0);
    while at < text.len() {
        let mut ends = text[at..].char_indices().map(|(i, c)| at + i + c.len_utf8());
        let end = ends.rfind(|end| (!back || *end == text.len()) && is_like(&text[at..*end], pattern));
        match end.filter(|_| !front || at == 0) {
            Some(end) => {
                out.push_str(with);
                at = end;
                if !all {
                    break;
                }
            }
            None => {
                let next = text[at..].chars().next().map_or(1, char::len_utf8);
                out.push_str(&text[at..at + next]);
                at += next;
            }
        }
    }
    out + &text[at..]
}

/// True where a text is like a pattern with `*`, `?` and `[...]`.
pub fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    like(&text, &pattern)
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|i| like(&text[i..], rest)),
        Some(('?', rest)) => !text.is_empty() && like(&text[1..], rest),
        Some(('[', rest)) if rest.contains(&']') => {
            let end = rest.iter().position(|c| *c == ']').unwrap_or(0);
            let (negated, set) = match rest.first() {
                Some('!' | '^') => (true, &rest[1..end]),
                _ => (false, &rest[..end]),
            };
            let Some(c) = text.first() else { return false };
            let in_range = set.windows(3).any(|w| w[1] == '-' && (w[0]..=w[2]).contains(c));
            (in_range || set.contains(c)) != negated && like(&text[1..], &rest[end + 1..])
        }
        Some(('\\', rest)) if !rest.is_empty() => text.first() == rest.first() && like(&text[1..], &rest[1..]),
        Some((c, rest)) => text.first() == Some(c) && like(&text[1..], rest),
    }
}

/// A text without the part at its beginning or end that is like a pattern.
fn trimmed(text: &str, pattern: &str, front: bool, longest: bool) -> String {
    let mut cuts: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
    if front == longest {
        cuts.reverse();
    }
    let fits = |cut: &usize| is_like(if front { &text[..*cut] } else { &text[*cut..] }, pattern);
    match cuts.into_iter().find(fits) {
        Some(cut) if front => text[cut..].to_owned(),
        Some(cut) => text[..cut].to_owned(),
        None => text.to_owned(),
    }
}

/// `{1..5}` and `{a,b}` of bash.
pub fn braces(text: &str) -> Option<Vec<String>> {
    let (before, rest) = text.split_once('{')?;
    let (inner, after) = rest.split_once('}')?;
    let whole = |part: &str| format!("{before}{part}{after}");
    if let Some((from, to)) = inner.split_once("..") {
        let (to, step) = to.split_once("..").unwrap_or((to, "1"));
        if let (Some(from), Some(to)) = (letter(from), letter(to)) {
            return Some((from..=to).map(|c| whole(&char::from(c).to_string())).collect());
        }
        let width = if from.len() > 1 && from.starts_with('0') { from.len() } else { 0 };
        let step = step.parse::<i64>().ok()?.abs().max(1);
        let (from, to) = (from.parse::<i64>().ok()?, to.parse::<i64>().ok()?);
        let count = (from - to).abs().min(100_000) / step;
        let step = if from <= to { step } else { -step };
        return Some((0..=count).map(|i| whole(&format!("{:0width$}", from + i * step))).collect());
    }
    inner.contains(',').then(|| inner.split(',').map(whole).collect())
}

fn letter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(*letter),
        _ => None,
    }
}

/// What `read` gives the variables it names: the words of a line, the last one all that is left.
pub fn read_into(args: &[&str], line: &str, separators: &str) -> Vec<(String, String)> {
    let mut names: Vec<&str> = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some(flags) if flags.ends_with(['p', 't', 'n', 'd', 'u', 'N']) => drop(words.next()),
            Some(_) => {}
            None => names.push(word),
        }
    }
    if names.is_empty() {
        return vec![("REPLY".to_owned(), line.to_owned())];
    }
    let blank = |c: char| c.is_whitespace() && separators.contains(c);
    let mut rest = line.trim_matches(blank);
    let mut all = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let place = rest.find(|c| separators.contains(c)).filter(|_| i + 1 < names.len());
        let (word, after) = place.map_or((rest, ""), |place| rest.split_at(place));
        all.push(((*name).to_owned(), word.to_owned()));
        rest = after.trim_start_matches(blank);
        let hard = rest.chars().next().filter(|c| separators.contains(*c) && !after.is_empty());
        rest = hard.map_or(rest, |c| rest[c.len_utf8()..].trim_start_matches(blank));
    }
    all
}
