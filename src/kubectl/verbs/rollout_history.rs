//! The history of a rollout: `kubectl rollout history` and `kubectl rollout undo`. A Deployment keeps it in ReplicaSets,
//! the others in ControllerRevisions.

use super::change::{modify, report};
use super::rollout::targets;
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::table::elastic;
use crate::cluster::World;
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::describe::template_text;
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::print::Format;

const REVISION: &str = "deployment.kubernetes.io/revision";
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// The revision an object carries; 0 for none.
pub(super) fn revision_of(object: &Object) -> i64 {
    object.value.get("revision").opt_int().or_else(|| object.annotation(REVISION).parse().ok()).unwrap_or(0)
}

/// The kind of the objects that keep the history of a kind; none for one without.
fn history_kind(object: &Object) -> Option<&'static str> {
    match object.kind.kind {
        "Deployment" => Some("ReplicaSet"),
        "DaemonSet" | "StatefulSet" => Some("ControllerRevision"),
        _ => None,
    }
}

/// The revisions of an object, oldest first.
fn revisions(world: &World, kind: &str, object: &Object) -> Vec<Object> {
    let all = world.store().list(kind, object.namespace());
    let mut mine: Vec<Object> = all.filter(|kept| kept.controller_uid() == object.uid()).cloned().collect();
    mine.order_by_key(revision_of);
    mine
}

/// The pod template that a revision keeps.
fn template_of(revision: &Object) -> Value {
    let mut template = revision.at("data.spec.template").clone();
    if template.is_null() {
        return revision.at("spec.template").clone();
    }
    template.remove_key("$patch");
    template
}

/// What is said of a kind without a history: other words for kinds that have pods than for the rest.
///
/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers historyViewer and rollbacker.
fn not_visited(object: &Object, what: &str, role: &str) -> Failure {
    let kind = object.kind.qualified_kind();
    match object.kind.kind {
        "Pod" | "ReplicaSet" | "ReplicationController" | "Job" | "CronJob" => {
            error(format!("no {role} has been implemented for \"{kind}\""))
        }
        _ => {
            let group_kind = format!("{} {}", object.kind.group, object.kind.name());
            error(format!("error retrieving {what} for \"{kind}\", no visitor method exists for {{{group_kind}}}"))
        }
    }
}

/// `kubectl rollout history`.
pub(super) fn run(call: &mut Call<'_>) -> Outcome {
    let revision = call.number("revision")?.unwrap_or(0);
    if revision < 0 {
        return Err(error(format!("revision must be a positive integer: {revision}")));
    }
    for object in targets(call)? {
        let Some(kind) = history_kind(&object) else {
            return Err(not_visited(&object, "history", "history viewer"));
        };
        let name = format!("{}/{}", object.kind.singular_resource(), object.name());
        let sets = revisions(call.world, kind, &object);
        let format = Format::of(call)?;
        if revision == 0 && !format.is_table() {
            let texts = sets.iter().map(|set| format.one(set)).collect::<Result<Vec<String>, Failure>>()?;
            let between = if matches!(format, Format::Yaml | Format::Kyaml) { "---\n" } else { "" };
            call.out.out(texts.join(between));
            continue;
        }
        if revision == 0 {
            call.out.line(format!("{name} \n{}", table(&sets)));
            continue;
        }
        let Some(set) = sets.iter().find(|set| revision_of(set) == revision) else {
            return Err(error("unable to find the specified revision"));
        };
        match format {
            Format::Table { .. } => {
                let text = template_text(&template_with_cause(set));
                call.out.line(format!("{name} with revision #{revision}\n{text}"));
            }
            format => call.out.out(format.one(set)?),
        }
    }
    Ok(Run::Done(0))
}

fn table(sets: &[Object]) -> String {
    if sets.is_empty() {
        return "No rollout history found.".to_owned();
    }
    let mut text = "REVISION\tCHANGE-CAUSE\n".to_owned();
    for set in sets {
        let cause = match set.annotation(CHANGE_CAUSE) {
            "" => "<none>",
            cause => cause,
        };
        text.push_str(&format!("{}\t{cause}\n", revision_of(set)));
    }
    elastic(&text)
}

/// The template of a revision, with the cause of its change among its annotations.
fn template_with_cause(set: &Object) -> Value {
    let mut template = template_of(set);
    if set.kind.kind == "ReplicaSet" && !set.annotation(CHANGE_CAUSE).is_empty() {
        let annotations = template.slot_at("metadata.annotations").map_mut();
        annotations.insert(CHANGE_CAUSE, set.annotation(CHANGE_CAUSE));
    }
    template
}

/// `kubectl rollout undo`.
pub(super) fn undo(call: &mut Call<'_>) -> Outcome {
    let to = call.number("to-revision")?.unwrap_or(0);
    if to < 0 {
        return Err(error(format!("revision must be a positive integer: {to}")));
    }
    for object in targets(call)? {
        if !object.annotation(crate::api::apply::LAST_APPLIED).is_empty() {
            let resource = format!("{}/{}", object.kind.plural, object.name());
            call.out.warn(&format!("resource {resource} was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead."));
        }
        match history_kind(&object) {
            Some("ReplicaSet") => roll_back(call, &object, to)?,
            Some(_) => restore(call, &object, to)?,
            None => {
                return Err(not_visited(&object, "rollbacker", "rollbacker"));
            }
        }
    }
    Ok(Run::Done(0))
}

const KEPT_ANNOTATIONS: &[&str] = &[
    crate::api::apply::LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers DeploymentRollbacker.Rollback.
fn roll_back(call: &mut Call<'_>, deployment: &Object, to: i64) -> Result<(), Failure> {
    let dry = call.dry_run()?;
    let set = revision_to_restore(&revisions(call.world, "ReplicaSet", deployment), deployment, to)?;
    if dry == DryRun::Client {
        let text = template_text(&template_with_cause(&set));
        return report(call, deployment, &text, dry);
    }
    if deployment.at("spec.paused").bool() {
        return Err(error(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    let mut template = set.at("spec.template").clone();
    if !template.at("metadata.labels").is_null() {
        template.slot_at("metadata.labels").remove_key("pod-template-hash");
    }
    if template == *deployment.at("spec.template") {
        let text = format!("skipped rollback (current template already matches revision {})", revision_of(&set));
        return report(call, deployment, &text, dry);
    }
    let changed = modify(call, deployment, dry, |object| {
        let mut annotations = Value::map();
        for (from, kept) in [(&*object, true), (&set, false)] {
            for (key, value) in from.metadata().get("annotations").entries() {
                if KEPT_ANNOTATIONS.contains(&key.as_str()) == kept {
                    annotations.map_mut().insert(key, value.clone());
                }
            }
        }
        object.set("metadata.annotations", annotations);
        object.set("spec.template", template);
        Ok(())
    })?;
    report(call, &changed, "rolled back", dry)
}

/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers StatefulSetRollbacker.Rollback and DaemonSetRollbacker.Rollback.
fn restore(call: &mut Call<'_>, object: &Object, to: i64) -> Result<(), Failure> {
    let dry = call.dry_run()?;
    let history = revisions(call.world, "ControllerRevision", object);
    let chosen = match (to, history.len()) {
        (0, 0 | 1) => return Err(error("no last revision to roll back to")),
        (0, count) => history.get(count - 2),
        _ => history.iter().find(|revision| revision_of(revision) == to),
    };
    let Some(revision) = chosen else {
        return Err(error(format!("unable to find specified revision {to} in history")));
    };
    let template = template_of(revision);
    if dry == DryRun::Client {
        return report(call, object, &template_text(&template), dry);
    }
    if template == *object.at("spec.template") {
        let text = format!("skipped rollback (current template already matches revision {to})");
        return report(call, object, &text, dry);
    }
    let changed = modify(call, object, dry, |object| {
        object.set("spec.template", template);
        Ok(())
    })?;
    report(call, &changed, "rolled back", dry)
}

fn revision_to_restore(sets: &[Object], deployment: &Object, to: i64) -> Result<Object, Failure> {
    if to > 0 {
        let found = sets.iter().find(|set| revision_of(set) == to).cloned();
        return found.ok_or_else(|| error(format!("unable to find specified revision {to} in history")));
    }
    match sets.len().checked_sub(2) {
        Some(previous) => Ok(sets[previous].clone()),
        None => Err(error(format!("no rollout history found for deployment \"{}\"", deployment.name()))),
    }
}
