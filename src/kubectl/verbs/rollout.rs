//! `kubectl rollout`: status, history, undo, pause, resume and restart.

use super::change::{modify, report};
use super::rollout_history;
use super::rollout_progress::{viewer, Progress};
use super::Verb;
use crate::api::{Kind, Object, ObjectKey};
use crate::base::time::{parse_duration, SimTime};
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::kubectl::resources::select;

/// Where a restart is written down.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
const TOO_SOON: &str =
    "if restart has already been triggered within the past second, please wait before attempting to trigger another";

/// Its row.
pub static VERB: Verb =
    Verb { name: "rollout", subverbs: &[&HISTORY, &PAUSE, &RESTART, &RESUME, &STATUS, &UNDO], ..super::PLAIN };

static HISTORY: Verb = Verb { name: "history", run: Some(rollout_history::run), ..super::PLAIN };

static STATUS: Verb = Verb { name: "status", run: Some(status), ..super::PLAIN };

static UNDO: Verb = Verb { name: "undo", run: Some(rollout_history::undo), ..super::PLAIN };

static PAUSE: Verb = Verb { name: "pause", run: Some(|call| each(call, pause)), ..super::PLAIN };

static RESUME: Verb = Verb { name: "resume", run: Some(|call| each(call, resume)), ..super::PLAIN };

static RESTART: Verb = Verb { name: "restart", run: Some(|call| each(call, restart)), ..super::PLAIN };

/// The objects that are meant; at least one.
pub(super) fn targets(call: &mut Call<'_>) -> Result<Vec<Object>, Failure> {
    let args = call.line.args.clone();
    if args.is_empty() && !call.line.has("filename") {
        return Err(error("required resource not specified"));
    }
    let (objects, failures) = select(call, &args, true)?.objects(call)?;
    if objects.is_empty() && failures.is_empty() && !call.command.ends_with("history") {
        let text = format!("No resources found in {} namespace.", call.namespace());
        call.out.err(text);
    }
    Failure::of(failures).map_or(Ok(objects), Err)
}

fn each(call: &mut Call<'_>, act: fn(&mut Call<'_>, &Object) -> Result<(), Failure>) -> Outcome {
    let mut failures = Vec::new();
    for object in targets(call)? {
        failures.extend(act(call, &object).err());
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

fn refuse(object: &Object, why: &str) -> Failure {
    error(format!("error: {} \"{}\" {why}", object.kind.resource(), object.name()))
}

fn pause(call: &mut Call<'_>, object: &Object) -> Result<(), Failure> {
    set_paused(call, object, true, "pausing is not supported", "is already paused", "paused")
}

fn resume(call: &mut Call<'_>, object: &Object) -> Result<(), Failure> {
    set_paused(call, object, false, "resuming is not supported", "is not paused", "resumed")
}

fn set_paused(
    call: &mut Call<'_>,
    object: &Object,
    paused: bool,
    unsupported: &str,
    already: &str,
    done: &str,
) -> Result<(), Failure> {
    if object.kind.kind != "Deployment" {
        return Err(refuse(object, unsupported));
    }
    if object.at("spec.paused").bool() == paused {
        return Err(refuse(object, already));
    }
    let dry = call.dry_run()?;
    let changed = modify(call, object, dry, |object| {
        match paused {
            true => object.set("spec.paused", true),
            false => drop(object.value.remove("spec.paused")),
        }
        Ok(())
    })?;
    report(call, &changed, done, dry)
}

/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers defaultObjectRestarter.
fn restart(call: &mut Call<'_>, object: &Object) -> Result<(), Failure> {
    if !matches!(object.kind.kind, "Deployment" | "DaemonSet" | "StatefulSet") {
        return Err(refuse(object, "restarting is not supported"));
    }
    if object.at("spec.paused").bool() {
        return Err(refuse(object, "can't restart paused deployment (run rollout resume first)"));
    }
    let (dry, now) = (call.dry_run()?, call.world.timestamp().rfc3339());
    if object.at("spec.template.metadata.annotations").get(RESTARTED_AT).str() == now {
        let name = object.name();
        return Err(error(format!("failed to create patch for {name}: {TOO_SOON}")));
    }
    let changed = modify(call, object, dry, |object| {
        object.value.slot_at("spec.template.metadata.annotations").map_mut().insert(RESTARTED_AT, now);
        Ok(())
    })?;
    report(call, &changed, "restarted", dry)
}

fn status(call: &mut Call<'_>) -> Outcome {
    let revision = call.number("revision")?.unwrap_or(0);
    let until = match call.line.get("timeout") {
        None | Some("0" | "0s") => None,
        Some(text) => {
            let span = parse_duration(text).ok_or_else(|| super::bad_duration(call, "timeout", text))?;
            Some(call.world.now() + span)
        }
    };
    if revision < 0 {
        return Err(error(format!("revision must be a positive integer: {revision}")));
    }
    let objects = targets(call)?;
    for object in &objects {
        if viewer(object.kind).is_none() {
            let kind = object.kind.qualified_kind();
            return Err(error(format!("no status viewer has been implemented for {kind}")));
        }
    }
    let items = objects.iter().map(|object| (object.kind, object.key())).rev().collect();
    let watch = call.line.is_or("watch", true);
    Ok(Run::Wait(Box::new(Status { items, seen: 0, revision, watch, until, code: 0 })))
}

/// Watches rollouts, one after the other.
struct Status {
    items: Vec<(&'static Kind, ObjectKey)>,
    seen: u64,
    revision: i64,
    watch: bool,
    until: Option<SimTime>,
    code: u8,
}

impl Waiting for Status {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        while let Some((kind, key)) = self.items.last().cloned() {
            let states: Vec<Object> = match self.seen {
                0 => world.store().get(kind.kind, &key).cloned().into_iter().collect(),
                seen => {
                    let changes = world.store().changes_since(seen);
                    let mine = changes.filter(|c| c.kind() == kind.kind && c.key() == key);
                    mine.map(|change| change.object.clone()).collect()
                }
            };
            self.seen = world.store().revision();
            let finished = states.iter().any(|object| self.show(object, out));
            if finished || !self.watch {
                self.items.pop();
                self.seen = 0;
                continue;
            }
            if world.store().get(kind.kind, &key).is_none() {
                out.err("error: object has been deleted");
                return Poll::Done(1);
            }
            if self.until.is_some_and(|until| world.now() >= until) {
                out.err("error: timed out waiting for the condition");
                return Poll::Done(1);
            }
            return Poll::Pending(self.until);
        }
        Poll::Done(self.code)
    }
}

impl Status {
    /// Prints how far a rollout is; true when there is nothing more to wait for.
    fn show(&mut self, object: &Object, out: &mut Output) -> bool {
        let Some(progress) = viewer(object.kind) else { return true };
        match progress(object, self.revision) {
            Progress::Going(text) => {
                out.line(text);
                false
            }
            Progress::Done(text) => {
                out.line(text);
                true
            }
            Progress::Failed(text) => {
                out.err(format!("error: {text}"));
                self.code = 1;
                true
            }
        }
    }
}
