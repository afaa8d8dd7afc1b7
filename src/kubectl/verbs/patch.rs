//! `kubectl patch`: strategic merge, JSON merge and JSON patches.

use super::change::{modify, modify_part, no_such_part, report};
use super::Verb;
use crate::api::decode::FieldValidation;
use crate::api::patch::{self, PatchType};
use crate::api::{encode, Object, Status, Value};
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::manifest::patch_value;
use crate::kubectl::resources::select;

/// Its row.
pub static VERB: Verb = Verb { name: "patch", run: Some(run), ..super::PLAIN };

const UNCHANGED: &str = "patched (no change)";

fn run(call: &mut Call<'_>) -> Outcome {
    let kind = match call.line.text("type").to_lowercase().as_str() {
        "" | "strategic" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        _ => {
            let given = call.line.text("type");
            return Err(error(format!("--type must be one of [json merge strategic], not {given:?}")));
        }
    };
    let given = |flag: &str| !call.line.text(flag).is_empty();
    if given("patch") && given("patch-file") {
        return Err(error("cannot specify --patch and --patch-file together"));
    }
    if call.line.is("local") && !call.line.args.is_empty() {
        return Err(error("cannot specify --local and server resources"));
    }
    let text = match (call.line.get("patch"), call.line.get("patch-file")) {
        (Some(text), _) if !text.is_empty() => text.to_owned(),
        (_, Some(path)) => {
            let found = call.session.file(path).map(str::to_owned);
            let missing = || error(format!("unable to read patch file: open {path}: no such file or directory"));
            found.ok_or_else(missing)?
        }
        _ => return Err(error("must specify --patch or --patch-file containing the contents of the patch")),
    };
    let args = call.line.args.clone();
    let selection = select(call, &args, false)?;
    let (objects, mut failures) = selection.objects(call)?;
    if objects.is_empty() && !failures.is_empty() {
        return Err(Failure::of(failures).unwrap_or(Failure::Silent(1)));
    }
    let patch = patch::parse(&encode::json(&patch_value(&text)?), kind)?;
    for object in objects {
        if let Err(failure) = apply(call, &object, kind, &patch) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

fn apply(call: &mut Call<'_>, object: &Object, kind: PatchType, patch: &Value) -> Result<(), Failure> {
    if kind == PatchType::Strategic && object.kind.custom.is_some() {
        let (version, kind) = (object.kind.api_version(), object.kind.name());
        let format = "application/strategic-merge-patch+json is not supported by";
        return Err(error(format!("{format} {version}, Kind={kind}: {}", patch::NO_STRATEGIC)));
    }
    let dry = call.dry_run()?;
    if call.line.text("subresource") == "scale" {
        let replicas = patch.at("spec.replicas").opt_int().ok_or_else(no_such_part)?;
        let (path, _) = object.kind.replicas().ok_or_else(no_such_part)?;
        modify_part(call, object, "scale", dry, |object| {
            object.set(path, replicas);
            Ok(())
        })?;
        let done = if object.at(path).opt_int() == Some(replicas) { UNCHANGED } else { "patched" };
        call.out.line(format!("scale.autoscaling/{} {done}", object.name()));
        return Ok(());
    }
    if call.line.is("local") {
        let patched = patch::apply_local(object, patch, kind).map_err(error)?;
        return report(call, &patched, if patched.value == object.value { UNCHANGED } else { "patched" }, DryRun::No);
    }
    let mut warnings = Vec::new();
    let change = |object: &mut Object| {
        let revision = object.at("metadata.resourceVersion").clone();
        (*object, warnings) = patch::apply(object, patch, kind, FieldValidation::Warn)?;
        let wanted = object.at("metadata.resourceVersion");
        if !wanted.is_null() && *wanted != revision {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Status::conflict(&object.kind.resource(), object.name(), why));
        }
        Ok(())
    };
    let patched = modify(call, object, dry, change)?;
    warnings.iter().for_each(|warning| call.out.warn(warning));
    let done = if patched.value == object.value && !call.line.has("filename") { UNCHANGED } else { "patched" };
    // Upstream sets the words of a dry run before it knows what was done, and overwrites them.
    report(call, &patched, done, DryRun::No)
}
