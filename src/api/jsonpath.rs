//! JSONPath templates as kubectl has them: `-o jsonpath`, custom columns and `--sort-by`.
//!
//! A template is read once and carried out on any number of values. Parsing is in `jsonpath_parse`.

use super::encode::{float_text, json};
use super::jsonpath_parse::{self, Node};
use super::value::Value;

/// A template, ready to be carried out.
#[derive(Clone, Debug)]
pub struct JsonPath {
    /// The template as it was written.
    pub text: String,
    nodes: Vec<Node>,
    allow_missing: bool,
}

/// What came of one piece of a template: a text or the values found.
pub type Found = Vec<Value>;

impl JsonPath {
    /// Reads a template such as `{.items[*].metadata.name}`. `allow_missing` says that a field which is not there is empty and
    /// no error, as it is for kubectl.
    pub fn parse(template: &str, allow_missing: bool) -> Result<JsonPath, String> {
        Ok(JsonPath { text: template.to_owned(), nodes: jsonpath_parse::parse(template)?, allow_missing })
    }

    /// The text a template gives for a value.
    ///
    /// Models staging/src/k8s.io/client-go/util/jsonpath JSONPath.Execute.
    pub fn execute(&self, data: &Value) -> Result<String, String> {
        let mut out = String::new();
        for found in self.find(data)? {
            let texts: Vec<String> = found.iter().map(text_of).collect();
            out.push_str(&texts.join(" "));
        }
        Ok(out)
    }

    /// What each piece of a template finds in a value.
    pub fn find(&self, data: &Value) -> Result<Vec<Found>, String> {
        let mut run = Run { allow_missing: self.allow_missing, begin: 0, inside: 0, end: 0, last_end: 0 };
        run.block(&self.nodes, 0, data)
    }
}

/// A found value as it is printed: plain values as they are, lists and maps as JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Float(x) => float_text(*x),
        other => json(other),
    }
}

/// A path as custom columns and `--sort-by` take it, made a template: `metadata.name`, `.metadata.name`, `{.metadata.name}`.
///
/// Models k8s.io/kubectl/pkg/cmd/get RelaxedJSONPathExpression.
pub fn relaxed(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let inner = path.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(path);
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    if inner.is_empty() || inner.contains(['{', '}']) {
        let forms = "'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";
        return Err(format!("unexpected path string, expected a {forms}"));
    }
    Ok(format!("{{.{inner}}}"))
}

/// The state of carrying a template out: which ranges begin, are open and end.
struct Run {
    allow_missing: bool,
    begin: u32,
    inside: u32,
    end: u32,
    last_end: usize,
}

impl Run {
    /// Carries out the nodes from `from` on, up to the end of the innermost range.
    fn block(&mut self, nodes: &[Node], from: usize, data: &Value) -> Result<Vec<Found>, String> {
        let mut all = Vec::new();
        let mut i = from;
        while i < nodes.len() {
            let found = self.walk(vec![data.clone()], &nodes[i])?;
            if self.end > 0 && self.end <= self.inside {
                self.end -= 1;
                self.last_end = i;
                break;
            }
            if self.begin > 0 {
                self.begin -= 1;
                self.inside += 1;
                if found.is_empty() {
                    self.skip(nodes, i + 1)?;
                }
                for item in &found {
                    all.extend(self.block(nodes, i + 1, item)?);
                }
                self.inside -= 1;
                i = self.last_end.max(i) + 1;
                continue;
            }
            all.push(found);
            i += 1;
        }
        Ok(all)
    }

    /// Finds the end of a range that had nothing to range over.
    fn skip(&mut self, nodes: &[Node], from: usize) -> Result<(), String> {
        let allow_missing = std::mem::replace(&mut self.allow_missing, true);
        let result = self.block(nodes, from, &Value::Null).map(|_| ());
        self.allow_missing = allow_missing;
        result
    }

    fn walk(&mut self, input: Vec<Value>, node: &Node) -> Result<Vec<Value>, String> {
        match node {
            Node::List(nodes) => nodes.iter().try_fold(input, |input, node| self.walk(input, node)),
            Node::Text(text) => Ok(vec![Value::from(text.as_str())]),
            Node::Literal(value) => Ok(input.iter().map(|_| value.clone()).collect()),
            Node::Identifier(name) => self.identifier(input, name),
            Node::Field(name) => self.field(&input, name),
            Node::Array(params) => array(&input, params),
            Node::Wildcard => Ok(input.iter().flat_map(children).collect()),
            Node::Recursive => {
                let mut out = Vec::new();
                input.iter().for_each(|value| descend(value, &mut out));
                Ok(out)
            }
            Node::Union(parts) => {
                let parts: Result<Vec<Vec<Value>>, String> =
                    parts.iter().map(|part| self.walk(input.clone(), part)).collect();
                Ok(parts?.into_iter().flatten().collect())
            }
            Node::Filter { left, operator, right } => self.filter(&input, left, operator, right.as_deref()),
        }
    }

    fn identifier(&mut self, input: Vec<Value>, name: &str) -> Result<Vec<Value>, String> {
        match name {
            "range" => {
                self.begin += 1;
                Ok(input)
            }
            "end" if self.inside > 0 => {
                self.end += 1;
                Ok(Vec::new())
            }
            "end" => Err("not in range, nothing to end".to_owned()),
            other => Err(format!("unrecognized identifier {other}")),
        }
    }

    fn field(&self, input: &[Value], name: &str) -> Result<Vec<Value>, String> {
        let found: Vec<Value> = input.iter().filter_map(|value| value.as_map()?.get(name).cloned()).collect();
        if found.is_empty() && !self.allow_missing {
            return Err(format!("{name} is not found"));
        }
        Ok(found)
    }

    fn filter(
        &mut self,
        input: &[Value],
        left: &Node,
        operator: &str,
        right: Option<&Node>,
    ) -> Result<Vec<Value>, String> {
        let mut passed = Vec::new();
        for value in input {
            let Value::List(items) = value else {
                return Err(format!(
                    "{} is not array or slice and cannot be filtered",
                    super::patch_meta::go_print(value)
                ));
            };
            for item in items {
                let lefts = self.walk(vec![item.clone()], left);
                let Some(right) = right else {
                    if lefts.is_ok_and(|found| !found.is_empty()) {
                        passed.push(item.clone());
                    }
                    continue;
                };
                let lefts = lefts?;
                let rights = self.walk(vec![item.clone()], right)?;
                match (lefts.as_slice(), rights.as_slice()) {
                    ([], _) | (_, []) => {}
                    ([left], [right]) => {
                        if compare(left, operator, right)? {
                            passed.push(item.clone());
                        }
                    }
                    _ => return Err("can only compare one element at a time".to_owned()),
                }
            }
        }
        Ok(passed)
    }
}

/// Models client-go/third_party/forked/golang/template Equal and Less: only values of one basic kind can be compared.
fn compare(left: &Value, operator: &str, right: &Value) -> Result<bool, String> {
    use std::cmp::Ordering;
    let ordering = match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Less),
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) if matches!(operator, "==" | "!=") => a.cmp(b),
        (
            Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Bool(_),
            Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Bool(_),
        ) if std::mem::discriminant(left) != std::mem::discriminant(right) => {
            return Err("incompatible types for comparison".to_owned());
        }
        _ => return Err("invalid type for comparison".to_owned()),
    };
    Ok(match operator {
        "==" => ordering.is_eq(),
        "!=" => ordering.is_ne(),
        "<" => ordering.is_lt(),
        "<=" => ordering.is_le(),
        ">" => ordering.is_gt(),
        ">=" => ordering.is_ge(),
        other => return Err(format!("unrecognized filter operator {other}")),
    })
}

fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::List(items) => items.to_vec(),
        Value::Map(map) => map.iter().map(|(_, item)| item.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The value and all in it that has something in it, from the outside in.
fn descend(value: &Value, out: &mut Vec<Value>) {
    let inner = children(value);
    if !inner.is_empty() || value.opt_str().is_some_and(|text| !text.is_empty()) {
        out.push(value.clone());
        inner.iter().for_each(|item| descend(item, out));
    }
}

/// A part of each list: `[0]`, `[-1]`, `[1:3]`, `[::2]`.
fn array(input: &[Value], params: &jsonpath_parse::Params) -> Result<Vec<Value>, String> {
    let mut out = Vec::new();
    for value in input {
        let items = match value {
            Value::Null => continue,
            Value::List(items) => items,
            other => return Err(format!("{} is not array or slice", go_type(other))),
        };
        let length = items.len() as i64;
        let start = params.start.unwrap_or(0);
        let start = if start < 0 { start + length } else { start };
        let (end, derived) = params.end.unwrap_or((length, false));
        let end = if end < 0 || (end == 0 && derived) { end + length } else { end };
        if start == end {
            return Ok(out);
        }
        if start >= length || start < 0 {
            return Err(format!("array index out of bounds: index {start}, length {length}"));
        }
        if end > length || end < 0 {
            return Err(format!("array index out of bounds: index {}, length {length}", end - 1));
        }
        if start > end {
            return Err(format!("starting index {start} is greater than ending index {end}"));
        }
        let step = params.step.unwrap_or(1);
        if step <= 0 {
            return Err("step must be > 0".to_owned());
        }
        let part = &items[start as usize..end as usize];
        out.extend(part.iter().step_by(usize::try_from(step).unwrap_or(usize::MAX)).cloned());
    }
    Ok(out)
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Map(_) => "map[string]interface {}",
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::Float(_) => "float64",
        _ => "int64",
    }
}
