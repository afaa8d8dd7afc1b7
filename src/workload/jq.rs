//! jq: programs over the JSON that is fed in, with `-r`, `-c`, `-j`, `-n`, `-e`, `-s`, `-S`, `--arg` and `--argjson`. There are no
//! functions of one's own, no `reduce` and no `try ... catch`.

use super::filters::{Filter, Made};
use super::jq_run::{run, Names};
use super::jq_values::{read_all, Json};
use super::jq_words::{read, Expr};

/// Makes a jq of its arguments.
pub(super) fn make(args: &[String]) -> Result<Made, String> {
    let (mut flags, mut names, mut rest) = (String::new(), Names::new(), Vec::new());
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--arg" | "--argjson" => {
                let (name, text) = words.next().zip(words.next()).ok_or("jq: --arg takes two parameters")?;
                let value = match word.as_str() {
                    "--arg" => Json::Text(text.clone()),
                    _ => read_all(text)?.into_iter().next().unwrap_or(Json::Null),
                };
                names.push((name.clone(), value));
            }
            "--raw-output" => flags.push('r'),
            "--compact-output" => flags.push('c'),
            "--null-input" => flags.push('n'),
            "--exit-status" => flags.push('e'),
            "--slurp" => flags.push('s'),
            "--sort-keys" => flags.push('S'),
            word if word.starts_with("--") => {}
            word if word.len() > 1 && word.starts_with('-') => flags.push_str(&word[1..]),
            _ => rest.push(word.clone()),
        }
    }
    let program = if rest.is_empty() { ".".to_owned() } else { rest.remove(0) };
    Ok((Box::new(Jq { program: read(&program)?, flags, names, text: String::new() }), rest))
}

struct Jq {
    program: Expr,
    flags: String,
    names: Names,
    text: String,
}

impl Jq {
    fn print(&self, value: &Json) -> String {
        let has = |flag| self.flags.contains(flag);
        let value = if has('S') { sorted(value) } else { value.clone() };
        match &value {
            Json::Text(text) if has('r') || has('j') => text.clone(),
            value => value.print((!has('c')).then_some(0)),
        }
    }
}

fn sorted(value: &Json) -> Json {
    match value {
        Json::Map(_) => Json::Map(value.sorted().into_iter().map(|(key, value)| (key, sorted(&value))).collect()),
        Json::List(all) => Json::List(all.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

impl Filter for Jq {
    fn line(&mut self, line: &str, _: &mut String) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn end(&mut self, out: &mut String) -> u8 {
        let has = |flag| self.flags.contains(flag);
        let inputs = match read_all(&self.text) {
            _ if has('n') => vec![Json::Null],
            Ok(all) if has('s') => vec![Json::List(all)],
            Ok(all) => all,
            Err(why) => {
                out.push_str(&format!(
                    "jq: parse error: {why} at line {}, column 0\n",
                    self.text.lines().count().max(1)
                ));
                return 2;
            }
        };
        let mut last = None;
        for input in inputs {
            match run(&self.program, &input, &self.names) {
                Ok(values) => {
                    for value in values {
                        out.push_str(&self.print(&value));
                        if !has('j') {
                            out.push('\n');
                        }
                        last = Some(value.truth());
                    }
                }
                Err(why) => {
                    out.push_str(&format!("jq: error (at <stdin>:{}): {why}\n", self.text.lines().count()));
                    return 5;
                }
            }
        }
        match last {
            _ if !has('e') => 0,
            None => 4,
            Some(truth) => u8::from(!truth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::filters;

    #[test]
    fn programs_give_what_jq_gives() {
        let (input, cases) = include_str!("../../tests/data/jq.txt").split_once("\n---\n").unwrap();
        let mut differing = Vec::new();
        for case in cases.split("\n---\n") {
            let (command, expected) = case.split_once('\n').unwrap_or((case, ""));
            let (code, expected) = expected.split_once('\n').unwrap_or((expected, ""));
            let (flags, program) = command.split_once("  ").unwrap();
            let words: Vec<String> =
                ["jq"].into_iter().chain(flags.split_whitespace()).chain([program]).map(str::to_owned).collect();
            let (mut filter, mut out) = (filters::make(&words).unwrap().0, String::new());
            filters::feed(filter.as_mut(), input, &mut out);
            let ended = filter.end(&mut out).to_string();
            if (out.trim_end(), ended.as_str()) != (expected.trim_end(), code) {
                differing.push(format!("{command}\n{ended}\n{out}"));
            }
        }
        assert!(differing.is_empty(), "{}", differing.join("\n---\n"));
    }
}
