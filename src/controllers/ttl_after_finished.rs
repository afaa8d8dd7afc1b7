//! The TTL controller: a finished Job goes when its time is over.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, Value};
use crate::base::time::Span;
use crate::store::plan::{DeleteOptions, Propagation};
use crate::store::{Action, Because, Change, Plan, Verb, View};

const COMPONENT: &str = "ttl-after-finished-controller";

pub(super) const CONTROLLER: Controller = Controller { name: "ttl-after-finished", keys, reconcile };

fn keys(change: &Change, _view: &View) -> Vec<Key> {
    let wanted = change.kind() == "Job" && change.verb != Verb::Deleted && has_ttl(&change.object);
    if wanted {
        vec![Key::of(&change.object)]
    } else {
        Vec::new()
    }
}

fn has_ttl(job: &Object) -> bool {
    !job.at("spec.ttlSecondsAfterFinished").is_null() && finished_at(job).is_some()
}

fn finished_at(job: &Object) -> Option<&str> {
    let ended = ["Complete", "Failed"].iter().find(|kind| job.has_condition(kind))?;
    Some(job.condition(ended).get("lastTransitionTime").str())
}

/// Models pkg/controller/ttlafterfinished/ttlafterfinished_controller.go processJob.
fn reconcile(view: &View, key: &Key, _memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(job) = view.get("Job", &key.key).filter(|job| has_ttl(job) && !job.is_deleting()) else {
        return plan;
    };
    let seconds = job.at("spec.ttlSecondsAfterFinished").int().max(0) as u64;
    let age = view.since(finished_at(job).unwrap_or_default());
    if age < Span::secs(seconds) {
        plan.again_after(Span(Span::secs(seconds).0 - age.0));
        return plan;
    }
    let rule = format!("{seconds} s have passed since the Job ended (ttlSecondsAfterFinished)");
    plan.push(Action::Delete {
        kind: "Job",
        key: job.key(),
        uid: job.uid().into(),
        options: DeleteOptions { grace_seconds: None, propagation: Propagation::Foreground },
        because: Arc::new(Because::of(COMPONENT, job, rule)),
        success: None,
    });
    plan
}
