//! `kubectl apply --server-side`: the server merges, and keeps who wants which field.

use super::change::{report, warn};
use crate::api::apply::{last_applied, LAST_APPLIED};
use crate::api::decode::{self, ProblemKind};
use crate::api::field_manager::{annotation_is_applied, upgraded, Manager};
use crate::api::{Object, Status};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::manifest::Manifest;
use crate::kubectl::resources::warn_of_deprecation;
use crate::store::server::Part;

/// What kubectl says behind a conflict.
const CONFLICT_HELP: &str = "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// Applies one object.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/apply ApplyOptions.applyOneObject, server-side.
pub(super) fn apply(call: &mut Call<'_>, manifest: &Manifest, dry: DryRun) -> Result<(), Failure> {
    let (kind, namespace, _) = manifest.target(call)?;
    warn_of_deprecation(call, kind);
    let mut wanted = manifest.object.clone();
    if kind.namespaced {
        wanted.set("metadata.namespace", namespace.as_str());
    }
    check_fields(&wanted)?;
    wanted = Object { value: wanted.value, kind };
    manifest.accepted(call)?;
    let name = call.manager();
    let before = call.world.store().get(kind.kind, &wanted.key()).cloned();
    let applied = request(call, &wanted, call.line.is("force-conflicts"), dry)?;
    warn(call, &applied, before.as_ref());
    let applied = migrate(call, applied, &wanted, &name, dry);
    report(call, &applied, "serverside-applied", dry)
}

/// Applies a configuration in the name of the verb's field manager.
pub(super) fn request(call: &mut Call<'_>, wanted: &Object, force: bool, dry: DryRun) -> Result<Object, Failure> {
    let name = call.manager();
    request_as(call, wanted, &name, force, dry)
}

fn request_as(call: &mut Call<'_>, wanted: &Object, name: &str, force: bool, dry: DryRun) -> Result<Object, Failure> {
    let because = call.because();
    let manager = Manager { name, subresource: "" };
    let applied = call.world.request_as(manager, |server| server.apply(wanted, force, dry == DryRun::Server, &because));
    applied.map_err(|status| match status.message.starts_with("Apply failed with ") {
        true => error(format!("{}\n{CONFLICT_HELP}", status.message)),
        false => Failure::Server(status),
    })
}

/// What the server says of fields that it does not know in a configuration to apply.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal structuredMergeManager.Apply.
fn check_fields(wanted: &Object) -> Result<(), Failure> {
    let kind = wanted.kind;
    let problems = decode::read(&wanted.value, kind).problems;
    let unknown = problems.iter().filter(|problem| matches!(problem.kind, ProblemKind::Unknown { .. }));
    let lines: Vec<String> = unknown
        .map(|problem| {
            let path = crate::api::diagnostic::path_text(&problem.path);
            format!(".{path}: field not declared in schema")
        })
        .collect();
    let found = match lines.len() {
        0 => return Ok(()),
        1 => lines[0].clone(),
        _ => format!("errors:\n  {}", lines.join("\n  ")),
    };
    let place = wanted.key();
    let (version, name) = (kind.api_version(), kind.name());
    let message = format!("failed to create typed patch object ({place}; {version}, Kind={name}): {found}");
    Err(Failure::Server(Status { code: 500, reason: "", message, causes: Vec::new(), hint: String::new() }))
}

/// Takes over what `kubectl apply` without `--server-side` has owned.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/apply saveLastApplyAnnotationIfNecessary and migrateToSSAIfNecessary.
fn migrate(call: &mut Call<'_>, applied: Object, wanted: &Object, name: &str, dry: DryRun) -> Object {
    let mut object = applied;
    if let Some(text) = last_applied(&object.value).filter(|_| name == "kubectl" && !annotation_is_applied(&object)) {
        let mut annotation = Object::new(object.kind, object.namespace(), object.name());
        annotation.value.slot("metadata").slot("annotations").map_mut().insert(LAST_APPLIED, text);
        match request_as(call, &annotation, "kubectl-last-applied", false, dry) {
            Ok(kept) => object = kept,
            Err(failure) => {
                let why = failure.message();
                let why = why.split("\nPlease review").next().unwrap_or_default();
                call.out.warn(&format!("failed to migrate {LAST_APPLIED} for Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: {why}"));
                return object;
            }
        }
    }
    let Some(moved) = upgraded(&object, name).filter(|_| dry == DryRun::No) else { return object };
    let (kind, key, because) = (object.kind, object.key(), call.because());
    let fields = moved.metadata().get("managedFields").clone();
    let kept = call.world.request(|server| {
        server.modify(kind, &key, Part::Main, &because, |current| {
            let mut object = current.clone();
            object.set("metadata.managedFields", fields);
            Ok(object)
        })
    });
    match kept.map_err(Failure::Server).and_then(|_| request(call, wanted, call.line.is("force-conflicts"), dry)) {
        Ok(again) => again,
        Err(failure) => {
            let why = failure.message();
            call.out.warn(&format!("server rejected managed fields migration to Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: {why}"));
            object
        }
    }
}
