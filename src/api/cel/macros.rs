//! Macros: what goes through lists and maps.

use super::run::Run;
use super::{Cel, Node};
use ecow::EcoString;

impl Run {
    /// Models github.com/google/cel-go/parser macros and its comprehensions.
    pub(super) fn go_through(
        &mut self,
        name: &str,
        over: &Node,
        names: &[EcoString],
        bodies: &[Node],
    ) -> Result<Cel, String> {
        let over = self.node(over)?;
        match (name, &over) {
            ("bind", _) => return self.with(names, vec![over], &bodies[0]),
            ("optMap", Cel::Optional(inner)) => {
                return match inner {
                    None => Ok(over),
                    Some(inner) => {
                        let found = self.with(names, vec![(**inner).clone()], &bodies[0])?;
                        Ok(Cel::Optional(Some(Box::new(found))))
                    }
                };
            }
            _ => {}
        }
        let pairs: Vec<(Cel, Cel)> = match (over.items(), over.entries()) {
            (Some(items), _) => items.into_iter().enumerate().map(|(i, item)| (Cel::Int(i as i64), item)).collect(),
            (_, Some(entries)) => entries,
            _ => return Err("no such overload".to_owned()),
        };
        let is_map = over.items().is_none();
        let mut found: Vec<Cel> = Vec::new();
        let (mut count, mut failed) = (0, None);
        for (key, value) in pairs {
            let one = if is_map { key.clone() } else { value.clone() };
            let values = if names.len() == 2 { vec![key, value] } else { vec![one.clone()] };
            let result = self.with(names, values.clone(), &bodies[0]);
            match (name, result) {
                ("map" | "transformList", result) if bodies.len() == 1 => found.push(result?),
                ("map", result) => {
                    if result? == Cel::Bool(true) {
                        found.push(self.with(names, values, &bodies[1])?);
                    }
                }
                ("filter", result) => {
                    if result? == Cel::Bool(true) {
                        found.push(one);
                    }
                }
                ("all", Ok(Cel::Bool(false))) => return Ok(Cel::Bool(false)),
                ("exists", Ok(Cel::Bool(true))) => return Ok(Cel::Bool(true)),
                (_, Ok(Cel::Bool(holds))) => count += i64::from(holds),
                (_, Ok(_)) => failed = Some("no such overload".to_owned()),
                (_, Err(error)) => failed = Some(error),
            }
        }
        match (name, failed) {
            ("map" | "filter" | "transformList", _) => Ok(Cel::List(found)),
            (_, Some(error)) => Err(error),
            ("all", _) => Ok(Cel::Bool(true)),
            ("exists", _) => Ok(Cel::Bool(false)),
            _ => Ok(Cel::Bool(count == 1)),
        }
    }

    fn with(&mut self, names: &[EcoString], values: Vec<Cel>, body: &Node) -> Result<Cel, String> {
        let before = self.scope.len();
        self.scope.extend(names.iter().cloned().zip(values));
        let found = self.node(body);
        self.scope.truncate(before);
        found
    }
}
