//! What to do about a mistake, in our words: the nearest field or kind, where a field belongs, what replaced a removed version.
//!
//! Nothing here is part of what Kubernetes says.

use super::decode::{Problem, ProblemKind};
use super::diagnostic::{nearest, path_text, Step};
use super::kinds::{KINDS, UNKEPT};
use super::schema::{inner_struct, Struct, StructId, Type};

/// A hint for a problem of an object; empty where we have none.
pub fn for_problem(problem: &Problem, kind: &str) -> String {
    let Some(Step::Key(name)) = problem.path.iter().rev().find(|step| matches!(step, Step::Key(_))) else {
        return String::new();
    };
    match &problem.kind {
        ProblemKind::Unknown { owner: Some(owner) } => unknown_field(name, *owner, kind),
        ProblemKind::Unknown { owner: None } => String::new(),
        ProblemKind::Type { message, wanted } => wrong_type(message, wanted, &path_text(&problem.path)),
    }
}

fn unknown_field(name: &str, owner: StructId, kind: &str) -> String {
    let owner = owner.get();
    if let Some(field) = nearest(name, owner.fields.iter().map(|f| f.name)) {
        return format!("Did you mean \"{field}\"?");
    }
    let root = KINDS.iter().find(|row| row.kind == kind);
    let root = root.and_then(|row| super::schema::find(row.group, row.version, row.kind));
    match root.and_then(|root| place_of(name, root)) {
        Some(place) => format!("\"{name}\" belongs under {place}; look at the indentation."),
        None => {
            let fields: Vec<&str> = owner.fields.iter().map(|f| f.name).take(12).collect();
            let more = if owner.fields.len() > 12 { ", ..." } else { "" };
            format!("The fields here are {}{more}.", fields.join(", "))
        }
    }
}

/// The path of the struct nearest to the root that has a field of this name; `status` is nobody's to write.
fn place_of(name: &str, root: &'static Struct) -> Option<String> {
    let mut queue: std::collections::VecDeque<(String, &'static Struct, u32)> = [(String::new(), root, 0)].into();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    while let Some((path, at, depth)) = queue.pop_front() {
        if at.field(name).is_some() && depth > 0 {
            return Some(path);
        }
        for field in at.fields.iter().filter(|f| f.name != "status" && f.name != "metadata" && depth < 6) {
            let Some(inner) = inner_struct(&field.kind).map(StructId::get) else { continue };
            if seen.contains(&(inner.group, inner.name)) {
                continue;
            }
            seen.push((inner.group, inner.name));
            let dot = if path.is_empty() { "" } else { "." };
            queue.push_back((format!("{path}{dot}{}", field.name), inner, depth + 1));
        }
    }
    None
}

fn wrong_type(message: &str, wanted: &Type, path: &str) -> String {
    let found = |what: &str| message.contains(&format!("unmarshal {what}"));
    match wanted {
        Type::Str(_) if found("number") => format!("{path} is text: put the number in quotes."),
        Type::Str(_) if found("bool") => {
            format!(
                "{path} is text: put it in quotes. YAML reads yes, no, on, off, y, n, true and false as truth values."
            )
        }
        Type::Int(_) if found("string") => format!("{path} is a number: write it without quotes."),
        Type::Int(_) if found("number") => format!("{path} is a whole number within the range of its type."),
        Type::Bool => format!("{path} is true or false, without quotes."),
        Type::List(_) if found("object") => format!("{path} is a list: begin each of its elements with \"- \"."),
        Type::List(_) => format!("{path} is a list: write [\"...\"], or one element a line, each behind \"- \"."),
        Type::Struct(_) | Type::Map(..) if found("array") => format!("{path} is not a list: leave out the \"- \"."),
        Type::Struct(_) | Type::Map(..) => format!("{path} has fields of its own: write them indented below it."),
        Type::Quantity => "A quantity is a number with a suffix such as 100m, 0.5, 128Mi or 1Gi.".to_owned(),
        Type::Bytes => "The values of data are base64. Plain text goes into stringData.".to_owned(),
        Type::Time | Type::MicroTime => "A time is written like \"2026-11-23T03:22:13Z\".".to_owned(),
        _ => String::new(),
    }
}

/// A hint for a kind that there is no row for.
pub fn for_kind(api_version: &str, kind: &str) -> String {
    let known = |name: &str| {
        let row = KINDS.iter().find(|row| row.kind == name).map(|row| row.api_version());
        row.or_else(|| UNKEPT.iter().find(|row| row.kind == name).map(|row| row.api_version.to_owned()))
    };
    if kind == "PodSecurityPolicy" {
        return "PodSecurityPolicy was removed in Kubernetes 1.25; Pod Security Standards replaced it.".to_owned();
    }
    if let Some(version) = known(kind) {
        return match (version == api_version, KINDS.iter().any(|row| row.kind == kind)) {
            (true, _) => format!("Kubernetes has the kind {kind}, but objects of it are not kept."),
            (false, true) => format!("{kind} is in {version} today: write \"apiVersion: {version}\"."),
            (false, false) => format!("{kind} is in {version} today, but objects of it are not kept."),
        };
    }
    let others = UNKEPT.iter().map(|row| row.kind);
    match nearest(kind, KINDS.iter().map(|row| row.kind).chain(others)) {
        Some(name) => {
            let version = known(name).unwrap_or_default();
            let version = if version == api_version { String::new() } else { format!(" (apiVersion: {version})") };
            format!("Did you mean \"kind: {name}\"{version}?")
        }
        None => {
            "Kubottle knows the kinds of Kubernetes itself; a custom resource needs its CustomResourceDefinition first."
                .to_owned()
        }
    }
}
