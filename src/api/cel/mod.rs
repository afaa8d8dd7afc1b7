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
