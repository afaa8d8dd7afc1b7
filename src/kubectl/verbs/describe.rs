//! `kubectl describe`.

use super::Verb;
use crate::api::Object;
use crate::kubectl::call::{Call, Outcome, Run, WorldReader};
use crate::kubectl::describe::describe;
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::{list, select};

/// Its row.
pub static VERB: Verb = Verb { name: "describe", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    if args.is_empty() && !call.line.has("filename") {
        return Err(error("You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources."));
    }
    let selection = select(call, &args, true)?;
    let (mut objects, failures) = selection.objects(call)?;
    // What is not there under its whole name is looked for by its beginning, of one type.
    if failures.len() == 1 && args.len() == 2 && args[0].contains(',') {
        return Err(error("you may only specify a single resource type"));
    }
    if objects.is_empty() {
        if let ([(kind, prefix)], [first]) = (&selection.named[..], &failures[..]) {
            objects =
                list(call, kind)?.into_iter().filter(|object| object.name().starts_with(prefix.as_str())).collect();
            if objects.is_empty() {
                return Err(first.clone());
            }
            print(call, &objects);
            return Ok(Run::Done(0));
        }
        if failures.is_empty() {
            match call.line.is("all-namespaces") {
                true => call.out.err("No resources found"),
                false => {
                    let text = format!("No resources found in {} namespace.", call.namespace());
                    call.out.err(text);
                }
            }
        }
    }
    print(call, &objects);
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// Prints descriptions, two blank lines between. Of several objects the events are left out.
fn print(call: &mut Call<'_>, objects: &[Object]) {
    let events = call.line.is_or("show-events", objects.len() == 1);
    let reader = WorldReader(call.world);
    let texts: Vec<String> = objects.iter().map(|object| describe(object, &reader, events)).collect();
    call.out.out(texts.join("\n\n"));
}
