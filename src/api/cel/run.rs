//! Carries an expression out: names, fields, operators. A mistake at run time is told in cel-go's words.

use std::cmp::Ordering;

use ecow::EcoString;

use super::{functions, Cel, Form, Node};
use crate::base::time::Timestamp;

/// An evaluation: what names mean, the innermost last.
pub(super) struct Run {
    pub(super) scope: Vec<(EcoString, Cel)>,
}

const TYPES: &[&str] = &["bool", "int", "double", "string", "list", "map", "type"];

pub(super) fn no_overload<T>() -> Result<T, String> {
    Err("no such overload".to_owned())
}

impl Run {
    pub(super) fn node(&mut self, node: &Node) -> Result<Cel, String> {
        match &node.form {
            Form::Literal(literal) => Ok(literal.clone()),
            Form::Name(name) => self.name(name),
            Form::Field(of, field, asked) => {
                let of = self.node(of)?;
                field_of(&of, &Cel::Str(field.clone()), *asked)
            }
            Form::Has(of, field) => {
                let of = match self.node(of)? {
                    Cel::Optional(inner) => inner.map_or(Cel::Null, |inner| *inner),
                    of => of,
                };
                let found = of.entry(&Cel::Str(field.clone()));
                Ok(Cel::Bool(found.is_some_and(|found| found != Cel::Null)))
            }
            Form::Index(of, at, asked) => {
                let (of, at) = (self.node(of)?, self.node(at)?);
                field_of(&of, &at, *asked)
            }
            Form::List(items) => Ok(Cel::List(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?)),
            Form::Map(entries) => {
                let mut made = Vec::new();
                for (key, value) in entries {
                    made.push((self.node(key)?, self.node(value)?));
                }
                Ok(Cel::Map(made))
            }
            Form::Macro(name, over, names, bodies) => self.go_through(name, over, names, bodies),
            Form::Call(name, owner, arguments) => self.call(name, owner.as_deref(), arguments),
        }
    }

    fn name(&self, name: &EcoString) -> Result<Cel, String> {
        if let Some((_, value)) = self.scope.iter().rev().find(|(own, _)| own == name) {
            return Ok(value.clone());
        }
        match TYPES.iter().find(|known| *known == name) {
            Some(known) => Ok(Cel::Type(known)),
            None => Err(format!("no such attribute(s): {name}")),
        }
    }

    fn call(&mut self, name: &EcoString, owner: Option<&Node>, arguments: &[Node]) -> Result<Cel, String> {
        match (name.as_str(), arguments) {
            ("&&" | "||", [left, right]) => return self.either(name == "||", left, right),
            ("?:", [condition, yes, no]) => {
                return match self.node(condition)? {
                    Cel::Bool(true) => self.node(yes),
                    Cel::Bool(false) => self.node(no),
                    _ => no_overload(),
                };
            }
            _ => {}
        }
        let space = owner.and_then(|owner| match &owner.form {
            Form::Name(name) if matches!(name.as_str(), "optional" | "sets") => Some(name.clone()),
            _ => None,
        });
        let owner = match (owner, &space) {
            (Some(owner), None) => Some(self.node(owner)?),
            _ => None,
        };
        let arguments = arguments.iter().map(|argument| self.node(argument)).collect::<Result<Vec<Cel>, String>>()?;
        match (&owner, &arguments[..]) {
            (None, [left, right]) if space.is_none() => match operator(name, left, right) {
                Some(result) => result,
                None => functions::call(name, None, &arguments),
            },
            _ => functions::call(
                &space.map_or(name.clone(), |space| format!("{space}.{name}").into()),
                owner,
                &arguments,
            ),
        }
    }

    /// One side that decides is enough, even where the other fails.
    fn either(&mut self, wanted: bool, left: &Node, right: &Node) -> Result<Cel, String> {
        let left = self.node(left);
        if left == Ok(Cel::Bool(wanted)) {
            return left;
        }
        let right = self.node(right);
        match (left, right) {
            (_, Ok(Cel::Bool(right))) if right == wanted => Ok(Cel::Bool(wanted)),
            (Err(error), _) | (_, Err(error)) => Err(error),
            (Ok(Cel::Bool(_)), Ok(Cel::Bool(_))) => Ok(Cel::Bool(!wanted)),
            _ => no_overload(),
        }
    }
}

/// A field of an object, an entry of a map or an element of a list.
fn field_of(of: &Cel, at: &Cel, asked: bool) -> Result<Cel, String> {
    let (of, asked) = match of {
        Cel::Optional(None) => return Ok(of.clone()),
        Cel::Optional(Some(inner)) => (&**inner, true),
        of => (of, asked),
    };
    let found = match (of.items(), at) {
        (Some(items), Cel::Int(i)) => usize::try_from(*i).ok().and_then(|i| items.get(i).cloned()),
        (None, at) if of.entries().is_some() => of.entry(at),
        _ => return no_overload(),
    };
    match (found, asked, at) {
        (found, true, _) => Ok(Cel::Optional(found.map(Box::new))),
        (Some(found), false, _) => Ok(found),
        (None, false, Cel::Int(i)) => Err(format!("index out of bounds: {i}")),
        (None, false, at) => Err(format!("no such key: {}", at.text())),
    }
}

/// The result of an operator with two sides; none where the name is that of no operator.
fn operator(name: &str, left: &Cel, right: &Cel) -> Option<Result<Cel, String>> {
    let ordered = |holds: fn(Ordering) -> bool| match left.compare(right) {
        Some(order) => Ok(Cel::Bool(holds(order))),
        None => no_overload(),
    };
    Some(match name {
        "==" => Ok(Cel::Bool(left.equals(right))),
        "!=" => Ok(Cel::Bool(!left.equals(right))),
        "<" => ordered(Ordering::is_lt),
        "<=" => ordered(Ordering::is_le),
        ">" => ordered(Ordering::is_gt),
        ">=" => ordered(Ordering::is_ge),
        "in" => match right.items() {
            Some(items) => Ok(Cel::Bool(items.iter().any(|item| item.equals(left)))),
            None if right.entries().is_some() => Ok(Cel::Bool(right.entry(left).is_some())),
            None => no_overload(),
        },
        "+" | "-" | "*" | "/" | "%" => arithmetic(name, left, right),
        _ => return None,
    })
}

fn arithmetic(name: &str, left: &Cel, right: &Cel) -> Result<Cel, String> {
    match (left, right) {
        (Cel::Int(a), Cel::Int(b)) => {
            let result = match name {
                "+" => a.checked_add(*b),
                "-" => a.checked_sub(*b),
                "*" => a.checked_mul(*b),
                "/" if *b == 0 => return Err("division by zero".to_owned()),
                "/" => a.checked_div(*b),
                _ if *b == 0 => return Err("modulus by zero".to_owned()),
                _ => a.checked_rem(*b),
            };
            result.map(Cel::Int).ok_or_else(|| "integer overflow".to_owned())
        }
        (Cel::Double(a), Cel::Double(b)) if name != "%" => Ok(Cel::Double(match name {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            _ => a / b,
        })),
        (Cel::Str(a), Cel::Str(b)) if name == "+" => Ok(Cel::Str(format!("{a}{b}").into())),
        (Cel::Duration(a), Cel::Duration(b)) if name == "+" => Ok(Cel::Duration(a.saturating_add(*b))),
        (Cel::Duration(a), Cel::Duration(b)) if name == "-" => Ok(Cel::Duration(a.saturating_sub(*b))),
        (Cel::Time(at), Cel::Duration(d)) | (Cel::Duration(d), Cel::Time(at)) if name == "+" => {
            Ok(Cel::Time(Timestamp(at.0.saturating_add(*d))))
        }
        (Cel::Time(at), Cel::Duration(d)) if name == "-" => Ok(Cel::Time(Timestamp(at.0.saturating_sub(*d)))),
        (Cel::Time(a), Cel::Time(b)) if name == "-" => Ok(Cel::Duration(a.0.saturating_sub(b.0))),
        _ => match (left.items(), right.items(), name) {
            (Some(a), Some(b), "+") => Ok(Cel::List(joined(left, a, b))),
            _ => no_overload(),
        },
    }
}

/// Two lists in one. What a set holds already is not added; what a list by keys holds under a key is replaced.
fn joined(left: &Cel, mut a: Vec<Cel>, b: Vec<Cel>) -> Vec<Cel> {
    let keys = left.list_keys();
    for item in b {
        let same = |own: &Cel| match left.list_type() {
            "set" => own.equals(&item),
            "map" => keys.iter().all(|key| own.entry(&Cel::Str(key.clone())) == item.entry(&Cel::Str(key.clone()))),
            _ => false,
        };
        match a.iter().position(same) {
            Some(place) => a[place] = item,
            None => a.push(item),
        }
    }
    a
}
