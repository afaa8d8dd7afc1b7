//! `kubectl explain`: the documentation of the fields, from the schema.

use super::Verb;
use crate::api::schema::{self, Docs, Field, Struct, Type};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};

/// Its row.
pub static VERB: Verb = Verb { name: "explain", run: Some(run), ..super::PLAIN };

/// Models staging/src/k8s.io/kubectl/pkg/explain/v2 plaintext. Values of enumerations are not in the schema.
fn run(call: &mut Call<'_>) -> Outcome {
    let path = match call.line.args.as_slice() {
        [path] => path.clone(),
        [] => return Err(error("You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.")),
        _ => return Err(error("We accept only this format: explain RESOURCE")),
    };
    let mut steps = path.split('.');
    let resource = steps.next().unwrap_or("");
    let unknown = || Failure::Plain(format!("the server doesn't have a resource type \"{resource}\""));
    let kind = crate::api::kinds::find_resource(resource).ok_or_else(unknown)?;
    let root = schema::find(kind.group, kind.version, kind.kind).ok_or_else(unknown)?;
    if !kind.group.is_empty() {
        call.out.line(format!("GROUP:      {}", kind.group));
    }
    call.out.line(format!("KIND:       {}\nVERSION:    {}\n", kind.kind, kind.version));
    let text = call.session.docs.clone().unwrap_or_else(|| "".into());
    let docs = Docs(&text);
    let (mut owner, mut field): (&Struct, Option<&Field>) = (root, None);
    for step in steps {
        let inside = match field {
            None => Some(root),
            Some(field) => inner(&field.kind),
        };
        let found = inside.and_then(|inside| inside.field(step).map(|field| (inside, field)));
        let Some((inside, next)) = found else {
            return Err(error(format!("field \"{step}\" does not exist")));
        };
        (owner, field) = (inside, Some(next));
    }
    let mut page = String::new();
    let inside = match field {
        None => Some(root),
        Some(field) => {
            page.push_str(&format!("FIELD: {} <{}>\n\n\n", field.name, type_name(&field.kind)));
            inner(&field.kind)
        }
    };
    page.push_str("DESCRIPTION:\n");
    let mut texts = Vec::new();
    texts.extend(field.and_then(|field| docs.of(owner, field.name)));
    texts.extend(inside.and_then(|inside| docs.of(inside, "")));
    if texts.is_empty() {
        texts.push("<empty>".to_owned());
    }
    texts.dedup();
    texts.iter().for_each(|text| page.push_str(&wrapped(text, 4)));
    if let Some(inside) = inside {
        page.push_str("    \nFIELDS:\n");
        match call.line.is("recursive") {
            true => tree(&mut page, inside, 1, &mut Vec::new()),
            false => list(&mut page, inside, &docs),
        }
    }
    call.out.line(page);
    Ok(Run::Done(0))
}

/// The struct behind a type, through lists and maps.
fn inner(kind: &Type) -> Option<&'static Struct> {
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

/// The fields of a struct, each with its documentation.
fn list(page: &mut String, owner: &Struct, docs: &Docs<'_>) {
    for field in &owner.fields {
        page.push_str(&heading(field, 1));
        let text = docs.of(owner, field.name).unwrap_or_else(|| "<no description>".to_owned());
        page.push_str(&wrapped(&text, 4));
        page.push('\n');
    }
}

/// The fields of a struct and theirs; a struct within itself is not entered again.
fn tree(page: &mut String, owner: &'static Struct, indent: usize, entered: &mut Vec<&'static str>) {
    for field in &owner.fields {
        page.push_str(&heading(field, indent));
        if let Some(inside) = inner(&field.kind) {
            if !entered.contains(&inside.name) {
                entered.push(inside.name);
                tree(page, inside, indent + 1, entered);
                entered.pop();
            }
        }
    }
}

const WIDTH: usize = 80;

/// Paragraphs broken at spaces, each line indented.
fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH - indent {
                out.push_str(&format!("{}{line}\n", " ".repeat(indent)));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        out.push_str(&format!("{}{line}\n", " ".repeat(indent)));
    }
    out
}
