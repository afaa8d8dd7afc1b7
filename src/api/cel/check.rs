//! What can be said of an expression before it is carried out: names nobody declared, fields that the schema does not have,
//! operators on types that do not go together. A type that is not known is `dyn`, of which nothing is said.

use super::{Cel, Form, Issue, Node};
use crate::api::Value;
use ecow::EcoString;

/// A type: its name, and the schema of an object or of what a list or map holds.
#[derive(Clone)]
struct Type {
    kind: &'static str,
    schema: Value,
}

const DYN: Type = Type { kind: "dyn", schema: Value::Null };

/// Functions and methods by the type they give.
const FUNCTIONS: &[(&str, &str)] = &[
    (
        "bool",
        "! contains startsWith endsWith matches isSorted isQuantity isIP isCIDR isURL isInteger isGreaterThan \
         isLessThan hasValue bool",
    ),
    (
        "int",
        "size int indexOf lastIndexOf sign compareTo asInteger getFullYear getMonth getDate getDayOfMonth getDayOfWeek \
         getDayOfYear getHours getMinutes getSeconds getMilliseconds",
    ),
    ("double", "double asApproximateFloat"),
    ("string", "string lowerAscii upperAscii trim reverse charAt substring replace join find format"),
    ("list", "split findAll sort distinct"),
    ("timestamp", "timestamp"),
    ("duration", "duration"),
    ("quantity", "quantity add sub"),
    ("dyn", "dyn min max sum value orValue or of none neg type"),
];

/// All that is wrong, and the type of the whole.
pub(super) fn check(root: &Node, schema: &Value) -> (Vec<Issue>, &'static str) {
    let own = of_schema(schema);
    let scope = vec![("self".into(), own.clone()), ("oldSelf".into(), own)];
    let mut checker = Checker { scope, issues: Vec::new() };
    let found = checker.node(root).kind;
    (checker.issues, found)
}

struct Checker {
    scope: Vec<(EcoString, Type)>,
    issues: Vec<Issue>,
}

fn known(kind: &'static str) -> Type {
    Type { kind, schema: Value::Null }
}

fn of_schema(schema: &Value) -> Type {
    let with = |kind, schema: &Value| Type { kind, schema: schema.clone() };
    if schema.get("x-kubernetes-int-or-string").bool() {
        return DYN;
    }
    match (schema.get("type").str(), schema.get("format").str()) {
        ("boolean", _) => known("bool"),
        ("integer", _) => known("int"),
        ("number", _) => known("double"),
        ("string", "date-time" | "date") => known("timestamp"),
        ("string", "duration") => known("duration"),
        ("string", "byte") => DYN,
        ("string", _) => known("string"),
        ("array", _) => with("list", schema.get("items")),
        ("object", _) => match schema.get("additionalProperties") {
            values @ Value::Map(_) => with("map", values),
            _ if schema.get("properties").is_empty() && schema.get("x-kubernetes-preserve-unknown-fields").bool() => {
                DYN
            }
            _ => with("object", schema),
        },
        _ => DYN,
    }
}

impl Checker {
    fn say(&mut self, at: usize, said: String) -> Type {
        self.issues.push(Issue { at, said });
        DYN
    }

    fn node(&mut self, node: &Node) -> Type {
        match &node.form {
            Form::Literal(literal) => known(match literal {
                Cel::Null => "dyn",
                other => other.kind(),
            }),
            Form::Name(name) => match self.scope.iter().rev().find(|(own, _)| own == name) {
                Some((_, found)) => found.clone(),
                None if matches!(name.as_str(), "bool" | "int" | "double" | "string" | "list" | "map" | "type") => DYN,
                None => self.say(node.at, format!("undeclared reference to '{name}' (in container '')")),
            },
            Form::Field(of, field, asked) => {
                let of = self.node(of);
                let found = self.field(of, field, node.at);
                if *asked {
                    DYN
                } else {
                    found
                }
            }
            Form::Has(of, field) => {
                let of = self.node(of);
                self.field(of, field, node.at);
                known("bool")
            }
            Form::Index(of, at, asked) => {
                let of = self.node(of);
                self.node(at);
                match of.kind {
                    "list" | "map" if !asked => of_schema(&of.schema),
                    _ => DYN,
                }
            }
            Form::List(items) => {
                items.iter().for_each(|item| drop(self.node(item)));
                known("list")
            }
            Form::Map(entries) => {
                for (key, value) in entries {
                    self.node(key);
                    self.node(value);
                }
                known("map")
            }
            Form::Macro(name, over, names, bodies) => self.go_through(name, over, names, bodies),
            Form::Call(name, owner, arguments) => self.call(node.at, name, owner.as_deref(), arguments),
        }
    }

    fn field(&mut self, of: Type, field: &str, at: usize) -> Type {
        match of.kind {
            "object" => match of.schema.get("properties").get(field) {
                Value::Null => self.say(at, format!("undefined field '{field}'")),
                schema => of_schema(schema),
            },
            "map" => of_schema(&of.schema),
            "bool" | "int" | "double" | "string" | "list" => {
                self.say(at, format!("type '{}' does not support field selection", of.kind))
            }
            _ => DYN,
        }
    }

    fn go_through(&mut self, name: &str, over: &Node, names: &[EcoString], bodies: &[Node]) -> Type {
        let range = self.node(over);
        let inner = match range.kind {
            "list" => of_schema(&range.schema),
            "map" => known("string"),
            _ => DYN,
        };
        let value = if range.kind == "map" { of_schema(&range.schema) } else { inner.clone() };
        let before = self.scope.len();
        match (name, names) {
            ("bind", [variable]) => self.scope.push((variable.clone(), range.clone())),
            (_, [variable]) => self.scope.push((variable.clone(), inner)),
            (_, [key, own]) => {
                self.scope.push((key.clone(), known(if range.kind == "map" { "string" } else { "int" })));
                self.scope.push((own.clone(), value));
            }
            _ => {}
        }
        let found = bodies.iter().map(|body| self.node(body)).last().unwrap_or(DYN);
        self.scope.truncate(before);
        match name {
            "all" | "exists" | "exists_one" | "existsOne" => known("bool"),
            "filter" if range.kind == "list" => range,
            "map" | "filter" | "transformList" => known("list"),
            "bind" => found,
            _ => DYN,
        }
    }

    fn call(&mut self, at: usize, name: &str, owner: Option<&Node>, arguments: &[Node]) -> Type {
        let space =
            |node: &Node| matches!(&node.form, Form::Name(name) if matches!(name.as_str(), "optional" | "sets"));
        let in_space = owner.is_some_and(space);
        let owner = owner.filter(|owner| !space(owner)).map(|owner| self.node(owner));
        let types: Vec<Type> = arguments.iter().map(|argument| self.node(argument)).collect();
        if let ("?:", [condition, yes, _]) = (name, &types[..]) {
            let wrong = !matches!(condition.kind, "bool" | "dyn");
            return if wrong { self.overload(at, "_?_:_", &types) } else { yes.clone() };
        }
        if let ([left, right], None, false) = (&types[..], &owner, in_space) {
            if let Some(found) = operator(name, left, right) {
                return found.unwrap_or_else(|| {
                    let sign = if name == "in" { "@in".to_owned() } else { format!("_{name}_") };
                    self.overload(at, &sign, &types)
                });
            }
        }
        if name == "!" && types.first().is_some_and(|own| !matches!(own.kind, "bool" | "dyn")) {
            return self.overload(at, "!_", &types);
        }
        match FUNCTIONS.iter().find(|(_, names)| names.split_whitespace().any(|own| own == name)) {
            Some((kind, _)) => known(kind),
            None => self.say(at, format!("undeclared reference to '{name}' (in container '')")),
        }
    }

    fn overload(&mut self, at: usize, sign: &str, types: &[Type]) -> Type {
        let names: Vec<&str> = types.iter().map(|own| own.kind).collect();
        self.say(at, format!("found no matching overload for '{sign}' applied to '({})'", names.join(", ")))
    }
}

/// The type that an operator gives; none inside where it does not take such sides, and none at all for another name.
fn operator(name: &str, left: &Type, right: &Type) -> Option<Option<Type>> {
    let plain = |own: &Type| matches!(own.kind, "bool" | "int" | "double" | "string" | "timestamp" | "duration");
    let open = !plain(left) || !plain(right);
    let (a, b) = (left.kind, right.kind);
    let number = |kind| matches!(kind, "int" | "double");
    let boolean = |kind| matches!(kind, "bool" | "dyn");
    Some(match name {
        "==" | "!=" => (open || a == b).then(|| known("bool")),
        "<" | "<=" | ">" | ">=" => (open || a == b || (number(a) && number(b))).then(|| known("bool")),
        "&&" | "||" => (boolean(a) && boolean(b)).then(|| known("bool")),
        "in" => (!plain(right)).then(|| known("bool")),
        "+" | "-" if matches!((a, b), ("timestamp", "duration") | ("duration", "timestamp")) => {
            Some(known("timestamp"))
        }
        "-" if a == "timestamp" && b == "timestamp" => Some(known("duration")),
        "+" | "-" | "*" | "/" | "%" if open => Some(DYN),
        "+" => (a == b && a != "bool").then(|| left.clone()),
        "-" | "*" | "/" | "%" => (a == b && number(a)).then(|| left.clone()),
        _ => return None,
    })
}
