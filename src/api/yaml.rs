//! YAML with positions: text into documents, documents into nodes that know where they stand, as kubectl's reader sees them.
//!
//! It never knows what a manifest means: kinds and fields belong to decode.

use std::rc::Rc;

use ecow::EcoString;

use super::value::{Map, Value};
use super::{json, yaml_build};

/// A place in a text: line and column, both counted from 1, the column in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Mark {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// A piece of a text, its end not included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Where it begins.
    pub start: Mark,
    /// Where it ends.
    pub end: Mark,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub data: Data,
    /// Where it stands.
    pub extent: Extent,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Data {
    /// A value without inner nodes.
    Scalar(Value),
    /// A list.
    List(Vec<Rc<Node>>),
    /// A map in the order of the text; each key once, the last one of equals.
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key as JSON has it: text.
    pub key: EcoString,
    /// Where the key stands.
    pub extent: Extent,
    /// The value.
    pub value: Rc<Node>,
}

/// Why a document cannot be read.
#[derive(Clone, PartialEq, Debug)]
pub struct SyntaxError {
    /// What Go's reader says, from `error converting YAML to JSON: ` on.
    pub message: String,
    /// Where the mistake is.
    pub at: Mark,
}

/// A key that stands twice in one map: the last one counts.
#[derive(Clone, PartialEq, Debug)]
pub struct DuplicateKey {
    /// The key.
    pub key: EcoString,
    /// The later one, which counts.
    pub extent: Extent,
    /// The earlier one, which is lost.
    pub first: Mark,
}

/// One document of a text.
#[derive(Clone, Debug)]
pub struct Document {
    /// The tree; nothing for an empty document or one that cannot be read.
    pub root: Option<Rc<Node>>,
    /// Why it cannot be read.
    pub error: Option<SyntaxError>,
    /// Keys that stand twice.
    pub duplicates: Vec<DuplicateKey>,
    /// The line of the text that its first line is, from 1.
    pub first_line: u32,
    /// How many lines it has.
    pub lines: u32,
}

impl Node {
    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry(key).map(|e| &e.value)
    }

    /// The entry of a map under a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.key == key)
    }

    /// The entries of a map; none for what is no map.
    pub fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; none for what is no list.
    pub fn items(&self) -> &[Rc<Node>] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar that is text.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(value) => value.opt_str(),
            _ => None,
        }
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Scalar(Value::Null))
    }

    /// The value without the places.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Scalar(value) => value.clone(),
            Data::List(items) => items.iter().map(|item| item.to_value()).collect(),
            Data::Map(entries) => Value::Map(entries.iter().map(|e| (&e.key, e.value.to_value())).collect::<Map>()),
        }
    }
}

/// Reads all documents of a text. Each document stands alone: one that cannot be read says why and the next is read.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/yaml YAMLReader: a line that begins with `---` ends a document, and only
/// spaces and a comment may follow it there.
pub fn parse(text: &str) -> Vec<Document> {
    if text.trim_start().starts_with('{') {
        return parse_json(text);
    }
    parse_yaml(text)
}

/// Reads the first document of a text whose first line is line `first_line` of the whole, however the text begins.
pub fn parse_one(text: &str, first_line: u32) -> Document {
    yaml_build::document(text, first_line)
}

/// Reads a text that begins with a brace: JSON values one behind the other. What is no JSON is read as YAML, and where that
/// fails too the complaint is that of JSON.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/yaml YAMLOrJSONDecoder.Decode.
fn parse_json(text: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut at = 0;
    while !text[at..].trim().is_empty() {
        let error = match json::parse_first(&text[at..]) {
            Ok((_, length)) => {
                // Spaces in place of what stands before on the line keep the columns.
                let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
                let before = text[line..at].chars().count();
                let first_line = text[..at].matches('\n').count() as u32 + 1;
                let padded = " ".repeat(before) + &text[at..at + length];
                let mut document = yaml_build::document(&padded, first_line);
                document.lines = padded.matches('\n').count() as u32 + 1;
                documents.push(document);
                at += length;
                continue;
            }
            Err(error) => error,
        };
        let mut rest = parse_yaml(text);
        if at > 0 || rest.iter().any(|document| document.error.is_some()) {
            let offset = (at + error.offset).min(text.len()).saturating_sub(1);
            let line = text.as_bytes()[..offset].iter().filter(|b| **b == b'\n').count() as u32 + 1;
            let message = match error.words.as_str() {
                "" => "unexpected EOF".to_owned(),
                words => format!("json: offset {}: {words}", at + error.offset),
            };
            let refused = Some(SyntaxError { message, at: Mark { line, column: 1 } });
            rest = vec![Document { root: None, error: refused, duplicates: Vec::new(), first_line: line, lines: 1 }];
        }
        documents.extend(rest);
        break;
    }
    documents
}

fn parse_yaml(text: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut chunk = 0..0;
    let (mut first_line, mut line, mut offset) = (1, 0, 0);
    let mut bad_separator: Option<SyntaxError> = None;
    for full in text.split_inclusive('\n') {
        line += 1;
        let rest = full.strip_prefix("---");
        offset += full.len();
        match rest.map(str::trim) {
            Some(rest) if rest.is_empty() || rest.starts_with('#') => {
                finish(text, chunk, first_line, line - first_line, bad_separator.take(), &mut documents);
                chunk = offset..offset;
                first_line = line + 1;
            }
            Some(rest) if bad_separator.is_none() => {
                let message = format!("invalid Yaml document separator: {rest}");
                bad_separator = Some(SyntaxError { message, at: Mark { line, column: 1 } });
                chunk.end = offset;
            }
            _ => chunk.end = offset,
        }
    }
    finish(text, chunk, first_line, line + 1 - first_line, bad_separator, &mut documents);
    documents
}

fn finish(
    text: &str,
    chunk: std::ops::Range<usize>,
    first_line: u32,
    lines: u32,
    bad_separator: Option<SyntaxError>,
    documents: &mut Vec<Document>,
) {
    let chunk = &text[chunk];
    if chunk.is_empty() && bad_separator.is_none() {
        return;
    }
    let mut document = match bad_separator {
        Some(error) => Document { root: None, error: Some(error), duplicates: Vec::new(), first_line, lines },
        None => yaml_build::document(chunk, first_line),
    };
    document.lines = lines;
    documents.push(document);
}
