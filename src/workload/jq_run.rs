//! What a jq program gives for a value, and values that it changes.

use super::jq_values::Json;
use super::jq_words::Expr;
use super::{jq_functions, jq_sums};

/// The names that are set, the last one first to be found.
pub(super) type Names = Vec<(String, Json)>;
/// What comes out, or why nothing does.
pub(super) type Given = Result<Vec<Json>, String>;

/// All that a program gives for a value.
pub(super) fn run(expr: &Expr, value: &Json, names: &Names) -> Given {
    let mut out = Vec::new();
    match expr {
        Expr::Same => out.push(value.clone()),
        Expr::Value(fixed) => out.push(fixed.clone()),
        Expr::Name(name) => match names.iter().rev().find(|(known, _)| known == name) {
            Some((_, value)) => out.push(value.clone()),
            None => return Err(format!("${name} is not defined")),
        },
        Expr::Index(of, key) => {
            for held in run(of, value, names)? {
                for key in run(key, value, names)? {
                    out.push(index(&held, &key)?);
                }
            }
        }
        Expr::Slice(of, from, to) => {
            for held in run(of, value, names)? {
                let bound = |bound: &Option<Box<Expr>>| match bound {
                    Some(expr) => Ok(match run(expr, value, names)?.first() {
                        Some(Json::Number(number)) => Some(*number as i64),
                        _ => None,
                    }),
                    None => Ok::<_, String>(None),
                };
                let (from, to) = (bound(from)?, bound(to)?);
                out.push(slice(&held, from, to)?);
            }
        }
        Expr::Each(of) => {
            for value in run(of, value, names)? {
                out.extend(items(&value)?);
            }
        }
        Expr::Try(of) => out.extend(run(of, value, names).unwrap_or_default()),
        Expr::Text(parts, format) => {
            let mut texts = vec![String::new()];
            for part in parts {
                let fixed = matches!(part, Expr::Value(Json::Text(_)));
                let mut next = Vec::new();
                for value in run(part, value, names)? {
                    let piece = if fixed { value.plain() } else { jq_sums::formatted(&value, format)? };
                    next.extend(texts.iter().map(|text| format!("{text}{piece}")));
                }
                texts = next;
            }
            out.extend(texts.into_iter().map(Json::Text));
        }
        Expr::List(inner) => {
            let all = inner.as_ref().map_or(Ok(Vec::new()), |inner| run(inner, value, names))?;
            out.push(Json::List(all));
        }
        Expr::Map(members) => {
            let mut maps: Vec<Vec<(String, Json)>> = vec![Vec::new()];
            for (key, given) in members {
                let keys = run(key, value, names)?;
                let values = run(given, value, names)?;
                let mut next = Vec::new();
                for map in &maps {
                    for key in &keys {
                        let Json::Text(key) = key else { return Err("Object keys must be strings".to_owned()) };
                        for value in &values {
                            let mut map = map.clone();
                            set(&mut map, key, value.clone());
                            next.push(map);
                        }
                    }
                }
                maps = next;
            }
            out.extend(maps.into_iter().map(Json::Map));
        }
        Expr::Two("|", a, b) => {
            for value in run(a, value, names)? {
                out.extend(run(b, &value, names)?);
            }
        }
        Expr::Two(",", a, b) => {
            out = run(a, value, names)?;
            out.extend(run(b, value, names)?);
        }
        Expr::Two("//", a, b) => {
            out = run(a, value, names).unwrap_or_default();
            out.retain(Json::truth);
            if out.is_empty() {
                out = run(b, value, names)?;
            }
        }
        Expr::Two(sign @ ("and" | "or"), a, b) => {
            for first in run(a, value, names)? {
                if first.truth() == (*sign == "or") {
                    out.push(Json::Bool(*sign == "or"));
                    continue;
                }
                out.extend(run(b, value, names)?.iter().map(|value| Json::Bool(value.truth())));
            }
        }
        Expr::Two(sign @ ("=" | "|=" | "+=" | "-=" | "//="), path, given) => {
            let inputs = if *sign == "|=" { vec![Json::Null] } else { run(given, value, names)? };
            for given_value in inputs {
                let mut changed = value.clone();
                change(path, &mut changed, names, &mut |old| {
                    *old = match *sign {
                        "|=" => run(given, old, names)?.into_iter().next().unwrap_or(Json::Null),
                        "=" => given_value.clone(),
                        "//=" if old.truth() => old.clone(),
                        "//=" => given_value.clone(),
                        sign => jq_sums::calculate(&sign[..1], old, &given_value)?,
                    };
                    Ok(())
                })?;
                out.push(changed);
            }
        }
        Expr::Two(sign, a, b) => {
            for right in run(b, value, names)? {
                for left in run(a, value, names)? {
                    out.push(jq_sums::calculate(sign, &left, &right)?);
                }
            }
        }
        Expr::Minus(inner) => {
            for value in run(inner, value, names)? {
                out.push(jq_sums::calculate("-", &Json::Number(0.0), &value)?);
            }
        }
        Expr::If(branches, otherwise) => {
            let Some(((asked, then), rest)) = branches.split_first() else { return run(otherwise, value, names) };
            for holds in run(asked, value, names)? {
                out.extend(match holds.truth() {
                    true => run(then, value, names)?,
                    false => run(&Expr::If(rest.to_vec(), otherwise.clone()), value, names)?,
                });
            }
        }
        Expr::As(of, name, body) => {
            for held in run(of, value, names)? {
                let mut inner = names.clone();
                inner.push((name.clone(), held));
                out.extend(run(body, value, &inner)?);
            }
        }
        Expr::Call(name, args) => return jq_functions::call(name, args, value, names),
    }
    Ok(out)
}

fn index(value: &Json, key: &Json) -> Result<Json, String> {
    Ok(match (value, key) {
        (Json::Null, _) => Json::Null,
        (Json::Map(_), Json::Text(name)) => value.member(name).cloned().unwrap_or(Json::Null),
        (Json::List(all), Json::Number(place)) => place_in(all.len(), *place).map_or(Json::Null, |at| all[at].clone()),
        (value, Json::Text(name)) => return Err(format!("Cannot index {} with \"{name}\"", value.kind())),
        (value, key) => return Err(format!("Cannot index {} with {}", value.kind(), key.kind())),
    })
}

fn place_in(length: usize, place: f64) -> Option<usize> {
    let at = if place < 0.0 { length as i64 + place as i64 } else { place as i64 };
    usize::try_from(at).ok().filter(|at| *at < length)
}

fn slice(value: &Json, from: Option<i64>, to: Option<i64>) -> Result<Json, String> {
    let range = |length: usize| {
        let bound = |at: i64| if at < 0 { (length as i64 + at).max(0) } else { at.min(length as i64) } as usize;
        let (from, to) = (bound(from.unwrap_or(0)), bound(to.unwrap_or(length as i64)));
        (from, to.saturating_sub(from))
    };
    Ok(match value {
        Json::Null => Json::Null,
        Json::List(all) => {
            let (from, count) = range(all.len());
            Json::List(all[from..from + count].to_vec())
        }
        Json::Text(text) => {
            let (from, count) = range(text.chars().count());
            Json::Text(text.chars().skip(from).take(count).collect())
        }
        other => return Err(format!("Cannot index {} with object", other.kind())),
    })
}

/// The items of a list, or the values of a map.
pub(super) fn items(value: &Json) -> Given {
    match value {
        Json::List(all) => Ok(all.clone()),
        Json::Map(all) => Ok(all.iter().map(|(_, value)| value.clone()).collect()),
        Json::Null => Err("Cannot iterate over null (null)".to_owned()),
        other => Err(format!("Cannot iterate over {} ({})", other.kind(), other.print(None))),
    }
}

/// Gives a member of a map a value.
pub(super) fn set(map: &mut Vec<(String, Json)>, key: &str, value: Json) {
    match map.iter_mut().find(|(known, _)| known == key) {
        Some((_, held)) => *held = value,
        None => map.push((key.to_owned(), value)),
    }
}

type Act<'a> = dyn FnMut(&mut Json) -> Result<(), String> + 'a;

/// Does something with every place that a path leads to; places that are not there are made.
fn change(path: &Expr, value: &mut Json, names: &Names, act: &mut Act) -> Result<(), String> {
    match path {
        Expr::Same => act(value),
        Expr::Index(of, key) => {
            let keys = run(key, value, names)?;
            change(of, value, names, &mut |held| {
                for key in &keys {
                    if *held == Json::Null {
                        *held =
                            if matches!(key, Json::Text(_)) { Json::Map(Vec::new()) } else { Json::List(Vec::new()) };
                    }
                    match (&mut *held, key) {
                        (Json::Map(all), Json::Text(name)) => {
                            if !all.iter().any(|(known, _)| known == name) {
                                all.push((name.clone(), Json::Null));
                            }
                            all.iter_mut().filter(|(known, _)| known == name).try_for_each(|(_, value)| act(value))?;
                        }
                        (Json::List(all), Json::Number(place)) => {
                            let at = place_in(all.len(), *place).unwrap_or(place.max(0.0) as usize).min(10_000);
                            all.resize(all.len().max(at + 1), Json::Null);
                            act(&mut all[at])?;
                        }
                        (held, key) => return Err(format!("Cannot index {} with {}", held.kind(), key.kind())),
                    }
                }
                Ok(())
            })
        }
        Expr::Each(of) => change(of, value, names, &mut |held| match held {
            Json::List(all) => all.iter_mut().try_for_each(&mut *act),
            Json::Map(all) => all.iter_mut().try_for_each(|(_, value)| act(value)),
            other => Err(format!("Cannot iterate over {}", other.kind())),
        }),
        Expr::Two("|", a, b) => change(a, value, names, &mut |held| change(b, held, names, act)),
        Expr::Two(",", a, b) => {
            change(a, value, names, act)?;
            change(b, value, names, act)
        }
        Expr::Try(of) => change(of, value, names, act).or(Ok(())),
        Expr::Call(name, args) if name == "select" && args.len() == 1 => {
            match run(&args[0], value, names)?.iter().any(Json::truth) {
                true => act(value),
                false => Ok(()),
            }
        }
        _ => Err("Invalid path expression".to_owned()),
    }
}

/// Takes away what a path leads to.
pub(super) fn delete(path: &Expr, value: &mut Json, names: &Names) -> Result<(), String> {
    match path {
        Expr::Two(",", a, b) => {
            delete(a, value, names)?;
            delete(b, value, names)
        }
        Expr::Two("|", a, b) => change(a, value, names, &mut |held| delete(b, held, names)),
        Expr::Try(of) => delete(of, value, names).or(Ok(())),
        Expr::Index(of, key) => {
            let keys = run(key, value, names)?;
            if run(of, value, names)?.iter().all(|held| *held == Json::Null) {
                return Ok(());
            }
            change(of, value, names, &mut |held| {
                for key in &keys {
                    match (&mut *held, key) {
                        (Json::Map(all), Json::Text(name)) => all.retain(|(known, _)| known != name),
                        (Json::List(all), Json::Number(place)) => {
                            if let Some(at) = place_in(all.len(), *place) {
                                all.remove(at);
                            }
                        }
                        _ => {}
                    }
                }
                Ok(())
            })
        }
        Expr::Each(of) => change(of, value, names, &mut |held| {
            match held {
                Json::List(all) => all.clear(),
                Json::Map(all) => all.clear(),
                _ => {}
            }
            Ok(())
        }),
        _ => Err("Invalid path expression".to_owned()),
    }
}
