//! Tokens of YAML into a tree, with what kubectl's reader refuses on the way: unknown anchors, keys that are no text, aliases
//! that explode.
//!
//! Documents are told apart in `yaml`.

use std::collections::BTreeMap;
use std::rc::Rc;

use ecow::EcoString;

use super::value::Value;
use super::yaml::{Data, Document, Entry, Extent, Mark, Node, SyntaxError};
use super::yaml_map::{key_text, size_of, MapBuilder};
use super::yaml_scalar::resolve;
use super::yaml_scan::{Complaint, Placed, Pos, Scanner, Token};

/// Deeper nesting is refused: nobody writes it, and every walk over a tree may then recurse.
const MAX_DEPTH: u32 = 200;

/// Reads the first document of a text whose first line is line `first_line` of the whole.
pub(super) fn document(text: &str, first_line: u32) -> Document {
    let mut builder = Builder {
        scanner: Scanner::new(text),
        first_line,
        depth: 0,
        anchors: BTreeMap::new(),
        open_anchors: Vec::new(),
        tags: vec![("!!".to_owned(), "tag:yaml.org,2002:".to_owned())],
        decoded: 0,
        through_aliases: 0,
        duplicates: Vec::new(),
        refused: None,
        unconvertible: None,
    };
    let result = if text.chars().any(is_forbidden) {
        Err(Complaint { words: "control characters are not allowed".to_owned(), at: Pos::default(), by_scanner: false })
    } else {
        builder.root()
    };
    let (root, error) = match result {
        Err(complaint) => (None, Some(builder.said(&complaint))),
        Ok(root) => match builder.refused.take().or(builder.unconvertible.take()) {
            Some(error) => (None, Some(error)),
            None => (root.filter(|node| !node.is_null()), None),
        },
    };
    Document { root, error, duplicates: builder.duplicates, first_line, lines: 0 }
}

/// True for what no YAML text may hold.
fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

pub(super) struct Builder<'a> {
    pub(super) scanner: Scanner<'a>,
    first_line: u32,
    depth: u32,
    /// The nodes that have a name, and how many nodes each is with all aliases followed.
    anchors: BTreeMap<String, (Rc<Node>, u64)>,
    /// The names of the nodes that are being read.
    open_anchors: Vec<String>,
    /// Handles of tags and what they stand for.
    tags: Vec<(String, String)>,
    /// How many nodes Go's reader has decoded, and how many of them through aliases.
    pub(super) decoded: u64,
    through_aliases: u64,
    duplicates: Vec<super::yaml::DuplicateKey>,
    /// What Go's reader refuses once the whole document is read, and what cannot be turned into JSON after that.
    refused: Option<SyntaxError>,
    unconvertible: Option<SyntaxError>,
}

/// A node, and whether it is the `<<` of a merge.
pub(super) struct Read {
    pub node: Rc<Node>,
    pub is_merge: bool,
}

impl Builder<'_> {
    fn root(&mut self) -> Result<Option<Rc<Node>>, Complaint> {
        let (mut explicit, mut marked) = (false, false);
        loop {
            let (token, start) = self.look()?;
            match token {
                Token::StreamEnd if explicit => {
                    return Err(parser_complaint("did not find expected <document start>", start))
                }
                Token::StreamEnd => return Ok(None),
                Token::Directive { tag } => {
                    explicit = true;
                    self.tags.extend(tag);
                    self.scanner.take();
                }
                Token::DocumentStart => {
                    self.scanner.take();
                    marked = true;
                    break;
                }
                _ if explicit => return Err(parser_complaint("did not find expected <document start>", start)),
                _ => break,
            }
        }
        let (token, start) = self.look()?;
        let ends = marked
            && matches!(token, Token::Directive { .. } | Token::DocumentStart | Token::DocumentEnd | Token::StreamEnd);
        let node = if ends { self.empty(start) } else { self.node(true, false)?.node };
        self.look()?;
        Ok(Some(node))
    }

    pub(super) fn look(&mut self) -> Result<(Token, Pos), Complaint> {
        let placed = self.scanner.peek()?;
        let token = match &placed.token {
            Token::Scalar { plain, .. } => Token::Scalar { text: String::new(), plain: *plain },
            other => other.clone(),
        };
        Ok((token, placed.start))
    }

    fn mark(&self, at: Pos) -> Mark {
        Mark { line: at.line + self.first_line, column: at.column + 1 }
    }

    pub(super) fn extent(&self, start: Pos, end: Pos) -> Extent {
        Extent { start: self.mark(start), end: self.mark(end) }
    }

    fn empty(&mut self, at: Pos) -> Rc<Node> {
        self.decoded += 1;
        Rc::new(Node { data: Data::Scalar(Value::Null), extent: self.extent(at, at) })
    }

    pub(super) fn empty_read(&mut self, at: Pos) -> Read {
        Read { node: self.empty(at), is_merge: false }
    }

    /// One node with its anchor and tag. `indentless` allows a list that is not indented, as the value of a key.
    pub(super) fn node(&mut self, block: bool, indentless: bool) -> Result<Read, Complaint> {
        let (first, start) = self.look()?;
        if let Token::Alias(name) = first {
            let end = self.scanner.take().map_or(start, |t| t.end);
            return self.alias(&name, start, end);
        }
        let (anchor, tag) = self.properties()?;
        if let Some(name) = &anchor {
            self.open_anchors.push(name.clone());
        }
        let (token, at) = self.look()?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(parser_complaint("exceeded max depth of 10000", Pos::default()));
        }
        let tag = tag.as_ref().map(|(handle, suffix)| (handle.as_str(), suffix.as_str()));
        let mut is_merge = false;
        let data = match token {
            Token::BlockEntry if indentless => self.block_list(start, true)?,
            Token::Scalar { plain, .. } => {
                let Some(Placed { token: Token::Scalar { text, .. }, end, .. }) = self.scanner.take() else {
                    unreachable!("a scalar was looked at");
                };
                is_merge = plain && text == "<<";
                Node { data: Data::Scalar(resolve(&text, plain, tag)), extent: self.extent(at, end) }
            }
            Token::FlowSequenceStart => self.flow_list(start)?,
            Token::FlowMappingStart => self.flow_map(start)?,
            Token::BlockSequenceStart if block => self.block_list(start, false)?,
            Token::BlockMappingStart if block => self.block_map(start)?,
            _ if anchor.is_some() || tag.is_some() => {
                Node { data: Data::Scalar(resolve("", tag.is_none(), tag)), extent: self.extent(start, start) }
            }
            _ => return Err(parser_complaint("did not find expected node content", at)),
        };
        self.depth -= 1;
        self.decoded += 1;
        let node = Rc::new(data);
        if let Some(name) = anchor {
            self.open_anchors.retain(|open| *open != name);
            let size = size_of(&node);
            self.anchors.insert(name, (node.clone(), size));
        }
        Ok(Read { node, is_merge })
    }

    /// Anchor and tag in front of a node.
    #[allow(clippy::type_complexity)]
    fn properties(&mut self) -> Result<(Option<String>, Option<(String, String)>), Complaint> {
        let (mut anchor, mut tag) = (None, None);
        loop {
            match self.look()? {
                (Token::Anchor(name), _) if anchor.is_none() => anchor = Some(name),
                (Token::Tag(handle, suffix), at) if tag.is_none() => {
                    let prefix = self.tags.iter().rev().find(|(h, _)| *h == handle).map(|(_, prefix)| prefix.clone());
                    tag = Some(match (handle.as_str(), prefix) {
                        (_, Some(prefix)) => (prefix, suffix),
                        ("" | "!", None) => (handle, suffix),
                        _ => return Err(parser_complaint("found undefined tag handle", at)),
                    });
                }
                _ => return Ok((anchor, tag)),
            }
            self.scanner.take();
        }
    }

    fn alias(&mut self, name: &str, start: Pos, end: Pos) -> Result<Read, Complaint> {
        let at = self.mark(start);
        if self.open_anchors.iter().any(|open| open == name) {
            self.refuse(go_yaml(&format!("anchor '{name}' value contains itself"), at));
            return Ok(self.empty_read(start));
        }
        let Some((node, size)) = self.anchors.get(name).cloned() else {
            return Err(parser_complaint(&format!("unknown anchor '{name}' referenced"), Pos::default()));
        };
        self.decoded = self.decoded.saturating_add(size);
        self.through_aliases = self.through_aliases.saturating_add(size);
        if excessive(self.decoded, self.through_aliases) {
            self.refuse(go_yaml("document contains excessive aliasing", at));
            return Ok(self.empty_read(start));
        }
        let moved = Node { data: node.data.clone(), extent: self.extent(start, end) };
        let node = if matches!(node.data, Data::Scalar(_)) { Rc::new(moved) } else { node };
        Ok(Read { node, is_merge: false })
    }

    fn refuse(&mut self, error: SyntaxError) {
        self.refused.get_or_insert(error);
    }

    fn block_list(&mut self, start: Pos, indentless: bool) -> Result<Node, Complaint> {
        let mut end = start;
        if !indentless {
            self.scanner.take();
        }
        let mut items = Vec::new();
        loop {
            let (token, at) = self.look()?;
            match token {
                Token::BlockEntry => {
                    end = self.scanner.take().map_or(at, |t| t.end);
                    let (next, _) = self.look()?;
                    let missing = match next {
                        Token::BlockEntry | Token::BlockEnd => true,
                        Token::Key | Token::Value => indentless,
                        _ => false,
                    };
                    items.push(if missing { self.empty(end) } else { self.node(true, false)?.node });
                }
                Token::BlockEnd if !indentless => {
                    self.scanner.take();
                    break;
                }
                _ if indentless => break,
                _ => return Err(parser_complaint("did not find expected '-' indicator", at)),
            }
        }
        let end = items.last().map_or(self.mark(end), |item: &Rc<Node>| item.extent.end);
        Ok(Node { data: Data::List(items), extent: Extent { start: self.mark(start), end } })
    }

    fn block_map(&mut self, start: Pos) -> Result<Node, Complaint> {
        self.scanner.take();
        let mut map = MapBuilder::default();
        loop {
            let (token, at) = self.look()?;
            let key = match token {
                Token::Key => {
                    let end = self.scanner.take().map_or(at, |t| t.end);
                    self.block_part(end)?
                }
                Token::BlockEnd => {
                    self.scanner.take();
                    break;
                }
                _ => return Err(parser_complaint("did not find expected key", at)),
            };
            let (token, at) = self.look()?;
            let value = if token == Token::Value {
                let end = self.scanner.take().map_or(at, |t| t.end);
                self.block_part(end)?
            } else {
                self.empty_read(at)
            };
            self.put(&mut map, key, value);
        }
        Ok(self.finish_map(map, start, None))
    }

    /// A key or a value of a block map, which may be left out.
    fn block_part(&mut self, end: Pos) -> Result<Read, Complaint> {
        match self.look()?.0 {
            Token::Key | Token::Value | Token::BlockEnd => Ok(self.empty_read(end)),
            _ => self.node(true, true),
        }
    }

    pub(super) fn put(&mut self, map: &mut MapBuilder, key: Read, value: Read) {
        let extent = key.node.extent;
        if key.is_merge {
            if let Err(error) = map.merge(&value.node, extent) {
                self.refuse(error);
            }
            return;
        }
        let name = key_text(&key.node, extent.start, &value.node);
        match name {
            Ok(name) => {
                let twice = map.insert(Entry { key: EcoString::from(name), extent, value: value.node });
                self.duplicates.extend(twice);
            }
            Err((error, true)) => self.refuse(error),
            Err((error, false)) => {
                self.unconvertible.get_or_insert(error);
            }
        }
    }

    pub(super) fn finish_map(&self, map: MapBuilder, start: Pos, end: Option<Pos>) -> Node {
        let entries = map.entries;
        let last = entries.last().map_or(self.mark(start), |entry| entry.value.extent.end.max(entry.extent.end));
        let extent = Extent { start: self.mark(start), end: end.map_or(last, |end| self.mark(end)) };
        Node { data: Data::Map(entries), extent }
    }

    /// What kubectl prints of a complaint.
    ///
    /// Models sigs.k8s.io/yaml goyaml.v2 parser.fail: the first line is not named.
    fn said(&self, complaint: &Complaint) -> SyntaxError {
        let line = complaint.at.line + u32::from(complaint.by_scanner);
        let place = if complaint.at.line == 0 { String::new() } else { format!("line {line}: ") };
        go_yaml(&format!("{place}{}", complaint.words), self.mark(complaint.at))
    }
}

pub(super) fn parser_complaint(words: &str, at: Pos) -> Complaint {
    Complaint { words: words.to_owned(), at, by_scanner: false }
}

pub(super) fn go_yaml(words: &str, at: Mark) -> SyntaxError {
    SyntaxError { message: format!("error converting YAML to JSON: yaml: {words}"), at }
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
