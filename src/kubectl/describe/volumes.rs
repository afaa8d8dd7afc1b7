//! Volumes of pods and pod templates.

use super::page::{int_or_string, Page};
use crate::api::Value;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeVolumes.
pub(super) fn print(page: &mut Page, volumes: &[Value], indent: &str) {
    if volumes.is_empty() {
        page.line(0, &format!("{indent}Volumes:\t<none>"));
        return;
    }
    page.line(0, &format!("{indent}Volumes:"));
    let name_indent = if indent.is_empty() { "" } else { " " };
    for volume in volumes {
        page.line(1, &format!("{name_indent}{}:", volume.get("name").str()));
        let source = volume.entries().iter().find(|(key, _)| key != "name");
        match source {
            Some((key, value)) => print_source(page, key, value, false),
            None => page.line(1, "<unknown>"),
        }
    }
}

/// What is printed of each source: its field, its type, and labels with the field behind each. What stands behind a field
/// says how: `!` a switch, `#` a number, `[` a list, `{` a map, `,` joined, `&` a reference, `=` pairs, `?` what else; a
/// label with `+` is printed of PersistentVolumes alone.
const SOURCES: &str = include_str!("volumes.txt");

/// The source of a volume of a pod, or of a PersistentVolume.
pub(super) fn print_source(page: &mut Page, key: &str, source: &Value, persistent: bool) {
    match key {
        "projected" => {
            page.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
            projected_fields(source).into_iter().for_each(|(name, value)| page.field(2, name, value));
            return;
        }
        "downwardAPI" => {
            page.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
            return downward_items(page, source);
        }
        "ephemeral" => return print_ephemeral(page, source.get("volumeClaimTemplate")),
        _ => {}
    }
    let row = SOURCES.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('|'));
    let Some((kind, fields)) = row.and_then(|row| row.split_once('|')) else {
        return page.line(1, "<unknown>");
    };
    page.field(2, "Type", kind);
    for field in fields.split('|') {
        let (label, path) = field.split_once('=').unwrap_or((field, ""));
        let label = match label.strip_prefix('+') {
            Some(label) if persistent => label,
            Some(_) => continue,
            None => label,
        };
        // Upstream left the colon out.
        let colon = if label == "ISCSIInterface" { "" } else { ":" };
        page.line(2, &format!("{label}{colon}\t{}", field_text(source, path, persistent)));
    }
}

fn field_text(source: &Value, path: &str, persistent: bool) -> String {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(path.len());
    let (value, how) = (source.at(&path[..end]), &path[end..]);
    let items = || value.list().iter().map(Value::str).collect::<Vec<_>>();
    let pairs =
        |between: &str| value.entries().iter().map(|(k, v)| format!("{k}{between}{}", v.str())).collect::<Vec<_>>();
    match how.get(..1) {
        None => value.str().to_owned(),
        Some("!") => value.bool().to_string(),
        Some("#") => value.int().to_string(),
        Some("[") => format!("[{}]", items().join(" ")),
        Some(",") => items().join(", "),
        Some("{") => format!("map[{}]", pairs(":").join(" ")),
        Some("=") => nested(pairs("=")),
        Some("&") if value.is_null() => "nil".to_owned(),
        Some("&") if persistent => {
            format!("&SecretReference{{Name:{},Namespace:{},}}", value.get("name").str(), value.get("namespace").str())
        }
        Some("&") => format!("&LocalObjectReference{{Name:{},}}", value.get("name").str()),
        _ if value.is_null() => how[1..].to_owned(),
        _ => int_or_string(value),
    }
}

/// Pairs under each other, each once more indented: upstream indents every piece that it writes.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe printCSIPersistentVolumeAttributesMultilineIndent.
fn nested(pairs: Vec<String>) -> String {
    match pairs.is_empty() {
        true => "<none>".to_owned(),
        false => format!("    {}", pairs.join("\n        \t    ")),
    }
}

/// A claim that lives and dies with its pod.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe printEphemeralVolumeSource.
fn print_ephemeral(page: &mut Page, template: &Value) {
    let kind = "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)";
    page.field(2, "Type", kind);
    page.field(2, "StorageClass", template.at("spec.storageClassName").str());
    page.field(2, "Volume", template.at("spec.volumeName").str());
    for (title, field, between) in [("Labels", "labels", "="), ("Annotations", "annotations", ": ")] {
        let map = template.at("metadata").get(field).entries();
        let pairs: Vec<String> = map.iter().map(|(k, v)| format!("{k}{between}{}", v.str())).collect();
        let pairs = if pairs.is_empty() { vec!["<none>".to_owned()] } else { pairs };
        page.field(2, title, nested(pairs));
    }
    page.field(2, "Capacity", "");
    page.field(2, "Access Modes", "");
    page.field_if(2, "VolumeMode", template.at("spec.volumeMode").str());
}

/// True for the field of a PersistentVolume's spec that says where its data lies.
pub(super) fn is_source(field: &str) -> bool {
    const OTHERS: &[&str] = &[
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    ];
    !OTHERS.contains(&field)
}

/// An amount of storage; `0` for none.
pub(super) fn amount(value: &Value) -> String {
    match value {
        Value::Null => "0".to_owned(),
        Value::Int(n) => n.to_string(),
        other => other.str().to_owned(),
    }
}

fn projected_fields(projected: &Value) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    for source in projected.get("sources").list() {
        let named = |key: &str| {
            let part = source.get(key);
            (part.get("name").str().to_owned(), part.get("optional").bool().to_string())
        };
        if !source.get("secret").is_null() {
            let (name, optional) = named("secret");
            fields.extend([("SecretName", name), ("Optional", optional)]);
        } else if !source.get("downwardAPI").is_null() {
            fields.push(("DownwardAPI", "true".to_owned()));
        } else if !source.get("configMap").is_null() {
            let (name, optional) = named("configMap");
            fields.extend([("ConfigMapName", name), ("Optional", optional)]);
        } else if !source.get("serviceAccountToken").is_null() {
            let seconds = source.at("serviceAccountToken.expirationSeconds").int();
            fields.push(("TokenExpirationSeconds", seconds.to_string()));
        }
    }
    fields
}

fn downward_items(page: &mut Page, source: &Value) {
    page.line(2, "Items:");
    for item in source.get("items").list() {
        for path in [item.at("fieldRef.fieldPath").str(), item.at("resourceFieldRef.resource").str()] {
            if !path.is_empty() {
                page.line(3, &format!("{path} -> {}", item.get("path").str()));
            }
        }
    }
}
