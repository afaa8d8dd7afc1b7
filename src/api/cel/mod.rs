//! The Common Expression Language, as rules of custom resources use it (`x-kubernetes-validations`): read, checked against a
//! schema, carried out.
//!
//! It holds operators, macros and the functions that rules of custom resources commonly use. It has no byte strings, no
//! unsigned numbers, no messages of its own and no costs, and knows nothing of requests.

mod check;
mod functions;
mod lexer;
mod macros;
mod parse;
mod run;
mod value;

use crate::api::Value;
use ecow::EcoString;

pub use value::Cel;

/// A rule that could be read.
pub struct Program {
    root: Node,
    text: String,
}

/// What is wrong with a rule, and at which character.
#[derive(Debug)]
pub struct Issue {
    at: usize,
    said: String,
}

/// A part of an expression and the character where it begins.
#[derive(Clone, Debug)]
struct Node {
    at: usize,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Literal(Cel),
    Name(EcoString),
    /// A field of something; `true` for `.?`, which asks rather than insists.
    Field(Box<Node>, EcoString, bool),
    /// True where the field is there.
    Has(Box<Node>, EcoString),
    Index(Box<Node>, Box<Node>, bool),
    /// A function, an operator by its sign, or a method where there is an owner.
    Call(EcoString, Option<Box<Node>>, Vec<Node>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// A macro: its name, what it goes through, its variables and its bodies.
    Macro(&'static str, Box<Node>, Vec<EcoString>, Vec<Node>),
}

impl Program {
    /// Reads an expression; what is wrong with it is told as the API server tells it.
    pub fn parse(text: &str) -> Result<Program, String> {
        match parse::parse(text) {
            Ok(root) => Ok(Program { root, text: text.to_owned() }),
            Err(issue) => Err(shown(text, &[issue])),
        }
    }

    /// Checks names, fields and types, where `self` has a schema. `wanted` is the type that the whole must have.
    pub fn check(&self, schema: &Value, wanted: &str) -> Result<(), String> {
        let (issues, found) = check::check(&self.root, schema);
        if !issues.is_empty() {
            return Err(format!("compilation failed: {}", shown(&self.text, &issues)));
        }
        match found {
            found if found == "dyn" || found == wanted => Ok(()),
            _ => Err(format!("must evaluate to a {wanted}")),
        }
    }

    /// True where a name is used.
    pub fn uses(&self, name: &str) -> bool {
        uses(&self.root, name)
    }

    /// Carries the expression out.
    pub fn run(&self, names: &[(&str, Cel)]) -> Result<Cel, String> {
        let scope = names.iter().map(|(name, value)| (EcoString::from(*name), value.clone())).collect();
        run::Run { scope }.node(&self.root)
    }
}

fn uses(node: &Node, name: &str) -> bool {
    let any = |nodes: &[Node]| nodes.iter().any(|node| uses(node, name));
    match &node.form {
        Form::Literal(_) => false,
        Form::Name(own) => own == name,
        Form::Field(of, ..) | Form::Has(of, _) => uses(of, name),
        Form::Index(of, at, _) => uses(of, name) || uses(at, name),
        Form::Call(_, owner, arguments) => owner.as_ref().is_some_and(|owner| uses(owner, name)) || any(arguments),
        Form::List(items) => any(items),
        Form::Map(entries) => entries.iter().any(|(key, value)| uses(key, name) || uses(value, name)),
        Form::Macro(_, over, _, bodies) => uses(over, name) || any(bodies),
    }
}

/// Models github.com/google/cel-go/common Errors.ToDisplayString.
fn shown(text: &str, issues: &[Issue]) -> String {
    let one = |issue: &Issue| {
        format!("ERROR: <input>:1:{}: {}\n | {text}\n | {}^", issue.at + 1, issue.said, ".".repeat(issue.at))
    };
    issues.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    fn run(text: &str) -> String {
        let own = value!({"a": 3, "list": [1, 2, 5], "names": ["x", "y"], "map": {"k": "v"}, "text": "Hello"});
        let program = match Program::parse(text) {
            Ok(program) => program,
            Err(error) => return error,
        };
        program.run(&[("self", Cel::of(&own, &Value::Null))]).map_or_else(|error| error, |found| found.text())
    }

    #[test]
    fn expressions_come_out_as_cel_says() {
        let cases = [
            ("1 + 2 * 3 - 4 / 2", "5"),
            ("-7 % 3", "-1"),
            ("self.a > 2 ? 'big' : 'small'", "big"),
            ("self.list.map(x, x * 2)", "[2, 4, 10]"),
            ("self.list.filter(x, x > 1).size()", "2"),
            ("self.list.exists_one(x, x == 5) && self.list.isSorted()", "true"),
            ("self.list.sum() == 8 || self.none == 1", "true"),
            ("has(self.none) || 'k' in self.map", "true"),
            ("self.map.all(k, self.map[k].startsWith('v'))", "true"),
            ("self.names.join('-').upperAscii()", "X-Y"),
            ("self.text.substring(1, 3) + self.text[?0].orValue('')", "no such overload"),
            ("self.?none.orValue(7)", "7"),
            ("self.none", "no such key: none"),
            ("self.list[9]", "index out of bounds: 9"),
            ("1 / 0", "division by zero"),
            ("duration('90m').getHours()", "1"),
            ("timestamp('2026-11-24T02:00:00Z') - duration('1h') < timestamp('2026-11-24T02:00:00Z')", "true"),
            ("quantity('1Gi').isGreaterThan(quantity('1000Mi'))", "true"),
            ("'%s has %d'.format(['x', 2])", "x has 2"),
            ("cel.bind(n, self.a, n + n)", "6"),
            ("'a.b'.split('.').size() == 2 && 'abc'.matches('^a.c$')", "true"),
        ];
        for (text, wanted) in cases {
            assert_eq!(run(text), wanted, "{text}");
        }
        assert!(run(&vec!["1"; 5000].join(" + ")).contains("longer than"));
    }
}
