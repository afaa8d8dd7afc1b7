//! How far a rollout is, in kubectl's words: one function a kind.

use super::rollout_history::revision_of;
use crate::api::{Kind, Object};

/// How far a rollout is.
pub(super) enum Progress {
    Going(String),
    Done(String),
    Failed(String),
}

/// Tells how far the rollout of an object is; the number is the revision that `--revision` asks for.
type Viewer = fn(&Object, i64) -> Progress;

/// The function for a kind; none for one without rollouts.
pub(super) fn viewer(kind: &Kind) -> Option<Viewer> {
    match kind.kind {
        "DaemonSet" => Some(daemon_set),
        "Deployment" => Some(deployment),
        "StatefulSet" => Some(stateful_set),
        _ => None,
    }
}

fn not_rolling(object: &Object) -> Option<Progress> {
    let rolls = object.at("spec.updateStrategy.type").str() == "RollingUpdate";
    let text = "rollout status is only available for RollingUpdate strategy type";
    (!rolls).then(|| Progress::Failed(text.to_owned()))
}

/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers DeploymentStatusViewer.Status.
fn deployment(deployment: &Object, wanted_revision: i64) -> Progress {
    let name = deployment.name();
    let running = revision_of(deployment);
    if wanted_revision > 0 && wanted_revision != running {
        return Progress::Failed(format!(
            "desired revision ({wanted_revision}) is different from the running revision ({running})"
        ));
    }
    let count = |field: &str| deployment.status().get(field).int();
    if deployment.generation() > count("observedGeneration") {
        return Progress::Going("Waiting for deployment spec update to be observed...".to_owned());
    }
    if deployment.condition("Progressing").get("reason").str() == "ProgressDeadlineExceeded" {
        return Progress::Failed(format!("deployment \"{name}\" exceeded its progress deadline"));
    }
    let (wanted, updated) = (deployment.at("spec.replicas").int(), count("updatedReplicas"));
    let waiting =
        |what: String| Progress::Going(format!("Waiting for deployment \"{name}\" rollout to finish: {what}..."));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new replicas have been updated"));
    }
    if count("replicas") > updated {
        return waiting(format!("{} old replicas are pending termination", count("replicas") - updated));
    }
    if count("availableReplicas") < updated {
        return waiting(format!("{} of {updated} updated replicas are available", count("availableReplicas")));
    }
    Progress::Done(format!("deployment \"{name}\" successfully rolled out"))
}

/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers DaemonSetStatusViewer.Status.
fn daemon_set(set: &Object, _: i64) -> Progress {
    if let Some(failure) = not_rolling(set) {
        return failure;
    }
    let count = |field: &str| set.status().get(field).int();
    if set.generation() > count("observedGeneration") {
        return Progress::Going("Waiting for daemon set spec update to be observed...".to_owned());
    }
    let name = set.name();
    let waiting =
        |what: String| Progress::Going(format!("Waiting for daemon set \"{name}\" rollout to finish: {what}..."));
    let (wanted, updated) = (count("desiredNumberScheduled"), count("updatedNumberScheduled"));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new pods have been updated"));
    }
    if count("numberAvailable") < wanted {
        return waiting(format!("{} of {wanted} updated pods are available", count("numberAvailable")));
    }
    Progress::Done(format!("daemon set \"{name}\" successfully rolled out"))
}

/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers StatefulSetStatusViewer.Status.
fn stateful_set(set: &Object, _: i64) -> Progress {
    if let Some(failure) = not_rolling(set) {
        return failure;
    }
    let count = |field: &str| set.status().get(field).int();
    if count("observedGeneration") == 0 || set.generation() > count("observedGeneration") {
        return Progress::Going("Waiting for statefulset spec update to be observed...".to_owned());
    }
    let (wanted, updated) = (set.at("spec.replicas").int(), count("updatedReplicas"));
    if count("readyReplicas") < wanted {
        return Progress::Going(format!("Waiting for {} pods to be ready...", wanted - count("readyReplicas")));
    }
    let rolling = set.at("spec.updateStrategy.rollingUpdate");
    if !rolling.is_null() {
        let goal = wanted - rolling.get("partition").int();
        if updated < goal {
            return Progress::Going(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {goal} new pods have been updated..."
            ));
        }
        return Progress::Done(format!("partitioned roll out complete: {updated} new pods have been updated..."));
    }
    let (current, update) = (set.at("status.currentRevision").str(), set.at("status.updateRevision").str());
    if current != update {
        return Progress::Going(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        ));
    }
    Progress::Done(format!(
        "statefulset rolling update complete {} pods at revision {current}...",
        count("currentReplicas")
    ))
}
