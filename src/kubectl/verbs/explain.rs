//! `kubectl explain`: the documentation of the fields, from the schema.

use super::{explain_v2, Verb};
use crate::api::kinds::KINDS;
use crate::api::schema::{self, Docs, Field, Struct, Type};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};

/// Its row.
pub static VERB: Verb = Verb { name: "explain", run: Some(run), ..super::PLAIN };

/// Models staging/src/k8s.io/kubectl/pkg/explain/v2 plaintext.
fn run(call: &mut Call<'_>) -> Outcome {
    let path = match call.line.args.as_slice() {
        [path] => path.clone(),
        [] => return Err(error("You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.")),
        _ => return Err(error("We accept only this format: explain RESOURCE")),
    };
    let (resource, below) = path.split_once('.').unwrap_or((path.as_str(), ""));
    let steps: Vec<&str> = below.split('.').filter(|step| !step.is_empty()).collect();
    let unknown = || Failure::Plain(format!("the server doesn't have a resource type \"{resource}\""));
    let kind = call.world.store().catalog().resource(resource).ok_or_else(unknown)?;
    let (group, version) = match call.line.text("api-version") {
        "" => (kind.group, kind.version),
        given => given.split_once('/').unwrap_or(("", given)),
    };
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let row = call.world.store().catalog().of(&api_version, kind.name());
    let custom = row.filter(|row| row.custom.is_some()).and_then(|row| row.shape()).map(schema::StructId::get);
    let root = custom.or_else(|| schema::find(group, version, kind.kind)).ok_or_else(|| {
        let wanted = format!("{group}/{version}, Resource={}", kind.plural);
        match KINDS.iter().any(|row| (row.group, row.version) == (group, version)) {
            true => error(format!("GVR ({wanted}) not found in OpenAPI schema")),
            false => error(format!("couldn't find resource for \"{wanted}\"")),
        }
    })?;
    let text = call.session.docs.clone().unwrap_or_else(|| "".into());
    let docs = Docs(&text);
    let core = if group.is_empty() { String::new() } else { format!("GROUP:      {group}\n") };
    let head = format!("{core}KIND:       {}\nVERSION:    {version}\n\n", kind.name());
    let place = Place::find(root, &steps).map_err(|why| Failure::Printed(head.clone(), why.message()))?;
    let recursive = call.line.is("recursive");
    let page = match call.line.text("output") {
        "" | "plaintext" => head + &page(&place, &docs, recursive),
        "plaintext-openapiv2" => {
            let version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            let head = format!("KIND:     {}\nVERSION:  {version}\n\n", kind.name());
            head + &explain_v2::page(&place, &docs, recursive)
        }
        other => return Err(error(format!("unrecognized format: {other}"))),
    };
    call.out.line(page);
    Ok(Run::Done(0))
}

/// What a path leads to.
pub struct Place {
    /// The struct that has the field; the kind itself where the path ends there.
    pub owner: &'static Struct,
    /// The field, none for the kind itself.
    pub field: Option<&'static Field>,
    /// The struct behind it.
    pub inside: Option<&'static Struct>,
}

impl Place {
    fn find(root: &'static Struct, steps: &[&str]) -> Result<Place, Failure> {
        let mut place = Place { owner: root, field: None, inside: Some(root) };
        for step in steps {
            let next = place.inside.and_then(|inside| inside.field(step).map(|field| (inside, field)));
            let Some((owner, field)) = next else {
                return Err(error(format!("field \"{step}\" does not exist")));
            };
            place = Place { owner, field: Some(field), inside: inner(&field.kind) };
        }
        Ok(place)
    }

    /// What is said of the field, and of what is in it.
    pub fn texts(&self, docs: &Docs<'_>) -> Vec<String> {
        let mut texts = Vec::new();
        if let Some(field) = self.field {
            texts.extend(described(self.owner, field, docs));
            let mut plain = &field.kind;
            while let Type::List(inner) | Type::Map(inner, _, _) = plain {
                plain = inner;
            }
            texts.extend(docs.of_type(&plain.explain_name()));
        }
        texts.extend(self.inside.and_then(|inside| docs.of(inside, "")));
        texts.dedup();
        texts
    }
}

fn page(place: &Place, docs: &Docs<'_>, recursive: bool) -> String {
    let mut page = String::new();
    if let Some(field) = place.field {
        page.push_str(&format!("FIELD: {} <{}>\n", field.name, type_name(&field.kind)));
        let values = values(field, docs);
        if !values.is_empty() {
            page.push_str("ENUM:\n");
            values.iter().for_each(|(value, _)| page.push_str(&format!("    {}\n", shown(value))));
        }
        page.push_str(if values.is_empty() { "\n\n" } else { "\n" });
    }
    page.push_str("DESCRIPTION:\n");
    let mut texts = place.texts(docs);
    if texts.is_empty() {
        texts.push("<empty>".to_owned());
    }
    texts.iter().for_each(|text| page.push_str(&wrapped(text, 4)));
    page.push_str("    \n");
    if let Some(inside) = place.inside {
        page.push_str("FIELDS:\n");
        match recursive {
            true => tree(&mut page, inside, docs, 1, &mut Vec::new()),
            false => list(&mut page, inside, docs),
        }
    }
    page
}

/// The values that a field may have.
fn values<'a>(field: &Field, docs: &'a Docs<'_>) -> Vec<(&'a str, &'a str)> {
    match field.kind {
        Type::Str(name) => docs.values(name),
        _ => Vec::new(),
    }
}

/// What is said of a field, the values it may have included.
fn described(owner: &Struct, field: &Field, docs: &Docs<'_>) -> Option<String> {
    let mut text = docs.of(owner, field.name)?;
    let values = values(field, docs);
    if !values.is_empty() {
        text.push_str("\n\nPossible enum values:");
        values.iter().for_each(|(value, said)| text.push_str(format!("\n - `\"{value}\"` {said}").trim_end()));
    }
    Some(text)
}

/// The struct behind a type, through lists and maps.
pub fn inner(kind: &Type) -> Option<&'static Struct> {
    schema::inner_struct(kind).map(schema::StructId::get)
}

fn type_name(kind: &Type) -> String {
    match kind {
        Type::Time | Type::MicroTime => "string".to_owned(),
        other => other.explain_name(),
    }
}

fn heading(field: &Field, indent: usize) -> String {
    let required = if field.required { " -required-" } else { "" };
    format!("{}{}\t<{}>{required}\n", "  ".repeat(indent), field.name, type_name(&field.kind))
}

/// How many values stand in the line of a field.
const MOST_VALUES: usize = 4;

/// A value as a list of values shows it.
fn shown(value: &str) -> &str {
    match value {
        "" => "\"\"",
        value => value,
    }
}

/// The line with a field's values.
fn enumeration(field: &Field, docs: &Docs<'_>, indent: usize) -> String {
    let values: Vec<&str> = values(field, docs).into_iter().map(|(value, _)| shown(value)).collect();
    let more = if values.len() > MOST_VALUES { ", ...." } else { "" };
    match values.is_empty() {
        true => String::new(),
        false => {
            format!("{}enum: {}{more}\n", "  ".repeat(indent), values[..values.len().min(MOST_VALUES)].join(", "))
        }
    }
}

/// The fields of a struct, each with its documentation.
fn list(page: &mut String, owner: &Struct, docs: &Docs<'_>) {
    for field in &owner.fields {
        page.push_str(&heading(field, 1));
        page.push_str(&enumeration(field, docs, 1));
        let text = described(owner, field, docs).unwrap_or_else(|| "<no description>".to_owned());
        page.push_str(&wrapped(&text, 4));
        page.push('\n');
    }
}

/// The fields of a struct and theirs; a struct within itself is not entered again.
fn tree(page: &mut String, owner: &'static Struct, docs: &Docs<'_>, indent: usize, entered: &mut Vec<&'static str>) {
    for field in &owner.fields {
        page.push_str(&heading(field, indent));
        page.push_str(&enumeration(field, docs, indent));
        if let Some(inside) = inner(&field.kind) {
            if !entered.contains(&inside.name) {
                entered.push(inside.name);
                tree(page, inside, docs, indent + 1, entered);
                entered.pop();
            }
        }
    }
}

const WIDTH: usize = 80;

/// Paragraphs broken at spaces, each line indented. The spaces a paragraph begins with stay, as those within it.
pub fn wrapped(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut out = String::new();
    for paragraph in text.split('\n') {
        let mut line: Option<String> = None;
        for word in paragraph.split(' ') {
            line = Some(match line {
                None => word.to_owned(),
                Some(line) if line.chars().count() + 1 + word.chars().count() > WIDTH - indent => {
                    out.push_str(&format!("{margin}{line}\n"));
                    word.to_owned()
                }
                Some(line) => format!("{line} {word}"),
            });
        }
        out.push_str(&format!("{margin}{}\n", line.unwrap_or_default()));
    }
    out
}
