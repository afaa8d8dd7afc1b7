//! Selectors: which labels or fields are meant, from text (`app=web,tier in (a,b)`) or from an object's LabelSelector.

use ecow::EcoString;

use super::value::Value;
use crate::base::names;
use crate::base::order::Order;

/// A selector: all its requirements must hold; without one it matches everything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Selector {
    /// What must hold, sorted by key.
    pub requirements: Vec<Requirement>,
}

/// One requirement of a selector.
#[derive(Clone, PartialEq, Debug)]
pub struct Requirement {
    /// The label.
    pub key: EcoString,
    /// How its value is compared.
    pub operator: Operator,
    /// With what, sorted, without repetition.
    pub values: Vec<EcoString>,
}

/// How a value is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// `=`, `==` or `in`: the value is one of those given.
    In,
    /// `!=` or `notin`: there is no value, or another than those given.
    NotIn,
    /// There is a value.
    Exists,
    /// There is none.
    DoesNotExist,
    /// The value is a greater number.
    Gt,
    /// The value is a smaller number.
    Lt,
}

/// True where `labels` satisfy a LabelSelector value. An absent selector matches nothing, an empty one everything.
///
/// Models staging/src/k8s.io/apimachinery/pkg/apis/meta/v1 LabelSelectorAsSelector.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    if selector.is_null() {
        return false;
    }
    let wanted = selector.get("matchLabels").entries();
    wanted.iter().all(|(key, value)| labels.get(key) == value)
        && selector.get("matchExpressions").list().iter().all(|expression| expression_holds(expression, labels))
}

/// True where `labels` hold every pair of a plain selector, as Services have; an empty one matches nothing here.
pub fn matches_pairs(pairs: &Value, labels: &Value) -> bool {
    !pairs.entries().is_empty() && pairs.entries().iter().all(|(key, value)| labels.get(key) == value)
}

/// True where a `{key, operator, values}` expression of a label or node selector holds.
pub fn expression_holds(expression: &Value, labels: &Value) -> bool {
    value_satisfies(expression, labels.get(expression.get("key").str()).opt_str())
}

/// True where a label's value, if it has one, satisfies a `{key, operator, values}` expression.
pub fn value_satisfies(expression: &Value, value: Option<&str>) -> bool {
    let operator = match expression.get("operator").str() {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        "Gt" => Operator::Gt,
        "Lt" => Operator::Lt,
        _ => return false,
    };
    compare(operator, value, || expression.get("values").list().iter().map(Value::str))
}

fn compare<'a, I: Iterator<Item = &'a str>>(operator: Operator, value: Option<&str>, given: impl Fn() -> I) -> bool {
    let listed = || value.is_some_and(|value| given().any(|other| other == value));
    let ordered = |holds: fn(i64, i64) -> bool| {
        let bound = given().next().and_then(|bound| bound.parse().ok());
        matches!((value.and_then(|v| v.parse().ok()), bound), (Some(value), Some(bound)) if holds(value, bound))
    };
    match operator {
        Operator::In => listed(),
        Operator::NotIn => !listed(),
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
        Operator::Gt => ordered(|value, bound| value > bound),
        Operator::Lt => ordered(|value, bound| value < bound),
    }
}

impl Selector {
    /// Reads a label selector as kubectl's `-l` takes it.
    ///
    /// Models staging/src/k8s.io/apimachinery/pkg/labels Parse, with its error texts.
    pub fn parse(text: &str) -> Result<Selector, String> {
        let mut parser = Parser { tokens: lex(text), at: 0 };
        let mut requirements = parser.requirements()?;
        requirements.order_by(|a, b| a.key.cmp(&b.key));
        Ok(Selector { requirements })
    }

    /// True where labels satisfy every requirement.
    pub fn matches(&self, labels: &Value) -> bool {
        self.requirements.iter().all(|r| r.holds(labels.get(&r.key).opt_str()))
    }
}

impl Requirement {
    /// True for a value, or for the absence of one, that satisfies the requirement.
    pub fn holds(&self, value: Option<&str>) -> bool {
        compare(self.operator, value, || self.values.iter().map(EcoString::as_str))
    }
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Word(String),
    Symbol(&'static str),
    End,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Token::Word(word) => word,
            Token::Symbol(symbol) => symbol,
            Token::End => "",
        }
    }
}

/// Longer symbols first.
const SYMBOLS: [&str; 9] = ["==", "!=", "(", ")", ",", "!", "=", ">", "<"];

fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "()!,=<>".contains(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    tokens.push(Token::End);
    tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn look(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn take(&mut self) -> Token {
        let token = self.look().clone();
        self.at += 1;
        token
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, String> {
        let mut found = Vec::new();
        loop {
            match self.look() {
                Token::End => return Ok(found),
                Token::Word(_) | Token::Symbol("!") => {}
                other => return Err(format!("found '{}', expected: !, identifier, or 'end of string'", other.text())),
            }
            found.push(self.requirement().map_err(|error| format!("unable to parse requirement: {error}"))?);
            match self.take() {
                Token::End => return Ok(found),
                Token::Symbol(",") => {
                    if !matches!(self.look(), Token::Word(_) | Token::Symbol("!")) {
                        return Err(format!("found '{}', expected: identifier after ','", self.look().text()));
                    }
                }
                other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.text())),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.take();
        let negated = token == Token::Symbol("!");
        if negated {
            token = self.take();
        }
        let Token::Word(key) = token else {
            return Err(format!("found '{}', expected: identifier", token.text()));
        };
        let wrong = names::label_key(&key);
        if !wrong.is_empty() {
            return Err(format!("<nil>: Invalid value: {key:?}: {}", wrong.join("; ")));
        }
        let key = EcoString::from(key);
        if negated {
            return Ok(Requirement { key, operator: Operator::DoesNotExist, values: Vec::new() });
        }
        if matches!(self.look(), Token::End | Token::Symbol(",")) {
            return Ok(Requirement { key, operator: Operator::Exists, values: Vec::new() });
        }
        let (operator, listed) = match self.take() {
            Token::Word(word) if word == "in" => (Operator::In, true),
            Token::Word(word) if word == "notin" => (Operator::NotIn, true),
            Token::Symbol("=" | "==") => (Operator::In, false),
            Token::Symbol("!=") => (Operator::NotIn, false),
            Token::Symbol(">") => (Operator::Gt, false),
            Token::Symbol("<") => (Operator::Lt, false),
            other => return Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.text())),
        };
        let mut values = if listed { self.values()? } else { vec![self.exact_value()?] };
        values.order();
        values.dedup();
        check_values(&key, operator, &values)?;
        Ok(Requirement { key, operator, values })
    }

    fn exact_value(&mut self) -> Result<EcoString, String> {
        if matches!(self.look(), Token::End | Token::Symbol(",")) {
            return Ok(EcoString::new());
        }
        match self.take() {
            Token::Word(word) => Ok(word.into()),
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    fn values(&mut self) -> Result<Vec<EcoString>, String> {
        let open = self.take();
        if open != Token::Symbol("(") {
            return Err(format!("found '{}' expected: '('", open.text()));
        }
        let mut values: Vec<EcoString> = Vec::new();
        match self.look() {
            Token::Symbol(")") => {
                self.take();
                return Ok(vec![EcoString::new()]);
            }
            Token::Word(_) | Token::Symbol(",") => {}
            other => return Err(format!("found '{}', expected: ',', ')' or identifier", other.text())),
        }
        loop {
            match self.take() {
                Token::Word(word) => {
                    values.push(word.into());
                    if !matches!(self.look(), Token::Symbol("," | ")")) {
                        return Err(format!("found '{}', expected: ',' or ')'", self.look().text()));
                    }
                }
                Token::Symbol(",") => {
                    if values.is_empty() || *self.look() == Token::Symbol(")") || *self.look() == Token::Symbol(",") {
                        values.push(EcoString::new());
                    }
                }
                Token::Symbol(")") => return Ok(values),
                other => return Err(format!("found '{}', expected: ',', or identifier", other.text())),
            }
        }
    }
}

fn check_values(key: &str, operator: Operator, values: &[EcoString]) -> Result<(), String> {
    for (i, value) in values.iter().enumerate() {
        if matches!(operator, Operator::Gt | Operator::Lt) && value.parse::<i64>().is_err() {
            let why = "for 'Gt', 'Lt' operators, the value must be an integer";
            return Err(format!("values[{i}]: Invalid value: {value:?}: {why}"));
        }
        let wrong = names::label_value(value);
        if !wrong.is_empty() {
            return Err(format!("values[{i}][{key}]: Invalid value: {value:?}: {}", wrong.join("; ")));
        }
    }
    Ok(())
}
