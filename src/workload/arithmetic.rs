//! `$((...))`: whole numbers, variables, and the operators of C that scripts use.

/// Whose variables an expression reads and sets.
pub trait Names {
    /// The value of a variable.
    fn value_of(&self, name: &str) -> Option<&str>;
    /// Sets a variable.
    fn give(&mut self, name: &str, value: String);
}

struct Reader<'a> {
    rest: &'a str,
    names: &'a mut dyn Names,
    depth: u32,
}

/// Operators by how tightly they bind, those that bind least first.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

/// The value of an expression.
pub fn calculate(text: &str, names: &mut dyn Names) -> Result<i64, String> {
    let mut reader = Reader { rest: text, names, depth: 0 };
    let mut value = 0;
    loop {
        reader.skip();
        if reader.rest.is_empty() {
            return Ok(value);
        }
        value = reader.choice()?;
        reader.skip();
        if !reader.takes(",") && !reader.rest.is_empty() {
            return Err("syntax error".to_owned());
        }
    }
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// An assignment or `a ? b : c`.
    fn choice(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("expression too deep".to_owned());
        }
        self.skip();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, after) = self.rest.split_at(end);
        let after = after.trim_start();
        let operator = ["+=", "-=", "*=", "/=", "%=", "="].into_iter().find(|op| after.starts_with(op));
        let is_name = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
        let value = match operator.filter(|_| is_name && !after.starts_with("==")) {
            Some(operator) => {
                let name = name.to_owned();
                self.rest = &after[operator.len()..];
                let right = self.choice()?;
                let value = match operator {
                    "=" => right,
                    op => apply(&op[..1], self.variable(&name), right)?,
                };
                self.names.give(&name, value.to_string());
                value
            }
            None => {
                let condition = self.level(0)?;
                match self.takes("?") {
                    false => condition,
                    true => {
                        let yes = self.choice()?;
                        if !self.takes(":") {
                            return Err("expecting ':'".to_owned());
                        }
                        let no = self.choice()?;
                        if condition != 0 {
                            yes
                        } else {
                            no
                        }
                    }
                }
            }
        };
        self.depth -= 1;
        Ok(value)
    }

    fn level(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else { return self.single() };
        let mut left = self.level(level + 1)?;
        loop {
            self.skip();
            let found = operators.iter().find(|op| {
                let longer = LEVELS
                    .iter()
                    .flat_map(|l| l.iter())
                    .any(|o| o.len() > op.len() && o.starts_with(**op) && self.rest.starts_with(*o));
                self.rest.starts_with(**op) && !longer
            });
            let Some(op) = found else { return Ok(left) };
            self.rest = &self.rest[op.len()..];
            let right = self.level(level + 1)?;
            left = apply(op, left, right)?;
        }
    }

    fn single(&mut self) -> Result<i64, String> {
        self.skip();
        for (sign, by) in [("++", 1), ("--", -1)] {
            if self.takes(sign) {
                let name = self.name();
                return Ok(self.step(&name, by));
            }
        }
        if self.takes("-") {
            return Ok(-self.single()?);
        }
        if self.takes("+") {
            return self.single();
        }
        if self.takes("!") {
            return Ok(i64::from(self.single()? == 0));
        }
        if self.takes("(") {
            let value = self.choice()?;
            return if self.takes(")") { Ok(value) } else { Err("expecting ')'".to_owned()) };
        }
        self.takes("$");
        let word = self.name();
        if word.is_empty() {
            return Err("expecting primary".to_owned());
        }
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            let number =
                word.strip_prefix("0x").map_or_else(|| word.parse().ok(), |hex| i64::from_str_radix(hex, 16).ok());
            return number.ok_or_else(|| "syntax error".to_owned());
        }
        for (sign, by) in [("++", 1), ("--", -1)] {
            if self.takes(sign) {
                return Ok(self.step(&word, by) - by);
            }
        }
        Ok(self.variable(&word))
    }

    fn name(&mut self) -> String {
        self.skip();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }

    fn step(&mut self, name: &str, by: i64) -> i64 {
        let value = self.variable(name).wrapping_add(by);
        self.names.give(name, value.to_string());
        value
    }

    fn variable(&self, name: &str) -> i64 {
        self.names.value_of(name).and_then(|value| value.trim().parse().ok()).unwrap_or(0)
    }
}

fn apply(op: &str, a: i64, b: i64) -> Result<i64, String> {
    Ok(match op {
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        "/" | "%" if b == 0 => return Err("divide by zero".to_owned()),
        "/" => a.wrapping_div(b),
        "%" => a.wrapping_rem(b),
        "<<" => a.wrapping_shl(b as u32),
        ">>" => a.wrapping_shr(b as u32),
        "&" => a & b,
        "|" => a | b,
        "^" => a ^ b,
        "<" => i64::from(a < b),
        ">" => i64::from(a > b),
        "<=" => i64::from(a <= b),
        ">=" => i64::from(a >= b),
        "==" => i64::from(a == b),
        "!=" => i64::from(a != b),
        "&&" => i64::from(a != 0 && b != 0),
        _ => i64::from(a != 0 || b != 0),
    })
}
