//! Manifests: a text into the objects it describes, with what kubectl itself says of those it will not send.
//!
//! It decides nothing that the API server decides; see `decode` for that.

use std::rc::Rc;

use ecow::EcoString;

use super::diagnostic::Step;
use super::hints;
use super::kinds::{Catalog, Kind, KINDS};
use super::schema::{self, StructId};
use super::value::Value;
use super::yaml::{self, Extent, Mark, Node};
use crate::value;

/// One object of a text, as it is sent to the API server.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its kind.
    pub kind: &'static Kind,
    /// `apiVersion` as written, which need not be that of the kinds table.
    pub api_version: EcoString,
    /// The object as written.
    pub value: Value,
    /// The same with places.
    pub node: Rc<Node>,
}

/// A document that kubectl does not send.
#[derive(Clone, PartialEq, Debug)]
pub struct Unsent {
    /// What kubectl prints behind `error: `. Lines are separated by `\n`.
    pub message: String,
    /// What to do about it, in our words.
    pub hint: String,
    /// Where the mistake is.
    pub extent: Extent,
    /// True for a syntax error, behind which kubectl reads no further.
    pub syntax: bool,
}

/// All objects of a text in order. `source` is the name of the file as kubectl shows it; `catalog` says what kinds there
/// are. Lists are taken apart.
///
/// Models k8s.io/cli-runtime/pkg/resource StreamVisitor.Visit: documents before a syntax error count, those behind it do not.
pub fn read(text: &str, source: &str, catalog: &Catalog) -> Vec<Result<Manifest, Unsent>> {
    let mut found = Vec::new();
    for document in yaml::parse(text) {
        if let Some(error) = document.error {
            let extent = Extent { start: error.at, end: error.at };
            let message = format!("error parsing {source}: {}", error.message);
            found.push(Err(Unsent { message, hint: String::new(), extent, syntax: true }));
            break;
        }
        if let Some(root) = document.root {
            read_document(&root, source, catalog, &mut found);
        }
    }
    found
}

fn read_document(root: &Rc<Node>, source: &str, catalog: &Catalog, found: &mut Vec<Result<Manifest, Unsent>>) {
    if let Err((message, extent)) = type_meta(root) {
        let message = format!(
            "error validating \"{source}\": error validating data: {message}; if you choose to ignore these errors, turn validation off with --validate=false"
        );
        let hint = "Every object begins with apiVersion and kind.".to_owned();
        found.push(Err(Unsent { message, hint, extent, syntax: false }));
        return;
    }
    let value = root.to_value();
    let Some(items) = root.get("items").filter(|items| matches!(items.data, yaml::Data::List(_))) else {
        found.push(read_object(root, value, source, catalog));
        return;
    };
    for item in items.items() {
        let mut item_value = item.to_value();
        if item_value.get("kind").is_empty() && item_value.get("apiVersion").is_empty() {
            let kind = value.get("kind").str();
            item_value.set("kind", kind.strip_suffix("List").unwrap_or(kind));
            item_value.set("apiVersion", value.get("apiVersion").clone());
        }
        found.push(read_object(item, item_value, source, catalog));
    }
}

/// What is wrong with `apiVersion` and `kind`.
///
/// Models k8s.io/kubectl/pkg/validation getObjectKind.
fn type_meta(root: &Node) -> Result<(), (String, Extent)> {
    let top = Extent {
        start: root.extent.start,
        end: Mark { line: root.extent.start.line, column: root.extent.start.column + 1 },
    };
    if !matches!(root.data, yaml::Data::Map(_)) {
        return Err(("invalid object to validate".to_owned(), root.extent));
    }
    let mut wrong = Vec::new();
    let mut extent = top;
    for field in ["apiVersion", "kind"] {
        match root.entry(field) {
            None => wrong.push(format!("{field} not set")),
            Some(entry) if entry.value.is_null() => wrong.push(format!("{field} not set")),
            Some(entry) if entry.value.text().is_none() => {
                wrong.push(format!("{field} isn't string type"));
                extent = entry.value.extent;
            }
            Some(entry) if field == "apiVersion" && entry.value.text().is_some_and(|t| t.matches('/').count() > 1) => {
                wrong.push(format!("unexpected GroupVersion string: {}", entry.value.text().unwrap_or("")));
                extent = entry.value.extent;
            }
            Some(_) => {}
        }
    }
    match wrong.len() {
        0 => Ok(()),
        1 => Err((wrong.remove(0), extent)),
        _ => Err((format!("[{}]", wrong.join(", ")), extent)),
    }
}

fn read_object(node: &Rc<Node>, value: Value, source: &str, catalog: &Catalog) -> Result<Manifest, Unsent> {
    let unsent = |message: String, hint: String, extent: Extent| Err(Unsent { message, hint, extent, syntax: false });
    let (api_version, kind_name) = (value.get("apiVersion").text(), value.get("kind").text());
    if kind_name.is_empty() {
        let message =
            format!("unable to decode \"{source}\": Object 'Kind' is missing in '{}'", super::encode::json(&value));
        return unsent(message, "Every object begins with apiVersion and kind.".to_owned(), node.extent);
    }
    if let Some(problem) = bad_metadata(&value) {
        let (_, extent) = locate(node, &problem.path);
        let hint = hints::for_problem(&problem, &kind_name);
        return unsent(format!("unable to decode \"{source}\": {}", problem.message()), hint, extent);
    }
    match catalog.of(&api_version, &kind_name) {
        Some(kind) => Ok(Manifest { kind, api_version, value, node: node.clone() }),
        None => {
            let (name, namespace) = (value.at("metadata.name").str(), value.at("metadata.namespace").str());
            let message = format!(
                "resource mapping not found for name: \"{name}\" namespace: \"{namespace}\" from \"{source}\": no matches for kind \"{kind_name}\" in version \"{api_version}\"\nensure CRDs are installed first"
            );
            let other_version = catalog.all().any(|row| row.name() == kind_name);
            let at = node.get(if other_version { "apiVersion" } else { "kind" }).map_or(node.extent, |n| n.extent);
            unsent(message, hints::for_kind(&api_version, &kind_name), at)
        }
    }
}

/// The first value of `metadata` that is of a wrong type: kubectl reads that much of every object itself.
///
/// Models k8s.io/cli-runtime/pkg/resource metadataValidatingDecoder.Decode.
fn bad_metadata(value: &Value) -> Option<super::decode::Problem> {
    let metadata = schema::find_struct("meta", "v1", "ObjectMeta")?;
    super::decode::metadata_problems(value.get("metadata"), metadata).into_iter().next()
}

/// The row of the kinds table that an `apiVersion` and a `kind` mean. A kind may be read in an older version than its row's.
pub fn find_kind(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let row = KINDS.iter().copied().find(|row| row.kind == kind && row.api_version() == api_version);
    row.or_else(|| {
        let older = OLDER_VERSIONS.contains(&(api_version, kind));
        let (group, _) = api_version.split_once('/').unwrap_or(("", api_version));
        KINDS.iter().copied().find(|row| older && row.kind == kind && row.group == group)
    })
}

/// Versions that are served besides the one of the kinds table.
const OLDER_VERSIONS: &[(&str, &str)] = &[("autoscaling/v1", "HorizontalPodAutoscaler")];

/// The struct that an `apiVersion` and a `kind` are read as.
pub fn find_struct(api_version: &str, kind: &str) -> Option<StructId> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    schema::find_struct(group, version, kind)
}

/// An object in the version of the kinds table.
///
/// Models pkg/apis/autoscaling/v1 Convert_v1_HorizontalPodAutoscaler_To_autoscaling_HorizontalPodAutoscaler, without the
/// annotations that carry what v1 has no fields for.
pub fn to_stored_version(value: &mut Value, api_version: &str, kind: &Kind) {
    if (api_version, kind.kind) == ("autoscaling/v1", "HorizontalPodAutoscaler") {
        let utilization = value.remove("spec.targetCPUUtilizationPercentage");
        if !utilization.is_null() {
            let metric = value!({
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": (utilization)}}
            });
            value.set("spec.metrics", Value::from(vec![metric]));
        }
    }
    value.set("apiVersion", kind.api_version());
}

/// An object in an older version than that of the kinds table, if it names one of those: as its writer wrote it.
pub fn to_named_version(value: &mut Value) {
    let older = OLDER_VERSIONS.contains(&(value.get("apiVersion").str(), value.get("kind").str()));
    let utilization = value.at("spec.metrics").index(0).at("resource.target.averageUtilization").clone();
    if older && !utilization.is_null() {
        value.remove("spec.metrics");
        value.set("spec.targetCPUUtilizationPercentage", utilization);
    }
}

/// Where a path leads in a tree: the place of the last key on it (or element), and that of the value. Where the path goes on
/// beyond the tree, the places of the deepest node that is there.
pub fn locate(root: &Node, path: &[Step]) -> (Extent, Extent) {
    let first = Extent { start: root.extent.start, end: root.extent.start };
    let mut places = (first, first);
    let mut node = root;
    for (i, step) in path.iter().enumerate() {
        let next = match step {
            Step::Key(_) => entry_of(node, &path[i..]).map(|entry| (entry.extent, &entry.value)),
            Step::Index(index) => node.items().get(*index as usize).map(|item| (item.extent, item)),
        };
        let Some((key, value)) = next else { break };
        places = (key, value.extent);
        node = value;
    }
    places
}

/// The entry under the first key of a path; a key with dots in it may have been taken for several steps.
fn entry_of<'a>(node: &'a Node, path: &[Step]) -> Option<&'a yaml::Entry> {
    let Some(Step::Key(first)) = path.first() else { return None };
    node.entry(first).or_else(|| {
        let whole = super::diagnostic::path_text(path);
        node.entry(&whole)
    })
}
