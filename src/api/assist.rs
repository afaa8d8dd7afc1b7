//! What the editor offers where the cursor stands: the fields and values that fit there, and what a field is. It reads the
//! lines around the cursor, so that it works in a text that is not finished yet.

use super::kinds::KINDS;
use super::schema::{self, inner_struct, Field, Struct, StructId, Type};

/// Something that can be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// The word.
    pub word: String,
    /// What it is: the type of a field.
    pub about: String,
    /// What is written behind it.
    pub tail: &'static str,
}

struct Place<'a> {
    path: Vec<&'a str>,
    root: Option<&'static Struct>,
}

/// The column of a line's first word behind spaces and dashes, and the column of its last dash where it has one.
fn columns(line: &str) -> (usize, Option<usize>) {
    let mut dash = None;
    for (i, c) in line.char_indices() {
        match c {
            ' ' => {}
            '-' if line[i + 1..].starts_with(' ') || i + 1 == line.len() => dash = Some(i),
            _ => return (i, dash),
        }
    }
    (line.len(), dash)
}

fn key(line: &str) -> &str {
    let line = &line[columns(line).0..];
    line.split(':').next().unwrap_or("").trim().trim_matches(['"', '\''])
}

/// The keys around a line, from the outermost in, and the struct of the document's kind.
fn place<'a>(lines: &[&'a str], at: usize) -> Place<'a> {
    let is_end = |line: &&str| line.starts_with("---");
    let from = lines[..at].iter().rposition(is_end).map_or(0, |end| end + 1);
    let to = lines[at..].iter().position(is_end).map_or(lines.len(), |end| at + end);
    let top = |field: &str| {
        let value = lines[from..to].iter().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.map(|value| value.split('#').next().unwrap_or("").trim().trim_matches(['"', '\'']))
    };
    let root = top("kind").zip(top("apiVersion")).and_then(|(kind, version)| {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        schema::find(group, version, kind)
    });
    let (column, dash) = columns(lines[at]);
    let mut limit = dash.map_or(column, |dash| dash + 1);
    let mut path = Vec::new();
    for line in lines[from..at].iter().rev() {
        let (column, dash) = columns(line);
        if column == line.len() || line[column..].starts_with('#') {
            continue;
        }
        let is_parent = line.split('#').next().unwrap_or("").trim_end().ends_with(':');
        if column < limit && is_parent {
            path.push(key(line));
            limit = column;
        } else if column < limit {
            limit = column;
        }
        if let Some(dash) = dash.filter(|dash| *dash < limit) {
            limit = dash + 1;
        }
        if limit == 0 {
            break;
        }
    }
    path.reverse();
    Place { path, root }
}

fn struct_at(root: &'static Struct, path: &[&str]) -> Option<&'static Struct> {
    match path {
        [] => Some(root),
        path => inner_struct(&schema::field_at(root, path)?.kind).map(StructId::get),
    }
}

fn about(field: &Field) -> String {
    let required = if field.required { ", required" } else { "" };
    format!("{}{required}", field.kind.explain_name())
}

/// What can be written at a place, counted from 1.
pub fn offers(text: &str, line: u32, column: u32) -> Vec<Offer> {
    let lines: Vec<&str> = text.split('\n').collect();
    let Some(at) = (line as usize).checked_sub(1).filter(|at| *at < lines.len()) else { return Vec::new() };
    let typed: String = lines[at].chars().take(column as usize - 1).collect();
    if let Some((field, _)) = typed.split_once(": ") {
        return values(&lines, at, field.trim_start_matches([' ', '-']));
    }
    let mut lines_now = lines.clone();
    lines_now[at] = &typed;
    let place = place(&lines_now, at);
    let Some(root) = place.root else {
        let top = ["apiVersion", "kind", "metadata", "spec"];
        let none = place.path.is_empty();
        return top.iter().filter(|_| none).map(|word| offer(word, String::new(), ": ")).collect();
    };
    let Some(owner) = struct_at(root, &place.path) else { return Vec::new() };
    let fields = owner.fields.iter().filter(|field| !place.path.is_empty() || field.name != "status");
    fields.map(|field| offer(field.name, about(field), tail(&field.kind))).collect()
}

fn offer(word: &str, about: String, tail: &'static str) -> Offer {
    Offer { word: word.to_owned(), about, tail }
}

fn tail(kind: &Type) -> &'static str {
    match kind {
        Type::Struct(_) | Type::List(_) | Type::Map(..) => ":",
        _ => ": ",
    }
}

/// The values of the fields that have few.
fn values(lines: &[&str], at: usize, field: &str) -> Vec<Offer> {
    let plain = |words: &[&str]| words.iter().map(|word| offer(word, String::new(), "")).collect();
    match field {
        "kind" if columns(lines[at]).0 == 0 => KINDS.iter().map(|row| offer(row.kind, row.api_version(), "")).collect(),
        "apiVersion" if columns(lines[at]).0 == 0 => {
            let mut versions: Vec<String> = KINDS.iter().map(|row| row.api_version()).collect();
            versions.dedup();
            versions.into_iter().map(|version| offer(&version, String::new(), "")).collect()
        }
        "restartPolicy" => plain(&["Always", "OnFailure", "Never"]),
        "imagePullPolicy" => plain(&["Always", "IfNotPresent", "Never"]),
        "protocol" => plain(&["TCP", "UDP", "SCTP"]),
        "pathType" => plain(&["Prefix", "Exact", "ImplementationSpecific"]),
        "externalTrafficPolicy" | "internalTrafficPolicy" => plain(&["Cluster", "Local"]),
        "sessionAffinity" => plain(&["None", "ClientIP"]),
        "concurrencyPolicy" => plain(&["Allow", "Forbid", "Replace"]),
        "podManagementPolicy" => plain(&["OrderedReady", "Parallel"]),
        "completionMode" => plain(&["NonIndexed", "Indexed"]),
        _ => Vec::new(),
    }
}

/// What the field at a place is: `spec.replicas <integer>`; empty where there is none.
pub fn hover(text: &str, line: u32, column: u32) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let Some(at) = (line as usize).checked_sub(1).filter(|at| *at < lines.len()) else { return String::new() };
    let name = key(lines[at]);
    let start = columns(lines[at]).0;
    if !(start + 1..=start + name.len()).contains(&(column as usize)) {
        return String::new();
    }
    let mut place = place(&lines, at);
    place.path.push(name);
    let field = place.root.and_then(|root| schema::field_at(root, &place.path));
    field.map_or_else(String::new, |field| format!("{} <{}>", place.path.join("."), about(field)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: c\n        ports:\n        - \n        im\n  rep";

    #[test]
    fn fields_are_offered_where_they_belong() {
        let words = |line, column| offers(TEXT, line, column).into_iter().map(|o| o.word).collect::<Vec<_>>();
        assert!(words(10, 11).contains(&"imagePullPolicy".to_owned()), "{:?}", words(10, 11));
        assert!(words(9, 11).contains(&"containerPort".to_owned()), "{:?}", words(9, 11));
        assert!(words(11, 6).contains(&"replicas".to_owned()), "{:?}", words(11, 6));
        assert!(words(2, 7).contains(&"CronJob".to_owned()));
        assert_eq!(hover(TEXT, 7, 10), "spec.template.spec.containers.name <string, required>");
        assert_eq!(hover(TEXT, 4, 4), "spec.template <PodTemplateSpec, required>");
        assert_eq!(hover(TEXT, 7, 14), "");
    }
}
