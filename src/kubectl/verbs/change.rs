//! What the verbs that change objects share: making a change or trying it out, and saying what was done.

use crate::api::field_manager::Manager;
use crate::api::{Object, Status};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::failure::Failure;
use crate::kubectl::print::Format;
use crate::store::server::Part;

/// Changes an object of the cluster, or tries it out, and gives what came of it.
pub fn modify(
    call: &mut Call<'_>,
    object: &Object,
    dry: DryRun,
    change: impl FnOnce(&mut Object) -> Result<(), Status>,
) -> Result<Object, Failure> {
    let subresource = call.line.text("subresource").to_owned();
    let changed = modify_part(call, object, &subresource, dry, change)?;
    if dry != DryRun::Client {
        warn(call, &changed, Some(object));
    }
    Ok(changed)
}

/// The same through a sub-resource, of which the API server does not warn.
pub fn modify_part(
    call: &mut Call<'_>,
    object: &Object,
    subresource: &str,
    dry: DryRun,
    change: impl FnOnce(&mut Object) -> Result<(), Status>,
) -> Result<Object, Failure> {
    let (kind, key, because) = (object.kind, object.key(), call.because());
    call.authorize("patch", kind, subresource, object.namespace(), object.name())?;
    let part = match subresource {
        "status" if !kind.has_status => return Err(no_such_part()),
        "status" | "approval" => Part::Status,
        "resize" | "ephemeralcontainers" if kind.kind != "Pod" => return Err(no_such_part()),
        "resize" => Part::Resize,
        "ephemeralcontainers" => Part::EphemeralContainers,
        "" | "scale" => Part::Main,
        _ => return Err(no_such_part()),
    };
    let cause = change_cause(call);
    let apply = |current: &Object| {
        let mut object = current.clone();
        change(&mut object)?;
        if let Some(cause) = &cause {
            object.value.slot("metadata").slot("annotations").map_mut().insert(CHANGE_CAUSE, cause.as_str());
        }
        Ok(object)
    };
    let name = call.manager();
    let manager = Manager { name: &name, subresource };
    let changed = match dry {
        DryRun::No => call.world.request_as(manager, |server| server.modify(kind, &key, part, &because, apply))?,
        DryRun::Server => call.world.request_as(manager, |server| server.dry_modify(kind, &key, part, apply))?,
        DryRun::Client => return Ok(apply(object)?),
    };
    Ok(changed)
}

/// What the API server says of a sub-resource that a kind does not have.
pub fn no_such_part() -> Failure {
    let mut status = Status::not_found("", "");
    status.message = "the server could not find the requested resource".to_owned();
    status.into()
}

/// The annotation that says why a revision came about.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// The command line as `--record` keeps it; none where it was not given.
///
/// Models staging/src/k8s.io/cli-runtime/pkg/genericclioptions ChangeCauseRecorder and parseCommandArguments.
fn change_cause(call: &Call<'_>) -> Option<String> {
    let args: String = call.line.args.iter().map(|arg| format!(" {arg}")).collect();
    call.line.is("record").then(|| format!("{}{args}{}", call.command, call.line.given))
}

/// Creates an object, or tries it out, and gives what was stored.
pub fn create(call: &mut Call<'_>, mut object: Object, dry: DryRun) -> Result<Object, Failure> {
    if let Some(cause) = change_cause(call) {
        object.value.slot("metadata").slot("annotations").map_mut().insert(CHANGE_CAUSE, cause.as_str());
    }
    if dry != DryRun::Client {
        call.authorize("create", object.kind, "", object.namespace(), "")?;
    }
    let because = call.because();
    let name = call.manager();
    let manager = Manager { name: &name, subresource: "" };
    // As the server reads it: amounts in their canonical form, what is empty left out.
    if dry != DryRun::Client {
        object.value = crate::api::decode::normalised(&object.value, object.kind);
    }
    let made = match dry {
        DryRun::No => call.world.request_as(manager, |server| server.create(object, &because))?,
        DryRun::Server => call.world.request_as(manager, |server| server.dry_create(object))?,
        DryRun::Client => return Ok(object),
    };
    warn(call, &made, None);
    Ok(made)
}

/// Prints what the API server warns of in an object that it took.
pub fn warn(call: &mut Call<'_>, object: &Object, old: Option<&Object>) {
    let warnings = call.world.request(|server| server.warnings(object, old));
    for warning in warnings {
        call.out.warn(&warning);
    }
}

/// Says what was done to an object: `pod/web labeled`, or the object as `-o` wants it.
pub fn report(call: &mut Call<'_>, object: &Object, done: &str, dry: DryRun) -> Result<(), Failure> {
    let format = Format::of(call)?;
    match format {
        Format::Table { .. } => {
            let resource = object.kind.singular_resource();
            let suffix = if call.line.is("local") { "" } else { dry.suffix() };
            call.out.line(format!("{resource}/{} {done}{suffix}", object.name()));
        }
        format => {
            let text = format.one(object)?;
            call.out.out(text);
        }
    }
    Ok(())
}
