//! Functions: CEL's own, and those that Kubernetes adds for lists, texts, patterns, addresses and quantities.

use ecow::EcoString;

use super::run::no_overload;
use super::value::duration;
use super::Cel;
use crate::base::expression::Expression;
use crate::base::names;
use crate::base::order::Order;
use crate::base::quantity::Quantity;
use crate::base::time::Timestamp;

/// Calls a function by its name, or a method where there is an owner.
pub(super) fn call(name: &str, owner: Option<Cel>, arguments: &[Cel]) -> Result<Cel, String> {
    let mut all: Vec<Cel> = owner.iter().cloned().collect();
    all.extend_from_slice(arguments);
    match (name, &all[..]) {
        ("!", [Cel::Bool(b)]) => Ok(Cel::Bool(!b)),
        ("neg", [Cel::Int(n)]) => n.checked_neg().map(Cel::Int).ok_or_else(|| "integer overflow".to_owned()),
        ("neg", [Cel::Double(x)]) => Ok(Cel::Double(-x)),
        ("size", [value]) => size(value),
        ("type", [value]) => Ok(Cel::Type(value.kind())),
        ("dyn", [value]) => Ok(value.clone()),
        ("optional.none", []) => Ok(Cel::Optional(None)),
        ("optional.of", [value]) => Ok(Cel::Optional(Some(Box::new(value.clone())))),
        ("hasValue", [Cel::Optional(inner)]) => Ok(Cel::Bool(inner.is_some())),
        ("value", [Cel::Optional(inner)]) => {
            inner.as_deref().cloned().ok_or_else(|| "optional.none() dereference".to_owned())
        }
        ("orValue", [Cel::Optional(inner), other]) => Ok(inner.as_deref().unwrap_or(other).clone()),
        ("or", [Cel::Optional(inner), other]) => Ok(if inner.is_some() { all[0].clone() } else { other.clone() }),
        ("bool" | "int" | "double" | "string" | "duration" | "timestamp" | "quantity", [value]) => convert(name, value),
        (_, [Cel::Str(text), ..]) => texts(name, text, &all[1..]),
        (_, [Cel::Time(at)]) => time_part(name, *at),
        (_, [Cel::Duration(micros)]) => duration_part(name, *micros),
        (_, [Cel::Quantity(own), ..]) => quantities(name, *own, &all[1..]),
        (_, [list, ..]) => match list.items() {
            Some(items) => lists(name, items, &all[1..]),
            None => no_overload(),
        },
        _ => no_overload(),
    }
}

fn size(value: &Cel) -> Result<Cel, String> {
    let count = match value {
        Cel::Str(text) => Some(text.chars().count()),
        value => value.items().map(|items| items.len()).or_else(|| value.entries().map(|entries| entries.len())),
    };
    count.map_or_else(no_overload, |count| Ok(Cel::Int(count as i64)))
}

fn convert(to: &str, value: &Cel) -> Result<Cel, String> {
    let wrong = || format!("type conversion error from '{}' to '{to}'", value.kind());
    let made = match (to, value) {
        ("string", value) => Some(Cel::Str(value.text().into())),
        ("int", Cel::Int(_)) | ("double", Cel::Double(_)) | ("bool", Cel::Bool(_)) => Some(value.clone()),
        ("duration", Cel::Duration(_)) | ("timestamp", Cel::Time(_)) | ("quantity", Cel::Quantity(_)) => {
            Some(value.clone())
        }
        ("int", Cel::Double(x)) => Some(Cel::Int(*x as i64)),
        ("int", Cel::Str(text)) => text.parse().ok().map(Cel::Int),
        ("int", Cel::Time(at)) => Some(Cel::Int(at.unix_secs())),
        ("double", Cel::Int(n)) => Some(Cel::Double(*n as f64)),
        ("double", Cel::Str(text)) => text.parse().ok().map(Cel::Double),
        ("bool", Cel::Str(text)) => text.parse().ok().map(Cel::Bool),
        ("duration", Cel::Str(text)) => duration(text).map(Cel::Duration),
        ("timestamp", Cel::Str(text)) => Timestamp::parse(text).map(Cel::Time),
        ("quantity", Cel::Str(text)) => Quantity::parse(text).ok().map(Cel::Quantity),
        _ => return no_overload(),
    };
    made.ok_or_else(wrong)
}

fn texts(name: &str, text: &str, rest: &[Cel]) -> Result<Cel, String> {
    let chars: Vec<char> = text.chars().collect();
    let made = |text: String| Ok(Cel::Str(text.into()));
    let part = |from: i64, to: i64| match (usize::try_from(from), usize::try_from(to)) {
        (Ok(from), Ok(to)) if from <= to && to <= chars.len() => made(chars[from..to].iter().collect()),
        _ => Err(format!("index out of range: {from}")),
    };
    let place = |at: Option<usize>| Ok(Cel::Int(at.map_or(-1, |at| text[..at].chars().count() as i64)));
    match (name, rest) {
        ("contains", [Cel::Str(other)]) => Ok(Cel::Bool(text.contains(other.as_str()))),
        ("startsWith", [Cel::Str(other)]) => Ok(Cel::Bool(text.starts_with(other.as_str()))),
        ("endsWith", [Cel::Str(other)]) => Ok(Cel::Bool(text.ends_with(other.as_str()))),
        ("matches", [Cel::Str(pattern)]) => Ok(Cel::Bool(!found(pattern, &chars, 1)?.is_empty())),
        ("find", [Cel::Str(pattern)]) => made(found(pattern, &chars, 1)?.pop().unwrap_or_default()),
        ("findAll", [Cel::Str(pattern)]) => {
            Ok(Cel::List(found(pattern, &chars, usize::MAX)?.into_iter().map(|t| Cel::Str(t.into())).collect()))
        }
        ("lowerAscii", []) => made(text.to_ascii_lowercase()),
        ("upperAscii", []) => made(text.to_ascii_uppercase()),
        ("trim", []) => made(text.trim().to_owned()),
        ("reverse", []) => made(chars.iter().rev().collect()),
        ("charAt", [Cel::Int(i)]) => part(*i, (*i + 1).min(chars.len() as i64)),
        ("substring", [Cel::Int(from)]) => part(*from, chars.len() as i64),
        ("substring", [Cel::Int(from), Cel::Int(to)]) => part(*from, *to),
        ("indexOf", [Cel::Str(other)]) => place(text.find(other.as_str())),
        ("lastIndexOf", [Cel::Str(other)]) => place(text.rfind(other.as_str())),
        ("replace", [Cel::Str(from), Cel::Str(to)]) => made(text.replace(from.as_str(), to)),
        ("replace", [Cel::Str(from), Cel::Str(to), Cel::Int(most)]) => {
            made(text.replacen(from.as_str(), to, usize::try_from(*most).unwrap_or(usize::MAX)))
        }
        ("split", [Cel::Str(by)]) => Ok(split(text, by, usize::MAX)),
        ("split", [Cel::Str(by), Cel::Int(most)]) => Ok(split(text, by, usize::try_from(*most).unwrap_or(usize::MAX))),
        ("format", [list]) => list.items().map_or_else(no_overload, |items| made(formatted(text, &items))),
        ("isQuantity", []) => Ok(Cel::Bool(Quantity::parse(text).is_ok())),
        ("isIP", []) => Ok(Cel::Bool(names::ip(text).is_empty())),
        ("isCIDR", []) => Ok(Cel::Bool(names::cidr(text).is_empty())),
        ("isURL", []) => {
            Ok(Cel::Bool(text.starts_with('/') || text.split_once("://").is_some_and(|(scheme, _)| !scheme.is_empty())))
        }
        _ => no_overload(),
    }
}

fn split(text: &str, by: &str, most: usize) -> Cel {
    let piece = |piece: &str| Cel::Str(piece.into());
    Cel::List(match (by, most) {
        (_, 0) => Vec::new(),
        ("", _) => text.chars().map(|c| piece(c.encode_utf8(&mut [0; 4]))).collect(),
        _ => text.splitn(most, by).map(piece).collect(),
    })
}

/// The first matches of a pattern.
fn found(pattern: &str, text: &[char], most: usize) -> Result<Vec<String>, String> {
    let expression = Expression::parse(pattern, true).map_err(|error| format!("error parsing regexp: {error}"))?;
    let (mut matches, mut at) = (Vec::new(), 0);
    while at <= text.len() && matches.len() < most {
        at = match expression.match_at(text, at) {
            Some(end) => {
                matches.push(text[at..end].iter().collect());
                end.max(at + 1)
            }
            None => at + 1,
        };
    }
    Ok(matches)
}

/// Models github.com/google/cel-go/ext strings.format, for `%s`, `%d`, `%f`, `%x` and `%%`.
fn formatted(text: &str, items: &[Cel]) -> String {
    let mut out = String::new();
    let (mut rest, mut items) = (text, items.iter());
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let letter = after.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(0);
        let places = after[..letter].trim_start_matches('.').parse().unwrap_or(6);
        match (after[letter..].chars().next(), after.starts_with('%')) {
            (_, true) => out.push('%'),
            (Some(form), _) => match (form, items.next()) {
                ('f', Some(Cel::Double(x))) => out.push_str(&format!("{x:.places$}")),
                ('x', Some(Cel::Int(n))) => out.push_str(&format!("{n:x}")),
                (_, Some(item)) => out.push_str(&item.text()),
                _ => {}
            },
            _ => {}
        }
        rest = after.get(letter + 1..).unwrap_or("");
    }
    out + rest
}

fn lists(name: &str, mut items: Vec<Cel>, rest: &[Cel]) -> Result<Cel, String> {
    let least = |items: &[Cel], wanted: std::cmp::Ordering| {
        let first = items.first().cloned().ok_or_else(|| format!("{name} called on empty list"))?;
        Ok(items[1..]
            .iter()
            .fold(first, |best, item| if item.compare(&best) == Some(wanted) { item.clone() } else { best }))
    };
    let place = |at: Option<usize>| Ok(Cel::Int(at.map_or(-1, |at| at as i64)));
    match (name, rest) {
        ("isSorted", []) => {
            Ok(Cel::Bool(items.windows(2).all(|pair| pair[0].compare(&pair[1]).is_some_and(|order| order.is_le()))))
        }
        ("min", []) => least(&items, std::cmp::Ordering::Less),
        ("max", []) => least(&items, std::cmp::Ordering::Greater),
        ("sum", []) => items.iter().try_fold(Cel::Int(0), |sum, item| match (&sum, item) {
            (Cel::Int(a), Cel::Int(b)) => a.checked_add(*b).map(Cel::Int).ok_or_else(|| "integer overflow".to_owned()),
            (Cel::Int(0), other) => Ok(other.clone()),
            (Cel::Double(a), Cel::Double(b)) => Ok(Cel::Double(a + b)),
            (Cel::Duration(a), Cel::Duration(b)) => Ok(Cel::Duration(a.saturating_add(*b))),
            _ => no_overload(),
        }),
        ("indexOf", [wanted]) => place(items.iter().position(|item| item.equals(wanted))),
        ("lastIndexOf", [wanted]) => place(items.iter().rposition(|item| item.equals(wanted))),
        ("join", []) => Ok(Cel::Str(joined(&items, ""))),
        ("join", [Cel::Str(between)]) => Ok(Cel::Str(joined(&items, between))),
        ("sort", []) => {
            items.order_by(|a, b| a.compare(b).unwrap_or(std::cmp::Ordering::Equal));
            Ok(Cel::List(items))
        }
        ("distinct", []) => {
            let all = std::mem::take(&mut items);
            all.into_iter().for_each(|item| {
                if !items.iter().any(|own| own.equals(&item)) {
                    items.push(item);
                }
            });
            Ok(Cel::List(items))
        }
        ("sets.contains", [other]) => {
            let wanted = other.items().unwrap_or_default();
            Ok(Cel::Bool(wanted.iter().all(|item| items.iter().any(|own| own.equals(item)))))
        }
        _ => no_overload(),
    }
}

fn joined(items: &[Cel], between: &str) -> EcoString {
    items.iter().map(Cel::text).collect::<Vec<_>>().join(between).into()
}

fn time_part(name: &str, at: Timestamp) -> Result<Cel, String> {
    let civil = at.civil();
    let days = at.unix_secs().div_euclid(86400);
    let first = crate::base::time::days_from_civil(civil.year, 1, 1);
    Ok(Cel::Int(match name {
        "getFullYear" => civil.year,
        "getMonth" => civil.month - 1,
        "getDate" => civil.day,
        "getDayOfMonth" => civil.day - 1,
        "getDayOfWeek" => (days + 4).rem_euclid(7),
        "getDayOfYear" => days - first,
        "getHours" => civil.hour,
        "getMinutes" => civil.minute,
        "getSeconds" => civil.second,
        "getMilliseconds" => at.0.rem_euclid(1_000_000) / 1000,
        _ => return no_overload(),
    }))
}

fn duration_part(name: &str, micros: i64) -> Result<Cel, String> {
    Ok(Cel::Int(match name {
        "getHours" => micros / 3_600_000_000,
        "getMinutes" => micros / 60_000_000,
        "getSeconds" => micros / 1_000_000,
        "getMilliseconds" => micros / 1000 % 1000,
        _ => return no_overload(),
    }))
}

/// Models staging/src/k8s.io/apiserver/pkg/cel/library quantity.
fn quantities(name: &str, own: Quantity, rest: &[Cel]) -> Result<Cel, String> {
    let other = match rest {
        [Cel::Quantity(other)] => Some(*other),
        [Cel::Int(n)] => Some(Quantity::new(*n, own.format())),
        _ => None,
    };
    match (name, other) {
        ("compareTo", Some(other)) => Ok(Cel::Int(own.cmp(&other) as i64)),
        ("isGreaterThan", Some(other)) => Ok(Cel::Bool(own > other)),
        ("isLessThan", Some(other)) => Ok(Cel::Bool(own < other)),
        ("add", Some(other)) => Ok(Cel::Quantity(own + other)),
        ("sub", Some(other)) => Ok(Cel::Quantity(own - other)),
        ("sign", None) => Ok(Cel::Int(own.cmp(&Quantity::ZERO) as i64)),
        ("isInteger", None) => Ok(Cel::Bool(own.is_whole())),
        ("asInteger", None) if own.is_whole() => Ok(Cel::Int(own.value())),
        ("asInteger", None) => Err("cannot convert value to integer".to_owned()),
        ("asApproximateFloat", None) => Ok(Cel::Double(own.scaled_value(-9) as f64 / 1e9)),
        _ => no_overload(),
    }
}
