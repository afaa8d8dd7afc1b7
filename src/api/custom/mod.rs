//! Custom kinds: what a CustomResourceDefinition says, made rows of the kinds table, and what the API server does with their
//! objects by the schema: leave unknown fields out, fill defaults in, validate.
//!
//! Rows are made once for each distinct content and then kept, so that the same definition means the same row in every
//! cluster, branch and replay. Which rows a cluster has stands in its [`Catalog`](super::kinds::Catalog).

use std::sync::OnceLock;

use ecow::EcoString;

use super::jsonpath::{text_of, JsonPath};
use super::kinds::{self, Column, Depth, Kind, PrintContext, Support};
use super::schema::StructId;
use super::{Object, Value};
use crate::base::time::Timestamp;

mod check;
pub mod definition;
mod formats;
mod names;
mod read;
mod rules;
mod schema_form;
mod structs;
mod structural;

pub use check::{validate, validate_update};
pub use names::{set_condition, status};
pub use read::{defaults, read};

/// What a CustomResourceDefinition says of one version of its kind.
pub struct Custom {
    /// The schema: `openAPIV3Schema`.
    pub schema: Value,
    /// The sub-resource scale: where its replicas stand; null where there is none.
    pub scale: Value,
    /// What the API server warns of at each request; empty for a version that is not deprecated.
    pub deprecation: EcoString,
    /// The kind of a list of such objects.
    pub list_kind: EcoString,
    cells: Vec<(Option<JsonPath>, EcoString)>,
    root: OnceLock<StructId>,
}

impl Custom {
    /// The value at a path of the scale sub-resource, such as `specReplicasPath`.
    pub fn scaled<'a>(&self, object: &'a Object, path: &str) -> &'a Value {
        object.at(self.scale.get(path).str().trim_start_matches('.'))
    }
}

const SUPPORT: &[Support] = &[Support { field: "", depth: Depth::Stored, note: "" }];

/// The rows of a definition whose names are accepted and that is established, one for each served version.
pub fn rows(definition: &Object) -> Vec<&'static Kind> {
    if !definition.has_condition("Established") {
        return Vec::new();
    }
    let versions = definition.at("spec.versions").list().iter().filter(|version| version.get("served").bool());
    versions.map(|version| row(definition, version)).collect()
}

/// A row with what it was made of, and the one made after it.
struct Known {
    content: Value,
    row: Kind,
    next: OnceLock<Box<Known>>,
}

fn row(definition: &Object, version: &Value) -> &'static Kind {
    static FIRST: OnceLock<Box<Known>> = OnceLock::new();
    let spec = definition.spec();
    let content =
        crate::value!([(spec.get("group")), (definition.at("status.acceptedNames")), (spec.get("scope")), version]);
    let mut place = &FIRST;
    loop {
        let make =
            || Box::new(Known { content: content.clone(), row: made(definition, version), next: OnceLock::new() });
        let known = place.get_or_init(make);
        if known.content == content {
            return &known.row;
        }
        place = &known.next;
    }
}

fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn kept_list(list: &Value) -> &'static [&'static str] {
    Box::leak(list.list().iter().map(|item| kept(item.str())).collect())
}

fn made(definition: &Object, version: &Value) -> Kind {
    let names = definition.at("status.acceptedNames");
    let group = kept(definition.at("spec.group").str());
    let age = crate::value!([{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]);
    let columns = match version.get("additionalPrinterColumns") {
        columns if columns.is_empty() => &age,
        columns => columns,
    };
    let heading = |column: &Value| Column {
        name: kept(&column.get("name").str().to_uppercase()),
        wide: column.get("priority").int() > 0,
    };
    let name = Column { name: "NAME", wide: false };
    let cells = columns.list().iter().map(|column| {
        let path = format!("{{{}}}", column.get("jsonPath").str());
        (JsonPath::parse(&path, true).ok(), column.get("type").text())
    });
    let deprecation = match (version.get("deprecated").bool(), version.get("deprecationWarning").str()) {
        (false, _) => String::new(),
        (true, "") => {
            format!("{group}/{} {} is deprecated", version.get("name").str(), names.get("kind").str())
        }
        (true, text) => text.to_owned(),
    };
    Kind {
        kind: kept(&format!("{}.{group}", names.get("kind").str())),
        group,
        version: kept(version.get("name").str()),
        plural: kept(names.get("plural").str()),
        singular: kept(names.get("singular").str()),
        short_names: kept_list(names.get("shortNames")),
        categories: kept_list(names.get("categories")),
        namespaced: definition.at("spec.scope").str() == "Namespaced",
        has_status: !version.at("subresources.status").is_null(),
        has_generation: true,
        defaults,
        validate,
        validate_update,
        columns: Box::leak([name].into_iter().chain(columns.list().iter().map(heading)).collect()),
        cells: row_cells,
        support: SUPPORT,
        custom: Some(Custom {
            schema: version.at("schema.openAPIV3Schema").clone(),
            scale: version.at("subresources.scale").clone(),
            deprecation: deprecation.into(),
            list_kind: names.get("listKind").text(),
            cells: cells.collect(),
            root: OnceLock::new(),
        }),
    }
}

/// Models staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor convertor.ConvertToTable.
fn row_cells(object: &Object, context: &PrintContext) -> Vec<String> {
    let cells = object.kind.custom.iter().flat_map(|custom| &custom.cells);
    let cells = cells.map(|(path, wanted)| {
        let found = path.as_ref().and_then(|path| path.find(&object.value).ok());
        let first = found.and_then(|found| found.into_iter().next()).and_then(|found| found.into_iter().next());
        first.map_or_else(String::new, |value| cell(&value, wanted, context))
    });
    [object.name().to_owned()].into_iter().chain(cells).collect()
}

/// Models tableconvertor cellForJSONValue: what is not of the column's type is not shown.
fn cell(value: &Value, wanted: &str, context: &PrintContext) -> String {
    match (wanted, value) {
        ("string", Value::Null) => String::new(),
        ("string", value) => text_of(value),
        ("integer", Value::Float(x)) => (*x as i64).to_string(),
        ("integer" | "number", Value::Int(_) | Value::Float(_)) | ("boolean", Value::Bool(_)) => text_of(value),
        ("date", Value::Str(text)) => match Timestamp::parse(text) {
            Some(at) => kinds::age_since(at, context.now),
            None => "<invalid>".to_owned(),
        },
        _ => String::new(),
    }
}

/// The place of a version among those of its group: stable ones first, then beta, then alpha, greater numbers first, and
/// what is no such version last.
///
/// Models staging/src/k8s.io/apimachinery/pkg/version CompareKubeAwareVersionStrings.
pub fn version_rank(version: &str) -> (u8, std::cmp::Reverse<u32>, std::cmp::Reverse<u32>) {
    let parts = |text: &str| -> Option<(u8, u32, u32)> {
        let text = text.strip_prefix('v')?;
        let (major, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let (stage, minor) = match (rest, rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
            ("", ..) => (0, "0"),
            (_, Some(minor), _) => (1, minor),
            (.., Some(minor)) => (2, minor),
            _ => return None,
        };
        Some((stage, major.parse().ok()?, minor.parse().ok()?))
    };
    let (stage, major, minor) = parts(version).unwrap_or((3, 0, 0));
    (stage, std::cmp::Reverse(major), std::cmp::Reverse(minor))
}

impl Kind {
    /// The struct that the objects of the kind are; none where the schema does not know it.
    pub fn shape(&self) -> Option<StructId> {
        match &self.custom {
            Some(custom) => Some(*custom.root.get_or_init(|| structs::root(self, &custom.schema))),
            None => super::schema::find_struct(self.group, self.version, self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::order::Order;

    #[test]
    fn versions_are_ordered_as_the_api_server_orders_them() {
        let mut versions = ["v1alpha2", "foo", "v2", "v1beta1", "v10", "v1", "v1beta10"];
        versions.order_by_key(|version| (version_rank(version), *version));
        assert_eq!(versions, ["v10", "v2", "v1", "v1beta10", "v1beta1", "v1alpha2", "foo"]);
    }
}
