//! `kubectl replace`.

use super::change::{create, modify, no_such_part, report};
use super::Verb;
use crate::api::Status;
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::manifest::{self, Manifest};
use crate::store::plan::DeleteOptions;

/// Its row.
pub static VERB: Verb = Verb { name: "replace", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    manifest::require_files(call)?;
    let dry = call.dry_run()?;
    let force = call.line.is("force");
    for (given, why) in [
        (force && dry != DryRun::No, "--dry-run can not be used when --force is set"),
        (!force && call.line.has("grace-period"), "--grace-period must have --force specified"),
        (!force && call.line.has("timeout"), "--timeout must have --force specified"),
    ] {
        if given {
            return Err(error(why));
        }
    }
    let files = manifest::read_flag(call)?;
    let mut failures = files.failures;
    for manifest in files.manifests {
        let replaced = replace(call, &manifest, dry);
        failures.extend(replaced.err().map(|failure| failure.when("replacing", &manifest.source)));
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

fn replace(call: &mut Call<'_>, manifest: &Manifest, dry: DryRun) -> Result<(), Failure> {
    let (kind, namespace, name) = manifest.target(call)?;
    if call.line.text("subresource") == "status" && !kind.has_status {
        return Err(no_such_part());
    }
    let current = call.get(kind, &namespace, &name);
    let mut wanted = manifest.accepted(call)?;
    if kind.namespaced {
        wanted.set("metadata.namespace", namespace.as_str());
    }
    if call.line.is("save-config") {
        wanted = super::apply::with_last_applied(&wanted);
    }
    if call.line.is("force") {
        if let Ok(current) = current {
            let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
            let because = call.because();
            if dry == DryRun::No {
                let (key, uid) = (current.key(), current.uid().to_owned());
                call.world.request(|server| server.delete(kind, &key, &uid, options, &because))?;
            }
            let place = if kind.namespaced { format!(" from {namespace} namespace") } else { String::new() };
            call.out.line(format!("{} \"{name}\" deleted{place}", kind.singular_resource()));
        }
        for field in ["resourceVersion", "uid", "creationTimestamp"] {
            wanted.value.slot("metadata").remove_key(field);
        }
        let made = create(call, wanted, dry)?;
        return report(call, &made, "replaced", dry);
    }
    let version = wanted.at("metadata.resourceVersion").text();
    let replaced = modify(call, &current?, dry, |object| {
        if !version.is_empty() && version != object.at("metadata.resourceVersion").str() {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Status::conflict(&object.kind.resource(), object.name(), why));
        }
        *object = wanted;
        Ok(())
    })?;
    report(call, &replaced, "replaced", dry)
}
