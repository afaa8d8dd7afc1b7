//! The functions of Go templates: comparisons, `index`, `printf` and the few that kubectl adds.

use super::go_template_run::Item;
use crate::api::Value;
use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use std::cmp::Ordering;

/// Calls a function.
pub(super) fn call(name: &str, args: &[Item]) -> Result<Item, String> {
    let want = match name {
        "not" | "len" | "base64decode" => Some(1),
        "ne" | "lt" | "le" | "gt" | "ge" => Some(2),
        _ => None,
    };
    if let Some(want) = want.filter(|want| *want != args.len()) {
        return Err(format!("wrong number of args for {name}: want {want} got {}", args.len()));
    }
    let least = match name {
        "and" | "or" | "index" | "slice" | "eq" | "printf" => 1,
        _ => 0,
    };
    if args.len() < least {
        return Err(format!("wrong number of args for {name}: want at least {least} got {}", args.len()));
    }
    let joined = |between: &str| args.iter().map(|arg| arg.show()).collect::<Vec<_>>().join(between);
    let truth = |b: bool| Ok(Item::Data(Value::Bool(b)));
    match name {
        "and" | "or" => Ok(args[args.len() - 1].clone()),
        "not" => truth(!args[0].is_true()),
        "len" => match &args[0] {
            Item::Data(Value::Str(text)) => Ok(Item::Int(text.len() as i64)),
            Item::Data(Value::List(items)) => Ok(Item::Int(items.len() as i64)),
            Item::Data(Value::Map(map)) => Ok(Item::Int(map.len() as i64)),
            Item::Missing | Item::Data(Value::Null) => Err("len of nil pointer".to_owned()),
            other => Err(format!("len of type {}", other.type_name())),
        },
        "index" => args[1..].iter().try_fold(args[0].clone(), |value, key| index(&value, key)),
        "slice" => slice(args),
        "print" => Ok(Item::text(printed(args))),
        "println" => Ok(Item::text(format!("{}\n", joined(" ")))),
        "html" => Ok(Item::text(escaped(&printed(args)))),
        "js" => Ok(Item::text(js_escaped(&printed(args)))),
        "urlquery" => Ok(Item::text(query_escaped(&printed(args)))),
        "printf" => Ok(Item::text(printf(&args[0].show(), &args[1..]))),
        "exists" => truth(
            args[1..]
                .iter()
                .try_fold(args[0].clone(), |value, key| match index(&value, key)? {
                    Item::Missing => Err(String::new()),
                    found => Ok(found),
                })
                .is_ok(),
        ),
        "base64decode" => match STANDARD.decode(args[0].show()) {
            Ok(bytes) => Ok(Item::text(String::from_utf8_lossy(&bytes).as_ref())),
            Err(_) => Err("base64 decode failed: illegal base64 data at input byte 0".to_owned()),
        },
        "eq" => {
            if args.len() == 1 {
                return Err("missing argument for comparison".to_owned());
            }
            for other in &args[1..] {
                if compare(&args[0], other)? == Some(Ordering::Equal) {
                    return truth(true);
                }
            }
            truth(false)
        }
        "ne" => truth(compare(&args[0], &args[1])? != Some(Ordering::Equal)),
        _ => {
            let Some(order) = compare(&args[0], &args[1])? else {
                return Err("invalid type for comparison".to_owned());
            };
            truth(match name {
                "lt" => order.is_lt(),
                "le" => order.is_le(),
                "gt" => order.is_gt(),
                _ => order.is_ge(),
            })
        }
    }
}

/// Values after each other, with a space between two that are no texts.
///
/// Models fmt.Sprint.
fn printed(args: &[Item]) -> String {
    let is_text = |item: &Item| matches!(item, Item::Data(Value::Str(_)));
    let mut out = String::new();
    for (i, arg) in args.iter().enumerate() {
        out.push_str(if i > 0 && !is_text(arg) && !is_text(&args[i - 1]) { " " } else { "" });
        out.push_str(&arg.show());
    }
    out
}

/// Models text/template JSEscapeString.
fn js_escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => out.extend(['\\', c]),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", c as u32)),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// Models net/url QueryEscape.
fn query_escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => out.push(b as char),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// A whole number, of the template's own or of what it is filled with.
fn whole(item: &Item) -> Option<i64> {
    match item {
        Item::Int(n) | Item::Data(Value::Int(n)) => Some(*n),
        _ => None,
    }
}

/// Compares basic values; none where one of them is not there.
fn compare(a: &Item, b: &Item) -> Result<Option<Ordering>, String> {
    let float = |item: &Item| if let Item::Data(Value::Float(x)) = item { Some(*x) } else { None };
    match (a, b) {
        (Item::Missing | Item::Data(Value::Null), Item::Missing | Item::Data(Value::Null)) => Ok(Some(Ordering::Equal)),
        (Item::Missing | Item::Data(Value::Null), _) | (_, Item::Missing | Item::Data(Value::Null)) => Ok(None),
        (Item::Data(Value::Str(a)), Item::Data(Value::Str(b))) => Ok(Some(a.cmp(b))),
        (Item::Data(Value::Bool(a)), Item::Data(Value::Bool(b))) => Ok(Some(a.cmp(b))),
        _ => match ((whole(a), whole(b)), (float(a), float(b))) {
            ((Some(a), Some(b)), _) => Ok(Some(a.cmp(&b))),
            (_, (Some(a), Some(b))) => Ok(a.partial_cmp(&b)),
            _ => Err("incompatible types for comparison".to_owned()),
        },
    }
}

pub(super) fn index(value: &Item, key: &Item) -> Result<Item, String> {
    match (value, key) {
        (Item::Data(Value::Map(map)), Item::Data(Value::Str(key))) => {
            Ok(map.get(key).map_or(Item::Missing, |found| Item::Data(found.clone())))
        }
        (Item::Data(Value::List(items)), Item::Int(n) | Item::Data(Value::Int(n))) => {
            match usize::try_from(*n).ok().and_then(|n| items.get(n)) {
                Some(found) => Ok(Item::Data(found.clone())),
                None => Err(format!("index out of range: {n}")),
            }
        }
        (Item::Missing | Item::Data(Value::Null), _) => Err("index of untyped nil".to_owned()),
        (Item::Data(Value::Map(_)), key) => Err(format!("value has type {}; should be string", key.type_name())),
        (Item::Data(Value::List(_)), key) => Err(format!("cannot index slice/array with type {}", key.type_name())),
        (value, _) => Err(format!("can't index item of type {}", value.type_name())),
    }
}

fn slice(args: &[Item]) -> Result<Item, String> {
    let bound = |i: usize, otherwise: usize| match args.get(i) {
        Some(Item::Int(n) | Item::Data(Value::Int(n))) => usize::try_from(*n).unwrap_or(usize::MAX),
        _ => otherwise,
    };
    let cut = |length: usize| match (bound(1, 0), bound(2, length)) {
        (from, to) if from <= to && to <= length => Ok(from..to),
        (from, to) => Err(format!("index out of range: {}", if to > length { to } else { from })),
    };
    match &args[0] {
        Item::Data(Value::Str(text)) => Ok(Item::text(text.get(cut(text.len())?).unwrap_or(""))),
        Item::Data(Value::List(items)) => Ok(Item::Data(items[cut(items.len())?].iter().cloned().collect())),
        other => Err(format!("can't slice item of type {}", other.type_name())),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;").replace('\'', "&#39;")
}

/// The verbs of fmt.Sprintf that make sense for JSON: %s %v %d %q %t %f %x, with width, `-` and `0`.
fn printf(format: &str, args: &[Item]) -> String {
    let mut out = String::new();
    let mut args = args.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | ' ' | '#')) {
            flags.push(c);
        }
        let Some(verb) = chars.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(arg) = args.next() else {
            out.push_str(&format!("%!{verb}(MISSING)"));
            continue;
        };
        let (width, precision) = flags.split_once('.').unwrap_or((&flags, ""));
        let text = verb_text(verb, arg, precision);
        let size: usize = width.trim_start_matches(['-', '+', ' ', '#', '0']).parse().unwrap_or(0);
        let fill = " ".repeat(size.saturating_sub(text.chars().count()));
        match (width.contains('-'), width.trim_start_matches(['+', ' ']).starts_with('0') && verb != 's') {
            (true, _) => out.push_str(&format!("{text}{fill}")),
            (_, true) => out.push_str(&format!("{}{text}", fill.replace(' ', "0"))),
            _ => out.push_str(&format!("{fill}{text}")),
        }
    }
    let extra: Vec<String> = args.map(|arg| format!("{}={}", arg.type_name(), arg.show())).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn verb_text(verb: char, arg: &Item, precision: &str) -> String {
    let wrong = || match arg {
        Item::Missing | Item::Data(Value::Null) => format!("%!{verb}(<nil>)"),
        arg => format!("%!{verb}({}={})", arg.type_name(), arg.show()),
    };
    match (verb, arg) {
        ('v', Item::Missing) => "<nil>".to_owned(),
        ('v', arg) => arg.show(),
        ('s', Item::Data(Value::Str(text))) => match precision.parse::<usize>() {
            Ok(most) => text.chars().take(most).collect(),
            Err(_) => text.to_string(),
        },
        ('q', Item::Data(Value::Str(text))) => format!("{text:?}"),
        ('t', Item::Data(Value::Bool(b))) => b.to_string(),
        ('T', arg) => arg.type_name().to_owned(),
        ('d', Item::Int(n) | Item::Data(Value::Int(n))) => n.to_string(),
        ('x', Item::Int(n) | Item::Data(Value::Int(n))) => format!("{n:x}"),
        ('f' | 'F', Item::Data(Value::Float(x))) => format!("{x:.*}", precision.parse().unwrap_or(6)),
        ('g', Item::Data(Value::Float(_))) => arg.show(),
        ('s', Item::Data(Value::List(_) | Value::Map(_))) => arg.show(),
        _ => wrong(),
    }
}
