//! `kubectl scale`.

use super::change::{modify_part, no_such_part, report};
use super::Verb;
use crate::api::Object;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::select;

/// Its row.
pub static VERB: Verb = Verb { name: "scale", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    call.require(&["replicas"])?;
    let replicas = call.number("replicas")?.unwrap_or(0);
    if replicas < 0 {
        return Err(error("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"));
    }
    let args = call.line.args.clone();
    let selection = select(call, &args, false)?;
    let (objects, mut failures) = selection.objects(call)?;
    if objects.is_empty() && failures.is_empty() {
        return Err(error("no objects passed to scale"));
    }
    for object in objects {
        if let Err(failure) = scale(call, &object, replicas) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

fn scale(call: &mut Call<'_>, object: &Object, replicas: i64) -> Result<(), Failure> {
    let (path, _) = object.kind.replicas().ok_or_else(no_such_part)?;
    let present = object.at(path).int();
    match call.number("current-replicas")? {
        Some(wanted) if wanted >= 0 && wanted != present => {
            return Err(error(format!("Expected replicas to be {wanted}, was {present}")))
        }
        _ => {}
    }
    match call.line.get("resource-version") {
        Some(wanted) if wanted != object.at("metadata.resourceVersion").str() => {
            let present = object.at("metadata.resourceVersion").str();
            return Err(error(format!("Expected resource version to be {wanted}, was {present}")));
        }
        _ => {}
    }
    let dry = call.dry_run()?;
    let scaled = modify_part(call, object, "scale", dry, |object| {
        object.set(path, replicas);
        Ok(())
    })?;
    report(call, &scaled, "scaled", dry)
}
