//! The help of kubectl. Its text is not in the program: it is loaded like the documentation of the API's fields.
//!
//! A section `@get` is what `kubectl get --help` prints. A line `% HEAD<tab>TEXT` in it is a flag; `%12` alone is the flag
//! that the lines before the first section define under this number.

use std::fmt::Write;

/// The help of a command such as `rollout status`; of kubectl itself where the name is empty.
pub fn of(texts: Option<&str>, command: &str) -> String {
    let texts = texts.unwrap_or("");
    let section = format!("@{command}");
    let mut lines = texts.lines().skip_while(|line| *line != section);
    if lines.next().is_none() {
        return format!("The help of kubectl {command} is not loaded.\n");
    }
    let mut page = String::new();
    for line in lines.take_while(|line| !line.starts_with('@')) {
        let flag = match line.strip_prefix('%') {
            None => {
                page.push_str(line);
                page.push('\n');
                continue;
            }
            Some(own) if own.starts_with(' ') => own,
            Some(number) => shared(texts, number),
        };
        let (head, text) = flag.trim_start().split_once('\t').unwrap_or((flag, ""));
        write!(page, "    {head}:\n\t{text}\n\n").expect("a String takes all text");
    }
    page
}

/// The flag of a number.
fn shared<'a>(texts: &'a str, number: &str) -> &'a str {
    let mut lines = texts.lines().take_while(|line| !line.starts_with('@'));
    lines.find_map(|line| line.strip_prefix('%')?.strip_prefix(number)?.strip_prefix(' ')).unwrap_or("")
}
