//! Output formats: tables, YAML, JSON, names, jsonpath and custom columns.

use super::call::Call;
use super::failure::{error, Failure};
use super::go_template::Template;
use super::tables::{cell_text, custom_cell, custom_columns, found};
use crate::api::encode::{json, json_declared, json_pretty, list_of, without_managed_fields, yaml};
use crate::api::encode_kyaml::kyaml;
use crate::api::field_manager::shown;
use crate::api::jsonpath::JsonPath;
use crate::api::{Object, Value};
use crate::base::table::Columns;

/// How objects are printed.
pub enum Format {
    /// A table, with all columns where `wide`.
    Table {
        /// True for `-o wide`.
        wide: bool,
    },
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// JSON of what kubectl holds as a struct of Go: the fields in the order of the declaration.
    Declared,
    /// `pod/web`.
    Name,
    /// A template of paths.
    JsonPath(JsonPath),
    /// What a path finds, as a JSON list.
    Found(JsonPath),
    /// KYAML.
    Kyaml,
    /// A template of Go; true where a missing key is an error.
    Template(Template, bool),
    /// Columns of the user's own.
    Custom(Vec<(String, JsonPath)>),
    /// YAML or JSON with the owners of fields.
    Managed(Box<Format>),
}

/// What is said of a format that a command does not have; only `get` has columns.
fn unmatched(text: &str, all: bool) -> Failure {
    let formats: Vec<&str> =
        FORMATS.split(',').filter(|format| all || !format.starts_with("custom") && *format != "wide").collect();
    let formats = formats.join(",");
    error(format!(
        "unable to match a printer suitable for the output format \"{text}\", allowed formats are: {formats}"
    ))
}

const FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

impl Format {
    /// Reads the value of `-o`.
    pub fn of(call: &Call<'_>) -> Result<Format, Failure> {
        let template = call.line.get("template").filter(|template| !template.is_empty());
        let text = match (call.line.text("output"), template) {
            ("", Some(_)) => "go-template",
            (text, _) => text,
        };
        let (name, argument) = text.split_once('=').map_or((text, template), |(n, a)| (n, Some(a)));
        let gets = call.command == "kubectl get" || call.command.starts_with("kubectl config get");
        if !gets && (name == "wide" || name.starts_with("custom-columns")) {
            return Err(unmatched(text, false));
        }
        let path = |text: &str| {
            JsonPath::parse(text, true).map_err(|why| error(format!("error parsing jsonpath {text}, {why}")))
        };
        let format = match (name, argument) {
            ("" | "wide", _) => Format::Table { wide: name == "wide" },
            ("yaml", _) if text == name => Format::Yaml,
            ("kyaml", _) if text == name => Format::Kyaml,
            ("json", _) if text == name && is_typed(&call.command) => Format::Declared,
            ("json", _) if text == name => Format::Json,
            ("name", _) if text == name => Format::Name,
            (
                "jsonpath" | "jsonpath-as-json" | "jsonpath-file" | "go-template" | "template" | "go-template-file"
                | "templatefile",
                None | Some(""),
            ) => return Err(error("template format specified but no template given")),
            ("go-template" | "template", Some(template)) => go_template(call, template)?,
            ("go-template-file" | "templatefile", Some(file)) => {
                let text = call.session.file(file).ok_or_else(|| no_such_file("--template ", file))?;
                go_template(call, text)?
            }
            ("jsonpath", Some(template)) => Format::JsonPath(path(template)?),
            ("jsonpath-as-json", Some(template)) => Format::Found(path(template)?),
            ("jsonpath-file", Some(file)) => {
                let text = call.session.file(file).ok_or_else(|| no_such_file("--template ", file))?;
                Format::JsonPath(path(text.trim_end())?)
            }
            ("custom-columns", None | Some("")) => {
                return Err(error("custom-columns format specified but no custom columns given"))
            }
            ("custom-columns", Some(columns)) => Format::Custom(custom_columns(columns)?),
            ("custom-columns-file", Some(file)) => {
                let text = call.session.file(file).ok_or_else(|| no_such_file("template ", file))?;
                let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
                let (heads, paths) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
                let pairs: Vec<String> =
                    heads.iter().zip(&paths).map(|(head, path)| format!("{head}:{path}")).collect();
                Format::Custom(custom_columns(&pairs.join(","))?)
            }
            _ => return Err(unmatched(text, gets)),
        };
        let managed =
            matches!(format, Format::Yaml | Format::Kyaml | Format::Json) && call.line.is("show-managed-fields");
        Ok(if managed { Format::Managed(Box::new(format)) } else { format })
    }

    /// True for a table.
    pub fn is_table(&self) -> bool {
        matches!(self, Format::Table { .. })
    }

    /// One object, or none of its own where it is a table.
    pub fn one(&self, object: &Object) -> Result<String, Failure> {
        Ok(match self {
            Format::Table { .. } => String::new(),
            Format::Yaml => yaml(&without_managed_fields(&object.value)),
            Format::Kyaml => kyaml(&without_managed_fields(&object.value)),
            Format::Managed(format) => format.whole(&managed(object)),
            Format::Template(template, strict) => fill_in(template, &object.value, *strict)?,
            Format::Json => json_pretty(&without_managed_fields(&object.value)),
            Format::Declared => {
                let shown = Object { kind: object.kind, value: without_managed_fields(&object.value) };
                json_declared(&shown, Some("    ")) + "\n"
            }
            Format::Name => format!("{}/{}\n", object.kind.singular_resource(), object.name()),
            Format::JsonPath(path) if path.text.contains("managedFields") => execute(path, &managed(object), None)?,
            Format::JsonPath(path) => execute(path, &object.value, Some(&|| managed(object)))?,
            Format::Found(path) => json_pretty(&Value::from(found(path, &object.value))),
            Format::Custom(_) => self.many(std::slice::from_ref(object), true)?,
        })
    }

    /// A value with all that is in it.
    fn whole(&self, value: &Value) -> String {
        match self {
            Format::Yaml => yaml(value),
            Format::Kyaml => kyaml(value),
            _ => json_pretty(value),
        }
    }

    /// Several objects: a list, or one after the other. `heads` prints the headings of columns.
    pub fn many(&self, objects: &[Object], heads: bool) -> Result<String, Failure> {
        Ok(match self {
            Format::Table { .. } => String::new(),
            Format::Yaml => yaml(&without_managed_fields(&list_value(objects))),
            Format::Kyaml => kyaml(&without_managed_fields(&list_value(objects))),
            Format::Managed(format) => format.whole(&list_of(&objects.iter().map(managed).collect::<Vec<_>>())),
            Format::Template(template, strict) => fill_in(template, &list_value(objects), *strict)?,
            Format::Json | Format::Declared => json_pretty(&without_managed_fields(&list_value(objects))),
            Format::Name => objects.iter().map(|object| self.one(object)).collect::<Result<String, Failure>>()?,
            Format::JsonPath(path) => {
                let whole = || list_of(&objects.iter().map(managed).collect::<Vec<_>>());
                match path.text.contains("managedFields") {
                    true => execute(path, &whole(), None)?,
                    false => execute(path, &list_value(objects), Some(&whole))?,
                }
            }
            Format::Found(path) => json_pretty(&Value::from(found(path, &list_value(objects)))),
            Format::Custom(columns) => {
                let mut rows: Vec<Vec<String>> = Vec::new();
                if heads {
                    rows.push(columns.iter().map(|(head, _)| head.clone()).collect());
                }
                for object in objects {
                    rows.push(columns.iter().map(|(_, path)| custom_cell(path, &object.value)).collect());
                }
                Columns::default().print(&rows)
            }
        })
    }
}

/// True for the commands that hold their objects as structs of Go, not as maps.
fn is_typed(command: &str) -> bool {
    let mut words = command.split(' ').skip(1);
    match words.next().unwrap_or_default() {
        "run" | "expose" | "autoscale" | "set" | "rollout" | "taint" | "events" | "certificate" | "auth" => true,
        "create" => words.next().is_some(),
        _ => false,
    }
}

/// An object with all owners of its fields, those included that are not written down until somebody looks.
fn managed(object: &Object) -> Value {
    let mut value = object.value.clone();
    if !object.kind.has_status && object.metadata().get("managedFields").is_null() {
        return value;
    }
    value.slot("metadata").map_mut().insert("managedFields", shown(object));
    value
}

/// The text of a template for a value. Where it fails the value is shown with all that is in it, which `whole` gives.
///
/// Models staging/src/k8s.io/cli-runtime/pkg/printers JSONPathPrinter.PrintObj.
pub fn execute(path: &JsonPath, value: &Value, whole: Option<&dyn Fn() -> Value>) -> Result<String, Failure> {
    path.execute(value).map_err(|why| {
        let text = &path.text;
        let mut shown = String::new();
        go_syntax(&whole.map_or_else(|| value.clone(), |whole| whole()), &mut shown);
        error(format!("error executing jsonpath {text:?}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n\t\t{shown}\n\n\n"))
    })
}

/// A value as Go's `%#v` prints it.
fn go_syntax(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("interface {}(nil)"),
        Value::Str(text) => out.push_str(&format!("{:?}", text.as_str())),
        Value::List(items) => {
            out.push_str("[]interface {}{");
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                go_syntax(item, out);
            }
            out.push('}');
        }
        Value::Map(map) => {
            out.push_str("map[string]interface {}{");
            for (i, (key, item)) in map.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                out.push_str(&format!("{:?}:", key.as_str()));
                go_syntax(item, out);
            }
            out.push('}');
        }
        plain => out.push_str(&json(plain)),
    }
}

/// Reads a template of Go.
fn go_template(call: &Call<'_>, text: &str) -> Result<Format, Failure> {
    let strict = !call.line.is_or("allow-missing-template-keys", true);
    match Template::parse(text) {
        Ok(template) => Ok(Format::Template(template, strict)),
        Err(why) => Err(error(format!("error parsing template {text}, {why}"))),
    }
}

/// The text a template of Go makes of a value.
///
/// Models staging/src/k8s.io/cli-runtime/pkg/printers GoTemplatePrinter.PrintObj.
fn fill_in(template: &Template, value: &Value, strict: bool) -> Result<String, Failure> {
    template.execute(value, strict).map_err(|(printed, why)| {
        let text = &template.text;
        let shown = format!("{printed}Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{text}\n\traw data was:\n\t\t{}\n\n\tobject given to template engine was:\n\t\t{}\n\n", json(value), cell_text(value));
        Failure::Printed(shown, format!("error executing template {text:?}: {why}"))
    })
}

fn no_such_file(what: &str, path: &str) -> Failure {
    error(format!("error reading {what}{path}, open {path}: no such file or directory"))
}

fn list_value(objects: &[Object]) -> Value {
    let values: Vec<Value> = objects.iter().map(|object| object.value.clone()).collect();
    list_of(&values)
}
