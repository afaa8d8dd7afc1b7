//! What `echo` and `printf` print, in containers, in the terminal and in awk.

/// What `echo` prints.
pub fn echo(args: &[&str], escapes: bool) -> String {
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

/// A text with its escapes read: `\\n`, `\\t`, `\\033` and the like.
pub fn unescaped(text: &str) -> String {
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
pub fn printf(format: &str, values: &[&str]) -> String {
    formatted(&unescaped(format), values, true)
}

/// A format in which escapes are read already; without `again` values that are left over are dropped.
pub fn formatted(format: &str, values: &[&str], again: bool) -> String {
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
            while let Some(c) = chars.next_if(|c| "-0123456789.+ *".contains(*c)) {
                match c {
                    '*' => spec.push_str(values.next().copied().unwrap_or("0")),
                    c => spec.push(c),
                }
            }
            let kind = chars.next().unwrap_or('%');
            if kind == '%' {
                out.push('%');
                continue;
            }
            let value = values.next().copied().unwrap_or("");
            let (width, precision) = spec.split_once('.').unwrap_or((&spec, ""));
            let whole = || value.trim().parse::<f64>().map_or_else(|_| code_of(value), |n| n as i64);
            let digits = precision.parse::<usize>();
            let text = match kind {
                'd' | 'i' | 'u' => value.trim().parse::<i64>().unwrap_or_else(|_| whole()).to_string(),
                'x' => format!("{:x}", whole()),
                'X' => format!("{:X}", whole()),
                'o' => format!("{:o}", whole()),
                'c' => value.chars().take(1).collect(),
                's' => value.chars().take(digits.unwrap_or(usize::MAX)).collect(),
                'f' | 'F' => format!("{:.*}", digits.unwrap_or(6), value.trim().parse::<f64>().unwrap_or(0.0)),
                'g' => significant(value.trim().parse().unwrap_or(0.0), digits.unwrap_or(6)),
                'b' => unescaped(value),
                'q' if !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:".contains(c)) => {
                    value.to_owned()
                }
                'q' => format!("'{value}'"),
                _ => value.to_owned(),
            };
            let text = if spec.contains('+') && "dif".contains(kind) && !text.starts_with('-') {
                format!("+{text}")
            } else {
                text
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
        if !again || values.len() == 0 || values.len() == left {
            return out;
        }
    }
}

/// The number that `'A` stands for; 0 for all else that is no number.
fn code_of(text: &str) -> i64 {
    text.strip_prefix(['\'', '"']).and_then(|rest| rest.chars().next()).map_or(0, |c| i64::from(u32::from(c)))
}

/// A number with so many significant digits, as `%g` prints it.
pub fn significant(number: f64, digits: usize) -> String {
    let (mut size, mut places) = (number.abs(), digits.max(1) as i64 - 1);
    if size == 0.0 || !size.is_finite() {
        return number.to_string();
    }
    while size >= 10.0 {
        (size, places) = (size / 10.0, places - 1);
    }
    while size < 1.0 {
        (size, places) = (size * 10.0, places + 1);
    }
    let text = format!("{number:.*}", places.clamp(0, 17) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
