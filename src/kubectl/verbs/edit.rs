//! `kubectl edit`: with an editor that is a command (`KUBE_EDITOR='sed -i s/1/2/'`) the object is written to a file, edited
//! and put back; without one the file is handed over, and applying it is the edit.

use super::change::{modify, report};
use super::Verb;
use crate::api::apply::{last_applied, LAST_APPLIED};
use crate::api::decode::FieldValidation;
use crate::api::encode::{json_pretty, without_managed_fields, yaml};
use crate::api::manifest as reader;
use crate::api::status::Cause;
use crate::api::{json, Object, Status, Value};
use crate::base::draw;
use crate::kubectl::call::{Call, DryRun, Outcome, Poll, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::{select, NOTHING_NAMED};
use crate::kubectl::session::Editing;
use crate::kubectl::Job;

/// Its row.
pub static VERB: Verb = Verb { name: "edit", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    if args.is_empty() && !call.line.has("filename") {
        return Err(error(NOTHING_NAMED));
    }
    let (objects, failures) = select(call, &args, true)?.objects(call)?;
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    all(call, &objects)
}

/// True for `apply edit-last-applied`: what is edited is the configuration applied last.
fn edits_applied(call: &Call<'_>) -> bool {
    call.command.ends_with("last-applied")
}

/// Opens the editor for some objects.
pub fn all(call: &mut Call<'_>, objects: &[Object]) -> Outcome {
    let variable = |name: &str| call.session.variables.get(name).filter(|text| !text.is_empty()).cloned();
    let editor = variable("KUBE_EDITOR").or_else(|| variable("EDITOR"));
    let by_hand = editor.as_ref().is_none_or(|name| {
        let name = name.split(' ').next().and_then(|path| path.rsplit('/').next()).unwrap_or("");
        matches!(name, "vi" | "vim" | "nano" | "emacs" | "code" | "edit")
    });
    match editor {
        Some(editor) if !by_hand => {
            for object in objects {
                edit(call, object, &editor)?;
            }
            Ok(Run::Done(0))
        }
        _ => hand_over(call, objects),
    }
}

fn hand_over(call: &mut Call<'_>, objects: &[Object]) -> Outcome {
    let [object] = objects else {
        return Err(error("name one object to edit"));
    };
    let path = format!("kubectl-edit-{}-{}.yaml", object.kind.singular, object.name());
    let resource = format!("{}/{}", object.kind.singular_resource(), object.name());
    if edits_applied(call) {
        call.session.write(&path, yaml(&shown(call, object)));
        call.session.editing = Some(Editing { path: path.clone() });
        let text = format!("what was applied last of {resource} was written to {path}: change it there, then `kubectl apply set-last-applied -f {path}`");
        call.out.line(text);
        return Ok(Run::Done(0));
    }
    call.session.write(&path, yaml(&shown(call, object)));
    call.session.editing = Some(Editing { path: path.clone() });
    call.out.line(format!("{resource} was written to {path}: change it there, then `kubectl replace -f {path}`"));
    Ok(Run::Done(0))
}

/// What the editor shows of an object.
fn shown(call: &Call<'_>, object: &Object) -> Value {
    let applied = || last_applied(&object.value).and_then(|text| json::parse(text.trim_end()).ok());
    match edits_applied(call) {
        true => applied().unwrap_or_default(),
        false => without_managed_fields(&object.value),
    }
}

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

/// Models staging/src/k8s.io/kubectl/pkg/cmd/util/editor EditOptions.Run for one object.
fn edit(call: &mut Call<'_>, object: &Object, editor: &str) -> Result<(), Failure> {
    let in_json = call.line.text("output") == "json";
    let shown = shown(call, object);
    let original = if in_json { json_pretty(&shown) } else { yaml(&shown) };
    let number = draw::below(call.world.settings().seed, "kubectl-edit", object.uid(), call.world.now().0, 1 << 32);
    let path = format!("/tmp/kubectl-edit-{number}.{}", if in_json { "json" } else { "yaml" });
    let (mut before, mut reasons) = (original.clone(), String::new());
    loop {
        let head = if in_json { String::new() } else { format!("{HEAD}{reasons}") };
        call.session.write(&path, format!("{head}{before}"));
        if !run_editor(call, editor, &path) {
            return Err(error(format!("there was a problem with the editor \"{editor}\"")));
        }
        let edited = without_comments(call.session.file(&path).unwrap_or(""));
        let tried = !reasons.is_empty();
        if edited == before {
            if tried {
                call.out.err(format!("A copy of your changes has been stored to {path:?}"));
                return Err(error("Edit cancelled, no valid changes were saved."));
            }
            call.session.remove(&path);
            call.out.err("Edit cancelled, no changes made.");
            return Ok(());
        }
        let why = match put_back(call, object, &edited) {
            Ok(()) => {
                call.session.remove(&path);
                return Ok(());
            }
            Err(why) => why,
        };
        let subject = format!("{} \"{}\"", object.kind.resource(), object.name());
        let status = match why {
            Failure::Server(status) if status.reason != "Invalid" => return Err(Failure::Server(status)),
            Failure::Server(status) => status,
            other => return Err(other),
        };
        call.out.err(format!("error: {subject} is invalid"));
        reasons = format!("# {subject} was not valid:\n");
        for cause in &status.causes {
            let field = if cause.field.is_empty() { "<nil>" } else { &cause.field };
            reasons.push_str(&format!("# * {field}: {}\n", cause.message));
        }
        reasons.push_str("#\n");
        before = edited;
    }
}

/// Runs the editor on a file; false where it fails.
fn run_editor(call: &mut Call<'_>, editor: &str, path: &str) -> bool {
    let mut job = Job::start(&format!("{editor} {path}"));
    let state = job.poll(call.session, call.world);
    for (stream, text) in job.take_output() {
        call.out.push(stream, &text);
    }
    state == Poll::Done(0)
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// Changes the object to what the file says.
fn put_back(call: &mut Call<'_>, object: &Object, text: &str) -> Result<(), Failure> {
    let unreadable = |why: &str| {
        let message = format!("Invalid value: \"The edited file failed validation\": {why}");
        let cause = Cause { field: String::new(), reason: "Invalid value", message };
        Failure::Server(Status::invalid(object.kind.name(), object.name(), vec![cause]))
    };
    let mut read = reader::read(text, "", call.world.store().catalog());
    let manifest = match read.pop() {
        Some(Ok(manifest)) if read.is_empty() => manifest,
        Some(Err(unsent)) => {
            let why = unsent
                .message
                .trim_start_matches("error parsing : ")
                .trim_start_matches("error converting YAML to JSON: ");
            return Err(unreadable(why));
        }
        _ => return Err(unreadable("EOF")),
    };
    let wanted = Object { kind: manifest.kind, value: manifest.value };
    if wanted.kind.kind != object.kind.kind || wanted.name() != object.name() {
        return Err(error("At least one of apiVersion, kind and name was changed"));
    }
    if edits_applied(call) {
        let text = crate::api::encode::json(&wanted.value) + "\n";
        let changed = modify(call, object, DryRun::No, |current| {
            current.value.slot("metadata").slot("annotations").map_mut().insert(LAST_APPLIED, text);
            Ok(())
        })?;
        return report(call, &changed, "edited", DryRun::No);
    }
    let (decoded, warnings) = crate::api::decode::object(&wanted.value, wanted.kind, FieldValidation::Strict)?;
    warnings.iter().for_each(|warning| call.out.warn(warning));
    let changed = modify(call, object, DryRun::No, |current| {
        *current = decoded;
        Ok(())
    })?;
    report(call, &changed, "edited", DryRun::No)
}
