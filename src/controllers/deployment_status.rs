//! The status of a Deployment: the sums over its ReplicaSets and the conditions that follow. It writes nothing.

use super::deployment_arithmetic::{max_unavailable, wanted, Set};
use super::deployment_conditions::{
    condition, has_progressed, has_timed_out, is_complete, progress_deadline, put, remove_condition, renew_condition,
    set_condition, NewCondition,
};
use super::deployment_sync::Rollout;
use crate::api::Value;

/// The status of now without a judgement of progress. Sizes count as they were seen, not as this plan changes them.
///
/// Models pkg/controller/deployment/sync.go calculateStatus.
pub fn counted(rollout: &Rollout) -> Value {
    let deployment = &rollout.deployment;
    let sets: Vec<&Set> = rollout.all_sets().collect();
    let sum = |field: &str| -> i64 { sets.iter().map(|set| set.object.status().get(field).int()).sum() };
    let available = sum("availableReplicas");
    let seen: i64 = sets.iter().map(|set| Set::of(&set.object).replicas).sum();
    let counts = [
        ("replicas", sum("replicas")),
        ("updatedReplicas", rollout.new_set.as_ref().map_or(0, Set::actual)),
        ("readyReplicas", sum("readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (seen - available).max(0)),
    ];
    let mut status = Value::map();
    status.set("observedGeneration", deployment.generation());
    for (field, count) in counts.into_iter().filter(|(_, count)| *count != 0) {
        status.set(field, count);
    }
    let terminating = sets.iter().map(|set| set.object.status().get("terminatingReplicas").opt_int());
    if let Some(terminating) = terminating.sum::<Option<i64>>() {
        status.set("terminatingReplicas", terminating);
    }
    for field in ["collisionCount", "conditions"] {
        let value = deployment.status().get(field);
        if !value.is_null() {
            status.set(field, value.clone());
        }
    }
    let least = wanted(deployment) - max_unavailable(deployment);
    set_condition(&mut status, &availability(available >= least), &rollout.now_text());
    status
}

fn availability(enough: bool) -> NewCondition {
    let (status, reason, message) = match enough {
        true => ("True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        false => ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
    };
    NewCondition { kind: "Available", status, reason, message: message.to_owned() }
}

/// The status of now with the judgement of the rollout's progress.
///
/// Models pkg/controller/deployment/progress.go syncRolloutStatus.
pub fn of_rollout(rollout: &Rollout) -> Value {
    let deployment = &rollout.deployment;
    let mut status = counted(rollout);
    let current = condition(deployment.status(), "Progressing").clone();
    let complete = status.get("replicas").int() == status.get("updatedReplicas").int()
        && current.get("reason").str() == "NewReplicaSetAvailable";
    if progress_deadline(deployment).is_none() {
        remove_condition(&mut status, "Progressing");
    } else if !complete {
        judge_progress(rollout, &mut status);
    }
    remove_condition_unless_failing(rollout, &mut status);
    status
}

fn judge_progress(rollout: &Rollout, status: &mut Value) {
    let deployment = &rollout.deployment;
    let now = rollout.now_text();
    let subject = match &rollout.new_set {
        Some(set) => format!("ReplicaSet \"{}\"", set.object.name()),
        None => format!("Deployment \"{}\"", deployment.name()),
    };
    if is_complete(deployment, status) {
        let text = format!("{subject} has successfully progressed.");
        set_condition(status, &NewCondition::progressing("True", "NewReplicaSetAvailable", text), &now);
    } else if has_progressed(deployment.status(), status) {
        let text = format!("{subject} is progressing.");
        renew_condition(status, &NewCondition::progressing("True", "ReplicaSetUpdated", text), &now);
    } else if has_timed_out(deployment, status, rollout.timestamp()) {
        let text = format!("{subject} has timed out progressing.");
        set_condition(status, &NewCondition::progressing("False", "ProgressDeadlineExceeded", text), &now);
    }
}

/// Models pkg/controller/deployment/progress.go getReplicaFailures with util.ReplicaSetToDeploymentCondition.
fn remove_condition_unless_failing(rollout: &Rollout, status: &mut Value) {
    let sets = rollout.new_set.iter().chain(&rollout.old_sets);
    let failure = sets.flat_map(|set| set.object.status().get("conditions").list());
    match failure.into_iter().find(|c| c.get("type").str() == "ReplicaFailure") {
        Some(failure) => {
            let mut failure = failure.clone();
            let at = failure.get("lastTransitionTime").clone();
            failure.set("lastUpdateTime", at);
            put(status, failure);
        }
        None => remove_condition(status, "ReplicaFailure"),
    }
}
