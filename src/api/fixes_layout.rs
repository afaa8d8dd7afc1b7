//! Remedies for a manifest whose layout was lost on the way: tabs for spaces, and no indentation at all. A remedy counts only
//! where the text is without a mistake afterwards.

use super::check::check;
use super::diagnostic::Severity;
use super::kinds::Catalog;
use super::manifest::find_struct;
use super::schema::{StructId, Type};

/// True where Kubernetes would take the text.
fn is_sound(text: &str) -> bool {
    check(text, &Catalog::default()).iter().all(|found| found.severity == Severity::Warning)
}

/// A document with spaces in place of its tabs; the width of a tab is the one that makes sense.
pub(super) fn without_tabs(document: &[&str]) -> Option<String> {
    let lead = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let candidates = [2, 4, 8].into_iter().map(|width| {
        let lines = document.iter().map(|line| {
            let (indentation, rest) = line.split_at(lead(line));
            indentation.replace('\t', &" ".repeat(width)) + rest
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    candidates.into_iter().find(|text| is_sound(text))
}

/// Something that is open where a line may belong.
struct Open {
    what: What,
    indent: usize,
    seen: Vec<String>,
}

enum What {
    Struct(StructId),
    Map,
    /// A list of structs, or of plain values.
    List(Option<StructId>),
}

impl Open {
    fn new(kind: &Type, indent: usize) -> Option<Open> {
        let (what, indent) = match kind {
            Type::Struct(id) => (What::Struct(*id), indent + 2),
            Type::Map(..) => (What::Map, indent + 2),
            Type::List(element) => match &**element {
                Type::Struct(id) => (What::List(Some(*id)), indent),
                _ => (What::List(None), indent),
            },
            _ => return None,
        };
        Some(Open { what, indent, seen: Vec::new() })
    }

    /// True where a field of this name is still open here.
    fn has_field(&self, key: &str) -> bool {
        let known = matches!(self.what, What::Struct(id) if id.get().field(key).is_some());
        known && !self.seen.iter().any(|seen| seen == key)
    }
}

/// A document that has lost all its indentation, indented by what the schema knows of its fields.
pub(super) fn indented(document: &[&str]) -> Option<String> {
    let value = |field: &str| document.iter().find_map(|line| line.strip_prefix(field)).map(str::trim);
    let is_flat = document.iter().all(|line| !line.starts_with([' ', '\t']));
    if !is_flat || document.len() < 4 {
        return None;
    }
    let root = find_struct(value("apiVersion:")?, value("kind:")?)?;
    let mut open = vec![Open { what: What::Struct(root), indent: 0, seen: Vec::new() }];
    let mut out: Vec<String> = Vec::new();
    let mut comments: Vec<&str> = Vec::new();
    for line in document {
        if line.trim().is_empty() || line.starts_with('#') {
            comments.push(line);
            continue;
        }
        let (indent, text) = placed(line, &mut open)?;
        out.extend(comments.drain(..).map(|comment| format!("{}{comment}", " ".repeat(indent))));
        out.push(format!("{}{text}", " ".repeat(indent)));
    }
    out.extend(comments.into_iter().map(str::to_owned));
    let text = out.join("\n");
    is_sound(&text).then_some(text)
}

/// Where a line belongs, and the line itself; what is open afterwards stays in `open`.
fn placed<'a>(line: &'a str, open: &mut Vec<Open>) -> Option<(usize, &'a str)> {
    let (item, rest) = match line.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, line),
    };
    let (key, value) = match rest.split_once(':') {
        Some((key, value)) if value.is_empty() || value.starts_with(' ') => (Some(key), value.trim()),
        _ => (None, rest),
    };
    let block = value.starts_with(['|', '>']);
    if block {
        return None;
    }
    let bare = value.is_empty() || value.starts_with('#');
    let fits = |open: &Open| match (&open.what, item, key) {
        (What::List(Some(id)), true, Some(key)) => id.get().field(key).is_some(),
        (What::List(None), true, _) => true,
        (What::Struct(_), false, Some(key)) => open.has_field(key),
        _ => false,
    };
    let place = open.iter().rposition(fits).or_else(|| {
        let is_map = |open: &Open| matches!(open.what, What::Map);
        open.iter().rposition(is_map).filter(|_| !item && key.is_some() && !bare)
    })?;
    open.truncate(place + 1);
    let indent = open[place].indent;
    let Some(key) = key else { return Some((indent, line)) };
    let (owner, inner) = match open[place].what {
        What::List(Some(id)) => {
            open.push(Open { what: What::Struct(id), indent: indent + 2, seen: Vec::new() });
            (id, indent + 2)
        }
        What::Struct(id) => (id, indent),
        _ => return Some((indent, line)),
    };
    open.last_mut()?.seen.push(key.to_owned());
    if bare {
        open.extend(owner.get().field(key).and_then(|field| Open::new(&field.kind, inner)));
    }
    Some((indent, line))
}
