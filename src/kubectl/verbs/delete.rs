//! `kubectl delete`: asks for the deletion and waits until the objects are gone.

use super::Verb;
use crate::api::{Object, ObjectKey};
use crate::base::time::{parse_duration, SimTime};
use crate::cluster::World;
use crate::kubectl::call::{Call, DryRun, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::kubectl::resources::{list, select};
use crate::store::plan::{DeleteOptions, Propagation};

/// Its row.
pub static VERB: Verb = Verb { name: "delete", run: Some(run), ..super::PLAIN };

const FORCED: &str = "Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.";

fn run(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    if call.line.is("all") && call.line.has("selector") {
        return Err(error("setting 'all' parameter but found a non empty selector."));
    }
    let dry = call.dry_run()?;
    let mode = call.line.text("output");
    if !matches!(mode, "" | "name") {
        return Err(error(format!("unexpected -o output mode: {mode}. We only support '-o name'")));
    }
    let options = options(call)?;
    let selection = select(call, &args, false)?;
    let named = selection.kinds.is_empty();
    let (mut failures, mut gone) = (selection.unread.clone(), Vec::new());
    let mut found = 0;
    let mut chosen: Vec<(Object, String)> = Vec::new();
    for (kind, name) in &selection.named {
        let namespace = call.namespace_for(kind);
        let allowed = call.authorize("delete", kind, "", &namespace, name);
        match allowed.and_then(|()| call.get(kind, &namespace, name)) {
            Ok(object) => chosen.push((object, String::new())),
            Err(failure) => failures.push(failure),
        }
    }
    for manifest in &selection.manifests {
        match manifest.target(call).and_then(|(kind, namespace, name)| call.get(kind, &namespace, &name)) {
            Ok(object) => chosen.push((object, manifest.source.clone())),
            Err(failure) => failures.push(failure.when("deleting", &manifest.source)),
        }
    }
    for kind in &selection.kinds {
        chosen.extend(list(call, kind)?.into_iter().map(|object| (object, String::new())));
    }
    if call.line.is("interactive") && !chosen.is_empty() && !confirmed(call, &chosen) {
        return Ok(Run::Done(0));
    }
    if options.grace_seconds == Some(0) && !chosen.is_empty() {
        call.out.warn(FORCED);
    }
    for (object, source) in chosen {
        found += 1;
        match delete(call, &object, options, dry) {
            Ok(()) => gone.push((object.kind.kind, object.key(), object.uid().to_owned())),
            Err(failure) => failures.push(failure.when("deleting", &source)),
        }
    }
    if call.line.is("ignore-not-found") {
        failures.retain(|failure| !matches!(failure, Failure::Server(status) if status.reason == "NotFound"));
    }
    if found == 0 && failures.is_empty() && !named {
        call.out.line("No resources found");
    }
    let failure = Failure::of(failures);
    if dry != DryRun::No || !call.line.is_or("wait", true) || gone.is_empty() {
        return failure.map_or(Ok(Run::Done(0)), Err);
    }
    let until = deadline(call)?;
    let code = failure.as_ref().map_or(0, Failure::code);
    if let Some(failure) = failure {
        let text = failure.text(&call.command);
        call.out.err(text.trim_end_matches('\n'));
    }
    Ok(Run::Wait(Box::new(Vanish { gone, until, code })))
}

/// Asks on standard input whether these are really meant.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/delete DeleteOptions.confirmation.
fn confirmed(call: &mut Call<'_>, chosen: &[(Object, String)]) -> bool {
    call.out.line(format!("You are about to delete the following {} resource(s):", chosen.len()));
    for (object, _) in chosen {
        call.out.line(format!("{}/{}", object.kind.singular_resource(), object.name()));
    }
    let answer = call.stdin.take().unwrap_or_default();
    let yes = answer.lines().next().is_some_and(|line| line.trim().eq_ignore_ascii_case("y"));
    call.out.out(if yes {
        "Do you want to continue? (y/n): "
    } else {
        "Do you want to continue? (y/n): deletion is cancelled\n"
    });
    yes
}

/// When the patience ends; never where no timeout was given.
fn deadline(call: &Call<'_>) -> Result<Option<SimTime>, Failure> {
    match call.line.get("timeout") {
        None | Some("0" | "0s") => Ok(None),
        Some(text) => match parse_duration(text) {
            Some(span) => Ok(Some(call.world.now() + span)),
            None => Err(super::bad_duration(call, "timeout", text)),
        },
    }
}

fn options(call: &Call<'_>) -> Result<DeleteOptions, Failure> {
    let propagation = match call.line.get("cascade") {
        None | Some("background" | "true") => Propagation::Background,
        Some("foreground") => Propagation::Foreground,
        Some("orphan" | "false") => Propagation::Orphan,
        Some(other) => {
            return Err(error(format!(
                "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            )))
        }
    };
    let (force, now) = (call.line.is("force"), call.line.is("now"));
    let grace = call.number("grace-period")?.filter(|seconds| *seconds >= 0);
    if now && grace.is_some() {
        return Err(error("--now and --grace-period cannot be specified together"));
    }
    if force && grace.is_some_and(|seconds| seconds > 0) {
        return Err(error("--force and --grace-period greater than 0 cannot be specified together"));
    }
    let grace_seconds = match grace {
        _ if force => Some(0),
        _ if now => Some(1),
        Some(0) => Some(1),
        grace => grace,
    };
    Ok(DeleteOptions { grace_seconds, propagation })
}

fn delete(call: &mut Call<'_>, object: &Object, options: DeleteOptions, dry: DryRun) -> Result<(), Failure> {
    call.authorize("delete", object.kind, "", object.namespace(), object.name())?;
    let because = call.because();
    if dry == DryRun::No {
        call.world.request(|server| server.delete(object.kind, &object.key(), object.uid(), options, &because))?;
    }
    if call.line.text("output") == "name" {
        call.out.line(format!("{}/{}", object.kind.singular_resource(), object.name()));
        return Ok(());
    }
    let how = if call.line.is("force") { "force deleted" } else { "deleted" };
    let place = match object.namespace() {
        "" => String::new(),
        namespace => format!(" from {namespace} namespace"),
    };
    let (resource, name) = (object.kind.singular_resource(), object.name());
    call.out.line(format!("{resource} \"{name}\" {how}{place}{}", dry.suffix()));
    Ok(())
}

/// Waits until objects are gone, or others stand in their place.
struct Vanish {
    gone: Vec<(&'static str, ObjectKey, String)>,
    until: Option<SimTime>,
    code: u8,
}

impl Waiting for Vanish {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        self.gone.retain(|(kind, key, uid)| world.store().get(kind, key).is_some_and(|object| object.uid() == uid));
        if self.gone.is_empty() {
            return Poll::Done(self.code);
        }
        if self.until.is_some_and(|until| world.now() >= until) {
            for (kind, key, _) in &self.gone {
                let resource = world.store().catalog().named(kind).map_or_else(String::new, |kind| kind.resource());
                out.err(format!("error: timed out waiting for the condition on {resource}/{}", key.name));
            }
            return Poll::Done(1);
        }
        Poll::Pending(self.until)
    }
}
