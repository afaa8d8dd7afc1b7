//! Go templates filled in with an object. Numbers of the object are floats, as they are for Go behind encoding/json.

use super::go_template::{Node, Operand, Pipe, Template, What};
use super::go_template_functions::call;
use super::tables::cell_text;
use crate::api::encode::float_text;
use crate::api::Value;

/// A value within a template.
#[derive(Clone, Debug)]
pub(super) enum Item {
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
    defined: &'a [(String, Vec<Node>)],
    strict: bool,
    depth: u32,
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
        let variables = vec![("$".to_owned(), root.clone())];
        let mut run = Run { text: &self.text, defined: &self.defined, strict, depth: 0, variables, out: String::new() };
        match run.list(&self.nodes, &root) {
            Ok(_) => Ok(run.out),
            Err(why) => Err((run.out, why)),
        }
    }
}

/// A value as Go's `%v` prints it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Int(n) => n.to_string(),
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
    pub(super) fn is_true(&self) -> bool {
        match self {
            Item::Missing => false,
            Item::Data(value) => !value.is_empty(),
            Item::Int(n) => *n != 0,
        }
    }

    pub(super) fn show(&self) -> String {
        match self {
            Item::Missing | Item::Data(Value::Null) => "<no value>".to_owned(),
            Item::Data(value) => shown(value),
            Item::Int(n) => n.to_string(),
        }
    }

    pub(super) fn text(text: impl Into<ecow::EcoString>) -> Item {
        Item::Data(Value::Str(text.into()))
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Item::Missing | Item::Data(Value::Null) => "nil",
            Item::Int(_) => "int",
            Item::Data(Value::Bool(_)) => "bool",
            Item::Data(Value::Int(_)) => "int64",
            Item::Data(Value::Float(_)) => "float64",
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
                Node::Call(name, place, given) => {
                    let given = given.as_ref().map_or(Ok(Item::Missing), |pipe| self.pipe(pipe, dot))?;
                    let defined = self.defined;
                    let found = defined.iter().rev().find(|(known, _)| known == name);
                    let (_, body) = found.ok_or_else(|| {
                        let why = format!("template {name:?} not defined");
                        self.failed_at(*place, &format!("{{{{template {name:?}}}}}"), &why)
                    })?;
                    self.depth += 1;
                    if self.depth > 1_000 {
                        return Err(format!("template: output: exceeded maximum template depth ({})", 100_000));
                    }
                    let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), given.clone())]);
                    self.list(body, &given)?;
                    self.variables = outer;
                    self.depth -= 1;
                }
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
            ("{{.kind}} {{.n}} {{.big}} {{.nope}} {{.nope.deeper}} {{.none}}", "List 3 1234567 <no value> <no value> <no value>"),
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
            ("{{eq .n 3}}", "true"),
            ("{{eq .n 3.0}}", "template: output:1:2: executing \"output\" at <eq .n 3.0>: error calling eq: incompatible types for comparison"),
            ("{{.none.x}}", "template: output:1:7: executing \"output\" at <.none.x>: nil pointer evaluating interface {}.x"),
        ] {
            assert_eq!(run(template), filled, "{template}");
        }
    }
}
