//! Whether a CustomResourceDefinition is well formed: names, versions, columns, sub-resources and conversion. The schemas
//! are looked at by their own modules.

use super::super::status::Cause;
use super::super::validation::field::{same, Errors, Path};
use super::super::validation::meta;
use super::super::{Object, Value};
use super::schema_form;
use crate::base::names;

const COLUMN_TYPES: &str = "boolean,date,integer,number,string";
const COLUMN_FORMATS: &str = "byte,date,date-time,double,float,int32,int64,password";
const COLUMN_FORMATS_KNOWN: &[&str] = &["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

/// All that is wrong with a new definition.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation ValidateCustomResourceDefinition.
pub fn new(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    name(object, &mut errors);
    spec(object, &mut errors);
    errors.into_causes()
}

/// All that is wrong with a change.
///
/// Models the same ValidateCustomResourceDefinitionUpdate.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    spec(new, &mut errors);
    let established = old.has_condition("Established");
    for field in ["spec.scope", "spec.names.kind", "spec.group", "spec.names.plural"] {
        if (established || matches!(field, "spec.group" | "spec.names.plural")) && !same(new.at(field), old.at(field)) {
            errors.immutable(&Path::new(field), new.at(field), old.at(field));
        }
    }
    let versions = new.at("spec.versions").list();
    for (i, stored) in old.at("status.storedVersions").list().iter().enumerate() {
        if !versions.iter().any(|version| version.get("name") == stored) {
            let place = format!("status.storedVersions[{i}]");
            errors.invalid(&Path::new(&place), stored, "must appear in spec.versions");
        }
    }
    protected(new, Some(old), &mut errors);
    errors.into_causes()
}

fn name(object: &Object, errors: &mut Errors) {
    let wanted = format!("{}.{}", object.at("spec.names.plural").str(), object.at("spec.group").str());
    if object.name() != wanted {
        errors.invalid(&Path::new("metadata.name"), object.name(), "must be spec.names.plural+\".\"+spec.group");
    }
    protected(object, None, errors);
}

/// Groups of Kubernetes' own may be used with a word of consent only.
///
/// Models the same validateAPIApproval.
fn protected(object: &Object, old: Option<&Object>, errors: &mut Errors) {
    let group = object.at("spec.group").str();
    let own = [".k8s.io", ".kubernetes.io"].iter().any(|ending| group.ends_with(ending))
        || matches!(group, "k8s.io" | "kubernetes.io");
    const CONSENT: &str = "api-approved.kubernetes.io";
    let path = Path::new("metadata.annotations");
    let path = path.key(CONSENT);
    let given = object.metadata().get("annotations").get(CONSENT).str();
    let same_as_before = old.is_some_and(|old| old.metadata().get("annotations").get(CONSENT).str() == given);
    if !own || same_as_before || given.starts_with("unapproved") || given.starts_with("https://") {
        return;
    }
    if given.is_empty() {
        let detail = format!(
            "protected groups must have approval annotation \"{CONSENT}\", see https://github.com/kubernetes/enhancements/pull/1111"
        );
        return errors.required(&path, &detail);
    }
    let detail =
        "protected groups must have approval annotation \"api-approved.kubernetes.io\" with either a URL or a reason \
                  starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111";
    errors.invalid(&path, given, detail);
}

/// What all versions have in common is one field of the spec inside, and errors in it are told there.
///
/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1 Convert_v1_CustomResourceDefinitionSpec_To_….
fn common<'a>(versions: &'a [Value], field: &str) -> Option<&'a Value> {
    let first = versions.first()?.get(field);
    versions.iter().all(|version| same(version.get(field), first)).then_some(first)
}

fn spec(object: &Object, errors: &mut Errors) {
    let path = Path::new("spec");
    let spec = object.spec();
    let group = spec.get("group").str();
    if group.is_empty() {
        errors.required(&path.child("group"), "");
    } else if let wrong @ [_, ..] = &names::dns1123_subdomain(group)[..] {
        errors.invalid(&path.child("group"), group, &wrong.join(","));
    } else if !group.contains('.') {
        errors.invalid(&path.child("group"), group, "should be a domain with at least one dot");
    }
    match spec.get("scope").str() {
        "" => errors.required(&path.child("scope"), ""),
        "Cluster" | "Namespaced" => {}
        other => errors.not_supported(&path.child("scope"), other, &["Cluster", "Namespaced"]),
    }
    if spec.get("preserveUnknownFields").bool() {
        let detail =
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errors.invalid(&path.child("preserveUnknownFields"), true, detail);
    }
    versions(spec.get("versions"), &path, errors);
    named(spec.get("names"), &path.child("names"), errors);
    conversion(spec.get("conversion"), &path.child("conversion"), errors);
}

fn versions(all: &Value, path: &Path<'_>, errors: &mut Errors) {
    let list = path.child("versions");
    let versions = all.list();
    let mut seen: Vec<&str> = Vec::new();
    let mut twice = false;
    for (i, version) in versions.iter().enumerate() {
        let (path, name) = (list.index(i), version.get("name").str());
        twice |= seen.contains(&name);
        seen.push(name);
        let wrong = names::dns1035_label(name);
        if !wrong.is_empty() {
            errors.invalid(&path.child("name"), name, &wrong.join(","));
        }
        let own = |field: &str| if common(versions, field).is_some() { &Value::Null } else { version.get(field) };
        schema_form::root(own("schema"), &path.child("schema"), errors);
        subresources(own("subresources"), &path.child("subresources"), errors);
        columns(own("additionalPrinterColumns"), &path.child("additionalPrinterColumns"), errors);
    }
    if twice {
        errors.invalid(&list, all, "must contain unique version names");
    }
    if versions.iter().filter(|version| version.get("storage").bool()).count() != 1 {
        let shown: Value = versions.iter().map(|version| version.get("name").clone()).collect();
        errors.invalid(&list, shown, "must have exactly one version marked as storage version");
    }
    if let Some(schema) = common(versions, "schema") {
        schema_form::root(schema, &path.child("validation"), errors);
    }
    if let Some(parts) = common(versions, "subresources") {
        subresources(parts, &path.child("subresources"), errors);
    }
    if let Some(shown) = common(versions, "additionalPrinterColumns") {
        columns(shown, &path.child("additionalPrinterColumns"), errors);
    }
    for (i, version) in versions.iter().enumerate() {
        if version.at("schema.openAPIV3Schema").is_null() {
            let path = list.index(i);
            errors.required(&path.child("schema.openAPIV3Schema"), "schemas are required");
        }
    }
}

/// Models the same ValidateCustomResourceDefinitionNames, with what the spec requires of names.
fn named(own: &Value, path: &Path<'_>, errors: &mut Errors) {
    let text = |field: &str| own.get(field).str();
    for field in ["plural", "singular", "kind", "listKind"] {
        if text(field).is_empty() {
            errors.required(&path.child(field), "");
        }
    }
    for field in ["plural", "singular", "kind", "listKind"] {
        let mixed = field.to_lowercase().ends_with("kind");
        let name = if mixed { text(field).to_lowercase() } else { text(field).to_owned() };
        let wrong = names::dns1035_label(&name);
        if !name.is_empty() && !wrong.is_empty() {
            let before = if mixed { "may have mixed case, but should otherwise match: " } else { "" };
            errors.invalid(&path.child(field), text(field), &format!("{before}{}", wrong.join(",")));
        }
    }
    let list = |field: &str, errors: &mut Errors| {
        for (i, name) in own.get(field).list().iter().enumerate() {
            let wrong = names::dns1035_label(name.str());
            if !wrong.is_empty() {
                errors.invalid(&path.child(field).index(i), name, &wrong.join(","));
            }
        }
    };
    list("shortNames", errors);
    if !text("kind").is_empty() && text("kind") == text("listKind") {
        errors.invalid(&path.child("listKind"), text("listKind"), "kind and listKind may not be the same");
    }
    list("categories", errors);
}

/// Models the same ValidateCustomResourceColumnDefinition.
fn columns(columns: &Value, list: &Path<'_>, errors: &mut Errors) {
    for (i, column) in columns.list().iter().enumerate() {
        let path = list.index(i);
        if column.get("name").is_empty() {
            errors.required(&path.child("name"), "");
        }
        match column.get("type").str() {
            "" => errors.required(&path.child("type"), &format!("must be one of {COLUMN_TYPES}")),
            kind if COLUMN_TYPES.split(',').any(|known| known == kind) => {}
            kind => errors.invalid(&path.child("type"), kind, &format!("must be one of {COLUMN_TYPES}")),
        }
        let format = column.get("format").str();
        if !format.is_empty() && !COLUMN_FORMATS_KNOWN.contains(&format) {
            errors.invalid(&path.child("format"), format, &format!("must be one of {COLUMN_FORMATS}"));
        }
        match column.get("jsonPath").str() {
            "" => errors.required(&path.child("JSONPath"), ""),
            text => simple_path(text, &path.child("JSONPath"), errors),
        }
    }
}

/// Models the same validateSimpleJSONPath.
fn simple_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if !text.starts_with('.') {
        errors.invalid(path, text, "must be a simple json path starting with .");
    }
}

/// Models the same ValidateCustomResourceDefinitionSubresources.
fn subresources(parts: &Value, path: &Path<'_>, errors: &mut Errors) {
    let scale = parts.get("scale");
    if scale.is_null() {
        return;
    }
    let fields: [(&str, &[&str], &str); 3] = [
        ("specReplicasPath", &[".spec."], "should be a json path under .spec"),
        ("statusReplicasPath", &[".status."], "should be a json path under .status"),
        ("labelSelectorPath", &[".spec.", ".status."], "should be a json path under either .spec or .status"),
    ];
    for (field, below, detail) in fields {
        let (path, text) = (path.child("scale"), scale.get(field).str());
        match text {
            "" if field == "labelSelectorPath" => {}
            "" => errors.required(&path.child(field), ""),
            text if !text.starts_with('.') => simple_path(text, &path.child(field), errors),
            text if below.iter().any(|below| text.starts_with(below)) => {}
            text => errors.invalid(&path.child(field), text, detail),
        }
    }
}

/// Models the same validateCustomResourceConversion.
fn conversion(conversion: &Value, path: &Path<'_>, errors: &mut Errors) {
    if conversion.is_null() {
        return;
    }
    let (config, reviews) = (path.child("webhookClientConfig"), path.child("conversionReviewVersions"));
    let webhook = conversion.get("webhook");
    match conversion.get("strategy").str() {
        "" => errors.required(&path.child("strategy"), ""),
        "Webhook" => {
            let client = webhook.get("clientConfig");
            if client.is_null() {
                errors.required(&config, "required when strategy is set to Webhook");
            } else if client.get("url").is_null() == client.get("service").is_null() {
                errors.required(&config, "exactly one of url or service is required");
            }
            let versions = webhook.get("conversionReviewVersions").list();
            if versions.is_empty() {
                errors.required(&reviews, "");
            } else if !versions.iter().any(|version| matches!(version.str(), "v1" | "v1beta1")) {
                errors.invalid(
                    &reviews,
                    versions.iter().cloned().collect::<Value>(),
                    "must include at least one of v1, v1beta1",
                );
            }
        }
        "None" if !webhook.is_null() => {
            errors.forbidden(&config, "should not be set when strategy is not set to Webhook");
        }
        "None" => {}
        other => errors.not_supported(&path.child("strategy"), other, &["None", "Webhook"]),
    }
}
