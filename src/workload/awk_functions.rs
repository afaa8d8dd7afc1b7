//! The functions of awk: on texts, their parts and patterns.

use super::awk::Expr;
use super::awk_data::{format_of, split, split_by, Datum};
use super::awk_run::State;
use super::replace::{find, replaced};
use crate::base::expression::Expression;

impl State {
    pub(super) fn pattern(&mut self, expr: &Expr) -> Expression {
        match expr {
            Expr::Pattern(pattern) => pattern.clone(),
            other => Expression::parse(&self.value(other).text, true).unwrap_or_default(),
        }
    }

    pub(super) fn call(&mut self, name: &str, args: &[Expr]) -> Datum {
        let whole = Expr::Field(Box::new(Expr::Number(0.0)));
        if let ("length", [Expr::Name(array)]) = (name, args) {
            if let Some((_, items)) = self.arrays.iter().find(|(known, _)| known == array) {
                return Datum::of(items.len() as f64);
            }
        }
        if let ("sub" | "gsub", [pattern, with, place @ ..]) = (name, args) {
            let (pattern, with) = (self.pattern(pattern), self.value(with).text);
            let place = place.first().unwrap_or(&whole);
            let (text, count) = replaced(&self.value(place).text, &pattern, &with, 1, name == "gsub");
            if count > 0 {
                self.set(place, Datum::read(&text));
            }
            return Datum::of(count as f64);
        }
        if let ("split", [text, Expr::Name(array), by @ ..]) = (name, args) {
            let by = match by.first() {
                Some(Expr::Pattern(pattern)) => Err(pattern.clone()),
                Some(by) => Ok(self.value(by).text),
                None => Ok(self.name("FS").text),
            };
            let text = self.value(text).text;
            let parts = by.map_or_else(|pattern| split_by(&text, &pattern), |by| split(&text, &by));
            let items = parts.iter().enumerate().map(|(i, part)| ((i + 1).to_string(), Datum::read(part)));
            *self.array(array) = items.collect();
            return Datum::of(parts.len() as f64);
        }
        if let ("match", [text, pattern]) = (name, args) {
            let text: Vec<char> = self.value(text).text.chars().collect();
            let pattern = self.pattern(pattern);
            let found =
                find(&pattern, &text, 0).map(|(start, spans)| (start as f64 + 1.0, (spans[0].1 - start) as f64));
            let (start, length) = found.unwrap_or((0.0, -1.0));
            self.set_name("RSTART", Datum::of(start));
            self.set_name("RLENGTH", Datum::of(length));
            return Datum::of(start);
        }
        let values: Vec<Datum> = args.iter().map(|arg| self.value(arg)).collect();
        let first = values.first().cloned().unwrap_or_else(|| Datum::read(&self.line));
        let number = |place: usize| values.get(place).map(Datum::number);
        match name {
            "length" => Datum::of(first.text.chars().count() as f64),
            "toupper" => Datum::text(first.text.to_uppercase()),
            "tolower" => Datum::text(first.text.to_lowercase()),
            "int" => Datum::of(first.number().trunc()),
            "sqrt" => Datum::of(first.number().sqrt()),
            "index" => {
                let place = values.get(1).and_then(|part| first.text.find(&part.text));
                Datum::of(place.map_or(0, |at| first.text[..at].chars().count() + 1) as f64)
            }
            "substr" => {
                let from = number(1).unwrap_or(1.0).round() as i64;
                let to = number(2).map_or(i64::MAX, |length| from.saturating_add(length.round() as i64));
                let skipped = (from.max(1) - 1) as usize;
                let taken = (to.max(1) - from.max(1)).max(0) as usize;
                Datum::text(first.text.chars().skip(skipped).take(taken).collect::<String>())
            }
            "sprintf" => Datum::text(format_of(&values)),
            _ => self.name(""),
        }
    }
}
