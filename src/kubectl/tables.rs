//! Tables of objects: columns, rows, cells.

use super::failure::{error, Failure};
use crate::api::jsonpath::{relaxed, JsonPath};
use crate::api::kinds::PrintContext;
use crate::api::{Kind, Object, Value};
use crate::base::table::Columns;

/// `NAME:.metadata.name,IMAGE:.spec.containers[*].image`.
pub(super) fn custom_columns(text: &str) -> Result<Vec<(String, JsonPath)>, Failure> {
    let mut columns = Vec::new();
    for part in text.split(',') {
        let Some((head, path)) = part.split_once(':') else {
            return Err(error(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")));
        };
        columns.push((head.to_owned(), relaxed_path(path)?));
    }
    Ok(columns)
}

/// A path with or without braces and the first dot.
pub fn relaxed_path(text: &str) -> Result<JsonPath, Failure> {
    let full = relaxed(text).map_err(error)?;
    JsonPath::parse(&full, true).map_err(|why| error(format!("error parsing jsonpath {full}, {why}")))
}

/// All that a path finds.
pub fn found(path: &JsonPath, value: &Value) -> Vec<Value> {
    path.find(value).unwrap_or_default().into_iter().flatten().collect()
}

pub(super) fn custom_cell(path: &JsonPath, value: &Value) -> String {
    let texts: Vec<String> = found(path, value).iter().filter(|value| !value.is_null()).map(cell_text).collect();
    match texts.is_empty() {
        true => "<none>".to_owned(),
        false => texts.join(","),
    }
}

/// A value as Go's `%v` prints it.
pub fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => crate::api::encode::float_text(*x),
        Value::Str(text) => text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(cell_text).collect::<Vec<_>>().join(" ")),
        Value::Map(map) => {
            let entries: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", cell_text(v))).collect();
            format!("map[{}]", entries.join(" "))
        }
    }
}

/// What a table shows besides the columns of the kind.
#[derive(Clone, Default)]
pub struct TableOptions {
    /// `-o wide`.
    pub wide: bool,
    /// A column with the namespace in front.
    pub namespace: bool,
    /// All labels behind.
    pub labels: bool,
    /// Single labels behind, a column each.
    pub label_columns: Vec<String>,
    /// `deployment.apps/` in front of the names.
    pub kind_prefix: bool,
    /// Leaves the headings out.
    pub no_headings: bool,
    /// Shows what kubectl can without the API server's columns: name and age.
    pub bare: bool,
}

impl TableOptions {
    /// The headings for a kind.
    pub fn headings(&self, kind: &Kind) -> Vec<String> {
        let shown = kind.columns.iter().filter(|column| self.wide || !column.wide);
        let mut row: Vec<String> = match self.bare {
            true => vec!["NAME".to_owned(), "AGE".to_owned()],
            false => shown.map(|column| column.name.to_owned()).collect(),
        };
        if self.namespace && kind.namespaced {
            row.insert(0, "NAMESPACE".to_owned());
        }
        row.extend(self.label_columns.iter().map(|label| {
            let last = label.rsplit('/').next().unwrap_or(label);
            last.to_uppercase()
        }));
        if self.labels {
            row.push("LABELS".to_owned());
        }
        row
    }

    /// The cells of an object.
    pub fn row(&self, object: &Object, context: &PrintContext) -> Vec<String> {
        let kind = object.kind;
        let mut cells = match self.bare {
            true => vec![object.name().to_owned(), crate::api::kinds::age(object, context)],
            false => (kind.cells)(object, context),
        };
        if self.kind_prefix {
            if let Some(name) = kind.columns.iter().position(|column| column.name == "NAME") {
                let name = if self.bare { 0 } else { name };
                cells[name] = format!("{}/{}", kind.singular_resource(), cells[name]);
            }
        }
        let shown = |column: usize| self.bare || self.wide || !kind.columns[column].wide;
        let mut row: Vec<String> =
            cells.into_iter().enumerate().filter(|(column, _)| shown(*column)).map(|(_, cell)| cell).collect();
        if self.namespace && kind.namespaced {
            row.insert(0, object.namespace().to_owned());
        }
        row.extend(self.label_columns.iter().map(|label| object.labels().get(label).str().to_owned()));
        if self.labels {
            row.push(crate::api::kinds::cells::labels_text(object.labels()));
        }
        row
    }
}

/// Objects as tables, a table for each run of objects of one kind, blank lines between.
pub fn tables(objects: &[Object], options: &TableOptions, context: &PrintContext) -> String {
    let mut text = String::new();
    let mut rest = objects;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|object| object.kind.kind == first.kind.kind).count();
        let mut rows = Vec::with_capacity(run + 1);
        if !options.no_headings {
            rows.push(options.headings(first.kind));
        }
        rows.extend(rest[..run].iter().map(|object| options.row(object, context)));
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&Columns::default().print(&rows));
        rest = &rest[run..];
    }
    text
}
