//! The tokens of YAML, their places, and the complaints that end the reading of a document.

/// A place in a document: line and column counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Pos {
    pub index: usize,
    pub line: u32,
    pub column: u32,
}

/// Why reading stops. The scanner counts lines from 1 in its messages, the parser from 0.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Complaint {
    pub words: String,
    pub at: Pos,
    pub by_scanner: bool,
}

/// What a token is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    StreamEnd,
    Directive { tag: Option<(String, String)> },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag(String, String),
    Scalar { text: String, plain: bool },
}

/// A token and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Placed {
    pub token: Token,
    pub start: Pos,
    pub end: Pos,
}

pub(super) fn is_blank(c: Option<char>) -> bool {
    matches!(c, Some(' ' | '\t'))
}

pub(super) fn is_break(c: Option<char>) -> bool {
    matches!(c, Some('\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}'))
}

pub(super) fn is_blank_or_end(c: Option<char>) -> bool {
    c.is_none() || is_blank(c) || is_break(c)
}
