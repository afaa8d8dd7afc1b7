//! `kubectl edit`: the object is written to a file and handed over; applying that file is the edit.

use super::Verb;
use crate::api::encode::{without_managed_fields, yaml};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::{select, NOTHING_NAMED};
use crate::kubectl::session::Editing;

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
    let [object] = objects.as_slice() else {
        return Err(error("name one object to edit"));
    };
    let path = format!("kubectl-edit-{}-{}.yaml", object.kind.singular, object.name());
    let resource = format!("{}/{}", object.kind.singular_resource(), object.name());
    call.session.write(&path, yaml(&without_managed_fields(&object.value)));
    call.session.editing = Some(Editing { path: path.clone() });
    call.out.line(format!("{resource} was written to {path}: change it there, then `kubectl replace -f {path}`"));
    Ok(Run::Done(0))
}
