//! The documentation of the schema's fields, as `kubectl explain` shows it.
//!
//! The text itself is not in the program: it is loaded when somebody asks for it.

use super::schema::Struct;
use super::value::Value;

/// The documentation of the schema: a text that is loaded only when somebody asks for it, so it is an argument here.
pub struct Docs<'a>(pub &'a str);

impl<'a> Docs<'a> {
    /// The documentation of a struct (`field` empty) or of one field of it, with `\n` between its lines.
    pub fn of(&self, owner: &Struct, field: &str) -> Option<String> {
        if let Some(schema) = &owner.about {
            return of_schema(schema, owner, field);
        }
        let section = format!("@{} {}", owner.group, owner.version);
        let head = format!("#{} ", owner.name);
        let mut lines =
            self.0.lines().skip_while(|line| *line != section).skip(1).take_while(|line| !line.starts_with('@'));
        let first = lines.by_ref().find(|line| line.starts_with(&head))?;
        if field.is_empty() {
            return Some(unescape(&first[head.len()..]));
        }
        lines
            .take_while(|line| !line.starts_with('#'))
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(' '))
            .or_else(|| type_meta(field))
            .map(unescape)
    }
}

impl Docs<'_> {
    /// What upstream says of a type that is no struct of the schema: an amount, a time.
    pub fn of_type(&self, name: &str) -> Option<String> {
        let head = format!("#{name} ");
        let mut lines = self.0.lines().skip_while(|line| *line != "@type v1");
        lines.find_map(|line| line.strip_prefix(head.as_str())).map(unescape)
    }

    /// The values that a named string may have, each with what is said of it.
    pub fn values(&self, name: &str) -> Vec<(&str, &str)> {
        let head = format!("#{name} ");
        let lines = self.0.lines().skip_while(|line| *line != "@enum v1").skip_while(|line| !line.starts_with(&head));
        let own = lines.skip(1).take_while(|line| !line.starts_with('#'));
        own.map(|line| line.split_once(' ').unwrap_or((line, ""))).collect()
    }
}

/// The same of a custom kind, whose schema holds its own documentation.
fn of_schema(schema: &Value, owner: &Struct, field: &str) -> Option<String> {
    let own = match field {
        "" => schema,
        field => schema.get("properties").get(field),
    };
    let is_root = owner.field("apiVersion").is_some() && owner.field("metadata").is_some();
    let metadata = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
    let known = match field {
        "metadata" => Some(metadata),
        field => type_meta(field),
    };
    let text = own.get("description").opt_str().or(known.filter(|_| is_root));
    text.map(str::to_owned)
}

fn type_meta(field: &str) -> Option<&'static str> {
    match field {
        "apiVersion" => Some("APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources"),
        "kind" => Some("Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds"),
        _ => None,
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (true, 'n') => {
                out.push('\n');
                escaped = false;
            }
            (_, c) => {
                out.push(c);
                escaped = false;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::schema::find;
    use super::*;

    #[test]
    fn documentation_is_found() {
        let docs = Docs(include_str!("../../static/schema-docs.txt"));
        let root = find("apps", "v1", "Deployment").unwrap();
        assert!(docs.of(root, "").unwrap().starts_with("Deployment enables declarative updates"));
        assert!(docs.of(root, "kind").unwrap().starts_with("Kind is a string value"));
        let spec = find("apps", "v1", "DeploymentSpec").unwrap();
        assert!(docs.of(spec, "replicas").unwrap().starts_with("Number of desired pods."));
    }

    #[test]
    fn every_field_of_every_kind_is_documented() {
        use super::super::kinds::KINDS;
        use super::super::schema::{inner_struct, StructId};
        let docs = Docs(include_str!("../../static/schema-docs.txt"));
        let mut open: Vec<&'static Struct> =
            KINDS.iter().filter_map(|kind| find(kind.group, kind.version, kind.kind)).collect();
        let mut seen: Vec<(&str, &str)> = Vec::new();
        let mut missing = Vec::new();
        while let Some(owner) = open.pop() {
            if seen.contains(&(owner.group, owner.name)) {
                continue;
            }
            seen.push((owner.group, owner.name));
            for field in &owner.fields {
                if docs.of(owner, field.name).is_none() {
                    missing.push(format!("{}.{}", owner.name, field.name));
                }
                open.extend(inner_struct(&field.kind).map(StructId::get));
            }
        }
        // Upstream has no word about this one either.
        assert_eq!(missing, ["IngressRule.http"]);
        assert!(seen.len() > 300);
    }
}
