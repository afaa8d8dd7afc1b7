//! `kubectl explain --output=plaintext-openapiv2`: the page as it was before version 1.27.

use super::explain::{inner, wrapped, Place};
use crate::api::schema::{Docs, Struct, Type};

/// Models staging/src/k8s.io/kubectl/pkg/explain ModelPrinter.
pub fn page(place: &Place, docs: &Docs<'_>, recursive: bool) -> String {
    let mut page = String::new();
    match place.field {
        Some(field) if place.inside.is_some() => {
            page.push_str(&format!("RESOURCE: {} <{}>\n\n", field.name, type_name(&field.kind)));
        }
        Some(field) => page.push_str(&format!("FIELD:    {} <{}>\n\n", field.name, type_name(&field.kind))),
        None => {}
    }
    page.push_str("DESCRIPTION:\n");
    let mut texts = place.texts(docs);
    if texts.is_empty() {
        texts.push("<empty>".to_owned());
    }
    let texts: Vec<String> = texts.iter().map(|text| wrapped(text, 5)).collect();
    page.push_str(&texts.join("\n"));
    if let Some(inside) = place.inside {
        page.push_str("\nFIELDS:\n");
        match recursive {
            true => tree(&mut page, inside, 1, &mut Vec::new()),
            false => list(&mut page, inside, docs),
        }
    }
    page
}

fn list(page: &mut String, owner: &Struct, docs: &Docs<'_>) {
    for field in &owner.fields {
        let required = if field.required { " -required-" } else { "" };
        page.push_str(&format!("   {}\t<{}>{required}\n", field.name, type_name(&field.kind)));
        let text = docs.of(owner, field.name).unwrap_or_else(|| "<no description>".to_owned());
        page.push_str(&wrapped(&text, 5));
        page.push('\n');
    }
}

fn tree(page: &mut String, owner: &'static Struct, depth: usize, entered: &mut Vec<&'static str>) {
    for field in &owner.fields {
        page.push_str(&format!("{}{}\t<{}>\n", "   ".repeat(depth), field.name, type_name(&field.kind)));
        if let Some(inside) = inner(&field.kind).filter(|inside| !entered.contains(&inside.name)) {
            entered.push(inside.name);
            tree(page, inside, depth + 1, entered);
            entered.pop();
        }
    }
}

/// `[]Object`, `map[string]string`, `string`.
fn type_name(kind: &Type) -> String {
    match kind {
        Type::List(inner) => format!("[]{}", type_name(inner)),
        Type::Map(inner, _, _) => format!("map[string]{}", type_name(inner)),
        Type::Struct(_) => "Object".to_owned(),
        Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime => "string".to_owned(),
        plain => plain.explain_name(),
    }
}
