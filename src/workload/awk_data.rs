//! The values of awk: texts that may be numbers, compared and split as awk does.

use super::printing;
use super::replace::find;
use crate::base::expression::Expression;

/// A value: its text, and its number where it is one or looks like one.
#[derive(Clone, Debug, Default)]
pub(super) struct Datum {
    pub(super) text: String,
    pub(super) number: Option<f64>,
}

impl Datum {
    /// Its text.
    pub(super) fn text_of(self) -> String {
        self.text
    }

    pub(super) fn of(number: f64) -> Datum {
        let whole = number == number.trunc() && number.abs() < 1e16;
        let text = if whole { format!("{}", number as i64) } else { printing::significant(number, 6) };
        Datum { text, number: Some(number) }
    }

    pub(super) fn text(text: impl Into<String>) -> Datum {
        Datum { text: text.into(), number: None }
    }

    /// What was read, which may look like a number.
    pub(super) fn read(text: &str) -> Datum {
        let number = text.trim().parse::<f64>().ok().filter(|_| text.trim().starts_with(|c: char| !c.is_alphabetic()));
        Datum { text: text.to_owned(), number }
    }

    /// The number that its text begins with.
    pub(super) fn number(&self) -> f64 {
        self.number.unwrap_or_else(|| {
            let text = self.text.trim_start();
            let ends = text.char_indices().map(|(i, c)| i + c.len_utf8()).take(30);
            ends.filter_map(|end| text[..end].parse().ok().filter(|n: &f64| n.is_finite())).last().unwrap_or(0.0)
        })
    }

    pub(super) fn holds(&self) -> bool {
        self.number.map_or(!self.text.is_empty(), |number| number != 0.0)
    }
}

pub(super) fn format_of(values: &[Datum]) -> String {
    let texts: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
    texts.split_first().map_or_else(String::new, |(format, values)| printing::formatted(format, values, false))
}

pub(super) fn matches(pattern: &Expression, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    (0..=text.len()).any(|at| pattern.match_at(&text, at).is_some())
}

pub(super) fn calculate(sign: &str, a: f64, b: f64) -> f64 {
    match sign {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => (0..b.max(0.0) as u32).fold(1.0, |power, _| power * a),
    }
}

/// Numbers are compared by their size, all else as text.
pub(super) fn compares(a: &Datum, sign: &str, b: &Datum) -> bool {
    let order = match (a.number, b.number) {
        (Some(a), Some(b)) => a.partial_cmp(&b),
        _ => Some(a.text.cmp(&b.text)),
    };
    order.is_some_and(|order| match sign {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        ">=" => order.is_ge(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_lt(),
    })
}

/// The fields of a text: at blanks, at a character, or at what an expression describes.
pub(super) fn split(text: &str, by: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    match by {
        " " => text.split_whitespace().map(str::to_owned).collect(),
        "" => text.chars().map(String::from).collect(),
        by if by.chars().count() == 1 => text.split(by).map(str::to_owned).collect(),
        by => split_by(text, &Expression::parse(by, true).unwrap_or_default()),
    }
}

pub(super) fn split_by(text: &str, by: &Expression) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some((start, spans)) = find(by, &text, at) {
        if spans[0].1 == start {
            at = start + 1;
            continue;
        }
        parts.push(text[from..start].iter().collect());
        (from, at) = (spans[0].1, spans[0].1);
    }
    parts.push(text[from..].iter().collect());
    parts
}
