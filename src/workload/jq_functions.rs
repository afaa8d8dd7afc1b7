//! The functions of jq.

use super::jq_run::{delete, items, run, set, Given, Names};
use super::jq_sums::calculate;
use super::jq_values::{read_all, Json};
use super::jq_words::Expr;
use super::replace::{find, replaced};
use crate::base::expression::Expression;
use crate::base::order::Order;

/// Their names.
pub(super) const NAMES: &[&str] = &[
    "add",
    "all",
    "any",
    "ascii_downcase",
    "ascii_upcase",
    "contains",
    "del",
    "empty",
    "endswith",
    "error",
    "first",
    "flatten",
    "floor",
    "from_entries",
    "fromjson",
    "group_by",
    "has",
    "index",
    "inside",
    "join",
    "keys",
    "keys_unsorted",
    "last",
    "length",
    "limit",
    "ltrimstr",
    "map",
    "map_values",
    "max",
    "max_by",
    "min",
    "min_by",
    "not",
    "range",
    "recurse",
    "reverse",
    "round",
    "rtrimstr",
    "select",
    "sort",
    "sort_by",
    "split",
    "startswith",
    "sub",
    "gsub",
    "test",
    "to_entries",
    "tojson",
    "tonumber",
    "tostring",
    "trim",
    "type",
    "unique",
    "unique_by",
    "values",
    "with_entries",
];

/// Calls one.
pub(super) fn call(name: &str, args: &[Expr], value: &Json, names: &Names) -> Given {
    let arg = |place: usize| args.get(place).ok_or_else(|| format!("{name}/{} is not defined", args.len()));
    let list = || items(value);
    let by_key = |expr: &Expr| -> Result<Vec<(Json, Json)>, String> {
        let mut pairs = Vec::new();
        for item in list()? {
            pairs.push((Json::List(run(expr, &item, names)?), item));
        }
        pairs.order_by(|a, b| a.0.order(&b.0));
        Ok(pairs)
    };
    let pairs = || match args.first() {
        Some(expr) => by_key(expr),
        None => by_key(&Expr::Same),
    };
    Ok(match name {
        "empty" => Vec::new(),
        "error" => return Err(args.first().map_or(Ok(vec![value.clone()]), |arg| run(arg, value, names))?[0].plain()),
        "select" => {
            let holds = run(arg(0)?, value, names)?;
            holds.iter().filter(|holds| holds.truth()).map(|_| value.clone()).collect()
        }
        "map" => {
            let mut all = Vec::new();
            for item in list()? {
                all.extend(run(arg(0)?, &item, names)?);
            }
            vec![Json::List(all)]
        }
        "map_values" => {
            let Json::Map(all) = value else { return call("map", args, value, names) };
            let mut map = Vec::new();
            for (key, item) in all {
                map.extend(run(arg(0)?, item, names)?.into_iter().next().map(|item| (key.clone(), item)));
            }
            vec![Json::Map(map)]
        }
        "with_entries" => {
            let entries = single("to_entries", value)?;
            let mapped = call("map", args, &entries, names)?;
            vec![single("from_entries", &mapped[0])?]
        }
        "recurse" => {
            let mut all = vec![value.clone()];
            for item in items(value).unwrap_or_default() {
                all.extend(call(name, args, &item, names)?);
            }
            all
        }
        "any" | "all" => {
            let mut holds = Vec::new();
            for item in list()? {
                holds.push(match args.first() {
                    Some(expr) => run(expr, &item, names)?.iter().any(Json::truth),
                    None => item.truth(),
                });
            }
            vec![Json::Bool(if name == "any" { holds.contains(&true) } else { !holds.contains(&false) })]
        }
        "first" | "last" => {
            let all = match args.first() {
                Some(expr) => run(expr, value, names)?,
                None => list()?,
            };
            let found = if name == "first" { all.into_iter().next() } else { all.into_iter().next_back() };
            found.into_iter().collect()
        }
        "limit" => match run(arg(0)?, value, names)?.first() {
            Some(Json::Number(most)) => run(arg(1)?, value, names)?.into_iter().take(*most as usize).collect(),
            _ => Vec::new(),
        },
        "range" => {
            let bounds: Vec<f64> =
                args.iter().filter_map(|arg| number(run(arg, value, names).ok()?.first()?)).collect();
            let (from, to) =
                if bounds.len() > 1 { (bounds[0], bounds[1]) } else { (0.0, bounds.first().copied().unwrap_or(0.0)) };
            (from as i64..to as i64).take(100_000).map(|n| Json::Number(n as f64)).collect()
        }
        "sort" | "sort_by" => vec![Json::List(pairs()?.into_iter().map(|(_, item)| item).collect())],
        "min" | "min_by" => vec![pairs()?.into_iter().next().map_or(Json::Null, |(_, item)| item)],
        "max" | "max_by" => vec![pairs()?.into_iter().next_back().map_or(Json::Null, |(_, item)| item)],
        "group_by" | "unique" | "unique_by" => {
            let mut groups: Vec<(Json, Vec<Json>)> = Vec::new();
            for (key, item) in pairs()? {
                match groups.last_mut().filter(|(last, _)| last.order(&key).is_eq()) {
                    Some((_, group)) => group.push(item),
                    None => groups.push((key, vec![item])),
                }
            }
            let one = |(_, mut group): (Json, Vec<Json>)| match name {
                "group_by" => Json::List(group),
                _ => group.swap_remove(0),
            };
            vec![Json::List(groups.into_iter().map(one).collect())]
        }
        "del" => {
            let mut changed = value.clone();
            delete(arg(0)?, &mut changed, names)?;
            vec![changed]
        }
        "sub" | "gsub" | "test" => {
            let Some(Json::Text(pattern)) = run(arg(0)?, value, names)?.into_iter().next() else {
                return Ok(Vec::new());
            };
            let expression = Expression::parse(&pattern, true)?;
            let text = text_of(value)?;
            match name {
                "test" => {
                    let chars: Vec<char> = text.chars().collect();
                    vec![Json::Bool(find(&expression, &chars, 0).is_some())]
                }
                _ => {
                    let with = run(arg(1)?, value, names)?.first().map(Json::plain).unwrap_or_default();
                    let with = with.replace('\\', "\\\\").replace('&', "\\&");
                    vec![Json::Text(replaced(text, &expression, &with, 1, name == "gsub").0)]
                }
            }
        }
        _ => {
            let mut out = Vec::new();
            let given = args.first().map_or(Ok(vec![Json::Null]), |arg| run(arg, value, names))?;
            for given in given {
                out.extend(simple(name, value, &given)?);
            }
            out
        }
    })
}

fn single(name: &str, value: &Json) -> Result<Json, String> {
    simple(name, value, &Json::Null).map(|value| value.unwrap_or(Json::Null))
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => Some(*number),
        _ => None,
    }
}

fn text_of(value: &Json) -> Result<&str, String> {
    match value {
        Json::Text(text) => Ok(text),
        other => Err(format!("{} ({}) cannot be matched, as it is not a string", other.kind(), other.print(None))),
    }
}

/// The functions of a value, and of one more at the most.
pub(super) fn simple(name: &str, value: &Json, given: &Json) -> Result<Option<Json>, String> {
    let texts = |all: Vec<&str>| Json::List(all.into_iter().map(|part| Json::Text(part.to_owned())).collect());
    let argument = given.plain();
    Ok(Some(match (name, value) {
        ("length", Json::Null) => Json::Number(0.0),
        ("length", Json::Text(text)) => Json::Number(text.chars().count() as f64),
        ("length", Json::Number(number)) => Json::Number(number.abs()),
        ("length", Json::Bool(_)) => return Err(format!("boolean ({}) has no length", value.print(None))),
        ("length", value) => Json::Number(items(value)?.len() as f64),
        ("keys", Json::Map(_)) => Json::List(value.sorted().into_iter().map(|(key, _)| Json::Text(key)).collect()),
        ("keys_unsorted", Json::Map(all)) => Json::List(all.iter().map(|(key, _)| Json::Text(key.clone())).collect()),
        ("keys" | "keys_unsorted", Json::List(all)) => {
            Json::List((0..all.len()).map(|n| Json::Number(n as f64)).collect())
        }
        ("keys" | "keys_unsorted", other) => return Err(format!("{} has no keys", other.kind())),
        ("has", Json::Map(_)) => Json::Bool(value.member(&argument).is_some()),
        ("has", Json::List(all)) => Json::Bool(number(given).is_some_and(|place| (place as usize) < all.len())),
        ("values", Json::Null) => return Ok(None),
        ("values", value) => value.clone(),
        ("add", value) => {
            let mut sum = Json::Null;
            for item in items(value)? {
                sum = calculate("+", &sum, &item)?;
            }
            sum
        }
        ("not", value) => Json::Bool(!value.truth()),
        ("type", value) => Json::Text(value.kind().to_owned()),
        ("tostring", value) => Json::Text(value.plain()),
        ("tojson", value) => Json::Text(value.print(None)),
        ("fromjson", Json::Text(text)) => read_all(text)?.into_iter().next().unwrap_or(Json::Null),
        ("tonumber", Json::Text(text)) => {
            Json::Number(text.trim().parse().map_err(|_| format!("Cannot parse '{text}' as JSON"))?)
        }
        ("tonumber" | "floor" | "round", Json::Number(number)) => Json::Number(match name {
            "floor" => number.floor(),
            "round" => number.round(),
            _ => *number,
        }),
        ("ascii_downcase", Json::Text(text)) => Json::Text(text.to_ascii_lowercase()),
        ("ascii_upcase", Json::Text(text)) => Json::Text(text.to_ascii_uppercase()),
        ("trim", Json::Text(text)) => Json::Text(text.trim().to_owned()),
        ("startswith", Json::Text(text)) => Json::Bool(text.starts_with(&argument)),
        ("endswith", Json::Text(text)) => Json::Bool(text.ends_with(&argument)),
        ("ltrimstr", Json::Text(text)) => Json::Text(text.strip_prefix(&argument).unwrap_or(text).to_owned()),
        ("rtrimstr", Json::Text(text)) => Json::Text(text.strip_suffix(&argument).unwrap_or(text).to_owned()),
        ("split", Json::Text(text)) => texts(text.split(argument.as_str()).collect()),
        ("join", value) => {
            let parts = items(value)?;
            let parts: Vec<String> =
                parts.iter().map(|p| if *p == Json::Null { String::new() } else { p.plain() }).collect();
            Json::Text(parts.join(&argument))
        }
        ("index", Json::Text(text)) => text.find(&argument).map_or(Json::Null, |at| Json::Number(at as f64)),
        ("index", Json::List(all)) => {
            all.iter().position(|item| item == given).map_or(Json::Null, |at| Json::Number(at as f64))
        }
        ("contains", value) => Json::Bool(contains(value, given)),
        ("inside", value) => Json::Bool(contains(given, value)),
        ("reverse", Json::Text(text)) => Json::Text(text.chars().rev().collect()),
        ("reverse", value) => Json::List(items(value)?.into_iter().rev().collect()),
        ("flatten", value) => {
            let mut all = Vec::new();
            for item in items(value)? {
                match &item {
                    Json::List(_) => all.extend(single("flatten", &item).and_then(|inner| items(&inner))?),
                    _ => all.push(item),
                }
            }
            Json::List(all)
        }
        ("to_entries", Json::Map(all)) => {
            let entry = |(key, value): &(String, Json)| {
                Json::Map(vec![("key".to_owned(), Json::Text(key.clone())), ("value".to_owned(), value.clone())])
            };
            Json::List(all.iter().map(entry).collect())
        }
        ("from_entries", value) => {
            let mut map = Vec::new();
            for entry in items(value)? {
                let key = ["key", "name", "k"].iter().find_map(|name| entry.member(name)).map(Json::plain);
                let value = ["value", "v"].iter().find_map(|name| entry.member(name)).cloned();
                set(&mut map, &key.unwrap_or_default(), value.unwrap_or(Json::Null));
            }
            Json::Map(map)
        }
        (name, value) => return Err(format!("{name} cannot be applied to: {}", value.kind())),
    }))
}

fn contains(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Text(a), Json::Text(b)) => a.contains(b.as_str()),
        (Json::List(a), Json::List(b)) => b.iter().all(|b| a.iter().any(|a| contains(a, b))),
        (Json::Map(_), Json::Map(b)) => b.iter().all(|(key, b)| a.member(key).is_some_and(|a| contains(a, b))),
        (a, b) => a == b,
    }
}
