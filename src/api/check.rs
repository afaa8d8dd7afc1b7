//! The editor's marks: everything that is wrong with a text, each mistake at its place.
//!
//! It is asked on every keystroke and keeps nothing between two of them.

use super::decode::{self, Problem, ProblemKind};
use super::defaults;
use super::diagnostic::{parse_path, path_text, Diagnostic, Severity};
use super::kinds::Catalog;
use super::manifest::{self, Manifest};
use super::yaml::{self, Data, Extent, Mark, Node};
use super::{hints, Object};
use crate::base::order::Order;

/// All mistakes of a text, in the order of their places.
pub fn check(text: &str, catalog: &Catalog) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for document in yaml::parse(text) {
        for twice in &document.duplicates {
            let message = format!("key \"{}\" is already set in line {}", twice.key, twice.first.line);
            let hint = "The last one counts; the value above is lost.".to_owned();
            found.push(mark(twice.extent, Severity::Warning, message, hint));
        }
        if let Some(error) = &document.error {
            let extent = rest_of_line(text, error.at);
            found.push(mark(extent, Severity::Error, error.message.clone(), syntax_hint(text, error.at.line)));
            let lines = document.first_line..document.first_line + document.lines;
            found.extend(lines.flat_map(|line| strange_characters(line_of(text, line), line)));
        }
        if let Some(root) = &document.root {
            strange_nodes(root, &mut found);
        }
    }
    for manifest in manifest::read(text, "", catalog) {
        match manifest {
            Ok(manifest) => check_object(&manifest, &mut found),
            Err(unsent) if unsent.syntax => {}
            Err(unsent) => {
                let message = unsent.message.replace(" \"\":", ":").replace(" from \"\"", "");
                found.push(mark(unsent.extent, Severity::Error, message, unsent.hint));
            }
        }
    }
    found.order_by_key(|d| (d.extent.start, d.severity == Severity::Warning));
    found
}

fn mark(extent: Extent, severity: Severity, message: String, hint: String) -> Diagnostic {
    Diagnostic { extent, severity, message, hint, path: String::new() }
}

fn check_object(manifest: &Manifest, found: &mut Vec<Diagnostic>) {
    let kind = manifest.kind;
    let typed = match manifest::find_struct(&manifest.api_version, kind.kind) {
        Some(id) => decode::typed(&manifest.value, id),
        None => decode::read(&manifest.value, kind),
    };
    let sound = typed.problems.is_empty();
    found.extend(typed.problems.iter().map(|problem| problem_mark(problem, manifest)));
    if !sound {
        return;
    }
    let mut object = Object { kind, value: typed.value };
    manifest::to_stored_version(&mut object.value, &manifest.api_version, kind);
    if kind.namespaced && object.namespace().is_empty() {
        object.set("metadata.namespace", "default");
    }
    fill_in_what_the_server_makes(&mut object);
    for cause in (kind.validate)(&object) {
        let (key, value) = manifest::locate(&manifest.node, &parse_path(&cause.field));
        let extent = if cause.message.starts_with("Required") || is_large(value) { key } else { value };
        found.push(Diagnostic {
            extent,
            severity: Severity::Error,
            message: format!("{}: {}", cause.field, cause.message),
            hint: String::new(),
            path: cause.field,
        });
    }
}

/// What the API server adds to a new object before it looks at it: a name where only a prefix is given, a UID, a Job's selector.
fn fill_in_what_the_server_makes(object: &mut Object) {
    let prefix = object.metadata().get("generateName").text();
    if object.name().is_empty() && !prefix.is_empty() {
        object.set("metadata.name", format!("{prefix}{}", "x".repeat(5)));
    }
    object.set("metadata.uid", "00000000-0000-0000-0000-000000000000");
    (object.kind.defaults)(object);
    if object.kind.kind == "Job" {
        defaults::job_selector(object);
    }
}

fn is_large(extent: Extent) -> bool {
    extent.end.line > extent.start.line || extent.end == extent.start
}

fn problem_mark(problem: &Problem, manifest: &Manifest) -> Diagnostic {
    let (key, value) = manifest::locate(&manifest.node, &problem.path);
    let on_key = matches!(problem.kind, ProblemKind::Unknown { .. }) || is_large(value);
    Diagnostic {
        extent: if on_key { key } else { value },
        severity: Severity::Error,
        message: problem.message(),
        hint: hints::for_problem(problem, manifest.kind.name()),
        path: path_text(&problem.path),
    }
}

fn line_of(text: &str, line: u32) -> &str {
    text.lines().nth(line.saturating_sub(1) as usize).unwrap_or("")
}

fn rest_of_line(text: &str, at: Mark) -> Extent {
    let length = line_of(text, at.line).chars().count() as u32;
    Extent { start: at, end: Mark { line: at.line, column: (length + 1).max(at.column + 1) } }
}

/// What may be meant by a line that cannot be read.
fn syntax_hint(text: &str, line: u32) -> String {
    let line = line_of(text, line);
    let indentation: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    if indentation.contains('\t') {
        return "YAML is indented with spaces, never with tabs.".to_owned();
    }
    if line.contains("{{") {
        return "This looks like a template: put text with {{ }} in quotes, or render the template first.".to_owned();
    }
    if line.trim_start().chars().next().is_some_and(|c| "@`%".contains(c))
        || line.contains(": @")
        || line.contains(": `")
    {
        return "Text that begins with @, ` or % must be in quotes.".to_owned();
    }
    String::new()
}

/// Characters that look like YAML's own but are not, in a line outside of any quotes.
fn strange_characters(line: &str, number: u32) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut quote = None;
    for (i, c) in line.chars().enumerate() {
        match (quote, c) {
            (None, '#') => break,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, c) => {
                let start = Mark { line: number, column: i as u32 + 1 };
                found.extend(strange(c, start));
            }
            _ => {}
        }
    }
    found
}

fn strange(c: char, start: Mark) -> Option<Diagnostic> {
    let (name, instead) = match c {
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => ("a non-breaking or special space", "an ordinary space"),
        '\u{3000}' => ("a full-width space", "an ordinary space"),
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => ("an invisible character", "nothing"),
        '\u{201c}' | '\u{201d}' | '\u{ff02}' => ("a typographic quote", "\""),
        '\u{2018}' | '\u{2019}' | '\u{ff07}' => ("a typographic quote", "'"),
        '\u{ff1a}' => ("a full-width colon", ": with a space behind it"),
        '\u{ff0c}' => ("a full-width comma", ","),
        '\u{ff08}' | '\u{ff09}' | '\u{ff3b}' | '\u{ff3d}' | '\u{ff5b}' | '\u{ff5d}' | '\u{3010}' | '\u{3011}' => {
            ("a full-width bracket", "the bracket of the keyboard")
        }
        '\u{2013}' | '\u{2014}' | '\u{ff0d}' => ("a typographic dash", "-"),
        _ => return None,
    };
    let end = Mark { line: start.line, column: start.column + 1 };
    let message = format!("{name} (U+{:04X}) stands here", c as u32);
    Some(mark(Extent { start, end }, Severity::Warning, message, format!("Write {instead}.")))
}

/// Strange characters in keys and plain values, where they are hardly meant: in keys any, in values a space that is none,
/// a quote at the start, and a full-width colon behind a word that looks like a field.
fn strange_nodes(node: &Node, found: &mut Vec<Diagnostic>) {
    match &node.data {
        Data::Map(entries) => {
            for entry in entries {
                let column = |i: usize| Mark { column: entry.extent.start.column + i as u32, ..entry.extent.start };
                found.extend(entry.key.chars().enumerate().filter_map(|(i, c)| strange(c, column(i))));
                strange_nodes(&entry.value, found);
            }
        }
        Data::List(items) => items.iter().for_each(|item| strange_nodes(item, found)),
        Data::Scalar(value) => {
            let text = value.str();
            if text.is_ascii() || node.extent.end.line != node.extent.start.line {
                return;
            }
            let field_like = |before: &str| {
                !before.is_empty() && before.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
            };
            for (i, (at, c)) in text.char_indices().enumerate() {
                let suspicious = match c {
                    '\u{ff1a}' => field_like(&text[..at]),
                    '\u{201c}' | '\u{2018}' => at == 0,
                    '\u{a0}' | '\u{3000}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => true,
                    _ => false,
                };
                if suspicious {
                    found.extend(strange(c, Mark { column: node.extent.start.column + i as u32, ..node.extent.start }));
                }
            }
        }
    }
}
