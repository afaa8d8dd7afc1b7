//! Lists and maps in brackets, which are YAML's JSON.

use std::rc::Rc;

use super::yaml::{Data, Node};
use super::yaml_build::{parser_complaint, Builder, Read};
use super::yaml_map::MapBuilder;
use super::yaml_scan::{Complaint, Pos, Token};

impl Builder<'_> {
    pub(super) fn flow_list(&mut self, start: Pos) -> Result<Node, Complaint> {
        self.scanner.take();
        let mut items: Vec<Rc<Node>> = Vec::new();
        loop {
            self.separator(items.is_empty(), &Token::FlowSequenceEnd, "did not find expected ',' or ']'")?;
            match self.look()? {
                (Token::FlowSequenceEnd, at) => {
                    let end = self.scanner.take().map_or(at, |t| t.end);
                    return Ok(Node { data: Data::List(items), extent: self.extent(start, end) });
                }
                (Token::Key, at) => {
                    self.scanner.take();
                    let pair = self.single_pair(at)?;
                    items.push(pair);
                }
                _ => items.push(self.node(false, false)?.node),
            }
        }
    }

    /// Takes the comma between the elements of a flow collection.
    fn separator(&mut self, first: bool, end: &Token, words: &str) -> Result<(), Complaint> {
        let (token, at) = self.look()?;
        if first || token == *end {
            return Ok(());
        }
        if token != Token::FlowEntry {
            return Err(parser_complaint(words, at));
        }
        self.scanner.take();
        Ok(())
    }

    /// A pair inside a flow list: `[a: b]`.
    fn single_pair(&mut self, start: Pos) -> Result<Rc<Node>, Complaint> {
        let (token, at) = self.look()?;
        let key = if matches!(token, Token::Value | Token::FlowEntry | Token::FlowSequenceEnd) {
            self.scanner.take();
            self.empty_read(at)
        } else {
            self.node(false, false)?
        };
        let value = self.flow_value(&Token::FlowSequenceEnd)?;
        let mut map = MapBuilder::default();
        self.put(&mut map, key, value);
        self.decoded += 1;
        Ok(Rc::new(self.finish_map(map, start, None)))
    }

    fn flow_value(&mut self, end: &Token) -> Result<Read, Complaint> {
        let (token, at) = self.look()?;
        if token == Token::Value {
            self.scanner.take();
            let (next, _) = self.look()?;
            if next != Token::FlowEntry && next != *end {
                return self.node(false, false);
            }
        }
        Ok(self.empty_read(at))
    }

    pub(super) fn flow_map(&mut self, start: Pos) -> Result<Node, Complaint> {
        self.scanner.take();
        let mut map = MapBuilder::default();
        let mut first = true;
        loop {
            self.separator(first, &Token::FlowMappingEnd, "did not find expected ',' or '}'")?;
            first = false;
            let (key, value) = match self.look()? {
                (Token::FlowMappingEnd, at) => {
                    let end = self.scanner.take().map_or(at, |t| t.end);
                    return Ok(self.finish_map(map, start, Some(end)));
                }
                (Token::Key, at) => {
                    self.scanner.take();
                    let (next, _) = self.look()?;
                    let missing = matches!(next, Token::Value | Token::FlowEntry | Token::FlowMappingEnd);
                    let key = if missing { self.empty_read(at) } else { self.node(false, false)? };
                    (key, self.flow_value(&Token::FlowMappingEnd)?)
                }
                (_, at) => {
                    let key = self.node(false, false)?;
                    (key, self.empty_read(at))
                }
            };
            self.put(&mut map, key, value);
        }
    }
}
