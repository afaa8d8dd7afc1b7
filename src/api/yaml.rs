//! YAML with positions: text into documents, documents into nodes that know where they stand, as kubectl's reader sees them.
//!
//! It never knows what a manifest means: kinds and fields belong to decode.

use std::collections::BTreeMap;
use std::rc::Rc;

use ecow::EcoString;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as SaphyrSpan};

use super::value::{Map, Value};
use super::yaml_scalar::resolve;

/// Deeper nesting is refused: nobody writes it, and every walk over a tree may then recurse.
const MAX_DEPTH: usize = 200;

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
        None => parse_one(chunk, first_line),
    };
    document.lines = lines;
    documents.push(document);
}

/// Reads the first document of a text whose first line is line `first_line` of the whole.
pub fn parse_one(text: &str, first_line: u32) -> Document {
    let mut relaxed = Relaxed { text: std::borrow::Cow::Borrowed(text), shifts: BTreeMap::new(), work: 0 };
    loop {
        let mut builder = Builder { first_line, shifts: relaxed.shifts.clone(), ..Builder::default() };
        let result = builder.run(&relaxed.text);
        let (root, error) = match result {
            Ok(root) => (root.filter(|node| !node.is_null()), None),
            Err(Refusal::Ours(error)) if relaxed.again(&error) => continue,
            Err(Refusal::Ours(error)) => (None, Some(builder.go_error(&error, &relaxed.text))),
            Err(Refusal::Go(error)) => (None, Some(error)),
        };
        return Document { root, error, duplicates: builder.duplicates, first_line, lines: 0 };
    }
}

/// A text made fit for a parser of YAML 1.2, which is stricter than Go's in three things that manifests do: brackets and
/// continued quotes that are not indented, and a tab behind a colon. Lines are moved to the right, and the shift remembered.
struct Relaxed<'a> {
    text: std::borrow::Cow<'a, str>,
    shifts: BTreeMap<u32, u32>,
    work: usize,
}

impl Relaxed<'_> {
    /// Mends the text where the error is one of strictness only; false where it is not, or where mending takes too long.
    fn again(&mut self, error: &ScanError) -> bool {
        const SHIFT: usize = 250;
        self.work += self.text.len() + 1_000;
        if self.work > 8_000_000 {
            return false;
        }
        let line = error.marker().line() as u32;
        let start = line_start(&self.text, line);
        let info = error.info();
        if info.starts_with("invalid indentation") && !info.contains("anchor") {
            // A quoted text is complained about at its start; the line that is not indented comes later.
            let quoted = info.contains("quoted");
            let mended = if quoted { self.unindented_after(line) } else { Some(line) };
            let Some(line) = mended else { return false };
            if self.shifts.contains_key(&line) {
                return false;
            }
            let start = line_start(&self.text, line);
            self.text.to_mut().insert_str(start, &" ".repeat(SHIFT));
            self.shifts.insert(line, SHIFT as u32);
            return true;
        }
        if info.contains("must be followed by a valid YAML whitespace") {
            let at = self.text[start..].find(":\t").map(|i| start + i + 1);
            if let Some(at) = at {
                self.text.to_mut().replace_range(at..=at, " ");
                return true;
            }
        }
        false
    }

    /// The first line below `line` that is not indented and was not moved yet.
    fn unindented_after(&self, line: u32) -> Option<u32> {
        let lines = self.text.lines().enumerate().map(|(i, text)| (i as u32 + 1, text)).skip(line as usize);
        lines.filter(|(n, _)| !self.shifts.contains_key(n)).map(|(n, _)| n).next()
    }
}

fn line_start(text: &str, line: u32) -> usize {
    text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum()
}

/// Why a document was not read: a complaint of the parser, or one of Go's reader.
enum Refusal {
    Ours(ScanError),
    Go(SyntaxError),
}

impl From<SyntaxError> for Refusal {
    fn from(error: SyntaxError) -> Refusal {
        Refusal::Go(error)
    }
}

/// A collection whose end has not come yet.
struct Open {
    items: Vec<Rc<Node>>,
    entries: Vec<Entry>,
    key: Option<(EcoString, Extent, bool)>,
    index: BTreeMap<EcoString, usize>,
    is_map: bool,
    start: Mark,
    anchor: usize,
}

#[derive(Default)]
struct Builder {
    first_line: u32,
    /// How far lines were moved to the right before parsing.
    shifts: BTreeMap<u32, u32>,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, (Rc<Node>, u64)>,
    /// How many nodes Go's reader has decoded, and how many of them through aliases.
    decoded: u64,
    through_aliases: u64,
    duplicates: Vec<DuplicateKey>,
}

impl Builder {
    fn run(&mut self, text: &str) -> Result<Option<Rc<Node>>, Refusal> {
        let mut root = None;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(Refusal::Ours)?;
            let extent = self.extent(&span);
            let done = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = tag.map(|t| (t.handle.clone(), t.suffix.clone()));
                    let tag = tag.as_ref().map(|(handle, suffix)| (handle.as_str(), suffix.as_str()));
                    let plain = style == ScalarStyle::Plain;
                    let is_merge = plain && text == "<<";
                    self.add(Node { data: Data::Scalar(resolve(&text, plain, tag)), extent }, anchor, is_merge)?
                }
                Event::SequenceStart(anchor, _) => self.open(false, extent.start, anchor)?,
                Event::MappingStart(anchor, _) => self.open(true, extent.start, anchor)?,
                Event::SequenceEnd | Event::MappingEnd => self.close(extent.end)?,
                Event::Alias(id) => self.alias(id, extent, text, &span)?,
                Event::DocumentEnd | Event::StreamEnd => return Ok(root),
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => None,
            };
            if done.is_some() {
                root = done;
            }
        }
        Ok(root)
    }

    fn extent(&self, span: &SaphyrSpan) -> Extent {
        let mark = |m: &saphyr_parser::Marker| self.mark(m.line() as u32, m.col() as u32);
        Extent { start: mark(&span.start), end: mark(&span.end) }
    }

    fn mark(&self, line: u32, column: u32) -> Mark {
        let shift = self.shifts.get(&line).copied().unwrap_or(0);
        Mark { line: line + self.first_line - 1, column: (column + 1).saturating_sub(shift).max(1) }
    }

    fn open(&mut self, is_map: bool, start: Mark, anchor: usize) -> Result<Option<Rc<Node>>, SyntaxError> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(go_yaml("exceeded max depth of 10000", start));
        }
        self.stack.push(Open {
            items: Vec::new(),
            entries: Vec::new(),
            key: None,
            index: BTreeMap::new(),
            is_map,
            start,
            anchor,
        });
        Ok(None)
    }

    fn close(&mut self, end: Mark) -> Result<Option<Rc<Node>>, SyntaxError> {
        let open = self.stack.pop().expect("the parser closes only what it opened");
        let data = if open.is_map { Data::Map(open.entries) } else { Data::List(open.items) };
        self.add(Node { data, extent: Extent { start: open.start, end } }, open.anchor, false)
    }

    fn alias(
        &mut self,
        id: usize,
        extent: Extent,
        text: &str,
        span: &SaphyrSpan,
    ) -> Result<Option<Rc<Node>>, SyntaxError> {
        let Some((node, size)) = self.anchors.get(&id).cloned() else {
            let name = anchor_name(text, &span.start);
            return Err(go_yaml(&format!("anchor '{name}' value contains itself"), extent.start));
        };
        self.decoded = self.decoded.saturating_add(size);
        self.through_aliases = self.through_aliases.saturating_add(size);
        if excessive(self.decoded, self.through_aliases) {
            return Err(go_yaml("document contains excessive aliasing", extent.start));
        }
        self.place(node, extent, false)
    }

    fn add(&mut self, node: Node, anchor: usize, is_merge: bool) -> Result<Option<Rc<Node>>, SyntaxError> {
        self.decoded += 1;
        let (node, extent) = (Rc::new(node), Extent::default());
        let extent = if self.stack.is_empty() { extent } else { node.extent };
        if anchor != 0 {
            let size = self.size(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        self.place(node, extent, is_merge)
    }

    /// How many nodes a tree has, aliases followed.
    fn size(&self, node: &Node) -> u64 {
        fn count(node: &Node, left: &mut u64) {
            if *left == 0 {
                return;
            }
            *left -= 1;
            node.items().iter().for_each(|item| count(item, left));
            node.entries().iter().for_each(|entry| count(&entry.value, left));
        }
        let most = 5_000_000;
        let mut left = most;
        count(node, &mut left);
        most - left
    }

    /// Puts a finished node into the collection that is open; a node outside of all is the document.
    fn place(&mut self, node: Rc<Node>, extent: Extent, is_merge: bool) -> Result<Option<Rc<Node>>, SyntaxError> {
        let Some(open) = self.stack.last_mut() else {
            return Ok(Some(node));
        };
        if !open.is_map {
            open.items.push(node);
            return Ok(None);
        }
        match open.key.take() {
            None => open.key = Some((key_text(&node, extent.start)?, extent, is_merge)),
            Some((_, at, true)) => merge(open, &node, at)?,
            Some((key, at, false)) => {
                let first = open.index.get(&key).map(|&i| open.entries[i].extent.start);
                if let Some(first) = first {
                    self.duplicates.push(DuplicateKey { key: key.clone(), extent: at, first });
                }
                insert(open, Entry { key, extent: at, value: node });
            }
        }
        Ok(None)
    }

    /// What Go's YAML reader says where this parser gave up.
    ///
    /// Models sigs.k8s.io/yaml goyaml.v2 parser.fail: the scanner counts lines from 1, the parser from 0, and the first line
    /// is not named.
    fn go_error(&self, error: &ScanError, text: &str) -> SyntaxError {
        let line = error.marker().line() as u32;
        let at = self.mark(line, error.marker().col() as u32);
        let (words, scanner) = go_words(error.info());
        if words == UNKNOWN_ANCHOR {
            let name = anchor_name(text, error.marker());
            return go_yaml(&format!("unknown anchor '{name}' referenced"), at);
        }
        let before: String = text[line_start(text, line)..].chars().take(error.marker().col()).collect();
        let (words, problem) = match words {
            TAB if error.info().contains("found a tab") => (TAB_IN_TEXT, first_tab_after(text, line)),
            "found unexpected end of stream" => (words, text.lines().count() as u32 + 1),
            "did not find expected node content" if before.trim().is_empty() => ("did not find expected key", line),
            words => (words, line),
        };
        let place = match (problem, scanner) {
            (1, _) => String::new(),
            (line, true) => format!("line {line}: "),
            (line, false) => format!("line {}: ", line - 1),
        };
        go_yaml(&format!("{place}{words}"), at)
    }
}

/// The name behind the asterisk at a place.
fn anchor_name(text: &str, at: &saphyr_parser::Marker) -> String {
    let rest = text[line_start(text, at.line() as u32)..].chars().skip(at.col());
    rest.skip_while(|c| *c == '*').take_while(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

/// The first line below `line` that is indented by a tab.
fn first_tab_after(text: &str, line: u32) -> u32 {
    let tab = |l: &str| l.trim_start_matches(' ').starts_with('\t') && !l.trim().is_empty();
    text.lines().skip(line as usize).position(tab).map_or(line, |i| line + 1 + i as u32)
}

fn go_yaml(words: &str, at: Mark) -> SyntaxError {
    SyntaxError { message: format!("error converting YAML to JSON: yaml: {words}"), at }
}

/// Puts an entry into an open map; the last of equal keys counts, in its own place.
fn insert(open: &mut Open, entry: Entry) {
    match open.index.get(&entry.key) {
        Some(&i) => open.entries[i] = entry,
        None => {
            open.index.insert(entry.key.clone(), open.entries.len());
            open.entries.push(entry);
        }
    }
}

/// Carries out `<<: *anchor` and `<<: [*a, *b]`.
fn merge(open: &mut Open, node: &Node, at: Extent) -> Result<(), SyntaxError> {
    let wrong = || go_yaml("map merge requires map or sequence of maps as the value", at.start);
    match &node.data {
        Data::Map(entries) => entries.iter().for_each(|entry| insert(open, entry.clone())),
        Data::List(items) => {
            for item in items.iter().rev() {
                match &item.data {
                    Data::Map(entries) => entries.iter().for_each(|entry| insert(open, entry.clone())),
                    _ => return Err(wrong()),
                }
            }
        }
        Data::Scalar(_) => return Err(wrong()),
    }
    Ok(())
}

/// The key of a map as JSON has it.
fn key_text(node: &Node, at: Mark) -> Result<EcoString, SyntaxError> {
    match &node.data {
        Data::Scalar(Value::Str(text)) => Ok(text.clone()),
        Data::Scalar(Value::Bool(b)) => Ok(b.to_string().into()),
        Data::Scalar(Value::Int(n)) => Ok(n.to_string().into()),
        Data::Scalar(Value::Float(x)) => Ok(super::encode::float_text(*x).into()),
        Data::Scalar(_) => Err(SyntaxError {
            message: "error converting YAML to JSON: unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>"
                .to_owned(),
            at,
        }),
        _ => Err(go_yaml(&format!("invalid map key: {}", go_syntax(node)), at)),
    }
}

/// A value in Go's own syntax, as `%#v` prints what the YAML reader made.
fn go_syntax(node: &Node) -> String {
    match &node.data {
        Data::Scalar(Value::Str(text)) => format!("{:?}", text.as_str()),
        Data::Scalar(Value::Null) => "interface {}(nil)".to_owned(),
        Data::Scalar(value) => super::encode::json(value),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(|item| go_syntax(item)).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Data::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|e| format!("{:?}:{}", e.key.as_str(), go_syntax(&e.value))).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", entries.join(", "))
        }
    }
}

/// True where aliases make a document grow out of proportion.
///
/// Models sigs.k8s.io/yaml goyaml.v2 decoder.unmarshal: from 400,000 decoded nodes on, fewer and fewer of them may come from
/// aliases. We look at each alias before it is followed, so that nothing is built in vain.
fn excessive(decoded: u64, through_aliases: u64) -> bool {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let total = decoded as f64;
    let allowed = if total <= LOW {
        0.99
    } else if total >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * (total - LOW) / (HIGH - LOW)
    };
    through_aliases > 100 && decoded > 1_000 && through_aliases as f64 / total > allowed
}

const TAB: &str = "found character that cannot start any token";
const TAB_IN_TEXT: &str = "found a tab character that violates indentation";
const UNKNOWN_ANCHOR: &str = "unknown anchor referenced";

/// The words of Go's reader for a complaint of this parser, and whether it is its scanner that complains (which counts lines
/// from 1; its parser counts from 0).
fn go_words(info: &str) -> (&str, bool) {
    const TABLE: &[(&str, &str, bool)] = &[
        ("tab", TAB, true),
        ("unexpected character", "found character that cannot start any token", true),
        ("illegal placement of ':'", "did not find expected ',' or ']'", false),
        ("mapping values are not allowed", "mapping values are not allowed in this context", true),
        ("mapping keys are not allowed", "mapping keys are not allowed in this context", true),
        ("block sequence entries are not", "block sequence entries are not allowed in this context", true),
        ("simple key expect", "could not find expected ':'", true),
        ("while parsing a block mapping", "did not find expected key", false),
        ("while parsing a block collection", "did not find expected '-' indicator", false),
        ("while parsing a flow mapping", "did not find expected ',' or '}'", false),
        ("while parsing a flow sequence", "did not find expected ',' or ']'", false),
        ("while parsing a node", "did not find expected node content", false),
        ("while parsing node, found unknown anchor", UNKNOWN_ANCHOR, false),
        ("did not find expected <document", "did not find expected <document start>", false),
        ("misplaced bracket", "did not find expected node content", false),
        ("recursion limit", "exceeded max depth of 10000", true),
        ("found unprintable", "control characters are not allowed", false),
        ("invalid trailing content", "did not find expected key", false),
        ("wrongly indented line", "did not find expected key", false),
        ("plain scalar cannot start", "block sequence entries are not allowed in this context", true),
    ];
    for &(theirs, go, scanner) in TABLE {
        if info.starts_with(theirs) {
            return (go, scanner);
        }
    }
    if info.contains("found a tab") || info.contains("with a tab") {
        return (TAB, true);
    }
    (info.rsplit_once(", ").map_or(info, |(_, words)| words), true)
}
