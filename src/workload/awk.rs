//! awk, for what people do with it in a pipe: `{print $1, $NF}`, `NR>1 {print $2}`, `/Running/ {print}`, `$3=="x"`, `-F:`.

use super::filters::{Filter, Made, Options};
use super::grep::Expression;

/// Makes an awk.
pub(super) fn make(mut options: Options) -> Result<Made, String> {
    if options.args.is_empty() {
        return Err("usage: awk [-F SEPARATOR] PROGRAM [FILE...]".to_owned());
    }
    let program = options.args.remove(0);
    let (mut rules, mut rest) = (Vec::new(), program.trim());
    while !rest.is_empty() {
        let (condition, action) = rest.split_once('{').unwrap_or((rest, "print}"));
        let (body, after) = action.split_once('}').ok_or("awk: syntax error: missing }")?;
        rules.push(Rule { condition: condition_of(condition.trim())?, body: body.trim().to_owned() });
        rest = after.trim();
    }
    Ok((Box::new(Awk { rules, separator: options.value('F'), number: 0 }), options.args))
}

enum Condition {
    Always,
    Begin,
    End,
    Matches(String, Expression, bool),
    Compares(String, &'static str, String),
    All(Vec<Condition>),
}

struct Rule {
    condition: Condition,
    body: String,
}

fn condition_of(text: &str) -> Result<Condition, String> {
    let pattern = |text: &str| {
        let inner = text.trim().strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let inner = inner.ok_or_else(|| format!("awk: syntax error: {text}"))?;
        Expression::parse(inner, true).map_err(|why| format!("awk: {why}"))
    };
    match text {
        "" => return Ok(Condition::Always),
        "BEGIN" => return Ok(Condition::Begin),
        "END" => return Ok(Condition::End),
        _ => {}
    }
    if text.contains("&&") {
        let parts = text.split("&&").map(|part| condition_of(part.trim()));
        return parts.collect::<Result<Vec<_>, String>>().map(Condition::All);
    }
    if let Some(rest) = text.strip_prefix('!').filter(|rest| rest.starts_with('/')) {
        return Ok(Condition::Matches("$0".to_owned(), pattern(rest)?, false));
    }
    if text.starts_with('/') {
        return Ok(Condition::Matches("$0".to_owned(), pattern(text)?, true));
    }
    for (op, holds) in [("!~", false), ("~", true)] {
        if let Some((field, rest)) = text.split_once(op) {
            return Ok(Condition::Matches(field.trim().to_owned(), pattern(rest)?, holds));
        }
    }
    for op in ["==", "!=", ">=", "<=", ">", "<"] {
        if let Some((a, b)) = text.split_once(op) {
            return Ok(Condition::Compares(a.trim().to_owned(), op, b.trim().to_owned()));
        }
    }
    Err(format!("awk: syntax error: {text}"))
}

struct Awk {
    rules: Vec<Rule>,
    separator: String,
    number: u64,
}

impl Awk {
    fn run(&self, line: &str, when: fn(&Condition) -> bool, out: &mut String) {
        let fields: Vec<&str> = match self.separator.as_str() {
            "" | " " => line.split_whitespace().collect(),
            separator => line.split(separator).collect(),
        };
        for rule in self.rules.iter().filter(|rule| when(&rule.condition)) {
            let value = |text: &str| self.value(text, line, &fields);
            if holds(&rule.condition, &value) {
                rule.body.split(';').for_each(|statement| self.carry_out(statement.trim(), &value, out));
            }
        }
    }

    fn carry_out(&self, statement: &str, value: &dyn Fn(&str) -> String, out: &mut String) {
        let Some(list) = statement.strip_prefix("print") else { return };
        let texts: Vec<String> = match list.trim() {
            "" => vec![value("$0")],
            list => arguments(list).iter().map(|words| words.iter().map(|word| value(word)).collect()).collect(),
        };
        out.push_str(&texts.join(" "));
        out.push('\n');
    }

    fn value(&self, text: &str, line: &str, fields: &[&str]) -> String {
        if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            return quoted.replace("\\t", "\t").replace("\\n", "\n");
        }
        match text {
            "$0" => line.to_owned(),
            "NR" => self.number.to_string(),
            "NF" => fields.len().to_string(),
            text => match text.strip_prefix('$') {
                None => text.to_owned(),
                Some(place) => {
                    let inner =
                        place.trim_start_matches('(').trim_end_matches(')').replace("NF", &fields.len().to_string());
                    let place = match inner.split_once('-') {
                        Some((a, b)) => {
                            a.trim().parse().unwrap_or(0_usize).saturating_sub(b.trim().parse().unwrap_or(0))
                        }
                        None => inner.trim().parse().unwrap_or(0),
                    };
                    fields.get(place.wrapping_sub(1)).copied().unwrap_or("").to_owned()
                }
            },
        }
    }
}

fn holds(condition: &Condition, value: &dyn Fn(&str) -> String) -> bool {
    match condition {
        Condition::Matches(field, expression, wanted) => {
            let text: Vec<char> = value(field).chars().collect();
            (0..=text.len()).any(|at| expression.match_at(&text, at).is_some()) == *wanted
        }
        Condition::Compares(a, op, b) => compares(&value(a), op, &value(b)),
        Condition::All(all) => all.iter().all(|condition| holds(condition, value)),
        _ => true,
    }
}

/// What `print` prints: at each comma a list of words that stand side by side.
fn arguments(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut word, mut quoted) = (vec![Vec::new()], String::new(), false);
    let end = |word: &mut String, all: &mut Vec<Vec<String>>| {
        if !word.is_empty() {
            let word = std::mem::take(word);
            all.last_mut().into_iter().for_each(|words| words.push(word.clone()));
        }
    };
    for c in text.chars() {
        match c {
            '"' => {
                if !quoted {
                    end(&mut word, &mut all);
                }
                word.push(c);
                quoted = !quoted;
                if !quoted {
                    end(&mut word, &mut all);
                }
            }
            c if quoted => word.push(c),
            ',' => {
                end(&mut word, &mut all);
                all.push(Vec::new());
            }
            ' ' | '\t' => end(&mut word, &mut all),
            '$' => {
                end(&mut word, &mut all);
                word.push(c);
            }
            c => word.push(c),
        }
    }
    end(&mut word, &mut all);
    all
}

/// Numbers are compared by their size, all else as text.
fn compares(a: &str, op: &str, b: &str) -> bool {
    let order = match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.partial_cmp(&b),
        _ => Some(a.cmp(b)),
    };
    order.is_some_and(|order| match op {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        ">=" => order.is_ge(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_lt(),
    })
}

impl Filter for Awk {
    fn line(&mut self, line: &str, out: &mut String) {
        if self.number == 0 {
            self.run("", |condition| matches!(condition, Condition::Begin), out);
        }
        self.number += 1;
        self.run(line, |condition| !matches!(condition, Condition::Begin | Condition::End), out);
    }

    fn end(&mut self, out: &mut String) -> u8 {
        self.run("", |condition| matches!(condition, Condition::End), out);
        0
    }
}
