//! The history of a deployment: `kubectl rollout history` and `kubectl rollout undo`.

use super::change::{modify, report};
use super::rollout::targets;
use crate::api::{Object, Value};
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
    object.annotation(REVISION).parse().unwrap_or(0)
}

/// The ReplicaSets of a deployment in the order of their revisions.
fn revisions(world: &World, deployment: &Object) -> Vec<Object> {
    let sets = world.store().list("ReplicaSet", deployment.namespace());
    let mut mine: Vec<Object> = sets.filter(|set| set.controller_uid() == deployment.uid()).cloned().collect();
    mine.sort_by_key(revision_of);
    mine
}

/// `kubectl rollout history`.
pub(super) fn run(call: &mut Call<'_>) -> Outcome {
    let revision = call.number("revision")?.unwrap_or(0);
    if revision < 0 {
        return Err(error(format!("revision must be a positive integer: {revision}")));
    }
    for object in targets(call)? {
        if object.kind.kind != "Deployment" {
            let kind = object.kind.qualified_kind();
            return Err(error(format!("no history viewer has been implemented for \"{kind}\"")));
        }
        let name = format!("{}/{}", object.kind.singular_resource(), object.name());
        let sets = revisions(call.world, &object);
        if revision == 0 {
            call.out.line(format!("{name} \n{}", table(&sets)));
            continue;
        }
        let Some(set) = sets.iter().find(|set| revision_of(set) == revision) else {
            return Err(error("unable to find the specified revision"));
        };
        match Format::of(call)? {
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
    let mut template = set.at("spec.template").clone();
    if !set.annotation(CHANGE_CAUSE).is_empty() {
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
        if object.kind.kind != "Deployment" {
            let kind = object.kind.qualified_kind();
            return Err(error(format!("no rollbacker has been implemented for \"{kind}\"")));
        }
        roll_back(call, &object, to)?;
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
    let set = revision_to_restore(&revisions(call.world, deployment), deployment, to)?;
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
