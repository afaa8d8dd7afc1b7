//! `kubectl diff`: what apply would change.

use super::apply::merged;
use super::change::{create, modify};
use super::Verb;
use crate::api::apply::LAST_APPLIED;
use crate::api::encode::{without_managed_fields, yaml};
use crate::api::{Object, Value};
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::Failure;
use crate::kubectl::manifest::{self, Manifest};
use crate::kubectl::unified::unified_diff;

/// Its row.
pub static VERB: Verb = Verb { name: "diff", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    let above_one = |failure: Failure, command: &str, call: &mut Call<'_>| {
        let text = failure.text(command);
        call.out.err(text.trim_end_matches('\n'));
        Failure::Silent(2)
    };
    let command = call.command.clone();
    if !call.line.args.is_empty() {
        let why = Failure::Usage(format!("Unexpected args: [{}]", call.line.args.join(" ")));
        return Err(above_one(why, &command, call));
    }
    let read = manifest::require_files(call).and_then(|()| manifest::read_flag(call));
    let manifests = match read.and_then(|files| Failure::of(files.failures).map_or(Ok(files.manifests), Err)) {
        Ok(manifests) => manifests,
        Err(failure) => return Err(above_one(failure, &command, call)),
    };
    let mut differs = false;
    for manifest in &manifests {
        match diff(call, manifest) {
            Ok(text) => {
                differs |= !text.is_empty();
                call.out.out(text);
            }
            Err(failure) => return Err(above_one(failure, &command, call)),
        }
    }
    Ok(Run::Done(u8::from(differs)))
}

fn shown(object: &Object) -> String {
    yaml(&without_managed_fields(&object.value))
}

/// The difference for one object, in the form of `diff -u -N`.
fn diff(call: &mut Call<'_>, manifest: &Manifest) -> Result<String, Failure> {
    let (kind, namespace, name) = manifest.target(call)?;
    let mut wanted = manifest.accepted(call)?;
    if kind.namespaced {
        wanted.set("metadata.namespace", namespace.as_str());
    }
    let current = call.world.store().find(kind.kind, &namespace, &name).cloned();
    let (live, after) = match current {
        None => {
            let mut made = create(call, wanted, DryRun::Server)?;
            made.value.remove("metadata.resourceVersion");
            (String::new(), shown(&made))
        }
        Some(current) if call.line.is("server-side") => {
            let applied = super::server_side::request(call, &wanted, call.line.is("force-conflicts"), DryRun::Server)?;
            (shown(&current), shown(&applied))
        }
        Some(current) => {
            let changed = modify(call, &current, DryRun::Server, |object| {
                let remembered = object.value.at("metadata.annotations").get(LAST_APPLIED).clone();
                if let Some(merged) = merged(object, &wanted, manifest.validation)? {
                    *object = merged.0;
                }
                let annotations = object.value.slot_at("metadata.annotations");
                match remembered {
                    Value::Null => drop(annotations.remove_key(LAST_APPLIED)),
                    remembered => annotations.map_mut().insert(LAST_APPLIED, remembered),
                }
                if annotations.is_empty() {
                    object.value.slot("metadata").remove_key("annotations");
                }
                Ok(())
            })?;
            (shown(&current), shown(&changed))
        }
    };
    let version = kind.api_version().replace('/', ".");
    let file = format!("{version}.{}.{namespace}.{name}", kind.name());
    let (left, right) = (format!("/tmp/LIVE-1/{file}"), format!("/tmp/MERGED-1/{file}"));
    let at = call.world.timestamp().rfc3339().replace('T', " ").replace('Z', ".000000000 +0000");
    let body = unified_diff(&live, &after);
    if body.is_empty() {
        return Ok(body);
    }
    Ok(format!("diff -u -N {left} {right}\n--- {left}\t{at}\n+++ {right}\t{at}\n{body}"))
}
