//! The conditions of a Deployment: when they change and what they say. They are made here and written elsewhere.

use crate::api::{Object, Value};
use crate::base::time::{Span, Timestamp};
use crate::value;

/// A condition of a Deployment before it has its times.
pub struct NewCondition {
    /// `Progressing`.
    pub kind: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// `NewReplicaSetCreated`.
    pub reason: &'static str,
    /// The text.
    pub message: String,
}

impl NewCondition {
    /// The condition Progressing.
    pub fn progressing(status: &'static str, reason: &'static str, message: String) -> NewCondition {
        NewCondition { kind: "Progressing", status, reason, message }
    }

    fn value(&self, now: &str) -> Value {
        value!({
            "type": (self.kind), "status": (self.status), "reason": (self.reason),
            "message": (self.message.as_str()), "lastUpdateTime": now, "lastTransitionTime": now
        })
    }
}

/// The condition of a type in a status; null where there is none.
pub fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
    static NULL: Value = Value::Null;
    status.get("conditions").list().iter().find(|c| c.get("type").str() == kind).unwrap_or(&NULL)
}

/// Puts a condition into a status, unless one of the same status and reason is there.
///
/// Models pkg/controller/deployment/util SetDeploymentCondition.
pub fn set_condition(status: &mut Value, new: &NewCondition, now: &str) {
    put(status, new.value(now));
}

/// The same for a condition that comes from a ReplicaSet.
pub fn put(status: &mut Value, mut new: Value) {
    let kind = new.get("type").text();
    let current = condition(status, &kind).clone();
    if !current.is_null() && current.get("status") == new.get("status") {
        if current.get("reason") == new.get("reason") {
            return;
        }
        new.set("lastTransitionTime", current.get("lastTransitionTime").clone());
    }
    remove_condition(status, &kind);
    status.slot("conditions").list_mut().push(new);
}

/// Puts the condition Progressing in anew even where its reason stays: each step of progress renews lastUpdateTime.
///
/// Models pkg/controller/deployment/progress.go syncRolloutStatus, its case of progress.
pub fn renew_condition(status: &mut Value, new: &NewCondition, now: &str) {
    let current = condition(status, new.kind).clone();
    let mut value = new.value(now);
    if current.get("status").str() == "True" {
        value.set("lastTransitionTime", current.get("lastTransitionTime").clone());
    }
    remove_condition(status, new.kind);
    status.slot("conditions").list_mut().push(value);
}

/// Takes a condition out.
///
/// Models pkg/controller/deployment/util RemoveDeploymentCondition.
pub fn remove_condition(status: &mut Value, kind: &str) {
    let kept: Value = status.get("conditions").list().iter().filter(|c| c.get("type").str() != kind).cloned().collect();
    if kept.list().is_empty() {
        status.remove_key("conditions");
    } else {
        status.set("conditions", kept);
    }
}

/// Seconds within which a rollout must progress; none where it may take for ever.
///
/// Models pkg/controller/deployment/util HasProgressDeadline.
pub fn progress_deadline(deployment: &Object) -> Option<Span> {
    let seconds = deployment.spec().get("progressDeadlineSeconds").opt_int()?;
    (seconds != i64::from(i32::MAX)).then(|| Span::secs(seconds.max(0) as u64))
}

/// True where everything is rolled out and available.
///
/// Models pkg/controller/deployment/util DeploymentComplete.
pub fn is_complete(deployment: &Object, status: &Value) -> bool {
    let wanted = super::deployment_arithmetic::wanted(deployment);
    ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|field| status.get(field).int() == wanted)
        && status.get("observedGeneration").int() >= deployment.generation()
}

/// True where the rollout has come further than the stored status says.
///
/// Models pkg/controller/deployment/util DeploymentProgressing.
pub fn has_progressed(old: &Value, new: &Value) -> bool {
    let count = |status: &Value, field: &str| status.get(field).int();
    let outdated = |status: &Value| count(status, "replicas") - count(status, "updatedReplicas");
    ["updatedReplicas", "readyReplicas", "availableReplicas"].iter().any(|f| count(new, f) > count(old, f))
        || outdated(new) < outdated(old)
}

/// When the deadline passes for the last progress in `status`; none where it does not run.
///
/// Models pkg/controller/deployment/util DeploymentTimedOut, the instant.
fn deadline(deployment: &Object, status: &Value) -> Option<Timestamp> {
    let last = Timestamp::parse(condition(status, "Progressing").get("lastUpdateTime").str())?;
    Some(Timestamp(last.0 + progress_deadline(deployment)?.0 as i64))
}

/// True where the rollout has not progressed within its deadline.
///
/// Models pkg/controller/deployment/util DeploymentTimedOut.
pub fn has_timed_out(deployment: &Object, status: &Value, now: Timestamp) -> bool {
    match condition(status, "Progressing").get("reason").str() {
        "NewReplicaSetAvailable" => false,
        "ProgressDeadlineExceeded" => progress_deadline(deployment).is_some(),
        _ => deadline(deployment, status).is_some_and(|at| at < now),
    }
}

/// When to look again whether a rollout without progress has timed out.
///
/// Models pkg/controller/deployment/progress.go requeueStuckDeployment, which for a rollout that has once come to its end looks
/// again every few milliseconds for as long as pods are missing: it never times out, so here nothing is looked for.
pub fn look_again_after(deployment: &Object, status: &Value, now: Timestamp) -> Option<Span> {
    let reason = condition(deployment.status(), "Progressing").get("reason").str();
    let ended = matches!(reason, "ProgressDeadlineExceeded" | "NewReplicaSetAvailable");
    if is_complete(deployment, status) || ended {
        return None;
    }
    let left = deadline(deployment, deployment.status())?.0 - now.0;
    match u64::try_from(left) {
        Ok(left) if Span(left) >= Span::secs(1) => Some(Span(left) + Span::secs(1)),
        Ok(left) => Some(Span(left) + Span::millis(5)),
        Err(_) => Some(Span::millis(5)),
    }
}
