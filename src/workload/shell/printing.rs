//! What `echo` and `printf` print.

use ecow::EcoString;

/// What `echo` prints.
pub(super) fn echo(args: &[EcoString], escapes: bool) -> String {
    let mut args = args;
    let (mut newline, mut escapes) = (true, escapes);
    while let Some((flag, rest)) = args.split_first() {
        let letters = flag.strip_prefix('-').unwrap_or("");
        if letters.is_empty() || !letters.chars().all(|c| "neE".contains(c)) {
            break;
        }
        newline &= !letters.contains('n');
        escapes |= letters.contains('e');
        args = rest;
    }
    let mut text = args.join(" ");
    if escapes {
        text = unescaped(&text);
    }
    if newline {
        text.push('\n');
    }
    text
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\u{7}'),
            Some('x') => {
                let digits: String = chars.clone().take(2).take_while(char::is_ascii_hexdigit).collect();
                chars.by_ref().take(digits.len()).for_each(drop);
                out.extend(u8::from_str_radix(&digits, 16).ok().map(char::from));
            }
            Some(c @ '0'..='7') => {
                let digits: String =
                    chars.clone().take(if c == '0' { 3 } else { 2 }).take_while(|c| ('0'..='7').contains(c)).collect();
                chars.by_ref().take(digits.len()).for_each(drop);
                out.extend(u8::from_str_radix(&format!("{c}{digits}"), 8).ok().map(char::from));
            }
            Some('e') => out.push('\u{1b}'),
            Some('\\') => out.push('\\'),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

/// What `printf` prints; the format is used again while values are left.
pub(super) fn printf(format: &str, values: &[EcoString]) -> String {
    let format = unescaped(format);
    let mut values = values.iter();
    let mut out = String::new();
    loop {
        let left = values.len();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut spec = String::new();
            while let Some(c) = chars.next_if(|c| "-0123456789.+ ".contains(*c)) {
                spec.push(c);
            }
            let kind = chars.next().unwrap_or('%');
            if kind == '%' {
                out.push('%');
                continue;
            }
            let value = values.next().map_or("", EcoString::as_str);
            let (width, precision) = spec.split_once('.').unwrap_or((&spec, ""));
            let text = match kind {
                'd' | 'i' | 'u' => value.trim().parse::<i64>().unwrap_or(0).to_string(),
                'x' => format!("{:x}", value.trim().parse::<i64>().unwrap_or(0)),
                'X' => format!("{:X}", value.trim().parse::<i64>().unwrap_or(0)),
                'o' => format!("{:o}", value.trim().parse::<i64>().unwrap_or(0)),
                'c' => value.chars().take(1).collect(),
                's' if !precision.is_empty() => value.chars().take(precision.parse().unwrap_or(0)).collect(),
                'f' => format!("{:.*}", precision.parse().unwrap_or(6), value.trim().parse::<f64>().unwrap_or(0.0)),
                'b' => unescaped(value),
                _ => value.to_owned(),
            };
            let left_side = width.starts_with('-');
            let zeros = width.starts_with('0') && kind != 's';
            let width: usize = width.trim_start_matches(['-', '0', '+', ' ']).parse().unwrap_or(0);
            match (left_side, zeros) {
                (true, _) => out.push_str(&format!("{text:<width$}")),
                (_, true) => out.push_str(&format!("{text:0>width$}")),
                _ => out.push_str(&format!("{text:>width$}")),
            }
        }
        if values.len() == 0 || values.len() == left {
            return out;
        }
    }
}
