//! Words and signs into an expression, by CEL's grammar.

use ecow::EcoString;

use super::lexer::{lex, Token};
use super::{Cel, Form, Issue, Node};

/// How deep parentheses, lists and calls may be.
const MOST_DEPTH: u32 = 60;

/// How many words and signs an expression may have, since each may be a step deeper into the others.
const MOST_TOKENS: usize = 600;

/// Operators from the weakest to the strongest.
const LEVELS: &[&[&str]] =
    &[&["||"], &["&&"], &["<=", ">=", "<", ">", "==", "!=", "in"], &["+", "-"], &["*", "/", "%"]];

/// Macros with how many arguments they take, the last of which (or the last two) are bodies.
const MACROS: &[(&str, usize)] = &[
    ("all", 2),
    ("all", 3),
    ("exists", 2),
    ("exists", 3),
    ("exists_one", 2),
    ("existsOne", 2),
    ("existsOne", 3),
    ("map", 2),
    ("map", 3),
    ("filter", 2),
    ("optMap", 2),
    ("transformList", 3),
];

pub(super) fn parse(text: &str) -> Result<Node, Issue> {
    let mut parser = Parser { tokens: lex(text)?, next: 0, depth: 0 };
    if parser.tokens.len() > MOST_TOKENS {
        return Err(Issue { at: 0, said: format!("expression is longer than {MOST_TOKENS} words and signs") });
    }
    let root = parser.expression()?;
    match parser.look() {
        Token::End => Ok(root),
        _ => Err(parser.unexpected("<EOF>")),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: u32,
}

impl Parser {
    fn look(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)].1
    }

    fn at(&self) -> usize {
        self.tokens[self.next.min(self.tokens.len() - 1)].0
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.look(), Token::Sign(own) if *own == sign);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Issue> {
        match self.sign(sign) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("'{sign}'"))),
        }
    }

    fn unexpected(&self, wanted: &str) -> Issue {
        let found = match self.look() {
            Token::Name(name) => name.clone(),
            Token::Sign(sign) => (*sign).to_owned(),
            Token::Literal(literal) => literal.text(),
            Token::End => "<EOF>".to_owned(),
        };
        Issue { at: self.at(), said: format!("Syntax error: mismatched input '{found}' expecting {wanted}") }
    }

    fn expression(&mut self) -> Result<Node, Issue> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(Issue { at: self.at(), said: format!("expression recursion limit exceeded: {MOST_DEPTH}") });
        }
        let condition = self.level(0)?;
        let at = self.at();
        let node = match self.sign("?") {
            false => condition,
            true => {
                let yes = self.level(0)?;
                self.expect(":")?;
                let no = self.expression()?;
                call(at, "?:", None, vec![condition, yes, no])
            }
        };
        self.depth -= 1;
        Ok(node)
    }

    fn level(&mut self, level: usize) -> Result<Node, Issue> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        loop {
            let at = self.at();
            let Some(sign) = signs.iter().find(|sign| self.sign(sign)) else { return Ok(left) };
            let right = self.level(level + 1)?;
            left = call(at, sign, None, vec![left, right]);
        }
    }

    fn unary(&mut self) -> Result<Node, Issue> {
        let at = self.at();
        let mut signs = Vec::new();
        while let Some(sign) = ["!", "-"].into_iter().find(|sign| self.sign(sign)) {
            signs.push(sign);
        }
        let mut node = self.member()?;
        while let Some(sign) = signs.pop() {
            node = match (sign, node.form) {
                ("-", Form::Literal(Cel::Int(n))) => Node { at, form: Form::Literal(Cel::Int(-n)) },
                ("-", Form::Literal(Cel::Double(x))) => Node { at, form: Form::Literal(Cel::Double(-x)) },
                (sign, form) => {
                    let name = if sign == "-" { "neg" } else { "!" };
                    call(at, name, None, vec![Node { at: node.at, form }])
                }
            };
        }
        Ok(node)
    }

    fn member(&mut self) -> Result<Node, Issue> {
        let mut node = self.primary()?;
        loop {
            let at = self.at();
            if let Some(optional) = [(".", false), (".?", true)].into_iter().find(|(sign, _)| self.sign(sign)) {
                let name = self.name()?;
                let open = self.at();
                node = match !optional.1 && self.sign("(") {
                    true => {
                        let arguments = self.list(")")?;
                        method(open, name, node, arguments)?
                    }
                    false => Node { at, form: Form::Field(Box::new(node), unescaped(&name), optional.1) },
                };
            } else if let Some(optional) = [("[?", true), ("[", false)].into_iter().find(|(sign, _)| self.sign(sign)) {
                let index = self.expression()?;
                self.expect("]")?;
                node = Node { at, form: Form::Index(Box::new(node), Box::new(index), optional.1) };
            } else {
                return Ok(node);
            }
        }
    }

    fn name(&mut self) -> Result<String, Issue> {
        match self.look().clone() {
            Token::Name(name) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected("IDENTIFIER")),
        }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, Issue> {
        let mut items = Vec::new();
        while !self.sign(end) {
            items.push(self.expression()?);
            if !self.sign(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    fn primary(&mut self) -> Result<Node, Issue> {
        let at = self.at();
        let form = match self.look().clone() {
            Token::Literal(literal) => {
                self.next += 1;
                Form::Literal(literal)
            }
            Token::Sign("(") => {
                self.next += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => {
                self.next += 1;
                Form::List(self.list("]")?)
            }
            Token::Sign("{") => {
                self.next += 1;
                Form::Map(self.entries()?)
            }
            Token::Name(name) => {
                self.next += 1;
                let open = self.at();
                match self.sign("(") {
                    false => Form::Name(name.into()),
                    true => {
                        let arguments = self.list(")")?;
                        return function(open, name, arguments);
                    }
                }
            }
            _ => return Err(self.unexpected("{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}")),
        };
        Ok(Node { at, form })
    }

    fn entries(&mut self) -> Result<Vec<(Node, Node)>, Issue> {
        let mut entries = Vec::new();
        while !self.sign("}") {
            let key = self.expression()?;
            self.expect(":")?;
            entries.push((key, self.expression()?));
            if !self.sign(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(entries)
    }
}

fn call(at: usize, name: &str, owner: Option<Node>, arguments: Vec<Node>) -> Node {
    Node { at, form: Form::Call(name.into(), owner.map(Box::new), arguments) }
}

fn function(at: usize, name: String, mut arguments: Vec<Node>) -> Result<Node, Issue> {
    if name != "has" {
        return Ok(call(at, &name, None, arguments));
    }
    match (arguments.pop().map(|node| node.form), arguments.is_empty()) {
        (Some(Form::Field(of, field, false)), true) => Ok(Node { at, form: Form::Has(of, field) }),
        _ => Err(Issue { at, said: "invalid argument to has() macro".to_owned() }),
    }
}

fn method(at: usize, name: String, owner: Node, arguments: Vec<Node>) -> Result<Node, Issue> {
    if let (Form::Name(space), "bind", 3) = (&owner.form, name.as_str(), arguments.len()) {
        if space == "cel" {
            let [variable, value, body] = <[Node; 3]>::try_from(arguments).expect("three arguments");
            let variable = variable_of(&variable)?;
            return Ok(Node { at, form: Form::Macro("bind", Box::new(value), vec![variable], vec![body]) });
        }
    }
    let Some((known, count)) = MACROS.iter().find(|(own, count)| *own == name && *count == arguments.len()) else {
        return Ok(call(at, &name, Some(owner), arguments));
    };
    let bodies_of_map = usize::from(*known == "map" && *count == 3);
    let mut arguments = arguments;
    let bodies = arguments.split_off(count - 1 - bodies_of_map);
    let variables = arguments.iter().map(variable_of).collect::<Result<Vec<EcoString>, Issue>>()?;
    Ok(Node { at, form: Form::Macro(known, Box::new(owner), variables, bodies) })
}

fn variable_of(node: &Node) -> Result<EcoString, Issue> {
    match &node.form {
        Form::Name(name) => Ok(name.clone()),
        _ => Err(Issue { at: node.at, said: "argument must be a simple name".to_owned() }),
    }
}

/// The name of a field, which an expression can only write in another form where it is no name of CEL.
///
/// Models staging/src/k8s.io/apiserver/pkg/cel Unescape.
fn unescaped(name: &str) -> EcoString {
    const KEYWORDS: &[&str] = &[
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
    ];
    let inner = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"));
    match inner.filter(|inner| KEYWORDS.contains(inner)) {
        Some(keyword) => keyword.into(),
        None => {
            let signs = [("__dot__", "."), ("__dash__", "-"), ("__slash__", "/"), ("__underscores__", "__")];
            signs.iter().fold(name.to_owned(), |name, (form, sign)| name.replace(form, sign)).into()
        }
    }
}
