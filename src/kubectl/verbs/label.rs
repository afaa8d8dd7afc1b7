//! `kubectl label` and `kubectl annotate`.

use super::change::{modify, report};
use super::Verb;
use crate::api::{Object, Status, Value};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::select;

/// The row of label.
pub static LABEL: Verb = Verb { name: "label", run: Some(|call| run(call, &LABELS)), ..super::PLAIN };

/// The row of annotate.
pub static ANNOTATE: Verb = Verb { name: "annotate", run: Some(|call| run(call, &ANNOTATIONS)), ..super::PLAIN };

/// Which of the two maps is meant.
struct Which {
    field: &'static str,
    word: &'static str,
}

static LABELS: Which = Which { field: "labels", word: "label" };
static ANNOTATIONS: Which = Which { field: "annotations", word: "annotation" };

/// A change of one key; no value takes the key away.
struct Update {
    key: String,
    value: Option<String>,
}

fn run(call: &mut Call<'_>, which: &Which) -> Outcome {
    let (resources, updates) = split(&call.line.args, which)?;
    if resources.is_empty() && !call.line.has("filename") {
        return Err(error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if call.line.is("local") && (!call.line.has("filename") || !resources.is_empty()) {
        return Err(error("can only use local files by -f rsrc.yaml or --filename=rsrc.json when --local=true is set"));
    }
    let removed = |a: &&Update| a.value.is_some() && updates.iter().any(|b| b.value.is_none() && a.key == b.key);
    let clashes: Vec<&str> = updates.iter().filter(removed).map(|update| update.key.as_str()).collect();
    if !clashes.is_empty() {
        return Err(error(match which.word {
            "label" => "can not both modify and remove a label in the same command".to_owned(),
            _ => format!(
                "can not both modify and remove the following annotation(s) in the same command: {}",
                clashes.join(", ")
            ),
        }));
    }
    if updates.is_empty() && !call.line.is("list") {
        return Err(error(format!("at least one {} update is required", which.word)));
    }
    let selection = select(call, &resources, call.line.is("all"))?;
    let (objects, mut failures) = selection.objects(call)?;
    for object in objects {
        if call.line.is("list") {
            print_list(call, &object, which, &updates, selection.is_single());
        } else if let Err(failure) = change(call, &object, which, &updates) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// Splits the arguments into what is meant and what is to be changed.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/util GetResourcesAndPairs.
fn split(args: &[String], which: &Which) -> Result<(Vec<String>, Vec<Update>), Failure> {
    let (mut resources, mut updates) = (Vec::new(), Vec::new());
    for arg in args {
        let is_pair = arg.find('=').map_or(arg.ends_with('-'), |at| at > 0);
        if !is_pair {
            if !updates.is_empty() {
                return Err(error(
                    "all resources must be specified before ".to_owned() + which.word + " changes: " + arg,
                ));
            }
            resources.push(arg.clone());
        } else if let Some((key, value)) = arg.split_once('=') {
            if which.word == "label" && value.contains('=') {
                return Err(error(format!("invalid {} spec: {arg}", which.word)));
            }
            if which.word == "label" && !is_label_value(value) {
                return Err(error(format!("invalid label value: \"{arg}\": {LABEL_VALUE}")));
            }
            updates.push(Update { key: key.to_owned(), value: Some(value.to_owned()) });
        } else {
            updates.push(Update { key: arg.trim_end_matches('-').to_owned(), value: None });
        }
    }
    Ok((resources, updates))
}

const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn is_label_value(text: &str) -> bool {
    let inside = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let ends = [text.bytes().next(), text.bytes().last()];
    inside && ends.into_iter().flatten().all(|b| b.is_ascii_alphanumeric()) && text.len() <= 63
}

/// The labels as they would be, without changing them.
fn print_list(call: &mut Call<'_>, object: &Object, which: &Which, updates: &[Update], single: bool) {
    let mut listed = object.clone();
    put(&mut listed, which, updates);
    if !single {
        let (kind, group) = (object.kind.name(), object.kind.group);
        call.out.line(format!("Listing {} for {kind}.{group}/{}:", which.field, object.name()));
    }
    let indent = if single { "" } else { " " };
    for (key, value) in listed.metadata().get(which.field).entries() {
        call.out.line(format!("{indent}{key}={}", value.str()));
    }
}

fn put(object: &mut Object, which: &Which, updates: &[Update]) {
    let metadata = object.value.slot("metadata");
    for update in updates {
        match &update.value {
            Some(value) => metadata.slot(which.field).map_mut().insert(&update.key, value.as_str()),
            None => drop(metadata.slot(which.field).remove_key(&update.key)),
        }
    }
    if metadata.get(which.field).is_empty() {
        metadata.remove_key(which.field);
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/label LabelOptions.RunLabel and its sister for annotations.
fn change(call: &mut Call<'_>, object: &Object, which: &Which, updates: &[Update]) -> Result<(), Failure> {
    let present = object.metadata().get(which.field).clone();
    if !call.line.is("overwrite") {
        refuse_overwriting(&present, which, updates)?;
    }
    let is_label = which.word == "label";
    for update in updates {
        if is_label && !call.line.is("local") && update.value.is_none() && present.get(&update.key).is_null() {
            call.out.line(format!("label \"{}\" not found.", update.key));
        }
    }
    let dry = call.dry_run()?;
    let wanted = call.line.get("resource-version").map(str::to_owned);
    let changed = modify(call, object, dry, |object| {
        if wanted.is_some_and(|wanted| wanted != object.at("metadata.resourceVersion").str()) {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Status::conflict(&object.kind.resource(), object.name(), why));
        }
        put(object, which, updates);
        Ok(())
    })?;
    let done = match is_label {
        true => label_text(&present, changed.metadata().get(which.field), updates),
        false => "annotated",
    };
    report(call, &changed, done, dry)
}

fn refuse_overwriting(present: &Value, which: &Which, updates: &[Update]) -> Result<(), Failure> {
    let taken: Vec<String> = updates
        .iter()
        .filter(|update| update.key != super::change::CHANGE_CAUSE)
        .filter_map(|update| {
            let (old, new) = (present.get(&update.key).opt_str()?, update.value.as_deref()?);
            (old != new).then(|| format!("'{}' already has a value ({old})", update.key))
        })
        .collect();
    match (taken.is_empty(), which.word) {
        (true, _) => Ok(()),
        (false, "label") => Err(error(format!("{}, and --overwrite is false", taken.join(", ")))),
        (false, _) => Err(error(format!(
            "--overwrite is false but found the following declared annotation(s): {}",
            taken.join("; ")
        ))),
    }
}

fn label_text(before: &Value, after: &Value, updates: &[Update]) -> &'static str {
    let added = updates.iter().any(|update| update.value.is_some());
    let removed = updates.iter().any(|update| update.value.is_none());
    match (added, removed) {
        _ if before == after => "not labeled",
        (true, true) => "modified",
        (false, true) => "unlabeled",
        _ => "labeled",
    }
}
