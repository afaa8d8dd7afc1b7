//! Go templates filled in with an object. Numbers of the object are floats, as they are for Go behind encoding/json.

use super::go_template::{Node, Operand, Pipe, Template, What};
use super::print::cell_text;
use crate::api::encode::float_text;
use crate::api::Value;
use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use std::cmp::Ordering;

/// A value within a template.
#[derive(Clone, Debug)]
enum Item {
    /// What is not there: `<no value>`.
    Missing,
    /// A value of the object; its whole numbers are floats.
    Data(Value),
    /// A whole number of the template.
    Int(i64),
}

/// How a list of nodes ended.
enum Flow {
    On,
    Break,
    Continue,
}

struct Run<'a> {
    text: &'a str,
    strict: bool,
    variables: Vec<(String, Item)>,
    out: String,
}

impl Template {
    /// What the template makes of a value. With `strict` a key that is not there is an error. A failure gives what was
    /// printed before it, and why.
    ///
    /// Models text/template Template.Execute.
    pub fn execute(&self, data: &Value, strict: bool) -> Result<String, (String, String)> {
        let root = Item::Data(data.clone());
        let mut run =
            Run { text: &self.text, strict, variables: vec![("$".to_owned(), root.clone())], out: String::new() };
        match run.list(&self.nodes, &root) {
            Ok(_) => Ok(run.out),
            Err(why) => Err((run.out, why)),
        }
    }
}

/// A value as Go's `%v` prints it, numbers being floats.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Int(n) => go_float(*n as f64),
        Value::Float(x) => go_float(*x),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Value::Map(map) => {
            let entries: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", shown(v))).collect();
            format!("map[{}]", entries.join(" "))
        }
        other => cell_text(other),
    }
}

/// Models strconv.FormatFloat(x, 'g', -1, 64).
fn go_float(x: f64) -> String {
    let plain = float_text(x);
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    let whole = plain.trim_start_matches('-').split('.').next().unwrap_or("").len();
    if whole <= 21 && x.abs() < 1e6 || x.abs() >= 1e21 || digits.is_empty() {
        return plain;
    }
    let mantissa = digits.trim_end_matches('0');
    let (head, tail) = mantissa.split_at(1);
    let point = if tail.is_empty() { "" } else { "." };
    format!("{}{head}{point}{tail}e+{:02}", if x < 0.0 { "-" } else { "" }, whole - 1)
}

impl Item {
    fn is_true(&self) -> bool {
        match self {
            Item::Missing => false,
            Item::Data(value) => !value.is_empty(),
            Item::Int(n) => *n != 0,
        }
    }

    fn show(&self) -> String {
        match self {
            Item::Missing | Item::Data(Value::Null) => "<no value>".to_owned(),
            Item::Data(value) => shown(value),
            Item::Int(n) => n.to_string(),
        }
    }

    fn text(text: impl Into<ecow::EcoString>) -> Item {
        Item::Data(Value::Str(text.into()))
    }

    fn type_name(&self) -> &'static str {
        match self {
            Item::Missing | Item::Data(Value::Null) => "nil",
            Item::Int(_) => "int",
            Item::Data(Value::Bool(_)) => "bool",
            Item::Data(Value::Int(_) | Value::Float(_)) => "float64",
            Item::Data(Value::Str(_)) => "string",
            Item::Data(Value::List(_)) => "[]interface {}",
            Item::Data(Value::Map(_)) => "map[string]interface {}",
        }
    }
}

impl Run<'_> {
    fn failed(&self, operand: &Operand, why: &str) -> String {
        self.failed_at(operand.place, &operand.text, why)
    }

    fn failed_at(&self, place: usize, text: &str, why: &str) -> String {
        let before = &self.text[..place];
        let (line, column) = (before.matches('\n').count() + 1, before.len() - before.rfind('\n').map_or(0, |i| i + 1));
        format!("template: output:{line}:{column}: executing \"output\" at <{text}>: {why}")
    }

    fn list(&mut self, nodes: &[Node], dot: &Item) -> Result<Flow, String> {
        for node in nodes {
            let known = self.variables.len();
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipe) => {
                    let value = self.pipe(pipe, dot)?;
                    self.keep(pipe, std::slice::from_ref(&value));
                    if pipe.variables.is_empty() {
                        self.out.push_str(&value.show());
                    }
                }
                Node::If(pipe, body, otherwise) | Node::With(pipe, body, otherwise) => {
                    let value = self.pipe(pipe, dot)?;
                    self.keep(pipe, std::slice::from_ref(&value));
                    let flow = match value.is_true() {
                        true if matches!(node, Node::With(..)) => self.list(body, &value)?,
                        true => self.list(body, dot)?,
                        false => self.list(otherwise, dot)?,
                    };
                    self.variables.truncate(known);
                    if !matches!(flow, Flow::On) {
                        return Ok(flow);
                    }
                }
                Node::Range(pipe, body, otherwise) => self.range(pipe, body, otherwise, dot)?,
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::On)
    }

    fn range(&mut self, pipe: &Pipe, body: &[Node], otherwise: &[Node], dot: &Item) -> Result<(), String> {
        let value = self.pipe(pipe, dot)?;
        let pairs: Vec<(Item, Item)> = match &value {
            Item::Missing | Item::Data(Value::Null) => Vec::new(),
            Item::Int(n) => (0..*n).map(|i| (Item::Int(i), Item::Int(i))).collect(),
            Item::Data(Value::List(items)) => {
                items.iter().enumerate().map(|(i, item)| (Item::Int(i as i64), Item::Data(item.clone()))).collect()
            }
            Item::Data(Value::Map(map)) => {
                map.iter().map(|(k, v)| (Item::text(k.clone()), Item::Data(v.clone()))).collect()
            }
            Item::Data(other) => {
                let operand = &pipe.commands[0][0];
                return Err(self.failed(operand, &format!("range can't iterate over {}", shown(other))));
            }
        };
        if pairs.is_empty() {
            self.list(otherwise, dot)?;
        }
        let known = self.variables.len();
        for (key, item) in pairs {
            match pipe.variables.len() {
                2 => self.keep(pipe, &[key, item.clone()]),
                _ => self.keep(pipe, std::slice::from_ref(&item)),
            }
            let flow = self.list(body, &item)?;
            self.variables.truncate(known);
            if matches!(flow, Flow::Break) {
                break;
            }
        }
        Ok(())
    }

    fn keep(&mut self, pipe: &Pipe, values: &[Item]) {
        for (name, value) in pipe.variables.iter().zip(values) {
            let known = self.variables.iter_mut().rev().find(|(known, _)| pipe.assigns && known == name);
            match known {
                Some((_, slot)) => *slot = value.clone(),
                None => self.variables.push((name.clone(), value.clone())),
            }
        }
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Item) -> Result<Item, String> {
        let mut last: Option<Item> = None;
        for command in &pipe.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or(Item::Missing))
    }

    fn command(&mut self, words: &[Operand], piped: Option<Item>, dot: &Item) -> Result<Item, String> {
        let head = &words[0];
        let What::Function(name) = &head.what else {
            if words.len() > 1 || piped.is_some() {
                return Err(self.failed(head, &format!("can't give argument to non-function {}", head.text)));
            }
            return self.operand(head, dot);
        };
        let mut args = Vec::new();
        for word in &words[1..] {
            let value = self.operand(word, dot)?;
            let stops = (name == "and" && !value.is_true()) || (name == "or" && value.is_true());
            if stops {
                return Ok(value);
            }
            args.push(value);
        }
        args.extend(piped);
        call(name, &args).map_err(|why| match why.starts_with("wrong number") {
            true => self.failed(head, &why),
            false => {
                let end = words.last().map_or(head.start, |last| last.start + last.text.len());
                self.failed_at(head.start, &self.text[head.start..end], &format!("error calling {name}: {why}"))
            }
        })
    }

    fn operand(&mut self, operand: &Operand, dot: &Item) -> Result<Item, String> {
        let mut value = match &operand.what {
            What::Dot => dot.clone(),
            What::Variable(name) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                found.map_or(Item::Missing, |(_, value)| value.clone())
            }
            What::Text(text) => Item::text(text.as_str()),
            What::Int(n) => Item::Int(*n),
            What::Float(x) => Item::Data(Value::Float(*x)),
            What::Bool(b) => Item::Data(Value::Bool(*b)),
            What::Nil => return Err(self.failed(operand, "nil is not a command")),
            What::Function(name) => call(name, &[]).map_err(|why| self.failed(operand, &why))?,
            What::Paren(pipe) => self.pipe(pipe, dot)?,
        };
        for (i, field) in operand.fields.iter().enumerate() {
            value = match value {
                Item::Missing if self.strict => {
                    return Err(self.failed(operand, &format!("nil data; no entry for key {field:?}")))
                }
                Item::Missing => Item::Missing,
                Item::Data(Value::Map(map)) => match map.get(field) {
                    Some(found) => Item::Data(found.clone()),
                    None if self.strict => {
                        return Err(self.failed(operand, &format!("map has no entry for key {field:?}")))
                    }
                    None => Item::Missing,
                },
                Item::Data(Value::Null) => {
                    return Err(self.failed(operand, &format!("nil pointer evaluating interface {{}}.{field}")))
                }
                other => {
                    let inside = i > 0 || matches!(operand.what, What::Dot | What::Variable(_));
                    let of = if inside { "interface {}" } else { other.type_name() };
                    return Err(self.failed(operand, &format!("can't evaluate field {field} in type {of}")));
                }
            };
        }
        Ok(value)
    }
}

/// Calls a function.
fn call(name: &str, args: &[Item]) -> Result<Item, String> {
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
        "print" => Ok(Item::text(joined(" "))),
        "println" => Ok(Item::text(format!("{}\n", joined(" ")))),
        "html" => Ok(Item::text(escaped(&joined(" ")))),
        "js" | "urlquery" => Ok(Item::text(joined(" "))),
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

/// Compares basic values; none where one of them is not there.
fn compare(a: &Item, b: &Item) -> Result<Option<Ordering>, String> {
    let number = |item: &Item| match item {
        Item::Data(Value::Int(n)) => Some(*n as f64),
        Item::Data(Value::Float(x)) => Some(*x),
        _ => None,
    };
    match (a, b) {
        (Item::Missing | Item::Data(Value::Null), Item::Missing | Item::Data(Value::Null)) => Ok(Some(Ordering::Equal)),
        (Item::Missing | Item::Data(Value::Null), _) | (_, Item::Missing | Item::Data(Value::Null)) => Ok(None),
        (Item::Data(Value::Str(a)), Item::Data(Value::Str(b))) => Ok(Some(a.cmp(b))),
        (Item::Data(Value::Bool(a)), Item::Data(Value::Bool(b))) => Ok(Some(a.cmp(b))),
        (Item::Int(a), Item::Int(b)) => Ok(Some(a.cmp(b))),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => Ok(a.partial_cmp(&b)),
            _ => Err("incompatible types for comparison".to_owned()),
        },
    }
}

fn index(value: &Item, key: &Item) -> Result<Item, String> {
    match (value, key) {
        (Item::Data(Value::Map(map)), Item::Data(Value::Str(key))) => {
            Ok(map.get(key).map_or(Item::Missing, |found| Item::Data(found.clone())))
        }
        (Item::Data(Value::List(items)), Item::Int(n)) => match usize::try_from(*n).ok().and_then(|n| items.get(n)) {
            Some(found) => Ok(Item::Data(found.clone())),
            None => Err(format!("index out of range: {n}")),
        },
        (Item::Missing | Item::Data(Value::Null), _) => Err("index of untyped nil".to_owned()),
        (Item::Data(Value::Map(_)), key) => Err(format!("value has type {}; should be string", key.type_name())),
        (Item::Data(Value::List(_)), key) => Err(format!("cannot index slice/array with type {}", key.type_name())),
        (value, _) => Err(format!("can't index item of type {}", value.type_name())),
    }
}

fn slice(args: &[Item]) -> Result<Item, String> {
    let bound = |i: usize, otherwise: usize| match args.get(i) {
        Some(Item::Int(n)) => usize::try_from(*n).unwrap_or(usize::MAX),
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
        ('d', Item::Int(n)) => n.to_string(),
        ('x', Item::Int(n)) => format!("{n:x}"),
        ('f' | 'F', Item::Data(Value::Int(_) | Value::Float(_))) => {
            let x = match arg {
                Item::Data(Value::Int(n)) => *n as f64,
                Item::Data(Value::Float(x)) => *x,
                _ => 0.0,
            };
            format!("{x:.*}", precision.parse().unwrap_or(6))
        }
        ('g', Item::Data(Value::Int(_) | Value::Float(_))) => arg.show(),
        ('s', Item::Data(Value::List(_) | Value::Map(_))) => arg.show(),
        _ => wrong(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    fn run(template: &str) -> String {
        let data = value!({
            "kind": "List", "n": 3, "big": 1234567, "none": null, "list": ["a", "b", "c"],
            "items": [{"name": "x", "ok": true}, {"name": "y", "labels": {"a.b/c": "d"}}]
        });
        match Template::parse(template) {
            Err(why) => why,
            Ok(template) => template.execute(&data, false).unwrap_or_else(|(_, why)| why),
        }
    }

    #[test]
    fn templates_are_filled_in_as_by_go() {
        for (template, filled) in [
            ("{{.kind}} {{.n}} {{.big}} {{.nope}} {{.nope.deeper}} {{.none}}", "List 3 1.234567e+06 <no value> <no value> <no value>"),
            ("{{range .items}}{{.name}},{{end}}", "x,y,"),
            ("{{range $i, $e := .items}}{{$i}}={{$e.name}}{{if not $e.ok}}!{{end}} {{end}}", "0=x 1=y! "),
            ("{{range .nope}}x{{else}}empty{{end}}", "empty"),
            ("{{range .items -}}\n  {{.name}}\n{{- end}}", "xy"),
            ("{{index .list 1}} {{index (index .items 1).labels \"a.b/c\"}} {{len .list}}", "b d 3"),
            ("{{with .kind}}{{.}}{{end}}{{with $x := .n}}{{$x}}{{$.kind}}{{end}}", "List3List"),
            ("{{if and (eq .kind \"List\") (gt (len .list) 2)}}yes{{else if .n}}no{{end}}", "yes"),
            ("{{if eq .kind \"a\" \"List\"}}in{{end}}{{if ne .nope \"x\"}} out{{end}}", "in out"),
            ("{{printf \"%-4s|%4d|%q|%v\" .kind 7 .kind .n}}", "List|   7|\"List\"|3"),
            ("{{.kind | printf \"%s-%s\" \"a\"}}{{/* nothing */}}", "a-List"),
            ("{{\"YWI=\" | base64decode}}{{`raw\\n`}}{{.list}}{{index .items 0}}", "abraw\\n[a b c]map[name:x ok:true]"),
            ("{{$x := 1}}{{range .list}}{{if eq . \"b\"}}{{break}}{{end}}{{$x = .}}{{end}}{{$x}}", "a"),
            ("{{.kind", "template: output:1: unclosed action"),
            ("\n{{foo}}", "template: output:2: function \"foo\" not defined"),
            ("{{if .kind}}", "template: output:1: unexpected EOF"),
            ("{{$y}}", "template: output:1: undefined variable \"$y\""),
            ("{{.kind.name}}", "template: output:1:7: executing \"output\" at <.kind.name>: can't evaluate field name in type interface {}"),
            ("{{eq .n 3}}", "template: output:1:2: executing \"output\" at <eq .n 3>: error calling eq: incompatible types for comparison"),
            ("{{.none.x}}", "template: output:1:7: executing \"output\" at <.none.x>: nil pointer evaluating interface {}.x"),
        ] {
            assert_eq!(run(template), filled, "{template}");
        }
    }
}
