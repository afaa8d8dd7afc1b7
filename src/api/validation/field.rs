//! The tools of validation: paths to fields, and the errors found at them, in upstream's forms.
//!
//! It knows no kind of object.

use std::fmt::{Display, Formatter, Result, Write};

use crate::api::status::Cause;
use crate::api::Value;

/// The way to a field. It is written out only where there is an error to report.
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    part: Part<'a>,
}

enum Part<'a> {
    Name(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// A field at the top of an object; `name` may hold dots.
    pub const fn new(name: &'a str) -> Path<'a> {
        Path { parent: None, part: Part::Name(name) }
    }

    /// A field of this field's value; `name` may hold dots.
    pub fn child(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), part: Part::Name(name) }
    }

    /// An element of the list in this field.
    pub fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), part: Part::Index(index) }
    }

    /// An entry of the map in this field.
    pub fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), part: Part::Key(key) }
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.part {
            Part::Name(name) if self.parent.is_some() => write!(f, ".{name}"),
            Part::Name(name) => f.write_str(name),
            Part::Index(index) => write!(f, "[{index}]"),
            Part::Key(key) => write!(f, "[{key}]"),
        }
    }
}

/// The errors of an object in the order they were found.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation/field ErrorList.
#[derive(Default)]
pub struct Errors {
    causes: Vec<Cause>,
}

impl Errors {
    /// No errors.
    pub fn new() -> Errors {
        Errors::default()
    }

    /// The errors as the causes of a refusal.
    pub fn into_causes(self) -> Vec<Cause> {
        self.causes
    }

    /// Takes over errors that were found elsewhere.
    pub fn extend(&mut self, causes: Vec<Cause>) {
        self.causes.extend(causes);
    }

    /// Drops the errors about a value that were found before, word for word.
    pub fn forgive(&mut self, earlier: &Errors) {
        self.causes.retain(|cause| cause.reason == "Required value" || !earlier.causes.contains(cause));
    }

    /// How many errors there are.
    pub fn len(&self) -> usize {
        self.causes.len()
    }

    /// True without errors.
    pub fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }

    /// Something must be there and is not. `detail` may be empty.
    pub fn required(&mut self, path: &Path<'_>, detail: &str) {
        self.push(path, "Required value", None, detail);
    }

    /// A value may not be what it is.
    pub fn invalid(&mut self, path: &Path<'_>, value: impl Into<Value>, detail: &str) {
        self.push(path, "Invalid value", Some(print(&value.into())), detail);
    }

    /// A value may not be what it is, printed as upstream prints what has no JSON form of its own.
    pub fn invalid_printed(&mut self, path: &Path<'_>, printed: String, detail: &str) {
        self.push(path, "Invalid value", Some(printed), detail);
    }

    /// A value may not be what it is, and is not shown.
    pub fn invalid_whole(&mut self, path: &Path<'_>, detail: &str) {
        self.push(path, "Invalid value", None, detail);
    }

    /// One error for each complaint about a text.
    pub fn malformed(&mut self, path: &Path<'_>, text: &str, complaints: Vec<String>) {
        for complaint in complaints {
            self.invalid(path, text, &complaint);
        }
    }

    /// A value is none of those that are known, named in upstream's order.
    pub fn not_supported(&mut self, path: &Path<'_>, value: impl Into<Value>, supported: &[&str]) {
        let quoted: Vec<String> = supported.iter().map(|value| quote(value)).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        self.push(path, "Unsupported value", Some(print(&value.into())), &detail);
    }

    /// A value is none of those that are known, printed as upstream prints what has no JSON form of its own.
    pub fn not_supported_printed(&mut self, path: &Path<'_>, printed: String, supported: &[&str]) {
        let quoted: Vec<String> = supported.iter().map(|value| quote(value)).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        self.push(path, "Unsupported value", Some(printed), &detail);
    }

    /// A value may not be there, or not under these circumstances.
    pub fn forbidden(&mut self, path: &Path<'_>, detail: &str) {
        self.push(path, "Forbidden", None, detail);
    }

    /// A value that must be unique is there twice.
    pub fn duplicate(&mut self, path: &Path<'_>, value: impl Into<Value>) {
        self.push(path, "Duplicate value", Some(print(&value.into())), "");
    }

    /// A value that must be unique is there twice, printed as upstream prints what has no JSON form of its own.
    pub fn duplicate_printed(&mut self, path: &Path<'_>, printed: String, detail: &str) {
        self.push(path, "Duplicate value", Some(printed), detail);
    }

    /// What a value names does not exist.
    pub fn not_found(&mut self, path: &Path<'_>, value: impl Into<Value>, detail: &str) {
        self.push(path, "Not found", Some(print(&value.into())), detail);
    }

    /// A text or a whole is longer than it may be.
    pub fn too_long(&mut self, path: &Path<'_>, bytes: u32) {
        self.push(path, "Too long", None, &format!("may not be more than {bytes} bytes"));
    }

    /// A list has more elements than it may have.
    pub fn too_many(&mut self, path: &Path<'_>, found: usize, most: usize) {
        self.push(path, "Too many", Some(found.to_string()), &format!("must have at most {most} items"));
    }

    /// A number must not be negative.
    ///
    /// Models staging/src/k8s.io/apimachinery/pkg/api/validation ValidateNonnegativeField.
    pub fn non_negative(&mut self, path: &Path<'_>, number: &Value) {
        if number.int() < 0 {
            self.invalid(path, number.int(), "must be greater than or equal to 0");
        }
    }

    /// A value must stay what it was.
    ///
    /// Models staging/src/k8s.io/apimachinery/pkg/api/validation ValidateImmutableField.
    pub fn immutable(&mut self, path: &Path<'_>, new: &Value, old: &Value) {
        if !same(new, old) {
            self.invalid(path, new, "field is immutable");
        }
    }

    fn push(&mut self, path: &Path<'_>, reason: &'static str, value: Option<String>, detail: &str) {
        let mut message = reason.to_owned();
        for part in value.as_deref().into_iter().chain((!detail.is_empty()).then_some(detail)) {
            message.push_str(": ");
            message.push_str(part);
        }
        self.causes.push(Cause { field: path.to_string(), reason, message });
    }
}

/// Equal in meaning: nothing and something empty are the same.
///
/// Models staging/src/k8s.io/apimachinery/pkg/api/equality Semantic.DeepEqual.
pub fn same(a: &Value, b: &Value) -> bool {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    };
    if a.same(b) || (empty(a) && empty(b)) {
        return true;
    }
    match (a, b) {
        (Value::List(x), Value::List(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Map(x), Value::Map(y)) => {
            x.iter().all(|(key, value)| same(value, b.get(key)))
                && y.iter().all(|(key, value)| x.contains(key) || same(&Value::Null, value))
        }
        _ => a == b,
    }
}

/// A value as an error message shows it.
pub fn print(value: &Value) -> String {
    match value {
        Value::Str(text) => quote(text),
        _ => json(value),
    }
}

/// A text in quotes as Go's `%q` writes it.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => write!(out, "\\x{:02x}", c as u32).expect("a string takes all"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value as JSON on one line.
pub fn json(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        Value::Str(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Value::Map(map) => {
            let entry = |(key, value): &(ecow::EcoString, Value)| {
                format!("{}:{}", serde_json::Value::from(key.as_str()), json(value))
            };
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(","))
        }
    }
}
